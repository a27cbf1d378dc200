import type { Clock, Timer } from '../../base/clock.ts'
import { systemRandom } from '../../base/random.ts'
import { SerialQueue } from '../../base/serial-queue.ts'
import { Turn } from '../../base/turn.ts'
import { ZERO_UUID } from '../../base/uuid.ts'
import { ERROR_CODES, type ErrorName } from '../../protocol/index.ts'
import type { FetchRequest } from '../../protocol/messages/01-fetch.ts'
import type { ListOffsetsRequest, ListOffsetsResponseInput } from '../../protocol/messages/02-list-offsets.ts'
import type {
  LeaderAndIsrRequest,
  LeaderAndIsrResponseInput,
} from '../../protocol/messages/04-leader-and-isr.ts'
import type { StopReplicaRequest, StopReplicaResponseInput } from '../../protocol/messages/05-stop-replica.ts'
import type {
  DeleteRecordsRequest,
  DeleteRecordsResponseInput,
} from '../../protocol/messages/21-delete-records.ts'
import type {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponseInput,
} from '../../protocol/messages/23-offset-for-leader-epoch.ts'
import type {
  AlterReplicaLogDirsRequest,
  AlterReplicaLogDirsResponseInput,
} from '../../protocol/messages/34-alter-replica-log-dirs.ts'
import type {
  DescribeLogDirsRequest,
  DescribeLogDirsResponseInput,
} from '../../protocol/messages/35-describe-log-dirs.ts'
import { type LogManager, logConfigFromEntries } from '../../storage/index.ts'
import { toApiError } from '../api-error.ts'
import { alterLogDirs } from './alter-log-dirs.ts'
import { AlterPartitionManager } from './alter-partition-manager.ts'
import { DeadlineQueue } from './deadline-queue.ts'
import { deleteRecords } from './delete-records.ts'
import { describeLogDirs, offsetsForLeaderEpochs } from './describe.ts'
import { type FetchContext, fetchContextOf } from './fetch-context.ts'
import { FetchPath } from './fetch-path.ts'
import { FetchSessionCache } from './fetch-session.ts'
import { FetcherManager } from './fetcher-manager.ts'
import { FollowerCalls } from './follower-calls.ts'
import { listOffsets } from './list-offsets.ts'
import { type LogDirMovers, logDirMovers } from './log-dir-movers.ts'
import { Partition, type PartitionContext } from './partition.ts'
import { ProducePath } from './produce-path.ts'
import { Purgatory } from './purgatory.ts'
import { replicationQuota } from './quotas.ts'
import { RackAwareReplicaSelector } from './replica-selector.ts'
import {
  type Assignment,
  assignmentOf,
  assignmentsOf,
  ReplicaTable,
  type TopicAssignment,
} from './replica-table.ts'
import { FIRST_VERSION_BY_ID, roleResponse } from './role-response.ts'
import { type PartitionToStop, partitionsToStop, stopResponse } from './stop-replica.ts'
import { StorageShortage } from './storage-shortage.ts'
import {
  type AppendRequest,
  type AppendResult,
  DEFAULT_REPLICA_CONFIG,
  type FetchParams,
  type FetchPartition,
  type FetchResult,
  type LeaderOfPartition,
  type ReplicaConfig,
  type ReplicaManagerOptions,
  type ReplicaMetadata,
} from './types.ts'

/** Epochs in StopReplica that stand for "the topic is deleted" and "not known". */
const EPOCH_DURING_DELETE = -2
const NO_EPOCH = -1

/** How long replicas that nobody uses sleep after a clean stop. Much less than a replica may lag. */
const SLEEP_MS = 200

