import type { Channel } from '../../base/network.ts'
import { type Acl, type Identity, isAllowed, PERMISSIONS } from '../acl.ts'
import type { WatchEvent } from '../client.ts'
import type { TxnResult } from '../data-tree.ts'
import { ZOOKEEPER_ERROR_CODES, ZooKeeperError } from '../errors.ts'
import { JuteError, JuteReader, type JuteWriter } from '../jute.ts'
import type { Prepared } from '../prepare.ts'
import type { ServerCore, SessionHolder } from '../server.ts'
import { sessionPassword } from '../sessions.ts'
import { authenticate } from './authentication.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { answerRead, errorCodeOf } from './reads.ts'
import { readWriteRequest, type WireWrite } from './requests.ts'
import { writeWriteResult } from './results.ts'
import {
  type ConnectRequest,
  connectResponseFrame,
  eventFrame,
  PASSWORD_BYTES,
  REQUEST_TYPES,
  readConnectRequest,
  replyFrame,
  XIDS,
} from './wire.ts'

/** What all connections of a port share. */
export interface PortContext {
  readonly core: ServerCore
  readonly maxFrameBytes: number
  /** `USER:DIGEST` of who may do everything (DigestAuthenticationProvider.superDigest). */
  readonly superDigest: string | undefined
  readonly stats: { received: number; sent: number; latency(ms: number): void }
  /** The answer to a four-letter word. */
  word(command: string): string | undefined
  closed(connection: ServerConnection): void
}

/** More requests than this wait for an answer, and nothing is read until some are answered. */
const MAX_OUTSTANDING = 1000
const MAX_UNSENT_BYTES = 1024 * 1024

/** An answer that is on its way. They leave in the order of the requests. */
interface Slot {
  readonly xid: number
  readonly type: number
  readonly sinceMs: number
  /** What gives the answer when all before it has been answered. Undefined: it waits for the log. */
  run: (() => Buffer) | undefined
}

/** One client's connection (NIOServerCnxn, with what the request processors do for it). */
export class ServerConnection implements SessionHolder {
  readonly establishedMs: number
  readonly counts = { received: 0, sent: 0 }
  lastOperation = 'NA'
  lastZxid = -1
  timeoutMs = 0
  private readonly context: PortContext
  private readonly channel: Channel
  private readonly splitter: FrameSplitter
  private identity: Identity
  private currentSession = 0n
  private state: 'new' | 'connecting' | 'open' | 'closing' | 'closed' = 'new'
  private slots: Slot[] = []
  private output: Buffer[] = []
  private outputBytes = 0
  private isPaused = false

  constructor(channel: Channel, context: PortContext) {
    this.channel = channel
    this.context = context
    this.establishedMs = context.core.clock.nowMs()
    this.identity = { isSuper: false, ids: [{ scheme: 'ip', id: hostOf(channel.peer) }] }
    this.splitter = new FrameSplitter(context.maxFrameBytes)
    channel.start({
      data: (chunk) => this.received(chunk),
      drain: () => this.resumeIfDue(),
      close: () => this.closed(),
    })
  }

  get peer(): string {
    return this.channel.peer
  }

  get sessionId(): bigint {
    return this.currentSession
  }

  get outstanding(): number {
    return this.slots.length
  }

  readonly sink = (event: WatchEvent, acl?: readonly Acl[]): void => {
    // A watch must tell nothing that could not be read (CVE-2024-23944).
    if (acl === undefined || isAllowed(acl, PERMISSIONS.read, this.identity)) this.send(eventFrame(event))
  }

  sessionEnded(): void {
    this.channel.destroy()
  }

  disconnected(): void {
    this.channel.destroy()
  }

  private received(chunk: Buffer): void {
    this.splitter.push(chunk)
    this.work()
  }

  /** Takes requests as long as their answers have somewhere to go: one chunk may ask for gigabytes. */
  private work(): void {
    try {
      if (this.state === 'new' && this.tryFourLetterWord()) return
      while (!this.isBusy) {
        const frame = this.state === 'closing' || this.state === 'closed' ? undefined : this.splitter.next()
        if (frame === undefined) return
        this.handle(frame)
      }
    } catch (error) {
      this.context.core.logger.debug(`closing the connection of ${this.peer}: ${String(error)}`)
      this.channel.destroy()
      return
    }
    if (this.isPaused) return
    this.isPaused = true
    this.channel.pause()
  }

  /** Until its session is there nothing of a client is read (ServerCnxn.disableRecv). */
  private get isBusy(): boolean {
    return (
      this.state === 'connecting' ||
      this.slots.length >= MAX_OUTSTANDING ||
      this.outputBytes + this.channel.bufferedBytes > MAX_UNSENT_BYTES
    )
  }

