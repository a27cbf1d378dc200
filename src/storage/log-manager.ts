import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import type { Clock, Timer } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import type { OffsetsByPartition } from './checkpoint-file.ts'
import { type KafkaStorageError, LogDirectoryError } from './errors.ts'
import { deleteDirName, parsePartitionDirName, partitionDirName } from './file-names.ts'
import { Log } from './log.ts'
import type { LogConfig } from './log-config.ts'
import { DEFAULT_LOG_TUNING, type LogContext, LogDir, type LogTuning } from './log-context.ts'
import { type Checkpoints, type Lock, LogDirFiles } from './log-dir-files.ts'
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
  /** Hears once of each directory whose disk failed, and how. */
  readonly onLogDirFailure?: (logDir: string, error: KafkaStorageError | null) => void
  readonly tuning?: Partial<LogTuning>
}

interface Directory {
  readonly dir: LogDir
  readonly files: LogDirFiles
  /** As they were at the start. */
  readonly checkpoints: Checkpoints
}

/** Kafka waits this long before the first round of its background work. */
const INITIAL_DELAY_MS = 30_000
const CLOSE_CONCURRENCY = 8

/** All logs of a broker, by directory (kafka.log.LogManager). */
export class LogManager {
  private readonly options: LogManagerOptions
  private readonly context: LogContext
  private readonly directories: readonly Directory[]
  /** By `TOPIC-N`; only their directory as long as nobody has asked for them since a clean end. */
  private readonly logs = new Map<string, Log | Directory>()
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
    const name = partitionDirName(topic, partition)
    const found = this.logs.get(name)
    return found === undefined || found instanceof Log ? found : this.wake(name, found)
  }

  /** There is such a log, nobody has used it since a clean end, and all of it was below the high watermark then. */
  isAtRest(topic: string, partition: number): boolean {
    const name = partitionDirName(topic, partition)
    const found = this.logs.get(name)
    if (found === undefined || found instanceof Log) return false
    const { recoveryPoints, highWatermarks } = found.checkpoints
    return (highWatermarks.get(name) ?? 0) >= (recoveryPoints.get(name) ?? 0)
  }

  /** Throws InconsistentTopicIdError when there is a log of that name with another topic id. */
  getOrCreateLog(topic: string, partition: number, options: { topicId: string | null }): Log {
    const log = this.getLog(topic, partition) ?? this.createLog(topic, partition)
    if (options.topicId !== null) log.assignTopicId(options.topicId)
    return log
  }

  /** All that are on disk. */
  partitions(): TopicPartition[] {
    return [...this.logs.keys()].flatMap((name) => parsePartitionDirName(name) ?? [])
  }

  /** Gone at once for everybody; the files go after file.delete.delay.ms. */
  deleteLog(topic: string, partition: number): void {
    const name = partitionDirName(topic, partition)
    const log = this.getLog(topic, partition)
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
    for (const log of this.awake()) if (log.topic === topic) log.updateConfig(whole)
  }

  readHighWatermark(topic: string, partition: number): number {
    return this.getLog(topic, partition)?.highWatermark ?? 0
  }

  /** Never rejects: a disk that fails takes its directory offline. */
  async checkpointHighWatermarks(): Promise<void> {
    await this.checkpoint('highWatermarks', (log) => log.highWatermark)
  }

  async checkpointRecoveryPoints(): Promise<void> {
    await this.checkpoint('recoveryPoints', (log) => log.recoveryPoint)
  }

  async checkpointLogStartOffsets(): Promise<void> {
    await this.checkpoint('startOffsets', (log) => log.startOffsetToCheckpoint)
  }

  /** One round of retention over all logs. Returns how many segments went. */
  async deleteOldSegments(): Promise<number> {
    let count = 0
    for (const log of this.all()) {
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
      for (const log of this.awake()) log.removeExpiredProducers()
    })
  }

  describeLogDirs(): LogDirDescription[] {
    return this.directories.map(({ dir }) => ({
      logDir: dir.path,
      error: dir.error?.message ?? null,
      partitions: this.all(dir).map((log) => ({
        topic: log.topic,
        partition: log.partition,
        sizeBytes: dir.error ? 0 : log.sizeBytes(),
        isFuture: false,
      })),
      ...this.spaceOf(dir),
    }))
  }

  /** -1 for a directory that has failed, as in Kafka (KIP-827). */
  private spaceOf(dir: LogDir): { totalBytes: number; usableBytes: number } {
    try {
      if (dir.error === null) return this.context.fs.spaceSync(dir.path)
    } catch (error) {
      this.context.logger.warn(`cannot tell the space of ${dir.path}: ${messageOf(error)}`)
    }
    return { totalBytes: -1, usableBytes: -1 }
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
    const dir = new LogDir(path, logger, (failed) => this.options.onLogDirFailure?.(path, failed.error))
    const owner = { brokerId, clusterId }
    return orUnusable(path, () => {
      const files = LogDirFiles.open(fs, path, owner, logger, acquireLock)
      try {
        return { dir, files, checkpoints: files.readCheckpoints() }
      } catch (error) {
        files.releaseLock()
        throw error
      }
    })
  }

  private addLogs(directory: Directory): void {
    const { files, checkpoints } = directory
    const { partitions, deleted } = files.list(checkpoints.recoveryPoints)
    for (const name of partitions) {
      const twin = this.logs.get(name)
      if (twin !== undefined) {
        const other = twin instanceof Log ? twin.logDir : twin.files.path
        throw new LogDirectoryError(
          'KCLI_DUPLICATE_LOG',
          `${name} is in both log directories ${other} and ${files.path}`,
          'Remove the copy that is not wanted.',
        )
      }
      this.logs.set(name, directory)
      if (!isEndKnown(directory, name)) this.wake(name, directory)
    }
    for (const path of deleted) {
      this.deleteLater(this.options.defaults.fileDeleteDelayMs, () => this.context.fs.removeSync(path))
    }
  }

  private wake(name: string, directory: Directory): Log {
    const { dir, files, checkpoints } = directory
    const parsed = parsePartitionDirName(name)
    assert(parsed !== undefined, `${name} is no partition`)
    const { topic, partition } = parsed
    const log = new Log({
      context: this.context,
      logDir: dir,
      topic,
      partition,
      config: this.configOf(topic),
      checkpoint: {
        logStartOffset: checkpoints.startOffsets.get(name),
        recoveryPoint: checkpoints.recoveryPoints.get(name) ?? 0,
        highWatermark: checkpoints.highWatermarks.get(name) ?? 0,
      },
      isClean: files.wasClean,
      isEndKnown: isEndKnown(directory, name),
    })
    this.logs.set(name, log)
    return log
  }

  /** Those that somebody has asked for. */
  private awake(dir?: LogDir): Log[] {
    const logs: Log[] = []
    for (const log of this.logs.values()) {
      if (log instanceof Log && (dir === undefined || log.logDir === dir.path)) logs.push(log)
    }
    return logs
  }

  private all(dir?: LogDir): Log[] {
    for (const [name, log] of this.logs) if (!(log instanceof Log)) this.wake(name, log)
    return this.awake(dir)
  }

  private async recoverLogs(): Promise<void> {
    const { logger, tuning } = this.context
    const unknown = this.awake().filter((log) => !log.isEndKnown)
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
    const [target] = usable.sort((a, b) => this.countIn(a.dir) - this.countIn(b.dir))
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

  private countIn(dir: LogDir): number {
    let count = 0
    for (const log of this.logs.values()) {
      if ((log instanceof Log ? log.logDir : log.dir.path) === dir.path) count++
    }
    return count
  }

  private async checkpoint(
    kind: keyof Checkpoints,
    offsetOf: (log: Log) => number | undefined,
  ): Promise<void> {
    for (const directory of this.directories) {
      const { dir, files } = directory
      if (dir.error !== null) continue
      try {
        await files[kind].write(this.offsetsIn(directory, kind, offsetOf))
      } catch (error) {
        this.context.logger.error(`writing ${files[kind].path} failed`, error)
        dir.storageErrorOf(`writing ${files[kind].path} failed`, error)
      }
    }
  }

  private offsetsIn(
    directory: Directory,
    kind: keyof Checkpoints,
    offsetOf: (log: Log) => number | undefined,
  ): OffsetsByPartition {
    const offsets: OffsetsByPartition = new Map()
    const before = directory.checkpoints[kind]
    for (const [name, log] of this.logs) {
      let offset: number | undefined
      if (log === directory) offset = kind === 'startOffsets' ? before.get(name) : (before.get(name) ?? 0)
      else if (log instanceof Log && log.logDir === directory.dir.path) offset = offsetOf(log)
      if (offset !== undefined) offsets.set(name, offset)
    }
    return offsets
  }

  private async flushDirtyLogs(): Promise<void> {
    for (const log of this.awake()) {
      if (log.unflushedMs < log.config.flushMs) continue
      try {
        await log.flush()
      } catch (error) {
        this.context.logger.error(`flushing ${log.name} failed`, error)
      }
    }
  }

  private async closeDirectory(directory: Directory, brokerEpoch: number): Promise<void> {
    const { dir, files } = directory
    const { logger } = this.context
    let isClean = true
    await inParallel(this.awake(dir), CLOSE_CONCURRENCY, async (log) => {
      try {
        await log.close()
      } catch (error) {
        isClean = false
        logger.error(`closing ${log.name} failed`, error)
      }
    })
    try {
      if (dir.error === null && !this.isUnused(directory)) {
        await files.recoveryPoints.writeNow(
          this.offsetsIn(directory, 'recoveryPoints', (log) => log.recoveryPoint),
        )
        await files.startOffsets.writeNow(
          this.offsetsIn(directory, 'startOffsets', (log) => log.startOffsetToCheckpoint),
        )
        await files.highWatermarks.writeNow(
          this.offsetsIn(directory, 'highWatermarks', (log) => log.highWatermark),
        )
      }
      if (dir.error === null && isClean) files.markClean(brokerEpoch)
    } catch (error) {
      logger.error(
        `closing the log directory ${dir.path} failed: its logs will be recovered at the next start`,
        error,
      )
    } finally {
      files.releaseLock()
    }
  }

  /** Nobody has asked for any of its logs: the checkpoints are as they were. */
  private isUnused({ dir, checkpoints }: Directory): boolean {
    return this.awake(dir).length === 0 && this.countIn(dir) === checkpoints.recoveryPoints.size
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

/** Without a recovery point nobody knows where a log ends before it was opened. */
function isEndKnown({ files, checkpoints }: Directory, name: string): boolean {
  return files.wasClean && checkpoints.recoveryPoints.has(name)
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
