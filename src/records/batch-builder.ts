import { assert } from '../base/assert.ts'
import { writeInt64 } from '../base/int64.ts'
import { sizeOfVarint } from '../base/varint.ts'
import * as batch from './batch-header.ts'
import { type CodecId, compress, compressAsync } from './compression/index.ts'
import { type HeaderInput, recordBodySize, writeRecord } from './record-v2.ts'

/** What is assumed to be lost on the estimated compression ratio (Kafka's COMPRESSION_RATE_ESTIMATION_FACTOR). */
const RATIO_MARGIN = 1.05
const FIRST_CAPACITY_BYTES = 1024
const FAST_GROWTH_BYTES = 64 * 1024
const MAX_OFFSET_DELTA = 0x7fffffff

export interface BatchOptions {
  /** Full when head and records, as compressed by estimate, reach this. The first record always fits. */
  readonly sizeLimitBytes?: number
  readonly codec?: CodecId
  readonly level?: number | undefined
  /** Compressed by uncompressed size of what comes (Kafka's CompressionRatioEstimator); 1 when nothing is known. */
  readonly estimatedRatio?: number
  readonly baseOffset?: number
  readonly partitionLeaderEpoch?: number
  /** Set: every record counts as written at this time (LogAppendTime). */
  readonly logAppendTimeMs?: number
  readonly deleteHorizonMs?: number | undefined
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly isControl?: boolean
  /** What the batch is expected to take before compression; it grows when that was too little. */
  readonly expectedSizeBytes?: number
}

/**
 * Makes one v2 batch, byte for byte as Kafka's MemoryRecordsBuilder does when it is not compressed. Keys, values and
 * headers are copied at once; records lie behind the space for the head, so an uncompressed batch is never copied again.
 */
export class BatchBuilder {
  private readonly options: BatchOptions
  private readonly baseOffset: number
  private buffer: Buffer
  private end = batch.RECORD_BATCH_OVERHEAD
  private count = 0
  private lastOffsetValue: number
  private baseTimestampMs: number | undefined
  private maxTimestamp: number = batch.NO_TIMESTAMP
  private maxTimestampOffset = -1
  private producerId: number
  private producerEpoch: number
  private baseSequence: number
  private isTransactional: boolean
  private built: Buffer | undefined

  constructor(options: BatchOptions = {}) {
    this.options = options
    this.buffer = Buffer.allocUnsafe(Math.max(FIRST_CAPACITY_BYTES, options.expectedSizeBytes ?? 0))
    this.baseOffset = options.baseOffset ?? 0
    this.lastOffsetValue = this.baseOffset - 1
    this.baseTimestampMs = options.deleteHorizonMs
    this.producerId = options.producerId ?? batch.NO_PRODUCER_ID
    this.producerEpoch = options.producerEpoch ?? batch.NO_PRODUCER_EPOCH
    this.baseSequence = options.baseSequence ?? batch.NO_SEQUENCE
    this.isTransactional = options.isTransactional ?? false
  }

  get recordCount(): number {
    return this.count
  }

  /** Of the records so far; -1 when there is none, or when it has none. */
  get maxTimestampMs(): number {
    return this.options.logAppendTimeMs ?? this.maxTimestamp
  }

  /** The first record with the latest timestamp, -1 for none. */
  get offsetOfMaxTimestamp(): number {
    return this.options.logAppendTimeMs === undefined ? this.maxTimestampOffset : this.lastOffsetValue
  }

  /** Of the records alone, before compression. */
  get uncompressedSizeBytes(): number {
    return this.end - batch.RECORD_BATCH_OVERHEAD
  }

  /** What the batch will be, by the estimated ratio. */
  get estimatedSizeBytes(): number {
    const records = this.uncompressedSizeBytes
    if ((this.options.codec ?? 0) === 0) return this.end
    const ratio = this.options.estimatedRatio ?? 1
    return batch.RECORD_BATCH_OVERHEAD + Math.trunc(records * ratio * RATIO_MARGIN)
  }

  get isFull(): boolean {
    return this.built !== undefined || (this.count > 0 && this.sizeLimit <= this.estimatedSizeBytes)
  }

  private get sizeLimit(): number {
    return this.options.sizeLimitBytes ?? Number.POSITIVE_INFINITY
  }

  /** Adds a record at the next offset. False, and nothing is changed, when it does not fit. */
  append(
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers?: readonly HeaderInput[],
  ): boolean {
    return this.appendAt(this.lastOffsetValue + 1, timestampMs, key, value, headers)
  }

