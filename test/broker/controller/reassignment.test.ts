import { describe, expect, test } from 'vitest'
import type { ReplicaAssignment } from '../../../src/broker/zk/index.ts'
import { eventually, type TestBroker, TestCluster, turn } from './support.ts'

const REASSIGN = '/admin/reassign_partitions'

async function alter(cluster: TestCluster, replicas: number[] | null, topic = 't', partition = 0) {
  const outcomes = await cluster.active.controller.alterReassignments([{ topic, partition, replicas }])
  const error = outcomes?.[0]?.error
  return error == null ? null : { code: error.errorCode, message: error.wireMessage }
}

/** As the topic's znode has it. */
async function assignment(cluster: TestCluster, topic = 't', partition = 0): Promise<ReplicaAssignment> {
  const json = await cluster.json(`/brokers/topics/${topic}`)
  return {
    replicas: json.partitions[partition],
    addingReplicas: json.adding_replicas[partition] ?? [],
    removingReplicas: json.removing_replicas[partition] ?? [],
  }
}

const settled = (replicas: number[]) => ({ replicas, addingReplicas: [], removingReplicas: [] })

const isr = (cluster: TestCluster, newIsr: number[], topic = 't', partition = 0) =>
  cluster.setIsr(topic, partition, newIsr)

const told = (broker: TestBroker, topic = 't') =>
  broker
    .requests('LeaderAndIsr')
    .flatMap(({ body }) =>
      body.topicStates
        .filter((state: { topicName: string }) => state.topicName === topic)
        .flatMap((state: { partitionStates: object[] }) => state.partitionStates),
    )
const stopped = (broker: TestBroker) =>
  broker
    .requests('StopReplica')
    .flatMap(({ body }) =>
      body.topicStates.flatMap(
        (state: { topicName: string; partitionStates: { deletePartition: boolean }[] }) =>
          state.partitionStates.map(({ deletePartition }) => `${state.topicName} ${deletePartition}`),
      ),
    )

async function moving(from: number[] = [0, 1], to: number[] = [2, 3]): Promise<TestCluster> {
  const cluster = await TestCluster.open(4)
  await cluster.createTopic('t', [from])
  expect(await alter(cluster, to)).toBeNull()
  await turn()
  return cluster
}

describe('phase A', () => {
  test('new replicas are written down, told to all, and created', async () => {
    const cluster = await moving()
    expect(await assignment(cluster)).toEqual({
      replicas: [2, 3, 0, 1],
      addingReplicas: [2, 3],
      removingReplicas: [0, 1],
    })
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 0, leader_epoch: 1, isr: [0, 1] })
    for (const id of [0, 1])
      expect(told(cluster.broker(id)).at(-1)).toMatchObject({ leaderEpoch: 1, isNew: false })
    for (const id of [2, 3]) {
      expect(told(cluster.broker(id)).at(-1)).toMatchObject({
        leaderEpoch: 1,
        isNew: true,
        replicas: [2, 3, 0, 1],
        addingReplicas: [2, 3],
        removingReplicas: [0, 1],
      })
    }
    const list = await cluster.active.controller.listReassignments(null)
    expect(list?.map(({ topic, partition }) => `${topic}-${partition}`)).toEqual(['t-0'])
  })

  test('nothing is moved before all target replicas are in sync', async () => {
    const cluster = await moving()
    await isr(cluster, [0, 1, 3])
    expect((await assignment(cluster)).addingReplicas).toEqual([2, 3])
    expect(stopped(cluster.broker(0))).toEqual([])
  })
})

