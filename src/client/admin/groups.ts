import { errorInfo } from '../../protocol/index.ts'
import { assignedPartitions, subscribedTopics } from '../../protocol/internal/index.ts'
import { leaveGroup } from '../../protocol/messages/13-leave-group.ts'
import { type DescribeGroupsResponse, describeGroups } from '../../protocol/messages/15-describe-groups.ts'
import { listGroups } from '../../protocol/messages/16-list-groups.ts'
import { deleteGroups } from '../../protocol/messages/42-delete-groups.ts'
import { consumerGroupDescribe } from '../../protocol/messages/69-consumer-group-describe.ts'
import type { ClientCore } from '../core.ts'
import type { BrokerNode } from '../metadata.ts'
import { BrokerError, ClientError, type Connection, UnsupportedVersionError } from '../net/index.ts'
import type { TopicPartition } from '../offsets.ts'
import { askCoordinators, isPassing } from './coordinators.ts'
import { operationsOf } from './operations.ts'
import { type ItemResult, itemError } from './results.ts'

/** A group as its coordinator lists it. */
export interface GroupListing {
  readonly groupId: string
  /** `consumer`, `connect` …; '' for a group that only has offsets. */
  readonly protocolType: string
  /** `Stable`, `Empty` …; '' from brokers before 2.6. */
  readonly state: string
  /** `classic` or `consumer`; '' from brokers before 3.8. */
  readonly type: string
}

/** The groups of all brokers that answered. */
export interface ListedGroups {
  readonly groups: readonly GroupListing[]
  /** Brokers that did not answer: their groups are missing. */
  readonly failures: readonly { readonly broker: number; readonly error: ClientError }[]
}

export interface ListGroupsFilter {
  /** As the broker spells them; all when empty. */
  readonly states?: readonly string[]
  readonly types?: readonly string[]
}

/** A member of a group, as its coordinator knows it. */
export interface GroupMember {
  readonly memberId: string
  /** Null for a dynamic member. */
  readonly groupInstanceId: string | null
  readonly clientId: string
  /** `/127.0.0.1` */
  readonly host: string
  /** What it said when it joined, and what the leader gave it, as bytes of the group's protocol; empty with KIP-848. */
  readonly metadata: Buffer
  readonly assignment: Buffer
  /** Of consumers; null when the bytes cannot be read, or the group is of another kind. */
  readonly topics: readonly string[] | null
  readonly partitions: readonly TopicPartition[] | null
}

/** `name` is the group's id. A group that does not exist is `Dead`, with no error, on brokers before 4.0. */
export interface GroupDescription extends ItemResult {
  /** Of a classic group `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable`, `Dead`; '' with an error. */
  readonly state: string
  /** `consumer` for groups with the protocol of KIP-848, which Apache Kafka's brokers with KRaft have. */
  readonly type: 'classic' | 'consumer'
  readonly protocolType: string
  /** The assignor's name, '' when the group is not stable. */
  readonly protocol: string
  readonly members: readonly GroupMember[]
  readonly coordinator: BrokerNode | null
  /** What whoever asks may do; null when that was not asked for, or the broker is older than 2.3. */
  readonly authorizedOperations: readonly string[] | null
}

const STATES_VERSION = 4
const TYPES_VERSION = 5
const OPERATIONS_VERSION = 3
const MANY_MEMBERS_VERSION = 3
const DESCRIBED_AT_ONCE = 500
const DELETED_AT_ONCE = 1000

/** All groups of all brokers. Throws when none of the brokers answers. */
export async function list(core: ClientCore, filter: ListGroupsFilter): Promise<ListedGroups> {
  await core.retry(() => core.refresh([]))
  const brokers = [...core.metadata.brokers.keys()].sort((a, b) => a - b)
  const groups = new Map<string, GroupListing>()
  const failures: { broker: number; error: ClientError }[] = []
  const ask = async (broker: number) => {
    try {
      for (const group of await core.retry(() => listOf(core, broker, filter))) {
        groups.set(group.groupId, group)
      }
    } catch (error) {
      if (!(error instanceof ClientError) || error instanceof UnsupportedVersionError) throw error
      failures.push({ broker, error })
    }
  }
  await Promise.all(brokers.map(ask))
  const [first] = failures
  if (first !== undefined && failures.length === brokers.length) throw first.error
  return { groups: [...groups.values()], failures }
}

