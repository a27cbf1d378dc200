import { messageOf } from '../../../base/errors.ts'
import { Consumer, type TopicPartition } from '../../../client/index.ts'
import { type GroupEvent, GroupHistory, type PastGroup, readGroupEvent } from '../../../lag/index.ts'
import { OFFSETS_TOPIC, partitionOfGroup } from '../../../protocol/internal/index.ts'
import type { CommandContext } from '../../context.ts'
import { readable } from '../../offline.ts'
import { END, START } from '../../records/offset-grammar.ts'
import { readRecords } from '../../records/read-loop.ts'
import { planReading } from '../../records/read-plan.ts'
import type { Target } from '../../target.ts'

/** The partitions that have the groups' records, all of them when no group is named; none before the first group. */
export async function groupLogPartitions(
  target: Target,
  groupIds: readonly string[] | undefined,
): Promise<readonly TopicPartition[]> {
  // Files do not change their mind: a topic that is not there need not be asked for again and again.
  if (target.offline?.hasTopic(OFFSETS_TOPIC) === false) return []
  const [topic] = await target.admin.describeTopics([OFFSETS_TOPIC])
  const partitions = topic?.errorCode === 0 ? topic.partitions : []
  const wanted = new Set(groupIds?.map((id) => partitionOfGroup(id, Math.max(1, partitions.length))))
  const chosen = partitions.filter(({ partition }) => groupIds === undefined || wanted.has(partition))
  return readable(
    target,
    chosen.map(({ partition }) => ({ topic: OFFSETS_TOPIC, partition })),
  )
}

/** Reads records of `__consumer_offsets` as events; those that are damaged are left out, with one warning. */
export class EventReader {
  private readonly context: CommandContext
  private readonly isWanted: (groupId: string) => boolean
  private hasWarned = false

  constructor(context: CommandContext, groupIds: readonly string[] | undefined) {
    this.context = context
    const wanted = groupIds === undefined ? undefined : new Set(groupIds)
    this.isWanted = (groupId) => wanted === undefined || wanted.has(groupId)
  }

  read(record: {
    readonly partition: number
    readonly offset: number
    readonly key: Buffer | null
    readonly value: Buffer | null
    readonly timestampMs: number
  }): GroupEvent | undefined {
    try {
      return readGroupEvent(record, this.isWanted)
    } catch (error) {
      if (!this.hasWarned) {
        const place = `${OFFSETS_TOPIC}-${record.partition}@${record.offset}`
        this.context.out.warn(`${place} cannot be read and is left out: ${messageOf(error)}`)
      }
      this.hasWarned = true
      return undefined
    }
  }
}

/**
 * Groups as the log has them, up to a moment or to its end. What compaction has taken away is not seen: at a moment long
 * past, offsets may be missing that were overwritten later.
 */
export async function pastGroups(
  context: CommandContext,
  target: Target,
  options: { readonly groupIds?: readonly string[] | undefined; readonly untilMs?: number | undefined },
): Promise<PastGroup[]> {
  const { groupIds, untilMs } = options
  const partitions = await groupLogPartitions(target, groupIds)
  const history = new GroupHistory()
  if (partitions.length === 0) return history.groups()
  const consumer = new Consumer(target.clientOptions, {
    maxPollRecords: 5_000,
    isolationLevel: 'read_committed',
    autoOffsetReset: 'earliest',
  })
  const events = new EventReader(context, groupIds)
  try {
    // Up to the first record that is later; its own time is not part of it.
    const to = untilMs === undefined ? END : ({ kind: 'time', timestampMs: untilMs + 1 } as const)
    const plans = await planReading(consumer, { partitions, range: { from: START, to }, follow: false })
    await readRecords(consumer, plans, {
      clock: context.clock,
      signal: context.signal,
      onRecord: (record) => {
        const event = events.read(record)
        if (event !== undefined) history.take(event)
        return true
      },
      afterPoll: async () => undefined,
    })
  } finally {
    await consumer.close()
  }
  return history.groups()
}
