import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  attributes,
  baseSequence,
  baseTimestamp,
  codecId,
  deleteHorizonMs,
  isControl,
  isCrcValid,
  lastOffset,
  maxTimestamp,
  producerId,
  recordCount,
} from '../../../src/records/index.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { LEADER, TestDir } from '../support.ts'
import { append, batches, compacted, contents, keyed, marker, roll, START_MS } from './support.ts'

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

const DAY = 86_400_000
const logs = () => readdirSync(join(dir.path, 't-0')).filter((name) => name.endsWith('.log'))
const checkpoint = () => readFileSync(join(dir.path, 'cleaner-offset-checkpoint'), 'utf8')

describe('a compacted log', () => {
  it('keeps the latest record of each key, at its offset', async () => {
    const { manager, log } = await compacted(dir)
    await append(
      log,
      keyed([
        ['a', '1'],
        ['b', '1'],
        ['a', '2'],
      ]),
      keyed([
        ['c', '1'],
        ['b', '2'],
      ]),
    )
    await roll(log)
    const [report] = await manager.cleanLogs()
    expect(report).toMatchObject({ partition: 't-0', firstDirtyOffset: 0, endOffset: 5 })
    expect(report?.stats).toMatchObject({ recordsRead: 5, recordsKept: 3, mapRecords: 3 })
    expect(await contents(log)).toEqual(['2:a=2', '3:c=1', '4:b=2'])
    expect(checkpoint()).toBe('0\n1\nt 0 5\n')
    expect((await batches(log)).every((batch) => isCrcValid(batch, 0))).toBe(true)
  })

  it('is the same after a restart, with and without a clean end', async () => {
    const { manager, log } = await compacted(dir)
    await append(
      log,
      keyed([
        ['a', '1'],
        ['b', '1'],
        ['a', '2'],
      ]),
    )
    await roll(log)
    await manager.cleanLogs()
    await log.flush()
    const killed = await compacted(dir)
    expect(await contents(killed.log)).toEqual(['1:b=1', '2:a=2'])
    await killed.manager.shutdown()
    const ended = await compacted(dir)
    expect(await contents(ended.log)).toEqual(['1:b=1', '2:a=2'])
    await append(ended.log, keyed([['b', '2']]))
    await roll(ended.log)
    expect(await ended.manager.cleanLogs()).toMatchObject([{ firstDirtyOffset: 3, endOffset: 5 }])
    expect(await contents(ended.log)).toEqual(['2:a=2', '4:b=2'])
  })

  it('makes one segment of small ones, and keeps their time of change', async () => {
    const { manager, log } = await compacted(dir, { fileDeleteDelayMs: 0 })
    for (const key of ['a', 'b', 'c']) {
      await append(log, keyed([[key, '1']]))
      await roll(log)
    }
    expect(logs()).toHaveLength(4)
    const before = statSync(join(dir.path, 't-0', logs()[2] ?? '')).mtimeMs
    await manager.cleanLogs()
    expect(logs()).toHaveLength(2)
    expect(statSync(join(dir.path, 't-0', logs()[0] ?? '')).mtimeMs).toBeCloseTo(before, -1)
    expect(await contents(log)).toEqual(['0:a=1', '2:b=1', '4:c=1'])
  })

  it('does not make segments larger than segment.bytes', async () => {
    const value = 'x'.repeat(100)
    const { manager, log } = await compacted(dir, { segmentBytes: 400, fileDeleteDelayMs: 0 })
    for (let i = 0; i < 8; i++) await append(log, keyed([[`k${i}`, value]]))
    const before = logs().length
    await roll(log)
    await manager.cleanLogs()
    expect(logs().length).toBeGreaterThan(before / 2)
    expect(await contents(log)).toHaveLength(8)
  })

  it('never cleans the active segment, nor what is behind the high watermark', async () => {
    const { manager, log } = await compacted(dir)
    await append(
      log,
      keyed([
        ['a', '1'],
        ['a', '2'],
      ]),
    )
    expect(await manager.cleanLogs()).toEqual([])
    const { config } = log
    log.updateConfig({ ...config, segmentBytes: 100 })
    await log.appendAsLeader(keyed([['a', '3']]), LEADER)
    await log.appendAsLeader(keyed([['a', '4']]), LEADER)
    log.updateConfig(config)
    // Only the first segment is below the watermark, which is at 2.
    expect(await manager.cleanLogs()).toMatchObject([{ endOffset: 2 }])
    expect(await contents(log)).toEqual(['1:a=2', '2:a=3', '3:a=4'])
  })

  it('drops records without a key that were there before it was compacted', async () => {
    const { manager, log } = await compacted(dir, { cleanupPolicy: ['delete'] })
    await append(
      log,
      keyed([
        [null, '1'],
        ['a', '1'],
        [null, '2'],
      ]),
    )
    await roll(log)
    log.updateConfig({ ...log.config, cleanupPolicy: ['compact'] })
    const [report] = await manager.cleanLogs()
    expect(report?.stats.recordsWithoutKey).toBe(2)
    expect(await contents(log)).toEqual(['1:a=1'])
  })

  it.each([0, 1, 2, 3, 4] as const)('keeps codec %i', async (codec) => {
    const { manager, log } = await compacted(dir)
    const long = 'y'.repeat(200)
    await append(
      log,
      keyed(
        [
          ['a', long],
          ['b', long],
          ['a', '2', 5],
        ],
        { codec },
      ),
    )
    await roll(log)
    await manager.cleanLogs()
    const [batch] = await batches(log)
    expect(batch && codecId(batch, 0)).toBe(codec)
    expect(batch && [baseTimestamp(batch, 0), maxTimestamp(batch, 0)]).toEqual([START_MS, START_MS + 5])
    expect(await contents(log)).toEqual([`1:b=${long}`, '2:a=2'])
  })

  it('leaves a batch alone whose records all stay', async () => {
    const { manager, log } = await compacted(dir)
    const batch = keyed(
      [
        ['a', '1'],
        ['b', '1'],
      ],
      { codec: 1 },
    )
    await append(log, Buffer.from(batch))
    await roll(log)
    const before = await batches(log)
    await manager.cleanLogs()
    expect((await batches(log))[0]).toEqual(before[0])
  })

  it('goes on where the map of keys was full', async () => {
    const cleaner = { dedupeBufferBytes: 24 * 10, loadFactor: 0.5, threads: 1 }
    const { manager, log } = await compacted(dir, {}, { cleaner })
    for (let i = 0; i < 24; i++) await append(log, keyed([[`k${i % 12}`, `${i}`]]))
    await roll(log)
    const reports = await manager.cleanLogs()
    expect(reports.length).toBeGreaterThan(3)
    expect(reports.at(-1)).toMatchObject({ endOffset: 24 })
    expect(await contents(log)).toEqual(Array.from({ length: 12 }, (_, i) => `${12 + i}:k${i}=${12 + i}`))
  })

  it('gets through a batch with more keys than the map has room for', async () => {
    const cleaner = { dedupeBufferBytes: 24 * 4, loadFactor: 0.5 }
    const { manager, log } = await compacted(dir, {}, { cleaner })
    await append(log, keyed(Array.from({ length: 20 }, (_, i) => [`k${i % 10}`, `${i}`] as const)))
    await roll(log)
    expect((await manager.cleanLogs()).at(-1)).toMatchObject({ endOffset: 20 })
    expect(await contents(log)).toEqual(Array.from({ length: 10 }, (_, i) => `${10 + i}:k${i}=${10 + i}`))
  })

  it('reads batches that are larger than its buffer', async () => {
    const { manager, log } = await compacted(dir, {}, { cleaner: { ioBufferBytes: 200 } })
    const long = 'z'.repeat(5000)
    await append(log, keyed([['a', long]]), keyed([['b', long]]), keyed([['a', '2']]))
    await roll(log)
    await manager.cleanLogs()
    expect(await contents(log)).toEqual([`1:b=${long}`, '2:a=2'])
  })
})

