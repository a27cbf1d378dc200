import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import type { FileSystem } from '../../../src/base/file-system.ts'
import { type Logger, silentLogger } from '../../../src/base/logger.ts'
import type { Network } from '../../../src/base/network.ts'
import { nodeFileSystem } from '../../../src/base/node-file-system.ts'
import { createNodeNetwork } from '../../../src/base/node-network.ts'
import { systemRandom } from '../../../src/base/random.ts'
import { Broker, BrokerConfig } from '../../../src/broker/index.ts'
import { Connection } from '../../../src/client/net/index.ts'
import { ZooKeeperServer } from '../../../src/zookeeper/index.ts'

const address = (id: number) => ({ kind: 'pipe', name: `broker-${id}.test` }) as const

export interface TestClusterOptions {
  readonly brokers?: number
  readonly properties?: Readonly<Record<string, string>>
  readonly logger?: Logger
  /** Of the brokers. */
  readonly fs?: FileSystem
  readonly logDirsPerBroker?: number
}

/** Brokers and their coordination service in this process, on a temporary directory. */
export class TestCluster {
  readonly directory: string
  readonly network: Network
  readonly clock: Clock
  readonly brokers = new Map<number, Broker>()
  /** What brokers said when they could not go on. */
  readonly fatalErrors: Error[] = []
  private readonly fs: FileSystem
  private readonly logDirsPerBroker: number
  private readonly logger: Logger
  private readonly properties: Readonly<Record<string, string>>
  zookeeper!: ZooKeeperServer
  private readonly connections: Connection[] = []

  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const cluster = new TestCluster(options)
    await cluster.open()
    await cluster.startBrokers([...Array(options.brokers ?? 3).keys()])
    return cluster
  }

  private constructor(options: TestClusterOptions) {
    this.fs = options.fs ?? nodeFileSystem
    this.logDirsPerBroker = options.logDirsPerBroker ?? 1
    this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'kcli-broker-'))
    this.clock = systemClock
    this.network = createNodeNetwork(this.clock)
    this.logger = options.logger ?? silentLogger
    this.properties = options.properties ?? {}
  }

  async open(): Promise<void> {
    const { clock, logger } = this
    this.zookeeper = await ZooKeeperServer.open({
      fs: nodeFileSystem,
      clock,
      random: systemRandom,
      logger,
      dataDir: path.join(this.directory, 'zookeeper'),
      forceSync: false,
      expireSessionsOnOpen: true,
    })
  }

  logDir(id: number): string {
    return path.join(this.directory, `broker-${id}`)
  }

  /** The first of them is {@link logDir}. */
  logDirs(id: number): string[] {
    const more = Array.from({ length: this.logDirsPerBroker - 1 }, (_, i) => `${this.logDir(id)}-${i + 2}`)
    return [this.logDir(id), ...more]
  }

  async makeBroker(id: number): Promise<Broker> {
    const { clock, network, logger } = this
    const config = BrokerConfig.fromProperties(
      { 'broker.id': String(id), 'log.dirs': this.logDirs(id).join(','), ...this.properties },
      {
        listeners: [
          {
            name: 'PLAINTEXT',
            securityProtocol: 'PLAINTEXT',
            bind: [address(id)],
            advertisedHost: address(id).name,
            advertisedPort: 9092,
          },
        ],
      },
    )
    return new Broker({
      config,
      zk: await this.zookeeper.connect({ timeoutMs: 6000 }),
      network,
      resolver: (host) => ({ kind: 'pipe', name: host }),
      fs: this.fs,
      clock,
      random: systemRandom,
      logger,
      onFatalError: (error) => this.fatalErrors.push(error),
    })
  }

  async startBrokers(ids: readonly number[]): Promise<void> {
    const made = await Promise.all(ids.map((id) => this.makeBroker(id)))
    await Promise.all(made.map((broker) => broker.prepare()))
    await Promise.all(made.map((broker) => broker.register()))
    await Promise.all(made.map((broker) => broker.startController()))
    await Promise.all(made.map((broker) => broker.serve()))
    for (const broker of made) this.brokers.set(broker.id, broker)
  }

  async stopBrokers(options: { controlled?: boolean } = {}): Promise<void> {
    for (const connection of this.connections.splice(0)) connection.close()
    const brokers = [...this.brokers.values()]
    this.brokers.clear()
    await Promise.all(brokers.map((broker) => broker.resignController()))
    await Promise.all(brokers.map((broker) => broker.shutdown({ controlled: options.controlled ?? false })))
  }

  get controller(): Broker {
    const found = [...this.brokers.values()].find((broker) => broker.isController)
    if (found === undefined) throw new Error('no controller')
    return found
  }

  async connect(id: number): Promise<Connection> {
    const connection = await Connection.open(this.network, address(id), {
      clientId: 'test',
      clock: this.clock,
      connectTimeoutMs: 5000,
      requestTimeoutMs: 20_000,
    })
    this.connections.push(connection)
    return connection
  }

  async close(): Promise<void> {
    await this.stopBrokers()
    await this.zookeeper.close()
    fs.rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Tries until it is so; fails after ten seconds. */
export async function eventually<T>(attempt: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const result = await attempt()
    if (result !== undefined) return result
    if (Date.now() > deadline) throw new Error('it never came to be')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
