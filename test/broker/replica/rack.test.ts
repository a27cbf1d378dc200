import { expect, test } from 'vitest'
import { TestCluster } from './support/test-cluster.ts'

const CONSUMER = { onlyFromLeader: false }
const inRack = (rack: string) => ({ ...CONSUMER, client: { rack, listenerName: 'PLAINTEXT' } })

/** Broker 0 leads in rack a; 1 and 2 follow in b. */
async function startCluster(): Promise<TestCluster> {
  const cluster = await TestCluster.start({
    racks: ['a', 'b', 'b'],
    config: { replicaLagTimeMaxMs: 10_000 },
  })
  await cluster.createTopic('t', [0, 1, 2])
  const leader = cluster.broker(0)
  await leader.produce('t', ['one', 'two'])
  await cluster.untilLater(() => cluster.brokers.every((each) => each.log('t').highWatermark === 2), 100)
  return cluster
}

test('a consumer is sent to the replica in its rack, and can read there', async () => {
  const cluster = await startCluster()
  const answer = await cluster.broker(0).fetch({ topic: 't' }, inRack('b'))
  expect(answer).toMatchObject({ error: 'NONE', preferredReadReplica: 1, sizeBytes: 0, highWatermark: 2 })
  const there = await cluster.broker(1).fetch({ topic: 't' }, inRack('b'))
  expect(there).toMatchObject({ error: 'NONE', preferredReadReplica: -1, highWatermark: 2 })
  expect(there.sizeBytes).toBeGreaterThan(0)
})

test.each(['a', 'c', ''])('a consumer in rack %j reads from the leader', async (rack) => {
  const cluster = await startCluster()
  const answer = await cluster.broker(0).fetch({ topic: 't' }, inRack(rack))
  expect(answer.preferredReadReplica).toBe(-1)
  expect(answer.sizeBytes).toBeGreaterThan(0)
})

test('nobody is sent to a replica that is not in sync, or has not come so far', async () => {
  const cluster = await startCluster()
  await cluster.broker(1).stop()
  await cluster.broker(2).stop()
  cluster.updateMetadata()
  const leader = cluster.broker(0)
  await leader.produce('t', ['three'], { acks: 1 })
  const ahead = await leader.fetch({ topic: 't', fetchOffset: 3 }, inRack('b'))
  expect(ahead.preferredReadReplica).toBe(-1)
  await cluster.untilLater(() => cluster.record('t-0').isr.length === 1, 500)
  expect((await leader.fetch({ topic: 't' }, inRack('b'))).preferredReadReplica).toBe(-1)
})

test('without a selector everybody reads from the leader', async () => {
  const cluster = await TestCluster.start()
  await cluster.createTopic('t', [0, 1, 2])
  await cluster.broker(0).produce('t', ['one'])
  const answer = await cluster.broker(0).fetch({ topic: 't' }, inRack('b'))
  expect(answer.preferredReadReplica).toBe(-1)
  expect(answer.sizeBytes).toBeGreaterThan(0)
})
