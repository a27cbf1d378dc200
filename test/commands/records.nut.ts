import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliOptions, finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-records')
afterAll(() => directory.remove())
const dataDir = path.join(directory.path, 'data')
const kcli = (args: string[], options: CliOptions = {}) =>
  runCli(args, { ...options, env: { KCLI_DATA_DIR: dataDir } })

beforeAll(async () => {
  const created = await kcli([
    'topics',
    'create',
    'lines',
    'copy',
    'few',
    '--partitions',
    '3',
    '--replication-factor',
    '3',
  ])
  expect(created).toMatchObject({ code: 0 })
})

describe('records through processes of their own', () => {
  it('gives back 100,000 lines, on three identical replicas', async () => {
    const input = Array.from({ length: 100_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 90)}`)
    const produced = await kcli(['produce', 'lines'], { input: `${input.join('\n')}\n` })
    expect(produced).toMatchObject({ code: 0, stdout: '' })
    expect(produced.stderr).toMatch(/^Produced 100000 records to lines \(p0: \d+, p1: \d+, p2: \d+\)\n$/)
    const consumed = await kcli(['consume', 'lines'])
    expect(consumed).toMatchObject({ code: 0, stderr: '' })
    const output = consumed.stdout.trimEnd().split('\n')
    expect(output).toHaveLength(input.length)
    expect(output.sort()).toEqual(input.sort())
    expect(logHashes('lines-0').length).toBe(3)
    for (const partition of [0, 1, 2]) expect(new Set(logHashes(`lines-${partition}`)).size).toBe(1)
  })

  it('keeps the order within a partition', async () => {
    const input = Array.from({ length: 2000 }, (_, i) => `${i}`).join('\n')
    await kcli(['produce', 'few', '-p', '2'], { input })
    const { stdout } = await kcli(['consume', 'few', '--partition', '2'])
    expect(stdout).toBe(`${input}\n`)
    const part = await kcli([
      'consume',
      'few',
      '--partition',
      '2',
      '--offset',
      '1000:1003',
      '--print',
      'offset,value',
    ])
    expect(part.stdout).toBe('1000\t1000\n1001\t1001\n1002\t1002\n')
    expect((await kcli(['consume', 'few', '--tail', '2'])).stdout).toBe('1998\n1999\n')
    expect((await kcli(['consume', 'few', '-n', '1', '--from', '-1'])).stdout).toBe('1999\n')
  })

  it('loses nothing on the way through NDJSON', async () => {
    const records = [
      { partition: 0, timestamp: 1700000000000, key: 'k', value: 'v', headers: [{ key: 'a', value: '1' }] },
      { partition: 1, timestamp: 1700000000001, key: null, valueBase64: '/wA=', headers: [] },
      { partition: 2, timestamp: 1700000000002, key: '', value: null, headers: [{ key: 'n', value: null }] },
    ]
    const input = records.map((record) => JSON.stringify(record)).join('\n')
    expect(await kcli(['produce', 'copy', '--input', 'ndjson'], { input })).toMatchObject({ code: 0 })
    const { stdout } = await kcli(['consume', 'copy', '-o', 'ndjson'])
    const read = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    read.sort((a, b) => a.partition - b.partition)
    expect(read).toEqual(
      records.map((record) => ({ topic: 'copy', offset: 0, timestampType: 'create', ...record })),
    )
  })

  it('reports where records were stored, and fails when one was not', async () => {
    const report = await kcli(['produce', 'few', '-p', '0', '--report', '--sync'], { input: 'a\nb\n' })
    expect(report).toMatchObject({ code: 0, stdout: 'few\t0\t0\nfew\t0\t1\n' })
    const large = await kcli(['produce', 'few', '-p', '0'], { input: `${'x'.repeat(2_000_000)}\nsmall\n` })
    expect(large.code).toBe(1)
    expect(large.stderr).toMatch(
      /kcli: 1 of 2 records were not stored: .*\nProduced 1 record to few \(p0: 1\)\n/,
    )
    expect(await kcli(['produce', 'missing'], { input: 'x\n' })).toMatchObject({
      code: 1,
      stderr: "kcli: topic 'missing' does not exist\nCreate it with: kcli topics create missing\n",
    })
    const input = await kcli(['produce', 'few', '-K', ':', '-p', '1'], { input: 'k:v\nno key\n' })
    expect(input).toMatchObject({ code: 1 })
    expect(input.stderr).toMatch(
      /^Produced 1 record to few \(p1: 1\)\nkcli: line 2 of the input: it has no key delimiter/,
    )
  })

  it('ends quietly when the reader has seen enough', async () => {
    const child = startCli(['consume', 'lines'], { env: { KCLI_DATA_DIR: dataDir } })
    const result = finished(child)
    child.stdin?.end()
    child.stdout?.once('data', () => child.stdout?.destroy())
    expect(await result).toMatchObject({ code: 0, stderr: '' })
  })

  it('ends with 130 on Ctrl-C, with everything stored that was read', async () => {
    const child = startCli(['produce', 'few', '-p', '1', '--report'], { env: { KCLI_DATA_DIR: dataDir } })
    const result = finished(child)
    child.stdin?.write('one\ntwo\n')
    await new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()))
    child.kill('SIGINT')
    expect(await result).toMatchObject({ code: 130 })
    expect((await kcli(['consume', 'few', '--partition', '1', '--tail', '2'])).stdout).toBe('one\ntwo\n')
  })
})

describe("Kafka's console tools", () => {
  it('have the flags and the bytes of the originals', async () => {
    await kcli(['topics', 'create', 'console', '--partitions', '1'])
    const produced = await kcli(
      [
        'console-producer',
        '--topic',
        'console',
        '--property',
        'parse.key=true',
        '--property',
        'parse.headers=true',
        '--compression-codec',
      ],
      { input: 'h:1\tk\tv\r\n' },
    )
    expect(produced).toMatchObject({ code: 0, stdout: '', stderr: '' })
    const consumed = await kcli([
      'console-consumer',
      ...['--topic', 'console', '--from-beginning', '--max-messages', '1'],
      ...[
        '--property',
        'print.key=true',
        '--property',
        'print.headers=true',
        '--property',
        'print.offset=true',
      ],
    ])
    expect(consumed).toMatchObject({
      code: 0,
      stdout: 'Offset:0\th:1\tk\tv\n',
      stderr: 'Processed a total of 1 messages\n',
    })
  })

  it('stop after --timeout-ms without records', async () => {
    const result = await kcli(['console-consumer', '--topic', 'console', '--timeout-ms', '100'])
    expect(result).toMatchObject({ code: 0, stdout: '', stderr: 'Processed a total of 0 messages\n' })
  })
})

function logHashes(partition: string): string[] {
  return readdirSync(dataDir)
    .filter((name) => /^broker-\d+$/.test(name))
    .map((broker) => path.join(dataDir, broker, partition))
    .map((folder) => {
      const hash = createHash('sha256')
      for (const file of readdirSync(folder).sort()) {
        if (file.endsWith('.log')) hash.update(readFileSync(path.join(folder, file)))
      }
      return hash.digest('hex')
    })
}
