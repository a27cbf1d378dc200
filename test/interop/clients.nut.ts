/** kafkajs and the Java clients against `kcli cluster start`. */
import { type Admin, CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type JavaConsumedRecord, JavaDriver, type JavaRecord } from './support/driver.ts'
import { createKcliHome, type KcliCluster, type KcliHome, startKcliCluster } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

describeInterop('clients of others', ['driver'], () => {
  let home: KcliHome
  let cluster: KcliCluster
  let java: JavaDriver
  let kafka: Kafka
  let admin: Admin

  beforeAll(async () => {
    home = createKcliHome()
    cluster = await startKcliCluster(home)
    java = new JavaDriver()
    kafka = new Kafka({ brokers: cluster.bootstrap.split(','), logLevel: logLevel.ERROR })
    admin = kafka.admin()
    await admin.connect()
  })
  afterAll(async () => {
    await admin?.disconnect()
    await java?.close()
    await cluster?.stop('SIGKILL')
    home?.remove()
  })

  const create = (topic: string, numPartitions = 1) =>
    admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions, replicationFactor: 3 }] })

  it('kafkajs administers topics', async () => {
    expect(await create('administered', 2)).toBe(true)
    expect(await create('administered', 2)).toBe(false)
    expect(await admin.listTopics()).toContain('administered')
    await admin.createPartitions({ topicPartitions: [{ topic: 'administered', count: 4 }] })
    const { topics } = await admin.fetchTopicMetadata({ topics: ['administered'] })
    expect(topics[0]?.partitions).toHaveLength(4)
    const resource = { type: 2, name: 'administered' }
    const configEntries = [{ name: 'retention.ms', value: '12345' }]
    await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] })
    const described = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ ...resource, configNames: ['retention.ms'] }],
    })
    expect(described.resources[0]?.configEntries).toMatchObject([
      { configName: 'retention.ms', configValue: '12345' },
    ])
    const { brokers, controller } = await admin.describeCluster()
    expect(brokers).toHaveLength(3)
    expect(brokers.map(({ nodeId }) => nodeId)).toContain(controller)
    await admin.deleteTopics({ topics: ['administered'] })
    expect(await admin.listTopics()).not.toContain('administered')
  })

  /** kafkajs has no consumer without a group; its brokers fetch. */
  async function fetchWithKafkajs(topic: string, count: number) {
    const [end] = await admin.fetchTopicOffsets(topic)
    expect(end).toMatchObject({ partition: 0, low: '0', high: String(count) })
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    const leader = topics[0]?.partitions[0]?.leader
    const { default: Cluster } = (await import('kafkajs/src/cluster/index.js' as string)) as {
      default: new (options: object) => KafkajsCluster
    }
    const { default: createSocket } = (await import('kafkajs/src/network/socketFactory.js' as string)) as {
      default: () => unknown
    }
    const inner = new Cluster({
      ...{ logger: kafka.logger(), socketFactory: createSocket(), brokers: cluster.bootstrap.split(',') },
      ...{ connectionTimeout: 5_000, requestTimeout: 10_000, offsets: new Map(), retry: { retries: 2 } },
    })
    await inner.connect()
    try {
      await inner.addTargetTopic(topic)
      const broker = await inner.findBroker({ nodeId: String(leader) })
      const partitions = [{ partition: 0, fetchOffset: '0', maxBytes: 1 << 20 }]
      const { responses } = await broker.fetch({
        ...{ isolationLevel: 0, maxWaitTime: 100, minBytes: 1, maxBytes: 1 << 20 },
        topics: [{ topic, partitions }],
      })
      return responses[0]?.partitions[0]?.messages ?? []
    } finally {
      await inner.disconnect()
    }
  }
  interface KafkajsBroker {
    fetch(request: object): Promise<{ responses: { partitions: { messages: KafkajsMessage[] }[] }[] }>
  }
  interface KafkajsMessage {
    readonly key: Buffer | null
    readonly value: Buffer | null
    readonly headers?: Record<string, Buffer>
  }
  interface KafkajsCluster {
    connect(): Promise<void>
    disconnect(): Promise<void>
    addTargetTopic(topic: string): Promise<void>
    findBroker(node: { nodeId: string }): Promise<KafkajsBroker>
  }

  it.each([
    ['none', CompressionTypes.None],
    ['gzip', CompressionTypes.GZIP],
  ])('kafkajs produces and fetches, %s', async (name, compression) => {
    const topic = `js-${name}`
    await create(topic)
    for (const idempotent of [false, true]) {
      const producer = kafka.producer({ idempotent, createPartitioner: Partitioners.DefaultPartitioner })
      await producer.connect()
      const messages = [
        { key: 'k', value: 'v', headers: { h: 'x' }, timestamp: '1000' },
        { key: null, value: 'no key', timestamp: '2000' },
        { key: 'gone', value: null, timestamp: '3000' },
      ]
      const [sent] = await producer.send({ topic, messages, compression, acks: -1 })
      expect(sent).toMatchObject({ partition: 0, errorCode: 0, baseOffset: idempotent ? '3' : '0' })
      await producer.disconnect()
    }
    const messages = await fetchWithKafkajs(topic, 6)
    expect(messages.map(({ key, value }) => [key?.toString() ?? null, value?.toString() ?? null])).toEqual([
      ...[
        ['k', 'v'],
        [null, 'no key'],
        ['gone', null],
      ],
      ...[
        ['k', 'v'],
        [null, 'no key'],
        ['gone', null],
      ],
    ])
    expect(messages[0]?.headers?.h?.toString()).toBe('x')
    expect(await admin.fetchTopicOffsetsByTimestamp(topic, 2_000)).toEqual([{ partition: 0, offset: '1' }])
  })

  const javaRecords = (topic: string, count: number): JavaRecord[] =>
    Array.from({ length: count }, (_, i) => ({
      ...{ topic, timestamp: 1_000 + i, key: i % 3 === 0 ? null : `k${i}` },
      value: i % 5 === 0 ? null : `value ${i}`,
      headers: [
        ['h', 'x'],
        ['none', null],
        ['binary', { base64: '/wA=' }],
      ],
    }))
  const read = (topic: string) =>
    java.consume({ 'bootstrap.servers': cluster.bootstrap }, [{ topic, partition: 0, offset: 0 }])

  it.each(
    ['none', 'gzip', 'snappy', 'lz4', 'zstd'].flatMap((codec) => [
      { codec, idempotence: 'true' },
      { codec, idempotence: 'false' },
    ]),
  )('the Java clients with $codec, idempotence $idempotence', async ({ codec, idempotence }) => {
    const topic = `java-${codec}-${idempotence}`
    await create(topic)
    const records = javaRecords(topic, 500)
    const config = {
      ...{ 'bootstrap.servers': cluster.bootstrap, acks: 'all', 'batch.size': '1000' },
      ...{ 'compression.type': codec, 'enable.idempotence': idempotence },
      ...(idempotence === 'false' && { 'max.in.flight.requests.per.connection': '1' }),
    }
    const { sent } = await java.produce(config, [{ send: records }])
    expect(sent.map(({ offset }) => offset)).toEqual(records.map((_, i) => i))
    const got = await read(topic)
    const plain = ({ key, value, timestamp, headers }: JavaConsumedRecord | JavaRecord) => [
      ...[key ?? null, value, timestamp, headers],
    ]
    expect(got.map(plain)).toEqual(records.map(plain))
  })

  it('the Java clients: acks 0 and 1, append times, max.poll.records', async () => {
    await admin.createTopics({
      topics: [
        {
          ...{ topic: 'stamped', numPartitions: 1, replicationFactor: 3 },
          configEntries: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }],
        },
      ],
    })
    const before = Date.now()
    for (const acks of ['0', '1']) {
      const config = { 'bootstrap.servers': cluster.bootstrap, acks, 'enable.idempotence': 'false' }
      await java.produce(config, [{ send: javaRecords('stamped', 10) }])
    }
    const records = await read('stamped')
    expect(records).toHaveLength(20)
    for (const record of records) {
      expect(record.timestampType).toBe('LogAppendTime')
      expect(record.timestamp).toBeGreaterThanOrEqual(before)
    }
  })

  it('the Java producer is told that transactions are not there', async () => {
    const config = {
      ...{ 'bootstrap.servers': cluster.bootstrap, 'transactional.id': 'tx', 'max.block.ms': '5000' },
    }
    await expect(java.produce(config, [{ begin: true }])).rejects.toThrow(/UnsupportedVersion|transaction/i)
  })
})
