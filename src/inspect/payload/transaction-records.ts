import { transactionLogKey, transactionLogValue } from '../../protocol/internal/index.ts'
import { readMessageData, versionOf } from './message-data.ts'

/** TransactionState by its number in the log. */
const TRANSACTION_STATES: readonly string[] = [
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
  readonly producerId: number | bigint
  readonly producerEpoch: number
  readonly timeoutMs: number
  readonly status: number
  /** Undefined for a number that no state has. */
  readonly state: string | undefined
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
  readonly lastUpdateTimestampMs: number | bigint
  readonly startTimestampMs: number | bigint
}

const KEY_VERSION = 0
const MAX_VALUE_VERSION = 1

/** The transactional id, or the version of a key that we do not know. Throws a MessageDataError for one that is cut off. */
export function readTransactionKey(
  key: Buffer,
): { transactionalId: string } | { version: number | undefined } {
  const version = versionOf(key)
  if (version !== KEY_VERSION) return { version }
  return { transactionalId: String(readMessageData(transactionLogKey, key, 2, version).transactionalId) }
}

/** The value, or the version of one that we do not know. Throws a MessageDataError. */
export function readTransactionValue(value: Buffer): TransactionValue | { version: number | undefined } {
  const version = versionOf(value)
  if (version === undefined || version < 0 || version > MAX_VALUE_VERSION) return { version }
  const read = readMessageData(transactionLogValue, value, 2, version) as unknown as WireValue
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

/** The fields as the message has them. */
interface WireValue {
  readonly producerId: number | bigint
  readonly producerEpoch: number
  readonly transactionTimeoutMs: number
  readonly transactionStatus: number
  readonly transactionPartitions: readonly { topic: string; partitionIds: readonly number[] }[] | null
  readonly transactionLastUpdateTimestampMs: number | bigint
  readonly transactionStartTimestampMs: number | bigint
}
