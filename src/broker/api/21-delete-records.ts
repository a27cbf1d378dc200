import { deleteRecords } from '../../protocol/messages/21-delete-records.ts'
import type { ReplicaManager } from '../replica/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** DeleteRecords (KafkaApis.handleDeleteRecordsRequest). */
export function deleteRecordsHandler(replicas: ReplicaManager): ApiHandler {
  return handler(
    deleteRecords,
    { min: 0, max: 2 },
    {
      handle: (request) => replicas.deleteRecords(request),
      onError: (request, errorCode) => ({
        topics: request.topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex }) => ({
            partitionIndex,
            lowWatermark: -1,
            errorCode,
          })),
        })),
      }),
    },
  )
}
