import type { TimestampType } from './batch-header.ts'
import { InvalidBatchError, type RecordError } from './errors.ts'

/** What a topic demands of each record (`cleanup.policy`, `message.timestamp.*`). */
export interface RecordRules {
  /** Compacted topics refuse records without a key. */
  readonly requireKeys?: boolean
  /** Named in messages, as `TOPIC-PARTITION`. */
  readonly partition?: string
  /** 0, the default: producers set timestamps, and those are checked. 1: the broker overwrites them. */
  readonly timestampType?: 0 | 1
  readonly nowMs?: number
  /** How far a timestamp may lie before and after `nowMs`; no bound when absent. */
  readonly timestampBeforeMaxMs?: number
  readonly timestampAfterMaxMs?: number
}

/** A batch may hold millions of bad records; the answer to the producer need not. */
const MAX_RECORD_ERRORS = 1000

/** Collects the faults of single records as Kafka's LogValidator does, so that the producer hears of all of them. */
export class RecordChecks {
  private readonly requireKeys: boolean
  private readonly partition: string
  private readonly checkTimestamps: boolean
  private readonly earliestMs: number
  private readonly latestMs: number
  private readonly batchHasAppendTime: boolean
  /** Timestamps between them need no closer look. */
  private readonly plainFromMs: number
  private readonly plainToMs: number
  private readonly errors: RecordError[] = []
  private errorCount = 0
  private hasTimestampError = false

  constructor(rules: RecordRules, batchTimestampType: TimestampType) {
    const nowMs = rules.nowMs ?? 0
    this.requireKeys = rules.requireKeys === true
    this.partition = rules.partition === undefined ? '' : ` in topic partition ${rules.partition}`
    this.checkTimestamps = rules.timestampType !== 1
    this.earliestMs = nowMs - (rules.timestampBeforeMaxMs ?? Number.POSITIVE_INFINITY)
    this.latestMs = nowMs + (rules.timestampAfterMaxMs ?? Number.POSITIVE_INFINITY)
    this.batchHasAppendTime = batchTimestampType === 1
    if (this.checkTimestamps) {
      this.plainFromMs = Math.max(this.earliestMs, 0)
      this.plainToMs = Math.min(this.latestMs, Number.MAX_SAFE_INTEGER)
    } else {
      this.plainFromMs = Number.MIN_SAFE_INTEGER
      this.plainToMs = this.batchHasAppendTime ? Number.NEGATIVE_INFINITY : Number.MAX_SAFE_INTEGER
    }
  }

  /** What {@link check} would let pass, for most records: small enough to become part of the caller's loop. */
  isPlain(timestampMs: number, hasKey: boolean): boolean {
    return timestampMs >= this.plainFromMs && timestampMs <= this.plainToMs && (hasKey || !this.requireKeys)
  }

  /** True when the record is as the topic wants it. One fault a record is kept, as in Kafka. */
  check(index: number, timestampMs: number, hasKey: boolean): boolean {
    if (this.requireKeys && !hasKey) {
      return this.add(index, `Compacted topic cannot accept message without key${this.partition}`)
    }
    if (!Number.isSafeInteger(timestampMs)) {
      return this.addTimestamp(index, `Timestamp ${timestampMs} of message ${index} is out of range.`)
    }
    if (this.checkTimestamps && timestampMs !== -1) {
      if (timestampMs >= this.earliestMs && timestampMs <= this.latestMs) return true
      return this.addTimestamp(
        index,
        `Timestamp ${timestampMs} of message with offset ${index} is out of range. ` +
          `The timestamp should be within [${this.earliestMs}, ${this.latestMs}]`,
      )
    }
    // Kafka asks this only here, so a topic with CreateTime takes such a batch and resets its type.
    if (!this.batchHasAppendTime) return true
    return this.addTimestamp(
      index,
      `Invalid timestamp type in message ${index}. Producer should not set timestamp type to LogAppendTime.`,
    )
  }

  add(batchIndex: number, message: string): false {
    this.errorCount++
    if (this.errors.length < MAX_RECORD_ERRORS) this.errors.push({ batchIndex, message })
    return false
  }

  private addTimestamp(batchIndex: number, message: string): false {
    this.hasTimestampError = true
    return this.add(batchIndex, message)
  }

  /** Throws one InvalidBatchError for all that was found. */
  finish(): void {
    if (this.errorCount === 0) return
    const details = { recordErrors: this.errors }
    if (this.hasTimestampError) {
      const message = 'One or more records have been rejected due to invalid timestamp'
      throw new InvalidBatchError('invalid-timestamp', message, details)
    }
    const shown = this.errors
      .slice(0, 3)
      .map((error) => `RecordError(batchIndex=${error.batchIndex}, message='${error.message}')`)
    throw new InvalidBatchError(
      'invalid-record',
      `One or more records have been rejected due to ${this.errorCount} record errors in total, ` +
        `and only showing the first three errors at most: [${shown.join(', ')}]`,
      details,
    )
  }
}
