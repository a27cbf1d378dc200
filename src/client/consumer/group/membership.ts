import { ERROR_CODES } from '../../../protocol/index.ts'
import { joinGroup } from '../../../protocol/messages/11-join-group.ts'
import { heartbeat } from '../../../protocol/messages/12-heartbeat.ts'
import { leaveGroup } from '../../../protocol/messages/13-leave-group.ts'
import { syncGroup } from '../../../protocol/messages/14-sync-group.ts'
import type { ClientCore } from '../../core.ts'
import { BrokerError, type Connection, UnsupportedVersionError } from '../../net/index.ts'
import type { ResolvedConsumerConfig } from '../config.ts'
import type { GroupCoordinator } from './coordinator.ts'
import { groupError } from './errors.ts'
import type { GroupMetrics } from './group-metrics.ts'
import { Heartbeat } from './heartbeat.ts'
import { PROTOCOL_TYPE } from './protocol.ts'

/** Which of the group's shares this member has a part in. Never changed: another one takes its place. */
export interface Generation {
  readonly generationId: number
  readonly memberId: string
  readonly protocolName: string | null
}

export const NO_GENERATION: Generation = { generationId: -1, memberId: '', protocolName: null }

/** A member of the group as its leader sees it. */
export interface JoinedMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly metadata: Buffer
}

export interface MembershipHooks {
  /** What is said when joining: one entry for each assignor, the preferred one first. */
  protocols(): { readonly name: string; readonly metadata: Buffer }[]
  /** This member leads the group. `skip`: it has led it before and the shares stay as they are (KIP-814). */
  assign(
    protocolName: string,
    members: readonly JoinedMember[],
    skip: boolean,
  ): Promise<{ readonly memberId: string; readonly assignment: Buffer }[]>
  /** Something has happened that the next poll has to know. */
  onChange(): void
  /** The group does not know this member any more: what it has may belong to others. */
  onReset(): void
  readonly metrics: GroupMetrics
}

type State = 'unjoined' | 'preparing' | 'completing' | 'stable'

/** The broker answers when all have joined; a little longer than that is waited for the answer. */
const JOIN_LAPSE_MS = 5_000
const MAX_REASON = 255
/** From here on members can be static (KIP-345). */
const STATIC_VERSION = 5

/**
 * This member's place in the group: joining, its part of the shares, the signs of life in between, and leaving
 * (org.apache.kafka.clients.consumer.internals.AbstractCoordinator).
 */
export class Membership {
  private readonly core: ClientCore
  private readonly config: ResolvedConsumerConfig
  private readonly groupId: string
  private readonly coordinator: GroupCoordinator
  private readonly hooks: MembershipHooks
  private readonly heartbeat: Heartbeat
  private state: State = 'unjoined'
  private now: Generation = NO_GENERATION
  private wantsRejoin = true
  private rejoinReason = ''
  private failure: Error | undefined
  /** Counts joins and resets: what an earlier join brings is of no use. */
  private attempt = 0
  /** When the first join of this rebalance was sent. */
  private rebalanceStartMs: number | undefined

  constructor(
    core: ClientCore,
    config: ResolvedConsumerConfig,
    groupId: string,
    coordinator: GroupCoordinator,
    hooks: MembershipHooks,
  ) {
    this.core = core
    this.config = config
    this.groupId = groupId
    this.coordinator = coordinator
    this.hooks = hooks
    this.heartbeat = new Heartbeat(core.options.clock, config, {
      beat: () => this.beat(),
      onSilence: () => coordinator.markUnknown('no heartbeat was answered within session.timeout.ms'),
      onPollTimeout: () => void this.leaveForSlowness(),
      backoffMs: () => core.backoffMs(0),
    })
  }

  get generation(): Generation {
    return this.now
  }

  get isStable(): boolean {
    return this.state === 'stable'
  }

  /** The group is sharing out, and this member takes part. */
  get isRebalancing(): boolean {
    return this.state === 'preparing' || this.state === 'completing'
  }

  get needsRejoin(): boolean {
    return this.wantsRejoin
  }

  /** The application has polled. Throws what the heartbeats brought up, once. */
  polled(): void {
    const { failure } = this
    this.failure = undefined
    if (failure !== undefined) throw failure
    this.heartbeat.polled()
  }

  /** The next poll joins again. `reason` is told to the broker (KIP-800). */
  requestRejoin(reason: string): void {
    if (!this.wantsRejoin) this.core.options.logger.debug(`group ${this.groupId}: joins again: ${reason}`)
    this.wantsRejoin = true
    this.rejoinReason = reason.slice(0, MAX_REASON)
    this.hooks.onChange()
  }

