import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connection } from '../../../src/client/net/index.ts'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { metadata } from '../../../src/protocol/messages/03-metadata.ts'
import { offsetCommit } from '../../../src/protocol/messages/08-offset-commit.ts'
import { offsetFetch } from '../../../src/protocol/messages/09-offset-fetch.ts'
import { findCoordinator } from '../../../src/protocol/messages/10-find-coordinator.ts'
import { joinGroup } from '../../../src/protocol/messages/11-join-group.ts'
import { describeGroups } from '../../../src/protocol/messages/15-describe-groups.ts'
import { listGroups } from '../../../src/protocol/messages/16-list-groups.ts'
import { createTopics } from '../../../src/protocol/messages/19-create-topics.ts'
import { deleteTopics } from '../../../src/protocol/messages/20-delete-topics.ts'
import { describeConfigs } from '../../../src/protocol/messages/32-describe-configs.ts'
import { baseSequence, batchStarts, producerId } from '../../../src/records/index.ts'
import { eventually, TestCluster } from '../support/test-cluster.ts'

const PARTITIONS = 4
let cluster: TestCluster
beforeAll(async () => {
  cluster = await TestCluster.start({
    properties: {
      'offsets.topic.num.partitions': String(PARTITIONS),
      'offsets.topic.segment.bytes': '1048576',
      'group.initial.rebalance.delay.ms': '0',
    },
  })
  for (const name of ['orders', 'doomed']) await createTopic(name)
})
afterAll(() => cluster.close())

async function createTopic(name: string): Promise<void> {
  const any = await cluster.connect(cluster.controller.id)
  const topic = { name, numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] }
  const { topics } = await any.send(createTopics, { topics: [topic], timeoutMs: 10_000 })
  expect(topics[0]?.errorCode).toBe(0)
}

async function coordinatorOf(groupId: string): Promise<{ id: number; connection: Connection }> {
  const any = await cluster.connect([...cluster.brokers.keys()][0] ?? 0)
  const id = await eventually(async () => {
    const { coordinators } = await any.send(findCoordinator, { keyType: 0, coordinatorKeys: [groupId] })
    const [found] = coordinators
    return found?.errorCode === 0 && cluster.brokers.has(found.nodeId) ? found.nodeId : undefined
  })
  return { id, connection: await cluster.connect(id) }
}

async function commit(groupId: string, offset: number, topic = 'orders'): Promise<void> {
  await eventually(async () => {
    const { connection } = await coordinatorOf(groupId)
    const partition = { partitionIndex: 0, committedOffset: offset, committedMetadata: null }
    const { topics } = await connection.send(offsetCommit, {
      groupId,
      topics: [{ name: topic, partitions: [partition] }],
    })
    const code = topics[0]?.partitions[0]?.errorCode
    if (code === ERROR_CODES.NOT_COORDINATOR || code === ERROR_CODES.COORDINATOR_LOAD_IN_PROGRESS)
      return undefined
    expect(code).toBe(0)
    return true
  })
}

async function fetched(groupId: string): Promise<Record<string, number>> {
  return eventually(async () => {
    const { connection } = await coordinatorOf(groupId)
    const { groups } = await connection.send(offsetFetch, {
      groups: [{ groupId, topics: null }],
      requireStable: true,
    })
    if (groups[0]?.errorCode !== 0) return undefined
    return Object.fromEntries(
      groups[0].topics.map(({ name, partitions }) => [name, partitions[0]?.committedOffset ?? -1]),
    )
  })
}

describe('the topic of offsets', () => {
  it('is made when the first group asks for its coordinator, as Kafka makes it', async () => {
    const any = await cluster.connect(0)
    const first = await any.send(findCoordinator, { keyType: 0, coordinatorKeys: ['g'] })
    expect(first.coordinators[0]).toMatchObject({
      errorCode: ERROR_CODES.COORDINATOR_NOT_AVAILABLE,
      nodeId: -1,
    })
    await coordinatorOf('g')
    const { topics } = await any.send(metadata, { topics: [{ name: '__consumer_offsets' }] })
    expect(topics[0]).toMatchObject({ isInternal: true })
    expect(topics[0]?.partitions).toHaveLength(PARTITIONS)
    const { results } = await any.send(describeConfigs, {
      resources: [{ resourceType: 2, resourceName: '__consumer_offsets', configurationKeys: null }],
    })
    const own = results[0]?.configs.filter(({ configSource }) => configSource === 1)
    expect(Object.fromEntries(own?.map(({ name, value }) => [name, value]) ?? [])).toEqual({
      'compression.type': 'producer',
      'cleanup.policy': 'compact',
      'segment.bytes': '1048576',
    })
  })

  it('has batches like those of Kafka', async () => {
    await commit('bytes', 3)
    const logs = Array.from({ length: PARTITIONS }, (_, i) =>
      fs.readFileSync(path.join(cluster.logDir(0), `__consumer_offsets-${i}`, '00000000000000000000.log')),
    )
    const bytes = logs.find((log) => log.includes('bytes')) as Buffer
    const [at = -1] = [...batchStarts(bytes)]
    expect([producerId(bytes, at), baseSequence(bytes, at)]).toEqual([-1, 0])
  })
})

