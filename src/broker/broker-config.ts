import { ConfigDef, ConfigError, type ConfigValue, configText } from '../base/config-def.ts'
import { messageOf } from '../base/errors.ts'
import {
  type CleanerConfig,
  DEFAULT_LOG_CONFIG,
  type LogConfig,
  type LogTuning,
  logConfigFromEntries,
} from '../storage/index.ts'
import { BROKER_CONFIG_ROWS } from './broker-config-data.ts'
import { BrokerConfigError } from './broker-config-error.ts'
import { TOPIC_CONFIG_SYNONYMS, topicConfigDef } from './config-def.ts'
import { type ListenerSpec, parseListeners } from './listeners.ts'

/** The definitions of the broker-level configurations (KafkaConfig.configDef). */
export const brokerConfigDef: ConfigDef = new ConfigDef(BROKER_CONFIG_ROWS)

/** Configurations that mean the same in other units: setting one takes the others out (brokerConfigSynonyms). */
const UNIT_GROUPS = [
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
]

/** The names that stand for one setting, the strongest first. */
export function brokerConfigSynonyms(name: string): readonly string[] {
  if (name === 'log.flush.interval.ms') return [name, 'log.flush.scheduler.interval.ms']
  return UNIT_GROUPS.find((group) => group.includes(name)) ?? [name]
}

/** setTimeout takes 2^31 - 1 at most, and fires at once above that. */
const LONGEST_PERIOD_MS = 24 * 24 * 3_600_000

export interface BrokerConfigOptions {
  /** Listeners that server.properties cannot express: in-process pipes, Unix sockets. They replace `listeners`. */
  readonly listeners?: readonly ListenerSpec[]
  /** In place of `log.dirs`, whose names have no commas. */
  readonly logDirs?: readonly string[]
  /** Advertised for listeners without a host. Default `localhost`. */
  readonly hostName?: string
}

type Properties = ReadonlyMap<string, string>

const RACK_AWARE_SELECTOR = 'org.apache.kafka.common.replica.RackAwareReplicaSelector'
const LEADER_SELECTOR = 'org.apache.kafka.common.replica.LeaderSelector'

/**
 * The configuration of one broker: what stands in server.properties, over it the dynamic defaults of the cluster, over
 * them the dynamic values of this broker; below all of it Kafka's defaults. Getters always give the current value.
 */
export class BrokerConfig {
  readonly staticProperties: Properties
  /** Names that are not Kafka's: warned about and kept, as Kafka does. */
  readonly unknownNames: readonly string[]
  readonly listeners: readonly ListenerSpec[]
  private readonly givenLogDirs: readonly string[] | undefined
  private dynamicDefaults: Properties = new Map()
  private dynamicValues: Properties = new Map()
  private merged: Properties
  private cache = new Map<string, ConfigValue>()
  private logConfig: LogConfig | undefined

  /** Throws {@link BrokerConfigError}. */
  static fromProperties(
    properties: Properties | Readonly<Record<string, string>>,
    options: BrokerConfigOptions = {},
  ): BrokerConfig {
    const entries = properties instanceof Map ? properties : new Map(Object.entries(properties))
    try {
      return new BrokerConfig(entries, options)
    } catch (error) {
      if (error instanceof ConfigError) throw new BrokerConfigError(messageOf(error), { cause: error })
      throw error
    }
  }

  private constructor(properties: Properties, options: BrokerConfigOptions) {
    this.staticProperties = properties
    this.merged = properties
    this.givenLogDirs = options.logDirs
    this.unknownNames = [...properties.keys()].filter((name) => brokerConfigDef.key(name) === undefined)
    for (const [name, text] of properties) {
      if (brokerConfigDef.key(name) !== undefined) brokerConfigDef.parse(name, text)
    }
    checkValues(this)
    this.listeners =
      options.listeners ??
      parseListeners({
        listeners: this.string('listeners'),
        advertisedListeners: this.stringOrNull('advertised.listeners'),
        protocolMap: this.string('listener.security.protocol.map'),
        hostName: options.hostName ?? 'localhost',
      })
    if (!this.listeners.some(({ name }) => name === this.interBrokerListenerName)) {
      const names = this.listeners.map(({ name }) => name).join(',')
      throw new BrokerConfigError(
        `inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are ${names}`,
      )
    }
  }

