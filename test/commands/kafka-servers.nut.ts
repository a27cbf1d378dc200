/** The scripts that start and stop servers, with the files of Kafka's distribution. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'

const folder = temporaryDirectory('kcli-servers')
const inFolder = (name: string) => path.join(folder.path, name)
/** The servers of others must not be found here, nor be stopped. */
const env = { XDG_STATE_HOME: inFolder('state'), LOG_DIR: inFolder('output') }
const cli = (words: readonly string[], input = '') => runCli(words, { env, input, cwd: folder.path })

beforeAll(() => {
  // What config/zookeeper.properties says, with another port and folder.
  writeFileSync(
    inFolder('zookeeper.properties'),
    `# where the snapshots are\ndataDir=${inFolder('zookeeper')}\nclientPort=0\nmaxClientCnxns=0\nadmin.enableServer=false\n`,
  )
  writeServerProperties('localhost:1')
})
afterAll(async () => {
  await cli(['kafka-server-stop'])
  await cli(['zookeeper-server-stop'])
  folder.remove()
})

/** What config/server.properties says. */
function writeServerProperties(zookeeper: string): void {
  const lines = [
    'broker.id=0',
    'listeners=PLAINTEXT://127.0.0.1:0',
    'num.network.threads=3',
    'num.io.threads=8',
    'socket.send.buffer.bytes=102400',
    'socket.receive.buffer.bytes=102400',
    'socket.request.max.bytes=104857600',
    `log.dirs=${inFolder('kafka-logs')}`,
    'num.partitions=1',
    'num.recovery.threads.per.data.dir=1',
    'offsets.topic.replication.factor=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    '#log.flush.interval.messages=10000',
    'log.retention.hours=168',
    '#log.segment.bytes=1073741824',
    'log.retention.check.interval.ms=300000',
    `zookeeper.connect=${zookeeper}`,
    'zookeeper.connection.timeout.ms=18000',
    'group.initial.rebalance.delay.ms=0',
  ]
  writeFileSync(inFolder('server.properties'), `${lines.join('\n')}\n`)
}

/** Where it can be reached, once a server in the background has said so. */
async function addressOf(output: string): Promise<string> {
  const text = () => (existsSync(inFolder(output)) ? readFileSync(inFolder(output), 'utf8') : '')
  await expect.poll(text, { timeout: 20_000 }).toMatch(/^Ready: \S+ .*\n$/)
  return READY.exec(text())?.[1] ?? ''
}

const READY = /^Ready: (\S+) /
let zookeeper = ''

