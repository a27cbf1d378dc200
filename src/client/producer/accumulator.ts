import type { Clock } from '../../base/clock.ts'
import { CompressionRatios, type HeaderInput } from '../../records/index.ts'
import { type DeliveryCallback, ProducerBatch } from './batch.ts'
import type { ResolvedProducerConfig } from './config.ts'
import { PartitionQueue } from './partition-queue.ts'

/** What `append` did: a place in an open batch, a new batch, or a batch that is ready to go. */
export type Appended = 'added' | 'begun' | 'ready'

/** Collects records into batches (org.apache.kafka.clients.producer.internals.RecordAccumulator). */
export class Accumulator {
  /** Partitions with batches, those that were served last at the end. */
  private readonly busy = new Set<PartitionQueue>()
  private readonly byTopic = new Map<string, PartitionQueue[]>()
  private readonly config: ResolvedProducerConfig
  private readonly clock: Pick<Clock, 'monotonicMs'>
  private readonly ratios = new CompressionRatios()
  private bytes = 0

  constructor(config: ResolvedProducerConfig, clock: Pick<Clock, 'monotonicMs'>) {
    this.config = config
    this.clock = clock
  }

  get bufferedBytes(): number {
    return this.bytes
  }

  get hasRoom(): boolean {
    return this.bytes < this.config.bufferMemoryBytes
  }

  get isEmpty(): boolean {
    return this.busy.size === 0
  }

  /** The partitions that have batches, waiting or in flight. */
  get queues(): Iterable<PartitionQueue> {
    return this.busy
  }

  /** Every batch whose records have not been reported. */
  *batches(): Generator<ProducerBatch> {
    for (const queue of this.busy) {
      for (const batch of queue.inFlight) if (!batch.isTold) yield batch
      yield* queue.waiting
    }
  }

  append(
    queue: PartitionQueue,
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly HeaderInput[] | undefined,
    callback: DeliveryCallback | undefined,
  ): Appended {
    const { waiting } = queue
    const open = waiting[waiting.length - 1]
    if (open !== undefined) {
      const sizeBytes = open.tryAppend(timestampMs, key, value, headers, callback)
      if (sizeBytes > 0) {
        this.bytes += sizeBytes
        queue.appended(sizeBytes * open.estimatedRatio)
        return open.isFull ? 'ready' : 'added'
      }
    }
    const { topic, partition } = queue
    const createdMs = this.clock.monotonicMs()
    const at = { topic, partition, createdMs, order: queue.recordCount }
    const batch = this.newBatch(at, this.config.batchSizeBytes, this.expectedSizeOf(queue))
    batch.tryAppend(timestampMs, key, value, headers, callback)
    waiting.push(batch)
    this.busy.add(queue)
    this.bytes += batch.sizeBytes
    queue.appended(batch.estimatedSizeBytes)
    return open !== undefined || batch.isFull ? 'ready' : 'begun'
  }

  newBatch(
    at: { topic: string; partition: number; createdMs: number; order: number },
    sizeLimitBytes: number,
    expectedSizeBytes = 0,
  ): ProducerBatch {
    const { codec } = this.config
    return new ProducerBatch(at, {
      sizeLimitBytes,
      codec,
      level: this.config.compressionLevel,
      estimatedRatio: this.ratios.estimate(at.topic, codec),
      expectedSizeBytes,
    })
  }

  /** A little more than the last one took, so that those of a steady stream need not grow. */
  private expectedSizeOf({ lastBatchBytes }: PartitionQueue): number {
    const sizeBytes = Math.ceil(lastBatchBytes * 1.1)
    return this.config.codec === 0 ? Math.min(sizeBytes, this.config.batchSizeBytes) : sizeBytes
  }

  /** Closes the oldest waiting batch and moves it to those in flight. Its partition goes to the end of the line. */
  drain(queue: PartitionQueue): ProducerBatch | undefined {
    const batch = queue.waiting.shift()
    if (batch === undefined) return undefined
    const before = batch.sizeBytes
    if (batch.attempts === 0) queue.lastBatchBytes = before
    batch.close()
    if (batch.attempts === 0) this.ratios.update(batch.topic, this.config.codec, batch.compressionRatio)
    this.bytes += batch.sizeBytes - before
    queue.inFlight.push(batch)
    this.busy.delete(queue)
    this.busy.add(queue)
    return batch
  }

  /** A batch is done with, one way or the other. False when it was before. */
  remove(queue: PartitionQueue, batch: ProducerBatch): boolean {
    if (!drop(queue.inFlight, batch) && !drop(queue.waiting, batch)) return false
    this.bytes -= batch.sizeBytes
    if (queue.waiting.length === 0 && queue.inFlight.length === 0) this.busy.delete(queue)
    return true
  }

  /** Puts a batch that must be sent again back in its place. */
  requeue(queue: PartitionQueue, batch: ProducerBatch, retryAtMs: number): void {
    if (!drop(queue.inFlight, batch)) return
    queue.insertInOrder(batch)
    queue.retryAtMs = retryAtMs
  }

  /** Puts the parts of a batch that was too large where it was. */
  replace(queue: PartitionQueue, batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    if (!this.remove(queue, batch)) return
    // The estimate was too hopeful (ProducerBatch.split).
    this.ratios.reset(batch.topic, this.config.codec, Math.max(1, batch.compressionRatio))
    for (const part of parts) {
      queue.insertInOrder(part)
      this.bytes += part.sizeBytes
    }
    if (parts.length > 0) this.busy.add(queue)
  }

  queueOf(topic: string, partition: number): PartitionQueue {
    let queues = this.byTopic.get(topic)
    if (queues === undefined) {
      queues = []
      this.byTopic.set(topic, queues)
    }
    let queue = queues[partition]
    if (queue === undefined) {
      queue = new PartitionQueue(topic, partition)
      queues[partition] = queue
    }
    return queue
  }
}

function drop(batches: ProducerBatch[], batch: ProducerBatch): boolean {
  const index = batches.indexOf(batch)
  if (index < 0) return false
  batches.splice(index, 1)
  return true
}
