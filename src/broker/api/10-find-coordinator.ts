import { ERROR_CODES } from '../../protocol/index.ts'
import { findCoordinator } from '../../protocol/messages/10-find-coordinator.ts'
import { defaultErrorMessage } from './error-message.ts'
import { type ApiHandler, handler } from './handler.ts'

const GROUP = 0
const TRANSACTION = 1
const SHARE = 2
const NO_NODE = { nodeId: -1, host: '', port: -1 }

/**
 * FindCoordinator, key 10, v0-6: which broker looks after a group or a transactional id. v4 asks for several at once.
 *
 * There are no coordinators yet. For groups the answer is what Kafka says while its offsets topic cannot be had: clients
 * keep asking, and those that only use a group id as a name go on. A transactional producer would wait until it times
 * out: it is told at once.
 */
export function findCoordinatorHandler(): ApiHandler {
  return handler(
    findCoordinator,
    { min: 0, max: 6 },
    {
      handle(request, { apiVersion }) {
        const error = errorOf(request.keyType, apiVersion)
        if (apiVersion < 4) return { ...NO_NODE, ...error }
        // The batched form has a text only where something is wrong with the request itself.
        const isUsual = error.errorCode === ERROR_CODES.COORDINATOR_NOT_AVAILABLE
        const errorMessage = isUsual ? '' : error.errorMessage
        return {
          coordinators: request.coordinatorKeys.map((key) => ({ key, ...NO_NODE, ...error, errorMessage })),
        }
      },
      onError(request, errorCode, { apiVersion }) {
        const error = { errorCode, errorMessage: defaultErrorMessage(errorCode) }
        if (apiVersion < 4) return { ...NO_NODE, ...error }
        return { coordinators: request.coordinatorKeys.map((key) => ({ key, ...NO_NODE, ...error })) }
      },
    },
  )
}

function errorOf(keyType: number, apiVersion: number): { errorCode: number; errorMessage: string } {
  if (keyType === TRANSACTION) {
    return {
      errorCode: ERROR_CODES.UNSUPPORTED_VERSION,
      errorMessage: 'This broker has no transaction coordinator yet: transactional.id cannot be used.',
    }
  }
  const isKnown = keyType === GROUP || (keyType === SHARE && apiVersion >= 6)
  const errorCode = isKnown ? ERROR_CODES.COORDINATOR_NOT_AVAILABLE : ERROR_CODES.INVALID_REQUEST
  return { errorCode, errorMessage: defaultErrorMessage(errorCode) }
}
