import { ERROR_CODES } from '../../protocol/index.ts'

/** What Kafka says where a response has a place for a text and there is no particular one (Errors.message). */
const MESSAGES: ReadonlyMap<number, string> = new Map([
  [
    ERROR_CODES.UNKNOWN_SERVER_ERROR,
    'The server experienced an unexpected error when processing the request.',
  ],
  [ERROR_CODES.NONE, 'NONE'],
  [ERROR_CODES.NOT_CONTROLLER, 'This is not the correct controller for this cluster.'],
  [ERROR_CODES.COORDINATOR_NOT_AVAILABLE, 'The coordinator is not available.'],
  [
    ERROR_CODES.INVALID_REQUEST,
    'This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.',
  ],
])

export function defaultErrorMessage(errorCode: number): string {
  return MESSAGES.get(errorCode) ?? ''
}
