import { join } from 'node:path'
import { systemErrorCode } from '../base/errors.ts'
import { SerialQueue } from '../base/serial-queue.ts'
import { AppendWriter } from './append-writer.ts'
import { swapFiles } from './cleaner/segment-swap.ts'
import type { EpochCache } from './epoch-cache.ts'
import { KafkaStorageError, OffsetOutOfRangeError, RecordListTooLargeError } from './errors.ts'
import { type LogConfig, maxSegmentMs } from './log-config.ts'
import type { LogContext, LogDir } from './log-context.ts'
import { type LoadedLog, rebuildProducers, rollJitter } from './log-loader.ts'
import { readLog, releaseRead } from './log-reader.ts'
import type { AppendInfo, ReadOptions, ReadResult } from './log-types.ts'
import type { ValidRecords } from './log-validator.ts'
import { PARTITION_METADATA } from './partition-metadata.ts'
import type { BatchMetadata, CompletedTxn, ProducerOrigin } from './producer-entry.ts'
import type { ProducerState } from './producer-state.ts'
import { deletableSegments } from './retention.ts'
import { Segment } from './segment.ts'
import type { Segments } from './segments.ts'
import { syncPath } from './sync.ts'
import { TailCache } from './tail-cache.ts'

/** Index entries that may wait in memory while the log is being written. */
const INDEX_WRITE_BYTES = 1024

export interface OpenLogOptions {
  readonly context: LogContext
  readonly logDir: LogDir
  readonly path: string
  /** `orders-0` */
  readonly name: string
  readonly config: () => LogConfig
  readonly highWatermark: number
  /** Of just written batches that stay in memory for readers. */
  readonly tailBytes: number
}

interface Effects {
  readonly undo: () => void
  readonly aborted: readonly { readonly txn: CompletedTxn; readonly lastStableOffset: number }[]
  readonly rolled: boolean
}

/**
 * A log whose files are open. The methods that change it synchronously do so in one turn of the loop; the asynchronous
 * ones that move offsets or segments (truncate, retention, close) must run alone, which {@link Log} sees to.
 */
export class OpenLog {
  readonly segments: Segments
  readonly producers: ProducerState
  readonly epochs: EpochCache
  logStartOffset: number
  /** The next offset to give out; appends on their way are before it. */
  nextOffset: number
  /** Behind the last record that is written. */
  endOffset: number
  highWatermark: number
  /** Everything before it is on disk. */
  flushedOffset: number
  /** By the monotonic clock. */
  lastFlushMs: number
  private readonly context: LogContext
  private readonly dir: LogDir
  private readonly path: string
  private readonly name: string
  private readonly configNow: () => LogConfig
  private readonly writer: AppendWriter
  private readonly tail: TailCache
  /** Flushes, and what takes segments or offsets away: neither may meet the other. */
  private readonly flushes = new SerialQueue()
  private waiters: { readonly offset: number; readonly resolve: () => void }[] = []
  /** Changes when offsets or segments go, so that a read that was under way begins again. */
  private generation = 0
  private hasNewFiles = true
  private isAbandoned = false

  constructor(loaded: LoadedLog, options: OpenLogOptions) {
    this.segments = loaded.segments
    this.producers = loaded.producers
    this.epochs = loaded.epochs
    this.logStartOffset = loaded.logStartOffset
    this.nextOffset = loaded.logEndOffset
    this.endOffset = loaded.logEndOffset
    this.flushedOffset = loaded.recoveryPoint
    this.highWatermark = Math.min(Math.max(options.highWatermark, loaded.logStartOffset), loaded.logEndOffset)
    this.producers.onHighWatermark(this.highWatermark)
    this.context = options.context
    this.dir = options.logDir
    this.path = options.path
    this.name = options.name
    this.configNow = options.config
    this.lastFlushMs = this.context.clock.monotonicMs()
    this.writer = new AppendWriter((error, undoError) => this.repairAfterFailedWrite(error, undoError))
    this.tail = new TailCache(this.context.tailBudget, options.tailBytes)
    const { active } = this.segments
    if (active.sizeBytes === 0) this.preallocate(active)
  }

  get config(): LogConfig {
    return this.configNow()
  }

