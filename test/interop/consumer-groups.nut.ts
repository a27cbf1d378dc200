/** kcli's consumer in groups with members of other clients, on Apache Kafka 3.9.1 and on `kcli cluster start`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Kafka, type Consumer as KafkajsConsumer, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { systemRandom } from '../../src/base/random.ts'
import {
  Admin,
  type AssignorName,
  type ClientOptions,
  Consumer,
  type ConsumerConfig,
  type PartitionAssignor,
  Producer,
} from '../../src/client/index.ts'
import { killWithUs, stopChild } from './support/child.ts'
import { javaArgs, toolsJvmFlags } from './support/driver.ts'
import { requireManifest } from './support/environment.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { createKcliHome, type KcliCluster, type KcliHome, kcli, startKcliCluster } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

const PARTITIONS = 6
const TIMEOUT = { timeout: 60_000, interval: 100 }
const JAVA_CLASSES: Readonly<Record<AssignorName, string>> = {
  range: 'RangeAssignor',
  roundrobin: 'RoundRobinAssignor',
  sticky: 'StickyAssignor',
  'cooperative-sticky': 'CooperativeStickyAssignor',
}

function optionsFor(bootstrap: string): ClientOptions {
  const addresses = bootstrap.split(',').map((address) => {
    const [host = '', port = ''] = address.split(':')
    return { kind: 'tcp' as const, host, port: Number(port) }
  })
  const network = createNodeNetwork(systemClock)
  return { bootstrap: addresses, network, clock: systemClock, random: systemRandom }
}

/** kcli's consumer, polling until it is closed. */
class OurMember {
  readonly consumer: Consumer
  readonly values: string[] = []
  private readonly done: Promise<void>
  private isClosing = false

  constructor(options: ClientOptions, topic: string, config: ConsumerConfig) {
    this.consumer = new Consumer(options, {
      autoOffsetReset: 'earliest',
      sessionTimeoutMs: 6_000,
      heartbeatIntervalMs: 500,
      maxPollIntervalMs: 10_000,
      autoCommitIntervalMs: 200,
      ...config,
    })
    this.consumer.subscribe([topic])
    this.done = this.run()
  }

  get partitions(): number {
    return this.consumer.assignment().length
  }

  private async run(): Promise<void> {
    while (!this.isClosing)
      for (const record of await this.consumer.poll(100)) this.values.push(record.value?.toString() ?? '')
  }

  async close(): Promise<void> {
    this.isClosing = true
    await this.done
    await this.consumer.close()
  }
}

/** Kafka's verifiable consumer as a process: what it was given, and what it read. */
class JavaMember {
  readonly values: string[] = []
  partitions = 0
  private readonly child: ChildProcess

  constructor(bootstrap: string, topic: string, groupId: string, assignor: AssignorName) {
    const args = [
      ...javaArgs(
        'org.apache.kafka.tools.VerifiableConsumer',
        requireManifest().toolsLogConfig,
        toolsJvmFlags,
      ),
      ...['--bootstrap-server', bootstrap, '--topic', topic, '--group-id', groupId, '--verbose'],
      ...['--session-timeout', '6000', '--reset-policy', 'earliest'],
      ...['--assignment-strategy', `org.apache.kafka.clients.consumer.${JAVA_CLASSES[assignor]}`],
    ]
    this.child = spawn('java', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    killWithUs(this.child)
    if (this.child.stdout === null) throw new Error('no output')
    createInterface({ input: this.child.stdout }).on('line', (line) => this.onLine(line))
  }

  private onLine(line: string): void {
    if (!line.startsWith('{')) return
    const event = JSON.parse(line) as { name: string; value?: string; partitions?: unknown[] }
    if (event.name === 'record_data') this.values.push(event.value ?? '')
    else if (event.name === 'partitions_assigned') this.partitions += event.partitions?.length ?? 0
    else if (event.name === 'partitions_revoked') this.partitions -= event.partitions?.length ?? 0
  }

  async close(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await stopChild(this.child, signal)
  }
}

const members: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.allSettled(members.splice(0).map((member) => member.close()))
})
function joins<T extends { close(): Promise<void> }>(member: T): T {
  members.push(member)
  return member
}
async function leaves(member: { close(): Promise<void> }): Promise<void> {
  members.splice(members.indexOf(member), 1)
  await member.close()
}

