import type { Clock } from '../../base/clock.ts'
import type { Deadline, DeadlineQueue } from './deadline-queue.ts'

/**
 * A request that cannot be answered yet (kafka.server.DelayedOperation). It completes exactly once: because what it
 * waits for came, because its time is over, or because the broker stops.
 */
export abstract class DelayedOperation implements Deadline {
  deadlineMs = 0
  completed = false
  private keys: readonly object[] = []
  private purgatory: Purgatory | undefined

  /** Calls {@link complete} when the time has come. `woken` is what changed; undefined: look at everything. */
  abstract tryComplete(woken?: object): void
  /** Answers, whatever the reason for the completion. */
  protected abstract onComplete(): void
  /** Called before onComplete when it is the deadline that completes. */
  protected onExpiration(): void {
    // Most answer with what there is.
  }

  complete(): void {
    if (this.completed) return
    this.completed = true
    this.purgatory?.forget(this, this.keys)
    this.onComplete()
  }

  expire(): void {
    if (this.completed) return
    this.onExpiration()
    this.complete()
  }

  watchedBy(purgatory: Purgatory, keys: readonly object[]): void {
    this.purgatory = purgatory
    this.keys = keys
  }
}

/** Where delayed operations wait, by what they wait for (kafka.server.DelayedOperationPurgatory). */
export class Purgatory {
  private readonly clock: Clock
  private readonly deadlines: DeadlineQueue
  private readonly maxWaiting: number
  private readonly watchers = new Map<object, Set<DelayedOperation>>()
  private waiting = 0

  /** At `maxWaiting` operations, further ones are answered at once, as if their time were over. */
  constructor(clock: Clock, deadlines: DeadlineQueue, maxWaiting = 100_000) {
    this.clock = clock
    this.deadlines = deadlines
    this.maxWaiting = maxWaiting
  }

  get size(): number {
    return this.waiting
  }

  isWatched(key: object): boolean {
    return this.watchers.has(key)
  }

  tryCompleteElseWatch(operation: DelayedOperation, keys: readonly object[], delayMs: number): void {
    operation.tryComplete()
    if (operation.completed) return
    if (delayMs <= 0 || this.waiting >= this.maxWaiting) {
      operation.expire()
      return
    }
    operation.deadlineMs = this.clock.monotonicMs() + delayMs
    operation.watchedBy(this, keys)
    this.waiting++
    for (const key of keys) {
      const watching = this.watchers.get(key)
      if (watching === undefined) this.watchers.set(key, new Set([operation]))
      else watching.add(operation)
    }
    this.deadlines.add(operation)
  }

  /** Something about `key` changed. */
  check(key: object): void {
    const watching = this.watchers.get(key)
    if (watching === undefined) return
    for (const operation of [...watching]) if (!operation.completed) operation.tryComplete(key)
  }

  /** The operations that wait for `key`. */
  watching(key: object): readonly DelayedOperation[] {
    return [...(this.watchers.get(key) ?? [])]
  }

  /** Answers everything as it stands. */
  completeAll(): void {
    for (const watching of [...this.watchers.values()]) {
      for (const operation of [...watching]) operation.expire()
    }
  }

  forget(operation: DelayedOperation, keys: readonly object[]): void {
    this.waiting--
    for (const key of keys) {
      const watching = this.watchers.get(key)
      watching?.delete(operation)
      if (watching?.size === 0) this.watchers.delete(key)
    }
  }
}
