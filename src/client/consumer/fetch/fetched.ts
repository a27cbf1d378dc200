import {
  ABORT_MARKER,
  BatchCursor,
  baseOffset,
  batchStarts,
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
  type RecordHeader,
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
 * What one fetch brought for one partition: batches are checked and opened one by one, and records made, as they are asked
 * for (org.apache.kafka.clients.consumer.internals.CompletedFetch). Opening a compressed batch takes the time that its
 * decompression takes.
 */
export class FetchedPartition implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** Where it was fetched from. */
  readonly fetchOffset: number
  private records: Buffer
  private readonly checkCrcs: boolean
  /** For read_committed: transactions that were aborted, by first offset; undefined means everything is wanted. */
  private readonly aborted: AbortedTransaction[] | undefined
  private readonly abortedProducers = new Set<number>()
  /** Where the next batch begins. */
  private at = 0
  private ended = false
  private lastEnd = -1
  /** Looked up when it is first asked for. */
  private end: { readonly offset: number | undefined } | undefined
  private cursor: RecordCursor | undefined
  private batchTimestampType: ConsumerRecord['timestampType'] = 'create'
  /** Of the batch that is open: where it begins, its last offset, and the last one before it. */
  private batchStart = 0
  private batchEnd = -1
  private endBefore = -1
  /** What is wrong with a record of the batch that is open: nothing behind it can be read. */
  private failure: unknown
  /** Where to go on from: behind everything that was given out or skipped. */
  nextOffset: number
  /** The leader epoch of the batch that was read last, -1 before the first one. */
  nextEpoch = -1
  /** How many records were given out. */
  recordCount = 0

  constructor(
    at: TopicPartition,
    fetchOffset: number,
    records: Buffer,
    options: { checkCrcs: boolean; aborted?: readonly AbortedTransaction[] },
  ) {
    this.topic = at.topic
    this.partition = at.partition
    this.fetchOffset = fetchOffset
    this.nextOffset = fetchOffset
    this.records = records
    this.checkCrcs = options.checkCrcs
    this.aborted = options.aborted && [...options.aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** What it keeps in memory, about. */
  get sizeBytes(): number {
    return this.records.length
  }

  /** What has not been opened yet. */
  get unreadBytes(): number {
    return this.records.length - this.at
  }

  /** The memory that it keeps: that of the whole response, unless it is detached. */
  get backing(): ArrayBufferLike {
    return this.records.buffer
  }

  /** The offset behind the last whole batch, by what the batches say of themselves; undefined when they make no sense. */
  get endOffset(): number | undefined {
    this.end ??= { offset: this.findEnd() }
    return this.end.offset
  }

  private findEnd(): number | undefined {
    let end: number | undefined
    try {
      for (const at of batchStarts(this.records)) end = lastOffset(this.records, at) + 1
    } catch (error) {
      if (!(error instanceof InvalidBatchError)) throw error
      return undefined
    }
    return end !== undefined && end > this.fetchOffset ? end : undefined
  }

  /** Keeps what is left to be read, and no longer the response that it is a part of. */
  detach(): void {
    if (this.records.buffer.byteLength < 2 * this.records.length) return
    if (this.cursor !== undefined) {
      // The batch is opened again: what was given out of it lies before the position.
      this.at = this.batchStart
      this.lastEnd = this.endBefore
      this.cursor = undefined
    }
    this.records = Buffer.from(this.records.subarray(this.at))
    this.at = 0
  }

  /** Everything has been taken. */
  get isDone(): boolean {
    return this.ended || (this.cursor === undefined && this.at >= this.records.length)
  }

  /**
   * Adds up to `limit` records to `target`; fewer only when there are no more. Throws at what cannot be read, again with
   * each call; what was added before that is good.
   */
  drain(target: ConsumerRecord[], limit: number): void {
    if (this.failure !== undefined) throw this.failure
    const end = target.length + limit
    const before = target.length
    try {
      while (target.length < end) {
        if (this.cursor !== undefined) this.drainBatch(this.cursor, target, end)
        else if (!this.openNext()) return
      }
    } finally {
      this.recordCount += target.length - before
    }
  }

  private drainBatch(cursor: RecordCursor, target: ConsumerRecord[], end: number): void {
    const { topic, partition, nextEpoch: leaderEpoch, batchTimestampType: timestampType } = this
    let { nextOffset } = this
    try {
      while (target.length < end) {
        if (!cursor.next()) {
          nextOffset = this.leaveBatch(nextOffset)
          return
        }
        const { offset } = cursor
        // A batch is fetched whole; its first records may lie before the position.
        if (offset < nextOffset) continue
        nextOffset = offset + 1
        target.push({
          topic,
          partition,
          leaderEpoch,
          offset,
          timestampMs: cursor.timestampMs,
          timestampType,
          key: cursor.key,
          value: cursor.value,
          headers: cursor.headers,
          sequence: cursor.sequence,
        })
      }
      if (cursor.isAtEnd && !cursor.next()) nextOffset = this.leaveBatch(nextOffset)
    } catch (error) {
      this.failure = this.corrupt(this.batchStart, error)
      throw this.failure
    } finally {
      this.nextOffset = nextOffset
    }
  }

  /** Opens the next batch that is wanted; false at the end (the last batch may be cut off: it is fetched again). */
  private openNext(): boolean {
    const { records, at, lastEnd } = this
    const size = this.sizeAt(at)
    if (size <= 0) {
      if (size === TRUNCATED && lastEnd < 0)
        throw new CorruptBatchError(this, this.nextOffset, 'it is cut off')
      this.ended = true
      return false
    }
    // The checksum first: what the head says may be wrong, and the batch must not be passed over for it.
    if (this.checkCrcs && !isCrcValid(records, at))
      throw new CorruptBatchError(this, baseOffset(records, at), 'the checksum does not match')
    const isV2 = magic(records, at) === MAGIC_V2
    const start = baseOffset(records, at)
    const end = lastOffset(records, at)
    // The base offset stands outside of the checksum.
    if (isV2 && (start <= lastEnd || end < start))
      throw new CorruptBatchError(this, this.nextOffset, `it claims the offsets ${start} to ${end}`)
    if (end >= this.nextOffset) {
      this.nextEpoch = isV2 ? partitionLeaderEpoch(records, at) : -1
      if (this.isUnwanted(at)) this.nextOffset = end + 1
      else this.open(at, end, isV2)
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

  private open(start: number, end: number, isV2: boolean): void {
    const { records } = this
    try {
      this.cursor = isV2
        ? new BatchCursor(records, start)
        : new LegacyCursor([...readRecords(records, start)])
    } catch (error) {
      throw this.corrupt(start, error)
    }
    this.batchTimestampType = timestampType(records, start) === LOG_APPEND_TIME ? 'append' : 'create'
    this.batchStart = start
    this.batchEnd = end
    this.endBefore = this.lastEnd
  }

  /** Compaction may have removed the last records of a batch; the position goes past them. */
  private leaveBatch(nextOffset: number): number {
    this.cursor = undefined
    return Math.max(nextOffset, this.batchEnd + 1)
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

/** What {@link BatchCursor} has, for batches of all formats. */
interface RecordCursor extends LogRecord {
  /** Goes to the next record; false when there is none. */
  next(): boolean
  readonly isAtEnd: boolean
}

/** Over the messages of formats before 0.11. */
class LegacyCursor implements RecordCursor {
  private readonly records: readonly LogRecord[]
  private index = -1

  constructor(records: readonly LogRecord[]) {
    this.records = records
  }

  next(): boolean {
    return ++this.index < this.records.length
  }

  get isAtEnd(): boolean {
    return this.index + 1 >= this.records.length
  }

  get offset(): number {
    return this.record.offset
  }

  get timestampMs(): number {
    return this.record.timestampMs
  }

  get key(): Buffer | null {
    return this.record.key
  }

  get value(): Buffer | null {
    return this.record.value
  }

  get headers(): readonly RecordHeader[] {
    return this.record.headers
  }

  get sequence(): number {
    return this.record.sequence
  }

  private get record(): LogRecord {
    return this.records[this.index] as LogRecord
  }
}