/** All replicas of a broker, and the requests that concern them (kafka.server.ReplicaManager). */
export class ReplicaManager {
  readonly config: ReplicaConfig
  readonly metadata: ReplicaMetadata
  private readonly options: ReplicaManagerOptions
  private readonly clock: Clock
  private readonly logManager: LogManager
  private readonly table: ReplicaTable
  private readonly context: PartitionContext
  private readonly deadlines: DeadlineQueue
  private readonly produces: Purgatory
  private readonly fetches: Purgatory
  private readonly deletes: Purgatory
  private readonly producePath: ProducePath
  private readonly fetchPath: FetchPath
  private readonly sessions: FetchSessionCache
  private readonly fetchers: FetcherManager
  private readonly movers: LogDirMovers
  private readonly alterPartitions: AlterPartitionManager
  private readonly shortage: StorageShortage
  /** Requests of the controller, one after the other. */
  private readonly stateChanges = new SerialQueue()
  private readonly toWake = new Set<Partition>()
  private controllerEpoch = 0
  private shrinkTimer: Timer | undefined
  private sleepTimer: Timer | undefined
  private isShuttingDown = false

  constructor(options: ReplicaManagerOptions) {
    this.options = options
    this.clock = options.clock
    this.config = { ...DEFAULT_REPLICA_CONFIG, ...options.config }
    this.metadata = options.metadataCache
    this.logManager = options.logManager
    this.table = new ReplicaTable(options.metadataCache, (assignment) => this.takeUp(assignment))
    this.deadlines = new DeadlineQueue(options.clock)
    this.produces = new Purgatory(options.clock, this.deadlines)
    this.fetches = new Purgatory(options.clock, this.deadlines)
    this.deletes = new Purgatory(options.clock, this.deadlines)
    this.producePath = new ProducePath(this.table, this.produces, options.logger)
    this.fetchPath = new FetchPath(this.table, this.fetches, options.clock, {
      quota: replicationQuota(options, 'leader'),
      selector:
        options.isRackAware === true
          ? new RackAwareReplicaSelector(options.brokerId, options.metadataCache)
          : undefined,
    })
    const random = options.random ?? systemRandom
    this.sessions = new FetchSessionCache(
      this.config.maxIncrementalFetchSessionCacheSlots,
      options.clock,
      random,
    )
    const { brokerId, brokerEpoch, clock, logger } = options
    this.shortage = new StorageShortage({
      clock,
      logger,
      hasRoom: (logDir) => this.logManager.hasRoom(logDir),
      report: () => options.reportStorageFailure?.(),
    })
    this.fetchers = new FetcherManager({
      brokerId,
      brokerEpoch,
      clock,
      logger,
      config: this.config,
      quota: replicationQuota(options, 'follower'),
      connect: options.connectToBroker,
      // A directory that has failed takes all its replicas offline by itself.
      onCannotStore: (partition) => {
        const { log } = partition
        if (log !== undefined && this.logManager.isLogDirOnline(log.logDir)) this.shortage.add(partition)
      },
    })
    this.movers = logDirMovers(options, this.config)
    this.alterPartitions = new AlterPartitionManager({
      brokerId,
      brokerEpoch,
      clock,
      logger,
      send: options.alterPartition,
    })
    const calls = new FollowerCalls({ brokerId, clock, logger, connect: options.connectToBroker })
    this.context = {
      brokerId,
      clock,
      logger,
      replicaLagTimeMaxMs: this.config.replicaLagTimeMaxMs,
      isAlive: (id) => this.metadata.isAlive(id),
      submitIsrChange: (change, done) => this.alterPartitions.submit(change, done),
      onAppended: (partition) => this.wakeFetches(partition),
      onHighWatermarkMoved: (partition) => this.onHighWatermarkMoved(partition),
      onFollowerStartMoved: (partition) => this.deletes.check(partition),
      callFollower: (id, partition) => calls.call(id, partition),
    }
  }

  /** Begins to look for followers that do not keep up. */
  start(): void {
    const periodMs = this.config.replicaLagTimeMaxMs / 2
    this.shrinkTimer = this.clock.setTimer(
      periodMs,
      () => {
        for (const partition of this.table.all()) partition.maybeShrinkIsr()
        if (!this.isShuttingDown) this.start()
      },
      { unref: true },
    )
  }

