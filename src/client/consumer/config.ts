/** Kafka's consumer configuration, in camelCase and with Kafka's defaults. */
export interface ConsumerConfig {
  readonly fetchMinBytes?: number
  readonly fetchMaxWaitMs?: number
  readonly fetchMaxBytes?: number
  readonly maxPartitionFetchBytes?: number
  readonly maxPollRecords?: number
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed'
  /** What to do when a position does not exist (any more): go to an end, or fail. */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'none'
  readonly checkCrcs?: boolean
  /** client.rack */
  readonly rack?: string
}

export type ResolvedConsumerConfig = Required<ConsumerConfig>

export function resolveConsumerConfig(config: ConsumerConfig): ResolvedConsumerConfig {
  return {
    fetchMinBytes: 1,
    fetchMaxWaitMs: 500,
    fetchMaxBytes: 52_428_800,
    maxPartitionFetchBytes: 1_048_576,
    maxPollRecords: 500,
    isolationLevel: 'read_uncommitted',
    autoOffsetReset: 'latest',
    checkCrcs: true,
    rack: '',
    ...config,
  }
}
