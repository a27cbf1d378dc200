/** Values below this have a counter each; above it so many share each power of two, so that none is off by 1 %. */
const PRECISION = 128
const PRECISION_BITS = 7
const MAX_VALUE = 2 ** 40

export interface LatencyBin {
  /** Inclusive. */
  readonly fromUs: number
  /** Exclusive. */
  readonly toUs: number
  readonly count: number
}

/**
 * Every latency counts; none is sampled away. Percentiles are exact to 1 %, as those of Gil Tene's HdrHistogram with two
 * digits, the lowest and the highest value to the microsecond.
 */
export class LatencyHistogram {
  private readonly counts = new Float64Array((Math.log2(MAX_VALUE) - PRECISION_BITS + 2) * PRECISION)
  private readonly bins: number[] = []
  private total = 0
  private sum = 0
  private lowest = Number.POSITIVE_INFINITY
  private highest = 0

  get count(): number {
    return this.total
  }

  get minUs(): number | null {
    return this.total === 0 ? null : this.lowest
  }

  get maxUs(): number | null {
    return this.total === 0 ? null : this.highest
  }

  get meanUs(): number | null {
    return this.total === 0 ? null : this.sum / this.total
  }

  record(latencyUs: number): void {
    const value = Math.max(0, Math.min(MAX_VALUE, Math.round(latencyUs)))
    const slot = slotOf(value)
    this.counts[slot] = (this.counts[slot] ?? 0) + 1
    const bin = binOf(value)
    this.bins[bin] = (this.bins[bin] ?? 0) + 1
    this.total++
    this.sum += value
    if (value < this.lowest) this.lowest = value
    if (value > this.highest) this.highest = value
  }

  /** What `share` of 1 of the values do not exceed; null without values. */
  percentileUs(share: number): number | null {
    if (this.total === 0) return null
    let left = Math.max(1, Math.ceil(share * this.total))
    for (let slot = 0; slot < this.counts.length; slot++) {
      left -= this.counts[slot] ?? 0
      if (left <= 0) return Math.min(this.highest, lastOf(slot))
    }
    return this.highest
  }

  /** By steps of 1, 2, 5, 10 …: those with values, and the empty ones between them. */
  get distribution(): LatencyBin[] {
    const from = this.bins.findIndex((count) => count > 0)
    if (from === -1) return []
    return Array.from({ length: this.bins.length - from }, (_, i) => ({
      fromUs: edgeOf(from + i),
      toUs: edgeOf(from + i + 1),
      count: this.bins[from + i] ?? 0,
    }))
  }
}

function slotOf(value: number): number {
  if (value < PRECISION) return value
  const shift = Math.floor(Math.log2(value)) - PRECISION_BITS
  return (shift + 1) * PRECISION + (Math.floor(value / 2 ** shift) - PRECISION)
}

/** The highest value that counts in a slot. */
function lastOf(slot: number): number {
  if (slot < PRECISION) return slot
  const shift = Math.floor(slot / PRECISION) - 1
  return ((slot % PRECISION) + PRECISION + 1) * 2 ** shift - 1
}

const STEPS = [1, 2, 5]

/** 0, 1, 2, 5, 10, 20, 50 … */
function edgeOf(bin: number): number {
  if (bin === 0) return 0
  return (STEPS[(bin - 1) % STEPS.length] ?? 1) * 10 ** Math.floor((bin - 1) / STEPS.length)
}

function binOf(value: number): number {
  let bin = 0
  while (edgeOf(bin + 1) <= value) bin++
  return bin
}
