/** A Kafka broker in ZooKeeper mode. See DESIGN.md in this folder. */
export { ApiError } from './api-error.ts'
export { Broker, type BrokerOptions } from './broker.ts'
export { BrokerConfig, type BrokerConfigOptions } from './broker-config.ts'
export { BrokerConfigError } from './broker-config-error.ts'
export { ConfigDescriber } from './describe-configs.ts'
export type { ListenerSpec } from './listeners.ts'
export { type AdvertisedEndpoint, ListenError } from './network/server.ts'
export { clusterIdZnode, type TopicAssignment, topicZnode } from './zk/index.ts'
