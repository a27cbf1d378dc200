import type { CodecId } from '../../records/index.ts'
import type { BrokerConfig } from '../broker-config.ts'

const MS_PER_MINUTE = 60_000
/** A timer cannot be set to more. */
const LONGEST_PERIOD_MS = 24 * 24 * 3_600_000

/** The settings of group coordination (GroupCoordinatorConfig), read anew each time. */
export class GroupConfig {
  private readonly config: BrokerConfig

  constructor(config: BrokerConfig) {
    this.config = config
  }

  get minSessionTimeoutMs(): number {
    return this.config.number('group.min.session.timeout.ms')
  }
  get maxSessionTimeoutMs(): number {
    return this.config.number('group.max.session.timeout.ms')
  }
  get maxSize(): number {
    return this.config.number('group.max.size')
  }
  get initialRebalanceDelayMs(): number {
    return Math.max(0, this.config.number('group.initial.rebalance.delay.ms'))
  }
  get maxMetadataLength(): number {
    return this.config.number('offset.metadata.max.bytes')
  }
  get loadBufferBytes(): number {
    return this.config.number('offsets.load.buffer.size')
  }
  get retentionMs(): number {
    return this.config.number('offsets.retention.minutes') * MS_PER_MINUTE
  }
  get retentionCheckIntervalMs(): number {
    return Math.min(this.config.number('offsets.retention.check.interval.ms'), LONGEST_PERIOD_MS)
  }
  get commitTimeoutMs(): number {
    return this.config.number('offsets.commit.timeout.ms')
  }
  get commitRequiredAcks(): number {
    return this.config.number('offsets.commit.required.acks')
  }
  /** Of the records of the topic: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  get codec(): CodecId {
    return this.config.number('offsets.topic.compression.codec') as CodecId
  }
  /** As long as the topic is not there. */
  get topicPartitions(): number {
    return this.config.number('offsets.topic.num.partitions')
  }
}
