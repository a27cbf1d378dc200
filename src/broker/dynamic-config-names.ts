import { TOPIC_CONFIG_SYNONYMS } from './config-def.ts'

const SSL_RECONFIGURABLE = [
  'ssl.keystore.type',
  'ssl.keystore.location',
  'ssl.keystore.password',
  'ssl.key.password',
  'ssl.truststore.type',
  'ssl.truststore.location',
  'ssl.truststore.password',
  'ssl.keystore.certificate.chain',
  'ssl.keystore.key',
  'ssl.truststore.certificates',
]

const LISTENER_CONFIGS = [
  'advertised.listeners',
  'listeners',
  'listener.security.protocol.map',
  'principal.builder.class',
  'ssl.protocol',
  'ssl.provider',
  'ssl.cipher.suites',
  'ssl.enabled.protocols',
  'ssl.keystore.type',
  'ssl.keystore.location',
  'ssl.keystore.password',
  'ssl.key.password',
  'ssl.truststore.type',
  'ssl.truststore.location',
  'ssl.truststore.password',
  'ssl.keymanager.algorithm',
  'ssl.trustmanager.algorithm',
  'ssl.endpoint.identification.algorithm',
  'ssl.secure.random.implementation',
  'ssl.client.auth',
  'ssl.engine.factory.class',
  'sasl.mechanism.inter.broker.protocol',
  'sasl.jaas.config',
  'sasl.enabled.mechanisms',
  'sasl.kerberos.service.name',
  'sasl.kerberos.kinit.cmd',
  'sasl.kerberos.ticket.renew.window.factor',
  'sasl.kerberos.ticket.renew.jitter',
  'sasl.kerberos.min.time.before.relogin',
  'sasl.kerberos.principal.to.local.rules',
  'sasl.login.refresh.window.factor',
  'sasl.login.refresh.window.jitter',
  'sasl.login.refresh.min.period.seconds',
  'sasl.login.refresh.buffer.seconds',
]

const CLUSTER_LEVEL_LISTENER_CONFIGS = [
  'max.connections',
  'max.connection.creation.rate',
  'num.network.threads',
]

/** May not grow or shrink by more than a factor of two at a time (DynamicThreadPool). */
export const THREAD_COUNTS: ReadonlySet<string> = new Set([
  'num.io.threads',
  'num.replica.fetchers',
  'num.recovery.threads.per.data.dir',
  'background.threads',
  'num.network.threads',
])

const CLUSTER_WIDE = [
  'log.cleaner.threads',
  'log.cleaner.dedupe.buffer.size',
  'log.cleaner.io.buffer.load.factor',
  'log.cleaner.io.buffer.size',
  'message.max.bytes',
  'log.cleaner.io.max.bytes.per.second',
  'log.cleaner.backoff.ms',
  'metric.reporters',
  'max.connections.per.ip',
  'max.connections.per.ip.overrides',
  'producer.id.expiration.ms',
  'transaction.partition.verification.enable',
  'remote.log.index.file.cache.total.size.bytes',
  'remote.fetch.max.wait.ms',
  'remote.log.manager.copy.max.bytes.per.second',
  'remote.log.manager.fetch.max.bytes.per.second',
]

const logConfigs = [...TOPIC_CONFIG_SYNONYMS]
  .filter(([name]) => name !== 'message.format.version')
  .map(([, synonyms]) => synonyms[0]?.name ?? '')

/** What can be changed while the broker runs (DynamicBrokerConfig.AllDynamicConfigs). */
export const DYNAMIC_CONFIGS: ReadonlySet<string> = new Set([
  ...SSL_RECONFIGURABLE,
  ...LISTENER_CONFIGS,
  ...CLUSTER_LEVEL_LISTENER_CONFIGS,
  ...THREAD_COUNTS,
  ...CLUSTER_WIDE,
  ...logConfigs,
])

/** Those that make sense for one broker only. */
export const PER_BROKER_CONFIGS: ReadonlySet<string> = new Set([...SSL_RECONFIGURABLE, ...LISTENER_CONFIGS])

/** Those that can be set for a listener only, under `listener.name.NAME.`. */
export const LISTENER_ONLY_CONFIGS: ReadonlySet<string> = new Set(SSL_RECONFIGURABLE)

/** Limits of replication that exist only dynamically (QuotaConfigs.brokerQuotaConfigs). */
export const REPLICATION_QUOTAS: readonly string[] = [
  'leader.replication.throttled.rate',
  'follower.replication.throttled.rate',
  'replica.alter.log.dirs.io.max.bytes.per.second',
]

/** Definitions that Kafka keeps to itself: they can be set, and DescribeConfigs does not show them. */
export const INTERNAL_CONFIGS: ReadonlySet<string> = new Set([
  'group.consumer.migration.policy',
  'group.coordinator.new.enable',
  'group.share.enable',
  'log.initial.task.delay.ms',
  'metadata.log.segment.min.bytes',
  'producer.id.expiration.check.interval.ms',
  'remote.log.manager.task.retry.backoff.max.ms',
  'remote.log.manager.task.retry.backoff.ms',
  'remote.log.manager.task.retry.jitter',
  'server.max.startup.time.ms',
  'unclean.leader.election.interval.ms',
  'unstable.api.versions.enable',
  'unstable.feature.versions.enable',
  'zookeeper.metadata.migration.min.batch.size',
])
