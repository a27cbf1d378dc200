import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import { type Logger, prefixedLogger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import { ERROR_CODES } from '../../protocol/index.ts'
import type { StopReplicaResponse } from '../../protocol/messages/05-stop-replica.ts'
import type {
  ControlledShutdownRequest,
  ControlledShutdownResponseInput,
} from '../../protocol/messages/07-controlled-shutdown.ts'
import type {
  AlterPartitionRequest,
  AlterPartitionResponseInput,
} from '../../protocol/messages/56-alter-partition.ts'
import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponseInput,
} from '../../protocol/messages/67-allocate-producer-ids.ts'
import { isZooKeeperError } from '../../zookeeper/index.ts'
import { toApiError } from '../api-error.ts'
import {
  type BrokerInfo,
  ControllerMovedError,
  type KafkaZkClient,
  PRODUCER_ID_BLOCK_SIZE,
  type ReplicaAssignment,
  type TopicPartition,
} from '../zk/index.ts'
import { alterPartitions } from './alter-partition.ts'
import { BrokerEvents } from './broker-events.ts'
import { ChannelManager } from './channel-manager.ts'
import { type ControlledPartition, ControllerContext, type ReplicaRef } from './context.ts'
import { EventQueue } from './event-queue.ts'
import {
  type ElectionAnswer,
  type ElectionType,
  LeaderElections,
  RebalanceTimer,
} from './leader-elections.ts'
import { PartitionStates } from './partition-states.ts'
import type { ControllerParts, ControllerWatchers } from './parts.ts'
import type { ConnectToBroker, ControllerConfig } from './ports.ts'
import { type ReassignmentOutcome, Reassignments, type WantedReplicas } from './reassignment.ts'
import { ReplicaStates } from './replica-states.ts'
import { RequestBatch } from './request-batch.ts'
import { TopicDeletion } from './topic-deletion.ts'
import { TopicEvents } from './topic-events.ts'

export interface KafkaControllerOptions {
  readonly brokerId: number
  readonly config: ControllerConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly zk: KafkaZkClient
  readonly connectToBroker: ConnectToBroker
  /** How this broker has registered, and the epoch it got: with a new session it registers again. */
  readonly brokerInfo: BrokerInfo
  readonly brokerEpoch: number
  /** Another broker, or none (null), is the controller now. */
  readonly onControllerChange?: (controllerId: number | null) => void
}

/** After failing to come into office, and after failing to register again. */
const RETRY_MS = 1000
const SHUTDOWN_PATIENCE_MS = 1000

/**
 * Every broker has one; the one that holds /controller is in office and looks after brokers, topics and leaders
 * (kafka.controller.KafkaController). What it knows comes from the znodes, what it decides goes into them first and then
 * to the brokers. All its writes carry the epoch it was elected with, so one that has lost office without knowing cannot
 * write any more.
 */
export class KafkaController {
  private readonly options: KafkaControllerOptions
  private readonly parts: ControllerParts
  private readonly events: EventQueue
  private readonly partitions: PartitionStates
  private readonly replicas: ReplicaStates
  private readonly deletion: TopicDeletion
  private readonly reassignments: Reassignments
  private readonly elections: LeaderElections
  private readonly rebalanceTimer: RebalanceTimer
  private readonly brokerEvents: BrokerEvents
  private readonly topicEvents: TopicEvents
  private info: BrokerInfo
  private registrationEpoch: number
  private activeId: number | null = null
  private hasTakenOffice = false
  private abstainUntilMs = 0
  private isShutDown = false
  private unlisten: (() => void) | undefined

