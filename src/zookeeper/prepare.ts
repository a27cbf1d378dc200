import type { Clock } from '../base/clock.ts'
import { type Acl, type Identity, isAllowed, PERMISSIONS, storedAcl } from './acl.ts'
import { type CreateMode, isEphemeralMode, isSequentialMode, isTtlMode } from './client.ts'
import {
  CONTAINER_OWNER,
  DIGEST_VERSION,
  isSessionOwner,
  MAX_TTL_MS,
  NO_OWNER,
  type NodeStat,
  newNodeStat,
  nodeDigest,
  ttlOwner,
} from './data-node.ts'
import type { DataTree } from './data-tree.ts'
import { ZOOKEEPER_ERROR_CODES, ZooKeeperError } from './errors.ts'
import { parentPath, SPECIAL_PATHS, sequentialPath, validatePath } from './paths.ts'
import {
  type CreateTxn,
  encodeLogEntry,
  type LogEntry,
  type SimpleTxn,
  type Txn,
  type TxnHeader,
} from './records.ts'

export type SimpleRequest =
  | {
      readonly kind: 'create'
      readonly path: string
      readonly data: Uint8Array | null
      readonly acl: readonly Acl[]
      readonly mode: CreateMode
      readonly ttlMs: number
    }
  | { readonly kind: 'delete'; readonly path: string; readonly version: number }
  /** Of a container or TTL node that is empty; refused when it is not, or belongs to a session. */
  | { readonly kind: 'deleteContainer'; readonly path: string }
  | {
      readonly kind: 'setData'
      readonly path: string
      readonly data: Uint8Array | null
      readonly version: number
    }
  | { readonly kind: 'setAcl'; readonly path: string; readonly acl: readonly Acl[]; readonly version: number }
  | { readonly kind: 'check'; readonly path: string; readonly version: number }

export type WriteRequest =
  | SimpleRequest
  | { readonly kind: 'multi'; readonly ops: readonly SimpleRequest[] }
  | { readonly kind: 'createSession'; readonly timeoutMs: number }
  | { readonly kind: 'closeSession' }

export interface Requester {
  readonly sessionId: bigint
  readonly cxid: number
  readonly identity: Identity
}

/** A request made into a transaction. A refused one is a transaction too, of which only the log hears. */
export interface Prepared {
  readonly entry: LogEntry
  /** The entry as it is logged. */
  readonly bytes: Buffer
  /** Why it was refused. */
  readonly error: ZooKeeperError | undefined
  /** The step of a multi that was refused. */
  readonly failedIndex: number
  readonly changedPaths: readonly string[]
}

/** A node as it will be when all that was prepared is applied. */
interface Change {
  readonly zxid: number
  readonly exists: boolean
  readonly stat: NodeStat
  readonly childCount: number
  readonly acl: readonly Acl[]
  readonly data: Buffer | null
  readonly digest: number
}

/** ZooKeeper closes the connection of a client that sends more than this at once (jute.maxbuffer). */
const MAX_REQUEST_BYTES = 0xfffff
/** int xid, int type, the length of a path, a version. */
const MIN_REQUEST_BYTES = 16

/**
 * Checks requests against the tree as it will be, and works out what they do (PrepRequestProcessor). Synchronous, in
 * the order of arrival; a transaction then only needs to be logged and applied, and neither can refuse it.
 */
export class Preparer {
  private readonly tree: DataTree
  private readonly clock: Clock
  private readonly isSessionOpen: (id: bigint) => boolean
  private readonly hasTtlNodes: boolean
  private readonly enforcesQuotas: boolean
  private readonly changes = new Map<string, Change>()
  /** What the request at hand replaced in `changes`, to take it back when it is refused. */
  private replaced: [path: string, before: Change | undefined][] = []
  private lastZxid: number
  private digest: number

  constructor(
    tree: DataTree,
    options: {
      readonly clock: Clock
      readonly isSessionOpen: (id: bigint) => boolean
      /** ZooKeeper's extendedTypesEnabled: without it TTL nodes are refused. */
      readonly hasTtlNodes: boolean
      /** ZooKeeper's enforceQuota: hard limits are kept to. */
      readonly enforcesQuotas: boolean
    },
  ) {
    this.tree = tree
    this.clock = options.clock
    this.isSessionOpen = options.isSessionOpen
    this.hasTtlNodes = options.hasTtlNodes
    this.enforcesQuotas = options.enforcesQuotas
    this.lastZxid = tree.lastZxid
    this.digest = tree.digest
  }

