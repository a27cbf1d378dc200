export { BatchBuilder, type BatchOptions } from './batch-builder.ts'
export { BatchCursor } from './batch-cursor.ts'
export * from './batch-header.ts'
export { batchStarts, checkedBatchSize, END_OF_BATCHES, nextBatch, TRUNCATED } from './batch-iteration.ts'
export {
  CODEC_NAMES,
  type CodecId,
  type CodecName,
  codecIdByName,
  codecName,
  compress,
  compressAsync,
  type DecompressOptions,
  decompress,
  decompressAsync,
} from './compression/index.ts'
export { CompressionRatios } from './compression-ratios.ts'
export {
  ABORT_MARKER,
  buildEndTxnMarker,
  COMMIT_MARKER,
  type ControlRecord,
  type EndTxnMarkerOptions,
  readControlRecord,
} from './control.ts'
export { type ConvertedBatch, type ConvertOptions, convertToV2 } from './convert.ts'
export { InvalidBatchError, type InvalidBatchReason, type RecordError } from './errors.ts'
export { type ReadOptions, readAllRecords, readRecords } from './read-records.ts'
export type { RecordRules } from './record-checks.ts'
export { DEFAULT_MAX_DECOMPRESSED_BYTES, recordSection, recordSectionAsync } from './record-section.ts'
export {
  type HeaderInput,
  headerKeySize,
  type LogRecord,
  NO_HEADERS,
  RawRecord,
  type RecordHeader,
  readRawRecord,
} from './record-v2.ts'
export {
  type ValidatedBatch,
  type ValidateOptions,
  validateProducedHead,
  validateRecordStructure,
} from './validate.ts'
