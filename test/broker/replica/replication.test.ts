import { expect, test } from 'vitest'
import {
  batchOf,
  bytesOf,
  fetchParams,
  fetchPartition,
  TestCluster,
  turns,
  values,
} from './support/test-cluster.ts'

test('acks=all: three logs with the same bytes', async () => {
  const cluster = await TestCluster.start()
  await cluster.createTopic('t', [0, 1, 2])
  const leader = cluster.broker(0)
  for (let i = 0; i < 20; i++) {
    const result = await leader.produce('t', [`a${i}`, `b${i}`])
    expect(result).toMatchObject({ error: 'NONE', baseOffset: 2 * i, lastOffset: 2 * i + 1 })
    expect(leader.log('t').highWatermark).toBe(2 * i + 2)
  }
  const expected = await leader.raw('t')
  expect(expected.length).toBeGreaterThan(1000)
  for (const broker of cluster.brokers) {
    expect(broker.log('t').logEndOffset).toBe(40)
    expect((await broker.raw('t')).equals(expected)).toBe(true)
    expect(broker.log('t').latestEpoch).toBe(0)
  }
  expect(await values(cluster.broker(2).log('t'), 38)).toEqual(['a19', 'b19'])
})

test('acks=1 and 0 answer before the followers have it; followers learn the high watermark', async () => {
  const cluster = await TestCluster.start()
  await cluster.createTopic('t', [0, 1, 2])
  const leader = cluster.broker(0)
  expect(await leader.produce('t', ['a'], { acks: 1 })).toMatchObject({ error: 'NONE', baseOffset: 0 })
  expect(await leader.produce('t', ['b'], { acks: 0 })).toMatchObject({ error: 'NONE', baseOffset: 1 })
  await cluster.until(() => leader.log('t').highWatermark === 2)
  await cluster.untilLater(() => cluster.broker(1).log('t').highWatermark === 2, 100)
  await cluster.untilLater(() => cluster.broker(2).log('t').highWatermark === 2, 100)
})

test('many partitions and leaders, several producers at once', async () => {
  const cluster = await TestCluster.start()
  await cluster.createTopic('t', [0, 1, 2], 9)
  const work: Promise<{ error: string }>[] = []
  for (let round = 0; round < 10; round++) {
    for (let partition = 0; partition < 9; partition++) {
      work.push(cluster.broker(partition % 3).produce('t', [`${partition}:${round}`], { partition }))
    }
  }
  expect((await Promise.all(work)).every(({ error }) => error === 'NONE')).toBe(true)
  for (let partition = 0; partition < 9; partition++) {
    const expected = Array.from({ length: 10 }, (_, round) => `${partition}:${round}`)
    for (const broker of cluster.brokers) {
      expect(await values(broker.log('t', partition))).toEqual(expected)
    }
  }
})

test('invalid acks, unknown topics, wrong brokers and internal topics', async () => {
  const cluster = await TestCluster.start({ brokers: 2 })
  await cluster.createTopic('t', [0])
  const [leader, other] = [cluster.broker(0), cluster.broker(1)]
  expect(await leader.produce('t', ['a'], { acks: 2 })).toMatchObject({
    error: 'INVALID_REQUIRED_ACKS',
    baseOffset: -1,
    logStartOffset: -1,
  })
  expect((await leader.produce('nope', ['a'])).error).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  expect((await other.produce('t', ['a'])).error).toBe('NOT_LEADER_OR_FOLLOWER')
  expect((await leader.produce('__consumer_offsets', ['a'])).error).toBe('INVALID_TOPIC_EXCEPTION')
  expect(other.replicas.leaderOf('t', 0)).toEqual({ leaderId: 0, leaderEpoch: 0 })
  const [empty] = await leader.replicas.appendRecords({
    requiredAcks: -1,
    timeoutMs: 1000,
    origin: 'client',
    entries: [{ topic: 't', partition: 0, records: null }],
  })
  expect(empty?.error).toBe('INVALID_RECORD')
  expect(leader.log('t').logEndOffset).toBe(0)
})

