import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as records from '../../src/records/index.ts'
import { appendSent } from '../../src/storage/index.ts'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { batchOf, LEADER, newLog, readAll, readRaw, TestDir, values } from './support.ts'

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

describe('appendAsLeader', () => {
  it('gives offsets and stamps the leader epoch, with the checksum still right', async () => {
    const { log } = await newLog(dir)
    const first = await log.appendAsLeader(batchOf(['a', 'b']), { leaderEpoch: 3, origin: 'client' })
    const second = await log.appendAsLeader(batchOf(['c']), { leaderEpoch: 4, origin: 'client' })
    expect(first).toMatchObject({ firstOffset: 0, lastOffset: 1, lastLeaderEpoch: 3, duplicate: false })
    expect(second).toMatchObject({ firstOffset: 2, lastOffset: 2 })
    expect(log.logEndOffset).toBe(3)
    const raw = await readRaw(log, 0)
    expect(records.partitionLeaderEpoch(raw, 0)).toBe(3)
    expect(records.isCrcValid(raw, 0)).toBe(true)
    expect(await values(log)).toEqual(['a', 'b', 'c'])
    expect(log.latestEpoch).toBe(4)
    expect(log.endOffsetForEpoch(3)).toEqual({ epoch: 3, endOffset: 2 })
    expect(log.endOffsetForEpoch(4)).toEqual({ epoch: 4, endOffset: 3 })
  })

  it('writes what waits together, in the order of the calls', async () => {
    const fs = new FailingFileSystem()
    const { log } = await newLog(dir, { fs })
    await log.appendAsLeader(batchOf(['0']), LEADER)
    fs.holdWrites()
    const first = log.appendAsLeader(batchOf(['1']), LEADER)
    await new Promise((resolve) => setImmediate(resolve))
    const rest = ['2', '3', '4'].map((value) => log.appendAsLeader(batchOf([value]), LEADER))
    expect(fs.heldWrites).toBe(1)
    expect(log.logEndOffset).toBe(1)
    const before = fs.changes.length
    fs.releaseWrites()
    const offsets = (await Promise.all([first, ...rest])).map((info) => info.firstOffset)
    expect(offsets).toEqual([1, 2, 3, 4])
    expect(fs.changes.slice(before).filter((c) => c.startsWith('write ') && c.endsWith('.log'))).toHaveLength(
      2,
    )
    expect(await values(log)).toEqual(['0', '1', '2', '3', '4'])
  })

  it('indexes each batch, as Kafka does, however many come at once', async () => {
    const leader = await newLog(dir, { config: { indexIntervalBytes: 100 } })
    const all = Array.from({ length: 60 }, (_, i) => `value-${i}`)
    for (const value of all) await leader.log.appendAsLeader(batchOf([value]), LEADER)
    const copies = new TestDir()
    try {
      const follower = await newLog(copies, { config: { indexIntervalBytes: 100 } })
      await follower.log.appendAsFollower(await readRaw(leader.log, 0))
      await Promise.all([leader.manager.shutdown(), follower.manager.shutdown()])
      for (const suffix of ['index', 'timeindex']) {
        const file = (of: TestDir) => readFileSync(join(of.path, 't-0', `${'0'.repeat(20)}.${suffix}`))
        expect(file(copies)).toEqual(file(dir))
        if (suffix === 'index') expect(file(dir).length).toBeGreaterThan(80)
      }
    } finally {
      copies.remove()
    }
  })

  it('rolls by size, and reads over the boundaries', async () => {
    const { log } = await newLog(dir, { config: { segmentBytes: 300 } })
    const all = Array.from({ length: 40 }, (_, i) => `value-${i}`)
    const infos = await Promise.all(all.map((value) => log.appendAsLeader(batchOf([value]), LEADER)))
    expect(infos.filter((info) => info.rolled).length).toBeGreaterThan(5)
    expect(await values(log)).toEqual(all)
    for (const from of [0, 7, 39]) expect(await values(log, from)).toEqual(all.slice(from))
    const files = readdirSync(join(dir.path, 't-0'))
    expect(files.filter((name) => name.endsWith('.log')).length).toBe(
      infos.filter((i) => i.rolled).length + 1,
    )
    expect(files.filter((name) => name.endsWith('.snapshot')).length).toBe(
      infos.filter((i) => i.rolled).length,
    )
  })

  it('rolls when a segment is older than segment.ms by its records', async () => {
    const clock = new ManualClock()
    const { log } = await newLog(dir, { clock, config: { segmentMs: 1000 } })
    await log.appendAsLeader(batchOf(['a'], { timestampMs: clock.now }), LEADER)
    expect((await log.appendAsLeader(batchOf(['b'], { timestampMs: clock.now + 1000 }), LEADER)).rolled).toBe(
      false,
    )
    expect((await log.appendAsLeader(batchOf(['c'], { timestampMs: clock.now + 1001 }), LEADER)).rolled).toBe(
      true,
    )
  })

  it('takes LogAppendTime for all records', async () => {
    const clock = new ManualClock()
    const { log } = await newLog(dir, { clock, config: { messageTimestampType: 'LogAppendTime' } })
    const info = await log.appendAsLeader(batchOf(['a', 'b'], { timestampMs: 5 }), LEADER)
    expect(info).toMatchObject({ logAppendTimeMs: clock.now, maxTimestamp: clock.now })
    const raw = await readRaw(log, 0)
    expect(records.isCrcValid(raw, 0)).toBe(true)
    expect((await readAll(log)).map((r) => r.timestampMs)).toEqual([clock.now, clock.now])
  })

  it('recompresses to the topic’s codec', async () => {
    const { log } = await newLog(dir, { config: { compressionType: 'gzip' } })
    await log.appendAsLeader(batchOf(['a', 'b']), LEADER)
    const raw = await readRaw(log, 0)
    expect(records.codecId(raw, 0)).toBe(1)
    expect(await values(log)).toEqual(['a', 'b'])
  })

  it('takes large compressed batches in order with small ones', async () => {
    const { log } = await newLog(dir)
    await log.appendAsLeader(batchOf(['first']), LEADER)
    const big = Array.from(
      { length: 2000 },
      (_, i) => `${i}-${Math.sin(i)}-${Math.cos(i * 7)}-${Math.sin(i * 3)}`,
    )
    const batch = batchOf(big, { codec: 1 })
    expect(batch.length).toBeGreaterThan(64 * 1024)
    const infos = await Promise.all([
      log.appendAsLeader(batch, LEADER),
      log.appendAsLeader(batchOf(['last']), LEADER),
    ])
    expect(infos.map((i) => i.firstOffset)).toEqual([1, 2001])
    expect((await values(log)).at(-1)).toBe('last')
  })

  it.each([
    ['CORRUPT_MESSAGE', () => flip(batchOf(['a']), 70), {}],
    ['CORRUPT_MESSAGE', () => flip(batchOf(['a']), 16), {}],
    ['INVALID_RECORD', () => Buffer.alloc(0), {}],
    ['INVALID_RECORD', () => batchOf(['a']).subarray(0, 40), {}],
    ['INVALID_RECORD', () => Buffer.concat([batchOf(['a']), batchOf(['b'])]), {}],
    ['INVALID_RECORD', () => batchOf(['a'], { baseOffset: 7 }), {}],
    ['INVALID_RECORD', () => batchOf(['a'], { isControl: true }), {}],
    ['INVALID_RECORD', () => keyless(), { cleanupPolicy: ['compact'] as const }],
    ['MESSAGE_TOO_LARGE', () => batchOf(['x'.repeat(300)]), { maxMessageBytes: 300 }],
    ['RECORD_LIST_TOO_LARGE', () => batchOf(['x'.repeat(300)]), { segmentBytes: 300 }],
    ['INVALID_TIMESTAMP', () => batchOf(['a'], { timestampMs: 1 }), { messageTimestampBeforeMaxMs: 1000 }],
  ])('refuses with %s and changes nothing', async (errorName, make, config) => {
    const { log } = await newLog(dir, { config })
    await log.appendAsLeader(batchOf(['ok']), LEADER)
    await expect(log.appendAsLeader(make(), LEADER)).rejects.toMatchObject({ errorName })
    expect(log.logEndOffset).toBe(1)
    expect(await values(log)).toEqual(['ok'])
    await log.appendAsLeader(batchOf(['next']), LEADER)
    expect(await values(log)).toEqual(['ok', 'next'])
  })
})

