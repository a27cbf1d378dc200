import type { Clock, Timer } from '../../src/base/clock.ts'

interface Entry {
  readonly atMs: number
  readonly order: number
  readonly fn: () => void
}

/**
 * Time that passes only when a test says so. Deferred work still runs in real turns of the loop, so that in-process pipes
 * deliver; `settle` waits until none is left.
 */
export class VirtualClock implements Clock {
  private timeMs = 0
  private order = 0
  private deferred = 0
  private readonly timers = new Set<Entry>()

  nowMs(): number {
    return 1_700_000_000_000 + this.timeMs
  }

  monotonicMs(): number {
    return this.timeMs
  }

  setTimer(delayMs: number, fn: () => void): Timer {
    const entry = { atMs: this.timeMs + Math.max(0, delayMs), order: this.order++, fn }
    this.timers.add(entry)
    return { cancel: () => this.timers.delete(entry) }
  }

  defer(fn: () => void): void {
    this.deferred++
    setImmediate(() => {
      this.deferred--
      fn()
    })
  }

  /** Nothing more happens without time passing. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet = this.deferred === 0 ? quiet + 1 : 0)
      await new Promise<void>((resolve) => setImmediate(resolve))
  }

  async advance(byMs: number): Promise<void> {
    const untilMs = this.timeMs + byMs
    await this.settle()
    for (let next = this.next(); next !== undefined && next.atMs <= untilMs; next = this.next()) {
      this.fire(next)
      await this.settle()
    }
    this.timeMs = untilMs
  }

  /** Lets time pass as fast as it can until the promise has settled. Throws when nothing could settle it any more. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let done = false
    const watched = promise.finally(() => {
      done = true
    })
    watched.catch(() => undefined)
    for (;;) {
      await this.settle()
      if (done) return watched
      const next = this.next()
      if (next === undefined) throw new Error('nothing is left that could happen')
      this.fire(next)
    }
  }

  private next(): Entry | undefined {
    let first: Entry | undefined
    for (const entry of this.timers) {
      const isEarlier =
        first === undefined ||
        entry.atMs < first.atMs ||
        (entry.atMs === first.atMs && entry.order < first.order)
      if (isEarlier) first = entry
    }
    return first
  }

  private fire(entry: Entry): void {
    this.timers.delete(entry)
    this.timeMs = Math.max(this.timeMs, entry.atMs)
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
