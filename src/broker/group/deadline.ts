import type { Clock, Timer } from '../../base/clock.ts'

/**
 * One call after a while, moved again and again by what happens meanwhile (Kafka's DelayedHeartbeat in its purgatory).
 * Moving it to later costs nothing: the timer that is set looks at the time when it fires.
 */
export class Deadline {
  private readonly clock: Clock
  private readonly onExpire: () => void
  private timer: Timer | undefined
  private timerAtMs = 0
  private atMs = 0

  constructor(clock: Clock, onExpire: () => void) {
    this.clock = clock
    this.onExpire = onExpire
  }

  /** `delayMs` from now; what was set before is void. */
  set(delayMs: number): void {
    this.atMs = this.clock.monotonicMs() + delayMs
    if (this.timer !== undefined && this.timerAtMs <= this.atMs) return
    this.timer?.cancel()
    this.arm()
  }

  cancel(): void {
    this.timer?.cancel()
    this.timer = undefined
  }

  private arm(): void {
    this.timerAtMs = this.atMs
    const delayMs = Math.max(0, Math.ceil(this.atMs - this.clock.monotonicMs()))
    this.timer = this.clock.setTimer(delayMs, () => this.onTimer(), { unref: true })
  }

  private onTimer(): void {
    this.timer = undefined
    if (this.clock.monotonicMs() < this.atMs) this.arm()
    else this.onExpire()
  }
}
