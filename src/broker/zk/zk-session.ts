import { type Clock, sleep } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { isZooKeeperError, type ZooKeeperClient } from '../../zookeeper/index.ts'

export interface ZkSessionOptions {
  /** Opens a session with the coordination service. Called again when a session has expired. */
  readonly connect: () => Promise<ZooKeeperClient>
  readonly clock: Clock
  readonly logger: Logger
  /** Between two attempts after a lost connection. Default 100. */
  readonly retryBackoffMs?: number
}

export interface SessionListener {
  /** The session is over: its ephemeral nodes are gone or will be, its watches too. The new one waits for the promise. */
  expired?(): void | Promise<void>
  /** A new session is open; whoever had watches sets them anew. */
  renewed?(): void
}

/**
 * A session that is opened anew when it expires, and requests that are repeated while the connection is lost
 * (kafka.zookeeper.ZooKeeperClient, KafkaZkClient.retryRequestsUntilConnected).
 */
export class ZkSession {
  private readonly options: ZkSessionOptions
  private readonly listeners = new Set<SessionListener>()
  private current: ZooKeeperClient
  private hasConnection = true
  private isClosed = false

  static async open(options: ZkSessionOptions): Promise<ZkSession> {
    return new ZkSession(options, await options.connect())
  }

  private constructor(options: ZkSessionOptions, client: ZooKeeperClient) {
    this.options = options
    this.current = client
    this.follow(client)
  }

  get id(): bigint {
    return this.current.sessionId
  }

  /** Whether the service can be reached at the moment, as far as this side has noticed. */
  get isConnected(): boolean {
    return this.hasConnection
  }

  /** Returns the function that ends it. */
  listen(listener: SessionListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /**
   * Repeats a request until the service answers. All other errors are the caller's. A write that is repeated may have been
   * done before: its caller has to know its own work when it finds it.
   *
   * What began in one session does not go on in the next: it rejects with SESSIONEXPIRED.
   */
  async run<T>(request: (client: ZooKeeperClient) => Promise<T>): Promise<T> {
    const client = this.current
    for (;;) {
      try {
        return await request(client)
      } catch (error) {
        if (this.isClosed || !isZooKeeperError(error, 'CONNECTIONLOSS')) throw error
      }
      await this.backOff()
    }
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.listeners.clear()
    await this.current.close()
  }

  private follow(client: ZooKeeperClient): void {
    this.hasConnection = true
    client.onSessionEvent((state) => {
      if (client === this.current) this.hasConnection = state === 'connected'
      if (state === 'expired' && client === this.current && !this.isClosed) void this.renew()
    })
  }

  private async renew(): Promise<void> {
    this.options.logger.info('the ZooKeeper session has expired, opening a new one')
    await Promise.all([...this.listeners].map((listener) => this.tell(() => listener.expired?.())))
    while (!this.isClosed) {
      try {
        const client = await this.options.connect()
        if (this.isClosed) {
          await client.close()
          return
        }
        this.current = client
        this.follow(client)
        break
      } catch (error) {
        this.options.logger.warn(`cannot open a ZooKeeper session, trying again: ${messageOf(error)}`)
        await this.backOff()
      }
    }
    if (this.isClosed) return
    for (const listener of this.listeners) void this.tell(() => listener.renewed?.())
  }

  /** What one owner does wrong must not leave the broker without a session. */
  private async tell(call: () => void | Promise<void>): Promise<void> {
    try {
      await call()
    } catch (error) {
      this.options.logger.error(`a listener to the ZooKeeper session failed: ${messageOf(error)}`, error)
    }
  }

  private backOff(): Promise<void> {
    return sleep(this.options.clock, this.options.retryBackoffMs ?? 100)
  }
}
