import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'

/** What people get wrong, what they are told, and what they are told to do. The first line says what, the second what to do. */
interface Mistake {
  readonly args: readonly string[]
  readonly code: number
  readonly says: string | RegExp
  readonly hint: string | RegExp
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

const directory = temporaryDirectory('kcli-mistakes')
const at = (...names: string[]) => path.join(directory.path, ...names)
/** Stand-ins in the table for what is only known when it runs. */
const places = new Map<string, string>()
const servers: net.Server[] = []
let cluster: ChildProcess

const BROKER = '{broker}'
const ZOOKEEPER = '{zookeeper}'
const HTTP = '{http}'
const SILENT = '{silent}'
const FILES = '{files}'

const filled = (word: string) =>
  [...places].reduce((text, [name, value]) => text.replaceAll(name, value), word)

async function serve(name: string, onSocket: (socket: net.Socket) => void): Promise<void> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined)
    onSocket(socket)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  places.set(name, `127.0.0.1:${(server.address() as net.AddressInfo).port}`)
}

const env = { KCLI_DATA_DIR: at('data'), XDG_CONFIG_HOME: at('config'), HOME: directory.path }
const kcli = (args: readonly string[], options: { input?: string; env?: Record<string, string> } = {}) =>
  runCli(args, { cwd: directory.path, ...options, env: { ...env, ...options.env } })

beforeAll(async () => {
  const listen = ['--listen', '127.0.0.1:0', '--zookeeper-listen', '127.0.0.1:0']
  cluster = startCli(['cluster', 'start', '--brokers', '1', ...listen], { env })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const listenTo = (chunk: Buffer) => {
      said += chunk
      if (/zookeeper.*127\.0\.0\.1:\d+/i.test(said)) resolve()
    }
    cluster.stdout?.on('data', listenTo)
    cluster.stderr?.on('data', listenTo)
    cluster.once('exit', () => reject(new Error(said)))
  })
  places.set(BROKER, /127\.0\.0\.1:\d+/.exec(said)?.[0] ?? '')
  places.set(ZOOKEEPER, /zookeeper.*?(127\.0\.0\.1:\d+)/i.exec(said)?.[1] ?? '')
  places.set(FILES, directory.path)
  await serve(HTTP, (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await serve(SILENT, () => undefined)
  fs.mkdirSync(at('folder'))
  fs.mkdirSync(at('newer'))
  fs.writeFileSync(at('newer', 'kcli.json'), '{"version":9,"brokers":3}')
  fs.writeFileSync(at('file'), 'x\n')
  fs.writeFileSync(at('plan.json'), 'not json\n')
  fs.writeFileSync(at('broken.yml'), 'profiles: [\n')
  fs.writeFileSync(at('typo.yml'), 'profiles:\n  prod:\n    read_only: true\n')
  await kcli(['profile', 'create', 'staging', '-b', filled(BROKER)])
  await kcli(['topics', 'create', 'orders', '-p', '3'])
  await kcli(['produce', 'orders'], { input: 'a\n' })
  expect((await kcli(['consume', 'orders', '--group', 'billing'])).stdout).toBe('a\n')
})
afterAll(async () => {
  const ended = finished(cluster)
  cluster.kill('SIGTERM')
  await ended
  for (const server of servers) server.close()
  directory.remove()
})

const usage = (args: readonly string[], says: string | RegExp, hint: string | RegExp): Mistake => ({
  args,
  code: 2,
  says,
  hint,
})
const failed = (args: readonly string[], says: string | RegExp, hint: string | RegExp): Mistake => ({
  args,
  code: 1,
  says,
  hint,
})
const unreachable = (args: readonly string[], says: string | RegExp, hint: string | RegExp): Mistake => ({
  args,
  code: 3,
  says,
  hint,
})

