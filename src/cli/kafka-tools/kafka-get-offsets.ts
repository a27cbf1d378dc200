import { JavaException } from '../../base/java-exception.ts'
import {
  type Admin,
  BrokerError,
  type ListedOffset,
  type OffsetSpec,
  type TopicPartition,
} from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import { asKafkaException, kafkaException } from './java-errors.ts'
import { includeList, isJavaInt, javaSplit, parseJavaLong } from './java-lang.ts'
import { OPTIONS } from './kafka-get-offsets-options.ts'
import { runTool, TERSE_EXCEPTION, type Tool, type ToolDefinition } from './tool.ts'

const DEFINITION: ToolDefinition = {
  options: OPTIONS,
  purpose: 'An interactive shell for getting topic-partition offsets.',
  className: 'org.apache.kafka.tools.GetOffsetShell',
}

/** Kafka's kafka-get-offsets (org.apache.kafka.tools.GetOffsetShell). */
export function kafkaGetOffsets(context: CommandContext, words: readonly string[]): Promise<number> {
  return runTool(context, words, DEFINITION, main, (tool, error) => {
    tool.errorLine(`Error occurred: ${error.text}`)
    // What joptsimple refuses, and what the tool itself refuses, comes without a stack.
    if (!(error instanceof TerseException || (error.className.startsWith('joptsimple.') && !tool.isParsed)))
      tool.errorLine(`${error}\n`)
    return 1
  })
}

class TerseException extends JavaException {
  constructor(message: string) {
    super(TERSE_EXCEPTION, message)
  }
}

type Filter = (at: TopicPartition) => boolean

async function main(tool: Tool): Promise<void> {
  const { options } = tool
  const bootstrap = options.value('bootstrap-server') ?? options.value('broker-list')
  if (bootstrap === undefined) throw new TerseException('Missing required option(s) [bootstrap-server]')
  tool.checkBootstrap(bootstrap)
  if (options.has('topic-partitions') && (options.has('topic') || options.has('partitions')))
    throw new TerseException('--topic-partitions cannot be used with --topic or --partitions')
  const spec = offsetSpec(options.value('time') ?? '')
  const patterns = options.value('topic-partitions')
  const filter =
    patterns === undefined
      ? topicAndPartitions(options.value('topic'), options.value('partitions'))
      : anyOf(javaSplit(patterns, /,/).map(rule))
  const admin = await tool.connect(bootstrap, options.value('command-config'))
  const partitions = await partitionsOf(tool, admin, filter)
  if (partitions.length === 0)
    throw new TerseException('Could not match any topic-partitions with the specified filters')
  const found = await offsetsOf(tool, admin, partitions, spec)
  const lines = found
    .filter(({ offset }) => offset !== -1)
    .map(({ topic, partition, offset }) => ({
      key: `${topic}-${partition}`,
      text: `${topic}:${partition}:${offset}`,
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
  for (const { text } of lines) tool.line(text)
}

/** Partitions that cannot be told are named on stderr, and the others are told. */
async function offsetsOf(
  tool: Tool,
  admin: Admin,
  partitions: readonly TopicPartition[],
  spec: OffsetSpec,
): Promise<ListedOffset[]> {
  try {
    return await admin.listOffsets(partitions.map((at) => ({ ...at, spec })))
  } catch (error) {
    if (!(error instanceof BrokerError)) throw asKafkaException(error, 'listOffsets') ?? error
  }
  const found: ListedOffset[] = []
  for (const at of partitions) {
    try {
      found.push(...(await admin.listOffsets([{ ...at, spec }])))
    } catch (error) {
      if (!(error instanceof BrokerError)) throw asKafkaException(error, 'listOffsets') ?? error
      const name = `${at.topic}-${at.partition}`
      tool.errorLine(
        `Skip getting offsets for topic-partition ${name} due to error: ${kafkaException(error.errorName)}`,
      )
    }
  }
  return found
}

const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5
const NAMED: Readonly<Record<string, OffsetSpec>> = {
  earliest: 'earliest',
  '-2': 'earliest',
  latest: 'latest',
  '-1': 'latest',
  'max-timestamp': 'maxTimestamp',
  '-3': 'maxTimestamp',
  'earliest-local': { timestampMs: EARLIEST_LOCAL },
  'latest-tiered': { timestampMs: LATEST_TIERED },
}

function offsetSpec(text: string): OffsetSpec {
  const named = NAMED[text]
  if (named !== undefined) return named
  const timestampMs = parseJavaLong(text)
  if (timestampMs !== undefined) return { timestampMs }
  throw new TerseException(
    `Malformed time argument ${text}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / -5 or latest-tiered, or a specified long format timestamp`,
  )
}

function topicAndPartitions(topic: string | undefined, partitions: string | undefined): Filter {
  const name = includeList(topic ?? '.*')
  const words = partitions ? javaSplit(partitions, /,/) : []
  if (!words.every(isJavaInt)) {
    throw new TerseException(
      `--partitions expects a comma separated list of numeric partition ids, but received: ${partitions}`,
    )
  }
  const wanted = new Set(words.map(Number))
  return (at) => name.test(at.topic) && (wanted.size === 0 || wanted.has(at.partition))
}

/** `TOPIC`, `TOPIC:1`, `TOPIC:1-3` (without 3), `:5-`. */
function rule(text: string): Filter {
  const match = /^([^:,]*)(?::(?:([0-9]*)|(?:([0-9]*)-([0-9]*))))?$/.exec(text)
  if (match === null) {
    const refused = new TerseException(`Invalid rule specification: ${text}`)
    throw new JavaException('java.lang.RuntimeException', `${refused}`, refused)
  }
  const [, topic, one, from, to] = match
  const name = includeList(topic || '.*')
  if (one) return (at) => name.test(at.topic) && at.partition === Number(one)
  const first = from ? Number(from) : 0
  const end = to ? Number(to) : 0x7fffffff
  return (at) => name.test(at.topic) && at.partition >= first && at.partition < end
}

function anyOf(filters: readonly Filter[]): Filter {
  return (at) => filters.some((filter) => filter(at))
}

async function partitionsOf(tool: Tool, admin: Admin, filter: Filter): Promise<TopicPartition[]> {
  const topics = await tool.call('listTopics', admin.listTopics())
  return topics
    .filter(({ isInternal }) => !(isInternal && tool.options.has('exclude-internal-topics')))
    .flatMap(({ name, partitions }) => partitions.map(({ partition }) => ({ topic: name, partition })))
    .filter(filter)
}
