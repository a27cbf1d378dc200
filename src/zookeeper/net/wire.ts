/**
 * The records of ZooKeeper's client protocol (zookeeper.jute, org.apache.zookeeper.proto), both directions. A frame is an
 * int with the size of the rest, then:
 *
 *   the first from a client   int protocolVersion, long lastZxidSeen, int timeOut, long sessionId, buffer passwd
 *                             [, boolean readOnly]
 *   the answer to it          int protocolVersion, int timeOut, long sessionId, buffer passwd [, boolean readOnly]
 *   a request                 int xid, int type, then the body of that type
 *   an answer                 int xid, long zxid, int err, then a body when err is 0
 *   an event                  an answer with xid -1 and the body int type, int state, string path
 */
import type { Acl } from '../acl.ts'
import type { AddWatchMode, CreateMode, Stat, WatchEvent, WatchEventType, WatcherType } from '../client.ts'
import { JuteError, type JuteReader, JuteWriter } from '../jute.ts'
import { MIN_ACL_BYTES, writeAcl } from '../records.ts'

/** org.apache.zookeeper.ZooDefs.OpCode: what clients may send. */
export const REQUEST_TYPES = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getAcl: 6,
  setAcl: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  deleteContainer: 20,
  createTtl: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  closeSession: -11,
} as const

/** Answers that belong to no request of the application carry one of these (ClientCnxn). */
export const XIDS = { notification: -1, ping: -2, auth: -4, setWatches: -8 } as const

/** jute.maxbuffer: a larger frame closes the connection. */
export const DEFAULT_MAX_FRAME_BYTES = 0xfffff
/** Watcher.Event.KeeperState.SyncConnected, the only state that a server sends. */
const SYNC_CONNECTED = 3
export const PASSWORD_BYTES = 16

export interface ConnectRequest {
  readonly lastZxidSeen: number
  readonly timeoutMs: number
  readonly sessionId: bigint
  readonly password: Buffer
  /** Absent from clients before 3.4, who are not told in the answer either. */
  readonly readOnly: boolean | undefined
}

export function readConnectRequest(reader: JuteReader): ConnectRequest {
  reader.readInt()
  const lastZxidSeen = reader.readLong()
  const timeoutMs = reader.readInt()
  const sessionId = reader.readBigLong()
  const password = reader.readBuffer() ?? Buffer.alloc(PASSWORD_BYTES)
  return {
    lastZxidSeen,
    timeoutMs,
    sessionId,
    password,
    readOnly: reader.remaining > 0 ? reader.readBoolean() : undefined,
  }
}

export function connectRequestFrame(request: ConnectRequest): Buffer {
  return frame((writer) => {
    writer.writeInt(0)
    writer.writeLong(request.lastZxidSeen)
    writer.writeInt(request.timeoutMs)
    writer.writeBigLong(request.sessionId)
    writer.writeBuffer(request.password)
    if (request.readOnly !== undefined) writer.writeBoolean(request.readOnly)
  })
}

/** A session that was refused (expired, or another password) has a timeout of 0. */
export interface ConnectResponse {
  readonly timeoutMs: number
  readonly sessionId: bigint
  readonly password: Buffer
}

export function readConnectResponse(reader: JuteReader): ConnectResponse {
  reader.readInt()
  const timeoutMs = reader.readInt()
  const sessionId = reader.readBigLong()
  return { timeoutMs, sessionId, password: reader.readBuffer() ?? Buffer.alloc(PASSWORD_BYTES) }
}

export function connectResponseFrame(response: ConnectResponse, isOldClient: boolean): Buffer {
  return frame((writer) => {
    writer.writeInt(0)
    writer.writeInt(response.timeoutMs)
    writer.writeBigLong(response.sessionId)
    writer.writeBuffer(response.password)
    if (!isOldClient) writer.writeBoolean(false)
  })
}

export interface ReplyHeader {
  readonly xid: number
  readonly zxid: number
  /** 0 or one of the codes in errors.ts. */
  readonly err: number
}

export function readReplyHeader(reader: JuteReader): ReplyHeader {
  return { xid: reader.readInt(), zxid: reader.readLong(), err: reader.readInt() }
}

export function replyFrame(header: ReplyHeader, writeBody?: (writer: JuteWriter) => void): Buffer {
  return frame((writer) => {
    writer.writeInt(header.xid)
    writer.writeLong(header.zxid)
    writer.writeInt(header.err)
    writeBody?.(writer)
  })
}

