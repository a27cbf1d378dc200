import { KcliError } from '../../base/errors.ts'
import type { FileSystem } from '../../base/file-system.ts'
import { VarintError, VarintReader } from '../../base/varint.ts'
import * as batch from '../../records/index.ts'
import { readMarker } from '../../storage/index.ts'
import { BatchWalk, type WalkedBatch } from '../batch-walk.ts'
import type { Located, PartitionDir } from '../locate.ts'
import { groupByPartition, type PartitionFiles, type SegmentFiles } from '../partition-files.ts'
import { LogStats } from './log-stats.ts'

export interface StatOptions {
  readonly located: Located
  /** Looks at the heads of the batches only: no keys, no tombstones, nothing decompressed. */
  readonly headsOnly: boolean
  readonly signal: AbortSignal
  readonly onBytes?: (bytes: number) => void
}

export interface PartitionStats {
  readonly dir: PartitionDir
  readonly stats: LogStats
}

/**
 * Counts what is in logs, in one pass over each and with memory for one batch. Only reads, and checks nothing: a batch
 * that cannot be read is counted as such.
 */
export async function* statLogs(fs: FileSystem, options: StatOptions): AsyncGenerator<PartitionStats> {
  for (const files of groupByPartition(options.located)) {
    if (files.dir.mark === 'delete') continue
    const stats = new LogStats()
    for (const segment of files.segments) await statSegment(fs, options, files, segment, stats)
    yield { dir: files.dir, stats }
  }
}

async function statSegment(
  fs: FileSystem,
  options: StatOptions,
  files: PartitionFiles,
  segment: SegmentFiles,
  stats: LogStats,
): Promise<void> {
  if (!fs.existsSync(segment.log.path)) return
  const file = fs.openSync(segment.log.path, 'r')
  try {
    // Also for the heads alone: as a rule they lie so close that reading everything takes fewer calls.
    const walk = new BatchWalk(file)
    stats.segments++
    for await (const walked of walk) {
      options.signal.throwIfAborted()
      // Where only some files were named, what lies between them is not missing.
      countBatch(stats, walked, files.dir.isPartial !== true)
      if (!options.headsOnly) await countRecords(stats, walked)
      options.onBytes?.(walked.sizeBytes)
    }
    if (walk.end !== undefined) stats.trailingBytes += walk.end.limit - walk.end.position
  } finally {
    file.closeSync()
  }
}

function countBatch(stats: LogStats, { buffer, at, sizeBytes }: WalkedBatch, withGaps: boolean): void {
  const first = batch.baseOffset(buffer, at)
  const isV2 = batch.magic(buffer, at) >= batch.MAGIC_V2
  stats.batches++
  stats.bytes += sizeBytes
  stats.sizes.add(sizeBytes)
  if (withGaps && isV2 && stats.firstOffset !== undefined && first > stats.endOffset) {
    stats.gaps++
    stats.missingOffsets += first - stats.endOffset
  }
  stats.firstOffset ??= first
  stats.endOffset = batch.nextOffset(buffer, at)
  const count = batch.recordCount(buffer, at)
  // Only the records tell when the first one was if they are not in the order of time, or the batch has a delete horizon.
  const firstTimestamp = batch.hasDeleteHorizon(buffer, at) ? -1 : batch.baseTimestamp(buffer, at)
  if (count !== 0) stats.sawTimes(firstTimestamp, batch.maxTimestamp(buffer, at))
  if (!isV2) stats.legacyBatches++
  else countRecordsOfHead(stats, count)
  const codec = CODEC_BY_ID[batch.codecId(buffer, at)]
  if (codec !== undefined) {
    const known = stats.codec(codec)
    known.batches++
    known.storedBytes += Math.max(0, sizeBytes - (isV2 ? batch.RECORD_BATCH_OVERHEAD : batch.LOG_OVERHEAD))
  }
  if (batch.isControl(buffer, at)) stats.controlBatches++
  if (batch.hasProducerId(buffer, at)) countProducer(stats, buffer, at, first)
}

