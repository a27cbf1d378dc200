import { KcliError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { NewTopic } from '../client/index.ts'
import type { ClusterFaults } from '../cluster/index.ts'
import { Admin, type AdminOptions, requireAll } from './admin.ts'
import { type ClusterConnection, type ClusterInProcess, CONNECTION } from './connection.ts'
import { Consumer, type ConsumerOptions } from './consumer.ts'
import { Producer, type ProducerOptions } from './producer.ts'
import { type RunningCluster, run } from './running-cluster.ts'
import type {
  Deserialized,
  DeserializerOption,
  PlainDeserializer,
  PlainSerializer,
  Serializable,
  SerializerOption,
} from './serdes.ts'

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

async function createMissing(cluster: Cluster, topics: readonly (string | NewTopic)[]): Promise<void> {
  const results = await cluster.admin().createTopics(topics.map(newTopic))
  requireAll(results.filter(({ error }) => error?.errorName !== 'TOPIC_ALREADY_EXISTS'))
}

function newTopic(topic: string | NewTopic): NewTopic {
  return typeof topic === 'string' ? { name: topic } : topic
}

/** A Kafka in this process, as {@link startCluster} gives it. */
export class Cluster implements ClusterInProcess {
  readonly [CONNECTION]: ClusterConnection
  private readonly running: RunningCluster
  private ownAdmin: Admin | undefined
  private closing: Promise<void> | undefined

  /** The same as {@link startCluster}. */
  static async start(options: StartClusterOptions = {}): Promise<Cluster> {
    const { topics = [] } = options
    const cluster = new Cluster(await run(options))
    try {
      if (topics.length > 0) await createMissing(cluster, topics)
    } catch (error) {
      await cluster.close()
      throw error
    }
    return cluster
  }

  private constructor(running: RunningCluster) {
    this.running = running
    this[CONNECTION] = { ports: running.clientPorts, clients: new Set() }
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

  /** A producer of this cluster. It is closed with it, as all clients are that were given the cluster. */
  producer<
    const KS extends SerializerOption = PlainSerializer,
    const VS extends SerializerOption = PlainSerializer,
  >(options?: Omit<ProducerOptions<KS, VS>, 'bootstrapServers'>): Producer<Serializable<KS>, Serializable<VS>>
  producer<K, V>(options?: Omit<ProducerOptions, 'bootstrapServers'>): Producer<K, V>
  producer(options: Omit<ProducerOptions, 'bootstrapServers'> = {}): unknown {
    return new Producer({ ...options, bootstrapServers: this })
  }

  /** A consumer of this cluster. */
  consumer<
    const KD extends DeserializerOption = PlainDeserializer,
    const VD extends DeserializerOption = PlainDeserializer,
  >(options?: Omit<ConsumerOptions<KD, VD>, 'bootstrapServers'>): Consumer<Deserialized<KD>, Deserialized<VD>>
  consumer<K, V>(options?: Omit<ConsumerOptions, 'bootstrapServers'>): Consumer<K, V>
  consumer(options: Omit<ConsumerOptions, 'bootstrapServers'> = {}): unknown {
    return new Consumer({ ...options, bootstrapServers: this })
  }

  /** Without options it is always the same one. */
  admin(options?: Omit<AdminOptions, 'bootstrapServers'>): Admin {
    if (options !== undefined) return new Admin({ ...options, bootstrapServers: this })
    this.ownAdmin ??= new Admin({ bootstrapServers: this })
    return this.ownAdmin
  }

  /** Throws the first error. A name alone takes the brokers' defaults for partitions and replicas. */
  async createTopics(topics: readonly (string | NewTopic)[]): Promise<void> {
    requireAll(await this.admin().createTopics(topics.map(newTopic)))
  }

  /** The broker that leads a partition, -1 while none does. */
  async leaderOf(topic: string, partition: number): Promise<number> {
    const [info] = await this.admin().describeTopics([topic])
    return info?.partitions.find((each) => each.partition === partition)?.leader ?? -1
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

  /** Closes the clients that use it, then the brokers; with a directory everything is on disk then. */
  close(): Promise<void> {
    this.closing ??= this.shutdown()
    return this.closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private async shutdown(): Promise<void> {
    const closed = await Promise.allSettled([...this[CONNECTION].clients].map((client) => client.close()))
    await this.running.shutdown()
    for (const outcome of closed) if (outcome.status === 'rejected') throw outcome.reason
  }

  private get faults(): ClusterFaults {
    const { faults } = this.running.cluster
    if (faults === undefined) throw new Error('its brokers cannot be killed')
    return faults
  }
}
