import { KcliError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { NewTopic } from '../client/index.ts'
import type { ClusterFaults } from '../cluster/index.ts'
import { ClusterClients } from './cluster-clients.ts'
import { type RunningCluster, run } from './running-cluster.ts'

/** What a cluster of this process is like. */
export interface StartClusterOptions {
  /** How many; as many as the directory has, three for a new cluster. */
  readonly brokers?: number
  /** Where the data is kept, and found again by the next start. Without one it is in memory, and gone with the cluster. */
  readonly directory?: string
  /** Made before the cluster is given out, unless they are there. A name alone takes the brokers' defaults. */
  readonly topics?: readonly (string | NewTopic)[]
  /** Of all brokers, by the names in server.properties. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /**
   * Lets clients of other processes, and those of other libraries, in over TCP: on 127.0.0.1 and a free port for each
   * broker when it is true. Without it only the clients of this library reach the cluster.
   */
  readonly listen?: boolean | { readonly host?: string; readonly ports?: readonly number[] }
  /** Where the brokers say what they do; nowhere by default. */
  readonly logger?: Logger
  /** The cluster cannot go on, as its disk is full or has failed. A warning of the process by default. */
  readonly onFailure?: (error: KcliError) => void
}

/** After how much silence a broker that was killed or stopped is taken for dead, in milliseconds. */
export interface SilenceOptions {
  readonly sessionTimeoutMs?: number
}

/** Whom a broker is cut off from, and how soon that is noticed. */
export interface CutOptions extends SilenceOptions {
  /** From whom; all others by default. */
  readonly from?: readonly (number | 'controller')[]
}

/** As soon as anybody could know: tests do not like to wait. */
const SESSION_TIMEOUT_MS = 100

/**
 * Starts a Kafka in this process: brokers, coordination service and all. Resolves when it can be used. Rejects with a
 * KcliError, and then nothing is left running.
 */
export function startCluster(options: StartClusterOptions = {}): Promise<Cluster> {
  return Cluster.start(options)
}

/** A Kafka in this process, as {@link startCluster} gives it. */
export class Cluster extends ClusterClients {
  private readonly running: RunningCluster

  /** The same as {@link startCluster}. */
  static async start(options: StartClusterOptions = {}): Promise<Cluster> {
    const { topics = [] } = options
    const cluster = new this(await run(options))
    try {
      if (topics.length > 0) await cluster.createTopics(topics, { ifNotExists: true })
    } catch (error) {
      await cluster.close()
      throw error
    }
    return cluster
  }

  private constructor(running: RunningCluster) {
    super(running.clientPorts)
    this.running = running
  }

  /** `HOST:PORT` of all brokers, with commas between, for clients that come over TCP. Throws when it does not listen. */
  get bootstrapServers(): string {
    const addresses = this.running.cluster.tcpAddresses
    if (addresses.length > 0) return addresses.join(',')
    throw new KcliError('KCLI_NOT_LISTENING', 'the cluster does not listen on TCP', {
      hint: 'Start it with { listen: true }. Clients of this library are given the cluster itself, as bootstrapServers.',
    })
  }

  /** Ids of all its brokers, also of those that were killed. */
  get brokerIds(): readonly number[] {
    return this.running.cluster.directory.brokers.map(({ id }) => id)
  }

  /** As kill -9. Resolves when the broker is gone; the others find out after the session timeout. */
  async kill(
    broker: number | 'controller',
    { sessionTimeoutMs = SESSION_TIMEOUT_MS }: SilenceOptions = {},
  ): Promise<void> {
    await this.faults.kill([broker], { sessionTimeoutMs })
  }

  /** Starts a broker again that was killed. Resolves when it serves. */
  async revive(broker: number): Promise<void> {
    await this.faults.revive([broker])
  }

  /** As SIGSTOP: the broker hangs, and its connections stay. */
  async pause(
    broker: number | 'controller',
    { sessionTimeoutMs = SESSION_TIMEOUT_MS }: SilenceOptions = {},
  ): Promise<void> {
    await this.faults.pause([broker], { sessionTimeoutMs })
  }

  /** As SIGCONT. */
  async resume(broker: number): Promise<void> {
    await this.faults.resume([broker])
  }

  /** Cuts a broker off from others; clients reach all of them as before. */
  async cutOff(
    broker: number | 'controller',
    { from, sessionTimeoutMs = SESSION_TIMEOUT_MS }: CutOptions = {},
  ): Promise<void> {
    const options = { isOneWay: false, zookeeper: false, sessionTimeoutMs, ...(from && { from }) }
    await this.faults.partition([broker], options)
  }

  /** Takes back what {@link cutOff} did to a broker, or to all of them. */
  async heal(broker?: number): Promise<void> {
    await this.faults.heal(broker === undefined ? [] : [broker])
  }

  protected override stop(): Promise<void> {
    return this.running.shutdown()
  }

  private get faults(): ClusterFaults {
    const { faults } = this.running.cluster
    if (faults === undefined) throw new Error('its brokers cannot be killed')
    return faults
  }
}
