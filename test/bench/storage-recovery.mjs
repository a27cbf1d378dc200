/** Starts: a directory of 1,000 partitions after a clean stop, and 1 GB of log after a crash. */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { median, number } from './measure.mjs'
import {
  APPEND,
  appendAll,
  GB,
  loadEngine,
  makeBatch,
  openManager,
  requireSpace,
  ringOf,
  timed,
} from './storage-support.mjs'

const PARTITIONS = 1000
const LIMIT_MS = 1500
const LIMIT_MB = 100

/** In a process of its own: only then its memory is that of the logs. */
export async function openRows(engine, dir, rounds, engineFile) {
  const data = path.join(dir, 'open')
  const manager = await openManager(engine, data)
  const batch = makeBatch(engine, 1024)
  const next = ringOf(engine, batch, 2 * PARTITIONS)
  const logs = Array.from({ length: PARTITIONS }, (_, i) =>
    manager.getOrCreateLog('open', i, { topicId: null }),
  )
  await Promise.all(logs.map((log) => log.appendAsLeader(next(), APPEND)))
  await manager.shutdown()
  const opens = { asleep: [], used: [] }
  for (let round = 0; round < rounds; round++) {
    for (const kind of Object.keys(opens)) {
      const args = [fileURLToPath(import.meta.url), engineFile, data, kind]
      const child = spawnSync(process.execPath, args, { encoding: 'utf8' })
      if (child.status !== 0) throw new Error(`the child failed: ${child.stderr}`)
      opens[kind].push(JSON.parse(child.stdout))
    }
  }
  const rows = [[`${number(PARTITIONS)} partitions after a clean stop`, 'ms', 'MB resident', 'at most']]
  for (const [kind, name] of [
    ['asleep', 'start'],
    ['used', 'start, and a fetch and an append in each'],
  ]) {
    const of = (field) => median(opens[kind].map((one) => one[field]))
    rows.push([name, number(of('ms')), number(of('megabytes')), `${LIMIT_MS} ms, ${LIMIT_MB} MB`])
  }
  return rows
}

async function child(engineFile, data, kind) {
  const engine = await loadEngine(engineFile)
  let manager
  const ms = await timed(async () => {
    manager = await openManager(engine, data)
    if (kind === 'asleep') return
    const batch = makeBatch(engine, 1024)
    for (let i = 0; i < PARTITIONS; i++) {
      const log = manager.getLog('open', i)
      const upperBoundOffset = log.logEndOffset
      const read = await log.read(0, { maxBytes: 65536, upperBoundOffset, minOneMessage: true })
      for (const part of read.parts) part.release?.()
      await log.appendAsLeader(Buffer.from(batch), APPEND)
    }
  })
  console.log(JSON.stringify({ ms, megabytes: process.memoryUsage.rss() / (1024 * 1024) }))
  await manager.shutdown()
}

export async function recoveryRows(engine, dir, rounds) {
  requireSpace(dir, 3 * GB)
  const rows = [['1 GB of log after a crash', 'CRC-32C alone, ms', 'recovery, ms', 'x', 'at most']]
  for (const logCount of [1, 4]) {
    const data = path.join(dir, `recovery-${logCount}`)
    const manager = await openManager(engine, data)
    const batch = makeBatch(engine, 16 * 1024)
    const next = ringOf(engine, batch, 512)
    const count = Math.floor(GB / batch.length)
    const logs = Array.from({ length: logCount }, (_, i) => manager.getOrCreateLog('r', i, { topicId: null }))
    // Each log has buffers of its own: one that falls behind would still have some to write that the others had taken again.
    const share = Math.floor(count / logCount)
    await Promise.all(logs.map((log) => appendAll([log], share, 32, ringOf(engine, batch, 512))))
    const [checks, recoveries] = [[], []]
    for (let round = 0; round <= rounds; round++) {
      const check = await timed(() => {
        for (let i = 0; i < count; i++) engine.crc32c(next())
      })
      let recovered
      // Nobody closed the logs, so each start finds them as after a kill.
      const recovery = await timed(async () => {
        recovered = await openManager(engine, data)
      })
      const found = Array.from(logs, (_, i) => recovered.getLog('r', i).logEndOffset)
      if (found.some((end, i) => end !== logs[i].logEndOffset)) throw new Error('recovery lost records')
      if (round === 0) continue
      checks.push(check)
      recoveries.push(recovery)
    }
    const [check, recovery] = [median(checks), median(recoveries)]
    const name = `${logCount} log${logCount > 1 ? 's' : ''}`
    rows.push([name, number(check), number(recovery), number(recovery / check, 1), 2])
    rmSync(data, { recursive: true, force: true })
  }
  return rows
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [engineFile, data, kind] = process.argv.slice(2)
  await child(engineFile, data, kind)
}
