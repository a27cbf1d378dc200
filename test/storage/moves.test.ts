import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ABORT_MARKER, buildEndTxnMarker } from '../../src/records/index.ts'
import type { Log, LogManager, LogMove } from '../../src/storage/index.ts'
import { batchOf, LEADER, readRaw, type Setup, TestDir, TOPIC_ID, values } from './support.ts'

let first: TestDir
let second: TestDir
let third: TestDir
let manager: LogManager
let log: Log

const SMALL = { segmentBytes: 2000, indexIntervalBytes: 100, fileDeleteDelayMs: 0 }

async function open(setup: Setup = {}): Promise<void> {
  const logDirs = [first.path, second.path, third.path]
  manager = await first.open({ config: SMALL, ...setup, options: { logDirs, ...setup.options } })
  log = manager.getOrCreateLog('t', 0, { topicId: TOPIC_ID })
}

beforeEach(async () => {
  first = new TestDir()
  second = new TestDir()
  third = new TestDir()
  await open()
})

afterEach(async () => {
  await manager.shutdown()
  for (const dir of [first, second, third]) dir.remove()
})

const send = (texts: readonly string[], leaderEpoch = 0) =>
  log.appendAsLeader(batchOf(texts), { ...LEADER, leaderEpoch })

async function sendMany(count: number, from = 0): Promise<void> {
  for (let i = from; i < from + count; i++) await send([`value ${i}`])
}

/** Where the log is not yet. */
function otherDir(): string {
  return log.logDir === second.path ? third.path : second.path
}

function begin(logDir = otherDir()): LogMove {
  manager.moves.preferLogDir('t', 0, logDir)
  manager.moves.getOrCreateFutureLog(log)
  return resume()
}

function resume(): LogMove {
  const move = manager.moves.moveOf('t', 0)
  if (move === undefined) throw new Error('nothing on its way')
  return move
}

async function finish(move: LogMove): Promise<void> {
  while (!(await move.step(100_000)).isDone);
}

const partitionDirs = (dir: string) => readdirSync(dir).filter((name) => name.startsWith('t-0'))

function filesOf(dir: string): Record<string, string> {
  const names = readdirSync(dir).filter((name) => /\.(log|index|timeindex|txnindex)$|leader-epoch/.test(name))
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(dir, name)).toString('base64')]))
}

