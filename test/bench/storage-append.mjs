/** Appends through the log layer, beside `dd` plus a pass of CRC-32C over the same bytes. */
import { rmSync } from 'node:fs'
import path from 'node:path'
import { median, number } from './measure.mjs'
import {
  appendAll,
  dd,
  GB,
  MB,
  makeBatch,
  openManager,
  requireSpace,
  ringOf,
  stallDuring,
  timed,
} from './storage-support.mjs'

const ROUND_BYTES = 256 * MB
/** Appends outstanding in one log: five requests of each of a few producers. */
const LANES = 32

const CASES = [
  { sizeBytes: 16 * 1024, logs: 1, limit: 70 },
  { sizeBytes: 16 * 1024, logs: 3, limit: 70 },
  { sizeBytes: 64 * 1024, logs: 1, limit: 80 },
  { sizeBytes: 64 * 1024, logs: 3, limit: 80 },
  { sizeBytes: 256 * 1024, logs: 1, limit: 80 },
  { sizeBytes: 1024 * 1024, logs: 1, limit: 80 },
]

export async function appendRows(engine, dir, rounds) {
  requireSpace(dir, 2 * GB)
  const manager = await openManager(engine, path.join(dir, 'append'))
  const rows = [['append, batches of 100-byte records', 'limit MB/s', 'kcli MB/s', '% of limit', 'at least']]
  let topic = 0
  for (const { sizeBytes, logs: logCount, limit } of CASES) {
    const batch = makeBatch(engine, sizeBytes)
    const count = Math.floor(ROUND_BYTES / batch.length)
    const next = ringOf(engine, batch, Math.max(2 * LANES * logCount, Math.ceil((4 * MB) / batch.length)))
    const [limits, ours] = [[], []]
    for (let round = 0; round <= rounds; round++) {
      const file = path.join(dir, 'dd')
      const write = dd('/dev/zero', file, sizeBytes, count)
      rmSync(file)
      const check = await timed(() => {
        for (let i = 0; i < count; i++) engine.crc32c(next())
      })
      const names = Array.from({ length: logCount }, () => `append-${topic++}`)
      const logs = names.map((name) => manager.getOrCreateLog(name, 0, { topicId: null }))
      await Promise.all(logs.map((log) => log.open()))
      const ms = await timed(() => appendAll(logs, count, LANES, next))
      for (const name of names) manager.deleteLog(name, 0)
      // The first round warms up the machine and the code.
      if (round === 0) continue
      limits.push(write + check)
      ours.push(ms)
    }
    const bytes = count * batch.length
    const rate = (ms) => bytes / 1e6 / (ms / 1000)
    const ratio = (100 * median(limits)) / median(ours)
    const name = `${sizeBytes / 1024} KB, ${logCount} log${logCount > 1 ? 's' : ''}`
    rows.push([name, number(rate(median(limits))), number(rate(median(ours))), number(ratio), limit])
  }
  await manager.shutdown()
  return rows
}

export async function stallRow(engine, dir, bytes) {
  requireSpace(dir, 2 * bytes)
  const manager = await openManager(engine, path.join(dir, 'stall'))
  const batch = makeBatch(engine, 64 * 1024)
  const next = ringOf(engine, batch, 6 * LANES)
  const names = ['stall-0', 'stall-1', 'stall-2']
  const logs = names.map((name) => manager.getOrCreateLog(name, 0, { topicId: null }))
  const { ms, longestMs, p99Ms } = await stallDuring(() =>
    appendAll(logs, Math.floor(bytes / batch.length), LANES, next),
  )
  for (const name of names) manager.deleteLog(name, 0)
  await manager.shutdown()
  return { ms, longestMs, p99Ms }
}
