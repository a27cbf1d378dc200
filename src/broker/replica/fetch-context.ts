import type { ErrorName } from '../../protocol/index.ts'
import type { FetchRequest } from '../../protocol/messages/01-fetch.ts'
import {
  type FetchSession,
  type FetchSessionCache,
  FINAL_EPOCH,
  INITIAL_EPOCH,
  INVALID_SESSION_ID,
  nextEpoch,
  SessionPartition,
} from './fetch-session.ts'
import type { FetchPartition, FetchResult } from './types.ts'

/** From this version on requests name topics by id. */
const TOPIC_ID_VERSION = 13

/**
 * One fetch request seen through its session (kafka.server.FetchManager and FetchContext). First `partitions` tells what
 * to read, then `respond` tells what of it to send.
 */
export interface FetchContext {
  /** In reading order. A topic whose id is not known has an empty name. */
  readonly partitions: readonly FetchPartition[]
  /** Set when the session itself is wrong: nothing is read. */
  readonly error: ErrorName | null
  respond(results: readonly FetchResult[]): FetchAnswer
}

export interface FetchAnswer {
  readonly error: ErrorName
  readonly sessionId: number
  /** Those that are sent, with their results. */
  readonly told: readonly (readonly [FetchPartition, FetchResult])[]
}

export function fetchContextOf(
  cache: FetchSessionCache,
  request: FetchRequest,
  version: number,
  isFollower: boolean,
  nameOf: (topicId: string) => string | undefined,
): FetchContext {
  const usesTopicIds = version >= TOPIC_ID_VERSION
  const asked = askedPartitions(request, usesTopicIds, nameOf)
  const { sessionId, sessionEpoch } = request
  if (sessionEpoch === INITIAL_EPOCH || sessionEpoch === FINAL_EPOCH) {
    // Whatever session a full request names is over.
    if (sessionId !== INVALID_SESSION_ID) cache.remove(sessionId)
    if (sessionEpoch === FINAL_EPOCH) return sessionless(asked)
    return newSession(cache, asked, usesTopicIds, isFollower)
  }
  const session = cache.get(sessionId)
  if (session === undefined) return wrongSession('FETCH_SESSION_ID_NOT_FOUND')
  if (session.epoch !== sessionEpoch) return wrongSession('INVALID_FETCH_SESSION_EPOCH')
  if (session.usesTopicIds !== usesTopicIds) return wrongSession('FETCH_SESSION_TOPIC_ID_ERROR')
  for (const partition of asked) session.put(partition)
  forget(session, request)
  if (session.partitions.size === 0) {
    cache.remove(session.id)
    return sessionless(asked)
  }
  cache.touch(session)
  session.epoch = nextEpoch(session.epoch)
  return incremental(session, nameOf)
}

function askedPartitions(
  request: FetchRequest,
  usesTopicIds: boolean,
  nameOf: (topicId: string) => string | undefined,
): FetchPartition[] {
  const asked = new Map<string, FetchPartition>()
  for (const { topic, topicId, partitions } of request.topics) {
    const name = usesTopicIds ? (nameOf(topicId) ?? '') : topic
    for (const partition of partitions) {
      // A partition that is named twice counts once, as it was named last.
      asked.set(`${usesTopicIds ? topicId : topic}:${partition.partition}`, {
        topic: name,
        topicId: usesTopicIds ? topicId : null,
        partition: partition.partition,
        fetchOffset: partition.fetchOffset,
        maxBytes: partition.partitionMaxBytes,
        currentLeaderEpoch: partition.currentLeaderEpoch,
        lastFetchedEpoch: partition.lastFetchedEpoch,
        logStartOffset: partition.logStartOffset,
      })
    }
  }
  return [...asked.values()]
}

function forget(session: FetchSession, request: FetchRequest): void {
  for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
    for (const partition of partitions)
      session.partitions.delete(session.keyOf({ topic, topicId, partition }))
  }
}

function paired(partitions: readonly FetchPartition[], results: readonly FetchResult[]): FetchAnswer['told'] {
  return partitions.flatMap((partition, i) => {
    const result = results[i]
    return result === undefined ? [] : [[partition, result] as const]
  })
}

function wrongSession(error: ErrorName): FetchContext {
  return { partitions: [], error, respond: () => ({ error, sessionId: INVALID_SESSION_ID, told: [] }) }
}

function sessionless(partitions: readonly FetchPartition[]): FetchContext {
  return {
    partitions,
    error: null,
    respond: (results) => ({
      error: 'NONE',
      sessionId: INVALID_SESSION_ID,
      told: paired(partitions, results),
    }),
  }
}

/** The session is made with the answer; without a free slot the client is told of none and keeps sending all. */
function newSession(
  cache: FetchSessionCache,
  partitions: readonly FetchPartition[],
  usesTopicIds: boolean,
  isFollower: boolean,
): FetchContext {
  return {
    partitions,
    error: null,
    respond(results) {
      const told = paired(partitions, results)
      const session = cache.create(isFollower, usesTopicIds, told.length)
      if (session !== undefined) {
        for (const [asked, result] of told) {
          const partition = new SessionPartition(asked)
          partition.noteAnswer(result)
          session.partitions.set(session.keyOf(asked), partition)
        }
      }
      return { error: 'NONE', sessionId: session?.id ?? INVALID_SESSION_ID, told }
    },
  }
}

function incremental(session: FetchSession, nameOf: (topicId: string) => string | undefined): FetchContext {
  const { epoch } = session
  const partitions = [...session.partitions.values()]
  for (const partition of partitions) {
    if (partition.topic === '' && partition.topicId !== null)
      partition.topic = nameOf(partition.topicId) ?? ''
  }
  return {
    partitions,
    error: null,
    respond(results) {
      // Another request of the same session came in between: this answer would be misunderstood.
      if (session.epoch !== epoch) {
        return { error: 'INVALID_FETCH_SESSION_EPOCH', sessionId: session.id, told: [] }
      }
      const told: (readonly [FetchPartition, FetchResult])[] = []
      for (const [i, partition] of partitions.entries()) {
        const result = results[i]
        if (result === undefined || !partition.noteAnswer(result)) continue
        told.push([partition, result])
        if (result.sizeBytes > 0) session.moveToEnd(partition)
      }
      return { error: 'NONE', sessionId: session.id, told }
    },
  }
}
