import { type Clock, sleep } from '../../base/clock.ts'
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
  /** The session is over: its ephemeral nodes are gone or will be, its watches too. */
  expired?(): void
  /** A new session is open; whoever had watches sets them anew. */
  renewed?(): void
}

/** A session that is opened anew when it expires, and requests that are repeated while the connection is lost. */
export class ZkSession {
  private readonly options: ZkSessionOptions
  private readonly listeners = new Set<SessionListener>()
  private current: ZooKeeperClient
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

  /** Returns the function that ends it. */
  listen(listener: SessionListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Repeats a request until the service answers. All other errors are the caller's, an expired session's too. */
  async run<T>(request: (client: ZooKeeperClient) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await request(this.current)
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
    client.onSessionEvent((state) => {
      if (state === 'expired' && client === this.current && !this.isClosed) void this.renew()
    })
  }

  private async renew(): Promise<void> {
    this.options.logger.info('the ZooKeeper session has expired, opening a new one')
    for (const listener of this.listeners) listener.expired?.()
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
        this.options.logger.error('cannot open a ZooKeeper session, trying again', error)
        await this.backOff()
      }
    }
    if (this.isClosed) return
    for (const listener of this.listeners) listener.renewed?.()
  }

  private backOff(): Promise<void> {
    return sleep(this.options.clock, this.options.retryBackoffMs ?? 100)
  }
}
