import type { File, FileSystem } from '../../base/file-system.ts'
import { readInt64 } from '../../base/int64.ts'
import * as batch from '../../records/index.ts'
import { BatchWalk } from '../batch-walk.ts'
import type { LogFilter } from './batch-filter.ts'

const INDEX_ENTRY_BYTES = 8
const TIME_ENTRY_BYTES = 12

/**
 * Where reading a `.log` file may begin: what the filter asks for does not lie before it. The indexes are asked, and what they
 * say is believed only when the batch they lead to agrees; else the answer is 0.
 */
export async function startPosition(
  fs: FileSystem,
  log: File,
  baseOffset: number,
  filter: LogFilter,
): Promise<number> {
  const stem = log.path.endsWith('.log') ? log.path.slice(0, -'.log'.length) : undefined
  if (stem === undefined) return 0
  let position = 0
  if (filter.fromOffset !== undefined) {
    const found = await positionOf(fs, log, `${stem}.index`, baseOffset, filter.fromOffset)
    position = found?.position ?? 0
  }
  if (filter.fromMs !== undefined) {
    const entry = await lastBefore(fs, `${stem}.timeindex`, TIME_ENTRY_BYTES, filter.fromMs, (bytes) => ({
      sort: readInt64(bytes, 0),
      offset: baseOffset + bytes.readInt32BE(8),
    }))
    // Up to this offset no record is later than the entry.
    const found = entry && (await positionOf(fs, log, `${stem}.index`, baseOffset, entry.offset))
    if (found !== undefined && (await agreesOnTime(log, found.position, entry)))
      position = Math.max(position, found.position)
  }
  return position
}

/** Of a batch that begins at or before `target`. */
async function positionOf(
  fs: FileSystem,
  log: File,
  path: string,
  baseOffset: number,
  target: number,
): Promise<{ position: number } | undefined> {
  const entry = await lastBefore(fs, path, INDEX_ENTRY_BYTES, target + 1, (bytes) => ({
    sort: baseOffset + bytes.readInt32BE(0),
    position: bytes.readInt32BE(4),
  }))
  if (entry === undefined || entry.position < 0) return undefined
  // The entry's own offset need not be this batch's: a follower makes one entry for several batches that came together.
  for await (const { buffer, at, position } of new BatchWalk(log, { from: entry.position })) {
    const agrees = batch.isCrcValid(buffer, at) && batch.baseOffset(buffer, at) <= target
    return agrees ? { position } : undefined
  }
  return undefined
}

async function agreesOnTime(
  log: File,
  from: number,
  entry: { readonly sort: number; readonly offset: number } | undefined,
): Promise<boolean> {
  if (entry === undefined) return false
  for await (const { buffer, at } of new BatchWalk(log, { from, read: 'head' })) {
    if (batch.lastOffset(buffer, at) < entry.offset) continue
    return batch.lastOffset(buffer, at) === entry.offset && batch.maxTimestamp(buffer, at) === entry.sort
  }
  return false
}

/** The last entry that sorts before `limit`, by binary search; undefined without such an entry or file. */
async function lastBefore<E extends { readonly sort: number }>(
  fs: FileSystem,
  path: string,
  entryBytes: number,
  limit: number,
  read: (bytes: Buffer) => E,
): Promise<E | undefined> {
  if (!fs.existsSync(path)) return undefined
  const file = fs.openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(entryBytes)
    const entryAt = async (i: number): Promise<E | undefined> => {
      const got = await file.read(bytes, 0, entryBytes, i * entryBytes)
      // What was allocated in advance is zero.
      return got < entryBytes || bytes.every((byte) => byte === 0) ? undefined : read(bytes)
    }
    let low = 0
    let high = Math.floor(file.sizeSync() / entryBytes)
    let best: E | undefined
    while (low < high) {
      const middle = (low + high) >>> 1
      const entry = await entryAt(middle)
      if (entry !== undefined && entry.sort < limit) {
        best = entry
        low = middle + 1
      } else high = middle
    }
    return best
  } finally {
    file.closeSync()
  }
}
