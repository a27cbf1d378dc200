import { expect, test } from 'vitest'
import { TestCluster, turns, values } from './support/test-cluster.ts'

type Target = {
  timestamp: number
  currentLeaderEpoch?: number
  partitionIndex?: number
  maxNumOffsets?: number
}

async function list(
  cluster: TestCluster,
  broker: number,
  target: Target | Target[],
  options: { version?: number; isolationLevel?: number; replicaId?: number; name?: string } = {},
) {
  const { version = 9, isolationLevel = 0, replicaId = -1, name = 't' } = options
  const partitions = [target].flat().map((each) => ({
    partitionIndex: 0,
    currentLeaderEpoch: -1,
    maxNumOffsets: 1,
    ...each,
  }))
  const request = { replicaId, isolationLevel, topics: [{ name, partitions }] }
  const answer = await cluster.broker(broker).replicas.listOffsets(request, version)
  return answer.topics?.[0]?.partitions?.[0]
}

test('offsets by time', async () => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1])
  const leader = cluster.broker(0)
  expect(await list(cluster, 0, { timestamp: -1 })).toMatchObject({
    timestamp: -1,
    offset: 0,
    leaderEpoch: 0,
  })
  expect(await list(cluster, 0, { timestamp: -3 })).toMatchObject({
    timestamp: -1,
    offset: -1,
    leaderEpoch: -1,
  })
  await leader.produce('t', ['a', 'b', 'c'])
  await turns(20)
  cluster.block(0)
  await leader.produce('t', ['d'], { acks: 1 })
  expect(await list(cluster, 0, { timestamp: -1 })).toMatchObject({ offset: 3, leaderEpoch: 0 })
  expect(await list(cluster, 0, { timestamp: -1 }, { isolationLevel: 1 })).toMatchObject({ offset: 3 })
  expect(await list(cluster, 0, { timestamp: -1 }, { replicaId: 1 })).toMatchObject({ offset: 4 })
  expect(await list(cluster, 0, { timestamp: -2 })).toMatchObject({
    offset: 0,
    timestamp: -1,
    leaderEpoch: 0,
  })
  expect(await list(cluster, 0, { timestamp: -4 })).toMatchObject({ offset: 0 })
  expect(await list(cluster, 0, { timestamp: -5 })).toMatchObject({
    offset: -1,
    timestamp: -1,
    leaderEpoch: -1,
  })
  expect(await list(cluster, 0, { timestamp: 0 })).toMatchObject({ offset: 0, timestamp: 1_700_000_000_000 })
  expect(await list(cluster, 0, { timestamp: 1_700_000_000_001 })).toMatchObject({
    offset: -1,
    timestamp: -1,
  })
  expect(await list(cluster, 0, { timestamp: -3 })).toMatchObject({ offset: 0, timestamp: 1_700_000_000_000 })
})

test('versions and mistakes', async () => {
  const cluster = await TestCluster.start({ brokers: 2 })
  await cluster.createTopic('t', [0, 1])
  await cluster.broker(0).produce('t', ['a', 'b'])
  await cluster.elect('t-0', 0)
  expect(await list(cluster, 0, { timestamp: -3 }, { version: 6 })).toMatchObject({ errorCode: 35 })
  expect(await list(cluster, 0, { timestamp: -4 }, { version: 7 })).toMatchObject({ errorCode: 35 })
  expect(await list(cluster, 0, { timestamp: -5 }, { version: 8 })).toMatchObject({ errorCode: 35 })
  expect(await list(cluster, 0, { timestamp: -77 })).toMatchObject({ errorCode: 35 })
  expect(await list(cluster, 0, { timestamp: -1 }, { version: 3 })).toMatchObject({
    offset: 2,
    leaderEpoch: -1,
  })
  expect(await list(cluster, 0, { timestamp: -1, currentLeaderEpoch: 0 })).toMatchObject({ errorCode: 74 })
  expect(await list(cluster, 0, { timestamp: -1, currentLeaderEpoch: 2 })).toMatchObject({ errorCode: 75 })
  expect(await list(cluster, 1, { timestamp: -1 })).toMatchObject({ errorCode: 6 })
  expect(await list(cluster, 1, { timestamp: -2 }, { replicaId: -2 })).toMatchObject({ offset: 0 })
  expect(await list(cluster, 0, { timestamp: -1 }, { name: 'nope' })).toMatchObject({ errorCode: 3 })
  expect(await list(cluster, 0, [{ timestamp: -1 }, { timestamp: -2 }])).toMatchObject({ errorCode: 42 })
  expect(await list(cluster, 0, { timestamp: -1 }, { version: 0 })).toEqual({
    partitionIndex: 0,
    oldStyleOffsets: [2],
  })
  expect(await list(cluster, 0, { timestamp: -1, maxNumOffsets: 5 }, { version: 0 })).toMatchObject({
    oldStyleOffsets: [2, 0],
  })
  expect(await list(cluster, 0, { timestamp: -2 }, { version: 0 })).toMatchObject({ oldStyleOffsets: [0] })
})

test('after an election, no offset that goes back', async () => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1])
  const [a, b] = [cluster.broker(0), cluster.broker(1)]
  await a.produce('t', ['x'], { acks: 1 })
  await cluster.until(() => b.log('t').logEndOffset === 1)
  cluster.block(0)
  cluster.block(1)
  expect(b.log('t').highWatermark).toBe(0)
  await cluster.elect('t-0', 1)
  expect(await list(cluster, 1, { timestamp: -1 })).toMatchObject({ errorCode: 78 })
  expect(await list(cluster, 1, { timestamp: -1 }, { version: 4 })).toMatchObject({ errorCode: 5 })
  expect(await list(cluster, 1, { timestamp: 0 })).toMatchObject({ errorCode: 78 })
  expect(await list(cluster, 1, { timestamp: -1 }, { replicaId: 0 })).toMatchObject({ offset: 1 })
})