it('what waited while its leader epoch ended is refused, and does not move the start of the next one', async () => {
  const { log } = await newLog(dir)
  await log.appendAsLeader(batchOf(['a']), { leaderEpoch: 2, origin: 'client' })
  const busy = log.truncateTo(1)
  let epoch = 2
  const isCurrent = () => epoch === 2
  const late = log.appendAsLeader(batchOf(['late']), { leaderEpoch: 2, origin: 'client', isCurrent })
  epoch = 3
  log.assignEpochStartOffset(3, 1)
  await expect(late).rejects.toMatchObject({ errorName: 'NOT_LEADER_OR_FOLLOWER' })
  await busy
  await log.appendAsLeader(batchOf(['b']), { leaderEpoch: 3, origin: 'client' })
  expect(await values(log)).toEqual(['a', 'b'])
  expect(log.endOffsetForEpoch(2)).toEqual({ epoch: 2, endOffset: 1 })
})

describe('appendSent', () => {
  it('gives way to a batch that reaches over the end of a log, as far as nothing of it was committed', async () => {
    const { log } = await newLog(dir)
    for (const [baseOffset, value] of ['a', 'b', 'other', 'other too'].entries())
      await log.appendAsFollower(batchOf([value], { baseOffset }))
    const leaders = batchOf(['c', 'd', 'e'], { baseOffset: 2 })
    log.updateHighWatermark(3)
    await expect(appendSent(log, leaders)).rejects.toMatchObject({ errorName: 'UNKNOWN_SERVER_ERROR' })
    expect(log.logEndOffset).toBe(4)
    await log.truncateTo(0)
    for (const [baseOffset, value] of ['a', 'b', 'other'].entries())
      await log.appendAsFollower(batchOf([value], { baseOffset }))
    log.updateHighWatermark(2)
    expect(await appendSent(log, leaders)).toMatchObject({ lastOffset: 4 })
    expect(await values(log)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('asks anew when a batch that was never committed begins before the one that was sent', async () => {
    const { log } = await newLog(dir)
    await log.appendAsFollower(batchOf(['a', 'b'], { baseOffset: 0 }))
    await log.appendAsFollower(batchOf(['c', 'd', 'e'], { baseOffset: 2 }))
    const leaders = batchOf(['d', 'e', 'f'], { baseOffset: 3 })
    log.updateHighWatermark(3)
    await expect(appendSent(log, leaders)).rejects.toMatchObject({ errorName: 'UNKNOWN_SERVER_ERROR' })
    expect(log.logEndOffset).toBe(5)
    await log.truncateTo(0)
    await log.appendAsFollower(batchOf(['a', 'b'], { baseOffset: 0 }))
    await log.appendAsFollower(batchOf(['c', 'd', 'e'], { baseOffset: 2 }))
    log.updateHighWatermark(2)
    await expect(appendSent(log, leaders)).rejects.toMatchObject({ errorName: 'UNKNOWN_SERVER_ERROR' })
    expect(log.logEndOffset).toBe(2)
    expect(await values(log)).toEqual(['a', 'b'])
  })
})

describe('truncateTo', () => {
  it('leaves no hole where the offset is within a batch', async () => {
    const { log } = await newLog(dir)
    await log.appendAsFollower(batchOf(['a', 'b'], { baseOffset: 0 }))
    await log.appendAsFollower(batchOf(['c', 'd', 'e'], { baseOffset: 2 }))
    expect(await log.truncateTo(4)).toBe(true)
    expect(log.logEndOffset).toBe(2)
    await log.appendAsFollower(batchOf(['C'], { baseOffset: 2 }))
    expect(await values(log)).toEqual(['a', 'b', 'C'])
  })
})

describe('appendAsFollower', () => {
  it('keeps the leader’s bytes as they are', async () => {
    const leader = new TestDir()
    try {
      const { log: source } = await newLog(leader, { config: { segmentBytes: 400 } })
      for (let i = 0; i < 20; i++)
        await source.appendAsLeader(batchOf([`v${i}`]), { leaderEpoch: i >> 3, origin: 'client' })
      const { log } = await newLog(dir, { config: { segmentBytes: 400 } })
      while (log.logEndOffset < 20) await log.appendAsFollower(await readRaw(source, log.logEndOffset))
      expect(await readAll(log)).toEqual(await readAll(source))
      expect(log.endOffsetForEpoch(0)).toEqual(source.endOffsetForEpoch(0))
      expect(log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 16 })
    } finally {
      leader.remove()
    }
  })

  it('begins an epoch behind what it has, where the leader has compacted its first batches away', async () => {
    const { log } = await newLog(dir)
    await log.appendAsFollower(batchOf(['a', 'b'], { baseOffset: 0, partitionLeaderEpoch: 2 }))
    const later = [
      batchOf(['c'], { baseOffset: 10, partitionLeaderEpoch: 6 }),
      batchOf(['d'], { baseOffset: 20, partitionLeaderEpoch: 7 }),
    ]
    await log.appendAsFollower(Buffer.concat(later))
    const ends = () => [2, 6, 7].map((epoch) => log.endOffsetForEpoch(epoch).endOffset)
    expect(ends()).toEqual([2, 11, 21])
  })

  it('takes more at once than a segment may have by now', async () => {
    const { log } = await newLog(dir, { config: { segmentBytes: 100 } })
    await log.appendAsFollower(
      Buffer.concat([batchOf(['a'], { baseOffset: 0 }), batchOf(['b'], { baseOffset: 1 })]),
    )
    expect(await values(log)).toEqual(['a', 'b'])
  })

  it('drops a batch that is cut off, and refuses offsets that lie behind', async () => {
    const { log } = await newLog(dir)
    const two = Buffer.concat([batchOf(['a'], { baseOffset: 0 }), batchOf(['b'], { baseOffset: 1 })])
    expect(await log.appendAsFollower(two.subarray(0, two.length - 3))).toMatchObject({ lastOffset: 0 })
    await expect(log.appendAsFollower(batchOf(['a'], { baseOffset: 0 }))).rejects.toMatchObject({
      errorName: 'UNKNOWN_SERVER_ERROR',
    })
    expect(await values(log)).toEqual(['a'])
  })

  it('takes gaps, as compaction leaves them', async () => {
    const { log } = await newLog(dir)
    await log.appendAsFollower(batchOf(['a'], { baseOffset: 5 }))
    await log.appendAsFollower(batchOf(['b'], { baseOffset: 100 }))
    expect(log.logEndOffset).toBe(101)
    expect(await values(log, 0)).toEqual(['a', 'b'])
    expect(await values(log, 50)).toEqual(['b'])
  })
})

describe('read', () => {
  it('stops before the upper bound, wherever the bytes come from', async () => {
    for (const tailBudgetBytes of [1 << 20, 0]) {
      const fresh = new TestDir()
      try {
        const { log } = await newLog(fresh, { tuning: { tailBudgetBytes } })
        for (let i = 0; i < 300; i++) await log.appendAsLeader(batchOf([`v${i}`, `w${i}`]), LEADER)
        for (const [from, upper] of [
          [0, 2],
          [1, 2],
          [100, 300],
          [101, 301],
          [590, 600],
        ] as const) {
          const raw = await readRaw(log, from, { upperBoundOffset: upper })
          const offsets = [...records.readAllRecords(raw)].map((r) => r.offset)
          expect(offsets[0]).toBe(from - (from % 2))
          expect(offsets.at(-1)).toBe(upper - (upper % 2) - 1)
        }
        expect((await readRaw(log, 600)).length).toBe(0)
        expect((await readRaw(log, 10, { upperBoundOffset: 5 })).length).toBe(0)
      } finally {
        fresh.remove()
      }
    }
  })

  it('gives the first batch whole when asked, and nothing of it when not', async () => {
    for (const tailBudgetBytes of [1 << 20, 0]) {
      const fresh = new TestDir()
      try {
        const { log } = await newLog(fresh, { tuning: { tailBudgetBytes } })
        const batch = batchOf(['x'.repeat(1000)])
        for (let i = 0; i < 3; i++) await log.appendAsLeader(Buffer.from(batch), LEADER)
        expect((await readRaw(log, 1, { maxBytes: 10 })).length).toBe(batch.length)
        expect((await readRaw(log, 1, { maxBytes: 10, minOneMessage: false })).length).toBe(0)
      } finally {
        fresh.remove()
      }
    }
  })

  it('refuses offsets outside of the log', async () => {
    const { log } = await newLog(dir)
    await log.appendAsLeader(batchOf(['a', 'b', 'c']), LEADER)
    log.updateHighWatermark(3)
    await log.incrementLogStartOffset(2)
    await expect(readRaw(log, 1)).rejects.toMatchObject({ errorName: 'OFFSET_OUT_OF_RANGE' })
    await expect(readRaw(log, 4)).rejects.toMatchObject({ errorName: 'OFFSET_OUT_OF_RANGE' })
  })

  it('keeps a range readable after its segment was deleted', async () => {
    const { log } = await newLog(dir, { tuning: { tailBudgetBytes: 0 }, config: { fileDeleteDelayMs: 0 } })
    await log.appendAsLeader(batchOf(['precious']), LEADER)
    const { parts } = await log.read(0, { maxBytes: 1000, upperBoundOffset: 1, minOneMessage: true })
    await log.truncateFullyAndStartAt(10)
    const [part] = parts
    if (part === undefined || part instanceof Uint8Array) throw new Error('a range was expected')
    const bytes = Buffer.alloc(part.length)
    await part.file.read(bytes, 0, part.length, part.position)
    expect([...records.readAllRecords(bytes)].map((r) => String(r.value))).toEqual(['precious'])
    expect(part.file.fd).toBeGreaterThan(0)
    part.release()
    part.release()
    expect(part.file.fd).toBe(-1)
  })
})

describe('truncateTo', () => {
  it('forgets records, epochs and sequence numbers', async () => {
    const { log } = await newLog(dir, { config: { segmentBytes: 400 } })
    for (let i = 0; i < 20; i++) {
      const batch = batchOf([`v${i}`], { producerId: 7, producerEpoch: 0, baseSequence: i })
      await log.appendAsLeader(batch, { leaderEpoch: i >> 3, origin: 'client' })
    }
    log.updateHighWatermark(20)
    expect(await log.truncateTo(25)).toBe(false)
    expect(await log.truncateTo(9)).toBe(true)
    expect(log).toMatchObject({ logEndOffset: 9, highWatermark: 9, latestEpoch: 1 })
    expect(await values(log)).toEqual(Array.from({ length: 9 }, (_, i) => `v${i}`))
    const again = batchOf(['again'], { producerId: 7, producerEpoch: 0, baseSequence: 9 })
    expect(await log.appendAsLeader(again, { leaderEpoch: 2, origin: 'client' })).toMatchObject({
      firstOffset: 9,
    })
    expect((await values(log)).at(-1)).toBe('again')
    expect(log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 9 })
  })

  it('starts anew when all is before the first segment', async () => {
    const { log } = await newLog(dir)
    await log.appendAsLeader(batchOf(['a']), LEADER)
    await log.truncateFullyAndStartAt(50)
    expect(log).toMatchObject({ logStartOffset: 50, logEndOffset: 50, highWatermark: 50, latestEpoch: -1 })
    expect(await log.appendAsLeader(batchOf(['b']), LEADER)).toMatchObject({ firstOffset: 50 })
    expect(await log.truncateTo(20)).toBe(true)
    expect(log).toMatchObject({ logStartOffset: 20, logEndOffset: 20 })
  })

  it('waits for appends that are on their way and holds back later ones', async () => {
    const fs = new FailingFileSystem()
    const { log } = await newLog(dir, { fs })
    await log.appendAsLeader(batchOf(['0']), LEADER)
    fs.holdWrites()
    const before = log.appendAsLeader(batchOf(['1']), LEADER)
    const truncated = log.truncateTo(1)
    const after = log.appendAsLeader(batchOf(['2']), LEADER)
    await new Promise((resolve) => setImmediate(resolve))
    fs.releaseWrites()
    expect(await before).toMatchObject({ firstOffset: 1 })
    expect(await truncated).toBe(true)
    expect(await after).toMatchObject({ firstOffset: 1 })
    expect(await values(log)).toEqual(['0', '2'])
  })
})

describe('a write that fails', () => {
  it('fails all that wait behind it and leaves nothing half-made', async () => {
    const fs = new FailingFileSystem()
    const { log } = await newLog(dir, { fs, config: { segmentBytes: 400 } })
    const send = (sequence: number) =>
      log.appendAsLeader(
        batchOf([`v${sequence}`], { producerId: 1, producerEpoch: 0, baseSequence: sequence }),
        {
          leaderEpoch: sequence < 2 ? 0 : 1,
          origin: 'client',
        },
      )
    await send(0)
    fs.failNext('write', /\.log$/, 'ENOSPC', { writtenBytes: 40 })
    const results = await Promise.allSettled([1, 2, 3, 4, 5, 6, 7].map(send))
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { errorName: 'KAFKA_STORAGE_ERROR' } })
    }
    expect(log).toMatchObject({ logEndOffset: 1, latestEpoch: 0 })
    expect(log.sizeBytes()).toBe(batchOf(['v0'], { producerId: 1, producerEpoch: 0, baseSequence: 0 }).length)
    expect(readdirSync(join(dir.path, 't-0')).filter((n) => n.endsWith('.log'))).toHaveLength(1)
    // There is room again: the producer goes on where it was.
    for (const sequence of [1, 2, 3, 4, 5, 6, 7]) expect((await send(sequence)).firstOffset).toBe(sequence)
    expect(await values(log)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => `v${i}`))
  })

  it('takes the directory offline when a log that begins anew has no room for its first segment', async () => {
    const fs = new FailingFileSystem()
    const { log, manager } = await newLog(dir, { fs })
    await log.appendAsLeader(batchOf(['a']), LEADER)
    fs.failNext('writeFile', /0{17}100/, 'ENOSPC')
    fs.failNext('open', /0{17}100/, 'ENOSPC')
    await expect(log.truncateFullyAndStartAt(100)).rejects.toMatchObject({ errorName: 'KAFKA_STORAGE_ERROR' })
    expect(manager.isOnline).toBe(false)
  })

  it('takes the directory offline on an I/O error', async () => {
    const fs = new FailingFileSystem()
    const failed: string[] = []
    const { log, manager } = await newLog(dir, {
      fs,
      options: { onLogDirFailure: (path) => failed.push(path) },
    })
    await log.appendAsLeader(batchOf(['a']), LEADER)
    fs.failNext('write', /\.log$/, 'EIO')
    await expect(log.appendAsLeader(batchOf(['b']), LEADER)).rejects.toMatchObject({
      errorName: 'KAFKA_STORAGE_ERROR',
    })
    await expect(log.appendAsLeader(batchOf(['c']), LEADER)).rejects.toMatchObject({
      errorName: 'KAFKA_STORAGE_ERROR',
    })
    await vi.waitFor(() => expect(failed).toEqual([dir.path]))
    expect(manager.describeLogDirs()[0]?.error).toContain('offline')
    await manager.shutdown()
    expect(existsSync(join(dir.path, '.kafka_cleanshutdown'))).toBe(false)
  })

  it('does not blame the disk for a codec that cannot do its work', async () => {
    // Here a level that gzip does not have; elsewhere it may be a codec whose package is not installed.
    const { log, manager } = await newLog(dir, {
      config: { compressionType: 'gzip', compressionGzipLevel: 42 },
    })
    await expect(log.appendAsLeader(batchOf(['a']), LEADER)).rejects.toThrow(/level/)
    expect(manager.describeLogDirs()[0]?.error).toBeNull()
    manager.updateTopicConfig('t', { compressionType: 'producer' })
    await log.appendAsLeader(batchOf(['b']), LEADER)
    expect(await values(log)).toEqual(['b'])
  })
})

