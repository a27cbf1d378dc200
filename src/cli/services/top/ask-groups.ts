import type { Connection } from '../../../client/index.ts'
import { ERROR_CODES } from '../../../protocol/index.ts'
import { assignedPartitions } from '../../../protocol/internal/index.ts'
import { offsetFetch } from '../../../protocol/messages/09-offset-fetch.ts'
import { describeGroups } from '../../../protocol/messages/15-describe-groups.ts'
import { listGroups } from '../../../protocol/messages/16-list-groups.ts'
import { consumerGroupDescribe } from '../../../protocol/messages/69-consumer-group-describe.ts'
import type { GroupLook, MemberLook } from './look.ts'

const STATES_VERSION = 4
const TYPES_VERSION = 5
const MANY_GROUPS_VERSION = 8
const GROUPS_AT_ONCE = 500

interface Description {
  readonly state: string
  readonly members: readonly MemberLook[]
}

type Committed = GroupLook['offsets']

/** The groups that a broker coordinates: it lists no others. Undefined when it does not list them. */
export async function askGroups(connection: Connection, broker: number): Promise<GroupLook[] | undefined> {
  const version = connection.versionOf(listGroups)
  const { errorCode, groups } = await connection.send(listGroups, {
    ...(version >= STATES_VERSION && { statesFilter: [] }),
    ...(version >= TYPES_VERSION && { typesFilter: [] }),
  })
  if (errorCode !== ERROR_CODES.NONE) return undefined
  if (groups.length === 0) return []
  const ids = groups.map(({ groupId }) => groupId)
  const later = groups.flatMap(({ groupId, groupType }) => (isLater(groupType) ? [groupId] : []))
  const classic = later.length === 0 ? ids : ids.filter((id) => !later.includes(id))
  const [descriptions, laterOnes, offsets] = await Promise.all([
    inBatches(classic, (batch) => describeClassic(connection, batch)),
    inBatches(later, (batch) => describeLater(connection, batch)),
    inBatches(ids, (batch) => committedOf(connection, batch)),
  ])
  return groups.map(({ groupId, groupState, protocolType }) => {
    const description = descriptions.get(groupId) ?? laterOnes.get(groupId)
    return {
      groupId,
      state: description?.state ?? groupState,
      protocolType,
      coordinator: broker,
      members: description?.members ?? [],
      offsets: offsets.get(groupId) ?? [],
    }
  })
}

/** Groups with the protocol of KIP-848 have a question of their own. */
function isLater(groupType: string): boolean {
  return groupType.toLowerCase() === 'consumer'
}

async function inBatches<T>(
  ids: readonly string[],
  ask: (batch: readonly string[]) => Promise<ReadonlyMap<string, T>>,
): Promise<Map<string, T>> {
  const found = new Map<string, T>()
  for (let at = 0; at < ids.length; at += GROUPS_AT_ONCE)
    for (const [id, answer] of await ask(ids.slice(at, at + GROUPS_AT_ONCE))) found.set(id, answer)
  return found
}

async function describeClassic(
  connection: Connection,
  ids: readonly string[],
): Promise<Map<string, Description>> {
  const { groups } = await connection.send(describeGroups, { groups: ids })
  const told = groups.filter(({ errorCode }) => errorCode === ERROR_CODES.NONE)
  return new Map(
    told.map(({ groupId, groupState, protocolType, members }) => [
      groupId,
      {
        state: groupState,
        members: members.map(({ memberId, groupInstanceId, clientId, clientHost, memberAssignment }) => ({
          memberId,
          groupInstanceId,
          clientId,
          host: clientHost,
          partitions: protocolType === 'consumer' ? assignedPartitions(memberAssignment) : null,
        })),
      },
    ]),
  )
}

async function describeLater(
  connection: Connection,
  groupIds: readonly string[],
): Promise<Map<string, Description>> {
  const { groups } = await connection.send(consumerGroupDescribe, {
    groupIds,
    includeAuthorizedOperations: false,
  })
  const told = groups.filter(({ errorCode }) => errorCode === ERROR_CODES.NONE)
  return new Map(
    told.map(({ groupId, groupState, members }) => [
      groupId,
      {
        state: groupState,
        members: members.map(({ memberId, instanceId, clientId, clientHost, assignment }) => ({
          memberId,
          groupInstanceId: instanceId,
          clientId,
          host: clientHost,
          partitions: assignment.topicPartitions.flatMap(({ topicName: topic, partitions }) =>
            partitions.map((partition) => ({ topic, partition })),
          ),
        })),
      },
    ]),
  )
}

async function committedOf(connection: Connection, ids: readonly string[]): Promise<Map<string, Committed>> {
  if (connection.versionOf(offsetFetch) >= MANY_GROUPS_VERSION) {
    const groups = ids.map((groupId) => ({ groupId, topics: null }))
    const response = await connection.send(offsetFetch, { groups, requireStable: false })
    return new Map(response.groups.map(({ groupId, topics }) => [groupId, offsetsOf(topics)]))
  }
  const single = ids.map(async (groupId): Promise<[string, Committed]> => {
    const { topics } = await connection.send(offsetFetch, { groupId, topics: null })
    return [groupId, offsetsOf(topics)]
  })
  return new Map(await Promise.all(single))
}

interface FetchedTopic {
  readonly name: string
  readonly partitions: readonly {
    readonly partitionIndex: number
    readonly committedOffset: number
    readonly errorCode: number
  }[]
}

function offsetsOf(topics: readonly FetchedTopic[]): Committed {
  return topics.flatMap(({ name: topic, partitions }) =>
    partitions
      .filter(({ errorCode, committedOffset }) => errorCode === ERROR_CODES.NONE && committedOffset >= 0)
      .map(({ partitionIndex: partition, committedOffset: offset }) => ({ topic, partition, offset })),
  )
}
