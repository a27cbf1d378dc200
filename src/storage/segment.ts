import { join } from 'node:path'
import type { FileSystem } from '../base/file-system.ts'
import * as batch from '../records/index.ts'
import { type BatchVisitor, HEAD_CHUNK_BYTES, ONE_HEAD_BYTES, scanHeads } from './batch-scan.ts'
import { CorruptRecordError, KafkaStorageError } from './errors.ts'
import {
  DELETED_SUFFIX,
  INDEX_SUFFIX,
  LOG_SUFFIX,
  offsetFileName,
  SEGMENT_SUFFIXES,
  TIME_INDEX_SUFFIX,
  TXN_INDEX_SUFFIX,
} from './file-names.ts'
import { LazyFile } from './lazy-file.ts'
import { canBeRelative, OffsetIndex } from './offset-index.ts'
import { syncFile } from './sync.ts'
import { TimeIndex, type TimestampAtOffset } from './time-index.ts'
import { TxnIndex } from './txn-index.ts'

/** Where a batch lies. */
export interface BatchPosition {
  readonly position: number
  readonly sizeBytes: number
  readonly baseOffset: number
  readonly lastOffset: number
}

/** What an append changes beside the files, so that a failed write can take it back. */
export interface SegmentState {
  readonly sizeBytes: number
  readonly indexEntries: number
  readonly timeIndexEntries: number
  readonly bytesSinceLastIndexEntry: number
  readonly maxTimestamp: TimestampAtOffset | null
  readonly firstBatchTimestamp: number | null
}

export interface SegmentOptions {
  readonly fs: FileSystem
  readonly dir: string
  readonly baseOffset: number
  readonly createdMs: number
  readonly rollJitterMs: number
}

/**
 * A stretch of the log (LogSegment): `%020d.log` with batches one behind the other, and its three indexes. The name is
 * the first offset that it may hold. Only the last segment of a log grows.
 *
 * `sizeBytes` counts what was appended, `writtenBytes` what is in the file: in between lies what is on its way.
 */
export class Segment {
  readonly baseOffset: number
  readonly rollJitterMs: number
  readonly file: LazyFile
  readonly txnIndex: TxnIndex
  sizeBytes = 0
  writtenBytes = 0
  private readonly fs: FileSystem
  private readonly dir: string
  private createdMs: number
  private bytesSinceLastIndexEntry = 0
  private largest: TimestampAtOffset | null = null
  private firstTimestamp: number | null = null
  private offsets: OffsetIndex | null = null
  private times: TimeIndex | null = null
  private rebuilding: Promise<void> | null = null
  private isPreallocated = false
  /** Its names belong to another segment now, or to none. */
  private isReplaced = false

  private constructor(options: SegmentOptions) {
    this.fs = options.fs
    this.dir = options.dir
    this.baseOffset = options.baseOffset
    this.createdMs = options.createdMs
    this.rollJitterMs = options.rollJitterMs
    this.file = new LazyFile(this.fs, this.path(LOG_SUFFIX))
    this.txnIndex = new TxnIndex(this.fs, this.path(TXN_INDEX_SUFFIX), this.baseOffset)
  }

  /** A new, empty segment. Files of that name are left over from a crash: they are emptied. */
  static create(options: SegmentOptions): Segment {
    const segment = new Segment(options)
    options.fs.writeFileSync(segment.file.path, new Uint8Array(0))
    options.fs.removeSync(segment.path(TXN_INDEX_SUFFIX))
    segment.createIndexes()
    return segment
  }

  /** Gives the file the size that it may have in the end; what is not written reads as zeros (FileRecords.open). */
  preallocate(sizeBytes: number): void {
    this.file.opened.truncateSync(sizeBytes)
    this.isPreallocated = true
  }

  /** Takes back what {@link preallocate} gave and no append has used. Appends on their way keep their place. */
  trim(): void {
    if (this.isPreallocated) this.file.opened.truncateSync(this.sizeBytes)
    this.isPreallocated = false
  }

  static open(options: SegmentOptions): Segment {
    const segment = new Segment(options)
    segment.sizeBytes = options.fs.statSync(segment.file.path)?.sizeBytes ?? 0
    segment.writtenBytes = segment.sizeBytes
    return segment
  }

