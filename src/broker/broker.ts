import type { Clock } from '../base/clock.ts'
import { KcliError, messageOf } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import type { Network } from '../base/network.ts'
import type { Random } from '../base/random.ts'
import type { AddressResolver } from '../base/resolver.ts'
import { randomUuid } from '../base/uuid.ts'
import { ERROR_CODES } from '../protocol/index.ts'
import { createTopics } from '../protocol/messages/19-create-topics.ts'
import { alterPartition } from '../protocol/messages/56-alter-partition.ts'
import { allocateProducerIds } from '../protocol/messages/67-allocate-producer-ids.ts'
import { LogManager, type RecoveryProgress } from '../storage/index.ts'
import { isZooKeeperError, type ZooKeeperClient } from '../zookeeper/index.ts'
import { ConfigAlterer } from './alter-configs.ts'
import { brokerHandlers } from './api/index.ts'
import { ApiRegistry } from './api/registry.ts'
import { AutoTopicCreator } from './auto-create.ts'
import { BrokerConnector, ControllerChannel } from './broker-channel.ts'
import type { BrokerConfig } from './broker-config.ts'
import { BrokerConfigError } from './broker-config-error.ts'
import { requestControlledShutdown } from './controlled-shutdown.ts'
import { KafkaController } from './controller/index.ts'
import { ConfigDescriber } from './describe-configs.ts'
import { DynamicBrokerConfig } from './dynamic-broker-config.ts'
import { DynamicConfigWatcher } from './dynamic-config.ts'
import { GroupCoordinator, OFFSETS_TOPIC } from './group/index.ts'
import { MetadataCache } from './metadata/index.ts'
import { type AdvertisedEndpoint, NetworkServer } from './network/server.ts'
import { ProducerIds } from './producer-ids.ts'
import { ReplicaManager } from './replica/index.ts'
import { logDirMoveLimits, replicaConfig, replicationThrottles } from './replica-settings.ts'
import { TopicConfigStore } from './topic-config-store.ts'
import { type BrokerInfo, KafkaZkClient } from './zk/index.ts'

export interface BrokerOptions {
  readonly config: BrokerConfig
  /** The broker's session; it is closed with the broker. */
  readonly zk: ZooKeeperClient
  /** Opens another one when the session has expired. Without it the broker cannot go on after that. */
  readonly reconnectZk?: () => Promise<ZooKeeperClient>
  readonly network: Network
  readonly resolver: AddressResolver
  readonly fs: FileSystem
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Takes the exclusive lock of a log directory's `.lock`; throws when somebody else has it. */
  readonly acquireLock?: (path: string) => { release(): void }
  /** The broker cannot go on: all its log directories have failed. */
  readonly onFatalError?: (error: KcliError) => void
  /** A log directory cannot be used, and others can; the message says which and why. */
  readonly onLogDirOffline?: (message: string) => void
  /** Hears during the start how far the logs are that have to be recovered; not at all after a clean end. */
  readonly onRecovery?: (progress: RecoveryProgress) => void
}

/** What there is of a broker once it has a place on disk and on the network. */
interface Parts {
  readonly clusterId: string
  readonly cache: MetadataCache
  readonly server: NetworkServer
  readonly endpoints: readonly AdvertisedEndpoint[]
  readonly connector: BrokerConnector
  readonly channel: ControllerChannel
  readonly producerIds: ProducerIds
  readonly topicConfigs: TopicConfigStore
  readonly dynamic: DynamicBrokerConfig
  readonly logManager: LogManager
  readonly replicas: ReplicaManager
  readonly groups: GroupCoordinator
  /** That were in ZooKeeper when the broker started. */
  readonly topicsAtStart: readonly string[]
}

/** How long a start waits for the controller to say who leads; the broker serves in any case. */
const FIRST_METADATA_TIMEOUT_MS = 5000
/** For the last responses to leave. */
const CLOSE_GRACE_MS = 200
/** For requests in process when an embedded cluster stops. */
const DRAIN_GRACE_MS = 2000
const CLUSTER_DEFAULT = '<default>'

/**
 * One Kafka broker in ZooKeeper mode, with everything it consists of (kafka.server.KafkaServer). Several can live in one
 * process: they share nothing but the network.
 *
 * Start: `prepare`, `register`, `startController`, `serve`, or {@link Broker.start} for all of them. A cluster that starts
 * as a whole takes each step for all brokers before the next, so that the first controller finds all of them.
 */
