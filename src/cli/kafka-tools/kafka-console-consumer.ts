import { ConfigError } from '../../base/config-def.ts'
import { JavaException } from '../../base/java-exception.ts'
import { javaHash } from '../../base/java-hash.ts'
import { BrokerError } from '../../client/index.ts'
import type { ErrorName } from '../../protocol/index.ts'
import { type ConsoleConsumerFlags, consoleConsumerOptions } from '../console/consumer-flags.ts'
import { parseKeyValues, readProperties } from '../console/properties.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../exit-codes.ts'
import { JavaExit } from '../jopt/java-main.ts'
import { Output } from '../output/output.ts'
import type { RecordWriter } from '../records/template.ts'
import { type ConsoleConsumerOptions, consoleConsumer } from '../services/console-consumer.ts'
import { openTarget } from '../target.ts'
import { requireAddresses } from './addresses.ts'
import { requireReadable } from './client-properties.ts'
import { asKafkaException, configException, kafkaException } from './java-errors.ts'
import { javaHashOrder } from './java-hash-order.ts'
import { parseJavaLong } from './java-lang.ts'
import { OPTIONS } from './kafka-console-consumer-options.ts'
import { NEWER_OPTIONS } from './newer-spellings.ts'
import { runTool, type Tool, type ToolDefinition } from './tool.ts'

const DEFINITION: ToolDefinition = {
  options: OPTIONS,
  purpose: 'This tool helps to read data from Kafka topics and outputs it to standard output.',
  className: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  newer: NEWER_OPTIONS['kafka-console-consumer'],
}

/** Kafka's kafka-console-consumer (org.apache.kafka.tools.consumer.ConsoleConsumer). */
export async function kafkaConsoleConsumer(
  context: CommandContext,
  words: readonly string[],
): Promise<number | undefined> {
  const code = await runTool(context, words, DEFINITION, main, (tool, error) => {
    throw tool.isParsed ? error : tool.usage(error.text ?? '')
  })
  return context.signal.aborted ? undefined : code
}

async function main(tool: Tool): Promise<void> {
  checkRequired(tool)
  const flags = flagsOf(tool)
  checkGroup(tool, flags)
  checkReset(flags)
  checkOffset(tool, flags.offset)
  const chosen = chosenOptions(tool, flags)
  try {
    await consume(tool, chosen())
  } catch (error) {
    if (error instanceof JavaExit) throw error
    const exception = asKafkaException(error, '') ?? asConfigException(error)
    if (exception === undefined) throw error
    tool.log('ERROR', 'Unknown error when running consumer: ')
    tool.errorLine(`${exception}`)
    throw new JavaExit(1, {})
  }
}

/** ConsoleConsumerOptions.checkRequiredArgs */
function checkRequired(tool: Tool): void {
  const { options } = tool
  const isIncluded = options.has('include') || options.has('whitelist')
  if (options.has('topic') === isIncluded) {
    const old = options.has('whitelist')
      ? '--whitelist is DEPRECATED use --include instead; ignored if --include specified.'
      : ''
    throw tool.usage(`Exactly one of --include/--topic is required. ${old}`)
  }
  if (options.has('partition')) {
    options.integer('partition')
    if (!options.has('topic')) throw tool.usage('The topic is required when partition is specified.')
    if (options.has('from-beginning') && options.has('offset'))
      throw tool.usage('Options from-beginning and offset cannot be specified together.')
  } else if (options.has('offset')) throw tool.usage('The partition is required when offset is specified.')
  tool.require('bootstrap-server')
}

/** What the command with kcli's own parser takes, from Kafka's. */
function flagsOf({ options }: Tool): ConsoleConsumerFlags {
  const text = (name: string) => (options.has(name) ? options.value(name) : undefined)
  const file = text('consumer.config')
  if (file !== undefined) requireReadable(file)
  return {
    topic: text('topic'),
    include: text('include') ?? text('whitelist'),
    partition: options.integer('partition'),
    offset: text('offset'),
    'from-beginning': options.has('from-beginning'),
    group: text('group'),
    'timeout-ms': notNegative(options.long('timeout-ms')),
    'isolation-level': options.value('isolation-level') ?? '',
    formatter: text('formatter'),
    'formatter-config': text('formatter-config'),
    property: options.values('property'),
    'key-deserializer': text('key-deserializer'),
    'value-deserializer': text('value-deserializer'),
    'consumer-property': options.values('consumer-property'),
    'consumer.config': file,
  }
}

