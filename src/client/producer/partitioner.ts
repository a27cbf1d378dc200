import type { TopicInfo } from '../metadata.ts'

/** What a partitioner decides by. */
export interface PartitionChoice {
  readonly topic: TopicInfo
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

/** Gives the partition of a record that does not name one (partitioner.class). */
export type Partitioner = (choice: PartitionChoice) => number

/** One partition after the other, keys or not (RoundRobinPartitioner). */
export function roundRobinPartitioner(): Partitioner {
  const counters = new Map<string, number>()
  return ({ topic }) => {
    const count = counters.get(topic.name) ?? 0
    counters.set(topic.name, count + 1)
    const choices = available(topic)
    return choices[count % choices.length] ?? 0
  }
}

/** Partitions that have a leader; all of them when none has. */
function available(topic: TopicInfo): number[] {
  const led = topic.partitions.filter((partition) => partition.leader >= 0)
  return (led.length > 0 ? led : topic.partitions).map((partition) => partition.partition)
}
