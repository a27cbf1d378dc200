import type { Clock } from '../../../base/clock.ts'
import type { Address } from '../../../base/network.ts'
import { errorInfo } from '../../../protocol/index.ts'
import { type MetadataResponse, metadata } from '../../../protocol/messages/03-metadata.ts'
import type { BrokerLines } from '../cluster/broker-lines.ts'
import { keyOf, newest } from '../cluster/status-snapshot.ts'
import { askGroups } from './ask-groups.ts'
import { askLogDirs, askOffsets, byTopic, type LogDirsAnswer } from './ask-logs.ts'
import type { BrokerLook, BrokerState, GroupLook, Look, PartitionLook, ZnodeLook } from './look.ts'

export interface TopPollerOptions {
  readonly lines: BrokerLines
  readonly clock: Clock
  /** Where to look for brokers until one has told who the others are. */
  readonly seeds: readonly Address[]
  /** How a broker is reached that another one names. */
  readonly addressOf: (host: string, port: number) => Address
  /** What people call it, if they can reach it. */
  readonly shownAddress: (broker: { id: number; host: string; port: number }) => string | null
  readonly znodes: () => Promise<ZnodeLook | null | undefined>
}

/** Where logs begin changes slowly: it is asked for now and then. */
const STARTS_EVERY_MS = 10_000

interface Answers {
  readonly broker: number
  readonly ends: ReadonlyMap<string, number> | undefined
  readonly starts: ReadonlyMap<string, number> | undefined
  readonly disks: LogDirsAnswer | undefined
  readonly groups: readonly GroupLook[] | undefined
}

interface Partition {
  readonly topic: string
  readonly partition: number
  readonly leader: number
  readonly isr: readonly number[]
  readonly replicas: readonly number[]
  readonly offlineReplicas: readonly number[]
}

/**
 * Looks at a whole cluster with a handful of requests: Metadata to two brokers; ListOffsets, DescribeLogDirs, ListGroups,
 * DescribeGroups and OffsetFetch to each. All brokers are asked beside each other.
 */
export class TopPoller {
  private readonly options: TopPollerOptions
  private readonly known = new Map<
    number,
    { readonly address: Address; readonly rack: string | null; readonly shown: string | null }
  >()
  private controller = -1
  private turn = 0
  private starts = new Map<string, number>()
  private startsDueMs = 0

  constructor(options: TopPollerOptions) {
    this.options = options
  }

  close(): void {
    this.options.lines.close()
  }

  /** Undefined when nobody answers. */
  async look(): Promise<Look | undefined> {
    const { clock, lines } = this.options
    const znodes = this.options.znodes()
    const found = await this.metadata()
    if (found === undefined) return undefined
    this.learn(found)
    const partitions = partitionsOf(found)
    if (clock.monotonicMs() >= this.startsDueMs) {
      this.starts = new Map()
      this.startsDueMs = clock.monotonicMs() + STARTS_EVERY_MS
    }
    const asked = found.brokers.map(async ({ nodeId, host, port }): Promise<Answers> => {
      const address = this.options.addressOf(host, port)
      const led = partitions.filter(({ leader }) => leader === nodeId)
      const fresh = led.filter(({ topic, partition }) => !this.starts.has(keyOf(topic, partition)))
      const offsets = (of: readonly Partition[], end: 'latest' | 'earliest') =>
        of.length === 0 ? undefined : lines.ask(address, (each) => askOffsets(each, byTopic(of), end))
      const [ends, starts, disks, groups] = await Promise.all([
        offsets(led, 'latest'),
        offsets(fresh, 'earliest'),
        lines.ask(address, askLogDirs),
        lines.ask(address, (each) => askGroups(each, nodeId)),
      ])
      return { broker: nodeId, ends, starts, disks, groups }
    })
    const answers = await Promise.all(asked)
    for (const { starts } of answers) for (const [key, offset] of starts ?? []) this.starts.set(key, offset)
    return this.assemble(found, partitions, answers, await znodes)
  }

  /** Of two brokers, for one that is cut off from the others does not hear how things are. */
  private async metadata(): Promise<MetadataResponse | undefined> {
    const ids = [...this.known.keys()]
    const others = ids.filter((id) => id !== this.controller)
    const next = others[this.turn++ % Math.max(1, others.length)]
    const two = [this.controller, next].flatMap((id) => this.known.get(id ?? -1)?.address ?? [])
    const [first, second] = await Promise.all(two.map((address) => this.metadataOf(address)))
    if (first !== undefined || second !== undefined)
      return newest([first, second].filter((each) => each !== undefined))
    const all = [...[...this.known.values()].map(({ address }) => address), ...this.options.seeds]
    const answers = await Promise.all(all.map((address) => this.metadataOf(address)))
    return newest(answers.filter((each) => each !== undefined))
  }

