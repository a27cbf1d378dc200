import type { Address, Channel, Listener, Network } from '../../base/network.ts'
import type { ServerCore } from '../server.ts'
import { answerWord } from './four-letter-words.ts'
import { hostOf, ServerConnection } from './server-connection.ts'
import { ServerStats } from './server-stats.ts'
import { DEFAULT_MAX_FRAME_BYTES } from './wire.ts'

export interface ClientPortOptions {
  readonly network: Network
  readonly address: Address
  /** jute.maxbuffer */
  readonly maxFrameBytes?: number
  /** maxClientCnxns, per address; 0: no limit. Default 60. */
  readonly maxConnectionsPerHost?: number
  /** 4lw.commands.whitelist, `*` for all. Default: `srvr`. */
  readonly fourLetterWords?: readonly string[]
  /** zookeeper.DigestAuthenticationProvider.superDigest */
  readonly superDigest?: string
}

const DEFAULT_MAX_CONNECTIONS_PER_HOST = 60

/** Where clients of other processes reach the service (NIOServerCnxnFactory). */
export class ClientPort {
  readonly core: ServerCore
  readonly options: ClientPortOptions
  readonly stats = new ServerStats()
  readonly connections = new Set<ServerConnection>()
  readonly startedMs: number
  private listener: Listener | undefined

  static async open(core: ServerCore, options: ClientPortOptions): Promise<ClientPort> {
    const port = new ClientPort(core, options)
    port.listener = await options.network.listen(options.address, (channel) => port.accept(channel))
    return port
  }

  private constructor(core: ServerCore, options: ClientPortOptions) {
    this.core = core
    this.options = options
    this.startedMs = core.clock.nowMs()
  }

  /** With the port that was picked when 0 was asked for. */
  get address(): Address {
    return this.listener?.address ?? this.options.address
  }

  get maxConnectionsPerHost(): number {
    return this.options.maxConnectionsPerHost ?? DEFAULT_MAX_CONNECTIONS_PER_HOST
  }

  /** Sessions stay: their clients may come back. */
  async close(): Promise<void> {
    await this.listener?.close()
    for (const connection of [...this.connections]) connection.disconnected()
  }

  private accept(channel: Channel): void {
    const host = hostOf(channel.peer)
    const limit = this.maxConnectionsPerHost
    let same = 0
    for (const other of this.connections) if (hostOf(other.peer) === host) same++
    if (limit > 0 && same >= limit) {
      this.core.logger.warn(`too many connections from ${host}: ${limit} are allowed`)
      channel.destroy()
      return
    }
    const connection = new ServerConnection(channel, {
      core: this.core,
      maxFrameBytes: this.options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES,
      superDigest: this.options.superDigest,
      stats: this.stats,
      word: (command) => answerWord(command, this),
      closed: (closed) => this.connections.delete(closed),
    })
    this.connections.add(connection)
  }
}
