import type { KeyHash } from './key-hash.ts'

/** 16 bytes of hash and 8 of offset, as in Kafka. */
export const BYTES_PER_ENTRY = 24
const WORDS_PER_ENTRY = 6
const TWO_32 = 4294967296
/** Steps of the second hash before the search goes on slot by slot, which reaches every slot. */
const LONG_STEPS = 16

/**
 * The latest offset of each key in one buffer of fixed size (SkimpyOffsetMap): the keys themselves are not kept. Never
 * grows; the caller asks {@link isFull} before each {@link put}.
 */
export class OffsetMap {
  /** Of the records that were looked at, whether they are in the map or not; -1 when there was none. */
  latestOffset = -1
  size = 0
  readonly slots: number
  private readonly limit: number
  private readonly hash: KeyHash
  /** Per slot four words of hash, then the offset plus one: low word, high word. All zero: free. */
  private readonly words: Uint32Array

  constructor(memoryBytes: number, loadFactor: number, hash: KeyHash) {
    this.slots = Math.max(2, Math.floor(memoryBytes / BYTES_PER_ENTRY))
    // One slot stays free in any case: there the search for a key that is not in the map ends.
    this.limit = Math.min(this.slots - 1, Math.max(1, Math.floor(this.slots * loadFactor)))
    this.hash = hash
    this.words = new Uint32Array(this.slots * WORDS_PER_ENTRY)
  }

  get isFull(): boolean {
    return this.size >= this.limit
  }

  get utilization(): number {
    return this.size / this.slots
  }

  put(bytes: Uint8Array, at: number, length: number, offset: number): void {
    const { words } = this
    const slot = this.find(bytes, at, length)
    const high = Math.floor((offset + 1) / TWO_32)
    if (words[slot + 4] === 0 && words[slot + 5] === 0) {
      this.size++
      words[slot] = this.hash.h0
      words[slot + 1] = this.hash.h1
      words[slot + 2] = this.hash.h2
      words[slot + 3] = this.hash.h3
    }
    words[slot + 4] = offset + 1 - high * TWO_32
    words[slot + 5] = high
  }

  /** -1 when the key is not in the map. */
  get(bytes: Uint8Array, at: number, length: number): number {
    const slot = this.find(bytes, at, length)
    return (this.words[slot + 5] as number) * TWO_32 + (this.words[slot + 4] as number) - 1
  }

  /** Where the key is, or where it would go. */
  private find(bytes: Uint8Array, at: number, length: number): number {
    const { hash, words, slots } = this
    hash.hash(bytes, at, length)
    const h0 = hash.h0 >>> 0
    const h1 = hash.h1 >>> 0
    const h2 = hash.h2 >>> 0
    const h3 = hash.h3 >>> 0
    let slot = h0 % slots
    const step = 1 + (h1 % (slots - 1))
    for (let tries = 1; ; tries++) {
      const word = slot * WORDS_PER_ENTRY
      const isSame =
        words[word] === h0 && words[word + 1] === h1 && words[word + 2] === h2 && words[word + 3] === h3
      if (isSame || (words[word + 4] === 0 && words[word + 5] === 0)) return word
      slot += tries < LONG_STEPS ? step : 1
      if (slot >= slots) slot -= slots
    }
  }
}
