import fs from 'node:fs'
import path from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openCluster, Producer, type StartClusterOptions, startCluster } from '../../src/library/index.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** A machine may be slow; who waits for less would fail for nothing. */
const PATIENCE = { timeout: 20_000 }

async function clusterOf(options: StartClusterOptions = {}) {
  const cluster = await startCluster(options)
  onTestFinished(() => cluster.close())
  return cluster
}

describe('a cluster in memory', () => {
  it('has three brokers, which keep copies', async () => {
    const cluster = await clusterOf({ topics: [{ name: 'orders', replicationFactor: 3 }, 'events'] })
    expect(cluster.brokerIds).toEqual([0, 1, 2])
    const stored = await cluster.producer().send({ topic: 'orders', value: 'first' })
    expect(stored).toMatchObject({ topic: 'orders', partition: 0, offset: 0 })
    const [orders, events] = await cluster.admin().describeTopics(['orders', 'events'])
    expect(orders?.partitions[0]?.isr).toHaveLength(3)
    expect(events?.partitions[0]?.replicas).toHaveLength(1)
  })

  it('is another one each time', async () => {
    const [one, other] = await Promise.all([
      clusterOf({ brokers: 1, topics: ['orders'] }),
      clusterOf({ brokers: 1 }),
    ])
    expect(await other.admin().listTopics()).toEqual([])
    await one.close()
    await other.createTopics(['events'])
    expect((await other.admin().listTopics()).map(({ name }) => name)).toEqual(['events'])
  })

  it('takes configurations of brokers', async () => {
    const cluster = await clusterOf({ brokers: 1, config: { 'num.partitions': 4 }, topics: ['orders'] })
    const [orders] = await cluster.admin().describeTopics(['orders'])
    expect(orders?.partitions).toHaveLength(4)
    await expect(startCluster({ config: { 'num.partitions': 'many' } })).rejects.toThrow('num.partitions')
    await expect(startCluster({ config: { 'broker.id': 7 } })).rejects.toThrow('broker.id is for the cluster')
    await expect(startCluster({ brokers: 0 })).rejects.toThrow('brokers is 0')
  })

  it('lets other clients in when it listens', async () => {
    const cluster = await clusterOf({ brokers: 2, listen: true, topics: ['orders'] })
    expect(cluster.bootstrapServers).toMatch(/^127\.0\.0\.1:\d+,127\.0\.0\.1:\d+$/)
    const kafka = new Kafka({ brokers: cluster.bootstrapServers.split(','), logLevel: logLevel.NOTHING })
    const producer = kafka.producer()
    await producer.connect()
    onTestFinished(() => producer.disconnect())
    const [sent] = await producer.send({ topic: 'orders', messages: [{ value: 'first' }] })
    expect(sent?.baseOffset).toBe('0')
    const own = new Producer({ bootstrapServers: cluster.bootstrapServers })
    onTestFinished(() => own.close())
    expect((await own.send({ topic: 'orders', value: 'second' })).offset).toBe(1)
  })

  it('says that it does not listen', async () => {
    const cluster = await clusterOf({ brokers: 1 })
    expect(() => cluster.bootstrapServers).toThrow(expect.objectContaining({ code: 'KCLI_NOT_LISTENING' }))
  })

  it('has an admin again when somebody closed it', async () => {
    const cluster = await clusterOf({ brokers: 1 })
    const admin = cluster.admin()
    expect(cluster.admin()).toBe(admin)
    await admin.close()
    await cluster.createTopics(['orders'])
    await cluster.createTopics(['orders'], { ifNotExists: true })
    await expect(cluster.createTopics(['orders'])).rejects.toMatchObject({
      errorName: 'TOPIC_ALREADY_EXISTS',
    })
  })

  it('refuses a topic that there cannot be, and leaves nothing running', async () => {
    await expect(startCluster({ brokers: 1, topics: [{ name: 'a', replicationFactor: 2 }] })).rejects.toThrow(
      expect.objectContaining({ errorName: 'INVALID_REPLICATION_FACTOR' }),
    )
  })

  it('closes the clients that were given it', async () => {
    const cluster = await clusterOf({ brokers: 1, topics: ['orders'] })
    const producer = new Producer({ bootstrapServers: cluster, lingerMs: 60_000, deliveryTimeoutMs: 120_000 })
    const stored = producer.send({ topic: 'orders', value: 'in time' })
    await cluster.close()
    expect((await stored).offset).toBe(0)
    await expect(producer.send({ topic: 'orders', value: 'late' })).rejects.toThrow('closed')
    await producer.close()
    await cluster.close()
  })
})

