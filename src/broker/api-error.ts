import { KcliError } from '../base/errors.ts'
import { ERROR_CODES, type ErrorName } from '../protocol/index.ts'

/**
 * An answer of Kafka's protocol: one of its error codes, and the text that goes with it where the response has a place
 * for one (org.apache.kafka.common.errors.ApiException). Without a text the client shows its own for the code.
 */
export class ApiError extends KcliError {
  readonly errorCode: number
  readonly errorName: ErrorName
  /** What goes into an `error_message` field. */
  readonly wireMessage: string | null

  constructor(errorName: ErrorName, message?: string | null, options: { cause?: unknown } = {}) {
    super(`KCLI_API_${errorName}`, message ?? errorName, options)
    this.errorName = errorName
    this.errorCode = ERROR_CODES[errorName]
    this.wireMessage = message ?? null
  }
}

/** Errors of other rooms say by `errorName` which of Kafka's codes they are. */
function hasErrorName(error: unknown): error is Error & { errorName: string } {
  return error instanceof Error && 'errorName' in error && typeof error.errorName === 'string'
}

/** Maps whatever was thrown to an answer; what nobody expected is UNKNOWN_SERVER_ERROR (Errors.forException). */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (hasErrorName(error) && Object.hasOwn(ERROR_CODES, error.errorName)) {
    return new ApiError(error.errorName as ErrorName, error.message, { cause: error })
  }
  return new ApiError('UNKNOWN_SERVER_ERROR', null, { cause: error })
}
