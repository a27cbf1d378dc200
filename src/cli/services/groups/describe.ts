import type { TopicPartition } from '../../../client/index.ts'
import { byPartition, partitionName } from '../../../lag/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { render } from '../../output/render.ts'
import { loadStyles } from '../../output/styles.ts'
import { type GroupSelection, type GroupView, type Member, type Offset, viewGroups } from './groups.ts'
import { logEnds } from './log-ends.ts'
import { memberColumns, memberData } from './members.ts'

export interface DescribeGroupsOptions extends GroupSelection {
  /** As they were then. */
  readonly atMs: number | undefined
}

interface Row extends TopicPartition {
  readonly committed: Offset | undefined
  /** -1 when it is not known. */
  readonly end: number
  readonly member: Member | undefined
}

interface Described {
  readonly group: GroupView
  readonly rows: readonly Row[]
}

/** State, members and offsets of groups, all in one. */
export async function describeGroups(
  context: CommandContext,
  options: DescribeGroupsOptions,
): Promise<number> {
  const target = await context.target()
  const groups = await viewGroups(context, target, options, { atMs: options.atMs })
  if (groups.length === 0 && !context.out.isData) context.out.note('No group matches.')
  const described = await withEnds(context, groups, options.atMs)
  if (context.out.format === 'csv') await context.out.view(offsetsView(described))
  else {
    await context.out.object(
      described.map(groupData),
      () => text(context, described),
      () => groups.map(({ groupId }) => groupId),
    )
  }
  return EXIT.done
}

/** What was committed, and what members have and never committed. Ends of a time long past are not looked up. */
async function withEnds(
  context: CommandContext,
  groups: readonly GroupView[],
  atMs: number | undefined,
): Promise<Described[]> {
  const parts = groups.map((group) => {
    const committed = new Map(group.offsets.map((offset) => [partitionName(offset), offset]))
    const owners = new Map<string, Member>()
    const all = new Map<string, TopicPartition>(committed)
    for (const member of group.members)
      for (const at of member.partitions ?? []) {
        owners.set(partitionName(at), member)
        all.set(partitionName(at), at)
      }
    return { group, committed, owners, partitions: [...all.values()].sort(byPartition) }
  })
  const ends = await logEnds(
    context,
    parts.flatMap(({ partitions }) => partitions),
    atMs === undefined ? 'latest' : { timestampMs: atMs + 1 },
  )
  return parts.map(({ group, committed, owners, partitions }) => ({
    group,
    rows: partitions.map(({ topic, partition }) => {
      const name = partitionName({ topic, partition })
      return {
        topic,
        partition,
        committed: committed.get(name),
        end: ends.get(name) ?? -1,
        member: owners.get(name),
      }
    }),
  }))
}

function lagOf({ committed, end }: Row): number | null {
  return committed === undefined || end < 0 ? null : Math.max(0, end - committed.offset)
}

function groupData({ group, rows }: Described) {
  return {
    group: group.groupId,
    state: group.state,
    type: group.type,
    protocolType: group.protocolType,
    assignor: group.protocol,
    coordinator: group.coordinator && {
      id: group.coordinator.id,
      host: group.coordinator.host,
      port: group.coordinator.port,
    },
    members: group.members.map(memberData),
    offsets: rows.map(rowData),
  }
}

function rowData(row: Row) {
  return {
    topic: row.topic,
    partition: row.partition,
    offset: row.committed?.offset ?? null,
    leaderEpoch:
      row.committed === undefined || row.committed.leaderEpoch < 0 ? null : row.committed.leaderEpoch,
    metadata: row.committed?.metadata ?? null,
    endOffset: row.end < 0 ? null : row.end,
    lag: lagOf(row),
    memberId: row.member?.memberId ?? null,
    clientId: row.member?.clientId ?? null,
  }
}

const offsetColumns = [
  { header: 'TOPIC', value: ({ topic }: Row) => topic },
  { header: 'PARTITION', value: ({ partition }: Row) => partition },
  { header: 'OFFSET', value: ({ committed }: Row) => committed?.offset ?? '' },
  { header: 'END', value: ({ end }: Row) => (end < 0 ? '' : end) },
  { header: 'LAG', value: (row: Row) => lagOf(row) ?? '' },
  { header: 'CLIENT', value: ({ member }: Row) => member?.clientId ?? '' },
  { header: 'HOST', value: ({ member }: Row) => member?.host ?? '', wide: true },
  { header: 'MEMBER', value: ({ member }: Row) => member?.memberId ?? '', wide: true },
  { header: 'METADATA', value: ({ committed }: Row) => committed?.metadata ?? '', wide: true },
]

function offsetsView(described: readonly Described[]) {
  const rows = described.flatMap(({ group, rows: own }) =>
    own.map((row) => ({ ...row, group: group.groupId })),
  )
  return {
    rows,
    columns: [{ header: 'GROUP', value: ({ group }: { group: string }) => group }, ...offsetColumns],
    data: rowData,
    name: partitionName,
  }
}

async function text(context: CommandContext, described: readonly Described[]): Promise<string> {
  const { bold } = await loadStyles(context.terminal.color)
  // Within a data directory brokers have no addresses that would be of use to anybody.
  const { isLocal } = await context.target()
  const options = {
    format: context.out.format,
    headers: true,
    color: context.terminal.color,
    isTerminal: context.out.sink.isTerminal,
  }
  const parts: string[] = []
  for (const { group, rows } of described) {
    const { coordinator } = group
    const facts = [
      group.state,
      ...(group.protocol === '' ? [] : [group.protocol]),
      ...(coordinator === null
        ? []
        : [`coordinator ${coordinator.id}${isLocal ? '' : ` (${coordinator.host}:${coordinator.port})`}`]),
      `${group.members.length} member${group.members.length === 1 ? '' : 's'}`,
    ]
    const members = await render(
      { rows: group.members, columns: memberColumns, data: memberData, name: String },
      options,
    )
    const offsets = await render(
      { rows, columns: offsetColumns, data: rowData, name: partitionName },
      options,
    )
    parts.push(
      [`${bold(group.groupId)}  ${facts.join('  ')}\n`, members, offsets]
        .filter((part) => part !== '')
        .join('\n'),
    )
  }
  return parts.join('\n')
}