export class Broker {
  private readonly options: BrokerOptions
  private readonly logger: Logger
  private zk: KafkaZkClient | undefined
  private parts: Parts | undefined
  private controller: KafkaController | undefined
  private registration: { readonly info: BrokerInfo; readonly epoch: number } | undefined
  private watcher: DynamicConfigWatcher | undefined
  private stopping: Promise<void> | undefined

  /** Resolves when the broker serves. Rejects with a KcliError, and then nothing is left running. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(options)
    try {
      await broker.prepare()
      await broker.register()
      await broker.startController()
      await broker.serve()
      return broker
    } catch (error) {
      await broker.shutdown({ controlled: false })
      throw error
    }
  }

  constructor(options: BrokerOptions) {
    this.options = options
    this.logger = options.logger
  }

  get config(): BrokerConfig {
    return this.options.config
  }

  get id(): number {
    return this.options.config.brokerId
  }

  /** Empty before {@link prepare}. */
  get endpoints(): readonly AdvertisedEndpoint[] {
    return this.parts?.endpoints ?? []
  }

  get clusterId(): string | null {
    return this.parts?.clusterId ?? null
  }

  get isController(): boolean {
    return this.controller?.isActive ?? false
  }

  /** Whether this broker, as the controller, is in the middle of deleting topics. */
  get isDeletingTopics(): boolean {
    return this.isController && this.controller?.isDeletingTopics === true
  }

  /** Takes the log directories and the addresses. Nobody knows of the broker yet, and nothing is answered. */
  async prepare(): Promise<void> {
    const { config, zk: session, reconnectZk, network, clock, logger } = this.options
    if (config.brokerId < 0) {
      throw new BrokerConfigError('broker.id is not set', {
        hint: 'Set broker.id: kcli does not generate broker ids yet.',
      })
    }
    for (const name of config.unknownNames) logger.warn(`${name} is not a configuration of a Kafka broker`)
    let first: ZooKeeperClient | undefined = session
    const connect = async () => {
      const client = first ?? (await reconnectZk?.())
      first = undefined
      if (client === undefined) throw new KcliError('KCLI_ZOOKEEPER_SESSION', 'the ZooKeeper session is over')
      return client
    }
    const zk = await KafkaZkClient.open({ connect, clock, logger })
    this.zk = zk
    await zk.createTopLevelPaths()
    const dynamic = new DynamicBrokerConfig(config, logger)
    const topicConfigs = new TopicConfigStore(zk)
    const [clusterId, defaults, values, names, deletions] = await Promise.all([
      zk.createOrGetClusterId(randomUuid(this.options.random)),
      zk.entityConfig('brokers', CLUSTER_DEFAULT),
      zk.entityConfig('brokers', String(config.brokerId)),
      zk.topicNames(),
      zk.topicDeletions(),
      topicConfigs.loadAll(),
    ])
    // A deletion that is held up leaves its topic in the tree; nobody will be told of it.
    const topicsAtStart = names.filter((name) => !deletions.includes(name))
    if (defaults.size > 0) dynamic.apply('defaults', defaults)
    if (values.size > 0) dynamic.apply('values', values)

    const server = new NetworkServer({ network, clock, logger, limits: () => serverLimits(config) })
    const endpoints = await server.bind(config.listeners)
    try {
      const logManager = await this.openLogs(clusterId, topicConfigs)
      for (const error of logManager.offlineReasons) this.reportOffline(error)
      this.parts = this.assemble({
        zk,
        clusterId,
        dynamic,
        topicConfigs,
        server,
        endpoints,
        logManager,
        topicsAtStart,
      })
    } catch (error) {
      await server.close(0)
      throw error
    }
  }

  private openLogs(clusterId: string, topicConfigs: TopicConfigStore): Promise<LogManager> {
    const { config, fs, clock, logger, random, acquireLock, onRecovery } = this.options
    return LogManager.open({
      fs,
      clock,
      logger,
      random,
      logDirs: config.logDirs,
      brokerId: config.brokerId,
      clusterId,
      // Read each time: the broker's defaults can change while it runs.
      get defaults() {
        return config.logDefaults
      },
      loadTopicConfig: (topic) => topicConfigs.logConfig(topic),
      tuning: config.logTuning,
      onLogDirFailure: (logDir, error) => this.onLogDirFailure(logDir, error),
      ...(acquireLock === undefined ? {} : { acquireLock }),
      ...(onRecovery === undefined ? {} : { onRecoveryProgress: onRecovery }),
    })
  }

