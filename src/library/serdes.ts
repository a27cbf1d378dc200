import { ConfigError } from '../base/config-def.ts'
import { nearestName } from '../base/edit-distance.ts'
import type { ConsumerRecord } from '../client/index.ts'

/** A header of a record that was read; its value is a view of the batch. */
export type RecordHeader = ConsumerRecord['headers'][number]

/**
 * Makes bytes of a key or a value. A string counts as its UTF-8 bytes. Null and undefined never come here: they are the
 * null of Kafka. What it throws refuses the record.
 */
export type Serializer<T> = (data: T, topic: string) => Uint8Array | string

/**
 * Makes a key or a value of bytes, which are a view of the fetched batch: copy what is to be kept. Null never comes here.
 * What it throws becomes a {@link RecordDeserializationError}.
 */
export type Deserializer<T> = (data: Buffer, topic: string, headers: readonly RecordHeader[]) => T

/** The types that the names of deserializers stand for; serializers take these, and what can become them. */
export interface SerdeTypes {
  /** UTF-8. */
  string: string
  /** JSON in UTF-8. */
  json: unknown
  bytes: Buffer
  /** Two bytes, big-endian, as Java's short. */
  short: number
  /** Four bytes, big-endian, as Java's int. */
  int: number
  /** Eight bytes, big-endian, as Java's long. */
  long: bigint
  float: number
  double: number
  boolean: boolean
  /** The text of it in UTF-8, in lower case. */
  uuid: string
  /** Always null. */
  void: null
}

/** A name that stands for a serializer and a deserializer. */
export type SerdeName = keyof SerdeTypes

type Input<N extends SerdeName> = N extends 'bytes'
  ? Uint8Array
  : N extends 'long'
    ? bigint | number
    : SerdeTypes[N]

interface Serde<N extends SerdeName> {
  readonly serialize: Serializer<Input<N>>
  readonly deserialize: Deserializer<SerdeTypes[N]>
}

/** Kafka's own, in org.apache.kafka.common.serialization, with their bytes; and JSON. */
const SERDES: { readonly [N in SerdeName]: Serde<N> } = {
  string: {
    serialize: (data) => requireType(data, 'string'),
    deserialize: (data) => data.toString('utf8'),
  },
  json: {
    serialize: (data) => {
      const text = JSON.stringify(data) as string | undefined
      if (text === undefined) throw new TypeError(`JSON has no ${typeof data}`)
      return text
    },
    deserialize: (data) => JSON.parse(data.toString('utf8')) as unknown,
  },
  bytes: {
    serialize: (data) => {
      if (!(data instanceof Uint8Array)) throw new TypeError(`a ${typeof data} is no Uint8Array`)
      return data
    },
    deserialize: (data) => data,
  },
  short: fixed(
    2,
    (bytes, data: number) => bytes.writeInt16BE(requireInteger(data)),
    (bytes) => bytes.readInt16BE(),
  ),
  int: fixed(
    4,
    (bytes, data: number) => bytes.writeInt32BE(requireInteger(data)),
    (bytes) => bytes.readInt32BE(),
  ),
  long: fixed(
    8,
    (bytes, data: bigint | number) => bytes.writeBigInt64BE(BigInt(data)),
    (bytes) => bytes.readBigInt64BE(),
  ),
  float: fixed(
    4,
    (bytes, data: number) => bytes.writeFloatBE(requireType(data, 'number')),
    (bytes) => bytes.readFloatBE(),
  ),
  double: fixed(
    8,
    (bytes, data: number) => bytes.writeDoubleBE(requireType(data, 'number')),
    (bytes) => bytes.readDoubleBE(),
  ),
  boolean: fixed(
    1,
    (bytes, data: boolean) => bytes.writeInt8(requireType(data, 'boolean') ? 1 : 0),
    (bytes) => {
      const byte = bytes.readInt8()
      if (byte !== 0 && byte !== 1) throw new RangeError(`unexpected byte ${byte}, a boolean is 0 or 1`)
      return byte === 1
    },
  ),
  uuid: { serialize: requireUuid, deserialize: (data) => requireUuid(data.toString('utf8')) },
  void: {
    serialize: () => {
      throw new TypeError('only null has no bytes')
    },
    deserialize: () => {
      throw new RangeError('there are bytes, and void has none')
    },
  },
}

const JAVA_PACKAGE = 'org.apache.kafka.common.serialization.'

/** Simple names of Kafka's classes, less `Serializer` or `Deserializer`. */
const JAVA_NAMES = {
  String: 'string',
  ByteArray: 'bytes',
  ByteBuffer: 'bytes',
  Bytes: 'bytes',
  Short: 'short',
  Integer: 'int',
  Long: 'long',
  Float: 'float',
  Double: 'double',
  Boolean: 'boolean',
  UUID: 'uuid',
  Void: 'void',
} as const satisfies Readonly<Record<string, SerdeName>>

