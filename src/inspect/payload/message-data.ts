/**
 * Messages read as Kafka's generated classes read them, and given as their JSON converters give them: faults have Kafka's
 * words, numbers of 64 bits are exact, a version that is too new is read as the newest. For showing what lies in a record;
 * what is to be worked with is decoded by `MessageType`.
 */
import {
  type Fields,
  includesVersion,
  type MessageType,
  parseVersions,
  type VersionRange,
} from '../../protocol/index.ts'

/** A message as JSON data: objects, arrays, strings, numbers, booleans and null. A bigint is a number beyond 2^53. */
export type MessageData = { [field: string]: unknown }

/** The bytes are not the message. `javaText` is the message of Java's exception; some have none. */
export class MessageDataError extends Error {
  readonly javaText: string | null

  constructor(javaText: string | null) {
    super(javaText ?? 'the bytes end too early')
    this.javaText = javaText
  }
}

export function readMessageData<F extends Fields>(
  type: MessageType<F>,
  bytes: Buffer,
  at: number,
  version: number,
): MessageData {
  return new DataReader(bytes, at, version, type.isFlexible(version)).struct(type.fields)
}

type Field = Fields[string]

const ranges = new Map<string, VersionRange>()

function isIn(versions: string | undefined, version: number): boolean {
  if (versions === undefined) return false
  let range = ranges.get(versions)
  if (range === undefined) {
    range = parseVersions(versions)
    ranges.set(versions, range)
  }
  return includesVersion(range, version)
}

class DataReader {
  private readonly bytes: Buffer
  private readonly version: number
  private readonly isFlexible: boolean
  private at: number

  constructor(bytes: Buffer, at: number, version: number, isFlexible: boolean) {
    this.bytes = bytes
    this.at = at
    this.version = version
    this.isFlexible = isFlexible
  }

  struct(fields: Fields): MessageData {
    const present = Object.entries(fields).filter(([, field]) => isIn(field.versions, this.version))
    const isTagged = (field: Field) => isIn(field.options.tagged, this.version)
    const values = new Map<string, unknown>()
    for (const [name, field] of present)
      if (!isTagged(field)) values.set(name, this.field(name, field.kind, field))
    if (this.isFlexible)
      this.tags(
        present.filter(([, field]) => isTagged(field)),
        values,
      )
    const data: MessageData = {}
    for (const [name] of present) if (values.has(name)) data[name] = values.get(name)
    return data
  }

  private tags(tagged: readonly (readonly [string, Field])[], values: Map<string, unknown>): void {
    for (let left = this.uvarint(); left > 0; left--) {
      const tag = this.uvarint()
      const size = this.uvarint()
      const known = tagged.find(([, field]) => field.options.tag === tag)
      if (known === undefined) {
        this.array(size)
        continue
      }
      const [name, field] = known
      const value = this.field(name, field.kind, field)
      if (!isDefault(value, field.options.default)) values.set(name, value)
    }
  }

  private field(name: string, kind: Field['kind'], field: Field): unknown {
    const isNullable = isIn(field.options.nullable, this.version)
    switch (kind) {
      case 'struct':
        return isNullable && this.fixed(1).readInt8() < 0 ? null : this.struct(field.fields ?? {})
      case 'array':
        return this.list(name, field, isNullable)
      case 'string':
        return this.text(name, isNullable)
      case 'bytes':
      case 'records': {
        const length = this.length(4)
        return length < 0 ? this.null(name, isNullable) : this.array(length).toString('base64')
      }
      default:
        return this.number(kind)
    }
  }

  private list(name: string, field: Field, isNullable: boolean): unknown {
    const { element } = field
    const length = this.length(4)
    if (length < 0) return this.null(name, isNullable)
    const left = this.bytes.length - this.at
    if (length > left) {
      throw new MessageDataError(
        `Tried to allocate a collection of size ${length}, but there are only ${left} bytes remaining.`,
      )
    }
    const one = { ...field, options: {} }
    return Array.from({ length }, () =>
      typeof element === 'string' ? this.field(`${name} element`, element, one) : this.struct(element ?? {}),
    )
  }

  private text(name: string, isNullable: boolean): string | null {
    const length = this.length(2)
    if (length < 0) return this.null(name, isNullable)
    if (length > 0x7fff) throw new MessageDataError(`string field ${name} had invalid length ${length}`)
    return this.array(length).toString('utf8')
  }

  private null(name: string, isNullable: boolean): null {
    if (isNullable) return null
    throw new MessageDataError(`non-nullable field ${name} was serialized as null`)
  }

  private number(kind: Field['kind']): unknown {
    switch (kind) {
      case 'bool':
        return this.fixed(1)[0] !== 0
      case 'int8':
        return this.fixed(1).readInt8()
      case 'int16':
        return this.fixed(2).readInt16BE()
      case 'uint16':
        return this.fixed(2).readUInt16BE()
      case 'int32':
        return this.fixed(4).readInt32BE()
      case 'int64': {
        const exact = this.fixed(8).readBigInt64BE()
        return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact
      }
      case 'float64':
        return this.fixed(8).readDoubleBE()
      default:
        return this.fixed(16).toString('base64url')
    }
  }

  /** In front of text, bytes and arrays; -1 stands for null. */
  private length(sizeBytes: 2 | 4): number {
    return this.isFlexible ? this.uvarint() - 1 : this.fixed(sizeBytes).readIntBE(0, sizeBytes)
  }

  private uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.fixed(1)[0] ?? 0
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    const hex = (value >>> 0).toString(16)
    throw new MessageDataError(
      `Varint is too long, the most significant bit in the 5th byte is set, converted value: ${hex}`,
    )
  }

  /** Java's BufferUnderflowException has no message. */
  private fixed(sizeBytes: number): Buffer {
    if (sizeBytes > this.bytes.length - this.at) throw new MessageDataError(null)
    this.at += sizeBytes
    return this.bytes.subarray(this.at - sizeBytes, this.at)
  }

  private array(sizeBytes: number): Buffer {
    const left = this.bytes.length - this.at
    if (sizeBytes <= left) return this.fixed(sizeBytes)
    throw new MessageDataError(
      `Error reading byte array of ${sizeBytes} byte(s): only ${left} byte(s) available`,
    )
  }
}

function isDefault(value: unknown, standard: unknown): boolean {
  if (standard !== undefined) return value === standard
  if (Array.isArray(value) || typeof value === 'string') return value.length === 0
  return value === 0 || value === false || value === null
}

/** Jackson's spelling: no spaces, escapes of control characters in capitals, every number exact. */
export function toJacksonJson(data: unknown): string {
  if (Array.isArray(data)) return `[${data.map(toJacksonJson).join(',')}]`
  if (typeof data === 'object' && data !== null) {
    const members = Object.entries(data).map(([name, value]) => `${jsonText(name)}:${toJacksonJson(value)}`)
    return `{${members.join(',')}}`
  }
  return typeof data === 'string' ? jsonText(data) : String(data)
}

function jsonText(text: string): string {
  return JSON.stringify(text).replace(/\\u00[0-9a-f]{2}/g, (code) => `\\u${code.slice(2).toUpperCase()}`)
}

/** The version in front of a record of an internal topic, or undefined when not even that is there. */
export function versionOf(bytes: Buffer): number | undefined {
  return bytes.length < 2 ? undefined : bytes.readInt16BE(0)
}
