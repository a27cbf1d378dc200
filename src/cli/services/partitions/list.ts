import type { Admin, PartitionInfo, Reassignment, TopicInfo } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { selectTopics, type TopicSelection } from '../topics/select.ts'

export type PartitionState =
  | 'under-replicated'
  | 'unavailable'
  | 'under-min-isr'
  | 'at-min-isr'
  | 'reassigning'
  | 'not-preferred'

export interface ListPartitionsOptions extends TopicSelection {
  /** Only partitions in all of these states. */
  readonly states: readonly PartitionState[]
  /** Only those with a replica on this broker. */
  readonly broker: number | undefined
  /** Only those that this broker leads. */
  readonly leader: number | undefined
}

interface Row {
  readonly topic: string
  readonly info: PartitionInfo
  readonly moving: Reassignment | undefined
  readonly minIsr: number | undefined
}

/** Where partitions are, and how they are. */
export async function listPartitions(
  context: CommandContext,
  options: ListPartitionsOptions,
): Promise<number> {
  const { admin } = await context.target()
  const topics = await selectTopics(admin, options)
  const moving = await reassignmentsOf(admin)
  const needsMinIsr = options.states.some((state) => state.endsWith('min-isr'))
  const minIsr = needsMinIsr ? await minIsrOf(admin, topics) : new Map<string, number>()
  const rows = topics
    .flatMap(({ name, partitions }) =>
      partitions.map((info) => ({
        topic: name,
        info,
        moving: moving.get(`${name}-${info.partition}`),
        minIsr: minIsr.get(name),
      })),
    )
    .filter((row) => isWanted(row, options))
  await show(context, rows)
  return EXIT.done
}

/** None with a cluster that has no controller now, or is older than 2.4: the rest can be told all the same. */
async function reassignmentsOf(admin: Admin): Promise<Map<string, Reassignment>> {
  const list = await admin.listReassignments().catch(() => [])
  return new Map(list.map((each) => [`${each.topic}-${each.partition}`, each]))
}

async function minIsrOf(admin: Admin, topics: readonly TopicInfo[]): Promise<Map<string, number>> {
  if (topics.length === 0) return new Map()
  const resources = topics.map(({ name }) => ({ type: 'topic' as const, name }))
  const described = await admin.describeConfigs(resources, { names: ['min.insync.replicas'] })
  return new Map(
    described.map(({ name, error, entries }) => {
      if (error !== null) throw error
      return [name, Number(entries[0]?.value ?? 1)]
    }),
  )
}

function isWanted(row: Row, { states, broker, leader }: ListPartitionsOptions): boolean {
  const { info } = row
  if (broker !== undefined && !info.replicas.includes(broker)) return false
  if (leader !== undefined && info.leader !== leader) return false
  return states.every((state) => isIn(row, state))
}

function isIn({ info, moving, minIsr = 1 }: Row, state: PartitionState): boolean {
  const inSync = info.isr.length
  switch (state) {
    case 'under-replicated':
      // New replicas that have not caught up are no reason to worry, as in kafka-topics.
      return inSync < info.replicas.length - (moving?.addingReplicas.length ?? 0)
    case 'unavailable':
      return info.leader < 0
    case 'under-min-isr':
      return inSync < minIsr
    case 'at-min-isr':
      return inSync === minIsr
    case 'reassigning':
      return moving !== undefined
    default:
      return info.leader !== info.replicas[0]
  }
}

async function show(context: CommandContext, rows: readonly Row[]): Promise<void> {
  await context.out.view({
    rows,
    columns: [
      { header: 'TOPIC', value: ({ topic }) => topic },
      { header: 'PARTITION', value: ({ info }) => info.partition },
      { header: 'LEADER', value: ({ info }) => (info.leader < 0 ? 'none' : info.leader) },
      { header: 'REPLICAS', value: ({ info }) => info.replicas.join(',') },
      { header: 'ISR', value: ({ info }) => info.isr.join(',') },
      { header: 'STATE', value: stateText },
      { header: 'LEADER-EPOCH', value: ({ info }) => info.leaderEpoch, wide: true },
      { header: 'OFFLINE', value: ({ info }) => info.offlineReplicas.join(','), wide: true },
      { header: 'ADDING', value: ({ moving }) => moving?.addingReplicas.join(',') ?? '', wide: true },
      { header: 'REMOVING', value: ({ moving }) => moving?.removingReplicas.join(',') ?? '', wide: true },
    ],
    data: ({ topic, info, moving }) => ({
      topic,
      partition: info.partition,
      leader: info.leader < 0 ? null : info.leader,
      leaderEpoch: info.leaderEpoch,
      replicas: info.replicas,
      isr: info.isr,
      offlineReplicas: info.offlineReplicas,
      addingReplicas: moving?.addingReplicas ?? [],
      removingReplicas: moving?.removingReplicas ?? [],
    }),
    name: ({ topic, info }) => `${topic}-${info.partition}`,
    empty: 'No partition matches.',
  })
}

function stateText(row: Row): string {
  const states = ['unavailable', 'under-replicated', 'reassigning', 'not-preferred'] as const
  const found = states.filter((state) => isIn(row, state))
  if (found.includes('unavailable')) return found.filter((state) => state !== 'not-preferred').join(',')
  return found.join(',') || 'ok'
}
