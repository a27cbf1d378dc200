import { defined } from '../base/assert.ts'
import * as batch from '../records/index.ts'
import type { Segment } from './segment.ts'

/** Appends whose place is remembered per log, with or without their bytes. */
const MAX_ENTRIES = 128
/** Copying this much is cheaper than keeping a large frame in memory for the sake of a small part of it. */
const MAX_COPY_BYTES = 64 * 1024

export interface TailEntry {
  readonly segment: Segment
  readonly position: number
  readonly sizeBytes: number
  readonly firstOffset: number
  readonly lastOffset: number
  bytes: Buffer | null
}

/** Shared by all logs of a broker: bounds the memory of their tails. The log that was quiet longest gives first. */
export class TailBudget {
  readonly limitBytes: number
  private usedBytes = 0
  private readonly byUse = new Set<TailCache>()
  private latest: TailCache | undefined

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  take(cache: TailCache, bytes: number): void {
    if (this.latest !== cache) {
      this.latest = cache
      this.byUse.delete(cache)
      this.byUse.add(cache)
    }
    this.usedBytes += bytes
    while (this.usedBytes > this.limitBytes) {
      const [oldest] = this.byUse
      if (oldest === undefined) return
      if (!oldest.dropOldestBytes()) this.forget(oldest)
    }
  }

  give(bytes: number): void {
    this.usedBytes -= bytes
  }

  forget(cache: TailCache): void {
    if (this.latest === cache) this.latest = undefined
    this.byUse.delete(cache)
  }
}

/**
 * The last appends of a log: their places, and as far as memory goes their bytes, so that followers and consumers at
 * the end are served without a look at index or file. Only what is in the file already gets in.
 */
export class TailCache {
  private readonly budget: TailBudget
  private readonly limitBytes: number
  private list: TailEntry[] = []
  private keptBytes = 0
  /** The first entry that still has its bytes. */
  private firstWithBytes = 0

  constructor(budget: TailBudget, limitBytes: number) {
    this.budget = budget
    this.limitBytes = limitBytes
  }

  add(entry: Omit<TailEntry, 'bytes'>, records: Buffer): void {
    const last = this.list.at(-1)
    if (last && last.lastOffset >= entry.firstOffset) this.clear()
    const { segment, position, sizeBytes, firstOffset, lastOffset } = entry
    const bytes = this.worthKeeping(records)
    this.list.push({ segment, position, sizeBytes, firstOffset, lastOffset, bytes })
    if (bytes === null) this.dropAllBytes()
    else {
      this.keptBytes += bytes.length
      this.budget.take(this, bytes.length)
      while (this.keptBytes > this.limitBytes && this.dropOldestBytes());
    }
    if (this.list.length > 2 * MAX_ENTRIES) this.forgetOldest(this.list.length - MAX_ENTRIES)
  }

  clear(): void {
    this.dropAllBytes()
    this.list = []
    this.firstWithBytes = 0
    this.budget.forget(this)
  }

  /** The append that holds `offset`. */
  find(offset: number): TailEntry | undefined {
    const entry = this.list[this.indexOf(offset)]
    return entry !== undefined && entry.lastOffset >= offset ? entry : undefined
  }

  /** Where in the file the batch with `offset` begins, when that follows without reading: it begins an append. */
  positionOf(offset: number): { segment: Segment; position: number } | undefined {
    const at = this.indexOf(offset)
    const entry = this.list[at]
    if (entry?.firstOffset === offset) return entry
    // The place behind an append, when the next one went on in the same segment or has not come yet.
    if (entry?.lastOffset === offset - 1 && this.list[at + 1] === undefined) {
      return { segment: entry.segment, position: entry.position + entry.sizeBytes }
    }
    return undefined
  }

  /**
   * Whole batches from the one with `startOffset` up to `upperBoundOffset`, at most `maxBytes` of them, but one at least
   * when `minOne`. Undefined when the bytes are not here.
   */
  read(
    startOffset: number,
    upperBoundOffset: number,
    maxBytes: number,
    minOne: boolean,
  ): Buffer[] | undefined {
    let at = this.indexOf(startOffset)
    const first = this.list[at]
    if (first === undefined || first.bytes === null || first.lastOffset < startOffset) return undefined
    const parts: Buffer[] = []
    let left = maxBytes
    for (; at < this.list.length; at++) {
      const entry = defined(this.list[at], 'tail entry')
      if (entry.bytes === null || entry.firstOffset >= upperBoundOffset) break
      // As from the files: one answer never spans segments, so a follower has room for it in one of its own.
      if (entry.segment !== first.segment) break
      const cut = cutBatches(entry.bytes, startOffset, upperBoundOffset, left, minOne && parts.length === 0)
      const part = entry.bytes.subarray(cut.from, cut.to)
      if (part.length > 0) parts.push(part)
      left -= part.length
      if (cut.to < entry.bytes.length || left <= 0) break
    }
    return parts
  }

  /** False when there is nothing to drop. */
  dropOldestBytes(): boolean {
    const entry = this.list[this.firstWithBytes]
    if (entry === undefined) return false
    this.firstWithBytes++
    this.giveBack(entry)
    return true
  }

  private worthKeeping(records: Buffer): Buffer | null {
    if (records.length > this.limitBytes) return null
    if (records.length * 2 >= records.buffer.byteLength) return records
    return records.length <= MAX_COPY_BYTES ? Buffer.from(records) : null
  }

  private dropAllBytes(): void {
    while (this.dropOldestBytes());
  }

  private forgetOldest(count: number): void {
    while (this.firstWithBytes < count && this.dropOldestBytes());
    this.list = this.list.slice(count)
    this.firstWithBytes -= count
  }

  private giveBack(entry: TailEntry): void {
    if (entry.bytes === null) return
    this.keptBytes -= entry.bytes.length
    this.budget.give(entry.bytes.length)
    entry.bytes = null
  }

  /** The last entry that does not begin behind `offset`, or -1. */
  private indexOf(offset: number): number {
    let low = 0
    let high = this.list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (defined(this.list[middle], 'tail entry').firstOffset <= offset) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

/** The stretch of whole batches that may go out. Most appends are one batch. */
function cutBatches(
  bytes: Buffer,
  startOffset: number,
  upperBound: number,
  maxBytes: number,
  minOne: boolean,
): { from: number; to: number } {
  let from = 0
  let to = 0
  for (let at = 0, size = 0; at < bytes.length; at += size) {
    size = batch.batchSizeBytes(bytes, at)
    const lastOffset = batch.lastOffset(bytes, at)
    if (lastOffset < startOffset) {
      from = at + size
      to = from
      continue
    }
    const fits = at + size - from <= maxBytes || (minOne && at === from)
    if (!fits || lastOffset >= upperBound) break
    to = at + size
  }
  return { from, to }
}
