import { Reader } from '../../protocol/index.ts'
import { transactionLogKey, transactionLogValue } from '../../protocol/internal/index.ts'
import { versionOf } from './message-data.ts'

/** TransactionState by its number in the log. */
export const TRANSACTION_STATES: readonly string[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
]

/** The value of a record of `__transaction_state` (kafka.coordinator.transaction.TransactionLog). */
export interface TransactionValue {
  readonly version: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly timeoutMs: number
  readonly status: number
  /** Undefined for a number that no state has. */
  readonly state: string | undefined
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
  readonly lastUpdateTimestampMs: number
  readonly startTimestampMs: number
}

export const TRANSACTION_KEY_VERSION = 0
export const TRANSACTION_VALUE_VERSION = 1

/** The transactional id, or the version of a key that we do not know. Throws CodecError for one that is cut off. */
export function decodeTransactionKey(key: Buffer): { transactionalId: string } | { version: number } {
  const version = versionOf(key) ?? -1
  if (version !== TRANSACTION_KEY_VERSION) return { version }
  return { transactionalId: transactionLogKey.decode(new Reader(key, 2), version).transactionalId }
}

/** Throws CodecError, also for a version that we do not know. */
export function decodeTransactionValue(value: Buffer): TransactionValue {
  const version = versionOf(value) ?? -1
  const read = transactionLogValue.decode(new Reader(value, 2), version)
  return {
    version,
    producerId: read.producerId,
    producerEpoch: read.producerEpoch,
    timeoutMs: read.transactionTimeoutMs,
    status: read.transactionStatus,
    state: TRANSACTION_STATES[read.transactionStatus],
    partitions: (read.transactionPartitions ?? []).flatMap(({ topic, partitionIds }) =>
      partitionIds.map((partition) => ({ topic, partition })),
    ),
    lastUpdateTimestampMs: read.transactionLastUpdateTimestampMs,
    startTimestampMs: read.transactionStartTimestampMs,
  }
}