  /** The same at a later offset: compaction leaves gaps. */
  appendAt(
    offset: number,
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers?: readonly HeaderInput[],
  ): boolean {
    if (this.isFull) return false
    const offsetDelta = offset - this.baseOffset
    const isInOrder = offset > this.lastOffsetValue && offsetDelta <= MAX_OFFSET_DELTA
    // The sentences are made only for a failure: this runs for every record.
    if (!isInOrder) assert(false, `offset ${offset} behind ${this.lastOffsetValue}, base ${this.baseOffset}`)
    if (timestampMs < batch.NO_TIMESTAMP) assert(false, `negative timestamp ${timestampMs}`)
    const baseTimestamp = this.baseTimestampMs ?? timestampMs
    const bodySize = recordBodySize(timestampMs - baseTimestamp, offsetDelta, key, value, headers)
    const size = sizeOfVarint(bodySize) + bodySize
    if (this.count > 0 && this.sizeLimit < this.estimatedSizeBytes + size) return false
    this.makeRoom(size)
    this.end = writeRecord(
      this.buffer,
      this.end,
      bodySize,
      timestampMs - baseTimestamp,
      offsetDelta,
      key,
      value,
      headers,
    )
    this.baseTimestampMs = baseTimestamp
    this.count++
    this.lastOffsetValue = offset
    if (timestampMs > this.maxTimestamp) {
      this.maxTimestamp = timestampMs
      this.maxTimestampOffset = offset
    }
    return true
  }

  /** The batch then claims offsets up to here, though its last records are gone (compaction). */
  overrideLastOffset(offset: number): void {
    assert(offset >= this.lastOffsetValue, `last offset ${offset} before ${this.lastOffsetValue}`)
    this.lastOffsetValue = offset
  }

  /** Idempotent producers number a batch when it is first sent. On a built batch use `setProducerState`. */
  setProducerState(
    producerId: number,
    producerEpoch: number,
    baseSequence: number,
    isTransactional: boolean,
  ): void {
    assert(this.built === undefined, 'the batch is built')
    this.producerId = producerId
    this.producerEpoch = producerEpoch
    this.baseSequence = baseSequence
    this.isTransactional = isTransactional
  }

  /** The finished batch, without bytes when there are no records. The same buffer when called again. */
  build(): Buffer {
    this.built ??= this.finish(compress(this.options.codec ?? 0, this.records(), this.options.level))
    return this.built
  }

  /** The same; a large batch is compressed off the event loop where the codec can. Nothing may be added meanwhile. */
  async buildAsync(): Promise<Buffer> {
    const stored = await compressAsync(this.options.codec ?? 0, this.records(), this.options.level)
    this.built ??= this.finish(stored)
    return this.built
  }

  private records(): Buffer {
    return this.buffer.subarray(batch.RECORD_BATCH_OVERHEAD, this.end)
  }

  private finish(stored: Buffer): Buffer {
    if (this.count === 0) return Buffer.alloc(0)
    const size = batch.RECORD_BATCH_OVERHEAD + stored.length
    let out = this.buffer
    if ((this.options.codec ?? 0) !== 0) {
      out = Buffer.allocUnsafe(size)
      stored.copy(out, batch.RECORD_BATCH_OVERHEAD)
    }
    this.writeHead(out, size)
    return out.subarray(0, size)
  }

  private writeHead(out: Buffer, size: number): void {
    const { options } = this
    writeInt64(out, 0, this.baseOffset)
    out.writeInt32BE(size - batch.LOG_OVERHEAD, batch.LENGTH_OFFSET)
    out.writeInt32BE(
      options.partitionLeaderEpoch ?? batch.NO_PARTITION_LEADER_EPOCH,
      batch.PARTITION_LEADER_EPOCH_OFFSET,
    )
    out.writeInt8(batch.MAGIC_V2, batch.MAGIC_OFFSET)
    out.writeInt16BE(this.attributes(), batch.ATTRIBUTES_OFFSET)
    out.writeInt32BE(this.lastOffsetValue - this.baseOffset, batch.LAST_OFFSET_DELTA_OFFSET)
    writeInt64(out, batch.BASE_TIMESTAMP_OFFSET, this.baseTimestampMs ?? batch.NO_TIMESTAMP)
    writeInt64(out, batch.MAX_TIMESTAMP_OFFSET, this.maxTimestampMs)
    writeInt64(out, batch.PRODUCER_ID_OFFSET, this.producerId)
    out.writeInt16BE(this.producerEpoch, batch.PRODUCER_EPOCH_OFFSET)
    out.writeInt32BE(this.baseSequence, batch.BASE_SEQUENCE_OFFSET)
    out.writeInt32BE(this.count, batch.RECORD_COUNT_OFFSET)
    out.writeUInt32BE(batch.computeCrc(out, 0), batch.CRC_OFFSET)
  }

  private attributes(): number {
    const { codec = 0, logAppendTimeMs, isControl, deleteHorizonMs } = this.options
    let bits: number = codec
    if (logAppendTimeMs !== undefined) bits |= batch.TIMESTAMP_TYPE_MASK
    if (this.isTransactional) bits |= batch.TRANSACTIONAL_MASK
    if (isControl) bits |= batch.CONTROL_MASK
    if (deleteHorizonMs !== undefined) bits |= batch.DELETE_HORIZON_MASK
    return bits
  }

  private makeRoom(size: number): void {
    const needed = this.end + size
    if (needed <= this.buffer.length) return
    // Few steps while it is small; a known limit is not passed without need.
    const step = this.buffer.length < FAST_GROWTH_BYTES ? this.buffer.length * 4 : this.buffer.length * 2
    const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(step, this.sizeLimit)))
    this.buffer.copy(grown, 0, 0, this.end)
    this.buffer = grown
  }
}
