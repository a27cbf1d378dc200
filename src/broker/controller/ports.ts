import type { Api, Fields, Infer, Input } from '../../protocol/index.ts'
import type { BrokerEndpoint, BrokerInfo } from '../zk/index.ts'

/** The broker settings that the controller uses. Read each time: some change while the broker runs. */
export interface ControllerConfig {
  readonly interBrokerListenerName: string
  readonly deleteTopicEnable: boolean
  readonly uncleanLeaderElectionEnable: boolean
  readonly autoLeaderRebalanceEnable: boolean
  readonly leaderImbalanceCheckIntervalSeconds: number
  readonly leaderImbalancePerBrokerPercentage: number
}

/** What the controller uses of client/net's Connection. */
export interface ControlConnection {
  readonly isOpen: boolean
  send<Req extends Fields, Res extends Fields>(spec: Api<Req, Res>, body: Input<Req>): Promise<Infer<Res>>
  close(): void
}

/** Opens a connection to a broker's inter-broker listener. Rejects when it cannot be reached. */
export type ConnectToBroker = (broker: BrokerInfo, endpoint: BrokerEndpoint) => Promise<ControlConnection>
