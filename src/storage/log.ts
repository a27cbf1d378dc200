import { basename, join } from 'node:path'
import { assert } from '../base/assert.ts'
import { SerialQueue } from '../base/serial-queue.ts'
import { CleaningGate } from './cleaner/cleaning-gate.ts'
import type { EpochCache } from './epoch-cache.ts'
import { KafkaStorageError, OffsetOutOfRangeError, StaleLeaderEpochError } from './errors.ts'
import { isFutureDirName } from './file-names.ts'
import { decompressed, isLargeCompressed } from './large-batch.ts'
import type { LogConfig } from './log-config.ts'
import { isLack, type LogContext, type LogDir } from './log-context.ts'
import { loadLog } from './log-loader.ts'
import type { LogOptions, LogPlace, MoveSteps } from './log-options.ts'
import {
  type ActiveProducer,
  type AppendAsLeaderOptions,
  type AppendInfo,
  type EpochEndOffset,
  nothingAppended,
  type ReadOptions,
  type ReadResult,
  type TimestampOffset,
  type TimestampTarget,
} from './log-types.ts'
import { validateForFollower, validateForLeader } from './log-validator.ts'
import { OpenLog } from './open-log.ts'
import { SleepingLog } from './sleeping-log.ts'
import { findByTimestamp, findMaxTimestamp } from './timestamp-lookup.ts'
import { TopicIdOfLog } from './topic-id-of-log.ts'

/**
 * One partition's log (kafka.log.UnifiedLog): what the rest of the broker holds. It knows its offsets from the
 * checkpoints and opens its files ({@link OpenLog}) when they are first needed.
 *
 * Appends start in the order in which they are called. What must not meet them (truncation, retention, close) runs alone:
 * it waits for what is under way and holds back what comes. See DESIGN.md for the order of things.
 */
export class Log {
  readonly topic: string
  readonly partition: number
  /** Held by whoever takes segments away beside `queue`. */
  readonly cleaning = new CleaningGate()
  private readonly id: TopicIdOfLog
  private readonly isNew: boolean
  private readonly context: LogContext
  private files: LogPlace
  private isClean: boolean
  private hasKnownEnd: boolean
  private readonly queue = new SerialQueue()
  private currentConfig: LogConfig
  private opened: OpenLog | null = null
  private opening: Promise<OpenLog> | null = null
  private isClosed = false
  private sleeping: SleepingLog
  /** Whoever copies the log: hears where it was cut. */
  onCut: ((offset: number) => void) | undefined

  constructor(options: LogOptions) {
    this.topic = options.topic
    this.partition = options.partition
    this.context = options.context
    const path = join(options.logDir.path, options.dirName ?? this.name)
    this.files = { dir: options.logDir, path }
    this.id = new TopicIdOfLog(this.context, this.topic, () => this.path)
    this.currentConfig = options.config
    this.isClean = options.isClean
    this.hasKnownEnd = options.isEndKnown
    this.isNew = options.isNew ?? false
    const { recoveryPoint, highWatermark } = options.checkpoint
    // Until the end is known, the watermark cannot be clamped.
    const clamped = options.isEndKnown ? Math.min(highWatermark, recoveryPoint) : highWatermark
    const checkpoint = { ...options.checkpoint, highWatermark: clamped }
    this.sleeping = new SleepingLog(this.context.fs, path, checkpoint)
  }

  /** `orders-0`: also the name of its directory, unless it is on its way there. */
  get name(): string {
    return `${this.topic}-${this.partition}`
  }

  get place(): LogPlace {
    return this.files
  }

  private get dir(): LogDir {
    return this.files.dir
  }

  private get path(): string {
    return this.files.path
  }

  get logDir(): string {
    return this.dir.path
  }

  /** It is a copy that is going to take the place of a log in another directory. */
  get isFuture(): boolean {
    return isFutureDirName(basename(this.path))
  }

  /** Closed, deleted, or its disk has failed: it cannot be used any more. */
  get isGone(): boolean {
    return this.isClosed
  }

  /** The recovery point is the log's end, whether it is open or not. */
  get isEndKnown(): boolean {
    return this.hasKnownEnd
  }

  /** From partition.metadata; null for logs from before Kafka had topic ids. */
  get topicId(): string | null {
    return this.orStorageError(`reading the topic id of ${this.name} failed`, () => this.id.value)
  }

