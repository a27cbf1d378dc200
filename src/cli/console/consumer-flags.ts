import type { ConsumerConfig } from '../../client/index.ts'
import { refuseGroup } from '../consume-flags.ts'
import { UsageError } from '../exit-codes.ts'
import { END, type OffsetRange, START } from '../records/offset-grammar.ts'
import type { ConsoleConsumerOptions } from '../services/console-consumer.ts'
import { formatterOf } from './message-formatter.ts'
import { mergeProperties } from './properties.ts'

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
export function consoleConsumerOptions(flags: ConsoleConsumerFlags): ConsoleConsumerOptions {
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
  const settings = mergeProperties(
    { path: flags['consumer.config'], flag: '--consumer.config' },
    { values: flags['consumer-property'], flag: '--consumer-property' },
  )
  refuseGroup(flags.group ?? settings.get('group.id'))
  return {
    topic,
    include,
    partition,
    range: rangeOf(flags, settings.get('auto.offset.reset')),
    maxMessages: flags['max-messages'],
    timeoutMs: flags['timeout-ms'],
    write: formatterOf(flags.formatter, properties),
    skipOnError: flags['skip-message-on-error'] === true,
    config: consumerConfig(flags['isolation-level'], settings),
  }
}

function rangeOf(flags: ConsoleConsumerFlags, reset: string | undefined): OffsetRange {
  const { offset, partition } = flags
  const fromBeginning = flags['from-beginning'] === true
  if (offset === undefined) {
    if (fromBeginning && reset === 'latest') {
      throw new UsageError('--from-beginning and auto.offset.reset=latest contradict each other')
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

const ISOLATION_LEVELS = ['read_uncommitted', 'read_committed'] as const

function consumerConfig(isolation: string, settings: ReadonlyMap<string, string>): ConsumerConfig {
  const isolationLevel = ISOLATION_LEVELS.find(
    (level) => level === (settings.get('isolation.level') ?? isolation),
  )
  if (isolationLevel === undefined) throw new UsageError(`there is no isolation level '${isolation}'`)
  const number = (key: string) => {
    const value = settings.get(key)
    if (value !== undefined && !/^\d{1,10}$/.test(value))
      throw new UsageError(`${key} is '${value}', a number is wanted`)
    return value === undefined ? undefined : Number(value)
  }
  const known = {
    fetchMinBytes: number('fetch.min.bytes'),
    fetchMaxWaitMs: number('fetch.max.wait.ms'),
    fetchMaxBytes: number('fetch.max.bytes'),
    maxPartitionFetchBytes: number('max.partition.fetch.bytes'),
    rack: settings.get('client.rack'),
  }
  const given = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
  return { isolationLevel, autoOffsetReset: 'latest', ...given }
}
