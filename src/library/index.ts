export { Admin, type AdminOptions, requireAll } from './admin.ts'
export {
  Cluster,
  type CutOptions,
  type SilenceOptions,
  type StartClusterOptions,
  startCluster,
} from './cluster.ts'
export type { ClusterClients, ReadTopicOptions } from './cluster-clients.ts'
export type { BootstrapServers, ClusterInProcess, LibraryOptions } from './connection.ts'
export {
  Consumer,
  type ConsumerConstructor,
  type ConsumerInterceptor,
  type ConsumerOptions,
  type ConsumerRecord,
  type PollOptions,
} from './consumer.ts'
export { RecordDeserializationError, SerializationError } from './errors.ts'
export { LocalCluster, type OpenClusterOptions, openCluster } from './local-cluster.ts'
export {
  type Headers,
  Producer,
  type ProducerConstructor,
  type ProducerInterceptor,
  type ProducerOptions,
  type ProducerRecord,
} from './producer.ts'
export type {
  Deserialized,
  Deserializer,
  DeserializerOption,
  RecordHeader,
  SerdeName,
  SerdeTypes,
  Serializable,
  Serializer,
  SerializerOption,
} from './serdes.ts'
