import { ZERO_UUID } from '../../base/uuid.ts'
import { SharedList } from '../../protocol/index.ts'
import {
  type LeaderAndIsrRequestInput,
  type LeaderAndIsrResponse,
  leaderAndIsr,
} from '../../protocol/messages/04-leader-and-isr.ts'
import {
  type StopReplicaRequestInput,
  type StopReplicaResponse,
  stopReplica,
} from '../../protocol/messages/05-stop-replica.ts'
import {
  type UpdateMetadataRequestInput,
  type UpdateMetadataResponse,
  updateMetadata,
} from '../../protocol/messages/06-update-metadata.ts'
import { LEADER_DURING_DELETE } from '../metadata/index.ts'
import { SECURITY_PROTOCOLS } from '../zk/index.ts'
import type { ChannelManager } from './channel-manager.ts'
import type { ControlledPartition, ControllerContext } from './context.ts'

type TopicStates<T extends { readonly topicStates?: unknown }> = NonNullable<T['topicStates']>
type Elements<T> = T extends readonly (infer E)[] ? E : never
type States<T extends { readonly topicStates?: unknown }> = Elements<
  NonNullable<Elements<TopicStates<T>> extends { readonly partitionStates?: infer S } ? S : never>
>
type LeaderAndIsrState = States<LeaderAndIsrRequestInput>
type UpdateMetadataState = States<UpdateMetadataRequestInput>
type StopReplicaState = States<StopReplicaRequestInput>

/** The leader epoch in a request to stop a replica of a topic that is being deleted (LeaderAndIsr.EpochDuringDelete). */
const EPOCH_DURING_DELETE = -2
const NO_EPOCH = -1
const NOBODY: readonly number[] = []

export interface BatchResponses {
  leaderAndIsr(response: LeaderAndIsrResponse, brokerId: number): void
  updateMetadata(response: UpdateMetadataResponse, brokerId: number): void
  /** `deleted`: the partitions that the broker was told to delete. */
  stopReplica(
    response: StopReplicaResponse,
    brokerId: number,
    deleted: ReadonlyMap<string, ControlledPartition>,
  ): void
}

/**
 * Gathers what brokers have to be told about a change and sends each of them one LeaderAndIsr, one UpdateMetadata and one
 * StopReplica request (kafka.controller.ControllerBrokerRequestBatch).
 */
export class RequestBatch {
  private readonly brokerId: number
  private readonly context: ControllerContext
  private readonly channels: ChannelManager
  private readonly responses: BatchResponses
  /** By broker; the value says whether the replica is new. */
  private readonly leaderAndIsr = new Map<number, Map<ControlledPartition, boolean>>()
  private readonly stopReplica = new Map<number, Map<ControlledPartition, StopReplicaState>>()
  private readonly metadataBrokers = new Set<number>()
  private readonly metadata = new Set<ControlledPartition>()

  constructor(options: {
    brokerId: number
    context: ControllerContext
    channels: ChannelManager
    responses: BatchResponses
  }) {
    this.brokerId = options.brokerId
    this.context = options.context
    this.channels = options.channels
    this.responses = options.responses
  }

  clear(): void {
    this.leaderAndIsr.clear()
    this.stopReplica.clear()
    this.metadataBrokers.clear()
    this.metadata.clear()
  }

  /** Tells these brokers who leads the partition, and all brokers' metadata caches too. */
  addLeaderAndIsr(
    brokerIds: readonly number[],
    partition: ControlledPartition,
    { isNew }: { isNew: boolean },
  ): void {
    if (partition.leadership === undefined) return
    for (const brokerId of brokerIds) {
      if (brokerId < 0) continue
      const partitions = entry(this.leaderAndIsr, brokerId)
      partitions.set(partition, isNew || partitions.get(partition) === true)
    }
    this.metadata.add(partition)
    for (const id of this.context.brokers.keys()) this.metadataBrokers.add(id)
  }