function notNegative(value: number | undefined): number | undefined {
  return value === undefined || value < 0 ? undefined : value
}

/** ConsoleConsumerOptions.checkConsumerGroup */
function checkGroup(tool: Tool, flags: ConsoleConsumerFlags): void {
  const named = [
    flags.group,
    fileProperties(flags).get('group.id'),
    parseKeyValues(flags['consumer-property'], '').get('group.id'),
  ]
  const names = javaHashOrder([...new Set(named.filter((name) => name !== undefined))], javaHash)
  if (names.length > 1) {
    const shown = names.map((name) => `'${name}'`).join(', ')
    throw tool.usage(
      `The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer.config') do not match. Detected group ids: ${shown}`,
    )
  }
  if (names.length === 1 && flags.partition !== undefined)
    throw tool.usage('Options group and partition cannot be specified together.')
}

function fileProperties(flags: ConsoleConsumerFlags): Map<string, string> {
  const file = flags['consumer.config']
  return file === undefined ? new Map() : readProperties(file, '--consumer.config')
}

/** ConsoleConsumerOptions.setAutoOffsetResetValue */
function checkReset(flags: ConsoleConsumerFlags): void {
  const properties = new Map([...fileProperties(flags), ...parseKeyValues(flags['consumer-property'], '')])
  const reset = properties.get('auto.offset.reset')
  if (reset === undefined || flags['from-beginning'] !== true || reset === 'earliest') return
  const err = `Can't simultaneously specify --from-beginning and 'auto.offset.reset=${reset}', please remove one option\n`
  throw new JavaExit(1, { err })
}

function checkOffset(tool: Tool, text: string | undefined): void {
  if (text === undefined || /^(earliest|latest)$/i.test(text)) return
  const offset = parseJavaLong(text)
  if (offset !== undefined && offset >= 0) return
  throw tool.usage(
    `The provided offset value '${text}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.`,
  )
}

const NEW_PACKAGE = 'org.apache.kafka.tools.consumer'
/** Classes of Kafka's that are told to be deprecated, and those to use instead. */
const OLD_FORMATTERS: Readonly<Record<string, string>> = {
  'kafka.tools.DefaultMessageFormatter': 'DefaultMessageFormatter',
  'kafka.tools.LoggingMessageFormatter': 'LoggingMessageFormatter',
  'kafka.tools.NoOpMessageFormatter': 'NoOpMessageFormatter',
  'kafka.coordinator.transaction.TransactionLog$TransactionLogMessageFormatter':
    'TransactionLogMessageFormatter',
  'kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter': 'OffsetsMessageFormatter',
  'kafka.coordinator.group.GroupMetadataManager$GroupMetadataMessageFormatter':
    'GroupMetadataMessageFormatter',
}

/** The formatter is made at once, the consumer when it is asked for: they fail in different ways. */
function chosenOptions(tool: Tool, flags: ConsoleConsumerFlags): () => ConsoleConsumerOptions {
  const instead = OLD_FORMATTERS[flags.formatter ?? '']
  if (instead !== undefined) {
    tool.errorLine(
      `WARNING: ${flags.formatter} is deprecated and will be removed in the next major release. Please use ${NEW_PACKAGE}.${instead} instead`,
    )
  }
  const file = flags['formatter-config']
  try {
    if (file !== undefined) requireReadable(file)
    const options = consoleConsumerOptions(flags, () => undefined)
    return () => options
  } catch (error) {
    if (error instanceof JavaException) throw tool.usage(error.text ?? '')
    if (error instanceof UsageError) throw tool.usage(wrongClass(flags, error))
    return () => {
      throw error
    }
  }
}

