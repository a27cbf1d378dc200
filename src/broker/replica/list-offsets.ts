import { ERROR_CODES, type ErrorName } from '../../protocol/index.ts'
import type { ListOffsetsRequest, ListOffsetsResponseInput } from '../../protocol/messages/02-list-offsets.ts'
import type { TimestampTarget } from '../../storage/index.ts'
import { ApiError, toApiError } from '../api-error.ts'
import type { Partition } from './partition.ts'
import type { ReplicaTable } from './replica-table.ts'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5
/** From which request version on each of the special timestamps may be asked for. */
const MIN_VERSIONS: ReadonlyMap<number, number> = new Map([
  [LATEST, 1],
  [EARLIEST, 1],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
])

const CONSUMER = -1
const DEBUGGING_CONSUMER = -2
const READ_COMMITTED = 1

type AskedPartition = ListOffsetsRequest['topics'][number]['partitions'][number]
type Answer = NonNullable<NonNullable<ListOffsetsResponseInput['topics']>[number]['partitions']>[number]
type Isolation = 'committed' | 'uncommitted' | null

interface FoundOffset {
  readonly timestamp: number
  readonly offset: number
  readonly leaderEpoch: number
}

const NOT_FOUND: FoundOffset = { timestamp: -1, offset: -1, leaderEpoch: -1 }

/** Offsets by time (KafkaApis.handleListOffsetRequest, Partition.fetchOffsetForTimestamp). */
export async function listOffsets(
  table: ReplicaTable,
  request: ListOffsetsRequest,
  version: number,
): Promise<ListOffsetsResponseInput> {
  const { replicaId } = request
  const isolation: Isolation =
    replicaId !== CONSUMER ? null : request.isolationLevel === READ_COMMITTED ? 'committed' : 'uncommitted'
  const onlyLeader = replicaId !== DEBUGGING_CONSUMER
  const duplicates = duplicatesIn(request)
  const topics = await Promise.all(
    request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await Promise.all(
        partitions.map(async (asked): Promise<Answer> => {
          const { partitionIndex } = asked
          try {
            if (version === 0) {
              const oldStyleOffsets = await legacyOffsets(table, name, asked, isolation, onlyLeader)
              return { partitionIndex, oldStyleOffsets }
            }
            if (duplicates.has(`${name}-${partitionIndex}`)) return failed(partitionIndex, 'INVALID_REQUEST')
            if (
              asked.timestamp < 0 &&
              (MIN_VERSIONS.get(asked.timestamp) ?? Number.POSITIVE_INFINITY) > version
            ) {
              return failed(partitionIndex, 'UNSUPPORTED_VERSION')
            }
            const partition = table.orThrow(name, partitionIndex)
            const found = await find(partition, asked, isolation, onlyLeader)
            return { partitionIndex, ...found, ...(version < 4 && { leaderEpoch: -1 }) }
          } catch (error) {
            const { errorName } = toApiError(error)
            const isTooNew = errorName === 'OFFSET_NOT_AVAILABLE' && version < 5
            return failed(partitionIndex, isTooNew ? 'LEADER_NOT_AVAILABLE' : errorName)
          }
        }),
      ),
    })),
  )
  return { topics }
}

function failed(partitionIndex: number, error: ErrorName): Answer {
  return { partitionIndex, errorCode: ERROR_CODES[error] }
}

function duplicatesIn(request: ListOffsetsRequest): ReadonlySet<string> {
  const seen = new Set<string>()
  const duplicates = new Set<string>()
  for (const { name, partitions } of request.topics) {
    for (const { partitionIndex } of partitions) {
      const key = `${name}-${partitionIndex}`
      if (seen.has(key)) duplicates.add(key)
      seen.add(key)
    }
  }
  return duplicates
}

async function find(
  partition: Partition,
  asked: AskedPartition,
  isolation: Isolation,
  onlyLeader: boolean,
): Promise<FoundOffset> {
  const log = partition.logWithEpochs(asked.currentLeaderEpoch, onlyLeader)
  const end =
    isolation === 'committed'
      ? log.lastStableOffset
      : isolation === null
        ? log.logEndOffset
        : log.highWatermark
  // After an election the watermark may lie behind what was committed before: better no answer than one that goes back.
  const requireCurrent = () => {
    const start = partition.leaderEpochStartOffset
    if (isolation !== null && start !== null && start > log.highWatermark) {
      throw new ApiError(
        'OFFSET_NOT_AVAILABLE',
        `the high watermark of ${partition.key} lags behind a new leader`,
      )
    }
  }
  switch (asked.timestamp) {
    case LATEST:
      requireCurrent()
      return { timestamp: -1, offset: end, leaderEpoch: partition.leaderEpoch }
    case LATEST_TIERED:
      return NOT_FOUND
    case EARLIEST:
    case EARLIEST_LOCAL:
      return (
        (await log.offsetForTimestamp(asked.timestamp === EARLIEST ? 'earliest' : 'earliest-local')) ??
        NOT_FOUND
      )
    default: {
      const target: TimestampTarget = asked.timestamp === MAX_TIMESTAMP ? 'maxTimestamp' : asked.timestamp
      const found = await log.offsetForTimestamp(target)
      if (found !== null && found.offset < end) return found
      if (found !== null) requireCurrent()
      return NOT_FOUND
    }
  }
}

/**
 * Version 0 wants a list, newest first: the end and the starts of older segments. We know the end and the start of the
 * log, which is what its users ask for.
 */
async function legacyOffsets(
  table: ReplicaTable,
  topic: string,
  asked: AskedPartition,
  isolation: Isolation,
  onlyLeader: boolean,
): Promise<number[]> {
  const log = table.orThrow(topic, asked.partitionIndex).logFor(-1, onlyLeader)
  const end = isolation === null ? log.logEndOffset : log.highWatermark
  const start = log.logStartOffset
  if (asked.timestamp === EARLIEST) return [start].slice(0, asked.maxNumOffsets)
  if (asked.timestamp === LATEST) return (end > start ? [end, start] : [end]).slice(0, asked.maxNumOffsets)
  const found = await log.offsetForTimestamp(asked.timestamp)
  return (found === null ? [end, start] : [start]).slice(0, asked.maxNumOffsets)
}
