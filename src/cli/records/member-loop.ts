import type { Consumer, ConsumerConfig, ConsumerRecord, TopicPartition } from '../../client/index.ts'
import type { Target } from '../target.ts'
import type { ReadLoopOptions } from './read-loop.ts'

/** How long one poll waits; also how soon Ctrl-C is noticed. */
const POLL_MS = 250

/**
 * In a local directory the broker that coordinates may end with the process of a member. Who takes over knows nothing of
 * members that left in that moment, as in Kafka, and waits for them: not as long as across a network.
 */
const LOCAL_SESSION_TIMEOUT_MS = 10_000

export function memberDefaults({ isLocal }: Target): ConsumerConfig {
  return isLocal ? { sessionTimeoutMs: LOCAL_SESSION_TIMEOUT_MS } : {}
}

export interface MemberLoopOptions extends ReadLoopOptions {
  readonly topics: readonly string[] | RegExp
  /** Go on behind the ends of the partitions as they are when the group gives them out. */
  readonly follow: boolean
  /** The group has not given out partitions for a while; called once. */
  readonly onSlow: () => void
}

/** Longer than group.initial.rebalance.delay.ms, which a new group waits for further members. */
const SLOW_MS = 10_000

/**
 * Reads what the group gives this consumer, and gives the number of records. What was not worked on when it ends, or fails,
 * counts as not read, so that the offsets that are committed are those of records that have come out
 * (ConsoleConsumer.ConsumerWrapper.resetUnconsumedOffsets).
 */
export async function readAsMember(consumer: Consumer, options: MemberLoopOptions): Promise<number> {
  const { clock, signal, onRecord } = options
  const limit = options.maxRecords ?? Number.POSITIVE_INFINITY
  const ends = new Map<string, number>()
  // A long wait for the group is no silence of the topics: the time counts from the first partitions on.
  let lastRecordMs = Number.POSITIVE_INFINITY
  consumer.subscribe(options.topics, {
    listener: {
      async onPartitionsAssigned(partitions) {
        lastRecordMs = Math.min(lastRecordMs, clock.monotonicMs())
        if (options.follow) return
        for (const { topic, partition, offset } of await consumer.endOffsets(partitions))
          ends.set(nameOf({ topic, partition }), offset)
      },
    },
  })
  const isAtEnd = () =>
    !options.follow &&
    Number.isFinite(lastRecordMs) &&
    consumer
      .assignment()
      .every((at) => (consumer.position(at) ?? -1) >= (ends.get(nameOf(at)) ?? Number.POSITIVE_INFINITY))
  let count = 0
  let slowMs = clock.monotonicMs() + SLOW_MS
  while (count < limit && !signal.aborted && !isAtEnd()) {
    const records = await consumer.poll(Math.min(POLL_MS, options.idleTimeoutMs ?? POLL_MS))
    if (!Number.isFinite(lastRecordMs) && clock.monotonicMs() >= slowMs) {
      slowMs = Number.POSITIVE_INFINITY
      options.onSlow()
    }
    let done = 0
    try {
      for (; done < records.length && count < limit; done++)
        if (onRecord(records[done] as ConsumerRecord) !== false) count++
      await options.afterPoll(records.length)
    } catch (error) {
      await giveBack(consumer, records)
      throw error
    }
    if (done < records.length) await giveBack(consumer, records.slice(done))
    if (records.length > 0) lastRecordMs = clock.monotonicMs()
    else if (clock.monotonicMs() - lastRecordMs >= (options.idleTimeoutMs ?? Number.POSITIVE_INFINITY)) break
  }
  return count
}

export function slowGroup(group: string | undefined): string {
  return `group '${group}' has given out no partitions yet: its coordinator is away, or members have yet to answer`
}

async function giveBack(consumer: Consumer, records: readonly ConsumerRecord[]): Promise<void> {
  const seen = new Set<string>()
  for (const { topic, partition, offset } of records) {
    const name = nameOf({ topic, partition })
    if (seen.has(name) || consumer.position({ topic, partition }) === undefined) continue
    seen.add(name)
    await consumer.seek({ topic, partition }, offset)
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
