import { type InitProducerIdRequest, initProducerId } from '../../protocol/messages/22-init-producer-id.ts'
import { ApiError } from '../api-error.ts'
import { type ApiHandler, handler } from './handler.ts'

const NONE = -1

export interface InitProducerIdDeps {
  /** A producer id that nobody else has; rejects with an ApiError when none can be had now. */
  readonly nextProducerId: () => Promise<number>
  /** transaction.max.timeout.ms */
  readonly maxTransactionTimeoutMs: () => number
}

/**
 * InitProducerId, key 22, v0-5: an id for an idempotent producer. v3 lets a producer bring the id that it has (KIP-360).
 *
 * Transactional producers are checked as Kafka checks them and then refused: there is no transaction coordinator yet.
 */
export function initProducerIdHandler(deps: InitProducerIdDeps): ApiHandler {
  return handler(
    initProducerId,
    { min: 0, max: 5 },
    {
      async handle(request) {
        checkRequest(request, deps.maxTransactionTimeoutMs())
        return { producerId: await deps.nextProducerId(), producerEpoch: 0 }
      },
      onError: (_request, errorCode) => ({ errorCode, producerId: NONE, producerEpoch: NONE }),
    },
  )
}

function checkRequest(request: InitProducerIdRequest, maxTimeoutMs: number): void {
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request
  if ((producerId === NONE) !== (producerEpoch === NONE)) throw new ApiError('INVALID_REQUEST')
  if (transactionalId === null) return
  if (transactionalId === '') throw new ApiError('INVALID_REQUEST')
  if (transactionTimeoutMs <= 0 || transactionTimeoutMs > maxTimeoutMs) {
    throw new ApiError('INVALID_TRANSACTION_TIMEOUT')
  }
  throw new ApiError('COORDINATOR_NOT_AVAILABLE')
}
