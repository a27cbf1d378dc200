import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import type { Log, LogManager } from '../../../src/storage/index.ts'
import { releaseRead } from '../../../src/storage/log-reader.ts'
import { FailingFileSystem } from '../../support/failing-file-system.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { LEADER, type Setup, TestDir } from '../support.ts'
import { append, compacted, contents, filesOf, keyed, roll } from './support.ts'

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

const UNFINISHED = /\.(cleaned|swap)$/
const value = 'x'.repeat(200)

/** Holds what is deferred from the moment on that a pass has begun to write: it is met in the middle of its work. */
class HoldingClock extends ManualClock {
  private held: (() => void)[] = []
  private isReleased = false

  override defer(fn: () => void): void {
    const isWriting = () => filesOf(dir).some((name) => UNFINISHED.test(name))
    if (!this.isReleased && isWriting()) this.held.push(fn)
    else super.defer(fn)
  }

  get isHolding(): boolean {
    return this.held.length > 0
  }

  release(): void {
    this.isReleased = true
    for (const fn of this.held) super.defer(fn)
    this.held = []
  }
}

/** A log with several groups to clean, and a pass over it that has begun to write and waits. */
async function started(
  setup: Setup = {},
): Promise<{ manager: LogManager; log: Log; cleaning: Promise<unknown>; clock: HoldingClock }> {
  const clock = new HoldingClock()
  const config = { segmentBytes: 600, fileDeleteDelayMs: 1000 }
  const { manager, log } = await compacted(dir, config, { ...setup, clock })
  for (let i = 0; i < 24; i++) await append(log, keyed([[`k${i % 8}`, `${i}${value}`]]))
  await roll(log)
  const cleaning = manager.cleanLogs()
  await vi.waitFor(() => expect(clock.isHolding).toBe(true), { timeout: 10_000, interval: 1 })
  return { manager, log, cleaning, clock }
}

describe('a cleaning under way', () => {
  it('is aborted by a truncation, which then has its way', async () => {
    const { log, manager, cleaning, clock } = await started()
    const cut = log.truncateTo(3)
    clock.release()
    expect(await cut).toBe(true)
    expect(filesOf(dir).filter((name) => UNFINISHED.test(name))).toEqual([])
    expect(log.logEndOffset).toBe(3)
    await cleaning
    expect(await contents(log)).toEqual([0, 1, 2].map((i) => `${i}:k${i}=${i}${value}`))
    await append(log, keyed([['k0', 'new']]))
    await roll(log)
    expect(await manager.cleanLogs()).toMatchObject([{ firstDirtyOffset: 0, endOffset: 4 }])
    expect(await contents(log)).toEqual([...[1, 2].map((i) => `${i}:k${i}=${i}${value}`), '3:k0=new'])
  })

  it('is aborted when the log is cut off whole, with appends that wait', async () => {
    const { log, cleaning, clock } = await started()
    const cut = log.truncateFullyAndStartAt(100)
    const appended = log.appendAsLeader(keyed([['a', '1']]), LEADER)
    clock.release()
    await cut
    expect(await appended).toMatchObject({ firstOffset: 100 })
    await cleaning
    expect(filesOf(dir).filter((name) => UNFINISHED.test(name))).toEqual([])
    expect(log).toMatchObject({ logStartOffset: 100, logEndOffset: 101 })
  })

  it('is aborted by the deletion of the topic, also when it is made anew at once', async () => {
    const { manager, log, cleaning, clock } = await started()
    manager.deleteLog('t', 0)
    const again = manager.getOrCreateLog('t', 0, { topicId: null })
    await append(
      again,
      keyed([
        ['a', '1'],
        ['a', '2'],
      ]),
    )
    clock.release()
    await cleaning
    expect(log.logEndOffset).toBeGreaterThan(0)
    expect(filesOf(dir).filter((name) => UNFINISHED.test(name))).toEqual([])
    await roll(again)
    expect(await manager.cleanLogs()).toMatchObject([{ firstDirtyOffset: 0, endOffset: 2 }])
    expect(await contents(again)).toEqual(['1:a=2'])
    await clock.advance(60_000)
    expect(readdirSync(dir.path).filter((name) => name.endsWith('-delete'))).toEqual([])
  })

  it('is aborted by shutdown, which leaves nothing behind', async () => {
    const { manager, cleaning, clock } = await started()
    const ended = manager.shutdown()
    clock.release()
    await ended
    await cleaning
    expect(filesOf(dir).filter((name) => /\.(cleaned|swap|deleted)$/.test(name))).toEqual([])
    expect(existsSync(join(dir.path, '.kafka_cleanshutdown'))).toBe(true)
    const next = await compacted(dir)
    expect((await contents(next.log)).filter((record) => /^(1[6-9]|2\d):/.test(record))).toHaveLength(8)
  })

  it('is aborted when the disk fails', async () => {
    const fs = new FailingFileSystem()
    const { log, manager, cleaning, clock } = await started({ fs })
    fs.failNext('write', /\.log$/, 'EIO')
    await expect(log.appendAsLeader(keyed([['a', '1']]), LEADER)).rejects.toMatchObject({
      errorName: 'KAFKA_STORAGE_ERROR',
    })
    clock.release()
    await cleaning
    await manager.shutdown()
    expect(filesOf(dir).filter((name) => UNFINISHED.test(name))).toEqual([])
  })

  it('keeps retention out, and retention keeps it out', async () => {
    const { log, cleaning, clock } = await started()
    log.updateConfig({ ...log.config, cleanupPolicy: ['compact', 'delete'], retentionMs: 1 })
    // Later than the files too: a segment that has lost all its records goes by the time of its file.
    clock.now = 2 ** 42
    expect(await log.deleteOldSegments()).toBe(0)
    clock.release()
    await cleaning
    // Its own round of retention came after.
    expect(log.logStartOffset).toBeGreaterThan(0)
  })
})

