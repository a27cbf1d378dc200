/** Runs asynchronous work one piece after another, in the order it came. A failed piece does not stop the next. */
export class SerialQueue {
  private tail: Promise<unknown> = Promise.resolve()
  private pending = 0

  /** Pieces that wait or run. */
  get size(): number {
    return this.pending
  }

  run<T>(work: () => Promise<T> | T): Promise<T> {
    this.pending++
    const result = this.tail.then(work).finally(() => {
      this.pending--
    })
    this.tail = result.catch(() => undefined)
    return result
  }

  /** Resolves when everything queued so far is done. */
  async idle(): Promise<void> {
    await this.tail
  }
}
