import { join } from 'node:path'
import type { FileSystem } from '../../base/file-system.ts'
import type { Logger } from '../../base/logger.ts'
import * as batch from '../../records/index.ts'
import { scanHeads } from '../batch-scan.ts'
import {
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  LOG_SUFFIX,
  offsetOfFileName,
  SNAPSHOT_SUFFIX,
  SWAP_SUFFIX,
} from '../file-names.ts'

/**
 * Brings a partition's directory back to whole segments after a crash (LogLoader.removeTempFilesAndCollectSwapFiles and
 * what follows): in the middle of a deletion (`.deleted`: finish it), of a compaction before it was decided (`.cleaned`:
 * undo it) or after (`.swap`: finish it, which replaces the segments that the new one covers). A crash in here leaves
 * what the next start can go on with.
 */
export async function finishInterruptedSwap(
  fs: FileSystem,
  dir: string,
  partition: string,
  logger: Logger,
): Promise<void> {
  const names = fs.readdirSync(dir).sort()
  const path = (name: string) => join(dir, name)
  const withSuffix = (suffix: string) => names.filter((name) => name.endsWith(suffix))
  for (const name of withSuffix(DELETED_SUFFIX)) fs.removeSync(path(name))
  const cleaned = withSuffix(CLEANED_SUFFIX)
  const leastCleaned = Math.min(...cleaned.map((name) => offsetOfFileName(name) ?? Number.POSITIVE_INFINITY))
  const swaps: string[] = []
  for (const name of withSuffix(SWAP_SUFFIX)) {
    // Not all of its files have become .swap, or it is part of a split: the old segments are still there. These go
    // before the .cleaned ones, without which they would look as if they were to be used.
    if ((offsetOfFileName(name) ?? 0) >= leastCleaned) fs.removeSync(path(name))
    else swaps.push(name)
  }
  for (const name of cleaned) fs.removeSync(path(name))
  if (swaps.length === 0) return
  logger.info(`finishing an interrupted swap of segments of ${partition}`)
  const covered = await swappedRange(fs, dir, swaps)
  for (const name of names) {
    const offset = offsetOfFileName(name)
    const isLive = [SWAP_SUFFIX, SNAPSHOT_SUFFIX, CLEANED_SUFFIX, DELETED_SUFFIX].every(
      (suffix) => !name.endsWith(suffix),
    )
    if (isLive && offset !== undefined && offset >= covered.from && offset < covered.to)
      fs.removeSync(path(name))
  }
  for (const name of swaps) fs.renameSync(path(name), path(name.slice(0, -SWAP_SUFFIX.length)))
}

/** From the first offset that a new segment may hold to behind its last batch. */
async function swappedRange(
  fs: FileSystem,
  dir: string,
  swaps: readonly string[],
): Promise<{ from: number; to: number }> {
  let from = Number.POSITIVE_INFINITY
  let to = -1
  for (const name of swaps.filter((each) => each.endsWith(LOG_SUFFIX + SWAP_SUFFIX))) {
    const baseOffset = offsetOfFileName(name) ?? 0
    from = Math.min(from, baseOffset)
    to = Math.max(to, baseOffset)
    const file = fs.openSync(join(dir, name), 'r')
    try {
      await scanHeads(file, 0, file.sizeSync(), (buffer, at) => {
        to = Math.max(to, batch.lastOffset(buffer, at) + 1)
        return undefined
      })
    } finally {
      file.closeSync()
    }
  }
  return { from, to }
}
