import type { FileRange } from '../base/file-system.ts'
import type { Part } from '../base/network.ts'
import { CodecError } from './codec-error.ts'
import type { SharedList } from './shared-list.ts'

const TWO_32 = 4294967296
const UUID_CHARACTERS = 22

/** A record set as it is sent: bytes, or several stretches of bytes and files, one behind the other. */
export type RecordsInput = Uint8Array | readonly Part[] | null

/**
 * Writes Kafka's primitive types into a growing buffer. Record sets are never copied: the buffer is cut there and the
 * record set becomes a part of its own, so that file ranges stay file ranges down to the socket.
 */
export class Writer {
  private buffer: Buffer
  private view: DataView
  private position: number
  /** Where the piece that is not yet among the parts begins. */
  private pieceStart = 0
  private readonly parts: Part[] = []
  private partsLength = 0

  constructor(sizeHint = 256) {
    this.buffer = Buffer.allocUnsafe(sizeHint)
    this.view = viewOf(this.buffer)
    this.position = 0
  }

  /** Bytes written so far, record sets included. */
  get length(): number {
    return this.partsLength + this.position - this.pieceStart
  }

  private reserve(size: number): number {
    const at = this.position
    if (at + size > this.buffer.length) return this.grow(size)
    this.position = at + size
    return at
  }

