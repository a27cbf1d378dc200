import { Consumer, type TopicPartition } from '../../../../client/index.ts'
import { partitionName } from '../../../../lag/index.ts'
import type { CommandContext } from '../../../context.ts'
import type { Target } from '../../../target.ts'

export interface UnreadPlace extends TopicPartition {
  readonly offset: number
  /** Exclusive; below it there need not be a record, after a compaction or behind a transaction. */
  readonly end: number
}

/** One batch of each partition is enough; a larger one comes whole. */
const FETCHED_BYTES = 65_536
const POLL_MS = 250
/** Remembered times; a group at work asks for another offset each time. */
const MAX_REMEMBERED = 10_000

/**
 * The timestamps of the first records that groups have not read. ListOffsets finds offsets for times, not the other way
 * round, so the records themselves are fetched; none is asked for twice.
 */
export class FirstUnread {
  private readonly consumer: Consumer
  private readonly context: CommandContext
  private readonly known = new Map<string, number | null>()

  constructor(context: CommandContext, target: Target) {
    this.context = context
    this.consumer = new Consumer(target.clientOptions, {
      maxPartitionFetchBytes: FETCHED_BYTES,
      autoOffsetReset: 'earliest',
      fetchMaxWaitMs: POLL_MS,
    })
  }

  /** By place; null where there is no record, or it cannot be read in time. */
  async timestamps(places: readonly UnreadPlace[]): Promise<(place: UnreadPlace) => number | null> {
    if (this.known.size > MAX_REMEMBERED) this.known.clear()
    let waiting = [...new Map(places.map((place) => [nameOf(place), place])).values()].filter(
      (place) => !this.known.has(nameOf(place)),
    )
    // Groups may be at different places of one partition; each round looks at one of them.
    while (waiting.length > 0 && !this.context.signal.aborted) {
      const round = new Map(waiting.map((place) => [partitionName(place), place]))
      waiting = waiting.filter((place) => round.get(partitionName(place)) !== place)
      await this.look([...round.values()])
    }
    return (place) => this.known.get(nameOf(place)) ?? null
  }

  close(): Promise<void> {
    return this.consumer.close()
  }

  private async look(places: readonly UnreadPlace[]): Promise<void> {
    const { clock, signal, timeoutMs } = this.context
    const open = new Map(places.map((place) => [partitionName(place), place]))
    // Another position in the same partition is a new beginning.
    this.consumer.assign([])
    this.consumer.assign(places.map(({ topic, partition, offset }) => ({ topic, partition, from: offset })))
    const deadlineMs = clock.monotonicMs() + timeoutMs
    while (open.size > 0 && !signal.aborted && clock.monotonicMs() < deadlineMs) {
      for (const { topic, partition, offset, timestampMs } of await this.consumer.poll(POLL_MS)) {
        const place = open.get(partitionName({ topic, partition }))
        if (place !== undefined && offset >= place.offset)
          this.settle(open, place, timestampMs < 0 ? null : timestampMs)
      }
      for (const place of [...open.values()])
        if ((this.consumer.position(place) ?? place.offset) >= place.end) this.settle(open, place, null)
    }
  }

  private settle(open: Map<string, UnreadPlace>, place: UnreadPlace, timestampMs: number | null): void {
    this.known.set(nameOf(place), timestampMs)
    open.delete(partitionName(place))
    this.consumer.pause([place])
  }
}

function nameOf(place: UnreadPlace): string {
  return `${partitionName(place)}@${place.offset}`
}