describe('tombstones', () => {
  it('get a delete horizon first, and go when it has passed', async () => {
    const clock = new ManualClock()
    const { manager, log } = await compacted(dir, { deleteRetentionMs: DAY }, { clock })
    await append(
      log,
      keyed([
        ['a', '1'],
        ['b', '1'],
      ]),
      keyed([
        ['a', null],
        ['c', '1', 7],
      ]),
    )
    await roll(log)
    await manager.cleanLogs()
    expect(await contents(log)).toEqual(['1:b=1', '2:a', '3:c=1'])
    const [, batch] = await batches(log)
    const horizon = clock.now + DAY
    expect(batch && deleteHorizonMs(batch, 0)).toBe(horizon)
    expect(batch && maxTimestamp(batch, 0)).toBe(START_MS + 7)

    clock.now += DAY - 1
    await append(log, keyed([['x', '1']]))
    await roll(log)
    await manager.cleanLogs()
    expect(await contents(log)).toContain('2:a')

    clock.now += 1
    await append(log, keyed([['x', '2']]))
    await roll(log)
    await manager.cleanLogs()
    expect(await contents(log)).toEqual(['1:b=1', '3:c=1', '7:x=2'])
    expect((await batches(log)).map((each) => deleteHorizonMs(each, 0))[1]).toBe(horizon)
  })
})

