import { ERROR_CODES } from '../../protocol/index.ts'
import { describeLogDirs } from '../../protocol/messages/35-describe-log-dirs.ts'
import { ClientCore } from '../core.ts'
import type { TopicInfo } from '../metadata.ts'
import { type BrokerError, ClientError } from '../net/index.ts'
import { type ListedOffset, listOffsetsOf, type OffsetSpec, type TopicPartition } from '../offsets.ts'
import type { ClientOptions } from '../options.ts'
import type * as acls from './acls.ts'
import * as cluster from './cluster.ts'
import * as configs from './configs.ts'
import type * as features from './features.ts'
import * as groupOffsets from './group-offsets.ts'
import * as groups from './groups.ts'
import type * as logDirs from './log-dirs.ts'
import * as partitions from './partitions.ts'
import type * as quotas from './quotas.ts'
import { type ItemResult, itemError } from './results.ts'
import type * as scram from './scram.ts'
import type * as tokens from './tokens.ts'
import * as topics from './topics.ts'
import type * as transactions from './transactions.ts'

/** A log directory of a broker, and the replicas in it. */
export interface LogDirDescription {
  readonly broker: number
  readonly logDir: string
  readonly error: BrokerError | null
  readonly partitions: readonly (TopicPartition & {
    readonly sizeBytes: number
    readonly offsetLag: number
    readonly isFuture: boolean
  })[]
  readonly totalBytes: number
  readonly usableBytes: number
}

/** Administration of a cluster. Calls about many items answer for each of them; they throw only when nobody answers. */
export class Admin {
  private readonly core: ClientCore

  constructor(options: ClientOptions) {
    this.core = new ClientCore(options)
  }

  createTopics(
    newTopics: readonly topics.NewTopic[],
    options: topics.MutationOptions = {},
  ): Promise<topics.CreatedTopic[]> {
    return topics.create(this.core, newTopics, options)
  }

  deleteTopics(selected: topics.TopicSelection, options: topics.TimeoutOptions = {}): Promise<ItemResult[]> {
    return topics.remove(this.core, selected, options)
  }

  createPartitions(
    growth: readonly topics.PartitionGrowth[],
    options: topics.MutationOptions = {},
  ): Promise<ItemResult[]> {
    return topics.grow(this.core, growth, options)
  }

  deleteRecords(
    targets: readonly (TopicPartition & { readonly beforeOffset: number })[],
    options: topics.TimeoutOptions = {},
  ): Promise<topics.TrimmedPartition[]> {
    return topics.trim(this.core, targets, options)
  }

