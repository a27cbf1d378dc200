import { ZERO_UUID } from '../../base/uuid.ts'
import type { TopicPartition } from '../../storage/index.ts'
import { ApiError } from '../api-error.ts'
import { Partition, type PartitionState } from './partition.ts'
import type { LeaderOfPartition, ReplicaMetadata } from './types.ts'

/** A topic in a LeaderAndIsr request. */
export interface TopicAssignment {
  readonly topicName: string
  readonly topicId: string
  readonly partitionStates: readonly PartitionState[]
}

/** What the controller said of one replica. */
export interface Assignment extends LeaderOfPartition, TopicPartition {
  readonly topicId: string | null
  readonly state: PartitionState
}

/**
 * The replicas of this broker. After a clean stop they sleep: what the controller said is kept as it is, and a
 * {@link Partition} is made of it when somebody asks for the replica. Nobody outside can tell the difference.
 */
export class ReplicaTable {
  private readonly topics = new Map<string, Map<number, Partition | Assignment>>()
  /** Topics nobody has asked about since all their replicas here went to sleep. */
  private readonly untouched = new Map<string, TopicAssignment>()
  private readonly metadata: ReplicaMetadata
  private readonly takeUp: (sleeper: Assignment) => Partition | undefined
  /** Replicas whose disk has failed. */
  private readonly offline = new Set<string>()

  /** `takeUp` makes a replica of a sleeper and adds it; undefined when that fails: there is none then. */
  constructor(metadata: ReplicaMetadata, takeUp: (sleeper: Assignment) => Partition | undefined) {
    this.metadata = metadata
    this.takeUp = takeUp
  }

  private of(topic: string): Map<number, Partition | Assignment> | undefined {
    const untouched = this.untouched.get(topic)
    if (untouched !== undefined) {
      this.untouched.delete(topic)
      for (const assignment of assignmentsOf(untouched)) this.add(assignment)
    }
    return this.topics.get(topic)
  }

  get(topic: string, partition: number): Partition | undefined {
    const found = this.of(topic)?.get(partition)
    return found === undefined || found instanceof Partition ? found : this.wake(found)
  }

  /** Also when it is asleep. */
  has(topic: string, partition: number): boolean {
    return this.of(topic)?.has(partition) === true
  }

  hasTopic(topic: string): boolean {
    return this.topics.has(topic) || this.untouched.has(topic)
  }

  /** All replicas of a topic that is new here sleep. */
  addAsleep(topic: TopicAssignment): void {
    this.untouched.set(topic.topicName, topic)
  }

  private wake(sleeper: Assignment): Partition | undefined {
    this.remove(sleeper)
    return this.takeUp(sleeper)
  }

  wakeAll(): void {
    for (const topic of [...this.untouched.keys()]) this.of(topic)
    for (const partitions of [...this.topics.values()]) {
      for (const replica of [...partitions.values()]) if (!(replica instanceof Partition)) this.wake(replica)
    }
  }

  /**
   * Throws NOT_LEADER_OR_FOLLOWER when the partition lives elsewhere, UNKNOWN_TOPIC_OR_PARTITION when nowhere, and
   * KAFKA_STORAGE_ERROR when it is here and its disk has failed.
   */
  orThrow(topic: string, partition: number): Partition {
    const replica = this.get(topic, partition)
    if (replica !== undefined) return replica
    if (this.isOffline(topic, partition)) {
      throw new ApiError('KAFKA_STORAGE_ERROR', `the log directory of ${topic}-${partition} is offline`)
    }
    if (this.metadata.partition(topic, partition) !== undefined) {
      throw new ApiError(
        'NOT_LEADER_OR_FOLLOWER',
        `there is no replica of ${topic}-${partition} on this broker`,
      )
    }
    throw new ApiError('UNKNOWN_TOPIC_OR_PARTITION', `there is no partition ${topic}-${partition}`)
  }

  add(replica: Partition | Assignment): void {
    let partitions = this.of(replica.topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.topics.set(replica.topic, partitions)
    }
    partitions.set(replica.partition, replica)
  }

  remove(replica: TopicPartition): void {
    const partitions = this.of(replica.topic)
    partitions?.delete(replica.partition)
    if (partitions?.size === 0) this.topics.delete(replica.topic)
  }

  isOffline(topic: string, partition: number): boolean {
    return this.offline.size > 0 && this.offline.has(`${topic}-${partition}`)
  }

  /** Stays so until the broker starts anew. */
  markOffline(replica: Partition): void {
    this.remove(replica)
    this.offline.add(replica.key)
  }

  all(): Partition[] {
    this.wakeAll()
    return this.awake()
  }

  awake(): Partition[] {
    return [...this.topics.keys()].flatMap((topic) => this.awakeOf(topic))
  }

  /** Those of a topic that are not asleep. */
  awakeOf(topic: string): Partition[] {
    const replicas = [...(this.topics.get(topic)?.values() ?? [])]
    return replicas.filter((replica) => replica instanceof Partition)
  }

  /** Where a client should go instead, as far as we know; -1 when we do not. */
  leaderOf(topic: string, partition: number): LeaderOfPartition {
    const replica = this.of(topic)?.get(partition)
    if (replica !== undefined) return { leaderId: replica.leaderId, leaderEpoch: replica.leaderEpoch }
    const known = this.metadata.partition(topic, partition)
    return { leaderId: known?.leader ?? -1, leaderEpoch: known?.leaderEpoch ?? -1 }
  }
}

export function assignmentsOf({ topicName: topic, topicId, partitionStates }: TopicAssignment): Assignment[] {
  const id = topicId === ZERO_UUID ? null : topicId
  return partitionStates.map((state) => assignmentOf(topic, id, state))
}

export function assignmentOf(topic: string, topicId: string | null, state: PartitionState): Assignment {
  const { partitionIndex: partition, leader: leaderId, leaderEpoch } = state
  return { topic, partition, leaderId, leaderEpoch, topicId, state }
}
