import { javaHash } from '../../../../base/java-hash.ts'
import type { TopicPartition } from '../../../../client/index.ts'

/**
 * The order in which a java.util.HashMap gives its keys back, which is the order of what Kafka's tool prints. It is by
 * bucket, and within one as they came; the map has 16 buckets unless it was made larger, and doubles at three quarters.
 */
export function hashOrder<T>(items: readonly T[], hashOf: (item: T) => number, buckets = 16): T[] {
  let count = buckets
  while (items.length > count * 0.75) count *= 2
  const bucketOf = (item: T) => {
    const hash = hashOf(item)
    return (hash ^ (hash >>> 16)) & (count - 1)
  }
  return [...items].sort((a, b) => bucketOf(a) - bucketOf(b))
}

/** Of a HashMap or HashSet that is made from a collection, which is given its size beforehand. */
export function hashSetOrder<T>(items: readonly T[], hashOf: (item: T) => number): T[] {
  return hashOrder(items, hashOf, powerOfTwo(Math.max(16, Math.floor(items.length / 0.75) + 1)))
}

/** Of an empty map that another one is put into: it becomes as small as will do. */
export function putAllOrder<T>(items: readonly T[], hashOf: (item: T) => number): T[] {
  return hashOrder(items, hashOf, powerOfTwo(Math.floor(items.length / 0.75 + 1)))
}

function powerOfTwo(wanted: number): number {
  let result = 1
  while (result < wanted) result *= 2
  return result
}

/** org.apache.kafka.common.TopicPartition.hashCode */
export function partitionHash({ topic, partition }: TopicPartition): number {
  return (Math.imul(31, 31 + partition) + javaHash(topic)) | 0
}

export function partitionOrder<T extends TopicPartition>(items: readonly T[]): T[] {
  return hashOrder<T>(items, partitionHash)
}

export function textOrder(texts: readonly string[]): string[] {
  return hashOrder([...new Set(texts)], javaHash)
}

/** As Java prints a HashSet of joptsimple's options: `[[to-offset], [shift-by]]` without the outer brackets. */
export function optionNames(names: readonly string[]): string[] {
  return hashOrder(names, (name) => (31 + javaHash(name)) | 0).map((name) => `[${name}]`)
}