it('a log that is cut while others are looked at is not cleaned as it was', async () => {
  const { manager, log } = await compacted(dir)
  await append(log, keyed([['a', '1']]))
  await roll(log)
  await append(log, keyed([['a', '2']]), keyed([['a', '3']]))
  await roll(log)
  const other = manager.getOrCreateLog('u', 0, { topicId: null })
  await append(other, keyed([['a', '1']]))
  await roll(other)
  const open = other.open.bind(other)
  let isCut = false
  other.open = async () => {
    if (!isCut) {
      isCut = true
      await log.truncateTo(3)
      await append(log, keyed([['a', '4']]))
    }
    return open()
  }
  await manager.cleanLogs()
  // The segment that was behind the first one is the active one now.
  expect(await contents(log)).toEqual(['0:a=1', '2:a=2', '3:a=4'])
  expect(filesOf(dir).filter((name) => name.endsWith('.log'))).toHaveLength(2)
})

it('a reader goes on with the segment that it has', async () => {
  const clock = new ManualClock()
  const { manager, log } = await compacted(
    dir,
    { fileDeleteDelayMs: 1000 },
    { clock, tuning: { tailPerLogBytes: 0 } },
  )
  await append(
    log,
    keyed([
      ['a', '1'],
      ['b', '1'],
    ]),
    keyed([['a', '2']]),
  )
  await roll(log)
  const held = await log.read(0, { maxBytes: 1000, upperBoundOffset: 3, minOneMessage: true })
  await manager.cleanLogs()
  await clock.advance(1001)
  expect(filesOf(dir).filter((name) => name.endsWith('.deleted'))).toEqual([])
  const [part] = held.parts
  if (part === undefined || part instanceof Uint8Array) throw new Error('no file range')
  const bytes = Buffer.alloc(part.length)
  expect(await part.file.read(bytes, 0, part.length, part.position)).toBe(part.length)
  expect(bytes.includes('a')).toBe(true)
  releaseRead(held)
  expect(await contents(log)).toEqual(['1:b=1', '2:a=2'])
})

it('searches by time and offset survive the swap', async () => {
  const { manager, log } = await compacted(dir, { segmentBytes: 500, indexIntervalBytes: 50 })
  for (let i = 0; i < 60; i++) await append(log, keyed([[`k${i % 7}`, `${i}`, i]]))
  await roll(log)
  const random = seededRandom(7)
  const cleaning = manager.cleanLogs()
  for (let i = 0; i < 60; i++) {
    const found = await log.offsetForTimestamp(1_700_000_000_000 + random.int(60))
    expect(found === null || found.offset >= 0).toBe(true)
    const from = random.int(log.logEndOffset)
    const read = await log.read(from, {
      maxBytes: 300,
      upperBoundOffset: log.logEndOffset,
      minOneMessage: true,
    })
    releaseRead(read)
  }
  await cleaning
  expect(await contents(log)).toHaveLength(7)
})

