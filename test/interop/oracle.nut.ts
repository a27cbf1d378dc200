/** The same frames to kcli's brokers and to Apache Kafka's: the same answers, in every version. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SentFrame } from './support/driver.ts'
import { repositoryDir } from './support/environment.ts'
import { neutralAnswer } from './support/neutral.ts'
import { type Pair, startPair, type Target } from './support/pair.ts'
import { describeInterop } from './support/suite.ts'

interface Case {
  readonly name: string
  readonly response?: unknown
  readonly closed?: boolean
  readonly noAnswer?: boolean
}

interface Context {
  cases: Case[]
  readonly controller: number
}

type FrameCase = { readonly name: string }

type Scenario = (context: Context) => Promise<void>

/** The cases that the golden files were captured with. */
const golden = (name: string) =>
  import(/* @vite-ignore */ pathToFileURL(path.join(repositoryDir, 'scripts', 'golden', `${name}.mjs`)).href)

/** Where the answers may differ, and why that is no harm. */
const DIFFERENT: ReadonlySet<string> = new Set([
  // Which of two colliding names wins depends on the order in a hash set.
  'colliding name, creation allowed',
  // There are no loggers here whose levels could be asked for.
  'broker loggers',
  // The id of a topic that is still being made when the time is over: Kafka tells it, we do not.
  'assignment without replicas',
  'assignment with a negative broker',
  'timeout 0',
  // Kafka fails on it and answers nothing; we say INVALID_RECORD.
  'null records',
  // Kafka has no answer of its own (UNKNOWN_SERVER_ERROR); we say CORRUPT_MESSAGE.
  'unknown compression 6',
  // Here it is refused for good, as no transaction can be begun; Kafka looks for its coordinator.
  'transactional batch without a transaction',
  // Kafka takes any negative length for null; we refuse the frame.
  'Metadata version 1 with a negative array length below -1',
])

/** Thrown where a case would stop a broker. */
class EndOfCases extends Error {}

/** The answer depends on whether the topic of offsets, which the question before makes, is there yet. */
const TIMED: ReadonlySet<string> = new Set(['empty key'])

