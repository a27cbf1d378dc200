import { systemClock } from '../base/clock.ts'
import { ConfigError } from '../base/config-def.ts'
import { lazy } from '../base/load-native.ts'
import type { Logger } from '../base/logger.ts'
import { createNodeNetwork } from '../base/node-network.ts'
import { systemRandom } from '../base/random.ts'
import type { ClientOptions } from '../client/index.ts'

/** How a client gets at a cluster of this process without going through a socket. */
export const CONNECTION = Symbol('kcli.connection')

/** A cluster of this process, as {@link startCluster} gives it. */
export interface ClusterInProcess {
  readonly [CONNECTION]: ClusterConnection
}

/** `HOST:PORT`, several with commas between or in an array, or a cluster of this process. */
export type BootstrapServers = string | readonly string[] | ClusterInProcess

/** What all clients of the library take beside Kafka's properties. */
export interface LibraryOptions {
  readonly bootstrapServers: BootstrapServers
  /** Where the client says what it does; nowhere by default. */
  readonly logger?: Logger
}

/** How a client reaches the outside world; `bootstrap` only when that is a cluster of this process. */
export type ClientPorts = Pick<ClientOptions, 'network' | 'clock' | 'random'> &
  Partial<Pick<ClientOptions, 'logger' | 'resolver' | 'bootstrap'>>

export interface Closable {
  close(options?: { readonly timeoutMs?: number }): Promise<void>
}

/** A cluster of this process as its clients see it. */
export interface ClusterConnection {
  readonly ports: ClientPorts
  /** Those that are open, to be closed with the cluster. */
  readonly clients: Set<Closable>
}

interface Connection {
  readonly ports: ClientPorts
  readonly properties: Readonly<Record<string, unknown>>
  /** Where the client has to sign in, and out. */
  readonly clients: Set<Closable>
}

const BOOTSTRAP_HINT = "Give 'HOST:PORT', or a cluster that startCluster gave."

const systemPorts = lazy<ClientPorts>(() => ({
  network: createNodeNetwork(systemClock),
  clock: systemClock,
  random: systemRandom,
}))

/** JavaScript lets a client be made of nothing. */
export function requireOptions<O extends LibraryOptions>(options: O | undefined): O {
  if (options !== undefined) return options
  throw new ConfigError('bootstrapServers is missing', { hint: BOOTSTRAP_HINT })
}

/** Takes apart what was given: Kafka's properties, and the ports that the client needs. */
export function connectionOf(options: LibraryOptions): Connection {
  const { logger, bootstrapServers, ...others } = options
  const own = logger === undefined ? {} : { logger }
  if (typeof bootstrapServers === 'object' && CONNECTION in bootstrapServers) {
    const { ports, clients } = bootstrapServers[CONNECTION]
    return { ports: { ...ports, ...own }, properties: others, clients }
  }
  const properties: Record<string, unknown> = { bootstrapServers, ...others }
  if ((properties.bootstrapServers ?? properties['bootstrap.servers'] ?? '') === '') {
    throw new ConfigError('bootstrapServers is missing', { hint: BOOTSTRAP_HINT })
  }
  return { ports: { ...systemPorts(), ...own }, properties, clients: new Set() }
}

/** The ports win where a cluster names its own brokers. */
export function clientOptions(settings: Partial<ClientOptions>, ports: ClientPorts): ClientOptions {
  return { bootstrap: [], ...settings, ...ports }
}
