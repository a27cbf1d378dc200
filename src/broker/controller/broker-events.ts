import { ERROR_CODES } from '../../protocol/index.ts'
import type { LeaderAndIsrResponse } from '../../protocol/messages/04-leader-and-isr.ts'
import { ApiError } from '../api-error.ts'
import type { RegisteredBroker } from '../zk/index.ts'
import type { ControlledPartition, ReplicaRef } from './context.ts'
import type { PartitionStates } from './partition-states.ts'
import type { ControllerParts } from './parts.ts'
import type { Reassignments } from './reassignment.ts'
import type { ReplicaStates } from './replica-states.ts'
import type { TopicDeletion } from './topic-deletion.ts'

/** What the controller does when brokers come, go, change or want to stop. */
export class BrokerEvents {
  private readonly parts: ControllerParts
  private readonly partitions: PartitionStates
  private readonly replicas: ReplicaStates
  private readonly reassignments: Reassignments
  private readonly deletion: TopicDeletion

  constructor(
    parts: ControllerParts,
    partitions: PartitionStates,
    replicas: ReplicaStates,
    reassignments: Reassignments,
    deletion: TopicDeletion,
  ) {
    this.parts = parts
    this.partitions = partitions
    this.replicas = replicas
    this.reassignments = reassignments
    this.deletion = deletion
  }

  /** /brokers/ids has changed. A broker that has registered anew counts as one that died and came back. */
  async processBrokerChange(): Promise<void> {
    const { zk, context, watchers, channels, logger } = this.parts
    const registered = await zk.brokers(watchers.brokers, watchers.broker)
    const now = new Set(registered.map(({ info }) => info.id))
    const added = registered.filter(({ info }) => !context.brokers.has(info.id))
    const bounced = registered.filter(
      ({ info, epoch }) => epoch > (context.brokers.get(info.id)?.epoch ?? epoch),
    )
    const dead = context.liveOrShuttingDownBrokerIds().filter((id) => !now.has(id))
    for (const { info } of added) channels.add(info)
    for (const { info } of bounced) {
      channels.remove(info.id)
      channels.add(info)
    }
    for (const id of dead) channels.remove(id)
    if (added.length + bounced.length + dead.length > 0) {
      const ids = (brokers: readonly RegisteredBroker[]) => brokers.map(({ info }) => info.id).join(',')
      logger.info(`brokers: new [${ids(added)}], back [${ids(bounced)}], gone [${dead.join(',')}]`)
    }
    if (added.length > 0) await this.onStartup(added)
    if (bounced.length > 0) {
      await this.onFailure(bounced.map(({ info }) => info.id))
      await this.onStartup(bounced)
    }
    if (dead.length > 0) await this.onFailure(dead)
  }

  private async onStartup(brokers: readonly RegisteredBroker[]): Promise<void> {
    const { context, batch } = this.parts
    const existing = context.liveOrShuttingDownBrokerIds()
    const ids = new Set(brokers.map(({ info }) => info.id))
    for (const broker of brokers) context.brokers.set(broker.info.id, broker)
    for (const id of ids) context.offlineDirReplicas.delete(id)
    // The others hear of the new brokers, the new ones of everything.
    batch.addUpdateMetadata(existing, [])
    batch.send()
    batch.addUpdateMetadata([...ids], context.allPartitions())
    batch.send()
    const replicas = context.replicasOnBrokers(ids)
    await this.replicas.change(replicas, 'Online')
    await this.partitions.bringOnline()
    await this.reassignments.resumeFor(ids)
    await this.deletion.resumeFor(replicas.map(({ partition }) => partition.topic))
  }

  private async onFailure(ids: readonly number[]): Promise<void> {
    const { context } = this.parts
    for (const id of ids) {
      context.brokers.delete(id)
      context.offlineDirReplicas.delete(id)
      context.shuttingDownBrokers.delete(id)
    }
    await this.onReplicasOffline(context.replicasOnBrokers(new Set(ids)))
  }

  private async onReplicasOffline(replicas: readonly ReplicaRef[]): Promise<void> {
    const { context, batch } = this.parts
    const isDeleted = ({ partition }: ReplicaRef) => this.deletion.isQueued(partition.topic)
    const staying = replicas.filter((ref) => !isDeleted(ref))
    await this.partitions.change(context.partitionsWithOfflineLeader(), 'Offline')
    const hasElected = await this.partitions.bringOnline()
    await this.replicas.change(staying, 'Offline')
    await this.deletion.failReplicas(replicas.filter(isDeleted))
    if (staying.length === 0 && !hasElected) {
      // Nobody has been told of the dead brokers yet.
      batch.addUpdateMetadata(context.liveOrShuttingDownBrokerIds(), [])
      batch.send()
    }
  }

  /** A broker has changed its registration: its listeners, most likely. */
  async processBrokerUpdate(id: number): Promise<void> {
    const { zk, context, batch, watchers } = this.parts
    const known = context.brokers.get(id)
    const broker = await zk.broker(id, watchers.broker)
    if (known === undefined || broker === null) return
    if (JSON.stringify(known.info) === JSON.stringify(broker.info)) return
    context.brokers.set(id, { info: broker.info, epoch: known.epoch })
    batch.addUpdateMetadata(context.liveOrShuttingDownBrokerIds(), [])
    batch.send()
  }