  /** Every topic, internal ones included, by name. */
  async listTopics(): Promise<TopicInfo[]> {
    await this.core.retry(() => this.core.refresh(null))
    return [...this.core.metadata.topics.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** The named topics; one that does not exist has an `errorCode`. */
  async describeTopics(
    names: readonly string[],
    options: { readonly includeAuthorizedOperations?: boolean } = {},
  ): Promise<cluster.TopicDescription[]> {
    const { includeAuthorizedOperations = false } = options
    const operations = includeAuthorizedOperations
      ? await cluster.operationsOfTopics(this.core, names)
      : new Map<string, never>()
    await this.core.retry(() => this.core.refresh(names))
    return names.flatMap((name) => {
      const topic = this.core.metadata.topic(name)
      if (topic === undefined) return []
      const authorizedOperations = operations.get(name) ?? null
      // What was known before does not count: the question is what there is now.
      const partitions = topic.errorCode === ERROR_CODES.NONE ? topic.partitions : []
      return { ...topic, partitions, authorizedOperations }
    })
  }

  /** The names of topics by their ids; an id that no topic has is left out. */
  topicNames(topicIds: readonly string[]): Promise<Map<string, string>> {
    return cluster.topicNames(this.core, topicIds)
  }

  describeConfigs(
    resources: readonly configs.ConfigResource[],
    options: { names?: readonly string[]; includeSynonyms?: boolean; includeDocumentation?: boolean } = {},
  ): Promise<configs.DescribedConfig[]> {
    return configs.describe(this.core, resources, options)
  }

  incrementalAlterConfigs(
    changes: readonly {
      readonly resource: configs.ConfigResource
      readonly operations: readonly configs.ConfigOperation[]
    }[],
    options: { validateOnly?: boolean } = {},
  ): Promise<ItemResult[]> {
    return configs.alter(this.core, changes, options)
  }

  /** Replaces all that is set for a resource. Use {@link incrementalAlterConfigs} with brokers from 2.3 on. */
  alterConfigs(
    changes: readonly {
      readonly resource: configs.ConfigResource
      readonly entries: Readonly<Record<string, string>>
    }[],
    options: { validateOnly?: boolean } = {},
  ): Promise<ItemResult[]> {
    return configs.replace(this.core, changes, options)
  }

  /** Begins to move partitions to other replicas, or takes that back. */
  reassignPartitions(
    wanted: readonly partitions.WantedReplicas[],
    options: topics.TimeoutOptions = {},
  ): Promise<partitions.PartitionResult[]> {
    return partitions.reassign(this.core, wanted, options)
  }

  listReassignments(options: topics.TimeoutOptions = {}): Promise<partitions.Reassignment[]> {
    return partitions.listReassignments(this.core, options)
  }

  electLeaders(
    type: partitions.ElectionType,
    wanted: readonly TopicPartition[] | null,
    options: topics.TimeoutOptions = {},
  ): Promise<partitions.PartitionResult[]> {
    return partitions.elect(this.core, type, wanted, options)
  }

  listOffsets(
    wanted: readonly (TopicPartition & { readonly spec: OffsetSpec })[],
    options: { readCommitted?: boolean } = {},
  ): Promise<ListedOffset[]> {
    return listOffsetsOf(this.core, wanted, options)
  }

  describeCluster(
    options: { readonly includeAuthorizedOperations?: boolean } = {},
  ): Promise<cluster.ClusterDescription> {
    return cluster.describe(this.core, options)
  }

  /** Sizes on disk, of all brokers or of some. */
  async describeLogDirs(brokers?: readonly number[]): Promise<LogDirDescription[]> {
    const known = await this.brokerIds(brokers)
    const answers = await Promise.all((brokers ?? known).map((broker) => this.logDirsOf(broker)))
    return answers.flat()
  }

  /** Groups of every kind. */
  listGroups(filter: groups.ListGroupsFilter = {}): Promise<groups.ListedGroups> {
    return groups.list(this.core, filter)
  }

  /** Groups of consumers, and those that only have offsets. */
  async listConsumerGroups(filter: groups.ListGroupsFilter = {}): Promise<groups.ListedGroups> {
    const listed = await groups.list(this.core, filter)
    const isConsumer = ({ protocolType }: groups.GroupListing) =>
      protocolType === 'consumer' || protocolType === ''
    return { ...listed, groups: listed.groups.filter(isConsumer) }
  }

  describeConsumerGroups(
    groupIds: readonly string[],
    options: { readonly includeAuthorizedOperations?: boolean } = {},
  ): Promise<groups.GroupDescription[]> {
    return groups.describe(this.core, groupIds, options)
  }

  listConsumerGroupOffsets(
    groupIds: readonly string[],
    options: groupOffsets.FetchOffsetsOptions = {},
  ): Promise<groupOffsets.GroupOffsets[]> {
    return groupOffsets.fetchOffsets(this.core, groupIds, options)
  }

  /** Sets offsets of a group that nobody is in; a group that does not exist comes to be. */
  alterConsumerGroupOffsets(
    groupId: string,
    offsets: readonly groupOffsets.NewGroupOffset[],
  ): Promise<partitions.PartitionResult[]> {
    return groupOffsets.commitOffsets(this.core, groupId, offsets)
  }

  deleteConsumerGroups(groupIds: readonly string[]): Promise<ItemResult[]> {
    return groups.remove(this.core, groupIds)
  }

  deleteConsumerGroupOffsets(
    groupId: string,
    of: readonly TopicPartition[],
  ): Promise<partitions.PartitionResult[]> {
    return groupOffsets.deleteOffsets(this.core, groupId, of)
  }

  removeMembersFromConsumerGroup(
    groupId: string,
    members: readonly groups.MemberToRemove[] | 'all',
    options: { readonly reason?: string } = {},
  ): Promise<ItemResult[]> {
    return groups.removeMembers(this.core, groupId, members, options.reason)
  }

  // What follows is loaded when it is called: few commands need it.

  /** Begins to bring replicas into other directories of their brokers; naming the one it is in gives a move up. */
  async alterReplicaLogDirs(
    wanted: readonly logDirs.ReplicaLogDir[],
  ): Promise<logDirs.ReplicaLogDirResult[]> {
    return (await import('./log-dirs.ts')).alter(this.core, wanted)
  }

  /** In which directories replicas are, and where they are on their way to. */
  async describeReplicaLogDirs(replicas: readonly logDirs.Replica[]): Promise<logDirs.ReplicaLogDirInfo[]> {
    const described = await this.describeLogDirs([...new Set(replicas.map(({ broker }) => broker))])
    return (await import('./log-dirs.ts')).infosOf(replicas, described)
  }

  async describeAcls(filter: acls.AclFilter = {}): Promise<acls.AclBinding[]> {
    return (await import('./acls.ts')).describe(this.core, filter)
  }

  async createAcls(bindings: readonly acls.AclBinding[]): Promise<ItemResult[]> {
    return (await import('./acls.ts')).create(this.core, bindings)
  }

  async deleteAcls(filters: readonly acls.AclFilter[]): Promise<acls.DeletedAcls[]> {
    return (await import('./acls.ts')).remove(this.core, filters)
  }

  async describeClientQuotas(filter: quotas.QuotaFilter): Promise<quotas.ClientQuota[]> {
    return (await import('./quotas.ts')).describe(this.core, filter)
  }

  async alterClientQuotas(
    alterations: readonly quotas.QuotaAlteration[],
    options: { validateOnly?: boolean } = {},
  ): Promise<quotas.QuotaResult[]> {
    return (await import('./quotas.ts')).alter(this.core, alterations, options)
  }

  /** Of the named users, or of all. */
  async describeUserScramCredentials(
    users: readonly string[] | null = null,
  ): Promise<scram.UserScramCredentials[]> {
    return (await import('./scram.ts')).describe(this.core, users)
  }

  async alterUserScramCredentials(alterations: readonly scram.ScramAlteration[]): Promise<ItemResult[]> {
    return (await import('./scram.ts')).alter(this.core, alterations)
  }

  async createDelegationToken(options: tokens.CreateTokenOptions = {}): Promise<tokens.DelegationToken> {
    return (await import('./tokens.ts')).create(this.core, options)
  }

  /** Gives the new time of expiry. */
  async renewDelegationToken(hmac: Uint8Array, options: { renewPeriodMs?: number } = {}): Promise<number> {
    return (await import('./tokens.ts')).renew(this.core, hmac, options.renewPeriodMs ?? -1)
  }

  /** Gives the new time of expiry; without a period the token ends at once. */
  async expireDelegationToken(hmac: Uint8Array, options: { expiryPeriodMs?: number } = {}): Promise<number> {
    return (await import('./tokens.ts')).expire(this.core, hmac, options.expiryPeriodMs ?? -1)
  }

  async describeDelegationTokens(
    owners: readonly tokens.Principal[] | null = null,
  ): Promise<tokens.DelegationToken[]> {
    return (await import('./tokens.ts')).describe(this.core, owners)
  }

  async describeFeatures(): Promise<features.FeatureDescription> {
    return (await import('./features.ts')).describe(this.core)
  }

  async updateFeatures(
    updates: readonly features.FeatureUpdate[],
    options: topics.MutationOptions = {},
  ): Promise<ItemResult[]> {
    return (await import('./features.ts')).update(this.core, updates, options)
  }

  /** Producers that the leaders of partitions remember: with a transaction that hangs, or without. */
  async describeProducers(of: readonly TopicPartition[]): Promise<transactions.DescribedProducers[]> {
    return (await import('./transactions.ts')).describeProducersOf(this.core, of)
  }

  async listTransactions(
    filter: transactions.TransactionFilter = {},
  ): Promise<transactions.TransactionListing[]> {
    return (await import('./transactions.ts')).list(this.core, filter)
  }

  async describeTransactions(
    transactionalIds: readonly string[],
  ): Promise<transactions.TransactionDescription[]> {
    return (await import('./transactions.ts')).describe(this.core, transactionalIds)
  }

  async abortTransaction(spec: transactions.AbortedTransactionSpec): Promise<void> {
    return (await import('./transactions.ts')).abort(this.core, spec)
  }

  async fenceProducers(
    transactionalIds: readonly string[],
    options: topics.TimeoutOptions = {},
  ): Promise<transactions.FencedProducer[]> {
    return (await import('./transactions.ts')).fence(this.core, transactionalIds, options)
  }

  describeMetadataQuorum(): Promise<never> {
    return kraftOnly('describeMetadataQuorum', 'there is no metadata quorum')
  }

  unregisterBroker(): Promise<never> {
    return kraftOnly('unregisterBroker', 'a broker that is gone is not registered')
  }

  addRaftVoter(): Promise<never> {
    return kraftOnly('addRaftVoter', 'there is no metadata quorum')
  }

  removeRaftVoter(): Promise<never> {
    return kraftOnly('removeRaftVoter', 'there is no metadata quorum')
  }

  listClientMetricsResources(): Promise<never> {
    return kraftOnly('listClientMetricsResources', 'brokers collect no metrics of clients')
  }

  /** The versions of every API that a broker serves, by key. */
  async brokerApiVersions(broker: number): Promise<ReadonlyMap<number, { from: number; to: number }>> {
    await this.brokerIds([broker])
    return (await this.core.retry(() => this.core.connectionTo(broker))).brokerVersions
  }

  close(): Promise<void> {
    this.core.close()
    return Promise.resolve()
  }

  /** All brokers. Throws when one of the `wanted` is not among them. */
  private async brokerIds(wanted: readonly number[] = []): Promise<number[]> {
    await this.core.retry(() => this.core.refresh([]))
    const known = [...this.core.metadata.brokers.keys()].sort((a, b) => a - b)
    for (const id of wanted) if (!known.includes(id)) throw configs.unknownBroker(id, known)
    return known
  }

  private async logDirsOf(broker: number): Promise<LogDirDescription[]> {
    const response = await this.core.retry(async () =>
      (await this.core.connectionTo(broker)).send(describeLogDirs, { topics: null }),
    )
    return response.results.map((result) => ({
      broker,
      logDir: result.logDir,
      error: itemError(result.errorCode, null),
      totalBytes: result.totalBytes,
      usableBytes: result.usableBytes,
      partitions: result.topics.flatMap((topic) =>
        topic.partitions.map((partition) => ({
          topic: topic.name,
          partition: partition.partitionIndex,
          sizeBytes: partition.partitionSize,
          offsetLag: partition.offsetLag,
          isFuture: partition.isFutureKey,
        })),
      ),
    }))
  }
}

/** What only clusters without ZooKeeper can do (KRaft). */
function kraftOnly(call: string, reason: string): Promise<never> {
  const message = `${call} is for KRaft clusters; with ZooKeeper ${reason}`
  return Promise.reject(new ClientError('KCLI_KRAFT_ONLY', message, { retriable: false }))
}
