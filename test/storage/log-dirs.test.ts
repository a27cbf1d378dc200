import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LogManager } from '../../src/storage/index.ts'
import { FailingFileSystem, type Operation } from '../support/failing-file-system.ts'
import { batchOf, LEADER, type Setup, TestDir, TOPIC_ID, values } from './support.ts'

let a: TestDir
let b: TestDir
beforeEach(() => {
  a = new TestDir()
  b = new TestDir()
})
afterEach(() => {
  a.remove()
  b.remove()
})

const open = (setup: Setup = {}): Promise<LogManager> =>
  a.open({ ...setup, options: { logDirs: [a.path, b.path], ...setup.options } })

/** `t-0` and `t-2` in A, `t-1` and `t-3` in B, with a record each; stopped cleanly. */
async function prepare(): Promise<void> {
  const manager = await open()
  for (const partition of [0, 1, 2, 3]) {
    const log = manager.getOrCreateLog('t', partition, { topicId: TOPIC_ID, isNew: true })
    await log.appendAsLeader(batchOf([`v${partition}`]), LEADER)
    log.updateHighWatermark(1)
  }
  await manager.shutdown()
  expect(readdirSync(b.path).filter((name) => name.startsWith('t-'))).toEqual(['t-1', 't-3'])
}

const errorsOf = (manager: LogManager) => manager.describeLogDirs().map(({ error }) => error !== null)
const names = (manager: LogManager) =>
  manager
    .partitions()
    .map(({ topic, partition }) => `${topic}-${partition}`)
    .filter((name) => name.startsWith('t-'))
    .sort()

/** A serves, B does not; what was in B is not made anew, what is new is made in A. */
async function expectOnlyA(manager: LogManager, reason: RegExp): Promise<void> {
  const [, offline] = manager.describeLogDirs()
  expect(errorsOf(manager)).toEqual([false, true])
  expect(offline).toMatchObject({
    error: expect.stringMatching(reason),
    partitions: [],
    totalBytes: -1,
    usableBytes: -1,
  })
  expect(names(manager)).toEqual(['t-0', 't-2'])
  expect([manager.isOnline, manager.hasOffline]).toEqual([true, true])
  const log = manager.getOrCreateLog('t', 0, { topicId: TOPIC_ID })
  expect(await values(log)).toEqual(['v0'])
  await log.appendAsLeader(batchOf(['more']), LEADER)
  expect(() => manager.getOrCreateLog('t', 1, { topicId: TOPIC_ID })).toThrow(
    expect.objectContaining({ errorName: 'KAFKA_STORAGE_ERROR', message: expect.stringContaining(b.path) }),
  )
  for (const partition of [0, 1]) manager.getOrCreateLog('new', partition, { topicId: null, isNew: true })
  expect(readdirSync(a.path).filter((name) => name.startsWith('new-'))).toEqual(['new-0', 'new-1'])
  await manager.shutdown()
  expect(existsSync(join(a.path, '.kafka_cleanshutdown'))).toBe(true)
}

