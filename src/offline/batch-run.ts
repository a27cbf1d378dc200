import type { File } from '../base/file-system.ts'
import {
  baseOffset,
  HEADER_SIZE_UP_TO_MAGIC,
  InvalidBatchError,
  isCrcValid,
  lastOffset,
  nextBatch,
} from '../records/index.ts'
import { readFully } from '../storage/index.ts'

/** Whole batches with right checksums, one behind the other in a file, and why they end. */
export interface BatchRun {
  readonly bytes: Buffer
  /** Behind the last batch. */
  readonly position: number
  /** Behind the last record; the offset that was asked for when there is no batch. */
  readonly nextOffset: number
  /**
   * `full`: there may be more. `bound`: the next batch lies at or behind the bound, or the file's end is reached.
   * `damaged`: what lies at `position` is no whole batch with a right checksum.
   */
  readonly end: 'full' | 'bound' | 'damaged'
}

export interface RunLimits {
  readonly nextOffset: number
  /** Of the file. */
  readonly to: number
  readonly maxBytes: number
  /** Where the next segment begins: no offset of this one is so high. */
  readonly segmentEnd: number
  /** No batch that begins here or later. */
  readonly upperBound: number
  /** The first batch comes whole even when it is larger than `maxBytes`. */
  readonly minOne: boolean
}

/** Reads batches from `from` on. Every checksum is compared: who reads files without a broker must not trust them. */
export async function readBatches(file: File, from: number, limits: RunLimits): Promise<BatchRun> {
  const left = limits.to - from
  if (left <= 0)
    return { bytes: Buffer.alloc(0), position: from, nextOffset: limits.nextOffset, end: 'bound' }
  const wanted = Math.min(left, Math.max(limits.maxBytes, HEADER_SIZE_UP_TO_MAGIC))
  const run = cut(await readAt(file, from, wanted), from, limits, wanted === left)
  if (run.bytes.length > 0 || run.end !== 'full' || !limits.minOne) return run
  // The first batch is larger than what was asked for.
  const size = run.needed
  return cut(await readAt(file, from, Math.min(size, left)), from, limits, true)
}

async function readAt(file: File, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  const filled = await readFully(file, bytes, position, length)
  return filled === length ? bytes : bytes.subarray(0, filled)
}

/** `isAll`: nothing lies behind these bytes, so a batch that they end in is damaged. */
function cut(
  bytes: Buffer,
  from: number,
  limits: RunLimits,
  isAll: boolean,
): BatchRun & { readonly needed: number } {
  let at = 0
  let { nextOffset } = limits
  const run = (end: BatchRun['end'], needed = 0) => ({
    bytes: bytes.subarray(0, at),
    position: from + at,
    nextOffset,
    end,
    needed,
  })
  for (;;) {
    let size: number
    try {
      size = nextBatch(bytes, at, bytes.length)
    } catch (error) {
      if (error instanceof InvalidBatchError) return run('damaged')
      throw error
    }
    if (size === 0) return run(isAll ? 'bound' : 'full')
    if (size < 0) return isAll ? run('damaged') : run('full', claimedSize(bytes, at))
    if (at + size > limits.maxBytes && !(limits.minOne && at === 0)) return run('full')
    if (baseOffset(bytes, at) >= limits.upperBound) return run('bound')
    if (!isCrcValid(bytes, at)) return run('damaged')
    // Offsets stand outside of the checksum.
    const last = lastOffset(bytes, at)
    if (last < nextOffset || last >= limits.segmentEnd) return run('damaged')
    nextOffset = last + 1
    at += size
  }
}

/** Of a batch whose first 17 bytes are there. */
function claimedSize(bytes: Buffer, at: number): number {
  return bytes.length - at < 12 ? HEADER_SIZE_UP_TO_MAGIC : bytes.readInt32BE(at + 8) + 12
}
