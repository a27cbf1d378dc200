import type { Clock } from './clock.ts'
import type { Address, Channel, ChannelHandlers, Listener, Part } from './network.ts'
import { PartQueue } from './part-queue.ts'

/** In-process connections: the same frames as over a socket, handed over by reference in a later turn of the loop. */
export class PipeRegistry {
  private readonly clock: Clock
  private readonly listeners = new Map<string, (channel: Channel) => void>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  connect(name: string): Promise<Channel> {
    const accept = this.listeners.get(name)
    if (accept === undefined)
      return Promise.reject(systemError('ECONNREFUSED', `nobody listens on pipe:${name}`))
    const near = new PipeChannel(this.clock)
    const far = new PipeChannel(this.clock)
    near.join(far)
    far.join(near)
    accept(far)
    return Promise.resolve(near)
  }

  listen(address: Address & { kind: 'pipe' }, accept: (channel: Channel) => void): Promise<Listener> {
    if (this.listeners.has(address.name)) {
      return Promise.reject(systemError('EADDRINUSE', `pipe:${address.name} is in use`))
    }
    this.listeners.set(address.name, accept)
    const close = () => {
      this.listeners.delete(address.name)
      return Promise.resolve()
    }
    return Promise.resolve({ address, close })
  }
}

export function systemError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}

/** More than this waiting at the other side, and file ranges are no longer read ahead. */
const HIGH_WATER_BYTES = 1024 * 1024

class PipeChannel implements Channel {
  readonly peer = 'pipe'
  private readonly clock: Clock
  private readonly output: PartQueue
  private other: PipeChannel | undefined
  private handlers: ChannelHandlers | undefined
  /** What the other side sent and this side has not yet been given. */
  private inbox: Buffer[] = []
  private inboxBytes = 0
  private paused = false
  private scheduled = false
  private ending = false
  private closed: { error: Error | null } | undefined
  private closeTold = false
  private waiting: (() => void)[] = []

  constructor(clock: Clock) {
    this.clock = clock
    this.output = new PartQueue({
      emit: (chunks) => this.other?.receive(chunks),
      ready: () => this.otherReady(),
      failed: (error) => this.destroy(error),
      empty: () => this.finishEnding(),
    })
  }

  join(other: PipeChannel): void {
    this.other = other
  }

  get bufferedBytes(): number {
    return this.output.bytes + (this.other?.inboxBytes ?? 0)
  }

  start(handlers: ChannelHandlers): void {
    this.handlers = handlers
    this.schedule()
  }

  write(parts: readonly Part[]): void {
    this.output.push(parts)
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.schedule()
  }

  end(): void {
    this.ending = true
    if (this.output.bytes === 0) this.finishEnding()
  }

  destroy(error?: Error): void {
    this.shut(error ?? null)
    this.other?.shut(null)
  }

  private finishEnding(): void {
    if (!this.ending || this.closed) return
    // The other side is told after it has been given everything.
    this.other?.closeAfterInbox()
    this.shut(null)
  }

  private closeAfterInbox(): void {
    this.closed ??= { error: null }
    this.output.destroy()
    this.schedule()
  }

  private shut(error: Error | null): void {
    if (this.closed) return
    this.closed = { error }
    this.inbox = []
    this.inboxBytes = 0
    this.output.destroy()
    this.wakeWriters()
    this.schedule()
  }

  private receive(chunks: readonly Uint8Array[]): void {
    if (this.closed) return
    for (const chunk of chunks) {
      this.inbox.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
      this.inboxBytes += chunk.length
    }
    this.schedule()
  }

  private schedule(): void {
    if (this.scheduled || this.handlers === undefined) return
    this.scheduled = true
    this.clock.defer(() => this.deliver())
  }

  private deliver(): void {
    this.scheduled = false
    const handlers = this.handlers
    if (handlers === undefined) return
    while (!this.paused) {
      const chunk = this.inbox.shift()
      if (chunk === undefined) break
      this.inboxBytes -= chunk.length
      handlers.data(chunk)
    }
    if (this.inbox.length > 0) return
    this.wakeWriters()
    if (this.closed) {
      if (this.closeTold) return
      this.closeTold = true
      handlers.close(this.closed.error)
    } else this.other?.handlers?.drain?.()
  }

  private otherReady(): Promise<void> | undefined {
    const other = this.other
    if (other === undefined || other.inboxBytes < HIGH_WATER_BYTES || other.closed) return undefined
    return new Promise((resolve) => other.waiting.push(resolve))
  }

  private wakeWriters(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const wake of waiting) wake()
  }
}
