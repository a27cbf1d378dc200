import type { Clock } from '../../base/clock.ts'
import { bar } from './bars.ts'
import { sizeText, spanText } from './text.ts'

/** So far back goes what counts for the rate: it follows a change, and does not jump. */
const WINDOW_MS = 10_000
/** A rate of less time than this says nothing. */
const MIN_WINDOW_MS = 500
const BAR_WIDTH = 16

interface Sample {
  readonly atMs: number
  readonly done: number
}

export interface MeterOptions {
  readonly clock: Clock
  readonly unit: 'bytes' | 'records'
}

/** How far something is, how fast, and how long it may still take, as a line for a terminal. */
export class Meter {
  private readonly options: MeterOptions
  private samples: Sample[]

  constructor(options: MeterOptions) {
    this.options = options
    this.samples = [{ atMs: options.clock.monotonicMs(), done: 0 }]
  }

  /**
   * `Producing  ███████▌░░░░░░░░  47 %  23 MiB of 49 MiB  11 MiB/s  2 s left`. Called again and again with what is done by
   * then. Without a total: what is done, and the rate.
   */
  line(label: string, done: number, total?: number): string {
    const rate = this.rate(done)
    const perSecond = rate === undefined ? [] : [`${this.amount(rate)}/s`]
    // A record that is longer than it seemed, or a log that grew, must not show more than all.
    const all = total === undefined ? undefined : Math.max(total, done)
    if (all === undefined || all === 0) return [label, this.counted(done), ...perSecond].join('  ')
    const share = done / all
    const left =
      rate === undefined || rate === 0 || done === all ? [] : [`${spanText(leftMs(all - done, rate))} left`]
    return [
      label,
      bar(share, BAR_WIDTH).padEnd(BAR_WIDTH, '░'),
      `${String(Math.floor(share * 100)).padStart(3)} %`,
      `${this.amount(done)} of ${this.counted(all)}`,
      ...perSecond,
      ...left,
    ].join('  ')
  }

  /** Per second, over the last seconds. */
  private rate(done: number): number | undefined {
    const nowMs = this.options.clock.monotonicMs()
    // One sample from before the window stays: the window begins there.
    while ((this.samples[1]?.atMs ?? nowMs) <= nowMs - WINDOW_MS) this.samples.shift()
    const last = this.samples.at(-1)
    if (last === undefined || nowMs - last.atMs >= MIN_WINDOW_MS / 5) this.samples.push({ atMs: nowMs, done })
    const first = this.samples[0]
    if (first === undefined || nowMs - first.atMs < MIN_WINDOW_MS) return undefined
    return (Math.max(0, done - first.done) * 1000) / (nowMs - first.atMs)
  }

  private amount(count: number): string {
    return this.options.unit === 'bytes' ? sizeText(count) : Math.round(count).toLocaleString('en-US')
  }

  private counted(count: number): string {
    return this.options.unit === 'bytes' ? sizeText(count) : `${this.amount(count)} records`
  }
}

/** Whole seconds, and never none: it is not done yet. */
function leftMs(rest: number, perSecond: number): number {
  return Math.max(1, Math.ceil(rest / perSecond)) * 1000
}
