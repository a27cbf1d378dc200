import { describe, expect, it } from 'vitest'
import { murmur2 } from '../../../src/base/murmur2.ts'
import { Producer, type ProducerConfig, roundRobinPartitioner } from '../../../src/client/index.ts'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { produce } from '../../../src/protocol/messages/00-produce.ts'
import { metadata } from '../../../src/protocol/messages/03-metadata.ts'
import { initProducerId } from '../../../src/protocol/messages/22-init-producer-id.ts'
import { type Call, FakeCluster } from '../../support/fake-broker.ts'
import { gate, ManualClock } from '../../support/manual-clock.ts'

async function setUp(config: ProducerConfig = {}, partitions = 1) {
  const clock = new ManualClock()
  const cluster = await FakeCluster.start(clock)
  cluster.addTopic('t', partitions)
  const producer = new Producer(cluster.clientOptions(), config)
  const sent = () => cluster.callsOf(produce).length
  return { clock, cluster, producer, sent }
}

const value = (index: number, size = 0) => `${index}`.padEnd(size, '.')

describe('Producer: batches', () => {
  it('sends a batch when linger is over, not before', async () => {
    const { clock, cluster, producer, sent } = await setUp({ lingerMs: 50 })
    await clock.run(producer.prepare('t'))
    for (let i = 0; i < 10; i++) producer.append({ topic: 't', value: value(i) })
    await clock.advance(49)
    expect(sent()).toBe(0)
    await clock.advance(1)
    expect(sent()).toBe(1)
    expect(cluster.log('t').batches).toHaveLength(1)
    expect(cluster.log('t').records()).toHaveLength(10)
    await clock.run(producer.close())
  })

  it('sends full batches without lingering', async () => {
    const { clock, cluster, producer } = await setUp({ lingerMs: 60_000, batchSizeBytes: 1000 })
    await clock.run(producer.prepare('t'))
    for (let i = 0; i < 25; i++) producer.append({ topic: 't', value: value(i, 100) })
    await clock.settle()
    const { batches } = cluster.log('t')
    expect(batches.length).toBeGreaterThanOrEqual(2)
    for (const batch of batches) expect(batch.bytes.length).toBeLessThanOrEqual(1000)
    // The last one is open and lingers.
    expect(cluster.log('t').records().length).toBeLessThan(25)
    await clock.run(producer.close())
    expect(cluster.log('t').values().map(Number.parseFloat)).toEqual(Array.from({ length: 25 }, (_, i) => i))
  })

  it('tells offset, partition and timestamp of each record', async () => {
    const { clock, producer } = await setUp()
    const answers = [1, 2, 3].map((i) => producer.send({ topic: 't', value: value(i), timestampMs: i * 10 }))
    expect(await clock.run(Promise.all(answers))).toEqual([
      { topic: 't', partition: 0, offset: 0, timestampMs: 10 },
      { topic: 't', partition: 0, offset: 1, timestampMs: 20 },
      { topic: 't', partition: 0, offset: 2, timestampMs: 30 },
    ])
    await clock.run(producer.close())
  })

  it('asks once for a topic that a thousand records wait for', async () => {
    const { clock, cluster, producer } = await setUp()
    await clock.run(
      Promise.all(Array.from({ length: 1000 }, (_, i) => producer.send({ topic: 't', value: value(i) }))),
    )
    expect(cluster.callsOf(metadata)).toHaveLength(1)
    expect(cluster.log('t').values()).toEqual(Array.from({ length: 1000 }, (_, i) => `${i}`))
    await clock.run(producer.close())
  })
})