describe('retention', () => {
  it('deletes by size, whole segments, never behind the high watermark', async () => {
    const { log } = await newLog(dir, {
      config: { segmentBytes: 300, retentionBytes: 900, fileDeleteDelayMs: 0 },
    })
    for (let i = 0; i < 30; i++) await log.appendAsLeader(batchOf([`v${i}`]), LEADER)
    expect(await log.deleteOldSegments()).toBe(0)
    log.updateHighWatermark(30)
    expect(await log.deleteOldSegments()).toBeGreaterThan(0)
    expect(log.sizeBytes()).toBeGreaterThanOrEqual(900)
    expect(log.sizeBytes()).toBeLessThan(1300)
    expect(log.logStartOffset).toBeGreaterThan(0)
    expect(await values(log)).toEqual(Array.from({ length: 30 }, (_, i) => `v${i}`).slice(log.logStartOffset))
  })

  it('deletes by time, and rolls when all is too old', async () => {
    const clock = new ManualClock()
    const { log } = await newLog(dir, { clock, config: { retentionMs: 1000, fileDeleteDelayMs: 0 } })
    await log.appendAsLeader(batchOf(['old'], { timestampMs: clock.now }), LEADER)
    log.updateHighWatermark(1)
    clock.now += 1000
    expect(await log.deleteOldSegments()).toBe(0)
    clock.now += 1
    expect(await log.deleteOldSegments()).toBe(1)
    expect(log).toMatchObject({ logStartOffset: 1, logEndOffset: 1 })
    expect(await log.appendAsLeader(batchOf(['new']), LEADER)).toMatchObject({ firstOffset: 1 })
    expect(await values(log)).toEqual(['new'])
  })

  it('leaves compacted topics alone, but removes what DeleteRecords gave up', async () => {
    const clock = new ManualClock()
    const config = {
      segmentBytes: 300,
      retentionMs: 1,
      cleanupPolicy: ['compact'] as const,
      fileDeleteDelayMs: 0,
    }
    const { log } = await newLog(dir, { clock, config })
    for (let i = 0; i < 20; i++) await log.appendAsLeader(batchOf([`v${i}`]), LEADER)
    log.updateHighWatermark(20)
    clock.now += 10_000
    expect(await log.deleteOldSegments()).toBe(0)
    await log.incrementLogStartOffset(11)
    expect(await log.deleteOldSegments()).toBeGreaterThan(1)
    expect(log.logStartOffset).toBe(11)
    expect((await values(log))[0]).toBe('v11')
  })
})

