/** Apache Kafka on directories that kcli has written, and the way back. */
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type Contents, contentsOf, expectSameContents, leaderPort } from './support/contents.ts'
import { JavaDriver } from './support/driver.ts'
import { freePorts } from './support/environment.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { kcatConsume } from './support/kcat.ts'
import { createKcliHome, type KcliHome, kcli, startKcliCluster } from './support/kcli.ts'
import { changes, digests, expectSound } from './support/log-dirs.ts'
import {
  CODECS,
  deleteRecords,
  inBatches,
  mixedRecords,
  newProducerId,
  numberedBatch,
  produceAll,
} from './support/mixed-data.ts'
import { type SteadyProducer, startSteadyProducer } from './support/steady-producer.ts'
import { describeInterop } from './support/suite.ts'

/** Records have times of long ago, and their topics keep them. */
const KEPT = { 'retention.ms': '-1' }
const TOPICS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...Object.fromEntries(
    CODECS.map((codec) => [codec, { 'segment.bytes': '4000', 'index.interval.bytes': '500' }]),
  ),
  'append-time': { 'message.timestamp.type': 'LogAppendTime' },
  recompressed: { 'compression.type': 'gzip' },
  idempotent: { 'segment.bytes': '2000' },
  trimmed: { 'segment.bytes': '2000' },
  wide: {},
}
/** That Kafka has added. */
const LATER_TOPICS = ['transactional', '__transaction_state']
const WIDE_PARTITIONS = 120
const SURVIVORS = 6_000
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45

async function createTopics(home: KcliHome, bootstrap: string, replicas: number): Promise<void> {
  for (const [name, settings] of Object.entries(TOPICS)) {
    const configs = Object.entries({ ...KEPT, ...settings }).flatMap(([key, value]) => [
      '--config',
      `${key}=${value}`,
    ])
    const partitions = name === 'wide' ? WIDE_PARTITIONS : 2
    const created = await kcli(home, [
      ...['topics', 'create', name, '--partitions', String(partitions), ...configs],
      ...['--replication-factor', String(replicas), '--bootstrap-server', bootstrap],
    ])
    expect(created).toMatchObject({ code: 0 })
  }
}

/** Something new in every topic; `round` keeps it different from what is there. */
async function produceRound(java: JavaDriver, bootstrap: string, round: number): Promise<void> {
  const from = round * 100
  const both = (topic: string, count: number, ...sizes: number[]) =>
    [0, 1].flatMap((partition) => inBatches(mixedRecords(topic, from, count, { partition }), ...sizes))
  for (const codec of CODECS)
    await produceAll(java, bootstrap, { 'compression.type': codec }, both(codec, 60, 1, 5, 20, 3))
  await produceAll(java, bootstrap, {}, both('append-time', 10, 3))
  await produceAll(java, bootstrap, { 'compression.type': 'lz4' }, both('recompressed', 20, 6))
  await produceAll(java, bootstrap, { 'enable.idempotence': 'true' }, both('idempotent', 40, 4))
  await produceAll(java, bootstrap, {}, both('trimmed', 40, 8))
  const wide = Array.from({ length: WIDE_PARTITIONS }, (_, partition) =>
    mixedRecords('wide', from + partition, partition % 4, { partition }),
  )
  await produceAll(java, bootstrap, {}, [{ send: wide.flat() }, { flush: true }])
}

function copyDirectory(from: string, to: string, brokers: readonly number[], options = { zookeeper: true }) {
  mkdirSync(to, { recursive: true })
  const names = [...brokers.map((id) => `broker-${id}`), ...(options.zookeeper ? ['zookeeper'] : [])]
  for (const name of names) cpSync(path.join(from, name), path.join(to, name), { recursive: true })
}

const total = (contents: Contents) =>
  Object.values(contents.records).reduce((sum, all) => sum + all.length, 0)

/** Kafka's directories as a data directory of kcli. */
async function importInto(home: KcliHome, from: string, brokers: readonly number[]): Promise<void> {
  const logDirs = brokers.map((id) => path.join(from, `broker-${id}`))
  const zookeeper = path.join(from, 'zookeeper')
  const imported = await kcli(home, ['cluster', 'import', ...logDirs, '--zookeeper', zookeeper])
  expect(imported).toMatchObject({ code: 0, stderr: '' })
}

