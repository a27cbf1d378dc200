import { ApiError, type ApiHandler, handler, toApiError } from '../../broker/network/index.ts'
import { type ListOffsetsRequest, listOffsets } from '../../protocol/messages/02-list-offsets.ts'
import type { TimestampOffset } from '../../storage/index.ts'
import type { Catalog } from '../catalog.ts'
import type { LogView } from '../log-view.ts'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5
const READ_COMMITTED = 1
/** Every question gets one offset for an answer from here on. */
const FIRST_VERSION = 1

const NOT_FOUND: TimestampOffset = { timestamp: -1, offset: -1, leaderEpoch: -1 }

type Asked = ListOffsetsRequest['topics'][number]['partitions'][number]

/** ListOffsets, as from a leader without followers: the end is the log's end, or the last stable offset. */
export function listOffsetsHandler(catalog: Catalog): ApiHandler {
  return handler(
    listOffsets,
    { min: FIRST_VERSION, max: 9 },
    {
      async handle(request, { apiVersion }) {
        const isCommitted = request.isolationLevel === READ_COMMITTED
        const answer = async (topic: string, asked: Asked) => {
          const { partitionIndex } = asked
          try {
            const found = await find(catalog, topic, asked, isCommitted)
            return { partitionIndex, ...found, ...(apiVersion < 4 && { leaderEpoch: -1 }) }
          } catch (error) {
            return { partitionIndex, errorCode: toApiError(error).errorCode }
          }
        }
        const topics = request.topics.map(async ({ name, partitions }) => ({
          name,
          partitions: await Promise.all(partitions.map((asked) => answer(name, asked))),
        }))
        return { topics: await Promise.all(topics) }
      },
      onError: (request, errorCode) => ({
        topics: request.topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
        })),
      }),
    },
  )
}

async function find(
  catalog: Catalog,
  topic: string,
  { partitionIndex, timestamp }: Asked,
  isCommitted: boolean,
): Promise<TimestampOffset> {
  const log = await catalog.log(topic, partitionIndex)
  if (log === undefined) throw new ApiError('UNKNOWN_TOPIC_OR_PARTITION')
  const { startOffset, endOffset, latestEpoch } = await log.offsets()
  switch (timestamp) {
    case LATEST:
      return {
        timestamp: -1,
        offset: await visibleEnd(log, endOffset, isCommitted),
        leaderEpoch: latestEpoch,
      }
    case LATEST_TIERED:
      return NOT_FOUND
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { timestamp: -1, offset: startOffset, leaderEpoch: -1 }
    default: {
      if (timestamp < MAX_TIMESTAMP) throw new ApiError('UNSUPPORTED_VERSION')
      const found = await log.offsetForTimestamp(timestamp === MAX_TIMESTAMP ? 'maxTimestamp' : timestamp)
      const end = await visibleEnd(log, endOffset, isCommitted)
      return found !== null && found.offset < end ? found : NOT_FOUND
    }
  }
}

async function visibleEnd(log: LogView, endOffset: number, isCommitted: boolean): Promise<number> {
  return isCommitted ? (await log.transactions()).lastStableOffset : endOffset
}
