import { assert, defined } from '../../base/assert.ts'
import type { Clock } from '../../base/clock.ts'
import type { ErrorName } from '../../protocol/index.ts'
import { subscribedTopicsOf } from './consumer-subscriptions.ts'
import type { Deadline } from './deadline.ts'
import { GroupOffsets, type PartitionOffset } from './group-offsets.ts'
import {
  type JoinResult,
  joinError,
  type Member,
  type MemberOfAnswer,
  NO_BYTES,
  type Protocol,
  type SyncResult,
  syncError,
} from './member.ts'

/**
 * `PreparingRebalance`: waits for members to join. `CompletingRebalance`: waits for the leader's assignment. `Dead`: no
 * longer here; whoever still holds the object must not use it.
 */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

const PREVIOUS_STATES: Readonly<Record<GroupState, readonly GroupState[]>> = {
  Empty: ['PreparingRebalance'],
  PreparingRebalance: ['Stable', 'CompletingRebalance', 'Empty'],
  CompletingRebalance: ['PreparingRebalance'],
  Stable: ['CompletingRebalance'],
  Dead: ['Stable', 'PreparingRebalance', 'CompletingRebalance', 'Empty', 'Dead'],
}

/** The protocol type of consumers: the only one whose metadata the coordinator looks into. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer'

/** What was in the log of a group. */
export interface StoredGroup {
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leaderId: string | null
  readonly stateSinceMs: number | null
  readonly members: readonly Member[]
}

/** One group: its members, its generation and its offsets (kafka.coordinator.group.GroupMetadata). Does not do anything by itself. */
export class Group {
  readonly groupId: string
  readonly offsets = new GroupOffsets()
  private readonly clock: Clock
  private current: GroupState = 'Empty'
  /** Null in groups whose record is older than Kafka 2.1. */
  stateSinceMs: number | null
  generationId = 0
  /** Null for a group that only stores offsets. */
  protocolType: string | null = null
  protocolName: string | null = null
  leaderId: string | null = null
  /** Null when the members are no consumers, or cannot be understood. */
  subscribedTopics: ReadonlySet<string> | null = null
  /** Somebody new came while a group with no generation waited for its first members. */
  newMemberAdded = false
  /** Ends the phase that the group is in: waiting for joins, or for syncs. */
  phase: Deadline | undefined
  private readonly members = new Map<string, Member>()
  /** Member ids by group instance id. */
  private readonly staticMembers = new Map<string, string>()
  /** Ids that were given out and not used yet (KIP-394), each with the end of its time. */
  private readonly pendingMembers = new Map<string, Deadline>()
  /** Of the current generation, those that have not asked for their assignment. */
  readonly pendingSync = new Set<string>()
  private supporters = new Map<string, number>()

  constructor(groupId: string, clock: Clock) {
    this.groupId = groupId
    this.clock = clock
    this.stateSinceMs = clock.nowMs()
  }

  static load(groupId: string, clock: Clock, stored: StoredGroup): Group {
    const group = new Group(groupId, clock)
    group.current = stored.members.length === 0 ? 'Empty' : 'Stable'
    group.generationId = stored.generationId
    group.protocolName = stored.protocolName
    group.leaderId = stored.leaderId
    group.stateSinceMs = stored.stateSinceMs
    for (const member of stored.members) group.add(member)
    group.protocolType = stored.protocolType
    group.subscribedTopics = group.computeSubscribedTopics()
    return group
  }

  get state(): GroupState {
    return this.current
  }

  is(...states: GroupState[]): boolean {
    return states.includes(this.current)
  }

  transitionTo(state: GroupState): void {
    assert(
      PREVIOUS_STATES[state].includes(this.current),
      `group ${this.groupId} cannot go from ${this.current} to ${state}`,
    )
    this.current = state
    this.stateSinceMs = this.clock.nowMs()
  }

  get canRebalance(): boolean {
    return PREVIOUS_STATES.PreparingRebalance.includes(this.current)
  }

  get size(): number {
    return this.members.size
  }

  memberList(): Member[] {
    return [...this.members.values()]
  }

  has(memberId: string): boolean {
    return this.members.has(memberId)
  }

  get(memberId: string): Member {
    return defined(this.members.get(memberId), `member ${memberId}`)
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId
  }

