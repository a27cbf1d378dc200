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
/** Only an escape can be half of a surrogate pair: the line itself is UTF-8. */
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/
const HALF_A_PAIR = /\p{Surrogate}/u

function recordFromJson(text: string, line: number): InputRecord {
  return new RecordLine(text, line).read()
}

/** Reads one record; what goes wrong names the line. */
class RecordLine {
  private readonly text: string
  private readonly line: number
  private readonly mayHaveHalves: boolean

  constructor(text: string, line: number) {
    this.text = text
    this.line = line
    this.mayHaveHalves = text.includes('\\') && ESCAPED_SURROGATE.test(text)
  }

  read(): InputRecord {
    const data = this.parse()
    if (!isObject(data)) return this.fail('a JSON object is wanted, such as {"key":"k","value":"v"}')
    const partition = this.integer(data, 'partition')
    if (partition !== undefined && partition < 0) this.fail(`"partition" is ${partition}, the first one is 0`)
    const timestampMs = this.timestamp(data)
    const whole = () => new JsonText(this.text)
    return {
      key: this.bytes(data, 'key', whole),
      value: this.bytes(data, 'value', whole),
      headers: this.headers(data.headers, () => whole().member('headers')),
      ...(partition !== undefined && { partition }),
      ...(timestampMs !== undefined && { timestampMs }),
    }
  }

  private parse(): unknown {
    try {
      return JSON.parse(this.text)
    } catch (error) {
      return this.fail(`it is not JSON (${messageOf(error)})`)
    }
  }

  private fail(message: string, hint?: string): never {
    throw new InputError('line', this.line, message, hint)
  }

  private integer(data: Record<string, unknown>, name: string): number | undefined {
    const value = data[name]
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      return this.fail(`"${name}" is not a whole number`)
    return value
  }

  /** -1, which `consume` writes with the type "none", is what the record had: no timestamp. */
  private timestamp(data: Record<string, unknown>): number | undefined {
    const timestampMs = this.integer(data, 'timestamp')
    if (timestampMs === undefined || timestampMs >= 0) return timestampMs
    if (timestampMs < -1) return this.fail(`"timestamp" is ${timestampMs}: times count from 1970 on`)
    return data.timestampType === 'none' ? timestampMs : undefined
  }

  /** `source` is the object as it is written in the line. */
  private bytes(
    data: Record<string, unknown>,
    name: string,
    source: () => JsonText | undefined,
  ): Buffer | null {
    const encoded = data[`${name}Base64`]
    if (encoded !== undefined) {
      if (typeof encoded !== 'string' || !isBase64(encoded)) return this.fail(`"${name}Base64" is not base64`)
      return Buffer.from(encoded, 'base64')
    }
    const value = data[name]
    if (typeof value === 'string') return Buffer.from(this.wellFormed(value, name))
    if (value === undefined || value === null) return null
    return Buffer.from(source()?.member(name)?.toString() ?? JSON.stringify(value))
  }

  /** Half of a surrogate pair has no bytes in UTF-8: something else would be stored. */
  private wellFormed(text: string, name: string): string {
    return this.mayHaveHalves && HALF_A_PAIR.test(text)
      ? this.fail(`"${name}" has half of a surrogate pair, which is no character`, NOT_TEXT)
      : text
  }

  private headers(value: unknown, source: () => JsonText | undefined): readonly InputHeader[] {
    if (value === undefined || value === null) return NO_HEADERS
    if (Array.isArray(value)) {
      return value.map((header: unknown, i) => {
        if (!isObject(header)) return this.fail('a header is an object with "key" and "value"')
        return this.header(header, () => source()?.element(i))
      })
    }
    if (!isObject(value)) return this.fail('"headers" is neither a list nor an object')
    return Object.keys(value).map((key) => ({
      key: this.wellFormed(key, 'headers'),
      value: this.bytes(value, key, source),
    }))
  }

  private header(data: Record<string, unknown>, source: () => JsonText | undefined): InputHeader {
    const value = this.bytes(data, 'value', source)
    if (data.keyBase64 !== undefined) {
      const keyBytes = this.bytes(data, 'key', source) ?? Buffer.alloc(0)
      return { key: keyBytes.toString('utf8'), keyBytes, value }
    }
    if (typeof data.key !== 'string') return this.fail('a header needs a "key" that is a string')
    return { key: this.wellFormed(data.key, 'key'), value }
  }
}

function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}

/** Padded or not; what is left over of the last group is a byte or two. */
function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1
}