describe('phase B', () => {
  test('a target replica leads, those that go leave the ISR and are deleted, the znode says the target', async () => {
    const cluster = await moving()
    await isr(cluster, [0, 1, 2, 3])
    expect(await assignment(cluster)).toEqual(settled([2, 3]))
    const state = await cluster.state('t', 0)
    expect(state).toMatchObject({ leader: 2, isr: [2, 3] })
    for (const id of [0, 1]) expect(stopped(cluster.broker(id))).toContain('t true')
    for (const id of [2, 3]) expect(stopped(cluster.broker(id))).toEqual([])
    await eventually(() => {
      for (const { cache } of cluster.brokers.values()) {
        expect(cache.partition('t', 0)).toMatchObject({ leader: 2, isr: [2, 3], replicas: [2, 3] })
      }
    })
    expect(await cluster.active.controller.listReassignments(null)).toEqual([])
  })

  test('a leader that stays goes on in a new epoch', async () => {
    const cluster = await moving([0, 1], [0, 2])
    await isr(cluster, [0, 1, 2])
    expect(await assignment(cluster)).toEqual(settled([0, 2]))
    // One for the beginning, one for the new replicas, one for leaving the ISR.
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 0, leader_epoch: 3, isr: [0, 2] })
  })

  test('another order of the same replicas is done at once, and moves no leader', async () => {
    const cluster = await moving([0, 1], [1, 0])
    expect(await assignment(cluster)).toEqual(settled([1, 0]))
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 0, leader_epoch: 1, isr: [0, 1] })
  })

  test('fewer replicas are done at once', async () => {
    const cluster = await moving([0, 1], [1])
    expect(await assignment(cluster)).toEqual(settled([1]))
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 1, isr: [1] })
    expect(stopped(cluster.broker(0))).toContain('t true')
  })

  test('a leader that dies when all are in sync gives way to a target replica', async () => {
    const cluster = await TestCluster.open(4)
    await cluster.createTopic('t', [[3, 1]])
    await alter(cluster, [3, 2])
    await turn()
    await isr(cluster, [3, 1, 2])
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 3, isr: [3, 2] })
    await cluster.broker(3).die()
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 2, isr: [2] }))
  })
})

describe('cancelling and changing one that is under way', () => {
  test('cancel: the new replicas are deleted again, the old ones stay', async () => {
    const cluster = await moving()
    expect(await alter(cluster, null)).toBeNull()
    await turn()
    expect(await assignment(cluster)).toEqual(settled([0, 1]))
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 0, isr: [0, 1] })
    for (const id of [2, 3]) expect(stopped(cluster.broker(id))).toContain('t true')
    for (const id of [0, 1]) expect(stopped(cluster.broker(id))).toEqual([])
    expect(await alter(cluster, null)).toEqual({
      code: 85,
      message: 'No partition reassignment is in progress.',
    })
  })

  test('cancel: new replicas that are in sync already leave the ISR', async () => {
    const cluster = await moving([0, 1], [2, 3])
    await isr(cluster, [0, 1, 2])
    await cluster.broker(1).die()
    await isr(cluster, [0, 2])
    expect(await alter(cluster, null)).toBeNull()
    await turn()
    expect(await assignment(cluster)).toEqual(settled([0, 1]))
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 0, isr: [0] })
  })

  test('the only replica in sync is not taken away', async () => {
    const cluster = await TestCluster.open(4)
    await cluster.createTopic('t', [[1]])
    await alter(cluster, [2, 3])
    await turn()
    await isr(cluster, [1, 2])
    await cluster.broker(1).die()
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 2, isr: [2] }))
    expect(await alter(cluster, null)).toEqual({
      code: 39,
      message:
        'Unable to revert partition assignment for t:0 because it would require an unclean leader election.',
    })
    expect(await alter(cluster, [0])).toMatchObject({ code: 39 })
    const partitions = [{ topic: 't', partition: 0, replicas: [0] }]
    await cluster.client.create(REASSIGN, Buffer.from(JSON.stringify({ version: 1, partitions })))
    await eventually(async () => expect(await cluster.client.exists(REASSIGN)).toBeNull())
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 2, isr: [2] })
    expect(stopped(cluster.broker(2))).toEqual([])
  })

  test('another target: what nobody wants any more is deleted, what was there counts from where it was', async () => {
    const cluster = await moving()
    expect(await alter(cluster, [3, 1])).toBeNull()
    await turn()
    expect(await assignment(cluster)).toEqual({
      replicas: [3, 1, 0],
      addingReplicas: [3],
      removingReplicas: [0],
    })
    expect(stopped(cluster.broker(2))).toContain('t true')
    expect(stopped(cluster.broker(3))).toEqual([])
    await isr(cluster, [0, 1, 3])
    expect(await assignment(cluster)).toEqual(settled([3, 1]))
  })
})

