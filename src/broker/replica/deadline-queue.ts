import type { Clock, Timer } from '../../base/clock.ts'

/** Longer timers fire at once in Node. */
const MAX_TIMER_MS = 0x7fffffff

/** Something that waits no longer than until `deadlineMs` (monotonic time). */
export interface Deadline {
  readonly deadlineMs: number
  /** Nothing is left to do: dropped without a call. */
  readonly completed: boolean
  expire(): void
}

/**
 * Deadlines in a heap, with one timer for the first of them. What completed earlier stays until its time comes or half
 * of the heap is such, so that the common case (added, completed soon) costs one insertion and no removal.
 */
export class DeadlineQueue {
  private readonly clock: Clock
  private readonly heap: Deadline[] = []
  private timer: Timer | undefined
  private timerAtMs = Number.POSITIVE_INFINITY
  /** Size at which completed ones are looked for. */
  private sweepAt = 1024

  constructor(clock: Clock) {
    this.clock = clock
  }

  get size(): number {
    return this.heap.length
  }

  add(deadline: Deadline): void {
    if (this.heap.length >= this.sweepAt) this.sweep()
    this.heap.push(deadline)
    this.siftUp(this.heap.length - 1)
    this.arm()
  }

  close(): void {
    this.timer?.cancel()
    this.timer = undefined
    this.timerAtMs = Number.POSITIVE_INFINITY
    this.heap.length = 0
  }

  private arm(): void {
    const first = this.heap[0]
    if (first === undefined || first.deadlineMs >= this.timerAtMs) return
    this.timer?.cancel()
    this.timerAtMs = first.deadlineMs
    const delayMs = Math.ceil(first.deadlineMs - this.clock.monotonicMs())
    this.timer = this.clock.setTimer(Math.min(MAX_TIMER_MS, Math.max(0, delayMs)), () => this.onTimer(), {
      unref: true,
    })
  }

  private onTimer(): void {
    this.timer = undefined
    this.timerAtMs = Number.POSITIVE_INFINITY
    const nowMs = this.clock.monotonicMs()
    for (let first = this.heap[0]; first !== undefined; first = this.heap[0]) {
      if (!first.completed && first.deadlineMs > nowMs) break
      this.removeFirst()
      if (!first.completed) first.expire()
    }
    this.arm()
  }

  private sweep(): void {
    const waiting = this.heap.filter((deadline) => !deadline.completed)
    this.heap.length = 0
    for (const deadline of waiting) {
      this.heap.push(deadline)
      this.siftUp(this.heap.length - 1)
    }
    this.sweepAt = Math.max(1024, waiting.length * 2)
  }

  private removeFirst(): void {
    const last = this.heap.pop()
    if (last === undefined || this.heap.length === 0) return
    this.heap[0] = last
    this.siftDown(0)
  }

  private siftUp(from: number): void {
    const { heap } = this
    let at = from
    const item = heap[at] as Deadline
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = heap[parentAt] as Deadline
      if (parent.deadlineMs <= item.deadlineMs) break
      heap[at] = parent
      at = parentAt
    }
    heap[at] = item
  }

  private siftDown(from: number): void {
    const { heap } = this
    let at = from
    const item = heap[at] as Deadline
    for (;;) {
      let childAt = 2 * at + 1
      if (childAt >= heap.length) break
      const right = heap[childAt + 1]
      if (right !== undefined && right.deadlineMs < (heap[childAt] as Deadline).deadlineMs) childAt++
      const child = heap[childAt] as Deadline
      if (child.deadlineMs >= item.deadlineMs) break
      heap[at] = child
      at = childAt
    }
    heap[at] = item
  }
}
