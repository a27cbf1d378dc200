import { ERROR_CODES } from '../../protocol/index.ts'
import { alterPartitionReassignments } from '../../protocol/messages/45-alter-partition-reassignments.ts'
import type { KafkaController } from '../controller/index.ts'
import { distinctPartitions, groupByTopic } from './by-topic.ts'
import { defaultErrorMessage } from './error-message.ts'
import { type ApiHandler, handler } from './handler.ts'

/**
 * AlterPartitionReassignments, key 45, v0 (KIP-455): answered by the controller, NOT_CONTROLLER(41) by all others.
 * Answers when the reassignments have begun; replicas of null take one back.
 */
export function alterPartitionReassignmentsHandler({
  controller,
}: {
  controller: KafkaController
}): ApiHandler {
  const failed = (errorCode: number) => ({ errorCode, errorMessage: defaultErrorMessage(errorCode) })
  return handler(
    alterPartitionReassignments,
    { min: 0, max: 0 },
    {
      async handle(request) {
        const wanted = request.topics.flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex, replicas }) => ({
            topic: name,
            partition: partitionIndex,
            replicas,
          })),
        )
        const outcomes = await controller.alterReassignments(distinctPartitions(wanted))
        if (outcomes === null) return failed(ERROR_CODES.NOT_CONTROLLER)
        const responses = groupByTopic(outcomes).map(([name, group]) => ({
          name,
          partitions: group.map(({ partition, error }) => ({
            partitionIndex: partition,
            errorCode: error?.errorCode ?? ERROR_CODES.NONE,
            errorMessage: error?.wireMessage ?? null,
          })),
        }))
        return { responses }
      },
      onError: (_request, errorCode) => failed(errorCode),
    },
  )
}
