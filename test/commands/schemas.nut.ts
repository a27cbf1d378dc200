import type { ChildProcess } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SCHEMA_IDS, schemaOf } from '../../src/cli/schemas/index.ts'
import { finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'
import { resolve, schemaErrors } from '../support/json-schema.ts'

/** Real output of every command, held against its schema. A field that the schema does not name is an error here. */

const directory = temporaryDirectory('kcli-schemas')
const dataDir = path.join(directory.path, 'data')
const env = { KCLI_DATA_DIR: dataDir, XDG_CONFIG_HOME: path.join(directory.path, 'config') }
const running = new Set<ChildProcess>()
/** Ids whose output had something in it. */
const seen = new Set<string>()

afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  directory.remove()
})

/** A new group need not wait for more members. */
const AT_ONCE = ['--override', 'group.initial.rebalance.delay.ms=0']

type Step = readonly [id: string, words: string, forms?: 'json' | 'ndjson']

const STEPS: readonly Step[] = [
  ['topics:create', 'topics create a b --partitions 2 --replication-factor 2', 'json'],
  ['topics:create', 'topics create a --if-not-exists'],
  ['topics:create', 'topics create a', 'json'],
  ['topics:create', 'topics create new --dry-run'],
  ['topics:list', 'topics list'],
  ['topics:describe', 'topics describe --all-configs'],
  ['topics:describe', 'topics describe --unavailable-partitions', 'json'],
  ['topics:alter', 'topics alter a --partitions 3', 'json'],
  ['topics:alter', 'topics alter a none --partitions 3', 'json'],
  ['produce', 'produce a --file in.ndjson -i ndjson'],
  ['produce', 'produce a --file in.ndjson -i ndjson --report'],
  ['consume', 'consume a'],
  ['consume', 'consume a --group g'],
  ['consume', 'consume a --group gone', 'json'],
  ['produce', 'produce a --file in.ndjson -i ndjson', 'json'],
  ['topics:offsets', 'topics offsets a'],
  ['topics:offsets', 'topics offsets a --time 0'],
  ['topics:consumers', 'topics consumers a'],
  ['groups:list', 'groups list'],
  ['groups:describe', 'groups describe'],
  ['groups:members', 'groups members member'],
  ['groups:lag', 'groups lag'],
  ['groups:peek', 'groups peek g'],
  ['groups:reset-offsets', 'groups reset-offsets g --to-earliest --topic a'],
  ['groups:reset-offsets', 'groups reset-offsets member --to-earliest --topic a', 'json'],
  ['groups:delete-offsets', 'groups delete-offsets g --topic a --yes', 'json'],
  ['groups:delete-offsets', 'groups delete-offsets gone --topic none --yes'],
  ['groups:delete', 'groups delete gone none --yes', 'json'],
  ['configs:describe', 'configs describe --topic a --all'],
  ['configs:describe', 'configs describe --broker 0 --all', 'json'],
  ['configs:alter', 'configs alter --topic a --set retention.ms=1000000'],
  ['configs:alter', 'configs alter --topic none --set retention.ms=1000000', 'json'],
  ['configs:explain', 'configs explain retention.ms'],
  ['configs:explain', 'configs explain'],
  ['brokers:list', 'brokers list'],
  ['brokers:describe', 'brokers describe'],
  ['log-dirs:list', 'log-dirs list'],
  ['log-dirs:describe', 'log-dirs describe --all'],
  ['api-versions', 'api-versions'],
  ['partitions:list', 'partitions list'],
  ['partitions:reassign', 'partitions reassign a --brokers 0,1,2 --replication-factor 3'],
  ['partitions:reassign', 'partitions reassign a --replication-factor 3 --execute --wait', 'json'],
  ['partitions:reassign', 'partitions reassign --list'],
  ['partitions:reassign', 'partitions reassign --cancel'],
  ['partitions:elect-leader', 'partitions elect-leader a'],
  ['segments:list', 'segments list'],
  ['segments:stat', 'segments stat a'],
  ['segments:dump', 'segments dump a --kind all'],
  ['segments:dump', 'segments dump a --records'],
  ['segments:dump', 'segments dump a --records --value-format json', 'json'],
  ['cluster:status', 'cluster status'],
  ['cluster:status', 'cluster status --partitions --znodes'],
  ['cluster:wait', 'cluster wait'],
  ['cluster:pause', 'cluster pause 1 --session-timeout 300', 'json'],
  ['cluster:resume', 'cluster resume 1', 'json'],
  ['cluster:partition', 'cluster partition 1 --session-timeout 300', 'json'],
  ['cluster:heal', 'cluster heal', 'json'],
  ['cluster:kill', 'cluster kill 2 --session-timeout 300', 'json'],
  ['cluster:status', 'cluster status --partitions', 'json'],
  ['topics:describe', 'topics describe --under-replicated-partitions', 'json'],
  ['partitions:list', 'partitions list --under-replicated', 'json'],
  ['cluster:revive', 'cluster revive 2', 'json'],
  ['perf:produce', 'perf produce b --records 1000'],
  ['perf:consume', 'perf consume b --records 500'],
  ['perf:latency', 'perf latency b --records 20'],
  ['zk', 'zk get /controller'],
  ['zk', 'zk get --explain /brokers/ids/0'],
  ['zk', 'zk stat /brokers'],
  ['zk', 'zk ls /'],
  ['zk', 'zk ls -s /'],
  ['zk', 'zk ls -R /config'],
  ['zk', 'zk getAcl -s /brokers'],
  ['zk', 'zk getAcl /brokers'],
  ['zk', 'zk tree /brokers'],
  ['zk', 'zk find /brokers ids'],
  ['zk', 'zk du /brokers'],
  ['zk', 'zk diff /brokers /config'],
  ['zk', 'zk whoami'],
  ['zk', 'zk getAllChildrenNumber /brokers'],
  ['top', 'top --once --interval 100'],
  ['top', 'top -n 2 --interval 100 --tab topics', 'ndjson'],
  ['profile:list', 'profile list'],
  ['profile:show', 'profile show mine'],
  ['profile:show', 'profile show --effective'],
  ['properties', 'consume a -X list', 'json'],
  ['link', 'link links'],
  ['topics:delete', 'topics delete b none --yes', 'json'],
  ['error', 'topics describe none', 'json'],
  ['error', 'consume a --filter "key =="', 'json'],
]