describe('compact,delete', () => {
  it('also deletes by age, and the checkpoint follows the log start in silence', async () => {
    const clock = new ManualClock()
    const config = { cleanupPolicy: ['compact', 'delete'], retentionMs: 1000, segmentBytes: 100 } as const
    const { manager, log } = await compacted(dir, config, { clock })
    for (const key of ['a', 'b', 'c']) await append(log, keyed([[key, '1']]))
    clock.now = 1_700_000_000_000 + 500
    await manager.cleanLogs()
    await append(log, keyed([['d', '1', 2000]]))
    clock.now += 2000
    // The broker's own retention leaves compacted logs to compaction.
    expect(await manager.deleteOldSegments()).toBe(0)
    await manager.cleanLogs()
    expect(await contents(log)).toEqual(['3:d=1'])
    expect(log.logStartOffset).toBe(3)
  })

  it('does nothing when log.cleaner.enable is false', async () => {
    const { manager, log } = await compacted(dir, {}, { cleaner: { isEnabled: false } })
    await append(
      log,
      keyed([
        ['a', '1'],
        ['a', '2'],
      ]),
    )
    await roll(log)
    expect(await manager.cleanLogs()).toEqual([])
    expect(await contents(log)).toEqual(['0:a=1', '1:a=2'])
  })
})

describe('what cannot be cleaned', () => {
  it('is a damaged log: it is left as it is, and the others go on', async () => {
    const { manager, log } = await compacted(dir)
    const other = manager.getOrCreateLog('u', 0, { topicId: null })
    for (const each of [log, other]) {
      await append(
        each,
        keyed([
          ['a', '1'],
          ['a', '2'],
        ]),
      )
      await roll(each)
    }
    const path = join(dir.path, 't-0', '00000000000000000000.log')
    const bytes = readFileSync(path)
    const last = bytes.length - 1
    bytes[last] = (bytes[last] ?? 0) ^ 1
    writeFileSync(path, bytes)
    expect(await manager.cleanLogs()).toMatchObject([{ partition: 'u-0' }])
    expect(readFileSync(path)).toEqual(bytes)
    expect(filesOf(dir).filter((name) => UNFINISHED.test(name))).toEqual([])
    expect(await manager.cleanLogs()).toEqual([])
  })

  it('is a log on a full disk: it is tried again later', async () => {
    const clock = new ManualClock()
    const fs = new FailingFileSystem()
    const { manager, log } = await compacted(dir, {}, { clock, fs })
    await append(
      log,
      keyed([
        ['a', '1'],
        ['a', '2'],
      ]),
    )
    await roll(log)
    fs.failNext('writeSync', /\.cleaned$/, 'ENOSPC')
    expect(await manager.cleanLogs()).toEqual([])
    expect(manager.isOnline).toBe(true)
    expect(filesOf(dir).filter((name) => UNFINISHED.test(name))).toEqual([])
    clock.now += 60_001
    expect(await manager.cleanLogs()).toHaveLength(1)
    expect(await contents(log)).toEqual(['1:a=2'])
  })
})

it('runs by the clock, every log.cleaner.backoff.ms', async () => {
  const clock = new ManualClock()
  const { manager, log } = await compacted(dir, {}, { clock, cleaner: { backoffMs: 500 } })
  await append(
    log,
    keyed([
      ['a', '1'],
      ['a', '2'],
    ]),
  )
  await roll(log)
  manager.startBackgroundTasks()
  await clock.advance(499)
  expect(await contents(log)).toHaveLength(2)
  await clock.advance(1)
  await vi.waitFor(async () => expect(await contents(log)).toEqual(['1:a=2']))
  await manager.shutdown()
})

it('opens a log at rest only when there is something to clean', async () => {
  const first = await compacted(dir, { minCleanableDirtyRatio: 0.5 })
  await append(first.log, keyed([['a', '1']]), keyed([['a', '2']]))
  await roll(first.log)
  await first.manager.cleanLogs()
  await first.manager.shutdown()
  const clean = await compacted(dir, { minCleanableDirtyRatio: 0.5 })
  expect(await clean.manager.cleanLogs()).toEqual([])
  expect(clean.log.isOpen).toBe(false)
  await append(clean.log, keyed([['a', '3']]), keyed([['a', '4']]))
  await roll(clean.log)
  await clean.manager.shutdown()
  const dirty = await compacted(dir, { minCleanableDirtyRatio: 0.5 })
  dirty.log.updateHighWatermark(dirty.log.logEndOffset)
  expect(await dirty.manager.cleanLogs()).toHaveLength(1)
})