describe('Producer: partitions', () => {
  async function spread(
    config: ProducerConfig,
    records: { key?: string; partition?: number; size?: number }[],
  ) {
    const { clock, cluster, producer } = await setUp(config, 4)
    await clock.run(producer.prepare('t'))
    for (const [i, { key, partition, size }] of records.entries()) {
      producer.append({
        topic: 't',
        value: value(i, size),
        ...(key === undefined ? {} : { key }),
        ...(partition === undefined ? {} : { partition }),
      })
    }
    await clock.run(producer.close())
    return [0, 1, 2, 3].map((partition) => cluster.log('t', partition).records())
  }

  it('go by the murmur2 hash of the key', async () => {
    const keys = Array.from({ length: 100 }, (_, i) => `key-${i % 10}`)
    const logs = await spread(
      {},
      keys.map((key) => ({ key })),
    )
    for (const [partition, records] of logs.entries()) {
      for (const { key } of records)
        expect((murmur2(key ?? Buffer.alloc(0)) & 0x7fffffff) % 4).toBe(partition)
    }
    expect(logs.flat()).toHaveLength(100)
  })

  it('stick until a batch is full', async () => {
    const logs = await spread({ batchSizeBytes: 2000, lingerMs: 10 }, Array(200).fill({ size: 100 }))
    expect(logs.flat()).toHaveLength(200)
    for (const records of logs) expect(records.length).toBeGreaterThan(10)
    // Runs of neighbours: about 18 records of 110 bytes to a batch of 2000.
    const partitionOf = new Map(
      logs.flatMap((records, at) => records.map((r) => [Number.parseFloat(`${r.value}`), at])),
    )
    let changes = 0
    for (let i = 1; i < 200; i++) if (partitionOf.get(i) !== partitionOf.get(i - 1)) changes++
    expect(changes).toBeGreaterThan(5)
    expect(changes).toBeLessThan(20)
  })

  it('go by size alone when keys are ignored', async () => {
    const logs = await spread(
      { ignoreKeys: true, batchSizeBytes: 2000, lingerMs: 10 },
      Array(200).fill({ key: 'same', size: 100 }),
    )
    for (const records of logs) expect(records.length).toBeGreaterThan(0)
  })

  it('are not those of a broker that takes nothing', async () => {
    const clock = new ManualClock()
    const cluster = await FakeCluster.start(clock, { brokers: 2 })
    cluster.addTopic('t', 2)
    const config = { batchSizeBytes: 200, partitionAvailabilityTimeoutMs: 1000 }
    const producer = new Producer(cluster.clientOptions(), config)
    await clock.run(producer.prepare('t'))
    const isHanging = (call: Call) => call.spec.key === produce.key && call.broker === 1
    cluster.script = (call) => (isHanging(call) ? 'silence' : undefined)
    const appendSome = async () => {
      for (let i = 0; i < 60; i++) {
        producer.append({ topic: 't', value: value(i, 100) })
        await clock.advance(10)
      }
    }
    // It still has room for requests in flight, then it has been full for a while.
    await appendSome()
    await clock.advance(1000)
    const before = cluster.log('t', 0).values().length
    await appendSome()
    await clock.advance(10)
    // The batch that was open may still go there.
    expect(cluster.log('t', 0).values().length - before).toBeGreaterThanOrEqual(58)
    producer.abandon()
  })

  it('go round', async () => {
    const logs = await spread({ partitioner: roundRobinPartitioner() }, Array(40).fill({ key: 'same' }))
    expect(logs.map((records) => records.length)).toEqual([10, 10, 10, 10])
  })

  it('are taken as they are named; one that is not there is refused', async () => {
    const logs = await spread({}, [{ partition: 3 }, { partition: 1, key: 'a' }])
    expect(logs.map((records) => records.length)).toEqual([0, 1, 0, 1])
    const { clock, producer } = await setUp()
    await expect(clock.run(producer.send({ topic: 't', partition: 7, value: 'x' }))).rejects.toMatchObject({
      code: 'KCLI_NO_PARTITION',
    })
    producer.abandon()
  })
})

