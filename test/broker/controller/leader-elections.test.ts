import { describe, expect, test } from 'vitest'
import { ApiError } from '../../../src/broker/api-error.ts'
import type { ElectionType } from '../../../src/broker/controller/index.ts'
import { eventually, TestCluster, turn } from './support.ts'

const ELECTION = '/admin/preferred_replica_election'

async function elect(cluster: TestCluster, type: ElectionType, topic = 't', partition = 0) {
  const [answer] = (await cluster.active.controller.electLeaders([{ topic, partition }], type)) ?? []
  const outcome = answer?.outcome
  return outcome instanceof ApiError ? [outcome.errorName, outcome.wireMessage] : outcome
}

/** Partition 0 of `t` is to be led by broker 1 and is led by 2: 1 was away and has come back into the ISR. */
async function displaced(options: object = {}): Promise<TestCluster> {
  const cluster = await TestCluster.open([options, options, options])
  await cluster.createTopic('t', [[1, 2]])
  await cluster.broker(1).die()
  await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 2, isr: [2] }))
  await cluster.start(1, options)
  return cluster
}

async function rejoin(cluster: TestCluster, isr: number[]): Promise<void> {
  const state = await cluster.state('t', 0)
  const path = '/brokers/topics/t/partitions/0/state'
  await cluster.client.setData(path, Buffer.from(JSON.stringify({ ...state, isr })))
}

describe('preferred', () => {
  test('the first replica leads again, in a new epoch, once it is in sync', async () => {
    const cluster = await displaced()
    expect(await elect(cluster, 'preferred')).toEqual([
      'PREFERRED_LEADER_NOT_AVAILABLE',
      'Failed to elect leader for partition t-0 under strategy PreferredReplicaPartitionLeaderElectionStrategy',
    ])
    const before = await cluster.state('t', 0)
    await rejoin(cluster, [2, 1])
    expect(await elect(cluster, 'preferred')).toBe(1)
    expect(await cluster.state('t', 0)).toMatchObject({
      leader: 1,
      leader_epoch: before.leader_epoch + 1,
      isr: [2, 1],
    })
    expect(await elect(cluster, 'preferred')).toEqual([
      'ELECTION_NOT_NEEDED',
      'Leader election not needed for topic partition.',
    ])
  })

  test('refusals', async () => {
    const cluster = await TestCluster.open(2)
    await cluster.createTopic('t', [[0]])
    expect(await elect(cluster, 'preferred', 'u')).toEqual([
      'UNKNOWN_TOPIC_OR_PARTITION',
      'The partition does not exist.',
    ])
    expect(await elect(cluster, 'preferred', 't', 1)).toEqual([
      'UNKNOWN_TOPIC_OR_PARTITION',
      'The partition does not exist.',
    ])
    cluster.broker(0).silentFor.add('StopReplica')
    await cluster.active.admin.deleteTopics(new Set(['t']), 0)
    await turn()
    expect(await elect(cluster, 'preferred')).toEqual([
      'INVALID_TOPIC_EXCEPTION',
      'The topic is being deleted',
    ])
  })
})

describe('unclean', () => {
  test('only where there is no leader; any live replica will do, and it has to recover', async () => {
    const cluster = await displaced()
    expect((await elect(cluster, 'unclean')) as string[]).toContain('ELECTION_NOT_NEEDED')
    await cluster.broker(2).die()
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: -1, isr: [2] }))
    expect(await elect(cluster, 'preferred')).toEqual([
      'PREFERRED_LEADER_NOT_AVAILABLE',
      'Failed to elect leader for partition t-0 under strategy PreferredReplicaPartitionLeaderElectionStrategy',
    ])
    expect(await elect(cluster, 'unclean')).toBe(1)
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 1, isr: [1], leader_recovery_state: 1 })
  })

  test('nobody is alive', async () => {
    const cluster = await TestCluster.open(2)
    await cluster.createTopic('t', [[1]])
    await cluster.broker(1).die()
    await turn()
    expect(await elect(cluster, 'unclean')).toEqual([
      'ELIGIBLE_LEADERS_NOT_AVAILABLE',
      'Failed to elect leader for partition t-0 under strategy OfflinePartitionLeaderElectionStrategy(true)',
    ])
  })
})

