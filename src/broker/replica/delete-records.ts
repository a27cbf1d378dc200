import { ERROR_CODES } from '../../protocol/index.ts'
import type {
  DeleteRecordsRequest,
  DeleteRecordsResponseInput,
} from '../../protocol/messages/21-delete-records.ts'
import { ApiError, toApiError } from '../api-error.ts'
import { DelayedFetch } from './delayed-fetch.ts'
import { type PendingOutcome, settled } from './delayed-outcomes.ts'
import { isInternalTopic } from './produce-path.ts'
import type { Purgatory } from './purgatory.ts'
import type { ReplicaTable } from './replica-table.ts'

/** The offset that stands for the high watermark. */
const HIGH_WATERMARK = -1

interface Outcome extends PendingOutcome {
  readonly topic: string
  readonly partitionIndex: number
  lowWatermark: number
}

/**
 * Moves the log start of partitions that this broker leads, and waits until their followers have moved theirs
 * (ReplicaManager.deleteRecords).
 */
export async function deleteRecords(
  table: ReplicaTable,
  purgatories: { readonly deletes: Purgatory; readonly fetches: Purgatory },
  request: DeleteRecordsRequest,
): Promise<DeleteRecordsResponseInput> {
  const outcomes = await Promise.all(
    request.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, offset }) => deleteBefore(table, name, partitionIndex, offset)),
    ),
  )
  for (const { waitsFor } of outcomes) {
    // Followers learn the new start from the answer to their next fetch: the one that waits is answered now.
    for (const fetch of waitsFor === null ? [] : purgatories.fetches.watching(waitsFor.partition)) {
      if (fetch instanceof DelayedFetch && fetch.replicaId >= 0) fetch.complete()
    }
  }
  await settled(purgatories.deletes, outcomes, request.timeoutMs, (outcome, partition, offset) => {
    outcome.lowWatermark = partition.lowWatermark
    if (!partition.isLeader) return 'NOT_LEADER_OR_FOLLOWER'
    return outcome.lowWatermark < offset ? 'waiting' : 'NONE'
  })
  const topics = new Map<string, { name: string; partitions: Record<string, number>[] }>()
  for (const { topic, partitionIndex, error, lowWatermark } of outcomes) {
    let entry = topics.get(topic)
    if (entry === undefined) {
      entry = { name: topic, partitions: [] }
      topics.set(topic, entry)
    }
    entry.partitions.push({ partitionIndex, lowWatermark, errorCode: ERROR_CODES[error] })
  }
  return { topics: [...topics.values()] }
}

async function deleteBefore(
  table: ReplicaTable,
  topic: string,
  partitionIndex: number,
  offset: number,
): Promise<Outcome> {
  try {
    if (isInternalTopic(topic)) throw new ApiError('INVALID_TOPIC_EXCEPTION', `${topic} is an internal topic`)
    const partition = table.orThrow(topic, partitionIndex)
    const log = partition.logFor(-1, true)
    if (!log.config.cleanupPolicy.includes('delete')) {
      throw new ApiError('POLICY_VIOLATION', `${partition.key} is compacted and not deleted from`)
    }
    const before = offset === HIGH_WATERMARK ? log.highWatermark : offset
    if (before < 0 || before > log.highWatermark) {
      throw new ApiError('OFFSET_OUT_OF_RANGE', `${before} is above the high watermark of ${partition.key}`)
    }
    await partition.write(log.incrementLogStartOffset(before))
    const { lowWatermark } = partition
    const waitsFor = lowWatermark < before ? { partition, offset: before } : null
    if (waitsFor !== null) partition.callFollowers()
    return { topic, partitionIndex, error: 'NONE', lowWatermark, waitsFor }
  } catch (error) {
    return { topic, partitionIndex, error: toApiError(error).errorName, lowWatermark: -1, waitsFor: null }
  }
}
