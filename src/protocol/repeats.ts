/** Beyond this many different ones, a message is not of the kind that repeats itself. */
const MOST_DIFFERENT = 32
/** Larger ones are not compared. */
const LARGEST_BYTES = 4096

interface Source {
  readonly buffer: Buffer
  position: number
  readonly end: number
}

/**
 * What was decoded from a message so far, by its bytes. Two hundred topics that were made alike have a handful of
 * different lists of partitions: to recognize one is a fraction of the work of decoding it, and of the memory.
 */
export class Repeats {
  private readonly known = new Map<string, unknown>()
  /** Of the list before; those that are alike are of one size. */
  private sizeBytes = 0
  private isGivenUp = false

  /** The list that begins at the position, which is stepped over; undefined when it has to be decoded. */
  find(source: Source): unknown {
    const { position, end } = source
    if (this.sizeBytes === 0 || position + this.sizeBytes > end) return undefined
    const found = this.known.get(this.bytesOf(source, position))
    if (found !== undefined) source.position = position + this.sizeBytes
    return found
  }

  /** A list that ends at the position. */
  add(source: Source, from: number, list: unknown): void {
    if (this.known.size >= MOST_DIFFERENT) {
      this.known.clear()
      this.sizeBytes = 0
      this.isGivenUp = true
    }
    const sizeBytes = source.position - from
    if (this.isGivenUp || sizeBytes > LARGEST_BYTES) return
    this.sizeBytes = sizeBytes
    this.known.set(this.bytesOf(source, from), list)
  }

  private bytesOf({ buffer }: Source, from: number): string {
    return buffer.toString('latin1', from, from + this.sizeBytes)
  }
}