describe('a log that goes to another directory', () => {
  it('has the same bytes there, and the old files are gone', async () => {
    await sendMany(200)
    log.updateHighWatermark(190)
    await log.flush()
    const from = log.logDir
    const before = await readRaw(log, 0)
    const move = begin(second.path === from ? third.path : second.path)
    const to = move.future.logDir
    expect(partitionDirs(to)).toEqual([expect.stringMatching(/^t-0\.[0-9a-f]{32}-future$/)])
    await move.step(1000)
    expect(
      manager
        .describeLogDirs()
        .flatMap(({ logDir, partitions }) => partitions.map((p) => [logDir, p.isFuture])),
    ).toEqual(
      expect.arrayContaining([
        [from, false],
        [to, true],
      ]),
    )
    await finish(move)
    expect(log.logDir).toBe(to)
    expect(partitionDirs(from)).toEqual([])
    expect(partitionDirs(to)).toEqual(['t-0'])
    expect([log.logStartOffset, log.highWatermark, log.logEndOffset, log.topicId]).toEqual([
      0,
      190,
      200,
      TOPIC_ID,
    ])
    expect((await readRaw(log, 0)).equals(before)).toBe(true)
    expect(await values(log)).toHaveLength(200)
    expect(readdirSync(join(to, 't-0'))).not.toContain('pending-switch')
    const image = filesOf(join(to, 't-0'))
    await manager.shutdown()
    await open()
    expect(log.logDir).toBe(to)
    expect([log.highWatermark, log.logEndOffset]).toEqual([190, 200])
    expect(await values(log)).toHaveLength(200)
    expect(Object.keys(filesOf(join(to, 't-0')))).toEqual(Object.keys(image))
  })

  it('may begin in the middle of a batch', async () => {
    await send(['a', 'b', 'c', 'd'])
    log.updateHighWatermark(4)
    await log.incrementLogStartOffset(2)
    await finish(begin())
    expect(log.logStartOffset).toBe(2)
    expect(await values(log, 2)).toEqual(['c', 'd'])
  })

  it('is appended to, read and searched all the time', async () => {
    await manager.shutdown()
    await open({ config: { ...SMALL, segmentBytes: 50_000 } })
    await sendMany(100)
    let isOver = false
    let sent = 100
    const sender = (async () => {
      while (!isOver && sent < 10_000)
        await Promise.all([send([`value ${sent++}`]), send([`value ${sent++}`])])
    })()
    const reader = (async () => {
      for (let at = 0; !isOver; at = (at + 37) % 100) {
        const [value] = await values(log, at)
        expect(value).toBe(`value ${at}`)
        await log.offsetForTimestamp(1)
      }
    })()
    const order: string[] = []
    for (let i = 0; i < 6; i++) {
      await finish(begin())
      order.push(log.logDir)
    }
    isOver = true
    await Promise.all([sender, reader])
    expect(new Set(order).size).toBe(2)
    expect(await values(log)).toEqual(Array.from({ length: sent }, (_, i) => `value ${i}`))
    expect(log.logEndOffset).toBe(sent)
  })

  it('keeps its leader epochs, also those without records', async () => {
    await sendMany(5)
    log.assignEpochStartOffset(3, 5)
    await send(['x'], 3)
    log.assignEpochStartOffset(7, 6)
    const move = begin()
    await finish(move)
    expect(log.latestEpoch).toBe(7)
    expect(log.endOffsetForEpoch(3)).toEqual({ epoch: 3, endOffset: 6 })
    expect(log.endOffsetForEpoch(0)).toEqual({ epoch: 0, endOffset: 5 })
    await send(['y'], 7)
    expect(log.endOffsetForEpoch(7)).toEqual({ epoch: 7, endOffset: 7 })
  })

  it('knows its producers and transactions', async () => {
    const producer = { producerId: 9, producerEpoch: 0, isTransactional: true }
    const append = (text: string, baseSequence: number) =>
      log.appendAsLeader(batchOf([text], { ...producer, baseSequence }), LEADER)
    await append('a', 0)
    await append('b', 1)
    const marker = buildEndTxnMarker({
      type: ABORT_MARKER,
      producerId: 9,
      producerEpoch: 0,
      coordinatorEpoch: 0,
      timestampMs: 1,
    })
    await log.appendAsLeader(marker, { leaderEpoch: 0, origin: 'coordinator' })
    await append('c', 2)
    log.updateHighWatermark(4)
    const isStable = log.lastStableOffset
    await finish(begin())
    expect(log.lastStableOffset).toBe(isStable)
    expect(await append('c', 2)).toMatchObject({ duplicate: true, firstOffset: 3 })
    expect(log.lastStableOffset).toBe(3)
    const { abortedTransactions } = await log.read(0, {
      maxBytes: 1e6,
      upperBoundOffset: 3,
      minOneMessage: true,
      includeAbortedTransactions: true,
    })
    expect(abortedTransactions).toEqual([{ producerId: 9, firstOffset: 0 }])
  })

  it('follows truncations, wherever they fall', async () => {
    await sendMany(60)
    const move = begin()
    await move.step(1000)
    await move.step(1000)
    await log.truncateTo(3)
    await send(['other'], 4)
    await finish(move)
    expect(await values(log)).toEqual(['value 0', 'value 1', 'value 2', 'other'])
    const again = begin()
    await again.step(50)
    await log.truncateFullyAndStartAt(500)
    await send(['new'], 5)
    await finish(again)
    expect([log.logStartOffset, await values(log)]).toEqual([500, ['new']])
  })

  it('begins where it began, also when that moves', async () => {
    await sendMany(40)
    log.updateHighWatermark(40)
    await log.incrementLogStartOffset(7)
    const move = begin()
    await move.step(1000)
    expect(move.future.logStartOffset).toBe(7)
    await log.incrementLogStartOffset(9)
    await finish(move)
    expect([log.logStartOffset, log.logEndOffset]).toEqual([9, 40])
    expect((await values(log))[0]).toBe('value 9')
    await manager.shutdown()
    await open()
    expect(log.logStartOffset).toBe(9)
  })

  it('may sleep before, and after', async () => {
    await sendMany(40)
    log.updateHighWatermark(40)
    await manager.shutdown()
    await open()
    expect(manager.isAtRest('t', 0)).toBe(false)
    expect(log.isOpen).toBe(false)
    await finish(begin())
    expect([log.logStartOffset, log.highWatermark, log.logEndOffset, log.lastStableOffset]).toEqual([
      0, 40, 40, 40,
    ])
    expect(await values(log)).toHaveLength(40)
  })

  it('is neither compacted nor shortened on the way', async () => {
    await manager.shutdown()
    const config = { ...SMALL, cleanupPolicy: ['delete'] as const, retentionBytes: 1000 }
    await open({ config })
    await sendMany(100)
    log.updateHighWatermark(100)
    const move = begin()
    await move.step(1000)
    expect(await manager.deleteOldSegments()).toBe(0)
    expect(await log.deleteOldSegments()).toBe(0)
    move.end()
    manager.moves.deleteFutureLog('t', 0)
    expect(await manager.deleteOldSegments()).toBeGreaterThan(0)
  })
})

