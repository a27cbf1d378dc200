import type { Random } from '../../src/base/random.ts'
import { Broker, BrokerConfig } from '../../src/broker/index.ts'
import { connectZooKeeper, ZooKeeperServer } from '../../src/zookeeper/index.ts'
import { SimDisk } from './disk.ts'
import type { SimNetwork } from './network.ts'
import { type ClockFault, SimProcess, type Surroundings, textOf } from './process.ts'

export const BROKER_PORT = 9092
const ZOOKEEPER = { kind: 'tcp', host: 'zk', port: 2181 } as const
export const SESSION_TIMEOUT_MS = 3000
const TICK_MS = 500
export const OFFSETS_PARTITIONS = 2

/** Ends quickly what ordinary brokers wait long for: the rules are the same, and a seed covers more of them. */
const BROKER_PROPERTIES = {
  'auto.create.topics.enable': 'false',
  'controlled.shutdown.retry.backoff.ms': '300',
  'controller.socket.timeout.ms': '3000',
  'default.replication.factor': '3',
  'group.initial.rebalance.delay.ms': '300',
  'log.cleaner.backoff.ms': '1000',
  'log.cleaner.dedupe.buffer.size': '1100000',
  'log.flush.offset.checkpoint.interval.ms': '4000',
  'log.flush.start.offset.checkpoint.interval.ms': '4000',
  'log.initial.task.delay.ms': '1000',
  'log.retention.check.interval.ms': '3000',
  'log.segment.delete.delay.ms': '1000',
  'offsets.commit.timeout.ms': '2000',
  'offsets.retention.check.interval.ms': '5000',
  'offsets.topic.num.partitions': String(OFFSETS_PARTITIONS),
  'offsets.topic.segment.bytes': '2000',
  'replica.fetch.backoff.ms': '300',
  'replica.high.watermark.checkpoint.interval.ms': '1000',
  'replica.lag.time.max.ms': '2500',
  'replica.socket.timeout.ms': '3000',
  'request.timeout.ms': '3000',
  'socket.connection.setup.timeout.ms': '2000',
  'unclean.leader.election.enable': 'false',
}

/** A machine with a disk that runs one program, again and again. */
export abstract class Machine {
  readonly host: string
  readonly disk: SimDisk
  readonly clockFault: ClockFault
  process: SimProcess | undefined
  /** How often it was started; the next process is another one. */
  private runs = 0
  /** No supervisor starts it again. */
  isHeldDown = false
  protected readonly world: World

  constructor(world: World, host: string) {
    this.world = world
    this.host = host
    this.disk = new SimDisk(world.scheduler, world.random)
    this.clockFault = { offsetMs: 0, rate: 0.99 + world.random.next() * 0.02 }
  }

  get isUp(): boolean {
    return this.process?.isAlive === true
  }

  protected abstract launch(process: SimProcess): Promise<void>

  /** Starts a process and keeps on until one serves. */
  start(): void {
    if (this.isUp || this.isHeldDown) return
    const { world } = this
    world.network.machineUp(this.host)
    this.disk.trim()
    const process = new SimProcess(world, this.host, ++this.runs, this.clockFault)
    this.process = process
    world.trace(process.name, 'starts')
    this.launch(process).catch((error: unknown) => {
      if (!process.isAlive) return
      world.trace(process.name, `did not start: ${textOf(error)}`)
      world.judgeStartFailure(process.name, error)
      this.kill('its start failed')
      world.later(300 + world.random.int(1000), () => this.start())
    })
  }

  kill(why: string): void {
    if (!this.isUp) return
    this.world.trace(this.process?.name ?? this.host, `is killed: ${why}`)
    this.process?.end()
  }

  /** The machine loses power: what was not synced is lost, and its kernel says goodbye to nobody. */
  losePower(): void {
    this.world.trace(this.process?.name ?? this.host, 'loses power')
    this.world.network.machineDown(this.host)
    this.process?.end()
    this.disk.losePower()
  }
}

