import { type Acl, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE } from './acl.ts'
import { AclCache, OPEN_ACL_ID } from './acl-cache.ts'
import type { Stat, WatchEvent } from './client.ts'
import {
  CONTAINER_OWNER,
  clientStat,
  type DataNode,
  isSessionOwner,
  NO_OWNER,
  newNodeStat,
  nodeDigest,
  readNode,
  ttlOwner,
  writeNode,
} from './data-node.ts'
import { ZOOKEEPER_ERROR_CODES } from './errors.ts'
import { JuteError, type JuteReader, JuteWriter } from './jute.ts'
import { childPath, nodeName, parentPath } from './paths.ts'
import { Quotas } from './quotas.ts'
import type { CreateTxn, SimpleTxn, Txn, TxnHeader } from './records.ts'

/** Something that watchers may wait for. */
export interface TreeEvent extends WatchEvent {
  /** Of the node, before it went if it did: who may not read it does not hear of it. */
  readonly acl: readonly Acl[]
}

/** What one applied transaction, or one step of a multi, came to. */
export interface TxnResult {
  /** 0 or one of the codes in errors.ts. */
  code: number
  path: string
  stat: Stat | null
  /** Of a multi's steps. */
  steps: TxnResult[]
}

const CHUNK_BYTES = 64 * 1024

/**
 * The nodes, and what a transaction does to them (org.apache.zookeeper.server.DataTree).
 *
 * Applying checks nothing that was checked when the transaction was made. Applying one twice changes nothing the second
 * time: a snapshot may have seen part of what comes after the zxid it is named by.
 */
export class DataTree {
  private readonly nodes = new Map<string, DataNode>()
  private readonly ephemeralsBySession = new Map<bigint, Set<string>>()
  private readonly acls = new AclCache()
  readonly quotas = new Quotas(this.nodes)
  /** Container and TTL nodes. */
  private readonly transient = new Set<string>()
  private digestSum = 0
  /** Nodes whose digest is not in the sum: they changed since it was last asked for. */
  private readonly unsummed = new Set<string>()
  lastZxid = 0

  /** `/`, `/zookeeper`, and below that `quota` and `config`, as ZooKeeper makes them: without times or zxids. */
  static initial(): DataTree {
    const tree = new DataTree()
    for (const path of ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']) {
      const stat = newNodeStat(0, 0, NO_OWNER)
      const node: DataNode = {
        data: Buffer.alloc(0),
        aclId: OPEN_ACL_ID,
        stat,
        children: undefined,
        digest: undefined,
      }
      if (path === '/zookeeper/config') {
        node.aclId = tree.acls.idFor(READ_ACL_UNSAFE)
        stat.aversion = -1
      }
      tree.insert(path, node)
    }
    return tree
  }

  get nodeCount(): number {
    return this.nodes.size
  }

  /** The sum of all nodes' digests. Below two million nodes it stays exact. */
  get digest(): number {
    for (const path of this.unsummed) {
      const node = this.nodes.get(path)
      if (node === undefined) continue
      node.digest = nodeDigest(path, node.data, node.stat)
      this.digestSum += node.digest
    }
    this.unsummed.clear()
    return this.digestSum
  }

  /** Takes over the sum that was stored with the nodes: to add it up takes longer than to read them. */
  trustDigest(sum: number): void {
    this.unsummed.clear()
    this.digestSum = sum
  }

  digestOf(path: string, node: DataNode): number {
    const known = this.unsummed.has(path) ? undefined : node.digest
    const digest = known ?? nodeDigest(path, node.data, node.stat)
    if (this.unsummed.delete(path)) this.digestSum += digest
    node.digest = digest
    return digest
  }

  get(path: string): DataNode | undefined {
    return this.nodes.get(path)
  }

  aclOf(node: DataNode): readonly Acl[] {
    return this.acls.get(node.aclId) ?? OPEN_ACL_UNSAFE
  }

  ephemeralsOf(sessionId: bigint): ReadonlySet<string> {
    return this.ephemeralsBySession.get(sessionId) ?? new Set()
  }

  ephemeralOwners(): bigint[] {
    return [...this.ephemeralsBySession.keys()]
  }

  /** Container and TTL nodes: somebody must look after them. */
  get transientPaths(): ReadonlySet<string> {
    return this.transient
  }

  /** All nodes, parents not always first. */
  paths(): IterableIterator<string> {
    return this.nodes.keys()
  }

  /** Changes the tree and appends to `events` what watchers are to hear, in order. */
  apply(header: TxnHeader, txn: Txn, events: TreeEvent[]): TxnResult {
    const result =
      txn.kind === 'multi' ? this.applyMulti(header, txn.txns, events) : this.applyOne(header, txn, events)
    if (header.zxid > this.lastZxid) this.lastZxid = header.zxid
    return result
  }

