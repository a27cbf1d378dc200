import { errorInfo } from '../../protocol/index.ts'
import { listOffsets } from '../../protocol/messages/02-list-offsets.ts'
import { ApiError } from '../api-error.ts'
import type { FetcherPartition } from './fetcher-partition.ts'
import type { PeerConnection } from './types.ts'

const LATEST = -1
const EARLIEST = -2

/** For records without leader epochs, which cannot be compared. */
export async function truncateToHighWatermark(follower: FetcherPartition): Promise<void> {
  await truncate(follower, follower.log.highWatermark)
}

/**
 * The leader says where the largest epoch that both may share ends with it; our records behind that point are not the
 * leader's (AbstractFetcherThread.getOffsetTruncationState).
 */
export async function truncateToDivergence(
  follower: FetcherPartition,
  leader: { readonly epoch: number; readonly endOffset: number },
): Promise<void> {
  const { log } = follower
  const ours = log.endOffsetForEpoch(leader.epoch)
  let offset = Math.min(leader.endOffset, log.logEndOffset)
  // When we do not know the epoch, we go back to the one before it and ask again from there.
  if (ours.epoch >= 0) {
    offset =
      ours.epoch === leader.epoch
        ? Math.min(offset, ours.endOffset)
        : Math.min(ours.endOffset, log.logEndOffset)
  }
  await truncate(follower, offset)
}

/**
 * Our end is not in the leader's log. Either the leader has less, then so do we; or it has deleted what comes next, then
 * we begin where it begins (AbstractFetcherThread.fetchOffsetAndTruncate).
 */
export async function startFromLeader(
  follower: FetcherPartition,
  connection: PeerConnection,
  brokerId: number,
): Promise<void> {
  const { log, partition } = follower
  const leaderEnd = await leaderOffset(follower, connection, brokerId, LATEST)
  if (follower.removed) return
  if (leaderEnd < log.logEndOffset) {
    await truncate(follower, leaderEnd)
    return
  }
  const leaderStart = await leaderOffset(follower, connection, brokerId, EARLIEST)
  if (follower.removed) return
  if (leaderStart > log.logEndOffset) {
    await partition.write(log.truncateFullyAndStartAt(leaderStart))
    partition.bytes.truncated()
  }
  follower.reposition()
}

async function truncate(follower: FetcherPartition, offset: number): Promise<void> {
  const { log, partition } = follower
  await partition.write(log.truncateTo(offset))
  partition.bytes.truncated()
  follower.reposition()
}

async function leaderOffset(
  { partition, leaderEpoch: currentLeaderEpoch }: FetcherPartition,
  connection: PeerConnection,
  replicaId: number,
  timestamp: number,
): Promise<number> {
  const { topic: name, partition: partitionIndex } = partition
  const response = await connection.send(listOffsets, {
    replicaId,
    topics: [{ name, partitions: [{ partitionIndex, currentLeaderEpoch, timestamp }] }],
  })
  const answer = response.topics[0]?.partitions[0]
  if (answer === undefined)
    throw new ApiError('UNKNOWN_SERVER_ERROR', `the leader said nothing of ${partition.key}`)
  if (answer.errorCode !== 0)
    throw new ApiError(errorInfo(answer.errorCode).name, `no offset of ${partition.key}`)
  return answer.offset
}