test('a corrupt batch is refused, its neighbours are not', async () => {
  const cluster = await TestCluster.start({ brokers: 1 })
  await cluster.createTopic('t', [0], 2)
  const corrupt = batchOf(['x'])
  corrupt[corrupt.length - 1] = (corrupt[corrupt.length - 1] as number) ^ 1
  const results = await cluster.broker(0).replicas.appendRecords({
    requiredAcks: -1,
    timeoutMs: 1000,
    origin: 'client',
    entries: [
      { topic: 't', partition: 0, records: corrupt },
      { topic: 't', partition: 1, records: batchOf(['y']) },
    ],
  })
  expect(results.map(({ error }) => error)).toEqual(['CORRUPT_MESSAGE', 'NONE'])
})

test('too few in-sync replicas: refused before the append', async () => {
  const cluster = await TestCluster.start({ logConfig: { minInsyncReplicas: 2 } })
  cluster.block(0)
  await cluster.createTopic('t', [0, 1, 2])
  await cluster.elect('t-0', 0, [0])
  const leader = cluster.broker(0)
  expect((await leader.produce('t', ['a'])).error).toBe('NOT_ENOUGH_REPLICAS')
  expect(leader.log('t').logEndOffset).toBe(0)
  // acks=1 is let through, but as long as the ISR is too small nobody reads it (KIP-966).
  expect((await leader.produce('t', ['a'], { acks: 1 })).error).toBe('NONE')
  expect(leader.log('t').highWatermark).toBe(0)
})

test('acks=all without followers times out; the records stay', async () => {
  const cluster = await TestCluster.start({ config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1, 2])
  await turns(20)
  cluster.block(0)
  const leader = cluster.broker(0)
  const pending = leader.produce('t', ['a'], { timeoutMs: 1500 })
  let answered = false
  pending.then(() => {
    answered = true
  })
  await cluster.until(() => leader.log('t').logEndOffset === 1)
  await cluster.clock.advance(1400)
  expect(answered).toBe(false)
  await cluster.clock.advance(200)
  expect(await pending).toMatchObject({ error: 'REQUEST_TIMED_OUT', baseOffset: 0 })
  cluster.unblock(0)
  await cluster.untilLater(() => leader.log('t').highWatermark === 1, 100)
})

test('a follower that falls behind leaves the ISR and comes back', async () => {
  const cluster = await TestCluster.start({ config: { replicaLagTimeMaxMs: 10_000 } })
  await cluster.createTopic('t', [0, 1, 2])
  const leader = cluster.broker(0)
  await leader.produce('t', ['a'])
  await cluster.broker(2).replicas.shutdown()
  const pending = leader.produce('t', ['b'], { timeoutMs: 60_000 })
  await cluster.untilLater(() => cluster.isrRequests.length > 0, 500, 'the ISR change')
  expect(cluster.isrRequests[0]).toEqual({ key: 't-0', isr: [0, 1], partitionEpoch: 0 })
  expect((await pending).error).toBe('NONE')
  expect(cluster.record('t-0').isr).toEqual([0, 1])
  expect(leader.log('t').highWatermark).toBe(2)

  const late = cluster.broker(2)
  await late.stop()
  await late.start()
  cluster.updateMetadata()
  await cluster.tell(2)
  await cluster.untilLater(() => cluster.record('t-0').isr.length === 3, 100, 'the return into the ISR')
  expect(cluster.record('t-0').isr).toEqual([0, 1, 2])
  expect(await values(late.log('t'))).toEqual(['a', 'b'])
})

