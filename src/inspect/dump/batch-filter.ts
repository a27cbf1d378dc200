import * as batch from '../../records/index.ts'

/** What of a log is asked for. All ends are exclusive. */
export interface LogFilter {
  readonly fromOffset?: number | undefined
  readonly toOffset?: number | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  readonly producerId?: number | undefined
  /** Only control batches (transaction markers), or only others. */
  readonly control?: 'only' | 'none' | undefined
}

/** Whether the batch may hold something that is asked for. */
export function matchesBatch(filter: LogFilter, buffer: Buffer, at: number): boolean {
  const { fromOffset = -Infinity, toOffset = Infinity, fromMs = -Infinity, toMs = Infinity } = filter
  if (batch.lastOffset(buffer, at) < fromOffset || firstOffset(buffer, at) >= toOffset) return false
  if (batch.maxTimestamp(buffer, at) < fromMs) return false
  // Of records that stand in no order of time, only the latest is known.
  const isOneTime = batch.timestampType(buffer, at) === batch.LOG_APPEND_TIME
  if (isOneTime && batch.maxTimestamp(buffer, at) >= toMs) return false
  if (filter.producerId !== undefined && batch.producerId(buffer, at) !== filter.producerId) return false
  return filter.control === undefined || batch.isControl(buffer, at) === (filter.control === 'only')
}

export function matchesRecord(filter: LogFilter, offset: number, timestampMs: number): boolean {
  const { fromOffset = -Infinity, toOffset = Infinity, fromMs = -Infinity, toMs = Infinity } = filter
  return offset >= fromOffset && offset < toOffset && timestampMs >= fromMs && timestampMs < toMs
}

/** A compressed message of the old formats carries its last offset only: it may begin anywhere before. */
function firstOffset(buffer: Buffer, at: number): number {
  const isWrapper = batch.magic(buffer, at) < batch.MAGIC_V2 && batch.codecId(buffer, at) !== 0
  return isWrapper ? -Infinity : batch.baseOffset(buffer, at)
}
