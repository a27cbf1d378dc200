import { JavaException } from '../../../base/java-exception.ts'
import type {
  GroupDescription,
  GroupMember,
  GroupOffset,
  GroupOffsets,
  TopicPartition,
} from '../../../client/index.ts'
import { executionException } from '../java-errors.ts'
import { illegalArgument } from '../java-lang.ts'
import { partitionOrder, partitionSetOrder } from './hash-order.ts'
import { clientException, column, partitionName, runtimeException, type Session } from './session.ts'

const MISSING = '-'

/** `--describe`: where groups are, who is in them, or how they are. */
export async function describeGroups(session: Session): Promise<void> {
  const { options, admin } = session
  const ids = await session.groupIds()
  const withOffsets = !options.has('members') && !options.has('state')
  // Kafka's tool asks for one after the other; what fails first is the same.
  const committed = withOffsets ? admin.listConsumerGroupOffsets(ids) : Promise.resolve([])
  committed.catch(() => undefined)
  const groups = await session.get(admin.describeConsumerGroups(ids).then(requireConsumers))
  groups.sort((a, b) => (a.name < b.name ? -1 : 1))
  if (options.has('members')) {
    for (const group of groups) printMembers(session, group, options.has('verbose'))
  } else if (options.has('state')) {
    for (const group of groups) printState(session, group)
  } else {
    for (const { group, rows } of await offsetsOf(session, groups, committed))
      printOffsets(session, group, rows)
  }
}

/** The first that cannot be described as a group of consumers fails the whole. */
export function requireConsumers(groups: GroupDescription[]): GroupDescription[] {
  for (const group of groups) {
    if (group.error !== null) throw group.error
    if (group.protocolType !== '' && group.protocolType !== 'consumer')
      throw illegalArgument(`GroupId ${group.name} is not a consumer group (${group.protocolType}).`)
  }
  return groups
}

/** Says what there is to say of the group as a whole. Whether rows are to follow. */
function isShown(session: Session, group: GroupDescription, rows: number): boolean {
  switch (group.state) {
    case 'Dead':
      session.printError(`Consumer group '${group.name}' does not exist.`)
      return false
    case 'Empty':
      session.note(`\nConsumer group '${group.name}' has no active members.`)
      break
    case 'PreparingRebalance':
    case 'CompletingRebalance':
    case 'Assigning':
    case 'Reconciling':
      session.note(`\nWarning: Consumer group '${group.name}' is rebalancing.`)
      break
    case 'Stable':
      break
    default:
      throw new JavaException(
        'org.apache.kafka.common.KafkaException',
        "Expected a valid consumer group state, but found 'Unknown'.",
      )
  }
  return rows > 0
}

interface Row extends TopicPartition {
  readonly offset: number | undefined
  readonly end: number | undefined
  readonly member: GroupMember | undefined
}

interface Section {
  readonly group: GroupDescription
  readonly rows: readonly Row[]
}

/** Members with the most partitions come first, then what nobody reads. All groups are asked for together. */
async function offsetsOf(
  session: Session,
  groups: readonly GroupDescription[],
  asked: Promise<GroupOffsets[]>,
): Promise<Section[]> {
  const answers = new Map((await session.getWrapped(asked)).map((answer) => [answer.name, answer]))
  const sections = groups.map((group) => {
    const answer = answers.get(group.name)
    if (answer?.error) throw runtimeException(executionException(clientException(answer.error)))
    const committed = partitionOrder<GroupOffset>(partitionOrder(answer?.offsets ?? []))
    return { group, parts: partsOf(group, committed), committed }
  })
  const wanted = new Map<string, TopicPartition>()
  for (const { parts } of sections)
    for (const { partitions } of parts) for (const at of partitions) wanted.set(partitionName(at), at)
  const endOf = await session.listOffsets([...wanted.values()], 'latest')
  return sections.map(({ group, parts, committed }) => {
    const offsets = new Map(committed.map((each) => [partitionName(each), each.offset]))
    const rows = parts.flatMap(({ member, partitions }) =>
      partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        member,
        offset: offsets.get(partitionName({ topic, partition })),
        end: endOf({ topic, partition })?.offset,
      })),
    )
    return { group, rows }
  })
}

interface Part {
  readonly member: GroupMember | undefined
  readonly partitions: readonly TopicPartition[]
}

function partsOf(group: GroupDescription, committed: readonly TopicPartition[]): Part[] {
  const working = group.members
    .map((member) => ({ member, partitions: assignmentOf(member) }))
    .filter(({ partitions }) => partitions.length > 0)
    .sort((a, b) => b.partitions.length - a.partitions.length)
  const assigned = new Set(working.flatMap(({ partitions }) => partitions.map(partitionName)))
  const rest = partitionOrder(committed.filter((at) => !assigned.has(partitionName(at))))
  return [...working, { member: undefined, partitions: rest }].map(({ member, partitions }) => ({
    member,
    partitions: partitionOrder([...partitions].sort((a, b) => a.partition - b.partition)),
  }))
}

