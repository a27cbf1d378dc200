export { partitionForKey as partitionOfKey } from '../base/murmur2.ts'
export type {
  AclBinding,
  AclFilter,
  AclPatternType,
  AclPermissionType,
  AclResourceType,
  DeletedAcls,
} from './admin/acls.ts'
export { Admin, type LogDirDescription } from './admin/admin.ts'
export type { ClusterDescription, TopicDescription } from './admin/cluster.ts'
export type {
  ConfigEntry,
  ConfigOperation,
  ConfigResource,
  ConfigSource,
  DescribedConfig,
} from './admin/configs.ts'
export type { FeatureDescription, FeatureUpdate } from './admin/features.ts'
export type { GroupOffset, GroupOffsets, NewGroupOffset } from './admin/group-offsets.ts'
export type {
  GroupDescription,
  GroupListing,
  GroupMember,
  ListedGroups,
  ListGroupsFilter,
  MemberToRemove,
} from './admin/groups.ts'
export type { Replica, ReplicaLogDir, ReplicaLogDirInfo, ReplicaLogDirResult } from './admin/log-dirs.ts'
export type { AclOperation } from './admin/operations.ts'
export type {
  ElectionType,
  PartitionResult,
  Reassignment,
  WantedReplicas,
} from './admin/partitions.ts'
export type { ClientQuota, QuotaAlteration, QuotaEntity, QuotaFilter, QuotaResult } from './admin/quotas.ts'
export type { ItemResult } from './admin/results.ts'
export type { ScramAlteration, ScramMechanism, UserScramCredentials } from './admin/scram.ts'
export type { CreateTokenOptions, DelegationToken, Principal } from './admin/tokens.ts'
export type {
  CreatedTopic,
  MutationOptions,
  NewTopic,
  PartitionGrowth,
  TrimmedPartition,
} from './admin/topics.ts'
export type {
  AbortedTransactionSpec,
  DescribedProducers,
  FencedProducer,
  ProducerState,
  TransactionDescription,
  TransactionFilter,
  TransactionListing,
} from './admin/transactions.ts'
export * from './config/index.ts'
export type {
  AssignorName,
  ClusterView,
  GroupMetadata,
  MemberAssignment,
  MemberSubscription,
  PartitionAssignor,
  PartitionRacks,
  RebalanceProtocol,
} from './consumer/assignors/assignor.ts'
export { TimeoutError, WakeupError } from './consumer/blocking.ts'
export type { ConsumerConfig } from './consumer/config.ts'
export { type Assignment, type CallOptions, Consumer } from './consumer/consumer.ts'
export { type ConsumerRecord, CorruptBatchError } from './consumer/fetch/fetched.ts'
export { LogTruncationError } from './consumer/fetch/validation.ts'
export type { CommitCallback, CommittedOffset } from './consumer/group/commits.ts'
export {
  CommitFailedError,
  RebalanceInProgressError,
  RetriableCommitFailedError,
} from './consumer/group/errors.ts'
export { NoOffsetError } from './consumer/positions.ts'
export type { RebalanceListener } from './consumer/subscription.ts'
export { UnreachableError } from './core.ts'
export type { BrokerNode, PartitionInfo, TopicInfo } from './metadata.ts'
export type { Metric } from './metrics/index.ts'
export {
  BrokerError,
  ClientError,
  Connection,
  NetworkError,
  RequestTimeoutError,
  UnsupportedVersionError,
} from './net/index.ts'
export type { ListedOffset, OffsetSpec, TopicPartition } from './offsets.ts'
export type { ClientOptions } from './options.ts'
export type { DeliveryCallback, RecordMetadata } from './producer/batch.ts'
export type { ProducerConfig } from './producer/config.ts'
export { DeliveryTimeoutError } from './producer/errors.ts'
export { type PartitionChoice, type Partitioner, roundRobinPartitioner } from './producer/partitioner.ts'
export { Producer, type ProducerRecord } from './producer/producer.ts'
