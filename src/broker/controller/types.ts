import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Api, Fields, Infer, Input } from '../../protocol/index.ts'
import type { Watcher } from '../../zookeeper/index.ts'
import type { BrokerEndpoint, BrokerInfo, KafkaZkClient } from '../zk/index.ts'
import type { ChannelManager } from './channel-manager.ts'
import type { ControllerContext } from './context.ts'
import type { RequestBatch } from './request-batch.ts'

/** The broker settings that the controller uses. Read each time: some change while the broker runs. */
export interface ControllerConfig {
  readonly interBrokerListenerName: string
  readonly deleteTopicEnable: boolean
  readonly uncleanLeaderElectionEnable: boolean
}

/** What the controller uses of client/net's Connection. */
export interface ControlConnection {
  readonly isOpen: boolean
  send<Req extends Fields, Res extends Fields>(spec: Api<Req, Res>, body: Input<Req>): Promise<Infer<Res>>
  close(): void
}

/** Opens a connection to a broker's inter-broker listener. Rejects when it cannot be reached. */
export type ConnectToBroker = (broker: BrokerInfo, endpoint: BrokerEndpoint) => Promise<ControlConnection>

/** Put an event into the controller's queue when what they watch changes; each is given with the read that it follows. */
export interface ControllerWatchers {
  readonly brokers: Watcher
  readonly broker: Watcher
  readonly topics: Watcher
  readonly topic: Watcher
  readonly topicDeletions: Watcher
  readonly isrChanges: Watcher
  readonly logDirEvents: Watcher
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
