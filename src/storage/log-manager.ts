import { join } from 'node:path'
import type { Clock, Timer } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import type { OffsetCheckpointFile, OffsetsByPartition } from './checkpoint-file.ts'
import { LogDirectoryError } from './errors.ts'
import { deleteDirName, partitionDirName } from './file-names.ts'
import { Log } from './log.ts'
import type { LogConfig } from './log-config.ts'
import { DEFAULT_LOG_TUNING, type LogContext, LogDir, type LogTuning } from './log-context.ts'
import { type Lock, LogDirFiles } from './log-dir-files.ts'
import type { LogDirDescription, TopicPartition } from './log-types.ts'
import { Segment } from './segment.ts'
import { TailBudget } from './tail-cache.ts'

export interface LogManagerOptions {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly logger: Logger
  readonly random: Random
  readonly logDirs: readonly string[]
  readonly brokerId: number
  /** Null: take the one in meta.properties, if any (see {@link LogManager.clusterId}). */
  readonly clusterId: string | null
  readonly defaults: LogConfig
  readonly loadTopicConfig: (topic: string) => Partial<LogConfig>
  /** Takes the exclusive lock of `DIR/.lock`; throws when somebody else holds it. */
  readonly acquireLock?: (path: string) => Lock
  /** Hears once of each directory whose disk failed. */
  readonly onLogDirFailure?: (logDir: string) => void
  readonly tuning?: Partial<LogTuning>
}

interface Directory {
  readonly dir: LogDir
  readonly files: LogDirFiles
}

/** Kafka waits this long before the first round of its background work. */
const INITIAL_DELAY_MS = 30_000
const CLOSE_CONCURRENCY = 8

/** All logs of a broker, by directory (kafka.log.LogManager). */
export class LogManager {
  private readonly options: LogManagerOptions
  private readonly context: LogContext
  private readonly directories: readonly Directory[]
  private readonly logs = new Map<string, Log>()
  private readonly timers = new Set<Timer>()
  private readonly removals = new Set<() => void>()
  private isShuttingDown = false

  /**
   * Takes the directories, and recovers their logs when the last end was not a clean one (which can take long). Throws
   * a LogDirectoryError when a directory cannot be used.
   */
  static async open(options: LogManagerOptions): Promise<LogManager> {
    const manager = new LogManager(options)
    try {
      await manager.recoverLogs()
      return manager
    } catch (error) {
      for (const { files } of manager.directories) files.releaseLock()
      throw error
    }
  }

  private constructor(options: LogManagerOptions) {
    this.options = options
    const tuning = { ...DEFAULT_LOG_TUNING, ...options.tuning }
    const { fs, clock, logger, random } = options
    this.context = {
      fs,
      clock,
      logger,
      random,
      tuning,
      tailBudget: new TailBudget(tuning.tailBudgetBytes),
      deleteLater: (delayMs, remove) => this.deleteLater(delayMs, remove),
    }
    const directories: Directory[] = []
    try {
      for (const path of options.logDirs) directories.push(this.openDirectory(path))
      this.directories = directories
      for (const directory of directories) orUnusable(directory.files.path, () => this.addLogs(directory))
      this.writeMeta()
    } catch (error) {
      for (const { files } of directories) files.releaseLock()
      throw error
    }
  }

  /** Of meta.properties; null when it was neither given nor written before. */
  get clusterId(): string | null {
    if (this.options.clusterId !== null) return this.options.clusterId
    return (
      this.directories.map(({ files }) => files.meta?.clusterId ?? null).find((id) => id !== null) ?? null
    )
  }

  getLog(topic: string, partition: number): Log | undefined {
    return this.logs.get(partitionDirName(topic, partition))
  }

  /** Throws InconsistentTopicIdError when there is a log of that name with another topic id. */
  getOrCreateLog(topic: string, partition: number, options: { topicId: string | null }): Log {
    const log = this.getLog(topic, partition) ?? this.createLog(topic, partition)
    if (options.topicId !== null) log.assignTopicId(options.topicId)
    return log
  }

  /** All that are on disk. */
  partitions(): TopicPartition[] {
    return [...this.logs.values()].map(({ topic, partition }) => ({ topic, partition }))
  }

