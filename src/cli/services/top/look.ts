import type { GroupMember, TopicPartition } from '../../../client/index.ts'
import type { ZnodeChange } from '../cluster/status-znodes.ts'

/** `silent`: registered, and gives no answer. `gone`: not in the cluster, and known from before or as a replica. */
export type BrokerState = 'up' | 'silent' | 'gone'

export interface LogDirLook {
  readonly path: string
  /** Why it cannot be used; null when it can. */
  readonly error: string | null
  readonly sizeBytes: number
  readonly replicas: number
  /** Of the disk; null from brokers before 3.3 (KIP-827). */
  readonly totalBytes: number | null
  readonly usableBytes: number | null
}

export interface BrokerLook {
  readonly id: number
  /** Null when it can be reached through the data directory only. */
  readonly address: string | null
  readonly rack: string | null
  readonly isController: boolean
  readonly state: BrokerState
  /** Null when it did not tell. */
  readonly logDirs: readonly LogDirLook[] | null
}

export interface ReplicaLook {
  readonly broker: number
  /** Null when the broker did not tell. */
  readonly sizeBytes: number | null
  /** Records that it has not yet copied of those below the high watermark, as it says itself; null when it does not. */
  readonly lag: number | null
}

export interface PartitionLook extends TopicPartition {
  /** -1 when there is none. */
  readonly leader: number
  readonly isr: readonly number[]
  readonly replicas: readonly ReplicaLook[]
  /** Replicas of brokers that are down, or whose log directory is. */
  readonly offlineReplicas: readonly number[]
  /** Null when the leader did not tell. */
  readonly startOffset: number | null
  readonly endOffset: number | null
}

export type MemberLook = Pick<
  GroupMember,
  'memberId' | 'groupInstanceId' | 'clientId' | 'host' | 'partitions'
>

export interface GroupLook {
  readonly groupId: string
  /** '' from brokers before 2.6 that did not describe it either. */
  readonly state: string
  readonly protocolType: string
  readonly coordinator: number
  readonly members: readonly MemberLook[]
  readonly offsets: readonly (TopicPartition & { readonly offset: number })[]
}

/** What the coordination service tells of itself; null where it does not. */
export interface ZnodeLook {
  readonly server: string
  readonly version: string | null
  readonly mode: string | null
  readonly znodes: number | null
  readonly ephemerals: number | null
  readonly sessions: number | null
  readonly connections: number | null
  readonly watches: number | null
  /** How many znodes are below each one at the top. */
  readonly below: readonly { readonly path: string; readonly count: number }[]
  /** The last ones, the latest first. */
  readonly changes: readonly ZnodeChange[]
  /** Since the beginning. */
  readonly changeCount: number
}

/** A cluster at one moment, as far as its brokers told. */
export interface Look {
  /** By the monotonic clock, for differences. */
  readonly atMs: number
  readonly timeMs: number
  readonly clusterId: string | null
  /** -1 when there is none. */
  readonly controller: number
  readonly brokers: readonly BrokerLook[]
  /** By topic and number. */
  readonly partitions: readonly PartitionLook[]
  readonly groups: readonly GroupLook[]
  /** Brokers whose groups may be missing. */
  readonly withoutGroups: readonly number[]
  /** Undefined: nobody knows where they are; null: the service does not answer. */
  readonly znodes: ZnodeLook | null | undefined
  /** What brokers refuse to tell, in words. */
  readonly problems: readonly string[]
}
