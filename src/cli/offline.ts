import { KcliError } from '../base/errors.ts'
import type { PartitionInfo, TopicInfo, TopicPartition } from '../client/index.ts'
import type { Target } from './target.ts'

/** Asking for a topic that is not there would only be repeated: files do not change their mind. */
export function requireTopicsIn(target: Target, topics: readonly string[]): void {
  const missing = topics.find((topic) => target.offline?.hasTopic(topic) === false)
  if (missing === undefined) return
  throw new KcliError('KCLI_UNKNOWN_TOPIC', `there is no topic '${missing}' in ${target.describe}`, {
    hint: 'See what there is with: kcli topics list --offline',
  })
}

/** All of them, unless files are read: then those that are there. */
export function readable<T extends TopicPartition>(target: Target, partitions: readonly T[]): readonly T[] {
  return target.offline?.readable(partitions) ?? partitions
}

/** Assignments, leaders, in-sync replicas and settings are in the znodes only, which need not be among the files. */
export function isStateUnknown({ offline }: Target): boolean {
  return offline?.hasClusterState === false
}

/** Whoever is asked for a partition stands in for its leader; people are told whom the znodes name. */
export function withRecordedLeaders({ offline }: Target, topics: readonly TopicInfo[]): readonly TopicInfo[] {
  if (offline === undefined) return topics
  return topics.map((topic) => ({
    ...topic,
    partitions: topic.partitions.map((partition) => ({
      ...partition,
      leader: offline.leaderOf(topic.name, partition.partition) ?? -1,
    })),
  }))
}

/** Brokers whose directory of the partition is among the files. */
export function onDisk({ replicas, offlineReplicas }: PartitionInfo): number[] {
  return replicas.filter((id) => !offlineReplicas.includes(id))
}