/** Java names the class that it does not find. */
function wrongClass(flags: ConsoleConsumerFlags, error: UsageError): string {
  const named = [flags.formatter, flags['key-deserializer'], flags['value-deserializer']]
  return named.find((name) => name !== undefined && error.message.includes(name)) ?? error.message
}

function asConfigException(error: unknown): JavaException | undefined {
  return error instanceof ConfigError ? (configException(error) as JavaException) : undefined
}

async function consume(tool: Tool, options: ConsoleConsumerOptions): Promise<void> {
  const { context } = tool
  const bootstrap = tool.options.value('bootstrap-server') ?? ''
  requireAddresses(bootstrap, 'Failed to construct kafka consumer')
  const maxMessages = maxMessagesOf(tool)
  const target = await openTarget(
    { 'bootstrap-server': bootstrap },
    { timeoutMs: context.timeoutMs, version: context.version, signal: context.signal },
  )
  // What kcli says beside the records Kafka's tool does not, and the count comes after what went wrong.
  const notes: string[] = []
  const out = new Output({
    format: 'table',
    headers: false,
    color: false,
    sink: context.out.sink,
    note: (text) => {
      if (text.startsWith('Processed ')) notes.push(text.trimEnd())
    },
  })
  const counted = new CountedWriter(tool, options)
  try {
    await consoleConsumer(
      { ...context, out, target: () => Promise.resolve(target) },
      { ...options, maxMessages, write: counted.write, skipOnError: false },
    )
    const isShort = maxMessages === undefined || counted.count < maxMessages
    if (isShort && !context.signal.aborted) {
      ended(tool, new JavaException('org.apache.kafka.common.errors.TimeoutException'))
    }
  } catch (error) {
    const exception = topicException(tool, error) ?? asKafkaException(error, '')
    if (exception === undefined || counted.hasFailed) throw error
    // Kafka's tool ends with exit code 0 here.
    ended(tool, exception)
  } finally {
    for (const note of notes) tool.errorLine(note)
    await target.close()
  }
}

/** Looked at when the consumer is there already. */
function maxMessagesOf(tool: Tool): number | undefined {
  try {
    // All below -1 have been read before the first one.
    const wanted = tool.options.integer('max-messages') ?? -1
    return wanted === -1 ? undefined : Math.max(0, wanted)
  } catch (error) {
    tool.errorLine('Processed a total of 0 messages')
    throw error
  }
}

/** Kafka's client names all topics of its kind in one text. */
function topicException(tool: Tool, error: unknown): JavaException | undefined {
  if (!(error instanceof BrokerError)) return undefined
  const text = TOPIC_TEXTS[error.errorName]
  if (text === undefined) return undefined
  return kafkaException(error.errorName, `${text}: [${tool.options.value('topic') ?? ''}]`, error)
}

const TOPIC_TEXTS: Partial<Record<ErrorName, string>> = {
  INVALID_TOPIC_EXCEPTION: 'Invalid topics',
  TOPIC_AUTHORIZATION_FAILED: 'Not authorized to access topics',
}

function ended(tool: Tool, exception: JavaException): void {
  tool.log('ERROR', 'Error processing message, terminating consumer process: ')
  tool.errorLine(`${exception}`)
}

/** Knows how many records it got, and whether one of them could not be shown. */
class CountedWriter {
  count = 0
  hasFailed = false
  readonly write: RecordWriter

  constructor(tool: Tool, options: ConsoleConsumerOptions) {
    const skips = tool.options.has('skip-message-on-error')
    this.write = (record, chunks) => {
      this.count++
      try {
        options.write(record, chunks)
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        const exception = new JavaException(
          'org.apache.kafka.common.errors.SerializationException',
          error.message,
        )
        this.hasFailed = !skips
        if (!skips) throw exception
        tool.log('ERROR', 'Error processing message, skipping this message: ')
        tool.errorLine(`${exception}`)
      }
    }
  }
}
