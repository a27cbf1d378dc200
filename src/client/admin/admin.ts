import { ERROR_CODES } from '../../protocol/index.ts'
import { describeLogDirs } from '../../protocol/messages/35-describe-log-dirs.ts'
import { describeCluster } from '../../protocol/messages/60-describe-cluster.ts'
import { ClientCore } from '../core.ts'
import type { BrokerNode, TopicInfo } from '../metadata.ts'
import { type BrokerError, UnsupportedVersionError } from '../net/index.ts'
import { type ListedOffset, listOffsetsOf, type OffsetSpec, type TopicPartition } from '../offsets.ts'
import type { ClientOptions } from '../options.ts'
import * as configs from './configs.ts'
import * as groupOffsets from './group-offsets.ts'
import * as groups from './groups.ts'
import * as partitions from './partitions.ts'
import { type ItemResult, itemError } from './results.ts'
import * as topics from './topics.ts'

export interface ClusterDescription {
  readonly clusterId: string | null
  readonly controllerId: number
  readonly brokers: readonly BrokerNode[]
}

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

  deleteTopics(names: readonly string[], options: topics.TimeoutOptions = {}): Promise<ItemResult[]> {
    return topics.remove(this.core, names, options)
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
  async describeTopics(names: readonly string[]): Promise<TopicInfo[]> {
    await this.core.retry(() => this.core.refresh(names))
    return names.flatMap((name) => {
      const topic = this.core.metadata.topic(name)
      if (topic === undefined) return []
      // What was known before does not count: the question is what there is now.
      return topic.errorCode === ERROR_CODES.NONE ? topic : { ...topic, partitions: [] }
    })
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

  /** Brokers older than 2.8 are asked by Metadata. */
  async describeCluster(): Promise<ClusterDescription> {
    return this.core.retry(async () => {
      try {
        const response = await this.core.sendToAny(describeCluster, {})
        const error = itemError(response.errorCode, response.errorMessage)
        if (error !== null) throw error
        const brokers = response.brokers.map(({ brokerId, host, port, rack }) => ({
          id: brokerId,
          host,
          port,
          rack,
        }))
        return { clusterId: response.clusterId, controllerId: response.controllerId, brokers: byId(brokers) }
      } catch (error) {
        if (!(error instanceof UnsupportedVersionError)) throw error
        await this.core.refresh([])
        const { clusterId, controllerId, brokers } = this.core.metadata
        return { clusterId, controllerId, brokers: byId([...brokers.values()]) }
      }
    })
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

function byId(brokers: readonly BrokerNode[]): BrokerNode[] {
  return [...brokers].sort((a, b) => a.id - b.id)
}
