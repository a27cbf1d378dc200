import type { Clock, Timer } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'

/** Some intervals may be set to 0. */
const SHORTEST_INTERVAL_MS = 10

/**
 * What the logs do by the clock: work that comes again and again, and files that go a while after they were deleted. No
 * timer of it keeps the process alive.
 */
export class Housekeeping {
  private readonly clock: Clock
  private readonly logger: Logger
  private readonly timers = new Set<Timer>()
  private readonly removals = new Set<() => void>()
  /** Of those, the ones whose time has come. */
  private readonly due: (() => void)[] = []
  private isOver = false

  constructor(clock: Clock, logger: Logger) {
    this.clock = clock
    this.logger = logger
  }

  /** Each round begins `intervalMs` after the one before has ended. `work` must not reject. */
  repeat(firstDelayMs: number, intervalMs: number, work: () => unknown): void {
    const pauseMs = Math.max(intervalMs, SHORTEST_INTERVAL_MS)
    const round = async () => {
      await work()
      if (!this.isOver) this.set(pauseMs, () => void round())
    }
    this.set(firstDelayMs, () => void round())
  }

  /** Removes files after a while, or at the end, whichever comes first. */
  removeLater(delayMs: number, remove: () => void): void {
    if (this.isOver || delayMs <= 0) {
      this.run(remove)
      return
    }
    this.removals.add(remove)
    this.set(delayMs, () => this.isDue(remove))
  }

  /** Nothing comes again; what was to be removed later is removed now. */
  finish(): void {
    this.isOver = true
    for (const timer of this.timers) timer.cancel()
    this.timers.clear()
    for (const remove of [...this.removals]) this.run(remove)
  }

  private set(delayMs: number, fn: () => void): void {
    const timer = this.clock.setTimer(
      delayMs,
      () => {
        this.timers.delete(timer)
        fn()
      },
      { unref: true },
    )
    this.timers.add(timer)
  }

  /**
   * One in each turn of the loop: the logs of a thousand topics that were deleted together are due together, and the
   * brokers must not stand still until the last of them is gone.
   */
  private isDue(remove: () => void): void {
    this.due.push(remove)
    if (this.due.length === 1) this.clock.defer(() => this.removeNext())
  }

  private removeNext(): void {
    const [remove] = this.due
    if (remove !== undefined && this.removals.has(remove)) this.run(remove)
    this.due.shift()
    if (this.due.length > 0) this.clock.defer(() => this.removeNext())
  }

  private run(remove: () => void): void {
    this.removals.delete(remove)
    try {
      remove()
    } catch (error) {
      this.logger.warn(`deleted files could not be removed yet: ${messageOf(error)}`)
    }
  }
}
