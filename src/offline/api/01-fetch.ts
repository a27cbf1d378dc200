import type { Clock } from '../../base/clock.ts'
import { sleep } from '../../base/clock.ts'
import { ZERO_UUID } from '../../base/uuid.ts'
import { type ApiHandler, handler, toApiError } from '../../broker/network/index.ts'
import { ERROR_CODES, type ErrorName } from '../../protocol/index.ts'
import { type FetchRequest, type FetchResponseInput, fetch } from '../../protocol/messages/01-fetch.ts'
import type { AbortedTransaction } from '../../storage/index.ts'
import type { Catalog } from '../catalog.ts'

/** Record sets of format v2 as they are stored: before version 4 they would have to be converted. */
const FIRST_VERSION = 4
/** From this version on requests name topics by id. */
const TOPIC_ID_VERSION = 13
const READ_COMMITTED = 1
const NO_RECORDS = new Uint8Array(0)

type Asked = FetchRequest['topics'][number]['partitions'][number]
type Answer = NonNullable<NonNullable<FetchResponseInput['responses']>[number]['partitions']>[number]

/**
 * Fetch, as from a leader without followers: up to the log's end, or for read_committed up to the last stable offset.
 * There are no fetch sessions: every request is a full one.
 */
export function fetchHandler(catalog: Catalog, clock: Clock): ApiHandler {
  return handler(
    fetch,
    { min: FIRST_VERSION, max: 17 },
    {
      async handle(request, { apiVersion }) {
        const reading = new Reading(catalog, request)
        const responses: NonNullable<FetchResponseInput['responses']>[number][] = []
        for (const { topic, topicId, partitions } of request.topics) {
          const name = apiVersion >= TOPIC_ID_VERSION ? catalog.topicName(topicId) : topic
          const answers: Answer[] = []
          for (const asked of partitions) answers.push(await reading.answer(name, asked))
          responses.push({ topic: name ?? '', topicId, partitions: answers })
        }
        // Nothing will come, so who asks again need not be quick about it.
        if (reading.isIdle) await sleep(clock, request.maxWaitMs)
        return { responses }
      },
      onError: (request, errorCode, { apiVersion }) =>
        apiVersion >= 7
          ? { errorCode }
          : { responses: request.topics.map((topic) => failed(topic, errorCode)) },
    },
  )
}

function failed({ topic, partitions }: FetchRequest['topics'][number], errorCode: number) {
  return {
    topic,
    topicId: ZERO_UUID,
    partitions: partitions.map(({ partition }) => refused(partition, errorCode)),
  }
}

function refused(partitionIndex: number, errorCode: number): Answer {
  return { partitionIndex, errorCode, highWatermark: -1, abortedTransactions: [], records: NO_RECORDS }
}

/** One request: the partitions share its limit. */
class Reading {
  isIdle = true
  private readonly catalog: Catalog
  private readonly isCommitted: boolean
  private leftBytes: number
  private readBytes = 0

  constructor(catalog: Catalog, request: FetchRequest) {
    this.catalog = catalog
    this.isCommitted = request.isolationLevel === READ_COMMITTED
    this.leftBytes = Math.max(0, request.maxBytes)
  }

  async answer(topic: string | undefined, asked: Asked): Promise<Answer> {
    try {
      if (topic === undefined) return this.refuse(asked, 'UNKNOWN_TOPIC_ID')
      const log = await this.catalog.log(topic, asked.partition)
      if (log === undefined) return this.refuse(asked, 'UNKNOWN_TOPIC_OR_PARTITION')
      const { startOffset, firstOffset, endOffset } = await log.offsets()
      const { fetchOffset } = asked
      if (fetchOffset < firstOffset || fetchOffset > endOffset)
        return this.refuse(asked, 'OFFSET_OUT_OF_RANGE')
      const transactions = this.isCommitted ? await log.transactions() : undefined
      const stableOffset = transactions?.lastStableOffset ?? endOffset
      const maxBytes = Math.min(asked.partitionMaxBytes, this.leftBytes)
      const minOne = this.readBytes === 0
      const { bytes, nextOffset } =
        maxBytes > 0 || minOne
          ? await log.read(fetchOffset, { maxBytes, upperBound: stableOffset, minOne })
          : { bytes: NO_RECORDS, nextOffset: fetchOffset }
      this.readBytes += bytes.length
      this.leftBytes = Math.max(0, this.leftBytes - bytes.length)
      if (bytes.length > 0) this.isIdle = false
      return {
        partitionIndex: asked.partition,
        errorCode: ERROR_CODES.NONE,
        highWatermark: endOffset,
        lastStableOffset: stableOffset,
        logStartOffset: startOffset,
        abortedTransactions: abortedFor(transactions?.abortedIn(fetchOffset, nextOffset)),
        preferredReadReplica: -1,
        records: bytes,
      }
    } catch (error) {
      return this.refuse(asked, toApiError(error).errorName)
    }
  }

  private refuse({ partition }: Asked, error: ErrorName): Answer {
    this.isIdle = false
    return refused(partition, ERROR_CODES[error])
  }
}

/** Null where nobody asked for committed records. */
function abortedFor(found: AbortedTransaction[] | undefined): AbortedTransaction[] | null {
  return found ?? null
}
