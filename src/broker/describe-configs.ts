import { type ConfigDef, type ConfigType, configText } from '../base/config-def.ts'
import { ApiError } from './api-error.ts'
import { type BrokerConfig, brokerConfigDef, brokerConfigSynonyms } from './broker-config.ts'
import { TOPIC_CONFIG_SYNONYMS, topicConfigDef } from './config-def.ts'
import { RESOURCE } from './config-resource.ts'
import { DYNAMIC_CONFIGS, INTERNAL_CONFIGS, REPLICATION_QUOTAS } from './dynamic-config-names.ts'
import { validateTopicName } from './topic-names.ts'

export interface Synonym {
  readonly name: string
  readonly value: string | null
  readonly source: number
}

/** One configuration as DescribeConfigs and CreateTopics answer it. */
export interface DescribedConfig {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly isDefault: boolean
  readonly isSensitive: boolean
  readonly configSource: number
  readonly synonyms: readonly Synonym[]
  readonly configType: number
  readonly documentation: null
}

/** DescribeConfigsResponse.ConfigSource. */
const SOURCE = {
  TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT_BROKER: 3,
  STATIC_BROKER: 4,
  DEFAULT: 5,
} as const
/** DescribeConfigsResponse.ConfigType; 0 is unknown. */
const TYPE_IDS: Readonly<Record<ConfigType, number>> = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
}
const LISTENER_PREFIX = /^listener\.name\.[^.]*\.(.*)$/

export interface DescribeConfigsDeps {
  readonly config: BrokerConfig
  readonly topicExists: (topic: string) => boolean
  /** The topic's own configuration, as it lies in ZooKeeper. */
  readonly topicConfig: (topic: string) => Promise<ReadonlyMap<string, string>>
}

export interface DescribeOptions {
  /** Null or empty: all. */
  readonly names: readonly string[] | null
  readonly includeSynonyms: boolean
}

/** What DescribeConfigs says of a topic or of this broker (kafka.server.ConfigHelper). */
export class ConfigDescriber {
  private readonly deps: DescribeConfigsDeps

  constructor(deps: DescribeConfigsDeps) {
    this.deps = deps
  }

  /** Rejects with an {@link ApiError} for the resource. */
  async describe(type: number, name: string, options: DescribeOptions): Promise<DescribedConfig[]> {
    if (type === RESOURCE.TOPIC) return this.describeTopic(name, options)
    if (type === RESOURCE.BROKER) return this.describeBroker(name, options)
    if (type === RESOURCE.CLIENT_METRICS) {
      if (name === '')
        throw new ApiError('INVALID_REQUEST', 'Client metrics subscription name must not be empty')
      throw new ApiError('INVALID_REQUEST', 'Config type client-metrics is only supported on KRaft clusters')
    }
    if (name === '') throw new ApiError('INVALID_REQUEST', 'Broker id must not be empty')
    throw new ApiError('INVALID_REQUEST', 'This broker has no loggers whose levels could be described')
  }

  private async describeTopic(topic: string, options: DescribeOptions): Promise<DescribedConfig[]> {
    validateTopicName(topic)
    if (!this.deps.topicExists(topic)) throw new ApiError('UNKNOWN_TOPIC_OR_PARTITION')
    return this.topicEntries(await this.deps.topicConfig(topic), options)
  }

  /** All configurations of a topic that has these of its own. */
  topicEntries(own: ReadonlyMap<string, string>, options: DescribeOptions): DescribedConfig[] {
    const names = new Set([...own.keys(), ...topicConfigDef.names()])
    return chosen(names, options.names).map((name) => this.topicEntry(name, own, options))
  }

  private topicEntry(
    name: string,
    own: ReadonlyMap<string, string>,
    options: DescribeOptions,
  ): DescribedConfig {
    const type = topicConfigDef.key(name)?.type
    // A value whose type is not known may be a secret.
    const isSensitive = type === undefined || type === 'PASSWORD'
    const ownText = own.get(name)
    const text =
      ownText === undefined
        ? this.deps.config.topicDefaultText(name)
        : normalised(topicConfigDef, name, ownText)
    const value = isSensitive ? null : text
    const brokerName = TOPIC_CONFIG_SYNONYMS.get(name)?.[0]?.name
    const inherited = brokerName === undefined ? [] : this.brokerSynonyms(brokerName, isSensitive)
    const synonyms = ownText === undefined ? inherited : [{ name, value, source: SOURCE.TOPIC }, ...inherited]
    return {
      name,
      value,
      readOnly: false,
      isSensitive,
      ...sourceAndSynonyms(synonyms, options),
      configType: type === undefined ? 0 : TYPE_IDS[type],
      documentation: null,
    }
  }