/** In the order of the HashSet that Kafka's client keeps them in. */
function assignmentOf({ partitions }: GroupMember): TopicPartition[] {
  return partitionSetOrder(partitions ?? [])
}

function printOffsets(session: Session, group: GroupDescription, rows: readonly Row[]): void {
  if (!isShown(session, group, rows.length)) return
  const cells = rows.map((row) => [
    group.name,
    row.topic,
    String(row.partition),
    String(row.offset ?? MISSING),
    String(row.end ?? MISSING),
    String(row.offset === undefined || row.end === undefined ? MISSING : row.end - row.offset),
    row.member?.memberId ?? MISSING,
    row.member?.host ?? MISSING,
    row.member?.clientId ?? MISSING,
  ])
  const widest = (index: number) => Math.max(15, ...cells.map((row) => row[index]?.length ?? 0))
  const widths = [widest(0), widest(1), 10, 15, 15, 15, widest(6), widest(7), 0]
  const heads = [
    ...['GROUP', 'TOPIC', 'PARTITION', 'CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG'],
    ...['CONSUMER-ID', 'HOST', 'CLIENT-ID'],
  ]
  // The line ends before a row, not behind it: so does Kafka's.
  for (const row of [heads, ...cells])
    session.print(`\n${row.map((cell, i) => column(cell, widths[i] ?? 0)).join(' ')}`)
}

function printMembers(session: Session, group: GroupDescription, verbose: boolean): void {
  const members = isShown(session, group, group.members.length) ? group.members : []
  const width = (least: number, of: (member: GroupMember) => string) =>
    Math.max(least, ...members.map((member) => of(member).length))
  const hasInstances = members.some(
    ({ groupInstanceId }) => groupInstanceId !== null && groupInstanceId !== '',
  )
  const group15 = members.length === 0 ? 15 : Math.max(15, group.name.length)
  const widths = {
    id: width(15, ({ memberId }) => memberId),
    instance: width(17, ({ groupInstanceId }) => groupInstanceId ?? ''),
    host: width(15, ({ host }) => host),
    client: width(15, ({ clientId }) => clientId),
  }
  const line = (cells: readonly [string, string, string, string, string, string | number], last: string) => {
    const [name, id, instance, host, client, count] = cells
    const shown = [
      column(name, group15),
      column(id, widths.id),
      ...(hasInstances ? [column(instance, widths.instance)] : []),
      column(host, widths.host),
      column(client, widths.client),
      column(count, 15),
    ]
    session.print(`${shown.join(' ')} ${verbose ? last : ''}\n`)
  }
  session.print('\n')
  line(['GROUP', 'CONSUMER-ID', 'GROUP-INSTANCE-ID', 'HOST', 'CLIENT-ID', '#PARTITIONS'], 'ASSIGNMENT')
  // Kafka has no rows for a group that does not exist, but shows the head.
  for (const member of group.members) {
    const instance = member.groupInstanceId ?? ''
    const count = member.partitions?.length ?? 0
    line(
      [group.name, member.memberId, instance, member.host, member.clientId, count],
      assignmentText(member.partitions ?? []),
    )
  }
}

/** `(0,1), (2)`: numbers by topic, sorted as text; the topics' names are not shown. */
function assignmentText(partitions: readonly TopicPartition[]): string {
  if (partitions.length === 0) return MISSING
  const byTopic = new Map<string, string[]>()
  for (const { topic, partition } of partitions) {
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), String(partition)])
  }
  return [...byTopic.values()]
    .map((numbers) => `(${numbers.sort().join(',')})`)
    .sort()
    .join(', ')
}

function printState(session: Session, group: GroupDescription): void {
  if (!isShown(session, group, 1)) return
  const { coordinator } = group
  const place = `${coordinator?.host}:${coordinator?.port}  (${coordinator?.id})`
  const width = Math.max(25, place.length)
  const line = (cells: readonly (string | number)[]) => {
    const widths = [width, 25, 20, 15, 0]
    session.print(`\n${cells.map((cell, i) => column(cell, widths[i] ?? 0)).join(' ')}`)
  }
  line(['GROUP', 'COORDINATOR (ID)', 'ASSIGNMENT-STRATEGY', 'STATE', '#MEMBERS'])
  line([group.name, place, group.protocol, group.state, group.members.length])
  session.print('\n')
}