describe('at the start, of two log directories', () => {
  it('one that is a file is offline, and the other serves', async () => {
    await prepare()
    rmSync(b.path, { recursive: true })
    writeFileSync(b.path, 'no directory')
    await expectOnlyA(await open(), /offline: .*(EEXIST|ENOTDIR)/)
  })

  it.each([
    ['version=7\n', /unknown version '7'/],
    ['version=0\nbroker.id=one\n', /not a number/],
  ])('one whose meta.properties makes no sense is offline: %j', async (content, reason) => {
    await prepare()
    writeFileSync(join(b.path, 'meta.properties'), content)
    await expectOnlyA(await open(), reason)
  })

  it.each<[Operation, RegExp, string]>([
    ['mkdir', /B$/, 'EACCES'],
    ['read', /B\/meta\.properties$/, 'EIO'],
    ['read', /B\/recovery-point-offset-checkpoint$/, 'EIO'],
    ['unlink', /B\/\.kafka_cleanshutdown$/, 'EROFS'],
  ])('one that fails at %s of %s is offline', async (operation, path, code) => {
    await prepare()
    const fs = new FailingFileSystem()
    fs.failNext(operation, new RegExp(path.source.replace('B', b.path)), code, { times: 1000 })
    await expectOnlyA(await open({ fs }), new RegExp(code))
  })

  it('one that cannot be locked because of its disk is offline; one that is locked ends the start', async () => {
    await prepare()
    const failing = (error: Error) => (path: string) => {
      if (path.startsWith(b.path)) throw error
      return { release: () => undefined }
    }
    const eio = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
    await expectOnlyA(await open({ options: { acquireLock: failing(eio) } }), /EIO/)
    await expect(open({ options: { acquireLock: failing(new Error('taken')) } })).rejects.toMatchObject({
      code: 'KCLI_LOG_DIR_IN_USE',
    })
  })

  it.each([
    ['cluster.id=other', 'KCLI_INCONSISTENT_CLUSTER_ID'],
    ['broker.id=7', 'KCLI_INCONSISTENT_BROKER_ID'],
    ['version=1\nnode.id=1', 'KCLI_LOG_DIR_VERSION'],
  ])('one that is somebody else’s ends the start, and no lock is kept: %s', async (line, code) => {
    await prepare()
    writeFileSync(join(b.path, 'meta.properties'), `version=0\n${line}\n`)
    const held = new Set<string>()
    const acquireLock = (path: string) => {
      held.add(path)
      return { release: () => held.delete(path) }
    }
    await expect(open({ options: { acquireLock } })).rejects.toMatchObject({ code })
    expect(held.size).toBe(0)
  })

  it('one that is named twice ends the start', async () => {
    const twice = open({ options: { logDirs: [a.path, a.path] } })
    await expect(twice).rejects.toMatchObject({ code: 'KCLI_DUPLICATE_LOG_DIR' })
  })

  it('both that fail end the start, and the error names both and the reason', async () => {
    const fs = new FailingFileSystem()
    fs.failNext('mkdir', /./, 'EROFS', { times: 1000 })
    await expect(open({ fs })).rejects.toMatchObject({
      code: 'KCLI_LOG_DIR_UNUSABLE',
      message: expect.stringMatching(`${a.path}, ${b.path} cannot be used: EROFS`),
    })
  })

  it('a checkpoint that makes no sense costs nothing but a look at the logs', async () => {
    await prepare()
    for (const name of ['recovery-point', 'replication', 'log-start'])
      writeFileSync(join(b.path, `${name}-offset-checkpoint`), 'rubbish')
    const manager = await open()
    expect(errorsOf(manager)).toEqual([false, false])
    expect(names(manager)).toEqual(['t-0', 't-1', 't-2', 't-3'])
    expect(manager.getLog('t', 1)).toMatchObject({ logEndOffset: 1, logStartOffset: 0, highWatermark: 0 })
  })

  it('one without meta.properties gets one', async () => {
    await prepare()
    rmSync(join(b.path, 'meta.properties'))
    await (await open()).shutdown()
    expect(readFileSync(join(b.path, 'meta.properties'), 'utf8')).toContain('cluster.id=test-cluster')
  })

  it('a log that cannot be recovered takes its directory offline: nobody knows where it ends', async () => {
    await prepare()
    for (const dir of [a, b]) rmSync(join(dir.path, '.kafka_cleanshutdown'))
    const fs = new FailingFileSystem()
    fs.failNext('open', /t-3\/0+\.log$/, 'EIO')
    const manager = await open({ fs })
    expect(manager.offlineReasons).toEqual([expect.stringContaining(b.path)])
    await expectOnlyA(manager, /opening t-3 failed: EIO/)
  })

  it('a full disk during a recovery ends the start with the reason, when there is no other directory', async () => {
    await prepare()
    rmSync(join(a.path, '.kafka_cleanshutdown'))
    const fs = new FailingFileSystem()
    fs.failNext('writeFile', /t-2\/.*\.snapshot/, 'ENOSPC', { times: 10 })
    await expect(a.open({ fs })).rejects.toMatchObject({
      code: 'KCLI_LOG_DIR_UNUSABLE',
      message: expect.stringContaining('ENOSPC'),
    })
    const manager = await a.open()
    expect(await values(manager.getOrCreateLog('t', 2, { topicId: null }))).toEqual(['v2'])
  })

  it('a move that was not finished and a stray stay where they are, and nobody sees them', async () => {
    await prepare()
    const strangers = [
      't-0.0123456789abcdef0123456789abcdef-future',
      'x-1.0123456789abcdef0123456789abcdef-stray',
    ]
    for (const name of strangers) {
      mkdirSync(join(b.path, name))
      writeFileSync(join(b.path, name, `${'0'.repeat(20)}.log`), '')
    }
    const manager = await open()
    expect(names(manager)).toEqual(['t-0', 't-1', 't-2', 't-3'])
    expect(await values(manager.getOrCreateLog('t', 0, { topicId: null }))).toEqual(['v0'])
    await manager.shutdown()
    expect(readdirSync(b.path)).toEqual(expect.arrayContaining(strangers))
  })
})