  /** The indexes are missing or damaged when this gives a promise: they are being built again. */
  ensureIndexes(): Promise<void> | undefined {
    if (this.rebuilding) return this.rebuilding
    if (this.offsets !== null && this.times !== null) return undefined
    this.requireOwnNames()
    this.offsets = OffsetIndex.open(this.fs, this.path(INDEX_SUFFIX), this.baseOffset, this.sizeBytes) ?? null
    this.times = TimeIndex.open(this.fs, this.path(TIME_INDEX_SUFFIX), this.baseOffset) ?? null
    if (this.offsets === null || this.times === null) return this.rebuildIndexes()
    return undefined
  }

  /** Usable after {@link ensureIndexes}. */
  get offsetIndex(): OffsetIndex {
    if (this.offsets === null) throw new CorruptRecordError(`${this.path(INDEX_SUFFIX)} is not open`)
    return this.offsets
  }

  get timeIndex(): TimeIndex {
    if (this.times === null) throw new CorruptRecordError(`${this.path(TIME_INDEX_SUFFIX)} is not open`)
    return this.times
  }

  /** Timestamp -1 when no record has one. */
  get maxTimestamp(): TimestampAtOffset {
    this.largest ??= this.timeIndex.last
    return this.largest
  }

  /** The largest timestamp of the first batch: how long its records have been waiting. After {@link loadFirstTimestamp}. */
  get firstBatchTimestamp(): number | null {
    return this.firstTimestamp
  }

  get modifiedMs(): number {
    return this.fs.statSync(this.file.path)?.modifiedMs ?? 0
  }

  /** For retention and searches: when no record has a timestamp, the time of the last change counts. */
  get largestTimestamp(): number {
    const { timestamp } = this.maxTimestamp
    return timestamp >= 0 ? timestamp : this.modifiedMs
  }

  /** Builds both indexes from the heads of the batches. The bytes themselves are not checked. */
  private rebuildIndexes(): Promise<void> {
    this.rebuilding = this.rebuildOnce().finally(() => {
      this.rebuilding = null
    })
    return this.rebuilding
  }

  /** Whoever still holds the segment must not touch the files of the one that has taken its place. */
  private requireOwnNames(): void {
    if (this.isReplaced) throw new KafkaStorageError(`${this.file.path} is not in use any more`)
  }

  private async rebuildOnce(): Promise<void> {
    this.requireOwnNames()
    this.resetIndexes()
    await this.file.using((file) =>
      scanHeads(file, 0, this.writtenBytes, (buffer, at, sizeBytes, position) => {
        this.indexBatch(buffer, at, sizeBytes, position)
        return undefined
      }),
    )
    this.closeTimeIndex()
    await this.writeIndexes()
  }

  resetIndexes(): void {
    this.offsets?.file.idle()
    this.times?.file.idle()
    this.createIndexes()
    this.largest = null
    this.firstTimestamp = null
    this.bytesSinceLastIndexEntry = 0
  }

  /** One batch, as it is appended or as it is read again from the file: recovery indexes as the append did. */
  indexBatch(buffer: Buffer, at: number, sizeBytes: number, position: number, intervalBytes = 4096): void {
    const lastOffset = batch.lastOffset(buffer, at)
    const timestamp = batch.maxTimestamp(buffer, at)
    if (position === 0) this.firstTimestamp = timestamp
    if (timestamp > this.maxTimestamp.timestamp) this.largest = { timestamp, offset: lastOffset }
    // What reaches too far for an index is found by walking on, until a recovery splits the segment.
    const canIndex = canBeRelative(lastOffset, this.baseOffset)
    if (canIndex && this.bytesSinceLastIndexEntry > intervalBytes) this.addIndexEntries(lastOffset, position)
    this.bytesSinceLastIndexEntry += sizeBytes
  }

