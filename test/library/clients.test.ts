import { afterAll, beforeAll, describe, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import {
  Admin,
  type Cluster,
  Consumer,
  type ConsumerRecord,
  Producer,
  type ProducerInterceptor,
  RecordDeserializationError,
  requireAll,
  SerializationError,
  startCluster,
} from '../../src/library/index.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster({ brokers: 1 })
})
afterAll(() => cluster.close())

let count = 0
async function newTopic(numPartitions = 1): Promise<string> {
  const name = `topic-${++count}`
  await cluster.createTopics([{ name, numPartitions, replicationFactor: 1 }])
  return name
}

async function read<K, V>(consumer: Consumer<K, V>, wanted: number): Promise<ConsumerRecord<K, V>[]> {
  const records: ConsumerRecord<K, V>[] = []
  while (records.length < wanted) records.push(...(await consumer.poll(5_000)))
  return records
}

interface Order {
  readonly id: number
}

describe('serializers', () => {
  it('make the bytes that Kafka makes', async () => {
    const topic = await newTopic()
    const rows = [
      ['string', 'é', 'c3a9', 'é'],
      ['StringSerializer', 'é', 'c3a9', 'é'],
      ['json', { a: [1] }, '7b2261223a5b315d7d', { a: [1] }],
      ['bytes', Buffer.from([1, 2]), '0102', Buffer.from([1, 2])],
      ['short', -2, 'fffe', -2],
      ['int', 258, '00000102', 258],
      ['org.apache.kafka.common.serialization.IntegerSerializer', -1, 'ffffffff', -1],
      ['long', 2n ** 62n, '4000000000000000', 2n ** 62n],
      ['LongSerializer', -1, 'ffffffffffffffff', -1n],
      ['float', 0.5, '3f000000', 0.5],
      ['double', -0.1, 'bfb999999999999a', -0.1],
      ['boolean', true, '01', true],
      [
        'uuid',
        '3F06AF63-A93C-11E4-9797-00505690773F',
        Buffer.from('3f06af63-a93c-11e4-9797-00505690773f').toString('hex'),
        '3f06af63-a93c-11e4-9797-00505690773f',
      ],
      ['void', null, null, null],
    ] as const
    for (const [index, [name, given, hex, expected]] of rows.entries()) {
      const producer = cluster.producer({ valueSerializer: name as 'json' })
      await producer.send({ topic, value: given })
      await producer.close()
      const at = { topic, partition: 0, from: index }
      const plain = cluster.consumer()
      plain.assign([at])
      const [raw] = await read(plain, 1)
      expect(raw?.value?.toString('hex') ?? null, name).toBe(hex)
      await plain.close()
      const consumer = cluster.consumer({
        valueDeserializer: name.replace('Serializer', 'Deserializer') as 'json',
      })
      consumer.assign([at])
      const [record] = await read(consumer, 1)
      expect(record?.value, name).toEqual(expected)
      await consumer.close()
    }
  })

  it('refuse what they cannot write, and the producer goes on', async () => {
    const topic = await newTopic()
    const wrong = [
      ['string', 5],
      ['json', undefined as unknown],
      ['json', () => 1],
      ['bytes', 'text'],
      ['int', 1.5],
      ['int', 2 ** 31],
      ['long', 2n ** 63n],
      ['long', 0.5],
      ['double', '1'],
      ['boolean', 1],
      ['uuid', 'no'],
      ['void', 'x'],
      [undefined, { a: 1 }],
      [(value: unknown) => (value as string).toUpperCase(), 5],
    ] as const
    for (const [serializer, value] of wrong) {
      if (value === undefined) continue
      const producer = cluster.producer({ valueSerializer: serializer as 'json' })
      const error = await producer.send({ topic, value }).catch((thrown: unknown) => thrown)
      expect(error, String(serializer)).toBeInstanceOf(SerializationError)
      expect(error).toMatchObject({ code: 'KCLI_SERIALIZATION', origin: 'value', topic })
      await producer.close()
    }
    const producer = cluster.producer({ keySerializer: 'int' })
    await expect(producer.send({ topic, key: Number.NaN, value: '' })).rejects.toMatchObject({
      origin: 'key',
    })
    expect((await producer.send({ topic, key: 1, value: '' })).offset).toBe(0)
    await producer.close()
  })

  it('are refused when nobody knows them', () => {
    const make = (valueSerializer: string) => () =>
      cluster.producer({ valueSerializer: valueSerializer as 'json' })
    expect(make('strin')).toThrow(
      expect.objectContaining({ code: 'KCLI_CONFIG', hint: 'Did you mean string?' }),
    )
    expect(make('com.example.AvroSerializer')).toThrow('for configuration value.serializer')
    expect(make('toString')).toThrow('for configuration value.serializer')
  })
})

