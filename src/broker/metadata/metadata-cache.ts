import { ZERO_UUID } from '../../base/uuid.ts'
import type { UpdateMetadataRequest } from '../../protocol/messages/06-update-metadata.ts'

/** What clients are told of a partition. */
export interface PartitionMetadata {
  /** -1 when there is no leader. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  /** All assigned replicas, the preferred leader first. */
  readonly replicas: readonly number[]
  /** Those of them that are not up. */
  readonly offlineReplicas: readonly number[]
  readonly controllerEpoch: number
  /** The version of the partition's state znode. */
  readonly zkVersion: number
}

export interface BrokerNode {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface MetadataEndpoint {
  readonly listenerName: string
  /** org.apache.kafka.common.security.auth.SecurityProtocol.id. */
  readonly securityProtocol: number
  readonly host: string
  readonly port: number
}

export interface AliveBroker {
  readonly id: number
  readonly rack: string | null
  readonly endpoints: readonly MetadataEndpoint[]
}

export interface MetadataChange {
  /** Topics of which at least one partition was in the update, deleted ones included. */
  readonly topics: ReadonlySet<string>
  readonly deletedPartitions: readonly { readonly topic: string; readonly partition: number }[]
}

/** The leader in an update about a partition whose topic is being deleted (LeaderAndIsr.LeaderDuringDelete). */
export const LEADER_DURING_DELETE = -2

const SECURITY_PROTOCOL_NAMES = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']

type PartitionStates = UpdateMetadataRequest['ungroupedPartitionStates']

/** What an update said of a topic is put in order when somebody asks for the topic: most are never asked for. */
class TopicMetadata {
  id = ZERO_UUID
  private told: PartitionStates | undefined
  private known: Map<number, PartitionMetadata> | undefined

  get partitions(): Map<number, PartitionMetadata> {
    this.known ??= new Map()
    if (this.told !== undefined) for (const state of this.told) this.known.set(state.partitionIndex, state)
    this.told = undefined
    return this.known
  }

  update(states: PartitionStates): void {
    if (this.told === undefined && this.known === undefined) this.told = states
    else for (const state of states) this.partitions.set(state.partitionIndex, state)
  }
}

/**
 * What this broker knows of the cluster: it is what the controller told it in UpdateMetadata requests, and what Metadata
 * requests are answered from (kafka.server.metadata.ZkMetadataCache). Updates are partial: partitions that an update does
 * not name stay as they are; the list of brokers is always complete.
 */
export class MetadataCache {
  /** Null until the broker knows it. */
  clusterId: string | null
  private controller: number | null = null
  private brokers: ReadonlyMap<number, AliveBroker> = new Map()
  private readonly topics = new Map<string, TopicMetadata>()
  private readonly namesById = new Map<string, string>()
  private readonly listeners = new Set<(change: MetadataChange) => void>()

  constructor(options: { clusterId?: string | null } = {}) {
    this.clusterId = options.clusterId ?? null
  }

  /** Null when no controller is known. */
  get controllerId(): number | null {
    return this.controller
  }

  updateMetadata(request: UpdateMetadataRequest): MetadataChange {
    this.controller = request.controllerId < 0 ? null : request.controllerId
    this.brokers = new Map(request.liveBrokers.map((broker) => [broker.id, aliveBroker(broker)]))
    const change = {
      topics: new Set<string>(),
      deletedPartitions: [] as { topic: string; partition: number }[],
    }
    // Up to version 4 partitions name their topic themselves, and there are no topic ids.
    for (const state of request.ungroupedPartitionStates)
      this.apply(state.topicName, ZERO_UUID, [state], change)
    for (const { topicName, topicId, partitionStates } of request.topicStates) {
      this.apply(topicName, topicId, partitionStates, change)
    }
    for (const listener of this.listeners) listener(change)
    return change
  }

