import { isUtf8 } from 'node:buffer'
import { messageOf } from '../../base/errors.ts'
import { InputError } from './input-error.ts'
import { Splitter } from './input-lines.ts'
import { type InputHeader, type InputParser, type InputRecord, NO_HEADERS } from './input-record.ts'

/**
 * The one JSON form of a record, the same in both directions: what `consume -o ndjson` writes, `produce --input ndjson`
 * takes back without loss.
 *
 *   {"topic":"orders","partition":0,"offset":12,"timestamp":1700000000000,"timestampType":"create",
 *    "key":"k","value":"v","headers":[{"key":"h","value":"x"}]}
 *
 * Bytes that are not UTF-8 stand in `keyBase64`, `valueBase64` in place of `key`, `value`; null is null. When reading,
 * everything may be missing, a value that is not a string is taken as its JSON text, and headers may be an object.
 */
export interface OutputRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** -1 for none. */
  readonly timestampMs: number
  /** Who set the timestamp: the producer (also when undefined) or the broker. */
  readonly timestampType?: 'create' | 'append'
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[]
}

export function recordToData(record: OutputRecord): Record<string, unknown> {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestampMs,
    timestampType: timestampTypeOf(record),
    ...bytesField('key', record.key),
    ...bytesField('value', record.value),
    headers: record.headers.map((header) => ({ key: header.key, ...bytesField('value', header.value) })),
  }
}

/** Records of the oldest format have no timestamp at all. */
export function timestampTypeOf(record: OutputRecord): 'create' | 'append' | 'none' {
  return record.timestampMs < 0 ? 'none' : (record.timestampType ?? 'create')
}

function bytesField(name: string, bytes: Buffer | null): Record<string, string | null> {
  if (bytes === null) return { [name]: null }
  return isUtf8(bytes) ? { [name]: bytes.toString('utf8') } : { [`${name}Base64`]: bytes.toString('base64') }
}

/** One JSON record per line; blank lines are passed over. */
export class NdjsonParser implements InputParser {
  private readonly splitter = new Splitter(Buffer.from('\n'))
  private count = 0

  push(chunk: Buffer, emit: (record: InputRecord) => void): void {
    this.splitter.push(chunk, (line) => this.line(line, emit))
  }

  end(emit: (record: InputRecord) => void): void {
    this.splitter.end((line) => this.line(line, emit))
  }

  private line(line: Buffer, emit: (record: InputRecord) => void): void {
    this.count++
    const text = line.toString('utf8').trim()
    if (text !== '') emit(recordFromJson(text, this.count))
  }
}

function recordFromJson(text: string, line: number): InputRecord {
  const fail = (message: string): never => {
    throw new InputError('line', line, message)
  }
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (error) {
    return fail(`it is not JSON (${messageOf(error)})`)
  }
  if (!isObject(data)) return fail('a JSON object is wanted, such as {"key":"k","value":"v"}')
  const partition = integerField(data, 'partition', fail)
  const timestampMs = integerField(data, 'timestamp', fail)
  return {
    key: bytesOf(data, 'key', fail),
    value: bytesOf(data, 'value', fail),
    headers: headersOf(data.headers, fail),
    ...(partition !== undefined && { partition }),
    ...(timestampMs !== undefined && { timestampMs }),
  }
}

type Fail = (message: string) => never

function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}

function integerField(data: Record<string, unknown>, name: string, fail: Fail): number | undefined {
  const value = data[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    return fail(`"${name}" is not a whole number`)
  // A record without a timestamp is written with -1.
  return value < 0 ? undefined : value
}

function bytesOf(data: Record<string, unknown>, name: string, fail: Fail): Buffer | null {
  const encoded = data[`${name}Base64`]
  if (encoded !== undefined) {
    if (typeof encoded !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded))
      fail(`"${name}Base64" is not base64`)
    return Buffer.from(String(encoded), 'base64')
  }
  const value = data[name]
  if (value === undefined || value === null) return null
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}

function headersOf(value: unknown, fail: Fail): readonly InputHeader[] {
  if (value === undefined || value === null) return NO_HEADERS
  if (Array.isArray(value)) {
    return value.map((header: unknown) => {
      if (!isObject(header) || typeof header.key !== 'string')
        return fail('a header needs a "key" that is a string')
      return { key: header.key, value: bytesOf(header, 'value', fail) }
    })
  }
  if (!isObject(value)) return fail('"headers" is neither a list nor an object')
  return Object.keys(value).map((key) => ({ key, value: bytesOf(value, key, fail) }))
}