test('NOT_ENOUGH_REPLICAS_AFTER_APPEND when the ISR shrinks under min.insync.replicas meanwhile', async () => {
  const cluster = await TestCluster.start({ brokers: 2, logConfig: { minInsyncReplicas: 1 } })
  await cluster.createTopic('t', [0, 1])
  await turns(20)
  cluster.block(0)
  const leader = cluster.broker(0)
  const pending = leader.produce('t', ['a'], { timeoutMs: 120_000 })
  await cluster.until(() => leader.log('t').logEndOffset === 1)
  const partition = leader.replicas.partition('t', 0)
  const { log } = leader.replicas.partition('t', 0) ?? {}
  // The ISR is {0} and satisfies the old minimum, so the watermark moves; then the minimum is raised.
  await cluster.elect('t-0', 0, [0])
  expect(log?.highWatermark).toBe(1)
  expect((await pending).error).toBe('NONE')
  leader.replicas.updateTopicConfig('t', { 'min.insync.replicas': '2' })
  expect(partition?.reached(1)).toBe('NOT_ENOUGH_REPLICAS_AFTER_APPEND')
})

/** A leader whose only follower has just stopped, and a record that waits for the ISR to shrink. */
async function withoutFollower() {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 10_000 } })
  await cluster.createTopic('t', [0, 1])
  const leader = cluster.broker(0)
  await leader.produce('t', ['a'])
  await cluster.broker(1).replicas.shutdown()
  const pending = leader.produce('t', ['b'], { timeoutMs: 600_000 })
  return { cluster, leader, pending }
}

test('the controller refuses, cannot be reached, then agrees', async () => {
  const { cluster, pending } = await withoutFollower()
  let asked = 0
  const outcomes = ['unreachable', -1, 107] as const
  cluster.refuseIsr = () => outcomes[asked++]
  await cluster.untilLater(() => cluster.record('t-0').isr.length === 1, 500)
  expect(asked).toBeGreaterThanOrEqual(4)
  expect((await pending).error).toBe('NONE')
})

test('a proposal with an old partition epoch is given up until the controller sends the partition anew', async () => {
  const { cluster, leader, pending } = await withoutFollower()
  cluster.record('t-0').partitionEpoch = 5
  await cluster.untilLater(() => cluster.isrRequests.length === 1, 500)
  await cluster.clock.advance(60_000)
  expect(cluster.isrRequests.length).toBe(1)
  expect(leader.log('t').highWatermark).toBe(1)
  await cluster.elect('t-0', 0)
  await cluster.untilLater(() => cluster.record('t-0').isr.length === 1, 500)
  expect((await pending).error).toBe('NONE')
})

test('a topic that is made while followers wait at the leader is replicated at once', async () => {
  const cluster = await TestCluster.start()
  await cluster.createTopic('first', [0, 1, 2])
  await cluster.broker(0).produce('first', ['a'])
  await turns(50)
  await cluster.createTopic('second', [0, 1, 2])
  const started = cluster.clock.now
  const pending = cluster.broker(0).produce('second', ['b'])
  let result: { error: string } | undefined
  pending.then((each) => {
    result = each
  })
  await cluster.untilLater(() => result !== undefined, 1)
  expect(result?.error).toBe('NONE')
  expect(cluster.clock.now - started).toBeLessThan(100)
})

test('a follower that starts before its leader knows the topic comes along soon', async () => {
  const cluster = await TestCluster.start({ brokers: 2 })
  await cluster.createTopic('other', [0, 1])
  await turns(20)
  cluster.partitions.set('t-0', {
    ...cluster.record('other-0'),
    topic: 't',
    topicId: 'AQIDBAUGBwgJCgsMDQ4PEA',
  })
  const record = cluster.record('t-0')
  await cluster.tell(1, [record])
  await cluster.clock.advance(10)
  await turns(20)
  await cluster.tell(0, [record])
  cluster.updateMetadata()
  const started = cluster.clock.now
  let done = false
  cluster
    .broker(0)
    .produce('t', ['x'])
    .then(() => {
      done = true
    })
  await cluster.untilLater(() => done, 5)
  expect(cluster.clock.now - started).toBeLessThan(300)
})