  becomeLeaderOrFollower(request: LeaderAndIsrRequest, version: number): Promise<LeaderAndIsrResponseInput> {
    return this.stateChanges.run(() => this.changeRoles(request, version))
  }

  stopReplicas(request: StopReplicaRequest, version: number): Promise<StopReplicaResponseInput> {
    return this.stateChanges.run(() => this.stopAll(request, version))
  }

  /** Results in the order of the entries. Requests of one connection keep their order when called in order. */
  appendRecords(request: AppendRequest): Promise<AppendResult[]> {
    return this.producePath.append(request)
  }

  /** Results in the order of the partitions. Whoever gets them releases their file ranges. */
  fetch(params: FetchParams, partitions: readonly FetchPartition[]): Promise<FetchResult[]> {
    return this.fetchPath.fetch(params, partitions)
  }

  /** The fetch session that a request belongs to. */
  fetchContext(request: FetchRequest, version: number, isFollower: boolean): FetchContext {
    return fetchContextOf(this.sessions, request, version, isFollower, (id) => this.metadata.topicName(id))
  }

  listOffsets(request: ListOffsetsRequest, version: number): Promise<ListOffsetsResponseInput> {
    return listOffsets(this.table, request, version)
  }

  deleteRecords(request: DeleteRecordsRequest): Promise<DeleteRecordsResponseInput> {
    return deleteRecords(this.table, { deletes: this.deletes, fetches: this.fetches }, request)
  }

  offsetsForLeaderEpochs(request: OffsetForLeaderEpochRequest): OffsetForLeaderEpochResponseInput {
    return offsetsForLeaderEpochs(this.table, request)
  }

  describeLogDirs(request: DescribeLogDirsRequest): DescribeLogDirsResponseInput {
    return describeLogDirs(this.table, this.logManager, request)
  }

  alterLogDirs(request: AlterReplicaLogDirsRequest): Promise<AlterReplicaLogDirsResponseInput> {
    const { table, logManager, movers } = this
    const deps = { table, logManager, movers, logger: this.options.logger }
    return this.stateChanges.run(() => alterLogDirs(deps, request))
  }

  /** Brokers came or went: the low watermark counts only those that are up. */
  onMetadataUpdate(): void {
    for (const partition of this.table.awake()) partition.onMetadataUpdate()
    if (this.deletes.size === 0) return
    for (const partition of this.table.all()) this.deletes.check(partition)
  }

  /** A disk has failed: its replicas answer KAFKA_STORAGE_ERROR from now on (ReplicaManager.handleLogDirFailure). */
  onLogDirFailure(logDir: string): void {
    const lost = this.table.all().filter((partition) => partition.log?.logDir === logDir)
    for (const partition of lost) this.takeOffline(partition)
    if (lost.length > 0) {
      this.options.logger.warn(`${lost.length} replicas in ${logDir} are offline: its disk has failed`)
    }
  }

  /** The topic's own settings, by Kafka's names. */
  updateTopicConfig(topic: string, entries: Readonly<Record<string, string>>): void {
    this.logManager.updateTopicConfig(topic, logConfigFromEntries(entries))
    for (const partition of this.table.awakeOf(topic))
      partition.maybeAdvanceHighWatermark(this.clock.monotonicMs())
  }

  /** The broker's defaults for topics have changed. */
  updateDefaultConfig(): void {
    this.logManager.updateDefaults()
    for (const partition of this.table.awake()) partition.maybeAdvanceHighWatermark(this.clock.monotonicMs())
  }

  partition(topic: string, partition: number): Partition | undefined {
    return this.table.get(topic, partition)
  }

  partitions(): Iterable<Partition> {
    return this.table.all()
  }

  /** Where a client should go instead; -1 when we do not know. */
  leaderOf(topic: string, partition: number): LeaderOfPartition {
    return this.table.leaderOf(topic, partition)
  }

  /** Whether a request of the controller is meant for an earlier life of this broker. */
  isStaleBrokerEpoch(brokerEpoch: number): boolean {
    return brokerEpoch !== -1 && brokerEpoch < this.options.brokerEpoch()
  }

