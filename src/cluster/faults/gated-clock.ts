import type { Clock, Timer } from '../../base/clock.ts'
import type { Gate } from './gate.ts'

/** The clock of one broker: it stands still for none of them, but a paused one does not hear it. */
export class GatedClock implements Clock {
  private readonly clock: Clock
  private readonly gate: Gate
  private readonly timers = new Set<Timer>()

  constructor(clock: Clock, gate: Gate) {
    this.clock = clock
    this.gate = gate
  }

  nowMs(): number {
    return this.clock.nowMs()
  }

  monotonicMs(): number {
    return this.clock.monotonicMs()
  }

  setTimer(delayMs: number, fn: () => void, options?: { unref?: boolean }): Timer {
    let isWanted = true
    if (this.gate.isKilled) return { cancel: () => undefined }
    const fire = () => {
      this.timers.delete(timer)
      this.gate.pass(() => {
        if (isWanted) fn()
      })
    }
    const timer = this.clock.setTimer(delayMs, fire, options)
    this.timers.add(timer)
    return {
      cancel: () => {
        isWanted = false
        timer.cancel()
        this.timers.delete(timer)
      },
    }
  }

  defer(fn: () => void): void {
    if (!this.gate.isKilled) this.clock.defer(() => this.gate.pass(fn))
  }

  /** No timer that is left would ever be heard. */
  kill(): void {
    for (const timer of this.timers) timer.cancel()
    this.timers.clear()
  }
}
