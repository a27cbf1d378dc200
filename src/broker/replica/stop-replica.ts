import { ERROR_CODES, type ErrorName } from '../../protocol/index.ts'
import type { StopReplicaRequest, StopReplicaResponseInput } from '../../protocol/messages/05-stop-replica.ts'
import type { TopicPartition } from '../../storage/index.ts'

export interface PartitionToStop extends TopicPartition {
  /** -1 when the request does not say. */
  readonly leaderEpoch: number
  readonly isDeleted: boolean
}

/** The three forms in which the versions of StopReplica name partitions. */
export function partitionsToStop(request: StopReplicaRequest, version: number): PartitionToStop[] {
  const { deletePartitions: isDeleted } = request
  if (version === 0) {
    return request.ungroupedPartitions.map(({ topicName: topic, partitionIndex: partition }) => ({
      topic,
      partition,
      leaderEpoch: -1,
      isDeleted,
    }))
  }
  if (version < 3) {
    return request.topics.flatMap(({ name: topic, partitionIndexes }) =>
      partitionIndexes.map((partition) => ({ topic, partition, leaderEpoch: -1, isDeleted })),
    )
  }
  return request.topicStates.flatMap(({ topicName: topic, partitionStates }) =>
    partitionStates.map(({ partitionIndex: partition, leaderEpoch, deletePartition }) => ({
      topic,
      partition,
      leaderEpoch,
      isDeleted: deletePartition,
    })),
  )
}

export function stopResponse(
  outcomes: readonly (readonly [PartitionToStop, ErrorName])[],
): StopReplicaResponseInput {
  return {
    partitionErrors: outcomes.map(([{ topic, partition }, error]) => ({
      topicName: topic,
      partitionIndex: partition,
      errorCode: ERROR_CODES[error],
    })),
  }
}
