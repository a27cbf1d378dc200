import { ZERO_UUID } from '../../base/uuid.ts'
import { ERROR_CODES, type ErrorName } from '../../protocol/index.ts'
import { type FetchRequest, type FetchResponseInput, fetch } from '../../protocol/messages/01-fetch.ts'
import {
  errorResult,
  type FetchContext,
  type FetchParams,
  type FetchPartition,
  type FetchResult,
  type ReplicaManager,
  releaseResults,
} from '../replica/index.ts'
import { type DownConvert, downConversionOf } from './down-conversion.ts'
import { type ApiHandler, handler, type RequestContext } from './handler.ts'
import { leaderHints } from './leader-hints.ts'

const READ_COMMITTED = 1
const REPLICA_STATE_VERSION = 15
const LEADER_HINTS_VERSION = 16
/** From this version on, consumers may read from any replica. */
const ANY_REPLICA_VERSION = 11
/** Up to this version, maxBytes holds even for the first batch. */
const LAST_HARD_LIMIT_VERSION = 2

const NO_RECORDS = new Uint8Array(0)

type PartitionAnswer = NonNullable<NonNullable<FetchResponseInput['responses']>[number]['partitions']>[number]

/** Fetch (KafkaApis.handleFetchRequest): for consumers and for followers. */
export function fetchHandler(replicas: ReplicaManager): ApiHandler {
  return handler(
    fetch,
    { min: 0, max: 17 },
    {
      async handle(request, context) {
        const params = paramsOf(request, context, replicas.config.fetchMaxBytes)
        const session = replicas.fetchContext(request, context.apiVersion, params.replicaId >= 0)
        if (session.error !== null) return { errorCode: ERROR_CODES[session.error] }
        const results = await readAll(replicas, params, session)
        return answer(replicas, session, results, context)
      },
      onError: (request, errorCode, { apiVersion }) => failed(request, errorCode, apiVersion),
    },
  )
}

function paramsOf(request: FetchRequest, context: RequestContext, brokerMaxBytes: number): FetchParams {
  const { apiVersion: version, listenerName } = context
  const { replicaId, replicaEpoch } =
    version >= REPLICA_STATE_VERSION
      ? request.replicaState
      : { replicaId: request.replicaId, replicaEpoch: -1 }
  const isFollower = replicaId >= 0
  const maxBytes = Math.max(0, Math.min(request.maxBytes, brokerMaxBytes))
  return {
    replicaId,
    replicaEpoch,
    maxWaitMs: request.maxWaitMs,
    minBytes: Math.min(request.minBytes, maxBytes),
    maxBytes,
    isolation: isFollower
      ? 'log-end'
      : request.isolationLevel === READ_COMMITTED
        ? 'committed'
        : 'high-watermark',
    hardMaxBytesLimit: version <= LAST_HARD_LIMIT_VERSION,
    onlyFromLeader: isFollower || version < ANY_REPLICA_VERSION,
    ...(!isFollower && request.rackId !== '' && { client: { rack: request.rackId, listenerName } }),
  }
}

/** Results for all partitions of the request, in their order. */
async function readAll(
  replicas: ReplicaManager,
  params: FetchParams,
  { partitions }: FetchContext,
): Promise<FetchResult[]> {
  const refused = new Map<FetchPartition, FetchResult>()
  for (const partition of partitions) {
    if (partition.topic === '' && partition.topicId !== null) {
      refused.set(partition, unreadable('UNKNOWN_TOPIC_ID'))
    } else if (!isKnown(replicas, partition)) {
      refused.set(partition, unreadable('UNKNOWN_TOPIC_OR_PARTITION'))
    }
  }
  if (refused.size === 0) return replicas.fetch(params, partitions)
  const known = partitions.filter((partition) => !refused.has(partition))
  // A follower is told at once: the controller's request for this partition may just be late at one of us.
  const results = await replicas.fetch(params.replicaId >= 0 ? { ...params, maxWaitMs: 0 } : params, known)
  const read = results.values()
  return partitions.map(
    (partition) => refused.get(partition) ?? read.next().value ?? errorResult('UNKNOWN_SERVER_ERROR'),
  )
}

/** What is refused before it is read has an empty list of aborted transactions, not none (FetchResponse.partitionResponse). */
const unreadable = (error: ErrorName): FetchResult => ({ ...errorResult(error), abortedTransactions: [] })

function isKnown(replicas: ReplicaManager, { topic, partition }: FetchPartition): boolean {
  return (
    replicas.partition(topic, partition) !== undefined ||
    replicas.metadata.partition(topic, partition) !== undefined
  )
}

async function answer(
  replicas: ReplicaManager,
  session: FetchContext,
  results: readonly FetchResult[],
  context: RequestContext,
): Promise<FetchResponseInput> {
  const { error, sessionId, told } = session.respond(results)
  if (error !== 'NONE') {
    releaseResults(results)
    return { errorCode: ERROR_CODES[error], sessionId }
  }
  const convert = downConversionOf(context.apiVersion)
  const hints = leaderHints(replicas, context.listenerName)
  const responses: { topic: string; topicId: string; partitions: PartitionAnswer[] }[] = []
  let last: (typeof responses)[number] | undefined
  for (const [partition, result] of told) {
    const topicId = partition.topicId ?? ZERO_UUID
    if (last === undefined || last.topic !== partition.topic || last.topicId !== topicId) {
      last = { topic: partition.topic, topicId, partitions: [] }
      responses.push(last)
    }
    const isMoved = result.error === 'NOT_LEADER_OR_FOLLOWER' || result.error === 'FENCED_LEADER_EPOCH'
    last.partitions.push({
      ...(convert === null
        ? answerOf(partition, result)
        : await converted(replicas, partition, result, convert)),
      ...(isMoved &&
        context.apiVersion >= LEADER_HINTS_VERSION && {
          currentLeader: hints.of(partition.topic, partition.partition),
        }),
    })
  }
  return { sessionId, responses, nodeEndpoints: hints.endpoints() }
}

function answerOf({ partition }: FetchPartition, result: FetchResult): PartitionAnswer {
  return {
    partitionIndex: partition,
    errorCode: ERROR_CODES[result.error],
    highWatermark: result.highWatermark,
    lastStableOffset: result.lastStableOffset,
    logStartOffset: result.logStartOffset,
    divergingEpoch: result.divergingEpoch ?? undefined,
    abortedTransactions: result.abortedTransactions,
    preferredReadReplica: result.preferredReadReplica,
    records: result.parts.length === 0 ? NO_RECORDS : result.parts,
  }
}

/** For clients from before format v2. */
async function converted(
  replicas: ReplicaManager,
  partition: FetchPartition,
  result: FetchResult,
  convert: DownConvert,
): Promise<PartitionAnswer> {
  if (result.parts.length === 0) return answerOf(partition, result)
  const config = replicas.partition(partition.topic, partition.partition)?.log?.config
  if (config?.messageDownconversionEnable === false) {
    releaseResults([result])
    return answerOf(partition, errorResult('UNSUPPORTED_VERSION'))
  }
  const outcome = await convert(result.parts, partition.fetchOffset)
  if (typeof outcome === 'string') return answerOf(partition, errorResult(outcome))
  return { ...answerOf(partition, result), records: outcome }
}

function failed(request: FetchRequest, errorCode: number, version: number): FetchResponseInput {
  if (version >= 7) return { errorCode }
  const responses = request.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition }) => ({
      partitionIndex: partition,
      errorCode,
      highWatermark: -1,
      records: NO_RECORDS,
    })),
  }))
  return { responses }
}
