import { expect, it } from 'vitest'
import { type Random, seededRandom } from '../../src/base/random.ts'
import { readAllRecords } from '../../src/records/index.ts'
import type { Log, LogManager } from '../../src/storage/index.ts'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { batchOf, LEADER, newLog, readRaw, TestDir } from './support.ts'

/** What the log must hold: by offset, from `start` on. */
interface Model {
  start: number
  values: string[]
}

const RUNS = 12
const STEPS = 60

/** Any mix of appends, reads, truncations, retention, full disks, restarts and kills leaves what the model says. */
it.each(Array.from({ length: RUNS }, (_, i) => 1000 + i))(
  'behaves as a list of values does (seed %i)',
  async (seed) => {
    const random = seededRandom(seed)
    const dir = new TestDir()
    const fs = new FailingFileSystem()
    const setup = {
      fs,
      config: {
        segmentBytes: 600 + random.int(2000),
        indexIntervalBytes: 50 + random.int(400),
        fileDeleteDelayMs: 0,
      },
      tuning: { tailPerLogBytes: random.int(3) * 500, tailBudgetBytes: 2000 },
    }
    const model: Model = { start: 0, values: [] }
    try {
      let opened: { manager: LogManager; log: Log } = await newLog(dir, setup)
      for (let step = 0; step < STEPS; step++) {
        const { log, manager } = opened
        const dice = random.int(20)
        if (dice < 11) await appendSome(log, model, fs, random, `${seed}-${step}`)
        else if (dice < 13) await truncate(log, model, random)
        else if (dice < 14) await moveStart(log, model, random)
        else if (dice < 16) {
          if (random.int(2) === 0) await manager.shutdown()
          else {
            // As after a kill, a minute after the last DeleteRecords.
            await log.flush()
            await manager.checkpointLogStartOffsets()
          }
          opened = await newLog(dir, setup)
          if (random.int(2) === 0) await opened.log.open()
        } else await readSome(log, model, random)
        const end = model.start + model.values.length
        const { logStartOffset, logEndOffset } = opened.log
        expect({ logStartOffset, logEndOffset }, `seed ${seed}, step ${step}, dice ${dice}`).toEqual({
          logStartOffset: model.start,
          logEndOffset: end,
        })
      }
      await readSome(opened.log, model, random)
    } finally {
      dir.remove()
    }
  },
)

async function appendSome(
  log: Log,
  model: Model,
  fs: FailingFileSystem,
  random: Random,
  name: string,
): Promise<void> {
  const batches = Array.from({ length: 1 + random.int(6) }, (_, i) =>
    Array.from({ length: 1 + random.int(4) }, (_, k) => `${name}-${i}-${k}-${'x'.repeat(random.int(60))}`),
  )
  // Opened first, so that the rule meets a batch and not the making of files.
  await log.open()
  if (random.int(6) === 0) fs.failNext('write', /\.log$/, 'ENOSPC', { writtenBytes: random.int(200) })
  const results = await Promise.allSettled(batches.map((batch) => log.appendAsLeader(batchOf(batch), LEADER)))
  for (const [i, result] of results.entries()) {
    if (result.status === 'rejected') continue
    const at = result.value.firstOffset - model.start
    for (const [k, value] of (batches[i] ?? []).entries()) model.values[at + k] = value
  }
}

async function truncate(log: Log, model: Model, random: Random): Promise<void> {
  // Only to where a batch begins: that is where replicas truncate to.
  const offset = model.start + random.int(model.values.length + 1)
  await log.open()
  const raw = offset < log.logEndOffset ? await readRaw(log, offset) : Buffer.alloc(0)
  const first = [...readAllRecords(raw)][0]?.offset ?? offset
  if (first < model.start) return
  await log.truncateTo(first)
  model.values.length = first - model.start
}

async function moveStart(log: Log, model: Model, random: Random): Promise<void> {
  await log.open()
  log.updateHighWatermark(log.logEndOffset)
  const offset = model.start + random.int(model.values.length + 1)
  await log.incrementLogStartOffset(offset)
  await log.deleteOldSegments()
  model.values.splice(0, offset - model.start)
  model.start = offset
}

async function readSome(log: Log, model: Model, random: Random): Promise<void> {
  const end = model.start + model.values.length
  for (let at = model.start + random.int(model.values.length + 1); at < end; ) {
    const raw = await readRaw(log, at, { maxBytes: 1 + random.int(3000) })
    const records = [...readAllRecords(raw)].filter((record) => record.offset >= at)
    expect(records.map((r) => String(r.value))).toEqual(
      model.values.slice(at - model.start, at - model.start + records.length),
    )
    at = (records.at(-1)?.offset ?? Number.NaN) + 1
  }
}
