import { UnexpectedAppendOffsetError } from './errors.ts'
import type { Log } from './log.ts'
import type { AppendInfo } from './log-types.ts'

/**
 * Appends what a leader, or the log that this one is a copy of, has sent. Its start may lie within a batch, where
 * DeleteRecords put it: an empty log that begins there begins with the batch instead, for the batch cannot be divided
 * (Partition.appendRecordsToFollowerOrFutureReplica).
 */
export async function appendSent(log: Log, records: Buffer): Promise<AppendInfo> {
  try {
    return await log.appendAsFollower(records)
  } catch (error) {
    if (!(error instanceof UnexpectedAppendOffsetError)) throw error
    const { firstOffset, lastOffset } = error
    const end = log.logEndOffset
    if (log.logStartOffset !== end || firstOffset >= end || lastOffset < end) throw error
    await log.truncateFullyAndStartAt(firstOffset)
    return log.appendAsFollower(records)
  }
}
