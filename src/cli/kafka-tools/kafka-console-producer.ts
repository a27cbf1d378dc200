import { ConfigError } from '../../base/config-def.ts'
import { JavaException } from '../../base/java-exception.ts'
import { type ConsoleProducerFlags, consoleProducerOptions } from '../console/producer-flags.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../exit-codes.ts'
import { JavaExit } from '../jopt/java-main.ts'
import { InputError } from '../records/input-error.ts'
import { produce } from '../services/produce.ts'
import { openTarget } from '../target.ts'
import { requireReadable } from './client-properties.ts'
import { asKafkaException, configException } from './java-errors.ts'
import { OPTIONS } from './kafka-console-producer-options.ts'
import { NEWER_OPTIONS } from './newer-spellings.ts'
import { runTool, type Tool, type ToolDefinition } from './tool.ts'

const DEFINITION: ToolDefinition = {
  options: OPTIONS,
  purpose: 'This tool helps to read data from standard input and publish it to Kafka.',
  className: 'kafka.tools.ConsoleProducer$',
  newer: NEWER_OPTIONS['kafka-console-producer'],
}

/**
 * Kafka's kafka-console-producer (kafka.tools.ConsoleProducer). Where Kafka's ends with exit code 0 although records were
 * not stored, this one ends with 1.
 */
export async function kafkaConsoleProducer(
  context: CommandContext,
  words: readonly string[],
): Promise<number | undefined> {
  const code = await runTool(context, words, DEFINITION, main, (tool, error) => {
    if (!tool.isParsed) throw tool.usage(error.text ?? '')
    tool.errorLine(error.className.startsWith('joptsimple.') ? `${error.text}` : `${error}`)
    return 1
  })
  return context.signal.aborted ? undefined : code
}

async function main(tool: Tool): Promise<void> {
  const { context } = tool
  tool.require('topic')
  const bootstrap = tool.options.value('bootstrap-server') ?? tool.options.value('broker-list') ?? ''
  tool.checkBootstrap(bootstrap, ' ')
  const flags = flagsOf(tool)
  const { timeoutMs, version, signal } = context
  try {
    const options = consoleProducerOptions(flags, () => undefined)
    // Kafka's tool makes a topic that is not there, where brokers let it.
    const chosen = { ...options, producer: { ...options.producer, allowAutoCreate: true } }
    const target = await openTarget({ 'bootstrap-server': bootstrap }, { timeoutMs, version, signal })
    try {
      const code = await produce(
        { ...context, input: () => prompted(context), target: async () => target },
        chosen,
      )
      if (code !== undefined && code !== 0) throw new JavaExit(code, {})
    } finally {
      await target.close()
    }
  } catch (error) {
    throw asJavaException(error, flags) ?? error
  }
}

/** Only what was given: what holds without is the same for both names of this tool. */
function flagsOf(tool: Tool): ConsoleProducerFlags {
  const { options } = tool
  const text = (name: string) => (options.has(name) ? options.value(name) : undefined)
  const integer = (name: string) => (options.has(name) ? options.integer(name) : undefined)
  const long = (name: string) => (options.has(name) ? options.long(name) : undefined)
  const codec = options.value('compression-codec')
  for (const file of [text('producer.config'), text('reader-config')])
    if (file !== undefined) requireReadable(file)
  return {
    topic: options.value('topic') ?? '',
    sync: options.has('sync'),
    'compression-codec': options.has('compression-codec') ? codec || 'gzip' : undefined,
    'batch-size': integer('batch-size'),
    'max-partition-memory-bytes': integer('max-partition-memory-bytes'),
    'max-memory-bytes': long('max-memory-bytes'),
    'message-send-max-retries': integer('message-send-max-retries'),
    'retry-backoff-ms': long('retry-backoff-ms'),
    timeout: long('timeout'),
    'request-required-acks': text('request-required-acks'),
    'request-timeout-ms': integer('request-timeout-ms'),
    'metadata-expiry-ms': long('metadata-expiry-ms'),
    'max-block-ms': long('max-block-ms'),
    'socket-buffer-size': integer('socket-buffer-size'),
    'line-reader': text('line-reader'),
    property: options.values('property'),
    'reader-config': text('reader-config'),
    'producer-property': options.values('producer-property'),
    'producer.config': text('producer.config'),
  }
}

/** Somebody who types sees `>` before each line. */
async function* prompted(context: CommandContext): AsyncGenerator<Buffer> {
  const { sink } = context.out
  const prompt = async () => {
    if (context.terminal.stdinIsTty && sink.isTerminal) await sink.write('>')
  }
  await prompt()
  for await (const chunk of context.input()) {
    yield chunk
    await prompt()
  }
}

const KAFKA_EXCEPTION = 'org.apache.kafka.common.KafkaException'

function asJavaException(error: unknown, flags: ConsoleProducerFlags): JavaException | undefined {
  if (error instanceof ConfigError) return configException(error) as JavaException
  if (error instanceof InputError) return new JavaException(KAFKA_EXCEPTION, lineText(error.message))
  if (error instanceof UsageError) {
    const reader = flags['line-reader']
    if (reader !== undefined && error.message.includes(reader))
      return new JavaException('java.lang.ClassNotFoundException', reader)
    return new JavaException(KAFKA_EXCEPTION, error.message)
  }
  return asKafkaException(error, '')
}

/** What Kafka's LineMessageReader says of a line. */
function lineText(message: string): string {
  const missing = /^line (\d+) of the input: no (headers delimiter|key separator) found in '(.*)'$/s.exec(
    message,
  )
  if (missing !== null) return `No ${missing[2]} found on line number ${missing[1]}: '${missing[3]}'`
  const pair = /^line (\d+) of the input: no (header key separator found in pair '.*')$/s.exec(message)
  return pair === null ? message : `No ${pair[2]} on line number ${pair[1]}`
}
