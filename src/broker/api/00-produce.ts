import { messageOf } from '../../base/errors.ts'
import { ERROR_CODES, type ErrorName } from '../../protocol/index.ts'
import { type ProduceRequest, produce } from '../../protocol/messages/00-produce.ts'
import {
  codecId,
  END_OF_BATCHES,
  isTransactional,
  MAGIC_V2,
  magic,
  nextBatch,
  TRUNCATED,
} from '../../records/index.ts'
import type { AppendEntry, AppendResult, ReplicaManager } from '../replica/index.ts'
import { type ApiHandler, CLOSE_CONNECTION, handler, NO_RESPONSE, type RequestContext } from './handler.ts'
import { leaderHints } from './leader-hints.ts'

/** The client id of Kafka's admin client, which alone may write to internal topics. */
const ADMIN_CLIENT_ID = '__admin_client'
const ZSTD = 4
/** From this version on: one batch a partition, of format v2. */
const ONE_BATCH_VERSION = 3
const ZSTD_VERSION = 7
const LEADER_HINTS_VERSION = 10

/** Produce (KafkaApis.handleProduceRequest). */
export function produceHandler(replicas: ReplicaManager): ApiHandler {
  return handler(
    produce,
    { min: 0, max: 11 },
    {
      async handle(request, context) {
        const { apiVersion: version, clientId } = context
        const refused = new Map<AppendEntry, Refusal>()
        const entries: AppendEntry[] = []
        for (const { name: topic, partitionData } of request.topicData) {
          for (const { index: partition, records } of partitionData) {
            const entry = { topic, partition, records }
            const error = checkRecords(version, records)
            if (error === null) entries.push(entry)
            else refused.set(entry, error)
          }
        }
        const results = await replicas.appendRecords({
          requiredAcks: request.acks,
          timeoutMs: request.timeoutMs,
          origin: 'client',
          internalTopicsAllowed: clientId === ADMIN_CLIENT_ID,
          magicUpConvert: version < ONE_BATCH_VERSION,
          entries,
        })
        for (const [{ topic, partition }, error] of refused)
          results.push(refusedResult(topic, partition, error))
        if (request.acks === 0) {
          return results.some(({ error }) => error !== 'NONE') ? CLOSE_CONNECTION : NO_RESPONSE
        }
        return answer(replicas, results, context)
      },
      onError: (request, errorCode) =>
        request.acks === 0 ? CLOSE_CONNECTION : { responses: allFailed(request, errorCode) },
    },
  )
}

/** What the version allows as a record set (ProduceRequest.validateRecords). The log checks the rest. */
function checkRecords(version: number, records: Buffer | null): Refusal | null {
  if (version < ONE_BATCH_VERSION || records === null) return null
  try {
    const size = nextBatch(records, 0, records.length)
    if (size === END_OF_BATCHES || size === TRUNCATED) return refusal('INVALID_RECORD')
    if (magic(records, 0) !== MAGIC_V2) return refusal('INVALID_RECORD')
    if (version < ZSTD_VERSION && codecId(records, 0) === ZSTD) return refusal('UNSUPPORTED_COMPRESSION_TYPE')
    if (nextBatch(records, size, records.length) > 0) return refusal('INVALID_RECORD')
    // Without a transaction coordinator no partition is part of a transaction, and none could ever be ended.
    return isTransactional(records, 0) ? refusal('INVALID_TXN_STATE') : null
  } catch (error) {
    return refusal('CORRUPT_MESSAGE', messageOf(error))
  }
}

interface Refusal {
  readonly error: ErrorName
  readonly errorMessage: string | null
}

const refusal = (error: ErrorName, errorMessage: string | null = null): Refusal => ({ error, errorMessage })

function refusedResult(topic: string, partition: number, reason: Refusal): AppendResult {
  const unknown = { baseOffset: -1, lastOffset: -1, logAppendTimeMs: -1, logStartOffset: -1 }
  return { topic, partition, ...reason, recordErrors: [], ...unknown }
}

function answer(replicas: ReplicaManager, results: readonly AppendResult[], context: RequestContext) {
  const topics = new Map<string, { name: string; partitionResponses: object[] }>()
  const hints = leaderHints(replicas, context.listenerName)
  for (const result of results) {
    let topic = topics.get(result.topic)
    if (topic === undefined) {
      topic = { name: result.topic, partitionResponses: [] }
      topics.set(result.topic, topic)
    }
    const isMoved = result.error === 'NOT_LEADER_OR_FOLLOWER' && context.apiVersion >= LEADER_HINTS_VERSION
    topic.partitionResponses.push({
      index: result.partition,
      errorCode: ERROR_CODES[result.error],
      baseOffset: result.baseOffset,
      logAppendTimeMs: result.logAppendTimeMs,
      logStartOffset: result.logStartOffset,
      recordErrors: result.recordErrors.map(({ batchIndex, message }) => ({
        batchIndex,
        batchIndexErrorMessage: message,
      })),
      errorMessage: result.errorMessage,
      ...(isMoved && { currentLeader: hints.of(result.topic, result.partition) }),
    })
  }
  return { responses: [...topics.values()], nodeEndpoints: hints.endpoints() }
}

function allFailed(request: ProduceRequest, errorCode: number) {
  return request.topicData.map(({ name, partitionData }) => ({
    name,
    partitionResponses: partitionData.map(({ index }) => ({ index, errorCode, baseOffset: -1 })),
  }))
}
