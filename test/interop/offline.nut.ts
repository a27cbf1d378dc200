/** The directories of Apache Kafka brokers that run, and of brokers that were killed, read without them. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { treeHash } from '../offline/support.ts'
import { JavaDriver } from './support/driver.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { kcatProduce } from './support/kcat.ts'
import { createKcliHome, type KcliHome, kcli } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const LINES = Array.from({ length: 1_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 90)}`)
const IDS = [0, 1]

describeInterop('--offline on directories of Apache Kafka', ['kafka', 'driver', 'kcat'], () => {
  let home: KcliHome
  let java: JavaDriver
  let kafka: KafkaCluster
  /** Both log directories and ZooKeeper's. */
  let directories = ''

  beforeAll(async () => {
    home = createKcliHome()
    java = new JavaDriver()
    kafka = await startKafka({ brokers: IDS.length, config: { 'default.replication.factor': '2' } })
    directories = [...IDS.map((id) => kafka.logDir(id)), path.join(kafka.dir, 'zookeeper')].join(',')
    const create = ['topics', 'create', '--bootstrap-server', kafka.bootstrap, '--replication-factor', '2']
    const small = [
      '--partitions',
      '2',
      '--config',
      'segment.bytes=60000',
      '--config',
      'index.interval.bytes=512',
    ]
    expect(await kcli(home, [...create, 'lines', ...small])).toMatchObject({ code: 0 })
    expect(await kcli(home, [...create, 'money', '--partitions', '1'])).toMatchObject({ code: 0 })
    for (const codec of CODECS) {
      for (const partition of [0, 1]) {
        const settings = { acks: 'all', 'batch.num.messages': '40' }
        await kcatProduce(kafka.bootstrap, 'lines', LINES, { partition, codec, settings })
      }
    }
    const config = { 'bootstrap.servers': kafka.bootstrap, 'transactional.id': 'offline' }
    const send = (text: string) => ({ send: [{ topic: 'money', partition: 0, key: 'k', value: text }] })
    await java.produce(config, [
      { begin: true },
      send('kept'),
      { commit: true },
      { begin: true },
      send('dropped'),
      { abort: true },
      { begin: true },
      send('also kept'),
      { commit: true },
      { begin: true },
      send('open'),
      { flush: true },
      { vanish: true },
    ])
  })
  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
    home?.remove()
  })

  const read = async (args: readonly string[]) => {
    const result = await kcli(home, args)
    expect(result, args.join(' ')).toMatchObject({ code: 0, stderr: '' })
    return result.stdout
  }
  const online = (...args: string[]) => read([...args, '--bootstrap-server', kafka.bootstrap])
  const offline = (...args: string[]) => read([...args, '--offline', '--data-dir', directories])

  /** Record files only: a broker that runs writes its checkpoints by itself. */
  const recordHashes = () =>
    IDS.flatMap((id) =>
      ['lines-0', 'lines-1', 'money-0'].map((name) => {
        const dir = path.join(kafka.logDir(id), name)
        return readdirSync(dir)
          .sort()
          .map((file) => [file, readFileSync(path.join(dir, file)).toString('base64')])
      }),
    )

  const QUESTIONS = [
    ['consume', 'lines', '--partition', '0', '-o', 'ndjson'],
    ['consume', 'lines', '--partition', '1', '--offset', '777:3210', '-o', 'ndjson'],
    ['consume', 'money', '-o', 'ndjson'],
    ['consume', 'money', '--isolation-level', 'read_committed', '--print', 'offset,value'],
    ['topics', 'list', '-o', 'json'],
    ['topics', 'offsets', 'lines', 'money', '-o', 'json'],
    ['topics', 'offsets', 'lines', 'money', '--time', 'max-timestamp', '-o', 'json'],
    ['topics', 'offsets', 'lines', '--time', '-1h', '-o', 'csv'],
  ]
  const answers = new Map<string, string>()
  const described = (text: string) =>
    (JSON.parse(text) as { partitions: { offlineReplicas?: unknown; onDisk?: unknown }[] }[]).map(
      (topic) => ({
        ...topic,
        partitions: topic.partitions.map(({ offlineReplicas: _, onDisk: __, ...partition }) => partition),
      }),
    )

  it('says what the brokers say while they run, and leaves their files alone', async () => {
    const before = recordHashes()
    for (const question of QUESTIONS) {
      const answer = await online(...question)
      answers.set(question.join(' '), answer)
      expect(await offline(...question), question.join(' ')).toBe(answer)
    }
    const topics = await online('topics', 'describe', 'lines', 'money', '-o', 'json')
    answers.set('describe', topics)
    const seen = await offline('topics', 'describe', 'lines', 'money', '-o', 'json')
    expect(described(seen)).toEqual(described(topics))
    expect(recordHashes()).toEqual(before)
    expect(answers.get(QUESTIONS[3]?.join(' ') ?? '')).toBe('0\tkept\n4\talso kept\n')
  })

  it('says the same of what they left behind when they were killed, and changes nothing', async () => {
    await Promise.all(IDS.map((id) => kafka.stopBroker(id, 'SIGKILL')))
    const before = IDS.map((id) => treeHash(kafka.logDir(id)))
    for (const question of QUESTIONS) {
      expect(await offline(...question), question.join(' ')).toBe(answers.get(question.join(' ')))
    }
    const seen = await offline('topics', 'describe', 'lines', 'money', '-o', 'json')
    expect(described(seen)).toEqual(described(answers.get('describe') ?? ''))
    // Without ZooKeeper, and with one broker only, the records are the same.
    const logs = await read([
      'consume',
      'lines',
      '--partition',
      '0',
      '-o',
      'ndjson',
      '--offline',
      '--data-dir',
      kafka.logDir(1),
    ])
    expect(logs).toBe(answers.get(QUESTIONS[0]?.join(' ') ?? ''))
    expect(IDS.map((id) => treeHash(kafka.logDir(id)))).toEqual(before)
  })
})
