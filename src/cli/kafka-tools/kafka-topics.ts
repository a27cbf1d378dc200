import { javaHash } from '../../base/java-hash.ts'
import type {
  Admin,
  ConfigEntry,
  PartitionGrowth,
  PartitionInfo,
  Reassignment,
  TopicInfo,
} from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import { javaHashOrder } from './java-hash-order.ts'
import { illegalArgument, includeList, javaUuid } from './java-lang.ts'
import { OPTIONS } from './kafka-topics-options.ts'
import { runTool, type Tool, type ToolDefinition } from './tool.ts'
import { parseConfigs, parseReplicaAssignment } from './topic-arguments.ts'

const DEFINITION: ToolDefinition = {
  options: OPTIONS,
  purpose: 'This tool helps to create, delete, describe, or change a topic.',
  purposeWhenEmpty: 'Create, delete, describe, or change a topic.',
  className: 'org.apache.kafka.tools.TopicCommand',
}

/** Kafka's kafka-topics (org.apache.kafka.tools.TopicCommand). */
export function kafkaTopics(context: CommandContext, words: readonly string[]): Promise<number> {
  return runTool(context, words, DEFINITION, main, (tool, error) => {
    if (!tool.isConnected) return tool.tellException(error)
    tool.line(`Error while executing topic command : ${error.text}`)
    tool.log('ERROR', `${error}\n`)
    return 1
  })
}

const ACTIONS = ['create', 'list', 'alter', 'describe', 'delete'] as const
const REPORTS = [
  'under-replicated-partitions',
  'under-min-isr-partitions',
  'at-min-isr-partitions',
  'unavailable-partitions',
] as const

async function main(tool: Tool): Promise<void> {
  checkArgs(tool)
  const { options } = tool
  const admin = await tool.connect(options.value('bootstrap-server') ?? '', options.value('command-config'))
  if (options.has('create')) await create(tool, admin)
  else if (options.has('alter')) await alter(tool, admin)
  else if (options.has('list')) tool.line((await topicNames(tool, admin)).join('\n'))
  else if (options.has('describe')) await describe(tool, admin)
  else await remove(tool, admin)
}

/** TopicCommandOptions.checkArgs */
function checkArgs(tool: Tool): void {
  const { options } = tool
  if (ACTIONS.filter((action) => options.has(action)).length !== 1) {
    throw tool.usage(
      'Command must include exactly one action: --list, --describe, --create, --alter or --delete',
    )
  }
  if (!options.has('bootstrap-server')) throw illegalArgument('--bootstrap-server must be specified')
  if (options.has('describe') && options.has('if-exists')) {
    if (!options.has('topic') && !options.has('topic-id'))
      throw tool.usage('--topic or --topic-id is required to describe a topic')
    if (options.has('topic') && options.has('topic-id')) {
      tool.line(
        'Only topic id will be used when both --topic and --topic-id are specified and topicId is not Uuid.ZERO_UUID',
      )
    }
  }
  if (!options.has('list') && !options.has('describe')) tool.require('topic')
  if (options.has('alter')) {
    if (options.has('config')) {
      throw tool.usage(
        'Option combination "[[bootstrap-server], [config]]" can\'t be used with option "[alter]" (the kafka-configs CLI supports altering topic configs with a --bootstrap-server option)',
      )
    }
    tool.require('partitions')
  }
  const only = (option: string, ...actions: readonly string[]) =>
    tool.exclude(
      option,
      ['alter', 'create', 'describe', 'list', 'delete'].filter((action) => !actions.includes(action)),
    )
  only('config', 'alter', 'create')
  only('delete-config', 'alter')
  only('partitions', 'alter', 'create')
  only('replication-factor', 'create')
  only('replica-assignment', 'create', 'alter')
  if (options.has('create')) tool.exclude('replica-assignment', ['partitions', 'replication-factor'])
  for (const report of REPORTS) {
    only(report, 'describe')
    tool.exclude(report, ['topics-with-overrides'])
  }
  only('topics-with-overrides', 'describe')
  tool.exclude('topics-with-overrides', REPORTS)
  only('if-exists', 'alter', 'delete', 'describe')
  only('if-not-exists', 'create')
  only('exclude-internal', 'list', 'describe')
}