  /** Gone at once for everybody; the files go after file.delete.delay.ms. */
  deleteLog(topic: string, partition: number): void {
    const name = partitionDirName(topic, partition)
    const log = this.logs.get(name)
    if (log === undefined) return
    this.logs.delete(name)
    log.abandon()
    const { fs, random } = this.context
    const renamed = join(log.logDir, deleteDirName(topic, partition, random))
    fs.renameSync(join(log.logDir, name), renamed)
    this.deleteLater(log.config.fileDeleteDelayMs, () => fs.removeSync(renamed))
  }

  /** The topic's own settings as they are now; the others have the broker's defaults. */
  updateTopicConfig(topic: string, config: Partial<LogConfig>): void {
    const whole = { ...this.options.defaults, ...config }
    for (const log of this.logs.values()) if (log.topic === topic) log.updateConfig(whole)
  }

  readHighWatermark(topic: string, partition: number): number {
    return this.getLog(topic, partition)?.highWatermark ?? 0
  }

  /** Never rejects: a disk that fails takes its directory offline. */
  async checkpointHighWatermarks(): Promise<void> {
    await this.checkpoint(
      (files) => files.highWatermarks,
      (log) => log.highWatermark,
    )
  }

  async checkpointRecoveryPoints(): Promise<void> {
    await this.checkpoint(
      (files) => files.recoveryPoints,
      (log) => log.recoveryPoint,
    )
  }

  async checkpointLogStartOffsets(): Promise<void> {
    await this.checkpoint(
      (files) => files.startOffsets,
      (log) => log.startOffsetToCheckpoint,
    )
  }

  /** One round of retention over all logs. Returns how many segments went. */
  async deleteOldSegments(): Promise<number> {
    let count = 0
    for (const log of [...this.logs.values()]) {
      try {
        if (log.mayHaveOldSegments()) count += await log.deleteOldSegments()
      } catch (error) {
        this.context.logger.error(`retention of ${log.name} failed`, error)
      }
    }
    return count
  }

  /** Retention, flushes by time, checkpoints, expiry of producers: by timers that do not keep the process alive. */
  startBackgroundTasks(): void {
    const { tuning } = this.context
    this.repeat(tuning.retentionCheckIntervalMs, () => this.deleteOldSegments())
    this.repeat(tuning.flushSchedulerIntervalMs, () => this.flushDirtyLogs())
    this.repeat(tuning.flushRecoveryPointCheckpointIntervalMs, () => this.checkpointRecoveryPoints())
    this.repeat(tuning.flushStartOffsetCheckpointIntervalMs, () => this.checkpointLogStartOffsets())
    this.repeat(tuning.highWatermarkCheckpointIntervalMs, () => this.checkpointHighWatermarks())
    this.repeat(tuning.producerIdExpirationCheckIntervalMs, () => {
      for (const log of this.logs.values()) log.removeExpiredProducers()
    })
  }

  describeLogDirs(): LogDirDescription[] {
    return this.directories.map(({ dir }) => ({
      logDir: dir.path,
      error: dir.error?.message ?? null,
      partitions: this.logsIn(dir).map((log) => ({
        topic: log.topic,
        partition: log.partition,
        sizeBytes: dir.error ? 0 : log.sizeBytes(),
        isFuture: false,
      })),
      totalBytes: -1,
      usableBytes: -1,
    }))
  }

  /** Closes every log, writes the checkpoints and, when all went well, the mark of a clean end. */
  async shutdown(options: { brokerEpoch?: number } = {}): Promise<void> {
    if (this.isShuttingDown) return
    this.isShuttingDown = true
    for (const timer of this.timers) timer.cancel()
    this.timers.clear()
    for (const remove of [...this.removals]) this.runRemoval(remove)
    await Promise.all(
      this.directories.map((directory) => this.closeDirectory(directory, options.brokerEpoch ?? -1)),
    )
  }

  private openDirectory(path: string): Directory {
    const { fs, logger, brokerId, clusterId, acquireLock } = this.options
    const dir = new LogDir(path, logger, () => this.options.onLogDirFailure?.(path))
    const owner = { brokerId, clusterId }
    return { dir, files: orUnusable(path, () => LogDirFiles.open(fs, path, owner, logger, acquireLock)) }
  }

