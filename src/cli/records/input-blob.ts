import { InputError } from './input-error.ts'
import { splitKey } from './input-lines.ts'
import { type InputParser, type InputRecord, NO_HEADERS } from './input-record.ts'

/** A record of Kafka's default `max.message.bytes` is far below this; it bounds what one record may hold in memory. */
const MAX_RECORD_BYTES = 256 * 1024 * 1024

/** The whole input is one value. */
export class RawParser implements InputParser {
  private readonly chunks: Buffer[] = []
  private length = 0

  push(chunk: Buffer): void {
    this.length += chunk.length
    if (this.length > MAX_RECORD_BYTES) throw new InputError('record', 1, 'it is longer than 256 MiB')
    this.chunks.push(chunk)
  }

  end(emit: (record: InputRecord) => void): void {
    emit({ key: null, value: Buffer.concat(this.chunks), headers: NO_HEADERS })
  }
}

/**
 * Values with their length in front: `int32 length (big-endian) | bytes`, again and again; a length of -1 is a null value.
 */
export class LengthPrefixedParser implements InputParser {
  private readonly keyDelimiter: Buffer | undefined
  private parts: Buffer[] = []
  private available = 0
  private count = 0

  constructor(options: { keyDelimiter?: Buffer } = {}) {
    this.keyDelimiter = options.keyDelimiter
  }

  push(chunk: Buffer, emit: (record: InputRecord) => void): void {
    this.parts.push(chunk)
    this.available += chunk.length
    if (this.available < this.wanted()) return
    let bytes = this.joined()
    for (let need = this.needed(bytes); need <= bytes.length; need = this.needed(bytes)) {
      this.count++
      emit(this.record(bytes.readInt32BE(0), bytes.subarray(4, need)))
      bytes = bytes.subarray(need)
    }
    this.parts = bytes.length === 0 ? [] : [bytes]
    this.available = bytes.length
  }

  end(): void {
    if (this.available > 0)
      throw new InputError('record', this.count + 1, 'the input ends in the middle of it')
  }

  private record(length: number, bytes: Buffer): InputRecord {
    if (length === -1) return { key: null, value: null, headers: NO_HEADERS }
    if (this.keyDelimiter === undefined) return { key: null, value: bytes, headers: NO_HEADERS }
    return splitKey(bytes, { keyDelimiter: this.keyDelimiter }, this.count, NO_HEADERS)
  }

  /** Bytes that the next record needs as far as the first part tells; keeps a long record from being joined again and again. */
  private wanted(): number {
    const first = this.parts[0]
    return first === undefined || first.length < 4 ? 4 : this.needed(first)
  }

  private needed(bytes: Buffer): number {
    if (bytes.length < 4) return 4
    const length = bytes.readInt32BE(0)
    if (length < -1 || length > MAX_RECORD_BYTES) {
      throw new InputError('record', this.count + 1, `its length ${length} makes no sense`)
    }
    return 4 + Math.max(length, 0)
  }

  private joined(): Buffer {
    const [only] = this.parts
    return this.parts.length === 1 && only !== undefined ? only : Buffer.concat(this.parts)
  }
}
