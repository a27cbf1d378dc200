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
  readonly verbose?: boolean | undefined
}

/** What the directory decides by itself, or what belongs to a broker of another kind. */
const REFUSED =
  /^(broker\.id|log\.dirs?|zookeeper\.connect|process\.roles|node\.id|controller\..*|inter\.broker\.listener\.name)$/

export function startOptions(flags: StartFlags): StartClusterOptions {
  const properties = mergeProperties(
    { path: flags.config, flag: 'the properties file' },
    { values: flags.override, flag: '--override' },
  )
  const listeners = properties.get('listeners')
  properties.delete('listeners')
  properties.delete('advertised.listeners')
  const refused = [...properties.keys()].find((key) => REFUSED.test(key))
  if (refused !== undefined) {
    throw new UsageError(
      `${refused} cannot be set here`,
      'The data directory (--data-dir) decides it for its brokers.',
    )
  }
  const listen = flags.listen ?? listeners ?? '127.0.0.1'
  return {
    brokers: flags.brokers,
    tcp: parseListen(listen, flags.brokers ?? 3, flags['advertised-host']),
    properties,
    verbose: flags.verbose === true,
  }
}

/** `HOST`, `HOST:PORT` (the next brokers take the ports behind it), `:0` (free ports), `PLAINTEXT://HOST:PORT`. */
export function parseListen(text: string, brokers: number, advertisedHost: string | undefined): TcpListening {
  const match = /^(?:(\w+):\/\/)?(?:\[([0-9a-fA-F:.%]+)\]|([^:/,\s]*))(?::(\d{1,5}))?$/.exec(text.trim())
  const protocol = match?.[1]?.toUpperCase() ?? 'PLAINTEXT'
  const port = match?.[4] === undefined ? DEFAULT_PORT : Number(match[4])
  if (match === null || port > 65_535) {
    throw new UsageError(`cannot listen on '${text}'`, 'Write HOST, HOST:PORT or :0 for free ports.')
  }
  if (protocol !== 'PLAINTEXT')
    throw new UsageError(`listeners of ${protocol} are not supported yet`, 'PLAINTEXT is.')
  const host = match[2] ?? (match[3] || '127.0.0.1')
  const ports = Array.from({ length: brokers }, (_, i) => (port === 0 ? 0 : port + i))
  return { host, ports, ...(advertisedHost !== undefined && { advertisedHost }) }
}
