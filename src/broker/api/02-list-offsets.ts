import { listOffsets } from '../../protocol/messages/02-list-offsets.ts'
import type { ReplicaManager } from '../replica/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** ListOffsets (KafkaApis.handleListOffsetRequest). */
export function listOffsetsHandler(replicas: ReplicaManager): ApiHandler {
  return handler(
    listOffsets,
    { min: 0, max: 9 },
    {
      handle: (request, context) => replicas.listOffsets(request, context.apiVersion),
      onError: (request, errorCode) => ({
        topics: request.topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
        })),
      }),
    },
  )
}
