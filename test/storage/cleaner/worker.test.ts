import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { systemRandom } from '../../../src/base/random.ts'
import { DEFAULT_CLEANER_CONFIG } from '../../../src/storage/cleaner/cleaner-config.ts'
import type { PassJob } from '../../../src/storage/cleaner/cleaning-pass.ts'
import { jobOf, measureLog } from '../../../src/storage/cleaner/log-to-clean.ts'
import { PassControl } from '../../../src/storage/cleaner/pace.ts'
import { WorkerPool } from '../../../src/storage/cleaner/worker-pool.ts'
import type { Log } from '../../../src/storage/index.ts'
import { TestDir } from '../support.ts'
import { append, compacted, contents, filesOf, keyed, roll } from './support.ts'

/** As `npm run build` makes it, away from dist/. */
let bundle: string
beforeAll(async () => {
  bundle = mkdtempSync(join(tmpdir(), 'kcli-worker-'))
  // The codecs lie there.
  symlinkSync(join(process.cwd(), 'node_modules'), join(bundle, 'node_modules'))
  const { buildCleanerWorker } = await import(join(process.cwd(), 'scripts/build.mjs'))
  await buildCleanerWorker(join(bundle, 'cleaner-worker.cjs'))
})
afterAll(() => rmSync(bundle, { recursive: true, force: true }))

let dir: TestDir
let pool: WorkerPool
beforeEach(() => {
  dir = new TestDir()
  pool = new WorkerPool(pathToFileURL(join(bundle, 'cleaner-worker.cjs')), systemClock)
})
afterEach(async () => {
  await pool.close()
  dir.remove()
})

function control(): PassControl {
  const made = new PassControl()
  made.bytesPerSecond = Number.MAX_VALUE
  return made
}

async function dirtyLog(): Promise<{ log: Log; job: () => Promise<PassJob> }> {
  const { log } = await compacted(dir)
  const long = 'x'.repeat(100)
  for (const codec of [0, 1, 2, 3, 4] as const) {
    await append(
      log,
      keyed(
        [
          ['a', `${codec}`],
          [`k${codec}`, long],
          ['b', null],
        ],
        { codec },
      ),
    )
  }
  await roll(log)
  const job = async () => {
    const plan = await measureLog(log, undefined, 0)
    return jobOf(plan, DEFAULT_CLEANER_CONFIG, 1_700_000_000_000, systemRandom)
  }
  return { log, job }
}

describe('a worker', () => {
  it('cleans a log of all codecs, one after the other in the same thread', async () => {
    const { log, job } = await dirtyLog()
    const opened = await log.open()
    for (let i = 0; i < 2; i++) {
      const result = await pool.run(await job(), control(), ({ baseOffset, replaced }) =>
        opened.replaceSegments(baseOffset, replaced),
      )
      expect(result).toMatchObject({ endOffset: 15, stats: { mapRecords: 7, recordsKept: 7 } })
    }
    const long = 'x'.repeat(100)
    const keys = [0, 1, 2, 3, 4].map((i) => `${i * 3 + 1}:k${i}=${long}`)
    expect(await contents(log)).toEqual([...keys.slice(0, 4), '12:a=4', keys[4], '14:b'])
  })

  it('stops when it is told, and leaves nothing behind', async () => {
    const { job } = await dirtyLog()
    const aborted = control()
    aborted.abort()
    const pass = pool.run(await job(), aborted, () => Promise.resolve(true))
    await expect(pass).rejects.toThrow('aborted')
    expect(filesOf(dir).filter((name) => name.endsWith('.cleaned'))).toEqual([])
  })

  it('hands on what the system and the files have to say', async () => {
    const { job } = await dirtyLog()
    const nowhere = { ...(await job()), dir: join(dir.path, 'nowhere') }
    await expect(pool.run(nowhere, control(), () => Promise.resolve(true))).rejects.toMatchObject({
      code: 'ENOENT',
    })
    const whole = await job()
    const cut = { ...whole, segments: whole.segments.map((s) => ({ ...s, sizeBytes: s.sizeBytes - 1 })) }
    await expect(pool.run(cut, control(), () => Promise.resolve(true))).rejects.toMatchObject({
      errorName: 'CORRUPT_MESSAGE',
    })
  })

  it('throws its work away when the log has no use for it', async () => {
    const { job } = await dirtyLog()
    await expect(pool.run(await job(), control(), () => Promise.resolve(false))).rejects.toThrow('aborted')
    expect(filesOf(dir).filter((name) => name.endsWith('.cleaned'))).toEqual([])
  })

  it('ends with an error when the swap does', async () => {
    const { job } = await dirtyLog()
    const swap = () => Promise.reject(new Error('no swap'))
    await expect(pool.run(await job(), control(), swap)).rejects.toThrow('no swap')
  })

  it('that cannot be loaded is an error', async () => {
    const missing = new WorkerPool(pathToFileURL(join(bundle, 'missing.cjs')), systemClock)
    const { job } = await dirtyLog()
    await expect(missing.run(await job(), control(), () => Promise.resolve(true))).rejects.toThrow()
    await missing.close()
  })
})

it('the bundle of the worker is small: it has neither broker nor client', () => {
  const file = join(bundle, 'cleaner-worker.cjs')
  expect(existsSync(file)).toBe(true)
  expect(statSync(file).size).toBeLessThan(150_000)
})
