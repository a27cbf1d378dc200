import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Part } from '../../base/network.ts'
import type { Random } from '../../base/random.ts'
import type { Api, ErrorName, Fields, Infer, Input } from '../../protocol/index.ts'
import type {
  AlterPartitionRequestInput,
  AlterPartitionResponse,
} from '../../protocol/messages/56-alter-partition.ts'
import type { AbortedTransaction, LogManager, RecordError, TopicPartition } from '../../storage/index.ts'
import type { FetchingClient } from './replica-selector.ts'

/** The broker settings that replication uses, by Kafka's names in camel case; see {@link DEFAULT_REPLICA_CONFIG}. */
export interface ReplicaConfig {
  readonly replicaLagTimeMaxMs: number
  readonly replicaFetchWaitMaxMs: number
  readonly replicaFetchMinBytes: number
  /** Per partition. */
  readonly replicaFetchMaxBytes: number
  readonly replicaFetchResponseMaxBytes: number
  readonly replicaFetchBackoffMs: number
  readonly numReplicaFetchers: number
  readonly fetchMaxBytes: number
  readonly maxIncrementalFetchSessionCacheSlots: number
  readonly requestTimeoutMs: number
}

export const DEFAULT_REPLICA_CONFIG: ReplicaConfig = {
  replicaLagTimeMaxMs: 30_000,
  replicaFetchWaitMaxMs: 500,
  replicaFetchMinBytes: 1,
  replicaFetchMaxBytes: 1_048_576,
  replicaFetchResponseMaxBytes: 10_485_760,
  replicaFetchBackoffMs: 1000,
  numReplicaFetchers: 1,
  fetchMaxBytes: 57_671_680,
  maxIncrementalFetchSessionCacheSlots: 1000,
  requestTimeoutMs: 30_000,
}

/** A connection to another broker: what we use of client/net's Connection. */
export interface PeerConnection {
  send<Req extends Fields, Res extends Fields>(
    spec: Api<Req, Res>,
    body: Input<Req>,
    options?: { readonly version?: number; readonly maxVersion?: number; readonly timeoutMs?: number },
  ): Promise<Infer<Res>>
  /** The highest version that both sides know, and not above `maxVersion`. */
  versionOf<Req extends Fields, Res extends Fields>(spec: Api<Req, Res>, maxVersion?: number): number
  readonly isOpen: boolean
  close(): void
}

/** Read each time: all of it can change while the broker runs. */
export interface ReplicationThrottles {
  /** Bytes per second; infinite when there is no limit. `leader`: what this broker gives, `follower`: what it takes. */
  rate(role: 'leader' | 'follower'): number
  /** The topic's `leader.replication.throttled.replicas` or `follower.replication.throttled.replicas`. */
  replicas(role: 'leader' | 'follower', topic: string): string | undefined
  readonly windowCount: number
  readonly windowMs: number
}

/** Moves of logs between the directories of a broker. */
export interface LogDirMoveLimits {
  /** num.replica.alter.log.dirs.threads */
  readonly threads: number
  /** replica.alter.log.dirs.io.max.bytes.per.second; read each time, it can change while the broker runs. */
  bytesPerSecond(): number
  readonly windowCount: number
  readonly windowMs: number
}

/** What replication asks of the metadata cache. */
export interface ReplicaMetadata {
  partition(
    topic: string,
    partition: number,
  ): { readonly leader: number; readonly leaderEpoch: number } | undefined
  topicId(name: string): string | undefined
  topicName(id: string): string | undefined
  isAlive(brokerId: number): boolean
  brokerEndpoint(
    brokerId: number,
    listenerName: string,
  ): { readonly host: string; readonly port: number; readonly rack: string | null } | undefined
}

export interface ReplicaManagerOptions {
  readonly brokerId: number
  /** The czxid of our registration; -1 as long as there is none. */
  readonly brokerEpoch: () => number
  readonly config?: Partial<ReplicaConfig>
  readonly clock: Clock
  readonly logger: Logger
  /** For the ids of fetch sessions. */
  readonly random?: Random
  readonly logManager: LogManager
  readonly metadataCache: ReplicaMetadata
  /** A new connection each time; the fetcher keeps one and closes it. */
  readonly connectToBroker: (brokerId: number) => Promise<PeerConnection>
  /** Sends to the active controller in exactly this version; rejects when there is none or it cannot be reached. */
  readonly alterPartition: (
    request: AlterPartitionRequestInput,
    version: number,
  ) => Promise<AlterPartitionResponse>
  /** Makes the controller ask for all replicas of this broker: some of them cannot be stored, or can be again. */
  readonly reportStorageFailure?: () => void
  /** Whether consumers are sent to a replica in their rack (replica.selector.class). */
  readonly isRackAware?: boolean
  /** Limits to the copying of replicas; none without it. */
  readonly throttles?: ReplicationThrottles
  /** One log at a time and no limit without it. */
  readonly logDirMoves?: LogDirMoveLimits
  /** Which replicas became leader or follower, or were deleted: for the coordinators of groups and transactions. */
  readonly onLeadershipChange?: (
    leaders: readonly TopicPartition[],
    followers: readonly TopicPartition[],
  ) => void
}

export interface AppendEntry extends TopicPartition {
  /** The bytes are stamped in place and kept. Null is refused as an invalid record. */
  readonly records: Buffer | null
}

export interface AppendRequest {
  readonly requiredAcks: number
  readonly timeoutMs: number
  readonly origin: 'client' | 'coordinator'
  readonly internalTopicsAllowed?: boolean
  /** Produce v0 to v2 may bring message sets of v0 and v1. */
  readonly magicUpConvert?: boolean
  readonly entries: readonly AppendEntry[]
}

/** One partition's share of a produce response (ProduceResponse.PartitionResponse). */
export interface AppendResult extends TopicPartition {
  readonly error: ErrorName
  readonly errorMessage: string | null
  readonly baseOffset: number
  readonly lastOffset: number
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
  readonly recordErrors: readonly RecordError[]
}

export type FetchIsolation = 'log-end' | 'high-watermark' | 'committed'

/** What a fetch asks of one partition (FetchRequest.PartitionData). */
export interface FetchPartition extends TopicPartition {
  /** Null when the client does not use topic ids. */
  readonly topicId: string | null
  readonly fetchOffset: number
  readonly maxBytes: number
  /** -1 where the client does not say. */
  readonly currentLeaderEpoch: number
  readonly lastFetchedEpoch: number
  /** Of a follower. */
  readonly logStartOffset: number
}

export interface FetchParams {
  /** -1 for consumers, -2 for the debugging consumer. */
  readonly replicaId: number
  /** The follower's broker epoch, or -1. */
  readonly replicaEpoch: number
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly isolation: FetchIsolation
  /** Fetch up to v2: maxBytes holds even when the first batch is larger. */
  readonly hardMaxBytesLimit: boolean
  /** Fetch before v11 and followers read from the leader only (KIP-392). */
  readonly onlyFromLeader: boolean
  /** A consumer that may read from another replica. */
  readonly client?: FetchingClient
}

/** One partition's share of a fetch response. The file ranges among the parts must be released exactly once. */
export interface FetchResult {
  readonly error: ErrorName
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number } | null
  readonly abortedTransactions: readonly AbortedTransaction[] | null
  /** Where the consumer should go on reading; -1: here. Then there are no records. */
  readonly preferredReadReplica: number
  readonly parts: readonly Part[]
  readonly sizeBytes: number
}

export interface LeaderOfPartition {
  readonly leaderId: number
  readonly leaderEpoch: number
}
