import path from 'node:path'
import type { BrokerPlace } from '../base/broker-layout.ts'
import { sleep, type Timer } from '../base/clock.ts'
import { type KcliError, messageOf } from '../base/errors.ts'
import type { FileLock } from '../base/file-lock.ts'
import { prefixedLogger } from '../base/logger.ts'
import type { Address } from '../base/network.ts'
import { Broker, BrokerConfig, type BrokerOptions, type ListenerSpec } from '../broker/index.ts'
import type { RecoveryProgress } from '../storage/index.ts'
import {
  type Coordination,
  EmbeddedZooKeeper,
  RemoteZooKeeper,
  type RemoteZooKeeperOptions,
} from './coordination.ts'
import { cannotRun, type DataDirectory, DataDirectoryError } from './data-directory.ts'
import { localListener, TCP_LISTENER, type TcpListening, tcpOf } from './embedded-listeners.ts'
import type { ClusterFaults } from './faults/cluster-faults.ts'
import { brokerOfPipe, LOCAL_LISTENER, localResolver, pipeAddress } from './local-address.ts'
import type { ClusterPorts } from './ports.ts'
import { type RecoveryListener, sumOfRecoveries } from './sum-of-recoveries.ts'

export interface EmbeddedClusterOptions {
  readonly ports: ClusterPorts
  readonly directory: DataDirectory
  /** Undefined: as many as the directory has, three for a new one. */
  readonly brokerCount?: number
  readonly tcp?: TcpListening
  /** Of the first broker of a new directory. Default 0. */
  readonly firstBrokerId?: number
  /** Where the znodes are. Undefined: in the directory, with a coordination service in this process. */
  readonly zookeeper?: RemoteZooKeeperOptions
  /** Where ZooKeeper clients reach the service of this process; undefined: only through the directory. */
  readonly zookeeperListen?: Address
  /** Nobody else can come to the directory, as it is in memory: no sockets are opened in it. */
  readonly isPrivate?: boolean
  /** server.properties entries for every broker. */
  readonly properties?: Readonly<Record<string, string>>
  /** The cluster cannot go on: its disk is full, or has failed. Called at most once for each cause; all that helps is to stop. */
  readonly onFailure?: (error: KcliError) => void
  /** A log directory of a broker cannot be used, and its others can. */
  readonly onLogDirOffline?: ((message: string) => void) | undefined
  /** How far the logs of all brokers are that have to be recovered; not called after a clean end. */
  readonly onRecovery?: ((progress: RecoveryProgress) => void) | undefined
  /** Its brokers can be killed, stopped and cut off one by one: {@link EmbeddedCluster.faults}. */
  readonly isBreakable?: boolean
}

/** A process that runs the cluster for longer lets others look at its znodes; a command is over by then. */
const SERVE_ZOOKEEPER_AFTER_MS = 200
/** reserved.broker.max.id: ids above it are those that Kafka generates. */
const MAX_OWN_ID = 1000
/** What takes longer is gone on with at the next start. */
const DELETION_GRACE_MS = 2_000

/**
 * A cluster in this process, on a data directory: the coordination service and its brokers. They share nothing but the
 * network; everything between them is Kafka's protocol.
 *
 * The caller holds the directory's lock.
 */
export class EmbeddedCluster {
  readonly directory: DataDirectory
  private readonly ports: ClusterPorts
  private readonly coordination: Coordination
  private zookeeperTimer: Timer | undefined
  private zookeeperEndpoint: Address | undefined
  private readonly started: Broker[] = []
  private readonly options: EmbeddedClusterOptions
  private readonly places: readonly BrokerPlace[]
  /** Where killed brokers listened, and will again. */
  private readonly formerPorts = new Map<number, number>()
  private breaking: ClusterFaults | undefined
  /** From the end of the start to the beginning of the stop. */
  private isServing = false

