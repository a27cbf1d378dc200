import { clockText } from '../../output/clock-text.ts'
import { sparkline } from '../../output/sparkline.ts'
import type { ZnodeChange } from '../cluster/status-znodes.ts'
import { bytesText, countText, percentText, rateText } from './numbers.ts'
import type { Trends } from './trends.ts'
import type { Trouble } from './troubles.ts'
import type { BrokerRow, GroupRow, TopicRow, TopView } from './view.ts'

/** One column of a table: what is drawn, and what is sorted by and written for programs. */
export interface TopColumn<T> {
  readonly header: string
  /** Numbers stand at the right, and are sorted with the largest first. */
  readonly kind: 'text' | 'number'
  readonly text: (row: T, trends: Trends) => string
  /** Left out where nothing is to be sorted by it. */
  readonly value?: (row: T) => string | number | null
  /** Something to look at. */
  readonly isBad?: (row: T) => boolean
  /** The least number of columns of the screen, so that it does not jump with every figure. */
  readonly width?: number
  /** Takes what is left of the row, and is the first to be cut. */
  readonly isWide?: boolean
}

/** A tab: a list of things. */
export interface TopTable<T> {
  readonly title: string
  readonly rows: (view: TopView) => readonly T[]
  /** What a row is, from one look to the next. */
  readonly key: (row: T) => string
  readonly columns: readonly TopColumn<T>[]
  readonly sortedBy: string
  /** What the filter looks at. */
  readonly words: (row: T) => string
  readonly empty: (view: TopView) => string
}

export const TABS = ['brokers', 'topics', 'groups', 'partitions', 'znodes'] as const
export type Tab = (typeof TABS)[number]

const TREND_COLUMNS = 20

function text<T>(header: string, value: (row: T) => string, more: Partial<TopColumn<T>> = {}): TopColumn<T> {
  return { header, kind: 'text', text: value, value, ...more }
}

function number<T>(
  header: string,
  value: (row: T) => number | null,
  show: (value: number | null) => string,
  more: Partial<TopColumn<T>> = {},
): TopColumn<T> {
  return { header, kind: 'number', text: (row) => show(value(row)), value, width: 8, ...more }
}

/** Who is the controller is up, or would not be it for long. */
function brokerState({ state, isController }: BrokerRow): string {
  return state === 'up' && isController ? 'controller' : BROKER_STATES[state]
}

const BROKER_STATES = { up: 'up', silent: 'no answer', gone: 'gone' } as const

const brokers: TopTable<BrokerRow> = {
  title: 'Brokers',
  rows: (view) => view.brokers,
  key: ({ id }) => String(id),
  sortedBy: 'ID',
  words: (row) => `${row.id} ${row.address ?? ''} ${row.rack ?? ''} ${brokerState(row)}`,
  empty: () => 'No broker is up.',
  columns: [
    number('ID', ({ id }) => id, String, { width: 3 }),
    text('STATE', brokerState, { isBad: ({ state }) => state !== 'up', width: 10 }),
    number('LEADERS', ({ leaders }) => leaders, countText, { width: 7 }),
    number('REPLICAS', ({ replicaCount }) => replicaCount, countText),
    number('LATE', ({ outOfSync }) => outOfSync, countText, {
      isBad: ({ outOfSync }) => outOfSync > 0,
      width: 5,
    }),
    number('IN/S', (row) => row.inPerSecond, rateText),
    number('OUT/S', (row) => row.outPerSecond, rateText),
    number('BYTES/S', (row) => row.bytesPerSecond, bytesText),
    number('SIZE', (row) => row.sizeBytes, bytesText),
    number('DISK', (row) => row.diskUsed, percentText, {
      isBad: ({ diskUsed }) => diskUsed !== null && diskUsed > 0.9,
      width: 5,
    }),
    text('ADDRESS', ({ address }) => address ?? '', { isWide: true }),
    text('RACK', ({ rack }) => rack ?? ''),
  ],
}

