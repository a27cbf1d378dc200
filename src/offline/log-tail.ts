import { isCrcValid, lastOffset, partitionLeaderEpoch } from '../records/index.ts'
import { type Segment, scanBatches } from '../storage/index.ts'

/** How a segment ends. */
export interface Tail {
  /** Behind the last good batch. */
  readonly end: number
  readonly nextOffset: number
  readonly epoch: number
  /** There are bytes behind it that are neither a batch cut short nor zeros. */
  readonly isDamaged: boolean
}

/** Reads and checks the batches from `from` on. From 0 on, the segment is indexed anew, in memory. */
export async function checkTail(segment: Segment, from: number): Promise<Tail> {
  let nextOffset = segment.baseOffset
  let epoch = -1
  const { end, reason } = await segment.file.using((file) =>
    scanBatches(file, from, segment.writtenBytes, (buffer, at, sizeBytes, position) => {
      if (!isCrcValid(buffer, at)) return false
      nextOffset = lastOffset(buffer, at) + 1
      epoch = partitionLeaderEpoch(buffer, at)
      // Keeps the largest timestamp; index entries are wanted only when the index is built again.
      segment.indexBatch(buffer, at, sizeBytes, position, from === 0 ? undefined : Infinity)
      return undefined
    }),
  )
  const isDamaged = reason === 'stopped' || (reason === 'corrupt' && !(await isZero(segment, end)))
  return { end, nextOffset, epoch, isDamaged }
}

/** A segment that is not the last has its largest time in its index; one without any entry was cut or lost. */
export async function ensureTimes(segment: Segment, timed: Set<Segment>): Promise<void> {
  await segment.ensureIndexes()
  if (segment.maxTimestamp.timestamp >= 0 || segment.writtenBytes === 0 || timed.has(segment)) return
  timed.add(segment)
  segment.resetIndexes()
  await checkTail(segment, 0)
}

/** Room that was made ahead (`preallocate`), or that a power failure left empty. */
async function isZero(segment: Segment, position: number): Promise<boolean> {
  const bytes = Buffer.alloc(64)
  await segment.file.using((file) => file.read(bytes, 0, bytes.length, position))
  return bytes.every((byte) => byte === 0)
}
