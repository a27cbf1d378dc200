import { metadata } from '../../protocol/messages/03-metadata.ts'
import { describeCluster } from '../../protocol/messages/60-describe-cluster.ts'
import type { ClientCore } from '../core.ts'
import type { BrokerNode, TopicInfo } from '../metadata.ts'
import { UnsupportedVersionError } from '../net/index.ts'
import { type AclOperation, operationsOf } from './operations.ts'
import { itemError } from './results.ts'

/** A cluster and its brokers, as one of them describes it. */
export interface ClusterDescription {
  readonly clusterId: string | null
  readonly controllerId: number
  readonly brokers: readonly BrokerNode[]
  /** What whoever asks may do with the cluster; null when that was not asked for, or the brokers are too old to say. */
  readonly authorizedOperations: readonly AclOperation[] | null
}

/** A topic and what whoever asks may do with it. */
export interface TopicDescription extends TopicInfo {
  /** What whoever asks may do with the topic; null when that was not asked for, or the broker is too old to say. */
  readonly authorizedOperations: readonly AclOperation[] | null
}

/** Topics are told with what may be done with them from this version of Metadata on (KIP-430). */
const TOPIC_OPERATIONS_VERSION = 8

export async function operationsOfTopics(
  core: ClientCore,
  names: readonly string[],
): Promise<Map<string, AclOperation[] | null>> {
  return core.retry(async () => {
    const connection = await core.anyConnection()
    if (connection.versionOf(metadata) < TOPIC_OPERATIONS_VERSION) return new Map()
    const { topics } = await connection.send(metadata, {
      topics: names.map((name) => ({ name })),
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: true,
    })
    return new Map(
      topics.map(({ name, topicAuthorizedOperations: bits }) => [name ?? '', operationsOf(bits)] as const),
    )
  })
}

/** Metadata can be asked for by topic id from this version on (KIP-516; 10 and 11 had a fault). */
const BY_TOPIC_ID_VERSION = 12

export async function topicNames(
  core: ClientCore,
  topicIds: readonly string[],
): Promise<Map<string, string>> {
  return core.retry(async () => {
    const connection = await core.anyConnection()
    if (connection.versionOf(metadata) < BY_TOPIC_ID_VERSION)
      throw new UnsupportedVersionError('the broker is too old to know topics by their ids')
    const { topics } = await connection.send(metadata, {
      topics: topicIds.map((topicId) => ({ topicId, name: null })),
      allowAutoTopicCreation: false,
    })
    return new Map(topics.flatMap(({ topicId, name }) => (name === null ? [] : [[topicId, name] as const])))
  })
}

/** Brokers older than 2.8 are asked by Metadata. */
export async function describe(
  core: ClientCore,
  options: { readonly includeAuthorizedOperations?: boolean },
): Promise<ClusterDescription> {
  return core.retry(async () => {
    try {
      const request = { includeClusterAuthorizedOperations: options.includeAuthorizedOperations ?? false }
      const response = await core.sendToAny(describeCluster, request)
      const error = itemError(response.errorCode, response.errorMessage)
      if (error !== null) throw error
      const brokers = response.brokers.map(({ brokerId: id, host, port, rack }) => ({ id, host, port, rack }))
      const authorizedOperations = operationsOf(response.clusterAuthorizedOperations)
      const { clusterId, controllerId } = response
      return { clusterId, controllerId, brokers: byId(brokers), authorizedOperations }
    } catch (error) {
      if (!(error instanceof UnsupportedVersionError)) throw error
      await core.refresh([])
      const { clusterId, controllerId, brokers } = core.metadata
      return { clusterId, controllerId, brokers: byId([...brokers.values()]), authorizedOperations: null }
    }
  })
}

function byId(brokers: readonly BrokerNode[]): BrokerNode[] {
  return [...brokers].sort((a, b) => a.id - b.id)
}
