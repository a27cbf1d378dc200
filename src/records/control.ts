/**
 * The markers that end a transaction in a log (org.apache.kafka.common.record.EndTransactionMarker):
 *
 *     key   int16 version 0 | int16 type: 0 abort, 1 commit
 *     value int16 version 0 | int32 epoch of the transaction coordinator
 */
import { BatchBuilder } from './batch-builder.ts'
import { invalidRecord, type LogRecord } from './record-v2.ts'

export const ABORT_MARKER = 0
export const COMMIT_MARKER = 1

export interface ControlRecord {
  readonly version: number
  /** 0 abort, 1 commit; others belong to KRaft and to versions to come, and are to be passed over. */
  readonly type: number
  /** Of a commit or abort; undefined for other types. */
  readonly coordinatorEpoch: number | undefined
}

/** What a record of a control batch says. Throws InvalidBatchError. */
export function readControlRecord(record: LogRecord): ControlRecord {
  const { key, value } = record
  if (key === null || key.length < 4) throw invalidRecord('a control record has no type')
  const version = key.readInt16BE(0)
  if (version < 0) throw invalidRecord(`a control record of version ${version}`)
  const type = key.readInt16BE(2)
  if (type !== ABORT_MARKER && type !== COMMIT_MARKER) return { version, type, coordinatorEpoch: undefined }
  if (value === null || value.length < 6)
    throw invalidRecord('an end of transaction has no coordinator epoch')
  if (value.readInt16BE(0) < 0)
    throw invalidRecord(`an end of transaction of version ${value.readInt16BE(0)}`)
  return { version, type, coordinatorEpoch: value.readInt32BE(2) }
}

export interface EndTxnMarkerOptions {
  readonly type: typeof ABORT_MARKER | typeof COMMIT_MARKER
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly timestampMs: number
  readonly baseOffset?: number
  readonly partitionLeaderEpoch?: number
}

/** The control batch that commits or aborts what the producer wrote. */
export function buildEndTxnMarker(options: EndTxnMarkerOptions): Buffer {
  const builder = new BatchBuilder({
    baseOffset: options.baseOffset ?? 0,
    partitionLeaderEpoch: options.partitionLeaderEpoch ?? -1,
    producerId: options.producerId,
    producerEpoch: options.producerEpoch,
    isTransactional: true,
    isControl: true,
  })
  const key = Buffer.alloc(4)
  key.writeInt16BE(options.type, 2)
  const value = Buffer.alloc(6)
  value.writeInt32BE(options.coordinatorEpoch, 2)
  builder.append(options.timestampMs, key, value)
  return builder.build()
}
