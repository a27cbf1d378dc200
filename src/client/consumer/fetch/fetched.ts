import {
  ABORT_MARKER,
  baseOffset,
  hasProducerId,
  InvalidBatchError,
  isControl,
  isCrcValid,
  isTransactional,
  LOG_APPEND_TIME,
  type LogRecord,
  lastOffset,
  MAGIC_V2,
  magic,
  nextBatch,
  partitionLeaderEpoch,
  producerId,
  readControlRecord,
  readRecords,
  TRUNCATED,
  timestampType,
} from '../../../records/index.ts'
import { ClientError } from '../../net/index.ts'
import type { TopicPartition } from '../../offsets.ts'

export interface ConsumerRecord extends LogRecord, TopicPartition {
  /** The epoch of the leader that took the batch, -1 for old formats. */
  readonly leaderEpoch: number
  /** Who set the time: the producer or the broker. */
  readonly timestampType: 'create' | 'append'
}

/** A batch whose checksum or structure is wrong. The position stays before it, so nothing is skipped silently. */
export class CorruptBatchError extends ClientError {
  readonly offset: number

  constructor(at: TopicPartition, offset: number, reason: string) {
    super(
      'KCLI_CORRUPT_BATCH',
      `${at.topic}-${at.partition}: the batch at offset ${offset} is corrupt: ${reason}`,
      {
        retriable: false,
        hint: 'Seek behind it to go on without it.',
      },
    )
    this.offset = offset
  }
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/**
 * What one fetch brought for one partition: batches are checked and taken apart one by one, as they are asked for
 * (org.apache.kafka.clients.consumer.internals.CompletedFetch).
 */
export class FetchedPartition implements TopicPartition {
  readonly topic: string
  readonly partition: number
  private records: Buffer
  private readonly checkCrcs: boolean
  /** For read_committed: transactions that were aborted, by first offset; undefined means everything is wanted. */
  private readonly aborted: AbortedTransaction[] | undefined
  private readonly abortedProducers = new Set<number>()
  /** Where the next batch begins. */
  private at = 0
  private ended = false
  private lastEnd = -1
  private batch: readonly LogRecord[] = []
  private batchIndex = 0
  private batchEpoch = -1
  private batchTimestampType: ConsumerRecord['timestampType'] = 'create'
  private batchEnd = -1
  /** Where to go on from: behind everything that was given out or skipped. */
  nextOffset: number
  /** The leader epoch of the batch that was read last, -1 before the first one. */
  nextEpoch = -1