describe('Producer: limits', () => {
  it('says when memory is full, and when there is room again', async () => {
    const { clock, cluster, producer } = await setUp({ bufferMemoryBytes: 5000, maxBlockMs: 1000 })
    await clock.run(producer.prepare('t'))
    const door = gate()
    cluster.script = (call) => (call.spec.key === produce.key ? { hold: door.opened } : undefined)
    let count = 0
    while (producer.append({ topic: 't', value: value(count++, 100) }));
    expect(count).toBeGreaterThan(40)
    expect(count).toBeLessThan(60)
    await expect(clock.run(producer.ready())).rejects.toMatchObject({ code: 'KCLI_BUFFER_FULL' })
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(1000)
    const ready = producer.ready()
    door.open()
    await clock.run(ready)
    await clock.run(producer.close())
    expect(cluster.log('t').values()).toHaveLength(count)
  })

  it('lets in waiting sends in order, and no more than fit', async () => {
    const { clock, cluster, producer } = await setUp({ bufferMemoryBytes: 3000, batchSizeBytes: 500 })
    const answers = Array.from({ length: 500 }, (_, i) => producer.send({ topic: 't', value: value(i, 100) }))
    await clock.run(Promise.all(answers))
    expect(cluster.log('t').values().map(Number.parseFloat)).toEqual(Array.from({ length: 500 }, (_, i) => i))
    await clock.run(producer.close())
  })

  it('refuses sends that waited max.block.ms for memory', async () => {
    const { clock, cluster, producer } = await setUp({ bufferMemoryBytes: 3000, maxBlockMs: 500 })
    cluster.script = (call) => (call.spec.key === produce.key ? 'silence' : undefined)
    const results: string[] = []
    const sends = Array.from({ length: 40 }, (_, i) =>
      producer.send({ topic: 't', value: value(i, 100) }).then(
        () => results.push('ok'),
        (error) => results.push(error.code),
      ),
    )
    await clock.advance(600)
    expect(new Set(results)).toEqual(new Set(['KCLI_BUFFER_FULL']))
    producer.abandon()
    await clock.run(Promise.all(sends))
    expect(new Set(results)).toEqual(new Set(['KCLI_BUFFER_FULL', 'KCLI_CLOSED']))
  })

  it('refuses a record that is too large, and one with a negative timestamp', async () => {
    const { clock, producer } = await setUp({ maxRequestSizeBytes: 1000 })
    await clock.run(producer.prepare('t'))
    expect(() => producer.append({ topic: 't', value: Buffer.alloc(1000) })).toThrow(
      /max.request.size is 1000/,
    )
    expect(() => producer.append({ topic: 't', value: 'x', timestampMs: -1 })).toThrow(/timestamp -1/)
    expect(() => producer.append({ topic: 'other', value: 'x' })).toThrow(/not prepared/)
    await clock.run(producer.close())
  })

  it('takes records without a timestamp when it copies', async () => {
    const { clock, producer } = await setUp({ allowNoTimestamp: true })
    await clock.run(producer.prepare('t'))
    producer.append({ topic: 't', value: 'x', timestampMs: -1 })
    expect(() => producer.append({ topic: 't', value: 'x', timestampMs: -2 })).toThrow(/timestamp -2/)
    await clock.run(producer.close())
  })

  it('forgets a topic that was not used for metadata.max.idle.ms, and asks for it again', async () => {
    const clock = new ManualClock()
    const cluster = await FakeCluster.start(clock)
    for (const topic of ['busy', 'idle']) cluster.addTopic(topic)
    const producer = new Producer(cluster.clientOptions({ metadataMaxIdleMs: 5000 }))
    await clock.run(producer.send({ topic: 'idle', value: 'a' }))
    for (let i = 0; i < 12; i++) {
      await clock.advance(1000)
      await clock.run(producer.send({ topic: 'busy', value: value(i) }))
    }
    expect(() => producer.append({ topic: 'idle', value: 'b' })).toThrow(/not prepared/)
    producer.append({ topic: 'busy', value: 'c' })
    const before = cluster.callsOf(metadata).length
    await clock.run(producer.send({ topic: 'idle', value: 'b' }))
    expect(cluster.callsOf(metadata).length).toBe(before + 1)
    expect(cluster.log('idle').values()).toEqual(['a', 'b'])
    await clock.run(producer.close())
  })

  it('does not wait for a topic longer than max.block.ms', async () => {
    const { clock, cluster, producer } = await setUp({ maxBlockMs: 2000 })
    const leaderless = { errorCode: ERROR_CODES.LEADER_NOT_AVAILABLE, name: 't', partitions: [] }
    cluster.script = (call) =>
      call.spec.key === metadata.key ? { answer: { topics: [leaderless] } } : undefined
    await expect(clock.run(producer.send({ topic: 't', value: 'x' }))).rejects.toThrow(/no leader yet/)
    expect(clock.monotonicMs()).toBeLessThan(2500)
    producer.abandon()
  })
})

