export type { BrokerPlace } from '../base/broker-layout.ts'
export { DataDirectory, DataDirectoryError, DEFAULT_BROKER_COUNT, type ServerInfo } from './data-directory.ts'
export { EmbeddedCluster, type EmbeddedClusterOptions } from './embedded-cluster.ts'
export type { TcpListening } from './embedded-listeners.ts'
export type { BrokerFault, BrokerName, ClusterFaults } from './faults/cluster-faults.ts'
export { brokerOfPipe, localResolver, pipeAddress, zookeeperPipe } from './local-address.ts'
export {
  type HostedCluster,
  hostDirectory,
  isServed,
  type LocalTarget,
  openLocalTarget,
} from './local-target.ts'
export { startMemoryCluster } from './memory-cluster.ts'
export { type ClusterPorts, systemPorts } from './ports.ts'
