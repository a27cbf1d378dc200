/** The library against Apache Kafka's brokers, and Kafka's own tools against a cluster in memory. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  Admin,
  type Cluster,
  Consumer,
  Producer,
  RecordDeserializationError,
  requireAll,
  startCluster,
} from '../../src/index.ts'
import { runToolProcess } from './support/driver.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { describeInterop } from './support/suite.ts'

const SERDES = [
  ['string', 'É', 'É'],
  ['short', -2, '-2'],
  ['int', 258, '258'],
  ['long', 2n ** 62n, '4611686018427387904'],
  ['float', 0.5, '0.5'],
  ['double', -0.1, '-0.1'],
  ['boolean', true, 'true'],
  ['uuid', '3f06af63-a93c-11e4-9797-00505690773f', '3f06af63-a93c-11e4-9797-00505690773f'],
] as const

const JAVA_NAMES: Readonly<Record<string, string>> = { int: 'Integer', uuid: 'UUID' }

function javaName(name: string): string {
  return JAVA_NAMES[name] ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`
}

describeInterop('the library', ['kafka', 'driver'], () => {
  let kafka: KafkaCluster
  let cluster: Cluster
  beforeAll(async () => {
    ;[kafka, cluster] = await Promise.all([startKafka(), startCluster({ listen: true })])
  })
  afterAll(() => Promise.all([kafka?.stop(), cluster?.close()]))

  it('works with brokers of Apache Kafka', async () => {
    const bootstrapServers = kafka.bootstrap
    await using admin = new Admin({ bootstrapServers })
    requireAll(await admin.createTopics([{ name: 'orders', numPartitions: 2, replicationFactor: 1 }]))
    await using producer = new Producer({ bootstrapServers, keySerializer: 'int', compressionType: 'lz4' })
    const values = ['{"id":1}', 'oops', '{"id":3}', '{"id":4}']
    expect(
      await producer.sendAll(values.map((value) => ({ topic: 'orders', partition: 1, key: 7, value }))),
    ).toBe(4)

    const group = { bootstrapServers, groupId: 'billing', autoOffsetReset: 'earliest' } as const
    const deserializers = { keyDeserializer: 'int', valueDeserializer: 'json' } as const
    const read: unknown[] = []
    for (const wanted of [3, 4]) {
      await using consumer = new Consumer({ ...group, ...deserializers })
      consumer.subscribe(/^ord/)
      while (read.length < wanted) {
        try {
          for await (const { key, value } of consumer) if (read.push([key, value]) >= wanted) break
        } catch (error) {
          if (!(error instanceof RecordDeserializationError)) throw error
          expect(error).toMatchObject({ topic: 'orders', partition: 1, offset: 1, origin: 'value' })
          read.push('skipped')
          await consumer.seek(error, error.offset + 1)
        }
      }
    }
    expect(read).toEqual([[7, { id: 1 }], 'skipped', [7, { id: 3 }], [7, { id: 4 }]])
    const [offsets] = requireAll(await admin.listConsumerGroupOffsets(['billing']))
    expect(offsets?.offsets).toContainEqual(expect.objectContaining({ partition: 1, offset: 4 }))
  })

  it.each(SERDES)('writes a %s as Kafka reads it', async (name, value, text) => {
    const topic = `of-${name}`
    const producer = cluster.producer({ valueSerializer: name as 'json', acks: 'all' })
    await producer.send({ topic, value })
    const deserializer = `org.apache.kafka.common.serialization.${javaName(name)}Deserializer`
    const { stdout } = await runToolProcess('kafka-console-consumer', [
      ...['--bootstrap-server', cluster.bootstrapServers, '--topic', topic, '--from-beginning'],
      ...['--max-messages', '1', '--timeout-ms', '20000', '--value-deserializer', deserializer],
    ])
    expect(stdout).toBe(`${text}\n`)
  })
})
