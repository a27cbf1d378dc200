import { KcliError } from '../base/errors.ts'

/**
 * What is wrong, in the classes that Kafka tells apart on the wire:
 * `corrupt` - CORRUPT_MESSAGE (CorruptRecordException), `invalid-record` - INVALID_RECORD (InvalidRecordException),
 * `invalid-timestamp` - INVALID_TIMESTAMP, `unsupported` - UNSUPPORTED_FOR_MESSAGE_FORMAT.
 */
export type InvalidBatchReason = 'corrupt' | 'invalid-record' | 'invalid-timestamp' | 'unsupported'

/** Bytes that are not a record batch as Kafka defines it. Whatever the bytes, this is the only error about them. */
export class InvalidBatchError extends KcliError {
  readonly reason: InvalidBatchReason

  constructor(reason: InvalidBatchReason, message: string, cause?: unknown) {
    super('KCLI_INVALID_BATCH', message, cause === undefined ? {} : { cause })
    this.reason = reason
  }
}
