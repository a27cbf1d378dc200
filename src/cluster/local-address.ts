import type { Address } from '../base/network.ts'
import type { AddressResolver } from '../base/resolver.ts'

/** The listener on which an embedded broker talks to its own kind and to the processes that share its directory. */
export const LOCAL_LISTENER = 'LOCAL'

const HOST = /^broker-(\d+)\.kcli$/
/** Metadata needs a port; nothing is bound to it. */
export const LOCAL_PORT = 9092

/** What an embedded broker advertises on {@link LOCAL_LISTENER}. */
export function localHost(brokerId: number): string {
  return `broker-${brokerId}.kcli`
}

/** The pipe of a broker, with what messages call it. */
export function pipeAddress(brokerId: number, directory: string): Address & { kind: 'pipe' } {
  return { kind: 'pipe', name: localHost(brokerId), label: `the local cluster in ${directory}` }
}

/** The pipe of the directory's coordination service. */
export function zookeeperPipe(directory: string): Address & { kind: 'pipe' } {
  return { kind: 'pipe', name: `zookeeper.kcli`, label: `the coordination service in ${directory}` }
}

/** What listens at an address of a local cluster: a socket in the data directory is named after it. */
export function placeOfPipe(address: Address): string | undefined {
  if (address.kind !== 'pipe') return undefined
  const broker = brokerOfPipe(address)
  if (broker !== undefined) return `broker-${broker}`
  return address.name === 'zookeeper.kcli' ? 'zookeeper' : undefined
}

/** The broker that an address of a local cluster means, or undefined. */
export function brokerOfPipe(address: Address): number | undefined {
  const match = address.kind === 'pipe' ? HOST.exec(address.name) : null
  return match === null ? undefined : Number(match[1])
}

/** Names of embedded brokers become pipes, everything else is TCP. */
export function localResolver(directory: string): AddressResolver {
  return (host, port) => {
    const broker = HOST.exec(host)?.[1]
    return broker === undefined ? { kind: 'tcp', host, port } : pipeAddress(Number(broker), directory)
  }
}
