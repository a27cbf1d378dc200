import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { controllerHandlers } from '../../../src/broker/api/controller-handlers.ts'
import type { RequestContext } from '../../../src/broker/api/handler.ts'
import type { Fields } from '../../../src/protocol/index.ts'
import { eventually, TestCluster } from './support.ts'

/** A question to Apache Kafka 3.9.1, or a look at the znodes after it. */
interface Step {
  readonly name: string
  readonly apiKey?: number
  readonly version?: number
  readonly request?: unknown
  readonly response?: unknown
  readonly topic?: string
  readonly assignment?: unknown
  readonly state?: unknown
}

const file = path.join(import.meta.dirname, '../../golden/behaviour/reassignment.json')
const steps: Step[] = JSON.parse(fs.readFileSync(file, 'utf8'))

/** What happened before a step without anybody asking: followers caught up, a session expired. */
const BEFORE: Readonly<Record<string, (cluster: TestCluster) => Promise<unknown>>> = {
  'more replicas: znodes': (cluster) => cluster.setIsr('moves', 0, [0, 1, 2]),
  'another target on the way: znodes': (cluster) => cluster.setIsr('moves', 0, [0, 1]),
  'its broker is dead': (cluster) => cluster.broker(2).die(),
}

async function ask(cluster: TestCluster, { name, apiKey, version = 0, request }: Step): Promise<unknown> {
  const { controller, cache, admin: topicAdmin } = cluster.broker(name.includes('not the controller') ? 1 : 0)
  const { clock } = cluster
  const handlers = controllerHandlers({ controller, cache, topicAdmin, clock, isDeletionEnabled: () => true })
  const found = handlers.find(({ spec }) => spec.key === apiKey)
  if (found === undefined) throw new Error(`nobody answers API ${apiKey}`)
  const { spec } = found
  const decoded = spec.request.decodeBuffer(spec.request.encodeBuffer(version, request as Fields), version)
  const context = { apiVersion: version } as RequestContext
  const answer = (await found.handle(decoded as never, context)) as Fields
  return spec.response.decodeBuffer(spec.response.encodeBuffer(version, answer as never), version)
}

/** Lists that come out of hash maps have no order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, sorted(inner)]))
}

async function znodes(cluster: TestCluster, topic: string) {
  const json = await cluster.json(`/brokers/topics/${topic}`)
  const { leader, isr, leader_epoch: leaderEpoch } = await cluster.state(topic, 0)
  const { partitions, adding_replicas: adding, removing_replicas: removing } = json
  return { assignment: { partitions, adding, removing }, state: { leader, isr, leaderEpoch } }
}

test('reassignments and elections, step by step', async () => {
  expect(steps[0]).toMatchObject({ name: 'brokers', controller: 0, near: 1, far: 2 })
  const cluster = await TestCluster.open(3)
  await cluster.createTopic('moves', [
    [0, 1],
    [1, 0],
  ])
  await cluster.createTopic('dies', [[2, 0]])
  await cluster.createTopic('alone', [[2]])
  for (const step of steps.slice(1)) {
    await BEFORE[step.name]?.(cluster)
    if (step.apiKey === undefined) {
      const { assignment, state } = step
      await eventually(async () =>
        expect(await znodes(cluster, step.topic ?? ''), step.name).toEqual({ assignment, state }),
      )
    } else {
      const answer = sorted(await ask(cluster, step))
      expect(answer, step.name).toMatchObject(sorted(step.response) as object)
    }
  }
})
