import { ZERO_UUID } from '../../base/uuid.ts'
import { ERROR_CODES } from '../../protocol/index.ts'
import {
  type MetadataRequest,
  type MetadataResponseInput,
  metadata,
} from '../../protocol/messages/03-metadata.ts'
import { ApiError } from '../api-error.ts'
import type { MetadataCache, PartitionMetadata } from '../metadata/index.ts'
import { isInternalTopic, isValidTopicName } from '../topic-names.ts'
import { CLUSTER_OPERATIONS, TOPIC_OPERATIONS } from './authorized-operations.ts'
import { type ApiHandler, handler, type RequestContext } from './handler.ts'

type Topic = NonNullable<MetadataResponseInput['topics']>[number]
type Partition = NonNullable<Topic['partitions']>[number]

export interface MetadataDeps {
  readonly cache: MetadataCache
  /** auto.create.topics.enable */
  readonly autoCreateEnabled: () => boolean
  /** Creates topics with the broker's defaults; answers the code that a metadata response has for each. */
  readonly autoCreate: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>
}

/**
 * Metadata, key 3, v0-12: brokers as seen from the listener of the request, topics with leaders and replicas.
 *
 * - v0: no topics means all; replicas that are not up are left out, and their partitions have REPLICA_NOT_AVAILABLE.
 * - v1: null means all, none means none; controller id, racks, internal flag. v2: cluster id.
 * - v4: the client says whether topics may be created. v5: offline replicas. v6: LISTENER_NOT_FOUND. v7: leader epochs.
 * - v8: authorized operations (of the cluster up to v10). v10: topic ids in the answer. v12: topics may be asked by id.
 */
export function metadataHandler(deps: MetadataDeps): ApiHandler {
  return handler(
    metadata,
    { min: 0, max: 12 },
    {
      async handle(request, context) {
        checkTopicIds(request, context.apiVersion)
        const { cache } = deps
        return {
          brokers: cache
            .aliveBrokers(context.listenerName)
            .map(({ id, ...node }) => ({ nodeId: id, ...node })),
          clusterId: cache.clusterId,
          controllerId: cache.controllerId ?? -1,
          topics: await topicsOf(deps, request, context),
          clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
            ? CLUSTER_OPERATIONS
            : -2147483648,
        }
      },
      onError: (request, errorCode) => ({
        clusterId: null,
        topics: (request.topics ?? []).map(({ name, topicId }) => ({ errorCode, name: name ?? '', topicId })),
      }),
    },
  )
}

function checkTopicIds(request: MetadataRequest, version: number): void {
  if (version >= 12) return
  for (const { name, topicId } of request.topics ?? []) {
    if (name === null) {
      throw new ApiError('INVALID_REQUEST', `Topic name can not be null for version ${version}`)
    }
    if (version >= 10 && topicId !== ZERO_UUID) {
      throw new ApiError('INVALID_REQUEST', `Topic IDs are not supported in requests for version ${version}`)
    }
  }
}

async function topicsOf(
  deps: MetadataDeps,
  request: MetadataRequest,
  context: RequestContext,
): Promise<Topic[]> {
  const { cache } = deps
  const wantsAll = request.topics === null || (context.apiVersion === 0 && request.topics.length === 0)
  const asked = wantsAll ? [] : (request.topics ?? [])
  const ids = asked.map(({ topicId }) => topicId).filter((id) => id !== undefined && id !== ZERO_UUID)
  const topics: Topic[] = []
  let names: Iterable<string>
  if (wantsAll) names = cache.topicNames()
  else if (ids.length === 0) names = new Set(asked.map(({ name }) => name ?? ''))
  else {
    const known = new Set<string>()
    for (const topicId of new Set(ids)) {
      const name = cache.topicName(topicId)
      if (name === undefined) topics.push({ errorCode: ERROR_CODES.UNKNOWN_TOPIC_ID, name: null, topicId })
      else known.add(name)
    }
    names = known
  }
  const operations = request.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : -2147483648
  const missing: string[] = []
  for (const name of names) {
    const partitions = cache.topic(name)
    if (partitions === undefined) missing.push(name)
    else {
      topics.push({
        name,
        topicId: cache.topicId(name),
        isInternal: isInternalTopic(name),
        partitions: partitionsOf(cache, partitions, context),
        topicAuthorizedOperations: operations,
      })
    }
  }
  if (missing.length > 0) {
    const codes = await codesOfMissing(deps, missing, request.allowAutoTopicCreation && !wantsAll)
    for (const [name, errorCode] of codes) {
      topics.push({
        errorCode,
        name,
        isInternal: isInternalTopic(name),
        topicAuthorizedOperations: operations,
      })
    }
  }
  return topics
}

async function codesOfMissing(
  deps: MetadataDeps,
  missing: readonly string[],
  mayCreate: boolean,
): Promise<ReadonlyMap<string, number>> {
  if (mayCreate && deps.autoCreateEnabled()) return deps.autoCreate(missing)
  return new Map(
    missing.map((name) => [
      name,
      isValidTopicName(name) ? ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION : ERROR_CODES.INVALID_TOPIC_EXCEPTION,
    ]),
  )
}

function partitionsOf(
  cache: MetadataCache,
  partitions: ReadonlyMap<number, PartitionMetadata>,
  { apiVersion, listenerName }: RequestContext,
): Partition[] {
  const hasEndpoint = new Map<number, boolean>()
  const isReachable = (id: number) => {
    let known = hasEndpoint.get(id)
    if (known === undefined) {
      known = cache.brokerEndpoint(id, listenerName) !== undefined
      hasEndpoint.set(id, known)
    }
    return known
  }
  const shown = (ids: readonly number[]) => (apiVersion === 0 ? ids.filter(isReachable) : ids)
  const result: Partition[] = []
  for (const [partitionIndex, state] of partitions) {
    const replicaNodes = shown(state.replicas)
    const isrNodes = shown(state.isr)
    const leaderIsReachable = isReachable(state.leader)
    let errorCode: number = ERROR_CODES.NONE
    if (!leaderIsReachable) {
      const isListenerMissing = apiVersion >= 6 && cache.isAlive(state.leader)
      errorCode = isListenerMissing ? ERROR_CODES.LISTENER_NOT_FOUND : ERROR_CODES.LEADER_NOT_AVAILABLE
    } else if (replicaNodes.length < state.replicas.length || isrNodes.length < state.isr.length) {
      errorCode = ERROR_CODES.REPLICA_NOT_AVAILABLE
    }
    result.push({
      errorCode,
      partitionIndex,
      leaderId: leaderIsReachable ? state.leader : -1,
      leaderEpoch: state.leaderEpoch,
      replicaNodes,
      isrNodes,
      offlineReplicas: state.offlineReplicas,
    })
  }
  return result
}
