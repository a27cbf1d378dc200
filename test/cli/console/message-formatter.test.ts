import { describe, expect, it } from 'vitest'
import { formatterOf } from '../../../src/cli/console/message-formatter.ts'
import type { OutputRecord } from '../../../src/cli/records/json-record.ts'

const record: OutputRecord = {
  topic: 'orders',
  partition: 1,
  offset: 7,
  timestampMs: 1700000000000,
  timestampType: 'create',
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  headers: [
    { key: 'a', value: Buffer.from('1') },
    { key: 'b', value: null },
  ],
}

function print(properties: Record<string, string>, of: Partial<OutputRecord> = {}, name?: string): string {
  const parts: Buffer[] = []
  formatterOf(name, new Map(Object.entries(properties)))({ ...record, ...of }, (b) =>
    parts.push(Buffer.from(b)),
  )
  return Buffer.concat(parts).toString('latin1')
}

const everything = Object.fromEntries(
  ['timestamp', 'partition', 'offset', 'headers', 'key', 'value'].map((name) => [`print.${name}`, 'true']),
)

describe('the output of kafka-console-consumer', () => {
  it('is the value and a line end by default', () => {
    expect(print({})).toBe('v\n')
    expect(print({}, { value: null })).toBe('null\n')
  })

  it('prints all fields in their order', () => {
    expect(print(everything)).toBe('CreateTime:1700000000000\tPartition:1\tOffset:7\ta:1,b:null\tk\tv\n')
    expect(print(everything, { timestampMs: -1, headers: [], key: null })).toBe(
      'NO_TIMESTAMP\tPartition:1\tOffset:7\tNO_HEADERS\tnull\tv\n',
    )
    expect(print(everything, { timestampType: 'append' })).toMatch(/^LogAppendTime:1700000000000\t/)
  })

  it('ends the line behind the last field, whichever it is', () => {
    expect(print({ 'print.key': 'true', 'print.value': 'false' })).toBe('k\n')
    expect(print({ 'print.value': 'false' })).toBe('')
  })

  it('takes separators and the null literal', () => {
    const properties = {
      ...everything,
      'key.separator': '|',
      'line.separator': '#',
      'headers.separator': ';',
      'null.literal': '-',
    }
    expect(print(properties, { value: null })).toBe(
      'CreateTime:1700000000000|Partition:1|Offset:7|a:1;b:-|k|-#',
    )
  })

  it.each([
    ['org.apache.kafka.common.serialization.IntegerDeserializer', '0000002a', '42'],
    ['LongDeserializer', 'ffffffffffffffff', '-1'],
    ['Short', 'fffe', '-2'],
    ['DoubleDeserializer', '3ff8000000000000', '1.5'],
    ['DoubleDeserializer', '4024000000000000', '10.0'],
    ['DoubleDeserializer', '416312d000000000', '1.0E7'],
    ['DoubleDeserializer', '3f1a36e2eb1c432d', '1.0E-4'],
    ['FloatDeserializer', '3dcccccd', '0.1'],
  ])('deserializes with %s', (name, hex, expected) => {
    expect(print({ 'value.deserializer': name }, { value: Buffer.from(hex, 'hex') })).toBe(`${expected}\n`)
  })

  it('says when a value does not fit, and what it does not know', () => {
    expect(() => print({ 'value.deserializer': 'Long' })).toThrow(/received by LongDeserializer is not 8/)
    expect(() => print({ 'value.deserializer': 'com.acme.Avro' })).toThrow(/com.acme.Avro is not known/)
    expect(() => print({}, {}, 'com.acme.Formatter')).toThrow(/com.acme.Formatter is not known/)
  })

  it('knows the formatters by their class names', () => {
    expect(print({}, {}, 'org.apache.kafka.tools.consumer.NoOpMessageFormatter')).toBe('')
    expect(print({}, {}, 'kafka.tools.DefaultMessageFormatter')).toBe('v\n')
  })
})
