import { deflateSync } from 'node:zlib'

/** Sums can grow by this many bytes before they must be reduced to stay below 2^31. */
const BYTES_BETWEEN_REDUCTIONS = 3800
const MODULUS = 65521

/** From here on zlib is faster: a deflated stream ends with the Adler-32 of what went in. */
const NATIVE_BYTES = 16 * 1024

/** Adler-32 (RFC 1950), the checksum of ZooKeeper's files. Pass the previous result to go on with more bytes. */
export function adler32(bytes: Uint8Array, previous = 1): number {
  if (bytes.length >= NATIVE_BYTES) {
    const stream = deflateSync(bytes, { level: 0 })
    return combine(previous, stream.readUInt32BE(stream.length - 4), bytes.length)
  }
  let a = previous & 0xffff
  let b = previous >>> 16
  for (let start = 0; start < bytes.length; start += BYTES_BETWEEN_REDUCTIONS) {
    const end = Math.min(start + BYTES_BETWEEN_REDUCTIONS, bytes.length)
    for (let i = start; i < end; i++) {
      a += bytes[i] as number
      b += a
    }
    a %= MODULUS
    b %= MODULUS
  }
  return ((b << 16) | a) >>> 0
}

/** The sum of two stretches of bytes from that of each (adler32_combine in zlib). */
function combine(first: number, second: number, secondBytes: number): number {
  const a = (first & 0xffff) + (second & 0xffff) - 1 + MODULUS
  const b = (first >>> 16) + (second >>> 16) + (secondBytes % MODULUS) * ((first & 0xffff) - 1 + MODULUS)
  return (((b % MODULUS) << 16) | (a % MODULUS)) >>> 0
}
