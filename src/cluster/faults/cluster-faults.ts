import { KcliError } from '../../base/errors.ts'
import type { Address } from '../../base/network.ts'
import { SerialQueue } from '../../base/serial-queue.ts'
import type { DataDirectory } from '../data-directory.ts'
import type { ClusterPorts } from '../ports.ts'
import { BrokerProcess } from './broker-process.ts'
import type { ProcessState } from './gate.ts'
import type { Peer } from './gated-network.ts'

/** What faults need of the cluster whose brokers they befall. */
export interface BreakableCluster {
  readonly ports: ClusterPorts
  readonly directory: DataDirectory
  readonly brokerIds: readonly number[]
  readonly isZooKeeperElsewhere: boolean
  /** Undefined while there is none, or none in this process. */
  readonly controllerId: number | undefined
  peerOf(address: Address): Peer | undefined
  /** Ends a session with the coordination service of this process. */
  expireSession(id: bigint): Promise<void>
  /** Starts a broker that is not there, in the process that {@link ClusterFaults.enclose} gives. */
  startBroker(id: number): Promise<void>
  /** The broker is gone, and nothing of it is to be ended any more. */
  forgetBroker(id: number): void
}

/** How a broker is, as far as somebody has made it so. */
export interface BrokerFault {
  readonly id: number
  readonly state: ProcessState
  /** To which others its connections are refused. */
  readonly cutOffFrom: readonly number[]
  readonly isCutOffFromZooKeeper: boolean
}

export type BrokerName = number | 'controller'

export interface FaultOptions {
  /** After how much silence the coordination service takes a broker for dead. Of a service elsewhere, it decides. */
  readonly sessionTimeoutMs: number
}

export interface PartitionOptions extends FaultOptions {
  /** From whom; all others by default, unless they are cut off from ZooKeeper. */
  readonly from?: readonly BrokerName[]
  /** Only what they open is cut, not what is opened to them. */
  readonly isOneWay: boolean
  /** Also from the coordination service; without `from`, from it alone. */
  readonly zookeeper: boolean
}

/** Brokers of one process, killed, stopped and cut off one by one. One change at a time. */
export class ClusterFaults {
  private readonly cluster: BreakableCluster
  private readonly processes = new Map<number, BrokerProcess>()
  private readonly changes = new SerialQueue()
  /** `FROM>TO`: what the one opens to the other is refused. */
  private readonly cuts = new Set<string>()
  private isStopping = false

  constructor(cluster: BreakableCluster) {
    this.cluster = cluster
  }

  /** The surroundings of a broker that is about to start. */
  enclose(id: number): BrokerProcess {
    const { cluster } = this
    const process = new BrokerProcess({
      ports: cluster.ports,
      peerOf: (address) => cluster.peerOf(address),
      isCut: (peer) => this.cuts.has(cut(id, peer)),
      expireSession: (session) => cluster.expireSession(session),
    })
    this.processes.set(id, process)
    return process
  }

  /** Sessions then last as long as that says. */
  get isZooKeeperElsewhere(): boolean {
    return this.cluster.isZooKeeperElsewhere
  }

  get states(): BrokerFault[] {
    const { brokerIds } = this.cluster
    return brokerIds.map((id) => ({
      id,
      state: this.processes.get(id)?.state ?? 'killed',
      cutOffFrom: brokerIds.filter((other) => this.cuts.has(cut(id, other))),
      isCutOffFromZooKeeper: this.cuts.has(cut(id, 'zookeeper')),
    }))
  }

  /** As kill -9. Resolves when others may use its port and its files. */
  kill(names: readonly BrokerName[], { sessionTimeoutMs }: FaultOptions): Promise<readonly number[]> {
    return this.change(async () => {
      const ids = this.resolve(names)
      for (const id of ids) {
        if (this.stateOf(id) === 'killed') throw refused(`broker ${id} has been killed already`)
      }
      const down = [...this.killed, ...ids]
      this.tellDown(down)
      await Promise.all(
        ids.map((id) => {
          const killed = this.process(id).kill(sessionTimeoutMs)
          this.cluster.forgetBroker(id)
          return killed
        }),
      )
      return ids
    })
  }

  /** Starts killed brokers again, when the coordination service has forgotten them: before, their ids are taken. */
  revive(names: readonly BrokerName[]): Promise<readonly number[]> {
    return this.change(async () => {
      const ids = this.resolve(names)
      for (const id of ids) {
        const state = this.stateOf(id)
        if (state !== 'killed') {
          throw refused(
            `broker ${id} has not been killed`,
            state === 'paused' ? `It is paused: kcli cluster resume ${id}` : undefined,
          )
        }
      }
      const helpless = ids.find((id) => this.cuts.has(cut(id, 'zookeeper')))
      if (helpless !== undefined) {
        throw refused(
          `broker ${helpless} is cut off from ZooKeeper and cannot start`,
          `End that first: kcli cluster heal ${helpless}`,
        )
      }
      for (const id of ids) await this.reviveOne(id)
      this.tellDown(this.killed)
      return ids
    })
  }

