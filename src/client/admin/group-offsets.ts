import { ERROR_CODES } from '../../protocol/index.ts'
import { offsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import { offsetFetch } from '../../protocol/messages/09-offset-fetch.ts'
import { offsetDelete } from '../../protocol/messages/47-offset-delete.ts'
import type { ClientCore } from '../core.ts'
import { byTopic } from '../leaders.ts'
import { BrokerError, type Connection, UnsupportedVersionError } from '../net/index.ts'
import type { TopicPartition } from '../offsets.ts'
import { askCoordinators, isPassing } from './coordinators.ts'
import type { PartitionResult } from './partitions.ts'
import { type ItemResult, itemError } from './results.ts'

/** Where a group is in a partition. */
export interface GroupOffset extends TopicPartition {
  /** The next one to be read. */
  readonly offset: number
  /** -1 when it is not known. */
  readonly leaderEpoch: number
  readonly metadata: string
}

/** `name` is the group's id. Partitions without a committed offset are left out. */
export interface GroupOffsets extends ItemResult {
  readonly offsets: readonly GroupOffset[]
  /** Partitions that could not be answered. */
  readonly failures: readonly PartitionResult[]
}

/** Where a group is to be in a partition. */
export interface NewGroupOffset extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string
}

const MANY_GROUPS_VERSION = 8
const STABLE_VERSION = 7
const ALL_PARTITIONS_VERSION = 2
const LEADER_EPOCH_VERSION = 6
const FETCHED_AT_ONCE = 500
const NO_GENERATION = -1
const UNKNOWN_OFFSET = -1

export interface FetchOffsetsOptions {
  /** Of which partitions; of all that the group has when undefined. */
  readonly partitions?: readonly TopicPartition[]
  /** Not what a transaction may still take back (KIP-447). */
  readonly requireStable?: boolean
}

/** What groups have committed, in the order of the ids. */
export async function fetchOffsets(
  core: ClientCore,
  groupIds: readonly string[],
  options: FetchOffsetsOptions,
): Promise<GroupOffsets[]> {
  const topics = options.partitions === undefined ? null : toFetch(options.partitions)
  const answers = await askCoordinators<GroupOffsets>(core, groupIds, {
    batchSize: FETCHED_AT_ONCE,
    isRetried: (errorCode) => errorCode === ERROR_CODES.UNSTABLE_OFFSET_COMMIT,
    ask: (connection, ids) => fetchFrom(connection, ids, topics, options.requireStable ?? false),
  })
  return [...new Set(groupIds)].map((name) => {
    const answer = answers.get(name)
    if (answer !== undefined && !(answer instanceof BrokerError)) return answer
    return { name, error: answer ?? null, offsets: [], failures: [] }
  })
}

type FetchTopics = { name: string; partitionIndexes: number[] }[] | null

async function fetchFrom(
  connection: Connection,
  groupIds: readonly string[],
  topics: FetchTopics,
  requireStable: boolean,
): Promise<Map<string, GroupOffsets | BrokerError>> {
  const version = connection.versionOf(offsetFetch)
  if (requireStable && version < STABLE_VERSION)
    throw new UnsupportedVersionError('the broker is too old to tell stable offsets from others')
  if (topics === null && version < ALL_PARTITIONS_VERSION)
    throw new UnsupportedVersionError('the broker is too old to list all offsets of a group')
  if (version >= MANY_GROUPS_VERSION) {
    const groups = groupIds.map((groupId) => ({ groupId, topics }))
    const response = await connection.send(offsetFetch, { groups, requireStable })
    return new Map(
      response.groups.map((group) => [
        group.groupId,
        offsetsOf(group.groupId, group.errorCode, group.topics),
      ]),
    )
  }
  const single = groupIds.map(async (groupId): Promise<[string, GroupOffsets | BrokerError]> => {
    const stable = version >= STABLE_VERSION ? { requireStable } : {}
    const response = await connection.send(offsetFetch, { groupId, topics, ...stable })
    return [groupId, offsetsOf(groupId, response.errorCode, response.topics)]
  })
  return new Map(await Promise.all(single))
}

interface FetchedTopic {
  readonly name: string
  readonly partitions: readonly {
    readonly partitionIndex: number
    readonly committedOffset: number
    readonly committedLeaderEpoch: number
    readonly metadata: string | null
    readonly errorCode: number
  }[]
}

