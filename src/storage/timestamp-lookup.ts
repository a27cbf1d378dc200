import * as batch from '../records/index.ts'
import { scanBatches } from './batch-scan.ts'
import type { TimestampOffset } from './log-types.ts'
import type { Segment } from './segment.ts'

/**
 * The first record from `startOffset` on whose timestamp is not before the asked one, or null
 * (UnifiedLog.searchOffsetInLocalLog, LogSegment.findOffsetByTimestamp).
 */
export async function findByTimestamp(
  segments: readonly Segment[],
  timestamp: number,
  startOffset: number,
  endOffset: number,
): Promise<TimestampOffset | null> {
  for (const segment of segments) {
    await segment.ensureIndexes()
    if (segment.largestTimestamp < timestamp) continue
    const from = segment.timeIndex.lookup(timestamp).offset
    const position = segment.offsetIndex.lookup(Math.max(from, startOffset)).position
    const found = await firstMatch(
      segment,
      position,
      (record) => {
        return record.offset >= startOffset && record.timestampMs >= timestamp
      },
      (buffer, at) =>
        batch.maxTimestamp(buffer, at) >= timestamp && batch.lastOffset(buffer, at) >= startOffset,
    )
    // Kafka looks into this one segment only: a later one with such a timestamp would come later in any case.
    return found !== null && found.offset < endOffset ? found : null
  }
  return null
}

/** The record with the largest timestamp of the log; of several, the first in its batch. Null when none has one. */
export async function findMaxTimestamp(segments: readonly Segment[]): Promise<TimestampOffset | null> {
  let best: Segment | undefined
  for (const segment of segments) {
    await segment.ensureIndexes()
    if (best === undefined || segment.maxTimestamp.timestamp > best.maxTimestamp.timestamp) best = segment
  }
  if (best === undefined || best.maxTimestamp.timestamp < 0) return null
  const { timestamp, offset } = best.maxTimestamp
  const position = best.offsetIndex.lookup(offset).position
  return firstMatch(
    best,
    position,
    (record) => record.timestampMs === timestamp,
    (buffer, at) => batch.maxTimestamp(buffer, at) === timestamp,
  )
}

async function firstMatch(
  segment: Segment,
  position: number,
  isMatch: (record: batch.LogRecord) => boolean,
  mayMatch: (buffer: Buffer, at: number) => boolean,
): Promise<TimestampOffset | null> {
  let found: TimestampOffset | null = null
  await segment.file.using((file) =>
    scanBatches(file, position, segment.writtenBytes, (buffer, at) => {
      if (!mayMatch(buffer, at)) return undefined
      for (const record of batch.readRecords(buffer, at)) {
        if (!isMatch(record)) continue
        const leaderEpoch = batch.partitionLeaderEpoch(buffer, at)
        found = { timestamp: record.timestampMs, offset: record.offset, leaderEpoch }
        return false
      }
      return undefined
    }),
  )
  return found
}