  state(): SegmentState {
    return {
      sizeBytes: this.sizeBytes,
      indexEntries: this.offsetIndex.file.entries,
      timeIndexEntries: this.timeIndex.file.entries,
      bytesSinceLastIndexEntry: this.bytesSinceLastIndexEntry,
      maxTimestamp: this.largest,
      firstBatchTimestamp: this.firstTimestamp,
    }
  }

  restore(state: SegmentState): void {
    this.sizeBytes = state.sizeBytes
    this.offsetIndex.file.truncate(state.indexEntries)
    this.timeIndex.file.truncate(state.timeIndexEntries)
    this.bytesSinceLastIndexEntry = state.bytesSinceLastIndexEntry
    this.largest = state.maxTimestamp
    this.firstTimestamp = state.firstBatchTimestamp
  }

  /** Accounts for an append; the bytes are written by the caller, at the position that comes back. */
  append(records: Buffer, intervalBytes: number): number {
    const position = this.sizeBytes
    let at = 0
    for (let size = batch.nextBatch(records, at, records.length); size > 0; ) {
      this.indexBatch(records, at, size, position + at, intervalBytes)
      at += size
      size = batch.nextBatch(records, at, records.length)
    }
    this.sizeBytes += records.length
    return position
  }

  /** Kafka's rule when the next append must begin a new segment. */
  shouldRoll(next: {
    sizeBytes: number
    lastOffset: number
    maxTimestamp: number
    nowMs: number
    segmentBytes: number
    segmentMs: number
    maxIndexBytes: number
  }): boolean {
    const waitedMs =
      this.firstTimestamp !== null && this.firstTimestamp >= 0
        ? next.maxTimestamp - this.firstTimestamp
        : next.nowMs - this.createdMs
    return (
      this.sizeBytes > next.segmentBytes - next.sizeBytes ||
      (this.sizeBytes > 0 && waitedMs > next.segmentMs - this.rollJitterMs) ||
      this.offsetIndex.isFull(next.maxIndexBytes) ||
      this.timeIndex.isFull(next.maxIndexBytes) ||
      !canBeRelative(next.lastOffset, this.baseOffset)
    )
  }

  /** After a start: the time of the first batch decides when the segment is old enough to roll. */
  async loadFirstTimestamp(): Promise<void> {
    if (this.firstTimestamp !== null || this.writtenBytes === 0) return
    await this.file.using((file) =>
      scanHeads(file, 0, this.writtenBytes, (buffer, at) => {
        this.firstTimestamp = batch.maxTimestamp(buffer, at)
        return false
      }),
    )
  }

  /** The batch that holds `offset`, or the first one behind it; null when the segment ends before. */
  async translate(offset: number): Promise<BatchPosition | null> {
    await this.ensureIndexes()
    const { floor, next } = this.offsetIndex.around(offset)
    // Large batches have an entry each, and the one that is looked for is most likely that behind the floor. Asking
    // there first saves the way over the head before it, which is not in the same read.
    if (next !== undefined && next.position - floor.position > HEAD_CHUNK_BYTES) {
      const guess = await this.search(offset, next.position, ONE_HEAD_BYTES)
      if (guess !== 'damaged' && guess !== null) return guess
    }
    const found = await this.search(offset, floor.position)
    if (found !== 'damaged') return found
    // The index leads nowhere, so it is built again; after that the .log itself must be wrong.
    await this.rebuildIndexes()
    const again = await this.search(offset, this.offsetIndex.lookup(offset).position)
    if (again !== 'damaged') return again
    throw new CorruptRecordError(`no record batch with offset ${offset} can be found in ${this.file.path}`)
  }

  private async search(
    offset: number,
    from: number,
    chunkBytes = HEAD_CHUNK_BYTES,
  ): Promise<BatchPosition | null | 'damaged'> {
    let found: BatchPosition | null = null
    let misled = false
    const upTo = this.writtenBytes
    const visit: BatchVisitor = (buffer, at, sizeBytes, position) => {
      const baseOffset = batch.baseOffset(buffer, at)
      const lastOffset = batch.lastOffset(buffer, at)
      misled = position === from && from > 0 && baseOffset > offset
      if (lastOffset < offset && !misled) return undefined
      found = { position, sizeBytes, baseOffset, lastOffset }
      return false
    }
    const { reason } = await this.file.using((file) => scanHeads(file, from, upTo, visit, chunkBytes))
    // Only what was written counts, and that ends with a whole batch.
    return misled || reason === 'corrupt' || reason === 'torn' ? 'damaged' : found
  }

