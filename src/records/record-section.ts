import * as batch from './batch-header.ts'
import { decompress, decompressAsync } from './compression/index.ts'
import { InvalidBatchError } from './errors.ts'

/**
 * How much a batch may become. Kafka has no bound because it decompresses as a stream; no client makes batches of this
 * size, and it keeps a bomb of a few kilobytes from taking the memory of the process.
 */
export const DEFAULT_MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024

function storedSection(buffer: Buffer, at: number): Buffer {
  return buffer.subarray(at + batch.RECORD_BATCH_OVERHEAD, at + batch.batchSizeBytes(buffer, at))
}

/** The records of the v2 batch at `at`, decompressed: a view of `buffer` when they are not compressed. */
export function recordSection(
  buffer: Buffer,
  at: number,
  maxBytes: number = DEFAULT_MAX_DECOMPRESSED_BYTES,
): Buffer {
  const stored = storedSection(buffer, at)
  return stored.length === 0 ? stored : decompress(batch.codecId(buffer, at), stored, maxBytes)
}

/** The same; large sections are decompressed off the event loop where the codec can. */
export async function recordSectionAsync(
  buffer: Buffer,
  at: number,
  maxBytes: number = DEFAULT_MAX_DECOMPRESSED_BYTES,
): Promise<Buffer> {
  const stored = storedSection(buffer, at)
  return stored.length === 0 ? stored : decompressAsync(batch.codecId(buffer, at), stored, maxBytes)
}

/** Throws unless the whole batch at `at`, with a magic we know, lies in the buffer. */
export function requireWholeBatch(buffer: Buffer, at: number, size: number): void {
  if (size <= 0) throw new InvalidBatchError('corrupt', `no whole batch at byte ${at} of ${buffer.length}`)
}
