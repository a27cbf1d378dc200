import { type Random, systemRandom } from '../../base/random.ts'
import { type ConsumerConfig, type ConsumerSettings, consumerSettings } from '../../client/index.ts'
import { UsageError } from '../exit-codes.ts'
import { END, type OffsetRange, START } from '../records/offset-grammar.ts'
import type { ConsoleConsumerOptions } from '../services/console-consumer.ts'
import { formatterOf } from './message-formatter.ts'
import { mergeProperties, parseKeyValues, readProperties, withoutGroup } from './properties.ts'

export interface ConsoleConsumerFlags {
  readonly topic?: string | undefined
  readonly include?: string | undefined
  readonly partition?: number | undefined
  readonly offset?: string | undefined
  readonly 'from-beginning'?: boolean | undefined
  readonly group?: string | undefined
  readonly 'max-messages'?: number | undefined
  readonly 'timeout-ms'?: number | undefined
  readonly 'isolation-level': string
  readonly formatter?: string | undefined
  readonly 'formatter-config'?: string | undefined
  readonly property?: readonly string[] | undefined
  readonly 'key-deserializer'?: string | undefined
  readonly 'value-deserializer'?: string | undefined
  readonly 'consumer-property'?: readonly string[] | undefined
  readonly 'consumer.config'?: string | undefined
  readonly 'skip-message-on-error'?: boolean | undefined
}

/** From Kafka's flags to what the work needs; the checks are those of ConsoleConsumerOptions. */
export function consoleConsumerOptions(
  flags: ConsoleConsumerFlags,
  warn: (message: string) => void,
  given: Readonly<Record<string, string>> = {},
): ConsoleConsumerOptions {
  const { topic, include, partition } = flags
  if ((topic === undefined) === (include === undefined)) {
    throw new UsageError('exactly one of --topic and --include (or --whitelist) is required')
  }
  if (partition !== undefined && topic === undefined)
    throw new UsageError('--topic is required when --partition is given')
  const properties = mergeProperties(
    { path: flags['formatter-config'], flag: '--formatter-config' },
    { values: flags.property, flag: '--property' },
  )
  if (flags['key-deserializer'] !== undefined) properties.set('key.deserializer', flags['key-deserializer'])
  if (flags['value-deserializer'] !== undefined)
    properties.set('value.deserializer', flags['value-deserializer'])
  const { client, consumer } = settingsOf(flags, warn, given)
  const group = groupOf(flags)
  if (group !== undefined && partition !== undefined)
    throw new UsageError('--group and --partition cannot be given together')
  return {
    topic,
    include,
    partition,
    range: rangeOf(flags, consumer.autoOffsetReset),
    maxMessages: flags['max-messages'],
    timeoutMs: flags['timeout-ms'],
    write: formatterOf(flags.formatter, properties),
    skipOnError: flags['skip-message-on-error'] === true,
    client,
    consumer: { ...consumer, ...membership(flags, group, consumer, systemRandom) },
  }
}

/** The group that is named, in one place or with one name in all of them. */
function groupOf(flags: ConsoleConsumerFlags): string | undefined {
  const file = flags['consumer.config']
  const named = [
    flags.group,
    file === undefined ? undefined : readProperties(file, '--consumer.config').get('group.id'),
    parseKeyValues(flags['consumer-property'], '--consumer-property').get('group.id'),
  ].filter((name) => name !== undefined)
  const names = [...new Set(named)]
  if (names.length <= 1) return names[0]
  throw new UsageError(
    `--group, --consumer-property and --consumer.config name different groups: ${names.join(', ')}`,
  )
}

/** Who names no group gets one that nobody will use again, so nothing is stored for it unless that is asked for. */
function membership(
  flags: ConsoleConsumerFlags,
  group: string | undefined,
  { enableAutoCommit, autoOffsetReset }: ConsumerConfig,
  random: Random,
): ConsumerConfig {
  return {
    groupId: group ?? `console-consumer-${random.int(100_000)}`,
    enableAutoCommit: enableAutoCommit ?? group !== undefined,
    autoOffsetReset: autoOffsetReset ?? (flags['from-beginning'] === true ? 'earliest' : 'latest'),
  }
}

function rangeOf(flags: ConsoleConsumerFlags, reset: string | undefined): OffsetRange {
  const { offset, partition } = flags
  const fromBeginning = flags['from-beginning'] === true
  if (offset === undefined) {
    if (fromBeginning && reset !== undefined && reset !== 'earliest') {
      throw new UsageError(`--from-beginning and auto.offset.reset=${reset} contradict each other`)
    }
    return { from: fromBeginning || reset === 'earliest' ? START : END }
  }
  if (partition === undefined) throw new UsageError('the partition is required when --offset is given')
  if (fromBeginning) throw new UsageError('--from-beginning and --offset cannot be given together')
  if (offset.toLowerCase() === 'earliest') return { from: START }
  if (offset.toLowerCase() === 'latest') return { from: END }
  if (/^\d{1,15}$/.test(offset)) return { from: { kind: 'offset', offset: Number(offset) } }
  throw new UsageError(`--offset is '${offset}'; it takes earliest, latest or a number that is not negative`)
}

function settingsOf(
  flags: ConsoleConsumerFlags,
  warn: (message: string) => void,
  given: Readonly<Record<string, string>>,
): ConsumerSettings {
  const properties = mergeProperties(
    { path: flags['consumer.config'], flag: '--consumer.config' },
    { values: flags['consumer-property'], flag: '--consumer-property' },
  )
  return consumerSettings(
    {
      'client.id': 'console-consumer',
      'isolation.level': flags['isolation-level'],
      ...withoutGroup(given),
      ...Object.fromEntries(properties),
    },
    { onUnknown: warn },
  )
}
