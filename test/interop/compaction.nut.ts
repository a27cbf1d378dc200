/** The same log compacted by Apache Kafka and by kcli: what is left is the same, to the byte where codecs allow it. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { FileSystem } from '../../src/base/file-system.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { systemRandom } from '../../src/base/random.ts'
import { batchStarts, deleteHorizonMs } from '../../src/records/index.ts'
import { DEFAULT_LOG_CONFIG, LogManager, logConfigFromEntries } from '../../src/storage/index.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type JavaConsumedRecord, JavaDriver, type JavaRecord, type ProduceStep } from './support/driver.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { partitionDirs } from './support/log-dirs.ts'
import { CODECS, inBatches, mixedRecords, produceAll } from './support/mixed-data.ts'
import { describeInterop } from './support/suite.ts'

const SETTINGS = {
  'cleanup.policy': 'compact',
  'segment.bytes': '6000',
  'index.interval.bytes': '300',
  'min.cleanable.dirty.ratio': '0.01',
  'delete.retention.ms': '86400000',
}
/** `small-segments` is written with smaller ones, which are put together. */
const TOPICS = [...CODECS, 'transactional', 'append-time', 'small-segments']

function recordsOf(topic: string, from: number, count: number): JavaRecord[] {
  return mixedRecords(topic, from, count, { keys: 23 })
}

/** Kept and given up transactions of two producers, so that markers and last batches are of every kind. */
function transactions(from: number): ProduceStep[] {
  const steps: ProduceStep[] = []
  for (let i = 0; i < 12; i++) {
    const end = i % 3 === 1 ? ({ abort: true } as const) : ({ commit: true } as const)
    steps.push({ begin: true }, { send: recordsOf('transactional', from + i * 9, 9) }, end)
  }
  return steps
}

/** The disk, for a process that is killed before the n-th cleaned segment gets its final name. */
function stoppedAtSwap(nth: number): FileSystem {
  let left = nth
  const unlessStopped = (from: string) => {
    if (left > 0 && from.endsWith('.log.swap')) left--
    if (left === 0) throw Object.assign(new Error('killed'), { code: 'EIO' })
  }
  return {
    ...nodeFileSystem,
    renameSync(from, to) {
      unlessStopped(from)
      nodeFileSystem.renameSync(from, to)
    },
    removeSync(from) {
      unlessStopped(from)
      nodeFileSystem.removeSync(from)
    },
    writeFileSync(file, bytes) {
      unlessStopped(file)
      nodeFileSystem.writeFileSync(file, bytes)
    },
  }
}

