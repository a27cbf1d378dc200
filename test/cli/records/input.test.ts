import { describe, expect, it } from 'vitest'
import { unescapeDelimiter } from '../../../src/cli/records/delimiter.ts'
import { LengthPrefixedParser, RawParser } from '../../../src/cli/records/input-blob.ts'
import { CsvParser } from '../../../src/cli/records/input-csv.ts'
import { LineParser } from '../../../src/cli/records/input-lines.ts'
import type { InputParser, InputRecord } from '../../../src/cli/records/input-record.ts'
import { NdjsonParser, type OutputRecord, recordToData } from '../../../src/cli/records/json-record.ts'
import { hostileRecord } from '../../support/hostile-records.ts'
import { testRandom } from '../../support/seed.ts'

/** Feeds the bytes in pieces of `size`, which must never change the result. */
function parse(parser: InputParser, bytes: Buffer | string, size = 1): InputRecord[] {
  const input = Buffer.from(bytes)
  const records: InputRecord[] = []
  for (let at = 0; at < input.length; at += size)
    parser.push(input.subarray(at, at + size), (r) => records.push(r))
  parser.end((record) => records.push(record))
  return records
}

const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('latin1'))
const pairs = (records: InputRecord[]) => records.map((record) => [text(record.key), text(record.value)])
const NEWLINE = Buffer.from('\n')

describe('lines', () => {
  it.each([1, 2, 3, 5, 1000])('cuts at the delimiter in chunks of %i', (size) => {
    const parser = new LineParser({ delimiter: NEWLINE })
    expect(pairs(parse(parser, 'one\n\ntwo\r\nthree', size)).map((pair) => pair[1])).toEqual([
      'one',
      '',
      'two\r',
      'three',
    ])
  })

  it('has no record behind the last delimiter', () => {
    expect(parse(new LineParser({ delimiter: NEWLINE }), 'a\n')).toHaveLength(1)
    expect(parse(new LineParser({ delimiter: NEWLINE }), '')).toHaveLength(0)
  })

  it.each([1, 2, 3, 7])('finds a long delimiter across chunks of %i', (size) => {
    const parser = new LineParser({ delimiter: Buffer.from('<=>') })
    expect(pairs(parse(parser, 'a<=>b<=<=>c<', size)).map((pair) => pair[1])).toEqual(['a', 'b<=', 'c<'])
  })

  it('cuts the key at the first key delimiter and can make empty parts null', () => {
    const options = { delimiter: NEWLINE, keyDelimiter: Buffer.from('::') }
    expect(pairs(parse(new LineParser(options), 'k::v::w\n::x\ny::\n'))).toEqual([
      ['k', 'v::w'],
      ['', 'x'],
      ['y', ''],
    ])
    expect(pairs(parse(new LineParser({ ...options, emptyIsNull: true }), '::x\ny::\n'))).toEqual([
      [null, 'x'],
      ['y', null],
    ])
  })

  it('names the line that has no key', () => {
    const parser = new LineParser({ delimiter: NEWLINE, keyDelimiter: Buffer.from(':') })
    expect(() => parse(parser, 'k:v\nno key here\n')).toThrow(/line 2 of the input/)
  })
})

describe('raw and length-prefixed', () => {
  it('takes the whole input as one value', () => {
    expect(pairs(parse(new RawParser(), 'a\nb', 2))).toEqual([[null, 'a\nb']])
  })

  it.each([1, 3, 4, 5, 100])('reads lengths in chunks of %i', (size) => {
    const bytes = Buffer.concat([frame('hello'), frame(''), frame(null), frame('k=v')])
    expect(pairs(parse(new LengthPrefixedParser(), bytes, size)).map((pair) => pair[1])).toEqual([
      'hello',
      '',
      null,
      'k=v',
    ])
  })

  it('refuses a cut-off record and an impossible length', () => {
    expect(() => parse(new LengthPrefixedParser(), frame('hello').subarray(0, 7))).toThrow(/record 1/)
    expect(() => parse(new LengthPrefixedParser(), Buffer.from('7fffffff00', 'hex'))).toThrow(
      /makes no sense/,
    )
    expect(() => parse(new LengthPrefixedParser(), Buffer.from('fffffffe00', 'hex'))).toThrow(
      /makes no sense/,
    )
  })

  function frame(value: string | null): Buffer {
    const body = Buffer.from(value ?? '')
    const length = Buffer.alloc(4)
    length.writeInt32BE(value === null ? -1 : body.length)
    return Buffer.concat([length, body])
  }
})

