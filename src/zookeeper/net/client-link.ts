import type { Clock, Timer } from '../../base/clock.ts'
import type { Channel } from '../../base/network.ts'
import type { WatchEvent } from '../client.ts'
import { JuteError, JuteReader } from '../jute.ts'
import { FrameSplitter } from './frame-splitter.ts'
import {
  type ConnectRequest,
  type ConnectResponse,
  connectRequestFrame,
  REQUEST_TYPES,
  type ReplyHeader,
  readConnectResponse,
  readEvent,
  readReplyHeader,
  requestFrame,
  XIDS,
} from './wire.ts'

export interface LinkHandlers {
  /** The server's word on the session. */
  connected(response: ConnectResponse): void
  reply(header: ReplyHeader, reader: JuteReader): void
  event(event: WatchEvent): void
  /** Once. Null after an orderly end. */
  closed(error: Error | null): void
}

/** ZooKeeper's own answers are bounded by jute.maxbuffer of the server; this only keeps nonsense out. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024

const MIN_TICK_MS = 10

/** One connection of a client: handshake, frames, pings (ClientCnxnSocket). */
export class ClientLink {
  private readonly channel: Channel
  private readonly clock: Clock
  private readonly handlers: LinkHandlers
  private readonly splitter = new FrameSplitter(MAX_FRAME_BYTES)
  private output: Buffer[] = []
  private isConnected = false
  private isClosed = false
  private readTimeoutMs: number
  private lastHeardMs: number
  private lastSentMs: number
  private timer: Timer | undefined

  /** A server that takes connections and says nothing is given up after `connectTimeoutMs`, in time to try the others. */
  constructor(
    channel: Channel,
    clock: Clock,
    request: ConnectRequest,
    connectTimeoutMs: number,
    handlers: LinkHandlers,
  ) {
    this.channel = channel
    this.clock = clock
    this.handlers = handlers
    this.readTimeoutMs = connectTimeoutMs
    this.lastHeardMs = clock.monotonicMs()
    this.lastSentMs = this.lastHeardMs
    channel.start({
      data: (chunk) => this.received(chunk),
      close: (error) => this.closed(error),
    })
    this.send(connectRequestFrame(request))
    this.schedule()
  }

  send(frame: Buffer): void {
    if (this.isClosed) return
    this.lastSentMs = this.clock.monotonicMs()
    this.output.push(frame)
    if (this.output.length === 1) queueMicrotask(() => this.flush())
  }

  destroy(error?: Error): void {
    this.channel.destroy(error)
  }

  private flush(): void {
    const frames = this.output
    this.output = []
    if (!this.isClosed && frames.length > 0) this.channel.write(frames)
  }

  private received(chunk: Buffer): void {
    this.lastHeardMs = this.clock.monotonicMs()
    this.splitter.push(chunk)
    try {
      for (let frame = this.splitter.next(); frame !== undefined; frame = this.splitter.next()) {
        if (this.isClosed) return
        this.handle(new JuteReader(frame))
      }
    } catch (error) {
      this.destroy(error instanceof Error ? error : new JuteError(String(error)))
    }
  }

  private handle(reader: JuteReader): void {
    if (!this.isConnected) {
      this.isConnected = true
      const response = readConnectResponse(reader)
      this.readTimeoutMs = (response.timeoutMs * 2) / 3
      this.timer?.cancel()
      this.schedule()
      this.handlers.connected(response)
      return
    }
    const header = readReplyHeader(reader)
    if (header.xid === XIDS.ping) return
    if (header.xid === XIDS.notification) {
      const event = readEvent(reader)
      if (event !== undefined) this.handlers.event(event)
      return
    }
    this.handlers.reply(header, reader)
  }

  /** Says something when nothing was said for a third of the session, and gives the server up when it is silent. */
  private schedule(): void {
    const nowMs = this.clock.monotonicMs()
    const deadlineMs = this.lastHeardMs + this.readTimeoutMs
    const nextMs = this.isConnected
      ? Math.min(deadlineMs, this.lastSentMs + this.readTimeoutMs / 2)
      : deadlineMs
    const delayMs = Math.max(MIN_TICK_MS, nextMs - nowMs)
    this.timer = this.clock.setTimer(delayMs, () => this.tick(), { unref: true })
  }

  private tick(): void {
    if (this.isClosed) return
    const nowMs = this.clock.monotonicMs()
    if (nowMs - this.lastHeardMs >= this.readTimeoutMs) {
      this.destroy(
        new Error(`the ZooKeeper server was silent for ${Math.round(nowMs - this.lastHeardMs)} ms`),
      )
      return
    }
    if (this.isConnected && nowMs - this.lastSentMs >= this.readTimeoutMs / 2)
      this.send(requestFrame(XIDS.ping, REQUEST_TYPES.ping))
    this.schedule()
  }

  private closed(error: Error | null): void {
    if (this.isClosed) return
    this.isClosed = true
    this.timer?.cancel()
    this.handlers.closed(error)
  }
}
