import { readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../src/base/logger.ts'
import { DEFAULT_LOG_CONFIG, type Log, type LogConfig } from '../../src/storage/index.ts'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { batchOf, LEADER, newLog, TestDir, values } from './support.ts'

const DAY_MS = 86_400_000

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

const logFiles = () => readdirSync(join(dir.path, 't-0')).filter((name) => name.endsWith('.log'))

async function fill(log: Log, timestamps: readonly number[]): Promise<void> {
  for (const [i, timestampMs] of timestamps.entries()) {
    await log.appendAsLeader(batchOf([`v${i}`], { timestampMs }), LEADER)
  }
  log.updateHighWatermark(log.logEndOffset)
}

/** One record per segment, each of the given age in days; stopped cleanly, so that nothing is open. */
async function prepareResting(clock: ManualClock, agesDays: readonly number[]): Promise<void> {
  const { manager, log } = await newLog(dir, { clock, config: { segmentBytes: 100 } })
  await fill(
    log,
    agesDays.map((age) => clock.now - age * DAY_MS),
  )
  await manager.shutdown()
}

describe('retention of a log that nobody has opened', () => {
  it('goes by the times of its records, not of its files', async () => {
    const clock = new ManualClock()
    await prepareResting(clock, [30, 8, 1])
    const { manager, log } = await newLog(dir, { clock, config: { fileDeleteDelayMs: 0 } })
    expect(await manager.deleteOldSegments()).toBe(2)
    expect([log.logStartOffset, await values(log)]).toEqual([2, ['v2']])
  })

  it('leaves it closed while its oldest records are young, however old the files are', async () => {
    const clock = new ManualClock()
    await prepareResting(clock, [3, 2, 1])
    const longAgo = new Date(clock.now - 100 * DAY_MS)
    for (const name of logFiles()) utimesSync(join(dir.path, 't-0', name), longAgo, longAgo)
    const fs = new FailingFileSystem()
    const { manager, log } = await newLog(dir, { clock, fs })
    expect([await manager.deleteOldSegments(), log.isOpen]).toEqual([0, false])
    // Its files are looked at once.
    fs.failNext('open', /timeindex/, 'EIO', { times: 100 })
    expect([await manager.deleteOldSegments(), log.isOpen]).toEqual([0, false])
    clock.now += 5 * DAY_MS
    fs.failNothing()
    expect([await manager.deleteOldSegments(), log.logStartOffset]).toEqual([1, 1])
  })

  it.each<[string, Partial<LogConfig>, number]>([
    ['retention.bytes', { retentionBytes: 140 }, 1],
    ['no limit of either kind', { retentionMs: -1 }, 0],
    ['cleanup.policy=compact', { cleanupPolicy: ['compact'], retentionMs: 1 }, 0],
    ['local.retention.ms and local.retention.bytes', { localRetentionMs: 1, localRetentionBytes: 1 }, 0],
  ])('obeys %s', async (_, config, expected) => {
    const clock = new ManualClock()
    await prepareResting(clock, [3, 2, 1])
    const { manager, log } = await newLog(dir, { clock, config: { fileDeleteDelayMs: 0, ...config } })
    expect([await manager.deleteOldSegments(), log.isOpen]).toEqual([expected, expected > 0])
  })

  it.each(['delete', 'compact'] as const)(
    'removes what lies before the log start offset: %s',
    async (policy) => {
      const clock = new ManualClock()
      const first = await newLog(dir, { clock, config: { segmentBytes: 100 } })
      await fill(first.log, [clock.now, clock.now, clock.now])
      await first.log.incrementLogStartOffset(2)
      await first.manager.shutdown()
      const { manager } = await newLog(dir, {
        clock,
        config: { cleanupPolicy: [policy], fileDeleteDelayMs: 0 },
      })
      await manager.deleteOldSegments()
      expect(logFiles().length).toBe(policy === 'delete' ? 1 : 3)
      // Compaction sees to the others.
      await manager.cleanLogs()
      expect(logFiles()).toEqual([`${'2'.padStart(20, '0')}.log`])
      await manager.shutdown()
    },
  )

  it('touches nothing at or behind the high watermark', async () => {
    const clock = new ManualClock()
    const first = await newLog(dir, { clock, config: { segmentBytes: 100 } })
    await fill(first.log, [1, 1])
    await first.log.appendAsLeader(batchOf(['later'], { timestampMs: 1 }), LEADER)
    await first.manager.shutdown()
    const { manager, log } = await newLog(dir, { clock, config: { retentionMs: 1, fileDeleteDelayMs: 0 } })
    expect([log.highWatermark, await manager.deleteOldSegments(), log.logStartOffset]).toEqual([2, 2, 2])
  })

  it.each<[string, (path: string) => void, [number, boolean]]>([
    ['torn: it is built again', (path) => truncateSync(path, 7), [1, true]],
    ['full of zeros: the file counts', (path) => writeFileSync(path, Buffer.alloc(24)), [0, true]],
    ['empty, as without any times: the file counts', (path) => truncateSync(path, 0), [0, false]],
  ])('with a time index that is %s', async (_, damage, expected) => {
    const clock = new ManualClock()
    await prepareResting(clock, [30, 1])
    damage(join(dir.path, 't-0', `${'0'.repeat(20)}.timeindex`))
    const yesterday = new Date(clock.now - DAY_MS)
    utimesSync(join(dir.path, 't-0', `${'0'.repeat(20)}.log`), yesterday, yesterday)
    const { manager, log } = await newLog(dir, { clock, config: { fileDeleteDelayMs: 0 } })
    expect([await manager.deleteOldSegments(), log.isOpen]).toEqual(expected)
  })
})

describe('retention', () => {
  it('says in the log what went and why', async () => {
    const clock = new ManualClock()
    const lines: string[] = []
    const logger = { ...silentLogger, info: (line: string) => lines.push(line) }
    const { manager, log } = await newLog(dir, {
      clock,
      config: { segmentBytes: 100, retentionBytes: 250 },
      options: { logger },
    })
    const { now } = clock
    await fill(log, [now - 9 * DAY_MS, now - 9 * DAY_MS, now - 8 * DAY_MS, now, now, now])
    await log.incrementLogStartOffset(1)
    expect(await manager.deleteOldSegments()).toBe(3)
    expect(lines).toEqual([
      'deleting segment 0 of t-0, 73 bytes: the log starts at 1 (StartOffsetBreach)',
      'deleting segment 1 of t-0, 73 bytes: retention.bytes is 250, and 292 bytes are left (RetentionSizeBreach)',
      'deleting segment 2 of t-0, 73 bytes: its latest record is from 2023-11-06T22:13:20.000Z, retention.ms is 604800000 (RetentionMsBreach)',
    ])
  })

  it('by time waits for records from the future, and when the clock has gone back', async () => {
    const clock = new ManualClock()
    const { manager, log } = await newLog(dir, { clock, config: { segmentBytes: 100, fileDeleteDelayMs: 0 } })
    await fill(log, [clock.now + DAY_MS, clock.now, clock.now])
    clock.now += 7.5 * DAY_MS
    expect(await manager.deleteOldSegments()).toBe(0)
    clock.now -= 100 * DAY_MS
    expect(await manager.deleteOldSegments()).toBe(0)
    clock.now += 101.5 * DAY_MS
    expect(await manager.deleteOldSegments()).toBe(3)
    expect([log.logStartOffset, log.logEndOffset]).toEqual([3, 3])
  })

  it('follows a change of the topic, and of the broker’s defaults where the topic says nothing', async () => {
    const clock = new ManualClock()
    const defaults = { ...DEFAULT_LOG_CONFIG, segmentBytes: 100, fileDeleteDelayMs: 0 }
    const own: Partial<LogConfig> = {}
    const { manager, log } = await newLog(dir, { clock, options: { defaults } })
    const fresh = await dir.open({
      clock,
      options: { logDirs: [join(dir.path, 'second')], defaults, loadTopicConfig: () => own },
    })
    await fill(log, [clock.now - 3 * DAY_MS, clock.now, clock.now])
    manager.updateTopicConfig('t', { retentionMs: DAY_MS })
    expect(await manager.deleteOldSegments()).toBe(1)

    const other = fresh.getOrCreateLog('u', 0, { topicId: null })
    await fill(other, [clock.now - 3 * DAY_MS, clock.now - 2 * DAY_MS, clock.now])
    Object.assign(defaults, { retentionMs: 2.5 * DAY_MS })
    expect(await fresh.deleteOldSegments()).toBe(0)
    fresh.updateDefaults()
    expect(await fresh.deleteOldSegments()).toBe(1)
    Object.assign(own, { retentionMs: -1 })
    Object.assign(defaults, { retentionMs: DAY_MS })
    fresh.updateDefaults()
    expect(await fresh.deleteOldSegments()).toBe(0)
  })
})

describe('the times of background work', () => {
  it('begins after log.initial.task.delay.ms; high watermarks and producers have their own', async () => {
    const clock = new ManualClock()
    const { manager, log } = await newLog(dir, {
      clock,
      config: { retentionMs: 1, segmentBytes: 100, fileDeleteDelayMs: 0 },
      tuning: { initialTaskDelayMs: 7_000, retentionCheckIntervalMs: 1_000 },
    })
    await fill(log, [1, 1])
    manager.startBackgroundTasks()
    await clock.advance(6_999)
    expect(log.logStartOffset).toBe(0)
    await clock.advance(1)
    await vi.waitFor(() => expect(log.logStartOffset).toBe(2))
    await fill(log, [1])
    await vi.waitFor(async () => {
      await clock.advance(1_000)
      expect(log.logStartOffset).toBe(3)
    })
    await manager.shutdown()
  })

  it('a clock that goes back does not hold up flush.ms', async () => {
    const clock = new ManualClock()
    const { manager, log } = await newLog(dir, {
      clock,
      config: { flushMs: 1_000 },
      tuning: { initialTaskDelayMs: 500, flushSchedulerIntervalMs: 500 },
    })
    manager.startBackgroundTasks()
    await fill(log, [clock.now])
    clock.nowMs = () => clock.now - 100 * DAY_MS
    await clock.advance(1_600)
    await vi.waitFor(() => expect(log.recoveryPoint).toBe(1))
    await manager.shutdown()
  })

  it('a topic that is deleted goes from the disk after the broker’s delay, not its own', async () => {
    const clock = new ManualClock()
    const { manager } = await newLog(dir, {
      clock,
      config: { fileDeleteDelayMs: 5_000 },
      options: { loadTopicConfig: () => ({ fileDeleteDelayMs: 500_000 }) },
    })
    manager.deleteLog('t', 0)
    const left = () => readdirSync(dir.path).filter((name) => name.startsWith('t-0'))
    await clock.advance(4_999)
    expect(left()).toHaveLength(1)
    await clock.advance(1)
    expect(left()).toEqual([])
  })

  it('how long a producer is remembered can change while the broker runs', async () => {
    const clock = new ManualClock()
    const { manager, log } = await newLog(dir, {
      clock,
      tuning: { producerIdExpirationCheckIntervalMs: 1_000 },
    })
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0 }
    await log.appendAsLeader(batchOf(['a'], { ...producer, timestampMs: clock.now }), LEADER)
    manager.startBackgroundTasks()
    await clock.advance(5_000)
    expect(await log.activeProducers()).toHaveLength(1)
    manager.updateTuning({ producerIdExpirationMs: 2_000 })
    await clock.advance(1_000)
    expect(await log.activeProducers()).toEqual([])
    await manager.shutdown()
  })
})