describeInterop('compaction', ['kafka', 'driver'], () => {
  let kafka: KafkaCluster
  let java: JavaDriver
  let isCleaning = false
  let scratch: string
  const byKafka = () => path.join(scratch, 'by-kafka')
  const byKcli = () => path.join(scratch, 'by-kcli')
  const original = () => path.join(scratch, 'original')
  let consumed: JavaConsumedRecord[][]

  const startOffsets = TOPICS.map((topic) => ({ topic, partition: 0, offset: 0 }))
  const readAll = async () => {
    const config = { 'bootstrap.servers': kafka.bootstrap, 'isolation.level': 'read_committed' }
    const records = await java.consume(config, startOffsets)
    return TOPICS.map((topic) => records.filter((record) => record.topic === topic))
  }
  const checkpoint = (logDir: string) => {
    const file = path.join(logDir, 'cleaner-offset-checkpoint')
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(2) : []
    return lines.filter((line) => TOPICS.includes(line.split(' ')[0] ?? '')).sort()
  }

  beforeAll(async () => {
    scratch = mkdtempSync(path.join(os.tmpdir(), 'kcli-compaction-'))
    java = new JavaDriver()
    kafka = await startKafka({
      config: { 'log.segment.delete.delay.ms': '0', 'transaction.partition.verification.enable': 'false' },
      brokerConfig: () => ({ 'log.cleaner.enable': String(isCleaning), 'log.cleaner.backoff.ms': '200' }),
    })
    const target = ['--bootstrap-server', kafka.bootstrap]
    for (const topic of TOPICS) {
      const settings = {
        ...SETTINGS,
        ...(topic === 'append-time' && { 'message.timestamp.type': 'LogAppendTime' }),
        ...(topic === 'small-segments' && { 'segment.bytes': '2500' }),
      }
      const configs = Object.entries(settings).flatMap(([name, value]) => ['--config', `${name}=${value}`])
      const create = ['--create', '--topic', topic, '--partitions', '1', '--replication-factor', '1']
      const { stderr, code } = await java.runTool('kafka-topics', [...create, ...configs, ...target])
      expect({ stderr, code }).toMatchObject({ code: 0 })
      if (topic === 'transactional') continue
      const codec = CODECS.find((each) => each === topic) ?? 'none'
      const records = recordsOf(topic, 0, 260)
      const config = { 'compression.type': codec, 'enable.idempotence': String(topic !== 'append-time') }
      await produceAll(java, kafka.bootstrap, config, inBatches(records, 1, 7, 9, 3))
    }
    for (const id of ['one', 'two']) {
      await produceAll(java, kafka.bootstrap, { 'transactional.id': id }, transactions(id === 'one' ? 0 : 70))
    }
    const alter = ['--alter', '--entity-type', 'topics', '--entity-name', 'small-segments']
    const larger = ['--add-config', `segment.bytes=${SETTINGS['segment.bytes']}`]
    expect(await java.runTool('kafka-configs', [...alter, ...larger, ...target])).toMatchObject({ code: 0 })
    await kafka.stopBroker(0)
    cpSync(kafka.logDir(0), original(), { recursive: true, preserveTimestamps: true })
    cpSync(original(), byKcli(), { recursive: true, preserveTimestamps: true })

    isCleaning = true
    await kafka.startBroker(0)
    const done = () => expect(checkpoint(kafka.logDir(0))).toHaveLength(TOPICS.length)
    await vi.waitFor(done, { timeout: 60_000, interval: 200 })
    consumed = await readAll()
    await kafka.stopBroker(0)
    cpSync(kafka.logDir(0), byKafka(), { recursive: true, preserveTimestamps: true })
  })
  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
    rmSync(scratch, { recursive: true, force: true })
  })

  const filesOf = (logDir: string, topic: string) =>
    readdirSync(path.join(logDir, `${topic}-0`))
      .filter((name) => /\.(log|index|timeindex|txnindex)$/.test(name))
      .sort()
  const bytesOf = (logDir: string, topic: string, name: string) =>
    readFileSync(path.join(logDir, `${topic}-0`, name))

  /** When Kafka cleaned the log: its tombstones say it. */
  function cleanedAt(topic: string): number {
    for (const name of filesOf(byKafka(), topic).filter((each) => each.endsWith('.log'))) {
      const bytes = bytesOf(byKafka(), topic, name)
      for (const at of batchStarts(bytes)) {
        const horizon = deleteHorizonMs(bytes, at)
        if (horizon !== undefined) return horizon - Number(SETTINGS['delete.retention.ms'])
      }
    }
    throw new Error(`no tombstone in ${topic}`)
  }

  /** All logs of a directory, of which one is compacted; the time is that of Kafka's pass over it. */
  function openLogs(logDir: string, topic: string, fs: FileSystem): Promise<LogManager> {
    const clock = new ManualClock()
    clock.now = cleanedAt(topic)
    return LogManager.open({
      fs,
      clock,
      logger: silentLogger,
      random: systemRandom,
      logDirs: [logDir],
      brokerId: 0,
      clusterId: null,
      defaults: { ...DEFAULT_LOG_CONFIG, fileDeleteDelayMs: 0 },
      loadTopicConfig: (name) => (name === topic ? logConfigFromEntries(SETTINGS) : {}),
    })
  }

  it('has left something to compare', () => {
    for (const topic of TOPICS) {
      const size = (logDir: string) =>
        filesOf(logDir, topic).reduce((sum, name) => sum + bytesOf(logDir, topic, name).length, 0)
      expect(size(byKafka())).toBeLessThan(size(byKcli()) * 0.8)
    }
    expect(filesOf(byKcli(), 'transactional').some((name) => name.endsWith('.txnindex'))).toBe(true)
  })

  it('by kcli cleans as far as by Kafka', async () => {
    // One log at a time, at the very millisecond at which Kafka did it.
    for (const topic of TOPICS) {
      const manager = await openLogs(byKcli(), topic, nodeFileSystem)
      const reports = await manager.cleanLogs()
      expect(reports.map(({ partition }) => partition)).toEqual([`${topic}-0`])
      await manager.shutdown()
    }
    expect(checkpoint(byKcli())).toEqual(checkpoint(byKafka()))
  })

  it.each(TOPICS)('of %s leaves the same segments', (topic) => {
    expect(filesOf(byKcli(), topic)).toEqual(filesOf(byKafka(), topic))
    // Java's codecs make other bytes of the same records.
    if (['gzip', 'snappy', 'lz4', 'zstd'].includes(topic)) return
    for (const name of filesOf(byKafka(), topic)) {
      const ours = bytesOf(byKcli(), topic, name).toString('hex')
      expect(ours, name).toBe(bytesOf(byKafka(), topic, name).toString('hex'))
    }
  })

  it.each(TOPICS)('of %s leaves the same batches and records', async (topic) => {
    const dump = async (logDir: string) => {
      const logs = filesOf(logDir, topic).filter((name) => name.endsWith('.log'))
      const files = logs.map((name) => path.join(logDir, `${topic}-0`, name)).join(',')
      const { stdout } = await java.runTool('kafka-dump-log', ['--files', files, '--print-data-log'])
      // Sizes of compressed batches are the codec's.
      return stdout
        .replaceAll(logDir, '')
        .replace(/ (position|size|crc|batchSize): \d+/g, '')
        .split('\n')
    }
    expect(await dump(byKcli())).toEqual(await dump(byKafka()))
  })

  it('by kcli is served by Kafka, which cleans the same log again', async () => {
    rmSync(kafka.logDir(0), { recursive: true })
    cpSync(byKcli(), kafka.logDir(0), { recursive: true, preserveTimestamps: true })
    expect(partitionDirs(kafka.logDir(0))).toEqual(
      expect.arrayContaining(TOPICS.map((topic) => `${topic}-0`)),
    )
    await kafka.startBroker(0)
    expect(await readAll()).toEqual(consumed)
    const before = checkpoint(kafka.logDir(0))
    const more = inBatches(recordsOf('none', 300, 120), 7)
    await produceAll(java, kafka.bootstrap, { 'compression.type': 'none' }, more)
    await vi.waitFor(() => expect(checkpoint(kafka.logDir(0))).not.toEqual(before), { timeout: 60_000 })
    const [none = []] = await readAll()
    expect(new Set(none.map(({ key }) => key)).size).toBe(23)
  })

  it('by kcli that is killed in the middle of a swap is finished by Kafka', async () => {
    await kafka.stopBroker(0)
    const killed = path.join(scratch, 'killed')
    cpSync(original(), killed, { recursive: true, preserveTimestamps: true })
    // The old segments of the second group are gone, and the new one has no name of its own yet.
    await (await openLogs(killed, 'small-segments', stoppedAtSwap(2))).cleanLogs()
    expect(filesOf(killed, 'small-segments').length).toBeLessThan(
      filesOf(original(), 'small-segments').length,
    )
    expect(readdirSync(path.join(killed, 'small-segments-0')).join(' ')).toMatch(/\.log\.swap/)
    isCleaning = false
    rmSync(kafka.logDir(0), { recursive: true })
    cpSync(killed, kafka.logDir(0), { recursive: true, preserveTimestamps: true })
    await kafka.startBroker(0)
    const at = TOPICS.indexOf('small-segments')
    const latest = (records: readonly JavaConsumedRecord[]) =>
      new Map(records.map(({ key, offset, value }) => [String(key), { offset, value }]))
    const now = (await readAll())[at] ?? []
    expect(latest(now)).toEqual(latest(consumed[at] ?? []))
    expect(new Set(now.map(({ offset }) => offset)).size).toBe(now.length)
  })
})
