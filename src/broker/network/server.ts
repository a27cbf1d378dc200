import type { Clock, Timer } from '../../base/clock.ts'
import { KcliError, messageOf, systemErrorCode } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { type Address, type Channel, formatAddress, type Listener, type Network } from '../../base/network.ts'
import type { ListenerSpec } from '../listeners.ts'
import type { RequestProcessor } from './request-processor.ts'
import { ServerConnection } from './server-connection.ts'

/** What connections are held to; read anew for each connection, so that dynamic changes count. */
export interface ServerLimits {
  readonly maxRequestBytes: number
  /** Negative: never. */
  readonly connectionsMaxIdleMs: number
  readonly maxConnections: number
  readonly maxConnectionsPerIp: number
}

export interface NetworkServerOptions {
  readonly network: Network
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: () => ServerLimits
}

/** Between two looks for idle connections, however long they may be idle. */
const LONGEST_LOOK_MS = 3_600_000

/** What a broker registers: the listener as clients are to use it. */
export interface AdvertisedEndpoint {
  readonly name: string
  readonly securityProtocol: 'PLAINTEXT'
  readonly host: string
  readonly port: number
}

/** An address that the broker was told to listen on and cannot. */
export class ListenError extends KcliError {
  constructor(address: Address, cause: unknown) {
    const code = systemErrorCode(cause)
    const place = formatAddress(address)
    const reason = code === 'EADDRINUSE' ? 'it is in use' : `${code ?? messageOf(cause)}`
    const hint =
      code === 'EADDRINUSE'
        ? 'Stop the other process or choose another port.'
        : 'Check the address in listeners, and that you may use it.'
    super('KCLI_LISTEN', `cannot listen on ${place}: ${reason}`, { hint, cause })
  }
}

/** Accepts connections on any number of listeners (kafka.network.SocketServer). */
export class NetworkServer {
  private readonly options: NetworkServerOptions
  private readonly listeners: Listener[] = []
  private readonly connections = new Set<ServerConnection>()
  private readonly hosts = new Map<string, number>()
  /** Accepted before requests are processed: they wait, unread. */
  private waiting: { readonly local: Address; readonly start: () => void }[] = []
  private processor: RequestProcessor | undefined
  private onlyPipes = false
  private nextIndex = 0
  private idleTimer: Timer | undefined
  private stopping = false
  private isDraining = false
  private onForgotten: (() => void) | undefined

  constructor(options: NetworkServerOptions) {
    this.options = options
  }

  get connectionCount(): number {
    return this.connections.size
  }

  /** Every address of every listener. Rejects with {@link ListenError}, and then nothing stays bound. */
  async bind(specs: readonly ListenerSpec[]): Promise<AdvertisedEndpoint[]> {
    try {
      const endpoints: AdvertisedEndpoint[] = []
      for (const spec of specs) endpoints.push(await this.bindListener(spec))
      return endpoints
    } catch (error) {
      await this.closeListeners()
      throw error
    }
  }

  private async bindListener(spec: ListenerSpec): Promise<AdvertisedEndpoint> {
    let port = spec.advertisedPort
    for (const address of spec.bind) {
      let listener: Listener
      try {
        const accept = (channel: Channel) => this.accept(channel, spec.name, listener.address)
        listener = await this.options.network.listen(address, accept)
      } catch (error) {
        throw new ListenError(address, error)
      }
      this.listeners.push(listener)
      if (port === 0 && listener.address.kind === 'tcp') port = listener.address.port
    }
    const { name, securityProtocol, advertisedHost: host } = spec
    return { name, securityProtocol, host, port }
  }

  /**
   * From now on requests are read and answered: all of them, or only those that come through in-process pipes, until it
   * is called again.
   */
  startProcessing(processor: RequestProcessor, options: { onlyPipes: boolean } = { onlyPipes: false }): void {
    this.processor = processor
    this.onlyPipes = options.onlyPipes
    const waiting = this.waiting
    this.waiting = waiting.filter(({ local }) => !this.isProcessing(local))
    for (const { local, start } of waiting) if (this.isProcessing(local)) start()
  }

  private isProcessing(local: Address): boolean {
    return this.processor !== undefined && (!this.onlyPipes || local.kind === 'pipe')
  }

  private accept(channel: Channel, listenerName: string, local: Address): void {
    if (this.stopping || (this.isDraining && local.kind !== 'pipe')) {
      channel.destroy()
      return
    }
    const start = () => this.serve(channel, listenerName, local)
    if (this.isProcessing(local)) start()
    else this.waiting.push({ local, start })
  }