  private constructor(
    options: EmbeddedClusterOptions,
    places: readonly BrokerPlace[],
    coordination: Coordination,
  ) {
    this.directory = options.directory
    this.ports = options.ports
    this.options = options
    this.places = places
    this.coordination = coordination
  }

  /** Resolves when every broker serves. Rejects with a KcliError, and then nothing is left running. */
  static async start(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
    const { directory } = options
    const { logger } = options.ports
    const places = directory.prepare(options.brokerCount, options.firstBrokerId)
    const coordination =
      options.zookeeper === undefined
        ? await EmbeddedZooKeeper.open(options.ports, directory, (error) =>
            options.onFailure?.(cannotRun(directory, error)),
          )
        : new RemoteZooKeeper(options.ports, options.zookeeper)
    const cluster = new EmbeddedCluster(options, places, coordination)
    try {
      if (options.isBreakable === true) await cluster.makeBreakable()
      await cluster.openZooKeeperPort(options.zookeeperListen)
      await cluster.startBrokers()
    } catch (error) {
      await cluster
        .shutdown()
        .catch((second: unknown) => logger.error('stopping after a failed start', second))
      throw error
    }
    return cluster
  }

  get brokers(): readonly Broker[] {
    return this.started
  }

  /** What can be done to its brokers; only when it was started so. */
  get faults(): ClusterFaults | undefined {
    return this.breaking
  }

  /** Lets other processes of the data directory at the znodes. Nothing happens when those are elsewhere. */
  async serveZooKeeper(): Promise<void> {
    this.zookeeperTimer?.cancel()
    if (this.coordination instanceof EmbeddedZooKeeper) await this.coordination.serveDirectory()
  }

  /** Where ZooKeeper clients reach the service, if it was asked to listen. */
  get zookeeperAddress(): Address | undefined {
    return this.zookeeperEndpoint
  }

  /** In-process addresses of the brokers. */
  get bootstrap(): Address[] {
    return this.started.map((broker) => pipeAddress(broker.id, this.directory.path))
  }

  /** `HOST:PORT` of each broker's TCP listener, in the order of their ids; none without TCP. */
  get tcpAddresses(): string[] {
    return this.started.flatMap((broker) =>
      broker.endpoints.filter(({ name }) => name === TCP_LISTENER).map(({ host, port }) => `${host}:${port}`),
    )
  }