describe('when brokers and controllers die', () => {
  test('the next controller goes on', async () => {
    const cluster = await moving([1, 2], [2, 3])
    await cluster.broker(0).die()
    await eventually(() => expect(cluster.active.id).not.toBe(0))
    await eventually(async () => {
      const list = await cluster.active.controller.listReassignments(null)
      expect(list?.length).toBe(1)
    })
    await isr(cluster, [1, 2, 3])
    expect(await assignment(cluster)).toEqual(settled([2, 3]))
    expect(stopped(cluster.broker(1))).toContain('t true')
  })

  test('the next controller finishes what was written down but not carried through', async () => {
    const cluster = await TestCluster.open(4)
    await cluster.createTopic('t', [[1, 2]])
    // As if the controller had died between the znode and everything else.
    const { version, topic_id } = await cluster.json('/brokers/topics/t')
    const half = {
      version,
      topic_id,
      partitions: { 0: [2, 1] },
      adding_replicas: {},
      removing_replicas: { 0: [1] },
    }
    await cluster.client.setData('/brokers/topics/t', Buffer.from(JSON.stringify(half)))
    await cluster.broker(0).die()
    await eventually(async () => expect(await assignment(cluster)).toEqual(settled([2])))
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 2, isr: [2] })
  })

  test('a target broker that dies is waited for, one that comes back hears of it again', async () => {
    const cluster = await moving()
    await cluster.broker(3).die()
    await turn()
    expect((await assignment(cluster)).addingReplicas).toEqual([2, 3])
    const back = await cluster.start(3)
    await eventually(() => expect(told(back).at(-1)).toMatchObject({ addingReplicas: [2, 3] }))
    await isr(cluster, [0, 1, 2, 3])
    expect(await assignment(cluster)).toEqual(settled([2, 3]))
  })

  test('a broker that goes and is dead is not waited for', async () => {
    const cluster = await TestCluster.open(4)
    await cluster.createTopic('t', [[2, 1]])
    await cluster.broker(1).die()
    expect(await alter(cluster, [2, 3])).toBeNull()
    await turn()
    await isr(cluster, [2, 3])
    expect(await assignment(cluster)).toEqual(settled([2, 3]))
  })
})

describe('topic deletion', () => {
  test('waits until nothing moves', async () => {
    const cluster = await TestCluster.open(4)
    await cluster.createTopic('t', [
      [0, 1],
      [0, 1],
    ])
    await alter(cluster, [2, 3], 't', 0)
    await alter(cluster, [2, 3], 't', 1)
    await turn()
    await cluster.active.admin.deleteTopics(new Set(['t']), 0)
    await turn()
    expect(await cluster.client.exists('/brokers/topics/t')).not.toBeNull()
    await isr(cluster, [0, 1, 2, 3], 't', 0)
    expect(await cluster.client.exists('/brokers/topics/t'), 'the other partition still moves').not.toBeNull()
    await isr(cluster, [0, 1, 2, 3], 't', 1)
    await eventually(async () => expect(await cluster.client.exists('/brokers/topics/t')).toBeNull())
    expect(await alter(cluster, [1])).toEqual({ code: 3, message: 'The partition does not exist.' })
  })
})

