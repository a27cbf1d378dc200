/**
 * The head of a record batch, read and changed where it lies (org.apache.kafka.common.record.DefaultRecordBatch).
 *
 *     at  bytes  v2 batch                            v0, v1 message
 *      0      8  base offset                         offset (of a compressed wrapper: the last one inside)
 *      8      4  length of all that follows          the same
 *     12      4  partition leader epoch              CRC-32 of all that follows
 *     16      1  magic (2)                           magic (0 or 1)
 *     17      4  CRC-32C of all that follows         17: attributes, 1 byte; v1: 18: timestamp, 8 bytes
 *     21      2  attributes                          then key and value, each with a 4-byte length (-1: null)
 *     23      4  last offset delta
 *     27      8  base timestamp, or delete horizon
 *     35      8  max timestamp
 *     43      8  producer id (-1: none)
 *     51      2  producer epoch (-1: none)
 *     53      4  base sequence (-1: none)
 *     57      4  record count
 *     61         records
 *
 *     attributes  bits 0-2 codec, 3 timestamp type (1: log append time), 4 transactional, 5 control,
 *                 6 base timestamp is the delete horizon (v0, v1: only the codec; v1: and the timestamp type)
 *
 * Every function takes the buffer and where the batch starts in it; the head must be there whole, which `nextBatch`
 * has seen to (a buffer that is too short gives Node's RangeError). On v0 and v1 messages the accessors answer what
 * Kafka's do: -1 for what these formats do not have. Int64 fields outside the safe range come as the nearest double.
 */
import { crc32 } from 'node:zlib'
import { crc32c } from '../base/crc32c.ts'
import { readInt64, writeInt64 } from '../base/int64.ts'

export const LOG_OVERHEAD = 12
export const HEADER_SIZE_UP_TO_MAGIC = 17
export const RECORD_BATCH_OVERHEAD = 61
/** A v0 message without key and value bytes, offset and length not counted. */
export const LEGACY_RECORD_OVERHEAD_V0 = 14
export const LEGACY_RECORD_OVERHEAD_V1 = 22

export const LENGTH_OFFSET = 8
export const PARTITION_LEADER_EPOCH_OFFSET = 12
export const MAGIC_OFFSET = 16
export const CRC_OFFSET = 17
export const ATTRIBUTES_OFFSET = 21
export const LAST_OFFSET_DELTA_OFFSET = 23
export const BASE_TIMESTAMP_OFFSET = 27
export const MAX_TIMESTAMP_OFFSET = 35
export const PRODUCER_ID_OFFSET = 43
export const PRODUCER_EPOCH_OFFSET = 51
export const BASE_SEQUENCE_OFFSET = 53
export const RECORD_COUNT_OFFSET = 57
const LEGACY_CRC_OFFSET = 12
const LEGACY_ATTRIBUTES_OFFSET = 17
const LEGACY_TIMESTAMP_OFFSET = 18

export const MAGIC_V0 = 0
export const MAGIC_V1 = 1
export const MAGIC_V2 = 2

export const NO_TIMESTAMP = -1
export const NO_PRODUCER_ID = -1
export const NO_PRODUCER_EPOCH = -1
export const NO_SEQUENCE = -1
export const NO_PARTITION_LEADER_EPOCH = -1

export const CODEC_MASK = 0x07
export const TIMESTAMP_TYPE_MASK = 0x08
export const TRANSACTIONAL_MASK = 0x10
export const CONTROL_MASK = 0x20
export const DELETE_HORIZON_MASK = 0x40

/** -1: the format has no timestamps (v0); 0: set by the producer; 1: by the broker, one for the whole batch. */
export type TimestampType = -1 | 0 | 1
export const NO_TIMESTAMP_TYPE = -1
export const CREATE_TIME = 0
export const LOG_APPEND_TIME = 1

const MAX_INT32 = 0x7fffffff

/** The first offset; of a v0 or v1 message the one in its head, which is the last one inside a compressed wrapper. */
export function baseOffset(buffer: Buffer, at: number): number {
  return readInt64(buffer, at)
}

/** The whole batch with offset and length field. */
export function batchSizeBytes(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at + LENGTH_OFFSET) + LOG_OVERHEAD
}

