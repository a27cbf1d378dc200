import { KcliError } from './errors.ts'

/**
 * Kafka's variable-length integers (org.apache.kafka.common.utils.ByteUtils): seven bits a byte, least significant
 * first, the top bit says that more follow. Signed values are zigzag coded: 0, -1, 1, -2 … become 0, 1, 2, 3 …
 */
export class VarintError extends KcliError {
  constructor(message: string) {
    super('KCLI_BAD_VARINT', message)
  }
}

/** Bytes that an unsigned 32-bit varint takes: 1 to 5. */
export function sizeOfUnsignedVarint(value: number): number {
  const bits = 32 - Math.clz32(value)
  return bits <= 7 ? 1 : Math.ceil(bits / 7)
}

export function sizeOfVarint(value: number): number {
  return sizeOfUnsignedVarint((value << 1) ^ (value >> 31))
}

/** Bytes of a zigzag varlong: 1 to 10. `value` is a safe integer. */
export function sizeOfVarlong(value: number): number {
  if (value >= -0x40000000 && value <= 0x3fffffff) return sizeOfVarint(value)
  let rest = Math.floor((value < 0 ? -(value + 1) : value) / 64)
  let size = 1
  for (; rest > 0; size++) rest = Math.floor(rest / 128)
  return size
}

/** Writes and returns the position behind it. */
export function writeUnsignedVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value >>> 0
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[at++] = rest
  return at
}

export function writeVarint(target: Uint8Array, at: number, value: number): number {
  return writeUnsignedVarint(target, at, (value << 1) ^ (value >> 31))
}

/** `value` is a safe integer. */
export function writeVarlong(target: Uint8Array, at: number, value: number): number {
  if (value >= -0x40000000 && value <= 0x3fffffff) return writeVarint(target, at, value)
  // Doubling would leave the safe range, so the sign bit goes in apart from the rest.
  const magnitude = value < 0 ? -(value + 1) : value
  let rest = Math.floor(magnitude / 64)
  target[at++] = (magnitude % 64) * 2 + (value < 0 ? 1 : 0) + 0x80
  while (rest > 0x7f) {
    target[at++] = (rest % 128) + 0x80
    rest = Math.floor(rest / 128)
  }
  target[at++] = rest
  return at
}

/**
 * A place in a buffer that moves as varints are read. One of these serves a whole batch, so that nothing is allocated
 * per number. Throws {@link VarintError} when the bytes end, or when a number does not.
 */
export class VarintReader {
  bytes: Uint8Array
  position: number
  end: number

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes
    this.position = position
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  readUnsignedVarint(): number {
    const { bytes, end } = this
    let at = this.position
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= end) throw new VarintError('the bytes end inside a varint')
      const byte = bytes[at++] as number
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.position = at
        return value >>> 0
      }
    }
    throw new VarintError('a varint is longer than 5 bytes')
  }

  /** A signed 32-bit number. */
  readVarint(): number {
    const at = this.position
    if (at < this.end) {
      const byte = this.bytes[at] as number
      if (byte < 0x80) {
        this.position = at + 1
        return (byte >>> 1) ^ -(byte & 1)
      }
    }
    const raw = this.readUnsignedVarint()
    return (raw >>> 1) ^ -(raw & 1)
  }

  /** A signed 64-bit number; beyond 2^53 the nearest double, which is never a safe integer. */
  readVarlong(): number {
    const { bytes, end } = this
    let at = this.position
    if (at >= end) throw new VarintError('the bytes end inside a varlong')
    const first = bytes[at++] as number
    let magnitude = (first & 0x7f) >>> 1
    let scale = 64
    let byte = first
    for (let count = 1; byte >= 0x80; count++) {
      if (count === 10) throw new VarintError('a varlong is longer than 10 bytes')
      if (at >= end) throw new VarintError('the bytes end inside a varlong')
      byte = bytes[at++] as number
      // The tenth byte has one bit that counts; Kafka drops the others as a 64-bit shift does.
      magnitude += (count === 9 ? byte & 1 : byte & 0x7f) * scale
      scale *= 128
    }
    this.position = at
    return (first & 1) === 0 ? magnitude : -magnitude - 1
  }
}
