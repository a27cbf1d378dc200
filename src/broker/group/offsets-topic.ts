import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
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

export interface OffsetsTopicSizeDeps {
  readonly logger: Logger
  /** offsets.topic.num.partitions */
  readonly configured: number
  /** Whether this broker has heard of the topic. */
  readonly isThere: () => boolean
  /** How many partitions it has by its znode; undefined when there is none. */
  readonly stored: () => Promise<number | undefined>
}

/**
 * How many partitions the topic has, by which groups are spread over them. Its znode says so, and is asked once: a
 * controller that has just come tells of partitions one after the other, and where groups live must not change while the
 * topic does not. Partitions that are added to it are of no use before the broker starts anew
 * (GroupMetadataManager.groupMetadataTopicPartitionCount).
 */
export class OffsetsTopicSize {
  private readonly deps: OffsetsTopicSizeDeps
  private known: number | undefined
  private asking: Promise<void> | undefined

  constructor(deps: OffsetsTopicSizeDeps) {
    this.deps = deps
  }

  /** What is configured as long as there is no topic. Counts once {@link settle} has said so. */
  get count(): number {
    return this.known ?? this.deps.configured
  }

  /** False when the topic is there and ZooKeeper does not say how large it is. */
  async settle(): Promise<boolean> {
    const { isThere } = this.deps
    // It was deleted; the next one may be larger.
    if (!isThere()) this.known = undefined
    if (this.known === undefined) {
      this.asking ??= this.ask().finally(() => {
        this.asking = undefined
      })
      await this.asking
    }
    return this.known !== undefined || !isThere()
  }

  private async ask(): Promise<void> {
    const { logger, stored } = this.deps
    try {
      this.known = await stored()
    } catch (error) {
      logger.warn(`ZooKeeper does not say how many partitions the groups have: ${messageOf(error)}`)
    }
  }
}
