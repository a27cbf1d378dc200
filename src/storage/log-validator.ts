import * as records from '../records/index.ts'
import {
  CorruptRecordError,
  InvalidRecordError,
  InvalidTimestampError,
  RecordTooLargeError,
  UnexpectedAppendOffsetError,
  UnsupportedForMessageFormatError,
} from './errors.ts'
import { type LogConfig, NO_LIMIT } from './log-config.ts'

/** Records that may go into the log as they are: whole batches with their final offsets. */
export interface ValidRecords {
  /** Begins with the first batch and ends with the last. Another buffer than the one given when it was converted. */
  readonly buffer: Buffer
  /** -1 when only reading the records would tell (a compressed set of v0 or v1 from a leader). */
  readonly firstOffset: number
  readonly lastOffset: number
  readonly lastLeaderEpoch: number
  readonly maxTimestamp: number
  /** Offset of the last record of the batch that has it. */
  readonly offsetOfMaxTimestamp: number
  readonly logAppendTimeMs: number
}

export interface LeaderValidation {
  readonly partition: string
  readonly config: LogConfig
  readonly nextOffset: number
  readonly leaderEpoch: number
  readonly origin: 'client' | 'coordinator'
  readonly magicUpConvert: boolean
  readonly nowMs: number
  /** The decompressed records, when they were made off the loop. */
  readonly section?: Buffer | undefined
}

/**
 * What a leader does with a record set before it is appended (UnifiedLog.analyzeAndValidateRecords and LogValidator):
 * checks sizes, checksums and every record, gives offsets, stamps the leader epoch. Works in place where it can.
 */
export function validateForLeader(set: Buffer, options: LeaderValidation): ValidRecords {
  try {
    const end = checkBatches(set, options)
    if (records.magic(set, 0) < records.MAGIC_V2) return upConvert(set, end, options)
    return assignOffsets(end === set.length ? set : set.subarray(0, end), options)
  } catch (error) {
    throw storageErrorOf(error, options.partition)
  }
}

function nextBatch(set: Buffer, at: number): number {
  return records.nextBatch(set, at, set.length)
}

/** Sizes, checksums and the rules on the whole set. Returns where the last whole batch ends. */
function checkBatches(set: Buffer, options: LeaderValidation): number {
  const { config, partition } = options
  let end = 0
  let count = 0
  for (let size = nextBatch(set, 0); size > 0; size = nextBatch(set, end)) {
    const at = end
    const isV2 = records.magic(set, at) === records.MAGIC_V2
    if (isV2 && options.origin === 'client' && records.baseOffset(set, at) !== 0) {
      throw new InvalidRecordError(
        `the base offset of the record batch in the append to ${partition} should be 0, but it is ` +
          `${records.baseOffset(set, at)}`,
      )
    }
    if (size > config.maxMessageBytes) throw tooLarge(size, options)
    if (!records.isCrcValid(set, at)) {
      throw new CorruptRecordError(`record is corrupt (stored crc = ${records.crc(set, at)}) in ${partition}`)
    }
    if (count > 0 && (isV2 || records.magic(set, 0) !== records.magic(set, at))) {
      throw new InvalidRecordError(`a produce request may have only one record batch for ${partition}`)
    }
    if (!isV2 && !options.magicUpConvert) {
      throw new InvalidRecordError(
        `a record batch for ${partition} has magic ${records.magic(set, at)}, not 2`,
      )
    }
    end += size
    count++
  }
  if (count === 0) throw new InvalidRecordError(`a record set without a whole batch for ${partition}`)
  return end
}

function upConvert(set: Buffer, end: number, options: LeaderValidation): ValidRecords {
  const { config, nextOffset } = options
  const codec = targetCodec(config)
  const converted = records.convertToV2(set, 0, end, {
    ...rules(options),
    ...(codec !== undefined && { codec, ...levelOf(config) }),
    baseOffset: nextOffset,
    partitionLeaderEpoch: options.leaderEpoch,
  })
  if (converted.batch.length > config.maxMessageBytes) throw tooLarge(converted.batch.length, options)
  return result(converted.batch, options)
}

function assignOffsets(set: Buffer, options: LeaderValidation): ValidRecords {
  if (options.origin === 'client') records.validateProducedHead(set, 0)
  const { config, section } = options
  const validated = records.validateRecordStructure(set, 0, {
    ...rules(options),
    ...(section !== undefined && { section }),
  })
  const codec = targetCodec(config)
  if (codec !== undefined && codec !== records.codecId(set, 0) && !records.isControl(set, 0)) {
    const rebuilt = recompress(set, codec, options)
    if (rebuilt.length > config.maxMessageBytes) throw tooLarge(rebuilt.length, options)
    return result(rebuilt, options)
  }
  records.setBaseOffset(set, 0, options.nextOffset)
  records.setPartitionLeaderEpoch(set, 0, options.leaderEpoch)
  if (config.messageTimestampType === 'LogAppendTime') {
    records.setMaxTimestampAndType(set, 0, records.LOG_APPEND_TIME, options.nowMs)
  } else {
    records.setMaxTimestampAndType(set, 0, records.CREATE_TIME, validated.maxTimestampMs)
  }
  return result(set, options)
}

