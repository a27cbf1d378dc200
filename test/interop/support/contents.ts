import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import type { JavaConsumedRecord, JavaDriver } from './driver.ts'

/** Everything that clients can find out about the data of a cluster, by topic and partition. */
export interface Contents {
  /** As the consumer reads them with `read_uncommitted`, from the start of each log. */
  readonly records: Readonly<Record<string, readonly JavaConsumedRecord[]>>
  /** The same with `read_committed`. */
  readonly committed: Readonly<Record<string, readonly JavaConsumedRecord[]>>
  /** What ListOffsets answers: start, end, end of the committed part, latest time, and lookups by time. */
  readonly offsets: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Where each leader epoch ends, from 0 to the last one that there are records of. */
  readonly epochs: Readonly<Record<string, readonly unknown[]>>
  readonly topicIds: Readonly<Record<string, string>>
  /** Settings that the topics have of their own. */
  readonly configs: Readonly<Record<string, Readonly<Record<string, string>>>>
}

interface Partition {
  readonly topic: string
  readonly partition: number
  readonly port: number
}

const METADATA = 3
const LIST_OFFSETS = 2
const DESCRIBE_CONFIGS = 32
const OFFSET_FOR_LEADER_EPOCH = 23
const DYNAMIC_TOPIC_CONFIG = 1
const EARLIEST = -2
const LATEST = -1
const MAX_TIMESTAMP = -3
const ZERO_ID = 'AAAAAAAAAAAAAAAAAAAAAA'

/**
 * `bootstrapPort` is that of any broker. Topics are those given, else all that there are; those for which `hasNoTimes` says
 * so are not asked for offsets by time.
 */