  private resumeIfDue(): void {
    if (!this.isPaused || this.isBusy) return
    this.isPaused = false
    this.channel.resume()
    this.work()
  }

  /** Somebody types `ruok` instead of connecting. */
  private tryFourLetterWord(): boolean {
    const word = this.splitter.peekAscii(4)
    const text = word === undefined ? undefined : this.context.word(word)
    if (text === undefined) return false
    this.state = 'closing'
    this.channel.write([Buffer.from(text)])
    this.channel.end()
    return true
  }

  private handle(frame: Buffer): void {
    this.counts.received++
    this.context.stats.received++
    const reader = new JuteReader(frame)
    if (this.state === 'new') {
      this.connect(readConnectRequest(reader))
      return
    }
    this.context.core.sessions.touch(this.currentSession)
    const xid = reader.readInt()
    const type = reader.readInt()
    if (type === REQUEST_TYPES.auth) this.authenticate(xid, reader)
    else this.request(xid, type, reader)
  }

  private connect(request: ConnectRequest): void {
    const { core } = this.context
    const isOldClient = request.readOnly === undefined
    // It has seen what this server does not know: it must find another one.
    if (request.lastZxidSeen > core.tree.lastZxid)
      throw new JuteError('the client has seen a later transaction')
    this.state = 'connecting'
    this.timeoutMs = core.sessions.timeoutFor(request.timeoutMs)
    if (request.sessionId !== 0n) {
      const { sessionId: id } = request
      const isOurs = core.sessions.canTakeUp(id) && request.password.equals(sessionPassword(id))
      this.begin(isOurs ? id : 0n, isOldClient)
      return
    }
    core.openSession(request.timeoutMs, (error, id) => {
      if (error !== undefined) this.channel.destroy()
      else this.begin(id, isOldClient)
    })
  }

  /** Session 0: there is no such session any more. */
  private begin(sessionId: bigint, isOldClient: boolean): void {
    if (this.state === 'closed') return
    const { core } = this.context
    if (sessionId === 0n) {
      const refusal = { timeoutMs: 0, sessionId, password: Buffer.alloc(PASSWORD_BYTES) }
      this.state = 'closing'
      this.channel.write([connectResponseFrame(refusal, isOldClient)])
      this.channel.end()
      return
    }
    this.currentSession = sessionId
    this.state = 'open'
    // The session moves: its former connection has nothing more to say.
    core.hold(sessionId, this)?.disconnected()
    core.sessions.touch(sessionId)
    this.lastOperation = 'SESS'
    const password = sessionPassword(sessionId)
    this.send(connectResponseFrame({ timeoutMs: this.timeoutMs, sessionId, password }, isOldClient))
    this.resumeIfDue()
  }

  private authenticate(xid: number, reader: JuteReader): void {
    const identity = authenticate(reader, this.identity, this.context.superDigest)
    const err = identity === undefined ? ZOOKEEPER_ERROR_CODES.AUTHFAILED : 0
    if (identity === undefined) {
      this.state = 'closing'
      this.send(replyFrame({ xid, zxid: 0, err }))
      this.flush()
      this.channel.end()
      return
    }
    this.identity = identity
    this.send(replyFrame({ xid, zxid: 0, err }))
  }

  private request(xid: number, type: number, reader: JuteReader): void {
    const slot: Slot = { xid, type, sinceMs: this.context.core.clock.monotonicMs(), run: undefined }
    this.slots.push(slot)
    let write: WireWrite | undefined
    try {
      write = readWriteRequest(type, reader)
    } catch (error) {
      this.answer(slot, () => this.refusal(slot, error))
      return
    }
    if (write !== undefined) this.write(slot, write)
    else this.answer(slot, () => this.read(slot, type, reader))
  }

  private read(slot: Slot, type: number, reader: JuteReader): Buffer {
    if (type === REQUEST_TYPES.ping) return this.reply(XIDS.ping, 0)
    const { tree, watches } = this.context.core
    try {
      const view = {
        tree,
        watches,
        sessionId: this.currentSession,
        identity: this.identity,
        sink: this.sink,
      }
      return this.reply(slot.xid, 0, answerRead(type, reader, view))
    } catch (error) {
      if (error instanceof ZooKeeperError && error.zkCode === 'UNIMPLEMENTED') this.state = 'closing'
      return this.refusal(slot, error)
    }
  }