describe('types', () => {
  it('follow the serializers', () => {
    const plain = cluster.producer()
    expectTypeOf(plain.send).parameter(0).toHaveProperty('value').toEqualTypeOf<Uint8Array | string | null>()
    const typed = new Producer({
      bootstrapServers: cluster,
      keySerializer: 'string',
      valueSerializer: 'long',
    })
    expectTypeOf(typed).toEqualTypeOf<Producer<string, bigint | number>>()
    const own = new Producer({
      bootstrapServers: cluster,
      valueSerializer: (order: Order) => String(order.id),
    })
    expectTypeOf(own).toEqualTypeOf<Producer<Uint8Array | string, Order>>()
    const named = new Producer<string, Order>({ bootstrapServers: cluster, valueSerializer: 'json' })
    expectTypeOf(named).toEqualTypeOf<Producer<string, Order>>()
    const reader = new Consumer({
      bootstrapServers: cluster,
      keyDeserializer: 'StringDeserializer',
      valueDeserializer: (bytes) => ({ id: bytes.length }),
    })
    expectTypeOf(reader).toEqualTypeOf<Consumer<string, { id: number }>>()
    expectTypeOf(new Consumer({ bootstrapServers: cluster })).toEqualTypeOf<Consumer<Buffer, Buffer>>()
    expectTypeOf(
      new Consumer<string, Order>({ bootstrapServers: cluster, valueDeserializer: 'json' }),
    ).toEqualTypeOf<Consumer<string, Order>>()
    expectTypeOf(cluster.consumer({ valueDeserializer: 'json' })).toEqualTypeOf<Consumer<Buffer, unknown>>()
  })
})

