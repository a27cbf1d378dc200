import type { Clock } from '../base/clock.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import type { Log } from './log.ts'
import type { LogConfig } from './log-config.ts'
import type { LogDirDescription, TopicPartition } from './log-types.ts'

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
  readonly acquireLock?: (path: string) => { release(): void }
  readonly tuning?: Partial<LogTuning>
}

/** Broker-level settings of the logs, with Kafka's defaults. */
export interface LogTuning {
  readonly retentionCheckIntervalMs: number
  readonly flushSchedulerIntervalMs: number
  readonly flushRecoveryPointCheckpointIntervalMs: number
  readonly flushStartOffsetCheckpointIntervalMs: number
  readonly highWatermarkCheckpointIntervalMs: number
  readonly producerIdExpirationMs: number
  readonly producerIdExpirationCheckIntervalMs: number
  /** Logs that are recovered at the same time per directory (num.recovery.threads.per.data.dir). */
  readonly recoveryConcurrency: number
  /** Bytes of just written batches kept in memory for readers at the end, over all logs and per log. */
  readonly tailBudgetBytes: number
  readonly tailPerLogBytes: number
}

/** All logs of a broker (kafka.log.LogManager). Face first; the implementation lands in the next commits. */
export declare class LogManager {
  static open(options: LogManagerOptions): Promise<LogManager>
  readonly clusterId: string | null
  getLog(topic: string, partition: number): Log | undefined
  getOrCreateLog(topic: string, partition: number, options: { topicId: string | null }): Log
  partitions(): TopicPartition[]
  deleteLog(topic: string, partition: number): void
  updateTopicConfig(topic: string, config: Partial<LogConfig>): void
  checkpointHighWatermarks(): void
  readHighWatermark(topic: string, partition: number): number
  startBackgroundTasks(): void
  describeLogDirs(): LogDirDescription[]
  shutdown(): Promise<void>
}