  get awaitingJoinCount(): number {
    let count = 0
    for (const member of this.members.values()) if (member.isAwaitingJoin) count++
    return count
  }

  get hasAllMembersJoined(): boolean {
    if (this.pendingMembers.size > 0) return false
    for (const member of this.members.values()) if (!member.isAwaitingJoin) return false
    return true
  }

  /** The longest of its members; 0 without any. */
  get rebalanceTimeoutMs(): number {
    let longest = 0
    for (const { rebalanceTimeoutMs } of this.members.values())
      longest = Math.max(longest, rebalanceTimeoutMs)
    return longest
  }

  add(member: Member): void {
    if (member.groupInstanceId !== null) {
      assert(!this.staticMembers.has(member.groupInstanceId), `${member.groupInstanceId} is a member already`)
      this.staticMembers.set(member.groupInstanceId, member.memberId)
    }
    if (this.members.size === 0) this.protocolType = member.protocolType
    this.leaderId ??= member.memberId
    this.members.set(member.memberId, member)
    this.countSupport(member, 1)
    this.removePending(member.memberId)
  }

  remove(memberId: string): void {
    const member = this.members.get(memberId)
    if (member !== undefined) {
      this.members.delete(memberId)
      this.countSupport(member, -1)
      member.session?.cancel()
      if (member.groupInstanceId !== null) this.staticMembers.delete(member.groupInstanceId)
    }
    if (this.isLeader(memberId)) this.leaderId = this.members.keys().next().value ?? null
    this.removePending(memberId)
    this.pendingSync.delete(memberId)
  }

  /** A new process took over the name of an old one: its old requests are fenced, its place and assignment stay. */
  replaceStatic(groupInstanceId: string, oldMemberId: string, newMemberId: string): Member {
    const member = this.get(oldMemberId)
    this.answerJoin(member, joinError(oldMemberId, 'FENCED_INSTANCE_ID'))
    this.answerSync(member, syncError('FENCED_INSTANCE_ID'))
    this.members.delete(oldMemberId)
    member.memberId = newMemberId
    this.members.set(newMemberId, member)
    if (this.isLeader(oldMemberId)) this.leaderId = newMemberId
    this.staticMembers.set(groupInstanceId, newMemberId)
    return member
  }

  staticMemberId(groupInstanceId: string): string | undefined {
    return this.staticMembers.get(groupInstanceId)
  }

  update(
    member: Member,
    now: { protocols: readonly Protocol[]; rebalanceTimeoutMs: number; sessionTimeoutMs: number },
    joinCallback: ((result: JoinResult) => void) | null,
  ): void {
    this.countSupport(member, -1)
    member.protocols = now.protocols
    this.countSupport(member, 1)
    member.rebalanceTimeoutMs = now.rebalanceTimeoutMs
    member.sessionTimeoutMs = now.sessionTimeoutMs
    member.joinCallback = joinCallback
  }

  private countSupport(member: Member, by: 1 | -1): void {
    for (const { name } of member.protocols) this.supporters.set(name, (this.supporters.get(name) ?? 0) + by)
  }

  // Ids that were given out

  isPending(memberId: string): boolean {
    return this.pendingMembers.has(memberId)
  }

  addPending(memberId: string, deadline: Deadline): void {
    this.pendingMembers.set(memberId, deadline)
  }

  removePending(memberId: string): void {
    this.pendingMembers.get(memberId)?.cancel()
    this.pendingMembers.delete(memberId)
  }

  // Answers

  answerJoin(member: Member, result: JoinResult): void {
    const { joinCallback } = member
    member.joinCallback = null
    joinCallback?.(result)
  }

  /** False when the member does not wait for it. */
  answerSync(member: Member, result: SyncResult): boolean {
    const { syncCallback } = member
    member.syncCallback = null
    syncCallback?.(result)
    return syncCallback !== null
  }

  /** What a member of the current generation is told. */
  joinResult(member: Member): JoinResult {
    return {
      error: 'NONE',
      memberId: member.memberId,
      generationId: this.generationId,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      leaderId: this.leaderId ?? '',
      skipAssignment: false,
      members: this.isLeader(member.memberId) ? this.membersForLeader() : [],
    }
  }

