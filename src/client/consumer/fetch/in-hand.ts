import type { TopicPartition } from '../../offsets.ts'
import type { ConsumerRecord, FetchedPartition } from './fetched.ts'
import type { Position } from './position.ts'

/** What has been fetched and not yet been given out, in the order in which it came. */
export class FetchesInHand {
  private readonly parts: FetchedPartition[] = []
  private readonly positionOf: (at: TopicPartition) => Position | undefined
  /** A partition has nothing left. */
  private readonly onDone: (position: Position) => void

  constructor(
    positionOf: (at: TopicPartition) => Position | undefined,
    onDone: (position: Position) => void,
  ) {
    this.positionOf = positionOf
    this.onDone = onDone
  }

  add(part: FetchedPartition): void {
    if (this.positionOf(part)?.paused) part.detach()
    this.parts.push(part)
  }

  drop(at: TopicPartition): void {
    const index = this.indexOf(at)
    if (index >= 0) this.parts.splice(index, 1)
  }

  /** What a paused partition keeps must not keep the rest of its response in memory as well. */
  detach(at: TopicPartition): void {
    this.parts[this.indexOf(at)]?.detach()
  }

  /** Up to `limit` records of partitions that are not paused. Throws at a batch that cannot be read. */
  take(limit: number): ConsumerRecord[] {
    const records: ConsumerRecord[] = []
    let index = 0
    while (records.length < limit && index < this.parts.length) {
      const part = this.parts[index] as FetchedPartition
      const position = this.positionOf(part)
      if (position?.paused) {
        index++
        continue
      }
      try {
        part.drain(records, limit - records.length)
      } catch (error) {
        if (position !== undefined) moveTo(position, part)
        // What was good before the bad batch is given out first; the error comes with the next call.
        if (records.length === 0) throw error
        return records
      }
      if (position !== undefined) moveTo(position, part)
      if (!part.isDone) continue
      this.parts.splice(index, 1)
      if (position !== undefined) this.onDone(position)
    }
    return records
  }

  hasRecords(): boolean {
    return this.parts.some((part) => !this.positionOf(part)?.paused)
  }

  /** What is there to be taken. Paused partitions do not count: they must not keep the others from being read. */
  readyBytes(): number {
    let bytes = 0
    for (const part of this.parts) if (!this.positionOf(part)?.paused) bytes += part.sizeBytes
    return bytes
  }

  /** All that is kept in memory: a view keeps the response that it is a part of. */
  retainedBytes(): number {
    const buffers = new Set(this.parts.map((part) => part.backing))
    let bytes = 0
    for (const buffer of buffers) bytes += buffer.byteLength
    return bytes
  }

  /** Partitions that have records to be taken. */
  *ready(): Generator<Position, void> {
    for (const part of this.parts) {
      const position = this.positionOf(part)
      if (position !== undefined && !position.paused) yield position
    }
  }

  private indexOf(at: TopicPartition): number {
    return this.parts.findIndex((part) => part.topic === at.topic && part.partition === at.partition)
  }
}

function moveTo(position: Position, part: FetchedPartition): void {
  position.offset = part.nextOffset
  if (part.nextEpoch >= 0) position.offsetEpoch = part.nextEpoch
}
