import type { File } from '../base/file-system.ts'
import * as batch from '../records/index.ts'

/** What is read at a time: by recovery, which looks at every byte, and by lookups, which jump from head to head. */
const WHOLE_CHUNK_BYTES = 256 * 1024
/** Holds what lies between two index entries when batches are small. */
export const HEAD_CHUNK_BYTES = 8192

export interface ScanResult {
  /** Behind the last batch that was seen and is whole. */
  readonly end: number
  /** `stopped`: the visitor said so. `torn`: the file ends inside a batch. `corrupt`: no batch begins at `end`. */
  readonly reason: 'end' | 'stopped' | 'torn' | 'corrupt'
}

/** Sees one batch at `at` of `buffer`, which lies at `position` of the file. The bytes are only good during the call. */
export type BatchVisitor = (
  buffer: Buffer,
  at: number,
  sizeBytes: number,
  position: number,
) => boolean | undefined

/** Walks over whole batches from `from` to `to`. The visitor stops the walk with `false`: that batch is not counted. */
export async function scanBatches(
  file: File,
  from: number,
  to: number,
  visit: BatchVisitor,
): Promise<ScanResult> {
  let buffer: Buffer = Buffer.allocUnsafe(Math.min(WHOLE_CHUNK_BYTES, Math.max(0, to - from)))
  let position = from
  while (position < to) {
    const filled = await readFully(file, buffer, position, Math.min(buffer.length, to - position))
    let at = 0
    try {
      for (const start of batch.batchStarts(buffer, 0, filled)) {
        at = start
        const size = batch.batchSizeBytes(buffer, at)
        if (visit(buffer, at, size, position + at) === false) return { end: position + at, reason: 'stopped' }
        at += size
      }
    } catch (error) {
      if (error instanceof batch.InvalidBatchError) return { end: position + at, reason: 'corrupt' }
      throw error
    }
    position += at
    if (filled < buffer.length && position + (filled - at) < to) return { end: position, reason: 'torn' }
    if (at > 0) continue
    const needed = filled < batch.LOG_OVERHEAD ? Infinity : batch.batchSizeBytes(buffer, 0)
    if (needed > to - position || filled < buffer.length) return { end: position, reason: 'torn' }
    buffer = Buffer.allocUnsafe(needed)
  }
  return { end: position, reason: 'end' }
}

/** The same with the heads only: `buffer` holds at least the head of the batch, perhaps not its records. */
export async function scanHeads(
  file: File,
  from: number,
  to: number,
  visit: BatchVisitor,
): Promise<ScanResult> {
  const buffer = Buffer.allocUnsafe(Math.min(HEAD_CHUNK_BYTES, Math.max(0, to - from)))
  let position = from
  while (position < to) {
    const filled = await readFully(file, buffer, position, Math.min(buffer.length, to - position))
    let at = 0
    while (filled - at >= batch.RECORD_BATCH_OVERHEAD || (at < filled && position + filled === to)) {
      const size = headSize(buffer, at, filled - at)
      if (size === undefined) return { end: position + at, reason: 'corrupt' }
      if (size > to - position - at) return { end: position + at, reason: 'torn' }
      if (visit(buffer, at, size, position + at) === false) return { end: position + at, reason: 'stopped' }
      at += size
      if (at > filled) break
    }
    if (at === 0) return { end: position, reason: 'torn' }
    position += at
  }
  return { end: position, reason: 'end' }
}

/** Infinity when there are not even the bytes to say; undefined when no batch can begin so. */
function headSize(buffer: Buffer, at: number, left: number): number | undefined {
  if (left < batch.HEADER_SIZE_UP_TO_MAGIC) return Infinity
  try {
    return batch.checkedBatchSize(buffer.subarray(at, at + left), 0, left)
  } catch (error) {
    if (error instanceof batch.InvalidBatchError) return undefined
    throw error
  }
}

/** Fewer bytes than asked only at the end of the file. */
export async function readFully(file: File, into: Buffer, position: number, length: number): Promise<number> {
  let got = 0
  while (got < length) {
    const read = await file.read(into, got, length - got, position + got)
    if (read === 0) break
    got += read
  }
  return got
}
