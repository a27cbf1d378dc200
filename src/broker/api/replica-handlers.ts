import type { ReplicaManager } from '../replica/index.ts'
import { produceHandler } from './00-produce.ts'
import { fetchHandler } from './01-fetch.ts'
import { listOffsetsHandler } from './02-list-offsets.ts'
import { leaderAndIsrHandler } from './04-leader-and-isr.ts'
import { stopReplicaHandler } from './05-stop-replica.ts'
import { deleteRecordsHandler } from './21-delete-records.ts'
import { offsetForLeaderEpochHandler } from './23-offset-for-leader-epoch.ts'
import { alterReplicaLogDirsHandler } from './34-alter-replica-log-dirs.ts'
import { describeLogDirsHandler } from './35-describe-log-dirs.ts'
import type { ApiHandler } from './handler.ts'

/** The APIs that the replicas of this broker answer. */
export function replicaHandlers(replicas: ReplicaManager): ApiHandler[] {
  return [
    produceHandler(replicas),
    fetchHandler(replicas),
    listOffsetsHandler(replicas),
    leaderAndIsrHandler(replicas),
    stopReplicaHandler(replicas),
    deleteRecordsHandler(replicas),
    offsetForLeaderEpochHandler(replicas),
    alterReplicaLogDirsHandler(replicas),
    describeLogDirsHandler(replicas),
  ]
}
