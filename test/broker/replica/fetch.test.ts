import { expect, test } from 'vitest'
import { isFileRange } from '../../../src/base/network.ts'
import type { Log, ReadOptions } from '../../../src/storage/index.ts'
import { bytesOf, fetchParams, fetchPartition, TestCluster, turns } from './support/test-cluster.ts'

async function oneBroker(topicPartitions = 1, tuning?: { tailBudgetBytes: number }) {
  const cluster = await TestCluster.start({ brokers: 1, ...(tuning && { tuning }) })
  await cluster.createTopic('t', [0], topicPartitions)
  return { cluster, broker: cluster.broker(0) }
}

/** Counts file ranges that a log gives out and that come back. */
function watchRanges(log: Log) {
  const counts = { given: 0, released: 0 }
  const read = log.read.bind(log)
  log.read = async (offset: number, options: ReadOptions) => {
    const result = await read(offset, options)
    const parts = result.parts.map((part) => {
      if (!isFileRange(part)) return part
      counts.given++
      return {
        file: part.file,
        position: part.position,
        length: part.length,
        release() {
          counts.released++
          part.release()
        },
      }
    })
    return { ...result, parts }
  }
  return counts
}

test('waits for records, and no longer than asked', async () => {
  const { cluster, broker } = await oneBroker()
  const fetch = broker.fetch({ topic: 't' }, { maxWaitMs: 1000 })
  await turns(5)
  await broker.produce('t', ['a'])
  expect((await fetch).sizeBytes).toBeGreaterThan(61)
  let answered = false
  const empty = broker.fetch({ topic: 't', fetchOffset: 1 }, { maxWaitMs: 1000 })
  empty.then(() => {
    answered = true
  })
  await turns(5)
  await cluster.clock.advance(999)
  expect(answered).toBe(false)
  await cluster.clock.advance(1)
  expect(await empty).toMatchObject({ error: 'NONE', sizeBytes: 0, highWatermark: 1 })
})

test('waits until there are enough bytes, over several partitions', async () => {
  const { broker } = await oneBroker(2)
  const value = 'x'.repeat(100)
  let results: unknown
  const fetch = broker.replicas.fetch(fetchParams({ maxWaitMs: 60_000, minBytes: 700 }), [
    fetchPartition({ topic: 't', partition: 0 }),
    fetchPartition({ topic: 't', partition: 1 }),
  ])
  fetch.then((each) => {
    results = each
  })
  for (const partition of [0, 1]) {
    await broker.produce('t', [value], { partition })
    await turns(5)
    expect(results).toBeUndefined()
  }
  await broker.produce('t', [value], { partition: 0 })
  const [first, second] = await fetch
  expect((first?.sizeBytes ?? 0) + (second?.sizeBytes ?? 0)).toBeGreaterThanOrEqual(700)
})

test('one fetch takes what was appended to several partitions together', async () => {
  const { broker } = await oneBroker(3)
  const fetch = broker.replicas.fetch(
    fetchParams({ maxWaitMs: 1000 }),
    [0, 1, 2].map((partition) => fetchPartition({ topic: 't', partition })),
  )
  await turns(5)
  // The three writes end in the same turn of the loop.
  const written: Promise<unknown>[] = []
  for (const partition of [0, 1, 2]) {
    const log = broker.log('t', partition)
    const append = log.appendAsLeader.bind(log)
    log.appendAsLeader = async (...args) => {
      const writing = append(...args)
      written.push(writing)
      await turns(1)
      await Promise.all(written)
      return writing
    }
  }
  await Promise.all([0, 1, 2].map((partition) => broker.produce('t', ['a'], { partition })))
  expect((await fetch).map(({ sizeBytes }) => sizeBytes > 0)).toEqual([true, true, true])
})