export async function contentsOf(
  java: JavaDriver,
  bootstrapPort: number,
  options: ContentsOptions = {},
): Promise<Contents> {
  // A cluster that has just started moves leaders to their preferred brokers: whoever was asked may not lead any more.
  for (let attempt = 1; ; attempt++) {
    try {
      return await readContents(java, bootstrapPort, options)
    } catch (error) {
      if (attempt === 6 || !/: error [56]$/.test(String(error))) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

interface ContentsOptions {
  readonly topics?: readonly string[]
  readonly hasNoTimes?: (topic: string) => boolean
}

async function readContents(
  java: JavaDriver,
  bootstrapPort: number,
  options: ContentsOptions,
): Promise<Contents> {
  const { partitions, topicIds } = await partitionsOf(java, bootstrapPort, options.topics)
  const records = await readAll(java, bootstrapPort, partitions, 'read_uncommitted')
  return {
    records,
    committed: await readAll(java, bootstrapPort, partitions, 'read_committed'),
    offsets: await offsetsOf(java, partitions, records, options.hasNoTimes ?? (() => false)),
    epochs: await epochsOf(java, partitions, records),
    topicIds,
    configs: await configsOf(java, bootstrapPort, Object.keys(topicIds)),
  }
}

export interface PartitionState {
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly isrNodes: readonly number[]
  readonly replicaNodes: readonly number[]
}

interface MetadataAnswer {
  readonly brokers: readonly { nodeId: number; port: number }[]
  readonly topics: readonly {
    readonly name: string
    readonly topicId: string
    readonly partitions: readonly (PartitionState & { partitionIndex: number; errorCode: number })[]
  }[]
}

export async function metadataOf(
  java: JavaDriver,
  port: number,
  topics?: readonly string[],
): Promise<MetadataAnswer> {
  const body = {
    topics: topics?.map((name) => ({ name, topicId: ZERO_ID })) ?? null,
    allowAutoTopicCreation: false,
    includeTopicAuthorizedOperations: false,
  }
  const { response } = await java.send({ port, apiKey: METADATA, version: 12, body })
  return response as MetadataAnswer
}

/** The port of the broker that leads a partition. */
export async function leaderPort(
  java: JavaDriver,
  port: number,
  topic: string,
  partition = 0,
): Promise<number> {
  const { partitions } = await partitionsOf(java, port, [topic])
  const found = partitions.find((each) => each.partition === partition)
  if (found === undefined) throw new Error(`${topic}-${partition} does not exist`)
  return found.port
}

/** Waits until every partition has a leader that says so itself. */
async function partitionsOf(java: JavaDriver, port: number, topics: readonly string[] | undefined) {
  for (let attempt = 0; ; attempt++) {
    const found = await findPartitions(java, port, topics)
    const problem =
      found.leaderless.length > 0
        ? `without a leader: ${found.leaderless.join(', ')}`
        : await listOffsets(java, found.partitions, () => EARLIEST).then(
            () => undefined,
            (error: unknown) => String(error),
          )
    if (problem === undefined) return found
    if (attempt === 200) throw new Error(problem)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function findPartitions(java: JavaDriver, port: number, topics: readonly string[] | undefined) {
  const { brokers, topics: found } = await metadataOf(java, port, topics)
  const ports = new Map(brokers.map(({ nodeId, port: at }) => [nodeId, at]))
  const all = found.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, leaderId }) => ({
      ...{ topic: name, partition: partitionIndex },
      port: ports.get(leaderId),
    })),
  )
  return {
    partitions: all.map((each): Partition => ({ ...each, port: each.port ?? 0 })),
    leaderless: [
      ...all.filter((each) => each.port === undefined).map(nameOf),
      // A broker that has just started knows no topic.
      ...found.filter(({ partitions }) => partitions.length === 0).map(({ name }) => name),
      ...(found.length === 0 ? ['(no topics)'] : []),
    ],
    topicIds: Object.fromEntries(found.map(({ name, topicId }) => [name, topicId])),
  }
}

const nameOf = ({ topic, partition }: { topic: string; partition: number }) => `${topic}-${partition}`

async function readAll(
  java: JavaDriver,
  port: number,
  partitions: readonly Partition[],
  isolation: 'read_committed' | 'read_uncommitted',
): Promise<Record<string, JavaConsumedRecord[]>> {
  const earliest = await listOffsets(java, partitions, () => EARLIEST)
  const config = { 'bootstrap.servers': `127.0.0.1:${port}`, 'isolation.level': isolation }
  const from = partitions.map(({ topic, partition }) => ({
    topic,
    partition,
    offset: earliest.get(`${topic}-${partition}`)?.offset ?? 0,
  }))
  const byPartition: Record<string, JavaConsumedRecord[]> = Object.fromEntries(
    partitions.map((each) => [nameOf(each), []]),
  )
  for (const record of await java.consume(config, from)) byPartition[nameOf(record)]?.push(record)
  return byPartition
}

interface ListedOffset {
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number
}

async function listOffsets(
  java: JavaDriver,
  partitions: readonly Partition[],
  timestampOf: (name: string) => number,
  isolationLevel = 0,
): Promise<Map<string, ListedOffset>> {
  const found = new Map<string, ListedOffset>()
  for (const [port, group] of byLeader(partitions)) {
    const topics = byTopic(group, (each) => ({
      partitionIndex: each.partition,
      currentLeaderEpoch: -1,
      timestamp: timestampOf(nameOf(each)),
    }))
    const body = { replicaId: -1, isolationLevel, topics }
    const { response } = await java.send({ port, apiKey: LIST_OFFSETS, version: 7, body })
    const answer = response as {
      topics: { name: string; partitions: (ListedOffset & { partitionIndex: number; errorCode: number })[] }[]
    }
    for (const { name, partitions: all } of answer.topics)
      for (const { partitionIndex, errorCode, offset, timestamp, leaderEpoch } of all) {
        if (errorCode !== 0) throw new Error(`ListOffsets of ${name}-${partitionIndex}: error ${errorCode}`)
        found.set(`${name}-${partitionIndex}`, { offset, timestamp, leaderEpoch })
      }
  }
  return found
}

/** Times to look up: before all, at some records, between two, after all. */
const SAMPLES = [0, 0.3, 0.5, 0.9, 1]

async function offsetsOf(
  java: JavaDriver,
  partitions: readonly Partition[],
  records: Contents['records'],
  hasNoTimes: (topic: string) => boolean,
): Promise<Contents['offsets']> {
  const timed = partitions.filter(({ topic }) => !hasNoTimes(topic))
  const asked: [string, (name: string) => number, number?][] = [
    ['start', () => EARLIEST],
    ['end', () => LATEST],
    ['committed end', () => LATEST, 1],
    ['latest time', () => MAX_TIMESTAMP],
    ['time 1', () => 1],
  ]
  for (const share of SAMPLES) {
    const at = (name: string) => {
      const all = records[name] ?? []
      return all[Math.floor(share * (all.length - 1))]?.timestamp ?? 0
    }
    asked.push([`time at ${share}`, at], [`time behind ${share}`, (name) => at(name) + 1])
  }
  const result: Record<string, Record<string, unknown>> = {}
  for (const [what, timestampOf, isolation] of asked) {
    const isByTime = !['start', 'end', 'committed end'].includes(what)
    const found = await listOffsets(java, isByTime ? timed : partitions, timestampOf, isolation)
    for (const [name, { offset, timestamp, leaderEpoch }] of found) {
      // Where there is no record the epoch is that of the present leader, which changes with every start.
      const hasEpoch = timestampOf(name) !== LATEST && (records[name]?.length ?? 0) > 0
      result[name] ??= {}
      result[name][what] = { offset, timestamp, ...(hasEpoch && { leaderEpoch }) }
    }
  }
  return result
}

async function epochsOf(
  java: JavaDriver,
  partitions: readonly Partition[],
  records: Contents['records'],
): Promise<Contents['epochs']> {
  const lastEpoch = (each: Partition) => records[nameOf(each)]?.at(-1)?.leaderEpoch ?? -1
  const highest = Math.max(...partitions.map(lastEpoch))
  const result: Record<string, unknown[]> = Object.fromEntries(partitions.map((each) => [nameOf(each), []]))
  for (let epoch = 0; epoch <= highest; epoch++) {
    for (const [port, group] of byLeader(partitions.filter((each) => lastEpoch(each) >= epoch))) {
      const topics = byTopic(group, ({ partition }) => ({
        partition,
        currentLeaderEpoch: -1,
        leaderEpoch: epoch,
      })).map(({ name, partitions: all }) => ({ topic: name, partitions: all }))
      const body = { replicaId: -1, topics }
      const { response } = await java.send({ port, apiKey: OFFSET_FOR_LEADER_EPOCH, version: 4, body })
      const answer = response as {
        topics: {
          topic: string
          partitions: { partition: number; leaderEpoch: number; endOffset: number }[]
        }[]
      }
      for (const { topic, partitions: all } of answer.topics)
        for (const { partition, leaderEpoch, endOffset } of all)
          result[`${topic}-${partition}`]?.push({ epoch, leaderEpoch, endOffset })
    }
  }
  return result
}

async function configsOf(
  java: JavaDriver,
  port: number,
  topics: readonly string[],
): Promise<Contents['configs']> {
  const resources = topics.map((resourceName) => ({
    resourceType: 2,
    resourceName,
    configurationKeys: null,
  }))
  const body = { resources, includeSynonyms: false, includeDocumentation: false }
  const { response } = await java.send({ port, apiKey: DESCRIBE_CONFIGS, version: 4, body })
  const { results } = response as {
    results: {
      resourceName: string
      configs: { name: string; value: string; configSource: number }[]
    }[]
  }
  return Object.fromEntries(
    results.map(({ resourceName, configs }) => [
      resourceName,
      Object.fromEntries(
        configs
          .filter(({ configSource }) => configSource === DYNAMIC_TOPIC_CONFIG)
          .map(({ name, value }) => [name, value]),
      ),
    ]),
  )
}

function byLeader(partitions: readonly Partition[]): Map<number, Partition[]> {
  return groupBy(partitions, ({ port }) => port)
}

function byTopic<T>(partitions: readonly Partition[], entry: (each: Partition) => T) {
  return [...groupBy(partitions, ({ topic }) => topic)].map(([name, all]) => ({
    name,
    partitions: all.map(entry),
  }))
}

function groupBy<T, K>(all: readonly T[], keyOf: (each: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const each of all) {
    const key = keyOf(each)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [each])
    else group.push(each)
  }
  return groups
}

/** Both say the same; of what does not, the first few pieces are shown. */
export function expectSameContents(found: Contents, expected: Contents): void {
  const differing: string[] = []
  for (const section of Object.keys(expected) as (keyof Contents)[]) {
    const [ours, theirs]: Record<string, unknown>[] = [found[section], expected[section]]
    for (const name of new Set([...Object.keys(ours ?? {}), ...Object.keys(theirs ?? {})])) {
      if (isDeepStrictEqual(ours?.[name], theirs?.[name])) continue
      differing.push(`${section} of ${name}: ${firstDifference(ours?.[name], theirs?.[name])}`)
    }
  }
  expect(differing.slice(0, 20), `${differing.length} differ`).toEqual([])
}

function firstDifference(found: unknown, expected: unknown): string {
  if (Array.isArray(found) && Array.isArray(expected)) {
    const at = expected.findIndex((each, i) => !isDeepStrictEqual(each, found[i]))
    const i = at === -1 ? expected.length : at
    const lengths = `${found.length} instead of ${expected.length}`
    return `${lengths}; at ${i} ${short(found[i])} instead of ${short(expected[i])}`
  }
  return `${short(found)} instead of ${short(expected)}`
}

const short = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, 1_000)