const topics: TopTable<TopicRow> = {
  title: 'Topics',
  rows: (view) => view.topics,
  key: ({ topic }) => topic,
  sortedBy: 'IN/S',
  words: ({ topic }) => topic,
  empty: () => 'There is no topic yet.',
  columns: [
    text('TOPIC', ({ topic }) => topic, { isWide: true }),
    number('PARTS', ({ partitions }) => partitions.length, countText, { width: 5 }),
    number('LATE', ({ underReplicated }) => underReplicated, countText, {
      isBad: ({ underReplicated, offline }) => underReplicated + offline > 0,
      width: 5,
    }),
    number('IN/S', (row) => row.inPerSecond, rateText),
    number('OUT/S', (row) => row.outPerSecond, rateText),
    number('BYTES/S', (row) => row.bytesPerSecond, bytesText),
    number('RECORDS', (row) => row.records, countText, { width: 11 }),
    number('SIZE', (row) => row.sizeBytes, bytesText),
    {
      header: 'TREND',
      kind: 'text',
      text: ({ topic }, trends) => sparkline(trends.of('topic', topic).slice(-TREND_COLUMNS)),
      width: TREND_COLUMNS,
    },
  ],
}

const groups: TopTable<GroupRow> = {
  title: 'Groups',
  rows: (view) => view.groups,
  key: ({ group }) => group,
  sortedBy: 'LAG',
  words: ({ group, state }) => `${group} ${state}`,
  empty: () => 'There is no group yet.',
  columns: [
    text('GROUP', ({ group }) => group, { isWide: true }),
    text('STATE', ({ state }) => state, { width: 8 }),
    number('MEMBERS', ({ members }) => members.length, countText, { width: 7 }),
    number('PARTS', ({ partitions }) => partitions.length, countText, { width: 5 }),
    number('OUT/S', (row) => row.perSecond, rateText),
    number('LAG', ({ lag }) => lag, countText, { width: 11 }),
    {
      header: 'TREND OF LAG',
      kind: 'text',
      text: ({ group }, trends) => sparkline(trends.of('group', group).slice(-TREND_COLUMNS)),
      width: TREND_COLUMNS,
    },
  ],
}

const partitions: TopTable<Trouble> = {
  title: 'Partitions',
  rows: (view) => view.troubles,
  key: ({ topic, partition }) => `${topic}-${partition}`,
  sortedBy: '',
  words: ({ topic, partition, kind, reason }) => `${topic}-${partition} ${kind} ${reason}`,
  empty: (view) => `All ${view.partitionCount} partitions have a leader and all their replicas.`,
  columns: [
    text('PARTITION', ({ topic, partition }) => `${topic}-${partition}`),
    text('STATE', ({ kind }) => kind, { isBad: ({ kind }) => kind !== 'under-replicated' }),
    number(
      'LEADER',
      ({ leader }) => leader,
      (leader) => (leader === null || leader < 0 ? 'none' : String(leader)),
      {
        width: 6,
      },
    ),
    text('ISR', ({ isr, replicas }) => `${isr.join(',')} of ${replicas.join(',')}`),
    text('REASON', ({ reason }) => reason, { isWide: true }),
  ],
}

const znodes: TopTable<ZnodeChange> = {
  title: 'Znodes',
  rows: (view) => view.znodes?.changes ?? [],
  key: ({ timeMs, change, path }) => `${timeMs} ${change} ${path}`,
  sortedBy: '',
  words: ({ change, path }) => `${change} ${path}`,
  empty: ({ znodes: look }) =>
    look === undefined
      ? 'Where the znodes are is not known: say it with --zookeeper HOST:PORT.'
      : look === null
        ? 'The coordination service does not answer.'
        : 'No znode has changed since you look.',
  columns: [
    text('TIME', ({ timeMs }) => clockText(timeMs)),
    text('CHANGE', ({ change }) => change, { width: 7 }),
    text('PATH', ({ path }) => path, { isWide: true }),
  ],
}

export const TABLES = { brokers, topics, groups, partitions, znodes } as const

/** Any of them: rows of one kind, which only its own functions look into. */
export function tableOf(tab: Tab): TopTable<unknown> {
  return TABLES[tab] as TopTable<unknown>
}
