/** The time port. All waiting and all reading of time goes through it, so that tests can run on a virtual clock. */
export interface Clock {
  /** Wall-clock time, milliseconds since the epoch. May jump. */
  nowMs(): number
  /** Milliseconds since an arbitrary start. Never goes back; has fractions. */
  monotonicMs(): number
  /**
   * Calls `fn` once after `delayMs`; what is longer than a timer can be (24 days) is cut to that. A pending timer does
   * not keep the process alive when `unref` is set.
   */
  setTimer(delayMs: number, fn: () => void, options?: { unref?: boolean }): Timer
  /** Calls `fn` in a later turn of the loop, after pending I/O. */
  defer(fn: () => void): void
}

export interface Timer {
  cancel(): void
}

export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(delayMs, resolve)
  })
}

/** Node fires a timer with a longer delay at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, fn, options) {
    const handle = setTimeout(fn, Math.min(delayMs, LONGEST_DELAY_MS))
    if (options?.unref) handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
  defer(fn) {
    setImmediate(fn)
  },
}