describe('a producer', () => {
  it('sends all of an iterable, and gives their number', async () => {
    const topic = await newTopic(2)
    const producer = cluster.producer({ bufferMemory: 100_000, lingerMs: 5, valueSerializer: 'int' })
    function* numbers() {
      for (let value = 0; value < 20_000; value++) yield { topic, partition: value % 2, value }
    }
    expect(await producer.sendAll(numbers())).toBe(20_000)
    async function* more() {
      yield { topic, value: 1, headers: { trace: 'x', raw: Buffer.from([1]), none: null } }
    }
    expect(await producer.sendAll(more())).toBe(1)
    const offsets = await cluster
      .admin()
      .listOffsets([0, 1].map((partition) => ({ topic, partition, spec: 'latest' as const })))
    expect(offsets.reduce((sum, { offset }) => sum + offset, 0)).toBe(20_001)
  })

  it('takes headers as a list and as an object', async () => {
    const topic = await newTopic()
    const producer = cluster.producer()
    const list = [
      { key: 'twice', value: 'a' },
      { key: 'twice', value: Buffer.from('b') },
    ]
    await producer.send({ topic, value: null, headers: list })
    await producer.send({ topic, value: null, headers: { text: 'é', none: null } })
    const wrong = { topic, value: null, headers: { number: 5 as unknown as string } }
    await expect(producer.send(wrong)).rejects.toThrow(TypeError)
    const consumer = cluster.consumer()
    consumer.assign([{ topic, partition: 0, from: 'earliest' }])
    const records = await read(consumer, 2)
    expect(records.map(({ headers }) => headers.map(({ key, value }) => [key, value?.toString()]))).toEqual([
      [
        ['twice', 'a'],
        ['twice', 'b'],
      ],
      [
        ['text', 'é'],
        ['none', undefined],
      ],
    ])
  })

  it('lets others have their turns while it sends all', async () => {
    const topic = await newTopic()
    const producer = cluster.producer({ valueSerializer: 'int' })
    let turns = 0
    let isSending = true
    const count = () => {
      turns++
      if (isSending) setImmediate(count)
    }
    function* numbers() {
      for (let value = 0; value < 20_000; value++) {
        if (value === 1) count()
        yield { topic, value }
      }
      isSending = false
    }
    await producer.sendAll(numbers())
    expect(turns).toBeGreaterThan(15)
  })

  it('ends sendAll at the first error', async () => {
    const topic = await newTopic()
    const producer = cluster.producer({ valueSerializer: 'int' })
    const taken: number[] = []
    function* numbers() {
      for (const value of [1, 2, 1.5, 3]) {
        taken.push(value)
        yield { topic, value }
      }
    }
    await expect(producer.sendAll(numbers())).rejects.toThrow(SerializationError)
    expect(taken).toEqual([1, 2, 1.5])
    await expect(producer.sendAll([{ topic, partition: 7, value: 1 }])).rejects.toThrow('no partition 7')
  })

  it('shows its records to interceptors, whatever they throw', async () => {
    const topic = await newTopic()
    const seen: unknown[] = []
    const warnings: string[] = []
    const first: ProducerInterceptor<string, string> = {
      onSend: (record) => ({ ...record, value: `${record.value}!` }),
      onAcknowledgement: ({ offset }, error) => seen.push([offset, error?.name]),
      close: () => seen.push('closed'),
    }
    const second: ProducerInterceptor = {
      onSend: () => {
        throw new Error('out of order')
      },
      onAcknowledgement: () => {
        throw new Error('out of order')
      },
    }
    const ignore = () => undefined
    const logger = { debug: ignore, info: ignore, error: ignore, warn: (text: string) => warnings.push(text) }
    const producer = cluster.producer({ interceptors: [first, second], logger, valueSerializer: 'string' })
    await producer.send({ topic, value: 'a' })
    await producer.sendAll([{ topic, value: 'b' }])
    await expect(producer.send({ topic, value: 'c', partition: 9 })).rejects.toThrow()
    await producer.close()
    expect(seen).toEqual([[0, undefined], [1, undefined], [-1, 'ClientError'], 'closed'])
    expect(new Set(warnings)).toEqual(
      new Set([
        'an interceptor failed in onSend: out of order',
        'an interceptor failed in onAcknowledgement: out of order',
      ]),
    )
    const consumer = cluster.consumer({ valueDeserializer: 'string' })
    consumer.assign([{ topic, partition: 0, from: 'earliest' }])
    expect((await read(consumer, 2)).map(({ value }) => value)).toEqual(['a!', 'b!'])
  })

  it('takes properties by their names in Kafka', async () => {
    const properties: Record<string, string> = {
      'bootstrap.servers': '127.0.0.1:1',
      'max.block.ms': '20000',
      'linger.ms': '1',
    }
    const producer = new Producer({ ...properties, bootstrapServers: cluster })
    onTestFinished(() => producer.close())
    expect((await producer.send({ topic: await newTopic(), value: 'x' })).offset).toBe(0)
    expect(() => cluster.producer({ lingerMs: -1 })).toThrow('linger.ms')
    expect(() => new Producer({ bootstrapServers: '' })).toThrow('bootstrapServers is missing')
    const unknown = { bootstrapServers: cluster, lingerMS: 5 }
    expect(() => new Producer(unknown)).toThrow(expect.objectContaining({ hint: 'Did you mean lingerMs?' }))
  })
})

