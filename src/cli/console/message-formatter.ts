import { UsageError } from '../exit-codes.ts'
import { javaDouble, javaFloat } from '../kafka-tools/java-lang.ts'
import { type OutputRecord, timestampTypeOf } from '../records/json-record.ts'
import type { RecordWriter } from '../records/template.ts'
import { internalFormatter } from './internal-formatters.ts'
import { isTrue } from './properties.ts'

type Deserializer = (bytes: Buffer) => Uint8Array | string

const TIMESTAMP_TYPES = { create: 'CreateTime', append: 'LogAppendTime' } as const

/** Java's deserializers by the last part of their class name. A wrong length is the error Kafka's have too. */
const DESERIALIZERS: Readonly<Record<string, Deserializer>> = {
  String: (bytes) => bytes.toString('utf8'),
  ByteArray: (bytes) => bytes,
  Bytes: (bytes) => bytes,
  ByteBuffer: (bytes) => bytes,
  Integer: (bytes) => String(sized(bytes, 4, 'Integer').readInt32BE()),
  Long: (bytes) => String(sized(bytes, 8, 'Long').readBigInt64BE()),
  Short: (bytes) => String(sized(bytes, 2, 'Short').readInt16BE()),
  Float: (bytes) => javaFloat(sized(bytes, 4).readFloatBE()),
  Double: (bytes) => javaDouble(sized(bytes, 8).readDoubleBE()),
  UUID: (bytes) => bytes.toString('utf8'),
  Void: () => 'null',
}

/** In Kafka's words, which do not name those of numbers with fractions. */
function sized(bytes: Buffer, length: number, type = ''): Buffer {
  if (bytes.length !== length)
    throw new UsageError(`Size of data received by ${type}Deserializer is not ${length}`)
  return bytes
}

export function findDeserializer(name: string | undefined): Deserializer | undefined {
  if (name === undefined) return undefined
  const short = name.slice(name.lastIndexOf('.') + 1).replace(/Deserializer$/, '')
  const found = DESERIALIZERS[short]
  if (found !== undefined) return found
  throw new UsageError(
    `the deserializer ${name} is not known`,
    `Known are ${Object.keys(DESERIALIZERS).join(', ')}, with or without Kafka's package name.`,
  )
}

/**
 * What `kafka-console-consumer` prints (DefaultMessageFormatter), to the byte: timestamp, partition, offset, headers, key and
 * value, those that are asked for, in this order.
 */
export function defaultFormatter(properties: ReadonlyMap<string, string>): RecordWriter {
  const keySeparator = properties.get('key.separator') ?? '\t'
  const lineSeparator = properties.get('line.separator') ?? '\n'
  const headersSeparator = properties.get('headers.separator') ?? ','
  const nullLiteral = Buffer.from(properties.get('null.literal') ?? 'null')
  const deserializers = {
    key: findDeserializer(properties.get('key.deserializer')),
    value: findDeserializer(properties.get('value.deserializer')),
    headers: findDeserializer(properties.get('headers.deserializer')),
  }
  const bytes = (of: Buffer | null, deserializer: Deserializer | undefined) =>
    deserializer === undefined ? (of ?? nullLiteral) : deserializer(of ?? nullLiteral)
  const columns: RecordWriter[] = []
  const column = (name: string, otherwise: boolean, write: RecordWriter) => {
    if (isTrue(properties, `print.${name}`, otherwise)) columns.push(write)
  }
  column('timestamp', false, (record, out) => out(timestampText(record)))
  column('partition', false, (record, out) => out(`Partition:${record.partition}`))
  column('offset', false, (record, out) => out(`Offset:${record.offset}`))
  column('headers', false, (record, out) => {
    if (record.headers.length === 0) out('NO_HEADERS')
    record.headers.forEach((header, i) => {
      out(`${i === 0 ? '' : headersSeparator}${header.key}:`)
      out(bytes(header.value, deserializers.headers))
    })
  })
  column('key', false, (record, out) => out(bytes(record.key, deserializers.key)))
  column('value', true, (record, out) => out(bytes(record.value, deserializers.value)))
  return (record, out) => {
    columns.forEach((write, i) => {
      write(record, out)
      out(i === columns.length - 1 ? lineSeparator : keySeparator)
    })
  }
}

function timestampText(record: OutputRecord): string {
  const type = timestampTypeOf(record)
  return type === 'none' ? 'NO_TIMESTAMP' : `${TIMESTAMP_TYPES[type]}:${record.timestampMs}`
}

/** The formatters of Kafka's tools, by full or short class name. */
export function formatterOf(name: string | undefined, properties: ReadonlyMap<string, string>): RecordWriter {
  const short = (name ?? 'DefaultMessageFormatter').split('.').at(-1) ?? ''
  switch (short) {
    case 'DefaultMessageFormatter':
    // It also logs each record at INFO, which the tools' log settings keep silent.
    case 'LoggingMessageFormatter':
      return defaultFormatter(properties)
    case 'NoOpMessageFormatter':
      return () => undefined
    default:
      return internalFormatter(short) ?? refuse(name)
  }
}

function refuse(name: string | undefined): never {
  throw new UsageError(
    `the formatter ${name} is not known`,
    'Known are DefaultMessageFormatter, LoggingMessageFormatter and NoOpMessageFormatter, and for internal topics OffsetsMessageFormatter, GroupMetadataMessageFormatter and TransactionLogMessageFormatter.',
  )
}
