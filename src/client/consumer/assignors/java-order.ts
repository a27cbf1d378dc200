import { javaHash } from '../../../base/java-hash.ts'
import type { TopicPartition } from '../../offsets.ts'

// Kafka's assignors walk through hash maps. Whoever leads a group, a consumer on the JVM or this one, has to come to the
// same shares, or stickiness is lost when the leader changes. So we walk in the order of java.util.HashMap.

const FIRST_CAPACITY = 16
const LOAD_FACTOR = 0.75

/** Texts in the order in which a HashMap gives them into which they were put in this order. */
export function inHashOrder(keys: Iterable<string>): string[] {
  const list = [...new Set(keys)]
  const capacity = grown(FIRST_CAPACITY, list.length)
  const buckets = new Map(list.map((key) => [key, bucketOf(javaHash(key), capacity)]))
  // The sort is stable: within a bucket those that came first are first.
  return list.sort((a, b) => (buckets.get(a) ?? 0) - (buckets.get(b) ?? 0))
}

/** A java.util.HashSet of partitions, as far as the order matters. */
export class HashOrderedPartitions {
  private readonly byName = new Map<string, TopicPartition>()
  /** Never shrinks. */
  private capacity = FIRST_CAPACITY

  get size(): number {
    return this.byName.size
  }

  add(at: TopicPartition): void {
    const name = `${at.topic}-${at.partition}`
    if (!this.byName.has(name)) this.byName.set(name, at)
    this.capacity = grown(this.capacity, this.byName.size)
  }

  delete(at: TopicPartition): void {
    this.byName.delete(`${at.topic}-${at.partition}`)
  }

  /** The one that an iterator would give first. */
  first(): TopicPartition | undefined {
    let first: TopicPartition | undefined
    let lowest = Number.POSITIVE_INFINITY
    for (const at of this.byName.values()) {
      const bucket = bucketOf(partitionHash(at), this.capacity)
      if (bucket >= lowest) continue
      lowest = bucket
      first = at
    }
    return first
  }
}

function grown(capacity: number, size: number): number {
  let enough = capacity
  while (size > enough * LOAD_FACTOR) enough *= 2
  return enough
}

function bucketOf(hash: number, capacity: number): number {
  return (hash ^ (hash >>> 16)) & (capacity - 1)
}

/** org.apache.kafka.common.TopicPartition.hashCode */
function partitionHash({ topic, partition }: TopicPartition): number {
  return (Math.imul(31, 31 + partition) + javaHash(topic)) | 0
}
