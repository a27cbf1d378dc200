/**
 * One record of a v2 batch (org.apache.kafka.common.record.DefaultRecord):
 *
 *     varint length of all that follows | int8 attributes (unused)
 *     varlong timestamp - base timestamp | varint offset - base offset
 *     varint key length (-1: null) | key | varint value length (-1: null) | value
 *     varint header count | headers: varint key length | key | varint value length (-1: null) | value
 */
import { isUtf8 } from 'node:buffer'
import {
  sizeOfVarint,
  sizeOfVarlong,
  VarintError,
  VarintReader,
  writeVarint,
  writeVarlong,
} from '../base/varint.ts'
import { InvalidBatchError } from './errors.ts'

export interface RecordHeader {
  readonly key: string
  /** The key as it lies there, when it is not UTF-8: only these bytes can be written again. */
  readonly keyBytes?: Buffer
  readonly value: Buffer | null
}

/** What a writer gives: any bytes will do. */
export interface HeaderInput {
  readonly key: string
  /** Wins over `key`. */
  readonly keyBytes?: Uint8Array
  readonly value: Uint8Array | null
}

/** Key, value and header values are views of the batch (or of its decompressed records). Null is not empty. */
export interface LogRecord {
  readonly offset: number
  /** Milliseconds since the epoch, -1 for none. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
  /** The idempotent producer's number of this record, -1 for none. */
  readonly sequence: number
}

export const NO_HEADERS: readonly RecordHeader[] = Object.freeze([])

/** The smallest record: length, attributes, two deltas, null key and value, no headers. */
export const MIN_RECORD_BYTES = 7

export function invalidRecord(message: string, cause?: unknown): InvalidBatchError {
  return new InvalidBatchError('invalid-record', message, { cause })
}

/** Turns what the varint reader throws into the error of this room. */
export function translateRecordError(error: unknown): unknown {
  return error instanceof VarintError ? invalidRecord('the structure of a record is invalid', error) : error
}

/** The record as it lies in the batch: deltas instead of offset and timestamp. Filled anew for each record. */
export class RawRecord {
  timestampDelta = 0
  offsetDelta = 0
  /** Positions in the reader's bytes; a length of -1 is null. */
  keyAt = 0
  keyLength = -1
  valueAt = 0
  valueLength = -1
  /** Where the headers start, behind their count. */
  headersAt = 0
  headerCount = 0
}

/** Moves `reader` over one record, checks that its lengths agree, and fills `into`. Allocates nothing. */
export function readRawRecord(reader: VarintReader, into: RawRecord): void {
  const end = readPlainRecord(reader.bytes, reader.position, reader.end, into)
  if (end > 0) reader.position = end
  else readAnyRecord(reader, into)
}

/**
 * Nearly every record has numbers of one or two bytes and no headers, and the speed of this function is that of produce
 * and consume. So the varint is written out for each field: with positions in local variables and branches that the
 * processor foresees it takes a third of the time that a reader takes, which moves a field of an object. Returns where
 * the record ends; 0 when it is another one, or no record at all.
 */
function readPlainRecord(bytes: Uint8Array, start: number, end: number, into: RawRecord): number {
  // Behind the end of the bytes everything is `undefined`: then the lengths do not agree.
  let at = start
  let length = bytes[at++] as number
  if (length >= 0x80) {
    const high = bytes[at++] as number
    if (high >= 0x80) return 0
    length = (length & 0x7f) | (high << 7)
  }
  const recordEnd = at + ((length >>> 1) ^ -(length & 1))
  if (recordEnd > end) return 0
  at++
  let timestamp = bytes[at++] as number
  if (timestamp >= 0x80) {
    const high = bytes[at++] as number
    if (high >= 0x80) return 0
    timestamp = (timestamp & 0x7f) | (high << 7)
  }
  let offset = bytes[at++] as number
  if (offset >= 0x80) {
    const high = bytes[at++] as number
    if (high >= 0x80) return 0
    offset = (offset & 0x7f) | (high << 7)
  }
  let key = bytes[at++] as number
  if (key >= 0x80) {
    const high = bytes[at++] as number
    if (high >= 0x80) return 0
    key = (key & 0x7f) | (high << 7)
  }
  into.keyLength = (key >>> 1) ^ -(key & 1)
  into.keyAt = at
  if (into.keyLength > 0) at += into.keyLength
  let value = bytes[at++] as number
  if (value >= 0x80) {
    const high = bytes[at++] as number
    if (high >= 0x80) return 0
    value = (value & 0x7f) | (high << 7)
  }
  into.valueLength = (value >>> 1) ^ -(value & 1)
  into.valueAt = at
  if (into.valueLength > 0) at += into.valueLength
  if (at + 1 !== recordEnd || bytes[at] !== 0) return 0
  into.timestampDelta = (timestamp >>> 1) ^ -(timestamp & 1)
  into.offsetDelta = (offset >>> 1) ^ -(offset & 1)
  into.headersAt = recordEnd
  into.headerCount = 0
  return recordEnd
}

