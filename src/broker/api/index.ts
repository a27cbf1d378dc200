import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import type { LeaderAndIsrRequest } from '../../protocol/messages/04-leader-and-isr.ts'
import type { ConfigAlterer } from '../alter-configs.ts'
import type { BrokerConfig } from '../broker-config.ts'
import { topicConfigDef, validateTopicConfigs } from '../config-def.ts'
import { type KafkaController, TopicAdmin } from '../controller/index.ts'
import type { ConfigDescriber } from '../describe-configs.ts'
import type { GroupCoordinator } from '../group/index.ts'
import type { MetadataCache } from '../metadata/index.ts'
import type { ReplicaManager } from '../replica/index.ts'
import type { TopicConfigStore } from '../topic-config-store.ts'
import type { KafkaZkClient } from '../zk/index.ts'
import { metadataHandler } from './03-metadata.ts'
import { updateMetadataHandler } from './06-update-metadata.ts'
import { findCoordinatorHandler } from './10-find-coordinator.ts'
import { initProducerIdHandler } from './22-init-producer-id.ts'
import { describeConfigsHandler } from './32-describe-configs.ts'
import { alterConfigsHandler } from './33-alter-configs.ts'
import { incrementalAlterConfigsHandler } from './44-incremental-alter-configs.ts'
import { describeClusterHandler } from './60-describe-cluster.ts'
import { controllerHandlers } from './controller-handlers.ts'
import { groupHandlers } from './group-handlers.ts'
import type { ApiHandler } from './handler.ts'
import { replicaHandlers } from './replica-handlers.ts'

export interface BrokerHandlerDeps {
  readonly config: BrokerConfig
  readonly zk: KafkaZkClient
  readonly cache: MetadataCache
  readonly replicas: ReplicaManager
  readonly controller: KafkaController
  readonly groups: GroupCoordinator
  readonly topicConfigs: TopicConfigStore
  readonly describer: ConfigDescriber
  readonly alterer: ConfigAlterer
  readonly autoCreate: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>
  readonly nextProducerId: () => Promise<number>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Everything a broker answers; ApiVersions is derived from it. */
export function brokerHandlers(deps: BrokerHandlerDeps): ApiHandler[] {
  const { config, zk, cache, replicas, controller, groups, topicConfigs, describer, alterer, ...ports } = deps
  const topicDefault = (name: string) => {
    const text = config.topicDefaultText(name)
    return text === null ? null : topicConfigDef.parse(name, text)
  }
  const topicAdmin = new TopicAdmin({
    ...ports,
    zk,
    metadataCache: cache,
    controller,
    config,
    validateConfigs: (entries) => validateTopicConfigs(entries, topicDefault),
    describeConfigs: (own) => describer.topicEntries(own, { names: null, includeSynonyms: false }),
  })
  return [
    ...replicaHandlers(replicas).map((handler) =>
      handler.spec.key === LEADER_AND_ISR ? withTopicConfigs(handler, topicConfigs) : handler,
    ),
    ...controllerHandlers({
      controller,
      topicAdmin,
      cache,
      clock: ports.clock,
      isDeletionEnabled: () => config.deleteTopicEnable,
    }),
    updateMetadataHandler({ cache, brokerEpoch: () => controller.brokerEpoch }),
    metadataHandler({
      cache,
      autoCreateEnabled: () => config.autoCreateTopicsEnable,
      autoCreate: deps.autoCreate,
    }),
    findCoordinatorHandler({
      cache,
      partitionOfGroup: (groupId) => groups.findPartition(groupId),
      autoCreate: deps.autoCreate,
    }),
    ...groupHandlers({ groups, cache, zk, config }),
    initProducerIdHandler({
      nextProducerId: deps.nextProducerId,
      maxTransactionTimeoutMs: () => config.number('transaction.max.timeout.ms'),
    }),
    describeConfigsHandler({ describer }),
    alterConfigsHandler({ alterer }),
    incrementalAlterConfigsHandler({ alterer }),
    describeClusterHandler({ cache }),
  ]
}

const LEADER_AND_ISR = 4

/**
 * A log is made with its topic's configuration, so that is read first: of topics that this broker has not seen, and of new
 * partitions, whose topic may have been deleted and made anew under the same name.
 */
function withTopicConfigs(handler: ApiHandler, topicConfigs: TopicConfigStore): ApiHandler {
  return {
    ...handler,
    async handle(decoded, context) {
      const request = decoded as unknown as LeaderAndIsrRequest
      const unread = new Set<string>()
      for (const { topicName } of request.ungroupedPartitionStates) unread.add(topicName)
      for (const { topicName, partitionStates } of request.topicStates) {
        if (!topicConfigs.has(topicName) || partitionStates.some(({ isNew }) => isNew)) unread.add(topicName)
      }
      if (unread.size > 0) await topicConfigs.load(unread)
      return handler.handle(decoded, context)
    },
  }
}
