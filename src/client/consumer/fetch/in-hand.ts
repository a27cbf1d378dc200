import type { AnswerCount, FetchMetrics } from './fetch-metrics.ts'
import type { ConsumerRecord, FetchedPartition } from './fetched.ts'
import type { Position } from './position.ts'

interface Entry {
  readonly position: Position
  readonly part: FetchedPartition
  readonly count: AnswerCount
}

/** What has been fetched and not yet been given out, in the order in which it came. */
export class FetchesInHand {
  private readonly entries: Entry[] = []
  private readonly metrics: FetchMetrics
  /** All of one fetch of the partition was taken. */
  private readonly onDone: (position: Position) => void

  constructor(metrics: FetchMetrics, onDone: (position: Position) => void) {
    this.metrics = metrics
    this.onDone = onDone
  }

  add(position: Position, part: FetchedPartition, count: AnswerCount): void {
    count.expect()
    if (position.paused) part.detach()
    position.inHand.push(part)
    this.entries.push({ position, part, count })
  }

  /** Throws away what there is of a partition. */
  drop(position: Position): void {
    if (position.inHand.length === 0) return
    for (let i = this.entries.length - 1; i >= 0; i--)
      if ((this.entries[i] as Entry).position === position) this.removeAt(i)
  }

  /** Up to `limit` records of partitions that are not paused. Throws at a batch that cannot be read. */
  take(limit: number): ConsumerRecord[] {
    const records: ConsumerRecord[] = []
    let index = 0
    while (records.length < limit && index < this.entries.length) {
      const { position, part } = this.entries[index] as Entry
      if (position.paused) {
        index++
        continue
      }
      // It was fetched ahead, and what came before it ended elsewhere: what is between them has to be fetched.
      if (part.recordCount === 0 && part.fetchOffset > position.offset) {
        this.drop(position)
        continue
      }
      const before = records.length
      try {
        part.drain(records, limit - before)
      } catch (error) {
        this.moveTo(position, part)
        // What was good before the bad batch is given out first; the error comes with the next call.
        if (records.length === 0) throw error
        return records
      }
      this.moveTo(position, part)
      if (records.length > before) this.metrics.moved(position)
      if (!part.isDone) continue
      this.removeAt(index)
      this.onDone(position)
    }
    return records
  }

  hasRecords(): boolean {
    return this.entries.some(({ position }) => !position.paused)
  }

  /** What is there to be taken. Paused partitions do not count: they must not keep the others from being read. */
  readyBytes(): number {
    let bytes = 0
    for (const { position, part } of this.entries) if (!position.paused) bytes += part.sizeBytes
    return bytes
  }

  /** All that is kept in memory: a view keeps the response that it is a part of. */
  retainedBytes(): number {
    const buffers = new Set(this.entries.map(({ part }) => part.backing))
    let bytes = 0
    for (const buffer of buffers) bytes += buffer.byteLength
    return bytes
  }

  /** Partitions that have records to be taken. */
  *ready(): Generator<Position, void> {
    for (const { position } of this.entries) if (!position.paused) yield position
  }

  private removeAt(index: number): void {
    const [{ position, part, count }] = this.entries.splice(index, 1) as [Entry]
    position.inHand.splice(position.inHand.indexOf(part), 1)
    count.done(part)
  }

  private moveTo(position: Position, part: FetchedPartition): void {
    position.offset = part.nextOffset
    if (part.nextEpoch >= 0) position.offsetEpoch = part.nextEpoch
  }
}
