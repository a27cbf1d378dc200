import { expect, it } from 'vitest'
import { type Random, seededRandom } from '../../src/base/random.ts'
import { readAllRecords } from '../../src/records/index.ts'
import type { Log, LogManager } from '../../src/storage/index.ts'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'
import { contentOf } from './crash/check.ts'
import { batchOf, LEADER, newLog, readRaw, TestDir } from './support.ts'

/** What the log must hold: by offset, from `start` on. */
interface Model {
  start: number
  values: string[]
}

const RUNS = 12
const STEPS = 60

/**
 * Any mix of appends, reads, truncations, retention, DeleteRecords, full disks, restarts, kills and power failures leaves
 * what the model says.
 */
it.each(Array.from({ length: RUNS }, (_, i) => 1000 + i))(
  'behaves as a list of values does (seed %i)',
  async (seed) => {
    const random = seededRandom(seed)
    const dir = new TestDir()
    let disk = new MemoryFileSystem()
    let fs = new FailingFileSystem(disk)
    const setup = {
      config: {
        segmentBytes: 600 + random.int(2000),
        indexIntervalBytes: 50 + random.int(400),
        fileDeleteDelayMs: 0,
      },
      tuning: { tailPerLogBytes: random.int(3) * 500, tailBudgetBytes: 2000 },
    }
    const model: Model = { start: 0, values: [] }
    try {
      let opened: { manager: LogManager; log: Log } = await newLog(dir, { ...setup, fs })
      for (let step = 0; step < STEPS; step++) {
        const { log, manager } = opened
        const dice = random.int(22)
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
          opened = await newLog(dir, { ...setup, fs })
          if (random.int(2) === 0) await opened.log.open()
        } else if (dice === 20) await deleteOld(log, model, random)
        else if (dice === 21) {
          disk = await crash(opened, model, disk, random, `${seed}-${step}`)
          fs = new FailingFileSystem(disk)
          opened = await newLog(dir, { ...setup, fs })
          await adopt(opened.log, model)
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

/** Appends until everything stops; what was acknowledged, or flushed when the power fails, is in the model then. */
async function crash(
  { log, manager }: { manager: LogManager; log: Log },
  model: Model,
  disk: MemoryFileSystem,
  random: Random,
  name: string,
): Promise<MemoryFileSystem> {
  await log.open()
  await log.flush()
  await manager.checkpointLogStartOffsets()
  disk.stopAt(disk.changes.length + random.int(8), 'half')
  const isKill = random.int(2) === 0
  for (let i = 0; i < 20 && !disk.hasStopped; i++) {
    const value = `${name}-${i}`
    const info = await log.appendAsLeader(batchOf([value]), LEADER).catch(() => undefined)
    if (info !== undefined && isKill) model.values[info.firstOffset - model.start] = value
  }
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
  return isKill ? disk.restarted() : disk.afterPowerFailure(random)
}

/**
 * All of the model is there. Behind it lies what was not acknowledged, or not flushed: it may be there or not. After a
 * power failure what was deleted may be back, and what was not flushed may have holes: that is put right here.
 */
async function adopt(log: Log, model: Model): Promise<void> {
  await log.open()
  const { values } = await contentOf(log)
  const found = model.values.map((_, i) => values.get(model.start + i))
  expect(found).toEqual(model.values)
  let end = model.start + model.values.length
  for (let next = values.get(end); next !== undefined; next = values.get(++end)) model.values.push(next)
  if (model.values.length === 0) await log.truncateFullyAndStartAt(model.start)
  else if (end < log.logEndOffset) await log.truncateTo(end)
  log.updateHighWatermark(end)
  await log.incrementLogStartOffset(model.start)
}

async function deleteOld(log: Log, model: Model, random: Random): Promise<void> {
  await log.open()
  log.updateHighWatermark(log.logEndOffset)
  const before = log.config
  log.updateConfig({ ...before, retentionBytes: random.int(log.sizeBytes() + 1) })
  await log.deleteOldSegments()
  log.updateConfig(before)
  expect(log.logStartOffset).toBeGreaterThanOrEqual(model.start)
  model.values.splice(0, log.logStartOffset - model.start)
  model.start = log.logStartOffset
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
