/**
 * What ZooKeeper's files are made of (zookeeper.jute), in jute's encoding:
 *
 *   FileHeader     int magic, int version, long dbid
 *   TxnHeader      long clientId, int cxid, long zxid, long time, int type
 *   TxnDigest      int version, long treeDigest
 *   ACL            int perms, string scheme, string id
 *   StatPersisted  long czxid, mzxid, ctime, mtime, int version, cversion, aversion, long ephemeralOwner, pzxid
 *
 * and one body for each type of transaction, see {@link writeTxn}.
 */
import type { Acl } from './acl.ts'
import { JuteEndError, JuteError, JuteReader, JuteWriter } from './jute.ts'

/** org.apache.zookeeper.ZooDefs.OpCode, those that appear in transaction logs. */
export const OP_CODES = {
  create: 1,
  delete: 2,
  setData: 5,
  setAcl: 7,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  createContainer: 19,
  deleteContainer: 20,
  createTtl: 21,
  createSession: -10,
  closeSession: -11,
  error: -1,
} as const

export interface TxnHeader {
  /** The session that asked for it. */
  readonly clientId: bigint
  readonly cxid: number
  readonly zxid: number
  /** Milliseconds since the epoch. */
  readonly time: number
}

/** A change as it is logged: all that depends on the state before it is worked out already. */
export type Txn = SimpleTxn | { readonly kind: 'multi'; readonly txns: readonly SimpleTxn[] }

export type SimpleTxn =
  | CreateTxn
  | { readonly kind: 'delete'; readonly path: string }
  /** `version` is the one that the node gets. */
  | {
      readonly kind: 'setData'
      readonly path: string
      readonly data: Buffer | null
      readonly version: number
    }
  | { readonly kind: 'setAcl'; readonly path: string; readonly acl: readonly Acl[]; readonly version: number }
  | { readonly kind: 'check'; readonly path: string; readonly version: number }
  | { readonly kind: 'createSession'; readonly timeoutMs: number }
  /** Before 3.6 the paths were not logged: null. */
  | { readonly kind: 'closeSession'; readonly paths: readonly string[] | null }
  | { readonly kind: 'error'; readonly code: number }

export interface CreateTxn {
  readonly kind: 'create'
  readonly path: string
  readonly data: Buffer | null
  readonly acl: readonly Acl[] | null
  readonly owner: 'nobody' | 'session' | 'container' | 'ttl'
  /** For `ttl` only. */
  readonly ttlMs: number
  /** The parent's cversion afterwards; -1 in logs of ZooKeeper 3.3, which means one more than before. */
  readonly parentCversion: number
}

export interface TxnDigest {
  readonly version: number
  readonly treeDigest: bigint
}

export interface LogEntry {
  readonly header: TxnHeader
  readonly txn: Txn
  readonly digest: TxnDigest | null
}

export function readAcl(reader: JuteReader): Acl {
  const perms = reader.readInt()
  return { perms, id: { scheme: reader.readString(), id: reader.readString() } }
}

export function writeAcl(writer: JuteWriter, acl: Acl): void {
  writer.writeInt(acl.perms)
  writer.writeString(acl.id.scheme)
  writer.writeString(acl.id.id)
}

/** perms and two lengths */
export const MIN_ACL_BYTES = 12

/** Header, body and digest as one log entry holds them. */
export function encodeLogEntry(entry: LogEntry): Buffer {
  const writer = new JuteWriter(192)
  const { header, txn, digest } = entry
  writer.writeBigLong(header.clientId)
  writer.writeInt(header.cxid)
  writer.writeLong(header.zxid)
  writer.writeLong(header.time)
  writer.writeInt(opCodeOf(txn))
  writeTxn(writer, txn)
  if (digest !== null) {
    writer.writeInt(digest.version)
    writer.writeBigLong(digest.treeDigest)
  }
  return writer.finish()
}

/** Throws {@link JuteError} for anything but a whole entry. */
export function decodeLogEntry(bytes: Buffer): LogEntry {
  const reader = new JuteReader(bytes)
  const clientId = reader.readBigLong()
  const cxid = reader.readInt()
  const zxid = reader.readLong()
  const time = reader.readLong()
  const opCode = reader.readInt()
  const txn = readOutermostTxn(reader, opCode)
  const digest =
    reader.remaining >= 12 ? { version: reader.readInt(), treeDigest: reader.readBigLong() } : null
  return { header: { clientId, cxid, zxid, time }, txn, digest }
}

/** Two kinds had fewer fields once, and are told by where the entry ends. */
function readOutermostTxn(reader: JuteReader, opCode: number): Txn {
  const start = reader.position
  try {
    return readTxn(reader, opCode)
  } catch (error) {
    if (!(error instanceof JuteEndError)) throw error
    reader.position = start
    if (opCode === OP_CODES.create) return readCreate(reader, { hasParentCversion: false })
    if (opCode === OP_CODES.closeSession) return { kind: 'closeSession', paths: null }
    throw error
  }
}