  /** Bytes already among the parts stay where they are; only the open piece moves. */
  private grow(size: number): number {
    const open = this.buffer.subarray(this.pieceStart, this.position)
    const next = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, open.length + size + 64))
    open.copy(next, 0)
    this.buffer = next
    this.view = viewOf(next)
    this.pieceStart = 0
    this.position = open.length + size
    return open.length
  }

  /** The place is reserved first: growing replaces the buffer. */
  private byte(value: number): void {
    const at = this.reserve(1)
    this.buffer[at] = value
  }

  bool(value: boolean): void {
    this.byte(value ? 1 : 0)
  }

  int8(value: number): void {
    if (!(value >= -0x80 && value <= 0x7f)) throw outOfRange(value, 'int8')
    const at = this.reserve(1)
    this.view.setInt8(at, value)
  }

  int16(value: number): void {
    if (!(value >= -0x8000 && value <= 0x7fff)) throw outOfRange(value, 'int16')
    const at = this.reserve(2)
    this.view.setInt16(at, value)
  }

  uint16(value: number): void {
    if (!(value >= 0 && value <= 0xffff)) throw outOfRange(value, 'uint16')
    const at = this.reserve(2)
    this.view.setUint16(at, value)
  }

  int32(value: number): void {
    if (!(value >= -0x80000000 && value <= 0x7fffffff)) throw outOfRange(value, 'int32')
    const at = this.reserve(4)
    this.view.setInt32(at, value)
  }

  uint32(value: number): void {
    if (!(value >= 0 && value <= 0xffffffff)) throw outOfRange(value, 'uint32')
    const at = this.reserve(4)
    this.view.setUint32(at, value)
  }

  int64(value: number): void {
    if (!Number.isSafeInteger(value))
      throw new CodecError(`${value} is not a 64-bit number that we can write`)
    const at = this.reserve(8)
    const high = Math.floor(value / TWO_32)
    this.view.setInt32(at, high)
    this.view.setUint32(at + 4, value - high * TWO_32)
  }

  float64(value: number): void {
    const at = this.reserve(8)
    this.view.setFloat64(at, value)
  }

  uuid(value: string): void {
    if (value.length !== UUID_CHARACTERS) throw new CodecError(`not a Kafka uuid: '${value}'`)
    const at = this.reserve(16)
    if (this.buffer.write(value, at, 16, 'base64url') !== 16)
      throw new CodecError(`not a Kafka uuid: '${value}'`)
  }

  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length)
    this.buffer.set(bytes, at)
  }

  uvarint(value: number): void {
    let left = value
    while (left >= 0x80) {
      this.byte((left % 128) + 128)
      left = Math.floor(left / 128)
    }
    this.byte(left)
  }

  string(value: string): void {
    const length = stringLength(value)
    this.int16(length)
    this.text(value, length)
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(-1)
    else this.string(value)
  }

  compactString(value: string): void {
    const length = stringLength(value)
    this.uvarint(length + 1)
    this.text(value, length)
  }

  compactNullableString(value: string | null): void {
    if (value === null) this.uvarint(0)
    else this.compactString(value)
  }

  private text(value: string, length: number): void {
    const at = this.reserve(length)
    this.buffer.write(value, at, length, 'utf8')
  }

  bytes(value: Uint8Array): void {
    this.int32(value.length)
    this.raw(value)
  }

  nullableBytes(value: Uint8Array | null): void {
    if (value === null) this.int32(-1)
    else this.bytes(value)
  }

  compactBytes(value: Uint8Array): void {
    this.uvarint(value.length + 1)
    this.raw(value)
  }

  compactNullableBytes(value: Uint8Array | null): void {
    if (value === null) this.uvarint(0)
    else this.compactBytes(value)
  }

  arrayLength(count: number): void {
    this.int32(count)
  }

  compactArrayLength(count: number): void {
    this.uvarint(count + 1)
  }

  /** An array whose bytes are kept for the next message that it goes into. */
  sharedArray<T>(
    list: SharedList<T>,
    encode: (writer: Writer, element: T) => void,
    isCompact: boolean,
  ): void {
    let bytes = list.encodings.get(encode)
    if (bytes === undefined) {
      const scratch = new Writer(list.length * 64)
      if (isCompact) scratch.compactArrayLength(list.length)
      else scratch.arrayLength(list.length)
      for (const element of list) encode(scratch, element)
      bytes = scratch.toBuffer()
      list.encodings.set(encode, bytes)
    }
    this.addPart(bytes)
  }

  records(value: RecordsInput): void {
    if (value === null) this.int32(-1)
    else {
      this.int32(recordsLength(value))
      this.addParts(value)
    }
  }

  compactRecords(value: RecordsInput): void {
    if (value === null) this.uvarint(0)
    else {
      this.uvarint(recordsLength(value) + 1)
      this.addParts(value)
    }
  }

  private addParts(value: Uint8Array | readonly Part[]): void {
    if (value instanceof Uint8Array) this.addPart(value)
    else for (const part of value) this.addPart(part)
  }

  private addPart(part: Uint8Array | FileRange): void {
    if (part.length === 0) {
      if (!(part instanceof Uint8Array)) part.release()
      return
    }
    this.closePiece()
    this.parts.push(part)
    this.partsLength += part.length
  }

  private closePiece(): void {
    if (this.position === this.pieceStart) return
    this.parts.push(this.buffer.subarray(this.pieceStart, this.position))
    this.partsLength += this.position - this.pieceStart
    this.pieceStart = this.position
  }

  /** A tagged field: its size stands before it, so it is written aside first. */
  tagged(tag: number, write: (scratch: Writer) => void): void {
    const scratch = new Writer(64)
    write(scratch)
    const bytes = scratch.toBuffer()
    this.uvarint(tag)
    this.uvarint(bytes.length)
    this.raw(bytes)
  }

  /** Everything written, in order. The writer must not be used afterwards. */
  finish(): Part[] {
    this.closePiece()
    return this.parts
  }

  /** Everything written as one buffer; only for messages without file ranges. */
  toBuffer(): Buffer {
    const parts = this.finish()
    const bytes = parts.map((part) => {
      if (!(part instanceof Uint8Array)) throw new CodecError('a file range cannot be copied into a buffer')
      return part
    })
    const first = bytes[0]
    if (bytes.length === 1 && first !== undefined)
      return Buffer.from(first.buffer, first.byteOffset, first.length)
    return Buffer.concat(bytes)
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
}

function outOfRange(value: number, kind: string): CodecError {
  return new CodecError(`${value} is no ${kind}`)
}

function stringLength(value: string): number {
  const length = Buffer.byteLength(value, 'utf8')
  if (length > 0x7fff) throw new CodecError(`a string of ${length} bytes; 32767 is the most`)
  return length
}

function recordsLength(value: Uint8Array | readonly Part[]): number {
  if (value instanceof Uint8Array) return value.length
  let length = 0
  for (const part of value) length += part.length
  return length
}
