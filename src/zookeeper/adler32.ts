/** Sums can grow by this many bytes before they must be reduced to stay below 2^31. */
const BYTES_BETWEEN_REDUCTIONS = 3800
const MODULUS = 65521

/** Adler-32 (RFC 1950), the checksum of ZooKeeper's files. Pass the previous result to go on with more bytes. */
export function adler32(bytes: Uint8Array, previous = 1): number {
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
