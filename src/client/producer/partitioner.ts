import { partitionForKey } from '../../base/murmur2.ts'
import type { Random } from '../../base/random.ts'
import type { TopicInfo } from '../metadata.ts'

/** What a partitioner decides by. */
export interface PartitionChoice {
  readonly topic: TopicInfo
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** About what the record will take in its batch. */
  readonly sizeBytes: number
}

/** Gives the partition of a record that does not name one. */
export type Partitioner = (choice: PartitionChoice) => number

/**
 * Kafka's default (KIP-794): by key when there is one; without a key one partition until `stickyBytes` have gone to it,
 * then another, so that batches fill up and partitions fill evenly.
 */
export function stickyPartitioner(random: Random, stickyBytes: number): Partitioner {
  const states = new Map<string, { partition: number; bytes: number }>()
  return ({ topic, key, sizeBytes }) => {
    if (key !== null) return partitionForKey(key, topic.partitions.length)
    let state = states.get(topic.name)
    if (state === undefined || state.bytes >= stickyBytes) {
      state = { partition: pickAvailable(random, topic, state?.partition), bytes: 0 }
      states.set(topic.name, state)
    }
    state.bytes += sizeBytes
    return state.partition
  }
}

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

function pickAvailable(random: Random, topic: TopicInfo, last: number | undefined): number {
  const all = available(topic)
  const others = all.length > 1 ? all.filter((partition) => partition !== last) : all
  return others[random.int(others.length)] ?? 0
}