  /** As SIGSTOP. */
  pause(names: readonly BrokerName[], { sessionTimeoutMs }: FaultOptions): Promise<readonly number[]> {
    return this.change(() => {
      const ids = this.resolve(names)
      for (const id of ids) this.requireState(id, 'up', 'cannot be paused')
      for (const id of ids) this.process(id).pause(sessionTimeoutMs)
      return ids
    })
  }

  /** As SIGCONT. */
  resume(names: readonly BrokerName[]): Promise<readonly number[]> {
    return this.change(() => {
      const ids = this.resolve(names)
      for (const id of ids) this.requireState(id, 'paused', 'cannot go on')
      for (const id of ids) this.process(id).resume()
      return ids
    })
  }

  /** Cuts and refuses connections; clients reach all brokers as before. */
  partition(names: readonly BrokerName[], options: PartitionOptions): Promise<readonly number[]> {
    return this.change(() => {
      const ids = this.resolve(names)
      const others = this.cluster.brokerIds.filter((id) => !ids.includes(id))
      const from = options.from === undefined ? (options.zookeeper ? [] : others) : this.resolve(options.from)
      const common = from.find((id) => ids.includes(id))
      if (common !== undefined) throw refused(`broker ${common} cannot be cut off from itself`)
      if (from.length === 0 && !options.zookeeper) throw refused('there is nobody to cut them off from')
      for (const id of ids) {
        for (const other of from) {
          this.cuts.add(cut(id, other))
          if (!options.isOneWay) this.cuts.add(cut(other, id))
        }
        if (options.zookeeper) this.cuts.add(cut(id, 'zookeeper'))
      }
      this.tellCuts(options.sessionTimeoutMs)
      return ids
    })
  }

  /** Of all brokers when none is named. Gives those that were cut off from somebody. */
  heal(names: readonly BrokerName[]): Promise<readonly number[]> {
    return this.change(() => {
      const ids = names.length === 0 ? this.cluster.brokerIds : this.resolve(names)
      const mine = [...this.cuts].filter((each) => ids.some((id) => concerns(each, id)))
      const healed = this.cluster.brokerIds.filter((id) => mine.some((each) => concerns(each, id)))
      for (const each of mine) this.cuts.delete(each)
      this.tellCuts(0)
      return healed
    })
  }

  /** Ahead of a stop: who stands still or is cut off could not end in order. No more changes from now on. */
  settle(): Promise<void> {
    this.isStopping = true
    return this.changes.run(() => {
      this.cuts.clear()
      for (const process of this.processes.values()) process.resume()
      this.tellCuts(0)
    })
  }

  private change<T>(make: () => T | Promise<T>): Promise<T> {
    return this.changes.run(() => {
      if (this.isStopping) throw refused('the cluster is stopping')
      return make()
    })
  }

  private async reviveOne(id: number): Promise<void> {
    await this.process(id).sessionsOver()
    try {
      await this.cluster.startBroker(id)
    } catch (error) {
      await this.process(id).kill(0)
      throw error
    }
  }

  private tellCuts(sessionTimeoutMs: number): void {
    for (const process of this.processes.values()) process.cutsChanged(sessionTimeoutMs)
  }

  /** Whoever looks for their sockets then knows that nobody is about to open them. */
  private tellDown(brokers: readonly number[]): void {
    const { directory } = this.cluster
    const info = directory.readServerInfo()
    if (info !== undefined) directory.writeServerInfo({ ...info, down: brokers })
  }

  private get killed(): number[] {
    return this.cluster.brokerIds.filter((id) => this.stateOf(id) === 'killed')
  }

  private resolve(names: readonly BrokerName[]): number[] {
    const { brokerIds, controllerId } = this.cluster
    const ids = names.map((name) => {
      const id = name === 'controller' ? controllerId : name
      if (id === undefined) throw refused('there is no controller at the moment')
      if (!brokerIds.includes(id))
        throw refused(`there is no broker ${id}`, `There are: ${brokerIds.join(', ')}`)
      return id
    })
    return [...new Set(ids)]
  }

  private process(id: number): BrokerProcess {
    return this.processes.get(id) ?? this.enclose(id)
  }

  private stateOf(id: number): ProcessState {
    return this.processes.get(id)?.state ?? 'killed'
  }

  private requireState(id: number, wanted: ProcessState, what: string): void {
    const state = this.stateOf(id)
    if (state === wanted) return
    const why = { up: 'it is not paused', paused: 'it is paused already', killed: 'it has been killed' }[
      state
    ]
    const hint = state === 'killed' ? `Start it again with: kcli cluster revive ${id}` : undefined
    throw refused(`broker ${id} ${what}: ${why}`, hint)
  }
}

function cut(from: number, to: Peer): string {
  return `${from}>${to}`
}

function concerns(cut: string, id: number): boolean {
  return cut.split('>').includes(String(id))
}

function refused(message: string, hint?: string): KcliError {
  return new KcliError('KCLI_FAULT_REFUSED', message, hint === undefined ? {} : { hint })
}
