/** Who an event belongs to: nothing of it happens after its end, and everything waits while it stands still. */
export interface Owner {
  readonly isAlive: boolean
  /** Virtual time before which nothing of it runs; 0 when it is not held up. */
  readonly heldUntilMs: number
  uncaught(error: unknown): void
}

interface Event {
  atMs: number
  readonly order: number
  readonly owner: Owner
  /** Undefined once it is cancelled. */
  fn: (() => void) | undefined
}

/**
 * Virtual time and the one order in which everything happens. An event runs, then all that follows from it without
 * waiting (promises), then the next event: nothing but this queue decides what comes first.
 */
export class Scheduler {
  /** Since the world began. */
  nowMs = 0
  eventCount = 0
  private nextOrder = 0
  private readonly heap: Event[] = []

  /** Events for the same time run in the order in which they were asked for. Returns the function that cancels it. */
  at(atMs: number, owner: Owner, fn: () => void): () => void {
    const event: Event = { atMs: Math.max(atMs, this.nowMs), order: this.nextOrder++, owner, fn }
    this.push(event)
    return () => {
      event.fn = undefined
    }
  }

  /** Until `isDone`, or the time is over: false then. */
  async run(isDone: () => boolean, untilMs: number): Promise<boolean> {
    await turn()
    while (!isDone()) {
      const event = this.pop()
      if (event === undefined || event.atMs > untilMs) {
        if (event !== undefined) this.push(event)
        this.nowMs = untilMs
        return false
      }
      const { fn, owner } = event
      if (fn === undefined || !owner.isAlive) continue
      if (owner.heldUntilMs > event.atMs) {
        event.atMs = owner.heldUntilMs
        this.push(event)
        continue
      }
      this.nowMs = event.atMs
      this.eventCount++
      try {
        fn()
      } catch (error) {
        owner.uncaught(error)
      }
      await turn()
    }
    return true
  }

  /** Nothing that waits will ever happen. */
  clear(): void {
    this.heap.length = 0
  }

  private push(event: Event): void {
    const { heap } = this
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, heap[parent] as Event)) break
      heap[at] = heap[parent] as Event
      at = parent
    }
    heap[at] = event
  }

  private pop(): Event | undefined {
    const { heap } = this
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || first === last) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++
      if (!isBefore(heap[child] as Event, last)) break
      heap[at] = heap[child] as Event
      at = child
    }
    heap[at] = last
    return first
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

/** All promises that can go on have gone on. Nothing in a simulation waits for the real world, so this is all of it. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