  /** One attempt to join and to get this member's share. Errors say whether to try again; the state is in order then. */
  async join(): Promise<{ generation: Generation; assignment: Buffer }> {
    this.heartbeat.stop()
    this.state = 'preparing'
    const attempt = ++this.attempt
    this.rebalanceStartMs ??= this.core.options.clock.monotonicMs()
    try {
      const connection = await this.coordinator.connection()
      if (attempt !== this.attempt) throw new Superseded()
      const joined = await this.sendJoin(connection, attempt)
      return await this.sendSync(connection, joined)
    } catch (error) {
      this.hooks.metrics.failedRebalance.record()
      this.requestRejoin(this.rejoinReason === '' ? 'the rebalance failed' : this.rejoinReason)
      throw error
    }
  }

  /** `keepMemberId`: the group may know this member still. */
  reset(reason: string, options: { keepMemberId?: boolean } = {}): void {
    this.state = 'unjoined'
    this.attempt++
    this.hooks.onReset()
    this.heartbeat.stop()
    this.now =
      options.keepMemberId === true ? { ...NO_GENERATION, memberId: this.now.memberId } : NO_GENERATION
    this.requestRejoin(reason)
  }

  /** Says goodbye, unless this is a static member, which may come back (KIP-345). Never rejects. */
  async leave(reason: string): Promise<void> {
    const { memberId } = this.now
    const isKnown = this.config.groupInstanceId === undefined && memberId !== '' && this.state !== 'unjoined'
    const mustStepAside = this.state === 'preparing'
    this.reset(reason)
    if (!isKnown || !this.coordinator.isKnown) return
    try {
      // A broker takes nothing from a connection while a join waits there.
      const connection = mustStepAside
        ? await this.coordinator.sideConnection()
        : await this.coordinator.connection()
      const isBatched = connection.versionOf(leaveGroup) >= 3
      const member = { memberId, reason: reason.slice(0, MAX_REASON) }
      const response = await connection.send(leaveGroup, {
        groupId: this.groupId,
        ...(isBatched ? { members: [member] } : { memberId }),
      })
      const errorCode = response.errorCode || (response.members[0]?.errorCode ?? 0)
      if (errorCode !== 0) throw new BrokerError(errorCode)
    } catch (error) {
      this.core.options.logger.debug(`group ${this.groupId}: could not leave: ${String(error)}`)
    }
  }

  /** No sign of life any more; the group goes on without this member when its session has ended. */
  stop(): void {
    this.heartbeat.stop()
  }

  /** What an answer other than to a join says of this member. True: the error concerns the generation that it has. */
  fencedBy(errorCode: number, sent: Generation): boolean {
    if (this.now !== sent) return false
    const { UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID } = ERROR_CODES
    if (errorCode === ILLEGAL_GENERATION) this.reset('the generation has passed', { keepMemberId: true })
    else if (errorCode === UNKNOWN_MEMBER_ID) this.reset('the member is not known')
    else if (errorCode === FENCED_INSTANCE_ID) this.reset('another member has the same group.instance.id')
    return true
  }

  private async sendJoin(connection: Connection, attempt: number) {
    const sent = this.now
    const { sessionTimeoutMs, maxPollIntervalMs, groupInstanceId } = this.config
    if (groupInstanceId !== undefined && connection.versionOf(joinGroup) < STATIC_VERSION)
      throw new UnsupportedVersionError(
        'the broker is too old for group.instance.id, which came with Kafka 2.3',
      )
    const request = () =>
      connection.send(
        joinGroup,
        {
          groupId: this.groupId,
          sessionTimeoutMs,
          rebalanceTimeoutMs: maxPollIntervalMs,
          memberId: sent.memberId,
          groupInstanceId: groupInstanceId ?? null,
          protocolType: PROTOCOL_TYPE,
          protocols: this.hooks.protocols(),
          reason: this.rejoinReason,
        },
        { timeoutMs: Math.max(this.core.options.requestTimeoutMs, maxPollIntervalMs + JOIN_LAPSE_MS) },
      )
    const response = await this.hooks.metrics.measure(this.hooks.metrics.join, request)
    const { errorCode } = response
    if (attempt !== this.attempt) throw new Superseded()
    if (errorCode === ERROR_CODES.MEMBER_ID_REQUIRED) {
      this.now = { ...NO_GENERATION, memberId: response.memberId }
      this.rejoinReason = 'need to re-join with the given member-id'
    }
    if (errorCode === ERROR_CODES.UNKNOWN_MEMBER_ID) this.fencedBy(errorCode, sent)
    this.check(errorCode)
    if (response.protocolType !== null && response.protocolType !== PROTOCOL_TYPE)
      throw groupError(`group ${this.groupId} is one of '${response.protocolType}', not of consumers`)
    const { generationId, memberId, protocolName } = response
    this.now = { generationId, memberId, protocolName }
    this.state = 'completing'
    this.heartbeat.start()
    return response
  }