  /**
   * Writes the id when there is none yet. Throws InconsistentTopicIdError when the log is another topic's. A log that
   * sleeps after a clean stop is not read for that: it takes the id at its word, and is checked when it is opened.
   */
  assignTopicId(topicId: string): void {
    this.orStorageError(`writing the topic id of ${this.name} failed`, () =>
      this.id.assign(topicId, this.isAsleep),
    )
  }

  private get isAsleep(): boolean {
    return this.opened === null && this.opening === null && this.isEndKnown && !this.isNew
  }

  get config(): LogConfig {
    return this.currentConfig
  }

  updateConfig(config: LogConfig): void {
    this.currentConfig = config
  }

  get isOpen(): boolean {
    return this.opened !== null
  }

  get logStartOffset(): number {
    if (this.opened !== null) return this.opened.logStartOffset
    return this.asleep((files) => files.logStartOffset)
  }

  /** For log-start-offset-checkpoint: undefined when the first segment says as much. */
  get startOffsetToCheckpoint(): number | undefined {
    if (this.opened === null) return this.sleeping.checkpoint.logStartOffset
    const { logStartOffset, segments } = this.opened
    return logStartOffset > segments.first.baseOffset ? logStartOffset : undefined
  }

  /** Behind the last record that is written (not only queued). */
  get logEndOffset(): number {
    return this.opened?.endOffset ?? this.sleeping.checkpoint.recoveryPoint
  }

  get highWatermark(): number {
    return this.opened?.highWatermark ?? this.sleeping.highWatermark
  }

  /** Everything before it is known to be on disk. */
  get recoveryPoint(): number {
    return this.opened?.flushedOffset ?? this.sleeping.checkpoint.recoveryPoint
  }

  /** How long records have been waiting for a flush; 0 when there are none. */
  get unflushedMs(): number {
    if (this.opened === null || this.opened.flushedOffset >= this.opened.endOffset) return 0
    return this.context.clock.monotonicMs() - this.opened.lastFlushMs
  }

  /** What read_committed readers may see: all before the first transaction that is open, or not yet ended for sure. */
  get lastStableOffset(): number {
    const unstable = this.opened
      ? this.opened.producers.firstUnstableOffset
      : this.asleep((files) => files.firstUnstableOffset)
    return Math.min(unstable ?? this.highWatermark, this.highWatermark)
  }

  /** -1 when no leader epoch is known. */
  get latestEpoch(): number {
    return this.epochs.latest?.epoch ?? -1
  }

  /** Clamped to the log; returns the watermark then. It never goes back: only truncation takes it back. */
  updateHighWatermark(offset: number): number {
    if (this.opened !== null) this.opened.raiseHighWatermark(offset)
    else this.sleeping.raiseHighWatermark(offset)
    return this.highWatermark
  }

  async activeProducers(): Promise<ActiveProducer[]> {
    return (await this.open()).producers.activeProducers()
  }

  /**
   * Checks the records as a leader does and appends them; resolves when they are written. The buffer is stamped in place
   * and kept for readers at the end: it must not change any more. Rejects with a StorageError, with nothing appended.
   */
  appendAsLeader(records: Buffer, options: AppendAsLeaderOptions): Promise<AppendInfo> {
    const needsWork = isLargeCompressed(records)
    const { opened } = this
    if (opened !== null && this.queue.size === 0 && !needsWork)
      return this.leaderAppend(opened, records, options)
    return this.inOrder(async (log) => {
      const section = needsWork ? await decompressed(records) : undefined
      return () => this.leaderAppend(log, records, options, section)
    })
  }

  /** Appends what the leader sent, with the offsets that it has. Resolves when it is written. */
  appendAsFollower(records: Buffer): Promise<AppendInfo> {
    if (this.opened !== null && this.queue.size === 0) return this.followerAppend(this.opened, records)
    return this.inOrder((log) => Promise.resolve(() => this.followerAppend(log, records)))
  }

  /** See {@link ReadResult}. Rejects with OffsetOutOfRangeError when `startOffset` is not in [log start, log end]. */
  async read(startOffset: number, options: ReadOptions): Promise<ReadResult> {
    try {
      return await this.steadily((log) => log.read(startOffset, options))
    } catch (error) {
      throw this.errorOf(`reading ${this.name} failed`, error)
    }
  }

