export {
  type AliveBroker,
  type BrokerNode,
  LEADER_DURING_DELETE,
  MetadataCache,
  type MetadataChange,
  type MetadataEndpoint,
  type PartitionMetadata,
} from './metadata-cache.ts'