describe('while a broker runs', () => {
  const failures: [string, Operation, RegExp, (manager: LogManager) => Promise<unknown>][] = [
    ['an append', 'write', /t-1\/\d+\.log$/, (m) => append(m, 1)],
    ['a fetch', 'open', /t-3\/0+\.log$/, (m) => values(logOf(m, 3))],
    ['a flush', 'sync', /t-1\/\d+\.log$/, (m) => append(m, 1).then(() => logOf(m, 1).flush())],
    ['a checkpoint', 'rename', /replication-offset-checkpoint/, (m) => m.checkpointHighWatermarks()],
    ['a roll', 'writeFile', /t-1\/0+4\.log$/, (m) => append(m, 1, 'y'.repeat(60))],
    ['retention', 'rename', /t-1\/0+\.log$/, (m) => m.deleteOldSegments()],
    ['a deletion', 'rename', /t-1$/, async (m) => m.deleteLog('t', 1)],
    ['a topic id', 'writeFile', /other-\d\/partition\.metadata/, async (m) => makeNew(m)],
    ['a truncation', 'truncate', /t-1\/0+\.log$/, (m) => logOf(m, 1).truncateTo(0)],
  ]
  const logOf = (manager: LogManager, partition: number) => {
    const log = manager.getLog('t', partition)
    if (log === undefined) throw new Error(`there is no t-${partition}`)
    return log
  }
  const append = (manager: LogManager, partition: number, value = 'x') =>
    logOf(manager, partition).appendAsLeader(batchOf([value]), LEADER)
  const makeNew = (manager: LogManager) => {
    for (const partition of [0, 1])
      manager.getOrCreateLog('other', partition, { topicId: TOPIC_ID, isNew: true })
  }

  it.each(failures)('EIO in %s takes the directory offline and leaves the other one', async (...row) => {
    const [, operation, path, work] = row
    await prepare()
    const fs = new FailingFileSystem()
    const failed: string[] = []
    const manager = await open({
      fs,
      config: { segmentBytes: 250, retentionBytes: 70 },
      options: { onLogDirFailure: (dir) => failed.push(dir) },
    })
    // Three make two segments, of which the first is one too many.
    for (const value of ['1', '2', '3']) await append(manager, 1, value)
    logOf(manager, 1).updateHighWatermark(4)
    fs.failNext(operation, new RegExp(`^${b.path}.*${path.source}`), 'EIO', { times: 1000 })
    await work(manager).catch((error: unknown) =>
      expect(error).toMatchObject({ errorName: 'KAFKA_STORAGE_ERROR' }),
    )
    await vi.waitFor(() => expect(failed).toEqual([b.path]))
    expect(manager.getLog('t', 1)).toBeUndefined()
    await expectOnlyA(manager, /offline: .* failed/)
    expect(existsSync(join(b.path, '.kafka_cleanshutdown'))).toBe(false)
    const again = await open()
    expect(names(again)).toEqual(
      path.source === 't-1$' ? expect.arrayContaining(['t-3']) : ['t-0', 't-1', 't-2', 't-3'],
    )
    expect(await values(again.getOrCreateLog('t', 3, { topicId: null }))).toEqual(['v3'])
  })

  it('all that fail leave none', async () => {
    await prepare()
    const fs = new FailingFileSystem()
    const failed: string[] = []
    const manager = await open({ fs, options: { onLogDirFailure: (dir) => failed.push(dir) } })
    fs.failNext('write', /\.log$/, 'EIO', { times: 1000 })
    for (const partition of [0, 1]) await append(manager, partition).catch(() => undefined)
    await vi.waitFor(() => expect(failed).toEqual([a.path, b.path]))
    expect(manager.isOnline).toBe(false)
    expect(() => manager.getOrCreateLog('new', 0, { topicId: null, isNew: true })).toThrow(/offline/)
    await manager.shutdown()
    expect([a, b].map(({ path }) => existsSync(join(path, '.kafka_cleanshutdown')))).toEqual([false, false])
  })

  it.each([
    ['ENOSPC', /the disk is full/],
    ['EDQUOT', /share of the disk/],
    ['EMFILE', /too many files open/],
    ['ENFILE', /too many files open/],
  ])('%s is an answer, and no end: the directory serves again when it is over', async (code, message) => {
    await prepare()
    const fs = new FailingFileSystem()
    const manager = await open({ fs })
    fs.failNext('open', /t-1\/0+\.log$/, code)
    await expect(append(manager, 1)).rejects.toMatchObject({
      errorName: 'KAFKA_STORAGE_ERROR',
      message: expect.stringMatching(message),
    })
    expect(errorsOf(manager)).toEqual([false, false])
    await append(manager, 1, 'again')
    expect(await values(logOf(manager, 1))).toEqual(['v1', 'again'])
  })

  it('a partition that cannot be made in one directory is made in the next, and leaves nothing behind', async () => {
    await prepare()
    const fs = new FailingFileSystem()
    const manager = await open({ fs })
    fs.failNext('writeFile', new RegExp(`^${a.path}/new-0/0+\\.log`), 'ENOSPC')
    expect(manager.getOrCreateLog('new', 0, { topicId: null }).logDir).toBe(b.path)
    expect(existsSync(join(a.path, 'new-0'))).toBe(false)
    expect(errorsOf(manager)).toEqual([false, false])
  })

  it.each([true, false])(
    'an epoch for which there is no room is known to all who ask: log open %s',
    async (isOpen) => {
      await prepare()
      const fs = new FailingFileSystem()
      const manager = await open({ fs })
      const log = logOf(manager, 1)
      if (isOpen) await log.open()
      fs.failNext('writeFile', /leader-epoch-checkpoint/, 'ENOSPC', { times: 2 })
      const note = () => log.assignEpochStartOffset(5, log.logEndOffset)
      for (let i = 0; i < 2; i++) {
        expect(note).toThrow(expect.objectContaining({ errorName: 'KAFKA_STORAGE_ERROR' }))
        expect([log.latestEpoch, log.endOffsetForEpoch(4)]).toEqual([5, { epoch: 0, endOffset: 1 }])
      }
      fs.failNext('writeFile', /leader-epoch-checkpoint/, 'ENOSPC')
      expect(await values(log)).toEqual(['v1'])
      fs.failNothing()
      note()
      await log.appendAsLeader(batchOf(['more']), { leaderEpoch: 5, origin: 'client' })
      await manager.shutdown()
      expect(readFileSync(join(b.path, 't-1/leader-epoch-checkpoint'), 'utf8')).toBe('0\n2\n0 0\n5 1\n')
    },
  )
})
