import { join } from 'node:path'
import type { FileSystem } from '../../base/file-system.ts'
import { VarintError, VarintReader } from '../../base/varint.ts'
import * as batch from '../../records/index.ts'
import { LOG_SUFFIX, offsetFileName } from '../file-names.ts'
import type { AbortedTxn } from '../txn-index.ts'
import { BatchFilter, type LastRecord } from './batch-filter.ts'
import { CleanedSegment } from './cleaned-segment.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import { KeyHash } from './key-hash.ts'
import { BYTES_PER_ENTRY, OffsetMap } from './offset-map.ts'
import { CleaningAbortedError, type Pace } from './pace.ts'
import { groupSegments, type SourceSegment } from './segment-groups.ts'
import { corruptSegment, SegmentReader } from './segment-reader.ts'

/** One pass over one log, as it is given to a worker. */
export interface PassJob {
  /** The partition's directory. */
  readonly dir: string
  /** `orders-0`, for messages. */
  readonly name: string
  /** All before `firstUncleanableOffset`, which is where the next one begins. */
  readonly segments: readonly SourceSegment[]
  readonly firstDirtyOffset: number
  readonly firstUncleanableOffset: number
  /** Where in its segment the dirty part begins, or a little before. */
  readonly dirtyPosition: number
  /** Those that touch the segments. */
  readonly abortedTxns: readonly AbortedTxn[]
  readonly lastRecords: ReadonlyMap<number, LastRecord>
  readonly nowMs: number
  readonly segmentBytes: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly deleteRetentionMs: number
  readonly maxMessageBytes: number
  /** For the map of keys, at most. */
  readonly dedupeBufferBytes: number
  readonly loadFactor: number
  readonly ioBufferBytes: number
  /** For the hash of keys. */
  readonly secretHex: string
}

/** A group of segments that is cleaned: `.cleaned` lies there, whole and on disk. */
export interface CleanedGroup {
  readonly baseOffset: number
  /** The base offsets of the segments that it takes the place of. */
  readonly replaced: readonly number[]
}

export interface PassStats {
  bytesRead: number
  bytesWritten: number
  recordsRead: number
  recordsKept: number
  recordsWithoutKey: number
  /** Of the first reading, in which the map is made. */
  mapBytesRead: number
  mapRecords: number
  /** Entries by slots. */
  mapUtilization: number
  mapBytes: number
  readMs: number
  writeMs: number
  mapMs: number
  filterMs: number
}

export interface PassResult {
  /** Everything before it is clean: where the next pass begins. */
  readonly endOffset: number
  readonly stats: PassStats
}

export interface PassPorts {
  readonly fs: FileSystem
  readonly pace: Pace
  readonly monotonicMs: () => number
  /** Puts the cleaned segment into the log; false when the log has no use for it any more. */
  readonly swap: (group: CleanedGroup) => Promise<boolean>
}

/**
 * Cleans one log (kafka.log.Cleaner): reads its dirty part into a map of the latest offset of each key, then writes
 * every segment before the map's end anew without what the map or a later tombstone makes obsolete. Changes nothing but
 * `.cleaned` files: the log takes them in through `swap`. Throws CleaningAbortedError; CorruptRecordError when a segment
 * is damaged; errors of the system. Leaves no `.cleaned` behind in any case, except after a crash.
 */
export function cleanLog(job: PassJob, ports: PassPorts): Promise<PassResult> {
  return new CleaningPass(job, ports).run()
}

class CleaningPass {
  private readonly job: PassJob
  private readonly ports: PassPorts
  private readonly map: OffsetMap
  private readonly stats: PassStats
  private readonly reader: SegmentReader

  constructor(job: PassJob, ports: PassPorts) {
    this.job = job
    this.ports = ports
    this.map = new OffsetMap(mapBytes(job), job.loadFactor, new KeyHash(Buffer.from(job.secretHex, 'hex')))
    this.stats = emptyStats(this.map.slots * BYTES_PER_ENTRY)
    this.reader = new SegmentReader(job.ioBufferBytes, job.maxMessageBytes)
  }