describe('the znode of old', () => {
  const request = (...partitions: object[]) => Buffer.from(JSON.stringify({ version: 1, partitions }))
  const move = (replicas: number[], topic = 't') => ({ topic, partition: 0, replicas })

  test('is carried out, and goes when all of it is done', async () => {
    const cluster = await TestCluster.open(4)
    await cluster.createTopic('t', [[0, 1]])
    await cluster.createTopic('u', [[0, 1]])
    await cluster.client.create(REASSIGN, request(move([2, 3]), move([1, 2], 'u'), move([1], 'nowhere')))
    await eventually(async () => expect((await assignment(cluster)).addingReplicas).toEqual([2, 3]))
    await eventually(async () =>
      expect(await cluster.text(REASSIGN)).toBe(
        '{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[2,3]},{"topic":"u","partition":0,"replicas":[1,2]}]}',
      ),
    )
    await isr(cluster, [0, 1, 2, 3])
    expect(await assignment(cluster)).toEqual(settled([2, 3]))
    expect((await cluster.json(REASSIGN)).partitions).toHaveLength(1)
    const epoch = (await cluster.state('u', 0)).leader_epoch
    await isr(cluster, [0, 1, 2], 'u')
    await eventually(async () => expect(await cluster.client.exists(REASSIGN)).toBeNull())
    expect(epoch, 'the rest of the request is not begun anew').toBe(1)
    // And the next one is seen.
    await cluster.client.create(REASSIGN, request(move([3])))
    await eventually(async () => expect(await assignment(cluster)).toEqual(settled([3])))
    await eventually(async () => expect(await cluster.client.exists(REASSIGN)).toBeNull())
  })

  test('is overruled by a request', async () => {
    const cluster = await TestCluster.open(4)
    await cluster.createTopic('t', [[0, 1]])
    await cluster.client.create(REASSIGN, request(move([2, 3])))
    await eventually(async () => expect((await assignment(cluster)).addingReplicas).toEqual([2, 3]))
    await alter(cluster, null)
    await eventually(async () => expect(await cluster.client.exists(REASSIGN)).toBeNull())
    expect(await assignment(cluster)).toEqual(settled([0, 1]))
  })

  test.each(['not json', '{"version":1}', '{"version":1,"partitions":[{"topic":1}]}', ''])(
    'that says nothing is left alone: %s',
    async (text) => {
      const cluster = await TestCluster.open(2)
      await cluster.createTopic('t', [[0, 1]])
      await cluster.client.create(REASSIGN, Buffer.from(text))
      await turn()
      expect(cluster.active.controller.isActive).toBe(true)
      expect(await assignment(cluster)).toEqual(settled([0, 1]))
    },
  )

  test('cannot take all replicas away', async () => {
    const cluster = await TestCluster.open(2)
    await cluster.createTopic('t', [[0, 1]])
    for (const replicas of [[], [1, 1], [-1]]) {
      await cluster.client.create(REASSIGN, request(move(replicas)))
      await eventually(async () => expect(await cluster.client.exists(REASSIGN)).toBeNull())
    }
    expect(await assignment(cluster)).toEqual(settled([0, 1]))
    expect(stopped(cluster.broker(1))).toEqual([])
  })

  test('waits for the next controller', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [[1, 2]])
    const { controller, zk } = cluster.broker(0)
    await controller.shutdown()
    await cluster.client.create(REASSIGN, request(move([2])))
    await zk.close()
    cluster.broker(0).isUp = false
    await eventually(async () => expect(await assignment(cluster)).toEqual(settled([2])))
  })
})

test('partitions of one topic that move at the same time keep each other in the znode', async () => {
  const cluster = await TestCluster.open(4)
  await cluster.createTopic('t', [[0], [1], [2]])
  const outcomes = await cluster.active.controller.alterReassignments(
    [0, 1, 2].map((partition) => ({ topic: 't', partition, replicas: [3] })),
  )
  expect(outcomes?.map(({ error }) => error)).toEqual([null, null, null])
  await isr(cluster, [1, 3], 't', 1)
  expect(await cluster.json('/brokers/topics/t')).toMatchObject({
    partitions: { 0: [3, 0], 1: [3], 2: [3, 2] },
    adding_replicas: { 0: [3], 2: [3] },
    removing_replicas: { 0: [0], 2: [2] },
  })
})

test('a broker that is not the controller answers nothing', async () => {
  const cluster = await TestCluster.open(2)
  const { controller } = cluster.broker(1)
  expect(await controller.alterReassignments([])).toBeNull()
  expect(await controller.listReassignments(null)).toBeNull()
  expect(await controller.electLeaders([], 'preferred')).toBeNull()
})
