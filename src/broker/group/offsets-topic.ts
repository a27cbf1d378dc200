import { javaHash } from '../../base/java-hash.ts'
import type { BrokerConfig } from '../broker-config.ts'

/** Where groups and their offsets are kept (Topic.GROUP_METADATA_TOPIC_NAME). */
export const OFFSETS_TOPIC = '__consumer_offsets'

/** The partition whose leader coordinates the group (GroupMetadataManager.partitionFor). */
export function partitionOfGroup(groupId: string, partitionCount: number): number {
  const hash = javaHash(groupId)
  // The least int32 has no absolute value among the int32s: Kafka's Utils.abs makes it 0.
  return (hash === -0x80000000 ? 0 : Math.abs(hash)) % partitionCount
}

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
