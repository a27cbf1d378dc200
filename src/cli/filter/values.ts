import type { OutputHeader, OutputRecord } from '../records/json-record.ts'
import { tryTime } from '../records/offset-grammar.ts'
import type { Field } from './ast.ts'

/** What a field has in a record: bytes are text that may also be read as a number; undefined is not there. */
export type Value = undefined | null | boolean | number | string | Buffer | object

export type Read = (record: OutputRecord) => Value

type Bytes = (record: OutputRecord) => Buffer | null | undefined
type Decoded = (record: OutputRecord) => Value

/** Makes the readers of one filter. The JSON of a key, value or header is decoded at most once for a record, and only on demand. */
export class Fields {
  private readonly documents = new Map<string, Decoded>()

  reader(field: Field): Read {
    const { root, path } = field
    switch (root) {
      case 'partition':
        return (record) => record.partition
      case 'offset':
        return (record) => record.offset
      case 'timestamp':
        return (record) => (record.timestampMs < 0 ? null : record.timestampMs)
      case 'size':
        return sizeOf
      case 'topic':
        return (record) => record.topic
      default: {
        const bytes = bytesOf(field)
        if (path.length === 0) return bytes
        const document = this.document(`${root} ${field.name ?? ''}`, bytes)
        return (record) => follow(document(record), path)
      }
    }
  }

  private document(name: string, bytes: Bytes): Decoded {
    const known = this.documents.get(name)
    if (known !== undefined) return known
    let last: OutputRecord | undefined
    let data: Value
    const made: Decoded = (record) => {
      if (record !== last) {
        last = record
        data = decode(bytes(record))
      }
      return data
    }
    this.documents.set(name, made)
    return made
  }
}

/** Without the field a filter would wait for: that of the last header of the name (Headers.lastHeader). */
function bytesOf({ root, name }: Field): Bytes {
  if (root === 'key') return (record) => record.key
  if (root === 'value') return (record) => record.value
  return (record) => record.headers.findLast((header) => header.key === name)?.value
}

/** Key, value and headers together. */
function sizeOf({ key, value, headers }: OutputRecord): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0)
  for (const header of headers) size += headerSize(header)
  return size
}

function headerSize({ key, keyBytes, value }: OutputHeader): number {
  return (keyBytes?.length ?? Buffer.byteLength(key)) + (value?.length ?? 0)
}

const BRACE = 0x7b
const BRACKET = 0x5b

/** Only lists and objects have something inside; what is no JSON has nothing. */
function decode(bytes: Buffer | null | undefined): Value {
  if (!bytes) return undefined
  let at = 0
  while (at < bytes.length && isBlank(bytes[at])) at++
  if (bytes[at] !== BRACE && bytes[at] !== BRACKET) return undefined
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function follow(start: Value, path: readonly (string | number)[]): Value {
  let value: Value = start
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined
    if (typeof step === 'number') value = Array.isArray(value) ? value.at(step) : undefined
    else value = Object.hasOwn(value, step) && !Array.isArray(value) ? Reflect.get(value, step) : undefined
  }
  return value
}

/** Bytes as text, text as it is, numbers and truth values as JSON writes them. */
export function textOf(value: Value): string | undefined {
  if (value instanceof Buffer) return value.toString('utf8')
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

const NUMBER = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?\s*$/i

/** Of bytes that are the text of a number; NaN of everything else. */
export function numberOf(value: Value): number {
  if (typeof value === 'number') return value
  // No number that is worth comparing is longer.
  if (!(value instanceof Buffer) || value.length > 40) return Number.NaN
  const text = value.toString('latin1')
  return NUMBER.test(text) ? Number(text) : Number.NaN
}

/** Milliseconds, or the text of a moment with its zone; NaN of everything else. */
export function timeOf(value: Value): number {
  if (typeof value === 'number') return value
  if (value instanceof Buffer && value.length > 40) return Number.NaN
  const text = textOf(value)
  if (text === undefined || typeof value === 'boolean') return Number.NaN
  return /^\d{4}-/.test(text) ? (tryTime(text, 0) ?? Number.NaN) : numberOf(Buffer.from(text))
}
