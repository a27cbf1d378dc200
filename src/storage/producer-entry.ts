/**
 * What a log remembers of one producer (ProducerStateEntry), and the rules by which its next batch is taken or refused
 * (ProducerAppendInfo). Entries never change: an append makes new ones, so that a failed write can put the old back.
 */
import type { Logger } from '../base/logger.ts'
import * as batch from '../records/index.ts'
import {
  InvalidProducerEpochError,
  InvalidTxnStateError,
  OutOfOrderSequenceError,
  TransactionCoordinatorFencedError,
} from './errors.ts'

/** The batches that a retry can still be recognized by: as many as a Java producer has in flight. */
export const BATCHES_TO_RETAIN = 5
const MAX_INT32 = 0x7fffffff
export const NO_OFFSET = -1

export interface BatchMetadata {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly timestamp: number
}

export interface ProducerEntry {
  readonly producerId: number
  readonly producerEpoch: number
  /** Of the last transaction marker; -1 when there was none. */
  readonly coordinatorEpoch: number
  readonly lastTimestamp: number
  /** Of the open transaction, or -1. */
  readonly currentTxnFirstOffset: number
  /** The last ones, oldest first. */
  readonly batches: readonly BatchMetadata[]
}

export function emptyEntry(producerId: number): ProducerEntry {
  return {
    producerId,
    producerEpoch: batch.NO_PRODUCER_EPOCH,
    coordinatorEpoch: -1,
    lastTimestamp: batch.NO_TIMESTAMP,
    currentTxnFirstOffset: NO_OFFSET,
    batches: [],
  }
}

/** A transaction that a marker ends. */
export interface CompletedTxn {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the marker. */
  readonly lastOffset: number
  readonly isAborted: boolean
}

/** Kafka's AppendOrigin: followers and recovery take what the leader took. */
export type ProducerOrigin = 'client' | 'coordinator' | 'replication'

export interface UpdateContext {
  readonly origin: ProducerOrigin
  /** For messages: `orders-0`. */
  readonly partition: string
  readonly logger: Logger
}

/** The earlier batch that has exactly the sequence numbers of the one at `at`. */
export function findDuplicate(entry: ProducerEntry, buffer: Buffer, at: number): BatchMetadata | undefined {
  if (batch.producerEpoch(buffer, at) !== entry.producerEpoch) return undefined
  const first = batch.baseSequence(buffer, at)
  const last = batch.lastSequence(buffer, at)
  return entry.batches.find((b) => b.firstSequence === first && b.lastSequence === last)
}

/** The entry behind a data batch. Throws what the client is told when the batch may not come now. */
export function afterDataBatch(
  entry: ProducerEntry,
  buffer: Buffer,
  at: number,
  firstOffset: number,
  context: UpdateContext,
): ProducerEntry {
  const epoch = batch.producerEpoch(buffer, at)
  checkEpoch(entry, epoch, firstOffset, context)
  if (context.origin === 'client')
    checkSequence(entry, epoch, batch.baseSequence(buffer, at), firstOffset, context)
  const isTransactional = batch.isTransactional(buffer, at)
  if (entry.currentTxnFirstOffset !== NO_OFFSET && !isTransactional) {
    throw new InvalidTxnStateError(
      `expected a transactional write from producer ${entry.producerId} at offset ${firstOffset} in ${context.partition}`,
    )
  }
  const lastOffset = firstOffset + batch.lastOffsetDelta(buffer, at)
  const timestamp = batch.maxTimestamp(buffer, at)
  const added: BatchMetadata = {
    firstSequence: batch.baseSequence(buffer, at),
    lastSequence: batch.lastSequence(buffer, at),
    firstOffset,
    lastOffset,
    timestamp,
  }
  const kept = epoch === entry.producerEpoch ? entry.batches : []
  return {
    producerId: entry.producerId,
    producerEpoch: epoch,
    coordinatorEpoch: entry.coordinatorEpoch,
    lastTimestamp: timestamp,
    currentTxnFirstOffset:
      entry.currentTxnFirstOffset === NO_OFFSET && isTransactional
        ? firstOffset
        : entry.currentTxnFirstOffset,
    batches: [...kept.slice(kept.length >= BATCHES_TO_RETAIN ? 1 : 0), added],
  }
}

/** The entry behind a transaction marker. */
export function afterMarker(
  entry: ProducerEntry,
  marker: { producerEpoch: number; coordinatorEpoch: number; offset: number; timestamp: number },
  context: UpdateContext,
): ProducerEntry {
  checkEpoch(entry, marker.producerEpoch, marker.offset, context)
  if (entry.coordinatorEpoch > marker.coordinatorEpoch) {
    const message =
      `invalid coordinator epoch for producer ${entry.producerId} at offset ${marker.offset} in ` +
      `${context.partition}: ${marker.coordinatorEpoch} (zombie), ${entry.coordinatorEpoch} (current)`
    if (context.origin !== 'replication') throw new TransactionCoordinatorFencedError(message)
    context.logger.info(message)
  }
  return {
    producerId: entry.producerId,
    producerEpoch: marker.producerEpoch,
    coordinatorEpoch: marker.coordinatorEpoch,
    lastTimestamp: marker.timestamp,
    currentTxnFirstOffset: NO_OFFSET,
    batches: marker.producerEpoch === entry.producerEpoch ? entry.batches : [],
  }
}

function checkEpoch(entry: ProducerEntry, epoch: number, offset: number, context: UpdateContext): void {
  if (epoch >= entry.producerEpoch) return
  const message =
    `epoch of producer ${entry.producerId} at offset ${offset} in ${context.partition} is ${epoch}, ` +
    `which is smaller than the last seen epoch ${entry.producerEpoch}`
  if (context.origin !== 'replication') throw new InvalidProducerEpochError(message)
  context.logger.warn(message)
}

function checkSequence(
  entry: ProducerEntry,
  epoch: number,
  firstSequence: number,
  offset: number,
  context: UpdateContext,
): void {
  const where = `of producer ${entry.producerId} at offset ${offset} in ${context.partition}`
  // A producer we know nothing of (its records may all be deleted) may begin with any number.
  if (entry.producerEpoch === batch.NO_PRODUCER_EPOCH) return
  if (epoch !== entry.producerEpoch) {
    if (firstSequence === 0) return
    throw new OutOfOrderSequenceError(
      `invalid sequence number for the new epoch ${where}: ${epoch} (request epoch), ` +
        `${firstSequence} (sequence number), ${entry.producerEpoch} (current epoch)`,
    )
  }
  const last = entry.batches.at(-1)?.lastSequence ?? batch.NO_SEQUENCE
  if (firstSequence === last + 1 || (firstSequence === 0 && last === MAX_INT32)) return
  throw new OutOfOrderSequenceError(
    `out of order sequence number ${where}: ${firstSequence} (incoming sequence number), ` +
      `${last} (current end sequence number)`,
  )
}
