import type { PassControl } from './pace.ts'

/**
 * Who may take segments of one log away: a cleaning, its retention, or what has to come before both (truncation,
 * deletion). One at a time (the states of kafka.log.LogCleanerManager: in progress, aborted, paused).
 */
export class CleaningGate {
  private running: { readonly control: PassControl | undefined } | null = null
  private pauses = 0
  private waiting: (() => void)[] = []

  get isFree(): boolean {
    return this.running === null && this.pauses === 0
  }

  /** False when the log is not free. Otherwise {@link end} must follow. `control` is told when it has to stop. */
  begin(control?: PassControl): boolean {
    if (!this.isFree) return false
    this.running = { control }
    return true
  }

  end(): void {
    this.running = null
    const { waiting } = this
    this.waiting = []
    for (const resolve of waiting) resolve()
  }

  /** Undefined when the log is not free. */
  async ifFree<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (!this.begin()) return undefined
    try {
      return await work()
    } finally {
      this.end()
    }
  }

  /** Stops what runs, as far as it can be stopped. */
  abort(): void {
    this.running?.control?.abort()
  }

  /** Stops what runs and keeps others from beginning until {@link resume}; resolves when it has stopped. */
  async pause(): Promise<void> {
    this.pauses++
    this.abort()
    while (this.running !== null) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  resume(): void {
    this.pauses--
  }
}
