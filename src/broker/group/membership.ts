import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import type { ErrorName } from '../../protocol/index.ts'
import type { Group } from './group.ts'
import type { GroupConfig } from './group-config.ts'
import type { GroupStore } from './group-store.ts'
import { type JoinResult, joinError, Member, type Protocol, type SyncResult, syncError } from './member.ts'
import { randomMemberUuid } from './member-id.ts'
import type { Rebalancer } from './rebalance.ts'

export interface JoinRequest {
  readonly groupId: string
  /** Empty in the first request of a process. */
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly Protocol[]
  readonly reason: string | null
  /** The client asks twice: the first answer gives it its id (KIP-394). */
  readonly requireKnownMemberId: boolean
  readonly supportsSkippingAssignment: boolean
}

export interface SyncRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** Null from clients that do not say. */
  readonly protocolType: string | null
  readonly protocolName: string | null
  /** By member id; only the leader sends some. */
  readonly assignments: ReadonlyMap<string, Buffer>
}

export interface HeartbeatRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface LeavingMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly reason: string | null
}

export interface LeaveResult {
  readonly error: ErrorName
  readonly members: readonly (LeavingMember & { readonly error: ErrorName })[]
}

export interface MembershipDeps {
  readonly logger: Logger
  readonly random: Random
  readonly config: GroupConfig
  readonly store: GroupStore
  readonly rebalancer: Rebalancer
}

type RespondJoin = (result: JoinResult) => void

/** JoinGroup, SyncGroup, Heartbeat and LeaveGroup (kafka.coordinator.group.GroupCoordinator). */
export class Membership {
  private readonly deps: MembershipDeps

  constructor(deps: MembershipDeps) {
    this.deps = deps
  }

  async join(request: JoinRequest): Promise<JoinResult> {
    const { store, config } = this.deps
    const { groupId, memberId, sessionTimeoutMs } = request
    const refusal = await store.whyNot(groupId, { needsGroupId: true })
    if (refusal !== null) return joinError(memberId, refusal)
    if (sessionTimeoutMs < config.minSessionTimeoutMs || sessionTimeoutMs > config.maxSessionTimeoutMs) {
      return joinError(memberId, 'INVALID_SESSION_TIMEOUT')
    }
    const isNew = memberId === ''
    const group = isNew ? store.getOrCreate(groupId) : store.get(groupId)
    if (group === undefined) return joinError(memberId, 'UNKNOWN_MEMBER_ID')
    return new Promise((respond) => {
      if (!this.hasRoomFor(group, memberId)) {
        group.remove(memberId)
        respond(joinError('', 'GROUP_MAX_SIZE_REACHED'))
      } else if (isNew) this.joinAsNew(group, request, respond)
      else this.joinAgain(group, request, respond)
      this.deps.rebalancer.tryCompleteJoin(group)
    })
  }

  /** Members beyond group.max.size are refused; when it was lowered, those that join again last are. */
  private hasRoomFor(group: Group, memberId: string): boolean {
    const { maxSize } = this.deps.config
    if (group.is('Empty', 'Dead')) return true
    const isMember = group.has(memberId)
    if (group.is('PreparingRebalance')) {
      return (isMember && group.get(memberId).isAwaitingJoin) || group.awaitingJoinCount < maxSize
    }
    return isMember || group.size < maxSize
  }

  private joinAsNew(group: Group, request: JoinRequest, respond: RespondJoin): void {
    const { groupInstanceId, clientId } = request
    const refusal = checkJoin(group, request)
    if (refusal !== null) {
      respond(joinError('', refusal))
      return
    }
    const memberId = `${groupInstanceId ?? clientId}-${randomMemberUuid(this.deps.random)}`
    if (groupInstanceId !== null) {
      const oldMemberId = group.staticMemberId(groupInstanceId)
      if (oldMemberId === undefined) this.add(group, memberId, request, respond)
      else this.replaceStatic(group, { groupInstanceId, oldMemberId, memberId }, request, respond)
      return
    }
    if (!request.requireKnownMemberId) {
      this.add(group, memberId, request, respond)
      return
    }
    this.deps.rebalancer.expectPending(group, memberId, request.sessionTimeoutMs)
    respond(joinError(memberId, 'MEMBER_ID_REQUIRED'))
  }