  private assemble(made: {
    zk: KafkaZkClient
    clusterId: string
    dynamic: DynamicBrokerConfig
    topicConfigs: TopicConfigStore
    server: NetworkServer
    endpoints: readonly AdvertisedEndpoint[]
    logManager: LogManager
    topicsAtStart: readonly string[]
  }): Parts {
    const { config, network, resolver, clock, logger, random } = this.options
    const { brokerId, interBrokerListenerName, requestTimeoutMs, connectTimeoutMs } = config
    const cache = new MetadataCache({ clusterId: made.clusterId })
    const connector = new BrokerConnector({
      brokerId,
      network,
      resolver,
      clock,
      connectTimeoutMs,
      requestTimeoutMs,
      interBrokerListenerName,
      cache,
    })
    const channel = new ControllerChannel({ connector, cache, clock, logger, timeoutMs: requestTimeoutMs })
    const brokerEpoch = () => this.brokerEpoch
    const isNotController = ({ errorCode }: { errorCode: number }) => errorCode === ERROR_CODES.NOT_CONTROLLER
    const producerIds = new ProducerIds({
      clock,
      logger,
      allocate: () =>
        channel.send(allocateProducerIds, { brokerId, brokerEpoch: brokerEpoch() }, { isNotController }),
    })
    const replicas = new ReplicaManager({
      brokerId,
      brokerEpoch,
      config: replicaConfig(config),
      clock,
      logger,
      random,
      logManager: made.logManager,
      metadataCache: cache,
      connectToBroker: (id) => connector.openToBroker(id),
      alterPartition: (request, version) =>
        channel.send(alterPartition, request, { version, isNotController }),
      reportStorageFailure: () => this.reportStorageFailure(),
      onLeadershipChange: (leaders, followers) => groups.onLeadershipChange(leaders, followers),
      isRackAware: config.isRackAware,
      throttles: replicationThrottles(config, made.topicConfigs),
      logDirMoves: logDirMoveLimits(config),
    })
    const groups = new GroupCoordinator({
      config,
      clock,
      random,
      logger,
      replicas,
      offsetsTopic: {
        isThere: () => cache.hasTopic(OFFSETS_TOPIC),
        stored: async () =>
          (await made.zk.topicAssignments([OFFSETS_TOPIC])).get(OFFSETS_TOPIC)?.partitions.size,
      },
    })
    cache.onUpdate(({ deletedPartitions }) => {
      replicas.onMetadataUpdate()
      void groups.onPartitionsDeleted(deletedPartitions)
    })
    return { ...made, cache, connector, channel, producerIds, replicas, groups }
  }

  /** Makes the broker known to the cluster: the controller may now give it partitions. */
  async register(): Promise<void> {
    const { config, logger } = this.options
    const { zk, parts } = this.running()
    const info: BrokerInfo = {
      id: config.brokerId,
      rack: config.rack,
      features: {},
      endpoints: parts.endpoints.map(({ name, ...rest }) => ({ listenerName: name, ...rest })),
    }
    await this.checkEndpoints(info)
    try {
      this.registration = { info, epoch: await zk.registerBroker(info) }
    } catch (error) {
      if (!isZooKeeperError(error, 'NODEEXISTS')) throw error
      throw new KcliError('KCLI_BROKER_ID_IN_USE', `a broker with the id ${info.id} is already registered`, {
        hint: 'Choose another broker.id, or wait until the session of the old broker has expired.',
        cause: error,
      })
    }
    logger.info(`registered, epoch ${this.registration.epoch}`)
  }

  /** Two brokers under one address would make clients talk to the wrong one. */
  private async checkEndpoints(info: BrokerInfo): Promise<void> {
    const { zk } = this.running()
    const ours = new Set(info.endpoints.map(({ host, port }) => `${host}:${port}`))
    for (const other of await zk.brokers()) {
      if (other.info.id === info.id) continue
      const common = other.info.endpoints
        .map(({ host, port }) => `${host}:${port}`)
        .filter((each) => ours.has(each))
      if (common.length === 0) continue
      throw new BrokerConfigError(
        `Configured end points ${common.join(',')} in advertised listeners are already registered by broker ${other.info.id}`,
      )
    }
  }

