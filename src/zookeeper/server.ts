import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import { SUPER_IDENTITY } from './acl.ts'
import type { ZooKeeperClient } from './client.ts'
import type { DataTree, TreeEvent } from './data-tree.ts'
import { Database } from './database.ts'
import { ZooKeeperError } from './errors.ts'
import { LocalClient } from './local-client.ts'
import type { ClientPort, ClientPortOptions } from './net/client-port.ts'
import { Pipeline } from './pipeline.ts'
import { type SessionLimits, Sessions, sessionLimits } from './sessions.ts'
import { TransientNodes } from './transient-nodes.ts'
import { Watches } from './watches.ts'

export interface ZooKeeperServerOptions {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Holds `version-2/`. Made if missing. Whoever opens it must have made sure that nobody else does. */
  readonly dataDir: string
  /** Holds a `version-2/` for the transaction logs. Default: `dataDir`. */
  readonly dataLogDir?: string
  /** autopurge.snapRetainCount; Infinity: nothing is ever removed. Default 3. */
  readonly snapshotsKept?: number
  /** Whether a write waits for the disk (one sync per group of writes). Default true, as in ZooKeeper. */
  readonly forceSync?: boolean
  /** Ends all sessions of a former process before serving. For a service that nobody else can have a session with. */
  readonly expireSessionsOnOpen?: boolean
  /** Default 100,000. */
  readonly snapshotEveryTxns?: number
  readonly sessions?: Partial<SessionLimits>
  /** ZooKeeper's extendedTypesEnabled: TTL nodes may be made. Default false, as there. */
  readonly extendedTypesEnabled?: boolean
  /** ZooKeeper's enforceQuota: nothing goes beyond the hard limits of quotas. Default false, as there. */
  readonly enforceQuota?: boolean
  /** The log cannot be written any more (a full disk). The server answers CONNECTIONLOSS until it is opened anew. */
  readonly onFailure?: (error: unknown) => void
}

/** What the service does by itself belongs to no session. */
const NO_SESSION = 0n

/** Who must hear what becomes of a session: a client in this process, or a connection. */
export interface SessionHolder {
  /** The session is over: expired, or closed. */
  sessionEnded(): void
  /** The server stops. */
  disconnected(): void
}

/** What the network side of the server works with. */
export interface ServerCore {
  readonly clock: Clock
  readonly logger: Logger
  readonly tree: DataTree
  readonly pipeline: Pipeline
  readonly watches: Watches
  readonly sessions: Sessions
  /** `done` is called once, with the new session's id or why there is none. */
  openSession(timeoutMs: number, done: (error: ZooKeeperError | undefined, id: bigint) => void): void
  /** From now on this one holds the session; who held it before is given back. */
  hold(id: bigint, holder: SessionHolder): SessionHolder | undefined
  /** Nothing happens when somebody else holds it by now. */
  letGo(id: bigint, holder: SessionHolder): void
  /** The session's transaction has been applied: forget it, without telling its holder. */
  forget(id: bigint): void
}

/** A standalone ZooKeeper in this process: the tree, its files, the sessions. */
export class ZooKeeperServer {
  private readonly options: ZooKeeperServerOptions
  private readonly database: Database
  private readonly pipeline: Pipeline
  private readonly sessions: Sessions
  private readonly watches = new Watches()
  private readonly holders = new Map<bigint, SessionHolder>()
  private readonly transients: TransientNodes
  private readonly ports: ClientPort[] = []
  private state: 'serving' | 'closed' | 'failed' = 'serving'

  private constructor(options: ZooKeeperServerOptions, database: Database) {
    this.options = options
    this.database = database
    this.sessions = new Sessions(options.clock, options.random, sessionLimits(options.sessions), (id) =>
      this.expireSilently(id),
    )
    this.pipeline = new Pipeline(database, {
      clock: options.clock,
      logger: options.logger,
      isSessionOpen: (id) => id === NO_SESSION || this.sessions.isOpen(id),
      hasTtlNodes: options.extendedTypesEnabled === true,
      enforcesQuotas: options.enforceQuota === true,
      onEvents: (events) => this.deliver(events),
      onFailure: (error) => this.fail(error),
    })
    this.transients = new TransientNodes(database.tree, this.pipeline, options.clock)
    for (const [id, timeoutMs] of database.sessions) this.sessions.track(id, timeoutMs, { isPinned: false })
  }

  /** Rejects with a KcliError of code KCLI_ZOOKEEPER_DATA when the files are damaged, and with the system's errors. */
  static async open(options: ZooKeeperServerOptions): Promise<ZooKeeperServer> {
    const database = await Database.open({ ...options, forceSync: options.forceSync ?? true })
    const server = new ZooKeeperServer(options, database)
    await server.endOldSessions(options.expireSessionsOnOpen === true)
    server.transients.start()
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

  get clientPorts(): readonly ClientPort[] {
    return this.ports
  }

  /** A session that lasts as long as this process does, unless it is closed or expired by hand. */
  async connect({ timeoutMs }: { timeoutMs: number }): Promise<ZooKeeperClient> {
    const id = await new Promise<bigint>((resolve, reject) => {
      this.openSession(timeoutMs, { isPinned: true }, (error, opened) => {
        if (error === undefined) resolve(opened)
        else reject(error)
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
    this.holders.set(id, client)
    return client
  }

  private openSession(
    timeoutMs: number,
    { isPinned }: { isPinned: boolean },
    done: (error: ZooKeeperError | undefined, id: bigint) => void,
  ): void {
    if (this.state !== 'serving') {
      done(new ZooKeeperError('CONNECTIONLOSS'), NO_SESSION)
      return
    }
    const id = this.sessions.newId()
    const negotiatedMs = this.sessions.timeoutFor(timeoutMs)
    this.sessions.track(id, negotiatedMs, { isPinned })
    const requester = { sessionId: id, cxid: 0, identity: SUPER_IDENTITY }
    this.pipeline.submit(requester, { kind: 'createSession', timeoutMs: negotiatedMs }, (error) => {
      if (error !== undefined) this.sessions.remove(id)
      done(error, id)
    })
  }

  /** Serves clients of other processes there, in ZooKeeper's protocol. Rejects with EADDRINUSE and the like. */
  async listen(options: ClientPortOptions): Promise<ClientPort> {
    const { ClientPort } = await import('./net/client-port.ts')
    const port = await ClientPort.open(this.core, options)
    this.ports.push(port)
    return port
  }

  private get core(): ServerCore {
    const { clock, logger } = this.options
    return {
      clock,
      logger,
      tree: this.database.tree,
      pipeline: this.pipeline,
      watches: this.watches,
      sessions: this.sessions,
      openSession: (timeoutMs, done) => this.openSession(timeoutMs, { isPinned: false }, done),
      hold: (id, holder) => {
        const before = this.holders.get(id)
        this.holders.set(id, holder)
        return before
      },
      letGo: (id, holder) => {
        if (this.holders.get(id) === holder) this.holders.delete(id)
      },
      forget: (id) => {
        this.sessions.remove(id)
        this.holders.delete(id)
      },
    }
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
    this.transients.stop()
    this.sessions.stop()
    await Promise.all(this.ports.splice(0).map((port) => port.close()))
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
        const holder = this.holders.get(id)
        this.holders.delete(id)
        holder?.sessionEnded()
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
    for (const event of events) this.watches.trigger(event, event.acl)
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
    const holders = [...this.holders.values()]
    this.holders.clear()
    for (const holder of holders) holder.disconnected()
  }
}