  async run(): Promise<PassResult> {
    const { job, map, stats } = this
    await this.timed('mapMs', () => this.fillMap())
    const endOffset = map.latestOffset + 1
    stats.mapUtilization = map.utilization
    const segments = job.segments.filter((segment) => segment.baseOffset < endOffset)
    let dest: CleanedSegment | undefined
    const filter = new BatchFilter({
      map,
      transactions: new CleanedTransactions(job.abortedTxns, (txn) => dest?.txnIndex.append(txn)),
      lastRecords: job.lastRecords,
      nowMs: job.nowMs,
      deleteRetentionMs: job.deleteRetentionMs,
      bufferBytes: job.ioBufferBytes,
    })
    for (const group of groupSegments(segments, job, job.firstUncleanableOffset)) {
      const first = group[0] as SourceSegment
      const last = group.at(-1) as SourceSegment
      await this.ports.pace.step(0)
      dest = new CleanedSegment(this.ports.fs, job.dir, first.baseOffset, job.indexIntervalBytes)
      const cleaned = dest
      try {
        for (const segment of group) {
          await this.timed('filterMs', () => this.cleanInto(segment, cleaned, filter))
        }
        await this.write(() => cleaned.finish(last.modifiedMs))
        await this.ports.pace.step(0)
      } catch (error) {
        discardQuietly(cleaned)
        throw error
      }
      // From here on the files are the log's: what became of them at an error is for the next start to see.
      const replaced = group.map((segment) => segment.baseOffset)
      if (!(await this.ports.swap({ baseOffset: first.baseOffset, replaced }))) {
        discardQuietly(cleaned)
        throw new CleaningAbortedError()
      }
      stats.bytesWritten += dest.sizeBytes
    }
    stats.recordsRead = filter.recordsRead
    stats.recordsKept = filter.recordsKept
    stats.recordsWithoutKey = filter.recordsWithoutKey
    return { endOffset, stats }
  }

  /** Cleaner.buildOffsetMap: ends early when the map is full; the next pass goes on from there. */
  private async fillMap(): Promise<void> {
    const { job, map } = this
    const dirty = job.segments.filter(
      (_, i) => (job.segments[i + 1]?.baseOffset ?? job.firstUncleanableOffset) > job.firstDirtyOffset,
    )
    const transactions = new CleanedTransactions(
      job.abortedTxns.filter((txn) => txn.lastOffset >= job.firstDirtyOffset),
    )
    const raw = new batch.RawRecord()
    for (const [i, segment] of dirty.entries()) {
      const isFull = await this.fillFrom(segment, i === 0 ? job.dirtyPosition : 0, transactions, raw)
      if (isFull) return
      // Compaction leaves gaps, perhaps up to the end of the segment.
      const next = dirty[i + 1]?.baseOffset ?? job.firstUncleanableOffset
      map.latestOffset = Math.max(map.latestOffset, next - 1)
    }
  }

  /** True when the map is full. */
  private async fillFrom(
    segment: SourceSegment,
    position: number,
    transactions: CleanedTransactions,
    raw: batch.RawRecord,
  ): Promise<boolean> {
    const { job, map, stats } = this
    let isFull = false
    await this.readSegment(segment, position, 'mapBytesRead', (buffer, at) => {
      if (batch.isControl(buffer, at)) transactions.isMarkerOfNothing(buffer, at)
      else if (!transactions.isAborted(buffer, at)) {
        isFull = !putRecords(map, buffer, at, job.firstDirtyOffset, raw)
        if (isFull) return false
        stats.mapRecords = map.size
      }
      const lastOffset = batch.lastOffset(buffer, at)
      if (lastOffset >= job.firstDirtyOffset && lastOffset > map.latestOffset) map.latestOffset = lastOffset
      return true
    })
    return isFull
  }

  private async cleanInto(segment: SourceSegment, dest: CleanedSegment, filter: BatchFilter): Promise<void> {
    const keepsLegacyTombstones = segment.modifiedMs > this.legacyHorizonMs()
    filter.begin(keepsLegacyTombstones)
    const visit = (buffer: Buffer, at: number) => {
      filter.add(buffer, at)
      return true
    }
    await this.readSegment(segment, 0, 'bytesRead', visit, async () => {
      const kept = filter.take()
      if (kept.length === 0) return
      await this.write(() => dest.append(kept))
      await this.ports.pace.step(kept.length)
    })
  }

  /** Of tombstones in the formats that have no delete horizon: delete.retention.ms before the last clean segment. */
  private legacyHorizonMs(): number {
    const { segments, firstDirtyOffset, deleteRetentionMs } = this.job
    const clean = segments.findLast((segment) => segment.baseOffset < firstDirtyOffset)
    return clean === undefined ? 0 : clean.modifiedMs - deleteRetentionMs
  }