  /** Stops the brokers with everything on disk. */
  async shutdown(): Promise<void> {
    this.isServing = false
    this.zookeeperTimer?.cancel()
    await this.breaking?.settle()
    const outcomes = this.coordination.isRemote ? await this.leaveCluster() : await this.stopCluster()
    await this.coordination.close()
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  /** The others of the cluster live elsewhere: the leaderships go to them first. */
  private leaveCluster(): Promise<PromiseSettledResult<void>[]> {
    const brokers = this.started.splice(0)
    return Promise.allSettled(brokers.map((broker) => broker.shutdown({ controlled: true })))
  }

  /**
   * In an order that moves no leader: the brokers go together, so there is nobody to move to, and the next start finds each
   * partition as it was.
   */
  private async stopCluster(): Promise<PromiseSettledResult<void>[]> {
    await this.finishDeletions()
    const brokers = this.started.splice(0)
    await Promise.allSettled(brokers.map((broker) => broker.drain()))
    const resigned = await Promise.allSettled(brokers.map((broker) => broker.resignController()))
    const stopped = await Promise.allSettled(brokers.map((broker) => broker.shutdown({ controlled: false })))
    return [...resigned, ...stopped]
  }

  private async openZooKeeperPort(address: Address | undefined): Promise<void> {
    const { coordination } = this
    if (!(coordination instanceof EmbeddedZooKeeper)) return
    if (address !== undefined) this.zookeeperEndpoint = await coordination.listen(address)
    if (this.options.isPrivate === true) return
    const { clock, logger } = this.ports
    const serve = () => {
      coordination
        .serveDirectory()
        .catch((error: unknown) => logger.warn(`the znodes are not served: ${messageOf(error)}`))
    }
    this.zookeeperTimer = clock.setTimer(SERVE_ZOOKEEPER_AFTER_MS, serve, { unref: true })
  }

  /** A command that deletes a topic is over before its files are; the next one should find nothing left of it. */
  private async finishDeletions(): Promise<void> {
    const { clock } = this.ports
    const deadlineMs = clock.monotonicMs() + DELETION_GRACE_MS
    while (this.started.some((broker) => broker.isDeletingTopics) && clock.monotonicMs() < deadlineMs)
      await sleep(clock, 5)
  }

  /** All register before any may become controller, so that after a clean stop nothing is elected anew. */
  private async startBrokers(): Promise<void> {
    const { tcp, onRecovery } = this.options
    const recoveryOf = sumOfRecoveries(onRecovery)
    for (const [index, place] of this.places.entries()) {
      const options = await this.brokerOptions(place, tcpOf(index, tcp), recoveryOf(index))
      this.started.push(new Broker(options))
    }
    await Promise.all(this.started.map((broker) => broker.prepare()))
    await Promise.all(this.started.map((broker) => broker.register()))
    await Promise.all(this.started.map((broker) => broker.startController()))
    await Promise.all(this.started.map((broker) => broker.serve()))
    this.isServing = true
  }

  /** One that was killed, while the others go on. */
  private async restartBroker(id: number): Promise<void> {
    const index = this.places.findIndex((place) => place.id === id)
    const place = this.places[index]
    if (place === undefined) throw new Error(`there is no broker ${id}`)
    const listener = tcpOf(index, this.options.tcp, this.formerPorts.get(id))
    this.started.push(await Broker.start(await this.brokerOptions(place, listener)))
    this.started.sort((a, b) => a.id - b.id)
  }

  private forgetBroker(id: number): void {
    const index = this.started.findIndex((broker) => broker.id === id)
    const port = this.started[index]?.endpoints.find(({ name }) => name === TCP_LISTENER)?.port
    if (port !== undefined) this.formerPorts.set(id, port)
    if (index >= 0) this.started.splice(index, 1)
  }

  /**
   * A broker has no log directory any more, and ends as a killed one does (Kafka's halts); the others go on, and it can be
   * started again. Without others, or without the means to end it alone, the cluster cannot go on.
   */
  private onBrokerFailure(id: number, error: KcliError): void {
    const { breaking, options, ports, directory } = this
    const isAlone = this.started.every((broker) => broker.id === id)
    if (breaking === undefined || isAlone || !this.isServing) {
      options.onFailure?.(error.cause === undefined ? error : cannotRun(directory, error.cause))
      return
    }
    ports.logger.error(
      `broker ${id} ends, the others go on; when its disk is well again, start it with: kcli cluster revive ${id}`,
    )
    breaking
      .kill([id], { sessionTimeoutMs: 0 })
      .catch((second: unknown) => ports.logger.debug(`broker ${id} has ended already: ${messageOf(second)}`))
  }

  private async makeBreakable(): Promise<void> {
    const { ClusterFaults } = await import('./faults/cluster-faults.ts')
    const { coordination, ports, directory } = this
    const controllerId = () => this.started.find((broker) => broker.isController)?.id
    this.breaking = new ClusterFaults({
      ports,
      directory,
      brokerIds: this.places.map(({ id }) => id),
      isZooKeeperElsewhere: coordination.isRemote,
      get controllerId() {
        return controllerId()
      },
      peerOf: (address) => this.peerOf(address),
      expireSession: async (id) => {
        if (coordination instanceof EmbeddedZooKeeper) await coordination.expireSession(id)
      },
      startBroker: (id) => this.restartBroker(id),
      forgetBroker: (id) => this.forgetBroker(id),
    })
  }

  /** Whom a broker reaches at an address, if that is somebody it can be cut off from. */
  private peerOf(address: Address): number | 'zookeeper' | undefined {
    if (address.kind === 'pipe') return brokerOfPipe(address)
    if (address.kind !== 'tcp') return undefined
    const { host, port } = address
    const isThere = (each: { host: string; port: number }) => each.host === host && each.port === port
    const servers = this.options.zookeeper?.servers.servers ?? []
    if (servers.some((each) => each.kind === 'tcp' && isThere(each))) return 'zookeeper'
    return this.started.find((broker) => broker.endpoints.some(isThere))?.id
  }

  private async brokerOptions(
    { id, logDirs }: BrokerPlace,
    tcp: ListenerSpec | undefined,
    onRecovery?: RecoveryListener,
  ): Promise<BrokerOptions> {
    const { options, coordination } = this
    const process = this.breaking?.enclose(id)
    const { fs, clock, logger, network } = process ?? this.ports
    const { random } = this.ports
    const connect = () => coordination.connect({ network, clock })
    const connectZk =
      process === undefined || coordination.isRemote ? connect : () => process.openSession(connect)
    const onFatalError = (error: KcliError) => this.onBrokerFailure(id, error)
    const config = BrokerConfig.fromProperties(
      {
        ...(!coordination.isRemote && localDefaults(this.places.length)),
        ...options.properties,
        'broker.id': String(id),
        // Kafka has given it, and lets nobody set it while ids are generated.
        ...(id > MAX_OWN_ID && { 'broker.id.generation.enable': 'false' }),
        'log.dirs': logDirs.join(','),
        'inter.broker.listener.name': coordination.isRemote ? TCP_LISTENER : LOCAL_LISTENER,
      },
      { logDirs, listeners: this.listeners(id, tcp) },
    )
    return {
      config,
      zk: await connectZk(),
      ...((coordination.isRemote || process !== undefined) && { reconnectZk: connectZk }),
      network,
      resolver: localResolver(this.directory.path),
      fs,
      clock,
      random,
      logger: prefixedLogger(logger, `broker ${id}`),
      acquireLock: (file) => {
        const lock = this.lockLogDir(file)
        return process?.holding(lock) ?? lock
      },
      ...(onRecovery && { onRecovery }),
      ...(options.onLogDirOffline && {
        onLogDirOffline: process?.unlessKilled(options.onLogDirOffline) ?? options.onLogDirOffline,
      }),
      onFatalError: process?.unlessKilled(onFatalError) ?? onFatalError,
    }
  }

  /** Brokers elsewhere cannot reach what listens in the directory: with znodes of others, there is TCP only. */
  private listeners(id: number, tcp: ListenerSpec | undefined): ListenerSpec[] {
    const others = tcp === undefined ? [] : [tcp]
    if (this.coordination.isRemote) return others
    return [localListener(id, this.directory, { isPrivate: this.options.isPrivate === true }), ...others]
  }

  private lockLogDir(file: string): FileLock {
    let lock: FileLock | null
    try {
      lock = this.ports.locks.tryLock(file)
    } catch (error) {
      throw new DataDirectoryError(`cannot lock ${path.dirname(file)}: ${messageOf(error)}`, { cause: error })
    }
    if (lock !== null) return lock
    throw new DataDirectoryError(
      `${path.dirname(file)} is in use by another broker, perhaps one of Apache Kafka`,
      {
        hint: 'Stop it, or use another data directory.',
      },
    )
  }
}

/**
 * Where the defaults of Kafka are those of a server room: fifty partitions for groups take longer to make than a command
 * may, more replicas than brokers can never be made, and nobody starts hundreds of consumers at once here.
 */
function localDefaults(brokerCount: number): Readonly<Record<string, string>> {
  return {
    'offsets.topic.num.partitions': '5',
    'offsets.topic.replication.factor': String(Math.min(3, brokerCount)),
    'group.initial.rebalance.delay.ms': '0',
  }
}