  private applyMulti(header: TxnHeader, txns: readonly SimpleTxn[], events: TreeEvent[]): TxnResult {
    const result: TxnResult = { code: 0, path: '', stat: null, steps: [] }
    const failed = txns.some((txn) => txn.kind === 'error')
    for (const txn of txns) {
      // The steps before the failed one are in the log too; they were given up with it.
      const step: TxnResult =
        failed && txn.kind !== 'error'
          ? { code: 0, path: '', stat: null, steps: [] }
          : this.applyOne(header, txn, events)
      result.steps.push(step)
      if (result.code === 0) result.code = step.code
    }
    return result
  }

  private applyOne(header: TxnHeader, txn: SimpleTxn, events: TreeEvent[]): TxnResult {
    const result: TxnResult = { code: 0, path: '', stat: null, steps: [] }
    switch (txn.kind) {
      case 'create':
        result.path = txn.path
        result.code = this.applyCreate(header, txn, events)
        break
      case 'delete':
        result.path = txn.path
        result.code = this.applyDelete(header.zxid, txn.path, events)
        return result
      case 'setData':
        result.path = txn.path
        result.code = this.applySetData(header, txn.path, txn.data, txn.version, events)
        break
      case 'setAcl':
        result.path = txn.path
        result.code = this.applySetAcl(txn.path, txn.acl, txn.version)
        break
      case 'check':
        result.path = txn.path
        return result
      case 'closeSession':
        this.applyCloseSession(header, txn.paths, events)
        return result
      case 'error':
        result.code = txn.code
        return result
      case 'createSession':
        return result
    }
    const node = this.nodes.get(result.path)
    if (result.code === 0 && node !== undefined) result.stat = clientStat(node)
    return result
  }

  private applyCreate(header: TxnHeader, txn: CreateTxn, events: TreeEvent[]): number {
    const { path } = txn
    const parent = this.nodes.get(parentPath(path))
    if (parent === undefined) return ZOOKEEPER_ERROR_CODES.NONODE
    const existing = this.nodes.get(path)
    const parentCversion = txn.parentCversion === -1 ? parent.stat.cversion + 1 : txn.parentCversion
    // Replaying what the snapshot has seen already must not take the parent back.
    if (parentCversion > parent.stat.cversion) {
      this.beforeChange(parentPath(path), parent)
      parent.stat.cversion = parentCversion
      parent.stat.pzxid = header.zxid
    }
    const aclId = this.acls.idFor(txn.acl)
    if (existing !== undefined) {
      existing.aclId = aclId
      return ZOOKEEPER_ERROR_CODES.NODEEXISTS
    }
    const stat = newNodeStat(header.zxid, header.time, ownerOf(header, txn))
    this.insert(path, { data: txn.data, aclId, stat, children: undefined, digest: undefined })
    this.quotas.created(path, txn.data?.length ?? 0)
    events.push(
      { type: 'NodeCreated', path, acl: this.acls.get(aclId) ?? OPEN_ACL_UNSAFE },
      { type: 'NodeChildrenChanged', path: parentPath(path), acl: this.aclOf(parent) },
    )
    return 0
  }

  private applyDelete(zxid: number, path: string, events: TreeEvent[]): number {
    const parent = this.nodes.get(parentPath(path))
    if (parent === undefined) return ZOOKEEPER_ERROR_CODES.NONODE
    parent.children?.delete(nodeName(path))
    if (zxid > parent.stat.pzxid) {
      this.beforeChange(parentPath(path), parent)
      parent.stat.pzxid = zxid
    }
    const node = this.nodes.get(path)
    if (node === undefined) return ZOOKEEPER_ERROR_CODES.NONODE
    this.beforeChange(path, node)
    const acl = this.aclOf(node)
    this.unsummed.delete(path)
    this.nodes.delete(path)
    this.acls.removeUse(node.aclId)
    this.transient.delete(path)
    this.quotas.deleted(path, node.data?.length ?? 0)
    const ephemerals = this.ephemeralsBySession.get(node.stat.ephemeralOwner)
    if (ephemerals?.delete(path) === true && ephemerals.size === 0) {
      this.ephemeralsBySession.delete(node.stat.ephemeralOwner)
    }
    events.push(
      { type: 'NodeDeleted', path, acl },
      { type: 'NodeChildrenChanged', path: parentPath(path), acl: this.aclOf(parent) },
    )
    return 0
  }

