import { KcliError, messageOf } from '../../base/errors.ts'
import { ClientError, NetworkError } from '../net/index.ts'

/** The batch was not acknowledged within delivery.timeout.ms. */
export class DeliveryTimeoutError extends ClientError {
  constructor(topic: string, partition: number, timeoutMs: number, cause: unknown) {
    const reason = cause instanceof Error ? `: ${cause.message}` : ''
    const message = `${topic}-${partition} did not acknowledge within ${timeoutMs} ms${reason}`
    super('KCLI_DELIVERY_TIMEOUT', message, { retriable: true, cause })
  }
}

export function clientError(code: string, message: string): ClientError {
  return new ClientError(code, message, { retriable: false })
}

export function closedError(): ClientError {
  return clientError('KCLI_CLOSED', 'the producer is closed')
}

export function tooLarge(sizeBytes: number, config: string, limit: number): ClientError {
  return clientError('KCLI_RECORD_TOO_LARGE', `a record of up to ${sizeBytes} bytes; ${config} is ${limit}`)
}

/** What no client threw is no reason to try again, unless it came from the network. */
export function asClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error
  if (!(error instanceof KcliError)) return new NetworkError(messageOf(error), { cause: error })
  const hint = error.hint === undefined ? {} : { hint: error.hint }
  return new ClientError(error.code, error.message, { ...hint, cause: error, retriable: false })
}
