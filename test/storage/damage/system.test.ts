import { describe, expect, it } from 'vitest'
import type { File, FileSystem } from '../../../src/base/file-system.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { FailingFileSystem } from '../../support/failing-file-system.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemoryFileSystem } from '../../support/memory-file-system.ts'
import { openManager, SMALL, World } from '../crash/world.ts'
import { batchOf, LEADER, newLog, readAll, TestDir, TOPIC_ID, values } from '../support.ts'
import { copyOf, LOG_DIR, makeImage, nameOf, openImage, serve } from './image.ts'

const clean = await makeImage(true)
const unclean = await makeImage(false)

/** Reads give a few bytes at a time, as a signal or a network file system may. */
function shortReads(inner: FileSystem): FileSystem {
  const random = seededRandom(5)
  const shorten = (file: File): File =>
    Object.assign(Object.create(file) as File, {
      read: (into: Uint8Array, at: number, length: number, position: number) =>
        file.read(into, at, Math.min(length, 1 + random.int(9)), position),
      readSync: (into: Uint8Array, at: number, length: number, position: number) =>
        file.readSync(into, at, Math.min(length, 1 + random.int(9)), position),
    })
  return Object.assign(Object.create(inner) as FileSystem, {
    openSync: (path: string, mode: 'r' | 'r+' | 'rw' | 'create') => shorten(inner.openSync(path, mode)),
  })
}

describe('reads that give less than was asked for', () => {
  it.each([
    ['a clean end', clean],
    ['a kill', unclean],
  ])('change nothing after %s', async (_, image) => {
    const inner = copyOf(image)
    const fs = shortReads(inner)
    const manager = await openManager(fs, SMALL)
    const log = manager.getOrCreateLog('t', 0, { topicId: TOPIC_ID })
    await log.open()
    expect(log.logEndOffset).toBe(image.logEndOffset)
    const found = await log.offsetForTimestamp(1_700_000_000_004)
    expect(found?.offset).toBe(4)
    await log.truncateTo(16)
    const { firstOffset } = await log.appendAsLeader(batchOf(['new']), LEADER)
    expect(firstOffset).toBeGreaterThan(14)
    await manager.shutdown()
    const after = await openImage(inner)
    const served = await serve(after.log)
    expect([...served.values].at(-1)).toEqual([firstOffset, 'new'])
    expect(served.refused.size).toBe(0)
  })
})

describe('too many open files', () => {
  it('fail what needs one more, and nothing else', async () => {
    const fs = copyOf(clean)
    const { log, manager } = await openImage(fs)
    fs.maxOpenFiles = 0
    const refused = await Promise.all([
      log.appendAsLeader(batchOf(['lost']), LEADER).catch(nameOf),
      log.read(0, { maxBytes: 1, upperBoundOffset: 9, minOneMessage: true }).catch(nameOf),
      log.offsetForTimestamp(1).catch(nameOf),
    ])
    expect(refused).toEqual(Array(3).fill('KAFKA_STORAGE_ERROR'))
    expect(manager.describeLogDirs()[0]?.error).toBe(null)
    fs.maxOpenFiles = Number.POSITIVE_INFINITY
    const { firstOffset } = await log.appendAsLeader(batchOf(['kept']), LEADER)
    expect(firstOffset).toBe(clean.logEndOffset)
    const served = await serve(log)
    expect(served.values.get(firstOffset)).toBe('kept')
    expect(served.values.size).toBe(clean.values.size + 1)
    await manager.shutdown()
    expect(fs.openFiles).toEqual([])
  })

  it('do not stop a log from being opened later', async () => {
    const fs = copyOf(clean)
    const manager = await openManager(fs, SMALL)
    const log = manager.getOrCreateLog('t', 0, { topicId: TOPIC_ID })
    fs.maxOpenFiles = 0
    await expect(log.open()).rejects.toMatchObject({ errorName: 'KAFKA_STORAGE_ERROR' })
    fs.maxOpenFiles = 100
    expect((await serve(log)).values).toEqual(clean.values)
    await manager.shutdown()
  })
})