  /** Visits the batches of a segment, chunk by chunk, until the visitor answers false. */
  private async readSegment(
    segment: SourceSegment,
    from: number,
    counter: 'bytesRead' | 'mapBytesRead',
    visit: (buffer: Buffer, at: number) => boolean,
    afterChunk?: () => Promise<void>,
  ): Promise<void> {
    const { reader, stats, ports } = this
    const path = join(this.job.dir, offsetFileName(segment.baseOffset, LOG_SUFFIX))
    const file = ports.fs.openSync(path, 'r')
    try {
      for (let position = from; position < segment.sizeBytes; ) {
        const startMs = ports.monotonicMs()
        reader.read(file, position, segment.sizeBytes)
        stats.readMs += ports.monotonicMs() - startMs
        await ports.pace.step(reader.filled)
        const visited = visitChunk(reader, path, position, visit)
        stats[counter] += visited.bytes
        position += visited.bytes
        if (visited.isStopped) return
        await afterChunk?.()
        if (visited.bytes === 0) reader.grow(path, position, segment.sizeBytes)
      }
    } finally {
      file.closeSync()
      reader.restore()
    }
  }

  private async write(work: () => Promise<void> | void): Promise<void> {
    const startMs = this.ports.monotonicMs()
    await work()
    this.stats.writeMs += this.ports.monotonicMs() - startMs
  }

  /** Counts the time of `work` less what went into reading and writing. */
  private async timed(phase: 'mapMs' | 'filterMs', work: () => Promise<void>): Promise<void> {
    const { stats, ports } = this
    const startMs = ports.monotonicMs()
    const ioBefore = stats.readMs + stats.writeMs
    await work()
    stats[phase] += ports.monotonicMs() - startMs - (stats.readMs + stats.writeMs - ioBefore)
  }
}

/** False when the map is full: then the batch is not in it, or only partly. */
function putRecords(
  map: OffsetMap,
  buffer: Buffer,
  at: number,
  firstOffset: number,
  raw: batch.RawRecord,
): boolean {
  if (batch.magic(buffer, at) < batch.MAGIC_V2) {
    for (const record of batch.readRecords(buffer, at)) {
      if (record.key === null || record.offset < firstOffset) continue
      if (map.isFull) return false
      map.put(record.key, 0, record.key.length, record.offset)
    }
    return true
  }
  const count = batch.recordCount(buffer, at)
  if (count === 0) return true
  const baseOffset = batch.baseOffset(buffer, at)
  const section = batch.recordSection(buffer, at)
  const reader = new VarintReader(section)
  for (let i = 0; i < count; i++) {
    batch.readRawRecord(reader, raw)
    const offset = baseOffset + raw.offsetDelta
    if (raw.keyLength < 0 || offset < firstOffset) continue
    if (map.isFull) {
      // A batch with more keys than the map has room for must not stop the log for ever: it is cleaned in parts.
      if (map.latestOffset < firstOffset) map.latestOffset = offset - 1
      return false
    }
    map.put(section, raw.keyAt, raw.keyLength, offset)
  }
  return true
}

function visitChunk(
  reader: SegmentReader,
  path: string,
  position: number,
  visit: (buffer: Buffer, at: number) => boolean,
): { bytes: number; isStopped: boolean } {
  const { buffer, filled } = reader
  let at = 0
  try {
    for (
      let size = batch.nextBatch(buffer, at, filled);
      size > 0;
      size = batch.nextBatch(buffer, at, filled)
    ) {
      if (!batch.isCrcValid(buffer, at)) throw corruptSegment(path, position + at, 'the checksum is wrong')
      const goesOn = visit(buffer, at)
      at += size
      if (!goesOn) return { bytes: at, isStopped: true }
    }
  } catch (error) {
    const isBadBatch = error instanceof batch.InvalidBatchError || error instanceof VarintError
    throw isBadBatch ? corruptSegment(path, position + at, error.message) : error
  }
  return { bytes: at, isStopped: false }
}

/** No larger than what every offset of the dirty part could need if each had a key of its own. */
function mapBytes(job: PassJob): number {
  const most = Math.ceil((job.firstUncleanableOffset - job.firstDirtyOffset + 1) / job.loadFactor) + 1
  return Math.min(job.dedupeBufferBytes, most * BYTES_PER_ENTRY)
}

function discardQuietly(segment: CleanedSegment): void {
  try {
    segment.discard()
  } catch {
    // Whatever made the pass fail says more; the next pass or start removes the files.
  }
}

function emptyStats(mapBytes: number): PassStats {
  return {
    bytesRead: 0,
    bytesWritten: 0,
    recordsRead: 0,
    recordsKept: 0,
    recordsWithoutKey: 0,
    mapBytesRead: 0,
    mapRecords: 0,
    mapUtilization: 0,
    mapBytes,
    readMs: 0,
    writeMs: 0,
    mapMs: 0,
    filterMs: 0,
  }
}
