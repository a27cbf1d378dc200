import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CliResult, finished, runCli, startCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PRODUCERS = 10
const LINES = 2000

interface ProducerProcess {
  readonly name: string
  readonly pid: number
  readonly result: Promise<CliResult>
}

/** A `kcli produce` that is given its lines little by little, so that all of them are at work at the same time. */
function startProducer(name: string, env: Record<string, string>): ProducerProcess {
  const child = startCli(['produce', 'orders'], { env })
  const result = finished(child)
  child.stdin?.on('error', () => undefined)
  let next = 0
  const timer = setInterval(() => {
    const lines = Array.from({ length: 20 }, () => `${name}-${next++} some text behind it`)
    child.stdin?.write(`${lines.join('\n')}\n`)
    if (next < LINES) return
    clearInterval(timer)
    child.stdin?.end()
  }, 10)
  result.finally(() => clearInterval(timer))
  return { name, pid: child.pid ?? -1, result }
}

function servingPid(dataDir: string): number | undefined {
  try {
    return (JSON.parse(fs.readFileSync(path.join(dataDir, 'server.json'), 'utf8')) as { pid: number }).pid
  } catch {
    return undefined
  }
}

/** Kills the process that serves the directory, as soon as it is another one than those killed before. */
async function killHost(dataDir: string, killed: Set<number>, pids: readonly number[]): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const pid = servingPid(dataDir)
    if (pid !== undefined && pids.includes(pid) && !killed.has(pid)) {
      killed.add(pid)
      process.kill(pid, 'SIGKILL')
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('ten producers on one directory', () => {
  it('lose and repeat nothing when the serving process is killed, and killed again', async () => {
    const dataDir = path.join(temporaryDirectory(), 'data')
    const env = { KCLI_DATA_DIR: dataDir }
    const created = await runCli(
      ['topics', 'create', 'orders', '--partitions', '3', '--replication-factor', '3'],
      { env },
    )
    expect(created.code).toBe(0)
    const producers = Array.from({ length: PRODUCERS }, (_, index) => startProducer(`p${index}`, env))
    const pids = producers.map((producer) => producer.pid)
    const killed = new Set<number>()
    await new Promise((resolve) => setTimeout(resolve, 400))
    await killHost(dataDir, killed, pids)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await killHost(dataDir, killed, pids)
    const results = await Promise.all(producers.map((producer) => producer.result))
    expect(killed.size).toBeGreaterThan(0)

    const consumed = await runCli(['consume', 'orders'], { env })
    expect(consumed.stderr).toBe('')
    const counts = new Map<string, number>()
    for (const line of consumed.stdout.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1)
    const repeated = [...counts].filter(([line, count]) => line !== '' && count > 1)
    expect(repeated, 'lines that are there more than once').toEqual([])
    for (const [index, producer] of producers.entries()) {
      if (killed.has(producer.pid)) continue
      const result = results[index]
      expect([producer.name, result?.code, result?.stderr.split('\n')[0]]).toEqual([
        producer.name,
        0,
        expect.stringContaining(`Produced ${LINES} records`),
      ])
      const missing = Array.from(
        { length: LINES },
        (_, line) => `${producer.name}-${line} some text behind it`,
      ).filter((line) => !counts.has(line))
      expect(missing, `lines of ${producer.name} that are gone`).toEqual([])
    }
    for (const partition of [0, 1, 2]) {
      const [first, ...others] = [0, 1, 2].map((broker) =>
        fs.readFileSync(
          path.join(dataDir, `broker-${broker}`, `orders-${partition}`, '00000000000000000000.log'),
        ),
      )
      for (const other of others)
        expect(other.equals(first ?? Buffer.alloc(0)), `replicas of orders-${partition}`).toBe(true)
    }
  })
})
