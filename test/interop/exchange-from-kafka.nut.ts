/** kcli on directories that Apache Kafka has written, and Kafka on them again. */
import { cpSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Contents, contentsOf, expectSameContents, leaderPort } from './support/contents.ts'
import { JavaDriver, type JavaRecord } from './support/driver.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { kcatConsume } from './support/kcat.ts'
import { createKcliHome, type KcliHome, kcli, startKcliCluster } from './support/kcli.ts'
import { changes, digests, expectSound, partitionDirs } from './support/log-dirs.ts'
import { CODECS, deleteRecords, inBatches, mixedRecords, produceAll } from './support/mixed-data.ts'
import { describeInterop } from './support/suite.ts'

/** What a broker without a broker.id gets first. */
const BROKER = 1001
const LOG_DIRS = ['disk-1', 'disk-2']
const SETTINGS = {
  'broker.id': '-1',
  // Lets topics have the old message formats.
  'inter.broker.protocol.version': '2.8',
  'log.cleaner.backoff.ms': '200',
  'log.segment.delete.delay.ms': '100',
  // An open transaction stays open.
  'transaction.max.timeout.ms': '3600000',
}
/** What is to be compared must not be compacted meanwhile. */
const WITHOUT_CLEANER = ['--override', 'log.cleaner.enable=false']
const PLAIN = { 'enable.idempotence': 'false' }

interface Topic {
  readonly settings?: Readonly<Record<string, string>>
  readonly producer?: Readonly<Record<string, string>>
  readonly keys?: number
}

const TOPICS: Readonly<Record<string, Topic>> = {
  ...Object.fromEntries(
    CODECS.map((codec) => [
      codec,
      { settings: { 'segment.bytes': '4000' }, producer: { 'compression.type': codec } },
    ]),
  ),
  'append-time': { settings: { 'message.timestamp.type': 'LogAppendTime' } },
  compacted: {
    settings: { 'cleanup.policy': 'compact', 'segment.bytes': '4000', 'min.cleanable.dirty.ratio': '0.01' },
    keys: 7,
  },
  preallocated: { settings: { preallocate: 'true', 'segment.bytes': '100000' } },
  recompressed: { settings: { 'compression.type': 'gzip' }, producer: { 'compression.type': 'lz4' } },
  trimmed: { settings: { 'segment.bytes': '4000' } },
  'format-v0': { settings: { 'message.format.version': '0.9.0' }, producer: PLAIN },
  'format-v0-gzip': {
    settings: { 'message.format.version': '0.9.0' },
    producer: { ...PLAIN, 'compression.type': 'gzip' },
  },
  'format-v1': { settings: { 'message.format.version': '0.10.2' }, producer: PLAIN },
  'format-v1-lz4': {
    settings: { 'message.format.version': '0.10.2' },
    producer: { ...PLAIN, 'compression.type': 'lz4' },
  },
}

const isOld = (topic: string) => topic.startsWith('format-')

function recordsFor(topic: string, from: number, count: number): JavaRecord[] {
  const { keys } = TOPICS[topic] ?? {}
  const records = mixedRecords(topic, from, count, keys === undefined ? {} : { keys })
  // The old formats have none.
  return isOld(topic) ? records.map((record) => ({ ...record, headers: [] })) : records
}

/** With its old protocol Kafka knows no epochs of the old formats. */
function withoutOldEpochs(contents: Contents): Contents {
  const epochs = Object.entries(contents.epochs).filter(([name]) => !isOld(name))
  return { ...contents, epochs: Object.fromEntries(epochs) }
}

/** One transaction each: kept, given up, kept; then one that never ends. */
const transactions = (from: number) => [
  ...[{ begin: true as const }, { send: mixedRecords('transactional', from, 5) }, { commit: true as const }],
  ...[
    { begin: true as const },
    { send: mixedRecords('transactional', from + 5, 4) },
    { abort: true as const },
  ],
  ...[
    { begin: true as const },
    { send: mixedRecords('transactional', from + 9, 3) },
    { commit: true as const },
  ],
]