describe('Producer: end', () => {
  it('flush waits for what was there, not for what comes later', async () => {
    const { clock, cluster, producer } = await setUp({ lingerMs: 1000 })
    await clock.run(producer.prepare('t'))
    let told = 0
    producer.append({ topic: 't', value: 'a' }, () => told++)
    const flushed = producer.flush()
    await clock.settle()
    cluster.script = (call) => (call.spec.key === produce.key ? 'silence' : undefined)
    producer.append({ topic: 't', value: 'b' })
    await clock.run(flushed)
    expect(told).toBe(1)
    expect(clock.monotonicMs()).toBe(0)
    producer.abandon()
  })

  it('close sends what waits, even for metadata, and takes nothing more', async () => {
    const { clock, cluster, producer } = await setUp({ lingerMs: 10_000 })
    const sends = [producer.send({ topic: 't', value: 'a' }), producer.send({ topic: 't', value: 'b' })]
    const closed = producer.close()
    await expect(producer.send({ topic: 't', value: 'c' })).rejects.toMatchObject({ code: 'KCLI_CLOSED' })
    expect(() => producer.append({ topic: 't', value: 'c' })).toThrow(/closed/)
    await clock.run(closed)
    expect(await Promise.all(sends)).toMatchObject([{ offset: 0 }, { offset: 1 }])
    expect(cluster.log('t').values()).toEqual(['a', 'b'])
  })

  it('abandon fails what was not acknowledged, each once', async () => {
    const { clock, cluster, producer } = await setUp()
    await clock.run(producer.prepare('t'))
    cluster.script = (call) => (call.spec.key === produce.key ? 'silence' : undefined)
    const told: (string | undefined)[] = []
    const callback = (error: Error | null) => void told.push(error?.message)
    producer.append({ topic: 't', value: 'a' }, callback)
    await clock.settle()
    producer.append({ topic: 't', value: 'b' }, callback)
    const flushed = producer.flush()
    producer.abandon()
    await clock.run(flushed)
    await clock.advance(200_000)
    expect(told).toEqual(['the producer is closed', 'the producer is closed'])
    await producer.close()
  })

  it('close gives up what is not acknowledged in its time, or at once', async () => {
    for (const timeoutMs of [0, 50]) {
      const { clock, cluster, producer } = await setUp()
      await clock.run(producer.prepare('t'))
      cluster.script = (call) => (call.spec.key === produce.key ? 'silence' : undefined)
      const told: (string | undefined)[] = []
      producer.append({ topic: 't', value: 'a' }, (error) => told.push(error?.message))
      await clock.run(producer.close({ timeoutMs }))
      expect(told).toEqual(['the producer is closed'])
      expect(clock.monotonicMs()).toBe(timeoutMs)
    }
  })

  it('close with a time does not wait for it when all is acknowledged', async () => {
    const { clock, producer } = await setUp()
    const sent = producer.send({ topic: 't', value: 'a' })
    await clock.run(producer.close({ timeoutMs: 10_000 }))
    expect(await sent).toMatchObject({ offset: 0 })
    expect(clock.monotonicMs()).toBe(0)
  })

  it('tells the partitions of a topic', async () => {
    const { clock, producer } = await setUp({}, 3)
    const partitions = await clock.run(producer.partitionsFor('t'))
    expect(partitions.map(({ partition, leader }) => [partition, leader])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
    ])
    await clock.run(producer.close())
  })

  it('survives callbacks that throw, append and abandon', async () => {
    const { clock, cluster, producer } = await setUp({ lingerMs: 5 })
    await clock.run(producer.prepare('t'))
    const told: string[] = []
    producer.append({ topic: 't', value: 'a' }, () => {
      told.push('a')
      throw new Error('from a callback')
    })
    producer.append({ topic: 't', value: 'b' }, () => {
      told.push('b')
      producer.append({ topic: 't', value: 'c' }, () => {
        told.push('c')
        producer.abandon()
      })
    })
    await clock.advance(1000)
    expect(told).toEqual(['a', 'b', 'c'])
    expect(cluster.log('t').values()).toEqual(['a', 'b', 'c'])
  })

  it('leaves no timer behind', async () => {
    const { clock, producer } = await setUp({ lingerMs: 5 })
    await clock.run(producer.send({ topic: 't', value: 'a' }))
    await clock.run(producer.close())
    // The last timer may be that of a request that has been answered.
    await expect(clock.run(new Promise(() => undefined))).rejects.toThrow('nothing is left')
    expect(clock.monotonicMs()).toBeLessThan(31_000)
  })

  it('with acks=0 tells at once, without offsets, and hears of a wrong leader by the lost connection', async () => {
    const { clock, cluster, producer } = await setUp({ acks: 0 })
    expect(await clock.run(producer.send({ topic: 't', value: 'a' }))).toMatchObject({ offset: -1 })
    await clock.settle()
    expect(cluster.log('t').values()).toEqual(['a'])
    const before = cluster.callsOf(metadata).length
    cluster.script = (call) => (call.spec.key === produce.key ? { drop: 'before' } : undefined)
    await clock.run(producer.send({ topic: 't', value: 'lost' }))
    await clock.advance(1000)
    expect(cluster.callsOf(metadata).length).toBeGreaterThan(before)
    await clock.run(producer.close())
  })
})

