import { ApiError, type ApiHandler, handler, toApiError } from '../../broker/network/index.ts'
import { offsetForLeaderEpoch } from '../../protocol/messages/23-offset-for-leader-epoch.ts'
import type { Catalog } from '../catalog.ts'

/** OffsetForLeaderEpoch, from leader-epoch-checkpoint. */
export function offsetForLeaderEpochHandler(catalog: Catalog): ApiHandler {
  return handler(
    offsetForLeaderEpoch,
    { min: 0, max: 4 },
    {
      async handle(request) {
        const answer = async (topic: string, partition: number, leaderEpoch: number) => {
          try {
            const log = await catalog.log(topic, partition)
            if (log === undefined) throw new ApiError('UNKNOWN_TOPIC_OR_PARTITION')
            const { epoch, endOffset } = await log.endOffsetForEpoch(leaderEpoch)
            return { partition, leaderEpoch: epoch, endOffset }
          } catch (error) {
            return { partition, errorCode: toApiError(error).errorCode }
          }
        }
        const topics = request.topics.map(async ({ topic, partitions }) => ({
          topic,
          partitions: await Promise.all(
            partitions.map(({ partition, leaderEpoch }) => answer(topic, partition, leaderEpoch)),
          ),
        }))
        return { topics: await Promise.all(topics) }
      },
      onError: (request, errorCode) => ({
        topics: request.topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition }) => ({ partition, errorCode })),
        })),
      }),
    },
  )
}