  /** The typed value of any configuration, null when it has none. */
  get(name: string): ConfigValue {
    const cached = this.cache.get(name)
    if (cached !== undefined) return cached
    const text = this.merged.get(name)
    const value = text === undefined ? brokerConfigDef.defaultOf(name) : brokerConfigDef.parse(name, text)
    this.cache.set(name, value)
    return value
  }

  /** Numbers beyond 2^53 (Kafka's "no limit") become the largest safe integer. */
  number(name: string): number {
    const value = this.get(name)
    if (typeof value === 'bigint') return value < 0n ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER
    if (typeof value !== 'number') throw new BrokerConfigError(`${name} is not set`)
    return value
  }

  boolean(name: string): boolean {
    return this.get(name) === true
  }

  string(name: string): string {
    const value = this.get(name)
    if (typeof value !== 'string') throw new BrokerConfigError(`${name} is not set`)
    return value
  }

  stringOrNull(name: string): string | null {
    const value = this.get(name)
    return typeof value === 'string' ? value : null
  }

  /** Of what exists only dynamically; infinite when it is not set. */
  dynamicNumber(name: string): number {
    const text = this.dynamicValues.get(name) ?? this.dynamicDefaults.get(name)
    return text === undefined ? Number.POSITIVE_INFINITY : Number(text)
  }

  /** The broker's dynamic layers, as they lie in `/config/brokers/<default>` and `/config/brokers/ID`. */
  get dynamicLayers(): { readonly defaults: Properties; readonly values: Properties } {
    return { defaults: this.dynamicDefaults, values: this.dynamicValues }
  }

  /** Everything that is set anywhere, the strongest value of each name. */
  get properties(): Properties {
    return this.merged
  }

  /** The values must have been checked. */
  setDynamicLayers(layers: { defaults?: Properties; values?: Properties }): void {
    this.dynamicDefaults = layers.defaults ?? this.dynamicDefaults
    this.dynamicValues = layers.values ?? this.dynamicValues
    this.merged = mergeProperties([this.staticProperties, this.dynamicDefaults, this.dynamicValues])
    this.cache = new Map()
    this.logConfig = undefined
  }

  // What the rooms ask for most, under the names that Kafka's own code has for them.
  get brokerId(): number {
    return this.number('broker.id') >= 0 ? this.number('broker.id') : this.number('node.id')
  }
  get rack(): string | null {
    return this.stringOrNull('broker.rack')
  }
  /** Whether consumers are sent to replicas in their rack. Throws for a class that only Java has. */
  get isRackAware(): boolean {
    const name = this.stringOrNull('replica.selector.class')
    if (name === null || name === LEADER_SELECTOR) return false
    if (name === RACK_AWARE_SELECTOR) return true
    throw new BrokerConfigError(`replica.selector.class is ${name}, which is not known here`, {
      hint: `Set it to ${RACK_AWARE_SELECTOR}, or leave it out.`,
    })
  }
  get interBrokerListenerName(): string {
    const name = this.stringOrNull('inter.broker.listener.name')
    return (name ?? this.string('security.inter.broker.protocol')).toUpperCase()
  }
  get logDirs(): readonly string[] {
    if (this.givenLogDirs !== undefined) return this.givenLogDirs
    const text = this.stringOrNull('log.dirs') ?? this.string('log.dir')
    return text
      .split(',')
      .map((dir) => dir.trim())
      .filter((dir) => dir !== '')
  }
  get autoCreateTopicsEnable(): boolean {
    return this.boolean('auto.create.topics.enable')
  }
  get deleteTopicEnable(): boolean {
    return this.boolean('delete.topic.enable')
  }
  get autoLeaderRebalanceEnable(): boolean {
    return this.boolean('auto.leader.rebalance.enable')
  }
  get leaderImbalanceCheckIntervalSeconds(): number {
    return this.number('leader.imbalance.check.interval.seconds')
  }
  get leaderImbalancePerBrokerPercentage(): number {
    return this.number('leader.imbalance.per.broker.percentage')
  }
  get numPartitions(): number {
    return this.number('num.partitions')
  }
  get defaultReplicationFactor(): number {
    return this.number('default.replication.factor')
  }
  get minInsyncReplicas(): number {
    return this.number('min.insync.replicas')
  }
  get uncleanLeaderElectionEnable(): boolean {
    return this.boolean('unclean.leader.election.enable')
  }
  get requestTimeoutMs(): number {
    return this.number('request.timeout.ms')
  }
  get controllerSocketTimeoutMs(): number {
    return this.number('controller.socket.timeout.ms')
  }
  get connectTimeoutMs(): number {
    return this.number('socket.connection.setup.timeout.ms')
  }
  get controlledShutdownEnable(): boolean {
    return this.boolean('controlled.shutdown.enable')
  }
  get replicaLagTimeMaxMs(): number {
    return this.number('replica.lag.time.max.ms')
  }
  get replicaSocketTimeoutMs(): number {
    return this.number('replica.socket.timeout.ms')
  }
  get replicaFetchWaitMaxMs(): number {
    return this.number('replica.fetch.wait.max.ms')
  }
  get replicaFetchMinBytes(): number {
    return this.number('replica.fetch.min.bytes')
  }
  get replicaFetchMaxBytes(): number {
    return this.number('replica.fetch.max.bytes')
  }
  get replicaFetchResponseMaxBytes(): number {
    return this.number('replica.fetch.response.max.bytes')
  }
  get replicaFetchBackoffMs(): number {
    return this.number('replica.fetch.backoff.ms')
  }
  get numReplicaFetchers(): number {
    return this.number('num.replica.fetchers')
  }
  get fetchMaxBytes(): number {
    return this.number('fetch.max.bytes')
  }
  get maxFetchSessions(): number {
    return this.number('max.incremental.fetch.session.cache.slots')
  }
  get socketRequestMaxBytes(): number {
    return this.number('socket.request.max.bytes')
  }
  get connectionsMaxIdleMs(): number {
    return this.number('connections.max.idle.ms')
  }

