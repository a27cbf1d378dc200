/** Records of `__consumer_offsets` and `__transaction_state`, as the formatters of Kafka's console consumer show them. */
import {
  type Fields,
  includesVersion,
  type MessageType,
  parseVersions,
  Reader,
} from '../../protocol/index.ts'
import {
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
  transactionLogKey,
  transactionLogValue,
} from '../../protocol/internal/index.ts'
import type { RecordWriter } from '../records/template.ts'

type AnyMessage = MessageType<Fields>

/** What is in a record, by the version in front of its bytes; undefined for a version that none of these types has. */
interface Read {
  readonly type: AnyMessage | undefined
  readonly version: number
  readonly value: Readonly<Record<string, unknown>>
}

function read(bytes: Buffer, types: readonly AnyMessage[]): Read {
  const reader = new Reader(bytes)
  const version = reader.int16()
  const type = types.find((each) => each.supports(version))
  return { type, version, value: type === undefined ? {} : type.decode(reader, version) }
}

/**
 * One JSON object after the other, with nothing between (org.apache.kafka.tools.consumer.ApiMessageFormatter). Records with
 * keys of `others` are left out.
 */
function jsonFormatter(key: AnyMessage, value: AnyMessage, others: readonly AnyMessage[]): RecordWriter {
  return (record, out) => {
    const foundKey = record.key === null ? null : read(record.key, [key, ...others])
    if (foundKey?.type !== undefined && foundKey.type !== key) return
    const foundValue = record.value === null ? null : read(record.value, [value])
    out(JSON.stringify({ key: foundKey && dataOf(foundKey), value: foundValue && dataOf(foundValue) }))
  }
}

function dataOf({ type, version, value }: Read) {
  return { version, data: type === undefined ? 'unknown' : jsonOf(type.fields, value, version) }
}

/** The fields that the version has; bytes in Base64 (the JsonConverter of each of Kafka's messages). */
function jsonOf(fields: Fields, value: Readonly<Record<string, unknown>>, version: number): unknown {
  const shown = Object.entries(fields).filter(([, field]) =>
    includesVersion(parseVersions(field.versions), version),
  )
  return Object.fromEntries(
    shown.map(([name, { element }]) => {
      const each = value[name]
      if (Buffer.isBuffer(each)) return [name, each.toString('base64')]
      if (!Array.isArray(each) || typeof element !== 'object') return [name, each]
      return [name, each.map((item) => jsonOf(element, item, version))]
    }),
  )
}

/** A line for each offset (kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter). */
function offsetLines(): RecordWriter {
  return (record, out) => {
    const key = record.key === null ? undefined : read(record.key, [offsetCommitKey])
    if (key?.type === undefined) return
    const { group, topic, partition } = key.value
    out(`[${group},${topic},${partition}]::${offsetText(record.value)}\n`)
  }
}

function offsetText(bytes: Buffer | null): string {
  if (bytes === null) return 'NULL'
  const { value } = read(bytes, [offsetCommitValue])
  const option = (number: unknown, kind: string) => (number === -1 ? kind : undefined)
  const epoch = option(value.leaderEpoch, 'Optional.empty') ?? `Optional[${value.leaderEpoch}]`
  const expires = option(value.expireTimestamp, 'None') ?? `Some(${value.expireTimestamp})`
  return `OffsetAndMetadata(offset=${value.offset}, leaderEpoch=${epoch}, metadata=${value.metadata}, commitTimestamp=${value.commitTimestamp}, expireTimestamp=${expires})`
}

/** By the last part of the class name; undefined when it is none of these. */
export function internalFormatter(name: string): RecordWriter | undefined {
  switch (name) {
    case 'OffsetsMessageFormatter':
      return jsonFormatter(offsetCommitKey, offsetCommitValue, [groupMetadataKey])
    case 'GroupMetadataMessageFormatter':
      return jsonFormatter(groupMetadataKey, groupMetadataValue, [offsetCommitKey])
    case 'TransactionLogMessageFormatter':
      return jsonFormatter(transactionLogKey, transactionLogValue, [])
    case 'GroupMetadataManager$OffsetsMessageFormatter':
      return offsetLines()
    default:
      return undefined
  }
}
