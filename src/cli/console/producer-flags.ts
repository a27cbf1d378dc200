import { type ProducerProperties, type ProducerSettings, producerSettings } from '../../client/index.ts'
import { UsageError } from '../exit-codes.ts'
import type { ProduceOptions } from '../services/produce.ts'
import { LineMessageReader, lineReaderOptions } from './line-reader.ts'
import { mergeProperties } from './properties.ts'

export interface ConsoleProducerFlags {
  readonly topic: string
  readonly sync?: boolean | undefined
  readonly 'compression-codec'?: string | undefined
  readonly 'batch-size'?: number | undefined
  readonly 'max-partition-memory-bytes'?: number | undefined
  readonly 'max-memory-bytes'?: number | undefined
  readonly 'message-send-max-retries'?: number | undefined
  readonly 'retry-backoff-ms'?: number | undefined
  readonly timeout?: number | undefined
  readonly 'request-required-acks'?: string | undefined
  readonly 'request-timeout-ms'?: number | undefined
  readonly 'metadata-expiry-ms'?: number | undefined
  readonly 'max-block-ms'?: number | undefined
  readonly 'socket-buffer-size'?: number | undefined
  readonly 'line-reader'?: string | undefined
  readonly property?: readonly string[] | undefined
  readonly 'reader-config'?: string | undefined
  readonly 'producer-property'?: readonly string[] | undefined
  readonly 'producer.config'?: string | undefined
}

/** What the tool sets where neither a flag nor a property says otherwise. */
const DEFAULTS = {
  'client.id': 'console-producer',
  'linger.ms': 1000,
  'request.timeout.ms': 1500,
} satisfies ProducerProperties

/** From Kafka's flags to what the work needs. */
export function consoleProducerOptions(
  flags: ConsoleProducerFlags,
  warn: (message: string) => void,
  given: Readonly<Record<string, string>> = {},
): ProduceOptions {
  const reader = (flags['line-reader'] ?? 'LineMessageReader').split('.').at(-1)
  if (reader !== 'LineMessageReader') {
    throw new UsageError(`the line reader ${flags['line-reader']} is not known`, 'Only LineMessageReader is.')
  }
  const properties = mergeProperties(
    { path: flags['reader-config'], flag: '--reader-config' },
    { values: flags.property, flag: '--property' },
  )
  return {
    topic: flags.topic,
    file: undefined,
    parser: new LineMessageReader(lineReaderOptions(properties)),
    ...settingsOf(flags, warn, given),
    defaults: {},
    sync: flags.sync === true,
    report: false,
    summary: false,
  }
}

/** Flags win over properties, and those over the defaults of the tool (CommandLineUtils.maybeMergeOptions). */
function settingsOf(
  flags: ConsoleProducerFlags,
  warn: (message: string) => void,
  given: Readonly<Record<string, string>>,
): ProducerSettings {
  const properties = mergeProperties(
    { path: flags['producer.config'], flag: '--producer.config' },
    { values: flags['producer-property'], flag: '--producer-property' },
  )
  const fromFlags = {
    'compression.type': flags['compression-codec'],
    'linger.ms': flags.timeout,
    acks: flags['request-required-acks'],
    'request.timeout.ms': flags['request-timeout-ms'],
    retries: flags['message-send-max-retries'],
    'retry.backoff.ms': flags['retry-backoff-ms'],
    'send.buffer.bytes': flags['socket-buffer-size'],
    'buffer.memory': flags['max-memory-bytes'],
    'batch.size': flags['max-partition-memory-bytes'] ?? flags['batch-size'],
    'metadata.max.age.ms': flags['metadata-expiry-ms'],
    'max.block.ms': flags['max-block-ms'],
  }
  const said = Object.entries(fromFlags).filter(([, value]) => value !== undefined)
  return producerSettings(
    { ...DEFAULTS, ...given, ...Object.fromEntries(properties), ...Object.fromEntries(said) },
    { onUnknown: warn },
  )
}