function result(buffer: Buffer, options: LeaderValidation): ValidRecords {
  const lastOffset = records.lastOffset(buffer, 0)
  return {
    buffer,
    firstOffset: records.baseOffset(buffer, 0),
    lastOffset,
    lastLeaderEpoch: options.leaderEpoch,
    maxTimestamp: records.maxTimestamp(buffer, 0),
    offsetOfMaxTimestamp: lastOffset,
    logAppendTimeMs: options.config.messageTimestampType === 'LogAppendTime' ? options.nowMs : -1,
  }
}

/** `compression.type` other than `producer`, and the producer chose differently. */
function recompress(set: Buffer, codec: records.CodecId, options: LeaderValidation): Buffer {
  const builder = new records.BatchBuilder({
    codec,
    ...levelOf(options.config),
    baseOffset: options.nextOffset,
    partitionLeaderEpoch: options.leaderEpoch,
    producerId: records.producerId(set, 0),
    producerEpoch: records.producerEpoch(set, 0),
    baseSequence: records.baseSequence(set, 0),
    isTransactional: records.isTransactional(set, 0),
    ...(options.config.messageTimestampType === 'LogAppendTime' && { logAppendTimeMs: options.nowMs }),
  })
  for (const record of records.readRecords(set, 0, options.section ? { section: options.section } : {})) {
    builder.append(record.timestampMs, record.key, record.value, record.headers)
  }
  return builder.build()
}

function targetCodec(config: LogConfig): records.CodecId | undefined {
  if (config.compressionType === 'producer') return undefined
  return records.codecIdByName(config.compressionType === 'uncompressed' ? 'none' : config.compressionType)
}

function levelOf(config: LogConfig): { level?: number } {
  switch (config.compressionType) {
    case 'gzip':
      return { level: config.compressionGzipLevel }
    case 'lz4':
      return { level: config.compressionLz4Level }
    case 'zstd':
      return { level: config.compressionZstdLevel }
    default:
      return {}
  }
}

function rules(options: LeaderValidation): records.RecordRules {
  const { config } = options
  // The older setting counts while the newer one is not used (LogConfig.messageTimestampBeforeMaxMs).
  const difference = config.messageTimestampDifferenceMaxMs
  const before = config.messageTimestampBeforeMaxMs
  const after = config.messageTimestampAfterMaxMs
  return {
    partition: options.partition,
    requireKeys: config.cleanupPolicy.includes('compact'),
    timestampType: config.messageTimestampType === 'LogAppendTime' ? 1 : 0,
    nowMs: options.nowMs,
    timestampBeforeMaxMs: before === NO_LIMIT ? difference : before,
    timestampAfterMaxMs: after === NO_LIMIT ? difference : after,
  }
}

function tooLarge(sizeBytes: number, options: LeaderValidation): RecordTooLargeError {
  return new RecordTooLargeError(
    `the record batch size in the append to ${options.partition} is ${sizeBytes} bytes, which exceeds the maximum ` +
      `configured value of ${options.config.maxMessageBytes}`,
  )
}

/** What a follower checks in the batches that its leader sent: checksums, and offsets that rise from the log's end on. */
export function validateForFollower(
  set: Buffer,
  partition: string,
  nextOffset: number,
): ValidRecords | undefined {
  try {
    return followerRecords(set, partition, nextOffset)
  } catch (error) {
    throw storageErrorOf(error, partition)
  }
}

function followerRecords(set: Buffer, partition: string, nextOffset: number): ValidRecords | undefined {
  let end = 0
  let lastOffset = nextOffset - 1
  let maxTimestamp = records.NO_TIMESTAMP
  let offsetOfMaxTimestamp = -1
  let lastLeaderEpoch = -1
  for (let size = nextBatch(set, 0); size > 0; size = nextBatch(set, end)) {
    const at = end
    if (!records.isCrcValid(set, at)) {
      throw new CorruptRecordError(`record is corrupt (stored crc = ${records.crc(set, at)}) in ${partition}`)
    }
    const last = records.lastOffset(set, at)
    const first = records.baseOffset(set, at)
    if (first <= lastOffset || last < first || !Number.isSafeInteger(last + 1)) {
      throw new UnexpectedAppendOffsetError(
        `unexpected offset ${first} in append to ${partition}: the next offset is ${lastOffset + 1}`,
        records.baseOffset(set, 0),
        last,
      )
    }
    lastOffset = last
    lastLeaderEpoch = records.partitionLeaderEpoch(set, at)
    end += size
    if (records.maxTimestamp(set, at) > maxTimestamp) {
      maxTimestamp = records.maxTimestamp(set, at)
      offsetOfMaxTimestamp = last
    }
  }
  if (end === 0) return undefined
  return {
    buffer: end === set.length ? set : set.subarray(0, end),
    firstOffset: records.magic(set, 0) === records.MAGIC_V2 ? records.baseOffset(set, 0) : -1,
    lastOffset,
    lastLeaderEpoch,
    maxTimestamp,
    offsetOfMaxTimestamp,
    logAppendTimeMs: -1,
  }
}

function storageErrorOf(error: unknown, partition: string): unknown {
  if (!(error instanceof records.InvalidBatchError)) return error
  // Messages about single records go to the producer as they are.
  const message = error.recordErrors.length > 0 ? error.message : `${error.message} in ${partition}`
  switch (error.reason) {
    case 'corrupt':
      return new CorruptRecordError(message, error)
    case 'invalid-timestamp':
      return new InvalidTimestampError(message, error.recordErrors)
    case 'unsupported':
      return new UnsupportedForMessageFormatError(message)
    case 'too-large':
      return new RecordTooLargeError(message)
    default:
      return new InvalidRecordError(message, error.recordErrors)
  }
}