  /** All the state work of an append, in one go: when it throws, nothing has changed. Resolves when it is written. */
  append(valid: ValidRecords, origin: ProducerOrigin): Promise<AppendInfo> {
    const { buffer } = valid
    const { config } = this
    // A follower takes whatever its leader has: segment.bytes may have been made smaller meanwhile. (Kafka's cannot go on.)
    if (origin !== 'replication' && buffer.length > config.segmentBytes) {
      throw new RecordListTooLargeError(
        `the record set for ${this.name} has ${buffer.length} bytes, a segment has at most ${config.segmentBytes}`,
      )
    }
    const changes = this.producers.prepare(buffer, 0, buffer.length, origin)
    if (changes.duplicate !== undefined) return this.answerDuplicate(valid, changes.duplicate)
    const restore = this.remember()
    let undoProducers = (): void => undefined
    const undo = () => {
      undoProducers()
      restore()
    }
    try {
      this.epochs.assignAll(buffer, this.nextOffset)
      const before = this.segments.active
      const segment = this.segmentFor(valid)
      const position = segment.append(buffer, config.indexIntervalBytes)
      const aborted: { txn: CompletedTxn; lastStableOffset: number }[] = []
      undoProducers = this.producers.apply(changes, valid.lastOffset + 1, (txn, lastStableOffset) => {
        if (txn.isAborted) aborted.push({ txn, lastStableOffset })
      })
      this.nextOffset = valid.lastOffset + 1
      return this.write(segment, position, valid, { undo, aborted, rolled: segment !== before })
    } catch (error) {
      try {
        undo()
      } catch (undoError) {
        this.dir.fail(`taking back an append to ${this.name} failed`, undoError)
      }
      throw error
    }
  }

  /** Clamped to the log, and never back. */
  raiseHighWatermark(offset: number): void {
    const clamped = Math.min(Math.max(offset, this.logStartOffset), this.endOffset)
    if (clamped <= this.highWatermark) return
    this.highWatermark = clamped
    this.producers.onHighWatermark(clamped)
  }

  /** Runs what reads the segments, again from the start when some of them have been taken away meanwhile. */
  async withSegments<T>(work: (segments: readonly Segment[]) => Promise<T>): Promise<T> {
    for (;;) {
      const { generation } = this
      try {
        return await work(this.segments.all)
      } catch (error) {
        if (generation === this.generation || this.isAbandoned) throw error
      }
    }
  }

  async read(startOffset: number, options: ReadOptions): Promise<ReadResult> {
    for (;;) {
      if (startOffset < this.logStartOffset || startOffset > this.endOffset) {
        throw new OffsetOutOfRangeError(
          `offset ${startOffset} is not in ${this.name}, which has ${this.logStartOffset} to ${this.endOffset}`,
        )
      }
      const { generation } = this
      const view = { segments: this.segments, tail: this.tail, logEndOffset: this.endOffset }
      try {
        const result = await readLog(view, startOffset, options)
        if (generation === this.generation) return result
        releaseRead(result)
      } catch (error) {
        if (generation === this.generation || this.isAbandoned) throw error
      }
    }
  }

  /** Everything from `offset` on goes. */
  truncateTo(offset: number): Promise<void> {
    return this.flushes.run(() => this.cutAt(offset))
  }

  /** Everything goes; the next record gets `offset`. */
  truncateFullyAndStartAt(offset: number): Promise<void> {
    return this.flushes.run(() => this.startAt(offset))
  }

  /**
   * Whenever this is interrupted, what is left has no hole, and the next recovery looks at all that was written later: the
   * recovery point goes first, then whole segments from the end on, then the rest. All of it is synced, for what was cut
   * off must not come back behind what is written next.
   */
  private async cutAt(offset: number): Promise<void> {
    if (this.segments.first.baseOffset > offset) return this.startAt(offset)
    await this.lowerRecoveryPoint(offset)
    this.invalidateReads()
    try {
      await this.cutSegments(offset)
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      // Half of it is done: what came next would lie behind a hole.
      throw this.dir.fail(`truncating ${this.name} to ${offset} failed`, error)
    }
    this.invalidateReads()
  }

  private async cutSegments(offset: number): Promise<void> {
    const { clock, fs } = this.context
    const removed = this.segments.all.filter((segment) => segment.baseOffset > offset)
    for (const segment of removed.toReversed()) this.removeSegment(segment)
    if (removed.length > 0) await fs.syncDirectory(this.path)
    await this.segments.active.truncateTo(offset, clock.nowMs())
    await this.segments.active.flush()
    this.setEnd(offset)
    this.epochs.truncateFromEnd(offset)
    this.logStartOffset = Math.min(this.logStartOffset, offset)
    this.highWatermark = Math.min(this.highWatermark, offset)
    const { producers, segments, logStartOffset, context } = this
    await rebuildProducers(producers, segments, logStartOffset, offset, { context }, false)
  }

