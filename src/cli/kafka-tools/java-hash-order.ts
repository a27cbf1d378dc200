import { javaHash } from '../../base/java-hash.ts'
import type { TopicPartition } from '../../client/index.ts'

/**
 * The order in which a java.util.HashMap with these keys is walked, when they were put in in the given order. Kafka's tools
 * print in it.
 *
 * @param initialCapacity what the map was made for; a map that was made for nothing in particular has room for 16
 */
export function javaHashOrder<K>(
  keys: readonly K[],
  hashCode: (key: K) => number,
  initialCapacity = 16,
): K[] {
  let capacity = 1
  while (capacity < initialCapacity) capacity *= 2
  while (keys.length > capacity * 0.75) capacity *= 2
  const bucket = (key: K) => {
    const hash = hashCode(key)
    return (hash ^ (hash >>> 16)) & (capacity - 1)
  }
  // The sort is stable: keys of one bucket keep their order, as in its list.
  return [...keys].sort((a, b) => bucket(a) - bucket(b))
}

/** org.apache.kafka.common.TopicPartition.hashCode */
export function partitionHash({ topic, partition }: TopicPartition): number {
  return (Math.imul(31, 31 + partition) + javaHash(topic)) | 0
}
