import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type CliOptions, runCli, startCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-zk')
afterAll(() => directory.remove())
const env = { KCLI_DATA_DIR: path.join(directory.path, 'data'), XDG_STATE_HOME: directory.path }
const zk = (args: readonly string[], options: CliOptions = {}) =>
  runCli(['zk', ...args], { ...options, env: { ...env, ...options.env } })

describe('kcli zk on a local data directory', () => {
  it('shows what Kafka keeps there, with what it means', async () => {
    expect((await runCli(['topics', 'create', 'orders'], { env })).code).toBe(0)
    expect(await zk(['ls', '/brokers'])).toMatchObject({
      code: 0,
      stdout: '[ids, seqid, topics]\n',
      stderr: '',
    })
    const { stdout } = await zk(['get', '--explain', '/controller'])
    expect(stdout).toMatch(/^\{"version":2,"brokerid":\d,.*\}\n {2}Broker \d is the controller/)
    expect(JSON.parse((await zk(['ls', '/brokers/topics', '-o', 'json'])).stdout)).toEqual(['orders'])
    expect((await zk(['tree', '/brokers/topics'])).stdout).toBe(
      '/brokers/topics\n└── orders\n    └── partitions\n        └── 0\n            └── state\n',
    )
  })

  it('ends with 0, 1 or 127', async () => {
    expect((await zk(['create', '/mine', 'x'])).stderr).toBe('Created /mine\n')
    expect(await zk(['create', '/mine', 'x'])).toMatchObject({
      code: 1,
      stderr: 'Node already exists: /mine\n',
    })
    expect(await zk(['get'])).toMatchObject({ code: 1, stderr: 'get [-s] [-w] path\n' })
    const unknown = await zk(['nonsense'])
    expect(unknown).toMatchObject({ code: 127, stdout: '' })
    expect(unknown.stderr).toMatch(/Command not found: Command not found nonsense\n$/)
  })

  it('runs a script, and stops at the first command that fails', async () => {
    const input = 'create /s 1\n# a remark\nset /s 2\nget /s\nget /nothing\nset /s 3\n'
    expect(await zk([], { input })).toMatchObject({
      code: 1,
      stdout: '2\n',
      stderr: 'Created /s\nNode does not exist: /nothing\n',
    })
    expect((await zk(['get', '/s'])).stdout).toBe('2\n')
  })

  it('does several things at once, or none', async () => {
    const steps = ['create /t 1', 'create /t/a', 'delete /nothing']
    expect(await zk(['txn', ...steps])).toMatchObject({ code: 1, stderr: 'Node does not exist: /nothing\n' })
    expect((await zk(['stat', '/t'])).code).toBe(1)
    expect((await zk(['txn', ...steps.slice(0, 2)])).stdout).toBe('create /t\ncreate /t/a\n')
  })

  it('takes a subtree out and in again', async () => {
    const file = path.join(directory.path, 'export.ndjson')
    expect((await zk(['export', '/t', file])).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe('{"path":"/t","data":"1"}\n{"path":"/t/a"}\n')
    expect(await zk(['set', '/t', 'changed'])).toMatchObject({ code: 0 })
    expect(await zk(['delete', '/t/a'])).toMatchObject({ code: 0 })
    expect((await zk(['diff', '/t', file])).stdout).toBe('~ /\n- /a\n')
    expect((await zk(['import', '-f', '-'], { input: readFileSync(file) })).stderr).toContain(
      '1 made, 1 changed',
    )
    expect((await zk(['diff', '/t', file])).stdout).toBe('')
  })

  it('writes events as lines of JSON until Ctrl-C', async () => {
    const watching = startCli(['zk', 'watch', '/mine'], { env })
    const lines: string[] = []
    const first = new Promise<void>((resolve) => {
      watching.stdout?.on('data', (chunk: Buffer) => {
        lines.push(...chunk.toString().trimEnd().split('\n'))
        resolve()
      })
    })
    // The watch is set at some time; changes go on until one is seen.
    const seen = { isDone: false }
    void first.then(() => {
      seen.isDone = true
    })
    while (!seen.isDone) await zk(['set', '/mine', 'again'])
    const ended = new Promise((resolve) => watching.once('close', resolve))
    watching.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(JSON.parse(lines[0] ?? '')).toEqual({ type: 'NodeDataChanged', path: '/mine' })
  })

  it('says when there is nobody', async () => {
    const result = await zk(['ls', '/', '--server', '127.0.0.1:1', '--timeout', '500'])
    expect(result.code).toBe(3)
    expect(result.stderr).toContain('cannot connect to ZooKeeper at 127.0.0.1:1')
    expect(await zk(['ls', '/', '--server', 'h:x'])).toMatchObject({ code: 1 })
  })
})

describe('kcli zookeeper start', () => {
  it('serves a directory, refuses a second one on it, and keeps everything', async () => {
    const dataDir = path.join(directory.path, 'alone')
    const start = () =>
      startCli(['zookeeper', 'start', '--data-dir', dataDir, '--listen', ':0', '-o', 'json'], { env })
    const first = start()
    const { address } = await ready(first)
    expect((await zk(['--server', address, 'create', '/kept', 'x'])).code).toBe(0)
    const second = await runCli(['zookeeper', 'start', '--data-dir', dataDir, '--listen', ':0'], { env })
    expect(second.code).toBe(1)
    expect(second.stderr).toContain('is served by another process already')
    const ended = new Promise((resolve) => first.once('close', resolve))
    first.kill('SIGTERM')
    expect(await ended).toBe(0)
    const again = start()
    const { address: newAddress } = await ready(again)
    expect((await zk(['--server', newAddress, 'get', '/kept'])).stdout).toBe('x\n')
    again.kill('SIGKILL')
    await new Promise((resolve) => again.once('close', resolve))
    expect(existsSync(path.join(dataDir, 'version-2'))).toBe(true)
  })

  async function ready(child: ReturnType<typeof startCli>): Promise<{ address: string }> {
    let text = ''
    for await (const chunk of child.stdout ?? []) {
      text += String(chunk)
      try {
        return JSON.parse(text) as { address: string }
      } catch {
        // The rest is still to come.
      }
    }
    throw new Error(`it ended: ${text}`)
  }
})