describeInterop('a directory of three brokers', ['kafka', 'driver', 'kcat'], () => {
  let home: KcliHome
  let second: KcliHome
  let java: JavaDriver
  let kafka: KafkaCluster | undefined
  /** What was served last, by whomever. */
  let served: Contents
  /** Of kcli's brokers, then of Kafka's. */
  let ports: readonly number[]
  /** Writes from beginning to end, whoever serves. */
  let survivor: SteadyProducer | undefined
  let numbers: { producerId: number; producerEpoch: number }

  beforeAll(() => {
    home = createKcliHome()
    second = createKcliHome()
    java = new JavaDriver()
  })
  afterAll(async () => {
    await kafka?.stop()
    await java?.close()
    home?.remove()
    second?.remove()
  })

  /** A batch of our own producer; its number was used before or is the next one. */
  const numbered = async (port: number, baseSequence: number, values: readonly string[]) => {
    const at = { topic: 'idempotent', port: await leaderPort(java, port, 'idempotent') }
    return numberedBatch(java, at, { ...numbers, baseSequence }, values)
  }

  it('is made by kcli, with data of all kinds', async () => {
    const [base = 0] = await freePorts(3)
    const listen = `127.0.0.1:${base}`
    let cluster = await startKcliCluster(home, { listen })
    await createTopics(home, cluster.bootstrap, 3)
    await produceRound(java, cluster.bootstrap, 0)
    const port = cluster.ports[0] ?? 0
    await deleteRecords(java, { topic: 'trimmed', port: await leaderPort(java, port, 'trimmed') }, 21)
    // A start that DeleteRecords has moved is in the checkpoint after a clean stop, or a minute later.
    expect(await cluster.stop()).toBe(0)
    cluster = await startKcliCluster(home, { listen })
    await produceRound(java, cluster.bootstrap, 1)
    numbers = await newProducerId(java, cluster.ports[0] ?? 0)
    for (const baseSequence of [0, 2])
      expect(await numbered(cluster.ports[0] ?? 0, baseSequence, ['a', 'b'])).toMatchObject({ errorCode: 0 })
    served = await contentsOf(java, cluster.ports[0] ?? 0, { topics: Object.keys(TOPICS) })
    await kcli(home, [
      ...[
        'topics',
        'create',
        'survivor',
        '--replication-factor',
        '3',
        '--bootstrap-server',
        cluster.bootstrap,
      ],
    ])
    ports = cluster.ports
    survivor = startSteadyProducer(cluster.bootstrap, 'survivor', { messageTimeoutMs: 170_000 })
    await survivor.feed(SURVIVORS / 3)
    await cluster.stop('SIGKILL')
    expect(total(served)).toBeGreaterThan(1_500)
    expect(served.offsets['trimmed-0']).toMatchObject({ start: { offset: 21 } })
    expect(served.records['append-time-0']?.[0]?.timestampType).toBe('LogAppendTime')
    expect(Object.keys(served.configs)).toEqual(expect.arrayContaining(Object.keys(TOPICS)))
  })

  it('is served by Apache Kafka with its ZooKeeper data, after kcli was killed', async () => {
    kafka = await startKafka({
      ...{ brokers: 3, ports },
      // Allocated ahead for every partition, and all of it is copied after a kill.
      config: { 'log.index.size.max.bytes': '100000' },
      prepare: (dir) => copyDirectory(home.dataDir, dir, [0, 1, 2]),
    })
    expectSameContents(await contentsOf(java, ports[0] ?? 0, { topics: Object.keys(TOPICS) }), served)
  })

  it('knows the producers that were at work, and takes more records', async () => {
    if (kafka === undefined) throw new Error('Kafka is not up')
    const port = kafka.ports[0] ?? 0
    const [first, last] = (served.records['idempotent-0'] ?? []).slice(-2)
    expect(first).toMatchObject({ value: 'a' })
    expect(await numbered(port, 2, ['a', 'b'])).toEqual({ errorCode: 0, baseOffset: first?.offset })
    expect(await numbered(port, 7, ['x'])).toMatchObject({ errorCode: OUT_OF_ORDER_SEQUENCE_NUMBER })
    expect(await numbered(port, 4, ['c'])).toEqual({ errorCode: 0, baseOffset: (last?.offset ?? 0) + 1 })
    await produceRound(java, kafka.bootstrap, 2)
    const { stdout, code } = await java.runTool('kafka-topics', [
      ...['--bootstrap-server', kafka.bootstrap, '--create', '--topic', 'transactional'],
      ...['--partitions', '1', '--replication-factor', '3', '--config', 'retention.ms=-1'],
    ])
    expect({ stdout, code }).toEqual({ stdout: 'Created topic transactional.\n', code: 0 })
    const records = (from: number) => ({ send: mixedRecords('transactional', from, 4) })
    await produceAll(java, kafka.bootstrap, { 'transactional.id': 'exchange' }, [
      ...[{ begin: true as const }, records(0), { commit: true as const }],
      ...[{ begin: true as const }, records(4), { abort: true as const }],
      ...[{ begin: true as const }, records(8), { commit: true as const }],
    ])
    served = await contentsOf(java, port, { topics: [...Object.keys(TOPICS), ...LATER_TOPICS] })
    expect(served.records['transactional-0']?.length).toBe(12)
    expect(served.committed['transactional-0']?.length).toBe(8)
    // Other brokers lead than those that registered first.
    const epochs = Object.values(served.records).map((all) => all.at(-1)?.leaderEpoch ?? 0)
    expect(Math.max(...epochs)).toBeGreaterThan(0)
    await survivor?.feed((SURVIVORS * 2) / 3)
    await kafka.stop({ keepFiles: true, signal: 'SIGKILL' })
  })

  it('is served by kcli again when Kafka was killed', async () => {
    if (kafka === undefined) throw new Error('Kafka was not up')
    await importInto(second, kafka.dir, [0, 1, 2])
    rmSync(kafka.dir, { recursive: true, force: true })
    kafka = undefined
    const cluster = await startKcliCluster(second, { listen: `127.0.0.1:${ports[0]}` })
    try {
      const port = cluster.ports[0] ?? 0
      const topics = [...Object.keys(TOPICS), ...LATER_TOPICS]
      expectSameContents(await contentsOf(java, port, { topics }), served)
      await survivor?.feed(SURVIVORS)
      await survivor?.finish()
      const lines = await kcatConsume(cluster.bootstrap, 'survivor')
      expect(lines.length).toBe(SURVIVORS)
      expect(lines).toEqual(Array.from({ length: SURVIVORS }, (_, i) => String(i)))
      const c = served.records['idempotent-0']?.findLast(({ value }) => value === 'c')
      expect(await numbered(port, 4, ['c'])).toEqual({ errorCode: 0, baseOffset: c?.offset })
      expect(await numbered(port, 5, ['d'])).toMatchObject({ errorCode: 0 })
      await produceRound(java, cluster.bootstrap, 3)
      served = await contentsOf(java, port)
    } finally {
      expect(await cluster.stop()).toBe(0)
    }
  })

  it('is served by one broker of Apache Kafka alone', async () => {
    kafka = await startKafka({ ids: [0], prepare: (dir) => copyDirectory(second.dataDir, dir, [0]) })
    expectSameContents(await contentsOf(java, kafka.ports[0] ?? 0), served)
    await kafka.stopBroker(0)
    await expectSound(java, kafka.logDir(0))
    await kafka.stop()
    kafka = undefined
  })
})

