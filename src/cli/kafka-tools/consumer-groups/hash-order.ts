import { javaHash } from '../../../base/java-hash.ts'
import type { TopicPartition } from '../../../client/index.ts'
import { javaHashOrder, partitionHash } from '../java-hash-order.ts'

/** The order of a HashMap that is filled with partitions. */
export function partitionOrder<T extends TopicPartition>(partitions: readonly T[]): T[] {
  return javaHashOrder<T>(partitions, partitionHash)
}

/** Of a HashSet that is made from a collection, which is given its size beforehand. */
export function partitionSetOrder(partitions: readonly TopicPartition[]): TopicPartition[] {
  return javaHashOrder(partitions, partitionHash, Math.max(16, Math.floor(partitions.length / 0.75) + 1))
}

/** Of an empty map that another one is put into: it becomes as small as will do. */
export function partitionPutAllOrder<T extends TopicPartition>(partitions: readonly T[]): T[] {
  return javaHashOrder<T>(partitions, partitionHash, Math.floor(partitions.length / 0.75 + 1))
}

export function textOrder(texts: readonly string[]): string[] {
  return javaHashOrder([...new Set(texts)], javaHash)
}

/** As Java prints a HashSet of joptsimple's options: `[[to-offset], [shift-by]]` without the outer brackets. */
export function optionNames(names: readonly string[]): string[] {
  return javaHashOrder(names, (name) => (31 + javaHash(name)) | 0).map((name) => `[${name}]`)
}
