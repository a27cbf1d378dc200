import type { File } from '../base/file-system.ts'
import * as batch from '../records/index.ts'

/** What is read at a time where every byte is looked at: reading one takes as long as checking one. */
const PIECE_BYTES = 512 * 1024
/** Most searches end in it. */
const FIRST_PIECE_BYTES = 64 * 1024
/** Where only heads are looked at: holds what lies between two index entries when batches are small. */
export const HEAD_CHUNK_BYTES = 8192
/** Where most likely the first head is the one that is looked for. */
export const ONE_HEAD_BYTES = 128

/** What is added to it stays exact. */
const MAX_BASE_OFFSET = Number.MAX_SAFE_INTEGER - 2 ** 32

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

/** `buffer` from `start` to `end` is what the file has from `position` on. */
interface Piece {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
  readonly position: number
}

/**
 * Walks over whole batches from `from` to `to`. The visitor stops the walk with `false`: that batch is not counted. The
 * next piece is read while one is looked at, but not with the first, which is small.
 */
export async function scanBatches(
  file: File,
  from: number,
  to: number,
  visit: BatchVisitor,
): Promise<ScanResult> {
  const pieceBytes = Math.min(PIECE_BYTES, Math.max(0, to - from))
  // What is left of a piece, less than a batch, is put before the next one: hence twice the room.
  const read = async (into: Buffer | undefined, position: number, atMost = pieceBytes): Promise<Piece> => {
    const buffer = into ?? Buffer.allocUnsafe(2 * pieceBytes)
    const length = Math.min(atMost, to - position)
    const got = await readFully(file, buffer, position, length, pieceBytes)
    return { buffer, start: pieceBytes, end: pieceBytes + got, position }
  }
  let piece = await read(undefined, from, Math.min(pieceBytes, FIRST_PIECE_BYTES))
  let spare: Buffer | undefined
  for (let isFirst = true; piece.position < to; isFirst = false) {
    const { buffer, start, end } = piece
    const readUpTo = piece.position + end - start
    const ahead = isFirst || readUpTo >= to ? undefined : read(spare, readUpTo)
    try {
      const { at, reason } = visitWhole(piece, visit)
      const position = piece.position + at - start
      const left = end - at
      if (reason !== 'end') return { end: position, reason }
      if (left > 0 && readUpTo >= to) return { end: position, reason: 'torn' }
      const neededBytes = left < batch.LOG_OVERHEAD ? 0 : batch.batchSizeBytes(buffer, at)
      if (neededBytes > to - position) return { end: position, reason: 'torn' }
      if (neededBytes > pieceBytes) {
        const large = Buffer.allocUnsafe(neededBytes)
        const got = await readFully(file, large, position, neededBytes)
        if (got < neededBytes) return { end: position, reason: 'torn' }
        piece = { buffer: large, start: 0, end: neededBytes, position }
        continue
      }
      if (position === to) return { end: position, reason: 'end' }
      const next = await (ahead ?? read(spare, readUpTo))
      if (next.end === next.start) return { end: position, reason: 'torn' }
      buffer.copy(next.buffer, next.start - left, at, end)
      piece = { ...next, start: next.start - left, position }
      spare = buffer.length === next.buffer.length ? buffer : undefined
    } finally {
      // The file may be closed when we are done with it, and not before.
      await ahead?.catch(() => undefined)
    }
  }
  return { end: piece.position, reason: 'end' }
}

/** `at`: behind the last whole batch that was seen. */
function visitWhole(piece: Piece, visit: BatchVisitor): { at: number; reason: ScanResult['reason'] } {
  const { buffer, start, end, position } = piece
  let at = start
  try {
    for (let size = batch.nextBatch(buffer, at, end); size > 0; size = batch.nextBatch(buffer, at, end)) {
      if (!hasOffsets(buffer, at)) return { at, reason: 'corrupt' }
      if (visit(buffer, at, size, position + at - start) === false) return { at, reason: 'stopped' }
      at += size
    }
    return { at, reason: 'end' }
  } catch (error) {
    if (error instanceof batch.InvalidBatchError) return { at, reason: 'corrupt' }
    throw error
  }
}

/** The same with the heads only: `buffer` holds at least the head of the batch, perhaps not its records. */
export async function scanHeads(
  file: File,
  from: number,
  to: number,
  visit: BatchVisitor,
  chunkBytes = HEAD_CHUNK_BYTES,
): Promise<ScanResult> {
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(0, to - from)))
  let position = from
  while (position < to) {
    const filled = await readFully(file, buffer, position, Math.min(buffer.length, to - position))
    let at = 0
    while (filled - at >= batch.RECORD_BATCH_OVERHEAD || (at < filled && position + filled === to)) {
      const size = headSize(buffer, at, filled - at)
      if (size === undefined || !hasOffsets(buffer, at)) return { end: position + at, reason: 'corrupt' }
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

/** Base offsets are not covered by the checksum: a flipped bit can make one that no log has and no number holds. */
function hasOffsets(buffer: Buffer, at: number): boolean {
  const baseOffset = batch.baseOffset(buffer, at)
  return baseOffset >= 0 && baseOffset < MAX_BASE_OFFSET
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
export async function readFully(
  file: File,
  into: Buffer,
  position: number,
  length: number,
  at = 0,
): Promise<number> {
  let got = 0
  while (got < length) {
    const read = await file.read(into, at + got, length - got, position + got)
    if (read === 0) break
    got += read
  }
  return got
}