  private addLogs({ dir, files }: Directory): void {
    const recoveryPoints = files.read(files.recoveryPoints)
    const startOffsets = files.read(files.startOffsets)
    const highWatermarks = files.read(files.highWatermarks)
    const { partitions, deleted } = files.list(recoveryPoints)
    const configs = new Map<string, LogConfig>()
    for (const { topic, partition } of partitions) {
      const name = partitionDirName(topic, partition)
      const twin = this.logs.get(name)
      if (twin !== undefined) {
        throw new LogDirectoryError(
          'KCLI_DUPLICATE_LOG',
          `${name} is in both log directories ${twin.logDir} and ${dir.path}`,
          'Remove the copy that is not wanted.',
        )
      }
      const config = configs.get(topic) ?? this.configOf(topic)
      configs.set(topic, config)
      const recoveryPoint = recoveryPoints.get(name)?.offset
      const log = new Log({
        context: this.context,
        logDir: dir,
        topic,
        partition,
        config,
        checkpoint: {
          logStartOffset: startOffsets.get(name)?.offset,
          recoveryPoint: recoveryPoint ?? 0,
          highWatermark: highWatermarks.get(name)?.offset ?? 0,
        },
        isClean: files.wasClean,
        // Without a recovery point nobody knows where the log ends before it was opened.
        isEndKnown: files.wasClean && recoveryPoint !== undefined,
      })
      this.logs.set(name, log)
    }
    for (const path of deleted) {
      this.deleteLater(this.options.defaults.fileDeleteDelayMs, () => this.context.fs.removeSync(path))
    }
  }

  private async recoverLogs(): Promise<void> {
    const { logger, tuning } = this.context
    const unknown = [...this.logs.values()].filter((log) => !log.isEndKnown)
    if (unknown.length > 0) logger.info(`loading ${unknown.length} logs, as the last end was not a clean one`)
    let done = 0
    await inParallel(unknown, tuning.recoveryConcurrency, async (log) => {
      try {
        await log.open()
        done++
        if (done % 100 === 0) logger.info(`loaded ${done} of ${unknown.length} logs`)
      } catch (error) {
        logger.error(`loading ${log.name} failed`, error)
      }
    })
    const failed = this.directories.filter(({ dir }) => dir.error !== null)
    const [first] = failed
    if (first !== undefined && failed.length === this.directories.length) {
      throw new LogDirectoryError(
        'KCLI_LOG_DIR_UNUSABLE',
        `no log directory can be used: ${first.dir.error?.message ?? ''}`,
        'Check the disk.',
        first.dir.error,
      )
    }
  }

  private writeMeta(): void {
    const { clusterId } = this
    if (clusterId === null) return
    const { brokerId, clock } = this.options
    for (const { files } of this.directories) {
      orUnusable(files.path, () => files.writeMeta({ brokerId, clusterId }, clock.nowMs()))
    }
  }

  /** In the directory that has the fewest logs. The files are there at once, as with Kafka. */
  private createLog(topic: string, partition: number): Log {
    const { fs, clock } = this.context
    const usable = this.directories.filter(({ dir }) => dir.error === null)
    const [target] = usable.sort((a, b) => this.logsIn(a.dir).length - this.logsIn(b.dir).length)
    const first = this.directories[0]
    if (target === undefined) throw first?.dir.error ?? new Error('no log directory')
    const name = partitionDirName(topic, partition)
    const path = join(target.dir.path, name)
    try {
      fs.mkdirSync(path)
      Segment.create({ fs, dir: path, baseOffset: 0, createdMs: clock.nowMs(), rollJitterMs: 0 }).close()
    } catch (error) {
      throw target.dir.storageErrorOf(`making ${path} failed`, error)
    }
    const log = new Log({
      context: this.context,
      logDir: target.dir,
      topic,
      partition,
      config: this.configOf(topic),
      checkpoint: { logStartOffset: undefined, recoveryPoint: 0, highWatermark: 0 },
      isClean: true,
      isEndKnown: true,
      isNew: true,
    })
    this.logs.set(name, log)
    return log
  }

