import { alterReplicaLogDirs } from '../../protocol/messages/34-alter-replica-log-dirs.ts'
import type { ReplicaManager } from '../replica/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** AlterReplicaLogDirs (KafkaApis.handleAlterReplicaLogDirsRequest). */
export function alterReplicaLogDirsHandler(replicas: ReplicaManager): ApiHandler {
  return handler(
    alterReplicaLogDirs,
    { min: 0, max: 2 },
    {
      handle: (request) => replicas.alterLogDirs(request),
      onError: ({ dirs }, errorCode) => ({
        results: dirs
          .flatMap(({ topics }) => topics)
          .map(({ name, partitions }) => ({
            topicName: name,
            partitions: partitions.map((partitionIndex) => ({ partitionIndex, errorCode })),
          })),
      }),
    },
  )
}
