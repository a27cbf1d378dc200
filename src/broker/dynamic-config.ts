import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { isZooKeeperError } from '../zookeeper/index.ts'
import type { KafkaZkClient } from './zk/index.ts'

type Properties = ReadonlyMap<string, string>

export interface DynamicConfigWatcherOptions {
  readonly zk: KafkaZkClient
  readonly clock: Clock
  readonly logger: Logger
  readonly brokerId: number
  readonly onTopicConfig: (topic: string, config: Properties) => void
  readonly onBrokerConfig: (layer: 'defaults' | 'values', config: Properties) => void
}

/** Notifications older than this are removed by whoever sees them. */
const CHANGE_EXPIRATION_MS = 15 * 60 * 1000

/**
 * Follows the notifications under /config/changes and hands on what has changed (ZkConfigManager,
 * ZkNodeChangeNotificationListener). Notifications are handled one after the other, each once; those from before the start
 * are handled too, since a change may have come between reading the configuration and watching.
 */
export class DynamicConfigWatcher {
  private readonly options: DynamicConfigWatcherOptions
  private unsubscribe: (() => void) | undefined
  private lastHandled = -1
  private running: Promise<void> | undefined
  private again = false
  private closed = false

  constructor(options: DynamicConfigWatcherOptions) {
    this.options = options
  }

  /** Resolves when everything that lay there has been handled. */
  async start(): Promise<void> {
    this.unsubscribe = this.options.zk.onSession({ renewed: () => this.look() })
    this.look()
    await this.running
  }

  close(): void {
    this.closed = true
    this.unsubscribe?.()
  }

  private look(): void {
    if (this.running !== undefined) {
      this.again = true
      return
    }
    this.running = this.handleAll().finally(() => {
      this.running = undefined
    })
  }

  private async handleAll(): Promise<void> {
    do {
      this.again = false
      if (this.closed) return
      try {
        const names = await this.options.zk.configChanges(() => this.look())
        for (const name of names) await this.handle(name)
      } catch (error) {
        // The session listener looks again when there is a new session.
        if (this.closed || isZooKeeperError(error, 'SESSIONEXPIRED')) continue
        this.options.logger.error('cannot follow configuration changes', error)
      }
    } while (this.again)
  }

  private async handle(name: string): Promise<void> {
    const { zk, clock, logger } = this.options
    const number = Number(/\d+$/.exec(name)?.[0] ?? -1)
    const change = await zk.configChange(name)
    if (change === null || this.closed) return
    if (number > this.lastHandled) {
      try {
        if (change.entityPath !== null) await this.apply(change.entityPath)
      } catch (error) {
        // It is handled in the next session.
        if (isZooKeeperError(error, 'SESSIONEXPIRED')) throw error
        logger.error(`cannot apply the configuration change ${name} (${change.entityPath})`, error)
      }
      this.lastHandled = number
    }
    if (clock.nowMs() - change.createdMs > CHANGE_EXPIRATION_MS) await zk.deleteConfigChange(name)
  }

  private async apply(entityPath: string): Promise<void> {
    const { zk, brokerId, onTopicConfig, onBrokerConfig } = this.options
    const slash = entityPath.indexOf('/')
    const type = entityPath.slice(0, slash)
    const name = entityPath.slice(slash + 1)
    if (type === 'topics') onTopicConfig(name, await zk.entityConfig('topics', name))
    else if (type === 'brokers' && name === '<default>') {
      onBrokerConfig('defaults', await zk.entityConfig('brokers', name))
    } else if (type === 'brokers' && Number(name) === brokerId) {
      onBrokerConfig('values', await zk.entityConfig('brokers', name))
    }
  }
}
