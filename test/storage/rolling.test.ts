import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import type { Log } from '../../src/storage/index.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { batchOf, LEADER, newLog, readAll, TestDir, values } from './support.ts'

/** One batch with one record of one character. */
const BATCH_BYTES = 71
const MINUTE_MS = 60_000

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

const segments = () =>
  readdirSync(join(dir.path, 't-0'))
    .filter((name) => name.endsWith('.log'))
    .map((name) => Number(name.slice(0, 20)))
    .sort((a, b) => a - b)

const append = (log: Log, timestampMs = 1_700_000_000_000) =>
  log.appendAsLeader(batchOf(['x'], { timestampMs }), LEADER)

describe('a segment is followed by the next one', () => {
  it('before it becomes larger than segment.bytes, and not at that size', async () => {
    const { log } = await newLog(dir, { config: { segmentBytes: 3 * BATCH_BYTES } })
    for (let i = 0; i < 7; i++) await append(log)
    expect(segments()).toEqual([0, 3, 6])
  })

  it('when its records span more than segment.ms, whatever the clock says', async () => {
    const clock = new ManualClock()
    const { log } = await newLog(dir, { clock, config: { segmentMs: MINUTE_MS } })
    await append(log, 1_000_000)
    clock.now += 10 * MINUTE_MS
    await append(log, 1_000_000 + MINUTE_MS)
    expect(segments()).toEqual([0])
    await append(log, 1_000_000 + MINUTE_MS + 1)
    expect(segments()).toEqual([0, 2])
  })

  it('by segment.ms also after a restart, counted from its first record', async () => {
    const config = { segmentMs: MINUTE_MS }
    const first = await newLog(dir, { config })
    await append(first.log, 1_000_000)
    await append(first.log, 1_030_000)
    await first.manager.shutdown()
    const { log } = await newLog(dir, { config })
    await append(log, 1_060_000)
    expect(segments()).toEqual([0])
    await append(log, 1_060_001)
    expect(segments()).toEqual([0, 3])
  })

  it('by the clock when its records have no time; an empty one waits for as long as it takes', async () => {
    const clock = new ManualClock()
    const { log } = await newLog(dir, { clock, config: { segmentMs: MINUTE_MS } })
    await log.open()
    clock.now += 10 * MINUTE_MS
    await append(log, -1)
    expect(segments()).toEqual([0])
    await append(log, -1)
    expect(segments()).toEqual([0, 1])
  })

  it('up to segment.jitter.ms earlier, each after another while', async () => {
    const spans = new Set<number>()
    const config = { segmentMs: MINUTE_MS, segmentJitterMs: 30_000 }
    const { log } = await newLog(dir, { config, options: { random: seededRandom(7) } })
    let begin = 1_000_000
    await append(log, begin)
    for (let at = begin; spans.size < 5; at += 100) {
      const { rolled } = await append(log, at)
      if (!rolled) continue
      spans.add(at - begin)
      begin = at
    }
    for (const span of spans) expect([span >= 29_900, span <= MINUTE_MS + 100]).toEqual([true, true])
  })

  it('when its offset index is full, or its time index', async () => {
    // Five entries of 8 bytes, or three of 12 of which one is kept for the end of the segment. The first batch has none.
    const { log } = await newLog(dir, { config: { indexIntervalBytes: 0, segmentIndexBytes: 40 } })
    for (let i = 0; i < 7; i++) await append(log)
    expect(segments()).toEqual([0, 6])
    await append(log, 1_700_000_000_001)
    for (let i = 0; i < 5; i++) await append(log, 1_700_000_000_002 + i)
    expect(segments()).toEqual([0, 6, 9, 12])
    expect(await values(log)).toEqual(Array(13).fill('x'))
  })

  it('at every append with an index that holds nothing, and all is found', async () => {
    const { manager, log } = await newLog(dir, { config: { indexIntervalBytes: 0, segmentIndexBytes: 4 } })
    for (let i = 0; i < 4; i++) await append(log)
    expect(segments()).toEqual([0, 1, 2, 3])
    await manager.shutdown()
    expect(await values((await newLog(dir)).log)).toEqual(Array(4).fill('x'))
  })

  it('when an offset is too far away for its index', async () => {
    const { log } = await newLog(dir)
    const at = (offset: number) => {
      const batch = batchOf(['x'])
      batch.writeBigInt64BE(BigInt(offset), 0)
      return log.appendAsFollower(batch)
    }
    const far = 2 ** 31
    for (const offset of [0, far - 1, far, far + 1]) await at(offset)
    expect(segments()).toEqual([0, far])
    expect((await readAll(log)).map(({ offset }) => offset)).toEqual([0, far - 1, far, far + 1])
  })
})
