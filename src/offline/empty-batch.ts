import { writeInt64 } from '../base/int64.ts'
import {
  BASE_SEQUENCE_OFFSET,
  BASE_TIMESTAMP_OFFSET,
  CRC_OFFSET,
  computeCrc,
  LAST_OFFSET_DELTA_OFFSET,
  LENGTH_OFFSET,
  LOG_OVERHEAD,
  MAGIC_OFFSET,
  MAGIC_V2,
  MAX_TIMESTAMP_OFFSET,
  NO_PARTITION_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
  PARTITION_LEADER_EPOCH_OFFSET,
  PRODUCER_EPOCH_OFFSET,
  PRODUCER_ID_OFFSET,
  RECORD_BATCH_OVERHEAD,
  setBaseOffset,
} from '../records/index.ts'

const MAX_OFFSET_DELTA = 0x7fffffff

/**
 * A batch without records from `first` to `last` (at most 2^31 offsets), as compaction leaves behind where all records of
 * a producer's last batch have gone (DefaultRecordBatch.writeEmptyHeader). Readers go past it.
 */
export function emptyBatch(first: number, last: number): Buffer {
  const batch = Buffer.alloc(RECORD_BATCH_OVERHEAD)
  setBaseOffset(batch, 0, first)
  batch.writeInt32BE(RECORD_BATCH_OVERHEAD - LOG_OVERHEAD, LENGTH_OFFSET)
  batch.writeInt32BE(NO_PARTITION_LEADER_EPOCH, PARTITION_LEADER_EPOCH_OFFSET)
  batch.writeInt8(MAGIC_V2, MAGIC_OFFSET)
  batch.writeInt32BE(Math.min(last - first, MAX_OFFSET_DELTA), LAST_OFFSET_DELTA_OFFSET)
  writeInt64(batch, BASE_TIMESTAMP_OFFSET, NO_TIMESTAMP)
  writeInt64(batch, MAX_TIMESTAMP_OFFSET, NO_TIMESTAMP)
  writeInt64(batch, PRODUCER_ID_OFFSET, NO_PRODUCER_ID)
  batch.writeInt16BE(NO_PRODUCER_EPOCH, PRODUCER_EPOCH_OFFSET)
  batch.writeInt32BE(NO_SEQUENCE, BASE_SEQUENCE_OFFSET)
  batch.writeUInt32BE(computeCrc(batch, 0), CRC_OFFSET)
  return batch
}
