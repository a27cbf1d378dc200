import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import { SharedRun } from '../base/shared-run.ts'
import { Compaction } from './cleaner/compaction.ts'
import type { CleaningReport } from './cleaner/log-cleaner.ts'
import { KafkaStorageError } from './errors.ts'
import { parsePartitionDirName, partitionDirName } from './file-names.ts'
import { findLogs } from './found-logs.ts'
import { Housekeeping } from './housekeeping.ts'
import { Log } from './log.ts'
import { LogCheckpoints } from './log-checkpoints.ts'
import type { LogConfig } from './log-config.ts'
import { DEFAULT_LOG_TUNING, type LogContext, type LogDir, type LogTuning } from './log-context.ts'
import { describeLogDir, spaceOf } from './log-dir-descriptions.ts'
import type { Lock } from './log-dir-files.ts'
import { type Directory, isEndKnown, openDirectories, requireOne, whileUsable } from './log-directory.ts'
import { LogMoves } from './log-moves.ts'
import type { LogDirDescription, TopicPartition } from './log-types.ts'
import { inParallel, type RecoveryProgress, recoverLogs } from './recovery.ts'
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
  /** Hears once of each directory whose disk failed after the start, and how; {@link LogManager.offlineReasons} has all. */
  readonly onLogDirFailure?: (logDir: string, error: KafkaStorageError | null) => void
  readonly tuning?: Partial<LogTuning>
  /** Hears how far the logs are that have to be recovered; not at all after a clean end. */
  readonly onRecoveryProgress?: (progress: RecoveryProgress) => void
}

const CLOSE_CONCURRENCY = 8
/** Of log.cleaner.backoff.ms: looking for logs to compact must not be all that the loop does. */
const LEAST_BACKOFF_MS = 100
/** Of a disk that was full: less is used up again at once. */
const ROOM_BYTES = 16 * 1024 * 1024
/** Logs that retention looks at before others get their turn. */
const RETENTION_BATCH = 50

/** All logs of a broker, by directory (kafka.log.LogManager). */
export class LogManager {
  private readonly options: LogManagerOptions
  private readonly context: LogContext
  private tuning: LogTuning
  private readonly housekeeping: Housekeeping
  /** All that are configured, also those that are offline. */
  private readonly dirs: readonly LogDir[]
  /** Those that could be taken at the start. */
  private readonly directories: readonly Directory[]
  /** By `TOPIC-N`; only their directory as long as nobody has asked for them since a clean end. */
  private readonly logs = new Map<string, Log | Directory>()
  /** Between the directories. */
  readonly moves: LogMoves
  private readonly checkpoints: LogCheckpoints
  private readonly recoveryPointRuns = new Map<LogDir, SharedRun>()
  private readonly startOffsetRuns = new Map<LogDir, SharedRun>()
  private readonly compaction: Compaction
  private isStarted = false
  private isShuttingDown = false

  /**
   * Takes the directories, and recovers their logs when the last end was not a clean one (which can take long). Throws
   * a LogDirectoryError when none can be used, or one must not be.
   */
  static async open(options: LogManagerOptions): Promise<LogManager> {
    const manager = new LogManager(options)
    try {
      await manager.recoverLogs()
      manager.isStarted = true
      return manager
    } catch (error) {
      for (const { files } of manager.directories) files.releaseLock()
      throw error
    }
  }