const trim = (
  cluster: TestCluster,
  broker: number,
  offset: number,
  options: { timeoutMs?: number; name?: string } = {},
) =>
  cluster
    .broker(broker)
    .replicas.deleteRecords({
      topics: [{ name: options.name ?? 't', partitions: [{ partitionIndex: 0, offset }] }],
      timeoutMs: options.timeoutMs ?? 10_000,
    })
    .then((answer) => answer.topics?.[0]?.partitions?.[0])

test('deleting records waits for the followers, and not for their next poll', async () => {
  const cluster = await TestCluster.start()
  await cluster.createTopic('t', [0, 1, 2])
  const leader = cluster.broker(0)
  for (let i = 0; i < 5; i++) await leader.produce('t', [`v${i}`])
  expect(await trim(cluster, 0, 3)).toEqual({ partitionIndex: 0, lowWatermark: 3, errorCode: 0 })
  for (const broker of cluster.brokers) {
    expect(broker.log('t').logStartOffset).toBe(3)
    expect(await values(broker.log('t'))).toEqual(['v3', 'v4'])
  }
  // Further back is nothing to do; -1 is the high watermark.
  expect(await trim(cluster, 0, 1)).toMatchObject({ lowWatermark: 3, errorCode: 0 })
  expect(await trim(cluster, 0, -1)).toMatchObject({ lowWatermark: 5, errorCode: 0 })
  expect((await leader.fetch({ topic: 't', fetchOffset: 2 })).error).toBe('OFFSET_OUT_OF_RANGE')
})

test('deleting records that nobody has touched since the start: followers open their logs for it', async () => {
  const cluster = await TestCluster.start()
  await cluster.createTopic('t', [0, 1, 2])
  await cluster.broker(0).produce('t', ['a', 'b'])
  await cluster.untilLater(() => cluster.brokers.every((broker) => broker.log('t').highWatermark === 2), 100)
  await cluster.stop()
  for (const broker of cluster.brokers) await broker.start()
  cluster.updateMetadata()
  await cluster.tellAll()
  await cluster.clock.advance(1000)
  expect(cluster.brokers.some((broker) => broker.log('t').isOpen)).toBe(false)
  let result: object | undefined
  trim(cluster, 0, 1).then((each) => {
    result = each
  })
  await cluster.untilLater(() => result !== undefined, 10)
  expect(result).toEqual({ partitionIndex: 0, lowWatermark: 1, errorCode: 0 })
  for (const broker of cluster.brokers) expect(broker.log('t').logStartOffset).toBe(1)
})

test('deleting records: mistakes', async () => {
  const cluster = await TestCluster.start({ brokers: 2, logConfig: { cleanupPolicy: ['compact'] } })
  await cluster.createTopic('t', [0, 1])
  await cluster.broker(0).produce('t', ['a'])
  expect(await trim(cluster, 0, 1)).toMatchObject({ errorCode: 44, lowWatermark: -1 })
  cluster.broker(0).replicas.updateTopicConfig('t', { 'cleanup.policy': 'compact,delete' })
  expect(await trim(cluster, 0, 2)).toMatchObject({ errorCode: 1 })
  expect(await trim(cluster, 0, -2)).toMatchObject({ errorCode: 1 })
  expect(await trim(cluster, 1, 1)).toMatchObject({ errorCode: 6 })
  expect(await trim(cluster, 0, 1, { name: 'nope' })).toMatchObject({ errorCode: 3 })
  expect(await trim(cluster, 0, 1, { name: '__consumer_offsets' })).toMatchObject({ errorCode: 17 })
})

test('deleting records while a follower is away: times out; without it once it is known to be down', async () => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1])
  const leader = cluster.broker(0)
  await leader.produce('t', ['a', 'b'])
  await turns(20)
  await cluster.broker(1).replicas.shutdown()
  const first = trim(cluster, 0, 1, { timeoutMs: 1000 })
  await turns(20)
  await cluster.clock.advance(1000)
  expect(await first).toEqual({ partitionIndex: 0, lowWatermark: 0, errorCode: 7 })
  expect(leader.log('t').logStartOffset).toBe(1)
  const second = trim(cluster, 0, 2, { timeoutMs: 100_000 })
  await turns(20)
  await cluster.broker(1).stop()
  cluster.updateMetadata()
  expect(await second).toEqual({ partitionIndex: 0, lowWatermark: 2, errorCode: 0 })
})

test('log directories', async () => {
  const cluster = await TestCluster.start({ brokers: 1 })
  await cluster.createTopic('t', [0], 2)
  await cluster.createTopic('u', [0])
  const broker = cluster.broker(0)
  await broker.produce('t', ['a'], { partition: 1 })
  const sizeBytes = (await broker.raw('t', 1)).length
  const all = broker.replicas.describeLogDirs({ topics: null })
  expect(all.results?.length).toBe(1)
  expect(all.results?.[0]).toMatchObject({ logDir: broker.dir })
  expect(all.results?.[0]?.topics?.map(({ name }) => name).sort()).toEqual(['t', 'u'])
  const some = broker.replicas.describeLogDirs({
    topics: [
      { topic: 't', partitions: [1, 7] },
      { topic: 'nope', partitions: [0] },
    ],
  })
  expect(some.results?.[0]?.topics).toEqual([
    {
      name: 't',
      partitions: [{ partitionIndex: 1, partitionSize: sizeBytes, offsetLag: 0, isFutureKey: false }],
    },
  ])
})
