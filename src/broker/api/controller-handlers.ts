import { controlledShutdownHandler } from './07-controlled-shutdown.ts'
import { createTopicsHandler } from './19-create-topics.ts'
import { type DeleteTopicsDeps, deleteTopicsHandler } from './20-delete-topics.ts'
import { createPartitionsHandler } from './37-create-partitions.ts'
import { type ElectLeadersDeps, electLeadersHandler } from './43-elect-leaders.ts'
import { alterPartitionReassignmentsHandler } from './45-alter-partition-reassignments.ts'
import { listPartitionReassignmentsHandler } from './46-list-partition-reassignments.ts'
import { alterPartitionHandler } from './56-alter-partition.ts'
import { allocateProducerIdsHandler } from './67-allocate-producer-ids.ts'
import type { ApiHandler } from './handler.ts'

/** What the controller answers; a broker that is not in office refuses. */
export function controllerHandlers(deps: DeleteTopicsDeps & ElectLeadersDeps): ApiHandler[] {
  return [
    controlledShutdownHandler(deps),
    createTopicsHandler(deps),
    deleteTopicsHandler(deps),
    createPartitionsHandler(deps),
    electLeadersHandler(deps),
    alterPartitionReassignmentsHandler(deps),
    listPartitionReassignmentsHandler(deps),
    alterPartitionHandler(deps),
    allocateProducerIdsHandler(deps),
  ]
}
