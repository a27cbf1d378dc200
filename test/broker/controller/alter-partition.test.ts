import { describe, expect, test } from 'vitest'
import type { AlterPartitionRequest } from '../../../src/protocol/messages/56-alter-partition.ts'
import { eventually, TestCluster, turn } from './support.ts'

type Partition = AlterPartitionRequest['topics'][number]['partitions'][number]

async function clusterWithTopic(): Promise<TestCluster> {
  const cluster = await TestCluster.open(3)
  await cluster.createTopic('t', [
    [1, 2, 0],
    [2, 0, 1],
  ])
  return cluster
}

/** Asks as the leader of the first partition, unless told otherwise. */
async function alter(
  cluster: TestCluster,
  partition: Partial<Partition>,
  { from = 1, version = 3, topic = 't', brokerEpoch = cluster.broker(from).controller.brokerEpoch } = {},
) {
  const isr = partition.newIsr ?? []
  const answer = await cluster.active.controller.alterPartition(
    {
      brokerId: from,
      brokerEpoch,
      topics: [
        {
          topicName: version < 2 ? topic : '',
          topicId: version < 2 ? '' : cluster.active.cache.topicId(topic),
          partitions: [
            {
              partitionIndex: 0,
              leaderEpoch: 0,
              partitionEpoch: 0,
              leaderRecoveryState: 0,
              newIsrWithEpochs: isr.map((brokerId) => ({ brokerId, brokerEpoch: -1 })),
              ...partition,
              newIsr: isr,
            },
          ],
        },
      ],
    },
    version,
  )
  return { errorCode: answer.errorCode ?? 0, partition: answer.topics?.[0]?.partitions?.[0] }
}

