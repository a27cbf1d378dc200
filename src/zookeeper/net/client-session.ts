import { type Clock, sleep } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { type Address, formatAddress, type Network } from '../../base/network.ts'
import type { Random } from '../../base/random.ts'
import type { SessionState, WatchEvent } from '../client.ts'
import { errorOfCode, ZooKeeperError } from '../errors.ts'
import type { JuteReader, JuteWriter } from '../jute.ts'
import { ClientLink } from './client-link.ts'
import {
  type ConnectResponse,
  PASSWORD_BYTES,
  REQUEST_TYPES,
  type ReplyHeader,
  requestFrame,
  XIDS,
} from './wire.ts'

export interface ClientSessionOptions {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly servers: readonly Address[]
  /** What the client wishes; the server says what it is. */
  readonly sessionTimeoutMs: number
  /** Shown to every server that is connected to (`addauth`). */
  readonly auth?: readonly { readonly scheme: string; readonly auth: string }[]
}

export interface SessionEvents {
  /** Before anything else is sent on a new connection: what is watched must be watched there as well. */
  watchesToSet(): readonly ((writer: JuteWriter) => void)[]
  event(event: WatchEvent): void
  state(state: SessionState): void
}

/** Called while the answer is read: an event behind it in the same chunk must find what this registers. */
export interface Answer<T> {
  readonly path?: string | undefined
  read(reader: JuteReader): T
  /** What to make of an error; otherwise it is thrown. */
  refused?(error: ZooKeeperError): T
}

interface Pending {
  readonly xid: number
  readonly path: string | undefined
  readonly answered: (reader: JuteReader) => void
  readonly reject: (error: ZooKeeperError) => void
}

/** Between two rounds over all servers, at most. */
const MAX_PAUSE_MS = 1000

/**
 * A session over whichever server can be reached (org.apache.zookeeper.ClientCnxn). What was asked when a connection breaks
 * fails with CONNECTIONLOSS; what is asked while there is none waits for the next one.
 */
export class ClientSession {
  private readonly options: ClientSessionOptions
  private readonly events: SessionEvents
  private readonly servers: readonly Address[]
  private nextServer = 0
  private id = 0n
  private password: Buffer = Buffer.alloc(PASSWORD_BYTES)
  private timeoutMs: number
  private lastZxid = 0
  private nextXid = 1
  private link: ClientLink | undefined
  private isConnected = false
  /** Why the last server that was tried could not be reached. */
  private problem: string | undefined
  private state: 'open' | 'closing' | 'closed' | 'expired' | 'auth-failed' = 'open'
  private pending: Pending[] = []
  /** Frames for the next connection. */
  private waiting: { readonly pending: Pending; readonly frame: Buffer }[] = []
  private readonly auth: { readonly scheme: string; readonly auth: string }[]

  constructor(options: ClientSessionOptions, events: SessionEvents) {
    this.options = options
    this.events = events
    this.timeoutMs = options.sessionTimeoutMs
    this.auth = [...(options.auth ?? [])]
    this.servers = shuffled(options.servers, options.random)
    void this.keepConnected()
  }

  get sessionId(): bigint {
    return this.id
  }

  get lastProblem(): string | undefined {
    return this.problem
  }

