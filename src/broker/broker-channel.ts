import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Network } from '../base/network.ts'
import type { AddressResolver } from '../base/resolver.ts'
import { Connection, NetworkError } from '../client/net/index.ts'
import type { Api, Fields, Infer, Input } from '../protocol/index.ts'
import type { MetadataCache } from './metadata/index.ts'

export interface BrokerConnectorOptions {
  readonly brokerId: number
  readonly network: Network
  readonly resolver: AddressResolver
  readonly clock: Clock
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly interBrokerListenerName: string
  readonly cache: MetadataCache
}

export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** Opens connections to other brokers, and to this one: all inter-broker traffic goes over the wire. */
export class BrokerConnector {
  private readonly options: BrokerConnectorOptions

  constructor(options: BrokerConnectorOptions) {
    this.options = options
  }

  /** Rejects with a retriable {@link NetworkError}. */
  open({ host, port }: HostAndPort): Promise<Connection> {
    const { brokerId, network, resolver, clock, connectTimeoutMs, requestTimeoutMs } = this.options
    return Connection.open(network, resolver(host, port), {
      clientId: String(brokerId),
      clock,
      connectTimeoutMs,
      requestTimeoutMs,
    })
  }

  /** A new connection to a broker that the metadata cache knows, on the inter-broker listener. */
  async openToBroker(id: number): Promise<Connection> {
    const endpoint = this.options.cache.brokerEndpoint(id, this.options.interBrokerListenerName)
    if (endpoint === undefined) throw new NetworkError(`broker ${id} is not known to be up`)
    return this.open(endpoint)
  }
}

export interface ControllerChannelOptions {
  readonly connector: BrokerConnector
  readonly cache: MetadataCache
  readonly clock: Clock
  readonly logger: Logger
  /** How long a request may look for a controller that answers. */
  readonly timeoutMs: number
}

export interface ControllerRequestOptions<Res extends Fields> {
  /** Exactly this version; default: the highest that both sides know. */
  readonly version?: number
  /** Recognises the answer of a broker that is not the controller (any more). */
  readonly isNotController: (response: Infer<Res>) => boolean
}

const FIRST_BACKOFF_MS = 20
const LONGEST_BACKOFF_MS = 1000

/**
 * Requests to whichever broker is the controller (NodeToControllerChannelManager). One connection is kept; after
 * NOT_CONTROLLER, a lost connection or an unknown controller the request waits for news and is sent again, until its time
 * is over. What is sent here must therefore bear to be carried out twice.
 */
export class ControllerChannel {
  private readonly options: ControllerChannelOptions
  private readonly unsubscribe: () => void
  private current: { readonly brokerId: number; readonly connection: Promise<Connection> } | undefined
  private wakeUps: (() => void)[] = []
  private closed = false

  constructor(options: ControllerChannelOptions) {
    this.options = options
    this.unsubscribe = options.cache.onUpdate(() => this.wake())
  }

  async send<Req extends Fields, Res extends Fields>(
    spec: Api<Req, Res>,
    body: Input<Req>,
    options: ControllerRequestOptions<Res>,
  ): Promise<Infer<Res>> {
    const { clock, timeoutMs } = this.options
    const deadlineMs = clock.monotonicMs() + timeoutMs
    let backoffMs = FIRST_BACKOFF_MS
    for (;;) {
      let failure: string
      try {
        const connection = await this.connect()
        const sendOptions = options.version === undefined ? {} : { version: options.version }
        const response = await connection.send(spec, body, sendOptions)
        if (!options.isNotController(response)) return response
        failure = `${connection.address.kind} peer is not the controller`
        this.forget()
      } catch (error) {
        if (!(error instanceof Error && 'retriable' in error && error.retriable === true)) throw error
        failure = messageOf(error)
        this.forget()
      }
      if (this.closed) throw new NetworkError('the broker is shutting down')
      if (clock.monotonicMs() + backoffMs > deadlineMs) {
        throw new NetworkError(`no controller answered ${spec.name} in ${timeoutMs} ms: ${failure}`)
      }
      this.options.logger.debug(`${spec.name} to the controller: ${failure}, trying again`)
      await this.pause(backoffMs)
      backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS)
    }
  }

  close(): void {
    this.closed = true
    this.unsubscribe()
    this.forget()
    this.wake()
  }

  private async connect(): Promise<Connection> {
    if (this.closed) throw new NetworkError('the broker is shutting down')
    const { cache, connector } = this.options
    const brokerId = cache.controllerId
    if (brokerId === null) throw new NetworkError('no controller is known')
    if (this.current?.brokerId !== brokerId) {
      this.forget()
      this.current = { brokerId, connection: connector.openToBroker(brokerId) }
    }
    const connection = await this.current.connection
    if (!connection.isOpen) throw new NetworkError('the connection to the controller was lost')
    return connection
  }

  private forget(): void {
    const before = this.current
    this.current = undefined
    before?.connection.then(
      (connection) => connection.close(),
      () => undefined,
    )
  }

  /** Until the time is over, or the controller has told us something. */
  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.clock.setTimer(delayMs, () => resolve())
      this.wakeUps.push(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  private wake(): void {
    for (const wakeUp of this.wakeUps.splice(0)) wakeUp()
  }
}
