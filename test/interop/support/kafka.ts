import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { killWithUs, stopChild } from './child.ts'
import { javaArgs } from './driver.ts'
import { childEnv, freePorts, requireManifest } from './environment.ts'

export interface KafkaOptions {
  readonly brokers?: number
  /** Their ids, when those are not 0, 1, 2, …; `brokers` is then their number. */
  readonly ids?: readonly number[]
  /** Puts files in place before anything starts: `DIR/broker-ID` and `DIR/zookeeper` (with `version-2` in it). */
  readonly prepare?: (dir: string) => void
  /** Runs when ZooKeeper answers and no broker has started. */
  readonly beforeBrokers?: (zookeeper: string) => Promise<void>
  /** Lines of server.properties, over the defaults below. */
  readonly config?: Readonly<Record<string, string>>
  /** Per broker, over `config`. */
  readonly brokerConfig?: (id: number, port: number, dir: string) => Readonly<Record<string, string>>
  readonly jvmFlags?: readonly string[]
  /** Fixed client ports, for listeners that advertise another address. */
  readonly ports?: readonly number[]
}

/** Real Apache Kafka brokers with a real ZooKeeper, each in a JVM of its own. Stop it in a `finally` or `afterAll`. */
export interface KafkaCluster {
  readonly bootstrap: string
  readonly ports: readonly number[]
  readonly zookeeper: string
  readonly dir: string
  logDir(id: number): string
  pid(id: number): number
  /** SIGTERM is a controlled shutdown, SIGKILL a crash. */
  stopBroker(id: number, signal?: NodeJS.Signals): Promise<void>
  startBroker(id: number): Promise<void>
  /**
   * Kills everything and removes the files; with `keepFiles` it ends by `signal`, SIGTERM for a clean shutdown, and the
   * caller removes `dir`.
   */
  stop(options?: { keepFiles?: boolean; signal?: NodeJS.Signals }): Promise<void>
}

export const smallJvm = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

/** One JVM; resolves when a line of its output contains `readyText`. All output goes to `logFile`. */
export async function startServer(
  mainClass: string,
  configFile: string,
  logFile: string,
  readyText: string,
  jvmFlags: readonly string[],
): Promise<ChildProcess> {
  const args = [...javaArgs('Server', requireManifest().serverLogConfig, jvmFlags), mainClass, configFile]
  const child = spawn('java', args, { env: childEnv(), stdio: ['pipe', 'pipe', 'pipe'] })
  killWithUs(child)
  const log = createWriteStream(logFile, { flags: 'a' })
  child.stderr.pipe(log, { end: false })
  child.stdin.on('error', () => undefined)
  await new Promise<void>((resolve, reject) => {
    let tail = ''
    const timer = setTimeout(() => fail('was not ready after 60 s'), 60_000)
    const fail = (what: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      log.end(() =>
        reject(new Error(`${mainClass} ${what}:\n${readFileSync(logFile, 'utf8').slice(-4_000)}`)),
      )
    }
    const ended = (code: number | null) => fail(`ended with ${code}`)
    child.once('exit', ended)
    child.once('error', reject)
    child.stdout.on('data', (chunk: Buffer) => {
      log.write(chunk)
      if (tail === 'ready') return
      tail += chunk.toString()
      if (tail.includes(readyText)) {
        tail = 'ready'
        clearTimeout(timer)
        child.removeListener('exit', ended)
        resolve()
      } else tail = tail.slice(-readyText.length)
    })
  })
  child.once('close', () => log.end())
  return child
}

export const toProperties = (config: Readonly<Record<string, string>>) =>
  `${Object.entries(config)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`

/** Small and quick, else Kafka's defaults. */
export function brokerDefaults(
  id: number,
  brokers: number,
  port: number,
  dir: string,
  zookeeper: string,
): Record<string, string> {
  const replicas = String(Math.min(3, brokers))
  return {
    'broker.id': String(id),
    listeners: `PLAINTEXT://127.0.0.1:${port}`,
    'log.dirs': path.join(dir, `broker-${id}`),
    'zookeeper.connect': zookeeper,
    'zookeeper.connection.timeout.ms': '30000',
    // After a crash the broker's own znode must expire before it can come back.
    'zookeeper.session.timeout.ms': '6000',
    'group.initial.rebalance.delay.ms': '0',
    'offsets.topic.num.partitions': '3',
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': '2',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': '1',
    'log.cleaner.dedupe.buffer.size': '2097152',
  }
}

