import type { Logger } from '../../base/logger.ts'
import { ERROR_CODES, type ErrorName } from '../../protocol/index.ts'
import type {
  AlterReplicaLogDirsRequest,
  AlterReplicaLogDirsResponseInput,
} from '../../protocol/messages/34-alter-replica-log-dirs.ts'
import { isTooLongToMove, type LogManager, type TopicPartition } from '../../storage/index.ts'
import { ApiError, toApiError } from '../api-error.ts'
import type { LogDirMovers } from './log-dir-movers.ts'
import type { ReplicaTable } from './replica-table.ts'

export interface AlterLogDirsDeps {
  readonly table: ReplicaTable
  readonly logManager: LogManager
  readonly movers: LogDirMovers
  readonly logger: Logger
}

/**
 * Begins to bring replicas into other log directories of this broker (ReplicaManager.alterReplicaLogDirs). Where there is
 * no replica yet, the directory is remembered for the time when there will be one, and the answer is
 * REPLICA_NOT_AVAILABLE. Naming the directory in which a replica is gives up its move to another one.
 */
export function alterLogDirs(
  deps: AlterLogDirsDeps,
  request: AlterReplicaLogDirsRequest,
): AlterReplicaLogDirsResponseInput {
  // A partition that is named twice goes to the last place, as in Kafka.
  const wanted = new Map<string, Map<number, string>>()
  for (const { path, topics } of request.dirs) {
    for (const { name, partitions } of topics) {
      const dirs = wanted.get(name) ?? new Map<number, string>()
      wanted.set(name, dirs)
      for (const partition of partitions) dirs.set(partition, path)
    }
  }
  return {
    results: [...wanted].map(([topicName, dirs]) => ({
      topicName,
      partitions: [...dirs].map(([partitionIndex, path]) => ({
        partitionIndex,
        errorCode: ERROR_CODES[alterOne(deps, { topic: topicName, partition: partitionIndex }, path)],
      })),
    })),
  }
}

function alterOne(deps: AlterLogDirsDeps, each: TopicPartition, path: string): ErrorName {
  try {
    alter(deps, each, path)
    return 'NONE'
  } catch (error) {
    const { errorName, message } = toApiError(error)
    const what = `${each.topic}-${each.partition} cannot be brought to ${path}`
    if (errorName === 'UNKNOWN_SERVER_ERROR') deps.logger.error(what, error)
    else deps.logger.warn(`${what}: ${message}`)
    return errorName
  }
}

function alter({ table, logManager, movers }: AlterLogDirsDeps, each: TopicPartition, path: string): void {
  const { topic, partition } = each
  const { moves } = logManager
  if (isTooLongToMove(topic, partition))
    throw new ApiError('INVALID_TOPIC_EXCEPTION', 'the topic name is too long')
  if (!logManager.hasLogDir(path)) throw new ApiError('LOG_DIR_NOT_FOUND', 'it is not in log.dirs')
  if (!logManager.isLogDirOnline(path)) throw new ApiError('KAFKA_STORAGE_ERROR', 'the directory is offline')
  const future = moves.futureLog(topic, partition)
  if (future !== undefined && future.logDir !== path) {
    movers.remove(each)
    moves.deleteFutureLog(topic, partition)
  }
  if (table.isOffline(topic, partition)) throw new ApiError('KAFKA_STORAGE_ERROR', 'the replica is offline')
  moves.preferLogDir(topic, partition, path)
  const log = table.get(topic, partition)?.log
  if (log === undefined) {
    throw new ApiError('REPLICA_NOT_AVAILABLE', 'there is no such replica yet, it will be made there')
  }
  if (log.logDir === path) return
  moves.getOrCreateFutureLog(log)
  movers.add(each)
}