async function listOf(core: ClientCore, broker: number, filter: ListGroupsFilter): Promise<GroupListing[]> {
  const connection = await core.connectionTo(broker)
  const version = connection.versionOf(listGroups)
  const { states = [], types = [] } = filter
  if (states.length > 0 && version < STATES_VERSION)
    throw new UnsupportedVersionError(`broker ${broker} is too old to list groups by their state`)
  // Older brokers have groups of the classic type only, so nothing is lost by not asking.
  const isClassicOnly = types.length === 1 && types[0]?.toLowerCase() === 'classic'
  if (types.length > 0 && version < TYPES_VERSION && !isClassicOnly)
    throw new UnsupportedVersionError(`broker ${broker} is too old to list groups by their type`)
  const response = await connection.send(listGroups, {
    ...(version >= STATES_VERSION && { statesFilter: states }),
    ...(version >= TYPES_VERSION && { typesFilter: types }),
  })
  const error = itemError(response.errorCode, null)
  if (error !== null) throw error
  return response.groups.map(({ groupId, protocolType, groupState, groupType }) => ({
    groupId,
    protocolType,
    state: groupState,
    type: groupType,
  }))
}

/** In the order of the ids, each once. */
export async function describe(
  core: ClientCore,
  groupIds: readonly string[],
  options: { includeAuthorizedOperations?: boolean },
): Promise<GroupDescription[]> {
  const answers = await askCoordinators<GroupDescription>(core, groupIds, {
    batchSize: DESCRIBED_AT_ONCE,
    async ask(connection, groups, coordinator) {
      const withOperations = connection.versionOf(describeGroups) >= OPERATIONS_VERSION
      const response = await connection.send(describeGroups, {
        groups,
        ...(withOperations && {
          includeAuthorizedOperations: options.includeAuthorizedOperations ?? false,
        }),
      })
      const answers = new Map<string, GroupDescription | BrokerError>(
        response.groups.map((group) => [
          group.groupId,
          itemError(group.errorCode, null) ?? descriptionOf(group, coordinator),
        ]),
      )
      // Groups with the later protocol are none to this API; brokers that have them serve another one.
      const unknown = groups.filter((id) => isUnknown(answers.get(id)))
      if (unknown.length > 0 && connection.brokerVersions.has(consumerGroupDescribe.key)) {
        const later = await describeLater(connection, unknown, coordinator, options)
        for (const [id, answer] of later) if (!isUnknown(answer)) answers.set(id, answer)
      }
      return answers
    },
  })
  return [...new Set(groupIds)].map((groupId) => {
    const answer = answers.get(groupId)
    if (answer !== undefined && !(answer instanceof BrokerError)) return answer
    return {
      name: groupId,
      error: answer ?? null,
      state: '',
      type: 'classic',
      protocolType: '',
      protocol: '',
      members: [],
      coordinator: null,
      authorizedOperations: null,
    }
  })
}

type DescribedGroup = DescribeGroupsResponse['groups'][number]

function descriptionOf(group: DescribedGroup, coordinator: BrokerNode): GroupDescription {
  const isConsumer = group.protocolType === 'consumer'
  return {
    name: group.groupId,
    error: null,
    state: group.groupState,
    type: 'classic',
    protocolType: group.protocolType,
    protocol: group.protocolData,
    coordinator,
    authorizedOperations: operationsOf(group.authorizedOperations),
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      host: member.clientHost,
      metadata: member.memberMetadata,
      assignment: member.memberAssignment,
      topics: isConsumer ? subscribedTopics(member.memberMetadata) : null,
      partitions: isConsumer ? assignedPartitions(member.memberAssignment) : null,
    })),
  }
}

function isUnknown(answer: GroupDescription | BrokerError | undefined): boolean {
  // Brokers with ZooKeeper serve the later API too, and answer that they do not have such groups.
  if (answer instanceof BrokerError)
    return answer.errorName === 'GROUP_ID_NOT_FOUND' || answer.errorName === 'UNSUPPORTED_VERSION'
  return answer?.state === 'Dead'
}

