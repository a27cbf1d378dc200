import type { ProducerBatch } from './batch.ts'

/**
 * What one partition has to send. Batches wait in the order of their records; those that were sent once and must be sent
 * again stand in front of those that never were.
 *
 * With idempotence a batch is numbered when it is first sent, and keeps its number until it is done with or the numbers
 * of the partition start again (see {@link ProducerIdentity}).
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly waiting: ProducerBatch[] = []
  readonly inFlight: ProducerBatch[] = []
  /** Records taken so far, and about what they take in their batches, compressed. */
  recordCount = 0
  appendedBytes = 0
  /** Before compression. */
  lastBatchBytes = 0
  /** After a failed attempt: not before this. */
  retryAtMs = 0
  /** The leader epoch that was known at the last attempt: a later leader is asked at once. */
  sentLeaderEpoch = -1

  /** The producer id and epoch under which this partition is numbered. -1: not yet. */
  producerId = -1
  producerEpoch = -1
  /** The sequence number of the next record that gets one. */
  nextSequence = 0
  /** The last one that the broker has acknowledged, -1 for none. */
  lastAckedSequence = -1
  /** A numbered batch was given up. Nobody knows whether the broker has it, so there may be a hole in the numbers. */
  mayHaveHole = false
  /** There is a hole for certain: all that wait have to be numbered anew, as soon as nothing is in flight. */
  mustRenumber = false

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  appended(sizeBytes: number): void {
    this.recordCount++
    this.appendedBytes += sizeBytes
  }

  /** Whether a record of about this size would go into a batch that is there. */
  hasRoomFor(sizeBytes: number, batchSizeBytes: number): boolean {
    const last = this.waiting[this.waiting.length - 1]
    return last !== undefined && last.estimatedSizeBytes + sizeBytes <= batchSizeBytes && !last.isFull
  }

  /** The oldest batch that has a number and is not done with. */
  get firstNumbered(): ProducerBatch | undefined {
    const waiting = this.waiting[0]
    const flying = this.inFlight[0]
    if (waiting === undefined || !waiting.hasSequence) return flying
    return flying === undefined || waiting.order < flying.order ? waiting : flying
  }

  insertInOrder(batch: ProducerBatch): void {
    const later = this.waiting.findIndex((other) => other.order > batch.order)
    if (later < 0) this.waiting.push(batch)
    else this.waiting.splice(later, 0, batch)
  }
}
