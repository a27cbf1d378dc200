import type { Clock } from '../../base/clock.ts'

export interface WindowOptions {
  readonly clock: Clock
  /** metrics.sample.window.ms */
  readonly sampleWindowMs: number
  /** metrics.num.samples: so many windows count, the one that is being filled among them. */
  readonly numSamples: number
}

interface Sample {
  startMs: number
  sum: number
  count: number
  max: number
}

/**
 * What happened, summed up since the beginning and over the last windows
 * (org.apache.kafka.common.metrics.stats: SampledStat, Rate, Avg, Max, CumulativeSum).
 */
export class Sensor {
  private readonly options: WindowOptions
  private readonly samples: Sample[] = []
  private sum = 0
  private occurrences = 0

  constructor(options: WindowOptions) {
    this.options = options
  }

  /** To be called per batch or request, not per record. */
  record(value = 1): void {
    this.sum += value
    this.occurrences++
    const sample = this.current()
    sample.sum += value
    sample.count++
    if (value > sample.max) sample.max = value
  }

  /** The sum of all values. */
  get total(): number {
    return this.sum
  }

  /** How many values there were. */
  get count(): number {
    return this.occurrences
  }

  /** The sum of the values per second. */
  get rate(): number {
    return this.perSecond((sample) => sample.sum)
  }

  /** How many values per second. */
  get countRate(): number {
    return this.perSecond((sample) => sample.count)
  }

  /** NaN when there was no value in the windows, as in Kafka. */
  get avg(): number {
    this.forgetOld()
    const count = this.over((sample) => sample.count)
    return count === 0 ? Number.NaN : this.over((sample) => sample.sum) / count
  }

  /** NaN when there was no value in the windows. */
  get max(): number {
    this.forgetOld()
    return this.samples.length === 0 ? Number.NaN : Math.max(...this.samples.map((sample) => sample.max))
  }

  private current(): Sample {
    const { clock, sampleWindowMs, numSamples } = this.options
    const nowMs = clock.monotonicMs()
    const last = this.samples[this.samples.length - 1]
    if (last !== undefined && nowMs - last.startMs < sampleWindowMs) return last
    const sample = { startMs: nowMs, sum: 0, count: 0, max: Number.NEGATIVE_INFINITY }
    this.samples.push(sample)
    if (this.samples.length > numSamples) this.samples.shift()
    return sample
  }

  private forgetOld(): void {
    const { clock, sampleWindowMs, numSamples } = this.options
    const oldestMs = clock.monotonicMs() - sampleWindowMs * numSamples
    while (this.samples.length > 0 && (this.samples[0] as Sample).startMs <= oldestMs) this.samples.shift()
  }

  private over(read: (sample: Sample) => number): number {
    return this.samples.reduce((sum, sample) => sum + read(sample), 0)
  }

  /** A rate is taken over all windows but the last, complete or not: the first second would else look very busy. */
  private perSecond(read: (sample: Sample) => number): number {
    this.forgetOld()
    const { clock, sampleWindowMs, numSamples } = this.options
    const oldest = this.samples[0]
    if (oldest === undefined) return 0
    const elapsedMs = clock.monotonicMs() - oldest.startMs
    const missing = Math.max(0, numSamples - 1 - Math.floor(elapsedMs / sampleWindowMs))
    return (this.over(read) * 1000) / Math.max(1, elapsedMs + missing * sampleWindowMs)
  }
}
