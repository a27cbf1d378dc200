import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import type { Channel, Part } from '../../base/network.ts'
import { FrameDecoder, peekRequest } from '../../protocol/index.ts'
import { CLOSE_CONNECTION, NO_RESPONSE } from '../api/handler.ts'
import type { ConnectionInfo, Processed, RequestProcessor } from './request-processor.ts'

const PRODUCE = 0
const FETCH = 1
/** Produce requests of one connection that may wait for their replicas at the same time. */
const MAX_PIPELINED_REQUESTS = 64
const MAX_PIPELINED_BYTES = 16 * 1024 * 1024
/** Not yet taken by the client: no further request is started above this. */
const MAX_UNSENT_BYTES = 1024 * 1024
/** Read ahead while requests wait for their turn; then the socket is paused and TCP holds the client back. */
const MAX_READ_AHEAD_BYTES = 256 * 1024

/** A request in process; responses leave in the order of the requests. */
interface Slot {
  readonly apiKey: number
  readonly sizeBytes: number
  result: Processed | undefined
}

export interface ServerConnectionOptions {
  readonly channel: Channel
  /** From within this process: an embedded broker, or the command that runs the cluster. */
  readonly isPipe: boolean
  readonly info: ConnectionInfo
  readonly processor: RequestProcessor
  readonly clock: Clock
  readonly logger: Logger
  readonly maxRequestBytes: number
  /** Called once, when the connection is gone and nothing of it is in process any more. */
  readonly onClosed: (connection: ServerConnection) => void
}

/**
 * One client connection. As in Kafka, requests of a connection are carried out one after the other, so that a client that
 * pipelines sees them happen in order. One exception: produce requests follow each other without waiting for the
 * replicas; they are appended in the order they came, and answered in that order.
 */
export class ServerConnection {
  readonly info: ConnectionInfo
  readonly isPipe: boolean
  /** Monotonic time of the last bytes in either direction. */
  lastActiveMs: number
  private readonly options: ServerConnectionOptions
  private readonly channel: Channel
  private readonly frames: FrameDecoder
  private readonly slots: Slot[] = []
  private slotBytes = 0
  private onlyProduce = true
  /** The next request, when it has to wait for those in process. */
  private held: Buffer | null = null
  private pumping = false
  private paused = false
  /** No further request is started. */
  private closing = false
  private closed = false

  constructor(options: ServerConnectionOptions) {
    this.options = options
    this.info = options.info
    this.isPipe = options.isPipe
    this.channel = options.channel
    this.frames = new FrameDecoder(options.maxRequestBytes)
    this.lastActiveMs = options.clock.monotonicMs()
  }

  start(): void {
    this.channel.start({
      data: (chunk) => {
        this.lastActiveMs = this.options.clock.monotonicMs()
        this.frames.push(chunk)
        this.pump()
      },
      drain: () => this.pump(),
      close: (error) => this.onChannelClosed(error),
    })
  }

  get inProcess(): number {
    return this.slots.length
  }

  /** Answers what is in process, starts nothing new, then closes. */
  finish(): void {
    if (this.closing) return
    this.closing = true
    if (this.slots.length === 0) this.channel.end()
  }

  /** The same, but a fetch that waits for records is broken off: it loses nothing and is asked again elsewhere. */
  finishSoon(): void {
    if (this.slots.every(({ apiKey }) => apiKey === FETCH)) this.destroy()
    else this.finish()
  }

  destroy(): void {
    this.closing = true
    this.channel.destroy()
  }

  /** Starts requests as long as they may be started. */
  private pump(): void {
    if (this.pumping) return
    this.pumping = true
    try {
      while (!this.closing && this.startNext()) {
        // startNext does the work.
      }
    } catch (error) {
      this.refuse(error)
    } finally {
      this.pumping = false
    }
    this.flush()
    this.regulate()
  }

  private startNext(): boolean {
    if (this.channel.bufferedBytes > MAX_UNSENT_BYTES) return false
    const frame = this.held ?? this.frames.next()
    if (frame === null) return false
    const { apiKey } = peekRequest(frame)
    const isProduce = apiKey === PRODUCE
    if (!this.mayStart(isProduce)) {
      this.held = frame
      return false
    }
    this.held = null
    if (this.slots.length === 0) this.onlyProduce = isProduce
    const result = this.options.processor.process(frame, this.info)
    const slot: Slot = { apiKey, sizeBytes: frame.length, result: undefined }
    this.slots.push(slot)
    this.slotBytes += frame.length
    if (result instanceof Promise) {
      result.then((processed) => this.done(slot, processed))
    } else {
      slot.result = result
      this.flush()
    }
    return true
  }

  private mayStart(isProduce: boolean): boolean {
    if (this.slots.length === 0) return true
    if (!isProduce || !this.onlyProduce) return false
    return this.slots.length < MAX_PIPELINED_REQUESTS && this.slotBytes < MAX_PIPELINED_BYTES
  }

  private done(slot: Slot, processed: Processed): void {
    slot.result = processed
    this.flush()
    this.pump()
  }

  /** Sends the responses that are complete and have no incomplete one before them. */
  private flush(): void {
    let parts: Part[] | undefined
    let first = this.slots[0]
    if (first === undefined || first.result === undefined) return
    let hangUp = false
    while (first !== undefined && first.result !== undefined) {
      this.slots.shift()
      this.slotBytes -= first.sizeBytes
      if (first.result === CLOSE_CONNECTION) hangUp = true
      else if (first.result !== NO_RESPONSE) {
        if (parts === undefined) parts = [...first.result]
        else for (const part of first.result) parts.push(part)
      }
      first = this.slots[0]
    }
    // Also when the channel is gone: it then gives up the file ranges among the parts.
    if (parts !== undefined) this.channel.write(parts)
    this.lastActiveMs = this.options.clock.monotonicMs()
    if (hangUp) this.closing = true
    if (this.closing && (hangUp || this.slots.length === 0)) this.channel.end()
    this.maybeTellClosed()
  }

  private regulate(): void {
    const waiting = this.held !== null || this.channel.bufferedBytes > MAX_UNSENT_BYTES
    const pause = waiting && this.frames.bufferedBytes > MAX_READ_AHEAD_BYTES
    if (pause === this.paused || this.closed) return
    this.paused = pause
    if (pause) this.channel.pause()
    else this.channel.resume()
  }

  /** As Kafka does with a request that it cannot read: a line in the log, and the connection is closed. */
  private refuse(error: unknown): void {
    const { listenerName, connectionId } = this.info
    this.options.logger.warn(`closing connection ${connectionId} on ${listenerName}: ${messageOf(error)}`)
    // What was asked before is still answered.
    this.finish()
  }

  private onChannelClosed(error: Error | null): void {
    this.closing = true
    this.closed = true
    this.held = null
    if (error !== null) {
      this.options.logger.debug(`connection ${this.info.connectionId} was lost: ${messageOf(error)}`)
    }
    this.maybeTellClosed()
  }

  private maybeTellClosed(): void {
    if (this.closed && this.slots.length === 0) this.options.onClosed(this)
  }
}
