import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { JavaDriver, type ToolName } from './driver.ts'
import { freePorts } from './environment.ts'
import { startKafka } from './kafka.ts'
import { createKcliHome, startKcliCluster } from './kcli.ts'

/** One of the two clusters that get the same questions. */
export interface Target {
  readonly name: 'kcli' | 'apache'
  readonly bootstrap: string
  readonly ports: readonly number[]
  /** Where the znodes can be looked at. */
  readonly zookeeper: string
  /** The log directory of a broker. */
  logDir(id: number): string
}

/** A cluster of kcli and one of Apache Kafka, with the same settings, three brokers each, and one JVM for tools. */
export interface Pair {
  readonly kcli: Target
  readonly apache: Target
  readonly java: JavaDriver
  /** The work on both clusters must give the same; gives it. */
  same<T>(work: (target: Target) => Promise<T>): Promise<T>
  /** A Kafka tool against both: the same text, errors and exit code, apart from what differs by nature. */
  sameTool(name: ToolName, args: readonly string[], options?: ToolOptions): Promise<ToolOutcome>
  tool(target: Target, name: ToolName, args: readonly string[], options?: ToolOptions): Promise<ToolOutcome>
  stop(): Promise<void>
}

export interface ToolOptions {
  readonly stdin?: string
  readonly timeoutMs?: number
}

export interface ToolOutcome {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
}

/** Of both clusters. */
const SETTINGS = {
  // Records with times long past stay.
  'log.initial.task.delay.ms': '3600000',
  'zookeeper.connection.timeout.ms': '30000',
  'zookeeper.session.timeout.ms': '6000',
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '3',
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.num.partitions': '2',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '1',
  'log.cleaner.dedupe.buffer.size': '2097152',
}

/** `moreLogDirs`: what is added to the name of each broker's log directory for further ones. */
export async function startPair(
  settings: Readonly<Record<string, string>> = {},
  moreLogDirs: readonly string[] = [],
): Promise<Pair> {
  const home = createKcliHome()
  const logDirsIn = (dir: string, id: number) =>
    ['', ...moreLogDirs].map((more) => path.join(dir, `broker-${id}${more}`))
  if (moreLogDirs.length > 0) {
    const brokers = [0, 1, 2].map((id) => ({ id, logDirs: logDirsIn(home.dataDir, id) }))
    mkdirSync(home.dataDir, { mode: 0o700 })
    writeFileSync(path.join(home.dataDir, 'kcli.json'), JSON.stringify({ version: 2, brokers }))
  }
  const configFile = path.join(home.dir, 'server.properties')
  const lines = Object.entries({ ...SETTINGS, ...settings }).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(configFile, lines.join(''))
  const [zookeeperPort] = await freePorts(1)
  const zookeeper = `127.0.0.1:${zookeeperPort}`
  const started = await Promise.allSettled([
    startKcliCluster(home, {
      brokers: moreLogDirs.length > 0 ? null : 3,
      args: ['--config', configFile, '--zookeeper-listen', zookeeper],
    }),
    startKafka({
      brokers: 3,
      config: { ...SETTINGS, ...settings },
      brokerConfig: (id, _port, dir) => ({ 'log.dirs': logDirsIn(dir, id).join(',') }),
    }),
  ])
  const [kcliStart, kafkaStart] = started
  if (kcliStart.status === 'rejected' || kafkaStart.status === 'rejected') {
    if (kcliStart.status === 'fulfilled') await kcliStart.value.stop('SIGKILL')
    if (kafkaStart.status === 'fulfilled') await kafkaStart.value.stop()
    home.remove()
    throw kcliStart.status === 'rejected' ? kcliStart.reason : (kafkaStart as PromiseRejectedResult).reason
  }
  const own = kcliStart.value
  const real = kafkaStart.value
  const java = new JavaDriver()
  const kcli: Target = {
    name: 'kcli',
    bootstrap: own.bootstrap,
    ports: own.ports,
    zookeeper,
    logDir: (id) => path.join(own.dataDir, `broker-${id}`),
  }
  const apache: Target = {
    name: 'apache',
    bootstrap: real.bootstrap,
    ports: real.ports,
    zookeeper: real.zookeeper,
    logDir: (id) => real.logDir(id),
  }
  const same = async <T>(work: (target: Target) => Promise<T>): Promise<T> => {
    const [ours, theirs] = await Promise.all([work(kcli), work(apache)])
    expect(ours, 'kcli (received) and Apache Kafka (expected)').toEqual(theirs)
    return theirs
  }
  const tool: Pair['tool'] = async (target, name, args, options = {}) => {
    const all = ['--bootstrap-server', target.bootstrap, ...args]
    const { stdout, stderr, code } = await java.runTool(name, all, options)
    return { stdout: neutral(stdout, target), stderr: neutral(stderr, target), code }
  }
  return {
    kcli,
    apache,
    java,
    same,
    tool,
    sameTool: (name, args, options) => same((target) => tool(target, name, args, options)),
    stop: async () => {
      await java.close()
      await Promise.all([own.stop('SIGKILL'), real.stop()])
      home.remove()
    },
  }
}

/** Takes out what differs from cluster to cluster: ports, directories, ids of topics, times. */
export function neutral(text: string, target: Target): string {
  let result = text
  target.ports.forEach((port, id) => {
    result = result
      .replaceAll(`127.0.0.1:${port}`, `HOST:PORT-${id}`)
      .replaceAll(`(${target.logDir(id)})`, '(DIR)')
    result = result.replaceAll(target.logDir(id), `DIR-${id}`)
  })
  return result
    .replaceAll(/adminclient-\d+/g, 'adminclient-N')
    .replaceAll(/TopicId: [\w-]{22}/g, 'TopicId: ID')
    .replaceAll(/\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\]/g, '[TIME]')
}
