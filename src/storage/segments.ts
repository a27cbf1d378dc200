import { defined } from '../base/assert.ts'
import type { Segment } from './segment.ts'

/** The segments of one log, by base offset (LogSegments). There is always one: the last, which grows. */
export class Segments {
  private list: Segment[]

  constructor(segments: readonly Segment[]) {
    this.list = [...segments].sort((a, b) => a.baseOffset - b.baseOffset)
  }

  get all(): readonly Segment[] {
    return this.list
  }

  get active(): Segment {
    return defined(this.list.at(-1), 'the active segment')
  }

  get first(): Segment {
    return defined(this.list[0], 'the first segment')
  }

  get sizeBytes(): number {
    let total = 0
    for (const segment of this.list) total += segment.sizeBytes
    return total
  }

  /** Becomes the active one. */
  push(segment: Segment): void {
    this.list = [...this.list, segment]
  }

  remove(segment: Segment): void {
    this.list = this.list.filter((other) => other !== segment)
  }

  /** One in the place of others. */
  replace(old: readonly Segment[], segment: Segment): void {
    const kept = this.list.filter((other) => !old.includes(other))
    this.list = [...kept, segment].sort((a, b) => a.baseOffset - b.baseOffset)
  }

  /** Those that hold something of [from, to): the first may begin before it (LogSegments.values). */
  between(from: number, to: number): Segment[] {
    return this.from(from).filter((segment) => segment.baseOffset < to)
  }

  /** The segment that may hold `offset`; undefined when all begin behind it. */
  floor(offset: number): Segment | undefined {
    let low = 0
    let high = this.list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (defined(this.list[middle], 'segment').baseOffset <= offset) low = middle + 1
      else high = middle
    }
    return this.list[low - 1]
  }

  next(segment: Segment): Segment | undefined {
    return this.list.find((other) => other.baseOffset > segment.baseOffset)
  }

  /** Those that may hold something at or behind `offset`. */
  from(offset: number): Segment[] {
    const floor = this.floor(offset)
    return this.list.filter((segment) => segment === floor || segment.baseOffset > offset)
  }

  /** Where the log can be cut, for batches stay whole: at `offset`, or where the batch begins that goes on over it. */
  async cutBefore(offset: number): Promise<number> {
    const found = await this.floor(offset)?.translate(offset)
    return Math.min(found?.baseOffset ?? offset, offset)
  }
}
