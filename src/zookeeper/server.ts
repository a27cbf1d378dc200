import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import { SUPER_IDENTITY } from './acl.ts'
import type { ZooKeeperClient } from './client.ts'
import type { TreeEvent } from './data-tree.ts'
import { Database } from './database.ts'
import { ZooKeeperError } from './errors.ts'
import { LocalClient } from './local-client.ts'
import { Pipeline } from './pipeline.ts'
import { negotiatedTimeoutMs, Sessions } from './sessions.ts'
import { Watches } from './watches.ts'

export interface ZooKeeperServerOptions {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Holds `version-2/`. Made if missing. Whoever opens it must have made sure that nobody else does. */
  readonly dataDir: string
  /** Whether a write waits for the disk (one sync per group of writes). Default true, as in ZooKeeper. */
  readonly forceSync?: boolean
  /** Ends all sessions of a former process before serving. For a service that nobody else can have a session with. */
  readonly expireSessionsOnOpen?: boolean
  /** Default 100,000. */
  readonly snapshotEveryTxns?: number
  /** The log cannot be written any more (a full disk). The server answers CONNECTIONLOSS until it is opened anew. */
  readonly onFailure?: (error: unknown) => void
}

/** A standalone ZooKeeper in this process: the tree, its files, the sessions. */
export class ZooKeeperServer {
  private readonly options: ZooKeeperServerOptions
  private readonly database: Database
  private readonly pipeline: Pipeline
  private readonly sessions: Sessions
  private readonly watches = new Watches()
  private readonly clients = new Map<bigint, LocalClient>()
  private state: 'serving' | 'closed' | 'failed' = 'serving'

  private constructor(options: ZooKeeperServerOptions, database: Database) {
    this.options = options
    this.database = database
    this.sessions = new Sessions(options.clock, options.random, (id) => this.expireSilently(id))
    this.pipeline = new Pipeline(database, {
      clock: options.clock,
      logger: options.logger,
      isSessionOpen: (id) => this.sessions.isOpen(id),
      onEvents: (events) => this.deliver(events),
      onFailure: (error) => this.fail(error),
    })
    for (const [id, timeoutMs] of database.sessions) this.sessions.track(id, timeoutMs, { isPinned: false })
  }

  /** Rejects with a KcliError of code KCLI_ZOOKEEPER_DATA when the files are damaged, and with the system's errors. */
  static async open(options: ZooKeeperServerOptions): Promise<ZooKeeperServer> {
    const { fs, clock, logger, dataDir, forceSync = true, snapshotEveryTxns } = options
    const database = await Database.open({
      fs,
      clock,
      logger,
      dataDir,
      forceSync,
      ...(snapshotEveryTxns === undefined ? {} : { snapshotEveryTxns }),
    })
    const server = new ZooKeeperServer(options, database)
    await server.endOldSessions(options.expireSessionsOnOpen === true)
    return server
  }

  /** The last applied transaction. */
  get lastZxid(): number {
    return this.database.tree.lastZxid
  }

  /** The root and /zookeeper with its children included. */
  get nodeCount(): number {
    return this.database.tree.nodeCount
  }

  get sessionCount(): number {
    return this.sessions.size
  }

  /** Paths that somebody watches. */
  get watchCount(): number {
    return this.watches.size
  }

  get pendingWrites(): number {
    return this.pipeline.pendingCount
  }

  /** A session that lasts as long as this process does, unless it is closed or expired by hand. */
  async connect({ timeoutMs }: { timeoutMs: number }): Promise<ZooKeeperClient> {
    if (this.state !== 'serving') throw new ZooKeeperError('CONNECTIONLOSS')
    const id = this.sessions.newId()
    const negotiatedMs = negotiatedTimeoutMs(timeoutMs)
    this.sessions.track(id, negotiatedMs, { isPinned: true })
    await new Promise<void>((resolve, reject) => {
      const requester = { sessionId: id, cxid: 0, identity: SUPER_IDENTITY }
      this.pipeline.submit(requester, { kind: 'createSession', timeoutMs: negotiatedMs }, (error) => {
        if (error === undefined) {
          resolve()
          return
        }
        this.sessions.remove(id)
        reject(error)
      })
    })
    const client = new LocalClient(id, {
      tree: this.database.tree,
      pipeline: this.pipeline,
      watches: this.watches,
      logger: this.options.logger,
      refusal: (path) => this.refusal(id, path),
      endSession: () => this.endSession(id),
    })
    this.clients.set(id, client)
    return client
  }

  /** Ends a session as if its owner had been silent for too long. Resolves when its ephemeral nodes are gone. */
  async expireSession(id: bigint): Promise<void> {
    await this.endSession(id)
  }

  /** Open sessions stay in the files: their clients may come back after the next open. */
  async close(): Promise<void> {
    if (this.state === 'closed') return
    const hadFailed = this.state === 'failed'
    this.state = 'closed'
    this.sessions.stop()
    await this.pipeline.idle()
    if (!hadFailed) await this.database.close()
    this.disconnectAll()
  }

  private expireSilently(id: bigint): void {
    this.endSession(id).catch((error) =>
      this.options.logger.warn(`could not end session ${id}: ${messageOf(error)}`),
    )
  }

  private refusal(sessionId: bigint, path: string | undefined): ZooKeeperError | undefined {
    if (this.state !== 'serving') return new ZooKeeperError('CONNECTIONLOSS', path)
    if (!this.sessions.isOpen(sessionId)) return new ZooKeeperError('SESSIONEXPIRED', path)
    return undefined
  }

  /** Resolves when the session's ephemeral nodes are gone; at once when there is no such session. */
  private endSession(id: bigint): Promise<void> {
    this.sessions.setClosing(id)
    return new Promise((resolve, reject) => {
      const requester = { sessionId: id, cxid: 0, identity: SUPER_IDENTITY }
      this.pipeline.submit(requester, { kind: 'closeSession' }, (error) => {
        if (error !== undefined) {
          reject(error)
          return
        }
        this.sessions.remove(id)
        const client = this.clients.get(id)
        this.clients.delete(id)
        client?.sessionEnded()
        resolve()
      })
    })
  }

  /** Nodes of sessions that are not in the files any more go in any case, as when ZooKeeper starts. */
  private async endOldSessions(all: boolean): Promise<void> {
    const { sessions, tree } = this.database
    const ended = new Set(tree.ephemeralOwners().filter((id) => !sessions.has(id)))
    if (all) for (const id of sessions.keys()) ended.add(id)
    await Promise.all([...ended].map((id) => this.endSession(id)))
    if (ended.size > 0) this.options.logger.info(`ended ${ended.size} sessions of a former process`)
  }

  private deliver(events: readonly TreeEvent[]): void {
    for (const event of events) this.watches.trigger(event)
  }

  private fail(error: unknown): void {
    this.options.logger.error(
      'the transaction log could not be written; the coordination service stops',
      error,
    )
    this.state = this.state === 'closed' ? 'closed' : 'failed'
    this.sessions.stop()
    this.disconnectAll()
    this.options.onFailure?.(error)
  }

  private disconnectAll(): void {
    const clients = [...this.clients.values()]
    this.clients.clear()
    for (const client of clients) client.disconnected()
  }
}