  /** The text of a topic configuration where the topic does not set it: the broker's value in the topic's unit. */
  topicDefaultText(topicConfigName: string): string | null {
    // Since 3.0 the broker's message format is without effect (shouldIgnoreMessageFormatVersion).
    if (topicConfigName === 'message.format.version')
      return topicConfigDef.key(topicConfigName)?.defaultText ?? null
    const type = topicConfigDef.key(topicConfigName)?.type ?? 'STRING'
    for (const { name, factor } of TOPIC_CONFIG_SYNONYMS.get(topicConfigName) ?? []) {
      const value = this.get(name)
      if (value === null) continue
      if (topicConfigName === 'retention.ms' && Number(value) < 0) return '-1'
      if (factor !== 1) return String(Number(value) * factor)
      return configText(type, value)
    }
    return topicConfigDef.key(topicConfigName)?.defaultText ?? null
  }

  /** What a topic without configurations of its own gets (KafkaConfig.extractLogConfigMap). */
  get logDefaults(): LogConfig {
    if (this.logConfig !== undefined) return this.logConfig
    const entries: Record<string, string> = {}
    for (const name of topicConfigDef.names()) {
      const text = this.topicDefaultText(name)
      if (text !== null) entries[name] = text
    }
    this.logConfig = { ...DEFAULT_LOG_CONFIG, ...logConfigFromEntries(entries) }
    return this.logConfig
  }

  /** Kafka's "never" is longer than a timer can be set to: 24 days are as good, as nothing happens then but a look. */
  private periodMs(name: string): number {
    return Math.min(this.number(name), LONGEST_PERIOD_MS)
  }

  private get cleanerConfig(): CleanerConfig {
    return {
      isEnabled: this.boolean('log.cleaner.enable'),
      threads: this.number('log.cleaner.threads'),
      dedupeBufferBytes: this.number('log.cleaner.dedupe.buffer.size'),
      loadFactor: this.number('log.cleaner.io.buffer.load.factor'),
      ioBufferBytes: this.number('log.cleaner.io.buffer.size'),
      maxIoBytesPerSecond: this.number('log.cleaner.io.max.bytes.per.second'),
      backoffMs: this.periodMs('log.cleaner.backoff.ms'),
    }
  }

  get logTuning(): Partial<LogTuning> {
    return {
      retentionCheckIntervalMs: this.periodMs('log.retention.check.interval.ms'),
      flushSchedulerIntervalMs: this.periodMs('log.flush.scheduler.interval.ms'),
      flushRecoveryPointCheckpointIntervalMs: this.periodMs('log.flush.offset.checkpoint.interval.ms'),
      flushStartOffsetCheckpointIntervalMs: this.periodMs('log.flush.start.offset.checkpoint.interval.ms'),
      highWatermarkCheckpointIntervalMs: this.periodMs('replica.high.watermark.checkpoint.interval.ms'),
      producerIdExpirationMs: this.periodMs('producer.id.expiration.ms'),
      producerIdExpirationCheckIntervalMs: this.periodMs('producer.id.expiration.check.interval.ms'),
      initialTaskDelayMs: this.periodMs('log.initial.task.delay.ms'),
      recoveryThreadsPerDirectory: this.number('num.recovery.threads.per.data.dir'),
      cleaner: this.cleanerConfig,
    }
  }
}

