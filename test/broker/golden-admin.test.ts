import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connection } from '../../src/client/net/index.ts'
import { type Fields, includesVersion, parseVersions } from '../../src/protocol/index.ts'
import { metadata } from '../../src/protocol/messages/03-metadata.ts'
import { createTopics } from '../../src/protocol/messages/19-create-topics.ts'
import { incrementalAlterConfigs } from '../../src/protocol/messages/44-incremental-alter-configs.ts'
import { APIS } from '../../src/protocol/messages/index.ts'
import { eventually, TestCluster } from './support/test-cluster.ts'

/** What three brokers of Apache Kafka 3.9.1 answered, broker 2 being the controller. */
interface Case {
  readonly name: string
  readonly apiKey: number
  readonly version: number
  readonly request: unknown
  readonly response: unknown
}

const GOLDEN = path.join(import.meta.dirname, '../golden/behaviour')
const load = (file: string) =>
  JSON.parse(fs.readFileSync(path.join(GOLDEN, `${file}.json`), 'utf8')) as Case[]

/** Where we answer otherwise, and why that is no harm. */
const DIFFERENT: ReadonlySet<string> = new Set([
  // A topic that is on its way when the time is over has an id that we do not tell.
  'assignment without replicas',
  'assignment with a negative broker',
  'timeout 0',
  // Which of two colliding names wins depends on the order in a hash set.
  'colliding name, creation allowed',
  // There are no loggers here whose levels could be asked for.
  'broker loggers',
])
const casesOf = (file: string) => load(file).filter(({ name }) => !DIFFERENT.has(name))

const CONTROLLER = 2
let cluster: TestCluster
let toController: Connection
let toAnother: Connection

beforeAll(async () => {
  cluster = await TestCluster.start({
    brokers: 0,
    properties: {
      'log.cleaner.dedupe.buffer.size': '2097152',
      'group.initial.rebalance.delay.ms': '0',
      'offsets.topic.num.partitions': '1',
      'offsets.topic.replication.factor': '3',
      'transaction.state.log.num.partitions': '1',
      'transaction.state.log.replication.factor': '3',
      'transaction.state.log.min.isr': '1',
      'zookeeper.connect': 'local',
      'zookeeper.connection.timeout.ms': '30000',
      'zookeeper.session.timeout.ms': '6000',
    },
  })
  await cluster.startBrokers([CONTROLLER])
  await cluster.startBrokers([0, 1])
  toController = await cluster.connect(CONTROLLER)
  toAnother = await cluster.connect(0)
  await eventually(async () => {
    const { brokers } = await toController.send(metadata, { topics: [] })
    return brokers.length === 3 ? true : undefined
  })
})
afterAll(() => cluster.close())

/** The answer, with only those fields that its version has, as the golden answers are written. */
async function ask({ name, apiKey, version, request }: Case): Promise<unknown> {
  const spec = APIS.get(apiKey)
  if (spec === undefined) throw new Error(`no API ${apiKey}`)
  const connection = name.includes('not the controller') ? toAnother : toController
  const response = await connection.send(spec, request as never, { version })
  return inVersion(spec.response.fields, version, response)
}

/** Only what the version has; tagged fields only where they say something. */
function inVersion(fields: Fields, version: number, value: unknown): unknown {
  const result: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    const inner = (value as Record<string, unknown>)[name]
    if (!includesVersion(parseVersions(field.versions), version)) continue
    if (field.options.tag !== undefined && inner === (field.options.default ?? 0)) continue
    const element = field.element
    const isOfStructs = Array.isArray(inner) && typeof element === 'object'
    result[name] = isOfStructs ? inner.map((each) => inVersion(element, version, each)) : inner
  }
  return result
}

