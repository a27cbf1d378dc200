import type { Admin, ConfigEntry, PartitionInfo, TopicInfo } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { isStateUnknown, onDisk, withRecordedLeaders } from '../../offline.ts'
import { loadStyles, type Styles } from '../../output/styles.ts'
import { replicationFactor } from './list.ts'
import { selectTopics, type TopicSelection } from './select.ts'

export interface DescribeTopicsOptions extends TopicSelection {
  /** Only partitions in this state; none when undefined. */
  readonly only: PartitionFilter | undefined
  /** Only topics that have settings of their own. */
  readonly withOverrides: boolean
  /** Also settings that nobody changed. */
  readonly allConfigs: boolean
}

export type PartitionFilter = 'under-replicated' | 'unavailable' | 'under-min-isr' | 'at-min-isr'

interface Described {
  readonly topic: TopicInfo
  readonly partitions: readonly PartitionInfo[]
  readonly configs: readonly ConfigEntry[]
}

/** Shape, settings, leaders and replicas. With a filter, exit code 0 and nothing on stdout mean that all is well. */
export async function describeTopics(
  context: CommandContext,
  options: DescribeTopicsOptions,
): Promise<number> {
  const target = await context.target()
  const topics = withRecordedLeaders(target, await selectTopics(target.admin, options))
  const facts = { isUnknown: isStateUnknown(target), showsDisk: target.offline !== undefined }
  if (facts.isUnknown) requireNoState(options)
  const described = await withConfigs(target.admin, topics, { ...options, ...facts })
  if (described.length === 0 && !context.out.isData) context.out.note('No topic matches.')
  const { format } = context.out
  if (format === 'csv' || (options.only !== undefined && format !== 'name')) {
    await context.out.view(partitionView(described, facts))
  } else {
    await context.out.object(
      described.map((each) => topicData(each, facts)),
      () => text(described, facts, context.terminal.color),
      () => described.map(({ topic }) => topic.name),
    )
  }
  return EXIT.done
}

/** How much is known, and of what kind it is. */
interface Facts {
  /** There are no znodes to tell of assignments, leaders and settings. */
  readonly isUnknown: boolean
  /** Files are looked at: which replicas are among them matters. */
  readonly showsDisk: boolean
}

function requireNoState(options: DescribeTopicsOptions): void {
  if (options.only === undefined && !options.withOverrides && !options.allConfigs) return
  throw new UsageError(
    'leaders, in-sync replicas and settings are not known without the znodes',
    "Name ZooKeeper's dataDir too: --data-dir LOGDIR,DATADIR.",
  )
}

async function withConfigs(
  admin: Admin,
  topics: readonly TopicInfo[],
  options: DescribeTopicsOptions & Facts,
): Promise<Described[]> {
  if (options.isUnknown) return topics.map((topic) => ({ topic, partitions: topic.partitions, configs: [] }))
  if (topics.length === 0) return []
  const resources = topics.map((topic) => ({ type: 'topic' as const, name: topic.name }))
  const answers = new Map((await admin.describeConfigs(resources)).map((answer) => [answer.name, answer]))
  return topics.flatMap((topic) => {
    const answer = answers.get(topic.name)
    if (answer?.error) throw answer.error
    const entries = answer?.entries ?? []
    const overrides = entries.filter((entry) => entry.source === 'DYNAMIC_TOPIC_CONFIG')
    if (options.withOverrides && overrides.length === 0) return []
    const minIsr = Number(entries.find((entry) => entry.name === 'min.insync.replicas')?.value ?? 1)
    const partitions = topic.partitions.filter((partition) => isWanted(partition, options.only, minIsr))
    if (options.only !== undefined && partitions.length === 0) return []
    // As kafka-topics shows them: everything that is not a default. Apache Kafka sends them in no particular order.
    const shown = entries
      .filter((entry) => options.allConfigs || entry.source !== 'DEFAULT_CONFIG')
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    return { topic, partitions, configs: shown }
  })
}

function isWanted(partition: PartitionInfo, only: PartitionFilter | undefined, minIsr: number): boolean {
  const inSync = partition.isr.length
  switch (only) {
    case 'under-replicated':
      return inSync < partition.replicas.length
    case 'unavailable':
      return partition.leader < 0
    case 'under-min-isr':
      return inSync < minIsr
    case 'at-min-isr':
      return inSync === minIsr
    default:
      return true
  }
}

