/** `kcli segments` on the log directory of a real broker, and that broker on what was repaired. */
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { JavaDriver, type ProduceStep } from './support/driver.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { kcatConsume, kcatProduce } from './support/kcat.ts'
import { createKcliHome, type KcliHome, kcli } from './support/kcli.ts'
import { changes, digests, expectSound } from './support/log-dirs.ts'
import { describeInterop } from './support/suite.ts'

const LINES = Array.from({ length: 2_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 90)}`)
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

describeInterop('segments', ['kafka', 'driver', 'kcat'], () => {
  let kafka: KafkaCluster
  let java: JavaDriver
  let home: KcliHome

  beforeAll(async () => {
    home = createKcliHome()
    java = new JavaDriver()
    kafka = await startKafka({ brokers: 2 })
    for (const topic of ['kept', 'damaged', 'txn']) {
      const segment = topic === 'txn' ? '1000000' : '60000'
      const settings = ['--config', `segment.bytes=${segment}`, '--config', 'index.interval.bytes=600']
      const args = [
        '--create',
        '--topic',
        topic,
        '--replica-assignment',
        topic === 'kept' ? '0:1' : '0',
        ...settings,
      ]
      const { stderr, code } = await java.runTool('kafka-topics', [
        '--bootstrap-server',
        kafka.bootstrap,
        ...args,
      ])
      expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    }
    const settings = { 'enable.idempotence': 'true', 'batch.num.messages': '40' }
    for (const topic of ['kept', 'damaged'])
      for (const codec of CODECS) await kcatProduce(kafka.bootstrap, topic, LINES, { codec, settings })
    const config = { 'bootstrap.servers': kafka.bootstrap, 'transactional.id': 'segments' }
    const send = (...values: string[]) => ({
      send: values.map((value) => ({ topic: 'txn', partition: 0, value })),
    })
    await java.produce(config, [
      ...[{ begin: true }, send('a', 'b'), { flush: true }, { abort: true }],
      ...[{ begin: true }, send('c'), { commit: true }],
      ...[{ begin: true }, send('d'), { flush: true }, { abort: true }],
    ] as ProduceStep[])
  })
  afterAll(async () => {
    await kafka?.stop()
    await java?.close()
    home?.remove()
  })

  const logDir = () => kafka.logDir(0)
  const dirOf = (topic: string) => path.join(logDir(), `${topic}-0`)
  const filesOf = (topic: string, suffix: string) =>
    readdirSync(dirOf(topic))
      .filter((name) => name.endsWith(suffix))
      .sort()
      .map((name) => path.join(dirOf(topic), name))
  const segments = (...args: string[]) => kcli(home, ['segments', ...args])

  it('finds no fault in what Kafka writes, while it runs, after it ended and after it was killed', async () => {
    const before = digests(dirOf('kept'))
    expect(await segments('verify', logDir(), kafka.logDir(1), '--deep')).toMatchObject({ code: 0 })
    expect(changes(before, digests(dirOf('kept')))).toEqual([])
    const refused = await segments('repair', dirOf('kept'), '--execute')
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('a process is using') })
    await kafka.stopBroker(0, 'SIGKILL')
    expect(await segments('verify', logDir(), '--deep')).toMatchObject({ code: 0 })
    await kafka.startBroker(0)
    await kafka.stopBroker(0)
    const clean = await segments('verify', logDir(), '--deep', '--strict')
    expect(clean).toMatchObject({ code: 0, stdout: '' })
  })

  it('counts what the clients have written', async () => {
    const { stdout } = await segments('stat', dirOf('kept'), dirOf('txn'), '-o', 'json')
    expect(JSON.parse(stdout)).toMatchObject({
      partitions: [
        { topic: 'kept', records: CODECS.length * LINES.length, gaps: 0 },
        { topic: 'txn', commits: 1, aborts: 2, controlBatches: 3, openTransactions: 0 },
      ],
    })
  })

  it('builds what is derived from the log as the broker would', async () => {
    const before = digests(dirOf('txn'))
    for (const topic of ['kept', 'txn'])
      for (const suffix of ['index', 'timeindex', 'txnindex'])
        for (const file of filesOf(topic, `.${suffix}`)) rmSync(file)
    // Not that of txn: it also has epochs in which nothing was written.
    rmSync(path.join(dirOf('kept'), 'leader-epoch-checkpoint'))
    expect(await segments('repair', logDir(), '--execute')).toMatchObject({ code: 0 })
    expect(await segments('verify', logDir(), '--deep', '--strict')).toMatchObject({ code: 0 })
    // Few batches: nothing for the offset index, one entry for the time index.
    expect(changes(before, digests(dirOf('txn')))).toEqual([])
  })

  it('repairs damage so that the broker serves what is left', async () => {
    const logs = filesOf('damaged', '.log')
    const [first = '', second = ''] = logs
    const bytes = readFileSync(second)
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 0x10
    writeFileSync(second, bytes)
    truncateSync(first.replace(/log$/, 'index'), 12)
    writeFileSync(path.join(dirOf('damaged'), 'leader-epoch-checkpoint'), '0\n1\n7 3\n')
    expect(await segments('verify', dirOf('damaged'))).toMatchObject({ code: 1 })
    expect(await segments('repair', dirOf('damaged'), '--execute')).toMatchObject({ code: 0 })
    expect(await segments('verify', logDir(), '--deep', '--strict')).toMatchObject({ code: 0 })
    expect(filesOf('damaged', '.log')).toEqual(logs.slice(0, 2))
    await expectSound(java, logDir())

    await kafka.startBroker(0)
    const all = CODECS.flatMap(() => LINES)
    // It has started a moment before its controller tells it of its topics.
    const kept = await vi.waitFor(() => kcatConsume(kafka.bootstrap, 'kept'), {
      timeout: 20_000,
      interval: 200,
    })
    expect(kept).toEqual(all)
    const left = await kcatConsume(kafka.bootstrap, 'damaged')
    expect(left.length).toBeGreaterThan(500)
    expect(left).toEqual(all.slice(0, left.length))
    await kcatProduce(kafka.bootstrap, 'damaged', ['more'])
    expect((await kcatConsume(kafka.bootstrap, 'damaged')).at(-1)).toBe('more')
  })
})
