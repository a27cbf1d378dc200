import type { Clock } from '../base/clock.ts'
import { type Logger, silentLogger } from '../base/logger.ts'
import type { Address, Network } from '../base/network.ts'
import type { Random } from '../base/random.ts'
import { type AddressResolver, tcpResolver } from '../base/resolver.ts'

/** What every client needs. Times are Kafka's defaults of the same name. */
export interface ClientOptions {
  /** Where the cluster is asked for first; any broker will do. */
  readonly bootstrap: readonly Address[]
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly logger?: Logger
  /** How the brokers' advertised names become addresses. */
  readonly resolver?: AddressResolver
  readonly clientId?: string
  /** request.timeout.ms */
  readonly requestTimeoutMs?: number
  /** socket.connection.setup.timeout.ms */
  readonly connectTimeoutMs?: number
  /** default.api.timeout.ms: how long a call is retried before it fails. */
  readonly apiTimeoutMs?: number
  /** retry.backoff.ms and retry.backoff.max.ms */
  readonly retryBackoffMs?: number
  readonly retryBackoffMaxMs?: number
  /** metadata.max.age.ms */
  readonly metadataMaxAgeMs?: number
}

export type ResolvedClientOptions = Required<ClientOptions>

export function resolveClientOptions(options: ClientOptions): ResolvedClientOptions {
  return {
    logger: silentLogger,
    resolver: tcpResolver,
    clientId: 'kcli',
    requestTimeoutMs: 30_000,
    connectTimeoutMs: 10_000,
    apiTimeoutMs: 60_000,
    retryBackoffMs: 100,
    retryBackoffMaxMs: 1_000,
    metadataMaxAgeMs: 300_000,
    ...options,
  }
}