const COMMANDS: readonly Mistake[] = [
  usage(['topcs', 'list'], "there is no command 'topcs'", 'Did you mean: kcli topics'),
  usage(['topics', 'lsit'], "there is no command 'topics lsit'", 'Did you mean: kcli topics list'),
  usage(['topic', 'describ', 'orders'], "no command 'topics describ'", 'Did you mean: kcli topics describe'),
  usage(['create', 'topic', 'x'], "there is no command 'create'", 'Did you mean: kcli topics create'),
  usage(['topics', 'remove', 'x'], "no command 'topics remove'", 'Did you mean: kcli topics delete'),
  usage(['broker', 'kill', '0'], "no command 'broker kill'", 'Did you mean: kcli cluster kill'),
  usage(['status'], "there is no command 'status'", 'Did you mean: kcli cluster status'),
  usage(['frobnicate'], "there is no command 'frobnicate'", 'See what there is with: kcli help'),
  usage(
    ['topics', 'orders'],
    "there is no command 'topics orders'",
    'See what there is with: kcli help topics',
  ),
  usage(['-c', 'topcs list'], "there is no command 'topcs'", 'Did you mean: topics'),
  usage(['-c', 'topics list "'], 'the last command is not complete', 'A quote'),
]

const WORDS: readonly Mistake[] = [
  usage(
    ['topics', 'list', '--bootstrap-servers', 'x:1'],
    'no flag --bootstrap-servers',
    '--bootstrap-server?',
  ),
  usage(
    ['topics', 'create', 'x', '--partition', '3'],
    'has no flag --partition',
    'Did you mean --partitions?',
  ),
  usage(['topics', 'create', 'x', '--repl', '3'], 'has no flag --repl', 'kcli topics create --help'),
  usage(
    ['topics', 'list', '--frobnicate'],
    'topics list has no flag --frobnicate',
    'kcli topics list --help',
  ),
  usage(
    ['topics', 'list', '-o', 'jsonn'],
    "--output is 'jsonn', and takes one of table",
    'Did you mean json?',
  ),
  usage(['produce', 'orders', '-z', 'gzp'], "--compression is 'gzp'", 'Did you mean gzip?'),
  usage(['topics', 'create', 'x', '-p'], '--partitions wants a value', '--partitions N: '),
  usage(
    ['topics', 'create', 'x', '-p', 'three'],
    "--partitions is 'three', and takes a whole number",
    '--partitions N: ',
  ),
  usage(
    ['topics', 'create', 'x', '-p', '0'],
    "--partitions is '0', and takes a whole number of 1 or more",
    'N: ',
  ),
  usage(
    ['topics', 'create', 'x', '-r', '99999'],
    /'99999', and takes a whole number of at most 32767/,
    'N: ',
  ),
  usage(
    ['consume', 'orders', '--tail', '5', '--offset', '3'],
    '--offset and --tail exclude each other',
    'Leave one',
  ),
  usage(['topics', 'list', '-b', 'x:1', '--data-dir', 'y'], 'exclude each other', 'Leave one of them out.'),
  usage(
    ['groups', 'reset-offsets', 'billing', '--wait-empty'],
    'means nothing without --execute',
    'Give both',
  ),
  usage(['profile', 'create'], 'NAME is missing', 'Usage: kcli profile create NAME'),
  usage(['shell', 'extra'], "shell has no use for 'extra'", 'Usage: kcli shell'),
  usage(['produce'], 'no topic given', 'Name it as an argument or with --topic.'),
]

