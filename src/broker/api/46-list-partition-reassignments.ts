import { ERROR_CODES } from '../../protocol/index.ts'
import { listPartitionReassignments } from '../../protocol/messages/46-list-partition-reassignments.ts'
import type { KafkaController } from '../controller/index.ts'
import { groupByTopic } from './by-topic.ts'
import { defaultErrorMessage } from './error-message.ts'
import { type ApiHandler, handler } from './handler.ts'

/**
 * ListPartitionReassignments, key 46, v0 (KIP-455): answered by the controller, NOT_CONTROLLER(41) by all others.
 * Partitions that stay where they are, or do not exist, are left out.
 */
export function listPartitionReassignmentsHandler({
  controller,
}: {
  controller: KafkaController
}): ApiHandler {
  const failed = (errorCode: number) => ({ errorCode, errorMessage: defaultErrorMessage(errorCode) })
  return handler(
    listPartitionReassignments,
    { min: 0, max: 0 },
    {
      async handle({ topics }) {
        const wanted = topics?.flatMap(({ name, partitionIndexes }) =>
          partitionIndexes.map((partition) => ({ topic: name, partition })),
        )
        const found = await controller.listReassignments(wanted ?? null)
        if (found === null) return failed(ERROR_CODES.NOT_CONTROLLER)
        const groups = groupByTopic(found).map(([name, partitions]) => ({
          name,
          partitions: partitions.map(({ partition, assignment }) => ({
            partitionIndex: partition,
            ...assignment,
          })),
        }))
        return { topics: groups }
      },
      onError: (_request, errorCode) => failed(errorCode),
    },
  )
}