  constructor(
    at: TopicPartition,
    fetchOffset: number,
    records: Buffer,
    options: { checkCrcs: boolean; aborted?: readonly AbortedTransaction[] },
  ) {
    this.topic = at.topic
    this.partition = at.partition
    this.nextOffset = fetchOffset
    this.records = records
    this.checkCrcs = options.checkCrcs
    this.aborted = options.aborted && [...options.aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** What it keeps in memory, about. */
  get sizeBytes(): number {
    return this.records.length
  }

  /** The memory that it keeps: that of the whole response, unless it is detached. */
  get backing(): ArrayBufferLike {
    return this.records.buffer
  }

  /** Keeps what is left to be read, and no longer the response that it is a part of. */
  detach(): void {
    if (this.records.buffer.byteLength < 2 * this.records.length) return
    this.records = Buffer.from(this.records.subarray(this.at))
    this.at = 0
  }

  /** Everything has been taken. */
  get isDone(): boolean {
    return this.ended || (this.batch.length === 0 && this.at >= this.records.length)
  }

  /** Adds up to `limit` records to `target`; fewer only when there are no more. */
  drain(target: ConsumerRecord[], limit: number): void {
    let left = limit
    while (left > 0) {
      if (this.batchIndex >= this.batch.length) {
        if (!this.nextRecords()) return
        continue
      }
      const record = this.batch[this.batchIndex++] as LogRecord
      // A batch is fetched whole; its first records may lie before the position.
      if (record.offset < this.nextOffset) {
        if (this.batchIndex === this.batch.length) this.leaveBatch()
        continue
      }
      this.nextOffset = record.offset + 1
      left--
      target.push({
        topic: this.topic,
        partition: this.partition,
        leaderEpoch: this.batchEpoch,
        offset: record.offset,
        timestampMs: record.timestampMs,
        timestampType: this.batchTimestampType,
        key: record.key,
        value: record.value,
        headers: record.headers,
        sequence: record.sequence,
      })
      if (this.batchIndex === this.batch.length) this.leaveBatch()
    }
  }

  /** Opens the next batch that is wanted; false at the end (the last batch may be cut off: it is fetched again). */
  private nextRecords(): boolean {
    const { records, at } = this
    const size = this.sizeAt(at)
    if (size <= 0) {
      if (size === TRUNCATED && at === 0) throw new CorruptBatchError(this, this.nextOffset, 'it is cut off')
      this.ended = true
      return false
    }
    // The checksum first: what the head says may be wrong, and the batch must not be passed over for it.
    if (this.checkCrcs && !isCrcValid(records, at))
      throw new CorruptBatchError(this, baseOffset(records, at), 'the checksum does not match')
    const isV2 = magic(records, at) === MAGIC_V2
    const end = lastOffset(records, at)
    // The base offset stands outside of the checksum.
    if (isV2 && (baseOffset(records, at) <= this.lastEnd || end < baseOffset(records, at)))
      throw new CorruptBatchError(
        this,
        this.nextOffset,
        `it claims the offsets ${baseOffset(records, at)} to ${end}`,
      )
    if (end >= this.nextOffset) {
      this.batchEpoch = isV2 ? partitionLeaderEpoch(records, at) : -1
      this.nextEpoch = this.batchEpoch
      if (this.isUnwanted(at)) this.nextOffset = end + 1
      else this.open(at, end)
    }
    this.lastEnd = end
    this.at += size
    return true
  }

  private sizeAt(at: number): number {
    try {
      return nextBatch(this.records, at, this.records.length)
    } catch (error) {
      if (!(error instanceof InvalidBatchError)) throw error
      throw new CorruptBatchError(this, this.nextOffset, error.message)
    }
  }

  private open(start: number, end: number): void {
    try {
      this.batch = [...readRecords(this.records, start)]
      this.batchTimestampType = timestampType(this.records, start) === LOG_APPEND_TIME ? 'append' : 'create'
      this.batchIndex = 0
      this.batchEnd = end
    } catch (error) {
      throw this.corrupt(start, error)
    }
    if (this.batch.length === 0) this.leaveBatch()
  }

  /** Compaction may have removed the last records of a batch; the position goes past them. */
  private leaveBatch(): void {
    this.batch = []
    this.batchIndex = 0
    this.nextOffset = Math.max(this.nextOffset, this.batchEnd + 1)
  }

  /** Control batches are never shown; with read_committed, neither are batches of aborted transactions. */
  private isUnwanted(start: number): boolean {
    const { records } = this
    if (magic(records, start) < MAGIC_V2) return false
    if (this.aborted !== undefined && hasProducerId(records, start)) {
      const id = producerId(records, start)
      while (this.aborted[0] !== undefined && this.aborted[0].firstOffset <= lastOffset(records, start)) {
        this.abortedProducers.add((this.aborted.shift() as AbortedTransaction).producerId)
      }
      if (isControl(records, start)) this.endTransaction(start, id)
      else if (isTransactional(records, start) && this.abortedProducers.has(id)) return true
    }
    return isControl(records, start)
  }

  private endTransaction(start: number, id: number): void {
    try {
      const [marker] = readRecords(this.records, start)
      if (marker !== undefined && readControlRecord(marker).type === ABORT_MARKER)
        this.abortedProducers.delete(id)
    } catch (error) {
      throw this.corrupt(start, error)
    }
  }

  private corrupt(start: number, error: unknown): unknown {
    if (!(error instanceof InvalidBatchError)) return error
    return new CorruptBatchError(this, baseOffset(this.records, start), error.message)
  }
}