function offsetsOf(
  name: string,
  errorCode: number,
  topics: readonly FetchedTopic[],
): GroupOffsets | BrokerError {
  const error = itemError(errorCode, null)
  if (error !== null) return error
  const offsets: GroupOffset[] = []
  const failures: PartitionResult[] = []
  for (const topic of topics) {
    for (const answer of topic.partitions) {
      const at = { topic: topic.name, partition: answer.partitionIndex }
      const failure = itemError(answer.errorCode, null)
      // Old brokers say it of each partition, and a pending transaction concerns the whole answer.
      if (
        failure !== null &&
        (isPassing(failure.errorCode) || failure.errorName === 'UNSTABLE_OFFSET_COMMIT')
      )
        return failure
      if (failure !== null) failures.push(resultOf(at, failure))
      else if (answer.committedOffset !== UNKNOWN_OFFSET)
        offsets.push({
          ...at,
          offset: answer.committedOffset,
          leaderEpoch: answer.committedLeaderEpoch,
          metadata: answer.metadata ?? '',
        })
    }
  }
  return { name, error: null, offsets, failures }
}

/** Commits for a group that nobody is in. A group with members refuses with UNKNOWN_MEMBER_ID. */
export async function commitOffsets(
  core: ClientCore,
  groupId: string,
  offsets: readonly NewGroupOffset[],
): Promise<PartitionResult[]> {
  return eachPartition(core, groupId, offsets, async (connection, pending) => {
    const version = connection.versionOf(offsetCommit)
    if (version < 1) throw new UnsupportedVersionError('the broker is too old to keep offsets of groups')
    const topics = byTopic(pending).map(([name, entries]) => ({
      name,
      partitions: entries.map(({ partition, offset, leaderEpoch, metadata }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedMetadata: metadata ?? '',
        ...(version >= LEADER_EPOCH_VERSION && { committedLeaderEpoch: leaderEpoch ?? -1 }),
      })),
    }))
    const request = { groupId, generationIdOrMemberEpoch: NO_GENERATION, memberId: '', topics }
    return (await connection.send(offsetCommit, request)).topics
  })
}

/** Forgets offsets of a group. Throws when the group as a whole refuses, as one that does not exist. */
export async function deleteOffsets(
  core: ClientCore,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<PartitionResult[]> {
  return eachPartition(core, groupId, partitions, async (connection, pending) => {
    const topics = byTopic(pending).map(([name, entries]) => ({
      name,
      partitions: entries.map(({ partition }) => ({ partitionIndex: partition })),
    }))
    const response = await connection.send(offsetDelete, { groupId, topics })
    return itemError(response.errorCode, null) ?? response.topics
  })
}

type PartitionErrors = readonly {
  readonly name: string
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[]
}[]

/** Partitions that the coordinator could not take yet are sent again, those that are done are not. */
async function eachPartition<T extends TopicPartition>(
  core: ClientCore,
  groupId: string,
  partitions: readonly T[],
  send: (connection: Connection, pending: readonly T[]) => Promise<PartitionErrors | BrokerError>,
): Promise<PartitionResult[]> {
  const results = new Map<string, PartitionResult>()
  const isRetried = (errorCode: number) => errorCode === ERROR_CODES.REBALANCE_IN_PROGRESS
  const answers = await askCoordinators<null>(core, [groupId], {
    batchSize: 1,
    isRetried,
    async ask(connection) {
      const pending = partitions.filter((at) => {
        const code = results.get(nameOf(at))?.error?.errorCode
        return !results.has(nameOf(at)) || (code !== undefined && (isPassing(code) || isRetried(code)))
      })
      const topics = await send(connection, pending)
      if (topics instanceof BrokerError) return new Map([[groupId, topics]])
      let again: BrokerError | null = null
      for (const topic of topics) {
        for (const { partitionIndex, errorCode } of topic.partitions) {
          const result = resultOf(
            { topic: topic.name, partition: partitionIndex },
            itemError(errorCode, null),
          )
          results.set(result.name, result)
          if (isPassing(errorCode) || isRetried(errorCode)) again = result.error
        }
      }
      return new Map([[groupId, again]])
    },
  })
  const failure = answers.get(groupId)
  // The partitions that were still waiting have it too.
  if (failure instanceof BrokerError && results.size === 0) throw failure
  return partitions.map((at) => results.get(nameOf(at)) ?? resultOf(at, failure ?? null))
}

function toFetch(partitions: readonly TopicPartition[]) {
  return byTopic(partitions).map(([name, entries]) => ({
    name,
    partitionIndexes: entries.map((entry) => entry.partition),
  }))
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

function resultOf({ topic, partition }: TopicPartition, error: BrokerError | null): PartitionResult {
  return { name: nameOf({ topic, partition }), topic, partition, error }
}