  private async startAt(offset: number): Promise<void> {
    await this.lowerRecoveryPoint(offset)
    this.invalidateReads()
    for (const segment of this.segments.all.toReversed()) this.removeSegment(segment)
    try {
      this.segments.push(this.newSegment(offset))
    } catch (error) {
      // A log without a segment is none. The next start makes it anew.
      throw this.dir.fail(`beginning ${this.name} anew at ${offset} failed`, error)
    }
    this.setEnd(offset)
    this.epochs.clear()
    this.producers.truncateFully(offset)
    this.logStartOffset = offset
    this.highWatermark = offset
    await this.context.fs.syncDirectory(this.path)
  }

  private async lowerRecoveryPoint(offset: number): Promise<void> {
    if (this.flushedOffset <= offset) return
    this.flushedOffset = offset
    await this.context.recoveryPointLowered(this.dir)
  }

  moveStart(offset: number): void {
    if (offset <= this.logStartOffset) return
    this.logStartOffset = offset
    this.epochs.truncateFromStart(offset)
    this.producers.onLogStartOffset(offset)
    this.raiseHighWatermark(offset)
  }

  /** Retention. Returns how many segments went. */
  deleteOldSegments(): Promise<number> {
    return this.flushes.run(() => this.deleteNow())
  }

  private async deleteNow(): Promise<number> {
    const { logger } = this.context
    const doomed: Segment[] = []
    const found = await deletableSegments({
      segments: this.segments,
      config: this.config,
      logStartOffset: this.logStartOffset,
      logEndOffset: this.endOffset,
      highWatermark: this.highWatermark,
      nowMs: this.context.clock.nowMs(),
    })
    for (const { segment, reason } of found) {
      logger.info(
        `deleting segment ${segment.baseOffset} of ${this.name}, ${segment.sizeBytes} bytes: ${reason}`,
      )
      doomed.push(segment)
    }
    const last = doomed.at(-1)
    if (last === undefined) return 0
    if (last === this.segments.active) this.roll(this.endOffset)
    this.moveStart(this.segments.next(last)?.baseOffset ?? this.logStartOffset)
    this.invalidateReads()
    for (const segment of doomed) this.removeSegment(segment)
    return doomed.length
  }

  /**
   * Compaction: a `.cleaned` segment takes the place of others. What cannot be finished takes the directory offline, as
   * nobody could say what is in the log until it is loaded again. False when the segments are not there any more.
   */
  replaceSegments(baseOffset: number, replaced: readonly number[]): Promise<boolean> {
    return this.flushes.run(async () => {
      const old = this.segments.all.filter((segment) => replaced.includes(segment.baseOffset))
      if (this.isAbandoned || old.length !== replaced.length) return false
      const { fs, clock } = this.context
      this.invalidateReads()
      try {
        const removals = swapFiles(fs, this.path, baseOffset, old)
        const options = { fs, dir: this.path, baseOffset, createdMs: clock.nowMs(), rollJitterMs: 0 }
        this.segments.replace(old, Segment.open(options))
        for (const { baseOffset: base } of old) if (base !== baseOffset) this.producers.removeSnapshot(base)
        for (const remove of removals) this.context.deleteLater(this.config.fileDeleteDelayMs, remove)
        await fs.syncDirectory(this.path)
        return true
      } catch (error) {
        throw this.dir.fail(`replacing segments of ${this.name} failed`, error)
      }
    })
  }

  /** Everything before `upTo`, which is written already, goes to the disk. */
  flushUpTo(upTo: number): Promise<void> {
    return this.flushes.run(async () => {
      // A truncation may have come while this waited for its turn.
      const offset = Math.min(upTo, this.endOffset)
      if (offset <= this.flushedOffset || this.isAbandoned) return
      this.dir.requireOnline()
      for (const segment of this.segments.from(this.flushedOffset)) {
        if (segment.baseOffset >= offset) continue
        await segment.flush()
        if (segment !== this.segments.active) segment.idle()
      }
      await this.syncSmallFiles()
      this.lastFlushMs = this.context.clock.monotonicMs()
      this.flushedOffset = offset
    })
  }

  /** The small files, and all names in the directory. */
  private async syncSmallFiles(): Promise<void> {
    if (await this.epochs.sync()) this.hasNewFiles = true
    if (!this.hasNewFiles) return
    this.hasNewFiles = false
    const { fs } = this.context
    try {
      await syncPath(fs, join(this.path, PARTITION_METADATA))
      await fs.syncDirectory(this.path)
    } catch (error) {
      this.hasNewFiles = true
      throw error
    }
  }