describe('CSV', () => {
  it.each([1, 2, 1000])('reads named columns, quotes and line ends in quotes, in chunks of %i', (size) => {
    const csv =
      'value,key,header.trace,partition,timestamp\r\n"a ""b"", ü\nc",k,t1,2,1700000000000\r\n,"",,,\r\n'
    const [first, second] = parse(new CsvParser(), csv, size)
    expect(Buffer.from(first?.value ?? []).toString()).toBe('a "b", ü\nc')
    expect(first).toMatchObject({ partition: 2, timestampMs: 1700000000000 })
    expect(first?.headers).toEqual([{ key: 'trace', value: Buffer.from('t1') }])
    expect(second).toMatchObject({ value: null, headers: [] })
    expect(second?.key).toEqual(Buffer.alloc(0))
  })

  it('says what is wrong and where', () => {
    expect(() => parse(new CsvParser(), 'key,colour\n')).toThrow(/'colour' is no column/)
    expect(() => parse(new CsvParser(), 'key,value\na\n')).toThrow(/line 2 of the input: it has 1 fields/)
    expect(() => parse(new CsvParser(), 'value\n"a')).toThrow(/never ends/)
    expect(() => parse(new CsvParser(), 'value,partition\na,x\n')).toThrow(/'x' is not a whole number/)
    expect(() => parse(new CsvParser(), Buffer.from([0x76, 0xff, 0x0a]))).toThrow(/not UTF-8/)
  })
})