  /** Runs what reads the files, again when they have come into another directory meanwhile. */
  private async steadily<T>(work: (log: OpenLog) => Promise<T>): Promise<T> {
    for (;;) {
      const log = this.opened ?? (await this.open())
      try {
        return await work(log)
      } catch (error) {
        if (log === this.opened || this.isClosed) throw error
      }
    }
  }

  /**
   * Forgets everything from `offset` on, and what is in one batch with it: the log ends where its last batch does. (Kafka's
   * would end at `offset`, behind a hole.) False when there was nothing of it.
   */
  truncateTo(offset: number): Promise<boolean> {
    assert(offset >= 0, `cannot truncate ${this.name} to ${offset}`)
    return this.alone(`truncating ${this.name} failed`, async (log) => {
      if (offset >= log.endOffset) {
        log.epochs.truncateFromEnd(log.endOffset)
        return false
      }
      const cut = await log.segments.cutBefore(offset)
      if (cut >= log.segments.active.baseOffset) await log.truncateTo(cut)
      else await this.withoutCleaning(log, () => log.truncateTo(cut))
      this.onCut?.(cut)
      return true
    })
  }

  /** Where {@link truncateTo} would cut. */
  cutBefore(offset: number): Promise<number> {
    return this.alone(`reading ${this.name} failed`, (log) => log.segments.cutBefore(offset))
  }

  /** Forgets everything; the next record gets `offset`. */
  truncateFullyAndStartAt(offset: number): Promise<void> {
    return this.alone(`truncating ${this.name} failed`, async (log) => {
      await this.withoutCleaning(log, () => log.truncateFullyAndStartAt(offset))
      this.onCut?.(offset)
    })
  }

  /** Compaction never waits for `queue`, so it can be waited for in there. What it knew of the log's end is void. */
  private async withoutCleaning(log: OpenLog, truncate: () => Promise<void>): Promise<void> {
    await this.cleaning.pause()
    try {
      await truncate()
      this.context.onTruncated?.(this, log.segments.active.baseOffset)
    } finally {
      this.cleaning.resume()
    }
  }

  /** DeleteRecords: readers see nothing before `offset` any more; segments go with the next retention. */
  incrementLogStartOffset(offset: number): Promise<void> {
    return this.alone(`moving the start of ${this.name} failed`, (log) => {
      if (offset > log.highWatermark) {
        throw new OffsetOutOfRangeError(
          `cannot move the start of ${this.name} to ${offset}: the high watermark is ${log.highWatermark}`,
        )
      }
      log.moveStart(offset)
    })
  }

  endOffsetForEpoch(epoch: number): EpochEndOffset {
    return this.epochs.endOffsetFor(epoch, this.logEndOffset)
  }

  /**
   * Call with logEndOffset when becoming leader; lands behind appends that are still on their way. When the disk is full it
   * throws, and all who ask know the epoch nevertheless: call it again before the first append.
   */
  assignEpochStartOffset(epoch: number, startOffset: number): void {
    this.requireUsable()
    const isAtEnd = this.opened !== null && startOffset >= this.opened.endOffset
    try {
      this.epochs.note(epoch, isAtEnd ? Math.max(startOffset, this.opened?.nextOffset ?? 0) : startOffset)
    } catch (error) {
      throw this.errorOf(`writing the leader epochs of ${this.name} failed`, error)
    }
  }

  /** ListOffsets. Null when no record is so late. */
  async offsetForTimestamp(target: TimestampTarget): Promise<TimestampOffset | null> {
    if (target === 'latest')
      return { timestamp: -1, offset: this.logEndOffset, leaderEpoch: this.latestEpoch }
    if (target === 'earliest' || target === 'earliest-local') {
      const [first] = this.epochs.entries
      const isKnown = first !== undefined && first.startOffset <= this.logStartOffset
      return { timestamp: -1, offset: this.logStartOffset, leaderEpoch: isKnown ? first.epoch : -1 }
    }
    try {
      return await this.steadily((log) =>
        log.withSegments((segments) =>
          target === 'maxTimestamp'
            ? findMaxTimestamp(segments)
            : findByTimestamp(segments, target, log.logStartOffset, log.endOffset),
        ),
      )
    } catch (error) {
      throw this.errorOf(`searching ${this.name} failed`, error)
    }
  }

  /** Retention; not while the log is being cleaned. Returns how many segments went. */
  deleteOldSegments(): Promise<number> {
    return this.alone(
      `deleting segments of ${this.name} failed`,
      async (log) => (await this.cleaning.ifFree(() => log.deleteOldSegments())) ?? 0,
    )
  }

