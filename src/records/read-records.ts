import { BatchCursor } from './batch-cursor.ts'
import * as batch from './batch-header.ts'
import { batchStarts, nextBatch } from './batch-iteration.ts'
import { readLegacyRecords } from './legacy.ts'
import { DEFAULT_MAX_DECOMPRESSED_BYTES, recordSection, requireWholeBatch } from './record-section.ts'
import type { LogRecord } from './record-v2.ts'

export interface ReadOptions {
  readonly maxDecompressedBytes?: number
  /** The decompressed records of a v2 batch, when the caller has them already (see `recordSectionAsync`). */
  readonly section?: Buffer
}

/**
 * The records of the batch at `at`, of any magic, in order. Checksums are not looked at: that is `isCrcValid`'s task.
 * A fault throws InvalidBatchError when the record that has it is reached; those before it are good.
 */
export function* readRecords(
  buffer: Buffer,
  at: number,
  options: ReadOptions = {},
): Generator<LogRecord, void> {
  const size = nextBatch(buffer, at, buffer.length)
  requireWholeBatch(buffer, at, size)
  const maxBytes = options.maxDecompressedBytes ?? DEFAULT_MAX_DECOMPRESSED_BYTES
  if (batch.magic(buffer, at) < batch.MAGIC_V2) {
    yield* readLegacyRecords(buffer, at, { maxBytes })
    return
  }
  const section =
    options.section ?? (batch.recordCount(buffer, at) > 0 ? recordSection(buffer, at, maxBytes) : undefined)
  const cursor = new BatchCursor(buffer, at, section)
  while (cursor.next()) {
    const { offset, timestampMs, key, value, headers, sequence } = cursor
    yield { offset, timestampMs, key, value, headers, sequence }
  }
}

/** The records of all batches in a buffer, up to its end or to a batch that is cut off (as fetch responses have it). */
export function* readAllRecords(buffer: Buffer, options: ReadOptions = {}): Generator<LogRecord, void> {
  for (const at of batchStarts(buffer)) yield* readRecords(buffer, at, options)
}
