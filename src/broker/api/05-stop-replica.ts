import { ERROR_CODES } from '../../protocol/index.ts'
import { stopReplica } from '../../protocol/messages/05-stop-replica.ts'
import type { ReplicaManager } from '../replica/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** StopReplica (KafkaApis.handleStopReplicaRequest): the controller takes replicas away, with or without their logs. */
export function stopReplicaHandler(replicas: ReplicaManager): ApiHandler {
  return handler(
    stopReplica,
    { min: 0, max: 4 },
    {
      handle(request, { apiVersion }) {
        if (replicas.isStaleBrokerEpoch(request.brokerEpoch)) {
          return { errorCode: ERROR_CODES.STALE_BROKER_EPOCH }
        }
        return replicas.stopReplicas(request, apiVersion)
      },
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}
