import { JavaException } from '../../base/java-exception.ts'
import type { Admin, PartitionResult, TopicPartition } from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import { adminCommandFailed, adminOperation, kafkaException } from './java-errors.ts'
import { javaHashOrder, partitionHash } from './java-hash-order.ts'
import { JsonFile } from './json-file.ts'
import { OPTIONS } from './kafka-leader-election-options.ts'
import { NEWER_OPTIONS } from './newer-spellings.ts'
import { runTool, type Tool, type ToolDefinition } from './tool.ts'

const DEFINITION: ToolDefinition = {
  options: OPTIONS,
  purpose:
    'This tool attempts to elect a new leader for a set of topic partitions. The type of elections supported are preferred replicas and unclean replicas.',
  className: 'org.apache.kafka.tools.LeaderElectionCommand',
  newer: NEWER_OPTIONS['kafka-leader-election'],
}

/** Kafka's kafka-leader-election (org.apache.kafka.tools.LeaderElectionCommand). */
export function kafkaLeaderElection(context: CommandContext, words: readonly string[]): Promise<number> {
  return runTool(context, words, DEFINITION, main, (tool, error) => tool.tellException(error))
}

const WAYS = ['topic', 'all-topic-partitions', 'path-to-json-file'] as const

async function main(tool: Tool): Promise<void> {
  const { options } = tool
  const missing = ['bootstrap-server', 'election-type'].filter((name) => !options.has(name))
  if (missing.length > 0) throw adminCommandFailed(`Missing required option(s): ${missing.join(', ')}`)
  if (WAYS.filter((name) => options.has(name)).length !== 1)
    throw adminCommandFailed(`One and only one of the following options is required: ${WAYS.join(', ')}`)
  if (options.has('topic') && !options.has('partition'))
    throw adminCommandFailed('Missing required option(s): partition')
  if (!options.has('topic') && options.has('partition'))
    throw adminCommandFailed('Option partition is only allowed if topic is used')
  const type = electionType(options.value('election-type') ?? '')
  const path = options.value('path-to-json-file')
  const topic = options.value('topic')
  const partition = options.integer('partition')
  const wanted =
    path !== undefined
      ? inRuntimeException(() => partitionsOf(JsonFile.read(path)))
      : topic !== undefined && partition !== undefined
        ? [{ topic, partition }]
        : null
  const admin = await tool.connect(options.value('bootstrap-server') ?? '', options.value('admin.config'))
  await elect(tool, admin, type, wanted)
}

/** joptsimple's EnumConverter. */
function electionType(text: string): 'PREFERRED' | 'UNCLEAN' {
  const type = text.toUpperCase()
  if (type === 'PREFERRED' || type === 'UNCLEAN') return type
  throw new JavaException(
    'joptsimple.OptionArgumentConversionException',
    `Cannot parse argument '${text}' of option election-type`,
  )
}

/** What Java checks at compile time, the tool wraps. */
function inRuntimeException<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    const isChecked =
      error instanceof JavaException && /(^java\.io|JsonMappingException)/.test(error.className)
    if (!isChecked) throw error
    throw new JavaException('java.lang.RuntimeException', `${error}`, error)
  }
}

function partitionsOf(file: JsonFile | undefined): TopicPartition[] {
  if (file === undefined) throw adminOperation('Replica election data is empty')
  const list = file.object().optional('partitions')
  if (list === undefined) throw adminOperation('Replica election data is missing "partitions" field')
  const partitions = list.array().map((entry) => {
    const fields = entry.object()
    return { topic: fields.get('topic').string(), partition: fields.get('partition').integer() }
  })
  const names = partitions.map(({ topic, partition }) => `${topic}-${partition}`)
  const twice = partitions.filter((_, i) => names.indexOf(names[i] ?? '') < i)
  if (twice.length > 0) {
    const shown = javaHashOrder(twice, partitionHash).map(({ topic, partition }) => `${topic}-${partition}`)
    throw adminOperation(
      `Replica election data contains duplicate partitions: [${[...new Set(shown)].join(', ')}]`,
    )
  }
  return partitions
}

async function elect(
  tool: Tool,
  admin: Admin,
  type: 'PREFERRED' | 'UNCLEAN',
  wanted: readonly TopicPartition[] | null,
): Promise<void> {
  const kind = type === 'PREFERRED' ? 'preferred' : 'unclean'
  const results = await tool
    .call('electLeaders', admin.electLeaders(kind, wanted))
    .catch((error: unknown) => {
      if (!(error instanceof JavaException)) throw error
      throw electionFailure(tool, error)
    })
  const nameOf = ({ topic, partition }: TopicPartition) => `${topic}-${partition}`
  const sorted = (items: readonly PartitionResult[]) => javaHashOrder(items, partitionHash)
  const elected = sorted(results.filter(({ error }) => error === null))
  if (elected.length > 0) {
    const names = elected.map(nameOf).join(', ')
    tool.line(`Successfully completed leader election (${type}) for partitions ${names}`)
  }
  const valid = sorted(results.filter(({ error }) => error?.errorName === 'ELECTION_NOT_NEEDED'))
  if (valid.length > 0)
    tool.line(`Valid replica already elected for partitions ${valid.map(nameOf).join(', ')}`)
  const failed = sorted(
    results.filter(({ error }) => error !== null && error.errorName !== 'ELECTION_NOT_NEEDED'),
  )
  for (const { error, ...at } of failed) {
    const exception = error === null ? '' : kafkaException(error.errorName, error.brokerMessage)
    tool.line(`Error completing leader election (${type}) for partition: ${nameOf(at)}: ${exception}`)
  }
  if (failed.length > 0) throw adminCommandFailed(`${failed.length} replica(s) could not be elected`)
}

function electionFailure(tool: Tool, error: JavaException): JavaException {
  const told = /\.(Timeout|ClusterAuthorization)Exception$/.exec(error.className)?.[1]
  if (told === undefined)
    return new JavaException(
      'java.lang.RuntimeException',
      `java.util.concurrent.ExecutionException: ${error}`,
    )
  const message =
    told === 'Timeout' ? 'Timeout waiting for election results' : 'Not authorized to perform leader election'
  tool.line(message)
  return adminCommandFailed(message)
}