  /** Stops to follow and answers all that wait. The logs are the caller's to close, behind this. */
  async shutdown(): Promise<void> {
    this.isShuttingDown = true
    this.shrinkTimer?.cancel()
    this.sleepTimer?.cancel()
    this.alterPartitions.stop()
    this.shortage.close()
    await this.stateChanges.idle()
    await Promise.all([this.fetchers.stop(), this.movers.stop()])
    for (const purgatory of [this.produces, this.fetches, this.deletes]) purgatory.completeAll()
    this.deadlines.close()
  }

  private async changeRoles(
    request: LeaderAndIsrRequest,
    version: number,
  ): Promise<LeaderAndIsrResponseInput> {
    if (request.controllerEpoch < this.controllerEpoch) {
      this.options.logger.warn(
        `ignored the roles that controller ${request.controllerId} gave in epoch ${request.controllerEpoch}: ` +
          `the epoch is ${this.controllerEpoch}`,
      )
      return { errorCode: ERROR_CODES.STALE_CONTROLLER_EPOCH }
    }
    this.controllerEpoch = request.controllerEpoch
    const errors = new Map<Assignment, ErrorName>()
    const leaders: [Partition, Assignment][] = []
    const followers: [Partition, Assignment][] = []
    const asleep: TopicAssignment[] = []
    const awake: Assignment[] = request.ungroupedPartitionStates.map((state) =>
      assignmentOf(state.topicName, null, state),
    )
    for (const topic of request.topicStates) {
      if (version >= FIRST_VERSION_BY_ID && this.maySleep(topic)) {
        this.table.addAsleep(topic)
        asleep.push(topic)
      } else awake.push(...assignmentsOf(topic))
    }
    for (const assignment of awake) {
      const error = this.checkAssignment(assignment)
      errors.set(assignment, error)
      if (error !== 'NONE') continue
      const partition = this.partitionFor(assignment)
      const chosen = this.isLeader(assignment) ? leaders : followers
      chosen.push([partition, assignment])
    }
    const newLeaders = await this.makeLeaders(leaders, errors)
    const newFollowers = await this.makeFollowers(followers, errors)
    for (const [partition] of [...leaders, ...followers]) this.resumeMove(partition)
    if (asleep.length > 0) {
      this.sleepTimer ??= this.clock.setTimer(SLEEP_MS, () => this.wakeAll(), { unref: true })
    }
    const { onLeadershipChange } = this.options
    if (onLeadershipChange !== undefined) {
      const sleepers = asleep.flatMap(assignmentsOf)
      onLeadershipChange(
        [...newLeaders, ...sleepers.filter((each) => this.isLeader(each))],
        [...newFollowers, ...sleepers.filter((each) => !this.isLeader(each))],
      )
    }
    return roleResponse(errors, asleep, version)
  }

  /** A log that was on its way to another directory when the broker or the replica was stopped. */
  private resumeMove({ topic, partition, log }: Partition): void {
    const { moves } = this.logManager
    const future = moves.futureLog(topic, partition)
    if (future === undefined || log === undefined || this.isShuttingDown) return
    if (future.topicId === log.topicId) this.movers.add(log)
    else moves.deleteFutureLog(topic, partition)
  }

  private isLeader({ leaderId }: Assignment): boolean {
    return leaderId === this.options.brokerId
  }

  /**
   * Replicas that are new to this broker, in sync with a leader, and whose logs ended cleanly with nothing above the high
   * watermark: there is nothing to do for them before they are used.
   */
  private maySleep({ topicName, topicId, partitionStates }: TopicAssignment): boolean {
    if (topicId === ZERO_UUID || this.table.hasTopic(topicName)) return false
    const { brokerId } = this.options
    return partitionStates.every(
      ({ partitionIndex, leader, isr, replicas }) =>
        leader >= 0 &&
        isr.includes(brokerId) &&
        replicas.includes(brokerId) &&
        !this.table.isOffline(topicName, partitionIndex) &&
        this.logManager.moves.futureLog(topicName, partitionIndex) === undefined &&
        this.logManager.isAtRest(topicName, partitionIndex),
    )
  }

