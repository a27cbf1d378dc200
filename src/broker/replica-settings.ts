import type { BrokerConfig } from './broker-config.ts'
import type { TopicConfigStore } from './topic-config-store.ts'

/** Copying from other brokers (KIP-73). */
export function replicationThrottles(config: BrokerConfig, topicConfigs: TopicConfigStore) {
  return {
    rate: (role: 'leader' | 'follower') => config.dynamicNumber(`${role}.replication.throttled.rate`),
    replicas: (role: 'leader' | 'follower', topic: string) =>
      topicConfigs.get(topic, `${role}.replication.throttled.replicas`),
    windowCount: config.number('replication.quota.window.num'),
    windowMs: config.number('replication.quota.window.size.seconds') * 1000,
  }
}

/** Copying between log directories; by default one thread for each of them. */
export function logDirMoveLimits(config: BrokerConfig) {
  const threads = config.get('num.replica.alter.log.dirs.threads')
  return {
    threads: typeof threads === 'number' ? threads : config.logDirs.length,
    bytesPerSecond: () => config.dynamicNumber('replica.alter.log.dirs.io.max.bytes.per.second'),
    windowCount: config.number('alter.log.dirs.replication.quota.window.num'),
    windowMs: config.number('alter.log.dirs.replication.quota.window.size.seconds') * 1000,
  }
}

export function replicaConfig(config: BrokerConfig) {
  return {
    replicaLagTimeMaxMs: config.replicaLagTimeMaxMs,
    replicaFetchWaitMaxMs: config.replicaFetchWaitMaxMs,
    replicaFetchMinBytes: config.replicaFetchMinBytes,
    replicaFetchMaxBytes: config.replicaFetchMaxBytes,
    replicaFetchResponseMaxBytes: config.replicaFetchResponseMaxBytes,
    replicaFetchBackoffMs: config.replicaFetchBackoffMs,
    numReplicaFetchers: config.numReplicaFetchers,
    fetchMaxBytes: config.fetchMaxBytes,
    maxIncrementalFetchSessionCacheSlots: config.maxFetchSessions,
    requestTimeoutMs: config.requestTimeoutMs,
  }
}