function readAnyRecord(reader: VarintReader, into: RawRecord): void {
  const length = reader.readVarint()
  const start = reader.position
  if (length < MIN_RECORD_BYTES - 1 || length > reader.end - start) {
    throw invalidRecord(`a record of ${length} bytes where ${reader.end - start} are left`)
  }
  const end = start + length
  reader.position = start + 1
  into.timestampDelta = reader.readVarlong()
  into.offsetDelta = reader.readVarint()
  into.keyLength = reader.readVarint()
  into.keyAt = reader.position
  if (into.keyLength > 0) skip(reader, into.keyLength, end)
  into.valueLength = reader.readVarint()
  into.valueAt = reader.position
  if (into.valueLength > 0) skip(reader, into.valueLength, end)
  const headers = reader.readVarint()
  into.headerCount = headers
  into.headersAt = reader.position
  if (headers !== 0) skipHeaders(reader, headers, end)
  if (reader.position !== end) {
    throw invalidRecord(`a record of ${length} bytes ends after ${reader.position - start}`)
  }
}

function skip(reader: VarintReader, length: number, end: number): void {
  if (length > end - reader.position)
    throw invalidRecord(`a field of ${length} bytes reaches out of its record`)
  reader.position += length
}

function skipHeaders(reader: VarintReader, count: number, end: number): void {
  // Each takes two bytes at least, so a false count ends here or soon.
  if (count < 0 || count > end - reader.position) throw invalidRecord(`a record with ${count} headers`)
  for (let i = 0; i < count; i++) {
    const keyLength = reader.readVarint()
    if (keyLength < 0) throw invalidRecord(`a header key of ${keyLength} bytes`)
    skip(reader, keyLength, end)
    const valueLength = reader.readVarint()
    if (valueLength > 0) skip(reader, valueLength, end)
  }
}

/** `raw` was just read from `reader`, so its lengths hold. */
export function readHeaders(bytes: Buffer, raw: RawRecord): readonly RecordHeader[] {
  if (raw.headerCount === 0) return NO_HEADERS
  const reader = new VarintReader(bytes, raw.headersAt)
  const headers: RecordHeader[] = []
  for (let i = 0; i < raw.headerCount; i++) {
    const keyLength = reader.readVarint()
    const keyAt = reader.position
    reader.position += keyLength
    const valueLength = reader.readVarint()
    const value = view(bytes, reader.position, valueLength)
    if (valueLength > 0) reader.position += valueLength
    const key = bytes.toString('utf8', keyAt, keyAt + keyLength)
    // The sign that stands for what is no text may also have been meant: then it takes three bytes.
    const isText = !key.includes('\ufffd') || isUtf8(bytes.subarray(keyAt, keyAt + keyLength))
    headers.push(isText ? { key, value } : { key, keyBytes: bytes.subarray(keyAt, keyAt + keyLength), value })
  }
  return headers
}

export function view(bytes: Buffer, at: number, length: number): Buffer | null {
  return length < 0 ? null : bytes.subarray(at, at + length)
}

const NO_HEADER_INPUTS: readonly HeaderInput[] = []

/** The length field's value: what follows it. */
export function recordBodySize(
  timestampDelta: number,
  offsetDelta: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: readonly HeaderInput[] = NO_HEADER_INPUTS,
): number {
  let size = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta)
  size += sizeOfBytes(key) + sizeOfBytes(value) + sizeOfVarint(headers.length)
  for (const header of headers) {
    const keySize = headerKeySize(header)
    size += sizeOfVarint(keySize) + keySize + sizeOfBytes(header.value)
  }
  return size
}

/** What the key of a header takes, without its length. */
export function headerKeySize({ key, keyBytes }: HeaderInput): number {
  return keyBytes === undefined ? Buffer.byteLength(key) : keyBytes.length
}

function sizeOfBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length
}

/** Writes the record at `at`, where `bodySize` (see {@link recordBodySize}) fits; returns the position behind it. */
export function writeRecord(
  target: Buffer,
  at: number,
  bodySize: number,
  timestampDelta: number,
  offsetDelta: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: readonly HeaderInput[] = NO_HEADER_INPUTS,
): number {
  let to = writeVarint(target, at, bodySize)
  target[to++] = 0
  to = writeVarlong(target, to, timestampDelta)
  to = writeVarint(target, to, offsetDelta)
  to = writeBytes(target, to, key)
  to = writeBytes(target, to, value)
  to = writeVarint(target, to, headers.length)
  for (const header of headers) {
    const { key: name, keyBytes } = header
    if (keyBytes !== undefined) to = writeBytes(target, to, keyBytes)
    else {
      to = writeVarint(target, to, Buffer.byteLength(name))
      to += target.write(name, to, 'utf8')
    }
    to = writeBytes(target, to, header.value)
  }
  return to
}

function writeBytes(target: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarint(target, at, -1)
  const to = writeVarint(target, at, bytes.length)
  target.set(bytes, to)
  return to + bytes.length
}
