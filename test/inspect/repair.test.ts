import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { FileLocks } from '../../src/base/file-lock.ts'
import type { FileSystem } from '../../src/base/file-system.ts'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { executeRepair, locate, lockLogDirs, planRepair, type RepairPlan } from '../../src/inspect/index.ts'
import { FAULTS } from './faults.ts'
import { contents, faults, flipBit, goldenCopy, plan } from './support.ts'

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

async function execute(steps: RepairPlan['steps'], options: { backupDir?: string; fs?: FileSystem } = {}) {
  return await executeRepair(options.fs ?? nodeFileSystem, {
    steps,
    nowMs: NOW_MS,
    backupDir: options.backupDir,
    signal: new AbortController().signal,
    onStep: async () => undefined,
  })
}

const summary = ({ steps }: RepairPlan) => steps.map(({ step }) => `${step.kind} ${path.basename(step.path)}`)

/** Runs what the script says, in the order in which it says it. */
function undo(script: string): void {
  const lines = fs.readFileSync(script, 'utf8').split('\n')
  for (const line of lines) {
    const words = [...line.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? '')
    const [first = '', second = ''] = words
    if (line.startsWith('rm -f')) fs.rmSync(first, { force: true })
    if (line.startsWith('cp')) fs.copyFileSync(first, second)
    const [, , target = ''] = words
    if (line.startsWith('if') && fs.existsSync(first)) fs.renameSync(second, target)
    const cut = /^truncate -s (\d+)/.exec(line)
    if (cut === null) continue
    fs.truncateSync(first, Number(cut[1]))
    fs.appendFileSync(first, fs.readFileSync(second))
  }
}