export function magic(buffer: Buffer, at: number): number {
  return buffer.readInt8(at + MAGIC_OFFSET)
}

function isV2(buffer: Buffer, at: number): boolean {
  return buffer[at + MAGIC_OFFSET] === MAGIC_V2
}

export function partitionLeaderEpoch(buffer: Buffer, at: number): number {
  return isV2(buffer, at) ? buffer.readInt32BE(at + PARTITION_LEADER_EPOCH_OFFSET) : NO_PARTITION_LEADER_EPOCH
}

/** The stored checksum, unsigned: CRC-32C in v2, CRC-32 before. */
export function crc(buffer: Buffer, at: number): number {
  return buffer.readUInt32BE(at + (isV2(buffer, at) ? CRC_OFFSET : LEGACY_CRC_OFFSET))
}

export function attributes(buffer: Buffer, at: number): number {
  return isV2(buffer, at)
    ? buffer.readInt16BE(at + ATTRIBUTES_OFFSET)
    : buffer.readInt8(at + LEGACY_ATTRIBUTES_OFFSET)
}

/** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd; 5 to 7 are not assigned. */
export function codecId(buffer: Buffer, at: number): number {
  return attributes(buffer, at) & CODEC_MASK
}

export function timestampType(buffer: Buffer, at: number): TimestampType {
  if (buffer[at + MAGIC_OFFSET] === MAGIC_V0) return NO_TIMESTAMP_TYPE
  return attributes(buffer, at) & TIMESTAMP_TYPE_MASK ? LOG_APPEND_TIME : CREATE_TIME
}

export function isTransactional(buffer: Buffer, at: number): boolean {
  return isV2(buffer, at) && (attributes(buffer, at) & TRANSACTIONAL_MASK) !== 0
}

export function isControl(buffer: Buffer, at: number): boolean {
  return isV2(buffer, at) && (attributes(buffer, at) & CONTROL_MASK) !== 0
}

export function hasDeleteHorizon(buffer: Buffer, at: number): boolean {
  return isV2(buffer, at) && (attributes(buffer, at) & DELETE_HORIZON_MASK) !== 0
}

/** When the tombstones of a compacted batch may go (KIP-534), or undefined. */
export function deleteHorizonMs(buffer: Buffer, at: number): number | undefined {
  return hasDeleteHorizon(buffer, at) ? readInt64(buffer, at + BASE_TIMESTAMP_OFFSET) : undefined
}

export function lastOffsetDelta(buffer: Buffer, at: number): number {
  return isV2(buffer, at) ? buffer.readInt32BE(at + LAST_OFFSET_DELTA_OFFSET) : 0
}

export function lastOffset(buffer: Buffer, at: number): number {
  return readInt64(buffer, at) + lastOffsetDelta(buffer, at)
}

export function nextOffset(buffer: Buffer, at: number): number {
  return lastOffset(buffer, at) + 1
}

/** What the timestamp deltas count from. With a delete horizon this field holds that instead, which is fine. */
export function baseTimestamp(buffer: Buffer, at: number): number {
  if (isV2(buffer, at)) return readInt64(buffer, at + BASE_TIMESTAMP_OFFSET)
  return maxTimestamp(buffer, at)
}

export function maxTimestamp(buffer: Buffer, at: number): number {
  switch (buffer[at + MAGIC_OFFSET]) {
    case MAGIC_V0:
      return NO_TIMESTAMP
    case MAGIC_V1:
      return readInt64(buffer, at + LEGACY_TIMESTAMP_OFFSET)
    default:
      return readInt64(buffer, at + MAX_TIMESTAMP_OFFSET)
  }
}

export function producerId(buffer: Buffer, at: number): number {
  return isV2(buffer, at) ? readInt64(buffer, at + PRODUCER_ID_OFFSET) : NO_PRODUCER_ID
}

export function hasProducerId(buffer: Buffer, at: number): boolean {
  return producerId(buffer, at) > NO_PRODUCER_ID
}

export function producerEpoch(buffer: Buffer, at: number): number {
  return isV2(buffer, at) ? buffer.readInt16BE(at + PRODUCER_EPOCH_OFFSET) : NO_PRODUCER_EPOCH
}

