import { VarintReader } from '../base/varint.ts'
import * as batch from './batch-header.ts'
import { nextBatch } from './batch-iteration.ts'
import { hasLinkedBlocks } from './compression/lz4.ts'
import { InvalidBatchError } from './errors.ts'
import { RecordChecks, type RecordRules } from './record-checks.ts'
import { DEFAULT_MAX_DECOMPRESSED_BYTES, recordSection, requireWholeBatch } from './record-section.ts'
import {
  invalidRecord,
  MIN_RECORD_BYTES,
  RawRecord,
  readRawRecord,
  translateRecordError,
} from './record-v2.ts'

const LZ4 = 3

export interface ValidateOptions extends RecordRules {
  readonly maxDecompressedBytes?: number
  /** The decompressed records, when the caller has them already (see `recordSectionAsync`). */
  readonly section?: Buffer
}

export interface ValidatedBatch {
  readonly count: number
  /** The latest timestamp that a record really has, -1 for none. The head may say something else; Kafka corrects it. */
  readonly maxTimestampMs: number
  /** Counted from the base offset: the first record with that timestamp, -1 for none. */
  readonly offsetDeltaOfMaxTimestamp: number
}

/**
 * What a broker demands of the head of a v2 batch that a client sends (Kafka's LogValidator.validateBatch): a count that
 * agrees with the offsets, no control batch, sequence numbers when there is a producer id. Constant time.
 */
export function validateProducedHead(buffer: Buffer, at: number): void {
  const offsets = batch.lastOffsetDelta(buffer, at) + 1
  const count = batch.recordCount(buffer, at)
  if (offsets <= 0) throw invalidRecord(`Batch has an invalid offset range: last offset delta ${offsets - 1}`)
  if (count <= 0) throw invalidRecord(`Invalid reported count for record batch: ${count}`)
  if (count !== offsets) {
    throw invalidRecord(`Inconsistent batch offset range: ${offsets} offsets for ${count} records`)
  }
  if (batch.isControl(buffer, at)) throw invalidRecord('Clients are not allowed to write control records')
  const sequence = batch.baseSequence(buffer, at)
  if (batch.hasProducerId(buffer, at) && sequence < 0) {
    throw invalidRecord(`Invalid sequence number ${sequence} in record batch with producerId`)
  }
}

/**
 * Walks the records of the v2 batch at `at` and checks all that Kafka's LogValidator and DefaultRecordBatch check in
 * them: lengths that agree, the declared count and no byte more, offsets that count up from 0, keys and timestamps as
 * the topic demands. Allocates nothing per record; decompresses first when the batch is compressed.
 *
 * The checksum is `isCrcValid`'s task and the head is {@link validateProducedHead}'s. Throws InvalidBatchError.
 */
export function validateRecordStructure(
  buffer: Buffer,
  at: number,
  options: ValidateOptions = {},
): ValidatedBatch {
  const size = nextBatch(buffer, at, buffer.length)
  requireWholeBatch(buffer, at, size)
  if (batch.magic(buffer, at) !== batch.MAGIC_V2)
    throw invalidRecord('only v2 batches are validated in place')
  const stored = at + batch.RECORD_BATCH_OVERHEAD
  if (batch.codecId(buffer, at) === LZ4 && hasLinkedBlocks(buffer.subarray(stored, at + size))) {
    throw new InvalidBatchError('corrupt', 'LZ4 blocks that depend on each other are not supported by Kafka')
  }
  const count = batch.recordCount(buffer, at)
  const section =
    options.section ??
    recordSection(buffer, at, options.maxDecompressedBytes ?? DEFAULT_MAX_DECOMPRESSED_BYTES)
  if (count < 0 || count > section.length / MIN_RECORD_BYTES) {
    throw invalidRecord(`a batch of ${section.length} bytes cannot hold ${count} records`)
  }
  const type = batch.timestampType(buffer, at)
  const checks = new RecordChecks(options, type)
  const appendTime = type === batch.LOG_APPEND_TIME ? batch.maxTimestamp(buffer, at) : undefined
  const result = walk(section, count, batch.baseTimestamp(buffer, at), appendTime, checks)
  checks.finish()
  return result
}

function walk(
  section: Buffer,
  count: number,
  baseTimestamp: number,
  appendTime: number | undefined,
  checks: RecordChecks,
): ValidatedBatch {
  const reader = new VarintReader(section)
  const raw = new RawRecord()
  let maxTimestampMs = batch.NO_TIMESTAMP
  let offsetDeltaOfMaxTimestamp = -1
  try {
    for (let i = 0; i < count; i++) {
      readRawRecord(reader, raw)
      const timestampMs = appendTime ?? baseTimestamp + raw.timestampDelta
      const hasKey = raw.keyLength >= 0
      if (raw.offsetDelta !== i || !checks.isPlain(timestampMs, hasKey)) {
        if (checks.check(i, timestampMs, hasKey) && raw.offsetDelta !== i) {
          checks.add(
            i,
            `Inner record ${i} does not have incremental offsets: its offset is ${raw.offsetDelta}`,
          )
        }
      }
      if (timestampMs > maxTimestampMs) {
        maxTimestampMs = timestampMs
        offsetDeltaOfMaxTimestamp = i
      }
    }
  } catch (error) {
    throw translateRecordError(error)
  }
  if (reader.remaining > 0) {
    throw invalidRecord(
      `Incorrect declared batch size, records still remaining in file: ${reader.remaining} bytes`,
    )
  }
  return { count, maxTimestampMs, offsetDeltaOfMaxTimestamp }
}