async function create(tool: Tool, admin: Admin): Promise<void> {
  const { options } = tool
  const name = options.value('topic') ?? ''
  const partitions = options.integer('partitions')
  const replicationFactor = options.integer('replication-factor')
  const replicaAssignment = parseReplicaAssignment(options.value('replica-assignment'))
  const configs = await parseConfigs(options.values('config'))
  if (/[._]/.test(name)) {
    tool.line(
      "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but not both.",
    )
  }
  if (replicationFactor !== undefined && (replicationFactor < 1 || replicationFactor > 32_767))
    throw illegalArgument('The replication factor must be between 1 and 32767 inclusive')
  if (partitions !== undefined && partitions < 1)
    throw illegalArgument('The partitions must be greater than 0')
  const topic = {
    name,
    configs,
    ...(replicaAssignment !== undefined
      ? { replicaAssignment }
      : {
          ...(partitions !== undefined && { numPartitions: partitions }),
          ...(replicationFactor !== undefined && { replicationFactor }),
        }),
  }
  const [created] = await tool.call('createTopics', admin.createTopics([topic]))
  const error = created?.error ?? null
  if (error?.errorName === 'TOPIC_ALREADY_EXISTS' && options.has('if-not-exists')) return
  tool.raise(error)
  tool.line(`Created topic ${name}.`)
}

async function alter(tool: Tool, admin: Admin): Promise<void> {
  const { options } = tool
  const assignment = parseReplicaAssignment(options.value('replica-assignment'))
  const names = await topicNames(tool, admin)
  requireTopic(tool, names)
  if (names.length === 0) return
  const totalCount = options.integer('partitions') ?? 0
  const topics = await tool.call('describeTopics', admin.describeTopics(names))
  const growth = topics.map(
    ({ name, partitions }): PartitionGrowth => ({
      name,
      totalCount,
      ...(assignment !== undefined && { replicaAssignment: assignment.slice(partitions.length) }),
    }),
  )
  const results = await tool.call('createPartitions', admin.createPartitions(growth))
  for (const { error } of results) tool.raise(error)
}

async function remove(tool: Tool, admin: Admin): Promise<void> {
  const names = await topicNames(tool, admin)
  requireTopic(tool, names)
  const results = await tool.call('deleteTopics', admin.deleteTopics(names))
  for (const { error } of results) tool.raise(error)
}

async function describe(tool: Tool, admin: Admin): Promise<void> {
  const { options } = tool
  const topics = await describedTopics(tool, admin)
  const configs = await tool.call(
    'describeConfigs',
    admin.describeConfigs(topics.map(({ name }) => ({ type: 'topic', name }))),
  )
  const { brokers } = await tool.call('describeCluster', admin.describeCluster())
  const live = new Set(brokers.map(({ id }) => id))
  const moves = await tool.call('listPartitionReassignments', admin.listReassignments())
  for (const topic of topics) {
    const config = configs.find(({ resource }) => resource.name === topic.name)
    tool.raise(config?.error ?? null)
    const entries = new Map((config?.entries ?? []).map((entry) => [entry.name, entry]))
    const moveOf = (partition: number) =>
      moves.find((move) => move.topic === topic.name && move.partition === partition)
    const isReport = REPORTS.some((report) => options.has(report))
    if (!isReport) printTopic(tool, topic, entries, moveOf(topic.partitions[0]?.partition ?? 0))
    if (options.has('topics-with-overrides')) continue
    const minIsr = Number(entries.get('min.insync.replicas')?.value)
    for (const partition of topic.partitions) {
      const move = moveOf(partition.partition)
      if (!isReport || isReported(tool, partition, { move, minIsr, live }))
        tool.line(partitionText(topic.name, partition, move))
    }
  }
}

