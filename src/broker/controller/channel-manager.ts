import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import type { Api, Fields, Infer, Input } from '../../protocol/index.ts'
import type { BrokerInfo } from '../zk/index.ts'
import type { ConnectToBroker, ControlConnection } from './ports.ts'

export interface ChannelManagerOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly listenerName: string
  readonly connectToBroker: ConnectToBroker
}

/** Between two attempts to reach a broker (RequestSendThread). */
const RETRY_BACKOFF_MS = 100

/**
 * The controller's connections to the brokers (kafka.controller.ControllerChannelManager). Each broker gets its requests
 * one after another in the order they were made, each as often as it takes, until the broker is removed.
 */
export class ChannelManager {
  private readonly options: ChannelManagerOptions
  private readonly channels = new Map<number, BrokerChannel>()

  constructor(options: ChannelManagerOptions) {
    this.options = options
  }

  /** The listener over which brokers talk to each other. */
  get listenerName(): string {
    return this.options.listenerName
  }

  add(broker: BrokerInfo): void {
    if (!this.channels.has(broker.id)) this.channels.set(broker.id, new BrokerChannel(broker, this.options))
  }

  /** What was not sent yet will not be. */
  remove(brokerId: number): void {
    this.channels.get(brokerId)?.close()
    this.channels.delete(brokerId)
  }

  removeAll(): void {
    for (const id of [...this.channels.keys()]) this.remove(id)
  }

  send<Req extends Fields, Res extends Fields>(
    brokerId: number,
    spec: Api<Req, Res>,
    body: Input<Req>,
    onResponse: (response: Infer<Res>) => void,
  ): void {
    const channel = this.channels.get(brokerId)
    if (channel === undefined) {
      this.options.logger.warn(`not sending ${spec.name} to broker ${brokerId}, since it is offline`)
      return
    }
    channel.push(spec.name, async (connection) => onResponse(await connection.send(spec, body)))
  }
}

interface Outgoing {
  readonly name: string
  readonly exchange: (connection: ControlConnection) => Promise<void>
}

class BrokerChannel {
  private readonly broker: BrokerInfo
  private readonly options: ChannelManagerOptions
  private readonly queue: Outgoing[] = []
  private connection: ControlConnection | undefined
  private isSending = false
  private isClosed = false

  constructor(broker: BrokerInfo, options: ChannelManagerOptions) {
    this.broker = broker
    this.options = options
  }

  push(name: string, exchange: Outgoing['exchange']): void {
    this.queue.push({ name, exchange })
    if (!this.isSending) void this.sendAll()
  }

  close(): void {
    this.isClosed = true
    this.queue.length = 0
    this.connection?.close()
  }

  private async sendAll(): Promise<void> {
    this.isSending = true
    for (let next = this.queue[0]; next !== undefined; next = this.queue[0]) {
      await this.sendOne(next)
      if (this.queue[0] === next) this.queue.shift()
    }
    this.isSending = false
  }

  private async sendOne({ name, exchange }: Outgoing): Promise<void> {
    const { logger, clock } = this.options
    for (let attempt = 1; !this.isClosed; attempt++) {
      try {
        const connection = await this.connect()
        if (this.isClosed) connection.close()
        else await exchange(connection)
        return
      } catch (error) {
        if (this.isClosed) return
        this.connection?.close()
        this.connection = undefined
        const note = `cannot send ${name} to broker ${this.broker.id}, trying again: ${messageOf(error)}`
        if (attempt === 1) logger.warn(note)
        else logger.debug(note)
      }
      await new Promise<void>((resolve) => {
        clock.setTimer(RETRY_BACKOFF_MS, resolve, { unref: true })
      })
    }
  }

  private async connect(): Promise<ControlConnection> {
    if (this.connection?.isOpen === true) return this.connection
    const { listenerName, connectToBroker } = this.options
    const endpoint = this.broker.endpoints.find((each) => each.listenerName === listenerName)
    if (endpoint === undefined) {
      throw new TypeError(`broker ${this.broker.id} has no listener ${listenerName}`)
    }
    this.connection = await connectToBroker(this.broker, endpoint)
    return this.connection
  }
}