describe('Producer: configuration', () => {
  it.each([
    [{ enableIdempotence: true, acks: 1 as const }, /acks=all/],
    [{ enableIdempotence: true, maxInFlight: 6 }, /at most 5/],
    [{ enableIdempotence: true, retries: 0 }, /retries other than 0/],
    [{ deliveryTimeoutMs: 10_000 }, /delivery.timeout.ms is 10000/],
    [{ compressionType: 'brotli' as 'gzip' }, /not a compression type/],
    [{ compressionType: 'gzip' as const, compressionGzipLevel: 42 }, /gzip has no level 42/],
  ])('refuses %o', async (config, message) => {
    const cluster = await FakeCluster.start(new ManualClock())
    expect(() => new Producer(cluster.clientOptions(), config)).toThrow(message)
  })

  it('compresses at the level of its codec', async () => {
    const text = Array.from({ length: 2000 }, (_, i) => `${(i * 7919) % 1000} ${i}`).join(' ')
    const sizeAt = async (config: ProducerConfig) => {
      const { clock, cluster, producer } = await setUp(config)
      await clock.run(producer.send({ topic: 't', value: text }))
      await clock.run(producer.close())
      return cluster.log('t').batches[0]?.bytes.length ?? 0
    }
    const gzip = (compressionGzipLevel: number) =>
      sizeAt({ compressionType: 'gzip', compressionGzipLevel, compressionZstdLevel: 1 })
    expect(await gzip(9)).toBeLessThan(await gzip(1))
    // -1 is gzip's own, which is 6.
    expect(await gzip(-1)).toBe(await gzip(6))
  })

  it.each([{ acks: 1 as const }, { retries: 0 }, { maxInFlight: 6 }])(
    'does without idempotence when nobody asked for it: %o',
    async (config) => {
      const { clock, cluster, producer } = await setUp(config)
      await clock.run(producer.send({ topic: 't', value: 'a' }))
      expect(cluster.callsOf(initProducerId)).toHaveLength(0)
      await clock.run(producer.close())
    },
  )
})

describe('Producer: metrics', () => {
  it('are what happened, under the names of Kafka', async () => {
    const { clock, cluster, producer } = await setUp({ lingerMs: 5, retries: 1, compressionType: 'gzip' })
    const metric = (name: string, group = 'producer-metrics') =>
      producer.metrics().find((one) => one.name === name && one.group === group)
    await clock.run(producer.prepare('t'))
    for (let i = 0; i < 10; i++) producer.append({ topic: 't', value: value(i, 100) })
    await clock.run(producer.flush())
    expect(metric('record-send-total')?.value).toBe(10)
    expect(metric('records-per-request-avg')?.value).toBe(10)
    expect(metric('record-size-max')?.value).toBeGreaterThan(100)
    expect(metric('compression-rate-avg')?.value).toBeLessThan(0.5)
    expect(metric('requests-in-flight')?.value).toBe(0)
    expect(metric('buffer-available-bytes')?.value).toBe(33_554_432)
    expect(metric('record-send-total', 'producer-topic-metrics')).toMatchObject({
      tags: { 'client-id': 'kcli', topic: 't' },
      value: 10,
    })
    expect(metric('connection-count')?.value).toBeGreaterThan(0)
    expect(metric('request-total', 'producer-node-metrics')?.tags).toMatchObject({ 'node-id': 'node--1' })

    cluster.script = (call) =>
      call.spec.key === produce.key ? { errorCode: ERROR_CODES.NOT_ENOUGH_REPLICAS } : undefined
    producer.append({ topic: 't', value: 'never stored' })
    await clock.run(producer.flush())
    expect(metric('record-retry-total')?.value).toBe(1)
    expect(metric('record-error-total')?.value).toBe(1)
    expect(metric('record-error-total', 'producer-topic-metrics')?.value).toBe(1)
    expect(metric('record-send-total')?.value).toBe(12)
    await clock.run(producer.close())
  })

  it('tell how long memory was waited for', async () => {
    const { clock, cluster, producer } = await setUp({ bufferMemoryBytes: 1000, maxBlockMs: 500 })
    await clock.run(producer.prepare('t'))
    const metric = (name: string) => producer.metrics().find((one) => one.name === name)?.value
    const door = gate()
    cluster.script = (call) => (call.spec.key === produce.key ? { hold: door.opened } : undefined)
    while (producer.append({ topic: 't', value: value(0, 100) }));
    const refused = producer.send({ topic: 't', value: 'late' }).catch((error) => error.code)
    expect(metric('waiting-threads')).toBe(1)
    await clock.advance(500)
    expect(await refused).toBe('KCLI_BUFFER_FULL')
    expect(metric('buffer-exhausted-total')).toBe(1)
    door.open()
    await clock.run(producer.flush())
    expect(metric('bufferpool-wait-time-ns-total')).toBe(500e6)
    await clock.run(producer.close())
  })
})
