import { ConfigError, type ConfigType } from '../../base/config-def.ts'
import { bootstrapAddresses } from './bootstrap.ts'

const NO_SASL = 'the clients of kcli do not log in yet'
const NO_TLS = 'the clients of kcli do not speak TLS yet'
const NO_REPORTERS = 'metrics are read from the client itself, with metrics()'

function sasl<T extends ConfigType>(type: T, fallback: string | number | boolean | null, valid = '') {
  return { type, default: fallback, valid, refused: NO_SASL } as const
}

function tls<T extends ConfigType>(type: T, fallback: string | null) {
  return { type, default: fallback, refused: NO_TLS } as const
}

function protocol(value: string, name: string): undefined {
  if (value.toUpperCase() === 'PLAINTEXT') return undefined
  const why = value.toUpperCase() === 'SSL' ? NO_TLS : NO_SASL
  throw new ConfigError(`${name} is ${value}, and ${why}`, { hint: 'Use a PLAINTEXT listener.' })
}

/** What producer, consumer and admin have in common (CommonClientConfigs, MetricConfig, SslConfigs, SaslConfigs). */
export const COMMON_PROPERTIES = {
  'bootstrap.servers': {
    type: 'LIST',
    default: '',
    fills: ['client.bootstrap'],
    as: bootstrapAddresses,
  },
  'client.dns.lookup': {
    type: 'STRING',
    default: 'use_all_dns_ips',
    valid: '[use_all_dns_ips, resolve_canonical_bootstrap_servers_only]',
    fills: ['client.dnsLookup'],
  },
  'client.id': { type: 'STRING', default: '', fills: ['client.clientId'] },
  'metadata.max.age.ms': {
    type: 'LONG',
    default: 300_000,
    valid: '[0,...]',
    fills: ['client.metadataMaxAgeMs'],
  },
  'metadata.recovery.strategy': {
    type: 'STRING',
    default: 'none',
    valid: '(case insensitive) [REBOOTSTRAP, NONE]',
    fills: ['client.metadataRecoveryStrategy'],
    as: (value: string) => value.toLowerCase(),
  },
  'reconnect.backoff.ms': {
    type: 'LONG',
    default: 50,
    valid: '[0,...]',
    fills: ['client.reconnectBackoffMs'],
  },
  'reconnect.backoff.max.ms': {
    type: 'LONG',
    default: 1_000,
    valid: '[0,...]',
    fills: ['client.reconnectBackoffMaxMs'],
  },
  'retry.backoff.ms': { type: 'LONG', default: 100, valid: '[0,...]', fills: ['client.retryBackoffMs'] },
  'retry.backoff.max.ms': {
    type: 'LONG',
    default: 1_000,
    valid: '[0,...]',
    fills: ['client.retryBackoffMaxMs'],
  },
  'send.buffer.bytes': {
    type: 'INT',
    default: 131_072,
    valid: '[-1,...]',
    fills: ['client.sendBufferBytes'],
  },
  'socket.connection.setup.timeout.ms': {
    type: 'LONG',
    default: 10_000,
    fills: ['client.connectTimeoutMs'],
  },
  'socket.connection.setup.timeout.max.ms': {
    type: 'LONG',
    default: 30_000,
    fills: ['client.connectTimeoutMaxMs'],
  },

  'metric.reporters': { type: 'LIST', default: '', refused: NO_REPORTERS },
  'metrics.num.samples': {
    type: 'INT',
    default: 2,
    valid: '[1,...]',
    fills: ['client.metricsNumSamples'],
  },
  'metrics.sample.window.ms': {
    type: 'LONG',
    default: 30_000,
    valid: '[0,...]',
    fills: ['client.metricsSampleWindowMs'],
  },
  'metrics.recording.level': {
    type: 'STRING',
    default: 'INFO',
    valid: '[INFO, DEBUG, TRACE]',
    unused: 'all metrics here are those of INFO',
  },
  'auto.include.jmx.reporter': { type: 'BOOLEAN', default: true, unused: 'there is no JMX' },
  'enable.metrics.push': {
    type: 'BOOLEAN',
    default: true,
    unused: 'brokers in ZooKeeper mode take no metrics of clients (KIP-714)',
  },

  'security.protocol': {
    type: 'STRING',
    default: 'PLAINTEXT',
    valid: '(case insensitive) [SASL_SSL, PLAINTEXT, SSL, SASL_PLAINTEXT]',
    fills: [],
    as: protocol,
  },
  'security.providers': { type: 'STRING', default: null, refused: 'it names Java classes' },
  'sasl.client.callback.handler.class': sasl('CLASS', null),
  'sasl.jaas.config': sasl('PASSWORD', null),
  'sasl.kerberos.kinit.cmd': sasl('STRING', '/usr/bin/kinit'),
  'sasl.kerberos.min.time.before.relogin': sasl('LONG', 60_000),
  'sasl.kerberos.service.name': sasl('STRING', null),
  'sasl.kerberos.ticket.renew.jitter': sasl('DOUBLE', 0.05),
  'sasl.kerberos.ticket.renew.window.factor': sasl('DOUBLE', 0.8),
  'sasl.login.callback.handler.class': sasl('CLASS', null),
  'sasl.login.class': sasl('CLASS', null),
  'sasl.login.connect.timeout.ms': sasl('INT', null),
  'sasl.login.read.timeout.ms': sasl('INT', null),
  'sasl.login.refresh.buffer.seconds': sasl('SHORT', 300, '[0,...,3600]'),
  'sasl.login.refresh.min.period.seconds': sasl('SHORT', 60, '[0,...,900]'),
  'sasl.login.refresh.window.factor': sasl('DOUBLE', 0.8, '[0.5,...,1.0]'),
  'sasl.login.refresh.window.jitter': sasl('DOUBLE', 0.05, '[0.0,...,0.25]'),
  'sasl.login.retry.backoff.max.ms': sasl('LONG', 10_000),
  'sasl.login.retry.backoff.ms': sasl('LONG', 100),
  'sasl.mechanism': sasl('STRING', 'GSSAPI'),
  'sasl.oauthbearer.clock.skew.seconds': sasl('INT', 30),
  'sasl.oauthbearer.expected.audience': sasl('LIST', null),
  'sasl.oauthbearer.expected.issuer': sasl('STRING', null),
  'sasl.oauthbearer.header.urlencode': sasl('BOOLEAN', false),
  'sasl.oauthbearer.jwks.endpoint.refresh.ms': sasl('LONG', 3_600_000),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms': sasl('LONG', 10_000),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.ms': sasl('LONG', 100),
  'sasl.oauthbearer.jwks.endpoint.url': sasl('STRING', null),
  'sasl.oauthbearer.scope.claim.name': sasl('STRING', 'scope'),
  'sasl.oauthbearer.sub.claim.name': sasl('STRING', 'sub'),
  'sasl.oauthbearer.token.endpoint.url': sasl('STRING', null),
  'ssl.cipher.suites': tls('LIST', null),
  'ssl.enabled.protocols': tls('LIST', 'TLSv1.2,TLSv1.3'),
  'ssl.endpoint.identification.algorithm': tls('STRING', 'https'),
  'ssl.engine.factory.class': tls('CLASS', null),
  'ssl.key.password': tls('PASSWORD', null),
  'ssl.keymanager.algorithm': tls('STRING', 'SunX509'),
  'ssl.keystore.certificate.chain': tls('PASSWORD', null),
  'ssl.keystore.key': tls('PASSWORD', null),
  'ssl.keystore.location': tls('STRING', null),
  'ssl.keystore.password': tls('PASSWORD', null),
  'ssl.keystore.type': tls('STRING', 'JKS'),
  'ssl.protocol': tls('STRING', 'TLSv1.3'),
  'ssl.provider': tls('STRING', null),
  'ssl.secure.random.implementation': tls('STRING', null),
  'ssl.trustmanager.algorithm': tls('STRING', 'PKIX'),
  'ssl.truststore.certificates': tls('PASSWORD', null),
  'ssl.truststore.location': tls('STRING', null),
  'ssl.truststore.password': tls('PASSWORD', null),
  'ssl.truststore.type': tls('STRING', 'JKS'),
} as const
