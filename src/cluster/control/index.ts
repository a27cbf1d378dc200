/** How other processes tell the server of a data directory what is to become of its brokers. */
export type { BrokerFault, BrokerName } from '../faults/cluster-faults.ts'
export { tellServer } from './client.ts'
export type { ControlAnswer, ControlRequest } from './protocol.ts'