/** Kafka collects them in a HashMap. */
async function describedTopics(tool: Tool, admin: Admin): Promise<TopicInfo[]> {
  const id = javaUuid(tool.options.value('topic-id'))
  if (id !== undefined && id !== 'AAAAAAAAAAAAAAAAAAAAAA') {
    const all = await tool.call('listTopics', admin.listTopics())
    const found = all.filter(({ topicId }) => topicId === id)
    if (found.length === 0 && !tool.options.has('if-exists'))
      throw illegalArgument(`TopicId '${id}' does not exist as expected`)
    return found
  }
  const names = await topicNames(tool, admin)
  requireTopic(tool, names)
  const found = new Map(
    (await tool.call('describeTopics', admin.describeTopics(names))).map((topic) => [topic.name, topic]),
  )
  return javaHashOrder(names, javaHash, names.length).flatMap((name) => found.get(name) ?? [])
}

function printTopic(
  tool: Tool,
  { name, topicId, partitions }: TopicInfo,
  entries: ReadonlyMap<string, ConfigEntry>,
  move: Reassignment | undefined,
): void {
  const changed = javaHashOrder([...entries.keys()], javaHash)
    .flatMap((key) => entries.get(key) ?? [])
    .filter(({ source }) => source !== 'DEFAULT_CONFIG')
  if (tool.options.has('topics-with-overrides') && changed.length === 0) return
  const [first] = partitions
  tool.line(
    [
      `Topic: ${name}`,
      ...(topicId === 'AAAAAAAAAAAAAAAAAAAAAA' ? [] : [`TopicId: ${topicId}`]),
      `PartitionCount: ${partitions.length}`,
      `ReplicationFactor: ${first === undefined ? 0 : replicationFactorOf(first, move)}`,
      `Configs: ${changed.map((entry) => `${entry.name}=${entry.value}`).join(',')}`,
    ].join('\t'),
  )
}

function partitionText(topic: string, partition: PartitionInfo, move: Reassignment | undefined): string {
  return [
    `\tTopic: ${topic}`,
    `Partition: ${partition.partition}`,
    `Leader: ${partition.leader < 0 ? 'none' : partition.leader}`,
    `Replicas: ${partition.replicas.join(',')}`,
    `Isr: ${partition.isr.join(',')}`,
    ...(move === undefined
      ? []
      : [
          `Adding Replicas: ${move.addingReplicas.join(',')}`,
          `Removing Replicas: ${move.removingReplicas.join(',')}`,
        ]),
    // Eligible leader replicas are KRaft's.
    'Elr: N/A',
    'LastKnownElr: N/A',
  ].join('\t')
}

interface Surroundings {
  readonly move: Reassignment | undefined
  readonly minIsr: number
  readonly live: ReadonlySet<number>
}

function isReported(tool: Tool, partition: PartitionInfo, { move, minIsr, live }: Surroundings): boolean {
  const { options } = tool
  const { leader, isr } = partition
  const is: Readonly<Record<(typeof REPORTS)[number], boolean>> = {
    'under-replicated-partitions': replicationFactorOf(partition, move) > isr.length,
    'under-min-isr-partitions': leader < 0 || isr.length < minIsr,
    'at-min-isr-partitions': isr.length === minIsr,
    'unavailable-partitions': leader < 0 || !live.has(leader),
  }
  // Of several reports that are asked for, each adds its partitions.
  return REPORTS.some((report) => options.has(report) && is[report])
}

/** What it is to be, while replicas are being moved. */
function replicationFactorOf({ replicas }: PartitionInfo, move: Reassignment | undefined): number {
  const moving = [...(move?.addingReplicas ?? []), ...(move?.removingReplicas ?? [])]
  if (move === undefined || !replicas.some((id) => moving.includes(id))) return replicas.length
  return move.replicas.length - move.addingReplicas.length
}

/** Names in order; `--topic` is an expression for whole names (IncludeList). */
async function topicNames(tool: Tool, admin: Admin): Promise<string[]> {
  const { options } = tool
  const filter = options.value('topic')
  const expression = filter === undefined ? undefined : includeList(filter)
  return (await tool.call('listTopics', admin.listTopics()))
    .filter(({ isInternal }) => !(isInternal && options.has('exclude-internal')))
    .map(({ name }) => name)
    .filter((name) => expression?.test(name) !== false)
    .sort()
}

function requireTopic(tool: Tool, names: readonly string[]): void {
  const wanted = tool.options.value('topic')
  if (wanted && names.length === 0 && !tool.options.has('if-exists'))
    throw illegalArgument(`Topic 'Optional[${wanted}]' does not exist as expected`)
}
