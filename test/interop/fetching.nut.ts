import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { systemRandom } from '../../src/base/random.ts'
import {
  Admin,
  type ClientOptions,
  Consumer,
  type ConsumerConfig,
  LogTruncationError,
  Producer,
  type ProducerConfig,
} from '../../src/client/index.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { createKcliHome, startKcliCluster } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** A cluster of three brokers. */
interface Running {
  readonly bootstrap: string
  readonly kafka?: KafkaCluster
  stop(): Promise<unknown>
}

async function startApache(): Promise<Running> {
  const kafka = await startKafka({
    brokers: 3,
    brokerConfig: (id) => ({ 'broker.rack': `rack-${id}` }),
    config: {
      'quota.window.num': '2',
      'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
    },
  })
  return { bootstrap: kafka.bootstrap, kafka, stop: () => kafka.stop() }
}

async function startOwn(): Promise<Running> {
  const home = createKcliHome()
  const cluster = await startKcliCluster(home, { brokers: 3 })
  return {
    bootstrap: cluster.bootstrap,
    stop: () => cluster.stop('SIGKILL').finally(() => home.remove()),
  }
}

describeInterop("kcli's consumer fetches from Apache Kafka 3.9.1", ['kafka'], () => tests(startApache, true))
describeInterop("kcli's consumer fetches from kcli's brokers", [], () => tests(startOwn, false))

