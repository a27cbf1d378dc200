/**
 * Work that covers everybody who asked before it began, as one fsync covers all writes before it. Those who ask while it
 * runs share the next run.
 */
export class SharedRun {
  private readonly work: () => Promise<void>
  private running: Promise<void> = Promise.resolve()
  private next: Promise<void> | null = null

  /** `work` must not reject. */
  constructor(work: () => Promise<void>) {
    this.work = work
  }

  /** Resolves when a run has ended that began after this call. */
  request(): Promise<void> {
    this.next ??= this.running.then(() => {
      this.next = null
      this.running = this.work()
      return this.running
    })
    return this.next
  }
}