describe('NDJSON', () => {
  const record: OutputRecord = {
    topic: 't',
    partition: 3,
    offset: 9,
    timestampMs: 1700000000000,
    timestampType: 'create',
    key: Buffer.from([0xff, 0x00]),
    value: Buffer.from('grüße\n'),
    headers: [
      { key: 'a', value: Buffer.from('x') },
      { key: 'a', value: null },
      { key: 'b', value: Buffer.from([0x80]) },
    ],
  }

  it.each([
    ['bytes, nulls and repeated headers', record],
    ['null key and value', { ...record, key: null, value: null, headers: [] }],
    ['empty key and value', { ...record, key: Buffer.alloc(0), value: Buffer.alloc(0) }],
  ])('gives back what it wrote: %s', (_name, original) => {
    const [read] = parse(new NdjsonParser(), `${JSON.stringify(recordToData(original))}\n`, 7)
    expect(read).toEqual({
      key: original.key,
      value: original.value,
      headers: original.headers,
      partition: 3,
      timestampMs: 1700000000000,
    })
  })

  it('gives back random hostile records, in pieces of any size', () => {
    const { seed, random } = testRandom()
    for (let i = 0; i < 500; i++) {
      const { partition, timestampMs, key, value, headers } = hostileRecord(random, 5)
      const stored = headers.map((header) => storedHeader(header.key, header.value))
      const output = { topic: 't', partition, offset: i, timestampMs, key, value, headers: stored }
      const [read] = parse(
        new NdjsonParser(),
        `${JSON.stringify(recordToData(output))}\n`,
        1 + random.int(4000),
      )
      expect(read, `seed ${seed}, record ${i}`).toEqual({
        key,
        value,
        headers: stored,
        partition,
        timestampMs,
      })
    }
  })

  /** As a consumer gives it: bytes beside the text when they are none. */
  function storedHeader(bytes: Buffer, value: Buffer | null) {
    const key = bytes.toString('utf8')
    return Buffer.from(key).equals(bytes) ? { key, value } : { key, keyBytes: bytes, value }
  }

  it.each([
    ['{"value":-0}', '-0'],
    ['{"value" : 12345678901234567890 , "key":1.0}', '12345678901234567890'],
    ['{"value":{"b":1.50,"2":[1, "]}"],"1":-0},"value2":1}', '{"b":1.50,"2":[1, "]}"],"1":-0}'],
    ['{"value":1,"\\u0076alue":[2e3]}', '[2e3]'],
    ['{"headers":[],"x":{"value":7},"value":true}', 'true'],
  ])('takes %s as the JSON that stands there', (line, value) => {
    expect(pairs(parse(new NdjsonParser(), line))[0]?.[1]).toBe(value)
  })

  it('does so in headers, too', () => {
    const list = '{"headers":[{"key":"a","value":"x"},{"key":"b","value":-0},{"key":"b","value":[1.0]}]}'
    const [inList] = parse(new NdjsonParser(), list)
    expect(inList?.headers.map(({ value }) => text(value))).toEqual(['x', '-0', '[1.0]'])
    const [inObject] = parse(new NdjsonParser(), '{"headers":{"a":{"n":1.0},"b":10000000000000000001}}')
    expect(inObject?.headers.map(({ value }) => text(value))).toEqual(['{"n":1.0}', '10000000000000000001'])
  })

  it('keeps "no timestamp" apart from "nothing said"', () => {
    const timesOf = (line: string) => parse(new NdjsonParser(), line)[0]?.timestampMs
    expect(timesOf('{"timestamp":-1,"timestampType":"none"}')).toBe(-1)
    expect(timesOf('{"timestamp":-1}')).toBeUndefined()
    expect(timesOf('{"timestamp":0}')).toBe(0)
  })

  it('takes hand-written forms', () => {
    const records = parse(new NdjsonParser(), '\n{"value":{"a":1},"headers":{"h":"x","n":null}}\n{"key":5}')
    expect(pairs(records)).toEqual([
      [null, '{"a":1}'],
      ['5', null],
    ])
    expect(records[0]?.headers).toEqual([
      { key: 'h', value: Buffer.from('x') },
      { key: 'n', value: null },
    ])
  })

  it.each([
    ['{"a":', /not JSON/],
    ['[1]', /JSON object/],
    ['{"partition":1.5}', /whole number/],
    ['{"valueBase64":"*"}', /not base64/],
    ['{"headers":[{"value":"x"}]}', /"key" that is a string/],
    ['{"valueBase64":"QQQQQ"}', /not base64/],
    ['{"partition":-1}', /the first one is 0/],
    ['{"timestamp":-5}', /count from 1970/],
    ['{"value":"\\ud800"}', /half of a surrogate pair/],
    ['{"headers":[{"key":"\\udfff","value":"x"}]}', /half of a surrogate pair/],
    [Buffer.from('7b226b6579223a22ff227d', 'hex'), /not UTF-8/],
    ['{"headers":"x"}', /neither a list nor an object/],
  ])('refuses %s', (line, message) => {
    expect(() => parse(new NdjsonParser(), line)).toThrow(message)
    expect(() => parse(new NdjsonParser(), line)).toThrow(/line 1 of the input/)
  })
})

describe('delimiters', () => {
  it('resolves escapes', () => {
    expect(unescapeDelimiter('\\t\\x1f\\\\n\\n', '-D')).toEqual(Buffer.from('\t\x1f\\n\n'))
    expect(unescapeDelimiter('ü', '-D')).toEqual(Buffer.from('ü'))
  })

  it('refuses unknown ones', () => {
    expect(() => unescapeDelimiter('\\q', '-D')).toThrow(/unknown escape/)
    expect(() => unescapeDelimiter('a\\', '-D')).toThrow(/lone backslash/)
  })
})
