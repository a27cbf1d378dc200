import { type HeaderInput, RECORD_BATCH_OVERHEAD } from '../../records/index.ts'
import { ClientCore } from '../core.ts'
import { noPartition } from '../leaders.ts'
import type { PartitionInfo, TopicInfo } from '../metadata.ts'
import type { Metric } from '../metrics/index.ts'
import { ClientError } from '../net/index.ts'
import type { ClientOptions } from '../options.ts'
import { Accumulator } from './accumulator.ts'
import type { DeliveryCallback, RecordMetadata } from './batch.ts'
import { BlockedSends } from './blocked-sends.ts'
import { BrokerWaits } from './broker-waits.ts'
import { BuiltInPartitioner } from './built-in-partitioner.ts'
import { type ProducerConfig, type ResolvedProducerConfig, resolveProducerConfig } from './config.ts'
import { clientError, closedError, tooLarge } from './errors.ts'
import { Flush } from './flush.ts'
import { ProducerIdentity } from './idempotence.ts'
import { ProducerMetrics } from './producer-metrics.ts'
import { sizeOf, sizeOfHeaders, toBytes } from './record-bytes.ts'
import { Sender } from './sender.ts'

export interface ProducerRecord {
  readonly topic: string
  readonly partition?: number
  /** Milliseconds since 1970; undefined: now. -1, none at all, only with `allowNoTimestamp`. */
  readonly timestampMs?: number
  readonly key?: Uint8Array | string | null
  readonly value: Uint8Array | string | null
  readonly headers?: readonly HeaderInput[]
}

/** What a record may take at most beside its key, value and headers, alone in a batch (DefaultRecord, DefaultRecordBatch). */
const RECORD_OVERHEAD_BYTES = RECORD_BATCH_OVERHEAD + 21
/** About what it takes in the middle of a batch. */
const USUAL_OVERHEAD_BYTES = 8
/** metadata.max.idle.ms */
const METADATA_MAX_IDLE_MS = 300_000

/**
 * Sends records to a cluster. `send` is for one record at a time; `prepare`, `append` and `ready` are the same without a
 * promise per record, for those who have very many.
 *
 * With idempotence (the default) every record is stored once and in order, whatever has to be sent again.
 */
export class Producer {
  private readonly core: ClientCore
  private readonly config: ResolvedProducerConfig
  private readonly accumulator: Accumulator
  private readonly sender: Sender
  private readonly partitioner: BuiltInPartitioner
  private readonly blocked: BlockedSends
  private readonly measured: ProducerMetrics
  /** Since when somebody waits for memory. */
  private fullSinceMs: number | undefined
  private waiters: { resolve: () => void }[] = []
  private closing = false

  constructor(options: ClientOptions, config: ProducerConfig = {}) {
    this.core = new ClientCore({ metadataMaxIdleMs: METADATA_MAX_IDLE_MS, ...options }, 'producer')
    this.config = resolveProducerConfig(config)
    const { clock, random } = this.core.options
    this.accumulator = new Accumulator(this.config, clock)
    const brokerWaits = new BrokerWaits(this.config.partitionAvailabilityTimeoutMs)
    this.partitioner = new BuiltInPartitioner({
      random,
      stickyBytes: Math.max(1, this.config.batchSizeBytes),
      ignoreKeys: this.config.ignoreKeys,
      isAdaptive: this.config.adaptivePartitioning,
      queueOf: (topic, partition) => this.accumulator.queueOf(topic, partition),
      isSlow: (broker) => brokerWaits.isSlow(broker, clock.monotonicMs()),
    })
    this.measured = new ProducerMetrics(this.core.metrics, {
      bufferTotalBytes: this.config.bufferMemoryBytes,
      bufferAvailableBytes: () => Math.max(0, this.config.bufferMemoryBytes - this.accumulator.bufferedBytes),
      waitingSends: () => this.waiters.length + this.blocked.size,
      requestsInFlight: () => this.sender.requestsInFlight,
      metadataAgeMs: () => this.core.metadataAgeMs,
    })
    this.sender = new Sender({
      core: this.core,
      config: this.config,
      accumulator: this.accumulator,
      brokerWaits,
      metrics: this.measured,
      identity: this.config.enableIdempotence ? new ProducerIdentity(this.core) : null,
      onProgress: () => this.wake(),
    })
    this.blocked = new BlockedSends({
      clock,
      maxBlockMs: this.config.maxBlockMs,
      hasRoom: () => this.accumulator.hasRoom,
      timeout: () => this.noRoom(),
    })
  }

