import { UnexpectedAppendOffsetError } from './errors.ts'
import type { Log } from './log.ts'
import type { AppendInfo } from './log-types.ts'

/**
 * Appends what a leader, or the log that this one is a copy of, has sent. Its start may lie within a batch, where
 * DeleteRecords put it: an empty log that begins there begins with the batch instead, for the batch cannot be divided
 * (Partition.appendRecordsToFollowerOrFutureReplica).
 *
 * A log that is not empty may end within such a batch, when its own end came from another leader and the epochs that
 * would tell have been deleted with the records. What of it was never committed gives way, and where that leaves a gap the
 * error is thrown all the same: the next records have to be asked for. Kafka's follower stays behind.
 */
export async function appendSent(log: Log, records: Buffer): Promise<AppendInfo> {
  try {
    return await log.appendAsFollower(records)
  } catch (error) {
    if (!(error instanceof UnexpectedAppendOffsetError)) throw error
    const { firstOffset, lastOffset } = error
    const end = log.logEndOffset
    if (firstOffset >= end || lastOffset < end) throw error
    if (log.logStartOffset === end) await log.truncateFullyAndStartAt(firstOffset)
    else {
      const cut = await log.cutBefore(firstOffset)
      // None of what goes may have been committed.
      if (cut < log.highWatermark) throw error
      await log.truncateTo(cut)
      if (cut < firstOffset) throw error
    }
    return log.appendAsFollower(records)
  }
}