const NAMES: readonly Mistake[] = [
  failed(['topics', 'describe', 'ordrs'], "topic 'ordrs' does not exist", "Did you mean 'orders'?"),
  failed(['topics', 'delete', 'ordrs', '--yes'], "topic 'ordrs' does not exist", "Did you mean 'orders'?"),
  failed(['topics', 'alter', 'ordrs', '-p', '5'], "topic 'ordrs' does not exist", "Did you mean 'orders'?"),
  failed(['consume', 'ordres'], "topic 'ordres' does not exist", "Did you mean 'orders'?"),
  { ...failed(['produce', 'order'], "topic 'order' does not exist", "Did you mean 'orders'?"), input: 'a\n' },
  failed(
    ['consume', 'frobnicate'],
    "'frobnicate' does not exist",
    'Create it with: kcli topics create frobnicate',
  ),
  failed(
    ['-c', 'topics describe ordrs; topics list'],
    "topic 'ordrs' does not exist",
    "Did you mean 'orders'?",
  ),
  failed(['groups', 'describe', 'biling'], "there is no group 'biling'", "Did you mean 'billing'?"),
  failed(['groups', 'delete', 'biling', '--yes'], "group 'biling' does not exist", "Did you mean 'billing'?"),
  usage(['consume', 'orders', '--partition', '9'], 'orders has no partition 9', 'It has 3, numbered from 0.'),
  failed(['brokers', 'describe', '9'], 'there is no broker 9', 'kcli brokers list'),
  failed(['topics', 'create', 'orders'], "Topic 'orders' already exists", '--if-not-exists'),
  failed(
    ['topics', 'create', 'new', '-r', '5'],
    'larger than available brokers: 1',
    'lower --replication-factor',
  ),
  failed(['topics', 'create', 'a b'], 'Topic name is invalid', 'Choose another name'),
  failed(
    ['topics', 'alter', 'orders', '-p', '1'],
    'currently has 3 partitions',
    'Partitions can only be added',
  ),
  failed(
    ['topics', 'create', 'new', '--config', 'retntion.ms=5'],
    'retntion.ms',
    'Did you mean retention.ms?',
  ),
  failed(
    ['topics', 'create', 'new', '--config', 'retention.ms=x'],
    'Invalid value x',
    'kcli configs explain',
  ),
  failed(
    ['configs', 'alter', '--topic', 'orders', '--set', 'retntion.ms=5'],
    'retntion.ms',
    'mean retention.ms?',
  ),
  failed(
    ['configs', 'alter', '--topic', 'ordrs', '--set', 'retention.ms=5'],
    'ordrs',
    "Did you mean 'orders'?",
  ),
  failed(
    ['configs', 'alter', '--topic', 'orders', '--set', 'retention.ms=x'],
    'Invalid value x',
    'configs explain',
  ),
]

const VALUES: readonly Mistake[] = [
  usage(['consume', 'orders', '--offset', 'abc'], "'abc' is no offset", 'Offsets are start, end, N'),
  usage(['consume', 'orders', '--from', '@yesterday'], "'yesterday' is no time", 'RFC 3339'),
  usage(['consume', 'orders', '--partition', 'x'], "'x' is no partition", 'Partitions are numbers'),
  usage(
    ['consume', 'orders', '--print', 'key,valeu'],
    "--print does not know 'valeu'",
    'topic, partition, offset',
  ),
  usage(['consume', 'orders', '-F', '%q'], 'unknown verb %q', 'Known are %t'),
  usage(['topics', 'describe', '--regex', 'a('], "'a(' is no regular expression", '--help'),
  usage(
    ['groups', 'reset-offsets', 'billing', '--topic', 'orders', '--to', 'soon'],
    "'soon' is no",
    'Offsets are',
  ),
  usage(
    ['produce', 'orders', '-X', 'acks=7'],
    'Invalid value 7 for configuration acks',
    'acks comes from -X',
  ),
  usage(['topics', 'list', '-X', '=1'], "-X wants KEY=VALUE, not '=1'", '--help'),
  usage(['cluster', 'start', '--brokers', '0'], 'a whole number of 1 or more', '--brokers N'),
  { ...failed(['produce', 'orders', '-i', 'ndjson'], 'line 1 of the input', ''), input: 'nonsense\n' },
]

