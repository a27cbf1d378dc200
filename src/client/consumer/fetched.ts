import {
  ABORT_MARKER,
  baseOffset,
  hasProducerId,
  InvalidBatchError,
  isControl,
  isCrcValid,
  isTransactional,
  type LogRecord,
  lastOffset,
  MAGIC_V2,
  magic,
  nextBatch,
  partitionLeaderEpoch,
  producerId,
  readControlRecord,
  readRecords,
} from '../../records/index.ts'
import { ClientError } from '../net/index.ts'
import type { TopicPartition } from '../offsets.ts'

export interface ConsumerRecord extends LogRecord, TopicPartition {
  /** The epoch of the leader that took the batch, -1 for old formats. */
  readonly leaderEpoch: number
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
  private readonly records: Buffer
  private readonly checkCrcs: boolean
  /** For read_committed: transactions that were aborted, by first offset; undefined means everything is wanted. */
  private readonly aborted: AbortedTransaction[] | undefined
  private readonly abortedProducers = new Set<number>()
  private at = 0
  private batch: readonly LogRecord[] = []
  private batchIndex = 0
  private batchEpoch = -1
  private batchEnd = -1
  /** Where to go on from: behind everything that was given out or skipped. */
  nextOffset: number

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
      if (record.offset < this.nextOffset) continue
      this.nextOffset = record.offset + 1
      left--
      target.push({
        topic: this.topic,
        partition: this.partition,
        leaderEpoch: this.batchEpoch,
        offset: record.offset,
        timestampMs: record.timestampMs,
        key: record.key,
        value: record.value,
        headers: record.headers,
        sequence: record.sequence,
      })
    }
  }

  /** Opens the next batch that is wanted; false at the end (the last batch may be cut off: it is fetched again). */
  private nextRecords(): boolean {
    if (this.batch.length > 0) this.leaveBatch()
    const { records, at } = this
    const size = this.sizeAt(at)
    if (size <= 0) return false
    const start = at
    this.at += size
    const end = lastOffset(records, start)
    if (end < this.nextOffset) return true
    if (this.checkCrcs && !isCrcValid(records, start)) {
      this.at = start
      throw new CorruptBatchError(this, baseOffset(records, start), 'the checksum does not match')
    }
    this.batchEpoch = magic(records, start) === MAGIC_V2 ? partitionLeaderEpoch(records, start) : -1
    if (this.isUnwanted(start)) this.nextOffset = Math.max(this.nextOffset, end + 1)
    else this.open(start, end)
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
      this.batchIndex = 0
      this.batchEnd = end
    } catch (error) {
      this.at = start
      if (!(error instanceof InvalidBatchError)) throw error
      throw new CorruptBatchError(this, baseOffset(this.records, start), error.message)
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
    const [marker] = [...readRecords(this.records, start)]
    if (marker !== undefined && readControlRecord(marker).type === ABORT_MARKER)
      this.abortedProducers.delete(id)
  }
}
