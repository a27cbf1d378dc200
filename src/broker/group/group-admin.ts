import type { ErrorName } from '../../protocol/index.ts'
import type { Group, GroupState } from './group.ts'
import type { GroupStore } from './group-store.ts'
import { type Member, NO_BYTES } from './member.ts'

/** Groups of the protocol of KIP-848 are not served. */
const GROUP_TYPE = 'classic'

export interface GroupOverview {
  readonly groupId: string
  readonly protocolType: string
  readonly state: GroupState
  readonly type: string
}

export interface GroupDescription {
  readonly groupId: string
  readonly error: ErrorName
  /** Empty when there is an error. */
  readonly state: GroupState | ''
  readonly protocolType: string
  /** Empty unless the group is stable. */
  readonly protocolName: string
  readonly members: readonly MemberDescription[]
}

export interface MemberDescription {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  /** Empty unless the group is stable. */
  readonly metadata: Buffer
  readonly assignment: Buffer
}

/** ListGroups, DescribeGroups and DeleteGroups (kafka.coordinator.group.GroupCoordinator). */
export class GroupAdmin {
  private readonly store: GroupStore

  constructor(store: GroupStore) {
    this.store = store
  }

  /** Those of this broker. Empty filters let everything through; neither cares about case. */
  async list(
    states: readonly string[],
    types: readonly string[],
  ): Promise<{ error: ErrorName; groups: readonly GroupOverview[] }> {
    const { store } = this
    if (!store.isOpen) return { error: 'COORDINATOR_NOT_AVAILABLE', groups: [] }
    const isComplete = await store.loadAll()
    const wanted = new Set(states.map((state) => state.toLowerCase()))
    const isType = types.length === 0 || types.some((type) => type.toLowerCase() === GROUP_TYPE)
    const groups = !isType
      ? []
      : store
          .all()
          .filter(({ state }) => wanted.size === 0 || wanted.has(state.toLowerCase()))
          .map(({ groupId, protocolType, state }) => ({
            groupId,
            protocolType: protocolType ?? '',
            state,
            type: GROUP_TYPE,
          }))
    return { error: isComplete ? 'NONE' : 'COORDINATOR_LOAD_IN_PROGRESS', groups }
  }

  /** A group that there is not is `Dead`. */
  async describe(groupId: string): Promise<GroupDescription> {
    const { store } = this
    const nothing = { groupId, protocolType: '', protocolName: '', members: [] }
    const refusal = await store.whyNot(groupId, { needsGroupId: false })
    if (refusal !== null) return { ...nothing, error: refusal, state: '' }
    const group = store.get(groupId)
    if (group === undefined) return { ...nothing, error: 'NONE', state: 'Dead' }
    return { error: 'NONE', ...describeGroup(group) }
  }

  /** What became of each, the refused ones first. */
  async delete(groupIds: readonly string[]): Promise<{ groupId: string; error: ErrorName }[]> {
    const { store } = this
    const outcomes: { groupId: string; error: ErrorName }[] = []
    const deleted: Group[] = []
    for (const groupId of new Set(groupIds)) {
      const refusal = await store.whyNot(groupId, { needsGroupId: false })
      const group = store.get(groupId)
      if (refusal !== null) outcomes.push({ groupId, error: refusal })
      else if (group === undefined || group.is('Dead'))
        outcomes.push({ groupId, error: 'GROUP_ID_NOT_FOUND' })
      else if (!group.is('Empty')) outcomes.push({ groupId, error: 'NON_EMPTY_GROUP' })
      else {
        group.transitionTo('Dead')
        deleted.push(group)
      }
    }
    await store.cleanUp(deleted, (group) => group.offsets.removeAll())
    return [...outcomes, ...deleted.map(({ groupId }) => ({ groupId, error: 'NONE' as const }))]
  }
}

function describeGroup(group: Group): Omit<GroupDescription, 'error'> {
  const isStable = group.is('Stable')
  const { groupId, protocolType, state } = group
  const protocolName = isStable ? group.protocolName : null
  return {
    groupId,
    state,
    protocolType: protocolType ?? '',
    protocolName: protocolName ?? '',
    members: group.memberList().map((member) => describeMember(member, protocolName)),
  }
}

function describeMember(member: Member, protocolName: string | null): MemberDescription {
  const { memberId, groupInstanceId, clientId, clientHost, assignment } = member
  return {
    memberId,
    groupInstanceId,
    clientId,
    clientHost,
    metadata: protocolName === null ? NO_BYTES : member.metadataOf(protocolName),
    assignment: protocolName === null ? NO_BYTES : assignment,
  }
}