  constructor(options: KafkaControllerOptions) {
    const { brokerId, config, clock, zk, connectToBroker } = options
    this.options = options
    this.info = options.brokerInfo
    this.registrationEpoch = options.brokerEpoch
    const logger = prefixedLogger(options.logger, `controller ${brokerId}`)
    this.events = new EventQueue({ onError: (name, error) => this.onEventError(name, error) })
    const context = new ControllerContext()
    const channels = new ChannelManager({
      clock,
      logger,
      listenerName: config.interBrokerListenerName,
      connectToBroker,
    })
    const batch = new RequestBatch({
      brokerId,
      context,
      channels,
      responses: {
        leaderAndIsr: (response, id) =>
          this.putActive('LeaderAndIsrResponse', () =>
            this.brokerEvents.processLeaderAndIsrResponse(response, id),
          ),
        updateMetadata: ({ errorCode }, id) => {
          if (errorCode === ERROR_CODES.NONE) return
          logger.error(`broker ${id} refused an UpdateMetadata request with error ${errorCode}`)
        },
        stopReplica: (response, id, deleted) =>
          this.putActive('StopReplicaResponse', () => this.processDeletions(response, id, deleted)),
      },
    })
    const watchers = this.makeWatchers()
    this.parts = { brokerId, config, clock, logger, zk, context, channels, batch, watchers }
    this.partitions = new PartitionStates(this.parts)
    this.replicas = new ReplicaStates(this.parts)
    this.deletion = new TopicDeletion(this.parts, this.partitions, this.replicas)
    this.reassignments = new Reassignments(this.parts, this.partitions, this.replicas, this.deletion)
    this.elections = new LeaderElections(this.parts, this.partitions, this.deletion)
    this.rebalanceTimer = new RebalanceTimer(clock, () =>
      this.putActive('AutoPreferredReplicaLeaderElection', () => this.elections.rebalance()),
    )
    this.brokerEvents = new BrokerEvents(
      this.parts,
      this.partitions,
      this.replicas,
      this.reassignments,
      this.deletion,
    )
    this.topicEvents = new TopicEvents(
      this.parts,
      options.random,
      this.partitions,
      this.replicas,
      this.deletion,
    )
  }

  private makeWatchers(): ControllerWatchers {
    const lastPart = (path: string) => path.slice(path.lastIndexOf('/') + 1)
    return {
      brokers: () => this.putActive('BrokerChange', () => this.brokerEvents.processBrokerChange()),
      broker: ({ type, path }) => {
        if (type !== 'NodeDataChanged') return
        this.putActive('BrokerUpdate', () => this.brokerEvents.processBrokerUpdate(Number(lastPart(path))))
      },
      topics: () => this.putActive('TopicChange', () => this.topicEvents.processTopicChange()),
      topic: ({ type, path }) => {
        if (type !== 'NodeDataChanged') return
        this.putActive('PartitionChange', () => this.topicEvents.processPartitionChange(lastPart(path)))
      },
      topicDeletions: () => this.putActive('TopicDeletion', () => this.topicEvents.processTopicDeletion()),
      isrChanges: () => this.putActive('IsrChange', () => this.topicEvents.processIsrChange()),
      logDirEvents: () => this.putActive('LogDirEvent', () => this.brokerEvents.processLogDirEvents()),
      reassignments: ({ type }) => this.onReassignmentsNode(type),
      preferredElection: () => this.putActive('ReplicaLeaderElection', () => this.elections.processZnode()),
    }
  }

  /** What is left of a request when a part of it is done is no request of its own. */
  private onReassignmentsNode(type: string): void {
    void this.putActive('ZkPartitionReassignment', async () => {
      const { zk, watchers } = this.parts
      if (type === 'NodeDataChanged') await zk.watchReassignments(watchers.reassignments)
      else await this.reassignments.processZnode()
    })
  }

  /** Resolves when there has been an election and, if this broker won it, it is in office. */
  async start(): Promise<void> {
    this.unlisten = this.parts.zk.onSession({
      expired: () => {
        this.setActive(null)
        return this.events.put('Expire', () => this.resign())
      },
      renewed: () => {
        void this.events.put('RegisterBrokerAndReelect', () => this.registerAndReelect())
      },
    })
    await this.events.put('Startup', () => this.elect())
  }

  /** Stops reacting to anything. /controller goes with the session: close that last to keep others from taking over. */
  async shutdown(): Promise<void> {
    if (this.isShutDown) return
    this.isShutDown = true
    this.unlisten?.()
    const closed = this.events.close()
    await new Promise<void>((resolve) => {
      // An event may be waiting for a lost connection to ZooKeeper, which only the end of the session releases.
      const timer = this.parts.clock.setTimer(SHUTDOWN_PATIENCE_MS, resolve, { unref: true })
      void closed.then(() => {
        timer.cancel()
        resolve()
      })
    })
    this.activeId = null
    this.resign()
  }

