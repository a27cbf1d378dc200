/** Each `sh` block of the README, pasted into a fresh account: a home with nothing in it, and `kcli` on the path. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts } from '../interop/support/environment.ts'
import { cleanEnv, finished, root, runner, temporaryDirectory } from '../support/cli.ts'

/** The blocks below one heading, in their order. */
const blocks = new Map<string, string[]>()
let heading = ''
// A comment in a block looks like a heading: whole blocks first.
for (const [, language, text = '', title] of readFileSync(path.join(root, 'README.md'), 'utf8').matchAll(
  /^```(\w*)\n(.*?)^```$|^#+ ([^\n]*)$/gms,
)) {
  if (title !== undefined) heading = title
  else if (language === 'sh') blocks.set(heading, [...(blocks.get(heading) ?? []), text])
}

const account = temporaryDirectory('kcli-readme')
const bin = path.join(account.path, 'bin')
const servers: ChildProcess[] = []
let env: NodeJS.ProcessEnv

beforeAll(() => {
  mkdirSync(bin)
  program('kcli', `exec '${process.execPath}' '${runner}' "$@"`)
  program('npm', 'echo "the tests of the project: npm $*"')
  program('jq', 'cat')
  const clean = cleanEnv()
  env = { ...clean, HOME: account.path, XDG_DATA_HOME: '', PATH: `${bin}:${clean.PATH}` }
})
afterAll(async () => {
  for (const server of servers) server.kill('SIGTERM')
  await Promise.all(servers.map((server) => server.exitCode ?? finished(server)))
  account.remove()
})

function program(name: string, text: string): void {
  const file = path.join(bin, name)
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
}

const start = (text: string) => spawn('bash', ['-e', '-c', text], { cwd: account.path, env })

/** Runs it as one paste; every line has to succeed. */
async function paste(text: string): Promise<string> {
  const child = start(text)
  child.stdin.end()
  const { code, stdout, stderr } = await finished(child)
  expect(code, `${text}\n${stdout}${stderr}`).toBe(0)
  return stdout
}

/** A server, until the end of the tests. */
async function serve(text: string): Promise<void> {
  const child = start(`exec ${text}`)
  servers.push(child)
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', () => reject(new Error(`ended: ${text}`)))
  })
}

const block = (heading: string, index = 0) => {
  const text = blocks.get(heading)?.[index]
  if (text === undefined) throw new Error(`the README has no block ${index} below "${heading}"`)
  return text
}
/** The block for a server that listens elsewhere than the page says. */
const at = (port: number | undefined, text: string) =>
  text.replace(/(127\.0\.0\.1|localhost):9092/g, `127.0.0.1:${port}`)

describe('the README', () => {
  it('has no block that is not tried here', () => {
    const tried = [
      ...readFileSync(import.meta.filename, 'utf8').matchAll(/block\((['"])(.+?)\1(?:, (\d))?\)/g),
    ]
    const known = tried.map(([, , heading, index = '0']) => `${heading} ${index}`)
    const all = [...blocks].flatMap(([heading, texts]) => texts.map((_, index) => `${heading} ${index}`))
    // These two are how this test came to run.
    expect(all.filter((each) => each !== 'Try it 0').sort()).toEqual([...new Set(known)].sort())
  })

  it('the first lines', async () => {
    expect(await paste(block('kcli'))).toBe('Created topic orders.\nhello\n')
  })

  it('five minutes, and another terminal', async () => {
    const [port] = await freePorts(1)
    const printed = await paste(block('Five minutes'))
    for (const part of ['bob', 'plums', 'retention.ms', '00000000000000000000.log', '/brokers'])
      expect(printed).toContain(part)
    await serve(`${block('Five minutes', 1).split('#')[0]} --listen 127.0.0.1:${port}`)
    expect(await paste(at(port, block('Five minutes', 2)))).toContain('hello')
  })

  it('groups', async () => {
    expect(await paste(block('Groups'))).toContain('billing')
  })

  it('completion, filters and profiles', async () => {
    await paste(block('The shell'))
    expect(await paste(block('Records, chosen and explained'))).toContain('"$schema"')
    expect(await paste(block('Clusters by name'))).toContain('staging:9092')
  })

  it('in a pipeline', async () => {
    const [port] = await freePorts(1)
    await serve(`kcli cluster start --data-dir pipeline --listen 127.0.0.1:${port}`)
    expect(await paste(at(port, block('In a pipeline')))).toContain('the tests of the project')
  })

  it('a broker dies', async () => {
    const watch = / --watch.*/
    const text = block('A broker dies').replace('kcli cluster start &\n', '').replace(watch, '')
    await serve('kcli cluster start --data-dir faults --listen 127.0.0.1:0')
    expect(await paste(`export KCLI_DATA_DIR=faults\n${text}`)).toContain('Killed broker 1')
  })

  it("a dead broker's directory, and one that moves", async () => {
    // What Apache Kafka and ZooKeeper leave behind: their log.dirs and dataDir.
    await paste("kcli run --brokers 1 --topic orders --data-dir dead -- sh -c 'seq 9 | kcli produce orders'")
    cpSync(path.join(account.path, 'dead/broker-0'), path.join(account.path, 'kafka-logs'), {
      recursive: true,
    })
    cpSync(path.join(account.path, 'dead/zookeeper'), path.join(account.path, 'zookeeper'), {
      recursive: true,
    })
    const here = (text: string) => text.replace(/\/(var\/lib|tmp)(?=\/(kafka-logs|zookeeper))/g, account.path)
    expect(await paste(`cd kafka-logs/orders-0\n${here(block("A dead broker's directory"))}`)).toContain(
      'baseOffset: 0',
    )
    const [imports = '', starts] = block('To and from Apache Kafka').split(/(?=^kcli cluster start)/m)
    await paste(here(imports))
    await serve(`${starts?.trim()} --listen 127.0.0.1:0`)
  })

  it('brokers on a ZooKeeper of yours', async () => {
    const [port] = await freePorts(1)
    await serve(`kcli zookeeper start --data-dir zk --listen 127.0.0.1:${port}`)
    const text = block('To and from Apache Kafka', 1).replace('--listen :9092', '--listen 127.0.0.1:0')
    const [starts = '', looks = ''] = text
      .replace('zk1:2181,zk2:2181,zk3:2181', `127.0.0.1:${port}`)
      .replace('zk1:2181', `127.0.0.1:${port}`)
      .split('\n')
    await serve(starts)
    expect(await paste(looks)).toContain('/kafka/brokers/ids/1')
  })
})
