import { renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KcliError } from '../../../src/base/errors.ts'
import { offsetFileName } from '../../../src/storage/index.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { batchOf, LEADER, newLog, TestDir, values } from '../support.ts'
import { copyOf, LOG_DIR, makeImage, openImage, PARTITION_DIR, segmentsOf, serve } from './image.ts'

const clean = await makeImage(true)
const unclean = await makeImage(false)
const images = { 'a clean end': clean, 'a kill': unclean }

describe.each(Object.entries(images))('after %s, a directory', (_, image) => {
  it.each(['.log', '.index', '.timeindex', '.txnindex', '.snapshot'])(
    'with the name of a %s that nobody needs is left alone',
    async (suffix) => {
      const fs = copyOf(image)
      const path = `${PARTITION_DIR}/${offsetFileName(99_999, suffix)}`
      fs.putDirectory(path)
      const { log, manager } = await openImage(fs)
      expect((await serve(log)).values).toEqual(image.values)
      await log.appendAsLeader(batchOf(['new']), LEADER)
      expect(manager.describeLogDirs()[0]?.error).toBe(null)
      await manager.shutdown()
      expect(fs.statSync(path)?.isDirectory).toBe(true)
    },
  )

  it.each([
    'recovery-point-offset-checkpoint',
    'replication-offset-checkpoint',
    '.kafka_cleanshutdown',
    'meta.properties',
    't-0/leader-epoch-checkpoint',
    't-0/partition.metadata',
    ...['.log', '.index', '.timeindex', '.snapshot'].map((s) =>
      (segmentsOf(image.fs, s).at(-1) ?? '').slice(6),
    ),
  ])('in the place of %s is told by name, or done without', async (name) => {
    const fs = copyOf(image)
    fs.removeSync(`${LOG_DIR}/${name}`)
    fs.putDirectory(`${LOG_DIR}/${name}`)
    try {
      const { log, manager } = await openImage(fs)
      const { values: served } = await serve(log)
      for (const [offset, value] of served) expect(value).toBe(image.values.get(offset))
      await manager.shutdown()
    } catch (error) {
      expect(error).toBeInstanceOf(KcliError)
      expect(String((error as Error).message)).toMatch(/EISDIR|ENOTDIR|directory/)
      expect(String((error as Error).message)).toContain(LOG_DIR)
    }
  })
})

describe('a symbolic link', () => {
  let dir: TestDir
  beforeEach(() => {
    dir = new TestDir()
  })
  afterEach(() => dir.remove())

  it('to a partition that lies elsewhere is followed', async () => {
    const first = await newLog(dir)
    await first.log.appendAsLeader(batchOf(['a', 'b']), LEADER)
    await first.manager.shutdown()
    const elsewhere = join(temporaryDirectory(), 'far')
    renameSync(join(dir.path, 't-0'), elsewhere)
    symlinkSync(elsewhere, join(dir.path, 't-0'))
    const { log, manager } = await newLog(dir)
    expect(await values(log)).toEqual(['a', 'b'])
    await manager.shutdown()
  })

  it('that leads nowhere is not taken for a partition', async () => {
    symlinkSync(join(dir.path, 'nowhere'), join(dir.path, 'x-0'))
    writeFileSync(join(dir.path, 'y-0'), '')
    const { manager } = await newLog(dir)
    expect(manager.partitions()).toEqual([{ topic: 't', partition: 0 }])
    await manager.shutdown()
  })
})
