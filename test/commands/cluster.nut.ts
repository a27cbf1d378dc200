import type { ChildProcess } from 'node:child_process'
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
    expect(await kcli('cluster', 'start', '--listen', ':0')).toMatchObject({ code: 1, stdout: '' })
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