/** Later layers win; a setting also takes out what a weaker layer says in another unit. */
export function mergeProperties(layers: readonly Properties[]): Properties {
  const merged = new Map(layers[0])
  for (const layer of layers.slice(1)) {
    for (const name of layer.keys()) for (const synonym of brokerConfigSynonyms(name)) merged.delete(synonym)
    for (const [name, text] of layer) merged.set(name, text)
  }
  return merged
}

/** KafkaConfig.validateValues, as far as it concerns a ZooKeeper-mode broker, and what we cannot do. */
function checkValues(config: BrokerConfig): void {
  const require = (condition: boolean, message: string) => {
    if (!condition) throw new BrokerConfigError(message, { isRequirement: true })
  }
  const nodeId = config.number('node.id')
  const brokerId = config.number('broker.id')
  require(nodeId === -1 ||
    brokerId === -1 ||
    nodeId === brokerId, 'You must set `node.id` to the same value as `broker.id`.')
  if (config.boolean('broker.id.generation.enable')) {
    require(brokerId >= -1 &&
      brokerId <=
        config.number(
          'reserved.broker.max.id',
        ), 'broker.id must be greater than or equal to -1 and not greater than reserved.broker.max.id')
  } else require(brokerId >= 0, 'broker.id must be greater than or equal to 0')
  const logDefault = (name: string) => Number(config.topicDefaultText(name))
  require(logDefault('segment.ms') >= 1, 'log.roll.ms must be greater than or equal to 1')
  require(logDefault('segment.jitter.ms') >= 0, 'log.roll.jitter.ms must be greater than or equal to 0')
  const retentionMs = logDefault('retention.ms')
  require(retentionMs >= 1 ||
    retentionMs === -1, 'log.retention.ms must be unlimited (-1) or, greater than or equal to 1')
  require(config.logDirs.length > 0, 'At least one log directory must be defined via log.dirs or log.dir.')
  const dedupeBytes = config.number('log.cleaner.dedupe.buffer.size') / config.number('log.cleaner.threads')
  require(dedupeBytes >
    1024 * 1024, 'log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.')
  require(config.replicaFetchWaitMaxMs <=
    config.replicaSocketTimeoutMs, 'replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms to prevent unnecessary socket timeouts')
  require(config.replicaFetchWaitMaxMs <=
    config.replicaLagTimeMaxMs, 'replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent frequent changes in ISR')
  const queuedBytes = config.number('queued.max.request.bytes')
  require(queuedBytes <= 0 ||
    queuedBytes >=
      config.socketRequestMaxBytes, 'queued.max.request.bytes must be larger or equal to socket.request.max.bytes')
  const acks = config.number('offsets.commit.required.acks')
  if (acks < -1 || acks > config.number('offsets.topic.replication.factor')) {
    throw new BrokerConfigError(
      'offsets.commit.required.acks must be greater or equal to -1 and less or equal to offsets.topic.replication.factor',
    )
  }
  if (config.stringOrNull('inter.broker.listener.name') !== null) {
    require(!config.staticProperties.has(
      'security.inter.broker.protocol',
    ), 'Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.')
  }
  refuseUnsupported(config)
}

/** Settings whose silent neglect would change what the broker protects or where it keeps its metadata. */
function refuseUnsupported(config: BrokerConfig): void {
  const roles = config.get('process.roles')
  if (Array.isArray(roles) && roles.length > 0) {
    throw new BrokerConfigError('process.roles is set, but this broker runs in ZooKeeper mode only', {
      hint: 'Remove process.roles and set zookeeper.connect.',
    })
  }
  if (config.string('authorizer.class.name') !== '') {
    throw new BrokerConfigError('authorizer.class.name is set, but ACLs are not enforced yet', {
      hint: 'Remove it to run the broker without authorization.',
    })
  }
  for (const name of ['alter.config.policy.class.name', 'create.topic.policy.class.name']) {
    const value = config.stringOrNull(name)
    if (value === null || value === '') continue
    throw new BrokerConfigError(
      `Invalid value ${value} for configuration ${name}: Class ${value} could not be found.`,
    )
  }
}
