import { KcliError } from '../base/errors.ts'
import { writeInt64 } from '../base/int64.ts'

/** Bytes that are not what jute, ZooKeeper's serialization, would have written. */
export class JuteError extends KcliError {
  constructor(message: string) {
    super('KCLI_ZOOKEEPER_JUTE', message)
  }
}

/** The input ended inside a record. Java throws EOFException there, and some readers take that for an orderly end. */
export class JuteEndError extends JuteError {}

const NO_BYTES = Buffer.alloc(0)

/**
 * org.apache.jute.BinaryInputArchive: all numbers big-endian; strings (UTF-8) and buffers have an int length before
 * them, where -1 means null; vectors have an int count. Buffers are views of the input.
 */
export class JuteReader {
  readonly bytes: Buffer
  position: number
  /** Faster than Buffer's own methods as long as they are not compiled, and snapshots are read right after the start. */
  private readonly view: DataView

  constructor(bytes: Buffer, position = 0) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.position = position
  }

  get remaining(): number {
    return this.bytes.length - this.position
  }

  readByte(): number {
    return this.view.getUint8(this.advance(1))
  }

  readBoolean(): boolean {
    return this.readByte() !== 0
  }

  readInt(): number {
    return this.view.getInt32(this.advance(4))
  }

  /** A long that must be exact as a number: zxids, times, counts. */
  readLong(): number {
    const at = this.advance(8)
    const value = this.view.getInt32(at) * 0x1_0000_0000 + this.view.getUint32(at + 4)
    if (!Number.isSafeInteger(value)) throw new JuteError(`long at ${at} is out of range`)
    return value
  }

  /** A long that may use all its bits: session ids. */
  readBigLong(): bigint {
    const at = this.advance(8)
    // Most are zero, and making a bigint costs more than looking.
    if (this.view.getInt32(at) === 0 && this.view.getInt32(at + 4) === 0) return 0n
    return this.view.getBigInt64(at)
  }

  readBuffer(): Buffer | null {
    const length = this.readInt()
    if (length === -1) return null
    if (length < 0) throw new JuteError(`negative length ${length} at ${this.position - 4}`)
    if (length === 0) return NO_BYTES
    const at = this.advance(length)
    return this.bytes.subarray(at, at + length)
  }

  readNullableString(): string | null {
    const length = this.readInt()
    if (length === -1) return null
    if (length < 0) throw new JuteError(`negative length ${length} at ${this.position - 4}`)
    const at = this.advance(length)
    return this.bytes.toString('utf8', at, at + length)
  }

  readString(): string {
    const value = this.readNullableString()
    if (value === null) throw new JuteError(`null string at ${this.position - 4}`)
    return value
  }

  /** Null for a null vector. Each element takes at least `minElementBytes` bytes, which bounds the count. */
  readVector<T>(minElementBytes: number, readElement: (reader: JuteReader) => T): T[] | null {
    const count = this.readInt()
    if (count === -1) return null
    if (count < 0) throw new JuteError(`negative count ${count} at ${this.position - 4}`)
    if (count * minElementBytes > this.remaining) throw new JuteEndError(`${count} elements do not fit`)
    const elements: T[] = []
    for (let i = 0; i < count; i++) elements.push(readElement(this))
    return elements
  }

  private advance(length: number): number {
    const at = this.position
    if (length > this.bytes.length - at) {
      throw new JuteEndError(`${length} bytes wanted at ${at}, ${this.bytes.length - at} left`)
    }
    this.position = at + length
    return at
  }
}

/** org.apache.jute.BinaryOutputArchive, into a buffer that grows. */
export class JuteWriter {
  private bytes: Buffer
  private length = 0

  constructor(initialBytes = 256) {
    this.bytes = Buffer.allocUnsafe(initialBytes)
  }

  get size(): number {
    return this.length
  }

  /** What was written; the writer must not be used afterwards. */
  finish(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  writeByte(value: number): void {
    const at = this.reserve(1)
    this.bytes[at] = value
  }

  writeBoolean(value: boolean): void {
    this.writeByte(value ? 1 : 0)
  }

  writeInt(value: number): void {
    const at = this.reserve(4)
    this.bytes.writeInt32BE(value, at)
  }

  writeLong(value: number): void {
    if (!Number.isSafeInteger(value)) throw new JuteError(`${value} is not an exact integer`)
    const at = this.reserve(8)
    writeInt64(this.bytes, at, value)
  }

  writeBigLong(value: bigint): void {
    const at = this.reserve(8)
    this.bytes.writeBigInt64BE(value, at)
  }

  writeBuffer(value: Uint8Array | null): void {
    this.writeInt(value === null ? -1 : value.length)
    if (value === null) return
    const at = this.reserve(value.length)
    this.bytes.set(value, at)
  }

  writeString(value: string | null): void {
    const length = value === null ? -1 : Buffer.byteLength(value)
    this.writeInt(length)
    if (value === null) return
    const at = this.reserve(length)
    this.bytes.write(value, at, length, 'utf8')
  }

  writeVector<T>(
    elements: readonly T[] | null,
    writeElement: (writer: JuteWriter, element: T) => void,
  ): void {
    this.writeInt(elements === null ? -1 : elements.length)
    for (const element of elements ?? []) writeElement(this, element)
  }

  private reserve(count: number): number {
    const at = this.length
    const needed = at + count
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2))
      this.bytes.copy(larger, 0, 0, at)
      this.bytes = larger
    }
    this.length = needed
    return at
  }
}