/** With the cluster at rest and one of its logs damaged. */
const AFTERWARDS: readonly Step[] = [
  ['cluster:status', 'cluster status'],
  ['segments:verify', 'segments verify'],
  ['segments:repair', 'segments repair --dry-run'],
  ['topics:list', 'topics list --offline'],
  ['topics:describe', 'topics describe --offline'],
  ['groups:describe', 'groups describe --offline'],
  ['cluster:stop', 'cluster stop'],
  [
    'cluster:import',
    'cluster import data/broker-0 data/broker-1 --zookeeper data/zookeeper --data-dir imported',
    'json',
  ],
]

function start(args: readonly string[], own: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = startCli(args, { env: { ...env, ...own }, cwd: directory.path })
  running.add(child)
  return child
}

/** The document that a server writes when it is ready. */
async function ready(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += chunk
    if (text.endsWith('}\n')) break
  }
  return text
}

function problemsOf(id: string, text: string, part: 'document' | 'line'): string[] {
  const schema = schemaOf(id)
  if (schema === undefined) return ['there is no schema']
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return [`no JSON: ${text.slice(0, 100)}`]
  }
  const isFailure = id !== 'error' && schemaErrors(schemaOf('error') ?? {}, value).length === 0
  if (isFailure) return [`failed: ${text}`]
  if (!(Array.isArray(value) && value.length === 0)) seen.add(id)
  return schemaErrors(schema, value, resolve(schema, `#/$defs/${part}`))
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** All steps in one shell, so that they cost milliseconds. */
async function runSteps(steps: readonly Step[], name: string): Promise<void> {
  const runs = steps.flatMap(([id, words, only], i) =>
    (['json', 'ndjson'] as const)
      .filter((form) => only === undefined || only === form)
      .map((form) => ({ id, words, form, file: path.join(directory.path, `${name}-${i}.${form}`) })),
  )
  const script = runs.map(({ words, form, file }) => `${words} -o ${form} > ${file}`)
  const { stderr } = await runCli(['shell'], {
    input: ['set on-error resume', ...script].join('\n'),
    env,
    cwd: directory.path,
  })
  const problems = runs.flatMap(({ id, words, form, file }) => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    const isByLine = form === 'ndjson' || words.includes('--report')
    const found = isByLine
      ? linesOf(text).flatMap((line) => problemsOf(id, line, 'line'))
      : problemsOf(id, text, 'document')
    return found.map((problem) => `${words} -o ${form}: ${problem}`)
  })
  expect(problems, stderr).toEqual([])
}

