import { copyFileSync, cpSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { batchOf, LEADER, newLog, TestDir, values } from './support.ts'

const SEGMENT_BYTES = 1_000
const config = { preallocate: true, segmentBytes: SEGMENT_BYTES }

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

/** Sizes of the .log files, the oldest first. */
const sizes = (at = dir.path) =>
  readdirSync(join(at, 't-0'))
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name) => statSync(join(at, 't-0', name)).size)

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `v${i + 10}`)

describe('preallocate', () => {
  it('gives the segment that grows its full size, and cuts it when it is done or closed', async () => {
    const { manager, log } = await newLog(dir, { config })
    expect(await log.appendAsLeader(batchOf(['v10']), LEADER)).toMatchObject({ firstOffset: 0 })
    expect(sizes()).toEqual([SEGMENT_BYTES])
    for (const value of numbers(20).slice(1)) await log.appendAsLeader(batchOf([value]), LEADER)
    const [first = 0, ...rest] = sizes()
    expect([first % 75, rest]).toEqual([0, [SEGMENT_BYTES]])
    expect(log.sizeBytes()).toBe(20 * 75)
    expect(await values(log)).toEqual(numbers(20))
    await manager.shutdown()
    expect(sizes().reduce((sum, size) => sum + size)).toBe(20 * 75)

    const { log: again } = await newLog(dir, { config })
    expect([again.logEndOffset, await values(again)]).toEqual([20, numbers(20)])
  })

  it('is cut again after a crash, and nothing behind the records is taken for one', async () => {
    const { log } = await newLog(dir, { config })
    for (const value of numbers(20)) await log.appendAsLeader(batchOf([value]), LEADER)
    const crashed = new TestDir()
    try {
      cpSync(join(dir.path, 't-0'), join(crashed.path, 't-0'), { recursive: true })
      copyFileSync(join(dir.path, 'meta.properties'), join(crashed.path, 'meta.properties'))
      expect(sizes(crashed.path)).toContain(SEGMENT_BYTES)
      const { log: again } = await newLog(crashed, { config })
      expect(sizes(crashed.path).reduce((sum, size) => sum + size)).toBe(20 * 75)
      expect([again.logEndOffset, await values(again)]).toEqual([20, numbers(20)])
      await again.appendAsLeader(batchOf(['more']), LEADER)
      expect(await values(again, 20)).toEqual(['more'])
    } finally {
      crashed.remove()
    }
  })

  it('with appends on their way at the roll loses none of them', async () => {
    const fs = new FailingFileSystem()
    const { log } = await newLog(dir, { config, fs })
    await log.open()
    fs.holdWrites()
    const appends = numbers(30).map((value) => log.appendAsLeader(batchOf([value]), LEADER))
    fs.releaseWrites()
    await Promise.all(appends)
    expect(await values(log)).toEqual(numbers(30))
  })

  it('takes back an append that failed at the roll', async () => {
    const fs = new FailingFileSystem()
    const { manager, log } = await newLog(dir, { config, fs })
    for (const value of numbers(13)) await log.appendAsLeader(batchOf([value]), LEADER)
    fs.failNext('write', /0+13\.log$/, 'ENOSPC')
    await expect(log.appendAsLeader(batchOf(['lost']), LEADER)).rejects.toMatchObject({
      errorName: 'KAFKA_STORAGE_ERROR',
    })
    await log.appendAsLeader(batchOf(['kept']), LEADER)
    expect(await values(log)).toEqual([...numbers(13), 'kept'])
    await manager.shutdown()
    const { log: again } = await newLog(dir, { config })
    expect(await values(again)).toEqual([...numbers(13), 'kept'])
  })

  it('can be turned on and off while the log is in use', async () => {
    const { manager, log } = await newLog(dir, { config: { segmentBytes: SEGMENT_BYTES } })
    const fill = async (count: number) => {
      for (const value of numbers(count)) await log.appendAsLeader(batchOf([value]), LEADER)
    }
    await fill(14)
    expect(sizes()).toEqual([975, 75])
    manager.updateTopicConfig('t', config)
    await fill(13)
    expect(sizes()).toEqual([975, 975, SEGMENT_BYTES])
    manager.updateTopicConfig('t', { segmentBytes: SEGMENT_BYTES })
    await fill(13)
    expect(sizes()).toEqual([975, 975, 975, 75])
  })
})