const CONNECTIONS: readonly Mistake[] = [
  unreachable(
    ['topics', 'list', '-b', '127.0.0.1:1'],
    'cannot connect to 127.0.0.1:1',
    'Nothing listens there',
  ),
  unreachable(['topics', 'list', '-b', 'nowhere.invalid:9092'], 'nowhere.invalid:9092', 'check the address'),
  unreachable(['topics', 'list', '-b', HTTP], 'it is an HTTP server', 'Check the address'),
  unreachable(
    ['topics', 'list', '-b', SILENT, '--timeout', '300'],
    'did not answer',
    'Something listens there',
  ),
  unreachable(['topics', 'list', '-b', ZOOKEEPER, '--timeout', '2000'], 'was lost', "not ZooKeeper's"),
  unreachable(
    ['zk', '--server', BROKER, '--timeout', '300', 'ls', '/'],
    'cannot connect to ZooKeeper',
    "not a broker's",
  ),
  unreachable(
    ['zk', '--server', '127.0.0.1:1', '--timeout', '300', 'ls', '/'],
    'ECONNREFUSED',
    'Check that it runs',
  ),
  usage(
    ['topics', 'list', '-b', 'localhost:99999'],
    "has the address 'localhost:99999'",
    'Addresses are HOST:PORT',
  ),
  usage(['topics', 'list', '-b', 'http://x:1'], "has the address 'http://x:1'", 'Addresses are HOST:PORT'),
  failed(
    ['cluster', 'start', '--listen', SILENT, '--data-dir', 'other'],
    'it is in use',
    'choose another port',
  ),
]

const FILE_MISTAKES: readonly Mistake[] = [
  usage(
    ['topics', 'list', '--command-config', 'nope'],
    'nope (--command-config) cannot be read: there is no such',
    'Check its name',
  ),
  usage(['topics', 'list', '--command-config', 'folder'], 'cannot be read: it is a folder', 'Check its name'),
  failed(['produce', 'orders', '-f', 'nope'], 'nope cannot be read: there is no such file', 'Check its name'),
  failed(
    ['partitions', 'reassign', '--plan', 'nope'],
    'nope cannot be read: there is no such file',
    'Check its name',
  ),
  failed(['partitions', 'reassign', '--plan', 'plan.json'], 'plan.json: no JSON', 'A plan looks like'),
  usage(
    ['groups', 'reset-offsets', 'billing', '--from-file', 'nope'],
    'nope (--from-file) cannot be read',
    'Check',
  ),
  failed(['segments', 'dump', 'nope.log'], "'nope.log' is no file", 'Name a file, a folder'),
  usage(['segments', 'verify', 'file'], 'file is no log file', 'Name a .log file'),
  failed(
    ['topics', 'list', '--data-dir', 'file'],
    'a file is in the way',
    'Choose another one with --data-dir',
  ),
  failed(['topics', 'list', '--data-dir', 'newer'], 'layout version 9', ''),
  failed(['topics', 'list', '--data-dir', '.'], 'is not empty', 'Give an empty or a new directory'),
  usage(
    ['cluster', 'start', '--config', 'nope', '--data-dir', 'other'],
    'nope (--config) cannot be read',
    'Check',
  ),
]

const PROFILES: readonly Mistake[] = [
  usage(['topics', 'list', '-P', 'stagign'], "there is no profile 'stagign'", "Did you mean 'staging'?"),
  usage(['profile', 'use', 'nope'], "there is no profile 'nope'", 'There are: staging.'),
  usage(['profile', 'create', 'none'], "'none' cannot be the name of a profile", 'Names have letters'),
  usage(
    ['profile', 'create', 'staging'],
    "there is a profile 'staging' already",
    'kcli profile delete staging',
  ),
  {
    ...usage(['topics', 'list', '-P', 'x'], 'broken.yml is no YAML that can be read', 'Put it right there'),
    env: { KCLI_CONFIG: `${FILES}/broken.yml` },
  },
  {
    ...usage(['topics', 'list'], "has the key 'read_only', which is not known", 'Did you mean read-only?'),
    env: { KCLI_CONFIG: `${FILES}/typo.yml`, KCLI_PROFILE: 'prod' },
  },
  usage(
    ['topics', 'list', '-P', 'staging', '-X', 'client.id=env:NOT_SET'],
    'NOT_SET is not set',
    'Set it in',
  ),
]

