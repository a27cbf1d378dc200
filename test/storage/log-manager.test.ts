import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { batchOf, LEADER, newLog, TestDir, TOPIC_ID, values } from './support.ts'

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

const text = (name: string) => readFileSync(join(dir.path, name), 'utf8')

describe('a log directory', () => {
  it('belongs to one cluster and one broker', async () => {
    const manager = await dir.open()
    expect(text('meta.properties')).toMatch(
      /^#\n#\w{3} \w{3} \d\d \d\d:\d\d:\d\d UTC \d{4}\nbroker\.id=1\ncluster\.id=test-cluster\nversion=0\n$/,
    )
    await manager.shutdown()
    await expect(dir.open({ options: { brokerId: 2 } })).rejects.toMatchObject({
      code: 'KCLI_INCONSISTENT_BROKER_ID',
    })
    await expect(dir.open({ options: { clusterId: 'other' } })).rejects.toMatchObject({
      code: 'KCLI_INCONSISTENT_CLUSTER_ID',
    })
    expect((await dir.open({ options: { clusterId: null } })).clusterId).toBe('test-cluster')
  })

  it.each([
    ['version=1\nnode.id=1\ncluster.id=test-cluster\n', /KRaft/],
    ['version=7\n', /unknown version '7'/],
    ['version=0\nbroker.id=one\n', /not a number/],
  ])('of another version is refused: %j', async (content, message) => {
    writeFileSync(join(dir.path, 'meta.properties'), content)
    await expect(dir.open()).rejects.toMatchObject({
      code: 'KCLI_LOG_DIR_VERSION',
      message: expect.stringMatching(message),
    })
  })

  it('without a version in its meta.properties is of version 0, and the file is completed', async () => {
    writeFileSync(join(dir.path, 'meta.properties'), '\n')
    await (await dir.open()).shutdown()
    expect(text('meta.properties')).toMatch(/\nbroker\.id=1\ncluster\.id=test-cluster\nversion=0\n$/)
  })

  it('that is locked is refused by name, and the lock is given back in the end', async () => {
    const held: string[] = []
    const acquireLock = (path: string) => {
      if (held.includes(path)) throw new Error('taken')
      held.push(path)
      return { release: () => void held.splice(held.indexOf(path), 1) }
    }
    const manager = await dir.open({ options: { acquireLock } })
    expect(held).toEqual([join(dir.path, '.lock')])
    await expect(dir.open({ options: { acquireLock } })).rejects.toMatchObject({
      code: 'KCLI_LOG_DIR_IN_USE',
      message: expect.stringContaining(dir.path),
    })
    await manager.shutdown()
    expect(held).toEqual([])
    await expect(dir.open({ options: { acquireLock, brokerId: 5 } })).rejects.toBeDefined()
    expect(held).toEqual([])
  })

  it('that cannot be written is refused', async () => {
    const fs = new FailingFileSystem()
    fs.failNext('writeFile', /meta\.properties/, 'EROFS')
    await expect(dir.open({ fs })).rejects.toMatchObject({ code: 'KCLI_LOG_DIR_UNUSABLE' })
  })

  it('has Kafka’s checkpoint files at the end', async () => {
    const { manager, log } = await newLog(dir, { config: { segmentBytes: 300 } })
    for (let i = 0; i < 10; i++) await log.appendAsLeader(batchOf([`v${i}`]), LEADER)
    log.updateHighWatermark(8)
    await log.incrementLogStartOffset(3)
    manager.getOrCreateLog('empty', 2, { topicId: TOPIC_ID })
    await manager.shutdown()
    const sorted = (name: string) => text(name).trim().split('\n').sort()
    expect(sorted('recovery-point-offset-checkpoint')).toEqual(['0', '2', 'empty 2 0', 't 0 10'])
    expect(sorted('replication-offset-checkpoint')).toEqual(['0', '2', 'empty 2 0', 't 0 8'])
    expect(text('log-start-offset-checkpoint')).toBe('0\n1\nt 0 3\n')
    expect(text('empty-2/partition.metadata')).toBe(`version: 0\ntopic_id: ${TOPIC_ID}`)
    const { log: again } = await newLog(dir)
    expect(again).toMatchObject({ logStartOffset: 3, highWatermark: 8, logEndOffset: 10 })
  })

  it('is left as it is by a start in which nobody used it; what was not used keeps its offsets', async () => {
    const { manager, log } = await newLog(dir)
    await log.appendAsLeader(batchOf(['a', 'b']), LEADER)
    log.updateHighWatermark(2)
    for (const partition of [1, 2]) manager.getOrCreateLog('t', partition, { topicId: null })
    await manager.shutdown()
    const files = ['recovery-point-offset-checkpoint', 'replication-offset-checkpoint']
    expect(files.map(text)).toEqual(files.map(() => '0\n3\nt 0 2\nt 1 0\nt 2 0\n'))

    const fs = new FailingFileSystem()
    const idle = await dir.open({ options: { fs } })
    expect([0, 1, 2, 3].map((partition) => idle.isAtRest('t', partition))).toEqual([true, true, true, false])
    await idle.shutdown()
    expect(fs.changes.filter((change) => JSON.stringify(change).includes('checkpoint'))).toEqual([])

    const used = await dir.open()
    await used.getLog('t', 2)?.appendAsLeader(batchOf(['c']), LEADER)
    expect(used.isAtRest('t', 2)).toBe(false)
    await used.checkpointRecoveryPoints()
    await used.shutdown()
    expect(text(files[0] ?? '')).toBe('0\n3\nt 0 2\nt 1 0\nt 2 1\n')
    expect(text(files[1] ?? '')).toBe('0\n3\nt 0 2\nt 1 0\nt 2 0\n')
    const last = await dir.open()
    expect(last.partitions()).toHaveLength(3)
    expect([0, 1, 2].map((partition) => last.isAtRest('t', partition))).toEqual([true, true, false])
    expect(last.getLog('t', 0)).toMatchObject({ logEndOffset: 2, highWatermark: 2 })
  })

  it('leaves strangers alone', async () => {
    mkdirSync(join(dir.path, 'lost+found'))
    mkdirSync(join(dir.path, 'a-0.0123456789abcdef0123456789abcdef-future'))
    writeFileSync(join(dir.path, 'note-1'), 'a file')
    const manager = await dir.open()
    expect(manager.partitions()).toEqual([])
  })

  it('may not hold a partition that another one holds', async () => {
    const other = new TestDir()
    try {
      mkdirSync(join(dir.path, 't-0'))
      mkdirSync(join(other.path, 't-0'))
      const open = dir.open({ options: { logDirs: [dir.path, other.path] } })
      await expect(open).rejects.toMatchObject({ code: 'KCLI_DUPLICATE_LOG' })
    } finally {
      other.remove()
    }
  })
})