describeInterop('the oracle', ['kafka', 'driver'], () => {
  let pair: Pair

  beforeAll(async () => {
    pair = await startPair({
      // The scenarios' records are from 1970: either broker would delete them half a minute after its start.
      'log.retention.ms': '-1',
      'offsets.topic.num.partitions': '1',
      'transaction.state.log.num.partitions': '1',
    })
  })
  afterAll(() => pair?.stop())

  const contexts = new Map<Target, Context>()
  const contextOf = async (target: Target): Promise<Context> => {
    const known = contexts.get(target)
    if (known !== undefined) return known
    const { createContext } = (await golden('context')) as {
      createContext(kafka: object, driver: object): Promise<Context>
    }
    const stopBroker = () => Promise.reject(new EndOfCases())
    const context = await createContext({ ports: target.ports, stopBroker }, pair.java)
    contexts.set(target, context)
    return context
  }

  async function answers(target: Target, scenario: Scenario): Promise<Map<string, unknown>> {
    const context = await contextOf(target)
    context.cases = []
    await scenario(context).catch((error: unknown) => {
      if (!(error instanceof EndOfCases)) throw error
    })
    return new Map(
      context.cases
        .filter(({ name }) => !DIFFERENT.has(name))
        .map(({ name, response, closed, noAnswer }) => [name, neutralAnswer({ response, closed, noAnswer })]),
    )
  }

  it('every version: Metadata of a cluster without topics', async () => {
    const body = { topics: null, allowAutoTopicCreation: true, includeTopicAuthorizedOperations: true }
    await everyVersion(3, 1, 12, { ...body, includeClusterAuthorizedOperations: true })
  })

  it.each([
    ['behaviour-admin', 'createTopics'],
    ['behaviour-admin', 'deleteTopics'],
    ['behaviour-admin', 'createPartitions'],
    ['behaviour-admin', 'metadata'],
    ['behaviour-admin', 'describeConfigs'],
    ['behaviour-admin', 'alterConfigs'],
    ['behaviour-data', 'produce'],
    ['behaviour-data', 'fetch'],
    ['behaviour-data', 'offsets'],
    ['behaviour-data', 'coordination'],
  ])('%s: %s', async (file, name) => {
    const scenarios = (await golden(file)) as Record<string, Scenario>
    const scenario = scenarios[name]
    if (scenario === undefined) throw new Error(`no ${name} in ${file}`)
    const [ours, theirs] = await Promise.all([answers(pair.kcli, scenario), answers(pair.apache, scenario)])
    expect(theirs.size).toBeGreaterThan(5)
    expect([...ours.keys()]).toEqual([...theirs.keys()])
    // Only what differs is shown.
    const differing = [...theirs.keys()].filter(
      (one) => !TIMED.has(one) && !isDeepStrictEqual(ours.get(one), theirs.get(one)),
    )
    const pick = (all: Map<string, unknown>) =>
      Object.fromEntries(differing.map((one) => [one, all.get(one)]))
    expect(pick(ours)).toEqual(pick(theirs))
  })

  it('bytes that are no good request', async () => {
    const { frames } = (await golden('behaviour')) as { frames(port: number): Promise<FrameCase[]> }
    const [ours, theirs] = await Promise.all(
      [pair.kcli, pair.apache].map(({ ports }) => frames(ports[0] ?? 0)),
    )
    // Brokers of Apache Kafka hold more APIs, and which broker is which is in the long answers.
    const short = (cases: FrameCase[] | undefined) =>
      cases
        ?.filter(({ name }) => !DIFFERENT.has(name))
        .map(
          (one) => JSON.parse(JSON.stringify(one).replace(/"[0-9a-f]*… \(\d+ bytes\)"/, '"LONG"')) as unknown,
        )
    expect(short(ours)).toEqual(short(theirs))
  })

  const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA'
  const send = (port: number, apiKey: number, version: number, body: unknown) =>
    pair.java.send({ port, apiKey, version, body, timeoutMs: 10_000 }).then((frame) => describeFrame(frame))
  const describeFrame = ({ response, responseHex, closed, timedOut }: SentFrame) => ({
    response: neutralAnswer(response),
    isAnswered: responseHex !== undefined,
    closed,
    timedOut,
  })
  /** The leader of partition 0. */
  const leaderPort = async (target: Target, topic: string): Promise<number> => {
    const context = (await contextOf(target)) as Context & { leaderOf(topic: string): Promise<number> }
    return target.ports[await context.leaderOf(topic)] ?? 0
  }
  const everyVersion = async (
    apiKey: number,
    first: number,
    last: number,
    body: unknown,
    portOf: (target: Target) => Promise<number> = async (target) => (await contextOf(target)).controller,
  ) => {
    for (let version = first; version <= last; version++) {
      const [ours, theirs] = await Promise.all(
        [pair.kcli, pair.apache].map(async (target) => send(await portOf(target), apiKey, version, body)),
      )
      expect(ours, `API ${apiKey} version ${version}`).toEqual(theirs)
    }
  }
  const topicSpec = (name: string) => ({
    ...{ name, numPartitions: 1, replicationFactor: 3 },
    ...{ assignments: [], configs: [{ name: 'retention.ms', value: '-1' }] },
  })

  it('every version: Produce, Fetch, ListOffsets, OffsetForLeaderEpoch, DeleteRecords', async () => {
    const topic = 'versions'
    await everyVersion(19, 7, 7, { topics: [topicSpec(topic)], timeoutMs: 10_000, validateOnly: false })
    const leaders = new Map<Target, number>()
    for (const target of [pair.kcli, pair.apache]) leaders.set(target, await leaderPort(target, topic))
    const portOf = (target: Target) => Promise.resolve(leaders.get(target) ?? 0)
    for (const [first, last, magic] of [
      [0, 1, 0],
      [2, 2, 1],
      [3, 11, 2],
    ] as const) {
      const { base64 } = await pair.java.call<{ base64: string }>('records', {
        magic,
        records: [{ timestamp: magic === 0 ? -1 : 1_750_000_000_000, key: 'k', value: `magic ${magic}` }],
      })
      const topicData = [{ name: topic, partitionData: [{ index: 0, records: base64 }] }]
      await everyVersion(
        0,
        first,
        last,
        { transactionalId: null, acks: -1, timeoutMs: 10_000, topicData },
        portOf,
      )
    }
    for (const timestamp of [-1, -2, 1_750_000_000_000, 9_000_000_000_000]) {
      const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp, maxNumOffsets: 3 }]
      const body = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions }] }
      // By time, version 0 goes by the age of files.
      await everyVersion(2, timestamp < 0 ? 0 : 1, 9, body, portOf)
    }
    const epochs = { topic, partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }] }
    await everyVersion(23, 0, 4, { replicaId: -1, topics: [epochs] }, portOf)
    // Before version 4, Kafka fills converted messages up to the size of the stored ones.
    await everyVersion(1, 4, 12, fetchBody(topic, zeroId), portOf)
    const trim = { name: topic, partitions: [{ partitionIndex: 0, offset: 1 }] }
    await everyVersion(21, 0, 2, { topics: [trim], timeoutMs: 10_000 }, portOf)
  })

  const fetchBody = (topic: string, topicId: string) => ({
    ...{ replicaId: -1, maxWaitMs: 100, minBytes: 1, maxBytes: 1 << 20, isolationLevel: 0 },
    ...{ sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: '' },
    topics: [
      {
        topic,
        topicId,
        partitions: [
          {
            ...{ partition: 0, currentLeaderEpoch: -1, fetchOffset: 3, lastFetchedEpoch: -1 },
            ...{ logStartOffset: -1, partitionMaxBytes: 1 << 20 },
          },
        ],
      },
    ],
  })

  it('every version: Metadata, FindCoordinator, ApiVersions, InitProducerId, DescribeCluster', async () => {
    const named = (name: string) => ({ name, topicId: zeroId })
    const flags = {
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: true,
      includeTopicAuthorizedOperations: true,
    }
    await everyVersion(3, 0, 12, { topics: [named('versions')], ...flags })
    await everyVersion(3, 4, 12, { topics: [named('nowhere'), named('bad/name')], ...flags })
    const init = { transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
    // The first one of each broker has to wait for a block of ids.
    for (const target of [pair.kcli, pair.apache]) {
      const port = (await contextOf(target)).controller
      await expect
        .poll(async () => (await send(port, 22, 4, init)).response, { timeout: 10_000 })
        .toMatchObject({ errorCode: 0 })
    }
    await everyVersion(22, 0, 5, init)
    await everyVersion(60, 0, 1, { includeClusterAuthorizedOperations: true, endpointType: 1 })
    // Version 0 asks for the coordinator of a group.
    await everyVersion(10, 1, 6, { key: '', keyType: 9, coordinatorKeys: ['a', 'b'] })
  })

  it('every version: topics and their configurations', async () => {
    for (let version = 0; version <= 7; version++) {
      const topics = [topicSpec(`made-${version}`), topicSpec('versions')]
      await everyVersion(19, version, version, { topics, timeoutMs: 10_000, validateOnly: false })
      await Promise.all([pair.kcli, pair.apache].map((target) => leaderPort(target, `made-${version}`)))
    }
    for (let version = 0; version <= 3; version++) {
      const topics = ['made-0', 'nowhere'].map((name) => ({ name, count: 2 + version, assignments: null }))
      await everyVersion(37, version, version, { topics, timeoutMs: 10_000, validateOnly: false })
    }
    const resource = { resourceType: 2, resourceName: 'versions' }
    const keys = ['retention.ms', 'cleanup.policy', 'no.such']
    for (const includeSynonyms of [true, false]) {
      const described = { ...resource, configurationKeys: keys }
      await everyVersion(32, 0, 4, { resources: [described], includeSynonyms, includeDocumentation: false })
    }
    const configs = [{ name: 'segment.bytes', configOperation: 0, value: '100000' }]
    await everyVersion(44, 0, 1, { resources: [{ ...resource, configs }], validateOnly: false })
    await everyVersion(33, 0, 2, { resources: [{ ...resource, configs }], validateOnly: false })
    await everyVersion(32, 4, 4, {
      resources: [{ ...resource, configurationKeys: null }],
      ...{ includeSynonyms: true, includeDocumentation: false },
    })
    await everyVersion(35, 0, 4, { topics: [{ topic: 'versions', partitions: [0] }] })
    for (let version = 0; version <= 6; version++) {
      const names = [`made-${version}`, 'nowhere']
      const topics = names.map((name) => ({ name, topicId: zeroId }))
      await everyVersion(20, version, version, { topics, topicNames: names, timeoutMs: 10_000 })
    }
  })
})