  addStopReplica(
    brokerIds: readonly number[],
    partition: ControlledPartition,
    { deletePartition }: { deletePartition: boolean },
  ): void {
    const leaderEpoch = this.context.topicsToBeDeleted.has(partition.topic)
      ? EPOCH_DURING_DELETE
      : (partition.leadership?.leaderAndIsr.leaderEpoch ?? NO_EPOCH)
    for (const brokerId of brokerIds) {
      if (brokerId < 0) continue
      const states = entry(this.stopReplica, brokerId)
      states.set(partition, {
        partitionIndex: partition.partition,
        leaderEpoch,
        deletePartition: deletePartition || states.get(partition)?.deletePartition === true,
      })
    }
  }

  /** The list of live brokers goes along in any case. Partitions that never had a leader are left out. */
  addUpdateMetadata(brokerIds: readonly number[], partitions: Iterable<ControlledPartition>): void {
    for (const id of brokerIds) if (id >= 0) this.metadataBrokers.add(id)
    for (const partition of partitions) if (partition.leadership !== undefined) this.metadata.add(partition)
  }

  /** Brokers become leaders and followers first, then all hear of it. */
  send(): void {
    this.sendLeaderAndIsr()
    this.sendUpdateMetadata()
    this.sendStopReplica()
    this.clear()
  }

  private sendLeaderAndIsr(): void {
    let shared: Shared | undefined
    for (const [brokerId, partitions] of this.leaderAndIsr) {
      const header = this.header(brokerId)
      if (header === undefined) continue
      // With as many replicas as brokers all are told the same: it is made and encoded once.
      if (shared === undefined || !isSame(shared.partitions, partitions)) shared = this.shared(partitions)
      const { topicStates, liveLeaders } = shared
      const request: LeaderAndIsrRequestInput = { ...header, topicStates, liveLeaders }
      this.channels.send(brokerId, leaderAndIsr, request, (response) =>
        this.responses.leaderAndIsr(response, brokerId),
      )
    }
  }

  private shared(partitions: ReadonlyMap<ControlledPartition, boolean>): Shared {
    const leaders = new Set<number>()
    for (const { leadership } of partitions.keys()) leaders.add(leadership?.leaderAndIsr.leader ?? -1)
    const topicStates = this.byTopic(partitions, leaderAndIsrState)
    return { partitions, topicStates, liveLeaders: this.liveLeaders(leaders) }
  }

  private liveLeaders(leaders: ReadonlySet<number>) {
    return this.context.brokerInfos().flatMap(({ id, endpoints }) => {
      const endpoint = leaders.has(id)
        ? endpoints.find((each) => each.listenerName === this.channels.listenerName)
        : undefined
      return endpoint === undefined ? [] : [{ brokerId: id, hostName: endpoint.host, port: endpoint.port }]
    })
  }

  private sendUpdateMetadata(): void {
    if (this.metadataBrokers.size === 0) return
    const topicStates = this.byTopic(this.metadata.entries(), (partition) => this.metadataState(partition))
    const liveBrokers = this.context.brokerInfos().map((broker) => ({
      id: broker.id,
      rack: broker.rack,
      endpoints: broker.endpoints.map((endpoint) => ({
        host: endpoint.host,
        port: endpoint.port,
        listener: endpoint.listenerName,
        securityProtocol: SECURITY_PROTOCOLS.indexOf(endpoint.securityProtocol),
      })),
    }))
    for (const brokerId of this.metadataBrokers) {
      const header = this.header(brokerId)
      if (header === undefined) continue
      this.channels.send(brokerId, updateMetadata, { ...header, topicStates, liveBrokers }, (response) =>
        this.responses.updateMetadata(response, brokerId),
      )
    }
  }

