import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Watcher } from '../../zookeeper/index.ts'
import type { KafkaZkClient } from '../zk/index.ts'
import type { ChannelManager } from './channel-manager.ts'
import type { ControllerContext } from './context.ts'
import type { ControllerConfig } from './ports.ts'
import type { RequestBatch } from './request-batch.ts'

/** Put an event into the controller's queue when what they watch changes; each is given with the read that it follows. */
export interface ControllerWatchers {
  readonly brokers: Watcher
  readonly broker: Watcher
  readonly topics: Watcher
  readonly topic: Watcher
  readonly topicDeletions: Watcher
  readonly isrChanges: Watcher
  readonly logDirEvents: Watcher
  readonly reassignments: Watcher
  readonly preferredElection: Watcher
}

/** What the parts of the controller share. */
export interface ControllerParts {
  readonly brokerId: number
  readonly config: ControllerConfig
  readonly clock: Clock
  readonly logger: Logger
  readonly zk: KafkaZkClient
  readonly context: ControllerContext
  readonly channels: ChannelManager
  readonly batch: RequestBatch
  readonly watchers: ControllerWatchers
}
