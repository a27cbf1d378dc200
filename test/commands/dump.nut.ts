import { spawn } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { batchStarts, setBaseOffset } from '../../src/records/index.ts'
import { type CliOptions, cleanEnv, runCli, runner, startCli, temporaryDirectory } from '../support/cli.ts'

const GOLDEN = path.resolve('test/golden/segments')
const directory = temporaryDirectory('kcli-dump')
afterAll(() => directory.remove())
const dataDir = path.join(directory.path, 'data')
const kcli = (args: readonly string[], options: CliOptions = {}) =>
  runCli(args, { ...options, env: { KCLI_DATA_DIR: dataDir } })
const dump = (...args: string[]) => kcli(['segments', 'dump', ...args])
const rows = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const golden = (topic: string, name = '') => path.join(GOLDEN, topic, `${topic}-0`, name)

/** A log of about so many bytes, of good batches. */
function largeLog(file: string, sizeBytes: number): number {
  const source = readFileSync(golden('none', '00000000000000000000.log'))
  const starts = [...batchStarts(source)]
  const firsts = starts.map((at) => Number(source.readBigInt64BE(at)))
  writeFileSync(file, '')
  let offset = 0
  for (let written = 0; written < sizeBytes; ) {
    const copies = Array.from({ length: 500 }, () => {
      const copy = Buffer.from(source)
      starts.forEach((at, i) => {
        setBaseOffset(copy, at, offset + (firsts[i] ?? 0))
      })
      offset += 29
      return copy
    })
    const bytes = Buffer.concat(copies)
    appendFileSync(file, bytes)
    written += bytes.length
  }
  return offset
}

/** Everything below a directory with its size and time of change. */
function state(dir: string): string[] {
  return readdirSync(dir, { recursive: true })
    .map((name) => path.join(dir, String(name)))
    .map((file) => `${file} ${statSync(file).size} ${statSync(file).mtimeMs}`)
    .sort()
}

