import type { Clock } from '../base/clock.ts'
import { messageOf, systemErrorCode } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import { type CleanerConfig, DEFAULT_CLEANER_CONFIG } from './cleaner/cleaner-config.ts'
import { KafkaStorageError, StorageError } from './errors.ts'
import { SyncFailedError } from './sync.ts'
import type { TailBudget } from './tail-cache.ts'

/** Broker-level settings of the logs, with Kafka's defaults. */
export interface LogTuning {
  readonly retentionCheckIntervalMs: number
  readonly flushSchedulerIntervalMs: number
  readonly flushRecoveryPointCheckpointIntervalMs: number
  readonly flushStartOffsetCheckpointIntervalMs: number
  readonly highWatermarkCheckpointIntervalMs: number
  readonly producerIdExpirationMs: number
  readonly producerIdExpirationCheckIntervalMs: number
  /** Before the first round of the background work; high watermarks and producers do not wait for it. */
  readonly initialTaskDelayMs: number
  /** Logs of a directory that are recovered at the same time. */
  readonly recoveryThreadsPerDirectory: number
  /** Bytes of just written batches kept in memory for readers at the end, over all logs and per log. */
  readonly tailBudgetBytes: number
  readonly tailPerLogBytes: number
  readonly cleaner: CleanerConfig
}

export const DEFAULT_LOG_TUNING: LogTuning = {
  retentionCheckIntervalMs: 300_000,
  // Kafka's default is "never", and so is that of flush.ms: a minute is often enough to look.
  flushSchedulerIntervalMs: 60_000,
  flushRecoveryPointCheckpointIntervalMs: 60_000,
  flushStartOffsetCheckpointIntervalMs: 60_000,
  highWatermarkCheckpointIntervalMs: 5_000,
  producerIdExpirationMs: 86_400_000,
  producerIdExpirationCheckIntervalMs: 600_000,
  initialTaskDelayMs: 30_000,
  recoveryThreadsPerDirectory: 1,
  tailBudgetBytes: 32 * 1024 * 1024,
  tailPerLogBytes: 1024 * 1024,
  cleaner: DEFAULT_CLEANER_CONFIG,
}

const LACKS: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the share of the disk is used up'],
  ['EMFILE', 'this process has too many files open (ulimit -n)'],
  ['ENFILE', 'the system has too many files open'],
])

/** Something has run out that may be there again. */
export function isLack(error: unknown): boolean {
  return LACKS.has(systemErrorCode(error) ?? '')
}

/** A log directory of the broker; goes offline when its disk fails, and stays so (LogDirFailureChannel). */
export class LogDir {
  readonly path: string
  private offlineBecause: KafkaStorageError | null = null
  private beginning: Promise<void> = Promise.resolve()
  private readonly logger: Logger
  private readonly onFailure: (dir: LogDir) => void

  constructor(path: string, logger: Logger, onFailure: (dir: LogDir) => void) {
    this.path = path
    this.logger = logger
    this.onFailure = onFailure
  }

  get error(): KafkaStorageError | null {
    return this.offlineBecause
  }

  /** Resolves when logs may be written to; see {@link beginWith}. */
  get begun(): Promise<void> {
    return this.beginning
  }

  /** No log is opened before `work` is done. When that fails, the directory goes offline. */
  beginWith(work: Promise<void>): void {
    this.beginning = work.catch((error: unknown) => {
      this.fail(`it cannot be begun with: ${messageOf(error)}`, error)
    })
  }

  requireOnline(): void {
    if (this.offlineBecause) throw this.offlineBecause
  }

  fail(what: string, error: unknown): KafkaStorageError {
    if (this.offlineBecause === null) {
      const cause = messageOf(error)
      const reason = what.endsWith(cause) ? what : `${what}: ${cause}`
      this.offlineBecause = new KafkaStorageError(
        `the log directory ${this.path} is offline: ${reason}`,
        error,
      )
      this.logger.error(`taking the log directory ${this.path} offline: ${reason}`)
      this.onFailure(this)
    }
    return this.offlineBecause
  }

  /**
   * What a failed piece of work is to be answered with. What ran out (room on the disk, descriptors) is passed on as a
   * storage error and leaves the directory online, since it may be there again; every other error of the system takes it
   * offline, as in Kafka.
   */
  storageErrorOf(what: string, error: unknown): unknown {
    if (error instanceof StorageError) return error
    if (error instanceof SyncFailedError) return this.fail(what, error)
    const code = systemErrorCode(error)
    if (code === undefined) return error
    const lack = LACKS.get(code)
    return lack === undefined ? this.fail(what, error) : new KafkaStorageError(`${what}: ${lack}`, error)
  }
}

/** What every log needs from outside. */
export interface LogContext {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly logger: Logger
  readonly random: Random
  /** As it is now: some of it can change while the broker runs. */
  tuning(): LogTuning
  readonly tailBudget: TailBudget
  /** Hears of a log that was cut before its last segment, and where that begins now: it is not as clean as it was. */
  onTruncated?(log: { readonly name: string; readonly logDir: string }, activeBaseOffset: number): void
  /**
   * The recovery point of a log went back. Resolves when that is on disk: what is written from there on must be looked
   * at by the next recovery.
   */
  recoveryPointLowered(dir: LogDir): Promise<void>
  /** Runs `remove` after the topic's file.delete.delay.ms; at the end of the process it may be left to the next start. */
  deleteLater(delayMs: number, remove: () => void): void
}
