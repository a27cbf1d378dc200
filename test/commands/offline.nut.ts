import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { treeHash } from '../offline/support.ts'
import { type CliResult, finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-offline')
const dataDir = path.join(directory.path, 'data')
afterAll(() => directory.remove())

const online = (...args: string[]) => runCli([...args, '--data-dir', dataDir])
const offline = (...args: string[]): Promise<CliResult> => offlineIn(dataDir, ...args)
const offlineIn = (dir: string, ...args: string[]) => runCli([...args, '--offline', '--data-dir', dir])

const LINES = Array.from({ length: 300 }, (_, i) => `key-${i % 7}:line ${i}`)

describe('kcli --offline', () => {
  let hash = ''

  beforeAll(async () => {
    const create = ['topics', 'create', 'orders', '--partitions', '3', '--replication-factor', '3']
    expect(await online(...create, '--config', 'retention.ms=86400000')).toMatchObject({ code: 0 })
    expect(
      await runCli(['produce', 'orders', '--key-delimiter', ':', '--data-dir', dataDir], {
        input: LINES.join('\n'),
      }),
    ).toMatchObject({
      code: 0,
    })
    hash = treeHash(dataDir)
  })

  it.each([
    ['topics', 'list'],
    ['topics', 'list', '-o', 'json'],
    ['topics', 'offsets'],
    ['topics', 'offsets', 'orders', '--time', 'max-timestamp', '-o', 'json'],
    ['topics', 'offsets', 'orders', '--time', '@0', '-o', 'csv'],
    ['topics', 'describe', '--under-replicated-partitions', '-o', 'json'],
    ['consume', 'orders', '--partition', '1', '-o', 'ndjson'],
    ['consume', 'orders', '--partition', '0', '--offset', '3:7', '--print', 'offset,key,value'],
    ['consume', 'orders', '--partition', '2', '--tail', '4', '--print', 'offset,value'],
    ['consume', 'orders', '--partition', '2', '--from', '-2', '--isolation-level', 'read_committed'],
    ['consume', 'orders', '-n', '5', '--partition', '0'],
  ])('says what the cluster says: %s %s %s %s %s', async (...args) => {
    const expected = await online(...args)
    hash = treeHash(dataDir)
    const actual = await offline(...args)
    expect(actual).toMatchObject({ code: 0, stdout: expected.stdout, stderr: '' })
    expect(expected.code).toBe(0)
    expect(treeHash(dataDir)).toBe(hash)
  })

  it('describes topics as the znodes had them, and which replicas are on disk', async () => {
    type Described = [{ configs: object[]; partitions: { onDisk: number[] }[] }]
    const [was] = JSON.parse((await online('topics', 'describe', 'orders', '-o', 'json')).stdout) as Described
    const [now] = JSON.parse(
      (await offline('topics', 'describe', 'orders', '-o', 'json')).stdout,
    ) as Described
    expect(now.configs).toEqual(was.configs)
    for (const [i, partition] of now.partitions.entries()) {
      const { onDisk, ...rest } = partition
      expect(was.partitions[i]).toMatchObject(rest)
      expect([...onDisk].sort()).toEqual([0, 1, 2])
    }
    expect((await offline('topics', 'describe')).stdout).toMatch(
      /PARTITION {2}LEADER {2}REPLICAS {2}ISR {4}ON-DISK\n/,
    )
  })

  it('says what it cannot know without the znodes', async () => {
    const logDir = path.join(dataDir, 'broker-1')
    const described = await offlineIn(logDir, 'topics', 'describe', 'orders')
    expect(described).toMatchObject({ code: 0, stderr: '' })
    expect(described.stdout).toContain('Configs:      -\n')
    expect(described.stdout).toMatch(/\n0 +- +- +- +1\n/)
    const [topic] = JSON.parse(
      (await offlineIn(logDir, 'topics', 'describe', 'orders', '--json')).stdout,
    ) as [object]
    expect(topic).toMatchObject({
      replicationFactor: null,
      configs: null,
      partitions: [0, 1, 2].map((partition) => ({
        partition,
        leader: null,
        isr: null,
        replicas: null,
        onDisk: [1],
      })),
    })
    const filtered = await offlineIn(logDir, 'topics', 'describe', '--unavailable-partitions')
    expect(filtered).toMatchObject({ code: 2, stdout: '' })
    const all = await offlineIn(logDir, 'consume', 'orders')
    expect(all.stdout.split('\n').sort()).toEqual(
      (await offline('consume', 'orders')).stdout.split('\n').sort(),
    )
  })

  it('reads what is there of a topic, tells of the rest and exits 1', async () => {
    const dir = path.join(directory.path, 'part')
    cpSync(dataDir, dir, { recursive: true })
    for (const id of [0, 1, 2]) rmSync(path.join(dir, `broker-${id}`, 'orders-2'), { recursive: true })
    const { code, stdout, stderr } = await offlineIn(dir, 'consume', 'orders', '--print', 'partition')
    expect(code).toBe(1)
    expect(new Set(stdout.trim().split('\n'))).toEqual(new Set(['0', '1']))
    expect(stderr).toMatch(
      /^warning: orders-2 is left out: it is in none of the directories; broker \d or \d or \d has it\n$/,
    )
    const offsets = await offlineIn(dir, 'topics', 'offsets', 'orders', '-o', 'name')
    expect(offsets.code).toBe(1)
    expect(offsets.stdout).toMatch(/^orders:0:\d+\norders:1:\d+\n$/)
  })

  it('reads up to damage, names the place and exits 1', async () => {
    const dir = path.join(directory.path, 'damaged')
    cpSync(dataDir, dir, { recursive: true })
    for (const id of [0, 1, 2]) {
      const file = path.join(dir, `broker-${id}`, 'orders-1', '00000000000000000000.log')
      const bytes = readFileSync(file)
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
      writeFileSync(file, bytes)
    }
    const { code, stderr } = await offlineIn(dir, 'consume', 'orders')
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /warning: .*orders-1\/0{20}\.log is damaged at byte \d+: .*\. See: kcli segments verify /,
    )
  })

  it('ends where others would go on', async () => {
    const follow = await offline('consume', 'orders', '--follow', '-n', '1000')
    expect(follow.code).toBe(0)
    expect(follow.stdout.trim().split('\n')).toHaveLength(LINES.length)
    expect(follow.stderr).toContain('--follow ends at the end')
    const atEnd = await offline('console-consumer', '--topic', 'orders')
    expect(atEnd).toMatchObject({ code: 0, stdout: '' })
    expect(atEnd.stderr).toMatch(/--from-beginning shows what there is\nProcessed a total of 0 messages\n$/)
    const whole = await offline('console-consumer', '--topic', 'orders', '--from-beginning')
    expect(whole.stdout.trim().split('\n')).toHaveLength(LINES.length)
  })

  it('refuses what makes no sense, and makes nothing', async () => {
    expect(await runCli(['topics', 'list', '--offline', '--bootstrap-server', 'localhost:1'])).toMatchObject({
      code: 2,
    })
    expect(await offline('topics', 'create', 'other')).toMatchObject({ code: 2 })
    const missing = path.join(directory.path, 'missing')
    const { code, stderr } = await offlineIn(missing, 'topics', 'list')
    expect(code).toBe(1)
    expect(stderr).toContain(`there is no directory ${missing}`)
    expect(existsSync(missing)).toBe(false)
    const unknown = await offline('consume', 'nothing')
    expect(unknown).toMatchObject({ code: 1, stdout: '' })
    expect(unknown.stderr).toContain("there is no topic 'nothing' in ")
  })

  it('reads a directory that a process serves, and says so', async () => {
    const server = startCli(['cluster', 'start', '--listen', ':0', '--data-dir', dataDir])
    const ended = finished(server)
    try {
      await new Promise((resolve) => server.stdout?.once('data', resolve))
      const { code, stdout, stderr } = await offline('consume', 'orders')
      expect(code).toBe(0)
      expect(stdout.trim().split('\n')).toHaveLength(LINES.length)
      expect(stderr).toBe(
        `warning: process ${server.pid} serves ${dataDir}: what its files hold at this moment is read\n`,
      )
    } finally {
      server.kill('SIGKILL')
      await ended
    }
    // Killed: the znodes and the logs are as it left them.
    const before = treeHash(dataDir)
    const after = await offline('consume', 'orders')
    expect(after).toMatchObject({ code: 0, stderr: '' })
    expect(after.stdout.trim().split('\n')).toHaveLength(LINES.length)
    expect((await offline('topics', 'list', '-o', 'name')).stdout).toBe('orders\n')
    expect(treeHash(dataDir)).toBe(before)
    expect(readdirSync(dataDir)).toContain('server.json')
  })
})
