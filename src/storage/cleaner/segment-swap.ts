import { join } from 'node:path'
import type { FileSystem } from '../../base/file-system.ts'
import { CLEANED_SUFFIX, offsetFileName, SEGMENT_SUFFIXES, SWAP_SUFFIX } from '../file-names.ts'
import type { Segment } from '../segment.ts'

/**
 * Puts a cleaned segment in the place of others, in Kafka's order (LocalLog.replaceSegments), so that either program
 * can finish what a crash of the other has interrupted (`interrupted-swap.ts`):
 *
 *     1. `.cleaned` → `.swap`      while a .cleaned is left: undone at the next start
 *     2. old segments → `.deleted`  from here on: done at the next start
 *     3. `.swap` → its final name
 *
 * All in one turn of the loop. Gives what removes the old files, to be called when nobody reads them any more.
 */
export function swapFiles(
  fs: FileSystem,
  dir: string,
  baseOffset: number,
  replaced: readonly Segment[],
): (() => void)[] {
  rename(fs, dir, baseOffset, CLEANED_SUFFIX, SWAP_SUFFIX)
  const removals = replaced.map((segment) => segment.markDeleted())
  rename(fs, dir, baseOffset, SWAP_SUFFIX, '')
  return removals
}

function rename(fs: FileSystem, dir: string, baseOffset: number, from: string, to: string): void {
  for (const suffix of SEGMENT_SUFFIXES) {
    const path = join(dir, offsetFileName(baseOffset, suffix))
    if (fs.existsSync(path + from)) fs.renameSync(path + from, path + to)
  }
}
