import {
  type Fields,
  includesVersion,
  type MessageType,
  parseVersions,
  Reader,
} from '../../protocol/index.ts'

/** A message as JSON data: objects, arrays, strings, numbers, booleans and null. */
export type MessageData = { [field: string]: unknown }

/**
 * Decodes a message and gives it as Kafka's generated JSON converters do: the fields of the version in their order, bytes
 * as base64, tagged fields only when they are not the default. A version that is too new is read as the newest we know.
 */
export function decodeToData<F extends Fields>(
  type: MessageType<F>,
  bytes: Buffer,
  at: number,
  version: number,
): MessageData {
  const known = Math.min(Math.max(version, type.versions.from), type.versions.to)
  return toData(type.fields, type.decode(new Reader(bytes, at), known), known)
}

function toData(fields: Fields, value: Readonly<Record<string, unknown>>, version: number): MessageData {
  const data: MessageData = {}
  for (const [name, field] of Object.entries(fields)) {
    const { tagged, default: standard } = field.options
    if (!includesVersion(parseVersions(field.versions), version)) continue
    const isTagged = tagged !== undefined && includesVersion(parseVersions(tagged), version)
    if (isTagged && isDefault(value[name], standard)) continue
    const element = field.fields ?? field.element
    data[name] = valueToData(value[name], typeof element === 'object' ? element : undefined, version)
  }
  return data
}

function valueToData(value: unknown, fields: Fields | undefined, version: number): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (Array.isArray(value)) return value.map((item) => valueToData(item, fields, version))
  if (fields === undefined || typeof value !== 'object' || value === null) return value
  return toData(fields, value as Record<string, unknown>, version)
}

function isDefault(value: unknown, standard: unknown): boolean {
  if (standard !== undefined) return value === standard
  if (Array.isArray(value) || typeof value === 'string' || Buffer.isBuffer(value)) return value.length === 0
  return value === 0 || value === false || value === null
}

/** Jackson's spelling: no spaces, and escapes of control characters in capitals. */
export function toJacksonJson(data: unknown): string {
  return JSON.stringify(data).replace(/\\u00[0-9a-f]{2}/g, (code) => `\\u${code.slice(2).toUpperCase()}`)
}

/** The version in front of a record of an internal topic, or undefined when not even that is there. */
export function versionOf(bytes: Buffer): number | undefined {
  return bytes.length < 2 ? undefined : bytes.readInt16BE(0)
}
