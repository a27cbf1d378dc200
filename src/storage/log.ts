import type { LogConfig } from './log-config.ts'
import type {
  ActiveProducer,
  AppendAsLeaderOptions,
  AppendInfo,
  EpochEndOffset,
  ReadOptions,
  ReadResult,
  TimestampOffset,
  TimestampTarget,
} from './log-types.ts'

/** One partition's log on disk (UnifiedLog). Face first; the implementation lands in the next commits. */
export declare class Log {
  readonly topic: string
  readonly partition: number
  readonly topicId: string | null
  readonly logDir: string
  readonly config: LogConfig
  readonly logStartOffset: number
  /** Behind the last record that is written (not only queued). */
  readonly logEndOffset: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly latestEpoch: number
  /** Monotonic and clamped to [logStartOffset, logEndOffset]; returns the watermark now. */
  updateHighWatermark(offset: number): number
  activeProducers(): ActiveProducer[]
  appendAsLeader(records: Buffer, options: AppendAsLeaderOptions): Promise<AppendInfo>
  appendAsFollower(records: Buffer): Promise<AppendInfo>
  read(startOffset: number, options: ReadOptions): Promise<ReadResult>
  truncateTo(offset: number): Promise<boolean>
  truncateFullyAndStartAt(offset: number): Promise<void>
  incrementLogStartOffset(offset: number): Promise<void>
  endOffsetForEpoch(epoch: number): EpochEndOffset
  /** Call with logEndOffset when becoming leader; lands behind appends that are still on their way. */
  assignEpochStartOffset(epoch: number, startOffset: number): void
  offsetForTimestamp(target: TimestampTarget): Promise<TimestampOffset | null>
  deleteOldSegments(): Promise<number>
  flush(): Promise<void>
  sizeBytes(): number
  close(): Promise<void>
}
