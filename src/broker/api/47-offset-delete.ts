import { ERROR_CODES } from '../../protocol/index.ts'
import { offsetDelete } from '../../protocol/messages/47-offset-delete.ts'
import type { CommittedOffsets } from '../group/index.ts'
import type { MetadataCache } from '../metadata/index.ts'
import { groupByTopic } from './by-topic.ts'
import { type ApiHandler, handler } from './handler.ts'

export interface OffsetDeleteDeps {
  readonly offsets: CommittedOffsets
  readonly cache: MetadataCache
}

/** OffsetDelete, key 47, v0 (KafkaApis.handleOffsetDeleteRequest). */
export function offsetDeleteHandler({ offsets, cache }: OffsetDeleteDeps): ApiHandler {
  return handler(
    offsetDelete,
    { min: 0, max: 0 },
    {
      async handle({ groupId, topics }) {
        const named = topics.flatMap(({ name: topic, partitions }) =>
          partitions.map(({ partitionIndex: partition }) => ({ topic, partition })),
        )
        const isKnown = (each: (typeof named)[number]) =>
          cache.partition(each.topic, each.partition) !== undefined
        const unknown = named.filter((each) => !isKnown(each))
        const known = named.filter(isKnown)
        const { error, outcomes } = await offsets.delete(groupId, known)
        if (error !== 'NONE') return { errorCode: ERROR_CODES[error] }
        const all = [
          ...unknown.map((each) => ({ ...each, error: 'UNKNOWN_TOPIC_OR_PARTITION' as const })),
          ...outcomes,
        ]
        return {
          topics: groupByTopic(all).map(([name, partitions]) => ({
            name,
            partitions: partitions.map(({ partition, error: reason }) => ({
              partitionIndex: partition,
              errorCode: ERROR_CODES[reason],
            })),
          })),
        }
      },
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}
