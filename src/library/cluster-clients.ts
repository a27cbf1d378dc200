import type { Clock } from '../base/clock.ts'
import { type NewTopic, TimeoutError } from '../client/index.ts'
import { Admin, type AdminOptions, requireAll } from './admin.ts'
import { type ClientPorts, type ClusterConnection, type ClusterInProcess, CONNECTION } from './connection.ts'
import { Consumer, type ConsumerOptions, type ConsumerRecord } from './consumer.ts'
import { Producer, type ProducerOptions } from './producer.ts'
import type {
  Deserialized,
  DeserializerOption,
  PlainDeserializer,
  PlainSerializer,
  Serializable,
  SerializerOption,
} from './serdes.ts'

/** What clients may still have to say to brokers that answer; others would keep it waiting for minutes. */
const CLOSE_TIMEOUT_MS = 5_000

const READ_TIMEOUT_MS = 10_000

/** How many records of a topic are wanted, how long they are waited for, and how a consumer reads them. */
export interface ReadTopicOptions<KD = DeserializerOption, VD = DeserializerOption>
  extends Omit<ConsumerOptions<KD, VD>, 'bootstrapServers' | 'logger'> {
  /** All that are there, when it is left out. */
  readonly count?: number
  readonly timeoutMs?: number
}

/** A cluster that this process has at hand, and the clients of it. */
export abstract class ClusterClients implements ClusterInProcess {
  readonly [CONNECTION]: ClusterConnection
  private ownAdmin: Admin | undefined
  private closing: Promise<void> | undefined

  protected constructor(ports: ClientPorts) {
    this[CONNECTION] = { ports, clients: new Set() }
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
    // Whoever was given it may have closed it.
    if (this.ownAdmin === undefined || !this[CONNECTION].clients.has(this.ownAdmin))
      this.ownAdmin = new Admin({ bootstrapServers: this })
    return this.ownAdmin
  }

  /** Throws the first error. A name alone takes the brokers' defaults for partitions and replicas. */
  async createTopics(
    topics: readonly (string | NewTopic)[],
    { ifNotExists = false }: { readonly ifNotExists?: boolean } = {},
  ): Promise<void> {
    const wanted = topics.map((topic) => (typeof topic === 'string' ? { name: topic } : topic))
    const results = await this.admin().createTopics(wanted)
    const isFine = (name: string | undefined) => ifNotExists && name === 'TOPIC_ALREADY_EXISTS'
    requireAll(results.filter(({ error }) => !isFine(error?.errorName)))
  }

  /**
   * The records of a topic, from its beginning: all that are there at the moment, or the first `count`, which are waited
   * for. Those of one partition are in order. Rejects when they do not come in time.
   */
  readTopic<
    const KD extends DeserializerOption = PlainDeserializer,
    const VD extends DeserializerOption = PlainDeserializer,
  >(
    topic: string,
    options?: ReadTopicOptions<KD, VD>,
  ): Promise<ConsumerRecord<Deserialized<KD>, Deserialized<VD>>[]>
  readTopic<K, V>(topic: string, options?: ReadTopicOptions): Promise<ConsumerRecord<K, V>[]>
  async readTopic(topic: string, options: ReadTopicOptions = {}): Promise<unknown[]> {
    const { count, timeoutMs = READ_TIMEOUT_MS, ...others } = options
    const consumer = new Consumer({ ...others, bootstrapServers: this })
    try {
      return await readRecords(consumer, topic, count, timeoutMs, this[CONNECTION].ports.clock)
    } finally {
      await consumer.close()
    }
  }

  /** The broker that leads a partition, -1 while none does. */
  async leaderOf(topic: string, partition: number): Promise<number> {
    const [info] = await this.admin().describeTopics([topic])
    return info?.partitions.find((each) => each.partition === partition)?.leader ?? -1
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
    const options = { timeoutMs: CLOSE_TIMEOUT_MS }
    const clients = [...this[CONNECTION].clients]
    const closed = await Promise.allSettled(clients.map((client) => client.close(options)))
    await this.stop()
    for (const outcome of closed) if (outcome.status === 'rejected') throw outcome.reason
  }

  /** Ends what is behind the clients. */
  protected abstract stop(): Promise<void>
}

async function readRecords(
  consumer: Consumer<unknown, unknown>,
  topic: string,
  count: number | undefined,
  timeoutMs: number,
  clock: Clock,
): Promise<ConsumerRecord<unknown, unknown>[]> {
  const deadlineMs = clock.monotonicMs() + timeoutMs
  const partitions = (await consumer.partitionsFor(topic)).map(({ partition }) => ({ topic, partition }))
  const ends = await consumer.endOffsets(partitions)
  consumer.assign(partitions.map((at) => ({ ...at, from: 'earliest' })))
  await consumer.begin()
  const isAtEnd = () => ends.every((end) => (consumer.position(end) ?? 0) >= end.offset)
  const records: ConsumerRecord<unknown, unknown>[] = []
  const isDone = () => (count === undefined ? isAtEnd() : records.length >= count)
  while (!isDone()) {
    const leftMs = deadlineMs - clock.monotonicMs()
    if (leftMs <= 0) {
      const wanted = count === undefined ? 'not all records' : `${records.length} of ${count} records`
      throw new TimeoutError(timeoutMs, `read '${topic}': ${wanted} came`)
    }
    records.push(...(await consumer.poll(leftMs)))
  }
  if (count !== undefined) return records.slice(0, count)
  const endOf = new Map(ends.map(({ partition, offset }) => [partition, offset]))
  return records.filter(({ partition, offset }) => offset < (endOf.get(partition) ?? 0))
}