async function createTopic(options: ClientOptions, name: string): Promise<void> {
  const admin = new Admin(options)
  const [created] = await admin.createTopics([{ name, numPartitions: PARTITIONS, replicationFactor: 3 }])
  expect(created?.error).toBeNull()
  await admin.close()
}

async function coordinatorOf(options: ClientOptions, groupId: string): Promise<number> {
  const admin = new Admin(options)
  const [group] = await admin.describeConsumerGroups([groupId])
  await admin.close()
  return group?.coordinator?.id ?? -1
}

/** Numbered values, over all partitions in turn. */
async function produce(producer: Producer, topic: string, from: number, count: number): Promise<string[]> {
  const values = Array.from({ length: count }, (_, i) => String(from + i))
  await Promise.all(
    values.map((value) => producer.send({ topic, value, partition: Number(value) % PARTITIONS })),
  )
  return values
}

const missingOf = (expected: readonly string[], ...lists: (readonly string[])[]) => {
  const seen = new Set(lists.flat())
  return expected.filter((value) => !seen.has(value)).length
}

describeInterop('kcli in groups on Apache Kafka', ['kafka', 'driver'], () => {
  let kafka: KafkaCluster
  let options: ClientOptions
  let producer: Producer
  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 })
    options = optionsFor(kafka.bootstrap)
    producer = new Producer(options)
  })
  afterAll(async () => {
    await producer?.close()
    await kafka?.stop()
  })

  it('static members come back to what they had', async () => {
    const topic = 'static'
    await createTopic(options, topic)
    const config = { groupId: 'statics', sessionTimeoutMs: 20_000, heartbeatIntervalMs: 500 }
    const [one, two] = ['one', 'two'].map((groupInstanceId) =>
      joins(new OurMember(options, topic, { ...config, groupInstanceId })),
    ) as [OurMember, OurMember]
    await expect.poll(() => [one.partitions, two.partitions], TIMEOUT).toEqual([3, 3])
    const before = one.consumer.assignment()
    const { generationId } = one.consumer.groupMetadata()
    await leaves(one)
    const again = joins(new OurMember(options, topic, { ...config, groupInstanceId: 'one' }))
    await expect.poll(() => again.partitions, TIMEOUT).toBe(3)
    expect(again.consumer.assignment()).toEqual(before)
    expect(again.consumer.groupMetadata().generationId).toBe(generationId)
  }, 120_000)

  it.each(['range', 'roundrobin', 'sticky', 'cooperative-sticky'] as const)(
    '%s: leads a Java member, follows one, and takes over',
    async (assignor) => {
      const topic = `with-java-${assignor}`
      const groupId = `mixed-${assignor}`
      await createTopic(options, topic)
      const expected = await produce(producer, topic, 0, 300)
      const config = { groupId, partitionAssignors: [assignor] }
      const first = joins(new OurMember(options, topic, config))
      await expect.poll(() => first.partitions, TIMEOUT).toBe(PARTITIONS)
      const java = joins(new JavaMember(kafka.bootstrap, topic, groupId, assignor))
      await expect.poll(() => [first.partitions, java.partitions], TIMEOUT).toEqual([3, 3])
      expected.push(...(await produce(producer, topic, 300, 300)))
      await expect.poll(() => missingOf(expected, first.values, java.values), TIMEOUT).toBe(0)
      await leaves(first)
      await expect.poll(() => java.partitions, TIMEOUT).toBe(PARTITIONS)
      const second = joins(new OurMember(options, topic, config))
      await expect.poll(() => [second.partitions, java.partitions], TIMEOUT).toEqual([3, 3])
      expected.push(...(await produce(producer, topic, 600, 300)))
      await expect.poll(() => missingOf(expected, first.values, second.values, java.values), TIMEOUT).toBe(0)
      await leaves(java)
      await expect.poll(() => second.partitions, TIMEOUT).toBe(PARTITIONS)
      expected.push(...(await produce(producer, topic, 900, 60)))
      await expect.poll(() => missingOf(expected, first.values, second.values, java.values), TIMEOUT).toBe(0)
      // Nobody died: what was read was committed, and is not read again.
      const ours = [...first.values, ...second.values]
      expect(new Set(ours).size).toBe(ours.length)
    },
    240_000,
  )

  it.each(['range', 'cooperative-sticky'] as const)(
    '%s: no record is skipped when the broker that coordinates is killed',
    async (assignor) => {
      const topic = `killed-${assignor}`
      const groupId = `killed-${assignor}`
      await createTopic(options, topic)
      const expected = await produce(producer, topic, 0, 300)
      const config = { groupId, partitionAssignors: [assignor], sessionTimeoutMs: 20_000 }
      const [a, b] = [1, 2].map(() => joins(new OurMember(options, topic, config))) as [OurMember, OurMember]
      await expect.poll(() => [a.partitions, b.partitions], TIMEOUT).toEqual([3, 3])
      await expect.poll(() => missingOf(expected, a.values, b.values), TIMEOUT).toBe(0)
      const coordinator = await coordinatorOf(options, groupId)
      await kafka.stopBroker(coordinator, 'SIGKILL')
      expected.push(...(await produce(producer, topic, 300, 300)))
      await expect.poll(() => missingOf(expected, a.values, b.values), TIMEOUT).toBe(0)
      await kafka.startBroker(coordinator)
      await leaves(a)
      await expect.poll(() => b.partitions, TIMEOUT).toBe(PARTITIONS)
      expected.push(...(await produce(producer, topic, 600, 60)))
      await expect.poll(() => missingOf(expected, a.values, b.values), TIMEOUT).toBe(0)
    },
    240_000,
  )
})

