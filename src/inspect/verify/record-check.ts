import { KcliError, messageOf } from '../../base/errors.ts'
import * as batch from '../../records/index.ts'
import type { WalkedBatch } from '../batch-walk.ts'
import type { SegmentFiles } from '../partition-files.ts'
import { ADVICE } from './advice.ts'
import type { PartitionScope } from './scope.ts'

/** `--deep`: the records inside a batch, decompressed. The heads have been checked before. */
export async function checkRecords(
  scope: PartitionScope,
  segment: SegmentFiles,
  walked: WalkedBatch,
): Promise<void> {
  const { buffer, at, position } = walked
  const offset = batch.baseOffset(buffer, at)
  const bad = (reason: string, severity: 'error' | 'warning' = 'error') =>
    scope.add(severity, 'records', segment.log, reason, ADVICE.look, { position, offset })
  try {
    const isV2 = batch.magic(buffer, at) >= batch.MAGIC_V2
    const section = isV2 ? await batch.recordSectionAsync(buffer, at) : undefined
    const reason = faultOf(buffer, at, section)
    if (reason !== undefined) bad(reason)
  } catch (error) {
    if (error instanceof batch.InvalidBatchError) bad(messageOf(error))
    else if (error instanceof KcliError && error.code === 'KCLI_CODEC_UNAVAILABLE')
      bad(`the records cannot be looked at: ${error.message}`, 'warning')
    else throw error
  }
}

/** Throws InvalidBatchError for what cannot be read at all. */
function faultOf(buffer: Buffer, at: number, section: Buffer | undefined): string | undefined {
  const last = batch.lastOffset(buffer, at)
  const isV2 = section !== undefined
  const compressedLegacy = !isV2 && batch.codecId(buffer, at) !== 0
  let previous = isV2 ? batch.baseOffset(buffer, at) - 1 : -1
  let latest = batch.NO_TIMESTAMP
  let count = 0
  for (const record of batch.readRecords(buffer, at, section === undefined ? {} : { section })) {
    if (record.offset <= previous || record.offset > last) {
      return `record ${count} of the batch has offset ${record.offset}, which is not between ${previous} and ${last + 1}`
    }
    previous = record.offset
    latest = Math.max(latest, record.timestampMs)
    count++
  }
  // Compaction takes records away, also the last one, and keeps the head's offsets.
  if (compressedLegacy && previous !== last)
    return `the last record has offset ${previous}, the head says ${last}`
  const max = batch.maxTimestamp(buffer, at)
  if (count > 0 && latest !== max && batch.timestampType(buffer, at) !== batch.NO_TIMESTAMP_TYPE) {
    return `the latest timestamp of the ${count} records is ${latest}, the head says ${max}`
  }
  return undefined
}
