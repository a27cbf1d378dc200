import { join } from 'node:path'
import type { FileSystem } from '../base/file-system.ts'
import { readInt64 } from '../base/int64.ts'
import { LOG_SUFFIX, offsetFileName, offsetOfFileName, TIME_INDEX_SUFFIX } from './file-names.ts'
import type { LogConfig } from './log-config.ts'
import { TIME_INDEX_ENTRY_BYTES } from './time-index.ts'

export interface LogFile {
  readonly baseOffset: number
  readonly sizeBytes: number
  readonly modifiedMs: number
}

/** The segments of a log that is not open, the oldest first. */
export function listLogFiles(fs: FileSystem, dir: string): LogFile[] {
  const files: LogFile[] = []
  for (const name of fs.readdirSync(dir)) {
    const baseOffset = name.endsWith(LOG_SUFFIX) ? offsetOfFileName(name) : undefined
    if (baseOffset === undefined) continue
    const stat = fs.statSync(join(dir, name))
    files.push({ baseOffset, sizeBytes: stat?.sizeBytes ?? 0, modifiedMs: stat?.modifiedMs ?? 0 })
  }
  return files.sort((a, b) => a.baseOffset - b.baseOffset)
}

/** What retention has to know of a log that is not open. It does not change before the log is opened. */
export interface RestingLog {
  readonly totalBytes: number
  readonly firstSegmentBytes: number
  /** Undefined when it can only be told from the records. */
  readonly firstLargestTimestamp: number | undefined
  /** Undefined when there is only one segment. */
  readonly secondBaseOffset: number | undefined
}

/** Reads a handful of bytes: the oldest segment goes first, and its last time index entry says how old it is. */
export function restingLog(fs: FileSystem, dir: string): RestingLog {
  const files = listLogFiles(fs, dir)
  const [first, second] = files
  return {
    totalBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    firstSegmentBytes: first?.sizeBytes ?? 0,
    firstLargestTimestamp: first === undefined ? undefined : largestTimestamp(fs, dir, first),
    secondBaseOffset: second?.baseOffset,
  }
}

/** As a segment that was closed in order says it; without any timestamp, when its file was last changed. */
function largestTimestamp(fs: FileSystem, dir: string, segment: LogFile): number | undefined {
  const path = join(dir, offsetFileName(segment.baseOffset, TIME_INDEX_SUFFIX))
  const sizeBytes = fs.statSync(path)?.sizeBytes
  if (sizeBytes === undefined || sizeBytes % TIME_INDEX_ENTRY_BYTES !== 0) return undefined
  if (sizeBytes === 0) return segment.modifiedMs
  const file = fs.openSync(path, 'r')
  try {
    const entry = Buffer.alloc(TIME_INDEX_ENTRY_BYTES)
    const read = file.readSync(entry, 0, entry.length, sizeBytes - entry.length)
    const timestamp = read === entry.length ? readInt64(entry, 0) : 0
    // Zeros are what a preallocated index ends with after a crash.
    return timestamp > 0 ? timestamp : undefined
  } finally {
    file.closeSync()
  }
}

/** False when retention would find nothing: as long as the oldest segment stays, all stay. */
export function mayHaveDeletable(
  log: RestingLog,
  view: {
    readonly config: LogConfig
    readonly logStartOffset: number
    readonly logEndOffset: number
    readonly highWatermark: number
    readonly nowMs: number
  },
): boolean {
  const { config, nowMs } = view
  if ((log.secondBaseOffset ?? view.logEndOffset) > view.highWatermark) return false
  if (log.secondBaseOffset !== undefined && log.secondBaseOffset <= view.logStartOffset) return true
  const isEmpty = log.secondBaseOffset === undefined && log.firstSegmentBytes === 0
  if (isEmpty || !config.cleanupPolicy.includes('delete')) return false
  const excessBytes = log.totalBytes - config.retentionBytes
  if (config.retentionBytes >= 0 && excessBytes >= log.firstSegmentBytes) return true
  if (config.retentionMs < 0) return false
  return log.firstLargestTimestamp === undefined || nowMs - log.firstLargestTimestamp > config.retentionMs
}
