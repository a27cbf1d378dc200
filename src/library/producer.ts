import type { Clock } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import {
  ClientError,
  Producer as ClientProducer,
  type DeliveryCallback,
  type Metric,
  type PartitionInfo,
  type ProducerProperties,
  producerSettings,
  type ProducerRecord as RawRecord,
  type RecordMetadata,
} from '../client/index.ts'
import {
  type Closable,
  clientOptions,
  connectionOf,
  type LibraryOptions,
  requireOptions,
} from './connection.ts'
import { SerializationError } from './errors.ts'
import { Interceptors, interceptorsOf } from './interceptors.ts'
import {
  type PlainSerializer,
  type Serializable,
  type Serializer,
  type SerializerOption,
  serializerOf,
} from './serdes.ts'

/** A record to be sent. */
export interface ProducerRecord<K = Uint8Array | string, V = Uint8Array | string> {
  readonly topic: string
  /** Chosen by the key, or by the partitioner, when it is left out. */
  readonly partition?: number
  /** Milliseconds since the epoch; now when it is left out. */
  readonly timestampMs?: number
  readonly key?: K | null
  /** Null is a tombstone: compaction removes what has the key. */
  readonly value: V | null
  readonly headers?: Headers
}

/** In order, and a name may come more than once; an object is for those that need neither. */
export type Headers =
  | readonly { readonly key: string; readonly value: Uint8Array | string | null }[]
  | Readonly<Record<string, Uint8Array | string | null>>

/**
 * Sees the records of a producer pass (org.apache.kafka.clients.producer.ProducerInterceptor). What it throws is logged,
 * and the record goes on.
 */
export interface ProducerInterceptor<K = unknown, V = unknown> {
  /** Before the record is serialized. Gives the record that is to be sent instead, or nothing for the same one. */
  onSend?(record: ProducerRecord<K, V>): ProducerRecord<K, V> | undefined
  /** When the record is stored, or given up: then `metadata` has no offset, and perhaps no partition, which are -1. */
  onAcknowledgement?(metadata: RecordMetadata, error: Error | null): void
  close?(): void
}

/** Taken in one turn of the loop, about a millisecond: batches leave, and heartbeats and others get theirs, in between. */
const RECORDS_PER_TURN = 1_000

type NamedElsewhere =
  | `bootstrap${string}`
  | `key${'S' | '.s'}erializer`
  | `value${'S' | '.s'}erializer`
  | `interceptor${'C' | '.c'}lasses`

/** Kafka's producer configurations, by their names or in camelCase, and what a program gives beside them. */
export interface ProducerOptions<KS = SerializerOption, VS = SerializerOption>
  extends LibraryOptions,
    Omit<ProducerProperties, NamedElsewhere> {
  /** A function, a name of {@link SerdeTypes}, or one of Kafka's classes. Without one, keys are bytes or text. */
  readonly keySerializer?: KS
  readonly valueSerializer?: VS
  /** Whether a topic that does not exist is made by the first record for it, when the brokers allow that. As in Kafka, yes. */
  readonly allowAutoCreateTopics?: boolean
  readonly interceptors?: readonly ProducerInterceptor[]
}

/**
 * Sends records to a cluster, as KafkaProducer does: in batches, in order, and with `enable.idempotence`, which is the
 * default, each of them once.
 */
class LibraryProducer<K, V> {
  private readonly clients: Set<Closable>
  private readonly inner: ClientProducer
  private readonly clock: Pick<Clock, 'defer'>
  private readonly serializeKey: Serializer<unknown>
  private readonly serializeValue: Serializer<unknown>
  private readonly interceptors: Interceptors<ProducerInterceptor> | undefined

  /** Throws a ConfigError for a configuration that Kafka would refuse, and for what kcli cannot do. */
  constructor(options: ProducerOptions) {
    const {
      interceptors: given,
      allowAutoCreateTopics: allowAutoCreate = true,
      ...others
    } = requireOptions(options)
    const { ports, properties, clients } = connectionOf(others)
    const { client, producer, library } = producerSettings(properties)
    this.clock = ports.clock
    this.serializeKey = serializerOf(library.get('key.serializer'), 'key.serializer')
    this.serializeValue = serializerOf(library.get('value.serializer'), 'value.serializer')
    const interceptors = interceptorsOf<ProducerInterceptor>(given ?? library.get('interceptor.classes'))
    if (interceptors.length > 0)
      this.interceptors = new Interceptors(interceptors, ports.logger ?? silentLogger)
    this.inner = new ClientProducer(clientOptions(client, ports), { ...producer, allowAutoCreate })
    this.clients = clients.add(this)
  }