describe('offsets', () => {
  it('of version 0 are in ZooKeeper', async () => {
    const any = await cluster.connect(0)
    const partitions = [{ partitionIndex: 0, committedOffset: 42, committedMetadata: '' }]
    const request = {
      groupId: 'ancient',
      topics: [
        { name: 'orders', partitions },
        { name: 'none', partitions },
      ],
    }
    const committed = await any.send(offsetCommit, request, { version: 0 })
    expect(committed.topics.map(({ partitions: [one] }) => one?.errorCode)).toEqual([3, 0])
    const asked = [{ name: 'orders', partitionIndexes: [0, 1] }]
    const found = await any.send(offsetFetch, { groupId: 'ancient', topics: asked }, { version: 0 })
    expect(found.topics[0]?.partitions).toMatchObject([
      { committedOffset: 42, errorCode: 0 },
      { committedOffset: -1, errorCode: 3 },
    ])
    const session = await cluster.zookeeper.connect({ timeoutMs: 6000 })
    expect((await session.getData('/consumers/ancient/offsets/orders/0')).data?.toString()).toBe('42')
    await session.close()
  })

  it('of a topic that is deleted go with it', async () => {
    await commit('reader', 1)
    await commit('reader', 2, 'doomed')
    expect(await fetched('reader')).toEqual({ orders: 1, doomed: 2 })
    const any = await cluster.connect(cluster.controller.id)
    await any.send(deleteTopics, { topics: [{ name: 'doomed' }], timeoutMs: 10_000 })
    await eventually(async () => ((await fetched('reader')).doomed === undefined ? true : undefined))
    expect(await fetched('reader')).toEqual({ orders: 1 })
  })
})

describe('groups', () => {
  it('move with the leader of their partition: nothing that was committed is lost', async () => {
    const groups = Array.from({ length: 12 }, (_, i) => `mover-${i}`)
    for (const [i, groupId] of groups.entries()) await commit(groupId, i)
    const [stopped = -1] = cluster.brokers.keys()
    const broker = cluster.brokers.get(stopped)
    cluster.brokers.delete(stopped)
    await broker?.shutdown({ controlled: true })
    for (const [i, groupId] of groups.entries()) expect(await fetched(groupId)).toEqual({ orders: i })
    for (const [i, groupId] of groups.entries()) await commit(groupId, 100 + i)
    await cluster.startBrokers([stopped])
    for (const [i, groupId] of groups.entries()) expect(await fetched(groupId)).toEqual({ orders: 100 + i })
  })

  it('that wait for their members are answered when the broker stops', async () => {
    const { id, connection } = await coordinatorOf('waits')
    const join = (via: Connection) =>
      via.send(
        joinGroup,
        {
          ...{ groupId: 'waits', memberId: '', protocolType: 'consumer' },
          ...{ sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 60_000 },
          protocols: [{ name: 'range', metadata: Buffer.from('x') }],
        },
        { version: 3 },
      )
    expect(await join(connection)).toMatchObject({ errorCode: 0, generationId: 1 })
    const waiting = join(connection)
    await eventually(async () => {
      const other = await cluster.connect(id)
      const { groups } = await other.send(describeGroups, { groups: ['waits'] })
      return groups[0]?.groupState === 'PreparingRebalance' ? true : undefined
    })
    const broker = cluster.brokers.get(id)
    cluster.brokers.delete(id)
    await broker?.shutdown({ controlled: true })
    expect((await waiting).errorCode).toBe(ERROR_CODES.NOT_COORDINATOR)
    await cluster.startBrokers([id])
  })

  it('are there after a restart of all, and every broker lists its own', async () => {
    await cluster.stopBrokers()
    await cluster.startBrokers([0, 1, 2])
    const names: string[] = []
    for (const id of [0, 1, 2]) {
      const connection = await cluster.connect(id)
      const { errorCode, groups } = await connection.send(listGroups, {})
      expect(errorCode).toBe(0)
      for (const { groupId } of groups) {
        names.push(groupId)
        expect((await coordinatorOf(groupId)).id).toBe(id)
      }
    }
    const movers = Array.from({ length: 12 }, (_, i) => `mover-${i}`)
    // `waits` never had an assignment, so there was nothing to store of it.
    expect(new Set(names)).toEqual(new Set([...movers, 'bytes', 'reader']))
    expect(names).toHaveLength(new Set(names).size)
    expect(await fetched('mover-3')).toEqual({ orders: 103 })
  })

  it('are refused by who does not coordinate them', async () => {
    const { id } = await coordinatorOf('mover-1')
    const other = await cluster.connect((id + 1) % 3)
    const described = await other.send(describeGroups, { groups: ['mover-1'] })
    expect(described.groups[0]).toMatchObject({ errorCode: ERROR_CODES.NOT_COORDINATOR, groupState: '' })
  })
})
