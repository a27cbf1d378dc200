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
    return this.topicsByName.get(topic)?.partitions[partition]
  }

  /** `complete`: the answer names every topic there is, so others are gone. */
  update(response: MetadataResponse, complete: boolean): void {
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
    if (complete) this.topicsByName.clear()
    for (const topic of response.topics)
      if (topic.name !== null) this.topicsByName.set(topic.name, topicInfo(topic.name, topic))
  }
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