  /**
   * Resolves when the record is stored as `acks` asks. Rejects when it is given up, and when it cannot be serialized.
   * Records of one topic are taken in the order of the calls. While `buffer.memory` is used up they wait, up to
   * `max.block.ms`: whoever has very many gives them to {@link sendAll}, which makes no more than there is room for.
   */
  send(record: ProducerRecord<K, V>): Promise<RecordMetadata> {
    if (this.interceptors !== undefined) return this.sendSeen(this.interceptors, record)
    try {
      return this.inner.send(this.rawOf(record))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Sends all that there is, and takes the next one when there is memory for it. Gives how many were stored, or rejects
   * with the first error; then what had been taken is still sent, and nothing more is taken.
   */
  async sendAll(
    records: Iterable<ProducerRecord<K, V>> | AsyncIterable<ProducerRecord<K, V>>,
  ): Promise<number> {
    const delivery = { stored: 0, failure: undefined as Error | undefined }
    const callback = (error: Error | null) => {
      if (error === null) delivery.stored++
      else delivery.failure ??= error
    }
    let taken = 0
    const take = (record: ProducerRecord<K, V>) => {
      const waiting = this.take(record, callback)
      return ++taken % RECORDS_PER_TURN === 0 ? (waiting ?? this.nextTurn()) : waiting
    }
    try {
      if (Symbol.asyncIterator in records) {
        for await (const record of records) {
          if (delivery.failure !== undefined) break
          await take(record)
        }
      } else {
        for (const record of records) {
          if (delivery.failure !== undefined) break
          const waiting = take(record)
          if (waiting !== undefined) await waiting
        }
      }
    } finally {
      await this.inner.flush()
    }
    if (delivery.failure !== undefined) throw delivery.failure
    return delivery.stored
  }

  /** Sends everything now; resolves when all that was given before is stored or given up. */
  flush(): Promise<void> {
    return this.inner.flush()
  }

  /** The partitions of a topic with their leaders and replicas. Throws when it does not exist. */
  partitionsFor(topic: string): Promise<readonly PartitionInfo[]> {
    return this.inner.partitionsFor(topic)
  }

  /** What Kafka's producer measures, under the same names. */
  metrics(): Metric[] {
    return this.inner.metrics()
  }

  /** Takes nothing more, sends what was given, and disconnects: what takes longer than `timeoutMs` is given up. */
  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.clients.delete(this)
    await this.inner.close(options)
    this.interceptors?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private nextTurn(): Promise<void> {
    return new Promise((resolve) => this.clock.defer(resolve))
  }

  private sendSeen(
    interceptors: Interceptors<ProducerInterceptor>,
    record: ProducerRecord<K, V>,
  ): Promise<RecordMetadata> {
    const { seen, acknowledge } = this.see(interceptors, record)
    const sent = this.sendRaw(seen)
    sent.then(
      (metadata) => acknowledge(null, metadata),
      (error: Error) => acknowledge(error, null),
    )
    return sent
  }

  private async sendRaw(record: ProducerRecord<K, V>): Promise<RecordMetadata> {
    return this.inner.send(this.rawOf(record))
  }

  private see(interceptors: Interceptors<ProducerInterceptor>, record: ProducerRecord<K, V>) {
    const seen = interceptors.pass<ProducerRecord<unknown, unknown>>(
      record,
      'onSend',
      (interceptor, passed) => interceptor.onSend?.(passed),
    ) as ProducerRecord<K, V>
    const { topic, partition = -1 } = seen
    const acknowledge: DeliveryCallback = (error, metadata) =>
      interceptors.tell('onAcknowledgement', (interceptor) =>
        interceptor.onAcknowledgement?.(metadata ?? { topic, partition, offset: -1, timestampMs: -1 }, error),
      )
    return { seen, acknowledge }
  }

  /** Undefined when the next one can come at once. */
  private take(record: ProducerRecord<K, V>, callback: DeliveryCallback): Promise<void> | undefined {
    let seen = record
    let told = callback
    if (this.interceptors !== undefined) {
      const { seen: changed, acknowledge } = this.see(this.interceptors, record)
      seen = changed
      told = (error, metadata) => {
        acknowledge(error, metadata)
        callback(error, metadata)
      }
    }
    const raw = this.rawOf(seen)
    try {
      return this.inner.append(raw, told) ? undefined : this.inner.ready()
    } catch (error) {
      if (error instanceof ClientError && error.code === 'KCLI_NOT_PREPARED')
        return this.prepareAndTake(raw, told)
      throw error
    }
  }

  private async prepareAndTake(raw: RawRecord, callback: DeliveryCallback): Promise<void> {
    await this.inner.prepare(raw.topic)
    if (!this.inner.append(raw, callback)) await this.inner.ready()
  }

  private rawOf(record: ProducerRecord<K, V>): RawRecord {
    const { serializeKey, serializeValue } = this
    const { topic, key, value, headers } = record
    const keyBytes = key === undefined || key === null ? null : serialized(serializeKey, key, 'key', topic)
    const valueBytes =
      value === undefined || value === null ? null : serialized(serializeValue, value, 'value', topic)
    const isPlain = headers === undefined && valueBytes === value && (key === undefined || keyBytes === key)
    if (isPlain) return record as RawRecord
    const { partition, timestampMs } = record
    const raw = {
      topic,
      partition,
      timestampMs,
      key: keyBytes,
      value: valueBytes,
      headers: rawHeaders(headers),
    }
    return raw as RawRecord
  }
}

function serialized(serialize: Serializer<unknown>, data: unknown, what: 'key' | 'value', topic: string) {
  try {
    return serialize(data, topic)
  } catch (error) {
    throw new SerializationError(what, topic, error)
  }
}

function rawHeaders(headers: Headers | undefined): RawRecord['headers'] {
  if (headers === undefined) return undefined
  const list = Array.isArray(headers)
    ? (headers as Extract<Headers, readonly unknown[]>)
    : Object.entries(headers as Exclude<Headers, readonly unknown[]>).map(([key, value]) => ({ key, value }))
  return list.map(({ key, value }) => ({
    key,
    value: value === null || value instanceof Uint8Array ? value : Buffer.from(value),
  }))
}

/** How a producer is made: the types of its keys and values are those of its serializers, or are named. */
export interface ProducerConstructor {
  new <
    const KS extends SerializerOption = PlainSerializer,
    const VS extends SerializerOption = PlainSerializer,
  >(
    options: ProducerOptions<KS, VS>,
  ): Producer<Serializable<KS>, Serializable<VS>>
  new <K, V>(options: ProducerOptions): Producer<K, V>
}

/** Sends records to a cluster: in batches, in order, and by default each of them once. */
export type Producer<K = Uint8Array | string, V = Uint8Array | string> = LibraryProducer<K, V>
/** Sends records to a cluster: in batches, in order, and by default each of them once. */
export const Producer: ProducerConstructor = LibraryProducer
