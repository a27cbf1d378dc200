import type { TopicInfo } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { isStateUnknown } from '../../offline.ts'
import { selectTopics } from './select.ts'

export interface ListTopicsOptions {
  readonly patterns: readonly string[]
  readonly includeInternal: boolean
}

/** Topics with their shape. For a loop in a script, `-o name` gives the bare names. */
export async function listTopics(context: CommandContext, options: ListTopicsOptions): Promise<undefined> {
  const target = await context.target()
  const known = <T>(value: T, unknown: T) => (isStateUnknown(target) ? unknown : value)
  const { patterns, includeInternal } = options
  const rows = await selectTopics(target.admin, { names: patterns, regex: true, includeInternal })
  await context.out.view({
    rows,
    columns: [
      { header: 'TOPIC', value: (topic) => topic.name },
      { header: 'PARTITIONS', value: (topic) => topic.partitions.length },
      { header: 'REPLICAS', value: (topic) => known<number | string>(replicationFactor(topic), '') },
      { header: 'UNDER-REPLICATED', value: (topic) => known<number | string>(underReplicated(topic), '') },
      { header: 'TOPIC-ID', value: (topic) => topic.topicId, wide: true },
    ],
    data: (topic) => ({
      name: topic.name,
      topicId: topic.topicId,
      isInternal: topic.isInternal,
      partitions: topic.partitions.length,
      replicationFactor: known<number | null>(replicationFactor(topic), null),
      underReplicatedPartitions: known<number | null>(underReplicated(topic), null),
    }),
    name: (topic) => topic.name,
    empty:
      patterns.length > 0
        ? 'No topic matches.'
        : target.offline !== undefined
          ? `No topics in ${target.describe}.`
          : 'No topics yet. Create one with: kcli topics create NAME',
  })
  return undefined
}

export function replicationFactor(topic: TopicInfo): number {
  return topic.partitions[0]?.replicas.length ?? 0
}

export function underReplicated(topic: TopicInfo): number {
  return topic.partitions.filter((partition) => partition.isr.length < partition.replicas.length).length
}
