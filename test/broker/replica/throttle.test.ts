import { describe, expect, test } from 'vitest'
import { parseThrottledReplicas, ReplicationQuota } from '../../../src/broker/replica/replication-quota.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { TestCluster, turns } from './support/test-cluster.ts'

/** A batch of one value, which has two bytes a character. */
const CHUNK_BYTES = 50_000
const CHUNKS = 40
const RATE = 100_000

interface Throttle {
  role: 'leader' | 'follower'
  replicas: string | undefined
  bytesPerSecond: number
}

/** Broker 1 lacks two megabytes of what broker 0 leads, and is about to copy them. */
async function behind(throttle: Throttle): Promise<TestCluster> {
  const limits = { replicaFetchMaxBytes: 64_000, replicaFetchResponseMaxBytes: 64_000 }
  const cluster = await TestCluster.start({
    brokers: 2,
    config: limits,
    throttles: () => ({
      rate: (role) => (role === throttle.role ? throttle.bytesPerSecond : Number.POSITIVE_INFINITY),
      replicas: (role) => (role === throttle.role ? throttle.replicas : undefined),
      windowCount: 11,
      windowMs: 1000,
    }),
  })
  await cluster.createTopic('t', [0, 1])
  cluster.block(0)
  await cluster.elect('t-0', 0, [0])
  for (let i = 0; i < CHUNKS; i++) {
    await cluster.broker(0).produce('t', ['x'.repeat(CHUNK_BYTES / 2)], { acks: 1 })
  }
  return cluster
}

const copied = (cluster: TestCluster) => cluster.broker(1).log('t').logEndOffset * CHUNK_BYTES
const isDone = (cluster: TestCluster) => () => cluster.broker(1).log('t').logEndOffset === CHUNKS

/** Lets the clock run, and gives the bytes that were copied in each second. */
async function seconds(cluster: TestCluster, count: number): Promise<number[]> {
  const rates: number[] = []
  for (let second = 0; second < count; second++) {
    const before = copied(cluster)
    for (let step = 0; step < 20; step++) {
      await cluster.clock.advance(50)
      await turns(100)
    }
    rates.push(copied(cluster) - before)
  }
  return rates
}

describe.each(['follower', 'leader'] as const)('%s.replication.throttled.rate', (role) => {
  test('holds a replica to its rate until it is in sync', async () => {
    const throttle = { role, replicas: '0:0,0:1', bytesPerSecond: RATE }
    const cluster = await behind(throttle)
    cluster.unblock(0)
    await seconds(cluster, 3)
    const start = copied(cluster)
    await seconds(cluster, 8)
    const bytesPerSecond = (copied(cluster) - start) / 8
    expect(bytesPerSecond).toBeGreaterThan(RATE * 0.6)
    expect(bytesPerSecond).toBeLessThan(RATE * 1.4)
    // Changed while it runs.
    throttle.bytesPerSecond = Number.POSITIVE_INFINITY
    await cluster.untilLater(isDone(cluster), 50)
    await cluster.untilLater(() => cluster.record('t-0').isr.length === 2, 50)
    // Once in sync it is as fast as it can be: acks=all waits for it.
    throttle.bytesPerSecond = 1
    const sent = cluster.broker(0).produce('t', ['y'.repeat(CHUNK_BYTES / 2)], { timeoutMs: 2000 })
    await cluster.untilLater(() => cluster.broker(0).log('t').highWatermark === CHUNKS + 1, 20)
    expect(await sent).toMatchObject({ error: 'NONE' })
  })

  test.each([undefined, '', '0:7', '3:0,3:1', 'nonsense'])('leaves others alone: %s', async (replicas) => {
    const cluster = await behind({ role, replicas, bytesPerSecond: 1 })
    cluster.unblock(0)
    await cluster.untilLater(isDone(cluster), 20)
    expect(copied(cluster)).toBe(CHUNKS * CHUNK_BYTES)
  })

  test('* means all', async () => {
    const cluster = await behind({ role, replicas: '*', bytesPerSecond: 1 })
    cluster.unblock(0)
    await seconds(cluster, 3)
    expect(copied(cluster)).toBeGreaterThan(0)
    expect(copied(cluster)).toBeLessThan(4 * CHUNK_BYTES)
  })
})

test('the rate is that of the last windows', async () => {
  const clock = new ManualClock()
  let bytesPerSecond = 100
  const quota = new ReplicationQuota({
    clock,
    brokerId: 1,
    bytesPerSecond: () => bytesPerSecond,
    throttledReplicas: () => '*',
    windowCount: 11,
    windowMs: 1000,
  })
  expect(quota.isExceeded).toBe(false)
  quota.record(100)
  expect(quota.isExceeded, 'just what is allowed').toBe(false)
  quota.record(1)
  expect(quota.isExceeded).toBe(true)
  await clock.advance(1500)
  expect(quota.bytesPerSecond()).toBeCloseTo(101 / 1.5)
  quota.record(100)
  expect(quota.bytesPerSecond()).toBeCloseTo(201 / 1.5)
  bytesPerSecond = 200
  expect(quota.isExceeded).toBe(false)
  await clock.advance(20_000)
  expect(quota.bytesPerSecond()).toBe(0)
  bytesPerSecond = Number.POSITIVE_INFINITY
  quota.record(1e12)
  expect(quota.isExceeded).toBe(false)
})

test('which replicas are meant', () => {
  expect(parseThrottledReplicas('*', 1)).toBeNull()
  expect(parseThrottledReplicas('0:1, 1:2,2:1', 1)).toEqual(new Set([0, 2]))
  expect(parseThrottledReplicas('none', 1)).toEqual(new Set())
})
