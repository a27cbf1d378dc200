import type { ErrorName } from '../../protocol/index.ts'
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
  DescribeLogDirsRequest,
  DescribeLogDirsResponseInput,
} from '../../protocol/messages/35-describe-log-dirs.ts'
import type {
  AppendRequest,
  AppendResult,
  FetchParams,
  FetchPartition,
  FetchResult,
  LeaderOfPartition,
  ReplicaManagerOptions,
} from './types.ts'

/** Face first; the implementation lands in the next commits. */
export declare class ReplicaManager {
  constructor(options: ReplicaManagerOptions)
  start(): void
  becomeLeaderOrFollower(request: LeaderAndIsrRequest, version: number): Promise<LeaderAndIsrResponseInput>
  stopReplicas(request: StopReplicaRequest, version: number): Promise<StopReplicaResponseInput>
  appendRecords(request: AppendRequest): Promise<AppendResult[]>
  fetch(params: FetchParams, partitions: readonly FetchPartition[]): Promise<FetchResult[]>
  listOffsets(request: ListOffsetsRequest, version: number): Promise<ListOffsetsResponseInput>
  deleteRecords(request: DeleteRecordsRequest): Promise<DeleteRecordsResponseInput>
  offsetsForLeaderEpochs(request: OffsetForLeaderEpochRequest): OffsetForLeaderEpochResponseInput
  describeLogDirs(request: DescribeLogDirsRequest): DescribeLogDirsResponseInput
  /** Brokers came or went. */
  onMetadataUpdate(): void
  updateTopicConfig(topic: string, entries: Readonly<Record<string, string>>): void
  leaderOf(topic: string, partition: number): LeaderOfPartition
  shutdown(): Promise<void>
}
export type { ErrorName }
