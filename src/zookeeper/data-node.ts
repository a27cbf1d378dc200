import { crc32 } from 'node:zlib'
import { writeInt64 } from '../base/int64.ts'
import type { Stat } from './client.ts'
import type { JuteReader, JuteWriter } from './jute.ts'

/** StatPersisted: a node's history. `cversion` counts the children ever created. */
export interface NodeStat {
  czxid: number
  mzxid: number
  ctime: number
  mtime: number
  version: number
  cversion: number
  aversion: number
  ephemeralOwner: bigint
  pzxid: number
}

export interface DataNode {
  data: Buffer | null
  aclId: number
  stat: NodeStat
  /** Names; undefined as long as there was none. */
  children: Set<string> | undefined
  /** This node's part of the tree's digest, once it was worked out. */
  digest: number | undefined
}

/** The algorithm of {@link nodeDigest} (DigestCalculator.DIGEST_VERSION). */
export const DIGEST_VERSION = 2

export const NO_OWNER = 0n
/** EphemeralType: the owners of nodes that belong to no session. */
export const CONTAINER_OWNER = -(2n ** 63n)
const TTL_OWNER_BITS = 0xff00n << 48n
export const MAX_TTL_MS = 2 ** 40 - 1
const TTL_VALUE_MASK = (1n << 40n) - 1n

export function ttlOwner(ttlMs: number): bigint {
  return BigInt.asIntN(64, TTL_OWNER_BITS | (BigInt(ttlMs) & TTL_VALUE_MASK))
}

/** Undefined when the node has no time to live. */
export function ttlMsOf(owner: bigint): number | undefined {
  if (owner === NO_OWNER || owner === CONTAINER_OWNER || isSessionOwner(owner)) return undefined
  return Number(owner & TTL_VALUE_MASK)
}

/** True for the owner of an ephemeral node; container and TTL nodes keep other things in that field. */
export function isSessionOwner(owner: bigint): boolean {
  if (owner === NO_OWNER || owner === CONTAINER_OWNER) return false
  return BigInt.asUintN(64, owner) >> 40n !== 0xff0000n
}

export function newNodeStat(zxid: number, time: number, ephemeralOwner: bigint): NodeStat {
  return {
    czxid: zxid,
    mzxid: zxid,
    ctime: time,
    mtime: time,
    version: 0,
    cversion: 0,
    aversion: 0,
    ephemeralOwner,
    pzxid: zxid,
  }
}

/** What clients see: their cversion counts deleted children as well. */
export function clientStat(node: DataNode): Stat {
  const { stat } = node
  const numChildren = node.children?.size ?? 0
  return {
    czxid: stat.czxid,
    mzxid: stat.mzxid,
    ctime: stat.ctime,
    mtime: stat.mtime,
    version: stat.version,
    cversion: (stat.cversion * 2 - numChildren) | 0,
    aversion: stat.aversion,
    ephemeralOwner: isSessionOwner(stat.ephemeralOwner) ? stat.ephemeralOwner : NO_OWNER,
    dataLength: node.data?.length ?? 0,
    numChildren,
    pzxid: stat.pzxid,
  }
}

/**
 * CRC-32 over path, data and stat; the sum of all nodes' is the tree's digest, which replicas compare after each
 * transaction (DigestCalculator, version 2). The nodes below /zookeeper/ do not count.
 */
export function nodeDigest(path: string, data: Buffer | null, stat: NodeStat): number {
  if (path.startsWith('/zookeeper/')) return 0
  const bytes = Buffer.allocUnsafe(60)
  writeInt64(bytes, 0, stat.czxid)
  writeInt64(bytes, 8, stat.mzxid)
  writeInt64(bytes, 16, stat.pzxid)
  writeInt64(bytes, 24, stat.ctime)
  writeInt64(bytes, 32, stat.mtime)
  bytes.writeInt32BE(stat.version, 40)
  bytes.writeInt32BE(stat.cversion, 44)
  bytes.writeInt32BE(stat.aversion, 48)
  bytes.writeBigInt64BE(stat.ephemeralOwner, 52)
  // The root's name is empty in the sum.
  let crc = path === '/' ? 0 : crc32(path)
  if (data !== null && data.length > 0) crc = crc32(data, crc)
  return crc32(bytes, crc)
}

/** buffer data, long acl, StatPersisted. */
export function writeNode(writer: JuteWriter, node: DataNode): void {
  const { stat } = node
  writer.writeBuffer(node.data)
  writer.writeLong(node.aclId)
  writer.writeLong(stat.czxid)
  writer.writeLong(stat.mzxid)
  writer.writeLong(stat.ctime)
  writer.writeLong(stat.mtime)
  writer.writeInt(stat.version)
  writer.writeInt(stat.cversion)
  writer.writeInt(stat.aversion)
  writer.writeBigLong(stat.ephemeralOwner)
  writer.writeLong(stat.pzxid)
}

export function readNode(reader: JuteReader): DataNode {
  const data = reader.readBuffer()
  const aclId = reader.readLong()
  const stat: NodeStat = {
    czxid: reader.readLong(),
    mzxid: reader.readLong(),
    ctime: reader.readLong(),
    mtime: reader.readLong(),
    version: reader.readInt(),
    cversion: reader.readInt(),
    aversion: reader.readInt(),
    ephemeralOwner: reader.readBigLong(),
    pzxid: reader.readLong(),
  }
  return { data, aclId, stat, children: undefined, digest: undefined }
}
