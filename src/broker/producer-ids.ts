import { type Clock, sleep } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { ERROR_CODES, errorInfo } from '../protocol/index.ts'
import type { AllocateProducerIdsResponse } from '../protocol/messages/67-allocate-producer-ids.ts'
import { ApiError } from './api-error.ts'

/** A new block is asked for when this much of the current one has been given out. */
const PREFETCH_SHARE = 0.9
const RETRY_BACKOFF_MS = 50
const MAX_ATTEMPTS = 20

export interface ProducerIdsOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Sends AllocateProducerIds to the controller. */
  readonly allocate: () => Promise<AllocateProducerIdsResponse>
}

interface Block {
  next: number
  readonly end: number
  readonly prefetchAt: number
}

/**
 * Gives out producer ids from blocks that the controller allocates (RPCProducerIdManager). A request that comes before
 * there is a block waits for it a moment; Kafka answers COORDINATOR_LOAD_IN_PROGRESS at once and lets the client retry.
 */
export class ProducerIds {
  private readonly options: ProducerIdsOptions
  private current: Block | undefined
  private following: Block | undefined
  private asking: Promise<void> | undefined
  private closed = false

  constructor(options: ProducerIdsOptions) {
    this.options = options
  }

  /** Rejects with COORDINATOR_LOAD_IN_PROGRESS, which clients retry, when the controller cannot be reached. */
  async next(): Promise<number> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS && !this.closed; attempt++) {
      const id = this.claim()
      if (id !== undefined) return id
      await this.ask()
    }
    throw new ApiError('COORDINATOR_LOAD_IN_PROGRESS', 'Producer ID block is full. Waiting for next block')
  }

  close(): void {
    this.closed = true
  }

  private claim(): number | undefined {
    if (this.current === undefined || this.current.next > this.current.end) {
      if (this.following === undefined) return undefined
      this.current = this.following
      this.following = undefined
    }
    const id = this.current.next++
    if (id >= this.current.prefetchAt && this.following === undefined) void this.ask()
    return id
  }

  private ask(): Promise<void> {
    this.asking ??= this.request().finally(() => {
      this.asking = undefined
    })
    return this.asking
  }

  /** One attempt; a failed one takes a moment, so that nobody asks in a tight loop. */
  private async request(): Promise<void> {
    let failure: string
    try {
      const response = await this.options.allocate()
      if (response.errorCode === ERROR_CODES.NONE) {
        this.accept(response.producerIdStart, response.producerIdLen)
        return
      }
      failure = errorInfo(response.errorCode).name
    } catch (error) {
      failure = messageOf(error)
    }
    this.options.logger.debug(`no producer ids from the controller: ${failure}`)
    await sleep(this.options.clock, RETRY_BACKOFF_MS)
  }

  private accept(start: number, length: number): void {
    const last = this.current?.end ?? -1
    if (start <= last || length <= 0) {
      throw new RangeError(`the block ${start}+${length} is not behind the last one, which ends with ${last}`)
    }
    this.following = {
      next: start,
      end: start + length - 1,
      prefetchAt: start + Math.floor(length * PREFETCH_SHARE),
    }
  }
}
