import type { BrokerConfig } from '../broker-config.ts'

export { OFFSETS_TOPIC, partitionOfGroup } from '../../protocol/internal/index.ts'

/** What the topic is created with when the first client looks for a coordinator (GroupCoordinator.offsetsTopicConfigs). */
export function offsetsTopicSpec(config: BrokerConfig) {
  return {
    numPartitions: config.number('offsets.topic.num.partitions'),
    replicationFactor: config.number('offsets.topic.replication.factor'),
    configs: [
      { name: 'compression.type', value: 'producer' },
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'segment.bytes', value: String(config.number('offsets.topic.segment.bytes')) },
    ],
  }
}
