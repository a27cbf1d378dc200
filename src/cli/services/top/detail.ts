import { keyOf } from '../cluster/status-snapshot.ts'
import type { LogDirLook, MemberLook } from './look.ts'
import { bytesText, countText, percentText, rateText } from './numbers.ts'
import type { Tab, TopColumn } from './tables.ts'
import type { BrokerRow, GroupPartitionRow, GroupRow, PartitionRow, TopView } from './view.ts'
import { recordsOf } from './view.ts'

/** A list of things of one kind, which only its own columns look into. */
export interface DetailSection {
  readonly title: string
  readonly columns: readonly TopColumn<unknown>[]
  readonly rows: readonly unknown[]
  /** Said in place of no rows. */
  readonly empty: string
}

export interface Detail {
  readonly title: string
  readonly sections: readonly DetailSection[]
}

/** One thing from close by; undefined when it is no longer there. */
export function detailOf(view: TopView, { tab, key }: { tab: Tab; key: string }): Detail | undefined {
  if (tab === 'brokers') {
    const broker = view.brokers.find(({ id }) => String(id) === key)
    return broker && brokerDetail(broker, view)
  }
  if (tab === 'groups') {
    const group = view.groups.find((each) => each.group === key)
    return group && groupDetail(group)
  }
  const topic = view.topics.find(
    (each) =>
      (tab === 'topics' && each.topic === key) ||
      (tab === 'partitions' && each.partitions.some((one) => keyOf(one.topic, one.partition) === key)),
  )
  return (
    topic && {
      title: `Topic ${topic.topic}`,
      sections: [section('Partitions', partitionColumns, topic.partitions, 'It has none.')],
    }
  )
}

function brokerDetail(broker: BrokerRow, view: TopView): Detail {
  const led = view.topics.flatMap(({ partitions }) => partitions.filter(({ leader }) => leader === broker.id))
  const name = broker.address === null ? `Broker ${broker.id}` : `Broker ${broker.id} at ${broker.address}`
  return {
    title: `${name}${broker.isController ? ', the controller' : ''}`,
    sections: [
      section('Log directories', logDirColumns, broker.logDirs ?? [], 'It does not tell.'),
      section('Leads', ledColumns, led, 'No partition.'),
    ],
  }
}

interface MemberRow extends MemberLook {
  readonly lag: number
}

function groupDetail(group: GroupRow): Detail {
  const members = group.members.map((member): MemberRow => {
    const own = group.partitions.filter((each) => each.member?.memberId === member.memberId)
    return { ...member, lag: own.reduce((total, { lag }) => total + (lag ?? 0), 0) }
  })
  const empty = 'It has committed nothing, and nobody reads.'
  return {
    title: `Group ${group.group}  ${group.state}, coordinated by broker ${group.coordinator}`,
    sections: [
      section('Members', memberColumns, members, 'Nobody is in it.'),
      section('Partitions', groupPartitionColumns, group.partitions, empty),
    ],
  }
}

function section<T>(
  title: string,
  columns: readonly TopColumn<T>[],
  rows: readonly T[],
  empty: string,
): DetailSection {
  return { title, columns: columns as readonly TopColumn<never>[] as DetailSection['columns'], rows, empty }
}

const partitionColumns: readonly TopColumn<PartitionRow>[] = [
  { header: 'PART', kind: 'number', text: ({ partition }) => String(partition), width: 4 },
  {
    header: 'LEADER',
    kind: 'number',
    text: ({ leader }) => (leader < 0 ? 'none' : String(leader)),
    isBad: ({ trouble }) => trouble !== undefined && trouble.kind !== 'under-replicated',
  },
  {
    header: 'ISR',
    kind: 'text',
    text: ({ isr, replicas }) => `${isr.join(',')} of ${replicas.map(({ broker }) => broker).join(',')}`,
    isBad: ({ isr, replicas }) => isr.length < replicas.length,
  },
  { header: 'IN/S', kind: 'number', text: (row) => rateText(row.inPerSecond), width: 8 },
  { header: 'OUT/S', kind: 'number', text: (row) => rateText(row.outPerSecond), width: 8 },
  { header: 'BYTES/S', kind: 'number', text: (row) => bytesText(row.bytesPerSecond), width: 8 },
  { header: 'START', kind: 'number', text: ({ startOffset }) => countText(startOffset), width: 8 },
  { header: 'END', kind: 'number', text: ({ endOffset }) => countText(endOffset), width: 8 },
  { header: 'RECORDS', kind: 'number', text: (row) => countText(recordsOf(row)), width: 8 },
  { header: 'SIZE', kind: 'number', text: ({ sizeBytes }) => bytesText(sizeBytes), width: 8 },
  {
    header: 'TROUBLE',
    kind: 'text',
    text: ({ trouble }) => trouble?.reason ?? '',
    isWide: true,
    isBad: () => true,
  },
]

const ledColumns: readonly TopColumn<PartitionRow>[] = [
  {
    header: 'PARTITION',
    kind: 'text',
    text: ({ topic, partition }) => keyOf(topic, partition),
    isWide: true,
  },
  ...partitionColumns.slice(2, 6),
  ...partitionColumns.slice(8, 10),
]

const logDirColumns: readonly TopColumn<LogDirLook>[] = [
  { header: 'DIRECTORY', kind: 'text', text: ({ path }) => path, isWide: true },
  { header: 'REPLICAS', kind: 'number', text: ({ replicas }) => countText(replicas) },
  { header: 'SIZE', kind: 'number', text: ({ sizeBytes }) => bytesText(sizeBytes), width: 8 },
  { header: 'FREE', kind: 'number', text: ({ usableBytes }) => bytesText(usableBytes), width: 8 },
  { header: 'OF', kind: 'number', text: ({ totalBytes }) => bytesText(totalBytes), width: 8 },
  {
    header: 'USED',
    kind: 'number',
    text: ({ totalBytes, usableBytes }) =>
      percentText(totalBytes && usableBytes !== null ? 1 - usableBytes / totalBytes : null),
  },
  { header: 'ERROR', kind: 'text', text: ({ error }) => error ?? '', isBad: () => true },
]

const memberColumns: readonly TopColumn<MemberRow>[] = [
  { header: 'CLIENT', kind: 'text', text: ({ clientId }) => clientId },
  { header: 'HOST', kind: 'text', text: ({ host }) => host.replace(/^\//, '') },
  { header: 'PARTS', kind: 'number', text: ({ partitions }) => countText(partitions?.length ?? null) },
  { header: 'LAG', kind: 'number', text: ({ lag }) => countText(lag), width: 8 },
  {
    header: 'MEMBER',
    kind: 'text',
    text: ({ groupInstanceId, memberId }) => groupInstanceId ?? memberId,
    isWide: true,
  },
]

const groupPartitionColumns: readonly TopColumn<GroupPartitionRow>[] = [
  {
    header: 'PARTITION',
    kind: 'text',
    text: ({ topic, partition }) => keyOf(topic, partition),
    isWide: true,
  },
  { header: 'OFFSET', kind: 'number', text: ({ offset }) => countText(offset), width: 8 },
  { header: 'END', kind: 'number', text: ({ endOffset }) => countText(endOffset), width: 8 },
  { header: 'LAG', kind: 'number', text: ({ lag }) => countText(lag), width: 8 },
  { header: 'OUT/S', kind: 'number', text: ({ perSecond }) => rateText(perSecond), width: 8 },
  { header: 'CLIENT', kind: 'text', text: ({ member }) => member?.clientId ?? '-' },
]
