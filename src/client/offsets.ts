import { ERROR_CODES, errorInfo } from '../protocol/index.ts'
import { listOffsets } from '../protocol/messages/02-list-offsets.ts'
import type { ClientCore } from './core.ts'
import { askLeaders, byTopic, partitionName } from './leaders.ts'
import { BrokerError, type Connection, UnsupportedVersionError } from './net/index.ts'

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

type Wanted = TopicPartition & { readonly spec: OffsetSpec }

/** Asks the leaders. Partitions keep the order in which they were given. Throws for the first that cannot be answered. */
export async function listOffsetsOf(
  core: ClientCore,
  wanted: readonly Wanted[],
  options: { readCommitted?: boolean } = {},
): Promise<ListedOffset[]> {
  const answers = await askLeaders<Wanted, ListedOffset>(core, wanted, (connection, group) =>
    ask(core, connection, group, options),
  )
  return answers.map(({ answer }) => {
    if (answer instanceof BrokerError) throw answer
    return answer
  })
}

async function ask(
  core: ClientCore,
  connection: Connection,
  entries: readonly Wanted[],
  options: { readCommitted?: boolean },
): Promise<Map<string, ListedOffset | BrokerError>> {
  const version = connection.versionOf(listOffsets)
  for (const { spec } of entries)
    if (typeof spec === 'string' && version < PLACES[spec].version)
      throw new UnsupportedVersionError(`the broker is too old to look for the offset '${spec}'`)
  const response = await connection.send(listOffsets, {
    replicaId: CONSUMER,
    isolationLevel: options.readCommitted && version >= 2 ? 1 : 0,
    topics: byTopic(entries).map(([name, group]) => ({
      name,
      partitions: group.map(({ partition, spec }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: version >= 4 ? (core.metadata.partition(name, partition)?.leaderEpoch ?? -1) : -1,
        timestamp: offsetTimestamp(spec),
      })),
    })),
  })
  const found = new Map<string, ListedOffset | BrokerError>()
  for (const { name: topic, partitions } of response.topics) {
    for (const { partitionIndex: partition, errorCode, ...answer } of partitions) {
      const at = partitionName({ topic, partition })
      const message = `the broker knows no offsets of ${at} (${errorInfo(errorCode).name})`
      const offset = version === 0 ? (answer.oldStyleOffsets[0] ?? -1) : answer.offset
      const { timestamp: timestampMs, leaderEpoch } = answer
      const isGood = errorCode === ERROR_CODES.NONE
      const listed = { topic, partition, offset, timestampMs, leaderEpoch }
      found.set(at, isGood ? listed : new BrokerError(errorCode, message))
    }
  }
  return found
}
