import { JavaException } from '../../base/java-exception.ts'
import { javaHash } from '../../base/java-hash.ts'
import type { Fields, MessageType } from '../../protocol/index.ts'
import {
  kraftVersionRecord,
  snapshotFooterRecord,
  snapshotHeaderRecord,
  votersRecord,
} from '../../protocol/internal/index.ts'
import { decodeGroupRecord, GroupRecordError, UnknownRecordTypeError } from '../payload/group-records.ts'
import { MessageDataError, readMessageData, toJacksonJson } from '../payload/message-data.ts'
import { readTransactionKey, readTransactionValue } from '../payload/transaction-records.ts'
import { javaUtf8, readLong, scalaHashOrder } from './java.ts'
import type { DumpedRecord } from './record-reader.ts'

/** Key and payload as they are printed; undefined: not at all (DumpLogSegments.MessageParser). */
export type MessageParser = (record: DumpedRecord) => {
  readonly key?: string | undefined
  readonly payload?: string | undefined
}

type Decoder = (bytes: Buffer) => string

const PACKAGE = 'org.apache.kafka.tools.api.'
const OLD_PACKAGE = 'kafka.serializer.'
export const DEFAULT_DECODER = `${PACKAGE}StringDecoder`

const DECODERS: Readonly<Record<string, Decoder>> = {
  StringDecoder: javaUtf8,
  LongDecoder: (bytes) => String(requireBytes(bytes, 8) && readLong(bytes, 0)),
  IntegerDecoder: (bytes) => String(requireBytes(bytes, 4) && bytes.readInt32BE(0)),
  // Java prints an array by its identity, another one at every run.
  DefaultDecoder: () => '[B@0',
}

function requireBytes(bytes: Buffer, least: number): true {
  if (bytes.length < least) throw new JavaException('java.nio.BufferUnderflowException')
  return true
}

/** `note` gets the line that Kafka prints for the old names of its decoders. */
export function newDecoder(className: string, note: (line: string) => void): Decoder {
  const isOld = className.startsWith(OLD_PACKAGE)
  const isNew = className.startsWith(PACKAGE)
  const simple = className.slice(isOld ? OLD_PACKAGE.length : PACKAGE.length)
  const decoder = isOld || isNew ? DECODERS[simple] : undefined
  if (decoder === undefined) throw new JavaException('java.lang.ClassNotFoundException', className)
  if (isOld) note(`${className} is deprecated. Please use ${PACKAGE}${simple} instead\n`)
  return decoder
}

export function decoderParser(keyDecoder: Decoder, valueDecoder: Decoder): MessageParser {
  return ({ key, value }) => ({
    key: key === null ? undefined : keyDecoder(key),
    payload: value === null ? undefined : valueDecoder(value),
  })
}

/** `--offsets-decoder`: records of `__consumer_offsets` as JSON. */
export const offsetsParser: MessageParser = ({ key, value, offset }) => {
  if (key === null) {
    throw new JavaException(
      'java.lang.RuntimeException',
      `Failed to decode message at offset ${offset} using offset topic decoder (message had a missing key)`,
    )
  }
  try {
    const record = decodeGroupRecord(key, value)
    const data = record.value
    return {
      key: toJacksonJson({ type: String(record.type), data: record.key }),
      payload: data === null ? '<DELETE>' : toJacksonJson({ version: String(data.version), data: data.data }),
    }
  } catch (error) {
    if (error instanceof UnknownRecordTypeError)
      return { key: `Unknown record type ${error.type} at offset ${offset}, skipping.` }
    if (!(error instanceof GroupRecordError)) throw error
    return { key: `Error at offset ${offset}, skipping. ${error.message}` }
  }
}

/** `--transaction-log-decoder`: records of `__transaction_state`. */
export const transactionLogParser: MessageParser = ({ key, value }) => {
  if (key === null) {
    throw new JavaException(
      'java.lang.NullPointerException',
      'Cannot invoke "java.nio.ByteBuffer.getShort()" because "buffer" is null',
    )
  }
  return throughJava(() => {
    const decoded = readTransactionKey(key)
    if (!('transactionalId' in decoded)) {
      if (decoded.version === undefined) throw new MessageDataError(null)
      return { key: `unknown::version=${decoded.version}` }
    }
    return {
      key: `transaction_metadata::transactionalId=${decoded.transactionalId}`,
      payload: value === null ? '<DELETE>' : transactionText(value),
    }
  })
}