  get isActive(): boolean {
    return this.activeId === this.options.brokerId
  }

  /** {@link isActive}, once everything about the cluster is known. */
  async isInOffice(): Promise<boolean> {
    if (this.isActive && !this.hasTakenOffice) await this.events.put('Ready', () => undefined)
    return this.isActive
  }

  /** Null when there is none. */
  get controllerId(): number | null {
    return this.activeId
  }

  /** 0 when this broker is not in office. */
  get epoch(): number {
    return this.parts.context.epoch
  }

  /** The epoch of this broker's registration; requests of the controller that name an older one are stale. */
  get brokerEpoch(): number {
    return this.registrationEpoch
  }

  /** By id; none when this broker is not in office. */
  liveBrokers(): { readonly id: number; readonly rack: string | null }[] {
    const { context } = this.parts
    const live = context.brokerInfos().filter(({ id }) => context.isLive(id))
    return live.map(({ id, rack }) => ({ id, rack })).sort((a, b) => a.id - b.id)
  }

  /** Undefined when it is not known, or this broker is not in office. */
  topicName(topicId: string): string | undefined {
    return this.parts.context.topicName(topicId)
  }

  /** Whether topics are being deleted that nothing holds up; they are gone before long. */
  get isDeletingTopics(): boolean {
    return this.deletion.isUnderWay
  }

  isQueuedForDeletion(topic: string): boolean {
    return this.deletion.isQueued(topic)
  }

  /** Writes a changed registration, with other listeners for example. */
  async updateBrokerInfo(info: BrokerInfo): Promise<void> {
    this.info = info
    await this.parts.zk.updateBrokerInfo(info)
  }

  /** `unclean.leader.election.enable` was switched on, for one topic or for all that do not say otherwise. */
  uncleanElectionEnabled(): void {
    this.putActive('UncleanLeaderElectionEnable', async () => {
      await this.partitions.bringOnline()
    })
  }

  async alterPartition(
    request: AlterPartitionRequest,
    version: number,
  ): Promise<AlterPartitionResponseInput> {
    try {
      return await this.events.ask('AlterPartition', async () => {
        if (!this.isActive) return { errorCode: ERROR_CODES.NOT_CONTROLLER }
        const { response, changed } = await alterPartitions(this.parts, request, version)
        if (changed.length > 0) {
          void this.putActive('IsrExpansion', () => this.reassignments.isrChanged(changed))
        }
        return response
      })
    } catch (error) {
      return { errorCode: errorCodeOf(error) }
    }
  }

  /** Null when this broker is not in office. Rejects when it cannot be done. */
  alterReassignments(wanted: readonly WantedReplicas[]): Promise<ReassignmentOutcome[] | null> {
    return this.events.ask('ApiPartitionReassignment', async () =>
      this.isActive ? this.reassignments.alter(wanted) : null,
    )
  }

  /** The reassignments under way; null when this broker is not in office. `wanted` null: of all partitions. */
  listReassignments(
    wanted: readonly TopicPartition[] | null,
  ): Promise<(TopicPartition & { readonly assignment: ReplicaAssignment })[] | null> {
    return this.events.ask('ListPartitionReassignments', () =>
      this.isActive ? this.reassignments.list(wanted) : null,
    )
  }

  /** Null when this broker is not in office. */
  electLeaders(wanted: readonly TopicPartition[], type: ElectionType): Promise<ElectionAnswer[] | null> {
    return this.events.ask('ReplicaLeaderElection', async () =>
      this.isActive ? this.elections.elect(wanted, type) : null,
    )
  }

