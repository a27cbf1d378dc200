import type { CommitSample } from './verdict.ts'

export interface WindowOptions {
  readonly windowMs: number
  /** How many commits of a partition are kept, the last ones (Burrow's intervals). */
  readonly maxCommits: number
  /** Commits closer together count as one (Burrow's min-distance). */
  readonly minDistanceMs: number
}

export const DEFAULT_WINDOW: WindowOptions = { windowMs: 600_000, maxCommits: 10, minDistanceMs: 1000 }

interface Slot {
  timestampMs: number
  offset: number
  endOffset: number
}

/** The last commits of many partitions. Where the log ended at each of them is filled in later. */
export class CommitWindow {
  private readonly options: WindowOptions
  private readonly partitions = new Map<string, Slot[]>()

  constructor(options: WindowOptions) {
    this.options = options
  }

  /** `name` is whatever tells the groups' partitions apart. Commits of one come in order. */
  add(name: string, timestampMs: number, offset: number): void {
    const slots = this.partitions.get(name) ?? []
    this.partitions.set(name, slots)
    const last = slots.at(-1)
    const isSame = last !== undefined && timestampMs - last.timestampMs < this.options.minDistanceMs
    // A step back must not be lost by being near to what was before.
    if (isSame && offset >= last.offset) slots.pop()
    slots.push({ timestampMs, offset, endOffset: -1 })
    if (slots.length > this.options.maxCommits) slots.shift()
  }

  /** What has been forgotten, or begins anew. */
  clear(name: string): void {
    this.partitions.delete(name)
  }

  /** The commits within the window before `nowMs`. */
  commits(name: string, nowMs: number): readonly CommitSample[] {
    const fromMs = nowMs - this.options.windowMs
    return (this.partitions.get(name) ?? []).filter(({ timestampMs }) => timestampMs >= fromMs)
  }

  /** The commits of which nobody knows yet where the log ended. */
  unknownEnds(name: string): readonly { timestampMs: number; fill(endOffset: number): void }[] {
    return (this.partitions.get(name) ?? [])
      .filter(({ endOffset }) => endOffset < 0)
      .map((slot) => ({
        timestampMs: slot.timestampMs,
        fill: (endOffset: number) => {
          slot.endOffset = Math.max(endOffset, slot.offset)
        },
      }))
  }
}
