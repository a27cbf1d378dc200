import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-cluster')
const running = new Set<ChildProcess>()
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  directory.remove()
})

interface Server {
  readonly child: ChildProcess
  readonly addresses: string[]
  readonly end: ReturnType<typeof finished>
}

/** Starts a server on free ports and waits for its line. */
async function startServer(args: string[], dataDir: string): Promise<Server> {
  const child = startCli([...args, '--listen', ':0', '-o', 'ndjson'], { env: { KCLI_DATA_DIR: dataDir } })
  running.add(child)
  const end = finished(child)
  const line = await Promise.race([
    new Promise<string>((resolve) =>
      child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString())),
    ),
    end.then((result) => Promise.reject(new Error(`ended with ${result.code}: ${result.stderr}`))),
  ])
  return { child, end, addresses: (JSON.parse(line) as { addresses: string[] }).addresses }
}

describe('kcli cluster', () => {
  const dataDir = path.join(directory.path, 'three')
  const kcli = (...args: string[]) => runCli(args, { env: { KCLI_DATA_DIR: dataDir } })

  it('serves TCP clients and local commands until it is stopped', async () => {
    expect(JSON.parse((await kcli('cluster', 'status', '--json')).stdout)).toMatchObject({ state: 'missing' })
    const server = await startServer(['cluster', 'start'], dataDir)
    expect(server.addresses).toHaveLength(3)
    expect(await kcli('topics', 'create', 'orders', '-p', '3', '-r', '3')).toMatchObject({ code: 0 })
    for (const address of server.addresses) {
      const listed = await runCli(['topics', 'list', '-o', 'name', '--bootstrap-server', address])
      expect(listed).toMatchObject({ code: 0, stdout: 'orders\n' })
    }
    expect(
      await runCli(['produce', 'orders', '-b', server.addresses[1] ?? ''], { input: 'over TCP\n' }),
    ).toMatchObject({ code: 0 })
    expect((await kcli('consume', 'orders')).stdout).toBe('over TCP\n')
    const status = JSON.parse((await kcli('cluster', 'status', '--json')).stdout)
    expect(status).toMatchObject({
      state: 'running',
      topics: 1,
      underReplicatedPartitions: 0,
      server: { kind: 'server' },
    })
    const second = await kcli('cluster', 'start', '--listen', ':0')
    expect(second).toMatchObject({ code: 1, stdout: '' })
    expect(second.stderr).toContain(`process ${server.child.pid} on ${server.addresses.join(',')}`)
    expect((await kcli('cluster', 'status', '--znodes')).stdout).toContain('/controller ')
    expect(await kcli('cluster', 'stop')).toMatchObject({
      code: 0,
      stdout: `Stopped process ${server.child.pid}.\n`,
    })
    expect(await server.end).toMatchObject({ code: 0, stderr: '' })
    expect(await kcli('cluster', 'stop')).toMatchObject({ code: 0 })
    expect(JSON.parse((await kcli('cluster', 'status', '--json')).stdout)).toMatchObject({ state: 'stopped' })
    expect((await kcli('consume', 'orders')).stdout).toBe('over TCP\n')
  })

  it('shows the znodes of a directory that nobody serves', async () => {
    const { stdout } = await kcli('cluster', 'status', '--znodes')
    expect(stdout).toMatch(/^\/brokers\/topics\/orders {2}\{"partitions"/m)
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 0],
  ] as const)('ends cleanly on %s with %i', async (signal, code) => {
    const server = await startServer(['cluster', 'start'], dataDir)
    server.child.kill(signal)
    expect(await server.end).toMatchObject({ code, stderr: '' })
  })

  it('says when a port is taken', async () => {
    const server = await startServer(['cluster', 'start'], dataDir)
    const other = path.join(directory.path, 'other')
    const result = await runCli(['cluster', 'start', '--listen', server.addresses[0] ?? ''], {
      env: { KCLI_DATA_DIR: other },
    })
    expect(result).toMatchObject({ code: 1, stdout: '' })
    expect(result.stderr).toMatch(/^kcli: .*(in use|EADDRINUSE)/)
    server.child.kill('SIGTERM')
    await server.end
  })
})

describe('kcli broker start', () => {
  it('runs one broker', async () => {
    const server = await startServer(
      ['broker', 'start', '--override', 'num.partitions=2'],
      path.join(directory.path, 'one'),
    )
    const [address = ''] = server.addresses
    expect(server.addresses).toHaveLength(1)
    expect(await runCli(['topics', 'create', 't', '-b', address])).toMatchObject({ code: 0 })
    const [topic] = JSON.parse((await runCli(['topics', 'list', '-b', address, '-o', 'json'])).stdout)
    expect(topic).toMatchObject({ partitions: 2, replicationFactor: 1 })
    server.child.kill('SIGTERM')
    expect(await server.end).toMatchObject({ code: 0 })
  })
})

describe('a data directory between two servers', () => {
  const dataDir = path.join(directory.path, 'between')
  const kcli = (...args: string[]) => runCli(args, { env: { KCLI_DATA_DIR: dataDir } })

  it('shows the znodes of running brokers although nobody serves it', async () => {
    expect(await kcli('topics', 'create', 'orders')).toMatchObject({ code: 0 })
    const { znodes } = JSON.parse((await kcli('cluster', 'status', '--znodes', '--json')).stdout) as {
      znodes: { path: string; isEphemeral: boolean }[]
    }
    const ephemeral = znodes.filter((znode) => znode.isEphemeral).map((znode) => znode.path)
    expect(ephemeral).toEqual(['/brokers/ids/0', '/brokers/ids/1', '/brokers/ids/2', '/controller'])
  })

  it('has nothing left of a deleted topic when the next command comes', async () => {
    expect(await kcli('topics', 'delete', 'orders', '--yes')).toMatchObject({ code: 0 })
    expect(await kcli('topics', 'create', 'orders')).toMatchObject({ code: 0 })
  })

  it('keeps its number of brokers, and no process is taken for a server that was killed', async () => {
    const server = await startServer(['cluster', 'start', '--brokers', '4'], dataDir)
    server.child.kill('SIGKILL')
    await server.end
    // As if the process id had gone to somebody else.
    const innocent = await startServer(
      ['cluster', 'start', '--brokers', '1'],
      path.join(directory.path, 'innocent'),
    )
    fs.writeFileSync(
      path.join(dataDir, 'server.json'),
      JSON.stringify({ pid: innocent.child.pid, kind: 'server', addresses: [], startedMs: 1 }),
    )
    expect((await kcli('cluster', 'stop')).stdout).toBe(`Nothing runs on ${dataDir}.\n`)
    expect(JSON.parse((await kcli('cluster', 'status', '--json')).stdout)).toMatchObject({ state: 'stopped' })
    const next = await startServer(['cluster', 'start'], dataDir)
    expect(next.addresses).toHaveLength(4)
    expect((await kcli('cluster', 'stop')).stdout).toBe(`Stopped process ${next.child.pid}.\n`)
    expect(await next.end).toMatchObject({ code: 0 })
    expect([innocent.child.exitCode, innocent.child.signalCode]).toEqual([null, null])
  })
})