  private metadataOf(address: Address): Promise<MetadataResponse | undefined> {
    return this.options.lines.ask(address, (connection) => {
      const version = connection.versionOf(metadata)
      return connection.send(metadata, {
        topics: version === 0 ? [] : null,
        ...(version >= 4 && { allowAutoTopicCreation: false }),
      })
    })
  }

  private learn({ brokers, controllerId }: MetadataResponse): void {
    this.controller = controllerId
    for (const { nodeId: id, host, port, rack } of brokers) {
      const shown = this.options.shownAddress({ id, host, port })
      this.known.set(id, { address: this.options.addressOf(host, port), rack, shown })
    }
  }

  private assemble(
    found: MetadataResponse,
    partitions: readonly Partition[],
    answers: readonly Answers[],
    znodes: ZnodeLook | null | undefined,
  ): Look {
    const { clock } = this.options
    const byBroker = new Map(answers.map((each) => [each.broker, each]))
    const groups = answers
      .flatMap((each) => each.groups ?? [])
      .sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
    return {
      atMs: clock.monotonicMs(),
      timeMs: clock.nowMs(),
      clusterId: found.clusterId,
      controller: found.controllerId,
      brokers: this.brokers(found, partitions, byBroker),
      partitions: partitions.map((each) => this.partition(each, byBroker)),
      groups,
      withoutGroups: answers.filter((each) => each.groups === undefined).map(({ broker }) => broker),
      znodes,
      problems: problemsOf(found, answers),
    }
  }

  private brokers(
    { brokers, controllerId }: MetadataResponse,
    partitions: readonly Partition[],
    answers: ReadonlyMap<number, Answers>,
  ): BrokerLook[] {
    const registered = new Set(brokers.map(({ nodeId }) => nodeId))
    const ids = new Set([...this.known.keys(), ...partitions.flatMap(({ replicas }) => replicas)])
    return [...ids]
      .sort((a, b) => a - b)
      .map((id) => {
        const disks = answers.get(id)?.disks
        const state: BrokerState = !registered.has(id) ? 'gone' : isAnswer(answers.get(id)) ? 'up' : 'silent'
        return {
          id,
          address: this.known.get(id)?.shown ?? null,
          rack: this.known.get(id)?.rack ?? null,
          isController: id === controllerId,
          state,
          logDirs: disks?.logDirs ?? null,
        }
      })
  }

  private partition({ replicas, ...each }: Partition, answers: ReadonlyMap<number, Answers>): PartitionLook {
    const key = keyOf(each.topic, each.partition)
    return {
      ...each,
      replicas: replicas.map((broker) => {
        const copy = answers.get(broker)?.disks?.replicas.get(key)
        return { broker, sizeBytes: copy?.sizeBytes ?? null, lag: copy?.lag ?? null }
      }),
      startOffset: this.starts.get(key) ?? null,
      endOffset: answers.get(each.leader)?.ends?.get(key) ?? null,
    }
  }
}

function isAnswer(answers: Answers | undefined): boolean {
  return answers?.ends !== undefined || answers?.disks !== undefined || answers?.groups !== undefined
}

/** By topic and number. */
function partitionsOf({ topics }: MetadataResponse): Partition[] {
  return topics
    .flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, leaderId, isrNodes, replicaNodes, offlineReplicas }) => ({
        topic: name ?? '',
        partition: partitionIndex,
        leader: leaderId,
        isr: isrNodes,
        replicas: replicaNodes,
        offlineReplicas,
      })),
    )
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}

function problemsOf({ topics }: MetadataResponse, answers: readonly Answers[]): string[] {
  const refusals = answers.flatMap(({ broker, disks }) =>
    disks?.refusal ? [`broker ${broker} does not tell its sizes: ${disks.refusal}`] : [],
  )
  const topicErrors = topics
    .filter(({ errorCode, partitions }) => errorCode !== 0 && partitions.length === 0)
    .map(({ name, errorCode }) => `topic ${name}: ${errorInfo(errorCode).name}`)
  return [...refusals, ...topicErrors]
}