describe('AlterPartition', () => {
  test('writes the ISR, answers the new partition epoch and tells all brokers', async () => {
    const cluster = await clusterWithTopic()
    expect((await alter(cluster, { newIsr: [1, 2] })).partition).toEqual({
      partitionIndex: 0,
      leaderId: 1,
      leaderEpoch: 0,
      isr: [1, 2],
      leaderRecoveryState: 0,
      partitionEpoch: 1,
    })
    expect(await cluster.text('/brokers/topics/t/partitions/0/state')).toBe(
      '{"controller_epoch":1,"leader":1,"version":1,"leader_epoch":0,"isr":[1,2]}',
    )
    await turn()
    expect(cluster.broker(0).cache.partition('t', 0)).toMatchObject({ isr: [1, 2], zkVersion: 1 })
    const next = await alter(cluster, { newIsr: [1], partitionEpoch: 1 }, { version: 1 })
    expect(next.partition?.partitionEpoch).toBe(2)
  })

  test('the same again is answered with the current state, also with an older partition epoch', async () => {
    const cluster = await clusterWithTopic()
    await alter(cluster, { newIsr: [1, 2] })
    const again = await alter(cluster, { newIsr: [1, 2] })
    expect(again.partition).toMatchObject({ isr: [1, 2], partitionEpoch: 1 })
    expect((await cluster.client.getData('/brokers/topics/t/partitions/0/state')).stat.version).toBe(1)
  })

  test.each<[string, number, Partial<Partition>, object]>([
    ['an old leader epoch', 74, { leaderEpoch: -1, newIsr: [1] }, {}],
    ['a leader epoch of the future', 41, { leaderEpoch: 1, newIsr: [1] }, {}],
    ['a partition epoch of the future', 41, { partitionEpoch: 1, newIsr: [1] }, {}],
    ['somebody who does not lead', 42, { newIsr: [2] }, { from: 2 }],
    ['a broker without a replica', 42, { newIsr: [1, 7] }, {}],
    ['no ISR at all', 42, { newIsr: [] }, {}],
    ['the same member twice', 42, { newIsr: [1, 1] }, {}],
    ['a leader that falls back into recovery', 42, { newIsr: [1], leaderRecoveryState: 1 }, {}],
    ['a recovering leader that is not alone', 42, { newIsr: [1, 2], leaderRecoveryState: 1 }, {}],
    ['an unknown partition', 3, { partitionIndex: 9, newIsr: [1] }, {}],
    ['an unknown topic', 100, { newIsr: [1] }, { topic: 'none' }],
    ['an unknown topic by name', 3, { newIsr: [1] }, { topic: 'none', version: 1 }],
  ])('refuses %s', async (_, errorCode, partition, options) => {
    const cluster = await clusterWithTopic()
    const answer = await alter(cluster, partition, options)
    expect(answer.errorCode).toBe(0)
    expect(answer.partition).toEqual({ partitionIndex: partition.partitionIndex ?? 0, errorCode })
    expect((await cluster.client.getData('/brokers/topics/t/partitions/0/state')).stat.version).toBe(0)
  })

  test('refuses what follows an older state', async () => {
    const cluster = await clusterWithTopic()
    await alter(cluster, { newIsr: [1, 2] })
    expect((await alter(cluster, { newIsr: [1] })).partition?.errorCode).toBe(95)
  })

  test('the znode was written behind the controller’s back', async () => {
    const cluster = await clusterWithTopic()
    const path = '/brokers/topics/t/partitions/0/state'
    await cluster.client.setData(path, Buffer.from((await cluster.text(path))!))
    expect((await alter(cluster, { newIsr: [1] })).partition?.errorCode).toBe(95)
    expect(await cluster.state('t', 0)).toMatchObject({ isr: [1, 2, 0] })
  })

  test('replicas that are not up do not join', async () => {
    const cluster = await clusterWithTopic()
    await cluster.broker(2).die()
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ isr: [1, 0] }))
    const state = { leaderEpoch: 1, partitionEpoch: 1, newIsr: [1, 0, 2] }
    expect((await alter(cluster, state)).partition?.errorCode).toBe(107)
    expect((await alter(cluster, state, { version: 1 })).partition?.errorCode).toBe(55)
  })

  test('brokers that are not registered so', async () => {
    const cluster = await clusterWithTopic()
    expect((await alter(cluster, { newIsr: [1] }, { brokerEpoch: 1 })).errorCode).toBe(77)
    const { controller } = cluster.broker(2)
    const request = { brokerId: 1, brokerEpoch: 0, topics: [] }
    expect(await controller.alterPartition(request, 3)).toEqual({ errorCode: 41 })
  })

  test('a leader loses against the controller that has taken its follower out meanwhile', async () => {
    const cluster = await clusterWithTopic()
    const death = cluster.broker(2).die()
    const first = await alter(cluster, { newIsr: [1, 2] })
    await death
    await eventually(async () => {
      const { isr, leader } = await cluster.state('t', 0)
      expect([leader, isr.includes(2)]).toEqual([1, false])
    })
    // Whichever came first, the leader must ask again with the state it is told.
    const late = await alter(cluster, {
      newIsr: [1, 2, 0],
      partitionEpoch: first.partition?.partitionEpoch ?? 0,
    })
    expect(late.partition?.errorCode).toBe(74)
  })

  test('many at once', async () => {
    const cluster = await clusterWithTopic()
    const answers = await Promise.all([[1, 2], [1, 0], [1]].map((newIsr) => alter(cluster, { newIsr })))
    expect(answers.map(({ partition }) => partition?.errorCode ?? 0)).toEqual([0, 95, 95])
  })
})

describe('AllocateProducerIds', () => {
  test('blocks of a thousand, written as Kafka does', async () => {
    const cluster = await TestCluster.open(2)
    const { controller } = cluster.active
    const ask = (brokerId: number) =>
      controller.allocateProducerIds({
        brokerId,
        brokerEpoch: cluster.broker(brokerId).controller.brokerEpoch,
      })
    expect(await Promise.all([ask(0), ask(1), ask(0)])).toEqual([
      { producerIdStart: 0, producerIdLen: 1000 },
      { producerIdStart: 1000, producerIdLen: 1000 },
      { producerIdStart: 2000, producerIdLen: 1000 },
    ])
    expect(await cluster.text('/latest_producer_id_block')).toBe(
      '{"version":1,"broker":0,"block_start":"2000","block_end":"2999"}',
    )
    expect(await controller.allocateProducerIds({ brokerId: 0, brokerEpoch: 0 })).toEqual({ errorCode: 77 })
    expect(await controller.allocateProducerIds({ brokerId: 5, brokerEpoch: 0 })).toEqual({ errorCode: 102 })
    const other = cluster.broker(1).controller
    expect(await other.allocateProducerIds({ brokerId: 1, brokerEpoch: 0 })).toEqual({ errorCode: 41 })
  })
})