  /**
   * Resolves when the record is stored as `acks` asks, rejects when it is given up. Records of one topic are taken in the
   * order of the calls, also when they have to wait for metadata or memory (max.block.ms).
   */
  send(record: ProducerRecord): Promise<RecordMetadata> {
    return new Promise((resolve, reject) => {
      const { topic } = record
      const callback: DeliveryCallback = (error, metadata) =>
        metadata === null ? reject(error) : resolve(metadata)
      if (this.closing) reject(closedError())
      else if (this.isPrepared(topic) && this.accumulator.hasRoom && !this.blocked.blocks(topic))
        this.take(record, callback)
      else {
        if (!this.accumulator.hasRoom) this.fullSinceMs ??= this.core.options.clock.monotonicMs()
        this.takeLater(record, callback)
      }
    })
  }

  /** Gets what must be known of a topic before `append`. Throws when the topic cannot be used. */
  async prepare(topic: string): Promise<TopicInfo> {
    if (this.closing) throw closedError()
    const { clock } = this.core.options
    const startMs = clock.monotonicMs()
    const found = await this.core.topic(topic, {
      create: this.config.allowAutoCreate,
      timeoutMs: this.config.maxBlockMs,
    })
    this.measured.waitedForMetadata(clock.monotonicMs() - startMs)
    return found
  }

  /**
   * Takes a record of a prepared topic; `callback` hears of it once. False means that the memory is full: wait for `ready`
   * before the next one. Throws for a record that can never be sent, and KCLI_NOT_PREPARED for a topic that is not known, or
   * not any more: one that is not used for metadata.max.idle.ms is forgotten when others are.
   */
  append(record: ProducerRecord, callback?: DeliveryCallback): boolean {
    if (this.closing) throw closedError()
    this.take(record, callback)
    return this.accumulator.hasRoom
  }

  private takeLater(record: ProducerRecord, callback: DeliveryCallback): void {
    const { topic } = record
    const refuse = (error: unknown) => callback(error as Error, null)
    const take = () => {
      try {
        this.take(record, callback)
      } catch (error) {
        refuse(error)
      }
    }
    this.blocked.push(topic, () => this.prepare(topic), take, refuse)
  }

  /** Resolves when there is memory for more records. Rejects after max.block.ms. */
  ready(): Promise<void> {
    if (this.accumulator.hasRoom) return Promise.resolve()
    this.fullSinceMs ??= this.core.options.clock.monotonicMs()
    return new Promise((resolve, reject) => {
      const { maxBlockMs } = this.config
      const timer = this.core.options.clock.setTimer(maxBlockMs, () => {
        this.waiters = this.waiters.filter((waiter) => waiter !== entry)
        reject(this.noRoom())
      })
      const entry = {
        resolve: () => {
          timer.cancel()
          resolve()
        },
      }
      this.waiters.push(entry)
    })
  }

  /** Sends everything now; resolves when all that was given before is stored or given up. */
  async flush(): Promise<void> {
    const { clock } = this.core.options
    const startMs = clock.monotonicMs()
    this.sender.beginFlush()
    try {
      await this.blocked.passed()
      await Flush.of(this.accumulator.batches())
    } finally {
      this.sender.endFlush()
      this.measured.flushed(clock.monotonicMs() - startMs)
    }
  }

  /** What the producer measures, under the names of Kafka's producer. */
  metrics(): Metric[] {
    return this.core.metrics.values()
  }

  /** The partitions of a topic, with their leaders and replicas. Throws when the topic cannot be used. */
  async partitionsFor(topic: string): Promise<readonly PartitionInfo[]> {
    return (await this.prepare(topic)).partitions
  }

