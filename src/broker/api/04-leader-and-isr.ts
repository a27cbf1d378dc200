import { ZERO_UUID } from '../../base/uuid.ts'
import { ERROR_CODES } from '../../protocol/index.ts'
import { leaderAndIsr } from '../../protocol/messages/04-leader-and-isr.ts'
import type { ReplicaManager } from '../replica/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** LeaderAndIsr (KafkaApis.handleLeaderAndIsrRequest): the controller says which replicas lead and which follow. */
export function leaderAndIsrHandler(replicas: ReplicaManager): ApiHandler {
  return handler(
    leaderAndIsr,
    { min: 0, max: 7 },
    {
      handle(request, { apiVersion }) {
        if (replicas.isStaleBrokerEpoch(request.brokerEpoch)) {
          return { errorCode: ERROR_CODES.STALE_BROKER_EPOCH }
        }
        return replicas.becomeLeaderOrFollower(request, apiVersion)
      },
      onError(request, errorCode, { apiVersion }) {
        if (apiVersion >= 5) {
          const topics = request.topicStates.map(({ topicId, partitionStates }) => ({
            topicId: topicId ?? ZERO_UUID,
            partitionErrors: partitionStates.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
          }))
          return { errorCode, topics }
        }
        const grouped = request.topicStates.flatMap(({ topicName, partitionStates }) =>
          partitionStates.map(({ partitionIndex }) => ({ topicName, partitionIndex, errorCode })),
        )
        const ungrouped = request.ungroupedPartitionStates.map(({ topicName, partitionIndex }) => ({
          topicName,
          partitionIndex,
          errorCode,
        }))
        return { errorCode, partitionErrors: [...ungrouped, ...grouped] }
      },
    },
  )
}
