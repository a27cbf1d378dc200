import { ERROR_CODES } from '../../protocol/index.ts'
import type {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponseInput,
} from '../../protocol/messages/23-offset-for-leader-epoch.ts'
import type {
  DescribeLogDirsRequest,
  DescribeLogDirsResponseInput,
} from '../../protocol/messages/35-describe-log-dirs.ts'
import type { LogDirDescription, LogManager } from '../../storage/index.ts'
import { toApiError } from '../api-error.ts'
import type { ReplicaTable } from './replica-table.ts'

/** Where leader epochs end (ReplicaManager.lastOffsetForLeaderEpoch). */
export function offsetsForLeaderEpochs(
  table: ReplicaTable,
  request: OffsetForLeaderEpochRequest,
): OffsetForLeaderEpochResponseInput {
  const topics = request.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch }) => {
      try {
        const log = table.orThrow(topic, partition).logWithEpochs(currentLeaderEpoch, true)
        const { epoch, endOffset } = log.endOffsetForEpoch(leaderEpoch)
        return { partition, leaderEpoch: epoch, endOffset }
      } catch (error) {
        return { partition, errorCode: toApiError(error).errorCode }
      }
    }),
  }))
  return { topics }
}

/** What lies in which log directory (ReplicaManager.describeLogDirs). */
export function describeLogDirs(
  table: ReplicaTable,
  logManager: LogManager,
  request: DescribeLogDirsRequest,
): DescribeLogDirsResponseInput {
  const wanted =
    request.topics === null
      ? null
      : new Map(request.topics.map(({ topic, partitions }) => [topic, new Set(partitions)]))
  const lagOf = (each: Described) => offsetLag(table, logManager, each)
  return { results: logManager.describeLogDirs().map((dir) => resultOf(dir, wanted, lagOf)) }
}

type Described = LogDirDescription['partitions'][number]

/**
 * How far a log on its way to a directory is behind the one that is in use; -1 for a log without a replica
 * (ReplicaManager.getLogEndOffsetLag). A log that is in use never lags behind its own high watermark.
 */
function offsetLag(table: ReplicaTable, logManager: LogManager, each: Described): number {
  const { topic, partition, isFuture, logEndOffset } = each
  if (!table.has(topic, partition)) return -1
  if (!isFuture) return 0
  const current = logManager.getLog(topic, partition)
  return current === undefined ? -1 : current.logEndOffset - logEndOffset
}

function resultOf(
  dir: LogDirDescription,
  wanted: ReadonlyMap<string, ReadonlySet<number>> | null,
  lagOf: (each: Described) => number,
) {
  if (dir.error !== null) return { logDir: dir.logDir, errorCode: ERROR_CODES.KAFKA_STORAGE_ERROR }
  const topics = new Map<string, { name: string; partitions: object[] }>()
  for (const each of dir.partitions) {
    const { topic, partition, sizeBytes, isFuture } = each
    if (wanted !== null && wanted.get(topic)?.has(partition) !== true) continue
    let entry = topics.get(topic)
    if (entry === undefined) {
      entry = { name: topic, partitions: [] }
      topics.set(topic, entry)
    }
    entry.partitions.push({
      partitionIndex: partition,
      partitionSize: sizeBytes,
      offsetLag: lagOf(each),
      isFutureKey: isFuture,
    })
  }
  const { logDir, totalBytes, usableBytes } = dir
  return { logDir, totalBytes, usableBytes, topics: [...topics.values()] }
}