  /** False when retention would find nothing to do in a log that is not open: its records are too young and too few. */
  mayHaveOldSegments(): boolean {
    if (this.isClosed) return false
    if (this.opened !== null || !this.isEndKnown) return true
    const { logStartOffset, logEndOffset, highWatermark, config } = this
    const view = { logStartOffset, logEndOffset, highWatermark, config, nowMs: this.context.clock.nowMs() }
    return this.asleep((files) => files.mayHaveDeletable(view))
  }

  /** Everything that was acknowledged goes to the disk. */
  async flush(): Promise<void> {
    try {
      await this.opened?.flushUpTo(this.opened.endOffset)
    } catch (error) {
      throw this.errorOf(`flushing ${this.name} failed`, error)
    }
  }

  removeExpiredProducers(): void {
    const { clock, tuning } = this.context
    this.opened?.producers.removeExpired(clock.nowMs(), tuning().producerIdExpirationMs)
  }

  sizeBytes(): number {
    if (this.opened !== null) return this.opened.segments.sizeBytes
    return this.asleep((files) => files.sizeBytes())
  }

  /** The size of the segments that a recovery has to read. */
  unflushedBytesOnDisk(): number {
    return this.asleep((files) => files.unflushedBytes())
  }

  /** Reads the files now, and recovers them when the last end was not a clean one. */
  open(): Promise<OpenLog> {
    if (this.isClosed) return Promise.reject(this.closedError())
    if (this.opened !== null) return Promise.resolve(this.opened)
    this.opening ??= this.load().finally(() => {
      this.opening = null
    })
    return this.opening
  }

  /** Writes and flushes what there is, with the producers' state. A log that was never opened is left alone. */
  async close(): Promise<void> {
    if (this.isClosed) return
    if (this.opened === null && this.opening === null && this.queue.size === 0) {
      this.isClosed = true
      return
    }
    await this.alone(`closing ${this.name} failed`, async (log) => {
      await log.close()
      this.isClosed = true
    })
  }

  /** As {@link close}, but the log can be used again. Every offset is known then without the files. */
  async rest(): Promise<void> {
    await this.alone(`closing ${this.name} failed`, async (log) => {
      await log.close()
      this.sleepIn(this.files, log)
    })
  }

  /** The files have another name now; the log rests. */
  renamed(path: string): void {
    assert(this.opened === null, `${this.name} is open`)
    this.sleeping = new SleepingLog(this.context.fs, path, this.sleeping.checkpoint)
    this.files = { dir: this.dir, path }
  }

  /**
   * From now on this log is what `copy` was, a resting log in another directory with all that this one has. Runs alone:
   * nothing is appended and nothing cut from the beginning of `prepare` to the end of `finish`. Who reads goes on.
   */
  moveTo(copy: Log, steps: MoveSteps): Promise<boolean> {
    return this.alone(`moving ${this.name} to ${copy.logDir} failed`, async (log) => {
      if (!(await steps.prepare())) return false
      await log.retire(() => {
        this.requireUsable()
        copy.requireUsable()
        assert(copy.logEndOffset === log.endOffset, `the copy of ${this.name} has another end`)
        steps.leave()
        this.sleepIn(copy.files, log)
        copy.isClosed = true
      })
      await steps.finish()
      return true
    })
  }

  private sleepIn(place: LogPlace, closed: OpenLog): void {
    const { logStartOffset, endOffset, highWatermark, epochs, producers } = closed
    const checkpoint = { logStartOffset, recoveryPoint: endOffset, highWatermark }
    const firstUnstableOffset = producers.firstUnstableOffset ?? null
    const known = { logStartOffset, firstUnstableOffset, epochs: epochs.entries }
    this.sleeping = new SleepingLog(this.context.fs, place.path, checkpoint, known)
    this.files = place
    this.isClean = true
    this.hasKnownEnd = true
    this.opened = null
  }

  /** Lets go of the files without another write: the directory was deleted, or its disk failed. */
  abandon(): void {
    this.isClosed = true
    this.cleaning.abort()
    this.opened?.abandon()
  }

  private get epochs(): EpochCache {
    if (this.opened !== null) return this.opened.epochs
    return this.asleep((files) => files.epochs)
  }

