import { ERROR_CODES, type ErrorName, errorInfo } from '../../protocol/index.ts'
import { createTopics } from '../../protocol/messages/19-create-topics.ts'
import { deleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import { deleteRecords } from '../../protocol/messages/21-delete-records.ts'
import { createPartitions } from '../../protocol/messages/37-create-partitions.ts'
import type { ClientCore } from '../core.ts'
import { askLeaders, byTopic, partitionName } from '../leaders.ts'
import {
  BrokerError,
  ClientError,
  type Connection,
  NetworkError,
  RequestTimeoutError,
  UnsupportedVersionError,
} from '../net/index.ts'
import type { TopicPartition } from '../offsets.ts'
import { type ItemResult, itemError } from './results.ts'

/** A topic that is to be made. */
export interface NewTopic {
  readonly name: string
  /** -1: the broker's default. */
  readonly numPartitions?: number
  readonly replicationFactor?: number
  /** Brokers of each partition, the preferred leader first; excludes the two above. */
  readonly replicaAssignment?: readonly (readonly number[])[]
  readonly configs?: Readonly<Record<string, string | null>>
}

/** A topic that was made, as the controller made it. */
export interface CreatedTopic extends ItemResult {
  readonly topicId: string
  readonly numPartitions: number
  readonly replicationFactor: number
}

export interface TimeoutOptions {
  /** How long the brokers may take before they answer REQUEST_TIMED_OUT. */
  readonly timeoutMs?: number
}

export interface MutationOptions extends TimeoutOptions {
  /** Check only, change nothing. */
  readonly validateOnly?: boolean
}

const DEFAULT_TIMEOUT_MS = 30_000

/**
 * Runs a call that only the controller answers. What it left undone because it is no longer the controller is asked of
 * the next one; `lost` tells the call that an earlier request may have been carried out without our hearing of it.
 */
export async function askController<T>(
  core: ClientCore,
  call: (connection: Connection, lost: boolean) => Promise<T>,
): Promise<T> {
  let lost = false
  return core.retry(async () => {
    try {
      const connection = await core.controllerConnection()
      return await call(connection, lost).catch((error: unknown) => {
        // The controller was reached, so it may have done what it was asked for.
        if (error instanceof NetworkError || error instanceof RequestTimeoutError) lost = true
        throw error
      })
    } catch (error) {
      // Whoever answers now knows who the controller is. A failure of that tells nothing new.
      if (error instanceof ClientError && error.retriable) await core.requestUpdate()
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
  return askController(core, async (connection, lost) => {
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
      error: afterLostAttempt(
        lost && options.validateOnly !== true,
        topic.errorCode,
        'TOPIC_ALREADY_EXISTS',
        topic.errorMessage,
      ),
    }))
  })
}

/** Topics by their names, or by their ids (KIP-516). */
export type TopicSelection = readonly string[] | { readonly topicIds: readonly string[] }

const TOPIC_IDS_VERSION = 6

/** `name` is the topic's id when that is what it was named by, and nobody may know its name. */
export async function remove(
  core: ClientCore,
  selected: TopicSelection,
  options: TimeoutOptions,
): Promise<ItemResult[]> {
  return askController(core, async (connection, lost) => {
    const hasIds = connection.versionOf(deleteTopics) >= TOPIC_IDS_VERSION
    if ('topicIds' in selected && !hasIds)
      throw new UnsupportedVersionError('the broker is too old to delete topics by their ids')
    const topics =
      'topicIds' in selected
        ? selected.topicIds.map((topicId) => ({ name: null, topicId }))
        : selected.map((name) => ({ name }))
    const response = await connection.send(deleteTopics, {
      ...(hasIds ? { topics } : { topicNames: topics.map(({ name }) => name ?? '') }),
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    })
    throwIfNotController(response.responses.map((topic) => topic.errorCode))
    const gone = 'topicIds' in selected ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
    return response.responses.map((topic) => ({
      name: topic.name ?? topic.topicId,
      error: afterLostAttempt(lost, topic.errorCode, gone, topic.errorMessage),
    }))
  })
}

/** How many partitions a topic is to have; it can only be more than it has. */
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
  return askController(core, async (connection, lost) => {
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
    const grown = lost && options.validateOnly !== true ? await alreadyGrown(core, topics) : NONE_GROWN
    return response.results.map((result) => ({
      name: result.name,
      error: afterLostAttempt(
        grown.has(result.name),
        result.errorCode,
        'INVALID_PARTITIONS',
        result.errorMessage,
      ),
    }))
  })
}

const NONE_GROWN: ReadonlySet<string> = new Set()

/** Topics that have as many partitions as they were to get. */
async function alreadyGrown(core: ClientCore, topics: readonly PartitionGrowth[]): Promise<Set<string>> {
  await core.refresh(topics.map((topic) => topic.name))
  const isDone = ({ name, totalCount }: PartitionGrowth) =>
    core.metadata.topic(name)?.partitions.length === totalCount
  return new Set(topics.filter(isDone).map((topic) => topic.name))
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

type Trim = TopicPartition & { readonly beforeOffset: number }

/**
 * Deletes the records before an offset (-1: all there are). Asking twice does no harm, so what fails for the moment is
 * asked of the leader again; what cannot be done is told partition by partition.
 */
export async function trim(
  core: ClientCore,
  targets: readonly Trim[],
  options: TimeoutOptions,
): Promise<TrimmedPartition[]> {
  const answers = await askLeaders(core, targets, async (connection, wanted) => {
    const response = await connection.send(deleteRecords, {
      topics: byTopic(wanted).map(([name, group]) => ({
        name,
        partitions: group.map(({ partition, beforeOffset }) => ({
          partitionIndex: partition,
          offset: beforeOffset,
        })),
      })),
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    })
    const found = new Map<string, number | BrokerError>()
    for (const { name, partitions } of response.topics)
      for (const { partitionIndex, errorCode, lowWatermark } of partitions)
        found.set(
          partitionName({ topic: name, partition: partitionIndex }),
          itemError(errorCode, null) ?? lowWatermark,
        )
    return found
  })
  return answers.map(({ at: { topic, partition }, answer }) =>
    answer instanceof BrokerError
      ? { topic, partition, lowWatermark: -1, error: answer }
      : { topic, partition, lowWatermark: answer, error: null },
  )
}
