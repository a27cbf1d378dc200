import type { Clock, Timer } from '../../base/clock.ts'

interface Entry {
  readonly deadlineMs: number
  /** A marker of a flush takes no memory. */
  readonly needsRoom: boolean
  readonly admit: () => void
  readonly refuse: (error: Error) => void
}

interface Lane {
  /** The topic is known. */
  open: boolean
  readonly entries: Entry[]
  head: number
}

/**
 * Records that wait for the metadata of their topic or for memory. Each topic's are let in in the order in which they
 * came, as soon as there is room and not before, however many wait.
 */
export class BlockedSends {
  private readonly lanes = new Map<string, Lane>()
  private readonly clock: Clock
  private readonly maxBlockMs: number
  private readonly hasRoom: () => boolean
  private readonly timeout: () => Error
  private timer: Timer | undefined
  private admitting = false

  constructor(options: { clock: Clock; maxBlockMs: number; hasRoom: () => boolean; timeout: () => Error }) {
    this.clock = options.clock
    this.maxBlockMs = options.maxBlockMs
    this.hasRoom = options.hasRoom
    this.timeout = options.timeout
  }

  /** Whether a record of this topic has to queue behind others. */
  blocks(topic: string): boolean {
    return this.lanes.has(topic)
  }

  /** How many wait. */
  get size(): number {
    let size = 0
    for (const lane of this.lanes.values()) size += lane.entries.length - lane.head
    return size
  }

  /** `open` is called when the lane is new; what it waits for has to succeed before anybody is let in. */
  push(topic: string, open: () => Promise<unknown>, admit: () => void, refuse: (error: Error) => void): void {
    let lane = this.lanes.get(topic)
    if (lane === undefined) {
      lane = { open: false, entries: [], head: 0 }
      this.lanes.set(topic, lane)
      this.openWhen(topic, lane, open())
    }
    const deadlineMs = this.clock.monotonicMs() + this.maxBlockMs
    lane.entries.push({ deadlineMs, needsRoom: true, admit, refuse })
    this.watchDeadline()
  }

  /** Lets in whom there is room for. */
  admit(): void {
    // Letting a record in may free memory and end up here again: once is enough.
    if (this.admitting) return
    this.admitting = true
    for (const [topic, lane] of this.lanes) {
      while (lane.open && lane.head < lane.entries.length) {
        const entry = lane.entries[lane.head] as Entry
        if (entry.needsRoom && !this.hasRoom()) break
        this.leave(topic, lane)
        entry.admit()
      }
    }
    this.admitting = false
    if (this.lanes.size === 0) this.cancelTimer()
  }

  /** Resolves when all who wait now have been let in or refused. */
  async passed(): Promise<void> {
    const deadlineMs = Number.POSITIVE_INFINITY
    const markers = [...this.lanes.values()].map(
      (lane) =>
        new Promise<void>((resolve) => {
          lane.entries.push({ deadlineMs, needsRoom: false, admit: resolve, refuse: () => resolve() })
        }),
    )
    await Promise.all(markers)
  }

  refuseAll(error: Error): void {
    for (const [topic, lane] of [...this.lanes]) this.refuseLane(topic, lane, error)
    this.cancelTimer()
  }

  private openWhen(topic: string, lane: Lane, ready: Promise<unknown>): void {
    ready.then(
      () => {
        lane.open = true
        this.admit()
      },
      (error: Error) => this.refuseLane(topic, lane, error),
    )
  }

  private refuseLane(topic: string, lane: Lane, error: Error): void {
    if (this.lanes.get(topic) === lane) this.lanes.delete(topic)
    for (const entry of lane.entries.splice(0).slice(lane.head)) entry.refuse(error)
    lane.head = 0
  }

  private leave(topic: string, lane: Lane): void {
    lane.head++
    if (lane.head === lane.entries.length) this.lanes.delete(topic)
    else if (lane.head > 1024 && lane.head * 2 > lane.entries.length) {
      lane.entries.splice(0, lane.head)
      lane.head = 0
    }
  }

  private watchDeadline(): void {
    if (this.timer !== undefined) return
    let nextMs = Number.POSITIVE_INFINITY
    for (const lane of this.lanes.values())
      nextMs = Math.min(nextMs, lane.entries[lane.head]?.deadlineMs ?? nextMs)
    if (nextMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.max(1, nextMs - this.clock.monotonicMs())
    this.timer = this.clock.setTimer(delayMs, () => {
      this.timer = undefined
      this.refuseLate()
      this.watchDeadline()
    })
  }

  /** Within a lane, deadlines come in order. */
  private refuseLate(): void {
    const nowMs = this.clock.monotonicMs()
    for (const [topic, lane] of this.lanes) {
      while (lane.head < lane.entries.length && (lane.entries[lane.head] as Entry).deadlineMs <= nowMs) {
        const entry = lane.entries[lane.head] as Entry
        this.leave(topic, lane)
        entry.refuse(this.timeout())
      }
    }
    this.admit()
  }

  private cancelTimer(): void {
    this.timer?.cancel()
    this.timer = undefined
  }
}
