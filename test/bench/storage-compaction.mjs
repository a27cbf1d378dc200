/** Compaction of 1 GB with ten million keys, and what producers of another log notice of it. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { median, number } from './measure.mjs'
import {
  APPEND,
  appendAll,
  GB,
  loadEngine,
  MB,
  makeBatch,
  openManager,
  requireSpace,
  ringOf,
} from './storage-support.mjs'

const KEYS = 10_000_000
const RECORDS = 12_500_000
const SEGMENT_BYTES = 128 * MB
const VALUE_BYTES = 60
/** Between two appends of 16 KB to the other log. */
const PACE_MS = 2
const QUIET_MS = 4000

/** In a process of its own, for its memory. */
export async function compactionRows(_engine, dir, _rounds, engineFile) {
  requireSpace(dir, 3 * GB)
  const args = [fileURLToPath(import.meta.url), engineFile, path.join(dir, 'compaction')]
  const child = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(`the child failed: ${child.stderr}`)
  const { passes, megabytesBefore, peakMegabytes, quietMs, busyMs } = JSON.parse(child.stdout)
  const sum = (field) => passes.reduce((total, pass) => total + pass[field], 0)
  const seconds = (ms) => number(ms / 1000, 1)
  const rows = [
    [`compaction, ${number(RECORDS / 1e6, 1)} million records, ${number(KEYS / 1e6)} million keys`, ''],
  ]
  const elapsed = sum('elapsedMs')
  rows.push([`seconds in ${passes.length} passes, as many as the map of 128 MB needs`, seconds(elapsed)])
  for (const [name, field] of [
    ['reading', 'readMs'],
    ['checksums and keys into the map', 'mapMs'],
    ['checksums, keys looked up, records copied', 'filterMs'],
    ['writing and syncing', 'writeMs'],
  ]) {
    rows.push([`  of it ${name}`, seconds(sum(field))])
  }
  rows.push(['MB/s read', number((sum('bytesRead') + sum('mapBytesRead')) / 1e3 / elapsed)])
  rows.push(['MB resident at most, before', `${number(peakMegabytes)}, ${number(megabytesBefore)}`])
  rows.push(['append of 16 KB beside it, p99 ms', `${number(busyMs, 2)}, alone ${number(quietMs, 2)}`])
  rows.push(['x, at most 2', number(busyMs / quietMs, 2)])
  return rows
}

async function child(engineFile, data) {
  const engine = await loadEngine(engineFile)
  const manager = await openManager(engine, data, {
    loadTopicConfig: (topic) =>
      topic === 'compact'
        ? { cleanupPolicy: ['compact'], segmentBytes: SEGMENT_BYTES, minCleanableDirtyRatio: 0.01 }
        : {},
  })
  const log = manager.getOrCreateLog('compact', 0, { topicId: null })
  await fill(engine, log)
  log.updateHighWatermark(log.logEndOffset)
  const other = manager.getOrCreateLog('other', 0, { topicId: null })
  const next = ringOf(engine, makeBatch(engine, 16 * 1024), 512)
  const before = await producing(other, next, () => pause(QUIET_MS))
  const megabytesBefore = process.memoryUsage.rss() / MB
  const during = await producing(other, next, () => manager.cleanLogs())
  const after = await producing(other, next, () => pause(QUIET_MS))
  const passes = during.result.map(({ stats, elapsedMs, endOffset }) => ({ ...stats, elapsedMs, endOffset }))
  const last = passes.at(-1)
  if (last?.recordsKept !== Math.min(last?.endOffset, KEYS))
    throw new Error('compaction kept the wrong records')
  await manager.shutdown()
  console.log(
    JSON.stringify({
      passes,
      megabytesBefore,
      peakMegabytes: during.peakMegabytes,
      quietMs: p99([...before.latencies, ...after.latencies]),
      busyMs: p99(during.latencies),
    }),
  )
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** The 99th percentile of each second, and of those the median: what else the machine does comes in bursts. */
function p99(latencies) {
  const perSecond = 1000 / PACE_MS
  const seconds = Array.from({ length: Math.floor(latencies.length / perSecond) }, (_, i) =>
    latencies.slice(i * perSecond, (i + 1) * perSecond).sort((x, y) => x - y),
  )
  return median(seconds.map((second) => second[Math.floor(second.length * 0.99)]))
}

/** Appends at a steady pace while `work` goes on. */
async function producing(log, next, work) {
  const latencies = []
  let peakMegabytes = 0
  const timer = setInterval(() => {
    const start = performance.now()
    void log.appendAsLeader(next(), APPEND).then(() => latencies.push(performance.now() - start))
    peakMegabytes = Math.max(peakMegabytes, process.memoryUsage.rss() / MB)
  }, PACE_MS)
  const result = await work()
  clearInterval(timer)
  return { result, latencies, peakMegabytes }
}

/** Batches of 16 KB that are made once; each time only the keys and the checksum are new. */
async function fill(engine, log) {
  const { records } = engine
  const builder = new records.BatchBuilder({ sizeLimitBytes: 16 * 1024 })
  while (
    builder.append(Date.now(), Buffer.alloc(16, 'user-record-key-'), Buffer.alloc(VALUE_BYTES, 'value '))
  );
  const template = builder.build()
  const keysAt = [...records.readRecords(template, 0)].map(
    (record) => record.key.byteOffset - template.byteOffset,
  )
  const fresh = ringOf(engine, template, 512)
  let key = 0
  const next = () => {
    const batch = fresh()
    for (const at of keysAt) batch.writeUInt32BE(key++ % KEYS, at + 12)
    batch.writeUInt32BE(records.computeCrc(batch, 0), 17)
    return batch
  }
  await appendAll([log], Math.ceil(RECORDS / keysAt.length), 32, next)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [engineFile, data] = process.argv.slice(2)
  await child(engineFile, data)
}
