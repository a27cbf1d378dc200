import { ApiError } from '../api-error.ts'
import type { Partition } from './partition.ts'
import type { LeaderOfPartition, ReplicaMetadata } from './types.ts'

/** The replicas of this broker. */
export class ReplicaTable {
  private readonly topics = new Map<string, Map<number, Partition>>()
  private readonly metadata: ReplicaMetadata
  /** Replicas whose disk has failed. */
  private readonly offline = new Set<string>()

  constructor(metadata: ReplicaMetadata) {
    this.metadata = metadata
  }

  get(topic: string, partition: number): Partition | undefined {
    return this.topics.get(topic)?.get(partition)
  }

  /**
   * Throws NOT_LEADER_OR_FOLLOWER when the partition lives elsewhere, UNKNOWN_TOPIC_OR_PARTITION when nowhere, and
   * KAFKA_STORAGE_ERROR when it is here and its disk has failed.
   */
  orThrow(topic: string, partition: number): Partition {
    const replica = this.topics.get(topic)?.get(partition)
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

  add(replica: Partition): void {
    let partitions = this.topics.get(replica.topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.topics.set(replica.topic, partitions)
    }
    partitions.set(replica.partition, replica)
  }

  remove(replica: Partition): void {
    const partitions = this.topics.get(replica.topic)
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

  *all(): Iterable<Partition> {
    for (const partitions of this.topics.values()) yield* partitions.values()
  }

  ofTopic(topic: string): Iterable<Partition> {
    return this.topics.get(topic)?.values() ?? []
  }

  /** Where a client should go instead, as far as we know; -1 when we do not. */
  leaderOf(topic: string, partition: number): LeaderOfPartition {
    const replica = this.get(topic, partition)
    if (replica !== undefined) return { leaderId: replica.leaderId, leaderEpoch: replica.leaderEpoch }
    const known = this.metadata.partition(topic, partition)
    return { leaderId: known?.leader ?? -1, leaderEpoch: known?.leaderEpoch ?? -1 }
  }
}