  private async load(): Promise<OpenLog> {
    this.dir.requireOnline()
    const { context, isClean, sleeping } = this
    const { checkpoint } = sleeping
    try {
      await this.dir.begun
      this.dir.requireOnline()
      this.id.checkClaim()
      const loaded = await loadLog({
        context,
        dir: this.path,
        partition: this.name,
        config: this.currentConfig,
        isClean,
        recoveryPoint: checkpoint.recoveryPoint,
        logStartOffset: checkpoint.logStartOffset ?? 0,
      })
      if (this.hasKnownEnd && loaded.logEndOffset !== checkpoint.recoveryPoint) {
        context.logger.warn(
          `${this.name} ends at ${loaded.logEndOffset}, the checkpoint said ${checkpoint.recoveryPoint}`,
        )
      }
      // Epochs that began while the files were being opened, or at the log's end before that.
      for (const { epoch, startOffset } of sleeping.knownEpochs) {
        if (epoch <= (loaded.epochs.latest?.epoch ?? -1)) continue
        try {
          loaded.epochs.note(epoch, startOffset)
        } catch (error) {
          if (!isLack(error)) throw error
        }
      }
      const opened = new OpenLog(loaded, {
        context,
        logDir: this.dir,
        path: this.path,
        name: this.name,
        config: () => this.currentConfig,
        highWatermark: sleeping.highWatermark,
        tailBytes: this.isFuture ? 0 : context.tuning().tailPerLogBytes,
      })
      // Deleted while it was being opened.
      if (this.isClosed) {
        opened.abandon()
        throw this.closedError()
      }
      this.opened = opened
      return opened
    } catch (error) {
      throw this.errorOf(`opening ${this.name} failed`, error)
    }
  }

  private leaderAppend(
    log: OpenLog,
    records: Buffer,
    options: AppendAsLeaderOptions,
    section?: Buffer,
  ): Promise<AppendInfo> {
    try {
      this.requireUsable()
      if (options.isCurrent?.() === false) throw new StaleLeaderEpochError(this.name, options.leaderEpoch)
      const valid = validateForLeader(records, {
        partition: this.name,
        config: this.currentConfig,
        nextOffset: log.nextOffset,
        leaderEpoch: options.leaderEpoch,
        origin: options.origin,
        magicUpConvert: options.magicUpConvert === true,
        nowMs: this.context.clock.nowMs(),
        section,
      })
      return log.append(valid, options.origin)
    } catch (error) {
      return Promise.reject(this.errorOf(`appending to ${this.name} failed`, error))
    }
  }

  private followerAppend(log: OpenLog, records: Buffer): Promise<AppendInfo> {
    try {
      this.requireUsable()
      const valid = validateForFollower(records, this.name, log.nextOffset)
      if (valid !== undefined) return log.append(valid, 'replication')
      return Promise.resolve(nothingAppended(log.logStartOffset))
    } catch (error) {
      return Promise.reject(this.errorOf(`appending to ${this.name} failed`, error))
    }
  }

  /** Starts an append behind everything that was called before it; others need not wait until it is written. */
  private async inOrder(prepare: (log: OpenLog) => Promise<() => Promise<AppendInfo>>): Promise<AppendInfo> {
    const started = await this.queue.run(async () => {
      const start = await prepare(await this.open())
      // Wrapped, so that the queue does not wait for the write.
      return { result: start() }
    })
    return started.result
  }

  private alone<T>(what: string, work: (log: OpenLog) => Promise<T> | T): Promise<T> {
    return this.queue.run(async () => {
      try {
        const log = await this.open()
        this.dir.requireOnline()
        await log.settle()
        return await work(log)
      } catch (error) {
        throw this.errorOf(what, error)
      }
    })
  }

  private requireUsable(): void {
    if (this.isClosed) throw this.closedError()
    this.dir.requireOnline()
  }

  private closedError(): KafkaStorageError {
    return new KafkaStorageError(`the log of ${this.name} was closed or deleted`)
  }

  /** Errors of the system take the directory offline, unless the log went away on purpose. */
  private errorOf(what: string, error: unknown): unknown {
    if (this.isClosed) return error instanceof KafkaStorageError ? error : new KafkaStorageError(what, error)
    return this.dir.storageErrorOf(what, error)
  }

  private orStorageError<T>(what: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw this.errorOf(what, error)
    }
  }

  private asleep<T>(ask: (files: SleepingLog) => T): T {
    return this.orStorageError(`looking at the files of ${this.name} failed`, () => ask(this.sleeping))
  }
}
