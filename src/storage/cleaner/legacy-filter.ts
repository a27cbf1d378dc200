import { writeInt64 } from '../../base/int64.ts'
import * as batch from '../../records/index.ts'

export interface FilteredLegacy {
  /** Whole messages, one behind the other. */
  readonly parts: readonly Buffer[]
  readonly count: number
}

/**
 * What stays of a message of format v0 or v1, which Kafka wrote before 0.11. What stays whole is copied. A compressed
 * wrapper that loses messages is taken apart: those that stay are written as they are, not compressed (Kafka would
 * compress them again).
 */
export function filterLegacy(
  buffer: Buffer,
  at: number,
  stays: (record: batch.LogRecord) => boolean,
): FilteredLegacy {
  const records = [...batch.readRecords(buffer, at)]
  const kept = records.filter(stays)
  if (kept.length === 0) return { parts: [], count: 0 }
  if (kept.length === records.length) {
    return { parts: [buffer.subarray(at, at + batch.batchSizeBytes(buffer, at))], count: kept.length }
  }
  const magic = batch.magic(buffer, at)
  const hasAppendTime = batch.timestampType(buffer, at) === batch.LOG_APPEND_TIME
  return { parts: kept.map((record) => message(magic, hasAppendTime, record)), count: kept.length }
}

const HEAD_V0 = 18
const HEAD_V1 = 26

/** An uncompressed message: see `records/legacy.ts` for its bytes. */
function message(magic: number, hasAppendTime: boolean, record: batch.LogRecord): Buffer {
  const head = magic === batch.MAGIC_V0 ? HEAD_V0 : HEAD_V1
  const keyBytes = record.key?.length ?? 0
  const out = Buffer.alloc(head + 8 + keyBytes + (record.value?.length ?? 0))
  writeInt64(out, 0, record.offset)
  out.writeInt32BE(out.length - batch.LOG_OVERHEAD, batch.LENGTH_OFFSET)
  out.writeInt8(magic, batch.MAGIC_OFFSET)
  if (magic === batch.MAGIC_V1) {
    out.writeInt8(hasAppendTime ? batch.TIMESTAMP_TYPE_MASK : 0, 17)
    writeInt64(out, 18, record.timestampMs)
  }
  out.writeInt32BE(record.key?.length ?? -1, head)
  record.key?.copy(out, head + 4)
  out.writeInt32BE(record.value?.length ?? -1, head + 4 + keyBytes)
  record.value?.copy(out, head + 8 + keyBytes)
  out.writeUInt32BE(batch.computeCrc(out, 0), 12)
  return out
}