  /**
   * Takes nothing more, sends what was given, and disconnects. What is not acknowledged after `timeoutMs` is reported as
   * failed; without it, what delivery.timeout.ms allows is waited for.
   */
  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.closing = true
    const { timeoutMs } = options
    if (!this.core.isClosed && timeoutMs !== 0) await this.flushWithin(timeoutMs)
    this.abandon()
  }

  private async flushWithin(timeoutMs: number | undefined): Promise<void> {
    if (timeoutMs === undefined) return this.flush()
    const timer = this.core.options.clock.setTimer(timeoutMs, () => this.abandon())
    await this.flush()
    timer.cancel()
  }

  /** Disconnects at once; what was not acknowledged is reported as failed. */
  abandon(): void {
    if (this.core.isClosed) return
    this.closing = true
    this.core.close()
    this.blocked.refuseAll(closedError())
    this.sender.stop(closedError())
    this.wake()
  }

  private isPrepared(name: string): boolean {
    const topic = this.core.metadata.topics.get(name)
    return topic !== undefined && topic.partitions.length > 0
  }

  private take(record: ProducerRecord, callback: DeliveryCallback | undefined): void {
    const topic = this.core.metadata.topics.get(record.topic)
    if (topic === undefined || topic.partitions.length === 0)
      throw clientError('KCLI_NOT_PREPARED', `topic '${record.topic}' is not prepared`)
    const { clock } = this.core.options
    const { headers } = record
    const key = toBytes(record.key)
    const value = toBytes(record.value)
    const timestampMs = record.timestampMs ?? clock.nowMs()
    if (!(timestampMs >= 0 || (timestampMs === -1 && this.config.allowNoTimestamp)))
      throw clientError('KCLI_BAD_TIMESTAMP', `a record with the timestamp ${timestampMs}`)
    const sizeBytes = sizeOf(key) + sizeOf(value) + (headers === undefined ? 1 : sizeOfHeaders(headers))
    this.checkSize(sizeBytes + RECORD_OVERHEAD_BYTES)
    const partition = record.partition ?? this.partitionOf(topic, key, value, sizeBytes)
    if (topic.partitions[partition] === undefined)
      throw noPartition(topic.name, partition, topic.partitions.length)
    const appended = this.accumulator.append(
      this.accumulator.queueOf(record.topic, partition),
      timestampMs,
      key,
      value,
      headers,
      callback,
    )
    if (appended === 'added' && this.accumulator.hasRoom) return
    // The topic is in use (metadata.max.idle.ms); to say so for each batch is enough.
    this.core.metadata.topic(record.topic)
    if (appended === 'begun' && this.accumulator.hasRoom) this.sender.scheduleAfterLinger()
    else this.sender.schedule()
  }

  private partitionOf(
    topic: TopicInfo,
    key: Uint8Array | null,
    value: Uint8Array | null,
    sizeBytes: number,
  ): number {
    const { partitioner } = this.config
    return partitioner === undefined
      ? this.partitioner.choose(topic, key, sizeBytes + USUAL_OVERHEAD_BYTES)
      : partitioner({ topic, key, value })
  }

  private checkSize(sizeBytes: number): void {
    const { maxRequestSizeBytes, bufferMemoryBytes } = this.config
    if (sizeBytes > maxRequestSizeBytes) throw tooLarge(sizeBytes, 'max.request.size', maxRequestSizeBytes)
    if (sizeBytes > bufferMemoryBytes) throw tooLarge(sizeBytes, 'buffer.memory', bufferMemoryBytes)
  }

  private noRoom(): ClientError {
    const { maxBlockMs } = this.config
    if (!this.accumulator.hasRoom) this.measured.refusedForMemory()
    return new ClientError('KCLI_BUFFER_FULL', `no memory for records within ${maxBlockMs} ms`, {
      retriable: true,
    })
  }

  private wake(): void {
    if (this.fullSinceMs !== undefined && this.accumulator.hasRoom) {
      this.measured.waitedForMemory(this.core.options.clock.monotonicMs() - this.fullSinceMs)
      this.fullSinceMs = undefined
    }
    this.blocked.admit()
    if (this.waiters.length === 0 || !(this.accumulator.hasRoom || this.core.isClosed)) return
    for (const waiter of this.waiters.splice(0)) waiter.resolve()
  }
}