  /** What the tree's digest will be. */
  get treeDigest(): number {
    return this.digest
  }

  /** Throws only for a request that is too large to become a transaction. */
  prepare(requester: Requester, request: WriteRequest): Prepared {
    checkSize(request)
    const zxid = ++this.lastZxid
    const time = Math.floor(this.clock.nowMs())
    const header: TxnHeader = { clientId: requester.sessionId, cxid: requester.cxid, zxid, time }
    this.replaced = []
    const made = this.makeTxn(header, requester, request)
    const isRefused = made.txn.kind === 'error'
    const digest = isRefused ? null : { version: DIGEST_VERSION, treeDigest: BigInt(this.digest) }
    const entry: LogEntry = { header, txn: made.txn, digest }
    const changedPaths = this.replaced.map(([path]) => path)
    return {
      entry,
      bytes: encodeLogEntry(entry),
      error: made.error,
      failedIndex: made.failedIndex,
      changedPaths,
    }
  }

  /** The transaction is in the tree now. */
  release(prepared: Prepared): void {
    const { zxid } = prepared.entry.header
    for (const path of prepared.changedPaths)
      if (this.changes.get(path)?.zxid === zxid) this.changes.delete(path)
  }

  private makeTxn(
    header: TxnHeader,
    requester: Requester,
    request: WriteRequest,
  ): { txn: Txn; error: ZooKeeperError | undefined; failedIndex: number } {
    if (request.kind === 'multi') return this.makeMulti(header, requester, request.ops)
    if (request.kind === 'createSession')
      return accepted({ kind: 'createSession', timeoutMs: request.timeoutMs })
    if (request.kind === 'closeSession') return accepted(this.makeCloseSession(header))
    const digestBefore = this.digest
    try {
      return accepted(this.makeSimple(header, requester, request))
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error
      this.rollBack(digestBefore)
      return { txn: { kind: 'error', code: error.numericCode }, error, failedIndex: -1 }
    }
  }

  private makeMulti(header: TxnHeader, requester: Requester, ops: readonly SimpleRequest[]) {
    const digestBefore = this.digest
    const txns: SimpleTxn[] = []
    let failure: ZooKeeperError | undefined
    let failedIndex = -1
    for (const [index, op] of ops.entries()) {
      if (failure !== undefined) {
        txns.push({ kind: 'error', code: ZOOKEEPER_ERROR_CODES.RUNTIMEINCONSISTENCY })
        continue
      }
      try {
        txns.push(this.makeSimple(header, requester, op))
      } catch (error) {
        if (!(error instanceof ZooKeeperError)) throw error
        failure = error
        failedIndex = index
        txns.push({ kind: 'error', code: error.numericCode })
        this.rollBack(digestBefore)
      }
    }
    return { txn: { kind: 'multi' as const, txns }, error: failure, failedIndex }
  }

  private rollBack(digestBefore: number): void {
    for (const [path, before] of this.replaced.reverse()) {
      if (before === undefined) this.changes.delete(path)
      else this.changes.set(path, before)
    }
    this.replaced = []
    this.digest = digestBefore
  }