describeInterop('directories of Apache Kafka', ['kafka', 'driver', 'kcat'], () => {
  let clean: KcliHome
  let killed: KcliHome
  let java: JavaDriver
  let kafka: KafkaCluster
  /** What Kafka served. */
  let served: Contents

  beforeAll(async () => {
    clean = createKcliHome()
    killed = createKcliHome()
    java = new JavaDriver()
    kafka = await startKafka({
      ids: [BROKER],
      config: SETTINGS,
      brokerConfig: (_id, _port, dir) => ({ 'log.dirs': logDirsIn(dir).join(',') }),
    })
  })
  afterAll(async () => {
    await kafka?.stop()
    await java?.close()
    clean?.remove()
    killed?.remove()
  })

  const logDirsIn = (dir: string) => LOG_DIRS.map((name) => path.join(dir, name))
  const port = () => kafka.ports[0] ?? 0
  // With the old protocol Kafka refuses to look in the oldest format, which has no times.
  const contents = (at: number) =>
    contentsOf(java, at, { hasNoTimes: (topic) => topic.startsWith('format-v0') })

  const tool = async (name: Parameters<JavaDriver['runTool']>[0], ...args: string[]) => {
    const result = await java.runTool(name, ['--bootstrap-server', kafka.bootstrap, ...args])
    expect(result).toMatchObject({ code: 0 })
    return result.stdout
  }

  async function produceRound(round: number): Promise<void> {
    for (const [topic, { producer = {} }] of Object.entries(TOPICS)) {
      const records = recordsFor(topic, round * 100, 60)
      await produceAll(java, kafka.bootstrap, producer, inBatches(records, 1, 5, 20, 3))
    }
    const config = { 'transactional.id': 'exchange', 'transaction.timeout.ms': '3600000' }
    await produceAll(java, kafka.bootstrap, config, transactions(round * 100))
  }

  async function untilCompacted(): Promise<void> {
    const at = [{ topic: 'compacted', partition: 0, offset: 0 }]
    await expect
      .poll(async () => (await java.consume({ 'bootstrap.servers': kafka.bootstrap }, at)).length, {
        timeout: 30_000,
        interval: 300,
      })
      .toBeLessThan(50)
  }

  /** Takes copies of what Kafka has written, and kcli's directory from them. */
  async function importInto(home: KcliHome, ...flags: string[]): Promise<string[]> {
    const logDirs = logDirsIn(home.dir)
    for (const name of [...LOG_DIRS, 'zookeeper'])
      cpSync(path.join(kafka.dir, name), path.join(home.dir, name), { recursive: true })
    const zookeeper = path.join(home.dir, 'zookeeper')
    const imported = await kcli(home, ['cluster', 'import', ...logDirs, '--zookeeper', zookeeper, ...flags])
    expect(imported).toMatchObject({ code: 0, stderr: '' })
    return logDirs
  }

  it('are made with data of all kinds', async () => {
    for (const [topic, { settings = {} }] of Object.entries({ ...TOPICS, transactional: {} as Topic })) {
      const configs = Object.entries({ 'retention.ms': '-1', ...settings })
      const flags = configs.flatMap(([name, value]) => ['--config', `${name}=${value}`])
      await tool('kafka-topics', '--create', '--topic', topic, ...flags)
    }
    await produceRound(0)
    await deleteRecords(java, { topic: 'trimmed', port: port() }, 21)
    const group = ['--group', 'readers', '--from-beginning', '--max-messages', '5']
    await tool('kafka-console-consumer', '--topic', 'none', ...group)
    await untilCompacted()
    served = await contents(port())
    expect(served.committed['transactional-0']?.length).toBe(8)
    expect(served.records['compacted-0']?.length).toBeLessThan(50)
    const names = Object.keys(served.records)
    expect(names.filter((name) => name.startsWith('__consumer_offsets')).length).toBe(3)
    expect(names.filter((name) => name.startsWith('__transaction_state')).length).toBe(2)
    for (const logDir of logDirsIn(kafka.dir)) expect(partitionDirs(logDir).length).toBeGreaterThan(5)
    await kafka.stopBroker(BROKER)
  })

  it('are served by kcli after a clean stop, and not a byte of a log changes', async () => {
    await importInto(clean)
    const copies = ['broker-1001', 'broker-1001-2'].map((name) => path.join(clean.dataDir, name))
    const before = copies.map((logDir) => digests(logDir))
    const cluster = await startKcliCluster(clean, { brokers: null, args: WITHOUT_CLEANER })
    try {
      expectSameContents(await contents(cluster.ports[0] ?? 0), served)
    } finally {
      expect(await cluster.stop()).toBe(0)
    }
    // A log of an old format that is led for the first time by a broker of today gets an epoch.
    const oldFormats = /^format-v.*\/leader-epoch-checkpoint$/
    copies.forEach((logDir, i) => {
      const changed = changes(before[i] ?? new Map(), digests(logDir))
      expect(changed.filter((file) => !oldFormats.test(file))).toEqual([
        ...['.kafka_cleanshutdown', '.lock', 'replication-offset-checkpoint'],
      ])
    })
    for (const logDir of copies) await expectSound(java, logDir)
  })

  it('are served by kcli where they are, after Kafka was killed with a transaction open', async () => {
    await kafka.startBroker(BROKER)
    await produceRound(1)
    await produceAll(
      java,
      kafka.bootstrap,
      { 'transactional.id': 'open', 'transaction.timeout.ms': '3600000' },
      [{ begin: true }, { send: mixedRecords('transactional', 500, 3) }, { vanish: true }],
    )
    await untilCompacted()
    served = await contents(port())
    expect(served.offsets['transactional-0']).toMatchObject({
      end: { offset: 33 },
      'committed end': { offset: 30 },
    })
    await kafka.stopBroker(BROKER, 'SIGKILL')
    const logDirs = await importInto(killed, '--in-place')
    expect(readdirSync(killed.dataDir).sort()).toEqual(['kcli.json', 'zookeeper'])
    const cluster = await startKcliCluster(killed, { brokers: null, args: WITHOUT_CLEANER })
    try {
      expectSameContents(await contents(cluster.ports[0] ?? 0), served)
      const values = served.records['lz4-0']?.map(({ value }) => value)
      const seen = await kcatConsume(cluster.bootstrap, 'lz4')
      expect(seen.length).toBe(values?.length)
      const isolation = ['--isolation-level', 'read_committed']
      const consumed = await kcli(killed, ['consume', 'transactional', ...isolation, '-o', 'ndjson'])
      const offsets = consumed.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).offset as number)
      expect(offsets).toEqual(served.committed['transactional-0']?.map(({ offset }) => offset))
      // Kafka will read what kcli writes.
      for (const [topic, { producer = {} }] of Object.entries(TOPICS))
        await produceAll(java, cluster.bootstrap, producer, inBatches(recordsFor(topic, 600, 30), 4))
      served = await contents(cluster.ports[0] ?? 0)
    } finally {
      expect(await cluster.stop()).toBe(0)
    }
    for (const logDir of logDirs) await expectSound(java, logDir)
  })

  it('are served by Kafka again, with what kcli has added', async () => {
    await kafka.stop()
    const zookeeper = path.join(killed.dataDir, 'zookeeper')
    kafka = await startKafka({
      ids: [BROKER],
      config: { ...SETTINGS, 'log.cleaner.enable': 'false' },
      prepare: (dir) => cpSync(zookeeper, path.join(dir, 'zookeeper'), { recursive: true }),
      brokerConfig: () => ({ 'log.dirs': logDirsIn(killed.dir).join(',') }),
    })
    expectSameContents(withoutOldEpochs(await contents(port())), withoutOldEpochs(served))
    const group = await tool('kafka-consumer-groups', '--describe', '--group', 'readers')
    expect(group).toMatch(/readers +none +0 +5 /)
    // The transaction is found by its id and ended by the next producer that has it.
    await leaderPort(java, port(), 'transactional')
    await produceAll(java, kafka.bootstrap, { 'transactional.id': 'open' }, [
      { begin: true },
      { send: mixedRecords('transactional', 700, 2) },
      { commit: true },
    ])
    const { committed } = await contentsOf(java, port(), { topics: ['transactional'] })
    expect(committed['transactional-0']?.length).toBe((served.committed['transactional-0']?.length ?? 0) + 2)
    await kafka.stopBroker(BROKER)
    for (const logDir of logDirsIn(killed.dir)) await expectSound(java, logDir)
  })
})