describe('a disk that cannot be read', () => {
  it('takes its directory offline, and is served by nobody', async () => {
    const fs = new FailingFileSystem(copyOf(clean))
    const manager = await openManager(fs, SMALL)
    const log = manager.getOrCreateLog('t', 0, { topicId: TOPIC_ID })
    fs.failNext('read', /\.log$/, 'EIO', { times: 99 })
    const outcome = await log.read(0, { maxBytes: 1, upperBoundOffset: 9, minOneMessage: true }).catch(nameOf)
    expect(outcome).toBe('KAFKA_STORAGE_ERROR')
    expect(manager.describeLogDirs()[0]?.error).toContain('EIO')
    await expect(log.appendAsLeader(batchOf(['x']), LEADER)).rejects.toMatchObject({
      errorName: 'KAFKA_STORAGE_ERROR',
    })
    await manager.shutdown()
    expect(fs.existsSync(`${LOG_DIR}/.kafka_cleanshutdown`)).toBe(false)
  })
})

describe('a clock that jumps back', () => {
  const HOUR = 3_600_000

  it('rolls and deletes nothing before its time, and everything works on', async () => {
    const fs = new MemoryFileSystem()
    fs.putDirectory(LOG_DIR)
    const config = { segmentMs: HOUR, retentionMs: 10 * HOUR, fileDeleteDelayMs: 0 }
    const world = new World(fs, { config })
    const start = world.clock.now
    const log = await world.open()
    const send = async (value: string) => {
      await log.appendAsLeader(batchOf([value], { timestampMs: world.clock.now }), LEADER)
      log.updateHighWatermark(log.logEndOffset)
      await log.deleteOldSegments()
    }
    await send('a')
    world.clock.now = start - 5 * HOUR
    await send('b')
    world.clock.now = start - 100 * HOUR
    await send('c')
    log.removeExpiredProducers()
    world.clock.now = start + 30 * 60_000
    await send('d')
    expect(await values(log)).toEqual(['a', 'b', 'c', 'd'])
    // By time, the largest timestamp up to a record counts.
    expect(await log.offsetForTimestamp(start - 2 * HOUR)).toMatchObject({ offset: 0 })
    expect(await log.offsetForTimestamp('maxTimestamp')).toMatchObject({ offset: 3 })
    await world.shutdown()
    const again = new World(fs, { config })
    again.clock.now = start - 1000 * HOUR
    const reopened = await again.open()
    await reopened.deleteOldSegments()
    expect(await values(reopened)).toEqual(['a', 'b', 'c', 'd'])
    await again.shutdown()
  })

  it('gives append times that go back with it, and are found', async () => {
    const dir = new TestDir()
    try {
      const clock = new ManualClock()
      const config = { messageTimestampType: 'LogAppendTime' as const, indexIntervalBytes: 0 }
      const { log, manager } = await newLog(dir, { clock, config })
      const start = clock.now
      for (const [i, at] of [0, 60_000, -HOUR, 120_000].entries()) {
        clock.now = start + at
        await log.appendAsLeader(batchOf([`v${i}`]), LEADER)
      }
      expect((await readAll(log)).map(({ timestampMs }) => timestampMs - start)).toEqual([
        0,
        60_000,
        -HOUR,
        120_000,
      ])
      expect(await log.offsetForTimestamp(start + 60_001)).toMatchObject({ offset: 3 })
      expect(await log.offsetForTimestamp(start - HOUR)).toMatchObject({ offset: 0 })
      await manager.shutdown()
    } finally {
      dir.remove()
    }
  })

  it('forgets no producer, and takes no sequence twice', async () => {
    const fs = new MemoryFileSystem()
    fs.putDirectory(LOG_DIR)
    const world = new World(fs, SMALL)
    await world.open()
    await world.sendMany(3)
    world.clock.now -= 100 * HOUR
    world.log.removeExpiredProducers()
    await world.sendMany(3)
    await world.shutdown()
    const next = new World(fs, SMALL, world.ledger)
    next.clock.now -= 10_000 * HOUR
    const log = await next.open()
    const last = batchOf(['again', 'again'], { producerId: 7, producerEpoch: 0, baseSequence: 10 })
    expect(await log.appendAsLeader(last, LEADER)).toMatchObject({ duplicate: true, firstOffset: 10 })
    await next.shutdown()
  })
})