describe('the znode of old', () => {
  const request = (...partitions: object[]) => Buffer.from(JSON.stringify({ version: 1, partitions }))

  test('is carried out and goes; the next one is seen too', async () => {
    const cluster = await displaced()
    await rejoin(cluster, [2, 1])
    const both = request({ topic: 't', partition: 0 }, { topic: 'nowhere', partition: 3 })
    await cluster.client.create(ELECTION, both)
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 1 }))
    await eventually(async () => expect(await cluster.client.exists(ELECTION)).toBeNull())
    for (const data of [both, Buffer.from('nonsense'), Buffer.alloc(0)]) {
      await cluster.client.create(ELECTION, data)
      await eventually(async () => expect(await cluster.client.exists(ELECTION)).toBeNull())
    }
    expect(cluster.active.controller.isActive).toBe(true)
  })

  test('waits for the next controller', async () => {
    const cluster = await displaced()
    await rejoin(cluster, [2, 1])
    const { controller, zk } = cluster.broker(0)
    await controller.shutdown()
    await cluster.client.create(ELECTION, request({ topic: 't', partition: 0 }))
    await zk.close()
    cluster.broker(0).isUp = false
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 1 }))
    await eventually(async () => expect(await cluster.client.exists(ELECTION)).toBeNull())
  })
})

describe('automatic', () => {
  const automatic = { autoLeaderRebalanceEnable: true }

  test('five seconds after coming into office, then every interval', async () => {
    const cluster = await displaced(automatic)
    await rejoin(cluster, [2, 1])
    // The controller has not heard of the new ISR yet: it reads it with the next change only.
    await cluster.client.create(
      '/isr_change_notification/isr_change_1',
      Buffer.from('{"version":1,"partitions":[{"topic":"t","partition":0}]}'),
    )
    await turn()
    await cluster.clock.advance(4900)
    await turn()
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 2 })
    await cluster.clock.advance(200)
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 1 }))

    await cluster.broker(1).die()
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 2 }))
    await cluster.start(1, automatic)
    await rejoin(cluster, [2, 1])
    await cluster.client.create(
      '/isr_change_notification/isr_change_2',
      Buffer.from('{"version":1,"partitions":[{"topic":"t","partition":0}]}'),
    )
    await turn()
    await cluster.clock.advance(290_000)
    await turn()
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 2 })
    await cluster.clock.advance(11_000)
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 1 }))
  })

  test('not while a partition is being reassigned, and not when only few are elsewhere', async () => {
    const cluster = await TestCluster.open([automatic, automatic, automatic])
    // One of eleven is less than ten percent.
    await cluster.createTopic('t', [[2, 1], ...Array.from({ length: 10 }, () => [1, 2])])
    const controller = cluster.active.controller
    await controller.alterReassignments([{ topic: 't', partition: 0, replicas: [1, 2] }])
    await cluster.clock.advance(6000)
    await turn()
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 2 })
    await cluster.createTopic('u', [[2, 1]])
    await controller.alterReassignments([
      { topic: 'u', partition: 0, replicas: [1, 2] },
      { topic: 't', partition: 1, replicas: [0] },
    ])
    await cluster.clock.advance(301_000)
    await turn()
    expect(await cluster.state('u', 0)).toMatchObject({ leader: 2 })
    await controller.alterReassignments([{ topic: 't', partition: 1, replicas: null }])
    await cluster.clock.advance(301_000)
    await eventually(async () => expect(await cluster.state('u', 0)).toMatchObject({ leader: 1 }))
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 1 }))
  })

  test('switched off, nothing is moved', async () => {
    const cluster = await displaced()
    await rejoin(cluster, [2, 1])
    await cluster.clock.advance(3_600_000)
    await turn()
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 2 })
  })
})
