import { join } from 'node:path'
import type { FileSystem } from '../base/file-system.ts'
import { readFully } from './batch-scan.ts'
import { CLEANED_SUFFIX, LOG_SUFFIX, offsetFileName } from './file-names.ts'
import { Segment, type SegmentOptions } from './segment.ts'

const CHUNK_BYTES = 1024 * 1024

/**
 * Moves what lies from `position` on into a segment of its own, which begins with `baseOffset`. Indexes hold offsets as 32
 * bits from the segment's base; compaction by Kafka before 1.1 made segments that reach further
 * (UnifiedLog.splitOverflowedSegment).
 *
 * After a crash in between the bytes lie in both segments, the first is recovered again, and ends here again.
 */
export async function splitSegment(
  segment: Segment,
  position: number,
  options: SegmentOptions,
): Promise<Segment> {
  const path = join(options.dir, offsetFileName(options.baseOffset, LOG_SUFFIX))
  await copyTail(options.fs, segment, position, path + CLEANED_SUFFIX)
  options.fs.renameSync(path + CLEANED_SUFFIX, path)
  segment.cutFile(position)
  return Segment.open(options)
}

async function copyTail(fs: FileSystem, segment: Segment, from: number, path: string): Promise<void> {
  fs.removeSync(path)
  const copy = fs.openSync(path, 'create')
  try {
    await segment.file.using(async (file) => {
      for (let at = from; at < segment.sizeBytes; ) {
        // A buffer of its own each time: the write may still look at the one before.
        const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, segment.sizeBytes - at))
        const filled = await readFully(file, buffer, at, buffer.length)
        if (filled === 0) return
        await copy.write([buffer.subarray(0, filled)], at - from)
        at += filled
      }
    })
    await copy.sync()
  } finally {
    copy.closeSync()
  }
}