describe('a producer of a topic that does not exist', () => {
  it('has it made, as in Kafka, unless it is told not to', async () => {
    const producer = cluster.producer()
    expect((await producer.send({ topic: 'made', value: 'x' })).offset).toBe(0)
    expect(await producer.partitionsFor('made')).toHaveLength(1)
    const metrics = producer.metrics().filter(({ name }) => name === 'record-send-total')
    expect(metrics).toContainEqual(expect.objectContaining({ group: 'producer-metrics', value: 1 }))
    const careful = cluster.producer({ allowAutoCreateTopics: false, maxBlockMs: 20_000 })
    await expect(careful.send({ topic: 'not-made', value: 'x' })).rejects.toThrow("'not-made' does not exist")
  })
})

describe('a consumer', () => {
  it('stops at a record that it cannot read, and goes on behind it when told to', async () => {
    const topic = await newTopic(2)
    const producer = cluster.producer()
    for (const value of ['1', '2', 'x', '4', 'y', '6'])
      await producer.send({ topic, partition: 0, key: 'k', value })
    for (const value of ['10', '11']) await producer.send({ topic, partition: 1, value })
    const consumer = cluster.consumer({ valueDeserializer: 'json' })
    consumer.assign([0, 1].map((partition) => ({ topic, partition, from: 'earliest' as const })))
    const values: unknown[] = []
    const failures: RecordDeserializationError[] = []
    while (values.length < 6) {
      try {
        for (const record of await consumer.poll(5_000)) values.push(record.value)
      } catch (error) {
        if (!(error instanceof RecordDeserializationError)) throw error
        failures.push(error)
        expect(consumer.position(error)).toBe(error.offset)
        // The second time is asked for: the position has not moved.
        if (failures.length !== 1) await consumer.seek(error, error.offset + 1)
      }
    }
    expect(values.filter((value) => Number(value) < 10)).toEqual([1, 2, 4, 6])
    expect(values.filter((value) => Number(value) >= 10)).toEqual([10, 11])
    expect(failures.map(({ offset }) => offset)).toEqual([2, 2, 4])
    const [first] = failures
    expect(first).toMatchObject({
      topic,
      partition: 0,
      origin: 'value',
      retriable: false,
      timestampType: 'create',
    })
    expect([first?.keyBuffer?.toString(), first?.valueBuffer?.toString()]).toEqual(['k', 'x'])
  })

  it('iterates, and counts as read only what was given out', async () => {
    const topic = await newTopic()
    await cluster.producer().sendAll(['a', 'b', 'c', 'd'].map((value) => ({ topic, value })))
    const consumer = cluster.consumer({ valueDeserializer: 'string' })
    consumer.assign([{ topic, partition: 0, from: 'earliest' }])
    const values: (string | null)[] = []
    for await (const { value } of consumer) {
      values.push(value)
      if (values.length === 2) break
    }
    expect(consumer.position({ topic, partition: 0 })).toBe(2)
    for await (const { value } of consumer.records()) {
      values.push(value)
      if (values.length === 4) break
    }
    expect(values).toEqual(['a', 'b', 'c', 'd'])
  })

  it('ends its iteration when it is closed', async () => {
    const consumer = cluster.consumer()
    consumer.assign([{ topic: await newTopic(), partition: 0, from: 'earliest' }])
    const ended = (async () => {
      for await (const record of consumer) expect(record).toBeUndefined()
    })()
    await new Promise((resolve) => setImmediate(resolve))
    await consumer.close()
    await ended
  })

  it('shows its records to interceptors', async () => {
    const topic = await newTopic()
    await cluster.producer().sendAll(['a', 'b'].map((value) => ({ topic, value })))
    const consumer = cluster.consumer({
      valueDeserializer: 'string',
      interceptors: [{ onConsume: (records) => records.filter(({ value }) => value !== 'a') }],
    })
    consumer.assign([{ topic, partition: 0, from: 'earliest' }])
    expect((await read(consumer, 1)).map(({ value }) => value)).toEqual(['b'])
  })
})

