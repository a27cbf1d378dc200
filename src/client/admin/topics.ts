import { ERROR_CODES, type ErrorName, errorInfo } from '../../protocol/index.ts'
import { createTopics } from '../../protocol/messages/19-create-topics.ts'
import { deleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import { deleteRecords } from '../../protocol/messages/21-delete-records.ts'
import { createPartitions } from '../../protocol/messages/37-create-partitions.ts'
import type { ClientCore } from '../core.ts'
import { BrokerError, NetworkError, RequestTimeoutError } from '../net/index.ts'
import type { TopicPartition } from '../offsets.ts'
import { type ItemResult, itemError } from './results.ts'

export interface NewTopic {
  readonly name: string
  /** -1: the broker's default. */
  readonly numPartitions?: number
  readonly replicationFactor?: number
  /** Brokers of each partition, the preferred leader first; excludes the two above. */
  readonly replicaAssignment?: readonly (readonly number[])[]
  readonly configs?: Readonly<Record<string, string | null>>
}

export interface CreatedTopic extends ItemResult {
  readonly topicId: string
  readonly numPartitions: number
  readonly replicationFactor: number
}

export interface MutationOptions {
  /** Check only, change nothing. */
  readonly validateOnly?: boolean
  /** How long the brokers may take before they answer REQUEST_TIMED_OUT. */
  readonly timeoutMs?: number
}

const DEFAULT_TIMEOUT_MS = 30_000

/**
 * Runs a call that only the controller answers. What it left undone because it is no longer the controller is asked of
 * the next one; `lost` tells the call that an earlier attempt may have been carried out without our hearing of it.
 */
export async function askController<T>(core: ClientCore, call: (lost: boolean) => Promise<T>): Promise<T> {
  let lost = false
  return core.retry(async () => {
    try {
      return await call(lost)
    } catch (error) {
      if (error instanceof NetworkError || error instanceof RequestTimeoutError) lost = true
      // Whoever answers now knows who the controller is.
      if (!core.isClosed) await core.refresh([])
      throw error
    }
  })
}

export function throwIfNotController(errorCodes: readonly number[]): void {
  if (errorCodes.includes(ERROR_CODES.NOT_CONTROLLER)) throw new BrokerError(ERROR_CODES.NOT_CONTROLLER)
}

export async function create(
  core: ClientCore,
  topics: readonly NewTopic[],
  options: MutationOptions,
): Promise<CreatedTopic[]> {
  return askController(core, async (lost) => {
    const connection = await core.controllerConnection()
    const response = await connection.send(createTopics, {
      topics: topics.map((topic) => ({
        name: topic.name,
        numPartitions: topic.replicaAssignment === undefined ? (topic.numPartitions ?? -1) : -1,
        replicationFactor: topic.replicaAssignment === undefined ? (topic.replicationFactor ?? -1) : -1,
        assignments: (topic.replicaAssignment ?? []).map((brokerIds, partitionIndex) => ({
          partitionIndex,
          brokerIds,
        })),
        configs: Object.entries(topic.configs ?? {}).map(([name, value]) => ({ name, value })),
      })),
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      validateOnly: options.validateOnly ?? false,
    })
    throwIfNotController(response.topics.map((topic) => topic.errorCode))
    return response.topics.map((topic) => ({
      name: topic.name,
      topicId: topic.topicId,
      numPartitions: topic.numPartitions,
      replicationFactor: topic.replicationFactor,
      error: afterLostAttempt(lost, topic.errorCode, 'TOPIC_ALREADY_EXISTS', topic.errorMessage),
    }))
  })
}

export async function remove(
  core: ClientCore,
  names: readonly string[],
  options: MutationOptions,
): Promise<ItemResult[]> {
  return askController(core, async (lost) => {
    const connection = await core.controllerConnection()
    const byName = connection.versionOf(deleteTopics) < 6
    const response = await connection.send(deleteTopics, {
      ...(byName ? { topicNames: names } : { topics: names.map((name) => ({ name })) }),
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    })
    throwIfNotController(response.responses.map((topic) => topic.errorCode))
    return response.responses.map((topic) => ({
      name: topic.name ?? topic.topicId,
      error: afterLostAttempt(lost, topic.errorCode, 'UNKNOWN_TOPIC_OR_PARTITION', topic.errorMessage),
    }))
  })
}

export interface PartitionGrowth {
  readonly name: string
  readonly totalCount: number
  /** Brokers of each new partition. */
  readonly replicaAssignment?: readonly (readonly number[])[]
}

export async function grow(
  core: ClientCore,
  topics: readonly PartitionGrowth[],
  options: MutationOptions,
): Promise<ItemResult[]> {
  return askController(core, async () => {
    const connection = await core.controllerConnection()
    const response = await connection.send(createPartitions, {
      topics: topics.map((topic) => ({
        name: topic.name,
        count: topic.totalCount,
        assignments: topic.replicaAssignment?.map((brokerIds) => ({ brokerIds })) ?? null,
      })),
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      validateOnly: options.validateOnly ?? false,
    })
    throwIfNotController(response.results.map((result) => result.errorCode))
    return response.results.map((result) => ({
      name: result.name,
      error: itemError(result.errorCode, result.errorMessage),
    }))
  })
}

/** An earlier attempt did it and the answer was lost with the connection: this one finds it done already. */
function afterLostAttempt(
  lost: boolean,
  errorCode: number,
  done: ErrorName,
  message: string | null,
): BrokerError | null {
  return lost && errorInfo(errorCode).name === done ? null : itemError(errorCode, message)
}

export interface TrimmedPartition extends TopicPartition {
  /** The first offset that is left, -1 on error. */
  readonly lowWatermark: number
  readonly error: BrokerError | null
}

/** Deletes the records before an offset (-1: all there are). */
export async function trim(
  core: ClientCore,
  targets: readonly (TopicPartition & { readonly beforeOffset: number })[],
  options: MutationOptions,
): Promise<TrimmedPartition[]> {
  for (const topic of new Set(targets.map((target) => target.topic))) await core.topic(topic)
  const byLeader = new Map<number, (TopicPartition & { readonly beforeOffset: number })[]>()
  for (const target of targets) {
    const leader = core.metadata.partition(target.topic, target.partition)?.leader ?? -1
    byLeader.set(leader, [...(byLeader.get(leader) ?? []), target])
  }
  const answers = [...byLeader].map(async ([leader, group]) => {
    const connection = await core.connectionTo(leader)
    const response = await connection.send(deleteRecords, {
      topics: group.map(({ topic, partition, beforeOffset }) => ({
        name: topic,
        partitions: [{ partitionIndex: partition, offset: beforeOffset }],
      })),
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    })
    return response.topics.flatMap((topic) =>
      topic.partitions.map((partition) => ({
        topic: topic.name,
        partition: partition.partitionIndex,
        lowWatermark: partition.lowWatermark,
        error: itemError(partition.errorCode, null),
      })),
    )
  })
  return (await Promise.all(answers)).flat()
}
