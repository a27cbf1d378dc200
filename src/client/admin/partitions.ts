import { errorInfo } from '../../protocol/index.ts'
import { electLeaders } from '../../protocol/messages/43-elect-leaders.ts'
import { alterPartitionReassignments } from '../../protocol/messages/45-alter-partition-reassignments.ts'
import { listPartitionReassignments } from '../../protocol/messages/46-list-partition-reassignments.ts'
import type { ClientCore } from '../core.ts'
import { byTopic, partitionName } from '../leaders.ts'
import { BrokerError } from '../net/index.ts'
import type { TopicPartition } from '../offsets.ts'
import { type ItemResult, itemError } from './results.ts'
import { askController, type TimeoutOptions, throwIfNotController } from './topics.ts'

/** Where a partition is to be; null takes a reassignment back that is under way. */
export interface WantedReplicas extends TopicPartition {
  readonly replicas: readonly number[] | null
}

/** A partition on its way; `replicas` are the old and the new ones. */
export interface Reassignment extends TopicPartition {
  readonly replicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
}

/** Of the preferred leader, or also of a replica that is not in sync: then records can be lost (KIP-460). */
export type ElectionType = 'preferred' | 'unclean'

/** `name` is `TOPIC-PARTITION`. */
export interface PartitionResult extends ItemResult, TopicPartition {}

const ELECTION_TYPES = { preferred: 0, unclean: 1 } as const
const DEFAULT_TIMEOUT_MS = 30_000

/** Begins to move partitions (KIP-455); brokers carry on by themselves. */
export async function reassign(
  core: ClientCore,
  wanted: readonly WantedReplicas[],
  options: TimeoutOptions,
): Promise<PartitionResult[]> {
  const topics = byTopic(wanted).map(([name, group]) => ({
    name,
    partitions: group.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
  }))
  return askController(core, async (connection) => {
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const response = await connection.send(alterPartitionReassignments, { topics, timeoutMs })
    throwIfFailed(response)
    const results = response.responses.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, errorCode, errorMessage }) =>
        resultOf(name, partitionIndex, errorCode, errorMessage),
      ),
    )
    return inOrder(results)
  })
}

/** All partitions that are on their way. */
export async function listReassignments(core: ClientCore, options: TimeoutOptions): Promise<Reassignment[]> {
  return askController(core, async (connection) => {
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const response = await connection.send(listPartitionReassignments, { topics: null, timeoutMs })
    throwIfFailed(response)
    const list = response.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, replicas, addingReplicas, removingReplicas }) => ({
        topic: name,
        partition: partitionIndex,
        replicas,
        addingReplicas,
        removingReplicas,
      })),
    )
    return inOrder(list)
  })
}

/** `partitions` null: all; those that need no election are then left out of the answer. */
export async function elect(
  core: ClientCore,
  type: ElectionType,
  partitions: readonly TopicPartition[] | null,
  options: TimeoutOptions,
): Promise<PartitionResult[]> {
  const topicPartitions =
    partitions &&
    byTopic(partitions).map(([topic, group]) => ({
      topic,
      partitions: group.map(({ partition }) => partition),
    }))
  return askController(core, async (connection) => {
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    // Brokers before 2.4 know the preferred kind only; then the request cannot say which.
    const request = { topicPartitions, timeoutMs, electionType: ELECTION_TYPES[type] }
    const response = await connection.send(electLeaders, request)
    throwIfFailed({ errorCode: response.errorCode, errorMessage: null })
    const results = response.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
      partitionResult.map((each) => ({ topic, ...each })),
    )
    throwIfNotController(results.map(({ errorCode }) => errorCode))
    return inOrder(
      results.map(({ topic, partitionId, errorCode, errorMessage }) =>
        resultOf(topic, partitionId, errorCode, errorMessage),
      ),
    )
  })
}

/** Brokers answer in no particular order. */
function inOrder<T extends TopicPartition>(partitions: readonly T[]): T[] {
  return [...partitions].sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  )
}

function throwIfFailed({
  errorCode,
  errorMessage,
}: {
  errorCode: number
  errorMessage: string | null
}): void {
  if (errorCode !== 0) throw new BrokerError(errorCode, errorMessage || errorInfo(errorCode).name)
}

function resultOf(
  topic: string,
  partition: number,
  errorCode: number,
  errorMessage: string | null,
): PartitionResult {
  return {
    name: partitionName({ topic, partition }),
    topic,
    partition,
    error: itemError(errorCode, errorMessage),
  }
}
