/** kafkajs, kcat and Apache Kafka's consumers in one group on `kcli cluster start`, while members and brokers die. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type Consumer, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { killWithUs, stopChild } from './support/child.ts'
import { JavaDriver, javaArgs, runToolProcess, toolsJvmFlags } from './support/driver.ts'
import { requireManifest } from './support/environment.ts'
import { createKcliHome, type KcliCluster, type KcliHome, kcli, startKcliCluster } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

const PARTITIONS = 6

describeInterop('groups of different clients', ['kafka', 'driver', 'kcat'], () => {
  let home: KcliHome
  let cluster: KcliCluster
  let kafka: Kafka
  let producer: Producer
  let java: JavaDriver
  const children: ChildProcess[] = []
  const consumers: Consumer[] = []

  beforeAll(async () => {
    home = createKcliHome()
    cluster = await startKcliCluster(home)
    java = new JavaDriver()
    kafka = new Kafka({
      brokers: cluster.bootstrap.split(','),
      logLevel: logLevel.NOTHING,
      retry: { retries: 20 },
    })
    producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
  })
  afterAll(async () => {
    await Promise.allSettled(consumers.map((consumer) => consumer.disconnect()))
    await Promise.all(children.map((child) => stopChild(child, 'SIGKILL')))
    await producer?.disconnect()
    await java?.close()
    await cluster?.stop('SIGKILL')
    home?.remove()
  })

  async function createTopic(topic: string): Promise<void> {
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 3 }],
    })
    await admin.disconnect()
  }

  /** Sends numbered values, ten at a time and round robin; gives what was acknowledged. */
  async function produce(topic: string, from: number, count: number): Promise<string[]> {
    const values = Array.from({ length: count }, (_, i) => String(from + i))
    for (let at = 0; at < count; at += 10) {
      const messages = values
        .slice(at, at + 10)
        .map((value) => ({ value, partition: Number(value) % PARTITIONS }))
      await producer.send({ topic, messages, acks: -1 })
    }
    return values
  }

  async function consumeWithKafkajs(topic: string, groupId: string, seen: Set<string>): Promise<Consumer> {
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: 6_000,
      heartbeatInterval: 500,
      rebalanceTimeout: 6_000,
    })
    consumers.push(consumer)
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommitInterval: 200,
      eachMessage: async ({ message }) => {
        seen.add(message.value?.toString() ?? '')
      },
    })
    return consumer
  }

  function follow(command: string, args: readonly string[], onLine: (line: string) => void): ChildProcess {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    killWithUs(child)
    children.push(child)
    createInterface({ input: child.stdout }).on('line', onLine)
    return child
  }

  const settings = ['-X', 'session.timeout.ms=6000', '-X', 'heartbeat.interval.ms=500']
  const kcatArgs = (topic: string, group: string) => [
    ...['-b', cluster.bootstrap, '-G', group, '-q', '-u', '-f', '%s\n'],
    ...[...settings, '-X', 'auto.offset.reset=earliest', '-X', 'auto.commit.interval.ms=200', topic],
  ]

  async function members(group: string): Promise<number> {
    const { stdout } = await java.runTool('kafka-consumer-groups', [
      ...['--bootstrap-server', cluster.bootstrap, '--describe', '--group', group, '--state'],
    ])
    return / Stable +(\d+)/.exec(stdout) === null ? 0 : Number(/ Stable +(\d+)/.exec(stdout)?.[1])
  }

  it('share the work, and take over what a killed one had', async () => {
    await createTopic('shared')
    const seen = new Set<string>()
    const expected = await produce('shared', 0, 300)
    const killed = follow('kcat', kcatArgs('shared', 'mixed'), (line) => seen.add(line))
    follow('kcat', kcatArgs('shared', 'mixed'), (line) => seen.add(line))
    const javaConsumer = [
      ...javaArgs(
        'org.apache.kafka.tools.consumer.ConsoleConsumer',
        requireManifest().toolsLogConfig,
        toolsJvmFlags,
      ),
      ...[
        '--bootstrap-server',
        cluster.bootstrap,
        '--topic',
        'shared',
        '--group',
        'mixed',
        '--from-beginning',
      ],
      ...[
        '--consumer-property',
        'session.timeout.ms=6000',
        '--consumer-property',
        'heartbeat.interval.ms=500',
      ],
      ...[
        '--consumer-property',
        'partition.assignment.strategy=org.apache.kafka.clients.consumer.RangeAssignor',
      ],
    ]
    follow('java', javaConsumer, (line) => seen.add(line))
    await expect.poll(() => members('mixed'), { timeout: 30_000, interval: 300 }).toBe(3)
    expected.push(...(await produce('shared', 300, 300)))
    await stopChild(killed, 'SIGKILL')
    expected.push(...(await produce('shared', 600, 300)))
    await expect.poll(() => expected.filter((value) => !seen.has(value)).length, { timeout: 40_000 }).toBe(0)
    await expect.poll(() => members('mixed'), { timeout: 20_000, interval: 300 }).toBe(2)
  }, 120_000)

  it('lose no record when the broker that coordinates them is killed', async () => {
    await createTopic('moved')
    const seen = new Set<string>()
    const expected = await produce('moved', 0, 200)
    for (let i = 0; i < 2; i++) await consumeWithKafkajs('moved', 'movers', seen)
    follow('kcat', kcatArgs('moved', 'kcats'), () => undefined)
    await expect.poll(() => expected.filter((value) => !seen.has(value)).length, { timeout: 30_000 }).toBe(0)
    const admin = kafka.admin()
    await admin.connect()
    const state = await java.runTool('kafka-consumer-groups', [
      ...['--bootstrap-server', cluster.bootstrap, '--describe', '--group', 'movers', '--state'],
    ])
    const coordinator = /\((\d)\)/.exec(state.stdout)?.[1] ?? ''
    const committedBefore = await committed(admin)
    const { code, stderr } = await kcli(home, ['cluster', 'kill', coordinator, '--session-timeout', '1000'])
    expect(stderr + String(code)).toBe('0')
    expected.push(...(await produce('moved', 200, 300)))
    await expect.poll(() => expected.filter((value) => !seen.has(value)).length, { timeout: 60_000 }).toBe(0)
    await expect
      .poll(async () => (await committed(admin)).reduce((a, b) => a + b, 0), { timeout: 20_000 })
      .toBe(500)
    const after = await committed(admin)
    expect(after.every((offset, at) => offset >= (committedBefore[at] ?? 0))).toBe(true)
    await admin.disconnect()
    expect((await kcli(home, ['cluster', 'revive', coordinator])).code).toBe(0)
  }, 150_000)

  async function committed(admin: ReturnType<Kafka['admin']>): Promise<number[]> {
    const [topic] = await admin.fetchOffsets({ groupId: 'movers', topics: ['moved'] })
    const offsets = [...(topic?.partitions ?? [])].sort((a, b) => a.partition - b.partition)
    return offsets.map(({ offset }) => Math.max(0, Number(offset)))
  }

  it('kafka-verifiable-consumer commits all that it was given', async () => {
    await createTopic('verified')
    await produce('verified', 0, 120)
    const { stdout, code } = await runToolProcess('kafka-verifiable-consumer', [
      ...['--bootstrap-server', cluster.bootstrap, '--topic', 'verified', '--group-id', 'verifiers'],
      ...['--max-messages', '120', '--reset-policy', 'earliest'],
    ])
    expect(code).toBe(0)
    const events = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { name: string; count?: number; success?: boolean })
    const consumed = events.filter(({ name }) => name === 'records_consumed')
    expect(consumed.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(120)
    expect(events.filter(({ name }) => name === 'offsets_committed').every(({ success }) => success)).toBe(
      true,
    )
    expect(events.some(({ name }) => name === 'offsets_committed')).toBe(true)
  }, 60_000)
})