const CODEC_BY_ID: readonly (batch.CodecName | undefined)[] = batch.CODEC_NAMES

function countRecordsOfHead(stats: LogStats, count: number): void {
  stats.records += Math.max(0, count)
  stats.maxRecordsPerBatch = Math.max(stats.maxRecordsPerBatch, count)
}

function countProducer(stats: LogStats, buffer: Buffer, at: number, offset: number): void {
  const isTransactional = batch.isTransactional(buffer, at)
  if (isTransactional) stats.transactionalBatches++
  const producer = stats.producer(batch.producerId(buffer, at))
  if (producer === undefined) return
  producer.epoch = Math.max(producer.epoch, batch.producerEpoch(buffer, at))
  producer.lastTimestampMs = Math.max(producer.lastTimestampMs, batch.maxTimestamp(buffer, at))
  if (batch.isControl(buffer, at)) {
    producer.openSince = undefined
    return
  }
  producer.batches++
  producer.records += Math.max(0, batch.recordCount(buffer, at))
  producer.isTransactional ||= isTransactional
  if (isTransactional) producer.openSince ??= offset
}

async function countRecords(stats: LogStats, walked: WalkedBatch): Promise<void> {
  const { buffer, at } = walked
  try {
    if (batch.isControl(buffer, at)) return countMarker(stats, buffer, at)
    if (batch.magic(buffer, at) < batch.MAGIC_V2) return countLegacy(stats, buffer, at)
    const section = await batch.recordSectionAsync(buffer, at)
    const codec = stats.codec(batch.codecName(batch.codecId(buffer, at)))
    codec.uncompressedBytes = (codec.uncompressedBytes ?? 0) + section.length
    countSection(stats, walked, section)
  } catch (error) {
    const isUnreadable =
      error instanceof batch.InvalidBatchError ||
      error instanceof VarintError ||
      (error instanceof KcliError && error.code === 'KCLI_CODEC_UNAVAILABLE')
    if (!isUnreadable) throw error
    stats.unreadable++
  }
}

function countSection(stats: LogStats, { buffer, at }: WalkedBatch, section: Buffer): void {
  const count = batch.recordCount(buffer, at)
  const baseTimestamp = batch.baseTimestamp(buffer, at)
  const isAppendTime = batch.timestampType(buffer, at) === batch.LOG_APPEND_TIME
  let earliest = batch.maxTimestamp(buffer, at)
  const reader = new VarintReader(section)
  const raw = new batch.RawRecord()
  for (let i = 0; i < count; i++) {
    batch.readRawRecord(reader, raw)
    stats.readRecords++
    if (!isAppendTime) earliest = Math.min(earliest, baseTimestamp + raw.timestampDelta)
    if (raw.keyLength >= 0) stats.keyed++
    if (raw.keyLength >= 0 && raw.valueLength < 0) stats.tombstones++
  }
  if (count > 0) stats.sawTimes(earliest, -1)
}

function countMarker(stats: LogStats, buffer: Buffer, at: number): void {
  const marker = readMarker(buffer, at)
  if (marker === undefined) return
  if (marker.isAbort) stats.aborts++
  else stats.commits++
}

/** The head of an old message does not say how many it wraps. */
function countLegacy(stats: LogStats, buffer: Buffer, at: number): void {
  let count = 0
  let bytes = 0
  for (const { key, value } of batch.readRecords(buffer, at)) {
    count++
    bytes += (key?.length ?? 0) + (value?.length ?? 0)
    stats.readRecords++
    if (key !== null) stats.keyed++
    if (key !== null && value === null) stats.tombstones++
  }
  countRecordsOfHead(stats, count)
  const codec = stats.codec(batch.codecName(batch.codecId(buffer, at)))
  codec.uncompressedBytes = (codec.uncompressedBytes ?? 0) + bytes
}