  private serve(channel: Channel, listenerName: string, local: Address): void {
    const processor = this.processor
    if (processor === undefined || this.stopping) {
      channel.destroy()
      return
    }
    const limits = this.options.limits()
    const host = hostOf(channel.peer)
    const full = this.refusal(host, local, limits)
    if (full !== undefined) {
      this.options.logger.warn(`closing a new connection from ${channel.peer} on ${listenerName}: ${full}`)
      channel.destroy()
      return
    }
    const connection = new ServerConnection({
      channel,
      isPipe: local.kind === 'pipe',
      info: {
        connectionId: `${formatAddress(local)}-${channel.peer}-${this.nextIndex++}`,
        listenerName,
        clientHost: `/${host}`,
        principal: 'User:ANONYMOUS',
        clientSoftware: null,
      },
      processor,
      clock: this.options.clock,
      logger: this.options.logger,
      maxRequestBytes: limits.maxRequestBytes,
      onClosed: () => this.forget(connection, host),
    })
    this.connections.add(connection)
    this.hosts.set(host, (this.hosts.get(host) ?? 0) + 1)
    this.watchIdle(limits.connectionsMaxIdleMs)
    connection.start()
  }

  private refusal(host: string, local: Address, limits: ServerLimits): string | undefined {
    if (local.kind !== 'tcp') return undefined
    if (this.connections.size >= limits.maxConnections) return `max.connections is ${limits.maxConnections}`
    if ((this.hosts.get(host) ?? 0) >= limits.maxConnectionsPerIp) {
      return `max.connections.per.ip is ${limits.maxConnectionsPerIp}`
    }
    return undefined
  }

  private forget(connection: ServerConnection, host: string): void {
    if (!this.connections.delete(connection)) return
    const left = (this.hosts.get(host) ?? 1) - 1
    if (left === 0) this.hosts.delete(host)
    else this.hosts.set(host, left)
    this.onForgotten?.()
  }

  /** One timer for all connections; it only runs while there are any. */
  private watchIdle(maxIdleMs: number): void {
    if (this.idleTimer !== undefined || maxIdleMs < 0 || this.stopping) return
    const { clock } = this.options
    let oldestMs = clock.monotonicMs()
    for (const { lastActiveMs } of this.connections) oldestMs = Math.min(oldestMs, lastActiveMs)
    const idleInMs = oldestMs + maxIdleMs - clock.monotonicMs()
    const delayMs = Math.min(Math.max(idleInMs, 1000), LONGEST_LOOK_MS)
    const fire = () => {
      this.idleTimer = undefined
      this.closeIdle()
    }
    this.idleTimer = clock.setTimer(delayMs, fire, { unref: true })
  }

  private closeIdle(): void {
    const maxIdleMs = this.options.limits().connectionsMaxIdleMs
    const nowMs = this.options.clock.monotonicMs()
    for (const connection of [...this.connections]) {
      if (connection.inProcess > 0 || nowMs - connection.lastActiveMs < maxIdleMs) continue
      this.options.logger.debug(`closing idle connection ${connection.info.connectionId}`)
      connection.destroy()
    }
    if (this.connections.size > 0) this.watchIdle(maxIdleMs)
  }

  /**
   * Ends all connections but in-process pipes. Requests that are being carried out are answered first, if that takes no
   * longer than `graceMs`; nothing new is accepted or started.
   */
  async drain(graceMs: number): Promise<void> {
    this.isDraining = true
    const outside = [...this.listeners].filter(({ address }) => address.kind !== 'pipe')
    for (const listener of outside) {
      this.listeners.splice(this.listeners.indexOf(listener), 1)
      await listener.close()
    }
    for (const connection of [...this.connections]) if (!connection.isPipe) connection.finishSoon()
    await this.untilGone((connection) => !connection.isPipe, graceMs)
  }

  /** Nothing new is accepted or started; what is in process goes on. */
  async stopProcessing(): Promise<void> {
    this.stopping = true
    this.idleTimer?.cancel()
    for (const { start } of this.waiting.splice(0)) start()
    await this.closeListeners()
    for (const connection of [...this.connections]) connection.finish()
  }

  /** Waits a moment for the last responses to leave, then closes what is left. */
  async close(graceMs: number): Promise<void> {
    await this.stopProcessing()
    await this.untilGone(() => true, graceMs)
    for (const connection of [...this.connections]) connection.destroy()
  }

  private async untilGone(which: (connection: ServerConnection) => boolean, graceMs: number): Promise<void> {
    const isGone = () => ![...this.connections].some(which)
    if (isGone()) return
    await new Promise<void>((resolve) => {
      const timer = this.options.clock.setTimer(graceMs, resolve)
      this.onForgotten = () => {
        if (!isGone()) return
        timer.cancel()
        resolve()
      }
    })
    this.onForgotten = undefined
  }

  private async closeListeners(): Promise<void> {
    for (const listener of this.listeners.splice(0)) await listener.close()
  }
}

/** `127.0.0.1` of `127.0.0.1:53211`; `pipe` and `unix` as they are. */
function hostOf(peer: string): string {
  const colon = peer.lastIndexOf(':')
  const host = colon < 0 ? peer : peer.slice(0, colon)
  return host.replace(/^::ffff:/, '')
}
