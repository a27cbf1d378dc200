import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { batchStarts, isControl, producerId, readRecords } from '../../../src/records/index.ts'
import { DEFAULT_LOG_CONFIG, type Log, LogManager } from '../../../src/storage/index.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemoryFileSystem, type StopMode } from '../../support/memory-file-system.ts'
import { LEADER, readRaw } from '../support.ts'
import { append, batches, COMPACT, contents, keyed, marker, roll } from './support.ts'

const DIR = '/data'
const LOG = `${DIR}/t-0`
const CONFIG = {
  ...DEFAULT_LOG_CONFIG,
  ...COMPACT,
  segmentBytes: 700,
  indexIntervalBytes: 64,
}

async function open(fs: MemoryFileSystem): Promise<{ manager: LogManager; log: Log }> {
  const manager = await LogManager.open({
    fs,
    clock: new ManualClock(),
    logger: silentLogger,
    random: seededRandom(1),
    logDirs: [DIR],
    brokerId: 1,
    clusterId: 'crash',
    defaults: CONFIG,
    loadTopicConfig: () => ({}),
  })
  const log = manager.getOrCreateLog('t', 0, { topicId: null })
  await log.open()
  // As the leader's fetches would tell a replica that starts.
  log.updateHighWatermark(log.logEndOffset)
  return { manager, log }
}

/** Several segments with what compaction has to do with: old values, tombstones, transactions, last batches. */
async function history(): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem()
  fs.putDirectory(DIR)
  const { manager, log } = await open(fs)
  const p = (id: number, baseSequence: number) => ({
    producerId: id,
    producerEpoch: 0,
    baseSequence,
    isTransactional: true,
  })
  await append(
    log,
    keyed([
      ['a', '1'],
      ['b', '1'],
    ]),
    keyed(
      [
        ['c', 'no'],
        ['a', 'no'],
      ],
      p(1, 0),
    ),
    marker(1, false),
  )
  await roll(log)
  await append(
    log,
    keyed([
      ['a', '2'],
      ['d', '1'],
    ]),
    keyed([['b', null]]),
    keyed([['c', 'no']], p(1, 2)),
  )
  await append(log, marker(1, false))
  await roll(log)
  await append(
    log,
    keyed(
      [
        ['d', '2'],
        ['e', '1'],
      ],
      p(2, 0),
    ),
    marker(2, true),
  )
  await append(
    log,
    keyed([
      ['f', '1'],
      ['f', '2'],
      ['f', 'x'.repeat(300)],
    ]),
  )
  await roll(log)
  await append(log, keyed([['g', '1']]), keyed([['g', '2']], { codec: 1 }))
  await roll(log)
  await log.flush()
  await manager.checkpointRecoveryPoints()
  await manager.checkpointLogStartOffsets()
  await fs.syncDirectory(DIR)
  return fs.restarted()
}

const BASE = await history()
const before = await open(BASE.restarted())
const ORIGINAL = new Set(await allRecords(before.log))
const END = before.log.logEndOffset
/** What a dry run leaves, and every change that it makes on the way. */
const DRY = BASE.restarted()
const dry = await open(DRY)
const DRY_START = DRY.changes.length
await dry.manager.cleanLogs()
const CHANGES = DRY.changes.slice(DRY_START)
const CLEANED = await contents(dry.log)

async function allRecords(log: Log): Promise<string[]> {
  const shown: string[] = []
  for (const batch of await batches(log)) {
    for (const { offset, key, value } of readRecords(batch, 0)) {
      if (!isControl(batch, 0)) shown.push(`${offset}:${String(key)}=${String(value)}`)
    }
  }
  return shown
}

/** What read_committed readers see, with one whole-log read after the other. */
async function committed(log: Log): Promise<Map<string, string | null>> {
  const values = new Map<string, string | null>()
  for (let at = log.logStartOffset; at < log.logEndOffset; ) {
    const bounds = { maxBytes: 1_000_000, upperBoundOffset: log.lastStableOffset, minOneMessage: true }
    const { abortedTransactions = [], parts } = await log.read(at, {
      ...bounds,
      includeAbortedTransactions: true,
    })
    for (const part of parts) if (!(part instanceof Uint8Array)) part.release()
    const bytes = await readRaw(log, at)
    if (bytes.length === 0) break
    const pending = [...abortedTransactions].sort((a, b) => a.firstOffset - b.firstOffset)
    const aborted = new Set<number>()
    for (const start of batchStarts(bytes)) {
      const batch = bytes.subarray(start)
      const records = [...readRecords(batch, 0)]
      at = Number(batch.readBigInt64BE(0)) + batch.readInt32BE(23) + 1
      while (pending[0] !== undefined && pending[0].firstOffset < at)
        aborted.add(pending.shift()?.producerId ?? -1)
      if (isControl(batch, 0)) aborted.delete(producerId(batch, 0))
      else if (!aborted.has(producerId(batch, 0))) {
        for (const { key, value } of records) values.set(String(key), value && String(value))
      }
    }
  }
  return values
}