describe('partitions', () => {
  it('are spread over the directories', async () => {
    const other = new TestDir()
    try {
      const manager = await dir.open({ options: { logDirs: [dir.path, other.path] } })
      for (let i = 0; i < 4; i++) manager.getOrCreateLog('t', i, { topicId: null })
      expect(readdirSync(dir.path).filter((name) => name.startsWith('t-'))).toHaveLength(2)
      expect(manager.describeLogDirs().map((d) => d.partitions.length)).toEqual([2, 2])
      for (const { totalBytes, usableBytes } of manager.describeLogDirs()) {
        expect(usableBytes).toBeGreaterThan(0)
        expect(totalBytes).toBeGreaterThanOrEqual(usableBytes)
      }
    } finally {
      other.remove()
    }
  })

  it('are gone at once when they are deleted, and their files later', async () => {
    const clock = new ManualClock()
    const { manager, log } = await newLog(dir, { clock })
    await log.appendAsLeader(batchOf(['old']), LEADER)
    manager.deleteLog('t', 0)
    expect(manager.getLog('t', 0)).toBeUndefined()
    await expect(log.appendAsLeader(batchOf(['x']), LEADER)).rejects.toMatchObject({
      errorName: 'KAFKA_STORAGE_ERROR',
    })
    const [renamed = ''] = readdirSync(dir.path).filter((name) => name.startsWith('t-'))
    expect(renamed).toMatch(/^t-0\.[0-9a-f]{32}-delete$/)
    const fresh = manager.getOrCreateLog('t', 0, { topicId: null })
    expect(await fresh.appendAsLeader(batchOf(['new']), LEADER)).toMatchObject({ firstOffset: 0 })
    await clock.advance(60_000)
    expect(existsSync(join(dir.path, renamed))).toBe(false)
    expect(await values(fresh)).toEqual(['new'])
  })

  it('that were deleted before a kill go after the next start', async () => {
    const clock = new ManualClock()
    const { manager } = await newLog(dir, { clock })
    manager.deleteLog('t', 0)
    const second = await dir.open({ clock })
    expect(second.partitions()).toEqual([])
    await clock.advance(60_000)
    expect(readdirSync(dir.path).filter((name) => name.startsWith('t-'))).toEqual([])
  })

  it('of another topic id are refused', async () => {
    const manager = await dir.open()
    manager.getOrCreateLog('t', 0, { topicId: TOPIC_ID })
    expect(manager.getOrCreateLog('t', 0, { topicId: TOPIC_ID }).topicId).toBe(TOPIC_ID)
    expect(() => manager.getOrCreateLog('t', 0, { topicId: 'AAAAAAAAAAAAAAAAAAAAAB' })).toThrow(
      expect.objectContaining({ errorName: 'INCONSISTENT_TOPIC_ID' }),
    )
  })

  it('that sleep after a clean stop take their topic id on trust and are checked when they are opened', async () => {
    const first = await dir.open()
    first.getOrCreateLog('t', 0, { topicId: TOPIC_ID })
    await first.shutdown()
    const other = 'AAAAAAAAAAAAAAAAAAAAAB'
    const second = await dir.open()
    const log = second.getOrCreateLog('t', 0, { topicId: other })
    expect([log.isOpen, log.topicId]).toEqual([false, other])
    await expect(log.open()).rejects.toMatchObject({ errorName: 'INCONSISTENT_TOPIC_ID' })
    await second.shutdown()
    const third = await dir.open()
    await third.getOrCreateLog('t', 0, { topicId: TOPIC_ID }).open()
    expect(text('t-0/partition.metadata')).toContain(TOPIC_ID)
  })

  it('take a new configuration at once', async () => {
    const { manager, log } = await newLog(dir)
    manager.updateTopicConfig('t', { maxMessageBytes: 50 })
    await expect(log.appendAsLeader(batchOf(['a']), LEADER)).rejects.toMatchObject({
      errorName: 'MESSAGE_TOO_LARGE',
    })
    manager.updateTopicConfig('t', {})
    expect(await log.appendAsLeader(batchOf(['a']), LEADER)).toMatchObject({ firstOffset: 0 })
  })
})

