import { type Clock, sleep } from '../../../base/clock.ts'
import type { Random } from '../../../base/random.ts'
import type { Consumer, Producer } from '../../../client/index.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { StampedValues } from './stamped.ts'

export interface LatencyRunOptions {
  readonly topic: string
  readonly records: number
  /** So many before them, which do not count: connections are made and code is compiled meanwhile. */
  readonly warmUpRecords: number
  readonly perSecond: number
  readonly sizeBytes: number
  /** After this time without a record what is still missing is lost. */
  readonly idleTimeoutMs: number
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
}

const POLL_MS = 50
/** A timer may be late by so much: who wants the moment looks at the clock. */
const TIMER_LATE_MS = 1.5

/**
 * Sends records at fixed times and reads them again. A latency counts from the time when a record was due, whether it
 * could be sent then or not: a stall counts for everything that it held up. To count from when it was sent would leave out
 * what nobody could send meanwhile, and call that fast ("coordinated omission").
 */
export class LatencyRun {
  readonly latencies = new LatencyHistogram()
  /** How late records were sent: the part of the latencies that was spent before the producer. */
  readonly delays = new LatencyHistogram()
  failed = 0
  firstError: Error | undefined
  private readonly options: LatencyRunOptions
  private readonly values: StampedValues
  private readonly isSeen: Uint8Array
  private seen = 0
  private isSent = false
  private startMs = 0
  private lastMs = 0

  constructor(options: LatencyRunOptions) {
    this.options = options
    this.values = new StampedValues(options.random, options.sizeBytes)
    this.isSeen = new Uint8Array(options.warmUpRecords + options.records)
  }

  /** From when the first record that counts was due to when the last one came. */
  get elapsedMs(): number {
    return Math.max(0, this.lastMs - this.dueMs(this.options.warmUpRecords))
  }

  /** Sent, and neither read nor refused. */
  get lost(): number {
    return this.isSent ? this.isSeen.length - this.seen - this.failed : 0
  }

  async run(producer: Producer, consumer: Consumer): Promise<void> {
    const { clock } = this.options
    this.startMs = clock.monotonicMs()
    this.lastMs = this.startMs
    await Promise.all([this.send(producer), this.read(consumer)])
  }

  private dueMs(index: number): number {
    return this.startMs + (index * 1000) / this.options.perSecond
  }

  private async send(producer: Producer): Promise<void> {
    const { clock, signal, topic } = this.options
    for (let index = 0; index < this.isSeen.length && !signal.aborted; index++) {
      const dueMs = this.dueMs(index)
      await this.until(dueMs)
      if (index >= this.options.warmUpRecords) this.delays.record((clock.monotonicMs() - dueMs) * 1000)
      const hasRoom = producer.append({ topic, value: this.values.value(index) }, (error) => {
        if (error === null) return
        this.failed++
        this.firstError ??= error
      })
      if (!hasRoom) await producer.ready()
    }
    await producer.flush()
    this.lastMs = Math.max(this.lastMs, clock.monotonicMs())
    this.isSent = !signal.aborted
  }

  private async read(consumer: Consumer): Promise<void> {
    const { clock, signal, idleTimeoutMs, warmUpRecords } = this.options
    const isMissing = () => this.seen + this.failed < this.isSeen.length
    const isWaiting = () => !this.isSent || clock.monotonicMs() - this.lastMs < idleTimeoutMs
    while (isMissing() && isWaiting() && !signal.aborted) {
      const records = await consumer.poll(POLL_MS)
      const nowMs = clock.monotonicMs()
      for (const { value } of records) {
        const index = this.values.indexOf(value)
        // What was sent again after a lost answer comes twice without idempotence.
        if (index === undefined || this.isSeen[index] !== 0) continue
        this.isSeen[index] = 1
        this.seen++
        this.lastMs = nowMs
        if (index >= warmUpRecords) this.latencies.record((nowMs - this.dueMs(index)) * 1000)
      }
    }
  }

  /** Sleeps until just before, and then looks at the clock in every turn of the loop. */
  private async until(timeMs: number): Promise<void> {
    const { clock, signal } = this.options
    for (let leftMs = timeMs - clock.monotonicMs(); leftMs > 0 && !signal.aborted; ) {
      if (leftMs > TIMER_LATE_MS) await sleep(clock, leftMs - TIMER_LATE_MS)
      else await new Promise<void>((resolve) => clock.defer(resolve))
      leftMs = timeMs - clock.monotonicMs()
    }
  }
}
