import { baseOffset } from '../records/index.ts'
import { readFully } from './batch-scan.ts'
import { UnexpectedAppendOffsetError } from './errors.ts'
import type { Log } from './log.ts'
import { releaseRead } from './log-reader.ts'
import type { AppendInfo } from './log-types.ts'

/**
 * Appends what a leader, or the log that this one is a copy of, has sent. Its start may lie within a batch, where
 * DeleteRecords put it: an empty log that begins there begins with the batch instead, for the batch cannot be divided
 * (Partition.appendRecordsToFollowerOrFutureReplica).
 *
 * A log that is not empty may end within such a batch, when its own end came from another leader and the epochs that
 * would tell have been deleted with the records. What of it was never committed gives way. Kafka's follower stays behind.
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
    // A cut takes whole batches: none of them may hold what was committed.
    else if (firstOffset >= log.highWatermark && (await beginsBatch(log, firstOffset)))
      await log.truncateTo(firstOffset)
    else throw error
    return log.appendAsFollower(records)
  }
}

async function beginsBatch(log: Log, offset: number): Promise<boolean> {
  const read = await log.read(offset, {
    maxBytes: 1,
    minOneMessage: true,
    upperBoundOffset: log.logEndOffset,
  })
  try {
    const [part] = read.parts
    if (part === undefined) return false
    const head = Buffer.alloc(8)
    if (part instanceof Uint8Array) head.set(part.subarray(0, 8))
    else await readFully(part.file, head, part.position, head.length)
    return baseOffset(head, 0) === offset
  } finally {
    releaseRead(read)
  }
}