  async allocateProducerIds(request: AllocateProducerIdsRequest): Promise<AllocateProducerIdsResponseInput> {
    const { brokerId, brokerEpoch } = request
    try {
      return await this.events.ask('AllocateProducerIds', async () => {
        if (!this.isActive) return { errorCode: ERROR_CODES.NOT_CONTROLLER }
        const broker = this.parts.context.brokers.get(brokerId)
        if (broker === undefined) return { errorCode: ERROR_CODES.BROKER_ID_NOT_REGISTERED }
        if (broker.epoch !== brokerEpoch) return { errorCode: ERROR_CODES.STALE_BROKER_EPOCH }
        const { start } = await this.parts.zk.allocateProducerIds(brokerId)
        return { producerIdStart: start, producerIdLen: PRODUCER_ID_BLOCK_SIZE }
      })
    } catch (error) {
      return { errorCode: errorCodeOf(error) }
    }
  }

  async controlledShutdown(request: ControlledShutdownRequest): Promise<ControlledShutdownResponseInput> {
    try {
      return await this.events.ask('ControlledShutdown', async () => {
        // What Kafka's ControllerMovedException is on the wire.
        if (!this.isActive) return { errorCode: ERROR_CODES.STALE_CONTROLLER_EPOCH }
        try {
          const left = await this.brokerEvents.controlledShutdown(request.brokerId, request.brokerEpoch)
          const remainingPartitions = left.map(({ topic, partition }) => ({
            topicName: topic,
            partitionIndex: partition,
          }))
          return { remainingPartitions }
        } catch (error) {
          const { errorCode } = toApiError(error)
          if (errorCode === ERROR_CODES.UNKNOWN_SERVER_ERROR) throw error
          return { errorCode }
        }
      })
    } catch (error) {
      return { errorCode: errorCodeOf(error) }
    }
  }

  // Elections

  private readonly onControllerNode = ({ type }: { readonly type: string }): void => {
    const isGone = type === 'NodeDeleted'
    void this.events.put(isGone ? 'Reelect' : 'ControllerChange', async () => {
      await this.resignIfMoved()
      if (isGone) await this.elect()
    })
  }

  private async registerAndReelect(): Promise<void> {
    try {
      this.registrationEpoch = await this.parts.zk.registerBroker(this.info)
    } catch (error) {
      this.parts.logger.error('cannot register with the new session, trying again', error)
      this.later('RegisterBrokerAndReelect', () => this.registerAndReelect())
      return
    }
    await this.resignIfMoved()
    await this.elect()
  }

  private later(name: string, process: () => Promise<void>): void {
    const run = () => void this.events.put(name, process)
    this.parts.clock.setTimer(RETRY_MS, run, { unref: true })
  }

  private setActive(id: number | null): void {
    if (id === this.activeId) return
    this.activeId = id
    this.options.onControllerChange?.(id)
  }

  private async resignIfMoved(): Promise<void> {
    const wasActive = this.isActive
    this.setActive(await this.parts.zk.controllerId(this.onControllerNode))
    if (wasActive && !this.isActive) this.resign()
  }

  private async elect(): Promise<void> {
    const { zk, context, brokerId, logger } = this.parts
    this.setActive(await zk.controllerId(this.onControllerNode))
    if (this.activeId !== null || this.parts.clock.monotonicMs() < this.abstainUntilMs) return
    try {
      const { epoch, zkVersion } = await zk.registerController(brokerId)
      context.epoch = epoch
      context.epochZkVersion = zkVersion
      this.setActive(brokerId)
      logger.info(`elected, epoch ${epoch}`)
      await this.comeIntoOffice()
    } catch (error) {
      if (error instanceof ControllerMovedError) {
        logger.debug(error.message)
        await this.resignIfMoved()
        return
      }
      if (isZooKeeperError(error, 'SESSIONEXPIRED')) throw error
      logger.error('cannot come into office', error)
      this.abstainUntilMs = this.parts.clock.monotonicMs() + RETRY_MS
      await this.giveUpOffice()
      this.later('Reelect', () => this.elect())
    }
  }

