/** What one append and one fetch cost in a log of ten thousand records and in one of ten million. */
import path from 'node:path'
import { median, number } from './measure.mjs'
import {
  APPEND,
  appendAll,
  GB,
  makeBatch,
  openManager,
  requireSpace,
  ringOf,
  timed,
} from './storage-support.mjs'

const SMALL = 10_000
const LARGE = 10_000_000
const APPENDS = 400
const FETCHES = 400

export async function growthRows(engine, dir, rounds) {
  requireSpace(dir, 3 * GB)
  const manager = await openManager(engine, path.join(dir, 'growth'))
  const batch = makeBatch(engine, 16 * 1024)
  const perBatch = engine.records.recordCount(batch, 0)
  const next = ringOf(engine, batch, 512)
  const cases = []
  for (const count of [SMALL, LARGE]) {
    const log = manager.getOrCreateLog(`growth-${count}`, 0, { topicId: null })
    await appendAll([log], Math.ceil(count / perBatch), 64, next)
    cases.push({ log, appends: [], ends: [], anywhere: [] })
  }
  const read = async (log, offset) => {
    const options = { maxBytes: 65536, upperBoundOffset: log.logEndOffset, minOneMessage: true }
    for (const part of (await log.read(offset, options)).parts) part.release?.()
  }
  for (let round = 0; round <= 5 * rounds; round++) {
    for (const { log, appends, ends, anywhere } of round % 2 === 0 ? cases : cases.toReversed()) {
      const before = log.logEndOffset
      const append = await timed(async () => {
        for (let i = 0; i < APPENDS; i++) await log.appendAsLeader(next(), APPEND)
      })
      const end = await timed(async () => {
        for (let i = 1; i <= FETCHES; i++) await read(log, log.logEndOffset - (i % 50) * perBatch - 1)
      })
      // Places that are not in memory any more, over the whole log.
      const step = Math.floor(before / FETCHES)
      const spread = await timed(async () => {
        for (let i = 0; i < FETCHES; i++) await read(log, i * step)
      })
      await shrink(log, before)
      if (round === 0) continue
      appends.push(append / APPENDS)
      ends.push(end / FETCHES)
      anywhere.push(spread / FETCHES)
    }
  }
  const rows = [['one at a time, us each', '10 thousand', '10 million', 'x', 'at most']]
  for (const [name, kind, limit] of [
    ['append of 16 KB', 'appends', 1.1],
    ['fetch at the end of the log', 'ends', 1.1],
    ['fetch at any place', 'anywhere', 1.1],
  ]) {
    const [small, large] = cases.map((one) => median(one[kind]) * 1000)
    rows.push([name, number(small, 1), number(large, 1), number(large / small, 2), limit])
  }
  await manager.shutdown()
  return rows
}

/** So that the small log stays small. */
async function shrink(log, offset) {
  if (offset < LARGE) await log.truncateTo(offset)
}