  /** Takes part in the election of the controller. */
  async startController(): Promise<void> {
    const { config, clock, random, logger } = this.options
    const { zk, parts } = this.running()
    if (this.registration === undefined) throw new Error('register() comes before startController()')
    this.controller = new KafkaController({
      brokerId: config.brokerId,
      config,
      clock,
      random,
      logger,
      zk,
      connectToBroker: (_broker, endpoint) => parts.connector.open(endpoint),
      brokerInfo: this.registration.info,
      brokerEpoch: this.registration.epoch,
    })
    await this.controller.start()
  }

  /** Answers requests from now on. Resolves when this broker has heard from the controller what its partitions are. */
  async serve(): Promise<void> {
    const { config, clock, logger } = this.options
    const { zk, parts } = this.running()
    const { cache, channel, dynamic, topicConfigs, replicas } = parts
    const { controller } = this
    if (controller === undefined) throw new Error('startController() comes before serve()')
    const topicExists = (topic: string) => cache.hasTopic(topic)
    const autoCreator = new AutoTopicCreator({
      config,
      logger,
      createTopics: (request) =>
        channel.send(createTopics, request, {
          isNotController: ({ topics }) =>
            topics.some(({ errorCode }) => errorCode === ERROR_CODES.NOT_CONTROLLER),
        }),
    })
    const handlers = brokerHandlers({
      config,
      zk,
      cache,
      replicas,
      controller,
      groups: parts.groups,
      topicConfigs,
      describer: new ConfigDescriber({
        config,
        topicExists,
        topicConfig: (topic) => zk.entityConfig('topics', topic),
      }),
      alterer: new ConfigAlterer({ config, dynamic, zk, logger, topicExists }),
      autoCreate: (topics) => autoCreator.create(topics),
      nextProducerId: () => parts.producerIds.next(),
      clock,
      random: this.options.random,
      logger,
    })
    replicas.start()
    parts.groups.start()
    parts.logManager.startBackgroundTasks()
    this.watcher = this.watchConfigs()
    const informed = this.whenInformed()
    const registry = new ApiRegistry(handlers, logger)
    // When brokers talk through pipes, all others wait until this one knows what there is: a client that came too early
    // would be told that its topic does not exist.
    parts.server.startProcessing(registry, { onlyPipes: this.talksThroughPipes })
    await Promise.all([this.watcher.start(), informed])
    parts.server.startProcessing(registry)
    logger.info(
      `serving on ${parts.endpoints.map(({ name, host, port }) => `${name}://${host}:${port}`).join(', ')}`,
    )
  }

  private get talksThroughPipes(): boolean {
    const { listeners, interBrokerListenerName } = this.options.config
    const interBroker = listeners.find(({ name }) => name === interBrokerListenerName)
    return interBroker?.bind.some(({ kind }) => kind === 'pipe') ?? false
  }

  private watchConfigs(): DynamicConfigWatcher {
    const { config, clock, logger } = this.options
    const { zk, parts } = this.running()
    const { dynamic, topicConfigs, replicas } = parts
    return new DynamicConfigWatcher({
      zk,
      clock,
      logger,
      brokerId: config.brokerId,
      onTopicConfig: (topic, entries) => {
        topicConfigs.set(topic, entries)
        replicas.updateTopicConfig(topic, topicConfigs.entries(topic))
        if (entries.get('unclean.leader.election.enable') === 'true')
          this.controller?.uncleanElectionEnabled()
      },
      onBrokerConfig: (layer, entries) => {
        const wasUnclean = config.uncleanLeaderElectionEnable
        dynamic.apply(layer, entries)
        parts.logManager.updateTuning(config.logTuning)
        replicas.updateDefaultConfig()
        if (!wasUnclean && config.uncleanLeaderElectionEnable) this.controller?.uncleanElectionEnabled()
      },
    })
  }

