import * as batch from '../records/index.ts'

/** Compressed batches from this size on are decompressed off the loop, for validation. */
const ASYNC_DECOMPRESS_BYTES = 64 * 1024

export function isLargeCompressed(records: Buffer): boolean {
  if (records.length < ASYNC_DECOMPRESS_BYTES) return false
  return batch.magic(records, 0) === batch.MAGIC_V2 && batch.codecId(records, 0) !== 0
}

/** Undefined when it cannot be done: validation then says what is wrong. */
export async function decompressed(records: Buffer): Promise<Buffer | undefined> {
  try {
    if (batch.nextBatch(records, 0, records.length) <= 0) return undefined
    return await batch.recordSectionAsync(records, 0)
  } catch (error) {
    if (error instanceof batch.InvalidBatchError) return undefined
    throw error
  }
}