describe('servers under the names of their scripts', () => {
  it('run in the background as the files say, and are stopped', async () => {
    expect(await cli(['zookeeper-server-start', '-daemon', 'zookeeper.properties'])).toMatchObject({
      code: 0,
      stdout: '',
    })
    zookeeper = await addressOf('output/zookeeper.out')
    writeServerProperties(zookeeper)
    const started = await cli(['kafka-server-start', '-daemon', 'server.properties'])
    expect(started).toMatchObject({ code: 0, stdout: '' })
    expect(started.stderr).toContain(inFolder('output/kafkaServer.out'))
    const bootstrap = await addressOf('output/kafkaServer.out')
    expect(readFileSync(inFolder('output/kafkaServer.out'), 'utf8')).toContain(
      ` (broker 0, ZooKeeper at ${zookeeper}, logs in ${inFolder('kafka-logs')}, pid `,
    )
    expect((await cli(['topics', 'create', 'orders', '-b', bootstrap])).code).toBe(0)
    expect((await cli(['produce', 'orders', '-b', bootstrap], 'one\ntwo\n')).code).toBe(0)
    const second = await cli(['kafka-server-start', 'server.properties'])
    expect([second.code, second.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^kcli: process \d+ has a broker on .*kafka-logs already\nStop it with: kafka-server-stop\n/,
      ),
    ])
    expect(await cli(['kafka-server-stop'])).toMatchObject({ code: 0, stdout: '', stderr: '' })
    const stop = async () => (await cli(['kafka-server-stop'])).stdout
    await expect.poll(stop, { timeout: 20_000 }).toBe('No kafka server to stop\n')
  })

  it('end with the code of their signal, and find what was there', async () => {
    const words = ['kafka-server-start', 'server.properties', '--override', 'num.partitions=4']
    const server = startCli(words, { env, cwd: folder.path })
    const ended = finished(server)
    const ready = new Promise<Buffer>((resolve) => server.stdout?.once('data', resolve))
    const bootstrap = READY.exec(`${await Promise.race([ready, ended])}`)?.[1] ?? ''
    expect(bootstrap).toMatch(/^127\.0\.0\.1:\d+$/)
    const read = await cli(['consume', 'orders', '-b', bootstrap, '--from-beginning'])
    expect(read.stdout).toBe('one\ntwo\n')
    expect((await cli(['zookeeper-shell', zookeeper, 'ls', '/brokers/ids'])).stdout).toMatch(/\[0\]\n$/)
    expect(
      (await cli(['kafka-topics', '--bootstrap-server', bootstrap, '--create', '--topic', 'four'])).code,
    ).toBe(0)
    const four = await cli(['topics', 'describe', 'four', '-b', bootstrap, '-o', 'json'])
    expect(JSON.parse(four.stdout)[0].partitions).toHaveLength(4)
    server.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 143, stderr: '' })
    expect((await cli(['zookeeper-server-stop'])).code).toBe(0)
    const stop = async () => (await cli(['zookeeper-server-stop'])).stdout
    await expect.poll(stop, { timeout: 20_000 }).toBe('No zookeeper server to stop\n')
  })

  it.each([
    [
      ['kafka-server-start'],
      1,
      'USAGE: kcli kafka-server-start [-daemon] server.properties [--override property=value]*\n',
      '',
    ],
    [['kafka-server-start', '--version'], 0, '3.9.1\n', ''],
    [['kafka-server-start', '/none'], 1, '', /^kcli: there is no file \/none\n/],
    [['kafka-server-start', '-daemon', '/none'], 1, '', /^kcli: there is no file \/none\n/],
    [['kafka-server-start', 'server.properties', '--nosuch'], 1, '', /nosuch is not a recognized option/],
    [
      ['kafka-server-start', 'server.properties', '--override', 'broker.id='],
      1,
      '',
      /^kcli: broker.id is '', which is no number/,
    ],
    [
      [
        'kafka-server-start',
        'server.properties',
        '--override',
        'broker.id=-1',
        '--override',
        'log.dirs=empty',
      ],
      1,
      '',
      /^kcli: broker.id is missing\n/,
    ],
    [
      ['kafka-server-start', 'server.properties', '--override', 'process.roles=broker'],
      1,
      '',
      /^kcli: process.roles cannot be set here\n/,
    ],
    [
      ['zookeeper-server-start'],
      1,
      'USAGE: kcli zookeeper-server-start [-daemon] zookeeper.properties\n',
      '',
    ],
    [['zookeeper-server-start', '/none'], 2, '', /^Invalid config, exiting abnormally\nkcli: /],
    [
      ['zookeeper-server-start', 'x', 'y'],
      2,
      '',
      /^Invalid config, exiting abnormally\nkcli: 'x' is no port\n/,
    ],
    [
      ['zookeeper-server-start', 'a', 'b', 'c', 'd', 'e'],
      2,
      '',
      'Usage: ZooKeeperServerMain configfile | port datadir [ticktime] [maxcnxns]\n',
    ],
    [
      ['zookeeper-shell'],
      1,
      'USAGE: kcli zookeeper-shell zookeeper_host:port[/path] [-zk-tls-config-file file] [args...]\n',
      '',
    ],
    [
      ['zookeeper-shell', 'localhost:1', '-timeout', '100', 'ls', '/'],
      1,
      'Connecting to localhost:1\n',
      /^kcli: cannot connect to ZooKeeper at localhost:1/,
    ],
  ] as const)('%j ends with %d', async (words, code, stdout, stderr) => {
    const result = await cli(words)
    expect([result.code, result.stdout]).toEqual([code, stdout])
    if (typeof stderr === 'string') expect(result.stderr).toBe(stderr)
    else expect(result.stderr).toMatch(stderr)
  })
})
