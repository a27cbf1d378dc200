import type { TopicPartition } from '../offsets.ts'
import { nameOf } from './fetch/position.ts'

/** By topic, then by number: the order in which listeners are told of partitions. */
export function comparePartitions(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  return a.partition - b.partition
}

/** Those of `partitions` that are not among the others, in order. */
export function without<T extends TopicPartition>(
  partitions: Iterable<T>,
  others: Iterable<TopicPartition>,
): T[] {
  const names = new Set([...others].map(nameOf))
  return [...partitions].filter((at) => !names.has(nameOf(at))).sort(comparePartitions)
}

/** Those of `partitions` that are among the others, as they come. */
export function among<T extends TopicPartition>(
  partitions: Iterable<T>,
  others: Iterable<TopicPartition>,
): T[] {
  const names = new Set([...others].map(nameOf))
  return [...partitions].filter((at) => names.has(nameOf(at)))
}

/** For messages. */
export function namesOf(partitions: Iterable<TopicPartition>): string {
  return [...partitions].map(nameOf).join(', ')
}
