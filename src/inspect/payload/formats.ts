import { isUtf8 } from 'node:buffer'
import { decodeGroupRecord, GroupRecordError, UnknownRecordTypeError } from './group-records.ts'
import { MessageDataError, toJacksonJson } from './message-data.ts'
import { readTransactionKey, readTransactionValue } from './transaction-records.ts'

/** How bytes of a key or value are shown. `group-metadata` is another name of `offsets`: both lie in one topic. */
export const PAYLOAD_FORMATS = [
  'string',
  'long',
  'integer',
  'json',
  'hex',
  'base64',
  'bytes',
  'offsets',
  'group-metadata',
  'transaction-log',
] as const
export type PayloadFormat = (typeof PAYLOAD_FORMATS)[number]

/** What was read from the bytes: for people, and as JSON data. */
export interface Payload {
  readonly text: string
  readonly data: unknown
}

export interface PayloadRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** Of internal topics what is in them; of others text. */
export function defaultFormat(topic: string | undefined): PayloadFormat {
  if (topic === '__consumer_offsets') return 'offsets'
  return topic === '__transaction_state' ? 'transaction-log' : 'string'
}

/** Undefined when the bytes are not of that format, or null. */
export function readPayload(
  format: PayloadFormat,
  record: PayloadRecord,
  part: 'key' | 'value',
): Payload | undefined {
  const bytes = record[part]
  if (bytes === null) return undefined
  switch (format) {
    case 'string':
      return isUtf8(bytes) ? same(bytes.toString('utf8')) : undefined
    case 'long':
      return bytes.length === 8 ? integer(bytes.readBigInt64BE(0)) : undefined
    case 'integer':
      return bytes.length === 4 ? integer(BigInt(bytes.readInt32BE(0))) : undefined
    case 'json':
      return json(bytes)
    case 'hex':
    case 'base64':
      return same(bytes.toString(format))
    case 'bytes':
      return same(escapedBytes(bytes))
    case 'transaction-log':
      return decoded(() => (part === 'key' ? transactionKey(bytes) : transactionData(bytes)))
    default:
      return decoded(() => groupData(record, part))
  }
}

function same(text: string): Payload {
  return { text, data: text }
}

/** Beyond 2^53 a JSON number would not be exact. */
function integer(value: bigint): Payload {
  const number = Number(value)
  return { text: String(value), data: Number.isSafeInteger(number) ? number : String(value) }
}

function json(bytes: Buffer): Payload | undefined {
  try {
    const data: unknown = JSON.parse(bytes.toString('utf8'))
    return { text: JSON.stringify(data), data }
  } catch {
    return undefined
  }
}

/** Printable ASCII as it is, the rest as \xHH. */
function escapedBytes(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c
    text += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

function decoded(read: () => unknown): Payload | undefined {
  try {
    const data = read()
    return data === undefined ? undefined : { text: toJacksonJson(data), data: withoutBigints(data) }
  } catch (error) {
    const isForeign =
      error instanceof MessageDataError ||
      error instanceof GroupRecordError ||
      error instanceof UnknownRecordTypeError
    if (isForeign) return undefined
    throw error
  }
}

/** In the form of Kafka's own tools: numbers of types and versions are text. */
function groupData({ key, value }: PayloadRecord, part: 'key' | 'value'): unknown {
  if (key === null) return undefined
  const record = decodeGroupRecord(key, part === 'key' ? null : value)
  if (part === 'key') return { type: String(record.type), data: record.key }
  return record.value === null
    ? undefined
    : { version: String(record.value.version), data: record.value.data }
}

function transactionData(value: Buffer): unknown {
  const read = readTransactionValue(value)
  if (!('state' in read)) return undefined
  const { partitions, ...rest } = read
  return { ...rest, partitions: partitions.map(({ topic, partition }) => `${topic}-${partition}`) }
}

/** As text, since JSON readers would round them. */
function withoutBigints(data: unknown): unknown {
  return JSON.parse(
    JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  )
}

function transactionKey(key: Buffer): unknown {
  const read = readTransactionKey(key)
  return 'transactionalId' in read ? read : undefined
}