  /** Rejects with a ZooKeeperError. */
  request<T>(
    type: number,
    write: ((writer: JuteWriter) => void) | undefined,
    { path, read, refused }: Answer<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const refusal = this.refusal(path)
      if (refusal !== undefined) {
        reject(refusal)
        return
      }
      const answered = (reader: JuteReader) => settle(resolve, reject, () => read(reader))
      const fail = (error: ZooKeeperError) => {
        if (refused === undefined) reject(error)
        else settle(resolve, reject, () => refused(error))
      }
      const xid = this.nextXid
      // Negative numbers mean something else.
      this.nextXid = xid === 0x7fffffff ? 1 : xid + 1
      const pending = { xid, path, answered, reject: fail }
      const frame = requestFrame(xid, type, write)
      if (type === REQUEST_TYPES.closeSession) this.state = 'closing'
      if (this.isConnected && this.link !== undefined) {
        this.pending.push(pending)
        this.link.send(frame)
      } else this.waiting.push({ pending, frame })
    })
  }

  /** For this connection and all that follow. A server that refuses it ends the session with AUTHFAILED. */
  addAuth(scheme: string, auth: string): void {
    this.auth.push({ scheme, auth })
    if (this.isConnected) this.sendAuth(scheme, auth)
  }

  /** Ends the session, if a server can be told; the session times out otherwise. */
  async close(): Promise<void> {
    if (this.state !== 'open') return
    if (this.isConnected) {
      await this.request(REQUEST_TYPES.closeSession, undefined, { read: () => undefined }).catch(
        () => undefined,
      )
    }
    this.end('closed')
  }

  /** Lets go without a word: as if the process had died. */
  abandon(): void {
    this.end('closed')
  }

  private refusal(path: string | undefined): ZooKeeperError | undefined {
    if (this.state === 'open') return undefined
    return new ZooKeeperError(this.state === 'auth-failed' ? 'AUTHFAILED' : 'SESSIONEXPIRED', path)
  }

  private async keepConnected(): Promise<void> {
    const { clock, logger, random } = this.options
    let failures = 0
    while (this.isAlive) {
      const server = this.servers[this.nextServer++ % this.servers.length]
      if (server === undefined) return
      try {
        await this.connectTo(server)
        failures = 0
      } catch (error) {
        failures++
        this.problem = messageOf(error)
        logger.debug(`ZooKeeper at ${formatAddress(server)} cannot be reached: ${this.problem}`)
        // Who waited for this connection hears of it; the next request waits for the next connection.
        this.failWaiting()
      }
      if (this.isAlive && failures >= this.servers.length) {
        failures = 0
        await sleep(clock, 1 + random.int(MAX_PAUSE_MS))
      }
    }
  }

  private get isAlive(): boolean {
    return this.state === 'open' || this.state === 'closing'
  }

  /** Resolves when a connection that was established is over; rejects when there was none. */
  private async connectTo(address: Address): Promise<void> {
    const { network, clock } = this.options
    const connectTimeoutMs = Math.max(100, this.timeoutMs / this.servers.length)
    const channel = await network.connect(address, { timeoutMs: connectTimeoutMs })
    if (!this.isAlive) {
      channel.destroy()
      return
    }
    const hello = {
      lastZxidSeen: this.lastZxid,
      timeoutMs: this.options.sessionTimeoutMs,
      sessionId: this.id,
      password: this.password,
      readOnly: false,
    }
    await new Promise<void>((resolve, reject) => {
      this.link = new ClientLink(channel, clock, hello, connectTimeoutMs, {
        connected: (response) => this.established(response),
        reply: (header, reader) => this.answered(header, reader),
        event: (event) => this.events.event(event),
        closed: (error) => {
          const wasConnected = this.isConnected
          this.disconnected()
          if (wasConnected || !this.isAlive) resolve()
          else reject(error ?? new Error('the server closed the connection'))
        },
      })
    })
  }

  private established(response: ConnectResponse): void {
    if (response.timeoutMs <= 0) {
      this.end('expired')
      return
    }
    this.id = response.sessionId
    this.password = Buffer.from(response.password)
    this.timeoutMs = response.timeoutMs
    this.isConnected = true
    for (const { scheme, auth } of this.auth) this.sendAuth(scheme, auth)
    for (const watches of this.events.watchesToSet()) {
      this.link?.send(
        requestFrame(XIDS.setWatches, REQUEST_TYPES.setWatches2, (writer) => {
          writer.writeLong(this.lastZxid)
          watches(writer)
        }),
      )
    }
    for (const { pending, frame } of this.waiting.splice(0)) {
      this.pending.push(pending)
      this.link?.send(frame)
    }
    this.events.state('connected')
  }

  private sendAuth(scheme: string, auth: string): void {
    this.link?.send(
      requestFrame(XIDS.auth, REQUEST_TYPES.auth, (writer) => {
        writer.writeInt(0)
        writer.writeString(scheme)
        writer.writeBuffer(Buffer.from(auth))
      }),
    )
  }

  private answered({ xid, zxid, err }: ReplyHeader, reader: JuteReader): void {
    if (zxid > this.lastZxid) this.lastZxid = zxid
    if (xid === XIDS.auth) {
      if (err !== 0) this.end('auth-failed')
      return
    }
    if (xid === XIDS.setWatches) return
    const first = this.pending.shift()
    if (first?.xid !== xid) {
      this.link?.destroy(new Error(`an answer to ${xid} came where one to ${first?.xid} was due`))
      if (first !== undefined) first.reject(new ZooKeeperError('CONNECTIONLOSS', first.path))
      return
    }
    if (err === 0) first.answered(reader)
    else first.reject(errorOfCode(err, first.path))
  }

  private disconnected(): void {
    const wasConnected = this.isConnected
    this.isConnected = false
    this.link = undefined
    for (const { reject, path } of this.pending.splice(0)) reject(new ZooKeeperError('CONNECTIONLOSS', path))
    if (wasConnected && this.state === 'open') this.events.state('disconnected')
  }

  private failWaiting(): void {
    for (const { pending } of this.waiting.splice(0)) {
      pending.reject(new ZooKeeperError('CONNECTIONLOSS', pending.path))
    }
  }

  private end(state: 'closed' | 'expired' | 'auth-failed'): void {
    if (!this.isAlive) return
    this.state = state
    this.isConnected = false
    const lost = [...this.pending.splice(0), ...this.waiting.splice(0).map(({ pending }) => pending)]
    for (const { reject, path } of lost)
      reject(this.refusal(path) ?? new ZooKeeperError('CONNECTIONLOSS', path))
    this.link?.destroy()
    if (state === 'closed') return
    this.events.state(state === 'expired' ? 'expired' : 'auth-failed')
  }
}

function settle<T>(resolve: (value: T) => void, reject: (error: unknown) => void, make: () => T): void {
  try {
    resolve(make())
  } catch (error) {
    reject(error)
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items]
  const result: T[] = []
  while (left.length > 0) result.push(...left.splice(random.int(left.length), 1))
  return result
}