describe('what commands write as data', () => {
  let server: ChildProcess
  let end: Promise<unknown>

  beforeAll(async () => {
    const records = [
      { key: 'k', value: { n: 1 }, headers: { h: 'x' } },
      { keyBase64: '/w==', value: null },
      { value: 'v' },
    ]
    writeFileSync(
      path.join(directory.path, 'in.ndjson'),
      records.map((each) => JSON.stringify(each)).join('\n'),
    )
    server = start(['cluster', 'start', '--listen', '127.0.0.1:0', ...AT_ONCE, '-o', 'json'])
    expect(problemsOf('cluster:start', await ready(server), 'document')).toEqual([])
    end = finished(server)
    await runCli(['profile', 'create', 'mine', '--data-dir', dataDir, '-X', 'linger.ms=5'], { env })
    await runCli(['topics', 'create', 'm'], { env })
  })

  it('is what their schemas say', async () => {
    const member = start(['consume', 'm', '--group', 'member', '--follow'])
    // It would take over from the server that is stopped next.
    const left = finished(member)
    const watch = start(['cluster', 'status', '--watch', '--interval', '50', '-o', 'ndjson'])
    const watched = finished(watch)
    await expect
      .poll(
        async () =>
          JSON.parse((await runCli(['groups', 'members', 'member', '--json'], { env })).stdout).length,
        {
          timeout: 20_000,
        },
      )
      .toBe(1)
    const lag = start(['groups', 'lag', '--watch', '--interval', '100', '-o', 'ndjson'])
    const lags = finished(lag)
    await runSteps(STEPS, 'up')
    for (const child of [member, watch, lag]) child.kill('SIGINT')
    await left
    for (const [id, { stdout }] of [
      ['cluster:status', await watched],
      ['groups:lag', await lags],
    ] as const) {
      expect(stdout, id).not.toBe('')
      expect(linesOf(stdout).flatMap((line) => problemsOf(id, line, 'line'))).toEqual([])
    }
  })

  it('also of a cluster that is at rest and damaged', async () => {
    server.kill('SIGTERM')
    await end
    damage()
    await runSteps(AFTERWARDS, 'down')
  })

  it('and what --explain=json tells on stderr', async () => {
    const own = { ...env, KCLI_DATA_DIR: `${dataDir}-explained` }
    for (const args of [
      ['topics', 'create', 'a'],
      ['produce', 'a', '--file', 'in.ndjson'],
      ['topics', 'delete', 'a', '--yes'],
    ]) {
      const { code, stderr } = await runCli([...args, '--explain=json'], { env: own, cwd: directory.path })
      const lines = linesOf(stderr).filter((line) => line.startsWith('{'))
      expect({ code, problems: lines.flatMap((line) => problemsOf('explain', line, 'line')) }).toEqual({
        code: 0,
        problems: [],
      })
    }
  })

  it('also of the other servers', async () => {
    const one = start(['broker', 'start', '--listen', '127.0.0.1:0', '-o', 'json'], {
      KCLI_DATA_DIR: `${dataDir}-one`,
    })
    expect(problemsOf('broker:start', await ready(one), 'document')).toEqual([])
    const zk = start([
      'zookeeper',
      'start',
      '--listen',
      '127.0.0.1:0',
      '--data-dir',
      `${dataDir}-zk`,
      '-o',
      'json',
    ])
    expect(problemsOf('zookeeper:start', await ready(zk), 'document')).toEqual([])
    for (const child of [one, zk]) child.kill('SIGTERM')
  })

  it('leaves no command out', () => {
    expect(SCHEMA_IDS.filter((id) => !seen.has(id))).toEqual([])
  })
})

/** A tail of no batch behind the last one of every log of a topic, and a lost index. */
function damage(): void {
  for (const broker of readdirSync(dataDir).filter((name) => name.startsWith('broker-'))) {
    for (const name of readdirSync(path.join(dataDir, broker)).filter((each) => /^a-\d+$/.test(each))) {
      const folder = path.join(dataDir, broker, name)
      for (const log of readdirSync(folder).filter((each) => each.endsWith('.log')))
        appendFileSync(path.join(folder, log), Buffer.alloc(100, 7))
    }
  }
}
