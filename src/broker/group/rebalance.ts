import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { ErrorName } from '../../protocol/index.ts'
import { Deadline } from './deadline.ts'
import type { Group } from './group.ts'
import type { GroupConfig } from './group-config.ts'
import type { GroupStore } from './group-store.ts'
import { joinError, type Member, syncError } from './member.ts'

/** How long a member that is new may wait for its first generation without a word (GroupCoordinator.NewMemberJoinTimeoutMs). */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000

export interface RebalanceDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly config: GroupConfig
  readonly store: GroupStore
}

/**
 * What makes a group go from one generation to the next, and who is dropped when it does not answer: the delayed joins,
 * syncs and heartbeats of kafka.coordinator.group.GroupCoordinator. All of it is synchronous, so a group is never seen
 * half changed; only the log is waited for.
 */
export class Rebalancer {
  private readonly deps: RebalanceDeps

  constructor(deps: RebalanceDeps) {
    this.deps = deps
  }

  // Sessions

  /** The member has been heard of: its session begins anew. */
  touch(group: Group, member: Member): void {
    this.setSession(group, member, member.sessionTimeoutMs)
  }

  /** A member that cannot send heartbeats yet, as it waits for its first generation. */
  expectNewMember(group: Group, member: Member): void {
    this.setSession(group, member, NEW_MEMBER_JOIN_TIMEOUT_MS)
  }

  private setSession(group: Group, member: Member, timeoutMs: number): void {
    member.session ??= new Deadline(this.deps.clock, () => this.onSessionOver(group, member))
    member.session.set(timeoutMs)
  }

  private onSessionOver(group: Group, member: Member): void {
    // Whoever waits for the others gets a new session with the answer.
    if (group.is('Dead') || !group.has(member.memberId) || member.isExcusedFromHeartbeat) return
    this.removeMember(group, member, 'it was not heard of for its session timeout')
  }

  /** An id that was given out waits for its owner as long as a session (KIP-394). */
  expectPending(group: Group, memberId: string, timeoutMs: number): void {
    const deadline = new Deadline(this.deps.clock, () => this.removePending(group, memberId))
    group.addPending(memberId, deadline)
    deadline.set(timeoutMs)
  }

  removePending(group: Group, memberId: string): void {
    group.removePending(memberId)
    this.tryCompleteJoin(group)
  }

  /** The member has left or is lost: the others share its work. */
  removeMember(group: Group, member: Member, reason: string): void {
    // It may still ask; then it has to begin anew.
    group.answerJoin(member, joinError('', 'UNKNOWN_MEMBER_ID'))
    group.answerSync(member, syncError('UNKNOWN_MEMBER_ID'))
    group.remove(member.memberId)
    const why = `member ${member.memberId} is removed: ${reason}`
    if (group.is('Stable', 'CompletingRebalance')) this.maybePrepare(group, why)
    else this.tryCompleteJoin(group)
  }

  // Joining

  maybePrepare(group: Group, reason: string): void {
    if (group.canRebalance) this.prepare(group, reason)
  }

  prepare(group: Group, reason: string): void {
    const { config, logger } = this.deps
    // Those that wait for an assignment have to join again.
    if (group.is('CompletingRebalance')) this.failAssignment(group, 'REBALANCE_IN_PROGRESS')
    group.pendingSync.clear()
    const isFirst = group.is('Empty')
    group.transitionTo('PreparingRebalance')
    logger.info(`group ${group.groupId}, generation ${group.generationId}: rebalancing, as ${reason}`)
    if (!isFirst) {
      this.waitForJoins(group)
      return
    }
    const delayMs = config.initialRebalanceDelayMs
    this.waitForFirstMembers(group, delayMs, Math.max(group.rebalanceTimeoutMs - delayMs, 0))
  }

  /**
   * An empty group waits for `delayMs`, and goes on as long as new members come in each turn of it, so that a group that
   * is started as a whole does not rebalance for each member (KIP-134).
   */
  private waitForFirstMembers(group: Group, delayMs: number, remainingMs: number): void {
    this.startPhase(group, delayMs, () => {
      if (!group.newMemberAdded || remainingMs === 0) {
        this.completeJoin(group)
        return
      }
      group.newMemberAdded = false
      const nextMs = Math.min(this.deps.config.initialRebalanceDelayMs, remainingMs)
      this.waitForFirstMembers(group, nextMs, Math.max(remainingMs - delayMs, 0))
    })
    this.initialDelays.add(group)
  }

  /** Groups that wait for their first members: they wait to the end, whoever has joined. */
  private readonly initialDelays = new WeakSet<Group>()

  private waitForJoins(group: Group): void {
    if (group.hasAllMembersJoined) this.completeJoin(group)
    else this.startPhase(group, group.rebalanceTimeoutMs, () => this.completeJoin(group))
  }

  private startPhase(group: Group, timeoutMs: number, onOver: () => void): void {
    this.endPhase(group)
    group.phase = new Deadline(this.deps.clock, onOver)
    group.phase.set(timeoutMs)
  }

