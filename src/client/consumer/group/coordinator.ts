import { ERROR_CODES } from '../../../protocol/index.ts'
import { findCoordinator } from '../../../protocol/messages/10-find-coordinator.ts'
import type { ClientCore } from '../../core.ts'
import { BrokerError, type Connection } from '../../net/index.ts'

const GROUP_KEY = 0
/** From here on several keys are asked for together. */
const BATCHED_VERSION = 4

/** The broker that coordinates the group: found, lost and found again (AbstractCoordinator.lookupCoordinator). */
export class GroupCoordinator {
  private readonly core: ClientCore
  private readonly groupId: string
  private nodeId: number | undefined
  private looking: Promise<number> | undefined
  private watched: Connection | undefined

  constructor(core: ClientCore, groupId: string) {
    this.core = core
    this.groupId = groupId
  }

  get isKnown(): boolean {
    return this.nodeId !== undefined
  }

  /** The connection to it; one attempt to find it when it is not known. Rejects with errors that say whether to try again. */
  async connection(): Promise<Connection> {
    const nodeId = await this.find()
    try {
      const connection = await this.core.coordinatorConnectionTo(nodeId)
      if (connection !== this.watched) {
        this.watched = connection
        connection.onClose(() => this.forget(nodeId))
      }
      return connection
    } catch (error) {
      this.forget(nodeId)
      // Perhaps it runs again, at another address.
      void this.core.requestUpdate()
      throw error
    }
  }

  /** Another connection to the same broker, for what must not wait behind a request that the broker holds. */
  async sideConnection(): Promise<Connection> {
    return this.core.connectionTo(await this.find())
  }

  /** It has moved, or does not answer. */
  markUnknown(reason: string): void {
    if (this.nodeId === undefined) return
    this.core.options.logger.debug(`group ${this.groupId}: the coordinator is given up: ${reason}`)
    this.nodeId = undefined
  }

  private forget(nodeId: number): void {
    if (this.nodeId === nodeId) this.markUnknown('the connection was lost')
  }

  private async find(): Promise<number> {
    if (this.nodeId !== undefined) return this.nodeId
    this.looking ??= this.lookUp().finally(() => {
      this.looking = undefined
    })
    return this.looking
  }

  private async lookUp(): Promise<number> {
    const connection = await this.core.anyConnection()
    const version = connection.versionOf(findCoordinator)
    const isBatched = version >= BATCHED_VERSION
    const response = await connection.send(
      findCoordinator,
      isBatched ? { keyType: GROUP_KEY, coordinatorKeys: [this.groupId] } : { key: this.groupId },
      { version },
    )
    const found = isBatched ? response.coordinators[0] : response
    if (found === undefined || found.errorCode !== ERROR_CODES.NONE) {
      const errorCode = found?.errorCode ?? ERROR_CODES.COORDINATOR_NOT_AVAILABLE
      throw new BrokerError(errorCode, found?.errorMessage)
    }
    // Its address comes from the metadata, as that of any broker.
    if (!this.core.metadata.brokers.has(found.nodeId)) await this.core.refresh([])
    this.nodeId = found.nodeId
    return found.nodeId
  }
}
