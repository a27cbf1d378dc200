import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import { SerialQueue } from '../base/serial-queue.ts'
import { CleaningGate } from './cleaner/cleaning-gate.ts'
import { EpochCache } from './epoch-cache.ts'
import {
  InconsistentTopicIdError,
  KafkaStorageError,
  OffsetOutOfRangeError,
  StaleLeaderEpochError,
} from './errors.ts'
import { offsetFileName, SNAPSHOT_SUFFIX } from './file-names.ts'
import { decompressed, isLargeCompressed } from './large-batch.ts'
import type { LogConfig } from './log-config.ts'
import { isLack, type LogContext, type LogDir } from './log-context.ts'
import { loadLog } from './log-loader.ts'
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
import { readPartitionMetadata, writePartitionMetadata } from './partition-metadata.ts'
import { decodeProducerSnapshot } from './producer-snapshot.ts'
import { type LogFile, listLogFiles, mayHaveDeletable, type RestingLog, restingLog } from './resting-log.ts'
import { findByTimestamp, findMaxTimestamp } from './timestamp-lookup.ts'

export interface LogOptions {
  readonly context: LogContext
  readonly logDir: LogDir
  readonly topic: string
  readonly partition: number
  readonly config: LogConfig
  /** What the checkpoint files of the directory say. After a clean end the recovery point is the log's end. */
  readonly checkpoint: {
    readonly logStartOffset: number | undefined
    readonly recoveryPoint: number
    readonly highWatermark: number
  }
  /** The last end was a clean one: the files are not touched before the log is used. */
  readonly isClean: boolean
  /** The recovery point is the end of the log. Otherwise open it before anybody asks for offsets. */
  readonly isEndKnown: boolean
  /** It was made just now. */
  readonly isNew?: boolean
}

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
  readonly isEndKnown: boolean
  /** Held by whoever takes segments away beside `queue`. */
  readonly cleaning = new CleaningGate()
  /** As partition.metadata has it; undefined: not read yet. */
  private knownTopicId: string | null | undefined
  /** What the controller said of a log that was not opened yet. */
  private claimedTopicId: string | undefined
  private readonly isNew: boolean
  private readonly context: LogContext
  private readonly dir: LogDir
  private readonly path: string
  private readonly isClean: boolean
  private readonly checkpoint: {
    logStartOffset: number | undefined
    recoveryPoint: number
    highWatermark: number
  }
  private readonly queue = new SerialQueue()
  private currentConfig: LogConfig
  private opened: OpenLog | null = null
  private opening: Promise<OpenLog> | null = null
  private isClosed = false
  /** Read from disk for questions that do not need the rest; undefined: not yet. */
  private sleepingEpochs: EpochCache | undefined
  private sleepingStart: number | undefined
  private sleepingUnstable: number | null | undefined
  private resting: RestingLog | undefined

  constructor(options: LogOptions) {
    this.topic = options.topic
    this.partition = options.partition
    this.context = options.context
    this.dir = options.logDir
    this.path = join(options.logDir.path, this.name)
    this.currentConfig = options.config
    this.isClean = options.isClean
    this.isEndKnown = options.isEndKnown
    this.isNew = options.isNew ?? false
    const { recoveryPoint, highWatermark } = options.checkpoint
    // Until the end is known, the watermark cannot be clamped.
    const clamped = options.isEndKnown ? Math.min(highWatermark, recoveryPoint) : highWatermark
    this.checkpoint = { ...options.checkpoint, highWatermark: clamped }
  }

  /** `orders-0`: also the name of its directory. */
  get name(): string {
    return `${this.topic}-${this.partition}`
  }

  get logDir(): string {
    return this.dir.path
  }

  /** From partition.metadata; null for logs from before Kafka had topic ids. */
  get topicId(): string | null {
    return this.knownTopicId ?? this.claimedTopicId ?? this.storedTopicId()
  }

  /**
   * Writes the id when there is none yet. Throws InconsistentTopicIdError when the log is another topic's. A log that
   * sleeps after a clean stop is not read for that: it takes the id at its word, and is checked when it is opened.
   */
  assignTopicId(topicId: string): void {
    if (this.knownTopicId === undefined && this.isAsleep) {
      this.claimedTopicId = topicId
      return
    }
    const stored = this.storedTopicId()
    if (stored === null) {
      const { fs } = this.context
      this.orStorageError(`writing the topic id of ${this.name} failed`, () =>
        writePartitionMetadata(fs, this.path, topicId),
      )
      this.knownTopicId = topicId
    } else if (stored !== topicId) {
      throw new InconsistentTopicIdError(
        `${this.path} belongs to the topic id ${stored}, but ${this.topic} has ${topicId}`,
      )
    }
  }

  private storedTopicId(): string | null {
    if (this.knownTopicId === undefined) this.knownTopicId = this.readTopicId()
    return this.knownTopicId
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
    this.sleepingStart ??= Math.max(this.checkpoint.logStartOffset ?? 0, this.firstOffsetOnDisk())
    return this.sleepingStart
  }

  /** For log-start-offset-checkpoint: undefined when the first segment says as much. */
  get startOffsetToCheckpoint(): number | undefined {
    if (this.opened === null) return this.checkpoint.logStartOffset
    const { logStartOffset, segments } = this.opened
    return logStartOffset > segments.first.baseOffset ? logStartOffset : undefined
  }

  /** Behind the last record that is written (not only queued). */
  get logEndOffset(): number {
    return this.opened?.endOffset ?? this.checkpoint.recoveryPoint
  }

  get highWatermark(): number {
    return this.opened?.highWatermark ?? this.checkpoint.highWatermark
  }

  /** Everything before it is known to be on disk. */
  get recoveryPoint(): number {
    return this.opened?.flushedOffset ?? this.checkpoint.recoveryPoint
  }

  /** How long records have been waiting for a flush; 0 when there are none. */
  get unflushedMs(): number {
    if (this.opened === null || this.opened.flushedOffset >= this.opened.endOffset) return 0
    return this.context.clock.monotonicMs() - this.opened.lastFlushMs
  }

  /** What read_committed readers may see: all before the first transaction that is open, or not yet ended for sure. */
  get lastStableOffset(): number {
    const unstable = this.opened ? this.opened.producers.firstUnstableOffset : this.unstableOnDisk()
    return Math.min(unstable ?? this.highWatermark, this.highWatermark)
  }

  /** -1 when no leader epoch is known. */
  get latestEpoch(): number {
    return this.epochs.latest?.epoch ?? -1
  }

  /** Clamped to the log; returns the watermark then. It never goes back: only truncation takes it back. */
  updateHighWatermark(offset: number): number {
    if (this.opened !== null) this.opened.raiseHighWatermark(offset)
    else {
      const { highWatermark, recoveryPoint } = this.checkpoint
      this.checkpoint.highWatermark = Math.max(highWatermark, Math.min(offset, recoveryPoint))
    }
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
      return await (this.opened ?? (await this.open())).read(startOffset, options)
    } catch (error) {
      throw this.errorOf(`reading ${this.name} failed`, error)
    }
  }

  /** Forgets everything from `offset` on. False when there was nothing of it. */
  truncateTo(offset: number): Promise<boolean> {
    assert(offset >= 0, `cannot truncate ${this.name} to ${offset}`)
    return this.alone(`truncating ${this.name} failed`, async (log) => {
      if (offset >= log.endOffset) {
        log.epochs.truncateFromEnd(log.endOffset)
        return false
      }
      if (offset >= log.segments.active.baseOffset) await log.truncateTo(offset)
      else await this.withoutCleaning(log, () => log.truncateTo(offset))
      return true
    })
  }

  /** Forgets everything; the next record gets `offset`. */
  truncateFullyAndStartAt(offset: number): Promise<void> {
    return this.alone(`truncating ${this.name} failed`, (log) =>
      this.withoutCleaning(log, () => log.truncateFullyAndStartAt(offset)),
    )
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
      const log = await this.open()
      return await log.withSegments((segments) =>
        target === 'maxTimestamp'
          ? findMaxTimestamp(segments)
          : findByTimestamp(segments, target, log.logStartOffset, log.endOffset),
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
    this.resting ??= this.orStorageError(`looking at the files of ${this.name} failed`, () =>
      restingLog(this.context.fs, this.path),
    )
    const { logStartOffset, logEndOffset, highWatermark, config } = this
    const view = { logStartOffset, logEndOffset, highWatermark, config, nowMs: this.context.clock.nowMs() }
    return mayHaveDeletable(this.resting, view)
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
    return this.logFiles().reduce((sum, file) => sum + file.sizeBytes, 0)
  }

  /** The size of the segments that a recovery has to read. */
  unflushedBytesOnDisk(): number {
    const files = this.logFiles()
    const { recoveryPoint } = this.checkpoint
    const floor = files.findLastIndex(({ baseOffset }) => baseOffset <= recoveryPoint)
    return files.slice(Math.max(floor, 0)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
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

  /** Lets go of the files without another write: the directory was deleted, or its disk failed. */
  abandon(): void {
    this.isClosed = true
    this.cleaning.abort()
    this.opened?.abandon()
  }

  private get epochs(): EpochCache {
    if (this.opened !== null) return this.opened.epochs
    if (this.sleepingEpochs === undefined) {
      try {
        this.sleepingEpochs = EpochCache.load(this.context.fs, this.path)
      } catch (error) {
        if (!(error instanceof KafkaStorageError)) throw this.errorOf(`reading ${this.name} failed`, error)
        // Opening the log builds them again.
        this.sleepingEpochs = EpochCache.empty(this.context.fs, this.path)
      }
    }
    return this.sleepingEpochs
  }

  private async load(): Promise<OpenLog> {
    this.dir.requireOnline()
    const { context, checkpoint, isClean } = this
    try {
      await this.dir.begun
      this.dir.requireOnline()
      this.checkClaim()
      const loaded = await loadLog({
        context,
        dir: this.path,
        partition: this.name,
        config: this.currentConfig,
        isClean,
        recoveryPoint: checkpoint.recoveryPoint,
        logStartOffset: checkpoint.logStartOffset ?? 0,
      })
      if (this.isEndKnown && loaded.logEndOffset !== checkpoint.recoveryPoint) {
        context.logger.warn(
          `${this.name} ends at ${loaded.logEndOffset}, the checkpoint said ${checkpoint.recoveryPoint}`,
        )
      }
      // Epochs that began while the files were being opened, or at the log's end before that.
      for (const { epoch, startOffset } of this.sleepingEpochs?.entries ?? []) {
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
        highWatermark: checkpoint.highWatermark,
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

  private checkClaim(): void {
    const { claimedTopicId } = this
    if (claimedTopicId === undefined) return
    this.claimedTopicId = undefined
    // Not asleep any more, so it is read and compared now.
    this.knownTopicId = this.readTopicId()
    this.assignTopicId(claimedTopicId)
  }

  private readTopicId(): string | null {
    const { fs, logger } = this.context
    return this.orStorageError(`reading the topic id of ${this.name} failed`, () =>
      readPartitionMetadata(fs, this.path, logger),
    )
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

  private logFiles(): LogFile[] {
    return this.orStorageError(`listing the files of ${this.name} failed`, () =>
      listLogFiles(this.context.fs, this.path),
    )
  }

  private firstOffsetOnDisk(): number {
    return this.logFiles()[0]?.baseOffset ?? 0
  }

  /** The snapshot of a clean end says which transactions are open. */
  private unstableOnDisk(): number | undefined {
    if (this.sleepingUnstable === undefined) {
      const path = join(this.path, offsetFileName(this.checkpoint.recoveryPoint, SNAPSHOT_SUFFIX))
      const { fs } = this.context
      const entries = this.orStorageError(`reading ${path} failed`, () =>
        fs.existsSync(path) ? decodeProducerSnapshot(fs.readFileSync(path)) : undefined,
      )
      const open = (entries ?? []).map((e) => e.currentTxnFirstOffset).filter((offset) => offset >= 0)
      this.sleepingUnstable = open.length > 0 ? Math.min(...open) : null
    }
    return this.sleepingUnstable ?? undefined
  }
}
