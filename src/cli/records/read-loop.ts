import type { Clock } from '../../base/clock.ts'
import type { Consumer, ConsumerRecord } from '../../client/index.ts'
import type { PartitionPlan } from './read-plan.ts'

/** How long one poll waits; also how soon Ctrl-C is noticed. */
const POLL_MS = 250

export interface ReadLoopOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Stop after this many records. */
  readonly maxRecords?: number | undefined
  /** Stop when nothing came for this long. */
  readonly idleTimeoutMs?: number | undefined
  /** False: the record is not wanted and does not count. */
  readonly onRecord: (record: ConsumerRecord) => boolean | undefined
  /** After each group of records; what it waits for slows the reading down. */
  readonly afterPoll: (count: number) => Promise<void>
}

/** Reads what the plan says and gives the number of records that were wanted. */
export async function readRecords(
  consumer: Consumer,
  plans: readonly PartitionPlan[],
  options: ReadLoopOptions,
): Promise<number> {
  const { clock, signal, onRecord } = options
  const limit = options.maxRecords ?? Number.POSITIVE_INFINITY
  let open = plans.filter((plan) => plan.end === undefined || plan.from < plan.end)
  const endOf = endLookup(open)
  consumer.assign(open)
  let count = 0
  let lastRecordMs = clock.monotonicMs()
  while (open.length > 0 && count < limit && !signal.aborted) {
    const records = await consumer.poll(Math.min(POLL_MS, options.idleTimeoutMs ?? POLL_MS))
    for (const record of records) {
      if (count >= limit) break
      if (record.offset < endOf(record.topic, record.partition) && onRecord(record) !== false) count++
    }
    await options.afterPoll(records.length)
    if (records.length > 0) lastRecordMs = clock.monotonicMs()
    else if (clock.monotonicMs() - lastRecordMs >= (options.idleTimeoutMs ?? Number.POSITIVE_INFINITY)) break
    open = stillOpen(consumer, open)
  }
  return count
}

/** Partitions whose end has not been reached; the others are not fetched any more. */
function stillOpen(consumer: Consumer, open: readonly PartitionPlan[]): PartitionPlan[] {
  const isDone = (plan: PartitionPlan) =>
    plan.end !== undefined && (consumer.position(plan) ?? plan.from) >= plan.end
  const done = open.filter(isDone)
  if (done.length === 0) return [...open]
  consumer.pause(done)
  return open.filter((plan) => !isDone(plan))
}

/** One look-up per record, so it is two plain index steps and no string is built. */
function endLookup(plans: readonly PartitionPlan[]): (topic: string, partition: number) => number {
  const topics = new Map<string, number[]>()
  for (const plan of plans) {
    const ends = topics.get(plan.topic) ?? []
    ends[plan.partition] = plan.end ?? Number.POSITIVE_INFINITY
    topics.set(plan.topic, ends)
  }
  return (topic, partition) => topics.get(topic)?.[partition] ?? Number.POSITIVE_INFINITY
}