  /** Waits for what is on its way. Appends are held back meanwhile. */
  settle(): Promise<void> {
    return this.writer.idle()
  }

  async close(): Promise<void> {
    const { active } = this.segments
    active.closeTimeIndex()
    active.trim()
    await active.writeIndexes()
    await this.flushUpTo(this.endOffset)
    // The last entry of the time index came after the last flush.
    await active.flush()
    const snapshot = this.producers.takeSnapshot()
    if (snapshot !== undefined) {
      await syncPath(this.context.fs, snapshot)
      this.hasNewFiles = true
    }
    await this.syncSmallFiles()
    this.abandon()
  }

  /** {@link abandon}, when no flush is under way, and in one turn with `work`; not at all when that throws. */
  retire(work: () => void): Promise<void> {
    return this.flushes.run(() => {
      work()
      this.abandon()
    })
  }

  /** Lets go of the files without another write. */
  abandon(): void {
    this.isAbandoned = true
    this.invalidateReads()
    for (const segment of this.segments.all) segment.close()
    this.wakeWaiters()
  }

  private async write(
    segment: Segment,
    position: number,
    valid: ValidRecords,
    effects: Effects,
  ): Promise<AppendInfo> {
    const { buffer } = valid
    await new Promise<void>((resolve, reject) => {
      this.writer.submit({
        segment,
        position,
        records: buffer,
        written: () => {
          try {
            this.afterWrite(segment, position, valid, effects)
            resolve()
          } catch (error) {
            reject(this.dir.fail(`writing the transaction index of ${this.name} failed`, error))
          }
        },
        undo: effects.undo,
        failed: (error) => reject(this.writeErrorOf(error)),
      })
    })
    if (segment.unwrittenIndexBytes >= INDEX_WRITE_BYTES) {
      segment.writeIndexes().catch((error: unknown) => {
        this.context.logger.warn(`index entries of ${this.name} could not be written yet: ${String(error)}`)
      })
    }
    if (this.endOffset - this.flushedOffset >= this.config.flushMessages) await this.flushUpTo(this.endOffset)
    return { ...this.infoOf(valid), rolled: effects.rolled }
  }

  private afterWrite(segment: Segment, position: number, valid: ValidRecords, effects: Effects): void {
    for (const { txn, lastStableOffset } of effects.aborted)
      segment.txnIndex.append({ ...txn, lastStableOffset })
    const { buffer, firstOffset, lastOffset } = valid
    segment.writtenBytes = position + buffer.length
    const place = { segment, position, sizeBytes: buffer.length, firstOffset, lastOffset }
    if (firstOffset >= 0) this.tail.add(place, buffer)
    else this.tail.clear()
    this.endOffset = lastOffset + 1
    this.wakeWaiters()
  }

  private infoOf(valid: ValidRecords): AppendInfo {
    return {
      firstOffset: valid.firstOffset,
      lastOffset: valid.lastOffset,
      lastLeaderEpoch: valid.lastLeaderEpoch,
      maxTimestamp: valid.maxTimestamp,
      offsetOfMaxTimestamp: valid.offsetOfMaxTimestamp,
      logAppendTimeMs: valid.logAppendTimeMs,
      logStartOffset: this.logStartOffset,
      sizeBytes: valid.buffer.length,
      duplicate: false,
      rolled: false,
    }
  }

  /** The earlier append may still be on its way: its success is ours too. */
  private async answerDuplicate(valid: ValidRecords, earlier: BatchMetadata): Promise<AppendInfo> {
    if (earlier.lastOffset >= this.endOffset) {
      await new Promise<void>((resolve) => this.waiters.push({ offset: earlier.lastOffset + 1, resolve }))
    }
    if (earlier.lastOffset >= this.endOffset) {
      throw new KafkaStorageError(`the first copy of this batch could not be written to ${this.name}`)
    }
    return {
      ...this.infoOf(valid),
      firstOffset: earlier.firstOffset,
      lastOffset: earlier.lastOffset,
      logAppendTimeMs: earlier.timestamp,
      sizeBytes: 0,
      duplicate: true,
    }
  }

