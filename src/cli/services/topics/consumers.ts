import type { TopicPartition } from '../../../client/index.ts'
import { partitionName } from '../../../lag/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { type GroupView, partitionsText, viewGroups } from '../groups/groups.ts'
import { logEnds } from '../groups/log-ends.ts'
import { selectTopics, type TopicSelection } from './select.ts'

interface Row {
  readonly topic: string
  readonly group: string
  readonly state: string
  /** Those of its members that read the topic. */
  readonly clients: readonly string[]
  readonly partitions: readonly TopicPartition[]
  /** Null when nothing is committed. */
  readonly lag: number | null
}

/** Who reads topics: groups that have committed offsets of them, or have members that were given some. */
export async function topicConsumers(context: CommandContext, selection: TopicSelection): Promise<number> {
  const target = await context.target()
  const topics = (await selectTopics(target.admin, selection)).map(({ name }) => name)
  const groups = await viewGroups(context, target, { names: [], regex: false })
  const committed = groups.flatMap(({ offsets }) => offsets.filter(({ topic }) => topics.includes(topic)))
  const ends = await logEnds(context, committed, 'latest')
  const rows = topics.flatMap((topic) => groups.flatMap((group) => rowOf(topic, group, ends)))
  await context.out.view({
    rows,
    columns: [
      { header: 'TOPIC', value: ({ topic }) => topic },
      { header: 'GROUP', value: ({ group }) => group },
      { header: 'STATE', value: ({ state }) => state },
      { header: 'MEMBERS', value: ({ clients }) => clients.length },
      { header: 'LAG', value: ({ lag }) => lag ?? '' },
      { header: 'CLIENTS', value: ({ clients }) => clients.join(','), wide: true },
      { header: 'PARTITIONS', value: ({ partitions }) => partitionsText(partitions), wide: true },
    ],
    data: ({ topic, group, state, clients, partitions, lag }) => ({
      topic,
      group,
      state,
      clients,
      partitions: partitions.map(({ partition }) => partition),
      lag,
    }),
    name: ({ group }) => group,
    empty: 'No group reads it.',
  })
  return EXIT.done
}

function rowOf(topic: string, group: GroupView, ends: ReadonlyMap<string, number>): Row[] {
  const offsets = group.offsets.filter((at) => at.topic === topic)
  const members = group.members.filter(
    ({ partitions, topics }) =>
      partitions?.some((at) => at.topic === topic) === true || topics?.includes(topic) === true,
  )
  if (offsets.length === 0 && members.length === 0) return []
  const places = new Map<string, TopicPartition>(offsets.map((at) => [partitionName(at), at]))
  for (const at of members.flatMap(({ partitions }) => partitions ?? []))
    if (at.topic === topic) places.set(partitionName(at), at)
  const lags = offsets.flatMap((at) => {
    const end = ends.get(partitionName(at))
    return end === undefined ? [] : Math.max(0, end - at.offset)
  })
  return [
    {
      topic,
      group: group.groupId,
      state: group.state,
      clients: members.map(({ clientId }) => clientId),
      partitions: [...places.values()],
      lag: lags.length === 0 ? null : lags.reduce((sum, lag) => sum + lag, 0),
    },
  ]
}
