/** `kcli kafka-dump-log` beside Kafka's own: the same bytes on stdout and stderr, the same exit code. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Random } from '../../src/base/random.ts'
import type { CommandContext } from '../../src/cli/context.ts'
import { kafkaDumpLog } from '../../src/cli/services/kafka-dump-log.ts'
import { testRandom } from '../support/seed.ts'
import { JavaDriver } from './support/driver.ts'
import { createKcliHome, type KcliHome, kcli } from './support/kcli.ts'
import * as odd from './support/odd-logs.ts'
import { describeInterop } from './support/suite.ts'

const GOLDEN = path.resolve('test/golden/segments')
const KINDS = ['log', 'index', 'timeindex', 'snapshot', 'txnindex'] as const
type Kind = (typeof KINDS)[number]

const API = 'org.apache.kafka.tools.api'
const OF_ALL = [
  ...['', '--print-data-log', '--deep-iteration', '--verify-index-only', '--index-sanity-check'],
  ...['--verify-index-only --index-sanity-check', '--max-message-size 100', '--max-message-size -1'],
]
const FLAGS: Readonly<Record<Kind, readonly string[]>> = {
  index: OF_ALL,
  timeindex: OF_ALL,
  snapshot: OF_ALL,
  txnindex: OF_ALL,
  log: [
    ...OF_ALL,
    ...[
      '--skip-record-metadata',
      '--skip-record-metadata --print-data-log',
      '--max-bytes 500 --deep-iteration',
    ],
    ...[
      '--max-bytes 0',
      '--max-bytes -1',
      '--max-bytes abc',
      '--max-bytes 99999999999',
      '--value-decoder-class',
    ],
    ...['--offsets-decoder', '--transaction-log-decoder', '--offsets-decoder --skip-record-metadata'],
    '--key-decoder-class=kafka.serializer.DefaultDecoder --value-decoder-class kafka.serializer.StringDecoder',
    `--value-decoder-class kafka.serializer.LongDecoder --key-decoder-class ${API}.IntegerDecoder`,
    `--value-decoder-class ${API}.LongDecoder`,
    `--key-decoder-class ${API}.DefaultDecoder`,
    '--value-decoder-class no.such.Decoder',
  ],
}

interface Printed {
  readonly out: string
  readonly err: string
  readonly code: number | null
}

/** Java's stack below an exception, and the identity of an array, are not part of the comparison. */
function comparable({ out, err, code }: Printed): Printed {
  const lines = err.split('\n').filter((line) => !/^(\tat |\t\.\.\. |Caused by: )/.test(line))
  return { out: out.replace(/\[B@[0-9a-f]+/g, '[B@'), err: lines.join('\n'), code }
}

async function ours(words: readonly string[]): Promise<Printed> {
  const chunks: Buffer[] = []
  let err = ''
  const sink = {
    isTerminal: false,
    write: (bytes: Uint8Array | string) => void chunks.push(Buffer.from(bytes as Uint8Array)),
    flush: () => Promise.resolve(),
  }
  const note = (text: string) => {
    err += `${text}\n`
  }
  const context = { out: { sink, note } } as unknown as CommandContext
  const code = await kafkaDumpLog(context, words)
  return { out: Buffer.concat(chunks).toString(), err, code }
}

function filesOf(dir: string, kind?: Kind): string[] {
  return readdirSync(dir, { recursive: true })
    .map((name) => path.join(dir, String(name)))
    .filter((file) => path.dirname(file).match(/-\d+$/) && statSync(file).isFile())
    .filter((file) => kind === undefined || file.endsWith(`.${kind}`))
    .sort()
}

describeInterop('kafka-dump-log', ['kafka', 'driver'], () => {
  let java: JavaDriver
  let home: KcliHome
  let dir: string

  beforeAll(() => {
    java = new JavaDriver()
    home = createKcliHome()
    dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-dump-'))
  })
  afterAll(async () => {
    await java?.close()
    home?.remove()
    rmSync(dir, { recursive: true, force: true })
  })

  const theirs = async (words: readonly string[]): Promise<Printed> => {
    const { stdout, stderr, code } = await java.runTool('kafka-dump-log', words)
    return { out: stdout, err: stderr, code }
  }
  const compare = async (words: readonly string[], hint = '') => {
    const [own, real] = [await ours(words), await theirs(words)]
    expect(comparable(own), `${words.join(' ').slice(0, 300)} ${hint}`).toEqual(comparable(real))
    return own
  }
  const split = (line: string) => line.split(' ').filter((word) => word !== '')

  it.each([
    ...[
      '',
      '--help',
      '--version',
      '--help --version',
      '--print-data-log',
      '--files',
      '--foo',
      '--file a.b',
      '-x',
    ],
    ...[
      '-files a.b',
      '--files=a.b',
      '--files a.b --files c.d',
      '--files a.b -- --help',
      'extra --files a.b -',
    ],
    ...[
      '--files=',
      '--files ,',
      '--files a.b,,c.d,,',
      '--files no-dot',
      '--files .log',
      '--files ..',
      '--files x.log',
    ],
    ...[
      '--files /nope/0.log',
      '--files /nope/0.index',
      '--files /nope/0.timeindex',
      '--files /nope/0.snapshot',
    ],
    ...[
      '--files /nope/0.txnindex',
      '--files /nope/x.txnindex',
      '--files /nope//1.log/',
      '--files +5.log',
      '--files -1.log',
    ],
    ...['--files 99999999999999999999.log', '--files 0.checkpoint', '--files bootstrap.checkpoint'],
    ...[
      '--files 00000000000000000007-0000000003.checkpoint',
      '--print-data-log=x --files a.b',
      '--max-bytes',
    ],
  ])('takes and refuses %s', async (line) => {
    await compare(split(line))
  })

  it.each(KINDS)('prints what Apache Kafka wrote: %s', async (kind) => {
    const files = filesOf(GOLDEN, kind)
    expect(files.length).toBeGreaterThan(0)
    for (const flags of FLAGS[kind]) await compare(['--files', files.join(','), ...split(flags)])
  })

  it('names files as they were given', async () => {
    const relative = filesOf(GOLDEN, 'index').map((file) => path.relative(process.cwd(), file))
    await compare(['--files', `./${relative.join(',')}`, '--verify-index-only'])
    const others = filesOf(GOLDEN).filter((file) => !KINDS.some((kind) => file.endsWith(`.${kind}`)))
    for (const file of others.slice(0, 4)) await compare(['--files', file])
  })

  it('prints internal topics', async () => {
    const logs = filesOf(GOLDEN, 'log')
    const of = (topic: string) => logs.filter((file) => file.includes(topic)).join(',')
    const offsets = await compare(['--files', of('__consumer_offsets'), '--offsets-decoder'])
    expect(offsets.out).toContain('"group":"golden"')
    const transactions = await compare(['--files', of('__transaction_state'), '--transaction-log-decoder'])
    expect(transactions.out).toContain('state=PrepareCommit')
  })

  it('prints what no broker writes every day', async () => {
    const { seed, random } = testRandom()
    const at = (name: string) => path.join(dir, name)
    const hint = `(KCLI_SEED=${seed})`
    await compare(['--files', odd.randomText(at('text-0'), random), '--print-data-log'], hint)
    await compare(['--files', odd.transactionState(at('txn-0')), '--transaction-log-decoder'])
    const offsets = odd.consumerOffsets(at('offsets-0'))
    await compare(['--files', offsets, '--offsets-decoder'])
    await compare(['--files', offsets, '--offsets-decoder', '--skip-record-metadata'])
    await compare(['--files', odd.cutOffsets(at('cut-0')), '--offsets-decoder'])
    for (const flags of ['', '--deep-iteration', '--print-data-log']) {
      await compare(['--files', odd.controlBatches(at('control-0')), ...split(flags)])
      await compare(['--files', odd.oddBatches(at('odd-0')), ...split(flags)])
    }
    const golden = filesOf(GOLDEN, 'log').find((file) => file.includes('format-v1-lz4')) ?? ''
    await compare(['--files', odd.wrapperWithLogTime(at('wrapper-0'), golden), '--deep-iteration'])
  })

  it('prints what kcli wrote', async () => {
    const settings = ['--config', 'segment.bytes=20000', '--config', 'index.interval.bytes=300']
    const target = ['--data-dir', home.dataDir]
    const created = await kcli(home, ['topics', 'create', 'own', '--partitions', '2', ...settings, ...target])
    expect(created).toMatchObject({ code: 0 })
    const lines = Array.from(
      { length: 2_000 },
      (_, i) => `{"key":"k${i % 7}","value":"line ${i} é","headers":{"h":"${i}"}}`,
    )
    for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
      const flags = ['--input', 'ndjson', '--compression', codec, '--batch-size', '3000', ...target]
      const produced = await kcli(home, ['produce', 'own', ...flags], { stdin: `${lines.join('\n')}\n` })
      expect(produced).toMatchObject({ code: 0 })
    }
    for (const kind of KINDS) {
      const files = filesOf(home.dataDir, kind)
      if (files.length === 0) continue
      for (const flags of FLAGS[kind].slice(0, 6))
        await compare(['--files', files.join(','), ...split(flags)])
    }
    expect(filesOf(home.dataDir, 'log').length).toBeGreaterThan(4)
  })

  it('prints damaged files, up to the same place and with the same exception', async () => {
    const { seed, random } = testRandom()
    const sources = KINDS.flatMap((kind) => filesOf(GOLDEN, kind)).filter((file) => statSync(file).size > 0)
    for (let round = 0; round < 120; round++) {
      const source = sources[random.int(sources.length)] ?? ''
      const copy = path.join(dir, `damaged-${round}`, path.basename(path.dirname(source)))
      cpSync(path.dirname(source), copy, { recursive: true })
      const file = path.join(copy, path.basename(source))
      const what = damage(file, random)
      const prefix = path.basename(file).slice(0, 20)
      const files = filesOf(copy).filter((one) => path.basename(one).startsWith(`${prefix}.`))
      const flags = FLAGS.log.slice(0, 5)[round % 5] ?? ''
      const words = ['--files', files.join(','), ...split(flags)]
      const [own, real] = [comparable(await ours(words)), comparable(await theirs(words))]
      const hint = `${source}: ${what}, ${flags} (KCLI_SEED=${seed})`
      // How far a stream that does not decompress is read, and what is said of it, is the codec's affair.
      const isCodec = [own, real].some(({ err }) => /Failed to decompress|KafkaException: java\./.test(err))
      expect(isCodec ? { ...own, err: '' } : own, hint).toEqual(isCodec ? { ...real, err: '' } : real)
      rmSync(path.dirname(copy), { recursive: true })
    }
  })
})

/** Cuts, changes or lengthens the file; says how. */
function damage(file: string, random: Random): string {
  const bytes = readFileSync(file)
  const at = random.int(bytes.length)
  switch (random.int(4)) {
    case 0:
      writeFileSync(file, bytes.subarray(0, at))
      return `cut at ${at}`
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(8))
      writeFileSync(file, bytes)
      return `a bit of byte ${at}`
    case 2: {
      const noise = random.bytes(Math.min(1 + random.int(40), bytes.length - at))
      bytes.set(noise, at)
      writeFileSync(file, bytes)
      return `${noise.length} bytes at ${at}`
    }
    default:
      writeFileSync(file, Buffer.concat([bytes, Buffer.alloc(random.int(60), random.int(2))]))
      return 'a tail'
  }
}
