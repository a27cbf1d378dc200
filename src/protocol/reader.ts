import { CodecError } from './codec-error.ts'
import { Repeats } from './repeats.ts'

const TWO_32 = 4294967296

/**
 * Reads Kafka's primitive types from one buffer. Byte fields are views of it, not copies.
 * Every length is compared with the bytes left before anything is made from it.
 */
export class Reader {
  readonly buffer: Buffer
  position: number
  readonly end: number
  /** Reads numbers without a call into Buffer's methods, which are slow until they are optimized. */
  readonly view: DataView
  /** The field being read; kept only by the tracing decoders, which run again over what failed. */
  field = ''
  private lists: Map<string, Repeats> | undefined

  constructor(buffer: Buffer, position = 0, end = buffer.length) {
    this.buffer = buffer
    this.position = position
    this.end = end
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  }

  get remaining(): number {
    return this.end - this.position
  }

  fail(what: string): never {
    throw new CodecError(what, this.position)
  }

  /** The lists of a field that were read from this buffer. */
  repeats(field: string): Repeats {
    this.lists ??= new Map()
    let found = this.lists.get(field)
    if (found === undefined) {
      found = new Repeats()
      this.lists.set(field, found)
    }
    return found
  }

  /** Steps over that many bytes, which must be there, and gives their position. */
  take(size: number): number {
    const at = this.position
    if (at + size > this.end) this.fail(`${size} bytes wanted, ${this.end - at} left`)
    this.position = at + size
    return at
  }

  bool(): boolean {
    return this.buffer[this.take(1)] !== 0
  }

  int8(): number {
    return this.view.getInt8(this.take(1))
  }

  int16(): number {
    return this.view.getInt16(this.take(2))
  }

  uint16(): number {
    return this.view.getUint16(this.take(2))
  }

  int32(): number {
    return this.view.getInt32(this.take(4))
  }

  uint32(): number {
    return this.view.getUint32(this.take(4))
  }

  /** Values that a number cannot hold exactly are refused: no offset, time or id of Kafka comes near them. */
  int64(): number {
    const at = this.take(8)
    const value = this.view.getInt32(at) * TWO_32 + this.view.getUint32(at + 4)
    if (!Number.isSafeInteger(value)) {
      this.position = at
      this.fail('a 64-bit number beyond 2^53')
    }
    return value
  }

  float64(): number {
    return this.view.getFloat64(this.take(8))
  }

  uuid(): string {
    const at = this.take(16)
    return this.buffer.toString('base64url', at, at + 16)
  }

  /** An unsigned varint of at most 32 bits. */
  uvarint(): number {
    const first = this.buffer[this.position] as number
    // Nearly all are lengths and counts of one byte.
    if (first < 0x80 && this.position < this.end) {
      this.position++
      return first
    }
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.take(1)] as number
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value > 0xffffffff) this.fail('a varint over 32 bits')
        return value
      }
    }
    return this.fail('a varint over 5 bytes')
  }

  private text(length: number): string {
    const at = this.take(length)
    return length === 0 ? '' : this.buffer.toString('utf8', at, at + length)
  }

  private slice(length: number): Buffer {
    const at = this.take(length)
    return this.buffer.subarray(at, at + length)
  }

  string(): string {
    const length = this.int16()
    if (length < 0) this.fail('null in a string that cannot be null')
    return this.text(length)
  }

  nullableString(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.text(length)
  }

  compactString(): string {
    const length = this.uvarint() - 1
    if (length < 0) this.fail('null in a string that cannot be null')
    if (length > 0x7fff) this.fail(`a string of length ${length}`)
    return this.text(length)
  }

  compactNullableString(): string | null {
    const length = this.uvarint() - 1
    if (length > 0x7fff) this.fail(`a string of length ${length}`)
    return length < 0 ? null : this.text(length)
  }

  bytes(): Buffer {
    const length = this.int32()
    if (length < 0) this.fail('null in bytes that cannot be null')
    return this.slice(length)
  }

  nullableBytes(): Buffer | null {
    const length = this.int32()
    return length < 0 ? null : this.slice(length)
  }

  compactBytes(): Buffer {
    const length = this.uvarint() - 1
    if (length < 0) this.fail('null in bytes that cannot be null')
    return this.slice(length)
  }

  compactNullableBytes(): Buffer | null {
    const length = this.uvarint() - 1
    return length < 0 ? null : this.slice(length)
  }

  /** The number of elements; negative means null, as everywhere in Kafka. `elementSize` is the least that one element takes on the wire. */
  arrayLength(elementSize: number): number {
    return this.checkedCount(this.int32(), elementSize)
  }

  compactArrayLength(elementSize: number): number {
    return this.checkedCount(this.uvarint() - 1, elementSize)
  }

  int32Array(): number[] {
    return this.int32s(this.arrayLength(4))
  }

  compactInt32Array(): number[] {
    return this.int32s(this.compactArrayLength(4))
  }

  private int32s(count: number): number[] {
    if (count < 0) this.nullArray()
    const { view } = this
    const at = this.take(count * 4)
    if (count === 1) return [view.getInt32(at)]
    if (count === 3) return [view.getInt32(at), view.getInt32(at + 4), view.getInt32(at + 8)]
    const values: number[] = []
    for (let i = 0; i < count; i++) values.push(view.getInt32(at + i * 4))
    return values
  }

  private checkedCount(count: number, elementSize: number): number {
    if (count * elementSize > this.remaining) {
      this.fail(`an array of ${count} elements in ${this.remaining} bytes`)
    }
    return count
  }

  nullArray(): never {
    return this.fail('null in an array that cannot be null')
  }

  /** Checks the size of a tagged field and gives the position behind it. */
  taggedEnd(): number {
    const size = this.uvarint()
    if (size > this.remaining) this.fail(`a tagged field of ${size} bytes, ${this.remaining} left`)
    return this.position + size
  }

  /** A tagged section that holds nothing we know. */
  skipTags(): void {
    for (let left = this.uvarint(); left > 0; left--) {
      this.uvarint()
      this.position = this.taggedEnd()
    }
  }
}
