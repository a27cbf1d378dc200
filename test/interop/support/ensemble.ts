import type { ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { stopChild } from './child.ts'
import { freePorts } from './environment.ts'
import { brokerDefaults, smallJvm, startServer, toProperties } from './kafka.ts'
import { type KcliHome, type KcliServer, startKcliServer } from './kcli.ts'

/** A real ZooKeeper ensemble, each server in a JVM of its own. Stop it in a `finally` or `afterAll`. */
export interface Ensemble {
  /** `HOST:PORT,HOST:PORT,HOST:PORT` */
  readonly connect: string
  /** The place of the server that leads now. Waits until there is one. */
  leader(): Promise<number>
  kill(server: number): Promise<void>
  /** Starts those again that were killed; resolves when all servers serve. */
  restart(): Promise<void>
  killAll(): Promise<void>
}

export async function startEnsemble(dir: string, size = 3): Promise<Ensemble> {
  const ports = await freePorts(size * 3)
  const clientPort = (server: number) => ports[server] ?? 0
  const members = Array.from({ length: size }, (_, server) => [
    `server.${server + 1}`,
    `127.0.0.1:${ports[size + server]}:${ports[2 * size + server]}`,
  ])
  const children = new Map<number, ChildProcess>()

  const start = async (server: number) => {
    const home = path.join(dir, `zookeeper-${server}`)
    mkdirSync(home, { recursive: true })
    writeFileSync(path.join(home, 'myid'), String(server + 1))
    const configFile = path.join(dir, `zoo-${server}.cfg`)
    const config = {
      dataDir: home,
      clientPort: String(clientPort(server)),
      clientPortAddress: '127.0.0.1',
      tickTime: '500',
      maxSessionTimeout: '60000',
      initLimit: '20',
      syncLimit: '10',
      maxClientCnxns: '0',
      'admin.enableServer': 'false',
      '4lw.commands.whitelist': '*',
      ...Object.fromEntries(members),
    }
    writeFileSync(configFile, toProperties(config))
    const logFile = path.join(dir, `zookeeper-${server}.log`)
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
    const ready = `binding to port /127.0.0.1:${clientPort(server)}`
    children.set(server, await startServer(main, configFile, logFile, ready, smallJvm))
  }
  const modes = () => Promise.all([...children.keys()].map((server) => modeOf(clientPort(server))))
  const serving = async () => {
    const deadline = Date.now() + 30_000
    while ((await modes()).some((mode) => mode === undefined)) {
      if (Date.now() > deadline) throw new Error('the ensemble did not come to serve')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const kill = async (server: number) => {
    const child = children.get(server)
    children.delete(server)
    if (child) await stopChild(child, 'SIGKILL')
  }
  const killAll = async () => {
    await Promise.all([...children.keys()].map(kill))
  }
  const restart = async () => {
    const missing = Array.from({ length: size }, (_, server) => server).filter((each) => !children.has(each))
    await Promise.all(missing.map(start))
    await serving()
  }
  try {
    await restart()
  } catch (error) {
    await killAll()
    throw error
  }
  return {
    connect: ports
      .slice(0, size)
      .map((port) => `127.0.0.1:${port}`)
      .join(','),
    leader: async () => {
      await serving()
      const index = (await modes()).indexOf('leader')
      return [...children.keys()][index] ?? -1
    },
    kill,
    killAll,
    restart,
  }
}

/** `leader`, `follower` or `standalone`; undefined while the server has nobody to serve with. */
async function modeOf(port: number): Promise<string | undefined> {
  return /^Mode: (\w+)/m.exec(await fourLetterWord(port, 'srvr'))?.[1]
}

/** Empty when nobody answers. */
function fourLetterWord(port: number, word: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(word))
    let answer = ''
    socket.setTimeout(2_000, () => socket.destroy())
    socket.on('data', (chunk) => {
      answer += chunk.toString()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
  })
}

export interface BrokerOptions {
  readonly id: number
  readonly port: number
  readonly zookeeper: string
  /** Lines of server.properties, over small and quick ones. */
  readonly config?: Readonly<Record<string, string>>
  /** Of Apache Kafka's broker; small ones when there are none. */
  readonly jvmFlags?: readonly string[]
}

const QUICK = {
  'zookeeper.session.timeout.ms': '6000',
  'zookeeper.connection.timeout.ms': '15000',
  'log.initial.task.delay.ms': '3600000',
}

/** `kcli broker start` on an ensemble; its data is in `DIR/broker-ID` of the home. Resolves when it serves. */
export function startKcliBroker(home: KcliHome, options: BrokerOptions): Promise<KcliServer> {
  const { id, port, zookeeper } = options
  const configFile = path.join(home.dir, `server-${id}.properties`)
  writeFileSync(configFile, toProperties({ ...QUICK, 'zookeeper.connect': zookeeper, ...options.config }))
  const flags = ['--id', String(id), '--listen', `127.0.0.1:${port}`, '--data-dir', kcliBrokerDir(home, id)]
  return startKcliServer(home, ['broker', 'start', configFile, ...flags])
}

/** Apache Kafka's broker on an ensemble; its logs are in `DIR/broker-ID`. Stop it with `stopChild`. */
export function startKafkaBroker(dir: string, options: BrokerOptions): Promise<ChildProcess> {
  const { id, port, zookeeper } = options
  mkdirSync(dir, { recursive: true })
  const configFile = path.join(dir, `server-${id}.properties`)
  const config = { ...brokerDefaults(id, 1, port, dir, zookeeper), ...options.config }
  writeFileSync(configFile, toProperties(config))
  const ready = '] started (kafka.server.KafkaServer)'
  return startServer(
    'kafka.Kafka',
    configFile,
    path.join(dir, `broker-${id}.log`),
    ready,
    options.jvmFlags ?? smallJvm,
  )
}

export function kcliBrokerDir(home: KcliHome, id: number): string {
  return path.join(home.dir, `broker-${id}`)
}
