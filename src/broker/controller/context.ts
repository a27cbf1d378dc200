import { ZERO_UUID } from '../../base/uuid.ts'
import type {
  BrokerInfo,
  LeaderIsrAndControllerEpoch,
  RegisteredBroker,
  ReplicaAssignment,
  TopicAssignment,
} from '../zk/index.ts'

export type PartitionState = 'NonExistent' | 'New' | 'Online' | 'Offline'

export type ReplicaState =
  | 'NonExistent'
  | 'New'
  | 'Online'
  | 'Offline'
  | 'DeletionStarted'
  | 'DeletionSuccessful'
  | 'DeletionIneligible'

/** What the controller knows of one partition. */
export class ControlledPartition {
  readonly topic: string
  readonly partition: number
  assignment: ReplicaAssignment
  /** Undefined until a first leader was elected. */
  leadership: LeaderIsrAndControllerEpoch | undefined
  state: PartitionState = 'NonExistent'
  /** Of the replicas that have one; all others do not exist. */
  readonly replicaStates = new Map<number, ReplicaState>()

  constructor(topic: string, partition: number, assignment: ReplicaAssignment) {
    this.topic = topic
    this.partition = partition
    this.assignment = assignment
  }

  get name(): string {
    return `${this.topic}-${this.partition}`
  }

  get isBeingReassigned(): boolean {
    return isReassignment(this.assignment)
  }

  replicaState(replica: number): ReplicaState {
    return this.replicaStates.get(replica) ?? 'NonExistent'
  }
}

/** Whether the assignment is on its way to another one. */
export function isReassignment({ addingReplicas, removingReplicas }: ReplicaAssignment): boolean {
  return addingReplicas.length > 0 || removingReplicas.length > 0
}

export interface ControlledTopic {
  readonly name: string
  /** Sixteen zero bytes when it has none. */
  id: string
  readonly partitions: Map<number, ControlledPartition>
}

/** One replica of a partition. */
export interface ReplicaRef {
  readonly partition: ControlledPartition
  readonly replica: number
}

/** All that the controller knows of the cluster while it is in office (kafka.controller.ControllerContext). */
export class ControllerContext {
  epoch = 0
  epochZkVersion = -1
  /** Registered brokers, those that are shutting down included. */
  readonly brokers = new Map<number, RegisteredBroker>()
  readonly shuttingDownBrokers = new Set<number>()
  readonly topics = new Map<string, ControlledTopic>()
  private readonly topicNames = new Map<string, string>()
  readonly topicsToBeDeleted = new Set<string>()
  readonly topicsWithDeletionStarted = new Set<string>()
  readonly topicsIneligibleForDeletion = new Set<string>()
  /** On their way to other replicas. */
  readonly reassigning = new Set<ControlledPartition>()
  /** Replicas whose log directory has failed, by broker. */
  readonly offlineDirReplicas = new Map<number, Set<ControlledPartition>>()

  reset(): void {
    this.epoch = 0
    this.epochZkVersion = -1
    for (const part of [
      this.brokers,
      this.shuttingDownBrokers,
      this.topics,
      this.topicNames,
      this.topicsToBeDeleted,
      this.topicsWithDeletionStarted,
      this.topicsIneligibleForDeletion,
      this.reassigning,
      this.offlineDirReplicas,
    ]) {
      part.clear()
    }
  }

  // Brokers

  isLive(id: number): boolean {
    return this.brokers.has(id) && !this.shuttingDownBrokers.has(id)
  }

  liveOrShuttingDownBrokerIds(): number[] {
    return [...this.brokers.keys()]
  }

  liveBrokerIds(): number[] {
    return this.liveOrShuttingDownBrokerIds().filter((id) => !this.shuttingDownBrokers.has(id))
  }

  brokerInfos(): BrokerInfo[] {
    return [...this.brokers.values()].map((broker) => broker.info)
  }

  isReplicaOnline(
    replica: number,
    partition: ControlledPartition,
    { withShuttingDown = false }: { withShuttingDown?: boolean } = {},
  ): boolean {
    const isUp = withShuttingDown ? this.brokers.has(replica) : this.isLive(replica)
    return isUp && this.offlineDirReplicas.get(replica)?.has(partition) !== true
  }

  // Topics

  addTopic(name: string): ControlledTopic {
    const existing = this.topics.get(name)
    if (existing !== undefined) return existing
    const topic = { name, id: ZERO_UUID, partitions: new Map<number, ControlledPartition>() }
    this.topics.set(name, topic)
    return topic
  }

  setTopicId(topic: ControlledTopic, id: string): void {
    this.topicNames.delete(topic.id)
    topic.id = id
    this.topicNames.set(id, topic.name)
  }

  topicName(id: string): string | undefined {
    return this.topicNames.get(id)
  }

  removeTopic(name: string): void {
    const topic = this.topics.get(name)
    if (topic === undefined) return
    for (const partition of topic.partitions.values()) {
      this.reassigning.delete(partition)
      for (const replicas of this.offlineDirReplicas.values()) replicas.delete(partition)
    }
    this.topics.delete(name)
    this.topicNames.delete(topic.id)
    this.topicsToBeDeleted.delete(name)
    this.topicsWithDeletionStarted.delete(name)
    this.topicsIneligibleForDeletion.delete(name)
  }

  /** Takes over partitions that are not known yet and returns them. */
  addPartitions(topic: ControlledTopic, assignment: TopicAssignment): ControlledPartition[] {
    const added: ControlledPartition[] = []
    for (const [number, replicas] of assignment.partitions) {
      if (topic.partitions.has(number)) continue
      const partition = new ControlledPartition(topic.name, number, replicas)
      topic.partitions.set(number, partition)
      if (partition.isBeingReassigned) this.reassigning.add(partition)
      added.push(partition)
    }
    return added
  }

  partition(topic: string, partition: number): ControlledPartition | undefined {
    return this.topics.get(topic)?.partitions.get(partition)
  }

  *allPartitions(): Generator<ControlledPartition> {
    for (const topic of this.topics.values()) yield* topic.partitions.values()
  }

  partitionsOf(topics: Iterable<string>): ControlledPartition[] {
    const partitions: ControlledPartition[] = []
    for (const name of topics) partitions.push(...(this.topics.get(name)?.partitions.values() ?? []))
    return partitions
  }

  replicasOnBrokers(brokerIds: ReadonlySet<number>): ReplicaRef[] {
    const found: ReplicaRef[] = []
    for (const partition of this.allPartitions()) {
      for (const replica of partition.assignment.replicas) {
        if (brokerIds.has(replica)) found.push({ partition, replica })
      }
    }
    return found
  }

  /** Partitions that had a leader which is down now. */
  partitionsWithOfflineLeader(): ControlledPartition[] {
    return [...this.allPartitions()].filter(
      (partition) =>
        partition.leadership !== undefined &&
        !this.isReplicaOnline(partition.leadership.leaderAndIsr.leader, partition) &&
        !this.topicsToBeDeleted.has(partition.topic),
    )
  }

  // Replicas

  replicasOf(partitions: Iterable<ControlledPartition>): ReplicaRef[] {
    const replicas: ReplicaRef[] = []
    for (const partition of partitions) {
      for (const replica of partition.assignment.replicas) replicas.push({ partition, replica })
    }
    return replicas
  }

  replicasInState(topic: string, state: ReplicaState): ReplicaRef[] {
    return this.replicasOf(this.partitionsOf([topic])).filter(
      ({ partition, replica }) => partition.replicaState(replica) === state,
    )
  }
}
