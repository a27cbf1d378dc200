/**
 * Messages of the formats before v2 (org.apache.kafka.common.record.LegacyRecord, AbstractLegacyRecordBatch):
 *
 *     int64 offset | int32 size | uint32 CRC-32 | int8 magic | int8 attributes | v1: int64 timestamp
 *     int32 key length (-1: null) | key | int32 value length (-1: null) | value
 *
 * A compressed message is a wrapper: its value is a compressed sequence of messages. The wrapper carries the offset of
 * the last one. Inside, v0 messages have absolute offsets and v1 messages count from 0.
 */

import { readInt64 } from '../base/int64.ts'
import * as batch from './batch-header.ts'
import { checkedBatchSize } from './batch-iteration.ts'
import { decompress } from './compression/index.ts'
import { InvalidBatchError } from './errors.ts'
import { invalidRecord, type LogRecord, NO_HEADERS } from './record-v2.ts'

const TIMESTAMP_AT = 18
const FIELDS_AT_V0 = 18
const FIELDS_AT_V1 = 26

export interface LegacyReadOptions {
  readonly maxBytes: number
  /** Checks the checksums inside a wrapper too; the outer one is `isCrcValid`'s task. */
  readonly checkInner?: boolean
}

/** All records of the v0 or v1 message at `at`: one, or what its wrapper holds. The message is in the buffer whole. */
export function readLegacyRecords(buffer: Buffer, at: number, options: LegacyReadOptions): LogRecord[] {
  const end = at + batch.batchSizeBytes(buffer, at)
  const outer = readMessage(buffer, at, end, batch.baseOffset(buffer, at), messageTimestamp(buffer, at))
  return batch.codecId(buffer, at) === 0 ? [outer] : readWrapper(buffer, at, outer, options)
}

function readWrapper(
  buffer: Buffer,
  at: number,
  wrapper: LogRecord,
  options: LegacyReadOptions,
): LogRecord[] {
  const magic = batch.magic(buffer, at)
  if (wrapper.value === null) throw invalidRecord(`a compressed message without a value (magic ${magic})`)
  const inner = decompress(batch.codecId(buffer, at), wrapper.value, options.maxBytes, {
    ignoreLz4HeaderChecksum: magic === batch.MAGIC_V0,
  })
  const starts = innerMessages(inner, magic)
  if (options.checkInner && !starts.every((start) => batch.isCrcValid(inner, start))) {
    throw new InvalidBatchError('corrupt', 'a message inside a compressed message has a bad checksum')
  }
  const base = innerBaseOffset(inner, starts, magic, wrapper.offset)
  const appendTime =
    batch.timestampType(buffer, at) === batch.LOG_APPEND_TIME ? wrapper.timestampMs : undefined
  return starts.map((start) =>
    readMessage(
      inner,
      start,
      start + batch.batchSizeBytes(inner, start),
      base + batch.baseOffset(inner, start),
      appendTime ?? messageTimestamp(inner, start),
    ),
  )
}

/** Where the messages inside a wrapper start; all are whole, of the wrapper's magic, and intact. */
function innerMessages(inner: Buffer, magic: number): number[] {
  const starts: number[] = []
  for (let at = 0; at < inner.length; ) {
    const left = inner.length - at
    if (left < batch.HEADER_SIZE_UP_TO_MAGIC)
      throw invalidRecord('a compressed message set ends inside a message')
    const size = checkedBatchSize(inner, at, left)
    if (size > left) throw invalidRecord('a compressed message set ends inside a message')
    if (batch.magic(inner, at) !== magic) {
      throw invalidRecord(`a message of magic ${batch.magic(inner, at)} inside a wrapper of magic ${magic}`)
    }
    if (batch.codecId(inner, at) !== 0)
      throw invalidRecord('a compressed message inside a compressed message')
    starts.push(at)
    at += size
  }
  if (starts.length === 0) throw invalidRecord('a compressed message set without messages')
  return starts
}

/** What to add to the inner offsets. Some clients leave the wrapper's offset at 0; then the inner ones stand. */
function innerBaseOffset(
  inner: Buffer,
  starts: readonly number[],
  magic: number,
  wrapperOffset: number,
): number {
  if (magic === batch.MAGIC_V0) return 0
  const last = batch.baseOffset(inner, starts.at(-1) ?? 0)
  if (wrapperOffset === 0) return 0
  if (wrapperOffset < last) {
    throw invalidRecord(`a wrapper with offset ${wrapperOffset} around a message with offset ${last}`)
  }
  return wrapperOffset - last
}

/** v0 messages have none; append time on a wrapper goes for all inside. */
function messageTimestamp(buffer: Buffer, at: number): number {
  return batch.magic(buffer, at) === batch.MAGIC_V0
    ? batch.NO_TIMESTAMP
    : readInt64(buffer, at + TIMESTAMP_AT)
}

function readMessage(
  buffer: Buffer,
  at: number,
  end: number,
  offset: number,
  timestampMs: number,
): LogRecord {
  const keyAt = at + (batch.magic(buffer, at) === batch.MAGIC_V0 ? FIELDS_AT_V0 : FIELDS_AT_V1)
  const key = readField(buffer, keyAt, end)
  const valueAt = keyAt + 4 + (key?.length ?? 0)
  const value = readField(buffer, valueAt, end)
  if (valueAt + 4 + (value?.length ?? 0) !== end)
    throw invalidRecord('a message does not end where its size says')
  return { offset, timestampMs, key, value, headers: NO_HEADERS, sequence: batch.NO_SEQUENCE }
}

function readField(buffer: Buffer, at: number, end: number): Buffer | null {
  if (end - at < 4) throw invalidRecord('a message ends inside a length')
  const length = buffer.readInt32BE(at)
  if (length < 0) return null
  if (length > end - at - 4) throw invalidRecord(`a field of ${length} bytes reaches out of its message`)
  return buffer.subarray(at + 4, at + 4 + length)
}
