import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-profiles')
const dataDir = path.join(directory.path, 'data')
const config = path.join(directory.path, 'config/kcli/config.yml')
const env = { XDG_CONFIG_HOME: path.join(directory.path, 'config'), HOME: directory.path }
const kcli = (args: string[], extra: { env?: Record<string, string>; input?: string } = {}) =>
  runCli(args, { ...extra, env: { ...env, ...extra.env } })

async function effective(args: string[], extra?: { env: Record<string, string> }) {
  const { stdout } = await kcli(['profile', 'show', '--effective', '-o', 'json', ...args], extra)
  const rows = JSON.parse(stdout) as { name: string; value: string; source: string }[]
  return new Map(rows.map(({ name, value, source }) => [name, [value, source]]))
}

beforeAll(async () => {
  const made = await kcli(['profile', 'create', 'work', '--data-dir', dataDir, '-X', 'linger.ms=1', '--use'])
  expect(made).toMatchObject({ code: 0, stdout: '', stderr: "Profile 'work' is made and in use.\n" })
  expect(await kcli(['topics', 'create', 'orders'])).toMatchObject({ code: 0 })
})
afterAll(() => directory.remove())

describe('profiles', () => {
  it('say where commands go, in the shell too, and are left for a command', async () => {
    expect(fs.readdirSync(dataDir)).toContain('kcli.json')
    expect((await kcli(['topics', 'list', '-o', 'name'])).stdout).toBe('orders\n')
    expect((await kcli(['-c', 'topics list -o name; topics list -o name -P none'])).stdout).toBe('orders\n')
    expect((await kcli(['zk', '-P', 'work', 'ls', '/brokers/topics'])).stdout).toContain('orders')
    const elsewhere = await kcli(['topics', 'list', '-b', '127.0.0.1:1'])
    expect(elsewhere).toMatchObject({ code: 3 })
  })

  it('show what really holds, and where each value comes from', async () => {
    expect(await effective([])).toEqual(
      new Map([
        ['profile', ['work', 'profile use']],
        ['data-dir', [dataDir, 'profile work']],
        ['linger.ms', ['1', 'profile work']],
        ['client.id', ['kcli', 'default']],
        ['default.api.timeout.ms', ['30000', 'default']],
        ['request.timeout.ms', ['30000', 'default']],
        ['socket.connection.setup.timeout.ms', ['10000', 'default']],
      ]),
    )
    const args = ['-X', 'linger.ms=2', '--timeout', '500']
    const said = await effective(args, {
      env: { KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092', KCLI_ZOOKEEPER: 'zk:1' },
    })
    expect(said.get('bootstrap-server')).toEqual(['kafka:9092', 'KAFKA_BOOTSTRAP_SERVERS'])
    expect(said.get('zookeeper')).toEqual(['zk:1', 'KCLI_ZOOKEEPER'])
    expect(said.get('linger.ms')).toEqual(['2', '-X'])
    expect(said.get('request.timeout.ms')).toEqual(['500', '--timeout'])
  })

  it('take the settings of other clients, and show no secret', async () => {
    const file = path.join(directory.path, 'kcat.conf')
    fs.writeFileSync(
      file,
      'metadata.broker.list=kafka:9092\nsasl.username=ann\nsasl.password=hunter2\nqueue.buffering.max.ms=5\nnonsense=1\n',
    )
    const imported = await kcli(['profile', 'import', 'team', file])
    expect(imported).toMatchObject({ code: 0, stdout: '' })
    expect(imported.stderr).toMatch(/^warning: the configuration nonsense is not known; it is left out\n/)
    expect(imported.stderr).toContain('sasl.password stands in')
    expect(fs.statSync(config).mode & 0o777).toBe(0o600)
    const shown = [
      await kcli(['profile', 'show', 'team']),
      await kcli(['profile', 'show', 'team', '--effective']),
      await kcli(['profile', 'list', '-o', 'json']),
      // The clients cannot log in yet: the login is refused, without its words.
      await kcli(['topics', 'list', '-P', 'team']),
    ]
    for (const { stdout, stderr } of shown) expect(stdout + stderr).not.toContain('hunter2')
    expect(shown[1]?.stdout).toMatch(/^bootstrap-server +kafka:9092 +profile team$/m)
    expect(shown[1]?.stdout).toMatch(/^linger.ms +5 +profile team$/m)
    expect(shown[3]).toMatchObject({ code: 2 })
    expect(await kcli(['profile', 'delete', 'team'])).toMatchObject({ code: 2 })
    expect(await kcli(['profile', 'delete', 'team', '--yes'])).toMatchObject({ code: 0 })
    expect((await kcli(['profile', 'list', '-o', 'name'])).stdout).toBe('work\n')
  })

  it('refuse changes when they are read-only, whichever tool would make them', async () => {
    await kcli(['profile', 'create', 'look', '--data-dir', dataDir, '--read-only'])
    const look = { env: { KCLI_PROFILE: 'look' } }
    for (const args of [
      ['topics', 'create', 'x'],
      ['produce', 'orders'],
      ['consume', 'orders', '--group', 'g'],
      ['kafka-topics', '--bootstrap-server', '127.0.0.1:1', '--create', '--topic', 'x'],
      ['kafka-console-producer', '--bootstrap-server', '127.0.0.1:1', '--topic', 'orders'],
      ['zk', 'create', '/x', 'y'],
      ['-c', 'topics delete orders --yes'],
    ]) {
      const refused = await kcli(args, look)
      expect(refused).toMatchObject({ code: 1, stdout: '' })
      expect(refused.stderr).toMatch(/^kcli: profile 'look' is read-only, and .* changes something\n/)
    }
    expect((await kcli(['topics', 'list', '-o', 'name'], look)).stdout).toBe('orders\n')
    expect(await kcli(['topics', 'create', 'x', '--dry-run'], look)).toMatchObject({ code: 0 })
    expect(await kcli(['zk', 'ls', '/'], look)).toMatchObject({ code: 0 })
  })

  it('want their name where they are protected', async () => {
    await kcli(['profile', 'create', 'prod', '--data-dir', dataDir, '--protected'])
    const refused = await kcli(['topics', 'delete', 'orders', '--yes', '-P', 'prod'])
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/Name the profile beforehand with --confirm prod\.\n$/)
    const tool = ['kafka-topics', '--bootstrap-server', '127.0.0.1:1', '--delete', '--topic', 'x']
    expect((await kcli(tool, { env: { KCLI_PROFILE: 'prod' } })).stderr).toContain('KCLI_CONFIRM=prod')
    expect(await kcli(['topics', 'create', 'gone', '-P', 'prod'])).toMatchObject({ code: 0 })
    expect(await kcli(['topics', 'delete', 'gone', '-P', 'prod', '--confirm', 'prod'])).toMatchObject({
      code: 0,
    })
  })
})

describe('-X', () => {
  it('reaches producers and consumers, and lists what there is', async () => {
    expect(await kcli(['produce', 'orders', '-X', 'acks=2'], { input: 'a\n' })).toMatchObject({ code: 2 })
    expect(
      await kcli(['produce', 'orders', '-X', 'compression.codec=gzip', '-X', 'acks=1'], { input: 'a\n' }),
    ).toMatchObject({ code: 0 })
    const batches = await kcli(['segments', 'dump', 'orders-0', '-o', 'json'])
    expect(batches.stdout).toContain('gzip')
    const small = await kcli(['consume', 'orders', '-X', 'max.partition.fetch.bytes=1', '-X', 'nonsense=1'])
    expect(small).toMatchObject({ code: 0, stdout: 'a\n' })
    expect(small.stderr).toBe('warning: -X: the configuration nonsense is not known\n')
    const list = await kcli(['produce', '-X', 'list', '-o', 'json'])
    const properties = JSON.parse(list.stdout) as { name: string; default: string; librdkafka: string[] }[]
    expect(properties.find(({ name }) => name === 'linger.ms')).toMatchObject({
      default: '0',
      librdkafka: ['queue.buffering.max.ms'],
    })
  })
})