describe('a move that does not come to its end', () => {
  it('goes on after a clean end, and after a crash', async () => {
    await sendMany(100)
    begin()
    const move = resume()
    await move.step(1000)
    const copied = move.future.logEndOffset
    expect(copied).toBeGreaterThan(0)
    const from = log.logDir
    await manager.shutdown()
    await open()
    expect([log.logDir, manager.moves.futureLog('t', 0)?.logEndOffset]).toEqual([from, copied])
    await finish(resume())
    expect(await values(log)).toHaveLength(100)
  })

  it('is given up for another directory, or for the one it is in', async () => {
    await sendMany(50)
    const from = log.logDir
    const move = begin(log.logDir === second.path ? third.path : second.path)
    await move.step(1000)
    const given = move.future.logDir
    move.end()
    manager.moves.deleteFutureLog('t', 0)
    expect(partitionDirs(given)).toEqual([])
    await sendMany(10, 50)
    expect([log.logDir, await values(log)]).toEqual([
      from,
      Array.from({ length: 60 }, (_, i) => `value ${i}`),
    ])
    await finish(begin(given))
    expect(log.logDir).toBe(given)
  })

  it('does not outlive the topic', async () => {
    await sendMany(50)
    const move = begin()
    await move.step(1000)
    manager.deleteLog('t', 0)
    await expect(move.step(1000)).rejects.toMatchObject({ errorName: 'KAFKA_STORAGE_ERROR' })
    for (const dir of [first, second, third]) expect(partitionDirs(dir.path)).toEqual([])
  })

  it('leaves a copy that nobody needs, which the next start removes', async () => {
    await sendMany(10)
    const move = begin()
    await move.step(10)
    const { future } = move
    const name = partitionDirs(future.logDir)[0] ?? ''
    await manager.shutdown()
    // Another copy, as a power failure can bring it back.
    const isThird = (path: string) => path !== future.logDir && path !== log.logDir
    const place = [first.path, second.path, third.path].find(isThird) ?? ''
    cpSync(join(future.logDir, name), join(place, name.replace(/\.[0-9a-f]{32}/, `.${'0'.repeat(32)}`)), {
      recursive: true,
    })
    await open()
    await finish(resume())
    await manager.shutdown()
    const left = [first.path, second.path, third.path].flatMap(partitionDirs)
    expect(left).toEqual(['t-0'])
    await open()
    expect(await values(log)).toHaveLength(10)
  })
})