describe('a broker of it', () => {
  it('can be killed and started again, without a loss', async () => {
    const cluster = await clusterOf({ topics: [{ name: 'orders', replicationFactor: 3 }] })
    const producer = cluster.producer({ requestTimeoutMs: 500 })
    await producer.send({ topic: 'orders', value: 'before' })
    const leader = await cluster.leaderOf('orders', 0)
    await cluster.kill(leader)
    expect((await producer.send({ topic: 'orders', value: 'meanwhile' })).offset).toBe(1)
    expect(await cluster.leaderOf('orders', 0)).not.toBe(leader)
    await cluster.revive(leader)
    await expect
      .poll(
        async () => (await cluster.admin().describeTopics(['orders']))[0]?.partitions[0]?.isr.length,
        PATIENCE,
      )
      .toBe(3)
  })
})

describe('clients of it', () => {
  it('go on while one broker after the other dies, and nothing is lost', async () => {
    const configs = { 'min.insync.replicas': '2' }
    const topics = [{ name: 'orders', numPartitions: 3, replicationFactor: 3, configs }]
    const cluster = await clusterOf({ topics })
    const producer = cluster.producer({ requestTimeoutMs: 500, valueSerializer: 'int' })
    const consumer = cluster.consumer({
      groupId: 'billing',
      autoOffsetReset: 'earliest',
      autoCommitIntervalMs: 20,
      requestTimeoutMs: 500,
      valueDeserializer: 'int',
    })
    consumer.subscribe(['orders'])
    const read = new Set<number | null>()
    const reading = (async () => {
      for await (const { value } of consumer) if (read.add(value).size === 600) return
    })()
    const sent: Promise<unknown>[] = []
    const sendSome = () => {
      for (let i = 0; i < 100; i++)
        sent.push(producer.send({ topic: 'orders', partition: sent.length % 3, value: sent.length }))
    }
    for (const id of cluster.brokerIds) {
      sendSome()
      await cluster.kill(id)
      sendSome()
      await Promise.all(sent)
      await cluster.revive(id)
      await expect
        .poll(async () => {
          const [orders] = await cluster.admin().describeTopics(['orders'])
          return orders?.partitions.map(({ isr }) => isr.length)
        }, PATIENCE)
        .toEqual([3, 3, 3])
    }
    await reading
    expect(await Promise.all(sent)).toHaveLength(600)
  })
})

describe('a cluster on a directory', () => {
  it('is found again', async () => {
    const directory = path.join(temporaryDirectory(), 'data')
    const first = await clusterOf({ directory, brokers: 1, topics: ['orders'] })
    await first.producer().send({ topic: 'orders', value: 'kept' })
    await expect(startCluster({ directory })).rejects.toThrow('runs on')
    await first.close()
    const second = await clusterOf({ directory, topics: ['orders'] })
    expect(second.brokerIds).toEqual([0])
    expect((await second.producer().send({ topic: 'orders', value: 'next' })).offset).toBe(1)
    expect(fs.readdirSync(directory)).toContain('broker-0')
  })
})

describe('a directory that is opened', () => {
  it('is shared by those who open it, and taken over by those who are left', async () => {
    const directory = path.join(temporaryDirectory(), 'data')
    const first = await openCluster({ directory })
    onTestFinished(() => first.close())
    const second = await openCluster({ directory })
    onTestFinished(() => second.close())
    await first.createTopics([{ name: 'orders', replicationFactor: 3 }])
    const producer = second.producer()
    expect((await producer.send({ topic: 'orders', value: 'a' })).offset).toBe(0)
    expect([first.isHost, second.isHost]).toEqual([true, false])
    await expect(startCluster({ directory })).rejects.toThrow('runs on')
    await first.close()
    expect((await producer.send({ topic: 'orders', value: 'b' })).offset).toBe(1)
    expect(second.isHost).toBe(true)
  })
})
