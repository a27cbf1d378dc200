/**
 * `version-2/snapshot.<zxid in hex>` (org.apache.zookeeper.server.persistence.FileSnap, SnapStream):
 *
 *   int magic "ZKSN", int version 2, long dbid -1
 *   int count, then for each session: long id, int timeout
 *   the tree: int count of ACLs, each long id and vector<ACL>;
 *             string path and node for each node, the root's path empty; at the end the path "/"
 *   long Adler-32 of all before, string "/"
 *   long zxid, int digest version, long digest        (since 3.6)
 *   long Adler-32 of all before, string "/"
 *
 * A snapshot is written while the tree changes. It surely has everything up to its zxid, and may have some of what
 * came later; the log goes over that again.
 */
import { gunzipSync } from 'node:zlib'
import type { FileSystem } from '../base/file-system.ts'
import { adler32 } from './adler32.ts'
import { DIGEST_VERSION } from './data-node.ts'
import { DataTree } from './data-tree.ts'
import { JuteEndError, JuteError, JuteReader, JuteWriter } from './jute.ts'

const MAGIC = 0x5a4b534e
const VERSION = 2
/** A gzip header can promise anything. */
const MAX_UNCOMPRESSED_BYTES = 2 ** 30

export interface ZxidDigest {
  /** 0 when there was no transaction yet. */
  readonly zxid: number
  readonly version: number
  readonly digest: bigint
}

export interface Snapshot {
  readonly tree: DataTree
  /** Timeouts in milliseconds by session id. */
  readonly sessions: Map<bigint, number>
  /** Null in the files of versions before 3.6. */
  readonly digest: ZxidDigest | null
}

/** Throws {@link JuteError} when the bytes are no whole snapshot. */
export function decodeSnapshot(bytes: Buffer): Snapshot {
  const reader = new JuteReader(bytes)
  const magic = reader.readInt()
  if (magic !== MAGIC) throw new JuteError('not a snapshot')
  const version = reader.readInt()
  if (version !== VERSION) throw new JuteError(`snapshot version ${version} is not supported`)
  reader.readLong()
  const sessions = new Map<bigint, number>()
  const count = reader.readInt()
  for (let i = 0; i < count; i++) {
    const id = reader.readBigLong()
    sessions.set(id, reader.readInt())
  }
  const tree = DataTree.deserialize(reader)
  const checksum = checkSeal(reader, 0, 1)
  return { tree, sessions, digest: readDigest(reader, checksum) }
}

function readDigest(reader: JuteReader, checksum: Checksum): ZxidDigest | null {
  // Before 3.6 the file ends here.
  if (reader.remaining === 0) return null
  const zxid = reader.readLong()
  const version = reader.readInt()
  let digest: bigint | undefined
  if (version >= DIGEST_VERSION) digest = reader.readBigLong()
  // Version 1 wrote it as hex, and summed up something else.
  else reader.readNullableString()
  checkSeal(reader, checksum.end, checksum.value)
  return digest === undefined ? null : { zxid, version, digest }
}

interface Checksum {
  readonly end: number
  readonly value: number
}

/** The checksum goes on over the seals themselves. */
function checkSeal(reader: JuteReader, from: number, before: number): Checksum {
  const end = reader.position
  const value = adler32(reader.bytes.subarray(from, end), before)
  const found = reader.readLong()
  const path = reader.readString()
  if (found !== value || path !== '/') throw new JuteError(`the checksum at ${end} of the snapshot is wrong`)
  return { end, value }
}

/** Chunk by chunk; the tree may change between two chunks. */
export function* encodeSnapshot(tree: DataTree, sessions: ReadonlyMap<bigint, number>): Generator<Buffer> {
  const start = new JuteWriter()
  start.writeInt(MAGIC)
  start.writeInt(VERSION)
  start.writeLong(-1)
  start.writeInt(sessions.size)
  for (const [id, timeoutMs] of sessions) {
    start.writeBigLong(id)
    start.writeInt(timeoutMs)
  }
  const head = start.finish()
  let checksum = adler32(head)
  yield head
  for (const chunk of tree.serialize()) {
    checksum = adler32(chunk, checksum)
    yield chunk
  }
  const end = new JuteWriter()
  end.writeLong(checksum)
  end.writeString('/')
  end.writeLong(tree.lastZxid)
  end.writeInt(DIGEST_VERSION)
  end.writeBigLong(tree.lastZxid === 0 ? 0n : BigInt(tree.digest))
  const sealed = end.finish()
  const second = new JuteWriter(16)
  second.writeLong(adler32(sealed, checksum))
  second.writeString('/')
  yield Buffer.concat([sealed, second.finish()])
}

/** Throws {@link JuteError}, and the system's errors. */
export function readSnapshotFile(fs: FileSystem, path: string): Snapshot {
  if (path.endsWith('.snappy')) throw new JuteError('snapshots compressed with snappy are not supported')
  const bytes = fs.readFileSync(path)
  if (!path.endsWith('.gz')) return decodeSnapshot(bytes)
  let plain: Buffer
  try {
    plain = gunzipSync(bytes, { maxOutputLength: MAX_UNCOMPRESSED_BYTES })
  } catch (error) {
    throw new JuteEndError(`not readable as gzip: ${String(error)}`)
  }
  return decodeSnapshot(plain)
}

/** A name that neither we nor ZooKeeper take for a snapshot. */
export const UNFINISHED_SNAPSHOT = 'unfinished-snapshot'

/**
 * Appears under its name only when it is whole and, with `sync`, on the disk. `pause` is awaited between chunks, so
 * that a large tree does not hold up everything else.
 */
export async function writeSnapshotFile(
  fs: FileSystem,
  directory: string,
  name: string,
  chunks: Iterable<Buffer>,
  options: { sync: boolean; pause?: () => Promise<void> },
): Promise<void> {
  const temporary = `${directory}/${UNFINISHED_SNAPSHOT}`
  fs.removeSync(temporary)
  const file = fs.openSync(temporary, 'create')
  try {
    let position = 0
    for (const chunk of chunks) {
      await file.write([chunk], position)
      position += chunk.length
      await options.pause?.()
    }
    if (options.sync) await file.sync()
  } finally {
    file.closeSync()
  }
  fs.renameSync(temporary, `${directory}/${name}`)
  if (options.sync) await fs.syncDirectory(directory)
}
