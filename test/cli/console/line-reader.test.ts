import { describe, expect, it } from 'vitest'
import { LineMessageReader, lineReaderOptions } from '../../../src/cli/console/line-reader.ts'
import type { InputRecord } from '../../../src/cli/records/input-record.ts'

function read(input: string, properties: Record<string, string> = {}, size = 1): InputRecord[] {
  const reader = new LineMessageReader(lineReaderOptions(new Map(Object.entries(properties))))
  const bytes = Buffer.from(input)
  const records: InputRecord[] = []
  for (let at = 0; at < bytes.length; at += size)
    reader.push(bytes.subarray(at, at + size), (r) => records.push(r))
  reader.end((record) => records.push(record))
  return records
}

const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString())
const values = (records: InputRecord[]) => records.map((record) => text(record.value))
const all = { 'parse.key': 'true', 'parse.headers': 'true' }

describe('lines as Java reads them', () => {
  it.each([1, 2, 3, 100])('ends them at LF, CR and CRLF, in chunks of %i', (size) => {
    expect(values(read('a\nb\r\nc\rd\n\r\n\re', {}, size))).toEqual(['a', 'b', 'c', 'd', '', '', 'e'])
    expect(values(read('a\r', {}, size))).toEqual(['a'])
    expect(values(read('', {}, size))).toEqual([])
  })
})

describe('properties of kafka-console-producer', () => {
  it('takes the value alone by default', () => {
    expect(read('k\tv')).toMatchObject([{ key: null, headers: [] }])
    expect(values(read('k\tv'))).toEqual(['k\tv'])
  })

  it('reads headers, key and value in this order', () => {
    const [record] = read('h1:v1,h2:v:2\tthe key\tthe value\twith tab', all)
    expect(record?.headers).toEqual([
      { key: 'h1', value: Buffer.from('v1') },
      { key: 'h2', value: Buffer.from('v:2') },
    ])
    expect([text(record?.key ?? null), text(record?.value ?? null)]).toEqual([
      'the key',
      'the value\twith tab',
    ])
  })

  it('names the line where a separator is missing', () => {
    expect(() => read('a\tb\nno separator', { 'parse.key': 'true' })).toThrow(
      "line 2 of the input: no key separator found in 'no separator'",
    )
    expect(() => read('h\tk\tv', all)).toThrow("no header key separator found in pair 'h'")
  })

  it('ignores missing separators when told to', () => {
    const [record] = read('no separator', { 'parse.key': 'true', 'ignore.error': 'true' })
    expect([record?.key, text(record?.value ?? null)]).toEqual([null, 'no separator'])
  })

  it('turns the null marker into null, for header values too', () => {
    const [first, second] = read('h:NULL\tNULL\tNULL\nNULL\tk\tv', { ...all, 'null.marker': 'NULL' })
    expect(first).toEqual({ key: null, value: null, headers: [{ key: 'h', value: null }] })
    expect(second?.headers).toEqual([])
  })

  it('accepts separators of several characters', () => {
    const [record] = read('k<->v', { 'parse.key': 'true', 'key.separator': '<->' })
    expect([text(record?.key ?? null), text(record?.value ?? null)]).toEqual(['k', 'v'])
  })

  it.each([
    [{ 'headers.delimiter': ',' }, 'headers.delimiter and headers.separator may not be equal'],
    [{ 'headers.separator': ':' }, 'headers.separator and headers.key.separator may not be equal'],
    [{ 'null.marker': '\t' }, 'may not be equal'],
    [{ 'null.marker': '|', 'key.separator': '|' }, 'null.marker and key.separator may not be equal'],
  ])('refuses %j', (properties, message) => {
    expect(() => read('x', properties as Record<string, string>)).toThrow(message)
  })
})
