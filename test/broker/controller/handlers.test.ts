import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createTopicsHandler } from '../../../src/broker/api/19-create-topics.ts'
import { deleteTopicsHandler } from '../../../src/broker/api/20-delete-topics.ts'
import { createPartitionsHandler } from '../../../src/broker/api/37-create-partitions.ts'
import { controllerHandlers } from '../../../src/broker/api/controller-handlers.ts'
import type { ApiHandler, RequestContext } from '../../../src/broker/api/handler.ts'
import { ApiError } from '../../../src/broker/api-error.ts'
import type { Fields, Infer } from '../../../src/protocol/index.ts'
import { TestCluster, turn } from './support.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers of all kinds, as clients decode them
type Answer = any

/** Encodes and decodes both ways in the given version, as over the wire. */
async function ask(handler: ApiHandler, apiVersion: number, body: object): Promise<Answer> {
  const { request, response } = handler.spec
  const decoded = request.decodeBuffer(request.encodeBuffer(apiVersion, body), apiVersion)
  const context = { apiVersion } as RequestContext
  const answer = await answerOf(handler, decoded, context)
  return response.decodeBuffer(response.encodeBuffer(apiVersion, answer as object), apiVersion)
}

async function answerOf(handler: ApiHandler, decoded: Infer<Fields>, context: RequestContext) {
  try {
    return await handler.handle(decoded, context)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return handler.onError(decoded, error.errorCode, context)
  }
}

function golden(name: string): Answer {
  const url = new URL(`../../golden/protocol/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8'))
}

const deps = (cluster: TestCluster, isDeletionEnabled = true) => {
  const { controller, admin: topicAdmin, cache } = cluster.active
  return { controller, topicAdmin, cache, isDeletionEnabled: () => isDeletionEnabled }
}

describe('CreateTopics', () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7])('v%i answers what Apache Kafka answered', async (version) => {
    const cluster = await TestCluster.open(1)
    await cluster.createTopic('orders', [[0]])
    const { request, response } = golden(`19-CreateTopics-v${version}`)
    const answer = await ask(createTopicsHandler(deps(cluster)), version, request)
    // Ids are drawn, and which configurations there are is the config definition's business.
    const bare = ({ topicId: _, configs: __, ...topic }: Answer) => topic
    expect(answer.topics.map(bare)).toMatchObject(response.topics.map(bare))
  })
})

describe('CreatePartitions', () => {
  test.each([0, 1, 2, 3])('v%i answers what Apache Kafka answered', async (version) => {
    const cluster = await TestCluster.open(1)
    const { request, response } = golden(`37-CreatePartitions-v${version}`)
    await cluster.createTopic('orders', [[0]])
    const [created, assigned] = request.topics
    await cluster.createTopic(created.name, [[0], [0]])
    await cluster.createTopic(assigned.name, [[0]])
    expect(await ask(createPartitionsHandler(deps(cluster)), version, request)).toEqual(response)
  })
})

describe('DeleteTopics', () => {
  test.each([0, 1, 2, 3, 4, 5, 6])('v%i answers what Apache Kafka answered', async (version) => {
    const cluster = await TestCluster.open(1)
    const { request, response } = golden(`20-DeleteTopics-v${version}`)
    const handler = deleteTopicsHandler(deps(cluster))
    for (const { name, errorCode } of response.responses) {
      if (errorCode === 0) await cluster.createTopic(name, [[0]])
    }
    const idOf = (name: string) => cluster.active.cache.topicId(name)
    const wanted = { ...request }
    if (version === 6) {
      const { name } = response.responses[0]
      wanted.topics = [{ name: null, topicId: idOf(name) }, ...request.topics.slice(1)]
      response.responses[0].topicId = idOf(name)
    }
    const answer = await ask(handler, version, wanted)
    const byName = (topics: Answer) => [...topics].sort((a, b) => (a.name < b.name ? -1 : 1))
    expect(byName(answer.responses)).toMatchObject(byName(response.responses))
    await turn()
    expect((await cluster.client.getChildren('/brokers/topics')).children).toEqual([])
  })

  test('unknown ids, names with ids, names that cannot be', async () => {
    const cluster = await TestCluster.open(1)
    await cluster.createTopic('t', [[0]])
    const handler = deleteTopicsHandler(deps(cluster))
    const topicId = 'I7iIqibeQh6mcJvnnbp2nQ'
    const unknown = await ask(handler, 6, { topics: [{ name: null, topicId }], timeoutMs: 1000 })
    expect(unknown.responses).toEqual([{ name: null, topicId, errorCode: 100, errorMessage: null }])
    const both = await ask(handler, 6, { topics: [{ name: 't', topicId }], timeoutMs: 1000 })
    expect(both.responses[0].errorCode).toBe(42)
    const odd = await ask(handler, 5, { topicNames: ['no/name', ''], timeoutMs: 1000 })
    expect(odd.responses.map((each: Answer) => each.errorCode)).toEqual([3, 3])
    expect(await cluster.client.exists('/brokers/topics/t')).not.toBeNull()
  })

  test('switched off', async () => {
    const cluster = await TestCluster.open(1)
    await cluster.createTopic('t', [[0]])
    const handler = deleteTopicsHandler(deps(cluster, false))
    const codes = async (version: number, body: object) =>
      (await ask(handler, version, body)).responses.map((each: Answer) => each.errorCode)
    expect(await codes(2, { topicNames: ['t'], timeoutMs: 1 })).toEqual([42])
    expect(await codes(3, { topicNames: ['t'], timeoutMs: 1 })).toEqual([73])
  })
})

test('a broker that is not the controller says so', async () => {
  const cluster = await TestCluster.open(2)
  const { controller, admin: topicAdmin, cache } = cluster.broker(1)
  const handlers = controllerHandlers({
    controller,
    topicAdmin,
    cache,
    clock: cluster.clock,
    isDeletionEnabled: () => true,
  })
  const handler = (key: number) => handlers.find((each) => each.spec.key === key)!
  const create = await ask(handler(19), 7, {
    topics: [{ name: 't', numPartitions: 1, replicationFactor: 1 }],
  })
  expect(create.topics[0].errorCode).toBe(41)
  const remove = await ask(handler(20), 5, { topicNames: ['t'] })
  expect(remove.responses[0].errorCode).toBe(41)
  const grow = await ask(handler(37), 3, { topics: [{ name: 't', count: 2, assignments: null }] })
  expect(grow.results[0].errorCode).toBe(41)
  expect((await ask(handler(56), 3, { brokerId: 1, brokerEpoch: 1 })).errorCode).toBe(41)
  expect((await ask(handler(67), 0, { brokerId: 1, brokerEpoch: 1 })).errorCode).toBe(41)
  expect((await ask(handler(7), 3, { brokerId: 1, brokerEpoch: 1 })).errorCode).toBe(11)
})
