/** Appends through the log layer, beside `dd` plus a pass of CRC-32C over the same bytes. */
import { rmSync } from 'node:fs'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
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
const STALL_BYTES = 4 * GB
/** Appends outstanding in one log: a few producers with five requests each, of large batches some megabytes. */
const LANES = 32
const lanesOf = (sizeBytes) => Math.max(8, Math.min(LANES, (4 * MB) / sizeBytes))

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
  const appends = CASES.map((one) => appendCase(engine, manager, one))
  for (let round = 0; round <= rounds; round++) {
    for (const one of appends) {
      const limitMs = limitOnce(engine, dir, one)
      const ms = await one.run()
      // The first round warms up the machine and the code.
      if (round === 0) continue
      one.limits.push(limitMs)
      one.times.push(ms)
    }
  }
  await manager.shutdown()
  const rows = [['append, batches of 100-byte records', 'limit MB/s', 'kcli MB/s', '% of limit', 'at least']]
  for (const { sizeBytes, logs, limit, limits, times, rate } of appends) {
    const [limitMs, ms] = [median(limits), median(times)]
    const name = `${sizeBytes / 1024} KB, ${logs} log${logs > 1 ? 's' : ''}`
    rows.push([name, number(rate(limitMs)), number(rate(ms)), number((100 * limitMs) / ms), limit])
  }
  return rows
}

/** Compressed batches are decompressed to look at their records: what that costs, by the records inside. */
export async function codecRows(engine, dir, rounds) {
  const manager = await openManager(engine, path.join(dir, 'codec'))
  const cases = ['none', 'lz4', 'zstd'].map((codec) => {
    return { codec, ...appendCase(engine, manager, { sizeBytes: 64 * 1024, logs: 1, codec }) }
  })
  for (let round = 0; round <= rounds; round++) {
    for (const one of cases) {
      const ms = await one.run()
      if (round > 0) one.times.push(ms)
    }
  }
  await manager.shutdown()
  const rows = [['append, 64 KB of records in a batch', 'KB stored', 'million records/s']]
  for (const { codec, batch, count, times } of cases) {
    const records = count * engine.records.recordCount(batch, 0)
    rows.push([codec, number(batch.length / 1024), number(records / 1000 / median(times), 1)])
  }
  return rows
}

let topics = 0

function appendCase(engine, manager, { sizeBytes, logs, limit, codec }) {
  const batch = makeBatch(engine, sizeBytes, { codec })
  const count = Math.floor(ROUND_BYTES / makeBatch(engine, sizeBytes).length)
  const lanes = lanesOf(sizeBytes)
  const next = ringOf(engine, batch, Math.max(2 * lanes * logs, Math.ceil((4 * MB) / batch.length)))
  const run = async () => {
    const names = Array.from({ length: logs }, () => `append-${topics++}`)
    const opened = names.map((name) => manager.getOrCreateLog(name, 0, { topicId: null }))
    await Promise.all(opened.map((log) => log.open()))
    const ms = await timed(() => appendAll(opened, count, lanes, next))
    for (const name of names) manager.deleteLog(name, 0)
    return ms
  }
  const rate = (ms) => (count * batch.length) / 1000 / ms
  return { sizeBytes, logs, limit, batch, count, next, run, rate, limits: [], times: [] }
}

/** `dd` with blocks of the same size, and a pass of CRC-32C over the same bytes. */
function limitOnce(engine, dir, { sizeBytes, count, next }) {
  const file = path.join(dir, 'dd')
  const writeMs = dd('/dev/zero', file, sizeBytes, count)
  rmSync(file)
  const start = performance.now()
  for (let i = 0; i < count; i++) engine.crc32c(next())
  return writeMs + performance.now() - start
}

/** Writes more than the kernel lets lie unwritten, with rolls and the flushes behind them. */
export async function stallRows(engine, dir) {
  requireSpace(dir, 2 * STALL_BYTES)
  const manager = await openManager(engine, path.join(dir, 'stall'))
  const batch = makeBatch(engine, 64 * 1024)
  const next = ringOf(engine, batch, 6 * LANES)
  const names = ['stall-0', 'stall-1', 'stall-2']
  const logs = names.map((name) => manager.getOrCreateLog(name, 0, { topicId: null }))
  const count = Math.floor(STALL_BYTES / batch.length)
  const { ms, longestMs, longestOwnMs, p99Ms } = await stallDuring(() => appendAll(logs, count, LANES, next))
  for (const name of names) manager.deleteLog(name, 0)
  await manager.shutdown()
  return [
    [
      `stalls of the event loop, ${STALL_BYTES / GB} GB to 3 logs at ${number(STALL_BYTES / 1000 / ms)} MB/s`,
      'ms',
      'at most',
    ],
    ['longest', number(longestMs, 1), 20],
    ['longest, less the time without a processor', number(longestOwnMs, 1), 20],
    ['p99', number(p99Ms, 1), ''],
  ]
}