export class ZooKeeperMachine extends Machine {
  server: ZooKeeperServer | undefined

  constructor(world: World) {
    super(world, ZOOKEEPER.host)
  }

  protected async launch(process: SimProcess): Promise<void> {
    const { world } = this
    this.server = undefined
    const server = await ZooKeeperServer.open({
      fs: this.disk.of(process),
      clock: process.clock,
      random: process.random,
      logger: process.logger,
      dataDir: '/zookeeper',
      sessions: { tickMs: TICK_MS },
      snapshotEveryTxns: 300,
      onFailure: () => world.later(1, () => this.restart('its disk failed')),
    })
    await server.listen({ network: world.network.of(process), address: ZOOKEEPER, maxConnectionsPerHost: 0 })
    this.server = server
  }

  private restart(why: string): void {
    this.kill(why)
    this.world.later(500, () => this.start())
  }
}

export class BrokerMachine extends Machine {
  readonly id: number
  broker: Broker | undefined
  isServing = false
  readonly logDirs: readonly string[]

  constructor(world: World, id: number, logDirs: readonly string[]) {
    super(world, `b${id}`)
    this.id = id
    this.logDirs = logDirs
  }

  protected async launch(process: SimProcess): Promise<void> {
    this.broker = undefined
    this.isServing = false
    process.onEnd(() => {
      this.isServing = false
    })
    const zk = await this.connectZk(process)
    const broker = new Broker({
      config: this.config(),
      zk,
      reconnectZk: () => this.connectZk(process),
      network: this.world.network.of(process),
      resolver: (host, port) => ({ kind: 'tcp', host, port }),
      fs: this.disk.of(process),
      clock: process.clock,
      random: process.random,
      logger: process.logger,
      onFatalError: (error) => {
        this.world.trace(process.name, `cannot go on: ${error.message}`)
        this.world.later(1, () => this.restart(process, 'it cannot go on'))
      },
    })
    this.broker = broker
    await broker.prepare()
    await broker.register()
    await broker.startController()
    await broker.serve()
    this.isServing = true
    this.world.trace(process.name, 'serves')
  }

  /** An orderly stop; resolves when the process is gone. */
  async stop(options: { controlled: boolean }): Promise<void> {
    const { process, broker, world } = this
    if (process === undefined || broker === undefined || !this.isUp) return
    world.trace(process.name, options.controlled ? 'is asked to leave' : 'is asked to stop')
    this.isServing = false
    try {
      await broker.shutdown(options)
      world.trace(process.name, 'has stopped')
    } catch (error) {
      world.trace(process.name, `its stop failed: ${textOf(error)}`)
    }
    process.end()
  }

  private restart(process: SimProcess, why: string): void {
    if (this.process !== process) return
    this.kill(why)
    this.world.later(500 + this.world.random.int(2000), () => this.start())
  }

  private connectZk(process: SimProcess) {
    return connectZooKeeper({
      network: this.world.network.of(process),
      clock: process.clock,
      random: process.random,
      logger: process.logger,
      servers: [ZOOKEEPER],
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      connectTimeoutMs: SESSION_TIMEOUT_MS,
    })
  }

  private config(): BrokerConfig {
    return BrokerConfig.fromProperties(
      { ...BROKER_PROPERTIES, 'broker.id': String(this.id), 'log.dirs': this.logDirs.join(',') },
      {
        listeners: [
          {
            name: 'PLAINTEXT',
            securityProtocol: 'PLAINTEXT',
            bind: [{ kind: 'tcp', host: this.host, port: BROKER_PORT }],
            advertisedHost: this.host,
            advertisedPort: BROKER_PORT,
          },
        ],
      },
    )
  }
}

/** What machines, clients and faults have in common. */
export interface World extends Surroundings {
  readonly random: Random
  readonly network: SimNetwork
  /** Work of nobody in the world: faults, supervisors. */
  later(delayMs: number, fn: () => void): void
  /** A start may fail while there are faults; some errors it may never fail with. */
  judgeStartFailure(who: string, error: unknown): void
}