  private describeBroker(id: string, options: DescribeOptions): DescribedConfig[] {
    const { config } = this.deps
    if (id === '') {
      const names = config.dynamicLayers.defaults.keys()
      return chosen(names, options.names).map((name) => this.brokerEntry(name, options, false))
    }
    checkBrokerId(id, config.brokerId)
    const visible = brokerConfigDef.names().filter((name) => !INTERNAL_CONFIGS.has(name))
    const names = new Set([...config.properties.keys(), ...visible])
    return chosen(names, options.names).map((name) => this.brokerEntry(name, options, true))
  }

  private brokerEntry(name: string, options: DescribeOptions, isPerBroker: boolean): DescribedConfig {
    const { config } = this.deps
    const type = brokerConfigType(name)
    const isSensitive = type === undefined || type === 'PASSWORD'
    const isDefined = brokerConfigDef.key(name) !== undefined
    const current = isPerBroker
      ? isDefined && type !== undefined
        ? configText(type, config.get(name))
        : (config.properties.get(name) ?? null)
      : (config.dynamicLayers.defaults.get(name) ?? null)
    const all = this.brokerSynonyms(name, isSensitive)
    const synonyms = isPerBroker ? all : all.filter(({ source }) => source === SOURCE.DYNAMIC_DEFAULT_BROKER)
    return {
      name,
      value: isSensitive ? null : current,
      readOnly: !DYNAMIC_CONFIGS.has(name),
      isSensitive,
      ...sourceAndSynonyms(synonyms, options),
      configType: type === undefined ? 0 : TYPE_IDS[type],
      documentation: null,
    }
  }

  /** Everything that could have given the value, the strongest first; nothing when the name itself is set nowhere. */
  private brokerSynonyms(name: string, isSensitive: boolean): Synonym[] {
    const { config } = this.deps
    const base = LISTENER_PREFIX.exec(name)?.[1]
    const names = base === undefined ? brokerConfigSynonyms(name) : [name, base]
    const { defaults, values } = config.dynamicLayers
    const found: Synonym[] = []
    const look = (get: (name: string) => string | undefined | null, source: number) => {
      for (const synonym of names) {
        const value = get(synonym)
        if (value !== undefined && value !== null) {
          found.push({ name: synonym, value: isSensitive ? null : value, source })
        }
      }
    }
    look((synonym) => values.get(synonym), SOURCE.DYNAMIC_BROKER)
    look((synonym) => defaults.get(synonym), SOURCE.DYNAMIC_DEFAULT_BROKER)
    look((synonym) => config.staticProperties.get(synonym), SOURCE.STATIC_BROKER)
    look((synonym) => brokerConfigDef.key(synonym)?.defaultText, SOURCE.DEFAULT)
    const first = found.findIndex((synonym) => synonym.name === name)
    return first < 0 ? [] : found.slice(first)
  }
}

function sourceAndSynonyms(all: readonly Synonym[], { includeSynonyms }: DescribeOptions) {
  const source = all[0]?.source ?? SOURCE.DEFAULT
  // Version 0 has this in place of the source; Kafka's broker never sets it.
  return { configSource: source, isDefault: false, synonyms: includeSynonyms ? all : [] }
}

function chosen(names: Iterable<string>, wanted: readonly string[] | null): string[] {
  const all = [...names].sort()
  if (wanted === null || wanted.length === 0) return all
  const set = new Set(wanted)
  return all.filter((name) => set.has(name))
}

/** As Kafka prints the parsed value; a stored value that cannot be parsed is shown as it is. */
function normalised(def: ConfigDef, name: string, text: string): string | null {
  const key = def.key(name)
  if (key === undefined) return text
  try {
    return configText(key.type, def.parse(name, text))
  } catch {
    return text
  }
}

function brokerConfigType(name: string): ConfigType | undefined {
  if (REPLICATION_QUOTAS.includes(name)) return 'LONG'
  return brokerConfigDef.key(name)?.type ?? brokerConfigDef.key(LISTENER_PREFIX.exec(name)?.[1] ?? '')?.type
}

function checkBrokerId(text: string, expected: number): void {
  if (!/^[+-]?\d{1,10}$/.test(text)) {
    throw new ApiError('INVALID_REQUEST', `Broker id must be an integer, but it is: ${text}`)
  }
  if (Number(text) === expected) return
  const message = `Unexpected broker id, expected ${expected} or empty string, but received ${text}`
  throw new ApiError('INVALID_REQUEST', message)
}