/** ConsumerGroupDescribe (KIP-848): the broker itself knows who subscribes to what, and who has what. */
async function describeLater(
  connection: Connection,
  groupIds: readonly string[],
  coordinator: BrokerNode,
  { includeAuthorizedOperations = false }: { includeAuthorizedOperations?: boolean },
): Promise<Map<string, GroupDescription | BrokerError>> {
  const response = await connection.send(consumerGroupDescribe, { groupIds, includeAuthorizedOperations })
  return new Map(
    response.groups.map((group) => {
      const description: GroupDescription = {
        name: group.groupId,
        error: null,
        state: group.groupState,
        type: 'consumer',
        protocolType: 'consumer',
        protocol: group.assignorName,
        coordinator,
        authorizedOperations: operationsOf(group.authorizedOperations),
        members: group.members.map((member) => ({
          memberId: member.memberId,
          groupInstanceId: member.instanceId,
          clientId: member.clientId,
          host: member.clientHost,
          metadata: NO_BYTES,
          assignment: NO_BYTES,
          topics: member.subscribedTopicNames,
          partitions: member.assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
            partitions.map((partition) => ({ topic: topicName, partition })),
          ),
        })),
      }
      return [group.groupId, itemError(group.errorCode, group.errorMessage) ?? description]
    }),
  )
}

const NO_BYTES = Buffer.alloc(0)

export async function remove(core: ClientCore, groupIds: readonly string[]): Promise<ItemResult[]> {
  const answers = await askCoordinators<null>(core, groupIds, {
    batchSize: DELETED_AT_ONCE,
    async ask(connection, groupsNames) {
      const { results } = await connection.send(deleteGroups, { groupsNames })
      return new Map(results.map(({ groupId, errorCode }) => [groupId, itemError(errorCode, null)]))
    },
  })
  return [...answers].map(([name, error]) => ({ name, error }))
}

/** A member by what it was given: static ones by their instance, others by the id of this life. */
export type MemberToRemove = { readonly groupInstanceId: string } | { readonly memberId: string }

const MAX_REASON_LENGTH = 255

/**
 * Sends members out of a group, or all of them. `name` of a result is the instance id, else the member id. Throws when
 * the group as a whole refuses.
 */
export async function removeMembers(
  core: ClientCore,
  groupId: string,
  members: readonly MemberToRemove[] | 'all',
  reason: string | undefined,
): Promise<ItemResult[]> {
  const wanted = members === 'all' ? await membersOf(core, groupId) : members
  if (wanted.length === 0) return []
  const said = `member was removed by an admin${reason ? `: ${reason}` : ''}`.slice(0, MAX_REASON_LENGTH)
  const answers = await askCoordinators<ItemResult[]>(core, [groupId], {
    batchSize: 1,
    async ask(connection) {
      const version = connection.versionOf(leaveGroup)
      if (version < MANY_MEMBERS_VERSION)
        throw new UnsupportedVersionError('the broker is too old to remove members (it needs 2.4)')
      const response = await connection.send(leaveGroup, {
        groupId,
        members: wanted.map((member) => ({
          memberId: 'memberId' in member ? member.memberId : '',
          groupInstanceId: 'groupInstanceId' in member ? member.groupInstanceId : null,
          ...(version >= 5 && { reason: said }),
        })),
      })
      const failure = itemError(response.errorCode, null)
      const results = response.members.map(({ groupInstanceId, memberId, errorCode }) => ({
        name: groupInstanceId ?? memberId,
        error: itemError(errorCode, errorInfo(errorCode).name),
      }))
      const passing = response.members.find(({ errorCode }) => isPassing(errorCode))
      const again = passing === undefined ? null : itemError(passing.errorCode, null)
      return new Map([[groupId, failure ?? again ?? results]])
    },
  })
  const answer = answers.get(groupId)
  if (answer instanceof BrokerError) throw answer
  return answer ?? []
}

async function membersOf(core: ClientCore, groupId: string): Promise<MemberToRemove[]> {
  const [group] = await describe(core, [groupId], {})
  if (group?.error) throw group.error
  return (group?.members ?? []).map(({ groupInstanceId, memberId }) =>
    groupInstanceId === null ? { memberId } : { groupInstanceId },
  )
}
