import type { HeaderInput } from '../../records/index.ts'
import { ClientCore } from '../core.ts'
import type { TopicInfo } from '../metadata.ts'
import { ClientError } from '../net/index.ts'
import type { ClientOptions } from '../options.ts'
import { Accumulator } from './accumulator.ts'
import type { DeliveryCallback, RecordMetadata } from './batch.ts'
import { type ProducerConfig, type ResolvedProducerConfig, resolveProducerConfig } from './config.ts'
import { ProducerIdentity } from './idempotence.ts'
import { type Partitioner, stickyPartitioner } from './partitioner.ts'
import { Sender } from './sender.ts'

export interface ProducerRecord {
  readonly topic: string
  readonly partition?: number
  readonly timestampMs?: number
  readonly key?: Uint8Array | string | null
  readonly value: Uint8Array | string | null
  readonly headers?: readonly HeaderInput[]
}

/** A record in its batch takes at most this much more than its key, value and headers. */
const RECORD_OVERHEAD_BYTES = 70

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
  private readonly partitioner: Partitioner
  private waiters: { done: () => boolean; resolve: () => void }[] = []

  constructor(options: ClientOptions, config: ProducerConfig = {}) {
    this.core = new ClientCore(options)
    this.config = resolveProducerConfig(config)
    this.accumulator = new Accumulator(this.config)
    this.partitioner =
      config.partitioner ?? stickyPartitioner(this.core.options.random, this.config.batchSizeBytes)
    this.sender = new Sender({
      core: this.core,
      config: this.config,
      accumulator: this.accumulator,
      identity: this.config.enableIdempotence ? new ProducerIdentity(this.core) : null,
      onProgress: () => this.wake(),
    })
  }

  /** Resolves when the record is stored as `acks` asks, rejects when it is given up. */
  async send(record: ProducerRecord): Promise<RecordMetadata> {
    await this.prepare(record.topic)
    await this.ready()
    return new Promise((resolve, reject) => {
      this.append(record, (error, metadata) => (metadata === null ? reject(error) : resolve(metadata)))
    })
  }

  /** Gets what must be known of a topic before `append`. Throws when the topic cannot be used. */
  async prepare(topic: string): Promise<TopicInfo> {
    if (this.core.metadataIsOld) this.core.refreshShared([topic]).catch(() => undefined)
    return this.core.topic(topic, { create: this.config.allowAutoCreate })
  }

  /**
   * Takes a record of a prepared topic. `callback` hears of it once. False means that the memory is full: wait for
   * `ready` before the next one. Throws for a record that can never be sent.
   */
  append(record: ProducerRecord, callback?: DeliveryCallback): boolean {
    if (this.core.isClosed)
      throw new ClientError('KCLI_CLOSED', 'the producer is closed', { retriable: false })
    const topic = this.core.metadata.topic(record.topic)
    if (topic === undefined || topic.partitions.length === 0) {
      throw new ClientError('KCLI_NOT_PREPARED', `topic '${record.topic}' is not prepared`, {
        retriable: false,
      })
    }
    const key = toBytes(record.key)
    const value = toBytes(record.value)
    const sizeBytes = this.checkedSize(key, value, record.headers)
    const partition = this.partitionOf(topic, record.partition, key, value, sizeBytes)
    const { clock } = this.core.options
    const full = this.accumulator.append(
      record.topic,
      partition,
      clock.monotonicMs(),
      { timestampMs: record.timestampMs ?? clock.nowMs(), key, value, headers: record.headers },
      callback,
    )
    if (full) this.sender.schedule()
    else this.sender.scheduleAfterLinger()
    return this.accumulator.bufferedBytes < this.config.bufferMemoryBytes
  }

  /** Resolves when there is memory for more records. Rejects after max.block.ms. */
  ready(): Promise<void> {
    return this.waitUntil(
      () => this.accumulator.bufferedBytes < this.config.bufferMemoryBytes,
      this.config.maxBlockMs,
    )
  }

  /** Sends everything now; resolves when all of it is stored or given up. */
  async flush(): Promise<void> {
    this.sender.beginFlush()
    try {
      await this.waitUntil(() => this.accumulator.isEmpty)
    } finally {
      this.sender.endFlush()
    }
  }

  /** Flushes and disconnects. */
  async close(): Promise<void> {
    if (this.core.isClosed) return
    await this.flush()
    this.abandon()
  }

  /** Disconnects at once; what was not acknowledged is reported as failed. */
  abandon(): void {
    this.core.close()
    this.sender.stop(new ClientError('KCLI_CLOSED', 'the producer was closed', { retriable: false }))
  }

  private partitionOf(
    topic: TopicInfo,
    wanted: number | undefined,
    key: Uint8Array | null,
    value: Uint8Array | null,
    sizeBytes: number,
  ): number {
    const partition = wanted ?? this.partitioner({ topic, key, value, sizeBytes })
    if (topic.partitions[partition] !== undefined) return partition
    const range = `0 to ${topic.partitions.length - 1}`
    throw new ClientError(
      'KCLI_NO_PARTITION',
      `topic '${topic.name}' has no partition ${partition}, it has ${range}`,
      {
        retriable: false,
      },
    )
  }

  private checkedSize(
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly HeaderInput[] = [],
  ): number {
    let size = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
    for (const header of headers) size += header.key.length * 3 + (header.value?.length ?? 0) + 10
    if (size <= this.config.maxRequestSizeBytes) return size
    throw new ClientError(
      'KCLI_RECORD_TOO_LARGE',
      `a record of ${size} bytes; max.request.size is ${this.config.maxRequestSizeBytes}`,
      { retriable: false },
    )
  }

  private waitUntil(done: () => boolean, timeoutMs?: number): Promise<void> {
    if (done()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer =
        timeoutMs === undefined
          ? undefined
          : this.core.options.clock.setTimer(timeoutMs, () => {
              this.waiters = this.waiters.filter((waiter) => waiter !== entry)
              reject(
                new ClientError('KCLI_BUFFER_FULL', `no memory for records within ${timeoutMs} ms`, {
                  retriable: true,
                }),
              )
            })
      const entry = {
        done,
        resolve: () => {
          timer?.cancel()
          resolve()
        },
      }
      this.waiters.push(entry)
    })
  }

  private wake(): void {
    if (this.waiters.length === 0) return
    const ready = this.waiters.filter((waiter) => waiter.done())
    this.waiters = this.waiters.filter((waiter) => !ready.includes(waiter))
    for (const waiter of ready) waiter.resolve()
  }
}

function toBytes(value: Uint8Array | string | null | undefined): Uint8Array | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value
}