  private joinAgain(group: Group, request: JoinRequest, respond: RespondJoin): void {
    const { memberId, groupInstanceId, protocols } = request
    const isPending = group.isPending(memberId)
    const refusal =
      checkJoin(group, request) ?? (isPending ? null : group.checkMember(memberId, groupInstanceId))
    if (refusal !== null) {
      respond(joinError(memberId, refusal))
      return
    }
    if (isPending) {
      this.add(group, memberId, request, respond)
      return
    }
    const member = group.get(memberId)
    const isSame = member.matches(protocols)
    if (group.is('CompletingRebalance') && isSame) {
      // The first answer was lost.
      respond(group.joinResult(member))
    } else if (group.is('Stable') && isSame && !group.isLeader(memberId)) {
      // It only has to ask for its assignment again.
      respond(group.joinResult(member))
    } else {
      group.update(member, request, respond)
      const who = group.isLeader(memberId) ? 'the leader' : `member ${memberId}`
      this.deps.rebalancer.maybePrepare(group, `${who} joins again: ${reasonOf(request)}`)
    }
  }

  private add(group: Group, memberId: string, request: JoinRequest, respond: RespondJoin): void {
    const { rebalancer } = this.deps
    const member = new Member({ ...request, memberId })
    member.isNew = true
    if (group.is('PreparingRebalance') && group.generationId === 0) group.newMemberAdded = true
    group.add(member)
    member.joinCallback = respond
    rebalancer.expectNewMember(group, member)
    rebalancer.maybePrepare(group, `member ${memberId} is new: ${reasonOf(request)}`)
  }

  /** A process came back under its name with a new id (KIP-345). A stable group need not rebalance for that. */
  private replaceStatic(
    group: Group,
    ids: { groupInstanceId: string; oldMemberId: string; memberId: string },
    request: JoinRequest,
    respond: RespondJoin,
  ): void {
    const { rebalancer } = this.deps
    const { groupInstanceId, oldMemberId, memberId } = ids
    const oldLeaderId = group.leaderId
    const member = group.replaceStatic(groupInstanceId, oldMemberId, memberId)
    rebalancer.touch(group, member)
    const { protocols, rebalanceTimeoutMs, sessionTimeoutMs } = member
    group.update(member, request, respond)
    const reason = `static member ${groupInstanceId} came back as ${memberId}: ${reasonOf(request)}`
    // The leader may already be sharing out work among the old ids.
    if (group.is('CompletingRebalance')) rebalancer.prepare(group, reason)
    if (!group.is('Stable')) return
    if (group.selectProtocol() !== group.protocolName) {
      rebalancer.maybePrepare(group, reason)
      return
    }
    const { generationId } = group
    const assignments = new Map(group.memberList().map((each) => [each.memberId, each.assignment]))
    void this.deps.store.storeGroup(group, assignments).then((error) => {
      // A rebalance that has begun meanwhile answers it, as it does everyone.
      if (!group.is('Stable') || group.generationId !== generationId) return
      if (group.staticMemberId(groupInstanceId) !== memberId) return
      if (error !== 'NONE') {
        group.update(member, { protocols, rebalanceTimeoutMs, sessionTimeoutMs }, null)
        rebalancer.touch(group, group.replaceStatic(groupInstanceId, memberId, oldMemberId))
        respond({
          ...group.joinResult(member),
          error,
          memberId: '',
          leaderId: oldLeaderId ?? '',
          members: [],
        })
        return
      }
      const result = group.joinResult(member)
      // A stable group has no use for a new assignment. Older clients are kept from making one by naming the old leader.
      group.answerJoin(
        member,
        request.supportsSkippingAssignment
          ? { ...result, skipAssignment: group.isLeader(memberId) }
          : { ...result, leaderId: oldLeaderId ?? '', members: [] },
      )
    })
  }

  async sync(request: SyncRequest): Promise<SyncResult> {
    const { store, rebalancer } = this.deps
    const { groupId, memberId } = request
    const refusal = await store.whyNot(groupId, { needsGroupId: true })
    // The state of the rebalance is lost, so joining again is all that helps; older clients do not know the other code.
    if (refusal === 'COORDINATOR_LOAD_IN_PROGRESS') return syncError('REBALANCE_IN_PROGRESS')
    if (refusal !== null) return syncError(refusal)
    const group = store.get(groupId)
    if (group === undefined) return syncError('UNKNOWN_MEMBER_ID')
    const invalid = checkSync(group, request)
    if (invalid !== null) return syncError(invalid)
    const member = group.get(memberId)
    if (group.is('Empty')) return syncError('UNKNOWN_MEMBER_ID')
    if (group.is('PreparingRebalance')) return syncError('REBALANCE_IN_PROGRESS')
    if (group.is('Stable')) {
      rebalancer.synced(group, memberId)
      rebalancer.touch(group, member)
      const { protocolType, protocolName } = group
      return { error: 'NONE', protocolType, protocolName, assignment: member.assignment }
    }
    return new Promise((respond) => {
      member.syncCallback = respond
      rebalancer.synced(group, memberId)
      if (group.isLeader(memberId)) rebalancer.assign(group, request.assignments)
    })
  }

