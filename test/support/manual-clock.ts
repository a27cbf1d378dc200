import type { Clock, Timer } from '../../src/base/clock.ts'

interface Entry {
  readonly atMs: number
  readonly fn: () => void
}

/** What is shorter would be lost in a number as large as the time; who waits for the rest would wait for ever. */
const SHORTEST_DELAY_MS = 0.001

const START_MS = 1_700_000_000_000

/** Turns of the loop in which nothing was deferred before the work at hand counts as done. */
const QUIET_TURNS = 20

/**
 * Time that passes only when a test says so. Deferred work still runs in real turns of the loop, so that in-process pipes
 * deliver. The monotonic clock starts at zero: what mixes it up with the wall clock is far off.
 */
export class ManualClock implements Clock {
  /** Wall-clock time; moving it by hand fires no timer. */
  now = START_MS
  private deferred = 0
  /** In the order they were set. */
  private readonly timers = new Set<Entry>()

  /** Whole, as that of the system. */
  nowMs(): number {
    return Math.floor(this.now)
  }

  monotonicMs(): number {
    return this.now - START_MS
  }

  setTimer(delayMs: number, fn: () => void): Timer {
    const entry = { atMs: this.now + (delayMs > 0 ? Math.max(SHORTEST_DELAY_MS, delayMs) : 0), fn }
    this.timers.add(entry)
    return {
      cancel: () => {
        this.timers.delete(entry)
      },
    }
  }

  defer(fn: () => void): void {
    this.deferred++
    setImmediate(() => {
      this.deferred--
      fn()
    })
  }

  get pendingTimers(): number {
    return this.timers.size
  }

  /** Everything that needs no time gets done. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet = this.deferred === 0 ? quiet + 1 : 0)
      await new Promise<void>((resolve) => setImmediate(resolve))
  }

  /** Fires what falls due, in order, and lets each finish what needs no time. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.now + byMs
    await this.settle()
    for (let next = this.next(); next !== undefined && next.atMs <= untilMs; next = this.next()) {
      this.fire(next)
      await this.settle()
    }
    this.now = untilMs
  }

  /** Lets time pass as fast as it can until the promise has settled. Throws when nothing could settle it any more. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let isDone = false
    const watched = promise.finally(() => {
      isDone = true
    })
    watched.catch(() => undefined)
    for (;;) {
      await this.settle()
      if (isDone) return watched
      const next = this.next()
      if (next === undefined) throw new Error('nothing is left that could happen')
      this.fire(next)
    }
  }

  private next(): Entry | undefined {
    let first: Entry | undefined
    for (const entry of this.timers) if (first === undefined || entry.atMs < first.atMs) first = entry
    return first
  }

  private fire(entry: Entry): void {
    this.timers.delete(entry)
    this.now = Math.max(this.now, entry.atMs)
    entry.fn()
  }
}

/** A promise that the test resolves. */
export function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}