/** A class of Kafka's, with or without its package: `StringSerializer`. */
type JavaSerializer<N extends string = string> = `${'' | typeof JAVA_PACKAGE}${N}Serializer`
type JavaDeserializer<N extends string = string> = `${'' | typeof JAVA_PACKAGE}${N}Deserializer`
type JavaName = keyof typeof JAVA_NAMES

/** What a producer takes without a serializer. */
export type PlainSerializer = Serializer<Uint8Array | string>
/** What a consumer gives without a deserializer. */
export type PlainDeserializer = Deserializer<Buffer>

/** What a configuration may name: a function, one of {@link SerdeTypes}, or a class of Kafka's. */
export type SerializerOption<T = never> = Serializer<T> | SerdeName | JavaSerializer<JavaName>
/** The same for reading. */
export type DeserializerOption<T = unknown> = Deserializer<T> | SerdeName | JavaDeserializer<JavaName>

/** What a serializer takes. */
export type Serializable<S> = S extends SerdeName
  ? Input<S>
  : S extends JavaSerializer<infer N extends JavaName>
    ? Input<(typeof JAVA_NAMES)[N]>
    : S extends Serializer<infer T>
      ? T
      : never

/** What a deserializer gives. */
export type Deserialized<D> = D extends SerdeName
  ? SerdeTypes[D]
  : D extends JavaDeserializer<infer N extends JavaName>
    ? SerdeTypes[(typeof JAVA_NAMES)[N]]
    : D extends Deserializer<infer T>
      ? T
      : never

/** Without one bytes and text are taken. Throws a {@link ConfigError} for what is none. */
export function serializerOf(given: unknown, property: string): Serializer<unknown> {
  if (given === undefined) return plain as Serializer<unknown>
  if (typeof given === 'function') return given as Serializer<unknown>
  return SERDES[nameOf(given, property, 'Serializer')].serialize as Serializer<unknown>
}

/** Undefined for bytes, which are given as they come. */
export function deserializerOf(given: unknown, property: string): Deserializer<unknown> | undefined {
  if (given === undefined || typeof given === 'function') return given as Deserializer<unknown> | undefined
  const name = nameOf(given, property, 'Deserializer')
  return name === 'bytes' ? undefined : SERDES[name].deserialize
}

function plain(data: unknown): Uint8Array | string {
  if (typeof data === 'string' || data instanceof Uint8Array) return data
  throw new TypeError(`a ${typeof data} needs a serializer: 'json', for one`)
}

function nameOf(given: unknown, property: string, suffix: string): SerdeName {
  if (typeof given === 'string') {
    if (Object.hasOwn(SERDES, given)) return given as SerdeName
    const simple = given.startsWith(JAVA_PACKAGE) ? given.slice(JAVA_PACKAGE.length) : given
    const stem = simple.endsWith(suffix) ? simple.slice(0, -suffix.length) : ''
    const name = Object.hasOwn(JAVA_NAMES, stem) ? JAVA_NAMES[stem as JavaName] : undefined
    if (name !== undefined) return name
  }
  const names = Object.keys(SERDES)
  const nearest = typeof given === 'string' ? nearestName(given, names) : undefined
  throw new ConfigError(`Invalid value ${String(given)} for configuration ${property}`, {
    hint:
      nearest === undefined ? `It is a function, or one of ${names.join(', ')}.` : `Did you mean ${nearest}?`,
  })
}

function fixed<I, O>(
  sizeBytes: number,
  write: (bytes: Buffer, data: I) => unknown,
  read: (bytes: Buffer) => O,
): { readonly serialize: Serializer<I>; readonly deserialize: Deserializer<O> } {
  return {
    serialize: (data) => {
      const bytes = Buffer.allocUnsafe(sizeBytes)
      write(bytes, data)
      return bytes
    },
    deserialize: (data) => {
      if (data.length !== sizeBytes)
        throw new RangeError(`${data.length} bytes, and ${sizeBytes} are expected`)
      return read(data)
    },
  }
}

function requireType<T>(data: T, type: 'string' | 'number' | 'boolean'): T {
  if (typeof data !== type) throw new TypeError(`a ${typeof data} is no ${type}`)
  return data
}

/** Node would cut the fraction off. */
function requireInteger(data: number): number {
  if (!Number.isInteger(data)) throw new RangeError(`${data} is no integer`)
  return data
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function requireUuid(text: string): string {
  const lower = requireType(text, 'string').toLowerCase()
  if (!UUID.test(lower)) throw new RangeError(`'${text}' is no UUID`)
  return lower
}
