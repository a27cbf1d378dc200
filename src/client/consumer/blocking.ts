import type { Clock } from '../../base/clock.ts'
import { ClientError } from '../net/index.ts'

/** A call was not done within its time (org.apache.kafka.common.errors.TimeoutException). It may be done later all the same. */
export class TimeoutError extends ClientError {
  constructor(timeoutMs: number, what: string) {
    super('KCLI_TIMEOUT', `could not ${what} within ${timeoutMs} ms`, { retriable: true })
  }
}

/** `wakeup` was called (org.apache.kafka.common.errors.WakeupException). */
export class WakeupError extends ClientError {
  constructor() {
    super('KCLI_WAKEUP', 'the consumer was woken up', { retriable: false })
  }
}

/** Calls that wait: each for a limited time, and all of them can be woken up from. */
export class Blocking {
  private readonly clock: Clock
  private isRequested = false
  private readonly sleepers = new Set<(error: Error) => void>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Ends the call that waits now, or else the next one. */
  wakeup(): void {
    this.isRequested = true
    const [first] = this.sleepers
    if (first === undefined) return
    this.isRequested = false
    first(new WakeupError())
  }

  /** Throws when there was a wakeup since the last call that threw for one. */
  check(): void {
    if (!this.isRequested) return
    this.isRequested = false
    throw new WakeupError()
  }

  /** Waits for the work as long as it may take. The work itself goes on. */
  async run<T>(what: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
    this.check()
    return new Promise<T>((resolve, reject) => {
      const end = () => {
        timer.cancel()
        this.sleepers.delete(fail)
      }
      const fail = (error: Error) => {
        end()
        reject(error)
      }
      const timer = this.clock.setTimer(timeoutMs, () => fail(new TimeoutError(timeoutMs, what)))
      this.sleepers.add(fail)
      work().then((value) => {
        end()
        resolve(value)
      }, fail)
    })
  }
}