/** Kafka does not catch what its readers throw here. */
function throughJava<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof MessageDataError)) throw error
    throw error.javaText === null
      ? new JavaException('java.nio.BufferUnderflowException', null, error)
      : new JavaException('java.lang.RuntimeException', error.javaText, error)
  }
}

function transactionText(value: Buffer): string {
  const read = readTransactionValue(value)
  if (!('state' in read)) {
    if (read.version === undefined) throw new MessageDataError(null)
    throw new JavaException(
      'java.lang.IllegalStateException',
      `Unknown version ${read.version} from the transaction log message value`,
    )
  }
  if (read.state === undefined) {
    throw new JavaException(
      'java.lang.IllegalStateException',
      `Unknown transaction state id ${read.status} from the transaction status message`,
    )
  }
  return (
    `producerId:${read.producerId},producerEpoch:${read.producerEpoch},state=${read.state},` +
    `partitions=${read.state === 'Empty' ? '[]' : partitionSet(read.partitions)},` +
    `txnLastUpdateTimestamp=${read.lastUpdateTimestampMs},txnTimeoutMs=${read.timeoutMs}`
  )
}

/** A set of Scala's, in the order that it has there. */
function partitionSet(partitions: readonly { topic: string; partition: number }[]): string {
  const byName = new Map(partitions.map((one) => [`${one.topic}-${one.partition}`, one]))
  const ordered = scalaHashOrder(
    [...byName],
    ([, { topic, partition }]) => (Math.imul(31, 31 + partition) + javaHash(topic)) | 0,
  )
  return `[${ordered.map(([name]) => name).join(',')}]`
}

/** What the records of a control batch say (ControlRecordType, EndTransactionMarker). */
export function controlText(key: Buffer | null, value: Buffer | null, fail: (text: string) => Error): string {
  if (key === null) throw nullBuffer('key')
  if (key.length < 4) {
    throw fail(
      `Invalid value size found for end control record key. Must have at least 4 bytes, but found only ${key.length}`,
    )
  }
  const version = key.readInt16BE(0)
  if (version < 0)
    throw fail(`Invalid version found for control record: ${version}. May indicate data corruption`)
  const id = key.readInt16BE(2)
  if (id === 0 || id === 1) {
    return ` endTxnMarker: ${id === 0 ? 'ABORT' : 'COMMIT'} coordinatorEpoch: ${coordinatorEpoch(value, fail)}`
  }
  const kraft = KRAFT_RECORDS[id]
  if (kraft !== undefined && value !== null)
    return ` ${kraft[0]} ${toJacksonJson(throughJava(() => readMessageData(kraft[1], value, 0, 0)))}`
  return ` controlType: ${id === 2 ? 'LEADER_CHANGE' : 'UNKNOWN'}(${id})`
}

/** As a JVM says it since 15. */
function nullBuffer(name: string): JavaException {
  return new JavaException(
    'java.lang.NullPointerException',
    `Cannot invoke "java.nio.ByteBuffer.remaining()" because "${name}" is null`,
  )
}

const KRAFT_RECORDS: Readonly<Record<number, readonly [string, MessageType<Fields>]>> = {
  3: ['SnapshotHeader', snapshotHeaderRecord],
  4: ['SnapshotFooter', snapshotFooterRecord],
  5: ['KRaftVersion', kraftVersionRecord],
  6: ['KRaftVoters', votersRecord],
}

function coordinatorEpoch(value: Buffer | null, fail: (text: string) => Error): number {
  if (value === null) throw nullBuffer('value')
  if (value.length < 6) {
    throw fail(
      `Invalid value size found for end transaction marker. Must have at least 6 bytes, but found only ${value.length}`,
    )
  }
  const version = value.readInt16BE(0)
  if (version < 0)
    throw fail(`Invalid version found for end transaction marker: ${version}. May indicate data corruption`)
  return value.readInt32BE(2)
}
