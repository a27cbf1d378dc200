import type { Clock } from './clock.ts'

/** Short enough that nobody notices, long enough that giving way costs next to nothing. */
const TURN_MS = 10

/** For work in many small steps on the main thread: tells when others should have the loop, and gives it to them. */
export class Turn {
  private readonly clock: Clock
  private sinceMs: number

  constructor(clock: Clock) {
    this.clock = clock
    this.sinceMs = clock.monotonicMs()
  }

  get isOver(): boolean {
    return this.clock.monotonicMs() - this.sinceMs >= TURN_MS
  }

  /** Resolves when all that waited for the loop has had it. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => this.clock.defer(resolve))
    this.sinceMs = this.clock.monotonicMs()
  }
}
