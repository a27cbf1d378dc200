import type { FileRange } from '../base/file-system.ts'

/** What an append did (LogAppendInfo). */
export interface AppendInfo {
  /** Offset of the first record; -1 when the set was empty. */
  readonly firstOffset: number
  readonly lastOffset: number
  /** Leader epoch of the last batch, or -1. */
  readonly lastLeaderEpoch: number
  readonly maxTimestamp: number
  readonly offsetOfMaxTimestamp: number
  /** -1 when the topic keeps the producer's timestamps. */
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
  readonly sizeBytes: number
  /** An idempotent producer sent this batch before: nothing was written, the offsets are those of the first time. */
  readonly duplicate: boolean
  /** True when this append became the first of a new segment. */
  readonly rolled: boolean
}

/** Of a record set that held nothing. */
export function nothingAppended(logStartOffset: number): AppendInfo {
  return {
    firstOffset: -1,
    lastOffset: -1,
    lastLeaderEpoch: -1,
    maxTimestamp: -1,
    offsetOfMaxTimestamp: -1,
    logAppendTimeMs: -1,
    logStartOffset,
    sizeBytes: 0,
    duplicate: false,
    rolled: false,
  }
}

export interface AppendAsLeaderOptions {
  readonly leaderEpoch: number
  /** `client` may not send control batches; `coordinator` writes transaction markers and group metadata. */
  readonly origin: 'client' | 'coordinator'
  /** Old clients (produce v0 to v2) send message sets of v0 or v1: convert them to v2, as Kafka does. */
  readonly magicUpConvert?: boolean
  /** Asked when the append has its turn: whether the leader epoch is not over. */
  readonly isCurrent?: () => boolean
}

export interface ReadOptions {
  readonly maxBytes: number
  /** Nothing at or behind this offset is returned: the high watermark, the last stable offset, or the log end. */
  readonly upperBoundOffset: number
  /** Gives the first batch whole even when it is larger than maxBytes. */
  readonly minOneMessage: boolean
  /** For read_committed: also say which transactions in the range were aborted. */
  readonly includeAbortedTransactions?: boolean
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/**
 * Batches from the one that holds `startOffset` on (it may begin before it). The last batch may be cut short, as Kafka's
 * broker does. Every FileRange among the parts must be released once.
 */
export interface ReadResult {
  readonly startOffset: number
  readonly parts: readonly (Uint8Array | FileRange)[]
  readonly sizeBytes: number
  readonly abortedTransactions?: readonly AbortedTransaction[]
}

/** What ListOffsets can ask for beside a timestamp in milliseconds. */
export type TimestampTarget = number | 'earliest' | 'latest' | 'maxTimestamp' | 'earliest-local'

export interface TimestampOffset {
  /** -1 for earliest and latest, as in ListOffsets. */
  readonly timestamp: number
  readonly offset: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
}

export interface EpochEndOffset {
  /** The largest known epoch that is not above the asked one; -1 when there is none. */
  readonly epoch: number
  /** Start of the next epoch, or the log end; -1 when there is none. */
  readonly endOffset: number
}

/** DescribeProducers. */
export interface ActiveProducer {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastTimestamp: number
  readonly coordinatorEpoch: number
  /** -1 when no transaction is open. */
  readonly currentTxnStartOffset: number
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** One log directory (DescribeLogDirs). */
export interface LogDirDescription {
  readonly logDir: string
  /** Null, or why the directory is offline. */
  readonly error: string | null
  readonly partitions: readonly (TopicPartition & {
    readonly sizeBytes: number
    /** It is a copy on its way to this directory. */
    readonly isFuture: boolean
    readonly logEndOffset: number
  })[]
  readonly totalBytes: number
  readonly usableBytes: number
}
