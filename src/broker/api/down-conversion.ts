import { crc32 } from 'node:zlib'
import { writeInt64 } from '../../base/int64.ts'
import type { Part } from '../../base/network.ts'
import type { ErrorName } from '../../protocol/index.ts'
import {
  batchStarts,
  codecId,
  InvalidBatchError,
  isControl,
  isCrcValid,
  LOG_APPEND_TIME,
  LOG_OVERHEAD,
  type LogRecord,
  readRecords,
  timestampType,
} from '../../records/index.ts'
import { bytesOf } from '../read-parts.ts'

/** Turns what was read into the format of an old client; records before `firstOffset` are left out. */
export type DownConvert = (parts: readonly Part[], firstOffset: number) => Promise<Buffer | ErrorName>

const LAST_V0_VERSION = 1
const LAST_V1_VERSION = 3
const ZSTD = 4

/** How fetch requests of this version want their records; null: as they are stored. */
export function downConversionOf(fetchVersion: number): DownConvert | null {
  if (fetchVersion > LAST_V1_VERSION) return null
  const magic = fetchVersion <= LAST_V0_VERSION ? 0 : 1
  return async (parts, firstOffset) => convert(await bytesOf(parts), magic, firstOffset)
}

/**
 * Message sets of format v0 or v1, uncompressed (org.apache.kafka.common.record.RecordsUtil keeps the codec, which the
 * clients do not need). Control batches, headers and, in v0, timestamps are lost, as they are with Kafka.
 */
function convert(records: Buffer, magic: 0 | 1, firstOffset: number): Buffer | ErrorName {
  const messages: Buffer[] = []
  let error: ErrorName | undefined
  try {
    for (const at of batchStarts(records)) {
      error = refusalOf(records, at)
      if (error !== undefined) break
      if (isControl(records, at)) continue
      const attributes = magic === 1 && timestampType(records, at) === LOG_APPEND_TIME ? 0x08 : 0
      for (const record of readRecords(records, at)) {
        if (record.offset >= firstOffset) messages.push(messageOf(record, magic, attributes))
      }
    }
  } catch (cause) {
    if (!(cause instanceof InvalidBatchError)) throw cause
    error = 'CORRUPT_MESSAGE'
  }
  // What comes before can still be sent; the client meets the error when nothing does.
  return error !== undefined && messages.length === 0 ? error : Buffer.concat(messages)
}

/** A new message gets a new checksum, which would make damage look sound: here it must be seen. Kafka does not look. */
function refusalOf(records: Buffer, at: number): ErrorName | undefined {
  if (!isCrcValid(records, at)) return 'CORRUPT_MESSAGE'
  return codecId(records, at) === ZSTD ? 'UNSUPPORTED_COMPRESSION_TYPE' : undefined
}

/** See the byte table in records/batch-header.ts. */
function messageOf({ offset, timestampMs, key, value }: LogRecord, magic: 0 | 1, attributes: number): Buffer {
  const head = magic === 1 ? 14 : 6
  const size = head + 8 + (key?.length ?? 0) + (value?.length ?? 0)
  const message = Buffer.allocUnsafe(LOG_OVERHEAD + size)
  writeInt64(message, 0, offset)
  message.writeInt32BE(size, 8)
  message.writeInt8(magic, 16)
  message.writeInt8(attributes, 17)
  if (magic === 1) writeInt64(message, 18, timestampMs)
  let at = LOG_OVERHEAD + head
  for (const bytes of [key, value]) {
    at = message.writeInt32BE(bytes?.length ?? -1, at)
    if (bytes !== null) at += bytes.copy(message, at)
  }
  message.writeUInt32BE(crc32(message.subarray(16)), LOG_OVERHEAD)
  return message
}
