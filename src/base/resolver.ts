import type { Address } from './network.ts'

/**
 * Turns the host and port that a broker advertises into an address. By default that is TCP; an embedded cluster maps the
 * names of its own brokers to in-process pipes or Unix sockets, so that clients and brokers need no second code path.
 */
export type AddressResolver = (host: string, port: number) => Address

export const tcpResolver: AddressResolver = (host, port) => ({ kind: 'tcp', host, port })
