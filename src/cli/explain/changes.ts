import path from 'node:path'
import type { PartitionStatus } from '../services/cluster/status-snapshot.ts'
import type { Change } from './events.ts'
import type { LocalSnapshot, LogFiles } from './snapshot.ts'

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
    const { topic, partition } = now
    for (const { broker, endOffset } of now.replicas) {
      const was = before.partitions.get(name)?.replicas.find((each) => each.broker === broker)
      const firstOffset = was === undefined ? 0 : was.endOffset
      const log = after.logs.get(`${broker} ${name}`)
      const last = log?.segments.at(-1)
      if (log === undefined || last === undefined) continue
      const old = before.logs.get(`${broker} ${name}`)?.segments ?? []
      const place = { topic, partition, broker }
      if (firstOffset !== null && endOffset !== null && endOffset > firstOffset) {
        const bytes = sumOf(log.segments) - sumOf(old)
        const file = fileOf(log, last, 'log')
        changes.push({ event: 'append', ...place, firstOffset, endOffset, bytes, file })
      }
      changes.push(...segmentChanges(log, old, place))
    }
  }
  return changes
}

type Segment = LogFiles['segments'][number]

function segmentChanges(
  log: LogFiles,
  old: readonly Segment[],
  place: { readonly topic: string; readonly partition: number; readonly broker: number },
): Change[] {
  const isIn = (list: readonly Segment[]) => (one: Segment) =>
    list.some(({ baseOffset }) => baseOffset === one.baseOffset)
  const created = log.segments.filter((each) => !isIn(old)(each))
  const deleted = old.filter((each) => !isIn(log.segments)(each))
  const change = (kind: 'created' | 'deleted') => (each: Segment) => ({
    event: 'segment' as const,
    ...place,
    change: kind,
    file: fileOf(log, each, 'log'),
  })
  return [...created.map(change('created')), ...deleted.map(change('deleted'))]
}

/** How many entries of an index file are for an offset or later ones. */
export type CountEntries = (file: string, baseOffset: number, fromOffset: number) => Promise<number>

/** The index entries that appends have made. The files of other logs are not looked into. */
export async function indexChanges(
  changes: readonly Change[],
  after: LocalSnapshot,
  count: CountEntries,
): Promise<Change[]> {
  const found: Change[] = []
  for (const change of changes) {
    if (change.event !== 'append') continue
    const { topic, partition, broker, firstOffset } = change
    const log = after.logs.get(`${broker} ${topic}-${partition}`)
    const segments = log?.segments ?? []
    for (const [i, segment] of segments.entries()) {
      const end = segments[i + 1]?.baseOffset ?? Number.POSITIVE_INFINITY
      if (log === undefined || end <= firstOffset) continue
      const file = fileOf(log, segment, 'index')
      const entries = await count(file, segment.baseOffset, firstOffset)
      if (entries > 0) found.push({ event: 'index', topic, partition, broker, file, entries })
    }
  }
  return found
}

function sumOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

function fileOf(log: LogFiles, { baseOffset }: Segment, suffix: string): string {
  return path.join(log.path, `${String(baseOffset).padStart(20, '0')}.${suffix}`)
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
