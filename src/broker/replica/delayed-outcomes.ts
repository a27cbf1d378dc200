import type { ErrorName } from '../../protocol/index.ts'
import type { Partition } from './partition.ts'
import { DelayedOperation, type Purgatory } from './purgatory.ts'

/** What became of one partition of a request that waits for the followers of several. */
export interface PendingOutcome {
  error: ErrorName
  /** Set while it is not known that the followers have done what is asked. */
  waitsFor: { readonly partition: Partition; readonly offset: number } | null
}

type StateOf<O> = (outcome: O, partition: Partition, offset: number) => ErrorName | 'waiting'

/**
 * Resolves when no outcome waits any more; those that still wait at the deadline are REQUEST_TIMED_OUT
 * (kafka.server.DelayedProduce and DelayedDeleteRecords).
 */
export function settled<O extends PendingOutcome>(
  purgatory: Purgatory,
  outcomes: readonly O[],
  timeoutMs: number,
  stateOf: StateOf<O>,
): Promise<void> {
  const partitions = outcomes.flatMap(({ waitsFor }) => waitsFor?.partition ?? [])
  if (partitions.length === 0) return Promise.resolve()
  return new Promise((resolve) => {
    const operation = new DelayedOutcomes(outcomes, stateOf, resolve)
    purgatory.tryCompleteElseWatch(operation, partitions, timeoutMs)
  })
}

class DelayedOutcomes<O extends PendingOutcome> extends DelayedOperation {
  private readonly outcomes: readonly O[]
  private readonly stateOf: StateOf<O>
  private readonly resolve: () => void

  constructor(outcomes: readonly O[], stateOf: StateOf<O>, resolve: () => void) {
    super()
    this.outcomes = outcomes
    this.stateOf = stateOf
    this.resolve = resolve
  }

  tryComplete(): void {
    let isWaiting = false
    for (const outcome of this.outcomes) {
      if (outcome.waitsFor === null) continue
      const state = this.stateOf(outcome, outcome.waitsFor.partition, outcome.waitsFor.offset)
      if (state === 'waiting') isWaiting = true
      else {
        outcome.error = state
        outcome.waitsFor = null
      }
    }
    if (!isWaiting) this.complete()
  }

  protected override onExpiration(): void {
    for (const outcome of this.outcomes) if (outcome.waitsFor !== null) outcome.error = 'REQUEST_TIMED_OUT'
  }

  protected onComplete(): void {
    this.resolve()
  }
}
