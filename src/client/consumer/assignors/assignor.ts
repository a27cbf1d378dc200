import type { TopicPartition } from '../../offsets.ts'

/** Whether members give everything up before they join again, or keep what they have until they are told (KIP-429). */
export type RebalanceProtocol = 'eager' | 'cooperative'

/** What a member says when it joins (ConsumerPartitionAssignor.Subscription). */
export interface MemberSubscription {
  readonly topics: readonly string[]
  readonly userData: Buffer | null
  /** What it had when it joined; by topic and partition. */
  readonly ownedPartitions: readonly TopicPartition[]
  /** The generation in which it got that; -1: it does not say. */
  readonly generationId: number
  readonly rackId: string | null
  readonly groupInstanceId: string | null
}

/** What a member is given (ConsumerPartitionAssignor.Assignment). */
export interface MemberAssignment {
  readonly partitions: readonly TopicPartition[]
  readonly userData: Buffer | null
}

/** What the member leading the group knows of a partition. */
export interface PartitionRacks {
  readonly partition: number
  /** The racks of its replicas; empty where brokers have none. */
  readonly racks: readonly string[]
}

/** The topics that the group subscribes to and that exist; partitions by number, ascending. */
export type ClusterView = ReadonlyMap<string, readonly PartitionRacks[]>

/** The place of a consumer in its group (ConsumerGroupMetadata). */
export interface GroupMetadata {
  readonly groupId: string
  /** -1 outside of a group. */
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/**
 * Shares partitions out among the members of a group, as the one of them that leads it
 * (ConsumerPartitionAssignor). The members' ids are in no particular order.
 */
export interface PartitionAssignor {
  /** What it is called among the members: each must know it. */
  readonly name: string
  /** Those that it can work with; `eager` alone when left out. */
  readonly protocols?: readonly RebalanceProtocol[]
  /** What this member tells the leader beside its topics. */
  subscriptionUserData?(topics: ReadonlySet<string>): Buffer | null
  assign(
    cluster: ClusterView,
    subscriptions: ReadonlyMap<string, MemberSubscription>,
  ): ReadonlyMap<string, MemberAssignment>
  /** This member's own share. */
  onAssignment?(assignment: MemberAssignment, group: GroupMetadata): void
}

/** The assignors that come with Kafka, by the names they have on the wire. */
export type AssignorName = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky'
