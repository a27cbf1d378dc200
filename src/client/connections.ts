import type { Timer } from '../base/clock.ts'
import type { Address } from '../base/network.ts'
import type { ConnectionMetrics } from './metrics/index.ts'
import { ClientError, Connection } from './net/index.ts'
import type { ResolvedClientOptions } from './options.ts'

/** A broker, or another end that connections are made to. */
interface Peer {
  readonly key: number
  opening: Promise<Connection> | undefined
  open: Connection | undefined
  /** Since it was last reached. */
  failures: number
  /** Connection attempts among them that came to nothing. */
  connectFailures: number
  /** Before this it is left alone. */
  retryAtMs: number
}

/** Makes the connection; an attempt at one address may take `timeoutMs`. */
export type Connect = (timeoutMs: number) => Promise<Connection>

/**
 * At most one connection to each peer, made when it is asked for. A peer that could not be reached, or was lost, is left
 * alone for a while that grows (reconnect.backoff.ms), and connections that nobody uses are closed
 * (connections.max.idle.ms); org.apache.kafka.clients.ClusterConnectionStates and Selector.
 */
export class Connections {
  private readonly options: ResolvedClientOptions
  private readonly metrics: ConnectionMetrics
  private readonly peers = new Map<number, Peer>()
  private idleTimer: Timer | undefined
  /** Attempts that wait for their time. */
  private readonly pauses = new Set<() => void>()
  private closed = false

  constructor(options: ResolvedClientOptions, metrics: ConnectionMetrics) {
    this.options = options
    this.metrics = metrics
  }

  /** Waits until the peer may be tried again. Rejects as the attempt does, or when the client is closed. */
  async to(key: number, connect: Connect): Promise<Connection> {
    if (this.closed) throw closedError()
    const peer = this.peerOf(key)
    peer.opening ??= this.open(peer, connect).catch((error: unknown) => {
      peer.opening = undefined
      throw error
    })
    return peer.opening
  }

  openTo(key: number): Connection | undefined {
    return this.peers.get(key)?.open
  }

  /** How long the peer is to be left alone. */
  waitMsOf(key: number): number {
    const peer = this.peers.get(key)
    if (peer === undefined || peer.opening !== undefined) return 0
    return Math.max(0, peer.retryAtMs - this.options.clock.monotonicMs())
  }

  /** The open one with the least to do among those of `keys`; one that is throttled only when there is no other. */
  idlest(keys: Iterable<number>): Connection | undefined {
    let best: Connection | undefined
    for (const key of keys) {
      const candidate = this.peers.get(key)?.open
      if (candidate !== undefined && (best === undefined || isBetter(candidate, best))) best = candidate
    }
    return best
  }

  /** Lets each connection send what was written to it. */
  close(): void {
    this.closed = true
    this.idleTimer?.cancel()
    for (const end of [...this.pauses]) end()
    for (const { open, opening } of [...this.peers.values()]) {
      if (open !== undefined) open.close()
      else opening?.then((connection) => connection.close(), ignore)
    }
    this.peers.clear()
  }

  openAt(address: Address, timeoutMs: number): Promise<Connection> {
    const { network, clock, clientId, requestTimeoutMs, sendBufferBytes, receiveBufferBytes, observer } =
      this.options
    return Connection.open(network, address, {
      clock,
      clientId,
      connectTimeoutMs: timeoutMs,
      requestTimeoutMs,
      sendBufferBytes,
      receiveBufferBytes,
      observer,
    })
  }

  private peerOf(key: number): Peer {
    let peer = this.peers.get(key)
    if (peer === undefined) {
      peer = { key, opening: undefined, open: undefined, failures: 0, connectFailures: 0, retryAtMs: 0 }
      this.peers.set(key, peer)
    }
    return peer
  }

  private async open(peer: Peer, connect: Connect): Promise<Connection> {
    const { clock } = this.options
    const waitMs = peer.retryAtMs - clock.monotonicMs()
    if (waitMs > 0) await this.pause(waitMs)
    if (this.closed) throw closedError()
    let connection: Connection
    try {
      connection = await connect(this.setupTimeoutMs(peer))
    } catch (error) {
      peer.connectFailures++
      this.lost(peer)
      throw error
    }
    if (this.closed) {
      connection.close()
      throw closedError()
    }
    peer.failures = 0
    peer.connectFailures = 0
    peer.open = connection
    connection.traffic = this.metrics.connected(peer.key)
    connection.onClose(() => {
      this.metrics.disconnected()
      peer.open = undefined
      peer.opening = undefined
      this.lost(peer)
    })
    this.watchIdle()
    return connection
  }

  /** Until the time is over or the client is closed, which must not keep a process that has ended its work. */
  private pause(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel()
        this.pauses.delete(end)
        resolve()
      }
      const timer = this.options.clock.setTimer(waitMs, end)
      this.pauses.add(end)
    })
  }

  private lost(peer: Peer): void {
    const { reconnectBackoffMs, reconnectBackoffMaxMs, clock } = this.options
    const pauseMs = this.grown(reconnectBackoffMs, reconnectBackoffMaxMs, peer.failures++)
    peer.retryAtMs = clock.monotonicMs() + pauseMs
  }

  private setupTimeoutMs(peer: Peer): number {
    const { connectTimeoutMs, connectTimeoutMaxMs } = this.options
    return this.grown(connectTimeoutMs, connectTimeoutMaxMs, peer.connectFailures)
  }

  /** Exponential with a fifth of jitter; a maximum below the start is the start. */
  private grown(startMs: number, maxMs: number, failures: number): number {
    const baseMs = Math.min(startMs * 2 ** failures, Math.max(startMs, maxMs))
    return baseMs * (0.8 + 0.4 * this.options.random.next())
  }

  /** One timer for all; it is set anew when it fires. */
  private watchIdle(): void {
    const { clock, connectionsMaxIdleMs } = this.options
    if (this.idleTimer !== undefined || connectionsMaxIdleMs < 0 || this.closed) return
    let oldestMs = Number.POSITIVE_INFINITY
    for (const { open } of this.peers.values())
      if (open !== undefined) oldestMs = Math.min(oldestMs, open.lastUsedMs)
    if (oldestMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.max(1, oldestMs + connectionsMaxIdleMs - clock.monotonicMs())
    this.idleTimer = clock.setTimer(delayMs, () => this.closeIdle(), { unref: true })
  }

  private closeIdle(): void {
    this.idleTimer = undefined
    const idleSinceMs = this.options.clock.monotonicMs() - this.options.connectionsMaxIdleMs
    for (const { open } of this.peers.values())
      if (open !== undefined && open.inFlightCount === 0 && open.lastUsedMs <= idleSinceMs) open.close()
    this.watchIdle()
  }
}

function isBetter(candidate: Connection, known: Connection): boolean {
  if (candidate.isThrottled !== known.isThrottled) return known.isThrottled
  return candidate.inFlightCount < known.inFlightCount
}

function closedError(): ClientError {
  return new ClientError('KCLI_CLOSED', 'the client is closed', { retriable: false })
}

function ignore(): void {
  // A connection that never opened needs no closing.
}