export async function startZookeeper(
  dir: string,
  port: number,
  jvmFlags: readonly string[] = [],
  changes: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const dataDir = path.join(dir, 'zookeeper')
  mkdirSync(dataDir, { recursive: true })
  const configFile = path.join(dir, 'zoo.cfg')
  const config = {
    dataDir,
    clientPort: String(port),
    clientPortAddress: '127.0.0.1',
    maxClientCnxns: '0',
    tickTime: '1000',
    'admin.enableServer': 'false',
    '4lw.commands.whitelist': '*',
    ...changes,
  }
  writeFileSync(configFile, toProperties(config))
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
  return startServer(
    main,
    configFile,
    path.join(dir, 'zookeeper.log'),
    `binding to port /127.0.0.1:${port}`,
    [...smallJvm, ...jvmFlags],
  )
}

/** How many brokers a broker knows, asked with a Metadata request of version 0 for all topics. */
export function countKnownBrokers(port: number): Promise<number> {
  // Size, api key 3, version 0, correlation id 1, client id null, no topics (in version 0: all of them).
  const frame = Buffer.from('0000000e' + '00030000' + '00000001' + 'ffff' + '00000000', 'hex')
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(frame))
    const chunks: Buffer[] = []
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer to Metadata')))
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      const all = Buffer.concat(chunks)
      if (all.length < 12) return
      socket.destroy()
      resolve(all.readInt32BE(8))
    })
  })
}

async function waitForBrokers(ports: readonly number[]): Promise<void> {
  const deadline = Date.now() + 30_000
  for (const port of ports) {
    while ((await countKnownBrokers(port)) < ports.length) {
      if (Date.now() > deadline)
        throw new Error(`the broker at ${port} does not know all ${ports.length} brokers`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const brokers = options.ids?.length ?? options.brokers ?? 1
  const ids = options.ids ?? Array.from({ length: brokers }, (_, id) => id)
  const dir = mkdtempSync(path.join(os.tmpdir(), 'kafka-'))
  const [zookeeperPort = 0, ...freeOnes] = await freePorts(brokers + 1)
  const ports = options.ports ?? freeOnes
  const zookeeper = `127.0.0.1:${zookeeperPort}`
  const children = new Map<number, ChildProcess>()
  let zookeeperChild: ChildProcess | undefined

  const startOnce = async (id: number) => {
    const port = ports[ids.indexOf(id)] ?? 0
    const configFile = path.join(dir, `server-${id}.properties`)
    const config = {
      ...brokerDefaults(id, brokers, port, dir, zookeeper),
      ...options.config,
      ...options.brokerConfig?.(id, port, dir),
    }
    writeFileSync(configFile, toProperties(config))
    const logFile = path.join(dir, `broker-${id}.log`)
    const flags = options.jvmFlags ?? smallJvm
    children.set(
      id,
      await startServer('kafka.Kafka', configFile, logFile, '] started (kafka.server.KafkaServer)', flags),
    )
  }
  const startBroker = async (id: number) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await startOnce(id)
      } catch (error) {
        const stillRegistered = String(error).includes('KeeperErrorCode = NodeExists')
        if (!stillRegistered || attempt === 10) throw error
      }
    }
  }
  const stop: KafkaCluster['stop'] = async ({ keepFiles = false, signal: wanted = 'SIGTERM' } = {}) => {
    const signal = keepFiles ? wanted : 'SIGKILL'
    await Promise.all([...children.values()].map((child) => stopChild(child, signal)))
    if (zookeeperChild) await stopChild(zookeeperChild, signal, 5_000)
    if (!keepFiles) rmSync(dir, { recursive: true, force: true })
  }
  try {
    options.prepare?.(dir)
    if (options.beforeBrokers !== undefined) {
      zookeeperChild = await startZookeeper(dir, zookeeperPort)
      await options.beforeBrokers(zookeeper)
    }
    // Brokers retry until ZooKeeper answers, so all JVMs start at the same time.
    const startAll = Promise.all(ids.map((id) => startBroker(id)))
    zookeeperChild ??= await startZookeeper(dir, zookeeperPort)
    await startAll
    await waitForBrokers(ports)
  } catch (error) {
    await stop({ keepFiles: process.env.KCLI_INTEROP_KEEP !== undefined })
    throw error
  }
  return {
    bootstrap: ports.map((port) => `127.0.0.1:${port}`).join(','),
    ports,
    zookeeper,
    dir,
    logDir: (id) => path.join(dir, `broker-${id}`),
    pid: (id) => children.get(id)?.pid ?? -1,
    stopBroker: async (id, signal = 'SIGTERM') => {
      const child = children.get(id)
      if (child) await stopChild(child, signal)
    },
    startBroker,
    stop,
  }
}