export function baseSequence(buffer: Buffer, at: number): number {
  return isV2(buffer, at) ? buffer.readInt32BE(at + BASE_SEQUENCE_OFFSET) : NO_SEQUENCE
}

export function lastSequence(buffer: Buffer, at: number): number {
  const first = baseSequence(buffer, at)
  return first === NO_SEQUENCE ? NO_SEQUENCE : incrementSequence(first, lastOffsetDelta(buffer, at))
}

/** Sequence numbers run from 0 to 2^31 - 1 and start again at 0. */
export function incrementSequence(sequence: number, increment: number): number {
  if (sequence > MAX_INT32 - increment) return increment - (MAX_INT32 - sequence) - 1
  return sequence + increment
}

export function decrementSequence(sequence: number, decrement: number): number {
  return sequence < decrement ? MAX_INT32 - (decrement - sequence) + 1 : sequence - decrement
}

/** -1 for v0 and v1: only reading the records tells. */
export function recordCount(buffer: Buffer, at: number): number {
  return isV2(buffer, at) ? buffer.readInt32BE(at + RECORD_COUNT_OFFSET) : -1
}

/** Stands before what the checksum covers. Works on every magic. */
export function setBaseOffset(buffer: Buffer, at: number, offset: number): void {
  writeInt64(buffer, at, offset)
}

/** So that the batch ends at `offset`, as the broker stamps converted batches. */
export function setLastOffset(buffer: Buffer, at: number, offset: number): void {
  writeInt64(buffer, at, offset - lastOffsetDelta(buffer, at))
}

/** Stands before what the checksum covers. v2 only. */
export function setPartitionLeaderEpoch(buffer: Buffer, at: number, epoch: number): void {
  buffer.writeInt32BE(epoch, at + PARTITION_LEADER_EPOCH_OFFSET)
}

/** v2 only. Writes a new checksum unless nothing changes. */
export function setMaxTimestampAndType(buffer: Buffer, at: number, type: 0 | 1, timestampMs: number): void {
  if (timestampType(buffer, at) === type && maxTimestamp(buffer, at) === timestampMs) return
  const others = attributes(buffer, at) & ~TIMESTAMP_TYPE_MASK
  buffer.writeInt16BE(others | (type === LOG_APPEND_TIME ? TIMESTAMP_TYPE_MASK : 0), at + ATTRIBUTES_OFFSET)
  writeInt64(buffer, at + MAX_TIMESTAMP_OFFSET, timestampMs)
  buffer.writeUInt32BE(computeCrc(buffer, at), at + CRC_OFFSET)
}

/**
 * v2 only: a producer that got a new epoch numbers what it sends again anew. Writes a new checksum.
 */
export function setProducerState(
  buffer: Buffer,
  at: number,
  id: number,
  epoch: number,
  sequence: number,
  transactional: boolean,
): void {
  const others = attributes(buffer, at) & ~TRANSACTIONAL_MASK
  buffer.writeInt16BE(others | (transactional ? TRANSACTIONAL_MASK : 0), at + ATTRIBUTES_OFFSET)
  writeInt64(buffer, at + PRODUCER_ID_OFFSET, id)
  buffer.writeInt16BE(epoch, at + PRODUCER_EPOCH_OFFSET)
  buffer.writeInt32BE(sequence, at + BASE_SEQUENCE_OFFSET)
  buffer.writeUInt32BE(computeCrc(buffer, at), at + CRC_OFFSET)
}

/** The checksum that the batch ought to have; all of it must be in the buffer. */
export function computeCrc(buffer: Buffer, at: number): number {
  const end = at + batchSizeBytes(buffer, at)
  if (isV2(buffer, at)) return crc32c(buffer.subarray(at + ATTRIBUTES_OFFSET, end))
  return crc32(buffer.subarray(at + MAGIC_OFFSET, end))
}

/** Whether the batch is as it was written; all of it must be in the buffer. */
export function isCrcValid(buffer: Buffer, at: number): boolean {
  return crc(buffer, at) === computeCrc(buffer, at)
}
