import { canonicalNames } from '../base/canonical-names.ts'
import type { Clock } from '../base/clock.ts'
import { type Logger, silentLogger } from '../base/logger.ts'
import type { Address, Network } from '../base/network.ts'
import type { Random } from '../base/random.ts'
import { type AddressResolver, tcpResolver } from '../base/resolver.ts'
import type { RequestObserver } from './net/index.ts'

/** client.dns.lookup (KIP-302, KIP-602) */
export type DnsLookup = 'use_all_dns_ips' | 'resolve_canonical_bootstrap_servers_only'

/** metadata.recovery.strategy (KIP-899) */
export type MetadataRecoveryStrategy = 'none' | 'rebootstrap'

/**
 * What every client needs. Defaults are Kafka's for the configuration of the name that each field gives, except where it
 * says otherwise.
 */
export interface ClientOptions {
  /** Where the cluster is asked for first; any broker will do. */
  readonly bootstrap: readonly Address[]
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly logger?: Logger
  /** How the brokers' advertised names become addresses. */
  readonly resolver?: AddressResolver
  /** All names that the addresses of a host have, for `resolve_canonical_bootstrap_servers_only`. */
  readonly canonicalNames?: (host: string) => Promise<string[]>
  readonly clientId?: string
  /** request.timeout.ms */
  readonly requestTimeoutMs?: number
  /** socket.connection.setup.timeout.ms and .max.ms: doubled with each failure in a row, with a fifth of jitter (KIP-601). */
  readonly connectTimeoutMs?: number
  readonly connectTimeoutMaxMs?: number
  /** reconnect.backoff.ms and .max.ms: how long a broker is left alone that could not be reached. */
  readonly reconnectBackoffMs?: number
  readonly reconnectBackoffMaxMs?: number
  /** connections.max.idle.ms; -1: connections stay. Kafka's admin client has 300000. */
  readonly connectionsMaxIdleMs?: number
  /** send.buffer.bytes and receive.buffer.bytes; -1 leaves them to the system, which is the default and faster here. */
  readonly sendBufferBytes?: number
  readonly receiveBufferBytes?: number
  /** client.dns.lookup */
  readonly dnsLookup?: DnsLookup
  /** default.api.timeout.ms: how long a call is retried before it fails. */
  readonly apiTimeoutMs?: number
  /** retries: how often a call is tried again within its time. The producer has a setting of its own. */
  readonly retries?: number
  /** retry.backoff.ms and retry.backoff.max.ms */
  readonly retryBackoffMs?: number
  readonly retryBackoffMaxMs?: number
  /** metadata.max.age.ms */
  readonly metadataMaxAgeMs?: number
  /** metadata.max.idle.ms: a topic that nobody has used for so long is forgotten. Only producers set it. */
  readonly metadataMaxIdleMs?: number
  /** metadata.recovery.strategy; the default is that of Kafka 4, `rebootstrap`: a client that has lost all brokers finds them again. */
  readonly metadataRecoveryStrategy?: MetadataRecoveryStrategy
  /** metrics.num.samples and metrics.sample.window.ms: what rates, averages and maxima are taken over. */
  readonly metricsNumSamples?: number
  readonly metricsSampleWindowMs?: number
  /** Is told of every connection and request. */
  readonly observer?: RequestObserver
}

export type ResolvedClientOptions = Required<Omit<ClientOptions, 'observer'>> &
  Pick<ClientOptions, 'observer'>

export function resolveClientOptions(options: ClientOptions): ResolvedClientOptions {
  return {
    logger: silentLogger,
    resolver: tcpResolver,
    canonicalNames,
    clientId: 'kcli',
    requestTimeoutMs: 30_000,
    connectTimeoutMs: 10_000,
    connectTimeoutMaxMs: 30_000,
    reconnectBackoffMs: 50,
    reconnectBackoffMaxMs: 1_000,
    connectionsMaxIdleMs: 540_000,
    sendBufferBytes: -1,
    receiveBufferBytes: -1,
    dnsLookup: 'use_all_dns_ips',
    apiTimeoutMs: 60_000,
    retries: 2_147_483_647,
    retryBackoffMs: 100,
    retryBackoffMaxMs: 1_000,
    metadataMaxAgeMs: 300_000,
    metadataMaxIdleMs: Number.POSITIVE_INFINITY,
    metadataRecoveryStrategy: 'rebootstrap',
    metricsNumSamples: 2,
    metricsSampleWindowMs: 30_000,
    ...options,
  }
}