  membersForLeader(): MemberOfAnswer[] {
    return this.memberList().map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: member.metadataOf(this.protocolName),
    }))
  }

  /** Why a request that names this member is refused; null when it is one. */
  checkMember(memberId: string, groupInstanceId: string | null): ErrorName | null {
    if (groupInstanceId !== null) {
      const current = this.staticMembers.get(groupInstanceId)
      if (current === undefined) return 'UNKNOWN_MEMBER_ID'
      if (current !== memberId) return 'FENCED_INSTANCE_ID'
    }
    return this.has(memberId) ? null : 'UNKNOWN_MEMBER_ID'
  }

  // Protocols

  supports(protocolType: string, protocols: readonly Protocol[]): boolean {
    if (this.current === 'Empty') return protocolType !== '' && protocols.length > 0
    return (
      this.protocolType === protocolType &&
      protocols.some(({ name }) => (this.supporters.get(name) ?? 0) === this.members.size)
    )
  }

  /** Each member votes for the first of its protocols that all know. */
  selectProtocol(): string {
    const candidates = new Set<string>()
    for (const [name, count] of this.supporters) if (count === this.members.size) candidates.add(name)
    const votes = new Map<string, number>()
    for (const member of this.members.values()) {
      const vote = member.vote(candidates)
      if (vote !== undefined) votes.set(vote, (votes.get(vote) ?? 0) + 1)
    }
    let selected: string | undefined
    for (const [name, count] of votes) {
      if (selected === undefined || count > (votes.get(selected) ?? 0)) selected = name
    }
    return defined(selected, `a protocol that all members of ${this.groupId} know`)
  }

  private computeSubscribedTopics(): ReadonlySet<string> | null {
    if (this.protocolType !== CONSUMER_PROTOCOL_TYPE) return null
    if (this.members.size === 0) return new Set()
    if (this.protocolName === null) return null
    return subscribedTopicsOf(this.memberList().map((member) => member.metadataOf(this.protocolName)))
  }

  isSubscribedTo(topic: string): boolean {
    // What cannot be understood may be in use.
    return this.subscribedTopics?.has(topic) ?? true
  }

  // Generations

  /** A leader that does not come back gives way to a member that has. False when there is none. */
  electJoinedLeader(): boolean {
    if (this.leaderId === null) return false
    if (this.get(this.leaderId).isAwaitingJoin) return true
    const joined = this.memberList().find((member) => member.isAwaitingJoin)
    if (joined === undefined) return false
    this.leaderId = joined.memberId
    return true
  }

  startNextGeneration(): void {
    this.generationId++
    const isEmpty = this.members.size === 0
    this.protocolName = isEmpty ? null : this.selectProtocol()
    this.subscribedTopics = this.computeSubscribedTopics()
    this.transitionTo(isEmpty ? 'Empty' : 'CompletingRebalance')
    this.pendingSync.clear()
  }

  clearAssignments(): void {
    for (const member of this.members.values()) member.assignment = NO_BYTES
  }

  /** Nothing of the group is to happen any more. */
  cancelTimers(): void {
    this.phase?.cancel()
    for (const member of this.members.values()) member.session?.cancel()
    for (const memberId of [...this.pendingMembers.keys()]) this.removePending(memberId)
  }

  /** Removes and returns the offsets whose time is over (KIP-211). */
  removeExpiredOffsets(nowMs: number, retentionMs: number): PartitionOffset[] {
    const { protocolType, subscribedTopics, stateSinceMs } = this
    const none: ReadonlySet<string> = new Set()
    if (protocolType === null) {
      // Nobody but committers: each offset counts by itself.
      return this.offsets.removeExpired(nowMs, retentionMs, (offset) => offset.commitTimestampMs, none)
    }
    if (this.current === 'Empty') {
      return this.offsets.removeExpired(
        nowMs,
        retentionMs,
        (offset) => stateSinceMs ?? offset.commitTimestampMs,
        none,
      )
    }
    if (protocolType === CONSUMER_PROTOCOL_TYPE && subscribedTopics !== null && this.current === 'Stable') {
      return this.offsets.removeExpired(
        nowMs,
        retentionMs,
        (offset) => offset.commitTimestampMs,
        subscribedTopics,
      )
    }
    return []
  }
}
