import { ERROR_CODES, type ErrorName } from '../../protocol/index.ts'
import { type OffsetCommitRequest, offsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import { toApiError } from '../api-error.ts'
import type { CommittedOffsets, OffsetToCommit } from '../group/index.ts'
import type { MetadataCache } from '../metadata/index.ts'
import { groupByTopic } from './by-topic.ts'
import { type ApiHandler, handler } from './handler.ts'

/** Where version 0 has its offsets: in ZooKeeper, as before Kafka 0.8.2. */
export interface ZooKeeperOffsets {
  setConsumerOffset(groupId: string, topic: string, partition: number, offset: number): Promise<void>
  consumerOffset(groupId: string, topic: string, partition: number): Promise<number | null>
}

export interface OffsetCommitDeps {
  readonly offsets: CommittedOffsets
  readonly cache: MetadataCache
  readonly zk: ZooKeeperOffsets
  readonly maxMetadataLength: () => number
}

interface Outcome {
  readonly topic: string
  readonly partition: number
  readonly error: ErrorName
}

/** OffsetCommit, key 8, v0-9 (KafkaApis.handleOffsetCommitRequest). Partitions that there are not are answered here. */
export function offsetCommitHandler(deps: OffsetCommitDeps): ApiHandler {
  return handler(
    offsetCommit,
    { min: 0, max: 9 },
    {
      async handle(request, { apiVersion }) {
        const outcomes: Outcome[] = []
        const known: OffsetToCommit[] = []
        for (const each of offsetsOf(request)) {
          if (deps.cache.partition(each.topic, each.partition) !== undefined) known.push(each)
          else outcomes.push({ ...each, error: 'UNKNOWN_TOPIC_OR_PARTITION' })
        }
        // A topic that there is not is named also when nothing is said of its partitions.
        const unknown = request.topics
          .filter(({ name }) => !deps.cache.hasTopic(name))
          .map(({ name }) => name)
        if (known.length === 0) return answer(outcomes, unknown)
        const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch, retentionTimeMs } = request
        const committed =
          apiVersion === 0
            ? await commitToZooKeeper(deps, groupId, known)
            : await deps.offsets.commit({
                groupId,
                memberId,
                groupInstanceId,
                generationId: generationIdOrMemberEpoch,
                retentionMs: retentionTimeMs,
                offsets: known,
              })
        return answer([...outcomes, ...committed], unknown)
      },
      onError(request, errorCode) {
        const topics = request.topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
        }))
        return { topics }
      },
    },
  )
}

function offsetsOf(request: OffsetCommitRequest): OffsetToCommit[] {
  return request.topics.flatMap(({ name: topic, partitions }) =>
    partitions.map((each) => ({
      topic,
      partition: each.partitionIndex,
      offset: each.committedOffset,
      leaderEpoch: each.committedLeaderEpoch,
      metadata: each.committedMetadata,
      commitTimestampMs: each.commitTimestamp,
    })),
  )
}

function commitToZooKeeper(
  { zk, maxMetadataLength }: OffsetCommitDeps,
  groupId: string,
  offsets: readonly OffsetToCommit[],
): Promise<Outcome[]> {
  return Promise.all(
    offsets.map(async ({ topic, partition, offset, metadata }): Promise<Outcome> => {
      if ((metadata?.length ?? 0) > maxMetadataLength()) {
        return { topic, partition, error: 'OFFSET_METADATA_TOO_LARGE' }
      }
      try {
        await zk.setConsumerOffset(groupId, topic, partition, offset)
        return { topic, partition, error: 'NONE' }
      } catch (error) {
        return { topic, partition, error: toApiError(error).errorName }
      }
    }),
  )
}

function answer(outcomes: readonly Outcome[], unknownTopics: readonly string[]) {
  const answered = new Set(outcomes.map(({ topic }) => topic))
  const empty = unknownTopics.filter((name) => !answered.has(name))
  const byTopic = [...empty.map((name): [string, Outcome[]] => [name, []]), ...groupByTopic(outcomes)]
  const topics = byTopic.map(([name, partitions]) => ({
    name,
    partitions: partitions.map(({ partition, error }) => ({
      partitionIndex: partition,
      errorCode: ERROR_CODES[error],
    })),
  }))
  return { topics }
}
