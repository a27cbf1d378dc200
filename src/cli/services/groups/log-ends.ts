import type { OffsetSpec, TopicPartition } from '../../../client/index.ts'
import { partitionName } from '../../../lag/index.ts'
import { readable } from '../../offline.ts'
import type { Target } from '../../target.ts'

/**
 * Offsets by partition, each asked for once. Partitions of topics that do not exist (any more) are left out: a group may
 * have committed offsets of them. For a time that no record has reached it is the end.
 */
export async function logEnds(
  target: Target,
  partitions: readonly TopicPartition[],
  spec: OffsetSpec,
): Promise<Map<string, number>> {
  const existing = await existingPartitions(target, partitions)
  if (existing.length === 0) return new Map()
  const found = await target.admin.listOffsets(existing.map((at) => ({ ...at, spec })))
  const late = found.filter(({ offset }) => offset < 0)
  const ends =
    late.length === 0
      ? []
      : await target.admin.listOffsets(
          late.map(({ topic, partition }) => ({ topic, partition, spec: 'latest' as const })),
        )
  return new Map([...found, ...ends].map((at) => [partitionName(at), at.offset]))
}

/** Each once, and only those that the cluster has. */
export async function existingPartitions(
  target: Target,
  partitions: readonly TopicPartition[],
): Promise<TopicPartition[]> {
  const wanted = new Map(
    partitions.map(({ topic, partition }) => [partitionName({ topic, partition }), { topic, partition }]),
  )
  const names = [...new Set(partitions.map(({ topic }) => topic))]
  if (names.length === 0) return []
  const topics = new Map((await target.admin.describeTopics(names)).map((topic) => [topic.name, topic]))
  const there = [...wanted.values()].filter(
    ({ topic, partition }) =>
      topics.get(topic)?.partitions.some((each) => each.partition === partition) === true,
  )
  return [...readable(target, there)]
}