describeInterop('a directory of one broker', ['kafka', 'driver'], () => {
  let home: KcliHome
  let java: JavaDriver
  let kafka: KafkaCluster | undefined

  beforeAll(() => {
    home = createKcliHome()
    java = new JavaDriver()
  })
  afterAll(async () => {
    await kafka?.stop()
    await java?.close()
    home?.remove()
  })

  it('is served by Apache Kafka with a fresh ZooKeeper that was told the ids', async () => {
    const cluster = await startKcliCluster(home, { brokers: 1 })
    await createTopics(home, cluster.bootstrap, 1)
    await produceRound(java, cluster.bootstrap, 0)
    const served = await contentsOf(java, cluster.ports[0] ?? 0)
    expect(await cluster.stop()).toBe(0)
    await expectSound(java, path.join(home.dataDir, 'broker-0'))
    const before = digests(path.join(home.dataDir, 'broker-0'))
    const status = await kcli(home, ['cluster', 'status', '--znodes', '-o', 'json'])
    const { znodes } = JSON.parse(status.stdout) as { znodes: { path: string; data: string | null }[] }
    // To look at them the cluster was started, and stopped again.
    expect(changes(before, digests(path.join(home.dataDir, 'broker-0')))).toEqual(['.kafka_cleanshutdown'])
    const wanted = znodes.filter(({ path: at }) =>
      /^\/(cluster\/id|brokers\/topics\/|config\/topics\/)/.test(at),
    )
    const nodes = Object.fromEntries(wanted.map(({ path: at, data }) => [at, data]))
    kafka = await startKafka({
      prepare: (dir) => copyDirectory(home.dataDir, dir, [0], { zookeeper: false }),
      beforeBrokers: async (connect) => {
        // ZooKeeper says that it is ready a moment before it listens.
        await vi.waitFor(() => java.call('createZnodes', { connect, nodes }), {
          timeout: 20_000,
          interval: 200,
        })
      },
    })
    expectSameContents(await contentsOf(java, kafka.ports[0] ?? 0), served)
    await kafka.stopBroker(0)
    const after = digests(kafka.logDir(0))
    const changed = changes(before, after)
    // What Kafka writes at every stop, and on its first one a checkpoint of its cleaner.
    const own = ['.kafka_cleanshutdown', '.lock', 'cleaner-offset-checkpoint']
    const checkpoints = ['recovery-point-offset-checkpoint', 'replication-offset-checkpoint']
    expect(changed).toEqual([...own, ...checkpoints])
  })
})
