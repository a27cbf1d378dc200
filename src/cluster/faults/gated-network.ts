import type { Address, Channel, ChannelHandlers, Listener, Network, Part } from '../../base/network.ts'
import { systemError } from '../../base/pipe.ts'
import { type Gate, never } from './gate.ts'

/** Whom a broker connects to, as far as that makes a difference: another broker, or the coordination service. */
export type Peer = number | 'zookeeper'

export interface GatedNetworkOptions {
  readonly network: Network
  readonly gate: Gate
  /** Undefined: nobody who can be cut off. */
  readonly peerOf: (address: Address) => Peer | undefined
  readonly isCut: (peer: Peer) => boolean
}

/**
 * The network as one broker sees it. Connections that it opens know whom they lead to, so that they can be cut; those
 * that others open to it belong to them.
 */
export class GatedNetwork implements Network {
  private readonly options: GatedNetworkOptions
  private readonly channels = new Set<GatedChannel>()
  private readonly listeners = new Set<Listener>()

  constructor(options: GatedNetworkOptions) {
    this.options = options
  }

  async connect(address: Address, options: { timeoutMs: number }): Promise<Channel> {
    const { gate, network, peerOf } = this.options
    const peer = peerOf(address)
    return gate.answer(async () => {
      this.refuseIfCut(peer)
      const inner = await network.connect(address, options)
      try {
        this.refuseIfCut(peer)
      } catch (error) {
        inner.destroy()
        throw error
      }
      return this.gated(inner, peer)
    })
  }

  async listen(address: Address, accept: (channel: Channel) => void): Promise<Listener> {
    const { gate, network } = this.options
    if (gate.isKilled) return never()
    const listener = await network.listen(address, (inner) => {
      // Its listener is closed, and somebody came before that was done.
      if (gate.isKilled) {
        inner.destroy()
        return
      }
      const channel = this.gated(inner, undefined)
      gate.pass(() => accept(channel))
    })
    this.listeners.add(listener)
    if (gate.isKilled) await listener.close()
    return {
      address: listener.address,
      close: () => {
        this.listeners.delete(listener)
        return listener.close()
      },
    }
  }

  /** Ends what is open to a peer that is cut off. */
  sever(): void {
    for (const channel of [...this.channels]) {
      const { leadsTo: peer } = channel
      if (peer !== undefined && this.options.isCut(peer)) {
        channel.destroy(systemError('ECONNRESET', 'the connection was cut'))
      }
    }
  }

  pause(): void {
    for (const channel of this.channels) channel.hold()
  }

  resume(): void {
    for (const channel of [...this.channels]) channel.release()
  }

  /** As the system does with what a process leaves behind: nothing listens any more, and connections are reset. */
  async kill(): Promise<void> {
    for (const channel of this.channels) channel.destroy()
    this.channels.clear()
    await Promise.all([...this.listeners].map((listener) => listener.close()))
    this.listeners.clear()
  }

  private refuseIfCut(peer: Peer | undefined): void {
    if (peer !== undefined && this.options.isCut(peer)) {
      const name = peer === 'zookeeper' ? 'ZooKeeper' : `broker ${peer}`
      throw systemError('ECONNREFUSED', `${name} is cut off`)
    }
  }

  private gated(inner: Channel, peer: Peer | undefined): GatedChannel {
    const { gate } = this.options
    // Killed between the connection and this moment.
    if (gate.isKilled) inner.destroy()
    const channel = new GatedChannel(inner, gate, peer, () => this.channels.delete(channel))
    this.channels.add(channel)
    return channel
  }
}

class GatedChannel implements Channel {
  readonly leadsTo: Peer | undefined
  private readonly inner: Channel
  private readonly gate: Gate
  private readonly forget: () => void
  private isStarted = false
  /** Whether its owner wants nothing now, beside what the gate wants. */
  private isPaused = false

  constructor(inner: Channel, gate: Gate, leadsTo: Peer | undefined, forget: () => void) {
    this.inner = inner
    this.gate = gate
    this.leadsTo = leadsTo
    this.forget = forget
  }

  get peer(): string {
    return this.inner.peer
  }

  get bufferedBytes(): number {
    return this.inner.bufferedBytes
  }

  start(handlers: ChannelHandlers): void {
    const { gate } = this
    this.isStarted = true
    this.inner.start({
      data: (chunk) => {
        if (gate.state === 'up') handlers.data(chunk)
        else gate.pass(() => handlers.data(chunk))
      },
      drain: () => gate.pass(() => handlers.drain?.()),
      close: (error) => {
        this.forget()
        gate.pass(() => handlers.close(error))
      },
    })
    if (gate.state === 'paused') this.inner.pause()
  }

  write(parts: readonly Part[]): void {
    this.inner.write(parts)
  }

  pause(): void {
    this.isPaused = true
    this.inner.pause()
  }

  resume(): void {
    this.isPaused = false
    if (this.gate.state !== 'paused') this.inner.resume()
  }

  end(): void {
    this.inner.end()
  }

  destroy(error?: Error): void {
    this.inner.destroy(error)
  }

  /** The broker stands still: what comes stays with the system, until that has no more room and the sender has to wait. */
  hold(): void {
    if (this.isStarted) this.inner.pause()
  }

  release(): void {
    if (this.isStarted && !this.isPaused) this.inner.resume()
  }
}
