import { isUtf8 } from 'node:buffer'
import { messageOf } from '../../base/errors.ts'
import { InputError } from './input-error.ts'
import { Splitter } from './input-lines.ts'
import { type InputHeader, type InputParser, type InputRecord, NO_HEADERS } from './input-record.ts'
import { JsonText } from './json-text.ts'

/**
 * The one JSON form of a record, the same in both directions: what `consume -o ndjson` writes, `produce --input ndjson`
 * takes back without loss.
 *
 *   {"topic":"orders","partition":0,"offset":12,"timestamp":1700000000000,"timestampType":"create",
 *    "key":"k","value":"v","headers":[{"key":"h","value":"x"}]}
 *
 * Bytes that are not UTF-8 stand in `keyBase64`, `valueBase64` in place of `key`, `value`, also in headers; null is null.
 * When reading, everything may be missing, a value that is not a string is taken as the JSON text that stands there, and
 * headers may be an object. What would not arrive as it is written is refused: half of a surrogate pair, a line that is not
 * UTF-8, a time before 1970.
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
  readonly headers: readonly OutputHeader[]
}

export interface OutputHeader {
  readonly key: string
  /** When the key is not UTF-8. */
  readonly keyBytes?: Buffer
  readonly value: Buffer | null
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
    headers: record.headers.map(headerToData),
  }
}

function headerToData({ key, keyBytes, value }: OutputHeader): Record<string, string | null> {
  return {
    ...(keyBytes === undefined ? { key } : bytesField('key', keyBytes)),
    ...bytesField('value', value),
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
    if (!isUtf8(line)) throw new InputError('line', this.count, 'it is not UTF-8', NOT_TEXT)
    const text = line.toString('utf8').trim()
    if (text !== '') emit(recordFromJson(text, this.count))
  }
}

const NOT_TEXT = 'Bytes that are no text go into "keyBase64" and "valueBase64".'

type Fail = (message: string, hint?: string) => never

function recordFromJson(text: string, line: number): InputRecord {
  const fail: Fail = (message, hint) => {
    throw new InputError('line', line, message, hint)
  }
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (error) {
    return fail(`it is not JSON (${messageOf(error)})`)
  }
  if (!isObject(data)) return fail('a JSON object is wanted, such as {"key":"k","value":"v"}')
  const source = new JsonText(text)
  const partition = integerField(data, 'partition', fail)
  if (partition !== undefined && partition < 0) fail(`"partition" is ${partition}, the first one is 0`)
  const timestampMs = timestampOf(data, fail)
  return {
    key: bytesOf(data, 'key', source, fail),
    value: bytesOf(data, 'value', source, fail),
    headers: headersOf(data.headers, source, fail),
    ...(partition !== undefined && { partition }),
    ...(timestampMs !== undefined && { timestampMs }),
  }
}

function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}

function integerField(data: Record<string, unknown>, name: string, fail: Fail): number | undefined {
  const value = data[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    return fail(`"${name}" is not a whole number`)
  return value
}

/** -1, which `consume` writes with the type "none", is what the record had: no timestamp. */
function timestampOf(data: Record<string, unknown>, fail: Fail): number | undefined {
  const timestampMs = integerField(data, 'timestamp', fail)
  if (timestampMs === undefined || timestampMs >= 0) return timestampMs
  if (timestampMs < -1) return fail(`"timestamp" is ${timestampMs}: times count from 1970 on`)
  return data.timestampType === 'none' ? timestampMs : undefined
}

function bytesOf(
  data: Record<string, unknown>,
  name: string,
  source: JsonText | undefined,
  fail: Fail,
): Buffer | null {
  const encoded = data[`${name}Base64`]
  if (encoded !== undefined) {
    if (typeof encoded !== 'string' || !isBase64(encoded)) return fail(`"${name}Base64" is not base64`)
    return Buffer.from(encoded, 'base64')
  }
  const value = data[name]
  if (value === undefined || value === null) return null
  const text = typeof value === 'string' ? value : (source?.member(name)?.toString() ?? JSON.stringify(value))
  return Buffer.from(wellFormed(text, name, fail))
}

/** Half of a surrogate pair has no bytes in UTF-8: something else would be stored. */
function wellFormed(text: string, name: string, fail: Fail): string {
  return HALF_A_PAIR.test(text)
    ? fail(`"${name}" has half of a surrogate pair, which is no character`, NOT_TEXT)
    : text
}

const HALF_A_PAIR = /\p{Surrogate}/u

/** Padded or not; what is left over of the last group is a byte or two. */
function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1
}

function headersOf(value: unknown, source: JsonText, fail: Fail): readonly InputHeader[] {
  if (value === undefined || value === null) return NO_HEADERS
  if (Array.isArray(value)) {
    return value.map((header: unknown, i) => {
      if (!isObject(header)) return fail('a header is an object with "key" and "value"')
      return {
        ...headerKey(header, fail),
        value: bytesOf(
          header,
          'value',
          isText(header.value) ? undefined : source.member('headers')?.element(i),
          fail,
        ),
      }
    })
  }
  if (!isObject(value)) return fail('"headers" is neither a list nor an object')
  const members = source.member('headers')
  return Object.keys(value).map((key) => ({
    key: wellFormed(key, 'headers', fail),
    value: bytesOf(value, key, members, fail),
  }))
}

function isText(value: unknown): boolean {
  return typeof value === 'string' || value === null || value === undefined
}

function headerKey(header: Record<string, unknown>, fail: Fail): Pick<InputHeader, 'key' | 'keyBytes'> {
  if (header.keyBase64 !== undefined) {
    const keyBytes = bytesOf(header, 'key', undefined, fail) ?? Buffer.alloc(0)
    return { key: keyBytes.toString('utf8'), keyBytes }
  }
  if (typeof header.key !== 'string') return fail('a header needs a "key" that is a string')
  return { key: wellFormed(header.key, 'key', fail) }
}
