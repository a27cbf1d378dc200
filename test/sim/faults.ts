import type { BrokerMachine, ZooKeeperMachine } from './machines.ts'
import { SESSION_TIMEOUT_MS, type World } from './machines.ts'
import type { SimProcess } from './process.ts'

export interface FaultWorld extends World {
  readonly brokers: readonly BrokerMachine[]
  readonly zookeeper: ZooKeeperMachine
  readonly clientHosts: readonly string[]
  /** Everybody is up and every partition has all its replicas in sync. */
  isWell(): boolean
}

/** What goes wrong, and how it is put right: the function that is returned, or by itself. */
type Fault = (faults: Faults) => (() => void) | undefined

const KINDS = {
  kill: (f) => {
    const broker = f.anyBroker()
    broker.kill('a fault')
    f.world.later(f.shortOrLong(), () => broker.start())
    return undefined
  },
  restart: (f) => {
    const broker = f.anyBroker()
    if (broker.isServing) f.restart(broker)
    return undefined
  },
  power: (f) => {
    if (!f.isAlone || !f.world.isWell()) return undefined
    const broker = f.anyBroker()
    broker.losePower()
    f.isResting = true
    // Machines take longer to come back than their brokers' sessions last. One that was faster could still be the leader,
    // with records missing: Kafka with ZooKeeper has no protection from that (KIP-966 is for KRaft).
    f.world.later(SESSION_TIMEOUT_MS + 2000 + f.shortOrLong(), () => broker.start())
    return undefined
  },
  pause: (f) => f.pause(f.anyBroker()),
  zookeeperPause: (f) => f.pause(f.world.zookeeper),
  zookeeperKill: (f) => {
    const { zookeeper } = f.world
    zookeeper.kill('a fault')
    f.world.later(f.shortOrLong(), () => zookeeper.start())
    return undefined
  },
  zookeeperPower: (f) => {
    const { zookeeper } = f.world
    zookeeper.losePower()
    f.world.later(f.shortOrLong(), () => zookeeper.start())
    return undefined
  },
  expiry: (f) => {
    const { server } = f.world.zookeeper
    const broker = f.anyBroker()
    if (server === undefined || !f.world.zookeeper.isUp || !broker.isServing) return undefined
    const id = f.world.sessionOf(broker)
    if (id === undefined) return undefined
    f.world.trace('fault', `the session of ${broker.host} expires`)
    server.expireSession(id).catch(() => undefined)
    return undefined
  },
  cut: (f) => f.cut(f.anyBroker().host, f.otherHost(), f.dice(3)),
  isolate: (f) => {
    const { host } = f.anyBroker()
    const direction = f.dice(3)
    const healings = f.world.brokers
      .map((each) => each.host)
      .concat('zk')
      .filter((other) => other !== host)
      .map((other) => f.cut(host, other, direction))
    return () => {
      for (const heal of healings) heal()
    }
  },
  zookeeperCut: (f) => f.cut(f.anyBroker().host, 'zk', f.dice(3)),
  slow: (f) => {
    const [a, b] = [f.anyBroker().host, f.otherHost()]
    const links = [f.world.network.link(a, b), f.world.network.link(b, a)]
    const maxDelayMs = [20, 200, 1000][f.dice(3)] as number
    f.world.trace('fault', `up to ${maxDelayMs} ms between ${a} and ${b}`)
    for (const link of links) link.maxDelayMs = maxDelayMs
    return () => {
      for (const link of links) link.maxDelayMs = 1
    }
  },
  reset: (f) => {
    const [a, b] = [f.anyBroker().host, f.otherHost()]
    const oneSided = f.dice(2) === 0
    f.world.trace(
      'fault',
      `connections between ${a} and ${b} are reset${oneSided ? ', one side hears of it' : ''}`,
    )
    f.world.network.reset(a, b, oneSided)
    return undefined
  },
  slowDisk: (f) => {
    const { disk, host } = f.anyBroker()
    disk.state.maxDelayMs = [10, 100, 2000][f.dice(3)] as number
    f.world.trace('fault', `the disk of ${host} takes up to ${disk.state.maxDelayMs} ms`)
    return () => {
      disk.state.maxDelayMs = 0.3
    }
  },
  fullDisk: (f) => f.failDisk('ENOSPC'),
  brokenDisk: (f) => f.failDisk('EIO'),
  brokenDir: (f) => f.failDisk('EIO', true),
  clock: (f) => {
    const { clockFault, host } = f.anyBroker()
    clockFault.offsetMs += (f.dice(2) === 0 ? -1 : 1) * f.dice([1000, 60_000, 3_600_000][f.dice(3)] as number)
    f.world.trace('fault', `the wall clock of ${host} is off by ${clockFault.offsetMs} ms`)
    return undefined
  },
} satisfies Record<string, Fault>

export type FaultKind = keyof typeof KINDS

export const FAULT_KINDS = Object.keys(KINDS) as FaultKind[]

