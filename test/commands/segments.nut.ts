import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { contents, flipBit } from '../inspect/support.ts'
import { type CliResult, finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-segments')
const dataDir = path.join(directory.path, 'data')
afterAll(() => directory.remove())

const kcli = (...args: string[]): Promise<CliResult> => runCli(args, { env: { KCLI_DATA_DIR: dataDir } })
const orders = path.join(dataDir, 'broker-1/orders-0')
const log = path.join(orders, '00000000000000000000.log')

describe('kcli segments', () => {
  beforeAll(async () => {
    expect(
      await kcli('topics', 'create', 'orders', '--partitions', '2', '--replication-factor', '3'),
    ).toMatchObject({ code: 0 })
    const input = Array.from({ length: 2000 }, (_, i) => `line ${i} ${'x'.repeat(i % 50)}\n`).join('')
    for (const partition of ['0', '1']) {
      const args = ['produce', 'orders', '--partition', partition, '--batch-size', '5000', '-z', 'gzip']
      expect(await runCli(args, { input, env: { KCLI_DATA_DIR: dataDir } })).toMatchObject({ code: 0 })
    }
  })

  it('lists, counts and checks a directory without changing a byte of it', async () => {
    const before = contents(dataDir)
    const listed = await kcli('segments', 'list', 'orders', '--broker', '1', '-o', 'json')
    expect(JSON.parse(listed.stdout)).toEqual([
      expect.objectContaining({ broker: 1, topic: 'orders', partition: 0, baseOffset: 0, endOffset: 2000 }),
      expect.objectContaining({ broker: 1, topic: 'orders', partition: 1, baseOffset: 0, endOffset: 2000 }),
    ])
    expect((await kcli('segments', 'list', 'orders-0', '--broker', '1', '-o', 'name')).stdout).toBe(
      `${log}\n`,
    )
    const counted = await kcli('segments', 'stat', '--broker', '0', '-o', 'json')
    expect(JSON.parse(counted.stdout)).toMatchObject({
      partitions: [{ records: 2000, gaps: 0 }, { records: 2000 }],
      total: { records: 4000, codecs: { gzip: { batches: expect.any(Number) } } },
    })
    const table = await kcli('segments', 'stat', '--broker', '0')
    expect(table.stdout).toMatch(/^BROKER +PARTITION .*\n0 +orders-0 +0\.\.1999 /)
    expect(table.stdout).toMatch(/\nFROM-BYTES +TO-BYTES +BATCHES\n/)
    expect(await kcli('segments', 'verify', '--deep', '--strict')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/^Checked 6 partitions, 6 segments, .*: no fault found\.\n$/),
    })
    expect(await kcli('segments', 'verify', '-o', 'json')).toMatchObject({ code: 0, stdout: '[]\n' })
    expect(contents(dataDir)).toEqual(before)
  })

  it('finds damage, says what it would do, does it, and takes it back', async () => {
    flipBit(log, 5000)
    const damaged = contents(dataDir)
    const found = await kcli('segments', 'verify')
    expect(found).toMatchObject({ code: 1, stderr: expect.stringContaining(': 1 error.') })
    expect(found.stdout).toMatch(
      /^error: .*broker-1\/orders-0\/0+\.log, position \d+, offset \d+: the batch has /,
    )
    const dry = await kcli('segments', 'repair')
    expect(dry).toMatchObject({ code: 0, stderr: expect.stringContaining('Nothing was changed.') })
    expect(dry.stdout).toMatch(/^Would: cut the last \d+ bytes off broker-1\/orders-0/)
    expect(contents(dataDir)).toEqual(damaged)

    const done = await kcli('segments', 'repair', '--execute')
    expect(done).toMatchObject({ code: 0, stdout: dry.stdout.replaceAll('Would: ', 'Done: ') })
    const [, script = ''] = /To take everything back: sh (\S+)\n/.exec(done.stderr) ?? []
    expect(path.dirname(path.dirname(script))).toBe(dataDir)
    expect(await kcli('segments', 'verify', '--deep', '--strict')).toMatchObject({ code: 0 })
    execFileSync('sh', [script], { stdio: 'ignore' })
    fs.rmSync(path.dirname(script), { recursive: true })
    expect(contents(dataDir)).toEqual(damaged)
  })

  it('brings a repaired replica back to what the others have', async () => {
    expect(await kcli('segments', 'repair', '--execute', '-o', 'json')).toMatchObject({ code: 0 })
    const server = startCli(['cluster', 'start', '--listen', '127.0.0.1:0'], {
      env: { KCLI_DATA_DIR: dataDir },
    })
    try {
      await vi.waitFor(() => expect(fs.existsSync(path.join(dataDir, 'server.json'))).toBe(true), 20_000)
      const other = path.join(dataDir, 'broker-0/orders-0/00000000000000000000.log')
      await vi.waitFor(() => expect(fs.readFileSync(log).equals(fs.readFileSync(other))).toBe(true), 20_000)
      // While it runs, reading is fine and repairing is not.
      expect(await kcli('segments', 'verify', '--deep')).toMatchObject({ code: 0 })
      expect(await kcli('segments', 'repair', '--execute')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /^kcli: a process is using .*: it holds .*\.lock\nStop the broker first/,
        ),
      })
    } finally {
      server.kill('SIGTERM')
      await finished(server)
    }
    expect(await kcli('segments', 'verify', '--deep', '--strict')).toMatchObject({ code: 0 })
  })

  it('shows nothing that moves the cursor, whatever is in the files', async () => {
    const file = path.join(dataDir, 'broker-0/cleaner-offset-checkpoint')
    fs.writeFileSync(file, '\x1b[2J\x07\n')
    const { code, stdout } = await kcli('segments', 'verify')
    fs.rmSync(file)
    expect(code).toBe(1)
    expect(stdout).toContain("unknown version '\uFFFD[2J\uFFFD' in checkpoint file")
  })

  it('ends quietly when nobody reads on', async () => {
    const child = startCli(['segments', 'list', '-o', 'ndjson'], { env: { KCLI_DATA_DIR: dataDir } })
    child.stdout?.destroy()
    const { stderr } = await finished(child)
    expect(stderr).toBe('')
  })

  it('says what is wrong with its arguments', async () => {
    expect(await kcli('segments', 'verify', 'nothing-here')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^kcli: 'nothing-here' is no file, no folder and no partition in /),
    })
    expect(await kcli('segments', 'list', '-b', 'localhost:9092')).toMatchObject({ code: 2 })
    expect(await kcli('segments', 'repair', '--dry-run', '--execute')).toMatchObject({ code: 2 })
    expect(
      await kcli('segments', 'repair', '--execute', '--backup-dir', path.join(dataDir, 'broker-0/copies')),
    ).toMatchObject({ code: 1, stderr: expect.stringContaining('lies in the log directory') })
  })
})