describeInterop('kcli in groups on kcli', ['kafka', 'driver', 'kcat'], () => {
  let home: KcliHome
  let cluster: KcliCluster
  let options: ClientOptions
  let producer: Producer
  beforeAll(async () => {
    home = createKcliHome()
    cluster = await startKcliCluster(home)
    options = optionsFor(cluster.bootstrap)
    producer = new Producer(options)
  })
  afterAll(async () => {
    await producer?.close()
    await cluster?.stop('SIGKILL')
    home?.remove()
  })

  it('with kcat and a Java member, one of which is killed', async () => {
    await createTopic(options, 'shared')
    const expected = await produce(producer, 'shared', 0, 300)
    const ours = joins(new OurMember(options, 'shared', { groupId: 'all', partitionAssignors: ['range'] }))
    const seen: string[] = []
    const kcat = spawn(
      'kcat',
      [
        ...['-b', cluster.bootstrap, '-G', 'all', '-q', '-u', '-f', '%s\n'],
        ...[
          '-X',
          'session.timeout.ms=6000',
          '-X',
          'heartbeat.interval.ms=500',
          '-X',
          'auto.offset.reset=earliest',
        ],
        ...['-X', 'partition.assignment.strategy=range', 'shared'],
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    killWithUs(kcat)
    createInterface({ input: kcat.stdout }).on('line', (line) => seen.push(line))
    const java = joins(new JavaMember(cluster.bootstrap, 'shared', 'all', 'range'))
    await expect.poll(() => [ours.partitions, java.partitions], TIMEOUT).toEqual([2, 2])
    expected.push(...(await produce(producer, 'shared', 300, 300)))
    await stopChild(kcat, 'SIGKILL')
    await expect.poll(() => [ours.partitions, java.partitions], TIMEOUT).toEqual([3, 3])
    expected.push(...(await produce(producer, 'shared', 600, 300)))
    await expect.poll(() => missingOf(expected, ours.values, java.values, seen), TIMEOUT).toBe(0)
    expect(new Set(ours.values).size).toBe(ours.values.length)
  }, 180_000)

  it('with kafkajs, by an assignor of its own', async () => {
    await createTopic(options, 'js')
    const expected = await produce(producer, 'js', 0, 60)
    // What kafkajs calls its only assignor; any that deals out evenly will do.
    const roundRobin: PartitionAssignor = {
      name: 'RoundRobinAssigner',
      assign(view, subscriptions) {
        const ids = [...subscriptions.keys()].sort()
        const partitions = [...view].flatMap(([topic, list]) =>
          list.map(({ partition }) => ({ topic, partition })),
        )
        return new Map(
          ids.map((id, i) => [
            id,
            { partitions: partitions.filter((_, at) => at % ids.length === i), userData: null },
          ]),
        )
      },
    }
    const ours = joins(new OurMember(options, 'js', { groupId: 'js', partitionAssignors: [roundRobin] }))
    await expect.poll(() => ours.partitions, TIMEOUT).toBe(PARTITIONS)
    const seen: string[] = []
    const kafkajs: KafkajsConsumer = new Kafka({
      brokers: cluster.bootstrap.split(','),
      logLevel: logLevel.NOTHING,
    }).consumer({ groupId: 'js', sessionTimeout: 6_000, heartbeatInterval: 500, rebalanceTimeout: 6_000 })
    joins({ close: () => kafkajs.disconnect() })
    await kafkajs.connect()
    await kafkajs.subscribe({ topics: ['js'], fromBeginning: true })
    await kafkajs.run({
      eachMessage: async ({ message }) => {
        seen.push(message.value?.toString() ?? '')
      },
    })
    await expect.poll(() => ours.partitions, TIMEOUT).toBe(3)
    expected.push(...(await produce(producer, 'js', 60, 120)))
    await expect.poll(() => missingOf(expected, ours.values, seen), TIMEOUT).toBe(0)
    expect(seen.length).toBeGreaterThan(0)
  }, 120_000)

  it.each(['range', 'cooperative-sticky'] as const)(
    '%s: no record is skipped when the broker that coordinates is killed',
    async (assignor) => {
      const topic = `killed-${assignor}`
      const groupId = `killed-${assignor}`
      await createTopic(options, topic)
      const expected = await produce(producer, topic, 0, 300)
      const config = { groupId, partitionAssignors: [assignor], sessionTimeoutMs: 10_000 }
      const [a, b] = [1, 2].map(() => joins(new OurMember(options, topic, config))) as [OurMember, OurMember]
      await expect.poll(() => [a.partitions, b.partitions], TIMEOUT).toEqual([3, 3])
      await expect.poll(() => missingOf(expected, a.values, b.values), TIMEOUT).toBe(0)
      const coordinator = String(await coordinatorOf(options, groupId))
      const killed = await kcli(home, ['cluster', 'kill', coordinator, '--session-timeout', '1000'])
      expect(killed.stderr + String(killed.code)).toBe('0')
      expected.push(...(await produce(producer, topic, 300, 300)))
      await expect.poll(() => missingOf(expected, a.values, b.values), TIMEOUT).toBe(0)
      await leaves(a)
      await expect.poll(() => b.partitions, TIMEOUT).toBe(PARTITIONS)
      expected.push(...(await produce(producer, topic, 600, 60)))
      await expect.poll(() => missingOf(expected, a.values, b.values), TIMEOUT).toBe(0)
      await leaves(b)
      // What had been committed when the last one left is all there is.
      const last = joins(new OurMember(options, topic, config))
      await expect.poll(() => last.partitions, TIMEOUT).toBe(PARTITIONS)
      const late = await produce(producer, topic, 660, 6)
      await expect.poll(() => missingOf(late, last.values), TIMEOUT).toBe(0)
      expect(last.values.sort()).toEqual(late)
      expect((await kcli(home, ['cluster', 'revive', coordinator])).code).toBe(0)
    },
    180_000,
  )
})