const matches = (text: string, wanted: string | RegExp) =>
  typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)

describe.each([
  ['commands', COMMANDS],
  ['flags and arguments', WORDS],
  ['names', NAMES],
  ['values', VALUES],
  ['addresses', CONNECTIONS],
  ['files', FILE_MISTAKES],
  ['profiles', PROFILES],
])('mistakes with %s', (_, mistakes) => {
  it.concurrent.each(mistakes.map((mistake) => [mistake.args.join(' '), mistake] as const))(
    'kcli %s',
    async (_, { args, code, says, hint, input, env: extra = {} }) => {
      const result = await kcli(args.map(filled), {
        ...(input !== undefined && { input }),
        env: Object.fromEntries(Object.entries(extra).map(([name, value]) => [name, filled(value)])),
      })
      const [first = '', second = '', ...more] = result.stderr.trimEnd().split('\n')
      expect({ first, isSaid: matches(first, says), code: result.code }).toEqual({
        first,
        isSaid: true,
        code,
      })
      expect(first).toMatch(/^kcli: /)
      expect({ second, isSaid: matches(second, hint) }).toEqual({ second, isSaid: true })
      expect(more).toEqual([])
      expect(result.stderr).not.toMatch(/\n\s+at |ENOENT|EISDIR|undefined|\[object/)
      expect(result.stdout).toBe('')
    },
  )
})

describe('mistakes, as data', () => {
  it.each([
    [
      ['topics', 'describe', 'ordrs', '-o', 'json'],
      { code: 'KCLI_BROKER', hint: "Did you mean 'orders'?", exitCode: 1 },
    ],
    [
      ['topics', 'list', '-o', 'json', '--jsn'],
      { code: 'KCLI_USAGE', hint: 'Did you mean --json?', exitCode: 2 },
    ],
    [['topics', 'list', '--json', '-P', 'nope'], { code: 'KCLI_USAGE', exitCode: 2 }],
    [['topics', 'list', '--json', '-b', '127.0.0.1:1'], { code: 'KCLI_UNREACHABLE', exitCode: 3 }],
  ])('%j', async (args, error) => {
    const result = await kcli(args)
    expect(result.code).toBe(error.exitCode)
    expect(JSON.parse(result.stdout)).toMatchObject({ error })
  })
})

it('a broker that goes down in the middle is told, and what to do', async () => {
  const other = ['--data-dir', at('short-lived')]
  const server = startCli(['cluster', 'start', '--brokers', '1', '--listen', '127.0.0.1:0', ...other], {
    env,
  })
  const said = await new Promise<string>((resolve) =>
    server.stdout?.once('data', (chunk: Buffer) => resolve(String(chunk))),
  )
  const address = /127\.0\.0\.1:\d+/.exec(said)?.[0] ?? ''
  await kcli(['topics', 'create', 't', '-b', address])
  const producing = startCli(['produce', 't', '-b', address, '--timeout', '1500'], { env })
  producing.stdin?.write('before\n')
  const result = finished(producing)
  await expect
    .poll(async () => (await kcli(['topics', 'offsets', 't', '-b', address, '-o', 'csv'])).stdout, {
      timeout: 20_000,
    })
    .toMatch(/1/)
  server.kill('SIGKILL')
  await finished(server)
  producing.stdin?.end('after\n')
  const { code, stderr, stdout } = await result
  expect(stdout).toBe('')
  expect(stderr).toMatch(/kcli: 1 of 2 records were not stored/)
  expect(stderr).not.toMatch(/\n\s+at /)
  expect([1, 3]).toContain(code)
})
