import type { Clock } from '../../base/clock.ts'

/** Somebody else needs the log: the pass ends, and what it has not swapped in is thrown away (LogCleaningAbortedException). */
export class CleaningAbortedError extends Error {
  constructor() {
    super('the cleaning was aborted')
  }
}

const ABORTED = 0

/**
 * What is said to a pass while it runs, in memory that a worker shares: stop, and how fast it may go.
 *
 *     at  bytes
 *      0      4  1 when it has to stop
 *      8      8  bytes per second, read and written together
 */
export class PassControl {
  readonly shared: SharedArrayBuffer
  private readonly flags: Int32Array
  private readonly rates: Float64Array

  constructor(shared = new SharedArrayBuffer(16)) {
    this.shared = shared
    this.flags = new Int32Array(shared)
    this.rates = new Float64Array(shared)
  }

  get isAborted(): boolean {
    return Atomics.load(this.flags, ABORTED) !== 0
  }

  abort(): void {
    Atomics.store(this.flags, ABORTED, 1)
    Atomics.notify(this.flags, ABORTED)
  }

  get bytesPerSecond(): number {
    return this.rates[1] as number
  }

  set bytesPerSecond(rate: number) {
    this.rates[1] = rate
  }

  /** Only for a worker: stops the whole thread. Ends at once when the pass is aborted. */
  waitBlocking(ms: number): void {
    Atomics.wait(this.flags, ABORTED, 0, ms)
  }
}

/** How a pass goes along; called after each piece of work with the bytes that were read or written for it. */
export interface Pace {
  /** Throws {@link CleaningAbortedError} when the pass has to stop. */
  step(bytes: number): Promise<void> | void
}

const CHECK_INTERVAL_MS = 300
/** The longest nap of a pass on the main thread before it looks whether it was aborted. */
const NAP_MS = 100

/** When the bytes since the last look were too many for their time, the time to wait (org.apache.kafka.storage.internals.utils.Throttler). */
class Throttle {
  private bytes = 0
  private sinceMs: number

  constructor(nowMs: number) {
    this.sinceMs = nowMs
  }

  delayMs(bytes: number, bytesPerSecond: number, nowMs: number): number {
    this.bytes += bytes
    const elapsedMs = nowMs - this.sinceMs
    if (elapsedMs <= CHECK_INTERVAL_MS || this.bytes === 0) return 0
    const delayMs = Math.round((this.bytes / bytesPerSecond) * 1000 - elapsedMs)
    this.bytes = 0
    this.sinceMs = nowMs + Math.max(0, delayMs)
    return Math.max(0, delayMs)
  }
}

/** On the main thread: the loop has a turn after every step. */
export class YieldingPace implements Pace {
  private readonly control: PassControl
  private readonly clock: Clock
  private readonly throttle: Throttle

  constructor(control: PassControl, clock: Clock) {
    this.control = control
    this.clock = clock
    this.throttle = new Throttle(clock.monotonicMs())
  }

  async step(bytes: number): Promise<void> {
    await new Promise<void>((resolve) => this.clock.defer(resolve))
    const { control, clock } = this
    let leftMs = this.throttle.delayMs(bytes, control.bytesPerSecond, clock.monotonicMs())
    while (leftMs > 0 && !control.isAborted) {
      const napMs = Math.min(leftMs, NAP_MS)
      await new Promise<void>((resolve) => clock.setTimer(napMs, resolve, { unref: true }))
      leftMs -= napMs
    }
    if (control.isAborted) throw new CleaningAbortedError()
  }
}

/** In a worker, which has nothing else to do. */
export class BlockingPace implements Pace {
  private readonly control: PassControl
  private readonly clock: Clock
  private readonly throttle: Throttle

  constructor(control: PassControl, clock: Clock) {
    this.control = control
    this.clock = clock
    this.throttle = new Throttle(clock.monotonicMs())
  }

  step(bytes: number): void {
    const { control } = this
    const delayMs = this.throttle.delayMs(bytes, control.bytesPerSecond, this.clock.monotonicMs())
    if (delayMs > 0) control.waitBlocking(delayMs)
    if (control.isAborted) throw new CleaningAbortedError()
  }
}
