import type { GroupVerdict, PartitionVerdict } from '../../../../lag/index.ts'
import type { View } from '../../../output/format.ts'
import { sparkline } from '../../../output/sparkline.ts'
import { type GroupLag, type PartitionLag, totals } from './measure.ts'

/** What a row stands for. */
export const LAG_ROWS = ['partition', 'topic', 'group'] as const
export type LagRows = (typeof LAG_ROWS)[number]

interface Row {
  readonly group: string
  readonly state: string
  readonly topic: string
  readonly partition: string | number
  readonly offset: string | number
  readonly end: string | number
  readonly lag: number
  readonly seconds: number | '-'
  readonly verdict: PartitionVerdict | GroupVerdict
  readonly trend: string
  readonly client: string
  readonly reason: string
}

/** For programs: all of it, by group. */
export function lagTree(groups: readonly GroupLag[]): View<GroupLag> {
  return { rows: groups, columns: [], data: groupData, name: ({ group }) => group.groupId }
}

/** A row for each partition, topic or group. */
export function lagTable(groups: readonly GroupLag[], by: LagRows): View<Row> {
  const rows = groups.flatMap((group) => rowsOf(group, by))
  const columns = [
    { header: 'GROUP', value: (row: Row) => row.group, of: LAG_ROWS },
    { header: 'STATE', value: (row: Row) => row.state, of: ['group'] },
    { header: 'TOPIC', value: (row: Row) => row.topic, of: ['partition', 'topic'] },
    { header: 'PARTITION', value: (row: Row) => row.partition, of: ['partition'] },
    { header: 'PARTITIONS', value: (row: Row) => row.partition, of: ['topic', 'group'] },
    { header: 'OFFSET', value: (row: Row) => row.offset, of: ['partition'] },
    { header: 'END', value: (row: Row) => row.end, of: ['partition'] },
    { header: 'LAG', value: (row: Row) => row.lag, of: LAG_ROWS },
    { header: 'SECONDS', value: (row: Row) => (row.seconds === '-' ? '' : row.seconds), of: LAG_ROWS },
    { header: 'VERDICT', value: (row: Row) => row.verdict, of: LAG_ROWS },
    { header: 'TREND', value: (row: Row) => row.trend, of: ['partition'], wide: true },
    { header: 'CLIENT', value: (row: Row) => row.client, of: ['partition'], wide: true },
    { header: 'REASON', value: (row: Row) => row.reason, of: ['partition', 'group'], wide: true },
  ]
  return {
    rows,
    columns: columns.filter(({ of }) => (of as readonly string[]).includes(by)),
    data: (row) => row,
    name: (row) => (by === 'group' ? row.group : `${row.group}:${row.topic}`),
    empty:
      groups.length === 0 ? 'No group matches.' : 'These groups have committed nothing and read nothing.',
  }
}

function rowsOf({ group, partitions, lag, lagMs, judgement }: GroupLag, by: LagRows): Row[] {
  const base = {
    group: group.groupId,
    state: group.state,
    topic: '',
    offset: '',
    end: '',
    trend: '',
    client: '',
  }
  if (by === 'group') {
    const { verdict, reason } = judgement
    return [{ ...base, partition: partitions.length, lag, seconds: seconds(lagMs), verdict, reason }]
  }
  if (by === 'partition')
    return partitions.map((each) => ({
      ...base,
      topic: each.topic,
      partition: each.partition,
      offset: each.offset ?? '',
      end: each.endOffset,
      lag: each.lag,
      seconds: seconds(each.lagMs),
      verdict: each.judgement.verdict,
      trend: trend(each),
      client: each.member?.clientId ?? '',
      reason: each.judgement.reason,
    }))
  return topicsOf(partitions).map(([topic, own]) => {
    const sum = totals(own)
    const shown = { lag: sum.lag, seconds: seconds(sum.lagMs), verdict: worst(own), reason: '' }
    return { ...base, topic, partition: own.length, ...shown }
  })
}

const BY_BADNESS: readonly PartitionVerdict[] = ['STOP', 'REWIND', 'STALL', 'WARN']

export function worst(partitions: readonly PartitionLag[]): PartitionVerdict {
  return (
    BY_BADNESS.find((verdict) => partitions.some(({ judgement }) => judgement.verdict === verdict)) ?? 'OK'
  )
}

/** With tenths below ten: 0, 3.2, 140; `-` where it is not known. */
export function seconds(ms: number | null): number | '-' {
  if (ms === null) return '-'
  return ms >= 10_000 ? Math.round(ms / 1000) : Math.round(ms / 100) / 10
}

/** How the lag went with the commits of the window. */
function trend({ commits, lag }: PartitionLag): string {
  const lags = commits
    .filter(({ endOffset }) => endOffset >= 0)
    .map(({ offset, endOffset }) => endOffset - offset)
  return sparkline([...lags, lag])
}

function topicsOf(partitions: readonly PartitionLag[]): [string, PartitionLag[]][] {
  const topics = new Map<string, PartitionLag[]>()
  for (const each of partitions) topics.set(each.topic, [...(topics.get(each.topic) ?? []), each])
  return [...topics]
}

export function groupData({ group, partitions, lag, lagMs, judgement }: GroupLag) {
  return {
    group: group.groupId,
    state: group.state,
    members: group.members.length,
    lag,
    lagSeconds: toSeconds(lagMs),
    verdict: judgement.verdict,
    reason: judgement.reason,
    topics: topicsOf(partitions).map(([topic, own]) => {
      const sum = totals(own)
      return {
        topic,
        lag: sum.lag,
        lagSeconds: toSeconds(sum.lagMs),
        verdict: worst(own),
        partitions: own.map(partitionData),
      }
    }),
  }
}

function partitionData(each: PartitionLag) {
  return {
    partition: each.partition,
    offset: each.offset,
    startOffset: each.startOffset,
    endOffset: each.endOffset,
    lag: each.lag,
    lagSeconds: toSeconds(each.lagMs),
    verdict: each.judgement.verdict,
    reason: each.judgement.reason,
    memberId: each.member?.memberId ?? null,
    clientId: each.member?.clientId ?? null,
    commits: each.commits.map(({ timestampMs, offset, endOffset }) => ({
      timestamp: timestampMs,
      offset,
      lag: endOffset < 0 ? null : endOffset - offset,
    })),
  }
}

function toSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}

/** A line for each group that is not well. */
export function complaints(groups: readonly GroupLag[]): string[] {
  return groups
    .filter(({ judgement }) => judgement.verdict !== 'OK')
    .map(({ group, judgement }) => `${group.groupId} ${judgement.verdict}: ${judgement.reason}`)
}