  private write(slot: Slot, write: WireWrite): void {
    const { core } = this.context
    const { request } = write
    const requester = { sessionId: this.currentSession, cxid: slot.xid, identity: this.identity }
    const isLast = request.kind === 'closeSession'
    const done = (error: ZooKeeperError | undefined, result: TxnResult, prepared: Prepared | undefined) => {
      this.answer(slot, () => this.writeAnswer(slot, write, { error, result, prepared }))
      if (isLast && error === undefined) core.forget(this.currentSession)
    }
    core.pipeline.submit(requester, request, done)
    if (isLast) core.sessions.setClosing(this.currentSession)
  }

  private writeAnswer(
    slot: Slot,
    write: WireWrite,
    outcome: {
      error: ZooKeeperError | undefined
      result: TxnResult
      prepared: Prepared | undefined
    },
  ): Buffer {
    const { error, result, prepared } = outcome
    const zxid = prepared?.entry.header.zxid ?? this.context.core.tree.lastZxid
    const { kind } = write.request
    if (kind === 'closeSession') this.state = 'closing'
    // The steps of a multi have errors of their own, the whole has none.
    if (error !== undefined && (kind !== 'multi' || prepared === undefined)) {
      return this.refusal(slot, error, zxid)
    }
    return this.reply(slot.xid, 0, writeWriteResult(write, result, prepared), zxid)
  }

  private refusal(slot: Slot, error: unknown, zxid?: number): Buffer {
    if (!(error instanceof ZooKeeperError) && !(error instanceof JuteError)) throw error
    return this.reply(slot.xid, errorCodeOf(error), undefined, zxid)
  }

  private reply(
    xid: number,
    err: number,
    body?: (writer: JuteWriter) => void,
    zxid = this.context.core.tree.lastZxid,
  ): Buffer {
    this.lastZxid = zxid
    return replyFrame({ xid, zxid, err }, body)
  }

  private answer(slot: Slot, run: () => Buffer): void {
    slot.run = run
    if (this.slots[0] === slot) this.answerReady()
  }

  private answerReady(): void {
    const { stats, core } = this.context
    for (let slot = this.slots[0]; slot?.run !== undefined; slot = this.slots[0]) {
      this.slots.shift()
      this.send(slot.run())
      this.lastOperation = OPERATION_NAMES.get(slot.type) ?? 'NA'
      stats.latency(core.clock.monotonicMs() - slot.sinceMs)
      if (this.state === 'closing') {
        this.flush()
        this.channel.end()
        return
      }
    }
    this.resumeIfDue()
  }

  /** Frames of one turn leave together. */
  private send(frame: Buffer): void {
    if (this.state === 'closed') return
    this.counts.sent++
    this.context.stats.sent++
    this.output.push(frame)
    this.outputBytes += frame.length
    if (this.output.length === 1) queueMicrotask(() => this.flush())
  }

  private flush(): void {
    if (this.output.length === 0) return
    const frames = this.output
    this.output = []
    this.outputBytes = 0
    if (this.state !== 'closed') this.channel.write(frames)
    this.resumeIfDue()
  }

  private closed(): void {
    this.state = 'closed'
    this.slots = []
    const { core } = this.context
    core.watches.removeSink(this.sink)
    if (this.currentSession !== 0n) core.letGo(this.currentSession, this)
    this.context.closed(this)
  }
}

/** Request.op2String's short names. */
const OPERATION_NAMES = new Map<number, string>([
  [REQUEST_TYPES.create, 'CREA'],
  [REQUEST_TYPES.create2, 'CREA'],
  [REQUEST_TYPES.delete, 'DELE'],
  [REQUEST_TYPES.exists, 'EXIS'],
  [REQUEST_TYPES.getData, 'GETD'],
  [REQUEST_TYPES.setData, 'SETD'],
  [REQUEST_TYPES.getChildren, 'GETC'],
  [REQUEST_TYPES.getChildren2, 'GETC'],
  [REQUEST_TYPES.ping, 'PING'],
  [REQUEST_TYPES.getAcl, 'GETA'],
  [REQUEST_TYPES.setAcl, 'SETA'],
  [REQUEST_TYPES.sync, 'SYNC'],
  [REQUEST_TYPES.multi, 'MULT'],
  [REQUEST_TYPES.closeSession, 'CLOS'],
])

/** `127.0.0.1:2181` → `127.0.0.1`. Who comes through a Unix socket or a pipe is on this machine. */
export function hostOf(peer: string): string {
  const colon = peer.lastIndexOf(':')
  return colon < 0 ? '127.0.0.1' : peer.slice(0, colon).replace(/^::ffff:/, '')
}