describe('offsetForTimestamp', () => {
  it('finds the first record that is late enough', async () => {
    const { log } = await newLog(dir, { config: { segmentBytes: 500, indexIntervalBytes: 100 } })
    for (let i = 0; i < 50; i++)
      await log.appendAsLeader(batchOf([`v${i}`], { timestampMs: 1000 + 10 * i }), LEADER)
    for (const i of [0, 1, 17, 49]) {
      expect(await log.offsetForTimestamp(1000 + 10 * i)).toMatchObject({
        offset: i,
        timestamp: 1000 + 10 * i,
      })
      expect(await log.offsetForTimestamp(995 + 10 * i)).toMatchObject({ offset: i })
    }
    expect(await log.offsetForTimestamp(1491)).toBeNull()
    expect(await log.offsetForTimestamp('maxTimestamp')).toMatchObject({ offset: 49, timestamp: 1490 })
    expect(await log.offsetForTimestamp('earliest')).toEqual({ offset: 0, timestamp: -1, leaderEpoch: 0 })
    expect(await log.offsetForTimestamp('latest')).toEqual({ offset: 50, timestamp: -1, leaderEpoch: 0 })
  })
})

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 0x40
  return bytes
}

function keyless(): Buffer {
  const builder = new records.BatchBuilder()
  builder.append(1_700_000_000_000, null, Buffer.from('v'))
  return builder.build()
}