  async heartbeat(request: HeartbeatRequest): Promise<ErrorName> {
    const { store, rebalancer } = this.deps
    const { groupId, memberId, groupInstanceId, generationId } = request
    const refusal = await store.whyNot(groupId, { needsGroupId: true })
    // Nobody is dropped while the group is being read.
    if (refusal === 'COORDINATOR_LOAD_IN_PROGRESS') return 'NONE'
    if (refusal !== null) return refusal
    const group = store.get(groupId)
    if (group === undefined) return 'UNKNOWN_MEMBER_ID'
    if (group.is('Dead')) return 'COORDINATOR_NOT_AVAILABLE'
    const invalid = group.checkMember(memberId, groupInstanceId)
    if (invalid !== null) return invalid
    if (generationId !== group.generationId) return 'ILLEGAL_GENERATION'
    rebalancer.touch(group, group.get(memberId))
    return group.is('PreparingRebalance') ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  async leave(groupId: string, leaving: readonly LeavingMember[]): Promise<LeaveResult> {
    const { store } = this.deps
    const refusal = await store.whyNot(groupId, { needsGroupId: true })
    if (refusal !== null) return { error: refusal, members: [] }
    const group = store.get(groupId)
    if (group === undefined) {
      return { error: 'NONE', members: leaving.map((each) => ({ ...each, error: 'UNKNOWN_MEMBER_ID' })) }
    }
    if (group.is('Dead')) return { error: 'COORDINATOR_NOT_AVAILABLE', members: [] }
    return {
      error: 'NONE',
      members: leaving.map((each) => ({ ...each, error: this.leaveOne(group, each) })),
    }
  }

  private leaveOne(group: Group, { memberId, groupInstanceId, reason }: LeavingMember): ErrorName {
    const { rebalancer } = this.deps
    const why = `it left: ${reason ?? 'not provided'}`
    if (memberId === '') {
      // An administrator takes out a static member by its name.
      const current = groupInstanceId === null ? undefined : group.staticMemberId(groupInstanceId)
      if (current === undefined) return 'UNKNOWN_MEMBER_ID'
      rebalancer.removeMember(group, group.get(current), why)
      return 'NONE'
    }
    if (group.isPending(memberId)) {
      rebalancer.removePending(group, memberId)
      return 'NONE'
    }
    const refusal = group.checkMember(memberId, groupInstanceId)
    if (refusal !== null) return refusal
    rebalancer.removeMember(group, group.get(memberId), why)
    return 'NONE'
  }
}

function checkJoin(group: Group, request: JoinRequest): ErrorName | null {
  const { memberId, groupInstanceId, protocolType, protocols } = request
  if (group.is('Dead')) return 'COORDINATOR_NOT_AVAILABLE'
  if (!group.supports(protocolType, protocols)) return 'INCONSISTENT_GROUP_PROTOCOL'
  // Ids are only given out ahead to members without an instance id.
  return group.isPending(memberId) && groupInstanceId !== null ? 'UNKNOWN_SERVER_ERROR' : null
}

function checkSync(group: Group, request: SyncRequest): ErrorName | null {
  if (group.is('Dead')) return 'COORDINATOR_NOT_AVAILABLE'
  const { memberId, groupInstanceId, generationId, protocolType, protocolName } = request
  const refusal = group.checkMember(memberId, groupInstanceId)
  if (refusal !== null) return refusal
  if (generationId !== group.generationId) return 'ILLEGAL_GENERATION'
  if (protocolType !== null && protocolType !== group.protocolType) return 'INCONSISTENT_GROUP_PROTOCOL'
  if (protocolName !== null && protocolName !== group.protocolName) return 'INCONSISTENT_GROUP_PROTOCOL'
  return null
}

function reasonOf({ reason }: JoinRequest): string {
  return reason === null || reason === '' ? 'not provided' : reason
}