describe('what decides when', () => {
  it('is min.cleanable.dirty.ratio', async () => {
    const { manager, log } = await compacted(dir, { minCleanableDirtyRatio: 0.5 })
    for (let i = 0; i < 4; i++) await append(log, keyed([[`k${i}`, '1']]))
    await roll(log)
    expect(await manager.cleanLogs()).toHaveLength(1)
    await append(log, keyed([['k0', '2']]))
    await roll(log)
    expect(await manager.cleanLogs()).toHaveLength(0)
    for (let i = 0; i < 4; i++) await append(log, keyed([[`k${i}`, '3']]))
    await roll(log)
    expect(await manager.cleanLogs()).toHaveLength(1)
  })

  it('is min.compaction.lag.ms', async () => {
    const clock = new ManualClock()
    const { manager, log } = await compacted(dir, { minCompactionLagMs: 1000 }, { clock })
    await append(
      log,
      keyed([
        ['a', '1'],
        ['a', '2'],
      ]),
    )
    await roll(log)
    await append(log, keyed([['a', '3', 500]]))
    await roll(log)
    clock.now = START_MS + 999
    expect(await manager.cleanLogs()).toEqual([])
    clock.now = START_MS + 1000
    expect(await manager.cleanLogs()).toMatchObject([{ endOffset: 2 }])
    expect(await contents(log)).toEqual(['1:a=2', '3:a=3'])
  })

  it('is max.compaction.lag.ms, which also rolls the segment', async () => {
    const clock = new ManualClock()
    const config = { minCleanableDirtyRatio: 1, maxCompactionLagMs: 5000 }
    const { manager, log } = await compacted(dir, config, { clock })
    await append(
      log,
      keyed([
        ['a', '1'],
        ['a', '2'],
      ]),
    )
    expect(logs()).toHaveLength(1)
    await append(log, keyed([['b', '1', 5001]]))
    expect(logs()).toHaveLength(2)
    clock.now = START_MS + 5000
    expect(await manager.cleanLogs()).toEqual([])
    clock.now = START_MS + 5001
    expect(await manager.cleanLogs()).toHaveLength(1)
    expect(await contents(log)).toEqual(['1:a=2', '2:b=1'])
  })

  it('takes overdue logs first, then the dirtiest', async () => {
    const clock = new ManualClock()
    const { manager, log: clean } = await compacted(dir, {}, { clock })
    const [dirty, overdue] = ['dirty', 'overdue'].map((topic) =>
      manager.getOrCreateLog(topic, 0, { topicId: null }),
    )
    if (dirty === undefined || overdue === undefined) throw new Error('no logs')
    await append(clean, ...['a', 'b', 'c', 'd'].map((key) => keyed([[key, '1']])))
    await append(overdue, ...['a', 'b', 'c', 'd'].map((key) => keyed([[key, '1']])))
    for (const log of [clean, overdue]) await roll(log)
    await manager.cleanLogs()
    for (const log of [clean, dirty, overdue]) {
      await append(log, keyed([['a', '2']]))
      await roll(log)
    }
    overdue.updateConfig({ ...overdue.config, maxCompactionLagMs: 10 })
    clock.now = START_MS + 1000
    const order = (await manager.cleanLogs()).map(({ partition }) => partition)
    expect(order).toEqual(['overdue-0', 'dirty-0', 't-0'])
  })

  it('is a checkpoint that fits the log', async () => {
    const { manager, log } = await compacted(dir)
    await append(
      log,
      keyed([
        ['a', '1'],
        ['a', '2'],
      ]),
    )
    await roll(log)
    await manager.cleanLogs()
    await log.truncateFullyAndStartAt(10)
    await append(
      log,
      keyed([
        ['a', '3'],
        ['a', '4'],
      ]),
    )
    await roll(log)
    // The checkpoint says 2, before the log's start.
    expect(await manager.cleanLogs()).toMatchObject([{ firstDirtyOffset: 10, endOffset: 12 }])
    await log.truncateTo(0)
    await append(
      log,
      keyed([
        ['a', '5'],
        ['a', '6'],
      ]),
    )
    await roll(log)
    expect(await manager.cleanLogs()).toMatchObject([{ firstDirtyOffset: 0, endOffset: 2 }])
    expect(await contents(log)).toEqual(['1:a=6'])
  })
})