  private makeSimple(header: TxnHeader, requester: Requester, request: SimpleRequest): SimpleTxn {
    if (!this.isSessionOpen(requester.sessionId)) throw new ZooKeeperError('SESSIONEXPIRED', request.path)
    switch (request.kind) {
      case 'create':
        return this.makeCreate(header, requester, request)
      case 'delete':
        return this.makeDelete(header, requester, request)
      case 'deleteContainer':
        validatePath(request.path)
        return this.makeDeleteContainer(header, request.path)
      case 'setData': {
        const { path } = request
        validatePath(path)
        const node = this.current(path, path)
        allow(node, PERMISSIONS.write, requester, path)
        this.checkQuota(path, 0, (request.data?.length ?? 0) - (node.data?.length ?? 0))
        const version = nextVersion(node.stat.version, request.version, path)
        const data = request.data === null ? null : Buffer.from(request.data)
        const stat = { ...node.stat, version, mtime: header.time, mzxid: header.zxid }
        this.change(header.zxid, path, node, { stat, data })
        return { kind: 'setData', path, data, version }
      }
      case 'setAcl': {
        const { path } = request
        validatePath(path)
        const acl = storedAcl(path, request.acl, requester.identity)
        const node = this.current(path, path)
        allow(node, PERMISSIONS.admin, requester, path)
        const version = nextVersion(node.stat.aversion, request.version, path)
        this.change(header.zxid, path, node, { stat: { ...node.stat, aversion: version }, acl })
        return { kind: 'setAcl', path, acl, version }
      }
      case 'check': {
        const { path } = request
        validatePath(path)
        const node = this.current(path, path)
        allow(node, PERMISSIONS.read, requester, path)
        return { kind: 'check', path, version: nextVersion(node.stat.version, request.version, path) }
      }
    }
  }

  private makeCreate(
    header: TxnHeader,
    requester: Requester,
    request: SimpleRequest & { kind: 'create' },
  ): SimpleTxn {
    const owner = ownerOf(header, request, this.hasTtlNodes)
    if (!request.path.includes('/') || request.path.includes('\0'))
      throw new ZooKeeperError('BADARGUMENTS', request.path)
    const parentName = parentPath(request.path)
    const acl = storedAcl(request.path, request.acl, requester.identity)
    const parent = this.current(parentName, request.path)
    allow(parent, PERMISSIONS.create, requester, request.path)
    const path = isSequentialMode(request.mode)
      ? sequentialPath(request.path, parent.stat.cversion)
      : request.path
    validatePath(path)
    if (this.find(path) !== undefined) throw new ZooKeeperError('NODEEXISTS', path)
    if (isSessionOwner(parent.stat.ephemeralOwner)) throw new ZooKeeperError('NOCHILDRENFOREPHEMERALS', path)
    this.checkQuota(path, 1, request.data?.length ?? 0)
    const cversion = parent.stat.cversion + 1
    const data = request.data === null ? null : Buffer.from(request.data)
    const stat = newNodeStat(header.zxid, header.time, owner.id)
    this.change(header.zxid, parentName, parent, {
      stat: { ...parent.stat, cversion, pzxid: header.zxid },
      childCount: parent.childCount + 1,
    })
    const digest = nodeDigest(path, data, stat)
    this.digest += digest
    this.put(path, { zxid: header.zxid, exists: true, stat, childCount: 0, acl, data, digest })
    const { kind: ownerKind } = owner
    return {
      kind: 'create',
      path,
      data,
      acl,
      owner: ownerKind,
      ttlMs: request.ttlMs,
      parentCversion: cversion,
    }
  }

  private checkQuota(path: string, count: number, bytes: number): void {
    if (!this.enforcesQuotas) return
    const subject = this.tree.quotas.brokenBy(path, { count, bytes })
    if (subject !== undefined) throw new ZooKeeperError('QUOTAEXCEEDED', subject)
  }

  private makeDelete(
    header: TxnHeader,
    requester: Requester,
    request: SimpleRequest & { kind: 'delete' },
  ): SimpleTxn {
    const { path } = request
    if (!path.includes('/') || path.includes('\0') || SPECIAL_PATHS.includes(path)) {
      throw new ZooKeeperError('BADARGUMENTS', path)
    }
    const parent = this.current(parentPath(path), path)
    allow(parent, PERMISSIONS.delete, requester, path)
    const node = this.current(path, path)
    nextVersion(node.stat.version, request.version, path)
    if (node.childCount > 0) throw new ZooKeeperError('NOTEMPTY', path)
    this.removeNode(header.zxid, path, parent, node)
    return { kind: 'delete', path }
  }

  private makeDeleteContainer(header: TxnHeader, path: string): SimpleTxn {
    validatePath(path)
    const parent = this.current(parentPath(path), path)
    const node = this.current(path, path)
    const { ephemeralOwner } = node.stat
    if (ephemeralOwner === NO_OWNER || isSessionOwner(ephemeralOwner))
      throw new ZooKeeperError('BADVERSION', path)
    if (node.childCount > 0) throw new ZooKeeperError('NOTEMPTY', path)
    this.removeNode(header.zxid, path, parent, node)
    return { kind: 'delete', path }
  }