describe('background work', () => {
  it('checkpoints, flushes and deletes by the clock, and stops at the end', async () => {
    const clock = new ManualClock()
    const fs = new FailingFileSystem()
    const config = { retentionMs: 600_000, flushMs: 1000, segmentBytes: 300, fileDeleteDelayMs: 0 }
    const { manager, log } = await newLog(dir, { clock, fs, config })
    for (let i = 0; i < 10; i++)
      await log.appendAsLeader(batchOf([`v${i}`], { timestampMs: clock.now }), LEADER)
    log.updateHighWatermark(10)
    // The segments that are done have been flushed by then.
    await vi.waitFor(() => expect(log.recoveryPoint).toBe(8))
    manager.startBackgroundTasks()
    const tasks = clock.pendingTimers
    /** A task sets its next timer when it is done. */
    const pass = async (ms: number) => {
      await clock.advance(ms)
      await vi.waitFor(() => expect(clock.pendingTimers).toBe(tasks))
    }
    await pass(5_000)
    expect(text('replication-offset-checkpoint')).toBe('0\n1\nt 0 10\n')
    await pass(30_000)
    expect(log.recoveryPoint).toBe(10)
    await pass(60_000)
    expect(text('recovery-point-offset-checkpoint')).toBe('0\n1\nt 0 10\n')
    const before = fs.changes.length
    await pass(60_000)
    expect(fs.changes.slice(before)).toEqual([])
    await pass(600_000)
    expect(log.logStartOffset).toBe(10)
    await manager.shutdown()
    expect(clock.pendingTimers).toBe(0)
  })

  it('flushes every flush.messages before it answers', async () => {
    const fs = new FailingFileSystem()
    const { log } = await newLog(dir, { fs, config: { flushMessages: 2 } })
    const syncs = () =>
      fs.changes.filter((change) => change.startsWith('sync ') && change.endsWith('.log')).length
    await log.appendAsLeader(batchOf(['a']), LEADER)
    expect(syncs()).toBe(0)
    await log.appendAsLeader(batchOf(['b']), LEADER)
    expect(syncs()).toBe(1)
    expect(log.recoveryPoint).toBe(2)
  })

  it('does not mark a clean end when a log could not be closed', async () => {
    const fs = new FailingFileSystem()
    const { manager, log } = await newLog(dir, { fs })
    await log.appendAsLeader(batchOf(['a']), LEADER)
    fs.failNext('sync', /\.log$/, 'EIO')
    await manager.shutdown()
    expect(existsSync(join(dir.path, '.kafka_cleanshutdown'))).toBe(false)
    const { log: again } = await newLog(dir, { fs: nodeFileSystem })
    expect(await values(again)).toEqual(['a'])
  })
})