  private takeUp(assignment: Assignment): Partition | undefined {
    const partition = this.partitionFor(assignment)
    const errors = new Map<Assignment, ErrorName>()
    this.change(partition, assignment, errors, (log) => {
      if (this.isLeader(assignment)) partition.makeLeader(assignment.state, log)
      else partition.makeFollower(assignment.state, log)
    })
    if (errors.size > 0) return undefined
    if (!partition.isLeader && !this.isShuttingDown) this.fetchers.add([partition])
    return partition
  }

  private wakeAll(): void {
    this.sleepTimer = undefined
    if (!this.isShuttingDown) this.table.wakeAll()
  }

  private takeOffline(partition: Partition): void {
    this.fetchers.remove(partition)
    partition.retire()
    this.table.markOffline(partition)
    this.completeDelayed(partition)
  }

  private checkAssignment({ state, topic, topicId }: Assignment): ErrorName {
    if (this.table.isOffline(topic, state.partitionIndex)) return 'KAFKA_STORAGE_ERROR'
    const key = `${topic}-${state.partitionIndex}`
    // Who is asked to lead can still be read from.
    if (state.leader === this.options.brokerId) this.shortage.remove(key)
    if (this.shortage.has(key)) return 'KAFKA_STORAGE_ERROR'
    const known = this.table.get(topic, state.partitionIndex)
    if (known !== undefined && topicId !== null && known.topicId !== null && known.topicId !== topicId) {
      return 'INCONSISTENT_TOPIC_ID'
    }
    const isRepeated = known?.isStopped === false && state.leaderEpoch === known.leaderEpoch
    if (isRepeated || state.leaderEpoch < (known?.leaderEpoch ?? 0)) return 'STALE_CONTROLLER_EPOCH'
    return state.replicas.includes(this.options.brokerId) ? 'NONE' : 'UNKNOWN_TOPIC_OR_PARTITION'
  }

  private partitionFor({ topic, state }: Assignment): Partition {
    const known = this.table.get(topic, state.partitionIndex)
    if (known !== undefined) return known
    const partition = new Partition(topic, state.partitionIndex, this.context)
    this.table.add(partition)
    return partition
  }

  private async makeLeaders(
    assignments: readonly [Partition, Assignment][],
    errors: Map<Assignment, ErrorName>,
  ): Promise<Partition[]> {
    for (const [partition] of assignments) this.fetchers.remove(partition)
    const changed: Partition[] = []
    const turn = new Turn(this.clock)
    for (const [partition, assignment] of assignments) {
      if (!(await this.mayGoOn(turn, assignment, errors))) continue
      // What was fetched from the old leader has to be in the log before its end becomes the start of an epoch.
      if (!partition.isLeader) await partition.whenIdle()
      this.change(partition, assignment, errors, (log) => {
        if (partition.makeLeader(assignment.state, log)) changed.push(partition)
        this.fetches.check(partition)
      })
    }
    return changed
  }

  private async makeFollowers(
    assignments: readonly [Partition, Assignment][],
    errors: Map<Assignment, ErrorName>,
  ): Promise<Partition[]> {
    const changed: Partition[] = []
    const turn = new Turn(this.clock)
    for (const [partition, assignment] of assignments) {
      if (!(await this.mayGoOn(turn, assignment, errors))) continue
      this.change(partition, assignment, errors, (log) => {
        if (!partition.makeFollower(assignment.state, log)) return
        changed.push(partition)
        this.fetchers.remove(partition)
        this.completeDelayed(partition)
      })
    }
    // What was appended as leader has to be in the log before its end is where the fetching begins.
    for (const partition of changed) await partition.whenIdle()
    if (!this.isShuttingDown) this.fetchers.add(changed)
    return changed
  }