test('after a clean stop an idle cluster opens no log on either side', async () => {
  const cluster = await TestCluster.start()
  await cluster.createTopic('t', [0, 1, 2], 6)
  for (let partition = 0; partition < 6; partition++) {
    await cluster.broker(partition % 3).produce('t', ['a', 'b'], { partition })
  }
  await cluster.untilLater(
    () => cluster.brokers.every((b) => [0, 1, 2, 3, 4, 5].every((p) => b.log('t', p).highWatermark === 2)),
    100,
  )
  await cluster.stop()
  for (const broker of cluster.brokers) await broker.start()
  cluster.updateMetadata()
  await cluster.tellAll()
  await cluster.clock.advance(3000)
  const open = cluster.brokers.flatMap((broker) =>
    [0, 1, 2, 3, 4, 5].filter((partition) => broker.log('t', partition).isOpen),
  )
  expect(open).toEqual([])
  expect(cluster.isrRequests).toEqual([])
  // Used, it opens where it is used, and goes on where it was.
  expect(await cluster.broker(1).produce('t', ['c'], { partition: 1 })).toMatchObject({
    error: 'NONE',
    baseOffset: 2,
  })
  expect(cluster.brokers.map((broker) => broker.log('t', 1).isOpen)).toEqual([true, true, true])
  expect(cluster.brokers.map((broker) => broker.log('t', 2).isOpen)).toEqual([false, false, false])
})

test('a large record goes to followers although it is larger than a fetch', async () => {
  const cluster = await TestCluster.start({
    brokers: 2,
    config: { replicaFetchMaxBytes: 1000, replicaFetchResponseMaxBytes: 1000 },
  })
  await cluster.createTopic('t', [0, 1])
  const big = 'x'.repeat(50_000)
  expect((await cluster.broker(0).produce('t', [big])).error).toBe('NONE')
  expect((await cluster.broker(0).produce('t', ['after'])).error).toBe('NONE')
  expect(await values(cluster.broker(1).log('t'))).toEqual([big, 'after'])
})

test('a consumer sees nothing above the high watermark', async () => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1])
  const leader = cluster.broker(0)
  await leader.produce('t', ['a'])
  await turns(20)
  cluster.block(0)
  await leader.produce('t', ['b'], { acks: 1 })
  const first = await leader.fetch({ topic: 't' })
  expect(first).toMatchObject({ error: 'NONE', highWatermark: 1, logStartOffset: 0, lastStableOffset: 1 })
  expect((await bytesOf(first.parts)).equals((await leader.raw('t')).subarray(0, first.sizeBytes))).toBe(true)
  expect(await leader.fetch({ topic: 't', fetchOffset: 1 })).toMatchObject({ error: 'NONE', sizeBytes: 0 })
  expect(await leader.fetch({ topic: 't', fetchOffset: 2 })).toMatchObject({ error: 'NONE', sizeBytes: 0 })
  expect((await leader.fetch({ topic: 't', fetchOffset: 3 })).error).toBe('OFFSET_OUT_OF_RANGE')
  expect((await leader.fetch({ topic: 't', fetchOffset: -1 })).error).toBe('OFFSET_OUT_OF_RANGE')
  const asFollower = await leader.replicas.fetch(fetchParams({ replicaId: 1, isolation: 'log-end' }), [
    fetchPartition({ topic: 't', fetchOffset: 1, currentLeaderEpoch: 0, lastFetchedEpoch: 0 }),
  ])
  expect(asFollower[0]?.sizeBytes).toBeGreaterThan(0)
})

test('a replica that was stopped goes on when the controller wants it again, in the same leader epoch', async () => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1])
  await cluster.broker(0).produce('t', ['a'])
  await cluster.stopReplica(1, 't-0', { leaderEpoch: 0, isDeleted: false })
  await cluster.broker(0).produce('t', ['b'], { acks: 1 })
  await turns(20)
  expect(await values(cluster.broker(1).log('t'))).toEqual(['a'])
  expect(JSON.stringify(await cluster.tell(1))).toContain('"errorCode":0')
  await cluster.until(() => cluster.broker(1).log('t').logEndOffset === 2)
  expect(await values(cluster.broker(1).log('t'))).toEqual(['a', 'b'])
})