/** Makes things go wrong for a while, of the kinds that are asked for. */
export class Faults {
  readonly world: FaultWorld & { sessionOf(broker: BrokerMachine): bigint | undefined }
  readonly isAlone: boolean
  /** Nothing more until everything is well again. */
  isResting = false
  private readonly kinds: readonly FaultKind[]
  private readonly meanPauseMs: number
  private readonly healings = new Set<() => void>()
  private isOver = false

  constructor(world: Faults['world'], kinds: readonly FaultKind[], meanPauseMs: number) {
    this.world = world
    this.kinds = kinds
    this.isAlone = kinds.includes('power')
    this.meanPauseMs = meanPauseMs
  }

  begin(): void {
    this.world.later(-Math.log(1 - this.world.random.next()) * this.meanPauseMs, () => this.next())
  }

  /** Everything is put right that does not come right by itself. */
  end(): void {
    this.isOver = true
    for (const heal of [...this.healings]) heal()
  }

  dice(bound: number): number {
    return this.world.random.int(bound)
  }

  anyBroker(): BrokerMachine {
    return this.world.brokers[this.dice(this.world.brokers.length)] as BrokerMachine
  }

  /** Mostly shorter than a session, sometimes longer. */
  shortOrLong(): number {
    return this.dice(3) > 0 ? this.dice(SESSION_TIMEOUT_MS) : this.dice(3 * SESSION_TIMEOUT_MS)
  }

  /** Another broker, ZooKeeper or a client. */
  otherHost(): string {
    const { brokers, clientHosts } = this.world
    const hosts = [...brokers.map(({ host }) => host), 'zk', ...clientHosts]
    return hosts[this.dice(hosts.length)] as string
  }

  restart(broker: BrokerMachine): void {
    const { process } = broker
    const controlled = this.dice(4) > 0
    broker
      .stop({ controlled })
      .catch((error: unknown) => this.world.violation(`stop rejected: ${String(error)}`))
    // A supervisor loses patience.
    this.world.later(10_000, () => {
      if (process?.isAlive) broker.kill('its stop takes too long')
    })
    const again = () => {
      if (process?.isAlive) this.world.later(200, again)
      else broker.start()
    }
    this.world.later(this.shortOrLong(), again)
  }

  /** Unless it has been by then. */
  restartOnceServing(broker: BrokerMachine, process: SimProcess | undefined): void {
    if (broker.process !== process) return
    if (broker.isServing) this.restart(broker)
    else this.world.later(300, () => this.restartOnceServing(broker, process))
  }

  pause(machine: BrokerMachine | ZooKeeperMachine): undefined {
    const { process } = machine
    if (process === undefined || !machine.isUp) return undefined
    const forMs = this.dice(3) > 0 ? this.dice(1000) : this.dice(3 * SESSION_TIMEOUT_MS)
    this.world.trace('fault', `${process.name} stands still for ${forMs} ms`)
    process.heldUntilMs = this.world.scheduler.nowMs + forMs
    return undefined
  }

  /** `direction`: 0 there, 1 back, 2 both. */
  cut(a: string, b: string, direction: number): () => void {
    if (a === b) return () => undefined
    const { network } = this.world
    const links = [network.link(a, b), network.link(b, a)].filter(
      (_, i) => direction === 2 || direction === i,
    )
    this.world.trace(
      'fault',
      `nothing gets ${['from', 'back to', 'between'][direction]} ${a} ${['to', 'from', 'and'][direction]} ${b}`,
    )
    for (const link of links) link.isCut = true
    return () => {
      this.world.trace('fault', `the way between ${a} and ${b} is open`)
      for (const link of links) link.isCut = false
    }
  }

  failDisk(code: 'EIO' | 'ENOSPC', onlyOneDir = false): () => void {
    const broker = this.anyBroker()
    const { disk, host, logDirs } = broker
    const dir = onlyOneDir ? logDirs[this.dice(logDirs.length)] : undefined
    const what = `the disk of ${host}${dir === undefined ? '' : ` below ${dir}`}`
    this.world.trace('fault', `${what} fails with ${code}`)
    Object.assign(disk.state, { failsWith: code, failsBelow: dir })
    return () => {
      this.world.trace('fault', `${what} works again`)
      disk.state.failsWith = undefined
      // A broker that goes on without one of its directories does so until somebody starts it anew.
      if (logDirs.length > 1) this.restartOnceServing(broker, broker.process)
    }
  }

  private next(): void {
    if (this.isOver) return
    if (this.isResting) this.isResting = !this.world.isWell()
    else this.happen()
    this.begin()
  }

  private happen(): void {
    const kind = this.kinds[this.dice(this.kinds.length)] as FaultKind
    const heal = KINDS[kind](this)
    if (heal === undefined) return
    const once = () => {
      if (this.healings.delete(once)) heal()
    }
    this.healings.add(once)
    this.world.later(this.shortOrLong(), once)
  }
}
