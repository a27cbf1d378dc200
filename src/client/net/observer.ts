import type { Address } from '../../base/network.ts'
import type { Api } from '../../protocol/index.ts'

/** Is told what a client does on the network, as it happens. What it is given it must neither change nor keep. */
export interface RequestObserver {
  /** A connection is asked for; undefined: this one is of no interest. */
  connecting(address: Address): ObservedConnect | undefined
  /** A request is about to be sent, or to wait while the broker throttles. */
  requesting(request: ObservedRequest): ObservedExchange | undefined
}

export interface ObservedConnect {
  connected(): void
  failed(error: unknown): void
}

export interface ObservedRequest {
  readonly address: Address
  readonly api: Api
  readonly version: number
  /** As the caller gave it. */
  readonly body: unknown
}

/** Exactly one of `answered`, `failed` and `abandoned` comes, and comes last. */
export interface ObservedExchange {
  sent(sizeBytes: number): void
  received(sizeBytes: number): void
  /** The decoded response; undefined for a request that has none. */
  answered(response: unknown): void
  failed(error: unknown): void
  /** The client closed the connection, and does not wait for the answer any more. */
  abandoned(): void
}