  /** What an append changes outside the producers' state; the result puts it back. */
  private remember(): () => void {
    const { nextOffset } = this
    const { mapEndOffset } = this.producers
    const epochs = this.epochs.entries
    const { active } = this.segments
    const segment = active.state()
    return () => {
      // What is in memory first: a file that cannot be changed takes the directory offline.
      this.nextOffset = nextOffset
      this.producers.setMapEndOffset(mapEndOffset)
      active.restore(segment)
      const rolled = this.segments.active
      if (rolled !== active) this.segments.remove(rolled)
      this.epochs.restore(epochs)
      if (rolled === active) return
      this.producers.removeSnapshot(rolled.baseOffset)
      rolled.markDeleted()()
    }
  }

  private segmentFor(valid: ValidRecords): Segment {
    const { config } = this
    const { active } = this.segments
    const mustRoll = active.shouldRoll({
      sizeBytes: valid.buffer.length,
      lastOffset: valid.lastOffset,
      maxTimestamp: valid.maxTimestamp,
      nowMs: this.context.clock.nowMs(),
      segmentBytes: config.segmentBytes,
      segmentMs: maxSegmentMs(config),
      maxIndexBytes: config.segmentIndexBytes,
    })
    if (!mustRoll) return active
    // Without the first offset at hand, the lowest that it can be still lets the last one fit into the index.
    return this.roll(valid.firstOffset >= 0 ? valid.firstOffset : valid.lastOffset - 0x7fffffff)
  }

  private roll(expectedOffset: number): Segment {
    const { active } = this.segments
    const baseOffset = Math.max(expectedOffset, this.nextOffset)
    if (active.baseOffset === baseOffset && active.sizeBytes === 0) return active
    active.closeTimeIndex()
    active.trim()
    const segment = this.newSegment(baseOffset)
    this.segments.push(segment)
    this.producers.setMapEndOffset(baseOffset)
    this.producers.takeSnapshot()
    this.flushBehind(this.nextOffset)
    return segment
  }

  /** A segment that is done goes to the disk by and by, so that recovery never has to read it. */
  private flushBehind(offset: number): void {
    const written =
      this.endOffset >= offset
        ? Promise.resolve()
        : new Promise<void>((resolve) => this.waiters.push({ offset, resolve }))
    written
      .then(() => (this.endOffset >= offset ? this.flushUpTo(offset) : undefined))
      .catch((error: unknown) => {
        if (!this.isAbandoned) this.dir.storageErrorOf(`flushing ${this.name} failed`, error)
      })
  }

  private newSegment(baseOffset: number): Segment {
    const { fs, clock, random } = this.context
    this.hasNewFiles = true
    const segment = Segment.create({
      fs,
      dir: this.path,
      baseOffset,
      createdMs: clock.nowMs(),
      rollJitterMs: rollJitter(this.config, random.next()),
    })
    this.preallocate(segment)
    return segment
  }

  private preallocate(segment: Segment): void {
    const { preallocate, segmentBytes } = this.config
    if (preallocate) segment.preallocate(segmentBytes)
  }

  private removeSegment(segment: Segment): void {
    this.segments.remove(segment)
    this.producers.removeSnapshot(segment.baseOffset)
    this.context.deleteLater(this.config.fileDeleteDelayMs, segment.markDeleted())
  }

  private setEnd(offset: number): void {
    this.nextOffset = offset
    this.endOffset = offset
    this.flushedOffset = Math.min(this.flushedOffset, offset)
  }

  private invalidateReads(): void {
    this.generation++
    this.tail.clear()
  }

  private wakeWaiters(): void {
    if (this.waiters.length === 0) return
    const ready = this.waiters.filter((waiter) => waiter.offset <= this.endOffset || this.isAbandoned)
    this.waiters = this.waiters.filter((waiter) => !ready.includes(waiter))
    for (const { resolve } of ready) resolve()
  }

  /** The state is taken back already; the file must end where the last good append does. */
  private repairAfterFailedWrite(error: unknown, undoError: unknown): void {
    const waiters = this.waiters
    this.waiters = []
    for (const { resolve } of waiters) resolve()
    if (this.isAbandoned) return
    try {
      if (undoError !== undefined) throw undoError
      const { active } = this.segments
      active.cutFile(active.writtenBytes)
    } catch (cutError) {
      this.dir.fail(`taking back a failed write of ${this.name} failed too`, cutError)
    }
    this.context.logger.error(`writing to ${this.name} failed`, error)
  }

  private writeErrorOf(error: unknown): unknown {
    if (this.isAbandoned) return new KafkaStorageError(`${this.name} was closed or deleted`, error)
    return this.dir.storageErrorOf(`writing to ${this.name} failed`, error)
  }
}
