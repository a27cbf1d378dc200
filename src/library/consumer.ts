import { silentLogger } from '../base/logger.ts'
import {
  Consumer as ClientConsumer,
  type ClientOptions,
  type CommittedOffset,
  type ConsumerConfig,
  type ConsumerProperties,
  consumerSettings,
  type ConsumerRecord as RawRecord,
  type TopicPartition,
} from '../client/index.ts'
import {
  type Closable,
  clientOptions,
  connectionOf,
  type LibraryOptions,
  requireOptions,
} from './connection.ts'
import { RecordDeserializationError } from './errors.ts'
import { Interceptors, interceptorsOf } from './interceptors.ts'
import {
  type Deserialized,
  type Deserializer,
  type DeserializerOption,
  deserializerOf,
  type PlainDeserializer,
} from './serdes.ts'

/** A record as it was read. */
export interface ConsumerRecord<K = Buffer, V = Buffer> extends Omit<RawRecord, 'key' | 'value'> {
  readonly key: K | null
  /** Null is a tombstone. */
  readonly value: V | null
}

/**
 * Sees the records of a consumer pass (org.apache.kafka.clients.consumer.ConsumerInterceptor). What it throws is logged,
 * and the records go on.
 */
export interface ConsumerInterceptor<K = unknown, V = unknown> {
  /** Before `poll` gives them out. Gives the records that are to be given out instead, or nothing for the same ones. */
  onConsume?(records: readonly ConsumerRecord<K, V>[]): readonly ConsumerRecord<K, V>[] | undefined
  /** When offsets were stored, whoever wanted it. */
  onCommit?(offsets: readonly CommittedOffset[]): void
  close?(): void
}

type NamedElsewhere =
  | `bootstrap${string}`
  | `key${'D' | '.d'}eserializer`
  | `value${'D' | '.d'}eserializer`
  | `interceptor${'C' | '.c'}lasses`

/** Kafka's consumer configurations, by their names or in camelCase, and what a program gives beside them. */
export interface ConsumerOptions<KD = DeserializerOption, VD = DeserializerOption>
  extends LibraryOptions,
    Omit<ConsumerProperties, NamedElsewhere> {
  /** A function, a name of {@link SerdeTypes}, or one of Kafka's classes. Without one, keys are bytes. */
  readonly keyDeserializer?: KD
  readonly valueDeserializer?: VD
  readonly interceptors?: readonly ConsumerInterceptor[]
}

/** How a wait for records can be ended. */
export interface PollOptions {
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * The consumer of bytes, but for the type of its records. Its iteration calls `poll` as it is here. Members of this class
 * that are its own affair have names with #, as those of the other are private, too.
 */
type Inherited = Omit<ClientConsumer, 'poll' | 'close' | typeof Symbol.asyncIterator>
const Base = ClientConsumer as unknown as new (options: ClientOptions, config: ConsumerConfig) => Inherited
const { poll, close } = ClientConsumer.prototype

/**
 * Reads records from a cluster, as KafkaConsumer does: shared out among the members of a group (`subscribe`), or from
 * partitions that are named (`assign`).
 */
class LibraryConsumer<K, V> extends Base {
  readonly #clients: Set<Closable>
  readonly #keyDeserializer: Deserializer<unknown> | undefined
  readonly #valueDeserializer: Deserializer<unknown> | undefined
  readonly #interceptors: Interceptors<ConsumerInterceptor> | undefined
  /** Found while there were good records to give out; thrown by the next poll. */
  #poison: RecordDeserializationError | undefined
  /** Of the iteration that is under way. */
  #signal: AbortSignal | undefined
  /** Of the client's prototype. */
  declare readonly [Symbol.asyncIterator]: () => AsyncGenerator<ConsumerRecord<K, V>, void, undefined>

  /** Throws a ConfigError for a configuration that Kafka would refuse, and for what kcli cannot do. */
  constructor(options: ConsumerOptions) {
    const { interceptors: given, ...others } = requireOptions(options)
    const { ports, properties, clients } = connectionOf(others)
    const { client, consumer, library } = consumerSettings(properties)
    const list = interceptorsOf<ConsumerInterceptor>(given ?? library.get('interceptor.classes'))
    const interceptors = list.length === 0 ? undefined : new Interceptors(list, ports.logger ?? silentLogger)
    const onCommit = (offsets: readonly CommittedOffset[]) =>
      interceptors?.tell('onCommit', (interceptor) => interceptor.onCommit?.(offsets))
    super(clientOptions(client, ports), interceptors === undefined ? consumer : { ...consumer, onCommit })
    this.#keyDeserializer = deserializerOf(library.get('key.deserializer'), 'key.deserializer')
    this.#valueDeserializer = deserializerOf(library.get('value.deserializer'), 'value.deserializer')
    this.#interceptors = interceptors
    this.#clients = clients.add(this)
  }