  /** Until the metadata cache has a controller and the topics that there were at the start, or the time is over. */
  private whenInformed(): Promise<void> {
    const { parts } = this.running()
    const { cache, topicsAtStart } = parts
    const isInformed = () =>
      cache.controllerId !== null && topicsAtStart.every((topic) => cache.hasTopic(topic))
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel()
        unsubscribe()
        resolve()
      }
      const timer = this.options.clock.setTimer(FIRST_METADATA_TIMEOUT_MS, done)
      const unsubscribe = cache.onUpdate(() => {
        if (isInformed()) done()
      })
      if (isInformed()) done()
    })
  }

  /** Gives up the controller's office, or the wish for it, ahead of a stop of the whole cluster: no leader is moved. */
  async resignController(): Promise<void> {
    await this.controller?.shutdown()
  }

  /**
   * Answers what clients outside this process have asked and lets them go; the brokers of an embedded cluster go on
   * replicating meanwhile, so that acks=all can be given. Comes before {@link shutdown} of all of them.
   */
  async drain(): Promise<void> {
    // Who waits for the others of its group is answered at once.
    await Promise.all([this.parts?.server.drain(DRAIN_GRACE_MS), this.parts?.groups.close()])
  }

  /**
   * Stops the broker; logs are closed cleanly. `controlled`: the controller moves the leaderships away first, if
   * controlled.shutdown.enable allows. Calling it again waits for the first call.
   */
  shutdown(options: { controlled: boolean }): Promise<void> {
    this.stopping ??= this.stop(options.controlled)
    return this.stopping
  }

  /** Each step is tried, whatever became of those before; the first error is thrown at the end. */
  private async stop(controlled: boolean): Promise<void> {
    const { parts, zk, controller } = this
    const errors: unknown[] = []
    const step = async (what: string, run: () => unknown) => {
      try {
        await run()
      } catch (error) {
        this.logger.error(`${what} failed`, error)
        errors.push(error)
      }
    }
    if (controlled && controller !== undefined && this.options.config.controlledShutdownEnable) {
      await step('controlled shutdown', () => this.leaveControlled())
    }
    this.watcher?.close()
    await step('closing the listeners', () => parts?.server.stopProcessing())
    parts?.producerIds.close()
    parts?.channel.close()
    await step('closing the groups', () => parts?.groups.close())
    await step('stopping the replicas', () => parts?.replicas.shutdown())
    await step('closing the logs', () => parts?.logManager.shutdown({ brokerEpoch: this.brokerEpoch }))
    await step('stopping the controller', () => controller?.shutdown())
    await step('closing the ZooKeeper session', () => (zk ?? this.options.zk).close())
    await step('closing the connections', () => parts?.server.close(CLOSE_GRACE_MS))
    if (errors.length > 0) throw errors[0]
  }

  private async leaveControlled(): Promise<void> {
    const { config, clock, logger } = this.options
    const { zk, parts } = this.running()
    if (!zk.isConnected) {
      logger.warn('ZooKeeper cannot be reached: leaving without moving the leaderships away')
      return
    }
    await requestControlledShutdown({
      brokerId: config.brokerId,
      brokerEpoch: this.brokerEpoch,
      clock,
      logger,
      attempts: config.number('controlled.shutdown.max.retries'),
      backoffMs: config.number('controlled.shutdown.retry.backoff.ms'),
      isAlone: () => parts.cache.aliveBrokerList().every(({ id }) => id === config.brokerId),
      connect: () => parts.connector.openToBroker(parts.cache.controllerId ?? -1),
    })
  }

  private get brokerEpoch(): number {
    return this.controller?.brokerEpoch ?? this.registration?.epoch ?? -1
  }

  private running(): { zk: KafkaZkClient; parts: Parts } {
    const { zk, parts } = this
    if (zk === undefined || parts === undefined) throw new Error('prepare() comes first')
    return { zk, parts }
  }

  private onLogDirFailure(logDir: string, failure: Error | null): void {
    const { config, logger, onFatalError } = this.options
    if (this.parts === undefined) return
    this.parts.replicas.onLogDirFailure(logDir)
    this.reportStorageFailure()
    if (this.parts.logManager.isOnline) {
      this.reportOffline(failure?.message ?? null)
      return
    }
    const error = new KcliError(
      'KCLI_LOG_DIRS_FAILED',
      `all log directories have failed: ${config.logDirs.join(', ')}`,
      {
        hint: 'Check the disk, then start the broker again.',
        cause: failure?.cause,
      },
    )
    logger.error(error.message)
    onFatalError?.(error)
  }

  private reportOffline(message: string | null): void {
    if (message !== null) this.options.onLogDirOffline?.(`broker ${this.id}: ${message}`)
  }

  private reportStorageFailure(): void {
    this.zk?.propagateLogDirEvent(this.id).catch((error: unknown) => {
      this.logger.error(`cannot tell the controller of a storage failure: ${messageOf(error)}`)
    })
  }
}

function serverLimits(config: BrokerConfig) {
  return {
    maxRequestBytes: config.socketRequestMaxBytes,
    connectionsMaxIdleMs: config.connectionsMaxIdleMs,
    maxConnections: config.number('max.connections'),
    maxConnectionsPerIp: config.number('max.connections.per.ip'),
  }
}