  /** Called after each update. Returns the function that ends it. */
  onUpdate(listener: (change: MetadataChange) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  topicNames(): string[] {
    return [...this.topics.keys()]
  }

  hasTopic(name: string): boolean {
    return this.topics.has(name)
  }

  /** Sixteen zero bytes when the topic is not known, or has no id. */
  topicId(name: string): string {
    return this.topics.get(name)?.id ?? ZERO_UUID
  }

  topicName(id: string): string | undefined {
    return this.namesById.get(id)
  }

  /** Partitions by number; undefined when there is no such topic. */
  topic(name: string): ReadonlyMap<number, PartitionMetadata> | undefined {
    return this.topics.get(name)?.partitions
  }

  partition(topic: string, partition: number): PartitionMetadata | undefined {
    return this.topics.get(topic)?.partitions.get(partition)
  }

  isAlive(id: number): boolean {
    return this.brokers.has(id)
  }

  /** All brokers that are up, by id. */
  aliveBrokerList(): AliveBroker[] {
    return [...this.brokers.values()].sort((a, b) => a.id - b.id)
  }

  /** Those that have such a listener, by id. */
  aliveBrokers(listenerName: string): BrokerNode[] {
    return this.aliveBrokerList().flatMap((broker) => nodeOf(broker, listenerName) ?? [])
  }

  brokerEndpoint(id: number, listenerName: string): BrokerNode | undefined {
    const broker = this.brokers.get(id)
    return broker === undefined ? undefined : nodeOf(broker, listenerName)
  }

  private apply(
    name: string,
    id: string,
    states: PartitionStates,
    change: { topics: Set<string>; deletedPartitions: { topic: string; partition: number }[] },
  ): void {
    change.topics.add(name)
    if (states.length === 0) return
    if (!states.some((state) => state.leader === LEADER_DURING_DELETE)) {
      this.topicOf(name, id).update(states)
      return
    }
    for (const state of states) {
      if (state.leader === LEADER_DURING_DELETE) {
        this.remove(name, state.partitionIndex)
        change.deletedPartitions.push({ topic: name, partition: state.partitionIndex })
      } else {
        this.topicOf(name, id).update([state])
      }
    }
  }

  private topicOf(name: string, id: string): TopicMetadata {
    let topic = this.topics.get(name)
    if (topic === undefined) {
      topic = new TopicMetadata()
      this.topics.set(name, topic)
    }
    if (topic.id !== id) {
      this.namesById.delete(topic.id)
      topic.id = id
      if (id !== ZERO_UUID) this.namesById.set(id, name)
    }
    return topic
  }

  private remove(name: string, partition: number): void {
    const topic = this.topics.get(name)
    if (topic === undefined) return
    topic.partitions.delete(partition)
    if (topic.partitions.size > 0) return
    this.topics.delete(name)
    this.namesById.delete(topic.id)
  }
}

function aliveBroker(broker: UpdateMetadataRequest['liveBrokers'][number]): AliveBroker {
  const { id, rack, endpoints, v0Host: host, v0Port: port } = broker
  // Version 0 has one plaintext address; versions 1 and 2 name listeners by their security protocol.
  if (endpoints.length === 0 && host !== '') {
    return { id, rack, endpoints: [{ listenerName: 'PLAINTEXT', securityProtocol: 0, host, port }] }
  }
  return {
    id,
    rack,
    endpoints: endpoints.map((endpoint) => ({
      listenerName: endpoint.listener || (SECURITY_PROTOCOL_NAMES[endpoint.securityProtocol] ?? 'PLAINTEXT'),
      securityProtocol: endpoint.securityProtocol,
      host: endpoint.host,
      port: endpoint.port,
    })),
  }
}

function nodeOf({ id, rack, endpoints }: AliveBroker, listenerName: string): BrokerNode | undefined {
  const endpoint = endpoints.find((each) => each.listenerName === listenerName)
  return endpoint === undefined ? undefined : { id, host: endpoint.host, port: endpoint.port, rack }
}
