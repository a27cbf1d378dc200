import type { Clock } from '../../../base/clock.ts'
import type { Address, Network } from '../../../base/network.ts'
import type { BrokerFault } from '../../../cluster/control/index.ts'
import { ERROR_CODES } from '../../../protocol/index.ts'
import { listOffsets } from '../../../protocol/messages/02-list-offsets.ts'
import { type MetadataResponse, metadata } from '../../../protocol/messages/03-metadata.ts'
import { BrokerLines } from './broker-lines.ts'

/** `silent`: registered or expected, and gives no answer. */
export type BrokerState = 'up' | 'killed' | 'paused' | 'silent'

export interface BrokerStatus {
  readonly id: number
  readonly state: BrokerState
  /** Null when it is not registered, or is reached through the data directory only. */
  readonly address: string | null
  readonly rack: string | null
  readonly isController: boolean
  /** Whether the controller counts it in. */
  readonly isRegistered: boolean
  readonly cutOffFrom: readonly number[]
  readonly isCutOffFromZooKeeper: boolean
}

export interface ReplicaStatus {
  readonly broker: number
  /** Behind its last record; null when it does not say. */
  readonly endOffset: number | null
}

export interface PartitionStatus {
  readonly topic: string
  readonly partition: number
  /** -1 when there is none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  /** As the leader has it; null when it does not say. */
  readonly highWatermark: number | null
  readonly replicas: readonly ReplicaStatus[]
}

export interface ClusterSnapshot {
  readonly clusterId: string | null
  /** -1 when there is none. */
  readonly controller: number
  /** Without internal ones. */
  readonly topicCount: number
  readonly brokers: readonly BrokerStatus[]
  /** By topic and number. */
  readonly partitions: readonly PartitionStatus[]
}

export interface PollerOptions {
  readonly network: Network
  readonly clock: Clock
  /** Where to look for brokers: ids of a local cluster, which may not be there yet, or addresses of another. */
  readonly seeds: () => readonly { readonly id: number | undefined; readonly address: Address }[]
  /** How a broker is reached that another one names. */
  readonly addressOf: (broker: { id: number; host: string; port: number }) => Address
  /** What clients outside call it, if they can reach it. */
  readonly shownAddress: (broker: { id: number; host: string; port: number }) => string | null
  /** What was done to the brokers; undefined where nobody knows. */
  readonly faults: () => Promise<readonly BrokerFault[] | undefined>
  /** How long a broker has for its answer. */
  readonly patienceMs: number
}

type Metadata = MetadataResponse
type Offsets = ReadonlyMap<string, number>

const LATEST = -1
const CONSUMER = -1
/** A client that may ask any replica how far it is, not only the leader (ListOffsetsRequest.DEBUGGING_REPLICA_ID). */
const DEBUGGER = -2

/**
 * Asks every broker for itself, as one that is cut off or stands still must not keep the others from being seen. What
 * leads where is taken from the broker that has heard most of it.
 */
export class ClusterPoller {
  private readonly options: PollerOptions
  private readonly lines: BrokerLines
  private known: ReadonlyMap<number, Address> = new Map()

  constructor(options: PollerOptions) {
    this.options = options
    this.lines = new BrokerLines({ ...options, pauses: false })
  }

  close(): void {
    this.lines.close()
  }

  /** Undefined when nobody answers. */
  async snapshot(): Promise<ClusterSnapshot | undefined> {
    const faults = new Map((await this.options.faults())?.map((fault) => [fault.id, fault]))
    const answers = await this.metadataOfAll(faults)
    const best = newest([...answers.values()])
    if (best === undefined) return undefined
    this.learn(best)
    const asked = [...this.known].filter(([id]) => isAsked(faults.get(id)))
    const ends = new Map(
      await Promise.all(asked.map(async ([id, at]) => [id, await this.endsOf(id, at, best)] as const)),
    )
    const watermarks = await this.watermarks(best, faults)
    return {
      clusterId: best.clusterId,
      controller: best.controllerId,
      topicCount: best.topics.filter(({ isInternal }) => !isInternal).length,
      brokers: this.brokers(best, faults, new Set([...ends].flatMap(([id, has]) => (has ? [id] : [])))),
      partitions: partitionsOf(best, ends, watermarks),
    }
  }

  private async metadataOfAll(faults: ReadonlyMap<number, BrokerFault>): Promise<Map<string, Metadata>> {
    const places = new Map<string, Address>()
    for (const { id, address } of this.options.seeds()) {
      if (id === undefined || isAsked(faults.get(id))) places.set(JSON.stringify(address), address)
    }
    for (const [id, address] of this.known)
      if (isAsked(faults.get(id))) places.set(JSON.stringify(address), address)
    const found = new Map<string, Metadata>()
    await Promise.all(
      [...places].map(async ([key, address]) => {
        const answer = await this.lines.ask(address, (connection) =>
          connection.send(metadata, {
            topics: connection.versionOf(metadata) === 0 ? [] : null,
            ...(connection.versionOf(metadata) >= 4 && { allowAutoTopicCreation: false }),
          }),
        )
        if (answer !== undefined) found.set(key, answer)
      }),
    )
    return found
  }

