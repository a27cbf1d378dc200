import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finished, runCli, runner, startCli } from '../support/cli.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kcli-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const kcli = `'${process.execPath}' '${runner}'`
/** A folder for temporary ones: what is left in it was left behind. */
const env = () => ({ TMPDIR: folder })

describe('run', () => {
  it('runs a program beside a cluster that it finds, gives its exit code and leaves nothing', async () => {
    const script = [
      'echo "$KAFKA_BOOTSTRAP_SERVERS $KCLI_DATA_DIR"',
      `printf 'a\\nb\\n' | ${kcli} produce orders 2>&1`,
      `${kcli} consume orders`,
      'exit 7',
    ].join('; ')
    const args = ['run', '--brokers', '1', '--topic', 'orders:2:1', '--', 'sh', '-c', script]
    const { code, stdout, stderr } = await runCli(args, { env: env() })
    const [place, ...lines] = stdout.trimEnd().split('\n')
    expect({ code, stderr }).toEqual({ code: 7, stderr: '' })
    expect(place).toMatch(/^127\.0\.0\.1:\d+ \S+$/)
    expect(lines.slice(1).sort()).toEqual(['a', 'b'])
    expect(existsSync(place?.split(' ')[1] ?? '/')).toBe(false)
  })

  it('keeps a folder that is named', async () => {
    const dataDir = path.join(folder, 'kept')
    const args = ['run', '--brokers', '1', '--topic', 'kept', '--data-dir', dataDir, '--', 'true']
    expect((await runCli(args)).code).toBe(0)
    expect((await runCli(['topics', 'list', '-o', 'name', '--data-dir', dataDir])).stdout).toBe('kept\n')
  })

  it('passes a signal on and waits for the program', async () => {
    const marker = path.join(folder, 'marker')
    const script = `trap 'echo ended > ${marker}; exit 5' TERM; echo up; while :; do sleep 0.05; done`
    const child = startCli(['run', '--brokers', '1', '--', 'sh', '-c', script], { env: env() })
    child.stdout?.once('data', () => child.kill('SIGTERM'))
    expect((await finished(child)).code).toBe(5)
    expect(readFileSync(marker, 'utf8')).toBe('ended\n')
  })

  it('says what is wrong', async () => {
    const wrong = await Promise.all(
      [
        ['npm', 'test'],
        ['--', 'no-such-program'],
        ['--topic', 'a:0', '--', 'true'],
        ['--topic', 'a:1:9', '--', 'true'],
      ].map((args) => runCli(['run', '--brokers', '1', ...args], { env: env() })),
    )
    expect(wrong.map(({ code, stderr }) => [code, stderr.split('\n')[0]])).toEqual([
      [2, 'kcli: no program to run'],
      [1, "kcli: 'no-such-program' cannot be started: there is no such program"],
      [2, "kcli: --topic is 'a:0'"],
      [1, "kcli: topic 'a' cannot be made: Replication factor: 9 larger than available brokers: 1."],
    ])
  })
})

describe('cluster wait', () => {
  it('waits for a server, its brokers and topics, and says what is missing when they do not come', async () => {
    const dataDir = path.join(folder, 'waited')
    const wait = (...flags: string[]) => runCli(['cluster', 'wait', '--data-dir', dataDir, ...flags])
    const late = await wait('--timeout', '300')
    expect([late.code, late.stderr]).toEqual([
      3,
      expect.stringContaining('after 300 ms: no server runs on it'),
    ])
    const waiting = wait('--brokers', '1', '--in-sync')
    const server = startCli(['cluster', 'start', '--brokers', '1', '--listen', ':0', '--data-dir', dataDir])
    try {
      const ready = await waiting
      expect([ready.code, ready.stdout]).toEqual([
        0,
        expect.stringMatching(/^Ready: 1 brokers?, controller 0/),
      ])
      const absent = await wait('--topic', 'nowhere', '--timeout', '500')
      expect([absent.code, absent.stderr]).toEqual([3, expect.stringContaining('there is no topic nowhere')])
      const few = await wait('--brokers', '2', '--timeout', '500')
      expect([few.code, few.stderr]).toEqual([3, expect.stringContaining('1 of 2 brokers are there')])
    } finally {
      server.kill('SIGTERM')
      await finished(server)
    }
  })
})