describe('segments dump', () => {
  beforeAll(async () => {
    expect(
      await kcli(['topics', 'create', 'orders', '--partitions', '2', '--replication-factor', '3']),
    ).toMatchObject({ code: 0 })
    const records = [
      '{"key":"a","value":"{\\"n\\":1}","timestamp":1700000000000,"headers":{"h":"1"}}',
      '{"key":"b","value":null,"timestamp":1700000001000}',
      '{"keyBase64":"AAAAAAAAAAc=","valueBase64":"//4=","timestamp":1700000002000}',
    ]
    const input = `${records.join('\n')}\n`
    expect(await kcli(['produce', 'orders', '-p', '1', '--input', 'ndjson'], { input })).toMatchObject({
      code: 0,
    })
  })

  it('shows what consume shows, and changes nothing', async () => {
    const before = state(dataDir)
    const consumed = await kcli(['consume', 'orders', '--partition', '1', '-o', 'ndjson'])
    const after = state(dataDir)
    const dumped = await dump('orders-1', '--records', '--broker', '1', '-o', 'ndjson')
    expect(dumped).toMatchObject({ code: 0, stderr: '', stdout: consumed.stdout })
    expect(rows(dumped.stdout)).toHaveLength(3)
    expect(state(dataDir)).toEqual(after)
    expect(before.length).toBeGreaterThan(0)
  })

  it('shows a replicated partition once, and says whose it is', async () => {
    const { stdout, stderr } = await dump('orders-1', '-r', '-o', 'name')
    expect(stdout.trimEnd().split('\n')).toHaveLength(3)
    expect(stderr).toMatch(/^Showing orders-1 of broker \d; --broker shows another\.\n$/)
    const all = await dump(
      path.join(dataDir, 'broker-0/orders-1'),
      path.join(dataDir, 'broker-1/orders-1'),
      '-r',
      '-o',
      'name',
    )
    expect(all.stdout.trimEnd().split('\n')).toHaveLength(6)
    expect(all.stderr).toBe('')
  })

  it('works while a broker writes', async () => {
    const server = startCli(['cluster', 'start', '--listen', '127.0.0.1:0'], {
      env: { KCLI_DATA_DIR: dataDir },
    })
    try {
      await new Promise((resolve) => server.stdout?.once('data', resolve))
      expect(await kcli(['produce', 'orders', '-p', '0'], { input: 'while it runs\n' })).toMatchObject({
        code: 0,
      })
      const { code, stdout } = await dump('orders-0', '-r', '--broker', '1', '-o', 'json')
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject([
        { topic: 'orders', partition: 0, offset: 0, value: 'while it runs' },
      ])
    } finally {
      const ended = new Promise((resolve) => server.once('close', resolve))
      server.kill('SIGTERM')
      await ended
    }
  })

  it.each<[string[], number[]]>([
    [['--offset', '9'], [9]],
    [
      ['--offset', '9:12'],
      [9, 10, 11],
    ],
    [
      ['--from-offset', '27'],
      [27, 28],
    ],
    [
      ['--to-offset', '2'],
      [0, 1],
    ],
    [
      ['--from-time', '1750000026000'],
      [26, 27, 28],
    ],
    [['--to-time', '2025-06-15T15:06:41Z'], [0]],
    [
      ['--key', 'key-0', '--to-offset', '11'],
      [5, 10],
    ],
    [
      ['--limit', '2'],
      [0, 1],
    ],
    [['--producer-id', '5'], []],
  ])('finds records by %s', async (flags, offsets) => {
    const { code, stdout } = await dump(golden('none'), '--records', '-o', 'csv', '--no-headers', ...flags)
    expect(code).toBe(0)
    expect(
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => Number(line.split(',')[0])),
    ).toEqual(offsets)
  })

  it('shows batches and markers', async () => {
    const { stdout } = await dump(golden('transactions'), '-o', 'ndjson')
    const batches = rows(stdout)
    expect(batches.map((row) => row.baseOffset)).toEqual([0, 3, 4, 8, 9, 11, 12, 17, 18, 26])
    expect(batches[3]).toMatchObject({
      ...{ kind: 'batch', topic: 'transactions', partition: 0, position: 404, sizeBytes: 78, crcValid: true },
      ...{ control: true, controlType: 'ABORT', coordinatorEpoch: 0, producerId: 1, baseSequence: null },
    })
    const markers = await dump(golden('transactions'), '--control-only', '-o', 'ndjson')
    expect(rows(markers.stdout).map((row) => row.controlType)).toEqual([
      'COMMIT',
      'ABORT',
      'COMMIT',
      'ABORT',
      'COMMIT',
    ])
    const data = await dump(golden('transactions'), '--no-control', '-o', 'ndjson')
    expect(rows(data.stdout)).toHaveLength(5)
  })

  it('shows every kind of file', async () => {
    const of = async (...files: string[]) => rows((await dump(...files, '-o', 'ndjson')).stdout)
    const partition = (name: string) => golden('transactions', name)
    expect(await of(partition('00000000000000000003.txnindex'))).toMatchObject([
      { kind: 'txnindex', producerId: 1, firstOffset: 4, lastOffset: 8, lastStableOffset: 9 },
      { kind: 'txnindex', producerId: 1, firstOffset: 12, lastOffset: 17, lastStableOffset: 18 },
    ])
    expect(await of(golden('killed', '00000000000000000016.index'))).toHaveLength(3)
    expect((await of(golden('killed', '00000000000000000016.timeindex'))).at(-1)).toMatchObject({
      timestamp: 1750000034000,
      offset: 34,
    })
    expect(await of(golden('killed', '00000000000000000016.snapshot'))).toMatchObject([
      {
        producerId: 1000,
        firstSequence: 8,
        lastSequence: 15,
        firstOffset: 8,
        lastOffset: 15,
        currentTxnFirstOffset: null,
      },
    ])
    expect(await of(golden('killed', 'leader-epoch-checkpoint'))).toMatchObject([
      { epoch: 0, startOffset: 0 },
    ])
    expect((await of(golden('killed', 'partition.metadata')))[1]).toMatchObject({ name: 'topic_id' })
    const logDir = await of(path.join(GOLDEN, 'log-dir'), '--kind', 'all')
    expect(logDir).toContainEqual(
      expect.objectContaining({
        kind: 'log-start-offset-checkpoint',
        topic: 'trimmed',
        partition: 0,
        offset: 20,
      }),
    )
    expect(logDir).toContainEqual(
      expect.objectContaining({ kind: 'meta.properties', name: 'broker.id', value: '0' }),
    )
    const whole = await of(dataDir, '--kind', 'checkpoint,meta')
    expect(new Set(whole.map((row) => row.kind)).size).toBeGreaterThan(3)
  })

  it('decodes keys and values', async () => {
    const own = await dump(
      'orders-1',
      '--broker',
      '0',
      '--key-format',
      'long',
      '--value-format',
      'hex',
      '-o',
      'ndjson',
    )
    expect(rows(own.stdout).map(({ key, value }) => [key, value])).toEqual([
      ['a', Buffer.from('{"n":1}').toString('hex')],
      ['b', null],
      [7, 'fffe'],
    ])
    const json = await dump('orders-1', '--broker', '0', '--value-format', 'json', '-o', 'ndjson', '-n', '1')
    expect(rows(json.stdout)[0]).toMatchObject({ key: 'a', value: { n: 1 } })
    const internal = await dump(
      path.join(GOLDEN, 'consumer-offsets/__consumer_offsets-0'),
      '-r',
      '-o',
      'ndjson',
    )
    expect(rows(internal.stdout)[1]).toMatchObject({
      key: { type: '1', data: { group: 'golden', topic: 'none', partition: 0 } },
      value: { version: '3', data: { offset: 5 } },
    })
    const state = await dump(
      path.join(GOLDEN, 'transaction-state/__transaction_state-0'),
      '-r',
      '-o',
      'ndjson',
    )
    expect(rows(state.stdout)[1]).toMatchObject({
      key: { transactionalId: 'golden-txn' },
      value: { state: 'Ongoing', partitions: ['transactions-0'] },
    })
  })

  it('says what is damaged and goes on', async () => {
    const dir = path.join(directory.path, 'bad-0')
    cpSync(golden('none'), dir, { recursive: true })
    const log = path.join(dir, '00000000000000000000.log')
    const bytes = readFileSync(log)
    const starts = [...batchStarts(bytes)]
    bytes[(starts[1] ?? 0) + 100] = 0
    writeFileSync(log, Buffer.concat([bytes, bytes.subarray(0, 50)]))
    const batches = await dump(dir, '-o', 'ndjson')
    expect(batches.code).toBe(0)
    expect(rows(batches.stdout).map((row) => row.crcValid)).toEqual(starts.map((_, i) => i !== 1))
    expect(batches.stderr).toContain('the last 50 bytes')
    const records = await dump(dir, '-r', '-o', 'ndjson')
    expect(records.code).toBe(1)
    expect(records.stderr).toContain(`the batch at byte ${starts[1]} has a wrong checksum`)
    expect(rows(records.stdout).map((row) => row.offset)).not.toContain(1)
    expect(rows(records.stdout).map((row) => row.offset)).toContain(28)
    writeFileSync(path.join(dir, '00000000000000000029.snapshot'), 'no snapshot')
    expect(await dump(path.join(dir, '00000000000000000029.snapshot'))).toMatchObject({ code: 1, stdout: '' })
  })

  it('does not believe an index that leads to nothing', async () => {
    const dir = path.join(directory.path, 'lying-0')
    mkdirSync(dir)
    const last = largeLog(path.join(dir, '00000000000000000000.log'), 3e6) - 1
    const wanted = ['--offset', String(last), '-r', '-o', 'name']
    const plain = await dump(dir, ...wanted)
    expect(plain.stdout).toBe(`${dir}/00000000000000000000.log@${last}\n`)
    for (const position of [1, 50_000_000, -5, 0x7fffffff]) {
      const index = Buffer.alloc(16)
      index.writeInt32BE(10, 0)
      index.writeInt32BE(position, 4)
      writeFileSync(path.join(dir, '00000000000000000000.index'), index)
      expect(await dump(dir, ...wanted)).toMatchObject({ stdout: plain.stdout, code: 0 })
    }
  })

  it('refuses what makes no sense', async () => {
    for (const flags of [
      ['no-such-topic'],
      ['--kind', 'logs'],
      ['--offset', 'x'],
      ['-b', 'localhost:9092'],
      ['--from-time', 'soon'],
    ]) {
      const { code, stdout, stderr } = await dump(...flags)
      expect(code, flags.join(' ')).not.toBe(0)
      expect(stdout).toBe('')
      expect(stderr.split('\n').length).toBeLessThanOrEqual(3)
    }
  })
})

