import { ConfigDef, ConfigError, type ConfigValue } from '../base/config-def.ts'
import { ApiError } from './api-error.ts'
import { TOPIC_CONFIG_ROWS } from './topic-config-data.ts'

/** The definitions of the topic-level configurations (LogConfig.configDef). */
export const topicConfigDef: ConfigDef = new ConfigDef(TOPIC_CONFIG_ROWS)

/** The broker configuration that a topic configuration falls back to, and how to turn it into the topic's unit. */
export interface BrokerSynonym {
  readonly name: string
  readonly factor: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** Topic configurations whose broker counterpart has `log.` or `log.cleaner.` before the same name, or the same name. */
const SAME_NAME_WITH_LOG = [
  'segment.bytes',
  'retention.bytes',
  'index.interval.bytes',
  'cleanup.policy',
  'preallocate',
  'message.format.version',
  'message.timestamp.type',
  'message.timestamp.difference.max.ms',
  'message.timestamp.before.max.ms',
  'message.timestamp.after.max.ms',
  'message.downconversion.enable',
  'local.retention.ms',
  'local.retention.bytes',
]
const SAME_NAME_WITH_CLEANER = ['delete.retention.ms', 'min.compaction.lag.ms', 'max.compaction.lag.ms']
const SAME_NAME = [
  'unclean.leader.election.enable',
  'min.insync.replicas',
  'compression.type',
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.zstd.level',
]

const one = (name: string): readonly BrokerSynonym[] => [{ name, factor: 1 }]

/**
 * For each topic configuration the broker configurations that stand in for it, the strongest first
 * (ServerTopicConfigSynonyms). Those that are missing here have none.
 */
export const TOPIC_CONFIG_SYNONYMS: ReadonlyMap<string, readonly BrokerSynonym[]> = new Map([
  ...SAME_NAME_WITH_LOG.map((name) => [name, one(`log.${name}`)] as const),
  ...SAME_NAME_WITH_CLEANER.map((name) => [name, one(`log.cleaner.${name}`)] as const),
  ...SAME_NAME.map((name) => [name, one(name)] as const),
  ['segment.ms', [...one('log.roll.ms'), { name: 'log.roll.hours', factor: HOUR_MS }]],
  ['segment.jitter.ms', [...one('log.roll.jitter.ms'), { name: 'log.roll.jitter.hours', factor: HOUR_MS }]],
  ['segment.index.bytes', one('log.index.size.max.bytes')],
  ['flush.messages', one('log.flush.interval.messages')],
  ['flush.ms', [...one('log.flush.interval.ms'), ...one('log.flush.scheduler.interval.ms')]],
  [
    'retention.ms',
    [
      ...one('log.retention.ms'),
      { name: 'log.retention.minutes', factor: MINUTE_MS },
      { name: 'log.retention.hours', factor: HOUR_MS },
    ],
  ],
  ['max.message.bytes', one('message.max.bytes')],
  ['file.delete.delay.ms', one('log.segment.delete.delay.ms')],
  ['min.cleanable.dirty.ratio', one('log.cleaner.min.cleanable.ratio')],
])

/**
 * Checks the configuration that a topic is to have, the broker's defaults underneath (LogConfig.validate). A null value
 * stands for "not set". Throws {@link ApiError} INVALID_CONFIG in Kafka's words.
 */
export function validateTopicConfigs(
  entries: ReadonlyMap<string, string | null>,
  defaults: (name: string) => ConfigValue = (name) => topicConfigDef.defaultOf(name),
): void {
  for (const name of entries.keys()) {
    if (topicConfigDef.key(name) === undefined) {
      throw new ApiError('INVALID_CONFIG', `Unknown topic config name: ${name}`)
    }
  }
  const parsed = new Map<string, ConfigValue>()
  for (const [name, text] of entries) {
    if (text !== null) parsed.set(name, topicConfigDef.parse(name, text))
  }
  const value = (name: string) => parsed.get(name) ?? defaults(name)
  const minLag = value('min.compaction.lag.ms')
  const maxLag = value('max.compaction.lag.ms')
  if (Number(minLag) > Number(maxLag)) {
    const names = `min.compaction.lag.ms (${minLag}) > max.compaction.lag.ms (${maxLag})`
    throw new ApiError('INVALID_CONFIG', `conflict topic config setting ${names}`)
  }
  if (value('remote.log.delete.on.disable') === true || value('remote.log.copy.disable') === true) {
    throw new ApiError(
      'INVALID_CONFIG',
      "It is invalid to set `remote.log.delete.on.disable` or `remote.log.copy.disable` under Zookeeper's mode.",
    )
  }
  if (value('remote.storage.enable') === true) {
    throw new ConfigError(
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
    )
  }
}
