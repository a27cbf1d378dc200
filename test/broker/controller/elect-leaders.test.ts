import { expect, test } from 'vitest'
import { electLeadersHandler } from '../../../src/broker/api/43-elect-leaders.ts'
import type { RequestContext } from '../../../src/broker/api/handler.ts'
import { eventually, TestCluster, turn } from './support.ts'

interface Answer {
  errorCode?: number
  replicaElectionResults?: { topic: string; partitionResult: { partitionId: number; errorCode: number }[] }[]
}

/** Partition 0 of `t` is led by broker 2, and broker 1 is to lead it. */
async function displaced(): Promise<TestCluster> {
  const cluster = await TestCluster.open(3)
  await cluster.createTopic('t', [[2, 1]])
  const [outcome] =
    (await cluster.active.controller.alterReassignments([{ topic: 't', partition: 0, replicas: [1, 2] }])) ??
    []
  expect(outcome?.error).toBeNull()
  await turn()
  return cluster
}

function ask(cluster: TestCluster, timeoutMs: number): Promise<Answer> {
  const { controller, cache } = cluster.active
  const handler = electLeadersHandler({ controller, cache, clock: cluster.clock })
  const request = { electionType: 0, topicPartitions: null, timeoutMs }
  return handler.handle(request as never, { apiVersion: 2 } as RequestContext) as Promise<Answer>
}

const codes = ({ replicaElectionResults }: Answer) =>
  replicaElectionResults?.flatMap(({ partitionResult }) => partitionResult.map(({ errorCode }) => errorCode))

test('answers once this broker has heard of the new leader', async () => {
  const cluster = await displaced()
  const { active } = cluster
  active.silentFor.add('UpdateMetadata')
  let answer: Answer | undefined
  void ask(cluster, 10_000).then((each) => {
    answer = each
  })
  await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 1 }))
  await turn()
  expect(answer).toBeUndefined()
  // The news comes with whatever the controller says next.
  const { cache } = cluster.broker(1)
  await eventually(() => expect(cache.partition('t', 0)).toMatchObject({ leader: 1 }))
  const update = active.requests('UpdateMetadata').at(-1)
  active.cache.updateMetadata(update?.body)
  await eventually(() => expect(answer && codes(answer)).toEqual([0]))
})

test('says when the time is over before that', async () => {
  const cluster = await displaced()
  cluster.active.silentFor.add('UpdateMetadata')
  const answer = ask(cluster, 3000)
  await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 1 }))
  await turn()
  await cluster.clock.advance(3100)
  expect(codes(await answer)).toEqual([7])
})

test('leaves those out that need none, when all are meant', async () => {
  const cluster = await displaced()
  await cluster.createTopic('fine', [[0], [1]])
  expect(codes(await ask(cluster, 10_000))).toEqual([0])
  expect(codes(await ask(cluster, 10_000))).toEqual([])
})