  private constructor(options: LogManagerOptions) {
    this.options = options
    this.tuning = { ...DEFAULT_LOG_TUNING, ...options.tuning }
    const { fs, clock, logger, random } = options
    this.housekeeping = new Housekeeping(clock, logger)
    this.context = {
      fs,
      clock,
      logger,
      random,
      tuning: () => this.tuning,
      tailBudget: new TailBudget(this.tuning.tailBudgetBytes),
      recoveryPointLowered: (dir) => this.recoveryPointRuns.get(dir)?.request() ?? Promise.resolve(),
      deleteLater: (delayMs, remove) => this.housekeeping.removeLater(delayMs, remove),
      onTruncated: ({ logDir, name }, offset) => this.compaction.truncated(logDir, name, offset),
    }
    this.moves = new LogMoves({
      context: this.context,
      getLog: (topic, partition) => this.getLog(topic, partition),
      make: (logDir, topic, partition, dirName) => {
        this.requireAllOnline(partitionDirName(topic, partition))
        return this.createIn(this.dirAt(logDir), topic, partition, dirName)
      },
      onGone: (dir, path) => {
        this.removeLater(path)
        this.noteGone(dir)
      },
      onMoved: ({ logDir, name }, { path }) => this.compaction.moved(path, logDir, name),
    })
    this.checkpoints = new LogCheckpoints(this.logs, this.moves.futures, logger)
    this.compaction = new Compaction({
      context: this.context,
      config: () => this.tuning.cleaner,
      logs: () => this.compacted(),
      dirOf: (log) => log.place.dir,
    })
    const opened = openDirectories({ ...options, onFailure: (dir) => this.onDirFailure(dir) })
    this.dirs = opened.dirs
    this.directories = opened.directories
    for (const directory of this.directories) {
      const { dir, files } = directory
      // A mark that came back after a power failure would call logs clean that are not.
      if (files.wasClean) dir.beginWith(fs.syncDirectory(dir.path))
      const runOf = (kind: 'recoveryPoints' | 'startOffsets') =>
        new SharedRun(() => this.checkpoints.tryWrite(directory, kind))
      this.recoveryPointRuns.set(dir, runOf('recoveryPoints'))
      this.startOffsetRuns.set(dir, runOf('startOffsets'))
    }
    try {
      this.addLogs()
      this.writeMeta()
      requireOne(this.dirs)
    } catch (error) {
      for (const { files } of this.directories) files.releaseLock()
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

  /**
   * Throws InconsistentTopicIdError when there is a log of that name with another topic id, and KafkaStorageError when it
   * may lie in a directory that is offline. `isNew`: it cannot, since the partition was never here.
   */
  getOrCreateLog(
    topic: string,
    partition: number,
    options: { readonly topicId: string | null; readonly isNew?: boolean },
  ): Log {
    const log = this.getLog(topic, partition) ?? this.createLog(topic, partition, options.isNew === true)
    if (options.topicId !== null) log.assignTopicId(options.topicId)
    return log
  }

  /** All that are on disk. */
  partitions(): TopicPartition[] {
    return [...this.logs.keys()].flatMap((name) => parsePartitionDirName(name) ?? [])
  }

  /**
   * Gone at once for everybody, with what was on its way to another directory; the files go after the broker's
   * log.segment.delete.delay.ms.
   */
  deleteLog(topic: string, partition: number): void {
    this.moves.deleteFutureLog(topic, partition)
    const name = partitionDirName(topic, partition)
    const log = this.getLog(topic, partition)
    if (log === undefined) return
    this.logs.delete(name)
    log.abandon()
    this.moves.retireFiles(log)
    this.compaction.deleted(log.logDir, name)
  }

  /** What the checkpoints say of a log must not be believed of a later one of that name. */
  private noteGone(dir: LogDir): void {
    void this.recoveryPointRuns.get(dir)?.request()
    void this.startOffsetRuns.get(dir)?.request()
  }

  /** The broker's defaults have changed; what topics set themselves stays (LogManager.reconfigureDefaultLogConfig). */
  updateDefaults(): void {
    for (const log of this.awake()) log.updateConfig(this.configOf(log.topic))
  }

  /** Broker-level settings that have changed; periods of background work count from the next start. */
  updateTuning(tuning: Partial<LogTuning>): void {
    this.tuning = { ...this.tuning, ...tuning }
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
  checkpointHighWatermarks(): Promise<void> {
    return this.checkpoints.writeAll(this.directories, 'highWatermarks')
  }

  checkpointRecoveryPoints(): Promise<void> {
    return this.checkpoints.writeAll(this.directories, 'recoveryPoints')
  }

  checkpointLogStartOffsets(): Promise<void> {
    return this.checkpoints.writeAll(this.directories, 'startOffsets')
  }

  /**
   * One round of retention over all logs that are not compacted (compaction sees to those) and stay where they are. Returns
   * how many segments went.
   */
  async deleteOldSegments(): Promise<number> {
    let count = 0
    for (const [index, log] of this.all().entries()) {
      if (log.config.cleanupPolicy.includes('compact') || this.moves.futures.has(log.name)) continue
      if (index % RETENTION_BATCH === RETENTION_BATCH - 1) await this.yieldLoop()
      try {
        if (log.mayHaveOldSegments()) count += await log.deleteOldSegments()
      } catch (error) {
        this.context.logger.error(`retention of ${log.name} failed`, error)
      }
    }
    return count
  }

  /** One round of compaction: every log that is dirty enough, and their retention. Never rejects. */
  cleanLogs(): Promise<CleaningReport[]> {
    return this.compaction.round()
  }

  /** Retention, flushes by time, checkpoints, expiry of producers: by timers that do not keep the process alive. */
  startBackgroundTasks(): void {
    const { tuning, housekeeping } = this
    const repeat = (intervalMs: number, work: () => unknown) =>
      housekeeping.repeat(tuning.initialTaskDelayMs, intervalMs, work)
    repeat(tuning.retentionCheckIntervalMs, () => this.deleteOldSegments())
    repeat(tuning.flushSchedulerIntervalMs, () => this.flushDirtyLogs())
    repeat(tuning.flushRecoveryPointCheckpointIntervalMs, () => this.checkpointRecoveryPoints())
    repeat(tuning.flushStartOffsetCheckpointIntervalMs, () => this.checkpointLogStartOffsets())
    const cleanMs = Math.max(LEAST_BACKOFF_MS, tuning.cleaner.backoffMs)
    housekeeping.repeat(cleanMs, cleanMs, () => this.cleanLogs())
    const watermarksMs = tuning.highWatermarkCheckpointIntervalMs
    housekeeping.repeat(watermarksMs, watermarksMs, () => this.checkpointHighWatermarks())
    const expiryMs = tuning.producerIdExpirationCheckIntervalMs
    housekeeping.repeat(expiryMs, expiryMs, () => {
      for (const log of this.awake()) log.removeExpiredProducers()
    })
  }

  /** Whether a directory is left that serves. */
  get isOnline(): boolean {
    return this.dirs.some(({ error }) => error === null)
  }

  /** Whether a directory has failed, at the start or later. */
  get hasOffline(): boolean {
    return this.dirs.some(({ error }) => error !== null)
  }

  /** Of each of those: which it is, and why. */
  get offlineReasons(): string[] {
    return this.dirs.flatMap(({ error }) => error?.message ?? [])
  }

  /** Whether it is configured, online or not. */
  hasLogDir(logDir: string): boolean {
    return this.dirs.some(({ path }) => path === logDir)
  }

  isLogDirOnline(logDir: string | undefined): boolean {
    return this.dirs.some(({ path, error }) => path === logDir && error === null)
  }

  /** Whether a directory that was full has room for more than a few records; without one: whether any has. */
  hasRoom(logDir: string | undefined): boolean {
    const asked = this.dirs.filter(({ path }) => logDir === undefined || path === logDir)
    return asked.some((dir) => spaceOf(this.context, dir).usableBytes >= ROOM_BYTES)
  }

  describeLogDirs(): LogDirDescription[] {
    return this.dirs.map((dir) => describeLogDir(this.context, dir, () => this.all(dir)))
  }

  /** Closes every log, writes the checkpoints and, when all went well, the mark of a clean end. */
  async shutdown(options: { brokerEpoch?: number } = {}): Promise<void> {
    if (this.isShuttingDown) return
    this.isShuttingDown = true
    this.housekeeping.finish()
    await this.compaction.close()
    await Promise.all(
      this.directories.map((directory) => this.closeDirectory(directory, options.brokerEpoch ?? -1)),
    )
  }

  /** Its logs are nobody's from now on; who reads from an open file may go on (LogManager.handleLogDirFailure). */
  private onDirFailure(dir: LogDir): void {
    const lost: Log[] = this.moves.forgetIn(dir.path)
    for (const [name, log] of this.logs) {
      if ((log instanceof Log ? log.logDir : log.dir.path) !== dir.path) continue
      this.logs.delete(name)
      if (log instanceof Log) lost.push(log)
    }
    const isNews = this.isStarted
    // Not at once: one of them is in the middle of what has failed.
    this.context.clock.defer(() => {
      for (const log of lost) log.abandon()
      if (isNews && !this.isShuttingDown) this.options.onLogDirFailure?.(dir.path, dir.error)
    })
  }

  /** Logs at rest are only made objects of when their topic is compacted. */
  private compacted(): Log[] {
    const found: Log[] = []
    for (const [name, log] of this.logs) {
      const topic = log instanceof Log ? log.topic : (parsePartitionDirName(name)?.topic ?? '')
      const { cleanupPolicy } = log instanceof Log ? log.config : this.configOf(topic)
      if (!cleanupPolicy.includes('compact') || this.moves.futures.has(name)) continue
      found.push(log instanceof Log ? log : this.wake(name, log))
    }
    return found
  }

  private online(): Directory[] {
    return this.directories.filter(({ dir }) => dir.error === null)
  }

  private yieldLoop(): Promise<void> {
    return new Promise((resolve) => this.context.clock.defer(resolve))
  }

  private addLogs(): void {
    const { fs, logger, random } = this.context
    const found = findLogs({ fs, logger, random, dirs: this.dirs, directories: this.online() })
    for (const [name, directory] of found.current) {
      this.logs.set(name, directory)
      if (!isEndKnown(directory, name)) this.wake(name, directory)
    }
    for (const [name, { directory, dirName, topic, partition }] of found.futures) {
      this.moves.futures.set(name, this.logFor(directory, topic, partition, dirName))
    }
    for (const path of found.deleted) this.removeLater(path)
  }

  private removeLater(path: string): void {
    const { fileDeleteDelayMs } = this.options.defaults
    this.housekeeping.removeLater(fileDeleteDelayMs, () => this.context.fs.removeSync(path))
  }

  private wake(name: string, directory: Directory): Log {
    const parsed = parsePartitionDirName(name)
    assert(parsed !== undefined, `${name} is no partition`)
    const log = this.logFor(directory, parsed.topic, parsed.partition)
    this.logs.set(name, log)
    return log
  }

  /** Of what was there at the start. */
  private logFor(directory: Directory, topic: string, partition: number, dirName?: string): Log {
    const { dir, files, checkpoints } = directory
    const name = partitionDirName(topic, partition)
    return new Log({
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
      ...(dirName !== undefined && { dirName }),
    })
  }

  /** Those that somebody has asked for, and those on their way to another directory. */
  private awake(dir?: LogDir): Log[] {
    const logs: Log[] = []
    for (const log of [...this.logs.values(), ...this.moves.futures.values()]) {
      if (log instanceof Log && (dir === undefined || log.logDir === dir.path)) logs.push(log)
    }
    return logs
  }

  private all(dir?: LogDir): Log[] {
    for (const [name, log] of this.logs) if (!(log instanceof Log)) this.wake(name, log)
    return this.awake(dir)
  }

  private async recoverLogs(): Promise<void> {
    const { clock, logger } = this.context
    const byDirectory = this.directories.map(({ dir }) => ({
      dir,
      logs: this.awake(dir).filter((log) => !log.isEndKnown),
    }))
    await recoverLogs(byDirectory, {
      clock,
      logger,
      concurrency: this.tuning.recoveryThreadsPerDirectory,
      onProgress: this.options.onRecoveryProgress,
    })
    requireOne(this.dirs)
    // Where damage was cut off, the recovery point went back.
    if (byDirectory.some(({ logs }) => logs.length > 0)) await this.checkpointRecoveryPoints()
  }

  private writeMeta(): void {
    const { clusterId } = this
    if (clusterId === null) return
    const { brokerId, clock } = this.options
    for (const { dir, files } of this.online()) {
      whileUsable(dir, () => files.writeMeta({ brokerId, clusterId }, clock.nowMs()))
    }
  }

  /** In the directory that is preferred, or else has the fewest logs, or the next one when that fails. */
  private createLog(topic: string, partition: number, isNew: boolean): Log {
    const name = partitionDirName(topic, partition)
    if (!isNew) this.requireAllOnline(name)
    const preferred = this.moves.preferredLogDir(topic, partition)
    const dirs = preferred === undefined ? this.byFewestLogs() : [this.dirAt(preferred)]
    let failure: unknown = this.dirs.find(({ error }) => error !== null)?.error
    for (const dir of dirs) {
      try {
        const log = this.createIn(dir, topic, partition, name)
        this.logs.set(name, log)
        return log
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  private byFewestLogs(): LogDir[] {
    const online = this.online().map(({ dir }) => dir)
    return online.sort((a, b) => this.countIn(a) - this.countIn(b))
  }

  private requireAllOnline(name: string): void {
    const offline = this.dirs.filter(({ error }) => error !== null)
    if (offline.length === 0) return
    throw new KafkaStorageError(
      `${name} is not made anew: it may be in ${offline.map(({ path }) => path).join(', ')}, which is offline`,
    )
  }

  /** The files are there at once. */
  private createIn(dir: LogDir, topic: string, partition: number, dirName: string): Log {
    const path = join(dir.path, dirName)
    dir.requireOnline()
    try {
      makeFiles(this.context, path)
    } catch (error) {
      throw dir.storageErrorOf(`making ${path} failed`, error)
    }
    const log = new Log({
      context: this.context,
      logDir: dir,
      topic,
      partition,
      config: this.configOf(topic),
      checkpoint: { logStartOffset: undefined, recoveryPoint: 0, highWatermark: 0 },
      isClean: true,
      isEndKnown: true,
      isNew: true,
      dirName,
    })
    this.moves.made(topic, partition)
    return log
  }

  private dirAt(path: string): LogDir {
    const found = this.dirs.find((dir) => dir.path === path)
    assert(found !== undefined, `${path} is no log directory`)
    return found
  }

  private configOf(topic: string): LogConfig {
    return { ...this.options.defaults, ...this.options.loadTopicConfig(topic) }
  }

  private countIn(dir: LogDir): number {
    let count = 0
    for (const log of [...this.logs.values(), ...this.moves.futures.values()]) {
      if ((log instanceof Log ? log.logDir : log.dir.path) === dir.path) count++
    }
    return count
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
        // All of it is synced before the mark says that it is right.
        await Promise.all([
          this.checkpoints.write(directory, 'recoveryPoints'),
          this.checkpoints.write(directory, 'startOffsets'),
          this.checkpoints.write(directory, 'highWatermarks'),
        ])
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
}

/** A log without records. */
function makeFiles({ fs, clock }: LogContext, path: string): void {
  try {
    fs.mkdirSync(path)
    Segment.create({ fs, dir: path, baseOffset: 0, createdMs: clock.nowMs(), rollJitterMs: 0 }).close()
  } catch (error) {
    // Half of a log in one directory must not meet a whole one in another at the next start.
    removeQuietly(fs, path)
    throw error
  }
}

function removeQuietly(fs: FileSystem, path: string): void {
  try {
    fs.removeSync(path)
  } catch {
    // The error that matters is the one before.
  }
}