describe('readTopic', () => {
  it('gives what is there', async () => {
    const topic = await newTopic(3)
    expect(await cluster.readTopic(topic)).toEqual([])
    const producer = cluster.producer()
    await producer.sendAll([0, 1, 2, 3, 4].map((i) => ({ topic, partition: i % 2, value: String(i) })))
    const all = await cluster.readTopic(topic, { valueDeserializer: 'json', maxPollRecords: 2 })
    expect(all.map(({ value }) => value).sort()).toEqual([0, 1, 2, 3, 4])
  })

  it('waits for a number of records, and says how many came', async () => {
    const topic = await newTopic()
    const producer = cluster.producer()
    const read = cluster.readTopic(topic, { count: 2, valueDeserializer: 'string' })
    await producer.sendAll(['a', 'b', 'c'].map((value) => ({ topic, value })))
    expect((await read).map(({ value }) => value)).toEqual(['a', 'b'])
    await expect(cluster.readTopic(topic, { count: 4, timeoutMs: 1_500 })).rejects.toThrow(
      `could not read '${topic}': 3 of 4 records came within 1500 ms`,
    )
    await expect(cluster.readTopic('nothing')).rejects.toThrow("'nothing' does not exist")
  })
})

describe('an admin', () => {
  it('tells of each item, and throws the first error when asked to', async () => {
    const admin = new Admin({ bootstrapServers: cluster })
    onTestFinished(() => admin.close())
    const name = await newTopic()
    const results = await admin.createTopics([{ name }, { name: 'new' }])
    expect(results.map(({ error }) => error?.errorName)).toEqual(['TOPIC_ALREADY_EXISTS', undefined])
    expect(() => requireAll(results)).toThrow(expect.objectContaining({ errorName: 'TOPIC_ALREADY_EXISTS' }))
    expect(requireAll(await admin.deleteTopics(['new']))).toHaveLength(1)
  })
})

describe('a consumer of a group', () => {
  it('goes on where the group was, and commits what was given out', async () => {
    const topic = await newTopic()
    await cluster.producer().sendAll(['a', 'b', 'c', 'd'].map((value) => ({ topic, value })))
    const committed: number[] = []
    const options = {
      groupId: `group-of-${topic}`,
      autoOffsetReset: 'earliest',
      valueDeserializer: 'string',
      interceptors: [
        { onCommit: ([first]: readonly { offset: number }[]) => committed.push(first?.offset ?? -1) },
      ],
    } as const
    const values: (string | null)[] = []
    for (const wanted of [1, 3, 4]) {
      const consumer = cluster.consumer(options)
      consumer.subscribe([topic])
      for await (const { value } of consumer) if (values.push(value) === wanted) break
      await consumer.close()
    }
    expect(values).toEqual(['a', 'b', 'c', 'd'])
    expect(committed).toEqual([1, 3, 4])
  })

  it('commits up to a record that it cannot read, and no further', async () => {
    const topic = await newTopic()
    await cluster.producer().sendAll(['1', 'x', '3'].map((value) => ({ topic, value })))
    const groupId = `group-of-${topic}`
    const consumer = cluster.consumer({ groupId, autoOffsetReset: 'earliest', valueDeserializer: 'json' })
    consumer.subscribe([topic])
    const values: unknown[] = []
    const read = async () => {
      for await (const { value } of consumer) values.push(value)
    }
    await expect(read()).rejects.toThrow(RecordDeserializationError)
    expect(values).toEqual([1])
    await consumer.close()
    const [group] = await cluster.admin().listConsumerGroupOffsets([groupId])
    expect(group?.offsets).toMatchObject([{ topic, partition: 0, offset: 1 }])
  })

  it('ends at a signal', async () => {
    const topic = await newTopic()
    await cluster.producer().send({ topic, value: 'a' })
    const consumer = cluster.consumer({ groupId: `group-of-${topic}`, autoOffsetReset: 'earliest' })
    consumer.subscribe([topic])
    const stop = new AbortController()
    const read = async () => {
      for await (const { offset } of consumer.records({ signal: stop.signal })) {
        expect(offset).toBe(0)
        setTimeout(() => stop.abort(new Error('enough')), 10)
      }
    }
    await expect(read()).rejects.toThrow('enough')
    await expect(consumer.poll(1_000, { signal: stop.signal })).rejects.toThrow('enough')
    expect(await consumer.poll(1)).toEqual([])
    await consumer.commitSync()
    await consumer.close()
  })
})