test('byte limits: of the partition, of the whole, and at least one batch', async () => {
  const { broker } = await oneBroker(2)
  const value = 'x'.repeat(1000)
  for (let i = 0; i < 4; i++)
    for (const partition of [0, 1]) await broker.produce('t', [value], { partition })
  const whole = await broker.raw('t')
  const batch = whole.length / 4
  const sizes = async (params: object, maxBytes: number) => {
    const partitions = [0, 1].map((partition) => fetchPartition({ topic: 't', partition, maxBytes }))
    const results = await broker.replicas.fetch(fetchParams(params), partitions)
    for (const { parts, sizeBytes } of results) {
      expect((await bytesOf(parts)).equals(whole.subarray(0, sizeBytes))).toBe(true)
    }
    return results.map(({ sizeBytes }) => sizeBytes / batch)
  }
  expect(await sizes({}, 1_000_000)).toEqual([4, 4])
  expect(await sizes({}, batch * 2)).toEqual([2, 2])
  // The first batch of the first partition comes whole, whatever the limits.
  expect(await sizes({}, 10)).toEqual([1, 0])
  expect(await sizes({ maxBytes: 10 }, 1_000_000)).toEqual([1, 0])
  expect(await sizes({ maxBytes: batch * 5 }, 1_000_000)).toEqual([4, 1])
  expect(await sizes({ maxBytes: 10, hardMaxBytesLimit: true }, 1_000_000)).toEqual([0, 0])
  expect(await sizes({ maxBytes: -5 }, 1_000_000)).toEqual([1, 0])
})

test('an error in one partition is answered at once, the others are read', async () => {
  const { broker } = await oneBroker()
  await broker.produce('t', ['a'])
  const results = await broker.replicas.fetch(fetchParams({ maxWaitMs: 60_000, minBytes: 1_000_000 }), [
    fetchPartition({ topic: 't' }),
    fetchPartition({ topic: 't', partition: 9 }),
    fetchPartition({ topic: 't', topicId: 'AQIDBAUGBwgJCgsMDQ4PEA' }),
  ])
  expect(results.map(({ error }) => error)).toEqual([
    'NONE',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'INCONSISTENT_TOPIC_ID',
  ])
  expect(results[1]).toMatchObject({ highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 })
})

test('a log that fails to read is that partition alone', async () => {
  const { broker } = await oneBroker(2)
  for (const partition of [0, 1]) await broker.produce('t', ['a'], { partition })
  broker.log('t', 0).read = () => Promise.reject(new Error('disk'))
  const results = await broker.replicas.fetch(
    fetchParams(),
    [0, 1].map((partition) => fetchPartition({ topic: 't', partition })),
  )
  expect(results.map(({ error }) => error)).toEqual(['UNKNOWN_SERVER_ERROR', 'NONE'])
})

test('file ranges come back exactly once: sent, read too early, or given up', async () => {
  const { cluster, broker } = await oneBroker(1, { tailBudgetBytes: 0 })
  await broker.produce('t', ['a'])
  const counts = watchRanges(broker.log('t'))
  await bytesOf((await broker.fetch({ topic: 't' })).parts)
  expect(counts).toEqual({ given: 1, released: 1 })
  // Too little at first: what was read then is given back, and read again at the deadline.
  const fetch = broker.fetch({ topic: 't' }, { maxWaitMs: 100, minBytes: 100_000 })
  await cluster.until(() => counts.released === 2)
  expect(counts).toEqual({ given: 2, released: 2 })
  await turns(20)
  await cluster.clock.advance(100)
  expect((await fetch).sizeBytes).toBeGreaterThan(0)
  expect(counts).toEqual({ given: 3, released: 2 })
  await bytesOf((await fetch).parts)
  expect(counts).toEqual({ given: 3, released: 3 })
})

test('shutdown answers what waits', async () => {
  const { broker } = await oneBroker()
  const fetch = broker.fetch({ topic: 't' }, { maxWaitMs: 1_000_000 })
  await turns(5)
  await broker.replicas.shutdown()
  expect((await fetch).sizeBytes).toBe(0)
})
