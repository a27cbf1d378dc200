import { alterReplicaLogDirs } from '../../protocol/messages/34-alter-replica-log-dirs.ts'
import type { ClientCore } from '../core.ts'
import { byTopic, partitionName } from '../leaders.ts'
import { BrokerError } from '../net/index.ts'
import type { TopicPartition } from '../offsets.ts'
import type { LogDirDescription } from './admin.ts'
import type { PartitionResult } from './partitions.ts'
import { itemError } from './results.ts'

/** One replica of a partition (TopicPartitionReplica). */
export interface Replica extends TopicPartition {
  readonly broker: number
}

/** The directory, one of log.dirs of its broker, in which a replica is to be. */
export interface ReplicaLogDir extends Replica {
  readonly logDir: string
}

export interface ReplicaLogDirResult extends PartitionResult {
  readonly broker: number
}

/** Where a replica is, and where it is on its way to (DescribeReplicaLogDirsResult.ReplicaLogDirInfo). */
export interface ReplicaLogDirInfo extends Replica {
  /** Null: the broker has no such replica. */
  readonly currentLogDir: string | null
  /** Records that are not yet below the high watermark of the replica; -1 when that is not known. */
  readonly currentOffsetLag: number
  /** Null: it stays where it is. */
  readonly futureLogDir: string | null
  /** Records that are still to be copied; -1 when that is not known, or nothing is copied. */
  readonly futureOffsetLag: number
}

/**
 * Begins to bring replicas into other directories of their brokers (KIP-113). REPLICA_NOT_AVAILABLE: there is no such
 * replica yet; the broker remembers the directory until it ends. Answers in the order of `wanted`.
 */
export async function alter(
  core: ClientCore,
  wanted: readonly ReplicaLogDir[],
): Promise<ReplicaLogDirResult[]> {
  const errors = new Map<string, BrokerError | null>()
  const askOne = async (broker: number) => {
    const own = wanted.filter((each) => each.broker === broker)
    const dirs = [...new Set(own.map(({ logDir }) => logDir))].map((path) => ({
      path,
      topics: byTopic(own.filter(({ logDir }) => logDir === path)).map(([name, group]) => ({
        name,
        partitions: group.map(({ partition }) => partition),
      })),
    }))
    const { results } = await (await core.connectionTo(broker)).send(alterReplicaLogDirs, { dirs })
    for (const { topicName: topic, partitions } of results) {
      for (const { partitionIndex: partition, errorCode } of partitions) {
        errors.set(`${partitionName({ topic, partition })}@${broker}`, itemError(errorCode, null))
      }
    }
  }
  await Promise.all([...new Set(wanted.map(({ broker }) => broker))].map(askOne))
  return wanted.map(({ topic, partition, broker }) => {
    const name = partitionName({ topic, partition })
    const error = errors.get(`${name}@${broker}`)
    return { name, topic, partition, broker, error: error === undefined ? new BrokerError(-1, null) : error }
  })
}

/** What the descriptions of brokers say of these replicas, in their order. */
export function infosOf(
  replicas: readonly Replica[],
  dirs: readonly LogDirDescription[],
): ReplicaLogDirInfo[] {
  return replicas.map(({ topic, partition, broker }) => {
    const found = dirs
      .filter((dir) => dir.broker === broker)
      .flatMap(({ logDir, partitions }) =>
        partitions
          .filter((each) => each.topic === topic && each.partition === partition)
          .map(({ offsetLag, isFuture }) => ({ logDir, offsetLag, isFuture })),
      )
    const current = found.find(({ isFuture }) => !isFuture)
    const future = found.find(({ isFuture }) => isFuture)
    return {
      ...{ topic, partition, broker },
      currentLogDir: current?.logDir ?? null,
      currentOffsetLag: current?.offsetLag ?? -1,
      futureLogDir: future?.logDir ?? null,
      futureOffsetLag: future?.offsetLag ?? -1,
    }
  })
}