  private configOf(topic: string): LogConfig {
    return { ...this.options.defaults, ...this.options.loadTopicConfig(topic) }
  }

  private logsIn(dir: LogDir): Log[] {
    return [...this.logs.values()].filter((log) => log.logDir === dir.path)
  }

  private async checkpoint(
    fileOf: (files: LogDirFiles) => OffsetCheckpointFile,
    offsetOf: (log: Log) => number | undefined,
  ): Promise<void> {
    for (const { dir, files } of this.directories) {
      if (dir.error !== null) continue
      try {
        await fileOf(files).write(this.offsetsIn(dir, offsetOf))
      } catch (error) {
        this.context.logger.error(`writing ${fileOf(files).path} failed`, error)
        dir.storageErrorOf(`writing ${fileOf(files).path} failed`, error)
      }
    }
  }

  private offsetsIn(dir: LogDir, offsetOf: (log: Log) => number | undefined): OffsetsByPartition {
    const offsets: OffsetsByPartition = new Map()
    for (const log of this.logsIn(dir)) {
      const { topic, partition, name } = log
      const offset = offsetOf(log)
      if (offset !== undefined) offsets.set(name, { topic, partition, offset })
    }
    return offsets
  }

  private async flushDirtyLogs(): Promise<void> {
    for (const log of [...this.logs.values()]) {
      if (log.unflushedMs < log.config.flushMs) continue
      try {
        await log.flush()
      } catch (error) {
        this.context.logger.error(`flushing ${log.name} failed`, error)
      }
    }
  }

  private async closeDirectory({ dir, files }: Directory, brokerEpoch: number): Promise<void> {
    const { logger } = this.context
    let isClean = true
    await inParallel(this.logsIn(dir), CLOSE_CONCURRENCY, async (log) => {
      try {
        await log.close()
      } catch (error) {
        isClean = false
        logger.error(`closing ${log.name} failed`, error)
      }
    })
    try {
      if (dir.error === null) {
        await files.recoveryPoints.writeNow(this.offsetsIn(dir, (log) => log.recoveryPoint))
        await files.startOffsets.writeNow(this.offsetsIn(dir, (log) => log.startOffsetToCheckpoint))
        await files.highWatermarks.writeNow(this.offsetsIn(dir, (log) => log.highWatermark))
        if (isClean) files.markClean(brokerEpoch)
      }
    } catch (error) {
      logger.error(
        `closing the log directory ${dir.path} failed: its logs will be recovered at the next start`,
        error,
      )
    } finally {
      files.releaseLock()
    }
  }

  private deleteLater(delayMs: number, remove: () => void): void {
    if (this.isShuttingDown || delayMs <= 0) {
      this.runRemoval(remove)
      return
    }
    this.removals.add(remove)
    const timer = this.context.clock.setTimer(
      delayMs,
      () => {
        this.timers.delete(timer)
        this.runRemoval(remove)
      },
      { unref: true },
    )
    this.timers.add(timer)
  }

  private runRemoval(remove: () => void): void {
    this.removals.delete(remove)
    try {
      remove()
    } catch (error) {
      this.context.logger.warn(`deleted files could not be removed yet: ${String(error)}`)
    }
  }

  private repeat(intervalMs: number, work: () => unknown): void {
    const { clock } = this.context
    const arm = (delayMs: number) => {
      if (this.isShuttingDown) return
      const run = async () => {
        this.timers.delete(timer)
        await work()
        arm(intervalMs)
      }
      const timer = clock.setTimer(delayMs, () => void run(), { unref: true })
      this.timers.add(timer)
    }
    arm(Math.min(INITIAL_DELAY_MS, intervalMs))
  }
}

/** Errors of the system at the start name the directory and say what to look at. */
function orUnusable<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof LogDirectoryError) throw error
    throw new LogDirectoryError(
      'KCLI_LOG_DIR_UNUSABLE',
      `the log directory ${path} cannot be used: ${messageOf(error)}`,
      'Check that it is on a writable disk with room, and that its owner is right.',
      error,
    )
  }
}

async function inParallel<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const runners = Array.from({ length: Math.min(concurrency, items.length) }, async () => {
    for (const item of rest) await work(item)
  })
  await Promise.all(runners)
}
