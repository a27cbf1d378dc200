import { KcliError } from '../base/errors.ts'

/**
 * What is wrong, in the classes that Kafka tells apart on the wire:
 * `corrupt` - CORRUPT_MESSAGE (CorruptRecordException), `invalid-record` - INVALID_RECORD (InvalidRecordException),
 * `invalid-timestamp` - INVALID_TIMESTAMP, `unsupported` - UNSUPPORTED_FOR_MESSAGE_FORMAT, `too-large` - decompressed, it
 * is more than the reader takes (Kafka has no such bound; MESSAGE_TOO_LARGE comes nearest).
 */
export type InvalidBatchReason =
  | 'corrupt'
  | 'invalid-record'
  | 'invalid-timestamp'
  | 'unsupported'
  | 'too-large'

/** One record that the broker refuses: its place in the batch, counted from 0, and why (ProduceResponse v8+). */
export interface RecordError {
  readonly batchIndex: number
  readonly message: string
}

/** Bytes that are not a record batch as Kafka defines it. Whatever the bytes, this is the only error about them. */
export class InvalidBatchError extends KcliError {
  readonly reason: InvalidBatchReason
  /** Empty when the fault is the batch's as a whole. */
  readonly recordErrors: readonly RecordError[]

  constructor(
    reason: InvalidBatchReason,
    message: string,
    details: { cause?: unknown; recordErrors?: readonly RecordError[] } = {},
  ) {
    super('KCLI_INVALID_BATCH', message, details.cause === undefined ? {} : { cause: details.cause })
    this.reason = reason
    this.recordErrors = details.recordErrors ?? []
  }
}
