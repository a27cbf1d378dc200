import { type LatencyBin, LatencyHistogram } from './latency-histogram.ts'

/** What was sent in the last few seconds. */
export interface SendWindow {
  readonly records: number
  readonly bytes: number
  readonly elapsedMs: number
  readonly totalLatencyMs: number
  readonly maxLatencyMs: number
}

export interface SendTotals extends SendWindow {
  /** Whole milliseconds, of a sample of at most 500,000 latencies. */
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

const WINDOW_MS = 5_000
const MAX_SAMPLES = 500_000

/** The bookkeeping of Kafka's producer performance test (org.apache.kafka.tools.ProducerPerformance.Stats). */
export class SendStats {
  private readonly startMs: number
  private readonly onWindow: (window: SendWindow) => void
  /** One latency of so many is kept. */
  private readonly sampling: number
  private readonly latencies: Int32Array
  private sampled = 0
  private iteration = 0
  private total = new Sums()
  private window = new Sums()
  private windowStartMs: number

  /** `onWindow` is told of every five seconds in which something was acknowledged. */
  constructor(expectedRecords: number, nowMs: number, onWindow: (window: SendWindow) => void) {
    this.startMs = nowMs
    this.windowStartMs = nowMs
    this.onWindow = onWindow
    this.sampling = Math.max(1, Math.trunc(expectedRecords / Math.min(expectedRecords, MAX_SAMPLES)))
    this.latencies = new Int32Array(Math.trunc(expectedRecords / this.sampling) + 1)
  }

  /** A record was stored. */
  record(latencyMs: number, sizeBytes: number, nowMs: number): void {
    this.total.add(latencyMs, sizeBytes)
    this.window.add(latencyMs, sizeBytes)
    if (this.iteration % this.sampling === 0 && this.sampled < this.latencies.length)
      this.latencies[this.sampled++] = latencyMs
    this.iteration++
    const elapsedMs = nowMs - this.windowStartMs
    if (elapsedMs < WINDOW_MS) return
    this.onWindow(this.window.over(elapsedMs))
    this.window = new Sums()
    this.windowStartMs = nowMs
  }

  /** A record was not stored. */
  failed(): void {
    this.iteration++
  }

  /** All up to now; cheap, in contrast to {@link totals}. */
  soFar(nowMs: number): SendWindow {
    return this.total.over(nowMs - this.startMs)
  }

  totals(nowMs: number): SendTotals {
    const sorted = this.latencies.subarray(0, this.sampled).slice().sort()
    const at = (share: number) => sorted[Math.trunc(share * sorted.length)] ?? 0
    return {
      ...this.soFar(nowMs),
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      p999Ms: at(0.999),
    }
  }

  /** Where the latencies of the sample lie; they are whole milliseconds. */
  get distribution(): LatencyBin[] {
    const histogram = new LatencyHistogram()
    for (const latencyMs of this.latencies.subarray(0, this.sampled)) histogram.record(latencyMs)
    return histogram.distribution.map(({ fromUs: fromMs, toUs: toMs, count }) => ({
      fromUs: fromMs * 1000,
      toUs: toMs * 1000,
      count,
    }))
  }
}

class Sums {
  private records = 0
  private bytes = 0
  private totalLatencyMs = 0
  private maxLatencyMs = 0

  add(latencyMs: number, sizeBytes: number): void {
    this.records++
    this.bytes += sizeBytes
    this.totalLatencyMs += latencyMs
    if (latencyMs > this.maxLatencyMs) this.maxLatencyMs = latencyMs
  }

  over(elapsedMs: number): SendWindow {
    const { records, bytes, totalLatencyMs, maxLatencyMs } = this
    return { records, bytes, elapsedMs, totalLatencyMs, maxLatencyMs }
  }
}