  /** Brokers with a failed log directory: asking them for all their replicas tells which are lost. */
  async processLogDirEvents(): Promise<void> {
    const { zk, context, watchers } = this.parts
    const names = await zk.logDirEvents(watchers.logDirEvents)
    const brokers = await zk.brokersOfLogDirEvents(names)
    await this.replicas.change(context.replicasOnBrokers(new Set(brokers)), 'Online')
    await zk.deleteLogDirEvents(names, context.epochZkVersion)
  }

  /** Replicas that a broker cannot serve, since their log directory has failed, count as offline. */
  async processLeaderAndIsrResponse(response: LeaderAndIsrResponse, brokerId: number): Promise<void> {
    const { context, logger } = this.parts
    if (response.errorCode !== ERROR_CODES.NONE) {
      logger.error(`broker ${brokerId} refused a LeaderAndIsr request with error ${response.errorCode}`)
      return
    }
    const before = context.offlineDirReplicas.get(brokerId)
    const lost: ControlledPartition[] = []
    const back: ReplicaRef[] = []
    for (const { partition, errorCode } of this.partitionErrors(response)) {
      // A broker that has found room for a replica knows the leader epoch already, and says so with this error.
      if (errorCode === ERROR_CODES.NONE || errorCode === ERROR_CODES.STALE_CONTROLLER_EPOCH) {
        if (before?.delete(partition) === true) back.push({ partition, replica: brokerId })
      } else if (errorCode === ERROR_CODES.KAFKA_STORAGE_ERROR && before?.has(partition) !== true) {
        lost.push(partition)
      }
    }
    if (back.length > 0) {
      // Leaders that were elected before this answer came were not told to replicas that counted as offline.
      await this.replicas.change(
        back.filter(({ partition }) => !this.deletion.isQueued(partition.topic)),
        'Online',
      )
      // One of them may be the only one that can lead, or the one that a deletion waits for.
      await this.partitions.bringOnline()
      await this.deletion.resumeFor(back.map(({ partition }) => partition.topic))
    }
    if (lost.length === 0) return
    context.offlineDirReplicas.set(brokerId, new Set([...(before ?? []), ...lost]))
    logger.info(`replicas on broker ${brokerId} are offline: ${lost.map(({ name }) => name).join(', ')}`)
    await this.onReplicasOffline(lost.map((partition) => ({ partition, replica: brokerId })))
  }

  private *partitionErrors(
    response: LeaderAndIsrResponse,
  ): Generator<{ partition: ControlledPartition; errorCode: number }> {
    const { context } = this.parts
    for (const { topicName, partitionIndex, errorCode } of response.partitionErrors) {
      const partition = context.partition(topicName, partitionIndex)
      if (partition !== undefined) yield { partition, errorCode }
    }
    for (const { topicId, partitionErrors } of response.topics) {
      const topic = context.topicName(topicId)
      if (topic === undefined) continue
      for (const { partitionIndex, errorCode } of partitionErrors) {
        const partition = context.partition(topic, partitionIndex)
        if (partition !== undefined) yield { partition, errorCode }
      }
    }
  }

  /**
   * A broker wants to stop: its leaderships move to other members of the ISR, its replicas leave the ISRs. Resolves to
   * the partitions that it still leads. Throws {@link ApiError} when the request is of an earlier registration.
   */
  async controlledShutdown(id: number, brokerEpoch: number): Promise<ControlledPartition[]> {
    const { context, batch, logger } = this.parts
    const broker = context.brokers.get(id)
    if (broker === undefined) throw new ApiError('BROKER_NOT_AVAILABLE', `Broker id ${id} does not exist.`)
    if (brokerEpoch !== -1 && brokerEpoch < broker.epoch) {
      throw new ApiError(
        'STALE_BROKER_EPOCH',
        `Received controlled shutdown request from an old broker epoch ${brokerEpoch} for broker ${id}. Current broker epoch is ${broker.epoch}.`,
      )
    }
    logger.info(`shutting down broker ${id}`)
    context.shuttingDownBrokers.add(id)
    const movable = context
      .replicasOnBrokers(new Set([id]))
      .map(({ partition }) => partition)
      .filter(
        ({ assignment, leadership, topic }) =>
          assignment.replicas.length > 1 && leadership !== undefined && !this.deletion.isQueued(topic),
      )
    const isLeader = ({ leadership }: ControlledPartition) => leadership?.leaderAndIsr.leader === id
    const followed = movable.filter((partition) => !isLeader(partition))
    await this.partitions.change(movable.filter(isLeader), 'Online', 'controlledShutdown')
    for (const partition of followed) batch.addStopReplica([id], partition, { deletePartition: false })
    batch.send()
    await this.replicas.change(
      followed.map((partition) => ({ partition, replica: id })),
      'Offline',
    )
    return movable.filter(isLeader)
  }
}
