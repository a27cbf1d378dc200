import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { systemRandom } from '../../src/base/random.ts'
import { Admin, type ClientOptions, Consumer, Producer, type ProducerConfig } from '../../src/client/index.ts'
import { missingReason } from './support/environment.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'

const missing = missingReason(['kafka'])

describe.skipIf(missing !== undefined)(`kcli's client against Apache Kafka 3.9.1 ${missing ?? ''}`, () => {
  let kafka: KafkaCluster
  let options: ClientOptions

  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 })
    const bootstrap = kafka.bootstrap.split(',').map((address) => {
      const [host = '', port = ''] = address.split(':')
      return { kind: 'tcp' as const, host, port: Number(port) }
    })
    options = { bootstrap, network: createNodeNetwork(systemClock), clock: systemClock, random: systemRandom }
  })

  afterAll(() => kafka?.stop())

  async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = new Admin(options)
    try {
      return await work(admin)
    } finally {
      await admin.close()
    }
  }

  async function readAll(topic: string, count: number) {
    const consumer = new Consumer(options, { autoOffsetReset: 'earliest' })
    try {
      const partitions = await consumer.partitionsOf(topic)
      consumer.assign(partitions.map((partition) => ({ topic, partition, from: 'earliest' as const })))
      const records = []
      while (records.length < count) {
        const more = await consumer.poll(5000)
        if (more.length === 0) throw new Error(`${records.length} of ${count} records came`)
        records.push(...more)
      }
      return records
    } finally {
      await consumer.close()
    }
  }

  it('creates, describes, changes and deletes a topic', async () => {
    await withAdmin(async (admin) => {
      const configs = { 'retention.ms': '60000' }
      const [created] = await admin.createTopics([
        { name: 'made', numPartitions: 3, replicationFactor: 3, configs },
      ])
      expect(created).toMatchObject({ name: 'made', error: null, numPartitions: 3, replicationFactor: 3 })
      const [again] = await admin.createTopics([{ name: 'made', numPartitions: 1, replicationFactor: 1 }])
      expect(again?.error).toMatchObject({
        errorName: 'TOPIC_ALREADY_EXISTS',
        message: "Topic 'made' already exists.",
      })
      expect((await admin.createPartitions([{ name: 'made', totalCount: 5 }]))[0]?.error).toBeNull()
      const resource = { type: 'topic', name: 'made' } as const
      await admin.incrementalAlterConfigs([
        { resource, operations: [{ op: 'set', name: 'segment.bytes', value: '20000' }] },
      ])
      const ownConfigs = async () => {
        const [described] = await admin.describeConfigs([resource], { includeSynonyms: true })
        const own = described?.entries.filter((entry) => entry.source === 'DYNAMIC_TOPIC_CONFIG') ?? []
        return own.map(({ name, value }) => `${name}=${value}`).sort()
      }
      await expect.poll(ownConfigs).toEqual(['retention.ms=60000', 'segment.bytes=20000'])
      // Any broker may be asked, and it may hear of the change a moment later.
      await expect.poll(async () => (await admin.describeTopics(['made']))[0]?.partitions.length).toBe(5)
      expect((await admin.deleteTopics(['made']))[0]?.error).toBeNull()
      expect((await admin.describeCluster()).brokers).toHaveLength(3)
      expect((await admin.describeLogDirs()).length).toBeGreaterThanOrEqual(3)
    })
  })

  it.each<ProducerConfig>([
    { compressionType: 'none' },
    { compressionType: 'gzip' },
    { compressionType: 'snappy' },
    { compressionType: 'lz4' },
    { compressionType: 'zstd' },
    { acks: 1 },
    { acks: 0 },
  ])('stores and reads back records with %o', async (config) => {
    const topic = `records-${config.compressionType ?? config.acks}`
    await withAdmin((admin) => admin.createTopics([{ name: topic, numPartitions: 3, replicationFactor: 3 }]))
    const producer = new Producer(options, config)
    const total = 5000
    const answers = []
    for (let index = 0; index < total; index++) {
      const headers = [{ key: 'h', value: index % 2 ? null : Buffer.from('x') }]
      const key = index % 5 === 0 ? null : `key-${index % 50}`
      answers.push(
        producer.send({
          topic,
          key,
          value: index % 7 === 0 ? null : `value ${index}`,
          headers,
          timestampMs: index,
        }),
      )
    }
    await Promise.all(answers)
    await producer.close()
    const records = await readAll(topic, total)
    expect(records).toHaveLength(total)
    const byTime = new Map(records.map((record) => [record.timestampMs, record]))
    for (let index = 0; index < total; index++) {
      const record = byTime.get(index)
      expect(record?.key?.toString() ?? null).toBe(index % 5 === 0 ? null : `key-${index % 50}`)
      expect(record?.value?.toString() ?? null).toBe(index % 7 === 0 ? null : `value ${index}`)
    }
  })

  it('knows the offsets of ends and times', async () => {
    const topic = 'offsets'
    await withAdmin(async (admin) => {
      await admin.createTopics([{ name: topic, numPartitions: 1, replicationFactor: 3 }])
      const producer = new Producer(options)
      for (const timestampMs of [1000, 2000, 3000]) await producer.send({ topic, value: 'x', timestampMs })
      await producer.close()
      const at = { topic, partition: 0 }
      const specs = ['earliest', 'latest', { timestampMs: 1500 }, { timestampMs: 9000 }] as const
      const offsets = []
      for (const spec of specs) offsets.push((await admin.listOffsets([{ ...at, spec }]))[0]?.offset)
      expect(offsets).toEqual([0, 3, 1, -1])
      expect(await admin.deleteRecords([{ ...at, beforeOffset: 2 }])).toMatchObject([
        { lowWatermark: 2, error: null },
      ])
      expect((await admin.listOffsets([{ ...at, spec: 'earliest' }]))[0]?.offset).toBe(2)
    })
  })

  it('splits a batch that the broker finds too large', async () => {
    const topic = 'small'
    const configs = { 'max.message.bytes': '2000' }
    await withAdmin((admin) =>
      admin.createTopics([{ name: topic, numPartitions: 1, replicationFactor: 1, configs }]),
    )
    const producer = new Producer(options, { lingerMs: 50, batchSizeBytes: 100_000 })
    const answers = Array.from({ length: 100 }, (_, index) =>
      producer.send({ topic, value: `${index}`.padEnd(100, '.') }),
    )
    await Promise.all(answers)
    await producer.close()
    const records = await readAll(topic, 100)
    expect(records.map((record) => Number.parseInt(record.value?.toString() ?? '', 10))).toEqual(
      Array.from({ length: 100 }, (_, index) => index),
    )
  })

  it('follows a leader that moves, with each record once and in order', async () => {
    const topic = 'moving'
    await withAdmin((admin) => admin.createTopics([{ name: topic, numPartitions: 1, replicationFactor: 3 }]))
    const producer = new Producer(options)
    const metric = (name: string) => producer.metrics().find((one) => one.name === name)?.value ?? 0
    let isMoving = true
    const sending = (async () => {
      const answers: Promise<unknown>[] = []
      for (let index = 0; isMoving; index++) {
        answers.push(producer.send({ topic, value: `${index}` }))
        if (index % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      }
      await Promise.all(answers)
      return answers.length
    })()
    try {
      await withAdmin(async (admin) => {
        for (const leader of [1, 2, 0, 1, 2, 0]) {
          const replicas = [leader, (leader + 1) % 3, (leader + 2) % 3]
          await admin.reassignPartitions([{ topic, partition: 0, replicas }])
          const leaderNow = async () => {
            await admin.electLeaders('preferred', [{ topic, partition: 0 }])
            return (await admin.describeTopics([topic]))[0]?.partitions[0]?.leader
          }
          await expect.poll(leaderNow, { timeout: 20_000 }).toBe(leader)
        }
      })
    } finally {
      isMoving = false
    }
    const sent = await sending
    expect(metric('record-retry-total')).toBeGreaterThan(0)
    await producer.close()
    const values = (await readAll(topic, sent)).map((record) => Number(record.value?.toString()))
    expect(values).toEqual(Array.from({ length: sent }, (_, index) => index))
  }, 120_000)

  it('says that a topic does not exist', async () => {
    const producer = new Producer(options)
    await expect(producer.send({ topic: 'nowhere', value: 'x' })).rejects.toThrow(
      "topic 'nowhere' does not exist",
    )
    await producer.close()
  })
})