const EXPECTED = new Map([
  ['a', '2'],
  ['d', '2'],
  ['e', '1'],
  ['f', 'x'.repeat(300)],
  ['g', '2'],
])

async function expectWhole(fs: MemoryFileSystem): Promise<void> {
  const { manager, log } = await open(fs)
  expect(log.logEndOffset).toBe(END)
  const records = await allRecords(log)
  expect(records.filter((record) => !ORIGINAL.has(record))).toEqual([])
  const offsets = records.map((record) => Number(record.split(':')[0]))
  expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
  const visible = await committed(log)
  for (const key of ['roll', 'b']) visible.delete(key)
  expect(visible).toEqual(EXPECTED)
  const left = fs.names().filter((name) => /\.(cleaned|swap|deleted)$/.test(name))
  expect(left).toEqual([])
  // The next pass has nothing to stumble over.
  await append(log, keyed([['z', '1']]))
  await roll(log)
  await manager.cleanLogs()
  expect((await contents(log)).filter((record) => !record.includes(':z='))).toEqual(CLEANED)
  await manager.shutdown()
  expect(fs.names().filter((name) => /\.(cleaned|swap|deleted)$/.test(name))).toEqual([])
  expect(fs.openFiles).toEqual([])
}

/** The pass is stopped at that change; what the disk has then. */
async function stoppedAt(change: number, mode: StopMode): Promise<MemoryFileSystem> {
  const fs = BASE.restarted()
  const { manager } = await open(fs)
  expect(fs.changes).toHaveLength(DRY_START)
  fs.stopAt(DRY_START + change, mode)
  await manager.cleanLogs()
  expect(fs.hasStopped).toBe(true)
  return fs
}

describe('compaction that is stopped', () => {
  it('has somewhere to be stopped', () => {
    expect(CLEANED).toEqual(['6:a=2', '8:b', '12:d=2', '13:e=1', `17:f=${'x'.repeat(300)}`, '20:g=2'])
    const text = CHANGES.join('\n')
    expect(text).toMatch(/rename .*\.log\.cleaned/)
    expect(text).toMatch(/rename .*\.log\.swap/)
    expect(text).toMatch(/rename .*\.txnindex\n/)
    expect(text).toMatch(/cleaner-offset-checkpoint/)
  })

  const points = CHANGES.map((change, i) => [`${i}: ${change.replace(LOG, '')}`, i] as const)
  it.each(points)('at %s leaves a whole log, killed before, within and after', async (_, i) => {
    for (const mode of ['before', 'half', 'after'] as const) {
      await expectWhole((await stoppedAt(i, mode)).restarted())
    }
  })

  it.each(points)('at %s leaves a whole log when the power fails', async (_, i) => {
    await expectWhole((await stoppedAt(i, 'after')).afterPowerFailure())
  })

  const swaps = points.filter(([name]) => name.includes('rename'))
  it.each(swaps)('at %s, and again while the next start finishes it', async (_, i) => {
    const left = (await stoppedAt(i, 'after')).restarted()
    const whole = left.restarted()
    await open(whole)
    for (let change = 0; change < whole.changes.length; change++) {
      const again = left.restarted()
      again.stopAt(change, 'after')
      await open(again).catch(() => undefined)
      await expectWhole(again.restarted())
    }
  })

  it.each(points)('by an I/O error at %s leaves a whole log', async (_, i) => {
    const fs = BASE.restarted()
    const { manager } = await open(fs)
    fs.failFrom = DRY_START + i
    await manager.cleanLogs()
    fs.failFrom = Number.POSITIVE_INFINITY
    await manager.shutdown()
    await expectWhole(fs.restarted())
  })
})

it('serves the log while it is being cleaned', async () => {
  const { manager, log } = await open(BASE.restarted())
  const cleaning = manager.cleanLogs()
  for (let i = 0; i < 40; i++) {
    await append(log, keyed([[`w${i % 3}`, `${i}`]]))
    const visible = await committed(log)
    for (const [key, value] of EXPECTED) expect(visible.get(key)).toBe(value)
  }
  expect((await cleaning).length).toBeGreaterThan(0)
  await log.appendAsLeader(keyed([['end', '1']]), LEADER)
})