export function requestFrame(xid: number, type: number, writeBody?: (writer: JuteWriter) => void): Buffer {
  return frame((writer) => {
    writer.writeInt(xid)
    writer.writeInt(type)
    writeBody?.(writer)
  })
}

function frame(write: (writer: JuteWriter) => void): Buffer {
  const writer = new JuteWriter(128)
  writer.writeInt(0)
  write(writer)
  const bytes = writer.finish()
  bytes.writeInt32BE(bytes.length - 4, 0)
  return bytes
}

/** int, long, long, long, long, int, int, int, long, int, int, long */
export function writeStat(writer: JuteWriter, stat: Stat): void {
  writer.writeLong(stat.czxid)
  writer.writeLong(stat.mzxid)
  writer.writeLong(stat.ctime)
  writer.writeLong(stat.mtime)
  writer.writeInt(stat.version)
  writer.writeInt(stat.cversion)
  writer.writeInt(stat.aversion)
  writer.writeBigLong(stat.ephemeralOwner)
  writer.writeInt(stat.dataLength)
  writer.writeInt(stat.numChildren)
  writer.writeLong(stat.pzxid)
}

export function readStat(reader: JuteReader): Stat {
  return {
    czxid: reader.readLong(),
    mzxid: reader.readLong(),
    ctime: reader.readLong(),
    mtime: reader.readLong(),
    version: reader.readInt(),
    cversion: reader.readInt(),
    aversion: reader.readInt(),
    ephemeralOwner: reader.readBigLong(),
    dataLength: reader.readInt(),
    numChildren: reader.readInt(),
    pzxid: reader.readLong(),
  }
}

export function writeAcls(writer: JuteWriter, acl: readonly Acl[]): void {
  writer.writeVector(acl, writeAcl)
}

/** What is null in them is refused as unknown, later. */
export function readAcls(reader: JuteReader): Acl[] {
  const readAny = (each: JuteReader): Acl => ({
    perms: each.readInt(),
    id: { scheme: each.readNullableString() ?? '', id: each.readNullableString() ?? '' },
  })
  return reader.readVector(MIN_ACL_BYTES, readAny) ?? []
}

export function writeStrings(writer: JuteWriter, strings: readonly string[]): void {
  writer.writeVector(strings, (each, text) => each.writeString(text))
}

export function readStrings(reader: JuteReader): string[] {
  const strings = reader.readVector(4, (each) => each.readString())
  if (strings === null) throw new JuteError('a list that is null')
  return strings
}

/** CreateMode's flags, by their number. */
export const CREATE_MODES: readonly CreateMode[] = [
  'persistent',
  'ephemeral',
  'persistent-sequential',
  'ephemeral-sequential',
  'container',
  'persistent-ttl',
  'persistent-sequential-ttl',
]

export const ADD_WATCH_MODES: readonly AddWatchMode[] = ['persistent', 'persistent-recursive']

/** Watcher.WatcherType by number less one. 3.8 knows the first three; the others came with 3.9. */
export const WATCHER_TYPES: readonly WatcherType[] = [
  'children',
  'data',
  'any',
  'persistent',
  'persistent-recursive',
]

const EVENT_TYPES: readonly WatchEventType[] = [
  'NodeCreated',
  'NodeDeleted',
  'NodeDataChanged',
  'NodeChildrenChanged',
]

export function eventFrame(event: WatchEvent): Buffer {
  return replyFrame({ xid: XIDS.notification, zxid: -1, err: 0 }, (writer) => {
    writer.writeInt(EVENT_TYPES.indexOf(event.type) + 1)
    writer.writeInt(SYNC_CONNECTED)
    writer.writeString(event.path)
  })
}

/** Undefined for events that are about no node. */
export function readEvent(reader: JuteReader): WatchEvent | undefined {
  const type = EVENT_TYPES[reader.readInt() - 1]
  reader.readInt()
  const path = reader.readString()
  return type === undefined ? undefined : { type, path }
}

/** A multi's steps and its results stand each behind one of these; the last one says `done`. */
export interface MultiHeader {
  readonly type: number
  readonly isDone: boolean
  readonly err: number
}

export function readMultiHeader(reader: JuteReader): MultiHeader {
  return { type: reader.readInt(), isDone: reader.readBoolean(), err: reader.readInt() }
}

export function writeMultiHeader(writer: JuteWriter, { type, isDone, err }: MultiHeader): void {
  writer.writeInt(type)
  writer.writeBoolean(isDone)
  writer.writeInt(err)
}

export const MULTI_END: MultiHeader = { type: -1, isDone: true, err: -1 }