describe('large files', () => {
  const file = path.join(directory.path, 'large-0', '00000000000000000000.log')
  beforeAll(() => {
    mkdirSync(path.dirname(file))
    largeLog(file, 60e6)
  })

  it.each([
    ['segments', 'dump', file, '-r', '-o', 'ndjson'],
    ['kafka-dump-log', '--files', file, '--print-data-log'],
  ])('end with `| head`: %s', async (...words) => {
    const child = spawn('sh', ['-c', '"$@" | head -2', 'sh', process.execPath, runner, ...words], {
      env: cleanEnv(),
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    const started = performance.now()
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(code).toBe(0)
    expect(Buffer.concat(chunks).toString().split('\n')).toHaveLength(3)
    // All of it would take many seconds.
    expect(performance.now() - started).toBeLessThan(3000)
  })

  it.each([
    ['segments', 'dump', file, '-r', '-o', 'ndjson'],
    ['kafka-dump-log', '--files', file, '--print-data-log'],
  ])('end with Ctrl-C: %s', async (...words) => {
    const child = startCli(words)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    child.kill('SIGINT')
    child.stdout?.resume()
    expect(await ended).toBe(130)
  })
})

describe('kafka-dump-log', () => {
  it('has the exit codes and streams of the original', async () => {
    expect(await kcli(['kafka-dump-log', '--version'])).toMatchObject({
      code: 0,
      stdout: '3.9.1\n',
      stderr: '',
    })
    const help = await kcli(['kafka-dump-log', '--help'])
    expect(help).toMatchObject({ code: 1, stdout: '' })
    expect(help.stderr).toContain(
      '--files <String: file1, file2, ...>  REQUIRED: The comma separated list of data \n',
    )
    expect(await kcli(['kafka-dump-log', '--foo'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        'Exception in thread "main" joptsimple.UnrecognizedOptionException: foo is not a recognized option\n',
    })
    const log = golden('none', '00000000000000000000.log')
    const { code, stdout, stderr } = await kcli(['kafka-dump-log', '--files', log])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('magic: 2 compresscodec: none')
    const refused = await kcli(['kafka-dump-log', '--files', log, '--cluster-metadata-decoder'])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('--cluster-metadata-decoder is not supported')
  })

  it('is in the list of commands', async () => {
    expect((await kcli(['help'])).stdout).toContain('kafka-dump-log')
    expect((await kcli(['help', 'kafka-dump-log'])).stdout).toContain("Kafka's kafka-dump-log")
  })
})
