import { VarintReader } from '../base/varint.ts'
import * as batch from './batch-header.ts'
import { batchStarts, nextBatch } from './batch-iteration.ts'
import { readLegacyRecords } from './legacy.ts'
import { DEFAULT_MAX_DECOMPRESSED_BYTES, recordSection, requireWholeBatch } from './record-section.ts'
import {
  invalidRecord,
  type LogRecord,
  MIN_RECORD_BYTES,
  RawRecord,
  readHeaders,
  readRawRecord,
  translateRecordError,
  view,
} from './record-v2.ts'

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
  const count = batch.recordCount(buffer, at)
  if (count < 0) throw invalidRecord(`a batch with ${count} records`)
  if (count === 0) return
  yield* readSection(buffer, at, options.section ?? recordSection(buffer, at, maxBytes), count)
}

function* readSection(
  buffer: Buffer,
  at: number,
  section: Buffer,
  count: number,
): Generator<LogRecord, void> {
  if (count > section.length / MIN_RECORD_BYTES) {
    throw invalidRecord(`a batch of ${section.length} bytes cannot hold ${count} records`)
  }
  const baseOffset = batch.baseOffset(buffer, at)
  const baseSequence = batch.baseSequence(buffer, at)
  const baseTimestamp = batch.baseTimestamp(buffer, at)
  const appendTime =
    batch.timestampType(buffer, at) === batch.LOG_APPEND_TIME ? batch.maxTimestamp(buffer, at) : undefined
  const reader = new VarintReader(section)
  const raw = new RawRecord()
  for (let i = 0; i < count; i++) {
    try {
      readRawRecord(reader, raw)
    } catch (error) {
      throw translateRecordError(error)
    }
    yield {
      offset: baseOffset + raw.offsetDelta,
      timestampMs: appendTime ?? baseTimestamp + raw.timestampDelta,
      key: view(section, raw.keyAt, raw.keyLength),
      value: view(section, raw.valueAt, raw.valueLength),
      headers: readHeaders(section, raw),
      sequence: baseSequence < 0 ? batch.NO_SEQUENCE : batch.incrementSequence(baseSequence, raw.offsetDelta),
    }
  }
  if (reader.remaining > 0) throw invalidRecord(`${reader.remaining} bytes behind the last record of a batch`)
}

/** The records of all batches in a buffer, up to its end or to a batch that is cut off (as fetch responses have it). */
export function* readAllRecords(buffer: Buffer, options: ReadOptions = {}): Generator<LogRecord, void> {
  for (const at of batchStarts(buffer)) yield* readRecords(buffer, at, options)
}