/** `isApache`: with racks, quotas and brokers that are killed. */
function tests(start: () => Promise<Running>, isApache: boolean): void {
  let running: Running
  let options: ClientOptions
  let admin: Admin

  beforeAll(async () => {
    running = await start()
    const bootstrap = running.bootstrap.split(',').map((address) => {
      const [host = '', port = ''] = address.split(':')
      return { kind: 'tcp' as const, host, port: Number(port) }
    })
    options = { bootstrap, network: createNodeNetwork(systemClock), clock: systemClock, random: systemRandom }
    admin = new Admin(options)
  })

  afterAll(async () => {
    await admin?.close()
    await running?.stop()
  })

  async function produce(
    topic: string,
    values: readonly string[],
    config: ProducerConfig = {},
  ): Promise<void> {
    const producer = new Producer(options, config)
    await Promise.all(values.map((value) => producer.send({ topic, partition: 0, value })))
    await producer.close()
  }

  function consumerOf(
    topic: string,
    config: ConsumerConfig = {},
    more: Partial<ClientOptions> = {},
  ): Consumer {
    const consumer = new Consumer({ ...options, ...more }, config)
    consumer.assign([{ topic, partition: 0, from: 'earliest' }])
    return consumer
  }

  async function readTo(
    consumer: Consumer,
    topic: string,
    end: number,
    timeoutMs = 30_000,
  ): Promise<string[]> {
    const values: string[] = []
    const untilMs = Date.now() + timeoutMs
    while ((consumer.position({ topic, partition: 0 }) ?? 0) < end) {
      if (Date.now() > untilMs) throw new Error(`only ${values.length} records came`)
      for (const record of await consumer.poll(500)) values.push(record.value?.toString() ?? '')
    }
    return values
  }

  const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}`)

  it('every record once and in order while the leader moves', async () => {
    const topic = 'moving'
    await admin.createTopics([{ name: topic, replicaAssignment: [[0, 1, 2]] }])
    const consumer = consumerOf(topic, { maxPollRecords: 50 })
    const total = 3000
    const writing = (async () => {
      const producer = new Producer(options)
      for (let i = 0; i < total; i++) {
        void producer.send({ topic, partition: 0, value: `${i}` })
        if (i % 100 === 0) await pause(50)
      }
      await producer.close()
    })()
    const moving = (async () => {
      for (const replicas of [
        [1, 0, 2],
        [2, 0, 1],
        [0, 1, 2],
      ]) {
        await pause(400)
        await admin.reassignPartitions([{ topic, partition: 0, replicas }])
        await admin.electLeaders('preferred', [{ topic, partition: 0 }])
      }
    })()
    expect(await readTo(consumer, topic, total)).toEqual(numbered(0, total))
    await Promise.all([writing, moving])
    await consumer.close()
  })

  it.skipIf(!isApache)('reads from the replica in its rack, which waits as it is told to', async () => {
    const topic = 'racks'
    await admin.createTopics([{ name: topic, replicaAssignment: [[0, 1, 2]] }])
    await produce(topic, numbered(0, 100))
    const consumer = consumerOf(topic, { rack: 'rack-2', fetchMinBytes: 100_000, fetchMaxWaitMs: 300 })
    expect(await readTo(consumer, topic, 100)).toEqual(numbered(0, 100))
    await produce(topic, numbered(100, 200))
    expect(await readTo(consumer, topic, 200)).toEqual(numbered(100, 200))
    const { value } = consumer.metrics().find(({ name }) => name === 'preferred-read-replica') ?? {}
    expect(value).toBe(2)
    await consumer.close()
  })

  it.skipIf(!isApache)('a log that was cut off by an unclean election is noticed', async () => {
    const topic = 'cut'
    await admin.createTopics([
      {
        name: topic,
        replicaAssignment: [[0, 1]],
        configs: { 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '1' },
      },
    ])
    await produce(topic, numbered(0, 10))
    const strict = consumerOf(topic, { autoOffsetReset: 'none' })
    const lenient = consumerOf(topic, { autoOffsetReset: 'latest' })
    await Promise.all([readTo(strict, topic, 10), readTo(lenient, topic, 10)])
    await running.kafka?.stopBroker(1)
    await produce(topic, numbered(10, 20), { acks: 1 })
    await Promise.all([readTo(strict, topic, 20), readTo(lenient, topic, 20)])
    await running.kafka?.stopBroker(0, 'SIGKILL')
    await running.kafka?.startBroker(1)
    await expect
      .poll(async () => (await admin.describeTopics([topic]))[0]?.partitions[0]?.leader, { timeout: 30_000 })
      .toBe(1)
    await produce(topic, ['other'])
    const error: unknown = await (async () => {
      for (let i = 0; i < 40; i++) await strict.poll(500)
      return undefined
    })().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(LogTruncationError)
    expect(error).toMatchObject({ offset: 20, divergentOffset: 10 })
    // What it has missed is given to the one that may go back.
    const after: string[] = []
    for (let i = 0; i < 40 && after.length === 0; i++)
      for (const record of await lenient.poll(500)) after.push(`${record.offset} ${record.value}`)
    expect(after).toEqual(['10 other'])
    await Promise.all([strict.close(), lenient.close()])
    await running.kafka?.startBroker(0)
  })

  it('a topic that was made anew is read from its beginning', async () => {
    const topic = 'anew'
    const other = 'stays'
    const make = (name: string) =>
      admin.createTopics([{ name, numPartitions: 1, replicationFactor: 3 }]).then(([made]) => made?.error)
    await Promise.all([make(topic), make(other)])
    await produce(topic, numbered(0, 20))
    const consumer = new Consumer(options, { autoOffsetReset: 'earliest' })
    consumer.assign([topic, other].map((name) => ({ topic: name, partition: 0, from: 'earliest' as const })))
    expect(await readTo(consumer, topic, 20)).toEqual(numbered(0, 20))
    await admin.deleteTopics([topic])
    await expect.poll(() => make(topic), { timeout: 20_000 }).toBeNull()
    await produce(topic, ['new 0', 'new 1'])
    await produce(other, ['other'])
    const values: string[] = []
    for (let i = 0; i < 60 && values.length < 3; i++)
      for (const record of await consumer.poll(500)) values.push(record.value?.toString() ?? '')
    expect(values.sort()).toEqual(['new 0', 'new 1', 'other'])
    await consumer.close()
  })

  it.skipIf(!isApache)('waits out what a quota imposes', async () => {
    const topic = 'slow'
    await admin.createTopics([{ name: topic, numPartitions: 1, replicationFactor: 1 }])
    await produce(
      topic,
      Array.from({ length: 400 }, (_, i) => `${i}`.padEnd(1000, '.')),
    )
    await admin.alterClientQuotas([
      { entity: { 'client-id': 'slow-reader' }, values: { consumer_byte_rate: 50_000 } },
    ])
    await pause(500)
    const consumer = consumerOf(topic, { maxPartitionFetchBytes: 50_000 }, { clientId: 'slow-reader' })
    const startMs = Date.now()
    expect(await readTo(consumer, topic, 400)).toHaveLength(400)
    // 400 KB at 50 KB a second, of which Kafka lets two seconds' worth pass.
    expect(Date.now() - startMs).toBeGreaterThan(3000)
    await consumer.close()
  })

  it('a batch larger than every limit is read', async () => {
    const topic = 'large'
    await admin.createTopics([{ name: topic, numPartitions: 1, replicationFactor: 1 }])
    await produce(topic, ['a'.repeat(500_000), 'b'.repeat(500_000), 'c'])
    const consumer = consumerOf(topic, { maxPartitionFetchBytes: 10, fetchMaxBytes: 10 })
    expect((await readTo(consumer, topic, 3)).map((value) => value[0])).toEqual(['a', 'b', 'c'])
    await consumer.close()
  })
}