  /** All that the session has now or will have; nobody refuses this. */
  private makeCloseSession(header: TxnHeader): SimpleTxn {
    const paths = new Set(this.tree.ephemeralsOf(header.clientId))
    for (const [path, change] of this.changes) {
      if (!change.exists) paths.delete(path)
      else if (change.stat.ephemeralOwner === header.clientId) paths.add(path)
    }
    for (const path of paths) {
      const parent = this.current(parentPath(path), path)
      this.removeNode(header.zxid, path, parent, this.current(path, path))
    }
    return { kind: 'closeSession', paths: [...paths] }
  }

  private removeNode(zxid: number, path: string, parent: Change, node: Change): void {
    this.change(zxid, parentPath(path), parent, {
      stat: { ...parent.stat, pzxid: zxid },
      childCount: parent.childCount - 1,
    })
    this.digest -= node.digest
    this.put(path, { ...node, zxid, exists: false, digest: 0 })
  }

  private change(zxid: number, path: string, before: Change, changed: Partial<Change>): void {
    const after = { ...before, ...changed, zxid }
    const digest = nodeDigest(path, after.data, after.stat)
    this.digest += digest - before.digest
    this.put(path, { ...after, digest })
  }

  private put(path: string, change: Change): void {
    this.replaced.push([path, this.changes.get(path)])
    this.changes.set(path, change)
  }

  private current(path: string, requestPath: string): Change {
    const found = this.find(path)
    if (found === undefined) throw new ZooKeeperError('NONODE', requestPath)
    return found
  }

  private find(path: string): Change | undefined {
    const change = this.changes.get(path)
    if (change !== undefined) return change.exists ? change : undefined
    const node = this.tree.get(path)
    if (node === undefined) return undefined
    return {
      zxid: -1,
      exists: true,
      stat: node.stat,
      childCount: node.children?.size ?? 0,
      acl: this.tree.aclOf(node),
      data: node.data,
      digest: this.tree.digestOf(path, node),
    }
  }
}

/** Whose a new node is, in the transaction's word and in the node's stat (EphemeralType). */
function ownerOf(
  header: TxnHeader,
  { mode, ttlMs, path }: SimpleRequest & { kind: 'create' },
  hasTtlNodes: boolean,
): { kind: CreateTxn['owner']; id: bigint } {
  if (isTtlMode(mode)) {
    if (!hasTtlNodes) throw new ZooKeeperError('UNIMPLEMENTED', path)
    if (!Number.isInteger(ttlMs) || ttlMs <= 0 || ttlMs > MAX_TTL_MS)
      throw new ZooKeeperError('BADARGUMENTS', path)
    return { kind: 'ttl', id: ttlOwner(ttlMs) }
  }
  if (mode === 'container') return { kind: 'container', id: CONTAINER_OWNER }
  if (isEphemeralMode(mode)) return { kind: 'session', id: header.clientId }
  return { kind: 'nobody', id: NO_OWNER }
}

function accepted(txn: Txn) {
  return { txn, error: undefined, failedIndex: -1 }
}

function allow(node: Change, permission: number, requester: Requester, path: string): void {
  if (!isAllowed(node.acl, permission, requester.identity)) throw new ZooKeeperError('NOAUTH', path)
}

function nextVersion(current: number, expected: number, path: string): number {
  if (expected !== -1 && expected !== current) throw new ZooKeeperError('BADVERSION', path)
  return (current + 1) | 0
}

function checkSize(request: WriteRequest): void {
  const ops = request.kind === 'multi' ? request.ops : [request]
  let size = 0
  for (const op of ops) {
    if ('path' in op) size += Buffer.byteLength(op.path) + MIN_REQUEST_BYTES
    if ('data' in op && op.data !== null) size += op.data.length
    if ('acl' in op) for (const { id } of op.acl) size += 12 + id.scheme.length + id.id.length
  }
  if (size <= MAX_REQUEST_BYTES) return
  const path = ops.find((op) => 'path' in op)?.path
  throw new ZooKeeperError('BADARGUMENTS', path, {
    message: `the request for ${path} has ${size} bytes, ${MAX_REQUEST_BYTES} are allowed`,
  })
}
