import type { Clock } from '../../base/clock.ts'

export type ProcessState = 'up' | 'paused' | 'killed'

/**
 * Where everything comes into a broker that its surroundings tell it: timers, bytes, connections, watch events. With the
 * gate open it passes at once; of a paused broker it waits here, in order; of a killed one it is gone.
 */
export class Gate {
  private readonly clock: Clock
  private current: ProcessState = 'up'
  private held: (() => void)[] = []

  constructor(clock: Clock) {
    this.clock = clock
  }

  get state(): ProcessState {
    return this.current
  }

  get isKilled(): boolean {
    return this.current === 'killed'
  }

  pass(fn: () => void): void {
    if (this.current === 'up') fn()
    else if (this.current === 'paused') this.held.push(fn)
  }

  /** What a broker has asked for, as its surroundings answer it. A killed one is answered nothing. */
  answer<T>(ask: () => Promise<T>): Promise<T> {
    if (this.isKilled) return never()
    return new Promise((resolve, reject) => {
      ask().then(
        (value) => this.pass(() => resolve(value)),
        (error: unknown) => this.pass(() => reject(error)),
      )
    })
  }

  pause(): void {
    if (this.current === 'up') this.current = 'paused'
  }

  resume(): void {
    if (this.current !== 'paused') return
    this.current = 'up'
    for (const fn of this.held.splice(0)) {
      try {
        this.pass(fn)
      } catch (error) {
        // As if it had come from where it would have come: it must not keep the others from passing.
        this.clock.defer(() => {
          throw error
        })
      }
    }
  }

  kill(): void {
    this.current = 'killed'
    this.held = []
  }
}

/** What nobody waits for any more is forgotten with whom it was for. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined)
}
