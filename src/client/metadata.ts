import type { MetadataResponse } from '../protocol/messages/03-metadata.ts'

/** One broker as the cluster names it. */
export interface BrokerNode {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

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

export interface TopicInfo {
  readonly name: string
  readonly topicId: string
  readonly isInternal: boolean
  readonly errorCode: number
  /** By partition number, ascending. */
  readonly partitions: readonly PartitionInfo[]
}

/** What a client knows of the cluster. Only answers of brokers change it. */
export class Metadata {
  private readonly nodes = new Map<number, BrokerNode>()
  private readonly topicsByName = new Map<string, TopicInfo>()
  clusterId: string | null = null
  controllerId = -1
  /** Rises with every answer, so that those who watch topics know when to look. */
  version = 0

  get brokers(): ReadonlyMap<number, BrokerNode> {
    return this.nodes
  }

  get topics(): ReadonlyMap<string, TopicInfo> {
    return this.topicsByName
  }

  topic(name: string): TopicInfo | undefined {
    return this.topicsByName.get(name)
  }

  partition(topic: string, partition: number): PartitionInfo | undefined {
    const info = this.topicsByName.get(topic)?.partitions[partition]
    return info?.partition === partition ? info : undefined
  }

  /** `complete`: the answer names every topic there is, so others are gone. */
  update(response: MetadataResponse, complete: boolean): void {
    this.version++
    this.nodes.clear()
    for (const broker of response.brokers) {
      this.nodes.set(broker.nodeId, {
        id: broker.nodeId,
        host: broker.host,
        port: broker.port,
        rack: broker.rack,
      })
    }
    this.clusterId = response.clusterId
    this.controllerId = response.controllerId
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