  /**
   * Records that are there, or that come within `timeoutMs`; none when the time is over. Rebalances happen in here, and
   * the group takes the consumer for dead when it is not called for `max.poll.interval.ms`.
   *
   * A record that cannot be deserialized is a {@link RecordDeserializationError}, when those before it have been given
   * out. The position stays there: seek behind it to go on without it.
   */
  async poll(
    timeoutMs: number,
    { signal = this.#signal }: PollOptions = {},
  ): Promise<ConsumerRecord<K, V>[]> {
    this.#throwPoison()
    const inner = this as unknown as ClientConsumer
    const raw =
      signal === undefined ? await poll.call(inner, timeoutMs) : await this.#pollUntil(timeoutMs, signal)
    const spoilt = this.#deserialize(raw)
    const whole = (spoilt === undefined ? raw : await this.#without(spoilt, raw)) as readonly unknown[]
    const records = whole as ConsumerRecord<K, V>[]
    if (this.#interceptors === undefined || records.length === 0) return records
    return this.#interceptors.pass<readonly ConsumerRecord<unknown, unknown>[]>(
      records,
      'onConsume',
      (interceptor, passed) => interceptor.onConsume?.(passed),
    ) as ConsumerRecord<K, V>[]
  }

  /**
   * One record after the other, until the loop is left, the consumer closed, or the signal aborted, whose reason is thrown
   * then. What is committed are the records that were given out.
   */
  async *records({ signal }: PollOptions = {}): AsyncGenerator<ConsumerRecord<K, V>, void, undefined> {
    this.#signal = signal
    try {
      yield* this[Symbol.asyncIterator]()
    } finally {
      this.#signal = undefined
    }
  }

  /** Commits, if that is to be done automatically, leaves the group and disconnects, within `timeoutMs`. */
  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#clients.delete(this)
    await close.call(this as unknown as ClientConsumer, options)
    this.#interceptors?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #pollUntil(timeoutMs: number, signal: AbortSignal): Promise<RawRecord[]> {
    signal.throwIfAborted()
    const wake = () => this.wakeup()
    signal.addEventListener('abort', wake, { once: true })
    try {
      return await poll.call(this as unknown as ClientConsumer, timeoutMs)
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  /** Each record as it lies there. Gives what could not be done, at most one for each partition. */
  #deserialize(records: readonly RawRecord[]): RecordDeserializationError[] | undefined {
    const keyDeserializer = this.#keyDeserializer
    const valueDeserializer = this.#valueDeserializer
    if (keyDeserializer === undefined && valueDeserializer === undefined) return undefined
    let spoilt: RecordDeserializationError[] | undefined
    for (const record of records) {
      if (spoilt?.some((error) => isSamePartition(error, record))) continue
      const { topic, headers, key, value } = record
      const target = record as { key: unknown; value: unknown }
      let origin: 'key' | 'value' = 'key'
      try {
        if (keyDeserializer !== undefined && key !== null) target.key = keyDeserializer(key, topic, headers)
        origin = 'value'
        if (valueDeserializer !== undefined && value !== null)
          target.value = valueDeserializer(value, topic, headers)
      } catch (error) {
        spoilt ??= []
        spoilt.push(new RecordDeserializationError(origin, { ...record, key, value }, error))
      }
    }
    return spoilt
  }

  /** The records before those that could not be deserialized, which are where their partitions go on. */
  async #without(spoilt: readonly RecordDeserializationError[], records: readonly RawRecord[]) {
    for (const error of spoilt) await this.seek(error, error.offset)
    this.#poison = spoilt[0]
    const good = records.filter(
      (record) => !spoilt.some((error) => isSamePartition(error, record) && record.offset >= error.offset),
    )
    if (good.length === 0) this.#throwPoison()
    return good
  }

  /** Unless somebody has sought on meanwhile, or the partition is another's now. */
  #throwPoison(): void {
    const poison = this.#poison
    if (poison === undefined) return
    this.#poison = undefined
    const isHere = this.assignment().some((at) => isSamePartition(at, poison))
    if (isHere && this.position(poison) === poison.offset) throw poison
  }
}

function isSamePartition(a: TopicPartition, b: TopicPartition): boolean {
  return a.partition === b.partition && a.topic === b.topic
}

/** How a consumer is made: the types of its keys and values are those of its deserializers, or are named. */
export interface ConsumerConstructor {
  new <
    const KD extends DeserializerOption = PlainDeserializer,
    const VD extends DeserializerOption = PlainDeserializer,
  >(
    options: ConsumerOptions<KD, VD>,
  ): Consumer<Deserialized<KD>, Deserialized<VD>>
  new <K, V>(options: ConsumerOptions): Consumer<K, V>
}

/** Reads records from a cluster: shared out among the members of a group, or from partitions that are named. */
export type Consumer<K = Buffer, V = Buffer> = LibraryConsumer<K, V>
/** Reads records from a cluster: shared out among the members of a group, or from partitions that are named. */
export const Consumer: ConsumerConstructor = LibraryConsumer
