import path from 'node:path'
import type { FileSystem } from '../base/file-system.ts'
import { lastOffset } from '../records/index.ts'
import {
  CLEANED_SUFFIX,
  INDEX_SUFFIX,
  LOG_SUFFIX,
  offsetFileName,
  offsetOfFileName,
  SNAPSHOT_SUFFIX,
  SWAP_SUFFIX,
  scanBatches,
  TIME_INDEX_SUFFIX,
  TXN_INDEX_SUFFIX,
} from '../storage/index.ts'

/** Which files of a partition's directory make up its log. */
export interface LogListing {
  /** Base offsets of the segments, ascending. */
  readonly segments: readonly number[]
  /** Offsets of the producer snapshots, newest first. */
  readonly snapshots: readonly number[]
  /** Segments that lie under the name that an unfinished compaction gave them; see ReadOnlyFiles. */
  readonly aliases: ReadonlyMap<string, string>
}

/**
 * Reads a directory as recovery would (LogLoader.removeTempFilesAndCollectSwapFiles), without doing what it does:
 * `.deleted` and `.cleaned` files are not there; a `.swap` segment stands in the place of those that it covers, unless it
 * is part of a split that was not finished.
 */
export async function listLog(fs: FileSystem, dir: string): Promise<LogListing> {
  const names = fs.readdirSync(dir)
  const offsetsWith = (suffix: string) =>
    names.flatMap((name) => (name.slice(20) === suffix ? (offsetOfFileName(name) ?? []) : []))
  const leastCleaned = Math.min(
    ...names
      .filter((name) => name.endsWith(CLEANED_SUFFIX))
      .map((name) => offsetOfFileName(name) ?? Infinity),
  )
  const swapped = offsetsWith(LOG_SUFFIX + SWAP_SUFFIX).filter((offset) => offset < leastCleaned)
  const covered = await coveredBy(fs, dir, swapped)
  const live = offsetsWith(LOG_SUFFIX).filter((offset) => offset < covered.from || offset >= covered.to)
  const aliases = new Map<string, string>()
  for (const offset of swapped) {
    for (const suffix of [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX]) {
      const file = path.join(dir, offsetFileName(offset, suffix))
      aliases.set(file, file + SWAP_SUFFIX)
    }
  }
  return {
    segments: [...new Set([...live, ...swapped])].sort((a, b) => a - b),
    snapshots: offsetsWith(SNAPSHOT_SUFFIX).sort((a, b) => b - a),
    aliases,
  }
}

/** The offsets that the swapped segments have taken over. */
async function coveredBy(
  fs: FileSystem,
  dir: string,
  swapped: readonly number[],
): Promise<{ from: number; to: number }> {
  let to = -1
  for (const offset of swapped) {
    const file = fs.openSync(path.join(dir, offsetFileName(offset, LOG_SUFFIX) + SWAP_SUFFIX), 'r')
    try {
      await scanBatches(file, 0, file.sizeSync(), (buffer, at) => {
        to = Math.max(to, lastOffset(buffer, at) + 1)
        return undefined
      })
    } finally {
      file.closeSync()
    }
  }
  return { from: Math.min(...swapped), to }
}
