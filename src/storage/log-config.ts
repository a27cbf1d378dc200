/**
 * The topic-level configuration of a log, typed (org.apache.kafka.storage.internals.log.LogConfig, 3.9).
 * "No limit" (Kafka's Long.MAX_VALUE) is Number.MAX_SAFE_INTEGER, as is every larger value that somebody sets.
 */
export interface LogConfig {
  readonly cleanupPolicy: readonly ('delete' | 'compact')[]
  /** `producer` keeps what the producer chose; another value recompresses. */
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly compressionGzipLevel: number
  readonly compressionLz4Level: number
  readonly compressionZstdLevel: number
  readonly deleteRetentionMs: number
  readonly fileDeleteDelayMs: number
  readonly flushMessages: number
  readonly flushMs: number
  readonly followerReplicationThrottledReplicas: readonly string[]
  readonly indexIntervalBytes: number
  readonly leaderReplicationThrottledReplicas: readonly string[]
  readonly localRetentionBytes: number
  readonly localRetentionMs: number
  readonly maxCompactionLagMs: number
  readonly maxMessageBytes: number
  readonly messageDownconversionEnable: boolean
  /** Kept and shown, without effect: 3.x always writes format v2. */
  readonly messageFormatVersion: string
  readonly messageTimestampAfterMaxMs: number
  readonly messageTimestampBeforeMaxMs: number
  readonly messageTimestampDifferenceMaxMs: number
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  readonly minCleanableDirtyRatio: number
  readonly minCompactionLagMs: number
  readonly minInsyncReplicas: number
  readonly preallocate: boolean
  readonly remoteLogCopyDisable: boolean
  readonly remoteLogDeleteOnDisable: boolean
  readonly remoteStorageEnable: boolean
  readonly retentionBytes: number
  readonly retentionMs: number
  readonly segmentBytes: number
  readonly segmentIndexBytes: number
  readonly segmentJitterMs: number
  readonly segmentMs: number
  readonly uncleanLeaderElectionEnable: boolean
}

export const NO_LIMIT = Number.MAX_SAFE_INTEGER

export const DEFAULT_LOG_CONFIG: LogConfig = {
  cleanupPolicy: ['delete'],
  compressionType: 'producer',
  compressionGzipLevel: -1,
  compressionLz4Level: 9,
  compressionZstdLevel: 3,
  deleteRetentionMs: 86_400_000,
  fileDeleteDelayMs: 60_000,
  flushMessages: NO_LIMIT,
  flushMs: NO_LIMIT,
  followerReplicationThrottledReplicas: [],
  indexIntervalBytes: 4096,
  leaderReplicationThrottledReplicas: [],
  localRetentionBytes: -2,
  localRetentionMs: -2,
  maxCompactionLagMs: NO_LIMIT,
  maxMessageBytes: 1_048_588,
  messageDownconversionEnable: true,
  messageFormatVersion: '3.0-IV1',
  messageTimestampAfterMaxMs: NO_LIMIT,
  messageTimestampBeforeMaxMs: NO_LIMIT,
  messageTimestampDifferenceMaxMs: NO_LIMIT,
  messageTimestampType: 'CreateTime',
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
  minInsyncReplicas: 1,
  preallocate: false,
  remoteLogCopyDisable: false,
  remoteLogDeleteOnDisable: false,
  remoteStorageEnable: false,
  retentionBytes: -1,
  retentionMs: 604_800_000,
  segmentBytes: 1_073_741_824,
  segmentIndexBytes: 10_485_760,
  segmentJitterMs: 0,
  segmentMs: 604_800_000,
  uncleanLeaderElectionEnable: false,
}

/** A compacted log must roll in time for max.compaction.lag.ms: the active segment is never cleaned (LogConfig.maxSegmentMs). */
export function maxSegmentMs(config: LogConfig): number {
  const isLagBound = config.cleanupPolicy.includes('compact') && config.maxCompactionLagMs > 0
  return isLagBound ? Math.min(config.maxCompactionLagMs, config.segmentMs) : config.segmentMs
}

/** `retention.ms` is the topic's name of `retentionMs`: all our field names are Kafka's in camel case. */
function fieldName(name: string): string {
  return name.replace(/\.([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/**
 * Turns a topic's configuration as it lies in ZooKeeper (text by Kafka's names) into fields of a LogConfig. The values
 * must have been checked before: what does not belong to a log is left out, and so is what cannot be read as its type.
 */
export function logConfigFromEntries(entries: Readonly<Record<string, string>>): Partial<LogConfig> {
  const config: Record<string, unknown> = {}
  for (const [name, text] of Object.entries(entries)) {
    const field = fieldName(name)
    if (!Object.hasOwn(DEFAULT_LOG_CONFIG, field)) continue
    const value = readAs(DEFAULT_LOG_CONFIG[field as keyof LogConfig], text.trim())
    if (value !== undefined) config[field] = value
  }
  return config
}

function readAs(like: LogConfig[keyof LogConfig], text: string): unknown {
  if (typeof like === 'string') return text
  if (typeof like === 'boolean') return text.toLowerCase() === 'true'
  if (typeof like === 'number') {
    const value = Number(text)
    if (text === '' || Number.isNaN(value)) return undefined
    return Math.max(Math.min(value, NO_LIMIT), -NO_LIMIT)
  }
  const items = text.split(',').map((item) => item.trim())
  return items.filter((item) => item !== '')
}
