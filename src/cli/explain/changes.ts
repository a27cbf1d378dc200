import path from 'node:path'
import type { SegmentSummary } from '../../inspect/index.ts'
import type { PartitionStatus } from '../services/cluster/status-snapshot.ts'
import type { Change } from './events.ts'
import type { LocalSnapshot } from './snapshot.ts'

/** What is different between two looks: partitions, then their logs, then znodes. */
export function changesBetween(before: LocalSnapshot, after: LocalSnapshot): Change[] {
  return [...partitionChanges(before, after), ...logChanges(before, after), ...znodeChanges(before, after)]
}

function partitionChanges(before: LocalSnapshot, after: LocalSnapshot): Change[] {
  const changes: Change[] = []
  for (const [name, now] of after.partitions) {
    const was = before.partitions.get(name)
    const { topic, partition, leader } = now
    const replicas = now.replicas.map(({ broker }) => broker)
    if (was === undefined)
      changes.push({ event: 'partition', change: 'created', topic, partition, leader, replicas })
    else changes.push(...moves(was, now))
    changes.push(...watermarkMove(was, now))
  }
  for (const [name, { topic, partition }] of before.partitions)
    if (!after.partitions.has(name)) changes.push({ event: 'partition', change: 'deleted', topic, partition })
  return changes
}

function moves(was: PartitionStatus, now: PartitionStatus): Change[] {
  const { topic, partition } = now
  const place = { topic, partition }
  const replicasOf = ({ replicas }: PartitionStatus) => replicas.map(({ broker }) => broker)
  const [from, to] = [replicasOf(was), replicasOf(now)]
  return [
    ...(same(from, to) ? [] : [{ event: 'replicas' as const, ...place, from, to }]),
    ...(was.leader === now.leader && was.leaderEpoch === now.leaderEpoch
      ? []
      : [
          {
            event: 'leader' as const,
            ...place,
            from: was.leader,
            to: now.leader,
            fromEpoch: was.leaderEpoch,
            toEpoch: now.leaderEpoch,
          },
        ]),
    // The order in the ISR means nothing.
    ...(same([...was.isr].sort(), [...now.isr].sort())
      ? []
      : [{ event: 'isr' as const, ...place, from: was.isr, to: now.isr }]),
  ]
}

function watermarkMove(was: PartitionStatus | undefined, now: PartitionStatus): Change[] {
  const from = was === undefined ? 0 : was.highWatermark
  const to = now.highWatermark
  if (from === null || to === null || from === to) return []
  return [{ event: 'high-watermark', topic: now.topic, partition: now.partition, from, to }]
}

function logChanges(before: LocalSnapshot, after: LocalSnapshot): Change[] {
  const changes: Change[] = []
  for (const [name, now] of after.partitions) {
    for (const { broker, endOffset } of now.replicas) {
      const was = before.partitions.get(name)?.replicas.find((each) => each.broker === broker)
      const firstOffset = was === undefined ? 0 : was.endOffset
      const [old, segments] = [before, after].map((look) => segmentsOf(look, broker, now))
      const last = segments?.at(-1)
      if (old === undefined || segments === undefined || last === undefined) continue
      const { topic, partition } = now
      if (firstOffset !== null && endOffset !== null && endOffset > firstOffset) {
        const bytes = sumOf(segments) - sumOf(old)
        changes.push({
          event: 'append',
          topic,
          partition,
          broker,
          firstOffset,
          endOffset,
          bytes,
          file: fileOf(last, 'log'),
        })
      }
      changes.push(...segmentChanges(old, segments, { topic, partition, broker }))
    }
  }
  return changes
}

function segmentChanges(
  old: readonly SegmentSummary[],
  now: readonly SegmentSummary[],
  place: { readonly topic: string; readonly partition: number; readonly broker: number },
): Change[] {
  const find = (list: readonly SegmentSummary[], { baseOffset }: SegmentSummary) =>
    list.find((each) => each.baseOffset === baseOffset)
  const created = now.filter((each) => find(old, each) === undefined)
  const deleted = old.filter((each) => find(now, each) === undefined)
  return [
    ...created.map((each) => ({
      event: 'segment' as const,
      ...place,
      change: 'created' as const,
      file: fileOf(each, 'log'),
    })),
    ...deleted.map((each) => ({
      event: 'segment' as const,
      ...place,
      change: 'deleted' as const,
      file: fileOf(each, 'log'),
    })),
    ...now.flatMap((each) => {
      const entries = (each.indexEntries ?? 0) - (find(old, each)?.indexEntries ?? 0)
      return entries > 0 ? [{ event: 'index' as const, ...place, file: fileOf(each, 'index'), entries }] : []
    }),
  ]
}

function segmentsOf(
  { segments }: LocalSnapshot,
  broker: number,
  { topic, partition }: PartitionStatus,
): SegmentSummary[] {
  return [...segments.values()]
    .filter(({ dir }) => dir.brokerId === broker && dir.topic === topic && dir.partition === partition)
    .sort((a, b) => a.baseOffset - b.baseOffset)
}

function sumOf(segments: readonly SegmentSummary[]): number {
  return segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

function fileOf({ dir, baseOffset }: SegmentSummary, suffix: string): string {
  return path.join(dir.path, `${String(baseOffset).padStart(20, '0')}.${suffix}`)
}

function znodeChanges({ znodes: before }: LocalSnapshot, { znodes: after }: LocalSnapshot): Change[] {
  if (before === undefined || after === undefined) return []
  const changes: Change[] = []
  for (const [at, now] of after) {
    const was = before.get(at)
    if (was === undefined) changes.push({ event: 'znode', change: 'created', path: at })
    else if (was.mzxid !== now.mzxid) changes.push({ event: 'znode', change: 'changed', path: at })
  }
  for (const at of before.keys())
    if (!after.has(at)) changes.push({ event: 'znode', change: 'deleted', path: at })
  return changes.sort((a, b) => ('path' in a && 'path' in b && a.path < b.path ? -1 : 1))
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i])
}
