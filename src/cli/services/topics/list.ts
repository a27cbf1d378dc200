import type { TopicInfo } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { selectTopics } from './select.ts'

export interface ListTopicsOptions {
  readonly patterns: readonly string[]
  readonly includeInternal: boolean
}

/** Topics with their shape. For a loop in a script, `-o name` gives the bare names. */
export async function listTopics(context: CommandContext, options: ListTopicsOptions): Promise<undefined> {
  const { admin } = await context.target()
  const { patterns, includeInternal } = options
  const rows = await selectTopics(admin, { names: patterns, regex: true, includeInternal })
  await context.out.view({
    rows,
    columns: [
      { header: 'TOPIC', value: (topic) => topic.name },
      { header: 'PARTITIONS', value: (topic) => topic.partitions.length },
      { header: 'REPLICAS', value: replicationFactor },
      { header: 'UNDER-REPLICATED', value: underReplicated },
      { header: 'TOPIC-ID', value: (topic) => topic.topicId, wide: true },
    ],
    data: (topic) => ({
      name: topic.name,
      topicId: topic.topicId,
      isInternal: topic.isInternal,
      partitions: topic.partitions.length,
      replicationFactor: replicationFactor(topic),
      underReplicatedPartitions: underReplicated(topic),
    }),
    name: (topic) => topic.name,
    empty:
      patterns.length > 0 ? 'No topic matches.' : 'No topics yet. Create one with: kcli topics create NAME',
  })
  return undefined
}

export function replicationFactor(topic: TopicInfo): number {
  return topic.partitions[0]?.replicas.length ?? 0
}

export function underReplicated(topic: TopicInfo): number {
  return topic.partitions.filter((partition) => partition.isr.length < partition.replicas.length).length
}
