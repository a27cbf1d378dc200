import type { Address } from '../base/network.ts'
import type { ListenerSpec } from '../broker/index.ts'
import type { DataDirectory } from './data-directory.ts'
import { LOCAL_LISTENER, LOCAL_PORT, localHost, pipeAddress } from './local-address.ts'

export const TCP_LISTENER = 'PLAINTEXT'

/** TCP listeners for clients outside, beside the local one. */
export interface TcpListening {
  readonly host: string
  /** Of each broker; 0 picks a free one, and missing ones are 0. */
  readonly ports: readonly number[]
  /** What clients are told, if not `host`. */
  readonly advertisedHost?: string
  /** The same for the ports; those of `ports` where it has none. */
  readonly advertisedPorts?: readonly number[]
}

/** Of the broker that is `index`-th by its id. */
export function tcpOf(
  index: number,
  tcp: TcpListening | undefined,
  formerPort?: number,
): ListenerSpec | undefined {
  if (tcp === undefined) return undefined
  const port = formerPort ?? tcp.ports[index] ?? 0
  return {
    name: TCP_LISTENER,
    securityProtocol: 'PLAINTEXT',
    bind: [{ kind: 'tcp', host: tcp.host, port }],
    advertisedHost: tcp.advertisedHost ?? tcp.host,
    advertisedPort: tcp.advertisedPorts?.[index] ?? port,
  }
}

/** For this process, and for others through a socket in the directory unless it is private to this process. */
export function localListener(
  id: number,
  directory: DataDirectory,
  options: { readonly isPrivate: boolean },
): ListenerSpec {
  const bind: Address[] = [pipeAddress(id, directory.path)]
  if (!options.isPrivate) bind.push({ kind: 'unix', path: directory.clearedSocket(`broker-${id}`) })
  return {
    name: LOCAL_LISTENER,
    securityProtocol: 'PLAINTEXT',
    bind,
    advertisedHost: localHost(id),
    advertisedPort: LOCAL_PORT,
  }
}
