import { ERROR_CODES } from '../../protocol/index.ts'
import { type OffsetFetchRequest, offsetFetch } from '../../protocol/messages/09-offset-fetch.ts'
import type { CommittedOffsets } from '../group/index.ts'
import type { MetadataCache } from '../metadata/index.ts'
import type { ZooKeeperOffsets } from './08-offset-commit.ts'
import { groupByTopic } from './by-topic.ts'
import { type ApiHandler, handler } from './handler.ts'

export interface OffsetFetchDeps {
  readonly offsets: CommittedOffsets
  readonly cache: MetadataCache
  readonly zk: ZooKeeperOffsets
}

/** From this version on an error can concern the group as a whole. */
const GROUP_ERROR_VERSION = 2
/** From this version on a request is about several groups. */
const BATCH_VERSION = 8

type Topics = OffsetFetchRequest['topics']

interface PartitionAnswer {
  readonly topic: string
  readonly partition: number
  readonly committedOffset: number
  readonly committedLeaderEpoch: number
  readonly metadata: string
  readonly errorCode: number
}

const NO_OFFSET = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '' }

/** OffsetFetch, key 9, v0-9 (KafkaApis.handleOffsetFetchRequest). */
export function offsetFetchHandler(deps: OffsetFetchDeps): ApiHandler {
  return handler(
    offsetFetch,
    { min: 0, max: 9 },
    {
      async handle(request, { apiVersion }) {
        const { groupId, topics, requireStable } = request
        if (apiVersion === 0) return { topics: topicsOf(await fetchFromZooKeeper(deps, groupId, topics)) }
        if (apiVersion < BATCH_VERSION) {
          const { errorCode, topics: answers } = await fetchGroup(deps, groupId, topics, requireStable)
          const isHidden = errorCode !== ERROR_CODES.NONE && apiVersion < GROUP_ERROR_VERSION
          return { errorCode, topics: isHidden ? allFailed(topics, errorCode) : answers }
        }
        const groups = await Promise.all(
          request.groups.map(async (group) => ({
            groupId: group.groupId,
            ...(await fetchGroup(deps, group.groupId, group.topics, requireStable)),
          })),
        )
        return { groups }
      },
      onError(request, errorCode, { apiVersion }) {
        if (apiVersion >= BATCH_VERSION) {
          return { groups: request.groups.map(({ groupId }) => ({ groupId, errorCode, topics: [] })) }
        }
        return apiVersion >= GROUP_ERROR_VERSION
          ? { errorCode, topics: [] }
          : { topics: allFailed(request.topics, errorCode) }
      },
    },
  )
}

async function fetchGroup(
  { offsets }: OffsetFetchDeps,
  groupId: string,
  topics: Topics,
  requireStable: boolean,
) {
  const result = await offsets.fetch(groupId, topics === null ? null : partitionsOf(topics), requireStable)
  const answers = result.offsets.map(({ topic, partition, error, committed }): PartitionAnswer => {
    const errorCode = ERROR_CODES[error]
    if (committed === null) return { topic, partition, ...NO_OFFSET, errorCode }
    const { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = committed
    return { topic, partition, committedOffset, committedLeaderEpoch, metadata, errorCode }
  })
  return { errorCode: ERROR_CODES[result.error], topics: topicsOf(answers) }
}

function fetchFromZooKeeper({ cache, zk }: OffsetFetchDeps, groupId: string, topics: Topics) {
  return Promise.all(
    partitionsOf(topics ?? []).map(async ({ topic, partition }): Promise<PartitionAnswer> => {
      const isKnown = cache.partition(topic, partition) !== undefined
      const offset = isKnown ? await zk.consumerOffset(groupId, topic, partition) : null
      const errorCode = offset === null ? ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION : ERROR_CODES.NONE
      return { topic, partition, ...NO_OFFSET, committedOffset: offset ?? -1, errorCode }
    }),
  )
}

function partitionsOf(topics: NonNullable<Topics>) {
  return topics.flatMap(({ name: topic, partitionIndexes }) =>
    partitionIndexes.map((partition) => ({ topic, partition })),
  )
}

function topicsOf(answers: readonly PartitionAnswer[]) {
  return groupByTopic(answers).map(([name, partitions]) => ({
    name,
    partitions: partitions.map(({ partition, ...rest }) => ({ partitionIndex: partition, ...rest })),
  }))
}

/** Before version 2 an error can only be said of partitions. */
function allFailed(topics: Topics, errorCode: number) {
  return topicsOf(partitionsOf(topics ?? []).map((each) => ({ ...each, ...NO_OFFSET, errorCode })))
}
