/**
 * A keyed 128-bit hash: the MAC Chaskey-12 (ISO/IEC 29192-6), made for 32-bit words, which is what JavaScript counts in.
 *
 * Compaction takes two keys with the same hash for one and would lose a record. Kafka uses MD5, for which anybody can
 * make such keys. Here the hash has a secret that nobody outside the pass ever sees, so that nobody can.
 */
const ROUNDS = 12

export class KeyHash {
  /** The hash of the key that was given last, as four words. */
  h0 = 0
  h1 = 0
  h2 = 0
  h3 = 0
  /** The secret and its two subkeys: for a last block that is whole, and for one that is padded. */
  private readonly keys = new Int32Array(12)
  private readonly rounds: number

  /** `secret` has 16 bytes. Other numbers of rounds are for the published test vectors. */
  constructor(secret: Buffer, rounds = ROUNDS) {
    for (let i = 0; i < 4; i++) this.keys[i] = secret.readInt32LE(i * 4)
    timesTwo(this.keys, 0, 4)
    timesTwo(this.keys, 4, 8)
    this.rounds = rounds
  }

  hash(bytes: Uint8Array, at: number, length: number): void {
    const { keys, rounds } = this
    let v0 = keys[0] as number
    let v1 = keys[1] as number
    let v2 = keys[2] as number
    let v3 = keys[3] as number
    let p = at
    let left = length
    let subkey = 4
    for (;;) {
      const isLast = left <= 16
      if (left >= 16) {
        v0 ^= word(bytes, p)
        v1 ^= word(bytes, p + 4)
        v2 ^= word(bytes, p + 8)
        v3 ^= word(bytes, p + 12)
      } else {
        // Padded with a 1 bit and zeros.
        subkey = 8
        let m0 = 0
        let m1 = 0
        let m2 = 0
        let m3 = 0
        for (let i = 0; i <= left; i++) {
          const x = (i === left ? 1 : (bytes[p + i] as number)) << ((i & 3) * 8)
          if (i < 4) m0 |= x
          else if (i < 8) m1 |= x
          else if (i < 12) m2 |= x
          else m3 |= x
        }
        v0 ^= m0
        v1 ^= m1
        v2 ^= m2
        v3 ^= m3
      }
      if (isLast) {
        v0 ^= keys[subkey] as number
        v1 ^= keys[subkey + 1] as number
        v2 ^= keys[subkey + 2] as number
        v3 ^= keys[subkey + 3] as number
      }
      for (let round = 0; round < rounds; round++) {
        v0 = (v0 + v1) | 0
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
        v0 = (v0 << 16) | (v0 >>> 16)
        v2 = (v2 + v3) | 0
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
        v0 = (v0 + v3) | 0
        v3 = ((v3 << 13) | (v3 >>> 19)) ^ v0
        v2 = (v2 + v1) | 0
        v1 = ((v1 << 7) | (v1 >>> 25)) ^ v2
        v2 = (v2 << 16) | (v2 >>> 16)
      }
      if (isLast) break
      p += 16
      left -= 16
    }
    this.h0 = v0 ^ (keys[subkey] as number)
    this.h1 = v1 ^ (keys[subkey + 1] as number)
    this.h2 = v2 ^ (keys[subkey + 2] as number)
    this.h3 = v3 ^ (keys[subkey + 3] as number)
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}

/** In the field GF(2^128), as CMAC does. */
function timesTwo(keys: Int32Array, from: number, to: number): void {
  const at = (i: number): number => keys[from + i] as number
  keys[to] = (at(0) << 1) ^ ((at(3) >> 31) & 0x87)
  for (let i = 1; i < 4; i++) keys[to + i] = (at(i) << 1) | (at(i - 1) >>> 31)
}
