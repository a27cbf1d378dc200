import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Address, Channel, Listener, Network } from '../base/network.ts'
import { PipeRegistry, systemError } from '../base/pipe.ts'
import {
  ApiRegistry,
  describeClusterHandler,
  describeConfigsHandler,
  type MetadataCache,
  metadataHandler,
  ServerConnection,
} from '../broker/network/index.ts'
import { fetchHandler } from './api/01-fetch.ts'
import { listOffsetsHandler } from './api/02-list-offsets.ts'
import { offsetForLeaderEpochHandler } from './api/23-offset-for-leader-epoch.ts'
import { describeLogDirsHandler } from './api/35-describe-log-dirs.ts'
import type { Catalog } from './catalog.ts'
import { configDescriber } from './config-describer.ts'
import { metadataOf, OFFLINE_LISTENER, offlineHost } from './metadata.ts'

export interface OfflineServerOptions {
  readonly catalog: Catalog
  readonly clock: Clock
  readonly logger: Logger
  /** What messages call the brokers: the files in DIR. */
  readonly label: string
}

const MAX_REQUEST_BYTES = 100 * 1024 * 1024

/**
 * Brokers that only read, in this process. Clients reach them through this network as they reach any other, so nothing in
 * a client knows of them. What would change something is not served.
 */
export class OfflineServer implements Network {
  private readonly options: OfflineServerOptions
  private readonly metadata: MetadataCache
  private readonly pipes: PipeRegistry
  private readonly listening = new Set<number>()
  private nextConnection = 0

  constructor(options: OfflineServerOptions) {
    this.options = options
    this.metadata = metadataOf(options.catalog)
    this.pipes = new PipeRegistry(options.clock)
  }

  /** Any broker will do. */
  get bootstrap(): Address[] {
    return this.options.catalog.brokerIds().map((id) => this.addressOf(id))
  }

  /** The pipe of a broker that Metadata named. */
  resolve(host: string, port: number): Address {
    const id = this.options.catalog.brokerIds().find((each) => offlineHost(each) === host)
    return id === undefined ? { kind: 'tcp', host, port } : this.addressOf(id)
  }

  async connect(address: Address): Promise<Channel> {
    const name = address.kind === 'pipe' ? address.name : ''
    const id = this.options.catalog.brokerIds().find((each) => offlineHost(each) === name)
    if (id === undefined) throw systemError('ECONNREFUSED', 'nothing but files is read')
    await this.listenFor(id)
    return this.pipes.connect(name)
  }

  listen(): Promise<Listener> {
    return Promise.reject(systemError('EACCES', 'nothing but files is read'))
  }

  private addressOf(id: number): Address & { kind: 'pipe' } {
    return { kind: 'pipe', name: offlineHost(id), label: this.options.label }
  }

  private async listenFor(id: number): Promise<void> {
    if (this.listening.has(id)) return
    this.listening.add(id)
    const { catalog, clock, logger } = this.options
    const cache = this.metadata
    const registry = new ApiRegistry(
      [
        metadataHandler({ cache, autoCreateEnabled: () => false, autoCreate: async () => new Map() }),
        describeClusterHandler({ cache }),
        fetchHandler(catalog, clock),
        listOffsetsHandler(catalog),
        offsetForLeaderEpochHandler(catalog),
        describeConfigsHandler({ describer: configDescriber(catalog, id) }),
        describeLogDirsHandler(catalog, id),
      ],
      logger,
    )
    await this.pipes.listen(this.addressOf(id), (channel) => this.serve(channel, registry))
  }

  private serve(channel: Channel, processor: ApiRegistry): void {
    const { clock, logger } = this.options
    new ServerConnection({
      channel,
      isPipe: true,
      info: {
        connectionId: `offline-${this.nextConnection++}`,
        listenerName: OFFLINE_LISTENER,
        clientHost: '/pipe',
        principal: 'User:ANONYMOUS',
        clientSoftware: null,
      },
      processor,
      clock,
      logger,
      maxRequestBytes: MAX_REQUEST_BYTES,
      onClosed: () => undefined,
    }).start()
  }
}
