import { type BrokerStatus, type ClusterSnapshot, keyOf, type PartitionStatus } from './status-snapshot.ts'
import type { ZnodeChange } from './status-znodes.ts'

/** One line of `cluster status --watch` in a pipe. The first lines tell everything, later ones what has changed. */
export type StatusChange =
  | { readonly event: 'cluster'; readonly state: 'running' | 'stopped' }
  | ({ readonly event: 'broker' } & BrokerStatus)
  | ({ readonly event: 'partition' } & PartitionStatus)
  | { readonly event: 'partition-deleted'; readonly topic: string; readonly partition: number }
  | ({ readonly event: 'znode' } & ZnodeChange)

/** What is different; undefined stands for a cluster that does not answer. */
export function changesBetween(
  before: ClusterSnapshot | undefined,
  now: ClusterSnapshot | undefined,
  isFirst: boolean,
): StatusChange[] {
  const changes: StatusChange[] = []
  if (isFirst || (before === undefined) !== (now === undefined))
    changes.push({ event: 'cluster', state: now === undefined ? 'stopped' : 'running' })
  if (now === undefined) return changes
  const brokers = new Map(before?.brokers.map((broker) => [broker.id, broker]))
  for (const broker of now.brokers) {
    if (isDifferent(brokers.get(broker.id), broker)) changes.push({ event: 'broker', ...broker })
  }
  const partitions = new Map(before?.partitions.map((each) => [keyOf(each.topic, each.partition), each]))
  for (const each of now.partitions) {
    const key = keyOf(each.topic, each.partition)
    if (isDifferent(partitions.get(key), each)) changes.push({ event: 'partition', ...each })
    partitions.delete(key)
  }
  for (const { topic, partition } of partitions.values())
    changes.push({ event: 'partition-deleted', topic, partition })
  return changes
}

/** Both are plain data, made by the same code: what reads the same is the same. */
function isDifferent(before: unknown, now: unknown): boolean {
  return JSON.stringify(before) !== JSON.stringify(now)
}