describe('repair', () => {
  it.each(FAULTS)('puts $name right, and back again', async ({ golden, make }) => {
    const { logDir, dir } = goldenCopy(golden)
    make(dir)
    const damaged = contents(logDir)
    const planned = await plan(logDir)
    expect(planned.left).toEqual([])
    expect(planned.steps.length).toBeGreaterThan(0)
    expect(contents(logDir)).toEqual(damaged)
    const [backup, ...others] = await execute(planned.steps)
    expect(others).toEqual([])
    expect(backup?.path).toBe(path.join(logDir, '../kcli-repair-20260102T030405Z'))
    expect(await faults(logDir)).toEqual([])
    expect(summary(await plan(logDir))).toEqual([])
    undo(backup?.undoScript ?? '')
    expect(contents(logDir)).toEqual(damaged)
  })

  it.each([
    ['the indexes', 'segments', /\d(index|timeindex)$/],
    ['the transaction index', 'transactions', /txnindex$/],
    ['the leader epochs', 'segments', /leader-epoch/],
  ])('builds %s as Kafka wrote them', async (_, golden, pattern) => {
    const { logDir, dir } = goldenCopy(golden)
    // Golden topics have an index.interval.bytes of their own; only those without many entries are the same.
    const isComparable = (name: string) => pattern.test(name) && !/\.(time)?index$/.test(name)
    const before = contents(logDir)
    for (const name of fs.readdirSync(dir)) if (pattern.test(name)) fs.rmSync(path.join(dir, name))
    await execute((await plan(logDir)).steps)
    expect(await faults(logDir)).toEqual([])
    const after = contents(logDir)
    for (const name of Object.keys(before).filter(isComparable)) expect(after[name], name).toBe(before[name])
  })

  it('cuts at the first damage, and takes later segments away', async () => {
    const { logDir, dir } = goldenCopy('segments')
    flipBit(path.join(dir, '00000000000000000016.log'), 500)
    flipBit(path.join(dir, '00000000000000000056.log'), 500)
    const planned = await plan(logDir)
    expect(summary(planned)).toEqual([
      'cut 00000000000000000016.log',
      'remove 00000000000000000036.log',
      'remove 00000000000000000036.index',
      'remove 00000000000000000036.timeindex',
      'remove 00000000000000000056.log',
      'remove 00000000000000000056.index',
      'remove 00000000000000000056.timeindex',
      'remove 00000000000000000036.snapshot',
      'remove 00000000000000000056.snapshot',
      'remove 00000000000000000073.snapshot',
      'rebuild-indexes 00000000000000000016.index',
    ])
    expect(planned.steps[0]?.what).toMatch(/^cut the last \d+ bytes off .*: from position 404, offset 20 on$/)
  })

  it('looks at the whole partition when one of its files is named', async () => {
    const { logDir, dir } = goldenCopy('segments')
    flipBit(path.join(dir, '00000000000000000036.log'), 500)
    const located = locate(nodeFileSystem, {
      names: [path.join(dir, '00000000000000000036.log')],
      dataDir: logDir,
    })
    const planned = await planRepair(nodeFileSystem, {
      located,
      isLocked: () => false,
      signal: new AbortController().signal,
    })
    expect(summary(planned)).toContain('remove 00000000000000000056.log')
  })

  it('says what it cannot put right', async () => {
    const { logDir, dir } = goldenCopy('segments')
    fs.writeFileSync(path.join(dir, 'partition.metadata'), 'version: 7\n')
    const planned = await plan(logDir)
    expect(planned.steps).toEqual([])
    expect(planned.left).toEqual([expect.objectContaining({ check: 'partition-metadata' })])
  })

  it('plans nothing for what a broker is about to write', async () => {
    const { logDir, dir } = goldenCopy('segments')
    fs.truncateSync(path.join(dir, '00000000000000000056.log'), 1700)
    const planned = await planRepair(nodeFileSystem, {
      located: locate(nodeFileSystem, { names: [logDir], dataDir: logDir }),
      isLocked: () => true,
      signal: new AbortController().signal,
    })
    expect(planned.steps).toEqual([])
  })

  it('keeps copies elsewhere when told so, one folder for each log directory', async () => {
    const [one, two] = [goldenCopy('segments'), goldenCopy('segments')]
    for (const { dir } of [one, two]) fs.rmSync(path.join(dir, '00000000000000000016.index'))
    const steps = [...(await plan(one.logDir)).steps, ...(await plan(two.logDir)).steps]
    const backupDir = path.join(one.logDir, '../copies')
    const backups = await execute(steps, { backupDir })
    expect(backups.map((backup) => path.dirname(backup.path))).toEqual([backupDir])
    expect(fs.readdirSync(backups[0]?.path ?? '').sort()).toEqual(['logs', 'logs-2', 'undo.sh'])
    // A second repair in the same second does not touch the copies of the first.
    fs.rmSync(path.join(one.dir, '00000000000000000016.index'))
    const [again] = await execute((await plan(one.logDir)).steps, { backupDir })
    expect(again?.path).toBe(`${backups[0]?.path}-1`)
  })

  it('can be taken back wherever it stopped', async () => {
    const { logDir, dir } = goldenCopy('segments')
    flipBit(path.join(dir, '00000000000000000016.log'), 500)
    const damaged = contents(logDir)
    const { steps } = await plan(logDir)
    for (let failAt = 1; ; failAt++) {
      let changes = 0
      const failing: FileSystem = {
        ...nodeFileSystem,
        renameSync(from, to) {
          if (++changes === failAt) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
          nodeFileSystem.renameSync(from, to)
        },
      }
      const backupDir = path.join(logDir, `../copies-${failAt}`)
      const failed = await execute(steps, { backupDir, fs: failing }).then(
        () => false,
        () => true,
      )
      const [folder = ''] = fs.readdirSync(backupDir)
      const script = path.join(backupDir, folder, 'undo.sh')
      undo(script)
      expect(contents(logDir)).toEqual(damaged)
      if (!failed) break
    }
  })

  it('moves copies to another file system too', async () => {
    const { logDir, dir } = goldenCopy('segments')
    flipBit(path.join(dir, '00000000000000000016.snapshot'), 3)
    const damaged = contents(logDir)
    const apart: FileSystem = {
      ...nodeFileSystem,
      renameSync(from, to) {
        const isInside = (file: string) => file.startsWith(logDir)
        if (isInside(from) === isInside(to)) return nodeFileSystem.renameSync(from, to)
        throw Object.assign(new Error('EXDEV: cross-device link'), { code: 'EXDEV' })
      },
    }
    const [backup] = await execute((await plan(logDir)).steps, { fs: apart })
    expect(await faults(logDir)).toEqual([])
    undo(backup?.undoScript ?? '')
    expect(contents(logDir)).toEqual(damaged)
  })
})

describe('lockLogDirs', () => {
  it('refuses what a process uses, and keeps others out', () => {
    const { logDir } = goldenCopy('segments')
    // A folder with partitions has no lock to take.
    lockLogDirs(nodeFileSystem, new FileLocks(), [logDir])()
    expect(fs.readdirSync(logDir)).toEqual(['segments-0'])
    fs.writeFileSync(path.join(logDir, '.lock'), '')
    const locks = new FileLocks()
    expect(locks.isHeld(path.join(logDir, '.lock'))).toBe(false)
    const broker = locks.tryLock(path.join(logDir, '.lock'))
    expect(locks.isHeld(path.join(logDir, '.lock'))).toBe(true)
    expect(() => lockLogDirs(nodeFileSystem, locks, [logDir])).toThrow(/a process is using .*logs: it holds/)
    broker?.release()
    const release = lockLogDirs(nodeFileSystem, locks, [logDir, logDir])
    expect(locks.tryLock(path.join(logDir, '.lock'))).toBeNull()
    release()
    expect(locks.isHeld(path.join(logDir, '.lock'))).toBe(false)
  })
})
