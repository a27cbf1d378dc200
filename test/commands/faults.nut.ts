import type { ChildProcess } from 'node:child_process'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-faults')
const running = new Set<ChildProcess>()
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  directory.remove()
})

interface Change {
  readonly event: string
  readonly id?: number
  readonly state?: string
  readonly topic?: string
  readonly leader?: number
  readonly isr?: number[]
  readonly highWatermark?: number | null
  readonly path?: string
}

const SESSION = ['--session-timeout', '300']

async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 15_000
  while (!isSo() && performance.now() < deadlineMs) await delay(20)
}

describe('kcli cluster kill, pause, partition', () => {
  const dataDir = path.join(directory.path, 'data')
  const env = { KCLI_DATA_DIR: dataDir }
  const kcli = (...args: string[]) => runCli(args, { env })
  const start = (...args: string[]) => {
    const child = startCli(args, { env })
    running.add(child)
    return child
  }
  const status = async () => JSON.parse((await kcli('cluster', 'status', '--partitions', '--json')).stdout)

  it('says that no server runs, or that a command does', async () => {
    const result = await kcli('cluster', 'kill', '1')
    expect(result).toMatchObject({ code: 1, stdout: '' })
    expect(result.stderr).toBe(
      `kcli: no server runs on ${dataDir}: its brokers are not there\nStart them in another terminal: kcli cluster start\n`,
    )
    expect(await kcli('cluster', 'kill', 'x')).toMatchObject({ code: 2 })
    expect(await kcli('cluster', 'kill')).toMatchObject({ code: 2 })
  })

  it('shows leaders, ISR and high watermark move while a broker is killed under load', async () => {
    const server = start('cluster', 'start', '--listen', ':0')
    const end = finished(server)
    await Promise.race([new Promise((resolve) => server.stdout?.once('data', resolve)), end])
    await kcli('topics', 'create', 'orders', '-p', '1', '-r', '3', '--config', 'min.insync.replicas=2')
    const watch = start('cluster', 'status', '--watch', '--interval', '50', '-o', 'ndjson')
    const watched = finished(watch)
    let seen = ''
    watch.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString()
    })
    const producer = start('produce', 'orders')
    const produced = finished(producer)
    let count = 0
    let isDone = false
    const load = (async () => {
      while (!isDone) {
        producer.stdin?.write(`${count++}\n`)
        await delay(5)
      }
      producer.stdin?.end()
    })()
    await delay(500)
    const { leader } = (await status()).partitionStates[0]
    const killed = await kcli('cluster', 'kill', String(leader), ...SESSION)
    expect(killed).toMatchObject({ code: 0, stderr: '' })
    expect(killed.stdout).toBe(
      [
        `Killed broker ${leader}, as kill -9 would.`,
        'ZooKeeper takes it for dead after 300 ms; then the others take over what they led.',
        `Start again with: kcli cluster revive ${leader}`,
        '',
      ].join('\n'),
    )
    expect((await kcli('cluster', 'status')).stdout).toMatch(
      new RegExp(`Brokers: .*${leader} \\((.*, )?killed\\)`),
    )
    // Its socket is gone, and nobody waits for it to come back.
    const beganMs = performance.now()
    expect(await kcli('topics', 'list', '-o', 'name')).toMatchObject({ code: 0, stdout: 'orders\n' })
    expect(performance.now() - beganMs).toBeLessThan(5000)
    await delay(800)
    expect((await kcli('cluster', 'start-broker', String(leader))).stdout).toContain(
      `Started broker ${leader} again.`,
    )
    await delay(800)
    isDone = true
    await load
    expect(await produced).toMatchObject({ code: 0 })
    await until(() => seen.includes(`"highWatermark":${count},`))
    watch.kill('SIGINT')
    const changes = (await watched).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Change)
    const { stdout } = await kcli('consume', 'orders')
    expect(stdout.trim().split('\n').map(Number)).toEqual([...Array(count).keys()])

    expect(changes[0]).toMatchObject({ event: 'cluster', state: 'running' })
    const states = changes
      .filter(({ event, id }) => event === 'broker' && id === leader)
      .map((each) => each.state)
    expect(states).toContain('killed')
    expect(states.at(-1)).toBe('up')
    const partition = changes.filter(({ event, topic }) => event === 'partition' && topic === 'orders')
    expect(new Set(partition.map((each) => each.leader)).size).toBeGreaterThan(1)
    expect(partition.some(({ isr }) => isr?.length === 2)).toBe(true)
    expect(partition.at(-1)?.isr).toHaveLength(3)
    const watermarks = partition.flatMap(({ highWatermark }) => highWatermark ?? [])
    expect(watermarks).toEqual([...watermarks].sort((a, b) => a - b))
    expect(watermarks.at(-1)).toBe(count)
    expect(changes.some((each) => each.event === 'znode' && each.path === `/brokers/ids/${leader}`)).toBe(
      true,
    )

    expect(await kcli('cluster', 'stop')).toMatchObject({ code: 0 })
    expect(await end).toMatchObject({ code: 0, stderr: '' })
  }, 60_000)

  it('tells what it can when a partition has lost its only replica, and fails', async () => {
    const own = ['--data-dir', path.join(directory.path, 'lost')]
    const server = start('cluster', 'start', '--listen', ':0', ...own)
    const end = finished(server)
    await Promise.race([new Promise((resolve) => server.stdout?.once('data', resolve)), end])
    const list = '0,1,2'
    await kcli('topics', 'create', 't', '--replica-assignment', list, ...own)
    for (const partition of ['0', '1', '2'])
      await runCli(['produce', 't', '--partition', partition, ...own], { input: 'a\nb\n' })
    await kcli('consume', 't', '--group', 'g', ...own)
    await kcli('cluster', 'kill', '1', ...SESSION, ...own)
    const partitions = async () =>
      JSON.parse((await kcli('partitions', 'list', 't', '-o', 'json', ...own)).stdout)
    await expect.poll(async () => (await partitions())[1].leader, { timeout: 15_000 }).toBeNull()
    const [offsets, lag, described] = await Promise.all(
      ['topics offsets t', 'groups lag g', 'groups describe g'].map((words) =>
        kcli(...words.split(' '), '-o', 'csv', '--no-headers', ...own),
      ),
    )
    const stderr = 'warning: t-1 has no leader and is left out; see why with: kcli partitions list\n'
    expect(offsets).toMatchObject({ code: 1, stdout: 't,0,0,2,2\nt,2,0,2,2\n' })
    expect(lag?.stdout).toMatch(/^g,t,0,2,2,0,.*\ng,t,2,2,2,0,.*\n$/)
    expect(described?.stdout).toMatch(/^g,t,0,2,2,0,.*\ng,t,1,2,,,.*\ng,t,2,2,2,0,.*\n$/)
    for (const each of [offsets, lag, described]) expect([each?.code, each?.stderr]).toEqual([1, stderr])
    expect(await kcli('cluster', 'stop', ...own)).toMatchObject({ code: 0 })
    expect(await end).toMatchObject({ code: 0 })
  })

  it('stops with a broker killed, one paused and one cut off, and starts with all', async () => {
    const server = start('cluster', 'start', '--listen', ':0')
    const end = finished(server)
    await Promise.race([new Promise((resolve) => server.stdout?.once('data', resolve)), end])
    const before = (await kcli('consume', 'orders')).stdout
    expect(await kcli('cluster', 'kill', '1', ...SESSION)).toMatchObject({ code: 0 })
    const cut = await kcli('cluster', 'partition', '2', '--from', '0', '--zookeeper', ...SESSION)
    expect(cut.stdout).toContain('Broker 2 is cut off from broker 0 and from ZooKeeper.')
    expect((await kcli('cluster', 'pause', '0', ...SESSION)).stdout).toContain('Paused broker 0')
    await delay(500)
    const seen = JSON.parse((await kcli('cluster', 'status', '--json')).stdout)
    expect(seen.brokers).toMatchObject([
      { id: 0, state: 'paused', cutOffFrom: [2] },
      { id: 1, state: 'killed' },
      { id: 2, state: 'up', cutOffFrom: [0], isCutOffFromZooKeeper: true },
    ])
    const refused = await kcli('cluster', 'resume', '1', '-o', 'json')
    expect(refused).toMatchObject({ code: 1 })
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'KCLI_FAULT_REFUSED' } })
    expect(await kcli('cluster', 'stop')).toMatchObject({ code: 0 })
    expect(await end).toMatchObject({ code: 0 })
    expect((await kcli('consume', 'orders')).stdout).toBe(before)
  }, 60_000)
})