/** Ids and addresses differ from run to run; lists that come out of hash maps have no order. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(comparable).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (value === null || typeof value !== 'object') return value
  const result: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'topicId') result[key] = inner === 'AAAAAAAAAAAAAAAAAAAAAA' ? 'none' : 'some'
    else if (key === 'clusterId') result[key] = inner === '' ? '' : 'some'
    else if (key === 'host' || key === 'port') result[key] = inner === '' || inner === -1 ? inner : 'some'
    else result[key] = comparable(inner)
  }
  return result
}

const newTopic = (name: string, extra = {}) => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...extra,
})
const create = (...topics: ReturnType<typeof newTopic>[]) =>
  toController.send(createTopics, { topics, timeoutMs: 10_000 })

describe('CreateTopics', () => {
  it.each(casesOf('create-topics'))('$name', async (golden) => {
    expect(comparable(await ask(golden))).toEqual(comparable(golden.response))
  })
})

describe('CreatePartitions', () => {
  beforeAll(() => create(newTopic('parts', { numPartitions: 2, replicationFactor: 2 })))
  it.each(casesOf('create-partitions'))('$name', async (golden) => {
    expect(comparable(await ask(golden))).toEqual(comparable(golden.response))
  })
})

describe('AlterConfigs and IncrementalAlterConfigs', () => {
  beforeAll(() => create(newTopic('altered')))
  it.each(casesOf('alter-configs'))('$name', async (golden) => {
    expect(comparable(await ask(golden))).toEqual(comparable(golden.response))
  })
})

describe('DescribeConfigs', () => {
  const change = (resourceName: string, value: string | null) =>
    toController.send(incrementalAlterConfigs, {
      resources: [
        {
          resourceType: 4,
          resourceName,
          configs: [{ name: 'log.retention.ms', configOperation: value === null ? 1 : 0, value }],
        },
      ],
    })
  beforeAll(async () => {
    await create(newTopic('described', { configs: [{ name: 'retention.ms', value: '3600000' }] }))
    await change('', '7200000')
    await change(String(CONTROLLER), '7300000')
    const broker = cluster.brokers.get(CONTROLLER)
    await eventually(() => (broker?.config.number('log.retention.ms') === 7_300_000 ? true : undefined))
  })
  afterAll(async () => {
    await change('', null)
    await change(String(CONTROLLER), null)
  })
  const without = (configs: { name: string }[]) =>
    configs.filter(
      ({ name }) => !['listeners', 'log.dirs', 'zookeeper.connect', 'broker.id', 'node.id'].includes(name),
    )

  it.each(casesOf('describe-configs'))('$name', async (golden) => {
    type Response = { results: { configs: { name: string }[] }[] }
    const [ours, theirs] = [await ask(golden), golden.response].map((response) => ({
      results: (response as Response).results.map((each) => ({ ...each, configs: without(each.configs) })),
    }))
    expect(comparable(ours)).toEqual(comparable(theirs))
  })
})

describe('Metadata', () => {
  it.each(casesOf('metadata'))('$name', async (golden) => {
    const expected = comparable(golden.response) as { topics: { errorCode: number }[] }
    if (golden.name === 'the topic a second later') {
      await eventually(async () => {
        const response = comparable(await ask(golden)) as { topics: { errorCode: number }[] }
        return response.topics[0]?.errorCode === 0 ? true : undefined
      })
    }
    const actual = comparable(await ask(golden))
    // Where the replicas come to lie is a matter of chance.
    const blur = (value: unknown) =>
      JSON.parse(
        JSON.stringify(value).replaceAll(/"(leaderId)":\d+|"(replicaNodes|isrNodes)":\[\d+\]/g, '"$1$2":"x"'),
      )
    expect(blur(actual)).toEqual(blur(expected))
  })
})

describe('DeleteTopics', () => {
  beforeAll(() => create(newTopic('gone-1'), newTopic('gone-2'), newTopic('gone-3')))
  it.each(casesOf('delete-topics'))('$name', async (golden) => {
    const response = await toController.send(metadata, { topics: [{ name: 'gone-2' }] })
    const topicId = response.topics[0]?.topicId
    const goldenId = load('delete-topics')
      .flatMap(({ request }) => (request as { topics?: { topicId: string }[] }).topics ?? [])
      .map((each) => each.topicId)
      .find((id) => id !== 'AAAAAAAAAAAAAAAAAAAAAA' && id !== 'c3RyYW5nZXN0cmFuZ2VyIQ')
    const request = JSON.parse(JSON.stringify(golden.request).replaceAll(goldenId ?? '?', topicId ?? '?'))
    expect(comparable(await ask({ ...golden, request }))).toEqual(comparable(golden.response))
  })
})

describe('coordination', () => {
  // Sizes of a disk; the cluster's brokers are compared with Metadata.
  const cases = load('coordination').filter(({ name }) => !name.startsWith('log dirs'))
  it.each(cases)('$name', async (golden) => {
    expect(comparable(await ask(golden))).toEqual(comparable(golden.response))
  })
})