  /** The logs of a thousand new partitions take a second or more to make, and others are served meanwhile. */
  private async mayGoOn(
    turn: Turn,
    assignment: Assignment,
    errors: Map<Assignment, ErrorName>,
  ): Promise<boolean> {
    if (turn.isOver) await turn.next()
    if (this.isShuttingDown) errors.set(assignment, 'BROKER_NOT_AVAILABLE')
    return !this.isShuttingDown
  }

  private change(
    partition: Partition,
    assignment: Assignment,
    errors: Map<Assignment, ErrorName>,
    apply: (log: ReturnType<LogManager['getOrCreateLog']>) => void,
  ): void {
    const { topic, topicId, state } = assignment
    try {
      apply(this.logManager.getOrCreateLog(topic, state.partitionIndex, { topicId, isNew: state.isNew }))
    } catch (error) {
      const { errorName } = toApiError(error)
      this.options.logger.error(`${partition.key} cannot take its role: ${errorName}`, error)
      errors.set(assignment, errorName)
      this.fetchers.remove(partition)
      partition.retire()
      const isUnstorable = errorName === 'KAFKA_STORAGE_ERROR'
      // A full disk may have room again; what lies in a directory that is offline stays there.
      if (isUnstorable && this.logManager.hasOffline) this.table.markOffline(partition)
      else {
        this.table.remove(partition)
        if (isUnstorable) this.shortage.add(partition)
      }
      this.completeDelayed(partition)
    }
  }

  private async stopAll(request: StopReplicaRequest, version: number): Promise<StopReplicaResponseInput> {
    if (request.controllerEpoch < this.controllerEpoch) {
      return { errorCode: ERROR_CODES.STALE_CONTROLLER_EPOCH }
    }
    this.controllerEpoch = request.controllerEpoch
    const outcomes: [PartitionToStop, ErrorName][] = []
    for (const stop of partitionsToStop(request, version)) outcomes.push([stop, await this.stopOne(stop)])
    return stopResponse(outcomes)
  }

  private async stopOne({
    topic,
    partition: index,
    leaderEpoch,
    isDeleted,
  }: PartitionToStop): Promise<ErrorName> {
    if (this.table.isOffline(topic, index)) return 'KAFKA_STORAGE_ERROR'
    const partition = this.table.get(topic, index)
    try {
      if (partition !== undefined) {
        const isForced = leaderEpoch === EPOCH_DURING_DELETE || leaderEpoch === NO_EPOCH
        if (!isForced && leaderEpoch < partition.leaderEpoch) return 'FENCED_LEADER_EPOCH'
        this.fetchers.remove(partition)
        this.movers.remove(partition)
        partition.isStopped = true
        if (isDeleted) {
          partition.retire()
          this.table.remove(partition)
          this.completeDelayed(partition)
        }
        await partition.whenIdle()
      }
      // The topic may have been deleted while this broker was down: then there is a log and no replica.
      if (isDeleted) {
        this.options.onLeadershipChange?.([], [{ topic, partition: index }])
        this.shortage.remove(`${topic}-${index}`)
        this.logManager.deleteLog(topic, index)
      }
      return 'NONE'
    } catch (error) {
      this.options.logger.error(`${topic}-${index} cannot be stopped`, error)
      return toApiError(error).errorName
    }
  }

  /** The replica's part has changed: whoever waits for something is to look anew. */
  private completeDelayed(partition: Partition): void {
    this.produces.check(partition)
    this.fetches.check(partition)
    this.deletes.check(partition)
  }

  private onHighWatermarkMoved(partition: Partition): void {
    this.produces.check(partition)
    this.deletes.check(partition)
    this.wakeFetches(partition)
  }

  /** Later in this turn of the loop, so that a fetch takes what was appended to several partitions in one go. */
  private wakeFetches(partition: Partition): void {
    if (!this.fetches.isWatched(partition)) return
    if (this.toWake.size === 0) {
      this.clock.defer(() => {
        const woken = [...this.toWake]
        this.toWake.clear()
        for (const each of woken) this.fetches.check(each)
      })
    }
    this.toWake.add(partition)
  }
}
