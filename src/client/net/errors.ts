import { KcliError } from '../../base/errors.ts'
import { ERROR_CODES, type ErrorName, errorInfo } from '../../protocol/index.ts'

/** The root of what clients throw. When `retriable`, the same call may succeed later, perhaps on another broker. */
export class ClientError extends KcliError {
  constructor(
    code: string,
    message: string,
    options: { retriable: boolean; hint?: string; cause?: unknown },
  ) {
    super(code, message, options)
  }
}

/** The connection could not be made, or was lost before the answer came. */
export class NetworkError extends ClientError {
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super('KCLI_NETWORK', message, { ...options, retriable: true })
  }
}

/** No answer within the request's time. Whether the broker carried it out is not known. */
export class RequestTimeoutError extends ClientError {
  constructor(message: string) {
    super('KCLI_REQUEST_TIMEOUT', message, { retriable: true })
  }
}

/** The broker and we have no version of the API in common, or none that can carry the request. */
export class UnsupportedVersionError extends ClientError {
  constructor(message: string) {
    super('KCLI_UNSUPPORTED_VERSION', message, { retriable: false })
  }
}

/** A broker answered with one of Kafka's error codes. */
export class BrokerError extends ClientError {
  readonly errorCode: number
  readonly errorName: ErrorName
  /** What the broker said beside the code. */
  readonly brokerMessage: string | null

  constructor(errorCode: number, message?: string | null, options: { hint?: string } = {}) {
    const info = errorInfo(errorCode)
    super('KCLI_BROKER', message ?? `the broker answered ${info.name}`, {
      ...options,
      retriable: info.retriable,
    })
    this.errorCode = errorCode
    this.errorName = info.name
    this.brokerMessage = message ?? null
  }
}

const STALE_METADATA: ReadonlySet<number> = new Set([
  ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION,
  ERROR_CODES.LEADER_NOT_AVAILABLE,
  ERROR_CODES.NOT_LEADER_OR_FOLLOWER,
  ERROR_CODES.REPLICA_NOT_AVAILABLE,
  ERROR_CODES.NETWORK_EXCEPTION,
  ERROR_CODES.KAFKA_STORAGE_ERROR,
  ERROR_CODES.LISTENER_NOT_FOUND,
  ERROR_CODES.FENCED_LEADER_EPOCH,
  ERROR_CODES.UNKNOWN_LEADER_EPOCH,
  ERROR_CODES.UNKNOWN_TOPIC_ID,
  ERROR_CODES.INCONSISTENT_TOPIC_ID,
])

/** Whether an answer means that we asked the wrong broker (Kafka's InvalidMetadataException). */
export function isStaleMetadata(errorCode: number): boolean {
  return STALE_METADATA.has(errorCode)
}
