import { offsetForLeaderEpoch } from '../../protocol/messages/23-offset-for-leader-epoch.ts'
import type { ReplicaManager } from '../replica/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** OffsetForLeaderEpoch (KafkaApis.handleOffsetForLeaderEpochRequest). */
export function offsetForLeaderEpochHandler(replicas: ReplicaManager): ApiHandler {
  return handler(
    offsetForLeaderEpoch,
    { min: 0, max: 4 },
    {
      handle: (request) => replicas.offsetsForLeaderEpochs(request),
      onError: (request, errorCode) => ({
        topics: request.topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition }) => ({ partition, errorCode })),
        })),
      }),
    },
  )
}
