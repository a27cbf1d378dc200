import { hostname } from 'node:os'
import type { Address } from '../base/network.ts'
import type { TcpListening } from '../cluster/index.ts'
import { mergeProperties } from './console/properties.ts'
import { UsageError } from './exit-codes.ts'
import type { StartClusterOptions } from './services/cluster/start.ts'

const DEFAULT_PORT = 9092

export interface StartFlags {
  readonly brokers?: number | undefined
  readonly listen?: string | undefined
  readonly 'advertised-host'?: string | undefined
  readonly config?: string | undefined
  readonly override?: readonly string[] | undefined
  readonly id?: number | undefined
  readonly zookeeper?: string | undefined
  readonly 'zookeeper-listen'?: string | undefined
  readonly verbose?: boolean | undefined
}

const MAX_BROKERS = 100
const MAX_PORT = 65_535

/** Entries of a server.properties that cannot be obeyed here, with the reason. Dropping one in silence would mislead. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [
    /^log\.dirs?$/,
    'The data directory (--data-dir) decides it for its brokers; leave it out. Directories of Apache Kafka are taken over with: kcli cluster import.',
  ],
  [
    /^broker\.id$/,
    'The data directory has it for its brokers; a new one is given it with: kcli broker start --id N.',
  ],
  // Its time limits mean nothing to a service in the same process; they may stand there.
  [
    /^zookeeper\.(?!(connection|session)\.timeout\.ms$|max\.in\.flight\.requests$)/,
    'TLS to ZooKeeper, ACLs on znodes and the migration to KRaft are not supported yet.',
  ],
  [
    /^(process\.roles|node\.id|controller\.)/,
    'It belongs to KRaft; brokers here are those of ZooKeeper mode.',
  ],
  [
    /^(ssl\.|sasl\.|security\.|listener\.|authorizer\.|super\.users|principal\.|inter\.broker\.listener|control\.plane)/,
    'TLS, SASL and authorization are not supported yet; there is one PLAINTEXT listener.',
  ],
]

export function startOptions(flags: StartFlags): StartClusterOptions {
  const properties = mergeProperties(
    { path: flags.config, flag: '--config' },
    { values: flags.override, flag: '--override' },
  )
  return startOptionsFrom(properties, flags)
}

/** The same with what a server.properties says; what becomes an option is taken out of it. */
export function startOptionsFrom(properties: Map<string, string>, flags: StartFlags): StartClusterOptions {
  const zookeeper = flags.zookeeper ?? properties.get('zookeeper.connect')
  const idInFile = brokerIdOf(properties, flags)
  properties.delete('zookeeper.connect')
  const firstBrokerId = flags.id ?? idInFile
  for (const key of properties.keys()) {
    const reason = REFUSED.find(([pattern]) => pattern.test(key))?.[1]
    if (reason !== undefined) throw new UsageError(`${key} cannot be set here`, reason)
  }
  const listeners = properties.get('listeners')
  const advertised = properties.get('advertised.listeners')
  properties.delete('listeners')
  properties.delete('advertised.listeners')
  const tcp =
    flags.listen === undefined && listeners !== undefined
      ? parseListen(listeners, { ...flags, from: 'listeners', emptyHost: '0.0.0.0' })
      : parseListen(flags.listen ?? '127.0.0.1', { ...flags, from: '--listen', emptyHost: '127.0.0.1' })
  return {
    brokers: flags.brokers,
    tcp: advertisedAs(tcp, advertised, flags),
    properties,
    ...(firstBrokerId !== undefined && { firstBrokerId }),
    ...(zookeeper !== undefined && { zookeeper }),
    ...(flags['zookeeper-listen'] !== undefined && {
      zookeeperListen: parseZooKeeperListen(flags['zookeeper-listen'], zookeeper),
    }),
    verbose: flags.verbose === true,
  }
}

/** A server.properties for one broker may name it. */
function brokerIdOf(properties: Map<string, string>, flags: StartFlags): number | undefined {
  const text = properties.get('broker.id')
  if (text === undefined || flags.brokers !== 1) return undefined
  properties.delete('broker.id')
  if (!/^\d{1,9}$/.test(text))
    throw new UsageError(`broker.id is '${text}', which is no number`, 'Ids are 0 or more.')
  return Number(text)
}

const ZOOKEEPER_PORT = 2181

function parseZooKeeperListen(text: string, zookeeper: string | undefined): Address {
  if (zookeeper !== undefined) {
    const hint = 'With --zookeeper there is no coordination service here that could listen.'
    throw new UsageError('--zookeeper-listen and --zookeeper exclude each other', hint)
  }
  const { host, ports } = parseListen(text, {
    from: '--zookeeper-listen',
    emptyHost: '127.0.0.1',
    defaultPort: ZOOKEEPER_PORT,
  })
  return { kind: 'tcp', host, port: ports[0] ?? ZOOKEEPER_PORT }
}

interface ListenOptions {
  readonly brokers?: number | undefined
  /** The flag or setting, for messages. */
  readonly from: string
  readonly emptyHost: string
  /** 9092 when undefined. */
  readonly defaultPort?: number
}

/** `HOST`, `HOST:PORT` (the next brokers take the ports behind it), `:0` (free ports), `PLAINTEXT://HOST:PORT`. */
export function parseListen(text: string, options: ListenOptions): TcpListening {
  const match = /^(?:(\w+):\/\/)?(?:\[([0-9a-fA-F:.%]+)\]|([^:/,\s]*))(?::(\d{1,5}))?$/.exec(text.trim())
  const protocol = match?.[1]?.toUpperCase() ?? 'PLAINTEXT'
  const port = match?.[4] === undefined ? (options.defaultPort ?? DEFAULT_PORT) : Number(match[4])
  if (match === null && text.includes(',')) {
    throw new UsageError(`${options.from} names several listeners`, 'One PLAINTEXT listener is supported.')
  }
  if (match === null || port + (port === 0 ? 0 : (options.brokers ?? 1) - 1) > MAX_PORT) {
    throw new UsageError(
      `${options.from} is '${text}', which is no address to listen on`,
      'Write HOST, HOST:PORT or :0 for free ports.',
    )
  }
  if (protocol !== 'PLAINTEXT') {
    throw new UsageError(`${options.from} has a listener of ${protocol}`, 'Only PLAINTEXT is supported yet.')
  }
  return { host: match[2] ?? (match[3] || options.emptyHost), ports: portsFrom(port) }
}

/** One for each broker that there may be. */
function portsFrom(port: number): number[] {
  const count = Math.min(MAX_BROKERS, MAX_PORT - port + 1)
  return Array.from({ length: count }, (_, i) => (port === 0 ? 0 : port + i))
}

/** Clients cannot connect to "every address": without another word they are told this machine's name, as Kafka does. */
function advertisedAs(tcp: TcpListening, listeners: string | undefined, flags: StartFlags): TcpListening {
  const host = flags['advertised-host']
  if (host === undefined && listeners !== undefined) {
    const options = { brokers: flags.brokers, from: 'advertised.listeners', emptyHost: hostname() }
    const shown = parseListen(listeners, options)
    return { ...tcp, advertisedHost: shown.host, advertisedPorts: shown.ports }
  }
  if (host !== undefined) return { ...tcp, advertisedHost: host }
  return tcp.host === '0.0.0.0' || tcp.host === '::' ? { ...tcp, advertisedHost: hostname() } : tcp
}