  /** Cuts the segment so that `offset` is the next one. The caller has seen to it that nothing is being written. */
  async truncateTo(offset: number, nowMs: number): Promise<void> {
    const mapping = await this.translate(offset)
    this.offsetIndex.truncateTo(offset)
    this.timeIndex.truncateTo(offset)
    this.txnIndex.truncateTo(offset)
    if (mapping !== null) this.cutFile(mapping.position)
    if (this.sizeBytes === 0) {
      this.createdMs = nowMs
      this.firstTimestamp = null
    }
    this.bytesSinceLastIndexEntry = 0
    this.largest = await this.readLargestTimestamp()
    await this.writeIndexes()
  }

  cutFile(sizeBytes: number): void {
    this.file.opened.truncateSync(sizeBytes)
    this.isPreallocated = false
    this.sizeBytes = sizeBytes
    this.writtenBytes = sizeBytes
  }

  /** The segment does not grow any more: its last time index entry becomes its largest timestamp. */
  closeTimeIndex(): void {
    this.timeIndex.maybeAppend(this.maxTimestamp.timestamp, this.maxTimestamp.offset)
  }

  get unwrittenIndexBytes(): number {
    return (this.offsets?.file.unwrittenBytes ?? 0) + (this.times?.file.unwrittenBytes ?? 0)
  }

  async writeIndexes(): Promise<void> {
    await Promise.all([this.offsets?.file.write(), this.times?.file.write()])
  }

  /** All of it to the disk (fdatasync). */
  async flush(): Promise<void> {
    await this.file.using((file) =>
      Promise.all([syncFile(file), this.offsets?.file.sync(), this.times?.file.sync(), this.txnIndex.sync()]),
    )
  }

  /** Gives descriptors and memory back for now; everything was written. */
  idle(): void {
    if (this.rebuilding) return
    this.offsets?.file.idle()
    this.times?.file.idle()
    this.txnIndex.idle()
    this.file.idle()
  }

  /** No use of it any more, but the files stay: the log is closed. */
  close(): void {
    this.offsets?.file.retire()
    this.times?.file.retire()
    this.txnIndex.retire()
    this.file.retire()
  }

  /** Takes the files out of the log's sight at once; the result removes them. Readers go on with the open file. */
  markDeleted(): () => void {
    this.isReplaced = true
    this.close()
    const paths = SEGMENT_SUFFIXES.map((suffix) => this.path(suffix)).filter((path) =>
      this.fs.existsSync(path),
    )
    for (const path of paths) this.fs.renameSync(path, path + DELETED_SUFFIX)
    return () => {
      for (const path of paths) this.fs.removeSync(path + DELETED_SUFFIX)
    }
  }

  private addIndexEntries(lastOffset: number, position: number): void {
    this.offsetIndex.append(lastOffset, position)
    this.timeIndex.maybeAppend(this.maxTimestamp.timestamp, this.maxTimestamp.offset)
    this.bytesSinceLastIndexEntry = 0
  }

  private async readLargestTimestamp(): Promise<TimestampAtOffset> {
    let largest = this.timeIndex.last
    const from = this.offsetIndex.lookup(largest.offset).position
    await this.file.using((file) =>
      scanHeads(file, from, this.writtenBytes, (buffer, at) => {
        const timestamp = batch.maxTimestamp(buffer, at)
        if (timestamp > largest.timestamp) largest = { timestamp, offset: batch.lastOffset(buffer, at) }
        return undefined
      }),
    )
    return largest
  }

  private createIndexes(): void {
    this.offsets = OffsetIndex.create(this.fs, this.path(INDEX_SUFFIX), this.baseOffset)
    this.times = TimeIndex.create(this.fs, this.path(TIME_INDEX_SUFFIX), this.baseOffset)
  }

  private path(suffix: string): string {
    return join(this.dir, offsetFileName(this.baseOffset, suffix))
  }
}
