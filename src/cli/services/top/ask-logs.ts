import type { Connection, TopicPartition } from '../../../client/index.ts'
import { ERROR_CODES, errorInfo } from '../../../protocol/index.ts'
import { listOffsets } from '../../../protocol/messages/02-list-offsets.ts'
import { describeLogDirs } from '../../../protocol/messages/35-describe-log-dirs.ts'
import { keyOf } from '../cluster/status-snapshot.ts'
import type { LogDirLook } from './look.ts'

/** What stands for an end in ListOffsets. */
export const ENDS = { latest: -1, earliest: -2 } as const

const CONSUMER = -1

/** The ends of partitions that the broker leads, by key; those it does not answer for are left out. */
export async function askOffsets(
  connection: Connection,
  wanted: ReadonlyMap<string, readonly number[]>,
  end: keyof typeof ENDS,
): Promise<Map<string, number>> {
  const version = connection.versionOf(listOffsets)
  const { topics } = await connection.send(listOffsets, {
    replicaId: CONSUMER,
    ...(version >= 2 && { isolationLevel: 0 }),
    topics: [...wanted].map(([name, partitions]) => ({
      name,
      partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp: ENDS[end] })),
    })),
  })
  const found = new Map<string, number>()
  for (const { name, partitions } of topics)
    for (const { partitionIndex, errorCode, offset, oldStyleOffsets } of partitions)
      if (errorCode === ERROR_CODES.NONE)
        found.set(keyOf(name, partitionIndex), version === 0 ? (oldStyleOffsets[0] ?? 0) : offset)
  return found
}

export interface LogDirsAnswer {
  readonly logDirs: readonly LogDirLook[] | null
  readonly replicas: ReadonlyMap<string, { readonly sizeBytes: number; readonly lag: number }>
  /** Why it does not tell; null when it does. */
  readonly refusal: string | null
}

/** What is on a broker's disks. */
export async function askLogDirs(connection: Connection): Promise<LogDirsAnswer> {
  const { errorCode, results } = await connection.send(describeLogDirs, { topics: null })
  const replicas = new Map<string, { sizeBytes: number; lag: number }>()
  if (errorCode !== ERROR_CODES.NONE) return { logDirs: null, replicas, refusal: errorInfo(errorCode).name }
  // Before version 3 a refusal is an empty list.
  if (results.length === 0) return { logDirs: null, replicas, refusal: 'it may not be asked for its disks' }
  const logDirs = results.map(({ logDir, errorCode: code, topics, totalBytes, usableBytes }) => {
    let sizeBytes = 0
    let count = 0
    for (const { name, partitions } of topics)
      for (const each of partitions) {
        sizeBytes += each.partitionSize
        if (each.isFutureKey) continue
        count++
        replicas.set(keyOf(name, each.partitionIndex), { sizeBytes: each.partitionSize, lag: each.offsetLag })
      }
    return {
      path: logDir,
      error: code === ERROR_CODES.NONE ? null : errorInfo(code).name,
      sizeBytes,
      replicas: count,
      totalBytes: knownBytes(totalBytes),
      usableBytes: knownBytes(usableBytes),
    }
  })
  return { logDirs, replicas, refusal: null }
}

function knownBytes(bytes: number): number | null {
  return bytes < 0 ? null : bytes
}

/** Numbers by topic. */
export function byTopic(partitions: Iterable<TopicPartition>): Map<string, number[]> {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const numbers = topics.get(topic)
    if (numbers === undefined) topics.set(topic, [partition])
    else numbers.push(partition)
  }
  return topics
}
