import { ERROR_CODES } from '../../protocol/index.ts'
import { initProducerId } from '../../protocol/messages/22-init-producer-id.ts'
import { incrementSequence } from '../../records/index.ts'
import type { ClientCore } from '../core.ts'
import { BrokerError } from '../net/index.ts'
import type { ProducerBatch } from './batch.ts'
import type { PartitionQueue } from './partition-queue.ts'

const MAX_EPOCH = 0x7fff
const MAX_SEQUENCE = 0x7fffffff
const NO_TRANSACTION_TIMEOUT_MS = 2 ** 31 - 1

interface Identity {
  readonly id: number
  readonly epoch: number
}

/**
 * The identity by which brokers recognise a repeated batch (KIP-98, KIP-360;
 * org.apache.kafka.clients.producer.internals.TransactionManager without transactions).
 *
 * When a numbered batch is given up there may be a hole in the numbers of its partition, and the broker would refuse all
 * that follows. The partition then first sends what is already numbered: if the broker takes it, it had the batch after
 * all. If the broker says that it is out of order, nothing behind the hole is stored, and the numbers of this partition
 * start again at 0 in the next epoch. Batches whose fate is unknown are never numbered anew: they could be stored twice.
 * Other partitions go over to the new epoch when they have nothing numbered left.
 */
export class ProducerIdentity {
  private readonly core: ClientCore
  private current: Identity | undefined

  constructor(core: ClientCore) {
    this.core = core
  }

  get isKnown(): boolean {
    return this.current !== undefined
  }

  /** Asks for a producer id. */
  async init(): Promise<void> {
    this.current = await this.core.retry(async () => {
      const response = await this.core.sendToAny(initProducerId, {
        transactionalId: null,
        transactionTimeoutMs: NO_TRANSACTION_TIMEOUT_MS,
      })
      if (response.errorCode !== ERROR_CODES.NONE)
        throw new BrokerError(response.errorCode, 'the broker gave no producer id')
      return { id: response.producerId, epoch: response.producerEpoch }
    })
  }

  /** Whether the numbers let the oldest waiting batch of a partition go now. Starts the numbers again where that is due. */
  admits(queue: PartitionQueue): boolean {
    const first = queue.waiting[0]
    const isIdle = queue.inFlight.length === 0
    if (this.current === undefined || first === undefined) return false
    if (queue.mustRenumber) {
      if (!isIdle) return false
      this.renumber(queue)
    } else if (!first.hasSequence && (queue.mayHaveHole || !this.isCurrent(queue))) {
      if (!isIdle) return false
      // Everything numbered is done with: the numbers tell whether a later batch went through.
      if (!queue.mayHaveHole) this.restart(queue)
      else if (this.expectedBy(queue) === queue.nextSequence) queue.mayHaveHole = false
      else this.renumber(queue)
    }
    // A broker takes any first number from a producer that it has not seen: the first batch has to be the first to arrive.
    return this.current !== undefined && (queue.lastAckedSequence >= 0 || isIdle)
  }

  /** Gives a batch that is about to be sent its number, unless it has one. */
  number(queue: PartitionQueue, batch: ProducerBatch): void {
    if (!batch.hasSequence) {
      batch.baseSequence = queue.nextSequence
      queue.nextSequence = incrementSequence(queue.nextSequence, batch.recordCount)
    }
    batch.stamp(queue.producerId, queue.producerEpoch)
  }

  acknowledged(queue: PartitionQueue, batch: ProducerBatch): void {
    if (!batch.hasSequence || this.isPassed(queue, batch)) return
    queue.lastAckedSequence = incrementSequence(batch.baseSequence, batch.recordCount - 1)
  }

  /**
   * A later batch has been acknowledged, so this one is stored: brokers take batches in order. One that hangs at the old
   * leader may be passed by so many at the new one that its repetition is not recognised there.
   */
  isPassed({ lastAckedSequence }: PartitionQueue, batch: ProducerBatch): boolean {
    if (!batch.hasSequence || lastAckedSequence < 0) return false
    // Numbers begin again at 0 behind the largest one.
    return ((lastAckedSequence - batch.baseSequence) & MAX_SEQUENCE) < MAX_SEQUENCE / 2
  }

  gaveUp(queue: PartitionQueue, batch: ProducerBatch): void {
    if (batch.hasSequence) queue.mayHaveHole = true
  }

  /** Errors about the numbers themselves. True: the batch is to be sent again. (TransactionManager.canRetry) */
  canRetry(queue: PartitionQueue, batch: ProducerBatch, errorCode: number, logStartOffset: number): boolean {
    if (!batch.hasSequence) return false
    switch (errorCode) {
      case ERROR_CODES.OUT_OF_ORDER_SEQUENCE_NUMBER:
        // Behind a batch that failed and comes first again; if it is itself the first, what was before it is missing.
        if (queue.firstNumbered === batch) queue.mustRenumber = true
        return true
      case ERROR_CODES.UNKNOWN_PRODUCER_ID:
        // The broker has forgotten us, together with the old records. Without its log start it wants to be asked again.
        if (logStartOffset >= 0 && queue.firstNumbered === batch) queue.mustRenumber = true
        return true
      case ERROR_CODES.INVALID_PRODUCER_EPOCH:
        queue.mustRenumber = true
        return false
      default:
        return false
    }
  }

  private isCurrent(queue: PartitionQueue): boolean {
    return queue.producerId === this.current?.id && queue.producerEpoch === this.current.epoch
  }

  private expectedBy(queue: PartitionQueue): number {
    return queue.lastAckedSequence < 0 ? 0 : incrementSequence(queue.lastAckedSequence, 1)
  }

  private renumber(queue: PartitionQueue): void {
    if (this.isCurrent(queue)) this.bumpEpoch()
    this.restart(queue)
    for (const batch of queue.waiting) batch.baseSequence = -1
  }

  private bumpEpoch(): void {
    if (this.current === undefined) return
    const { id, epoch } = this.current
    this.current = epoch >= MAX_EPOCH ? undefined : { id, epoch: epoch + 1 }
  }

  private restart(queue: PartitionQueue): void {
    queue.nextSequence = 0
    queue.lastAckedSequence = -1
    queue.mayHaveHole = false
    queue.mustRenumber = false
    queue.producerId = this.current?.id ?? -1
    queue.producerEpoch = this.current?.epoch ?? -1
  }
}