  private endPhase(group: Group): void {
    group.phase?.cancel()
    group.phase = undefined
    this.initialDelays.delete(group)
  }

  /** Call when a member has joined or gone. */
  tryCompleteJoin(group: Group): void {
    if (!group.is('PreparingRebalance') || this.initialDelays.has(group)) return
    if (group.hasAllMembersJoined) this.completeJoin(group)
  }

  private completeJoin(group: Group): void {
    const { logger } = this.deps
    this.endPhase(group)
    for (const member of group.memberList()) {
      // Static members keep their place until their session is over.
      if (!member.isAwaitingJoin && !member.isStatic) group.remove(member.memberId)
    }
    if (group.is('Dead')) return
    if (!group.electJoinedLeader() && group.size > 0) {
      logger.warn(`group ${group.groupId}: none of its static members has joined again, waiting for them`)
      this.startPhase(group, group.rebalanceTimeoutMs, () => this.completeJoin(group))
      return
    }
    group.startNextGeneration()
    if (group.is('Empty')) this.storeEmpty(group)
    else this.announceGeneration(group)
  }

  private storeEmpty(group: Group): void {
    const { logger, store } = this.deps
    logger.info(`group ${group.groupId} is empty in generation ${group.generationId}`)
    // Not to know of it does no harm: the members of the stored generation will not be heard of.
    void store.storeGroup(group, new Map()).then((error) => {
      if (error !== 'NONE') logger.warn(`group ${group.groupId}: that it is empty is not stored: ${error}`)
    })
  }

  private announceGeneration(group: Group): void {
    const { groupId, generationId, size } = group
    this.deps.logger.info(`group ${groupId}: generation ${generationId} has ${size} members`)
    for (const member of group.memberList()) {
      group.answerJoin(member, group.joinResult(member))
      this.touch(group, member)
      member.isNew = false
      group.pendingSync.add(member.memberId)
    }
    this.startPhase(group, group.rebalanceTimeoutMs, () => this.onSyncOver(group, generationId))
  }

  // Syncing

  /** The member has asked for its assignment. */
  synced(group: Group, memberId: string): void {
    group.pendingSync.delete(memberId)
    if (group.pendingSync.size === 0 && group.is('CompletingRebalance', 'Stable')) this.endPhase(group)
  }

  /** Members that never ask for their assignment do not work on it: the others get it. */
  private onSyncOver(group: Group, generationId: number): void {
    if (generationId !== group.generationId || !group.is('CompletingRebalance', 'Stable')) return
    if (group.pendingSync.size === 0) return
    const late = [...group.pendingSync]
    for (const memberId of late) group.remove(memberId)
    this.prepare(group, `${late.join(', ')} did not ask for an assignment in time`)
  }

  /** The leader has shared out the work: stores that, and tells everyone. Members it forgot get nothing. */
  assign(group: Group, given: ReadonlyMap<string, Buffer>): void {
    const { generationId } = group
    const assignments = new Map(
      group.memberList().map(({ memberId }) => [memberId, given.get(memberId) ?? Buffer.alloc(0)]),
    )
    void this.deps.store.storeGroup(group, assignments).then((error) => {
      // Somebody may have joined meanwhile.
      if (!group.is('CompletingRebalance') || generationId !== group.generationId) return
      if (error !== 'NONE') {
        this.failAssignment(group, error)
        this.maybePrepare(group, `the assignment could not be stored: ${error}`)
        return
      }
      for (const member of group.memberList()) {
        member.assignment = assignments.get(member.memberId) ?? Buffer.alloc(0)
      }
      group.transitionTo('Stable')
      const { protocolType, protocolName } = group
      for (const member of group.memberList()) {
        const { assignment } = member
        const result = { error: 'NONE', protocolType, protocolName, assignment } as const
        if (group.answerSync(member, result)) this.touch(group, member)
      }
    })
  }

  private failAssignment(group: Group, error: ErrorName): void {
    group.clearAssignments()
    for (const member of group.memberList()) {
      if (group.answerSync(member, syncError(error))) this.touch(group, member)
    }
  }

  // Coming and going of the whole group

  /** It was read from the log: all its members have their session from now on. */
  onLoaded(group: Group): void {
    const { maxSize } = this.deps.config
    if (group.size > maxSize) this.prepare(group, `it has more than ${maxSize} members (group.max.size)`)
    for (const member of group.memberList()) this.touch(group, member)
  }

  /** Another broker coordinates it from now on, and knows of nothing that waits here. */
  onUnloaded(group: Group): void {
    group.transitionTo('Dead')
    this.endPhase(group)
    for (const member of group.memberList()) {
      group.answerJoin(member, joinError(member.memberId, 'NOT_COORDINATOR'))
      group.answerSync(member, syncError('NOT_COORDINATOR'))
    }
    group.cancelTimers()
  }
}
