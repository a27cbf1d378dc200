import type { ConfigRow } from '../base/config-def.ts'

/** MetadataVersion: what inter.broker.protocol.version and message.format.version may say. */
export const METADATA_VERSIONS =
  '[0.8.0, 0.8.1, 0.8.2, 0.9.0, 0.10.0-IV0, 0.10.0-IV1, 0.10.1-IV0, 0.10.1-IV1, 0.10.1-IV2, 0.10.2-IV0, 0.11.0-IV0, 0.11.0-IV1, 0.11.0-IV2, 1.0-IV0, 1.1-IV0, 2.0-IV0, 2.0-IV1, 2.1-IV0, 2.1-IV1, 2.1-IV2, 2.2-IV0, 2.2-IV1, 2.3-IV0, 2.3-IV1, 2.4-IV0, 2.4-IV1, 2.5-IV0, 2.6-IV0, 2.7-IV0, 2.7-IV1, 2.7-IV2, 2.8-IV0, 2.8-IV1, 3.0-IV0, 3.0-IV1, 3.1-IV0, 3.2-IV0, 3.3-IV0, 3.3-IV1, 3.3-IV2, 3.3-IV3, 3.4-IV0, 3.5-IV0, 3.5-IV1, 3.5-IV2, 3.6-IV0, 3.6-IV1, 3.6-IV2, 3.7-IV0, 3.7-IV1, 3.7-IV2, 3.7-IV3, 3.7-IV4, 3.8-IV0, 3.9-IV0, 4.0-IV0, 4.0-IV1]'

/** Every topic-level configuration of Kafka 3.9: name, type, default, valid values, importance. */
export const TOPIC_CONFIG_ROWS: readonly ConfigRow[] = [
  ['cleanup.policy', 'LIST', 'delete', '[compact, delete]', 'MEDIUM'],
  ['compression.gzip.level', 'INT', '-1', '[1,...,9] or -1', 'MEDIUM'],
  ['compression.lz4.level', 'INT', '9', '[1,...,17]', 'MEDIUM'],
  ['compression.type', 'STRING', 'producer', '[uncompressed, zstd, lz4, snappy, gzip, producer]', 'MEDIUM'],
  ['compression.zstd.level', 'INT', '3', '[-131072,...,22]', 'MEDIUM'],
  ['delete.retention.ms', 'LONG', '86400000', '[0,...]', 'MEDIUM'],
  ['file.delete.delay.ms', 'LONG', '60000', '[0,...]', 'MEDIUM'],
  ['flush.messages', 'LONG', '9223372036854775807', '[1,...]', 'MEDIUM'],
  ['flush.ms', 'LONG', '9223372036854775807', '[0,...]', 'MEDIUM'],
  [
    'follower.replication.throttled.replicas',
    'LIST',
    '',
    '[partitionId]:[brokerId],[partitionId]:[brokerId],...',
    'MEDIUM',
  ],
  ['index.interval.bytes', 'INT', '4096', '[0,...]', 'MEDIUM'],
  [
    'leader.replication.throttled.replicas',
    'LIST',
    '',
    '[partitionId]:[brokerId],[partitionId]:[brokerId],...',
    'MEDIUM',
  ],
  ['local.retention.bytes', 'LONG', '-2', '[-2,...]', 'MEDIUM'],
  ['local.retention.ms', 'LONG', '-2', '[-2,...]', 'MEDIUM'],
  ['max.compaction.lag.ms', 'LONG', '9223372036854775807', '[1,...]', 'MEDIUM'],
  ['max.message.bytes', 'INT', '1048588', '[0,...]', 'MEDIUM'],
  ['message.downconversion.enable', 'BOOLEAN', 'true', '', 'LOW'],
  ['message.format.version', 'STRING', '3.0-IV1', METADATA_VERSIONS, 'MEDIUM'],
  ['message.timestamp.after.max.ms', 'LONG', '9223372036854775807', '[0,...]', 'MEDIUM'],
  ['message.timestamp.before.max.ms', 'LONG', '9223372036854775807', '[0,...]', 'MEDIUM'],
  ['message.timestamp.difference.max.ms', 'LONG', '9223372036854775807', '[0,...]', 'MEDIUM'],
  ['message.timestamp.type', 'STRING', 'CreateTime', '[CreateTime, LogAppendTime]', 'MEDIUM'],
  ['min.cleanable.dirty.ratio', 'DOUBLE', '0.5', '[0,...,1]', 'MEDIUM'],
  ['min.compaction.lag.ms', 'LONG', '0', '[0,...]', 'MEDIUM'],
  ['min.insync.replicas', 'INT', '1', '[1,...]', 'MEDIUM'],
  ['preallocate', 'BOOLEAN', 'false', '', 'MEDIUM'],
  ['remote.log.copy.disable', 'BOOLEAN', 'false', '', 'MEDIUM'],
  ['remote.log.delete.on.disable', 'BOOLEAN', 'false', '', 'MEDIUM'],
  ['remote.storage.enable', 'BOOLEAN', 'false', '', 'MEDIUM'],
  ['retention.bytes', 'LONG', '-1', '', 'MEDIUM'],
  ['retention.ms', 'LONG', '604800000', '[-1,...]', 'MEDIUM'],
  ['segment.bytes', 'INT', '1073741824', '[14,...]', 'MEDIUM'],
  ['segment.index.bytes', 'INT', '10485760', '[4,...]', 'MEDIUM'],
  ['segment.jitter.ms', 'LONG', '0', '[0,...]', 'MEDIUM'],
  ['segment.ms', 'LONG', '604800000', '[1,...]', 'MEDIUM'],
  ['unclean.leader.election.enable', 'BOOLEAN', 'false', '', 'MEDIUM'],
]
