import { KcliError } from '../base/errors.ts'

/**
 * What the log refuses or cannot do. `errorName` is the name of Kafka's error code, so that the broker can map it
 * without a table of classes (org.apache.kafka.common.protocol.Errors).
 */
export class StorageError extends KcliError {
  readonly errorName: string

  constructor(errorName: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(`KCLI_STORAGE_${errorName}`, message, options)
    this.errorName = errorName
  }
}

export class OffsetOutOfRangeError extends StorageError {
  constructor(message: string) {
    super('OFFSET_OUT_OF_RANGE', message)
  }
}

/** What waited for its turn belongs to a leader epoch that is over: it would lie behind the start of the next one. */
export class StaleLeaderEpochError extends StorageError {
  constructor(partition: string, leaderEpoch: number) {
    super(
      'NOT_LEADER_OR_FOLLOWER',
      `leader epoch ${leaderEpoch} of ${partition} was over before the records were taken`,
    )
  }
}

/** A batch whose size, magic or checksum is wrong (CorruptRecordException). */
export class CorruptRecordError extends StorageError {
  constructor(message: string, cause?: unknown) {
    super('CORRUPT_MESSAGE', message, { cause })
  }
}

/** One refused record of a produce request: Kafka's ProduceResponse.RecordError. */
export interface RecordError {
  readonly batchIndex: number
  readonly message: string
}

/** The records are well formed but break a rule of the topic (InvalidRecordException, RecordValidationException). */
export class InvalidRecordError extends StorageError {
  readonly recordErrors: readonly RecordError[]

  constructor(message: string, recordErrors: readonly RecordError[] = []) {
    super('INVALID_RECORD', message)
    this.recordErrors = recordErrors
  }
}

/** A timestamp outside the bounds of the topic; carries the refused records too. */
export class InvalidTimestampError extends StorageError {
  readonly recordErrors: readonly RecordError[]

  constructor(message: string, recordErrors: readonly RecordError[] = []) {
    super('INVALID_TIMESTAMP', message)
    this.recordErrors = recordErrors
  }
}

/** One batch is larger than max.message.bytes. */
export class RecordTooLargeError extends StorageError {
  constructor(message: string) {
    super('MESSAGE_TOO_LARGE', message)
  }
}

/** The whole record set is larger than a segment may be. */
export class RecordListTooLargeError extends StorageError {
  constructor(message: string) {
    super('RECORD_LIST_TOO_LARGE', message)
  }
}

export class UnsupportedForMessageFormatError extends StorageError {
  constructor(message: string) {
    super('UNSUPPORTED_FOR_MESSAGE_FORMAT', message)
  }
}

export class OutOfOrderSequenceError extends StorageError {
  constructor(message: string) {
    super('OUT_OF_ORDER_SEQUENCE_NUMBER', message)
  }
}

export class InvalidProducerEpochError extends StorageError {
  constructor(message: string) {
    super('INVALID_PRODUCER_EPOCH', message)
  }
}

export class InvalidTxnStateError extends StorageError {
  constructor(message: string) {
    super('INVALID_TXN_STATE', message)
  }
}

/** A transaction marker from a coordinator that has been replaced. */
export class TransactionCoordinatorFencedError extends StorageError {
  constructor(message: string) {
    super('TRANSACTION_COORDINATOR_FENCED', message)
  }
}

/** The topic was deleted and made anew under another id. */
export class InconsistentTopicIdError extends StorageError {
  constructor(message: string) {
    super('INCONSISTENT_TOPIC_ID', message)
  }
}

/** The disk refused: the log, and if it goes on the whole log directory, cannot be used. */
export class KafkaStorageError extends StorageError {
  constructor(message: string, cause?: unknown) {
    super('KAFKA_STORAGE_ERROR', message, { cause })
  }
}

/** The directory belongs to another cluster or broker, is of another version, or is in use. Ends the start-up. */
export class LogDirectoryError extends KcliError {
  constructor(code: string, message: string, hint: string, cause?: unknown) {
    super(code, message, { hint, cause })
  }
}

/** What lies in the directory makes no sense. It cannot be used, but others of the broker can. */
export class DamagedLogDirectoryError extends LogDirectoryError {
  constructor(message: string, hint: string) {
    super('KCLI_LOG_DIR_VERSION', message, hint)
  }
}

/** A follower was sent records that do not fit behind its log (UnexpectedAppendOffsetException). */
export class UnexpectedAppendOffsetError extends StorageError {
  readonly firstOffset: number
  readonly lastOffset: number

  constructor(message: string, firstOffset: number, lastOffset: number) {
    super('UNKNOWN_SERVER_ERROR', message)
    this.firstOffset = firstOffset
    this.lastOffset = lastOffset
  }
}