function partitionView(described: readonly Described[], facts: Facts) {
  const rows = described.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
  type Row = (typeof rows)[number]
  return {
    rows,
    columns: [
      { header: 'TOPIC', value: ({ topic }: Row) => topic.name },
      ...partitionColumns(facts).map(({ header, value }) => ({
        header,
        value: ({ partition }: Row) => value(partition),
      })),
    ],
    data: ({ topic, partition }: Row) => ({ topic: topic.name, ...partitionData(partition, facts) }),
    name: ({ topic, partition }: Row) => `${topic.name}-${partition.partition}`,
  }
}

function partitionColumns({ isUnknown, showsDisk }: Facts) {
  const known = (text: string) => (isUnknown ? '-' : text)
  return [
    { header: 'PARTITION', value: ({ partition }: PartitionInfo) => String(partition) },
    { header: 'LEADER', value: ({ leader }: PartitionInfo) => known(leader < 0 ? 'none' : String(leader)) },
    { header: 'REPLICAS', value: ({ replicas }: PartitionInfo) => known(replicas.join(',')) },
    { header: 'ISR', value: ({ isr }: PartitionInfo) => known(isr.join(',')) },
    ...(showsDisk
      ? [{ header: 'ON-DISK', value: (each: PartitionInfo) => onDisk(each).join(',') || 'none' }]
      : []),
  ]
}

function partitionData(info: PartitionInfo, { isUnknown, showsDisk }: Facts) {
  const { partition, leader, leaderEpoch, replicas, isr, offlineReplicas } = info
  const disk = showsDisk ? { onDisk: onDisk(info) } : { offlineReplicas }
  if (isUnknown) return { partition, leader: null, leaderEpoch: null, replicas: null, isr: null, ...disk }
  return { partition, leader: leader < 0 ? null : leader, leaderEpoch, replicas, isr, ...disk }
}

function topicData({ topic, partitions, configs }: Described, facts: Facts) {
  return {
    name: topic.name,
    topicId: topic.topicId,
    isInternal: topic.isInternal,
    replicationFactor: facts.isUnknown ? null : replicationFactor(topic),
    partitions: partitions.map((each) => partitionData(each, facts)),
    configs: facts.isUnknown ? null : configs.map(({ name, value, source }) => ({ name, value, source })),
  }
}

/** A block for each topic, with the partitions as a small table below. */
async function text(described: readonly Described[], facts: Facts, color: boolean): Promise<string> {
  const styles = await loadStyles(color)
  const label = (name: string) => styles.bold(`${name}:`.padEnd(13))
  return described
    .map(({ topic, partitions, configs }) => {
      const head = [
        `${label('Topic')} ${topic.name}`,
        `${label('Topic id')} ${topic.topicId}`,
        `${label('Partitions')} ${topic.partitions.length}`,
        `${label('Replication')} ${facts.isUnknown ? '-' : replicationFactor(topic)}`,
        `${label('Configs')} ${facts.isUnknown ? '-' : configsText(configs)}`,
      ]
      return `${[...head, '', ...partitionLines(partitions, facts, styles)].join('\n')}\n`
    })
    .join('\n')
}

function configsText(configs: readonly ConfigEntry[]): string {
  return configs.map((entry) => `${entry.name}=${entry.value ?? ''}`).join(', ') || '(defaults)'
}

function partitionLines(partitions: readonly PartitionInfo[], facts: Facts, { bold, bad }: Styles): string[] {
  const columns = partitionColumns(facts)
  const head = columns.map(({ header }) => header)
  const rows = partitions.map((partition) => columns.map(({ value }) => value(partition)))
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  const isIll = ({ leader, isr, replicas }: PartitionInfo) =>
    !facts.isUnknown && (leader < 0 || isr.length < replicas.length)
  return [
    bold(line(head)),
    ...partitions.map((partition, i) => (isIll(partition) ? bad : same)(line(rows[i] ?? []))),
  ]
}

function same(text: string): string {
  return text
}
