import { assert } from '../base/assert.ts'
import { BatchBuilder } from './batch-builder.ts'
import * as batch from './batch-header.ts'
import { batchStarts, nextBatch } from './batch-iteration.ts'
import { type CodecId, codecName } from './compression/index.ts'
import { InvalidBatchError } from './errors.ts'
import { readLegacyRecords } from './legacy.ts'
import { RecordChecks, type RecordRules } from './record-checks.ts'
import { DEFAULT_MAX_DECOMPRESSED_BYTES } from './record-section.ts'
import { invalidRecord, type LogRecord } from './record-v2.ts'

export interface ConvertOptions extends RecordRules {
  /** Of the new batch; absent: as the producer compressed (`compression.type=producer`). */
  readonly codec?: CodecId
  readonly level?: number
  readonly baseOffset?: number
  readonly partitionLeaderEpoch?: number
  readonly maxDecompressedBytes?: number
}

export interface ConvertedBatch {
  readonly batch: Buffer
  readonly count: number
  readonly maxTimestampMs: number
  /** Of the first record with that timestamp, -1 for none. */
  readonly offsetOfMaxTimestamp: number
}

/**
 * One v2 batch with all records of a v0 or v1 message set, as a broker stores what old producers send (Kafka's
 * LogValidator). Offsets are given anew from `baseOffset`. Messages without timestamps keep having none, unless the
 * topic has LogAppendTime (`timestampType` 1): then `nowMs` counts for all. A message that is cut off at the end is
 * left out. Throws InvalidBatchError when anything else is wrong, checksums included, inside and outside.
 */
export function convertToV2(
  buffer: Buffer,
  start: number,
  end: number,
  options: ConvertOptions = {},
): ConvertedBatch {
  const first = start < end && nextBatch(buffer, start, end) > 0
  if (!first) throw invalidRecord('a message set without a whole message')
  const magic = batch.magic(buffer, start)
  assert(magic < batch.MAGIC_V2, 'a v2 batch needs no conversion')
  const { timestampType = batch.CREATE_TIME, nowMs = 0 } = options
  const codec = options.codec ?? sourceCodec(buffer, start, end)
  const builder = new BatchBuilder({
    codec,
    level: options.level,
    baseOffset: options.baseOffset ?? 0,
    partitionLeaderEpoch: options.partitionLeaderEpoch ?? batch.NO_PARTITION_LEADER_EPOCH,
    ...(timestampType === batch.LOG_APPEND_TIME && { logAppendTimeMs: nowMs }),
  })
  const maxBytes = options.maxDecompressedBytes ?? DEFAULT_MAX_DECOMPRESSED_BYTES
  for (const at of batchStarts(buffer, start, end)) {
    requireIntact(buffer, at, magic)
    const left = Math.max(0, maxBytes - builder.uncompressedSizeBytes)
    const records = readLegacyRecords(buffer, at, { maxBytes: left, checkInner: true })
    const checks = new RecordChecks(options, batch.timestampType(buffer, at))
    records.forEach((record, i) => {
      checks.check(builder.recordCount + i, record.timestampMs, record.key !== null)
    })
    checks.finish()
    for (const record of records) appendConverted(builder, record)
  }
  return {
    batch: builder.build(),
    count: builder.recordCount,
    maxTimestampMs: builder.maxTimestampMs,
    offsetOfMaxTimestamp: builder.offsetOfMaxTimestamp,
  }
}

function appendConverted(builder: BatchBuilder, record: LogRecord): void {
  if (record.timestampMs < batch.NO_TIMESTAMP) {
    throw new InvalidBatchError('invalid-timestamp', `Invalid negative timestamp ${record.timestampMs}`)
  }
  builder.append(record.timestampMs, record.key, record.value)
}

function requireIntact(buffer: Buffer, at: number, magic: number): void {
  const found = batch.magic(buffer, at)
  if (found !== magic) {
    throw invalidRecord(`Batch magic ${found} is not the same as the first batch's magic byte ${magic}`)
  }
  if (!batch.isCrcValid(buffer, at)) throw new InvalidBatchError('corrupt', 'a message has a bad checksum')
}

/** The last codec that is not none: what Kafka takes for the producer's. */
function sourceCodec(buffer: Buffer, start: number, end: number): CodecId {
  let codec = 0
  for (const at of batchStarts(buffer, start, end)) {
    codec = batch.codecId(buffer, at) || codec
  }
  codecName(codec)
  return codec as CodecId
}
