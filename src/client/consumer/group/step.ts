/** Work that goes on between two polls; the poll that finds it done takes the result. */
export class Step<T> {
  private outcome: { readonly value: T } | { readonly error: unknown } | undefined

  /** `onDone` is called when it has ended, well or not. */
  constructor(work: Promise<T>, onDone: () => void) {
    work.then(
      (value) => {
        this.outcome = { value }
        onDone()
      },
      (error: unknown) => {
        this.outcome = { error }
        onDone()
      },
    )
  }

  get isDone(): boolean {
    return this.outcome !== undefined
  }

  /** Throws what the work threw. Only when it is done. */
  result(): T {
    const { outcome } = this
    if (outcome === undefined) throw new Error('the step is not done')
    if ('error' in outcome) throw outcome.error
    return outcome.value
  }
}
