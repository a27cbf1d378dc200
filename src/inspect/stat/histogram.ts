/** Counts sizes in classes that double: 1, 2 to 3, 4 to 7 … bytes. */
export class SizeHistogram {
  private readonly counts: number[] = []

  add(sizeBytes: number): void {
    const bucket = sizeBytes <= 1 ? 0 : Math.floor(Math.log2(sizeBytes))
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
  }

  merge(other: SizeHistogram): void {
    for (const [bucket, count] of other.counts.entries()) {
      if (count !== undefined) this.counts[bucket] = (this.counts[bucket] ?? 0) + count
    }
  }

  /** From the first class that has something to the last, empty ones between them included. */
  get buckets(): { fromBytes: number; toBytes: number; count: number }[] {
    const first = this.counts.findIndex((count) => count !== undefined)
    if (first === -1) return []
    const found = []
    for (let bucket = first; bucket < this.counts.length; bucket++) {
      found.push({ fromBytes: 2 ** bucket, toBytes: 2 ** (bucket + 1) - 1, count: this.counts[bucket] ?? 0 })
    }
    return found
  }
}
