import { ERROR_CODES } from '../../protocol/index.ts'
import { initProducerId } from '../../protocol/messages/22-init-producer-id.ts'
import type { ClientCore } from '../core.ts'
import { BrokerError } from '../net/index.ts'
import type { PartitionQueue } from './accumulator.ts'

const MAX_EPOCH = 0x7fff
const NO_TRANSACTION_TIMEOUT_MS = 2 ** 31 - 1

/**
 * The identity by which brokers recognise a repeated batch (KIP-98). When a numbered batch is lost for good there is a
 * hole in the numbers; the epoch is then raised and all partitions start again at 0, once nothing is in flight.
 */
export class ProducerIdentity {
  private readonly core: ClientCore
  private current: { id: number; epoch: number } | undefined
  private wantsNewEpoch = false

  constructor(core: ClientCore) {
    this.core = core
  }

  get(): { id: number; epoch: number } | undefined {
    return this.current
  }

  /** True while nothing may be sent because the numbers are about to start again. */
  get isBumping(): boolean {
    return this.wantsNewEpoch
  }

  requestNewEpoch(): void {
    this.wantsNewEpoch = true
  }

  /** Call when nothing is in flight. Unsent batches get new numbers when they are drained. */
  async bumpEpoch(queues: Iterable<PartitionQueue>): Promise<void> {
    const { current } = this
    if (current === undefined || current.epoch >= MAX_EPOCH) await this.init()
    else this.current = { id: current.id, epoch: current.epoch + 1 }
    for (const queue of queues) {
      queue.nextSequence = 0
      queue.lastAckedSequence = -1
      for (const batch of queue.waiting) batch.baseSequence = -1
    }
    this.wantsNewEpoch = false
  }

  async init(): Promise<void> {
    this.current = await this.core.retry(async () => {
      const response = await this.core.sendToAny(initProducerId, {
        transactionalId: null,
        transactionTimeoutMs: NO_TRANSACTION_TIMEOUT_MS,
      })
      if (response.errorCode !== ERROR_CODES.NONE) {
        throw new BrokerError(response.errorCode, 'the broker gave no producer id')
      }
      return { id: response.producerId, epoch: response.producerEpoch }
    })
  }
}
