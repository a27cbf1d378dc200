import { CompressionRatios, type HeaderInput, incrementSequence } from '../../records/index.ts'
import { type DeliveryCallback, ProducerBatch } from './batch.ts'
import type { ResolvedProducerConfig } from './config.ts'

/** The batches of one partition: those that wait, oldest first, and those that are on their way. */
export interface PartitionQueue {
  readonly topic: string
  readonly partition: number
  waiting: ProducerBatch[]
  readonly inFlight: ProducerBatch[]
  /** Records taken so far. */
  recordCount: number
  /** The sequence number of the next record; of this partition, in the present epoch. */
  nextSequence: number
  /** The last sequence number that the broker has acknowledged, -1 for none. */
  lastAckedSequence: number
  /** After a failed attempt: not before this. */
  retryAtMs: number
}

/** Collects records into batches (org.apache.kafka.clients.producer.internals.RecordAccumulator). */
export class Accumulator {
  readonly queues = new Map<string, PartitionQueue>()
  private readonly config: ResolvedProducerConfig
  private readonly ratios = new CompressionRatios()
  private bytes = 0

  constructor(config: ResolvedProducerConfig) {
    this.config = config
  }

  get bufferedBytes(): number {
    return this.bytes
  }

  get isEmpty(): boolean {
    for (const queue of this.queues.values())
      if (queue.waiting.length > 0 || queue.inFlight.length > 0) return false
    return true
  }

  /** Adds a record; tells whether a batch has become full by it. */
  append(
    topic: string,
    partition: number,
    nowMs: number,
    record: {
      timestampMs: number
      key: Uint8Array | null
      value: Uint8Array | null
      headers?: readonly HeaderInput[] | undefined
    },
    callback: DeliveryCallback | undefined,
  ): boolean {
    const queue = this.queue(topic, partition)
    const order = queue.recordCount++
    const open = queue.waiting.at(-1)
    if (open !== undefined) {
      const before = open.sizeBytes
      if (open.tryAppend(record.timestampMs, record.key, record.value, record.headers, callback)) {
        this.bytes += open.sizeBytes - before
        return open.isFull
      }
    }
    const batch = this.newBatch({ topic, partition, createdMs: nowMs, order })
    batch.tryAppend(record.timestampMs, record.key, record.value, record.headers, callback)
    queue.waiting.push(batch)
    this.bytes += batch.sizeBytes
    return open !== undefined || batch.isFull
  }

  newBatch(
    at: { topic: string; partition: number; createdMs: number; order: number },
    sizeLimitBytes = this.config.batchSizeBytes,
  ): ProducerBatch {
    const { codec } = this.config
    return new ProducerBatch(at, {
      sizeLimitBytes,
      codec,
      level: this.config.compressionLevel,
      estimatedRatio: this.ratios.estimate(at.topic, codec),
    })
  }

  /** Closes the oldest waiting batch, numbers it, and moves it to those in flight. */
  drain(queue: PartitionQueue, producer: { id: number; epoch: number } | null): ProducerBatch | undefined {
    const batch = queue.waiting.shift()
    if (batch === undefined) return undefined
    const before = batch.sizeBytes
    if (producer !== null) {
      const sequence = batch.hasSequence ? batch.baseSequence : queue.nextSequence
      if (!batch.hasSequence) queue.nextSequence = incrementSequence(sequence, batch.recordCount)
      batch.stamp(producer.id, producer.epoch, sequence)
    }
    batch.close()
    if (batch.attempts === 0) {
      this.ratios.update(batch.topic, this.config.codec, batch.compressionRatio)
    }
    this.bytes += batch.sizeBytes - before
    queue.inFlight.push(batch)
    return batch
  }

  /** A batch is done with, one way or the other. */
  remove(queue: PartitionQueue, batch: ProducerBatch): void {
    drop(queue.inFlight, batch)
    drop(queue.waiting, batch)
    this.bytes -= batch.sizeBytes
  }

  /** Puts a batch that must be sent again back in its place. */
  requeue(queue: PartitionQueue, batch: ProducerBatch, retryAtMs: number): void {
    drop(queue.inFlight, batch)
    insertInOrder(queue.waiting, batch)
    queue.retryAtMs = retryAtMs
  }

  /** Puts the parts of a batch that was too large where it was. */
  replace(queue: PartitionQueue, batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    this.remove(queue, batch)
    for (const part of parts) {
      insertInOrder(queue.waiting, part)
      this.bytes += part.sizeBytes
    }
  }

  private queue(topic: string, partition: number): PartitionQueue {
    const name = `${topic}-${partition}`
    let queue = this.queues.get(name)
    if (queue === undefined) {
      queue = {
        topic,
        partition,
        waiting: [],
        recordCount: 0,
        inFlight: [],
        nextSequence: 0,
        lastAckedSequence: -1,
        retryAtMs: 0,
      }
      this.queues.set(name, queue)
    }
    return queue
  }
}

function insertInOrder(batches: ProducerBatch[], batch: ProducerBatch): void {
  const later = batches.findIndex((other) => other.order > batch.order)
  if (later < 0) batches.push(batch)
  else batches.splice(later, 0, batch)
}

function drop(batches: ProducerBatch[], batch: ProducerBatch): void {
  const index = batches.indexOf(batch)
  if (index >= 0) batches.splice(index, 1)
}
