import { ERROR_CODES, errorInfo } from '../protocol/index.ts'
import { listOffsets } from '../protocol/messages/02-list-offsets.ts'
import type { ClientCore } from './core.ts'
import { BrokerError, ClientError, UnsupportedVersionError } from './net/index.ts'

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/**
 * `earliest` and `latest` are the ends; `maxTimestamp` is the record with the latest timestamp (KIP-734). With tiered storage
 * `earliestLocal` is where the local log begins (KIP-405), `latestTiered` the last offset that is stored elsewhere (KIP-1005).
 */
export type OffsetSpec = keyof typeof PLACES | { readonly timestampMs: number }

/** What a broker says of an offset that was asked for. */
export interface ListedOffset extends TopicPartition {
  /** -1 when no record is as late as the time asked for. */
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
}

/** What stands for a time in a request, and the first version that knows it: an older broker would take it for a time. */
const PLACES = {
  latest: { timestamp: -1, version: 0 },
  earliest: { timestamp: -2, version: 0 },
  maxTimestamp: { timestamp: -3, version: 7 },
  earliestLocal: { timestamp: -4, version: 8 },
  latestTiered: { timestamp: -5, version: 9 },
} as const
/** The replica id of a client that is no broker. */
const CONSUMER = -1

export function offsetTimestamp(spec: OffsetSpec): number {
  return typeof spec === 'string' ? PLACES[spec].timestamp : spec.timestampMs
}

/** Asks the leaders. Partitions keep the order in which they were given. Throws for the first that cannot be answered. */
export async function listOffsetsOf(
  core: ClientCore,
  wanted: readonly (TopicPartition & { readonly spec: OffsetSpec })[],
  options: { readCommitted?: boolean } = {},
): Promise<ListedOffset[]> {
  const found = new Map<string, ListedOffset>()
  const name = (at: TopicPartition) => `${at.topic}-${at.partition}`
  await requirePartitions(core, wanted)
  await core.retry(async () => {
    const missing = wanted.filter((entry) => !found.has(name(entry)))
    try {
      await Promise.all(
        [...byLeader(core, missing)].map(([leader, entries]) => ask(core, leader, entries, options, found)),
      )
    } catch (error) {
      await core.requestUpdate(missing.map((entry) => entry.topic))
      throw error
    }
  })
  return wanted.flatMap((entry) => found.get(name(entry)) ?? [])
}

/** Throws for a topic that does not exist and for a partition that its topic does not have. */
export async function requirePartitions(core: ClientCore, wanted: readonly TopicPartition[]): Promise<void> {
  for (const name of new Set(wanted.map((entry) => entry.topic))) {
    await core.topic(name)
    const numbers = wanted.filter((entry) => entry.topic === name).map((entry) => entry.partition)
    const isMissing = (number: number) => core.metadata.partition(name, number) === undefined
    // It may have grown since we looked.
    if (numbers.some(isMissing)) await core.retry(() => core.refresh([name]))
    const missing = numbers.find(isMissing)
    if (missing !== undefined)
      throw noPartition(name, missing, core.metadata.topic(name)?.partitions.length ?? 0)
  }
}

export function noPartition(topic: string, partition: number, count: number): ClientError {
  return new ClientError(
    'KCLI_NO_PARTITION',
    `topic '${topic}' has no partition ${partition}, it has 0 to ${count - 1}`,
    { retriable: false },
  )
}

/** Groups by the broker that leads each partition. Throws a retriable error when one has no leader. */
export function byLeader<T extends TopicPartition>(core: ClientCore, wanted: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const entry of wanted) {
    const leader = core.metadata.partition(entry.topic, entry.partition)?.leader ?? -1
    if (leader < 0) {
      throw new BrokerError(
        ERROR_CODES.LEADER_NOT_AVAILABLE,
        `${entry.topic}-${entry.partition} has no leader`,
      )
    }
    const group = groups.get(leader)
    if (group === undefined) groups.set(leader, [entry])
    else group.push(entry)
  }
  return groups
}

async function ask(
  core: ClientCore,
  leader: number,
  entries: readonly (TopicPartition & { readonly spec: OffsetSpec })[],
  options: { readCommitted?: boolean },
  found: Map<string, ListedOffset>,
): Promise<void> {
  const connection = await core.connectionTo(leader)
  const version = connection.versionOf(listOffsets)
  for (const { spec } of entries)
    if (typeof spec === 'string' && version < PLACES[spec].version)
      throw new UnsupportedVersionError(`the broker is too old to look for the offset '${spec}'`)
  const topics = new Map<
    string,
    { partitionIndex: number; currentLeaderEpoch: number; timestamp: number }[]
  >()
  for (const entry of entries) {
    const epoch = core.metadata.partition(entry.topic, entry.partition)?.leaderEpoch ?? -1
    const partition = {
      partitionIndex: entry.partition,
      currentLeaderEpoch: version >= 4 ? epoch : -1,
      timestamp: offsetTimestamp(entry.spec),
    }
    const partitions = topics.get(entry.topic)
    if (partitions === undefined) topics.set(entry.topic, [partition])
    else partitions.push(partition)
  }
  const response = await connection.send(listOffsets, {
    replicaId: CONSUMER,
    isolationLevel: options.readCommitted && version >= 2 ? 1 : 0,
    topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
  })
  for (const topic of response.topics) {
    for (const answer of topic.partitions) {
      const at = `${topic.name}-${answer.partitionIndex}`
      if (answer.errorCode !== ERROR_CODES.NONE)
        throw new BrokerError(
          answer.errorCode,
          `the broker knows no offsets of ${at} (${errorInfo(answer.errorCode).name})`,
        )
      found.set(at, {
        topic: topic.name,
        partition: answer.partitionIndex,
        offset: version === 0 ? (answer.oldStyleOffsets[0] ?? -1) : answer.offset,
        timestampMs: answer.timestamp,
        leaderEpoch: answer.leaderEpoch,
      })
    }
  }
}
