/** The log on disk, in Kafka 3.9's own files. See DESIGN.md in this folder. */
export { appendSent } from './append-sent.ts'
export { readFully, scanBatches } from './batch-scan.ts'
export {
  formatCheckpoint,
  formatOffsetCheckpoint,
  LOG_START_OFFSET_CHECKPOINT,
  type OffsetsByPartition,
  readCheckpointLines,
  readOffsetCheckpoint,
} from './checkpoint-file.ts'
export type { CleanerConfig } from './cleaner/cleaner-config.ts'
export type { CleaningReport } from './cleaner/log-cleaner.ts'
export { readMarker } from './control-record.ts'
export { EpochCache, type EpochEntry } from './epoch-cache.ts'
export * from './errors.ts'
export {
  CLEANED_SUFFIX,
  INDEX_SUFFIX,
  isTooLongToMove,
  LOG_SUFFIX,
  offsetFileName,
  offsetOfFileName,
  parsePartitionDirName,
  parseSpecialDirName,
  SNAPSHOT_SUFFIX,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
  TXN_INDEX_SUFFIX,
} from './file-names.ts'
export { Log } from './log.ts'
export { DEFAULT_LOG_CONFIG, type LogConfig, logConfigFromEntries, NO_LIMIT } from './log-config.ts'
export { DEFAULT_LOG_TUNING, type LogTuning } from './log-context.ts'
export { LogManager, type LogManagerOptions } from './log-manager.ts'
export type { LogMove, MoveStep } from './log-move.ts'
export * from './log-types.ts'
export {
  META_PROPERTIES,
  type MetaProperties,
  readMetaEntries,
  readMetaProperties,
} from './meta-properties.ts'
export { readPartitionMetadata } from './partition-metadata.ts'
export {
  afterDataBatch,
  afterMarker,
  type CompletedTxn,
  emptyEntry,
  NO_OFFSET,
  type ProducerEntry,
  type UpdateContext,
} from './producer-entry.ts'
export { decodeProducerSnapshot } from './producer-snapshot.ts'
export type { RecoveryProgress } from './recovery.ts'
export { Segment } from './segment.ts'
export { Segments } from './segments.ts'
export { findByTimestamp, findMaxTimestamp } from './timestamp-lookup.ts'
export { type AbortedTxn, TxnIndex } from './txn-index.ts'
