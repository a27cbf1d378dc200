import { crc32c } from '../../base/crc32c.ts'
import { JavaException } from '../../base/java-exception.ts'
import * as batch from '../../records/index.ts'
import type { WalkedBatch } from '../batch-walk.ts'
import { addLong, incrementSequence, type Long, readLong } from './java.ts'

/** `TimestampType` and `CompressionType` by their numbers. */
const TIMESTAMP_TYPES: Readonly<Record<number, string>> = {
  [-1]: 'NoTimestampType',
  0: 'CreateTime',
  1: 'LogAppendTime',
}

/** The line of a batch in two parts: Kafka prints the first before it finds out about the second. */
export function* batchLine(walked: WalkedBatch): Generator<string> {
  const { buffer, at, position, sizeBytes } = walked
  const magic = batch.magic(buffer, at)
  yield magic >= batch.MAGIC_V2 ? v2Part(buffer, at) : `offset: ${lastOffset(buffer, at)}`
  if (magic < batch.MAGIC_V0) {
    throw new JavaException(
      'java.lang.IllegalArgumentException',
      `Invalid magic used in LegacyRecord: ${magic}`,
    )
  }
  const codec = compressionName(attributes(buffer, at) & batch.CODEC_MASK)
  const isLegacy = magic < batch.MAGIC_V2
  const crc = buffer.readUInt32BE(at + (isLegacy ? batch.PARTITION_LEADER_EPOCH_OFFSET : batch.CRC_OFFSET))
  yield ` position: ${position} ${timestampTypeName(buffer, at)}: ${maxTimestamp(buffer, at)} size: ${sizeBytes}` +
    ` magic: ${magic} compresscodec: ${codec} crc: ${crc} isvalid: ${isValid(walked)}\n`
}

function v2Part(buffer: Buffer, at: number): string {
  const attributes = buffer.readInt16BE(at + batch.ATTRIBUTES_OFFSET)
  const delta = buffer.readInt32BE(at + batch.LAST_OFFSET_DELTA_OFFSET)
  const sequence = buffer.readInt32BE(at + batch.BASE_SEQUENCE_OFFSET)
  const lastSequence = sequence === batch.NO_SEQUENCE ? sequence : incrementSequence(sequence, delta)
  const horizon =
    attributes & batch.DELETE_HORIZON_MASK
      ? `OptionalLong[${readLong(buffer, at + batch.BASE_TIMESTAMP_OFFSET)}]`
      : 'OptionalLong.empty'
  return (
    `baseOffset: ${readLong(buffer, at)} lastOffset: ${lastOffset(buffer, at)}` +
    ` count: ${buffer.readInt32BE(at + batch.RECORD_COUNT_OFFSET)}` +
    ` baseSequence: ${sequence} lastSequence: ${lastSequence}` +
    ` producerId: ${readLong(buffer, at + batch.PRODUCER_ID_OFFSET)}` +
    ` producerEpoch: ${buffer.readInt16BE(at + batch.PRODUCER_EPOCH_OFFSET)}` +
    ` partitionLeaderEpoch: ${buffer.readInt32BE(at + batch.PARTITION_LEADER_EPOCH_OFFSET)}` +
    ` isTransactional: ${(attributes & batch.TRANSACTIONAL_MASK) !== 0}` +
    ` isControl: ${isControl(buffer, at)} deleteHorizonMs: ${horizon}`
  )
}

/** Formats after v2 would be read as v2. */
function attributes(buffer: Buffer, at: number): number {
  if (batch.magic(buffer, at) >= batch.MAGIC_V2) return buffer.readInt16BE(at + batch.ATTRIBUTES_OFFSET)
  return buffer.readInt8(at + batch.MAGIC_OFFSET + 1)
}

export function isControl(buffer: Buffer, at: number): boolean {
  return (
    batch.magic(buffer, at) >= batch.MAGIC_V2 &&
    (buffer.readInt16BE(at + batch.ATTRIBUTES_OFFSET) & batch.CONTROL_MASK) !== 0
  )
}

export function lastOffset(buffer: Buffer, at: number): Long {
  const base = readLong(buffer, at)
  if (batch.magic(buffer, at) < batch.MAGIC_V2) return base
  return addLong(base, buffer.readInt32BE(at + batch.LAST_OFFSET_DELTA_OFFSET))
}

function maxTimestamp(buffer: Buffer, at: number): Long {
  const magic = batch.magic(buffer, at)
  if (magic === batch.MAGIC_V0) return batch.NO_TIMESTAMP
  return readLong(buffer, at + (magic >= batch.MAGIC_V2 ? batch.MAX_TIMESTAMP_OFFSET : 18))
}

export function timestampTypeName(buffer: Buffer, at: number): string {
  const isV0 = batch.magic(buffer, at) === batch.MAGIC_V0
  const type = isV0 ? -1 : attributes(buffer, at) & batch.TIMESTAMP_TYPE_MASK ? 1 : 0
  return TIMESTAMP_TYPES[type] ?? ''
}

function compressionName(id: number): string {
  const name = ['none', 'gzip', 'snappy', 'lz4', 'zstd'][id]
  if (name !== undefined) return name
  throw new JavaException('java.lang.IllegalArgumentException', `Unknown compression type id: ${id}`)
}

function isValid({ buffer, at, sizeBytes }: WalkedBatch): boolean {
  const magic = batch.magic(buffer, at)
  if (magic < batch.MAGIC_V2) return batch.isCrcValid(buffer, at)
  if (sizeBytes < batch.RECORD_BATCH_OVERHEAD) return false
  const covered = buffer.subarray(at + batch.ATTRIBUTES_OFFSET, at + sizeBytes)
  return crc32c(covered) === buffer.readUInt32BE(at + batch.CRC_OFFSET)
}