  /** Reads everything, tells every broker what it is, and elects what has no leader. */
  private async comeIntoOffice(): Promise<void> {
    const { zk, context, config, watchers, batch, channels, logger } = this.parts
    const [features, brokers, topics, deletions, isrChanges, logDirEvents] = await Promise.all([
      zk.features(),
      zk.brokers(watchers.brokers, watchers.broker),
      zk.topicNames(watchers.topics),
      zk.topicDeletions(watchers.topicDeletions),
      zk.isrChanges(watchers.isrChanges),
      zk.logDirEvents(watchers.logDirEvents),
    ])
    if (features?.status !== 1) await zk.setFeatures({ status: 1, features: {} })
    await zk.deleteLogDirEvents(logDirEvents, context.epochZkVersion)
    await zk.deleteIsrChanges(isrChanges, context.epochZkVersion)
    for (const broker of brokers) context.brokers.set(broker.info.id, broker)
    for (const name of topics) context.addTopic(name)
    const partitions = this.topicEvents.takeOver(await this.topicEvents.readAssignments(topics))
    const states = await zk.partitionStates(partitions)
    partitions.forEach((partition, index) => {
      const state = states[index]
      if (state instanceof Error) logger.error(`the state of ${partition.name} is unreadable`, state)
      else partition.leadership = state
    })
    for (const { info } of brokers) channels.add(info)
    await this.deletion.init(deletions)
    // Before brokers can follow a leader they have to know where it is.
    batch.addUpdateMetadata(context.liveOrShuttingDownBrokerIds(), [])
    batch.send()
    await this.replicas.startup()
    await this.partitions.startup()
    await this.reassignments.takeOver()
    await this.deletion.resume()
    await this.elections.processZnode()
    if (config.autoLeaderRebalanceEnable) {
      this.rebalanceTimer.start(() => config.leaderImbalanceCheckIntervalSeconds * 1000)
    }
    this.hasTakenOffice = true
    logger.info(`in office: ${brokers.length} brokers, ${topics.length} topics`)
  }

  private resign(): void {
    const { channels, context, batch } = this.parts
    this.hasTakenOffice = false
    this.rebalanceTimer.stop()
    channels.removeAll()
    batch.clear()
    context.reset()
  }

  /** Something went wrong that should not: another election, here or elsewhere, starts from what the znodes say. */
  private async giveUpOffice(): Promise<void> {
    const { zk, context, logger } = this.parts
    const { epochZkVersion } = context
    const wasActive = this.isActive
    this.setActive(null)
    this.resign()
    if (!wasActive) return
    try {
      await zk.deleteController(epochZkVersion)
    } catch (error) {
      logger.warn(`cannot give /controller back: ${messageOf(error)}`)
    }
  }

  // Events

  /** For events that only matter to the controller in office. */
  private putActive(name: string, process: () => Promise<unknown>): Promise<void> {
    return this.events.put(name, async () => {
      if (this.isActive) await process()
    })
  }

  private async onEventError(name: string, error: unknown): Promise<void> {
    const { logger } = this.parts
    if (this.isShutDown || isZooKeeperError(error, 'SESSIONEXPIRED')) {
      logger.debug(`${name}: ${messageOf(error)}`)
      return
    }
    try {
      if (error instanceof ControllerMovedError) {
        logger.info(`${name}: ${error.message}`)
        await this.resignIfMoved()
      } else {
        logger.error(`${name} failed, giving up office`, error)
        await this.giveUpOffice()
      }
    } catch (again) {
      logger.error(`${name}: cannot resign`, again)
    }
  }

  private async processDeletions(
    response: StopReplicaResponse,
    replica: number,
    deleted: ReadonlyMap<string, ControlledPartition>,
  ): Promise<void> {
    const done: ReplicaRef[] = []
    const failed: ReplicaRef[] = []
    for (const { topicName, partitionIndex, errorCode } of response.partitionErrors) {
      const partition = this.parts.context.partition(topicName, partitionIndex)
      // An answer to what a former term of office asked is of no use.
      if (partition === undefined || deleted.get(partition.name) !== partition) continue
      if (!this.deletion.isQueued(topicName)) continue
      const isDone = response.errorCode === ERROR_CODES.NONE && errorCode === ERROR_CODES.NONE
      ;(isDone ? done : failed).push({ partition, replica })
    }
    await this.deletion.failReplicas(failed)
    if (done.length > 0) await this.deletion.completeReplicas(done)
  }
}

function errorCodeOf(error: unknown): number {
  return error instanceof ControllerMovedError ? ERROR_CODES.NOT_CONTROLLER : ERROR_CODES.UNKNOWN_SERVER_ERROR
}
