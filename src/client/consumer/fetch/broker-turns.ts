import type { ClientCore } from '../../core.ts'
import { ClientError } from '../../net/index.ts'

/** One request to a broker at a time, and after failures a pause that grows. */
export class BrokerTurns {
  private readonly core: ClientCore
  private readonly onPauseOver: () => void
  /** Brokers with a request under way, or that have to be left alone for a while. */
  private readonly busy = new Set<number>()
  private readonly failures = new Map<number, number>()

  constructor(core: ClientCore, onPauseOver: () => void) {
    this.core = core
    this.onPauseOver = onPauseOver
  }

  isBusy(node: number): boolean {
    return this.busy.has(node)
  }

  async begin(node: number, work: () => Promise<void>): Promise<void> {
    this.busy.add(node)
    try {
      await work()
      this.failures.delete(node)
      this.busy.delete(node)
    } catch (error) {
      if (!isPassing(error)) this.busy.delete(node)
      else if (!this.core.isClosed) this.pause(node)
      throw error
    }
  }

  /** Does the work after the pause that follows so many failures. */
  later(failures: number, work: () => void): void {
    this.core.options.clock.setTimer(
      this.core.backoffMs(failures),
      () => {
        work()
        this.onPauseOver()
      },
      { unref: true },
    )
  }

  private pause(node: number): void {
    const failures = this.failures.get(node) ?? 0
    this.failures.set(node, failures + 1)
    this.later(failures, () => this.busy.delete(node))
  }
}

export function isPassing(error: unknown): boolean {
  return error instanceof ClientError && error.retriable
}
