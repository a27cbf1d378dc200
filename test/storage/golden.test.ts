import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../src/base/logger.ts'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { batchSizeBytes, batchStarts, type LogRecord } from '../../src/records/index.ts'
import { type Log, type LogManager, logConfigFromEntries } from '../../src/storage/index.ts'
import { readPartitionMetadata } from '../../src/storage/partition-metadata.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { newLog, readAll, TestDir } from './support.ts'

/** Partition directories that Apache Kafka 3.9.1 wrote, with the records that its consumer read from them. */
const GOLDEN = fileURLToPath(new URL('../golden/segments', import.meta.url))
const CASES = readdirSync(GOLDEN).filter((name) => existsSync(join(GOLDEN, name, 'expected.json')))
/** These came about by more than appends in order. */
const NOT_REPLAYED = ['compacted', 'trimmed', 'killed', 'consumer-offsets', 'transaction-state']

interface Expected {
  readonly topic: string
  readonly topicConfig: Record<string, string>
  readonly records: readonly { offset: number; timestamp: number; key: unknown; value: unknown }[]
}

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

function golden(name: string): { expected: Expected; from: string; partition: number } {
  const expected = JSON.parse(readFileSync(join(GOLDEN, name, 'expected.json'), 'utf8')) as Expected
  const directory = readdirSync(join(GOLDEN, name)).find((n) => n.startsWith(`${expected.topic}-`)) ?? ''
  return { expected, from: join(GOLDEN, name, directory), partition: Number(directory.split('-').at(-1)) }
}

async function openLog(name: string): Promise<{ log: Log; manager: LogManager }> {
  const { expected, partition } = golden(name)
  const clock = new ManualClock()
  clock.now = 1_750_000_100_000
  const options = {
    clusterId: null,
    brokerId: 0,
    loadTopicConfig: () => logConfigFromEntries(expected.topicConfig),
  }
  const manager = await dir.open({ clock, options })
  const log = manager.getOrCreateLog(expected.topic, partition, { topicId: null })
  return { log, manager }
}

const bytesOf = (value: unknown): string | null =>
  value === null
    ? null
    : typeof value === 'string'
      ? Buffer.from(value).toString('base64')
      : (value as { base64: string }).base64

function comparable(record: LogRecord): unknown {
  const { offset, timestampMs, key, value } = record
  return {
    offset,
    timestamp: timestampMs,
    key: bytesOf(key && { base64: key.toString('base64') }),
    value: bytesOf(value && { base64: value.toString('base64') }),
  }
}

function expectedRecords(expected: Expected): unknown[] {
  return expected.records.map(({ offset, timestamp, key, value }) => ({
    offset,
    timestamp,
    key: bytesOf(key),
    value: bytesOf(value),
  }))
}

/** Without the markers, which Kafka's consumer does not show. */
async function dataRecords(log: Log, expected: Expected): Promise<unknown[]> {
  const offsets = new Set(expected.records.map((record) => record.offset))
  const all = await readAll(log)
  return all.filter((record) => offsets.has(record.offset)).map(comparable)
}

describe('what Kafka wrote', () => {
  it('is there', () => {
    expect(CASES.length).toBeGreaterThan(10)
  })

  it.each(CASES)('%s: is read after a clean end', async (name) => {
    const { expected, from, partition } = golden(name)
    cpSync(join(GOLDEN, 'log-dir'), dir.path, { recursive: true })
    cpSync(from, join(dir.path, `${expected.topic}-${partition}`), { recursive: true })
    const { log, manager } = await openLog(name)
    expect(manager.clusterId).toMatch(/^[\w-]{22}$/)
    expect(await dataRecords(log, expected)).toEqual(expectedRecords(expected))
  })

  it.each(CASES)('%s: is read after a kill, and recovery changes no record', async (name) => {
    const { expected, from, partition } = golden(name)
    const target = join(dir.path, `${expected.topic}-${partition}`)
    cpSync(from, target, { recursive: true })
    const { log } = await openLog(name)
    expect(await dataRecords(log, expected)).toEqual(expectedRecords(expected))
    for (const file of readdirSync(from).filter((n) => n.endsWith('.log'))) {
      expect(readFileSync(join(target, file)).equals(readFileSync(join(from, file))), file).toBe(true)
    }
  })

  it.each(CASES.filter((name) => !NOT_REPLAYED.includes(name)))(
    '%s: comes out the same to the byte when the batches are appended again',
    async (name) => {
      const { expected, from, partition } = golden(name)
      const { log, manager } = await openLog(name)
      const topicId = readPartitionMetadata(nodeFileSystem, from, silentLogger)
      if (topicId !== null) log.assignTopicId(topicId)
      for (const file of readdirSync(from)
        .filter((n) => n.endsWith('.log'))
        .sort()) {
        const bytes = readFileSync(join(from, file))
        for (const at of batchStarts(bytes)) {
          await log.appendAsFollower(bytes.subarray(at, at + batchSizeBytes(bytes, at)))
        }
      }
      await manager.shutdown()
      const target = join(dir.path, `${expected.topic}-${partition}`)
      const theirs = readdirSync(from).filter((file) => readFileSync(join(from, file)).length > 0)
      for (const file of theirs) {
        expect(readFileSync(join(target, file)).toString('hex'), file).toBe(
          readFileSync(join(from, file)).toString('hex'),
        )
      }
      const ours = readdirSync(target).filter((file) => readFileSync(join(target, file)).length > 0)
      expect(ours.sort()).toEqual(theirs.sort())
    },
  )

  it.each(CASES.filter((name) => name.startsWith('format-v')))(
    '%s: is converted when an old producer sends it, and refused from a new one',
    async (name) => {
      const { expected, from } = golden(name)
      const { log } = await newLog(dir)
      const [file = ''] = readdirSync(from).filter((n) => n.endsWith('.log'))
      const bytes = readFileSync(join(from, file))
      const [first = 0, second = bytes.length] = batchStarts(bytes)
      const set = bytes.subarray(first, second)
      const options = { leaderEpoch: 3, origin: 'client' } as const
      await expect(log.appendAsLeader(Buffer.from(set), options)).rejects.toMatchObject({
        errorName: 'INVALID_RECORD',
      })
      const info = await log.appendAsLeader(Buffer.from(set), { ...options, magicUpConvert: true })
      expect(info.firstOffset).toBe(0)
      const got = (await readAll(log)).map(comparable)
      expect(got.length).toBe(info.lastOffset + 1)
      expect(got).toEqual(expectedRecords(expected).slice(0, got.length))
      expect(log.latestEpoch).toBe(3)
    },
  )

  it('transactions: gives the aborted ones to read_committed readers', async () => {
    const { expected, from } = golden('transactions')
    cpSync(from, join(dir.path, `${expected.topic}-0`), { recursive: true })
    const { log } = await openLog('transactions')
    const read = async (start: number, upper: number) =>
      (
        await log.read(start, {
          maxBytes: 1 << 20,
          upperBoundOffset: upper,
          minOneMessage: true,
          includeAbortedTransactions: true,
        })
      ).abortedTransactions
    expect(await read(3, 9)).toEqual([{ producerId: 1, firstOffset: 4 }])
    expect(await read(9, 27)).toEqual([{ producerId: 1, firstOffset: 12 }])
    expect(await read(18, 27)).toEqual([])
    log.updateHighWatermark(27)
    expect(log.lastStableOffset).toBe(27)
  })
})