  private applySetData(
    header: TxnHeader,
    path: string,
    data: Buffer | null,
    version: number,
    events: TreeEvent[],
  ): number {
    const node = this.nodes.get(path)
    if (node === undefined) return ZOOKEEPER_ERROR_CODES.NONODE
    this.beforeChange(path, node)
    this.quotas.changed(path, node.data?.length ?? 0, data?.length ?? 0)
    node.data = data
    node.stat.mtime = header.time
    node.stat.mzxid = header.zxid
    node.stat.version = version
    events.push({ type: 'NodeDataChanged', path, acl: this.aclOf(node) })
    return 0
  }

  private applySetAcl(path: string, acl: readonly Acl[], version: number): number {
    const node = this.nodes.get(path)
    if (node === undefined) return ZOOKEEPER_ERROR_CODES.NONODE
    this.acls.removeUse(node.aclId)
    node.aclId = this.acls.idFor(acl)
    this.beforeChange(path, node)
    node.stat.aversion = version
    return 0
  }

  private applyCloseSession(header: TxnHeader, paths: readonly string[] | null, events: TreeEvent[]): void {
    for (const path of paths ?? []) this.applyDelete(header.zxid, path, events)
    for (const path of [...this.ephemeralsOf(header.clientId)]) this.applyDelete(header.zxid, path, events)
  }

  /** The ACLs, then each node as string path and node, parents first, then the path `/` (the root's own is empty). */
  *serialize(): Generator<Buffer> {
    let writer = new JuteWriter(CHUNK_BYTES)
    this.acls.write(writer)
    const waiting = ['/']
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      // Between two chunks transactions are applied: a node may be gone by now. The log tells the rest.
      const node = this.nodes.get(path)
      if (node === undefined) continue
      writer.writeString(path === '/' ? '' : path)
      writeNode(writer, node)
      for (const name of node.children ?? []) waiting.push(childPath(path, name))
      if (writer.size < CHUNK_BYTES) continue
      yield writer.finish()
      writer = new JuteWriter(CHUNK_BYTES)
    }
    writer.writeString('/')
    yield writer.finish()
  }

  /** Throws {@link JuteError}. The nodes' data are views of the reader's bytes. */
  static deserialize(reader: JuteReader): DataTree {
    const tree = new DataTree()
    tree.acls.read(reader)
    for (let path = reader.readString(); path !== '/'; path = reader.readString()) {
      const node = readNode(reader)
      // Its ACL came after the ACLs were written; so the log has what set it.
      if (tree.acls.get(node.aclId) === undefined) node.aclId = OPEN_ACL_ID
      tree.insert(path === '' ? '/' : path, node)
      tree.acls.addUse(node.aclId)
    }
    if (!tree.nodes.has('/')) throw new JuteError('the tree has no root')
    tree.acls.dropUnused()
    tree.quotas.load()
    // A snapshot of before 3.5 has no such node.
    if (!tree.nodes.has('/zookeeper/config') && tree.nodes.has('/zookeeper')) tree.addConfigNode()
    return tree
  }

  private addConfigNode(): void {
    const stat = { ...newNodeStat(0, 0, NO_OWNER), aversion: -1 }
    const aclId = this.acls.idFor(READ_ACL_UNSAFE)
    this.insert('/zookeeper/config', {
      data: Buffer.alloc(0),
      aclId,
      stat,
      children: undefined,
      digest: undefined,
    })
  }

  private insert(path: string, node: DataNode): void {
    if (path !== '/') {
      const parent = this.nodes.get(parentPath(path))
      if (parent === undefined) throw new JuteError(`no parent for ${path}`)
      parent.children ??= new Set()
      parent.children.add(nodeName(path))
    }
    const before = this.nodes.get(path)
    if (before !== undefined) this.beforeChange(path, before)
    this.nodes.set(path, node)
    this.unsummed.add(path)
    const owner = node.stat.ephemeralOwner
    if (!isSessionOwner(owner)) {
      if (owner !== NO_OWNER) this.transient.add(path)
      return
    }
    const ephemerals = this.ephemeralsBySession.get(owner)
    if (ephemerals === undefined) this.ephemeralsBySession.set(owner, new Set([path]))
    else ephemerals.add(path)
  }

  /** Takes the node out of the sum as it is now. */
  private beforeChange(path: string, node: DataNode): void {
    if (this.unsummed.has(path)) return
    this.digestSum -= node.digest ?? nodeDigest(path, node.data, node.stat)
    this.unsummed.add(path)
  }
}

function ownerOf(header: TxnHeader, txn: CreateTxn): bigint {
  switch (txn.owner) {
    case 'nobody':
      return NO_OWNER
    case 'session':
      return header.clientId
    case 'container':
      return CONTAINER_OWNER
    case 'ttl':
      return ttlOwner(txn.ttlMs)
  }
}