describe('producers and transactions', () => {
  const p = (producer: number, sequence: number, isTransactional = false) => ({
    producerId: producer,
    producerEpoch: 0,
    baseSequence: sequence,
    isTransactional,
  })

  it('keep the last batch of a producer, empty', async () => {
    const { manager, log } = await compacted(dir)
    await append(
      log,
      keyed(
        [
          ['a', '1'],
          ['b', '1'],
        ],
        p(7, 0),
      ),
      keyed(
        [
          ['a', '2'],
          ['b', '2'],
        ],
        p(7, 2),
      ),
    )
    await append(
      log,
      keyed([
        ['a', '3'],
        ['b', '3'],
      ]),
    )
    await roll(log)
    await manager.cleanLogs()
    expect(await contents(log)).toEqual(['4:a=3', '5:b=3'])
    const [empty] = await batches(log)
    if (empty === undefined) throw new Error('no batch')
    expect([
      recordCount(empty, 0),
      producerId(empty, 0),
      baseSequence(empty, 0),
      lastOffset(empty, 0),
    ]).toEqual([0, 7, 2, 3])
    expect([baseTimestamp(empty, 0), maxTimestamp(empty, 0), attributes(empty, 0)]).toEqual([-1, START_MS, 0])
    // The sequence goes on after a crash with nothing but the records.
    await log.flush()
    const again = await compacted(dir)
    await expect(again.log.appendAsLeader(keyed([['a', '4']], p(7, 9)), LEADER)).rejects.toMatchObject({
      errorName: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    })
    await append(again.log, keyed([['a', '4']], p(7, 4)))
  })

  it('lose aborted records, and keep committed ones', async () => {
    const { manager, log } = await compacted(dir)
    await append(
      log,
      keyed([
        ['a', '1'],
        ['b', '1'],
      ]),
    )
    await append(log, keyed([['a', 'no']], p(1, 0, true)), keyed([['b', '2']], p(2, 0, true)))
    await append(log, marker(1, false), marker(2, true))
    await roll(log)
    await manager.cleanLogs()
    expect(await contents(log)).toEqual(['0:a=1', '3:b=2'])
  })

  it('are not touched while a transaction is open', async () => {
    const { manager, log } = await compacted(dir)
    await append(
      log,
      keyed([
        ['a', '1'],
        ['a', '2'],
      ]),
    )
    await roll(log)
    await append(log, keyed([['a', '3']], p(1, 0, true)))
    await roll(log)
    expect(await manager.cleanLogs()).toMatchObject([{ endOffset: 2 }])
    expect(await contents(log)).toEqual(['1:a=2', '3:a=3'])
    await append(log, marker(1, false))
    await roll(log)
    await manager.cleanLogs()
    expect(await contents(log)).toEqual(['1:a=2'])
  })

  it('keep a marker until its data is gone and its horizon has passed', async () => {
    const clock = new ManualClock()
    const tuning = { producerIdExpirationMs: 1 }
    const { manager, log } = await compacted(dir, { deleteRetentionMs: 1000 }, { clock, tuning })
    const markers = async () => (await batches(log)).filter((batch) => isControl(batch, 0))
    const again = async () => {
      await append(log, keyed([['x', '1']]))
      await roll(log)
      await manager.cleanLogs()
    }
    await append(log, keyed([['a', '1']], p(1, 0, true)), marker(1, true))
    await append(log, keyed([['b', 'no']], p(2, 0, true)), marker(2, false))
    await roll(log)
    clock.now += 10
    log.removeExpiredProducers()
    // The aborted data goes in this pass, so that of its marker begins its wait in the next.
    await manager.cleanLogs()
    expect((await markers()).map((m) => deleteHorizonMs(m, 0))).toEqual([undefined, undefined])
    await again()
    expect((await markers()).map((m) => deleteHorizonMs(m, 0))).toEqual([undefined, clock.now + 1000])
    clock.now += 1000
    await again()
    expect(await markers()).toHaveLength(1)
    await append(log, keyed([['a', '2']]))
    await again()
    await again()
    clock.now += 1000
    await again()
    expect(await markers()).toHaveLength(0)
    expect((await contents(log)).map((each) => each.split(':')[1])).toEqual(['a=2', 'x=1'])
  })
})
