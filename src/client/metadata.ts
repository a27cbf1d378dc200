import type { MetadataResponse } from '../protocol/messages/03-metadata.ts'

/** One broker as the cluster names it. */
export interface BrokerNode {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** A partition with its leader and replicas, by the ids of brokers. */
export interface PartitionInfo {
  readonly partition: number
  /** -1 when there is none at the moment. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly offlineReplicas: readonly number[]
  readonly errorCode: number
}

/** A topic and its partitions. */
export interface TopicInfo {
  readonly name: string
  readonly topicId: string
  readonly isInternal: boolean
  readonly errorCode: number
  /** By partition number, ascending. */
  readonly partitions: readonly PartitionInfo[]
}

/** Who leads a partition, as an answer to a request for it said (KIP-951). */
export interface LearnedLeader {
  readonly topic: string
  readonly partition: number
  /** -1 when the answer does not say. */
  readonly leaderId: number
  readonly leaderEpoch: number
}

/** A broker as such an answer names it. */
export interface LearnedNode {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** What a client knows of the cluster. Only answers of brokers change it. */
export class Metadata {
  private readonly nodes = new Map<number, BrokerNode>()
  private readonly topicsByName = new Map<string, TopicInfo>()
  /** Topics that were asked for since the last look; only where unused ones are forgotten. */
  private readonly used: Set<string> | undefined
  clusterId: string | null = null
  controllerId = -1
  /** Rises with every answer, so that those who watch topics know when to look. */
  version = 0

  constructor(options: { readonly watchesUse?: boolean } = {}) {
    this.used = options.watchesUse ? new Set() : undefined
  }

  get brokers(): ReadonlyMap<number, BrokerNode> {
    return this.nodes
  }

  get topics(): ReadonlyMap<string, TopicInfo> {
    return this.topicsByName
  }

  topic(name: string): TopicInfo | undefined {
    this.used?.add(name)
    return this.topicsByName.get(name)
  }

  partition(topic: string, partition: number): PartitionInfo | undefined {
    const info = this.topicsByName.get(topic)?.partitions[partition]
    return info?.partition === partition ? info : undefined
  }

  /** Forgets the topics that nobody has asked for since the last call. */
  forgetUnused(): void {
    if (this.used === undefined) return
    for (const name of this.topicsByName.keys()) if (!this.used.has(name)) this.topicsByName.delete(name)
    this.used.clear()
  }

  /**
   * Takes leaders over that answers named, if they are newer than what is known (Metadata.updatePartitionLeadership).
   * True when something was new.
   */
  learnLeaders(leaders: readonly LearnedLeader[], nodes: readonly LearnedNode[]): boolean {
    let isNew = false
    for (const { topic, partition, leaderId, leaderEpoch } of leaders) {
      const known = this.partition(topic, partition)
      if (known === undefined || leaderId < 0 || leaderEpoch <= known.leaderEpoch) continue
      const node = nodes.find(({ nodeId }) => nodeId === leaderId)
      if (node !== undefined) this.setNode(node)
      if (!this.nodes.has(leaderId)) continue
      this.setPartition(topic, { ...known, leader: leaderId, leaderEpoch, errorCode: 0 })
      isNew = true
    }
    return isNew
  }

  private setNode({ nodeId, host, port, rack }: LearnedNode): void {
    this.nodes.set(nodeId, { id: nodeId, host, port, rack })
  }

  private setPartition(topic: string, partition: PartitionInfo): void {
    const info = this.topicsByName.get(topic)
    if (info === undefined) return
    const partitions = info.partitions.with(partition.partition, partition)
    this.topicsByName.set(topic, { ...info, partitions })
  }

  /** `complete`: the answer names every topic there is, so others are gone. */
  update(response: MetadataResponse, complete: boolean): void {
    this.version++
    // A broker that is just starting knows nobody, not even itself.
    if (response.brokers.length > 0) {
      this.nodes.clear()
      for (const broker of response.brokers) this.setNode(broker)
      this.clusterId = response.clusterId
      this.controllerId = response.controllerId
    }
    const before = complete ? new Map(this.topicsByName) : this.topicsByName
    if (complete) this.topicsByName.clear()
    for (const topic of response.topics) {
      if (topic.name === null) continue
      this.topicsByName.set(topic.name, merged(before.get(topic.name), topicInfo(topic.name, topic)))
    }
  }
}

/**
 * A broker that has just started, or lags behind, may not know a topic yet, or may name a leader from before: what was
 * known is kept then (Metadata.updateLatestMetadata and its lastSeenLeaderEpochs).
 */
function merged(before: TopicInfo | undefined, now: TopicInfo): TopicInfo {
  if (before === undefined) return now
  if (now.errorCode !== 0 && now.partitions.length === 0) return { ...before, errorCode: now.errorCode }
  if (before.topicId !== now.topicId) return now
  const partitions = now.partitions.map((partition, index) => {
    const known = before.partitions[index]
    const isOlder =
      known !== undefined && known.leaderEpoch > partition.leaderEpoch && partition.leaderEpoch >= 0
    return isOlder && known.partition === partition.partition ? known : partition
  })
  return { ...now, partitions }
}

function topicInfo(name: string, topic: MetadataResponse['topics'][number]): TopicInfo {
  const partitions = topic.partitions.map((partition) => ({
    partition: partition.partitionIndex,
    leader: partition.leaderId,
    leaderEpoch: partition.leaderEpoch,
    replicas: partition.replicaNodes,
    isr: partition.isrNodes,
    offlineReplicas: partition.offlineReplicas,
    errorCode: partition.errorCode,
  }))
  partitions.sort((a, b) => a.partition - b.partition)
  return {
    name,
    topicId: topic.topicId,
    isInternal: topic.isInternal,
    errorCode: topic.errorCode,
    partitions,
  }
}
