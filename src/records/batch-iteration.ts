import {
  HEADER_SIZE_UP_TO_MAGIC,
  LEGACY_RECORD_OVERHEAD_V0,
  LEGACY_RECORD_OVERHEAD_V1,
  LENGTH_OFFSET,
  LOG_OVERHEAD,
  MAGIC_OFFSET,
  MAGIC_V1,
  MAGIC_V2,
  RECORD_BATCH_OVERHEAD,
} from './batch-header.ts'
import { InvalidBatchError } from './errors.ts'

/** There is nothing more: `at` is the end. */
export const END_OF_BATCHES = 0
/** The buffer ends inside the batch at `at`: ask for more bytes, or cut the tail off. */
export const TRUNCATED = -1

/**
 * The size in bytes of the batch at `at`, or {@link END_OF_BATCHES}, or {@link TRUNCATED}. A positive answer means that
 * the whole batch lies before `end`, that its magic is 0, 1 or 2, and that its head is there whole.
 *
 *     let size = nextBatch(buffer, at, end)
 *     for (; size > 0; size = nextBatch(buffer, at, end)) { …; at += size }
 *
 * Throws {@link InvalidBatchError} for a length or a magic that no batch can have: there is no way on from there
 * (Kafka's ByteBufferLogInputStream and LogValidator).
 */
export function nextBatch(buffer: Buffer, at: number, end: number): number {
  if (at >= end) return END_OF_BATCHES
  const left = end - at
  if (left < LOG_OVERHEAD) return TRUNCATED
  const size = checkedBatchSize(buffer, at, left)
  if (size > left || left < HEADER_SIZE_UP_TO_MAGIC) return TRUNCATED
  return size
}

/** Where each whole batch starts, up to the end or to a batch that is cut off. For paths that are not hot. */
export function* batchStarts(buffer: Buffer, start = 0, end = buffer.length): Generator<number, void> {
  let at = start
  for (let size = nextBatch(buffer, at, end); size > 0; size = nextBatch(buffer, at, end)) {
    yield at
    at += size
  }
}

/**
 * The size that the head at `at` claims; `headBytes` of it are in the buffer, at least 12. With 17 or more the magic is
 * checked too. For readers of files, who have only heads in memory. Throws as {@link nextBatch}.
 */
export function checkedBatchSize(buffer: Buffer, at: number, headBytes: number): number {
  const length = buffer.readInt32BE(at + LENGTH_OFFSET)
  if (length < LEGACY_RECORD_OVERHEAD_V0) {
    throw new InvalidBatchError(
      'corrupt',
      `Record size ${length} is less than the minimum record overhead (${LEGACY_RECORD_OVERHEAD_V0})`,
    )
  }
  if (headBytes >= HEADER_SIZE_UP_TO_MAGIC) checkMagic(buffer.readInt8(at + MAGIC_OFFSET), length)
  return length + LOG_OVERHEAD
}

function checkMagic(magic: number, length: number): void {
  if (magic < 0 || magic > MAGIC_V2)
    throw new InvalidBatchError('corrupt', `Invalid magic found in record: ${magic}`)
  const least =
    magic === MAGIC_V2
      ? RECORD_BATCH_OVERHEAD - LOG_OVERHEAD
      : magic === MAGIC_V1
        ? LEGACY_RECORD_OVERHEAD_V1
        : LEGACY_RECORD_OVERHEAD_V0
  if (length < least) {
    throw new InvalidBatchError(
      'corrupt',
      `a batch of magic ${magic} has ${length} bytes, the least is ${least}`,
    )
  }
}
