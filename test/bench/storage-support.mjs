/** What the storage benches share: the engine from the sources, batches, `dd`, and a look at the event loop. */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync, statfsSync } from 'node:fs'
import path from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const ENGINE = `
export { systemClock } from './src/base/clock.ts'
export { crc32c } from './src/base/crc32c.ts'
export { silentLogger } from './src/base/logger.ts'
export { nodeFileSystem } from './src/base/node-file-system.ts'
export { seededRandom } from './src/base/random.ts'
export * as records from './src/records/index.ts'
export { DEFAULT_LOG_CONFIG, LogManager } from './src/storage/index.ts'
`

export const MB = 1024 * 1024
export const GB = 1024 * MB
export const APPEND = { leaderEpoch: 0, origin: 'client' }

/** The storage engine in one file; inside the repository, so that the packages with native code are found. */
export async function bundleEngine(repository) {
  const cache = path.join(repository, '.cache')
  mkdirSync(cache, { recursive: true })
  const dir = mkdtempSync(path.join(cache, 'bench-engine-'))
  const options = {
    bundle: true,
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  }
  const file = path.join(dir, 'engine.mjs')
  await build({
    ...options,
    stdin: { contents: ENGINE, resolveDir: repository, loader: 'ts' },
    format: 'esm',
    outfile: file,
  })
  // Where the engine looks for it, as in the package.
  await build({
    ...options,
    entryPoints: [path.join(repository, 'src', 'storage', 'cleaner', 'worker-main.ts')],
    format: 'cjs',
    outfile: path.join(dir, 'cleaner-worker.cjs'),
  })
  return { file, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

export const loadEngine = (file) => import(pathToFileURL(file).href)

export function openManager(engine, dir, { config, logger, ...options } = {}) {
  return engine.LogManager.open({
    fs: engine.nodeFileSystem,
    clock: engine.systemClock,
    logger: logger ?? engine.silentLogger,
    random: engine.seededRandom(1),
    logDirs: [dir],
    brokerId: 1,
    clusterId: 'storage-bench',
    defaults: { ...engine.DEFAULT_LOG_CONFIG, fileDeleteDelayMs: 0, maxMessageBytes: 16 * MB, ...config },
    loadTopicConfig: () => ({}),
    ...options,
  })
}

/** A batch of records with values of 100 bytes that fits into `sizeBytes`, as a producer with that `batch.size` makes it. */
export function makeBatch(engine, sizeBytes, { codec = 'none', nowMs = Date.now() } = {}) {
  const builder = new engine.records.BatchBuilder({
    codec: engine.records.codecIdByName(codec),
    sizeLimitBytes: sizeBytes,
    estimatedRatio: 1,
  })
  const value = Buffer.alloc(100)
  for (let i = 0; ; i++) {
    // Half of it says nothing new, as in most logs.
    value.write(`user=${i % 97} action=view page=/products/${i % 31} status=200 agent=Mozilla/5.0 `)
    for (let at = 76; at < 100; at++) value[at] = 33 + ((i * 7919 + at * 104729 + ((i * at) % 251)) % 90)
    if (!builder.append(nowMs + (i >> 6), null, value)) break
  }
  return builder.build()
}

/** Copies of the batch, each a buffer of its own as a frame from the network is. They are used again in turn. */
export function ringOf(engine, batch, count) {
  const ring = Array.from({ length: count }, () => {
    const own = Buffer.from(new ArrayBuffer(batch.length))
    batch.copy(own)
    return own
  })
  let at = 0
  return () => {
    const next = ring[at++ % count]
    engine.records.setBaseOffset(next, 0, 0)
    return next
  }
}

/** `lanes` appends are outstanding in each log until `count` are done. */
export async function appendAll(logs, count, lanes, next) {
  let left = count
  const lane = async (log) => {
    while (left-- > 0) await log.appendAsLeader(next(), APPEND)
  }
  await Promise.all(logs.flatMap((log) => Array.from({ length: lanes }, () => lane(log))))
}

/** Milliseconds that `dd` says it took. */
export function dd(from, to, blockBytes, count) {
  const args = [`if=${from}`, `of=${to}`, `bs=${blockBytes}`, `count=${count}`]
  const result = spawnSync('dd', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
  const seconds = /([\d.e+-]+) s,/.exec(result.stderr)?.[1]
  if (result.status !== 0 || seconds === undefined)
    throw new Error(`dd ${args.join(' ')} failed: ${result.stderr}`)
  return Number(seconds) * 1000
}

export async function timed(work) {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/**
 * Watches the event loop while `work` runs: how late a timer of 1 ms came at worst, and how much of that the loop's
 * thread did not spend waiting for a free processor (on Linux), which is what a busy machine adds.
 */
export async function stallDuring(work) {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  const schedule = openSchedule()
  let last = performance.now()
  let lastWait = schedule.waitedMs()
  let longestMs = 0
  let longestOwnMs = 0
  const probe = setInterval(() => {
    const [now, wait] = [performance.now(), schedule.waitedMs()]
    longestMs = Math.max(longestMs, now - last - 1)
    longestOwnMs = Math.max(longestOwnMs, now - last - 1 - (wait - lastWait))
    last = now
    lastWait = wait
  }, 1)
  histogram.enable()
  const ms = await timed(work)
  histogram.disable()
  clearInterval(probe)
  schedule.close()
  const p99Ms = Math.max(0, histogram.percentile(99) / 1e6 - 1)
  return { ms, longestMs: Math.max(longestMs, histogram.max / 1e6 - 1), longestOwnMs, p99Ms }
}

/** How long the main thread has been runnable without a processor to run on. */
function openSchedule() {
  let fd
  try {
    fd = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
  } catch {
    return { waitedMs: () => 0, close: () => undefined }
  }
  const bytes = Buffer.alloc(100)
  return {
    waitedMs: () => Number(bytes.latin1Slice(0, readSync(fd, bytes, 0, 100, 0)).split(' ')[1]) / 1e6,
    close: () => closeSync(fd),
  }
}

export function requireSpace(dir, bytes) {
  const { bavail, bsize } = statfsSync(dir)
  if (bavail * bsize < bytes)
    throw new Error(`${dir} has ${Math.floor((bavail * bsize) / MB)} MB, ${bytes / MB} are needed`)
}