function readTxn(reader: JuteReader, opCode: number): Txn {
  if (opCode !== OP_CODES.multi) return readSimpleTxn(reader, opCode)
  const txns = reader.readVector(8, (each) => {
    const innerCode = each.readInt()
    const body = each.readBuffer()
    if (body === null) throw new JuteError('a step of a multi has no body')
    return readSimpleTxn(new JuteReader(body), innerCode)
  })
  return { kind: 'multi', txns: txns ?? [] }
}

function readSimpleTxn(reader: JuteReader, opCode: number): SimpleTxn {
  switch (opCode) {
    case OP_CODES.create:
    case OP_CODES.create2:
      return readCreate(reader, { hasParentCversion: true })
    case OP_CODES.createContainer:
      return { ...readCreateStart(reader), owner: 'container', parentCversion: reader.readInt(), ttlMs: 0 }
    case OP_CODES.createTtl:
      return {
        ...readCreateStart(reader),
        owner: 'ttl',
        parentCversion: reader.readInt(),
        ttlMs: reader.readLong(),
      }
    case OP_CODES.delete:
    case OP_CODES.deleteContainer:
      return { kind: 'delete', path: reader.readString() }
    case OP_CODES.setData:
    case OP_CODES.reconfig:
      return {
        kind: 'setData',
        path: reader.readString(),
        data: reader.readBuffer(),
        version: reader.readInt(),
      }
    case OP_CODES.setAcl: {
      const path = reader.readString()
      const acl = reader.readVector(MIN_ACL_BYTES, readAcl) ?? []
      return { kind: 'setAcl', path, acl, version: reader.readInt() }
    }
    case OP_CODES.check:
      return { kind: 'check', path: reader.readString(), version: reader.readInt() }
    case OP_CODES.createSession:
      return { kind: 'createSession', timeoutMs: reader.readInt() }
    case OP_CODES.closeSession:
      return { kind: 'closeSession', paths: reader.readVector(4, (each) => each.readString()) }
    case OP_CODES.error:
      return { kind: 'error', code: reader.readInt() }
    default:
      throw new JuteError(`unknown transaction type ${opCode}`)
  }
}

function readCreateStart(reader: JuteReader) {
  return {
    kind: 'create' as const,
    path: reader.readString(),
    data: reader.readBuffer(),
    acl: reader.readVector(MIN_ACL_BYTES, readAcl),
  }
}

function readCreate(reader: JuteReader, format: { hasParentCversion: boolean }): CreateTxn {
  const start = readCreateStart(reader)
  const owner = reader.readBoolean() ? 'session' : 'nobody'
  return { ...start, owner, ttlMs: 0, parentCversion: format.hasParentCversion ? reader.readInt() : -1 }
}

/** A node is always logged as create2, whose answer has the Stat. */
function opCodeOf(txn: Txn): number {
  if (txn.kind !== 'create') return OP_CODES[txn.kind]
  if (txn.owner === 'container') return OP_CODES.createContainer
  return txn.owner === 'ttl' ? OP_CODES.createTtl : OP_CODES.create2
}

/**
 *   create2          string path, buffer data, vector<ACL>, boolean ephemeral, int parentCVersion
 *   createContainer  string path, buffer data, vector<ACL>, int parentCVersion
 *   createTTL        string path, buffer data, vector<ACL>, int parentCVersion, long ttl
 *   delete           string path
 *   setData          string path, buffer data, int version
 *   setACL           string path, vector<ACL>, int version
 *   check            string path, int version
 *   createSession    int timeOut
 *   closeSession     vector<string> paths2Delete
 *   error            int err
 *   multi            vector<int type, buffer body>
 */
function writeTxn(writer: JuteWriter, txn: Txn): void {
  switch (txn.kind) {
    case 'create':
      writer.writeString(txn.path)
      writer.writeBuffer(txn.data)
      writer.writeVector(txn.acl, writeAcl)
      if (txn.owner === 'nobody' || txn.owner === 'session') writer.writeBoolean(txn.owner === 'session')
      writer.writeInt(txn.parentCversion)
      if (txn.owner === 'ttl') writer.writeLong(txn.ttlMs)
      return
    case 'delete':
      writer.writeString(txn.path)
      return
    case 'setData':
      writer.writeString(txn.path)
      writer.writeBuffer(txn.data)
      writer.writeInt(txn.version)
      return
    case 'setAcl':
      writer.writeString(txn.path)
      writer.writeVector(txn.acl, writeAcl)
      writer.writeInt(txn.version)
      return
    case 'check':
      writer.writeString(txn.path)
      writer.writeInt(txn.version)
      return
    case 'createSession':
      writer.writeInt(txn.timeoutMs)
      return
    case 'closeSession':
      if (txn.paths !== null) writer.writeVector(txn.paths, (each, path) => each.writeString(path))
      return
    case 'error':
      writer.writeInt(txn.code)
      return
    case 'multi':
      writer.writeVector(txn.txns, (each, step) => {
        const body = new JuteWriter(128)
        writeTxn(body, step)
        each.writeInt(opCodeOf(step))
        each.writeBuffer(body.finish())
      })
  }
}
