import type { TopicPartition } from '../zk/index.ts'

/** In the order in which the topics first appear. */
export function groupByTopic<T extends TopicPartition>(partitions: readonly T[]): [string, T[]][] {
  const groups = new Map<string, T[]>()
  for (const each of partitions) {
    const group = groups.get(each.topic)
    if (group === undefined) groups.set(each.topic, [each])
    else group.push(each)
  }
  return [...groups]
}

/** Each partition once; where one is named twice, what was said last holds. */
export function distinctPartitions<T extends TopicPartition>(partitions: readonly T[]): T[] {
  return [...new Map(partitions.map((each) => [`${each.topic}-${each.partition}`, each])).values()]
}