  private metadataState(partition: ControlledPartition): UpdateMetadataState | undefined {
    const { leadership, assignment } = partition
    if (leadership === undefined) return undefined
    const { leader, leaderEpoch, isr, partitionEpoch } = leadership.leaderAndIsr
    const isDeleted = this.context.topicsToBeDeleted.has(partition.topic)
    const isOffline = (id: number) => !this.context.isReplicaOnline(id, partition)
    return {
      partitionIndex: partition.partition,
      controllerEpoch: leadership.controllerEpoch,
      leader: isDeleted ? LEADER_DURING_DELETE : leader,
      leaderEpoch: isDeleted ? 0 : leaderEpoch,
      isr,
      zkVersion: isDeleted ? 0 : partitionEpoch,
      replicas: assignment.replicas,
      offlineReplicas: assignment.replicas.some(isOffline) ? assignment.replicas.filter(isOffline) : NOBODY,
    }
  }

  private sendStopReplica(): void {
    for (const [brokerId, states] of this.stopReplica) {
      const header = this.header(brokerId)
      if (header === undefined) continue
      const deleted = new Map<string, ControlledPartition>()
      for (const [partition, state] of states) {
        if (state.deletePartition === true) deleted.set(partition.name, partition)
      }
      const topicStates = this.byTopic(states, (_, state) => state)
      this.channels.send(brokerId, stopReplica, { ...header, topicStates }, (response) =>
        this.responses.stopReplica(response, brokerId, deleted),
      )
    }
  }

  /** Undefined when the broker has gone meanwhile. */
  private header(brokerId: number) {
    const broker = this.context.brokers.get(brokerId)
    if (broker === undefined) return undefined
    return {
      controllerId: this.brokerId,
      controllerEpoch: this.context.epoch,
      brokerEpoch: broker.epoch,
      isKRaftController: false,
    }
  }

  private byTopic<T, S>(
    partitions: Iterable<readonly [ControlledPartition, T]>,
    stateOf: (partition: ControlledPartition, told: T) => S | undefined,
  ): SharedList<TopicStatesOf<S>> {
    const topics = new Map<string, TopicStatesOf<S>>()
    const list = new SharedList<TopicStatesOf<S>>()
    for (const [partition, told] of partitions) {
      const state = stateOf(partition, told)
      if (state === undefined) continue
      let topic = topics.get(partition.topic)
      if (topic === undefined) {
        const topicId = this.context.topics.get(partition.topic)?.id ?? ZERO_UUID
        topic = { topicName: partition.topic, topicId, partitionStates: [] }
        topics.set(partition.topic, topic)
        list.push(topic)
      }
      topic.partitionStates.push(state)
    }
    return list
  }
}

interface TopicStatesOf<S> {
  readonly topicName: string
  readonly topicId: string
  readonly partitionStates: S[]
}

/** What a LeaderAndIsr request says about these partitions, to whichever broker. */
interface Shared {
  readonly partitions: ReadonlyMap<ControlledPartition, boolean>
  readonly topicStates: SharedList<TopicStatesOf<LeaderAndIsrState>>
  readonly liveLeaders: NonNullable<LeaderAndIsrRequestInput['liveLeaders']>
}

function leaderAndIsrState(partition: ControlledPartition, isNew: boolean): LeaderAndIsrState | undefined {
  const { leadership, assignment } = partition
  if (leadership === undefined) return undefined
  const { leader, leaderEpoch, isr, partitionEpoch, leaderRecoveryState } = leadership.leaderAndIsr
  return {
    partitionIndex: partition.partition,
    controllerEpoch: leadership.controllerEpoch,
    leader,
    leaderEpoch,
    isr,
    partitionEpoch,
    replicas: assignment.replicas,
    addingReplicas: assignment.addingReplicas,
    removingReplicas: assignment.removingReplicas,
    isNew,
    leaderRecoveryState,
  }
}

/** Also in the same order. */
function isSame<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): boolean {
  if (a.size !== b.size) return false
  const others = b.entries()
  for (const [key, value] of a) {
    const other = others.next().value
    if (other === undefined || other[0] !== key || other[1] !== value) return false
  }
  return true
}

function entry<K, V>(map: Map<number, Map<K, V>>, key: number): Map<K, V> {
  let values = map.get(key)
  if (values === undefined) {
    values = new Map()
    map.set(key, values)
  }
  return values
}