  private learn({ brokers }: Metadata): void {
    const known = new Map(this.known)
    for (const { id, address } of this.options.seeds()) if (id !== undefined) known.set(id, address)
    for (const { nodeId, host, port } of brokers) {
      known.set(nodeId, this.options.addressOf({ id: nodeId, host, port }))
    }
    this.known = known
  }

  /** How far its replicas are; undefined when it does not answer. */
  private endsOf(id: number, address: Address, { topics }: Metadata): Promise<Offsets | undefined> {
    const wanted = topics.flatMap(({ name, partitions }) =>
      partitions
        .filter(({ replicaNodes }) => replicaNodes.includes(id))
        .map(({ partitionIndex }) => ({ name: name ?? '', partitionIndex })),
    )
    return this.offsets(address, wanted, DEBUGGER)
  }

  private async watermarks({ topics }: Metadata, faults: ReadonlyMap<number, BrokerFault>): Promise<Offsets> {
    const byLeader = new Map<number, { name: string; partitionIndex: number }[]>()
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, leaderId } of partitions) {
        const wanted = byLeader.get(leaderId) ?? []
        wanted.push({ name: name ?? '', partitionIndex })
        byLeader.set(leaderId, wanted)
      }
    }
    const answers = await Promise.all(
      [...byLeader].map(([leader, wanted]) => {
        const address = this.known.get(leader)
        return address === undefined || !isAsked(faults.get(leader))
          ? undefined
          : this.offsets(address, wanted, CONSUMER)
      }),
    )
    return new Map(answers.flatMap((answer) => [...(answer ?? [])]))
  }

  private async offsets(
    address: Address,
    wanted: readonly { name: string; partitionIndex: number }[],
    replicaId: number,
  ): Promise<Offsets | undefined> {
    const byTopic = new Map<string, { partitionIndex: number; timestamp: number }[]>()
    for (const { name, partitionIndex } of wanted) {
      const partitions = byTopic.get(name) ?? []
      partitions.push({ partitionIndex, timestamp: LATEST })
      byTopic.set(name, partitions)
    }
    const answer = await this.lines.ask(address, async (connection) =>
      connection.send(listOffsets, {
        replicaId,
        ...(connection.versionOf(listOffsets) >= 2 && { isolationLevel: 0 }),
        topics: [...byTopic].map(([name, partitions]) => ({ name, partitions })),
      }),
    )
    if (answer === undefined) return undefined
    return new Map(
      answer.topics.flatMap(({ name, partitions }) =>
        partitions
          .filter(({ errorCode }) => errorCode === ERROR_CODES.NONE)
          .map(({ partitionIndex, offset }) => [keyOf(name, partitionIndex), offset] as const),
      ),
    )
  }

  private brokers(
    { brokers, controllerId }: Metadata,
    faults: ReadonlyMap<number, BrokerFault>,
    answering: ReadonlySet<number>,
  ): BrokerStatus[] {
    const registered = new Map(brokers.map((broker) => [broker.nodeId, { id: broker.nodeId, ...broker }]))
    const ids = [...new Set([...this.known.keys(), ...registered.keys()])].sort((a, b) => a - b)
    return ids.map((id) => {
      const fault = faults.get(id)
      const broker = registered.get(id)
      const isUp = fault === undefined || fault.state === 'up'
      return {
        id,
        state: isUp ? (answering.has(id) ? 'up' : 'silent') : fault.state,
        address: broker === undefined ? null : this.options.shownAddress(broker),
        rack: broker?.rack ?? null,
        isController: id === controllerId,
        isRegistered: broker !== undefined,
        cutOffFrom: fault?.cutOffFrom ?? [],
        isCutOffFromZooKeeper: fault?.isCutOffFromZooKeeper ?? false,
      }
    })
  }
}

export function keyOf(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** Nobody asks those of whom it is known that they do not answer. */
function isAsked(fault: BrokerFault | undefined): boolean {
  return fault === undefined || fault.state === 'up'
}

/** Every election makes an epoch larger, so whoever has the larger ones has heard more. */
export function newest(answers: readonly Metadata[]): Metadata | undefined {
  const heard = ({ topics }: Metadata) =>
    topics.reduce(
      (sum, { partitions }) => partitions.reduce((part, { leaderEpoch }) => part + leaderEpoch + 1, sum),
      0,
    )
  let best: Metadata | undefined
  for (const answer of answers) {
    if (best === undefined || heard(answer) > heard(best)) best = answer
  }
  return best
}

function partitionsOf(
  { topics }: Metadata,
  ends: ReadonlyMap<number, Offsets | undefined>,
  watermarks: Offsets,
): PartitionStatus[] {
  return topics
    .flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, leaderId, leaderEpoch, isrNodes, replicaNodes }) => {
        const key = keyOf(name ?? '', partitionIndex)
        return {
          topic: name ?? '',
          partition: partitionIndex,
          leader: leaderId,
          leaderEpoch,
          isr: isrNodes,
          highWatermark: watermarks.get(key) ?? null,
          replicas: replicaNodes.map((broker) => ({ broker, endOffset: ends.get(broker)?.get(key) ?? null })),
        }
      }),
    )
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}
