import type { FetchRequestInput, FetchResponse } from '../../../protocol/messages/01-fetch.ts'
import { fetch } from '../../../protocol/messages/01-fetch.ts'
import type { ClientCore } from '../../core.ts'
import type { Connection } from '../../net/index.ts'
import type { ResolvedConsumerConfig } from '../config.ts'
import { nameOf } from './position.ts'
import { type FetchSession, haveTopicIds, type SessionRequest, type WantedPartition } from './session.ts'

export type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

export interface FetchAnswers {
  /** False: the session is lost, and there are no answers. The next fetch opens a new one. */
  readonly isUsable: boolean
  readonly errorCode: number
  readonly throttleMs: number
  /** By `TOPIC-PARTITION`. A partition without news has none. */
  readonly partitions: ReadonlyMap<string, PartitionAnswer>
  /** Brokers that answers name as leaders (KIP-951). */
  readonly nodes: FetchResponse['nodeEndpoints']
}

/** Topic ids replace names from this version on. */
const FETCH_BY_TOPIC_ID = 13
const READ_COMMITTED = 1
const NOT_USABLE: ReadonlyMap<string, PartitionAnswer> = new Map()

/** Asks for partitions, within the session that the broker has for us. */
export async function sendFetch(
  connection: Connection,
  config: ResolvedConsumerConfig,
  session: FetchSession,
  wanted: readonly WantedPartition[],
): Promise<FetchAnswers> {
  const ids = haveTopicIds(wanted)
  const version = connection.versionOf(fetch, ids ? undefined : FETCH_BY_TOPIC_ID - 1)
  const body = bodyOf(config, session.next(wanted, version >= FETCH_BY_TOPIC_ID))
  let response: FetchResponse
  try {
    response = await connection.send(fetch, body, { version })
  } catch (error) {
    session.reopen()
    throw error
  }
  const { errorCode, nodeEndpoints: nodes, throttleTimeMs: throttleMs } = response
  if (!session.accept(response))
    return { isUsable: false, errorCode, throttleMs, partitions: NOT_USABLE, nodes }
  const partitions = new Map<string, PartitionAnswer>()
  for (const topicAnswer of response.responses) {
    const topic = session.topicOf(topicAnswer)
    if (topic === undefined) continue
    for (const answer of topicAnswer.partitions)
      partitions.set(nameOf({ topic, partition: answer.partitionIndex }), answer)
  }
  return { isUsable: true, errorCode, throttleMs, partitions, nodes }
}

/** Tells a broker that its session is not needed any more. Nobody waits for the answer. */
export function closeSession(core: ClientCore, connection: Connection, session: FetchSession): void {
  const closing = session.closing()
  if (closing === undefined) return
  const body = { maxWaitMs: 0, minBytes: 0, maxBytes: 0, ...closing, topics: [], forgottenTopicsData: [] }
  connection.send(fetch, body).catch((error: Error) => {
    core.options.logger.debug(`a fetch session was left to the broker: ${error.message}`)
  })
}

function bodyOf(config: ResolvedConsumerConfig, request: SessionRequest): FetchRequestInput {
  const { sessionId, sessionEpoch, changed, forgotten } = request
  return {
    maxWaitMs: config.fetchMaxWaitMs,
    minBytes: config.fetchMinBytes,
    maxBytes: config.fetchMaxBytes,
    isolationLevel: config.isolationLevel === 'read_committed' ? READ_COMMITTED : 0,
    sessionId,
    sessionEpoch,
    rackId: config.rack,
    topics: byTopic(changed, ({ partition, offset, leaderEpoch }) => ({
      partition,
      currentLeaderEpoch: leaderEpoch,
      fetchOffset: offset,
      partitionMaxBytes: config.maxPartitionFetchBytes,
    })),
    forgottenTopicsData: byTopic(forgotten, ({ partition }) => partition),
  }
}

function byTopic<T>(wanted: readonly WantedPartition[], entryOf: (partition: WantedPartition) => T) {
  const topics = new Map<string, { topic: string; topicId: string; partitions: T[] }>()
  for (const partition of wanted) {
    const { topic, topicId } = partition
    // A topic that was made anew is forgotten by its old id and asked for by the new one.
    const key = `${topic} ${topicId}`
    const known = topics.get(key)
    if (known === undefined) topics.set(key, { topic, topicId, partitions: [entryOf(partition)] })
    else known.partitions.push(entryOf(partition))
  }
  return [...topics.values()]
}