  private async sendSync(connection: Connection, joined: Awaited<ReturnType<Membership['sendJoin']>>) {
    const generation = this.now
    const { generationId, memberId } = generation
    const protocolName = joined.protocolName ?? ''
    const isLeader = joined.leader === memberId
    const assignments = isLeader
      ? await this.hooks.assign(protocolName, joined.members, joined.skipAssignment)
      : []
    const request = () =>
      connection.send(syncGroup, {
        groupId: this.groupId,
        generationId,
        memberId,
        groupInstanceId: this.config.groupInstanceId ?? null,
        protocolType: PROTOCOL_TYPE,
        protocolName,
        assignments,
      })
    const response = await this.hooks.metrics.measure(this.hooks.metrics.sync, request)
    const { errorCode, assignment } = response
    this.fencedBy(errorCode, generation)
    this.check(errorCode)
    const isOther = response.protocolName !== null && response.protocolName !== protocolName
    if (isOther)
      throw groupError(`group ${this.groupId} has changed from '${protocolName}' to another assignor`)
    if (this.now !== generation || this.state !== 'completing') throw new Superseded()
    this.state = 'stable'
    const nowMs = this.core.options.clock.monotonicMs()
    this.hooks.metrics.rebalanced(nowMs - (this.rebalanceStartMs ?? nowMs))
    this.rebalanceStartMs = undefined
    this.wantsRejoin = false
    this.rejoinReason = ''
    return { generation, assignment }
  }

  /** One heartbeat. Rejects when it was not answered, or when the group is not where this member thinks it is. */
  private async beat(): Promise<void> {
    const sent = this.now
    const connection = await this.coordinator.connection()
    if (this.now !== sent) return
    const request = () =>
      connection.send(heartbeat, {
        groupId: this.groupId,
        generationId: sent.generationId,
        memberId: sent.memberId,
        groupInstanceId: this.config.groupInstanceId ?? null,
      })
    const { errorCode } = await this.hooks.metrics.measure(this.hooks.metrics.heartbeat, request)
    if (errorCode === ERROR_CODES.REBALANCE_IN_PROGRESS) {
      // It is alive all the same. While the shares are being fetched there is nothing to be done about it.
      if (this.state === 'stable' && this.now === sent) this.requestRejoin('group is already rebalancing')
      return
    }
    const isFenced = this.fencedBy(errorCode, sent)
    try {
      this.check(errorCode)
    } catch (error) {
      const isFatal =
        errorCode === ERROR_CODES.FENCED_INSTANCE_ID || errorCode === ERROR_CODES.GROUP_AUTHORIZATION_FAILED
      if (isFatal && isFenced) this.failure = error as Error
      this.hooks.onChange()
      throw error
    }
  }

  private check(errorCode: number): void {
    if (errorCode === ERROR_CODES.NONE) return
    const error = new BrokerError(errorCode, `group ${this.groupId}: ${new BrokerError(errorCode).errorName}`)
    if (isCoordinatorLost(errorCode)) this.coordinator.markUnknown(error.errorName)
    throw error
  }

  private leaveForSlowness(): Promise<void> {
    const { maxPollIntervalMs } = this.config
    this.core.options.logger.warn(
      `group ${this.groupId}: no poll for max.poll.interval.ms, ${maxPollIntervalMs} ms: the consumer leaves the group until the next poll. Raise it or lower max.poll.records`,
    )
    return this.leave('consumer poll timeout has expired.')
  }
}

/** The group went on while an answer was on its way. The next attempt begins anew. */
class Superseded extends BrokerError {
  constructor() {
    super(ERROR_CODES.REBALANCE_IN_PROGRESS)
  }
}

export function isCoordinatorLost(errorCode: number): boolean {
  return errorCode === ERROR_CODES.COORDINATOR_NOT_AVAILABLE || errorCode === ERROR_CODES.NOT_COORDINATOR
}

/** Errors of a join after which the next one is sent at once. */
export function isRejoinedAtOnce(error: unknown): boolean {
  const { UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS, MEMBER_ID_REQUIRED } = ERROR_CODES
  const codes: readonly number[] = [
    UNKNOWN_MEMBER_ID,
    ILLEGAL_GENERATION,
    REBALANCE_IN_PROGRESS,
    MEMBER_ID_REQUIRED,
  ]
  return error instanceof BrokerError && codes.includes(error.errorCode)
}
