import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import type { LeaderAndIsrRequest } from '../../protocol/messages/04-leader-and-isr.ts'
import { type AppendInfo, appendSent, type Log, type TopicPartition } from '../../storage/index.ts'
import { ApiError, toApiError } from '../api-error.ts'
import { RECOVERED } from '../zk/znodes.ts'
import type { IsrChange, IsrOutcome } from './alter-partition-manager.ts'
import { ByteProgress } from './byte-progress.ts'
import { FollowerState } from './follower-state.ts'
import { committedIsr, expandingIsr, type IsrState, shrinkingIsr } from './isr-state.ts'

export type PartitionState = LeaderAndIsrRequest['topicStates'][number]['partitionStates'][number]

/** What a partition needs from its replica manager, and whom it tells of changes. */
export interface PartitionContext {
  readonly brokerId: number
  readonly clock: Clock
  readonly logger: Logger
  readonly replicaLagTimeMaxMs: number
  isAlive(brokerId: number): boolean
  submitIsrChange(change: IsrChange, done: (outcome: IsrOutcome) => void): void
  /** Records were appended, as leader or as follower. */
  onAppended(partition: Partition): void
  onHighWatermarkMoved(partition: Partition): void
  /** A follower's log start moved: the low watermark may have. */
  onFollowerStartMoved(partition: Partition): void
  /** The leader has something for a follower that has not fetched yet. */
  callFollower(brokerId: number, partition: Partition): void
}

const ISR_GIVEN_UP: ReadonlySet<string> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'FENCED_LEADER_EPOCH',
  'INVALID_UPDATE_VERSION',
  'INVALID_REQUEST',
  'NEW_LEADER_ELECTED',
])

/**
 * One replica of one partition: leader or follower, its epochs, the in-sync replicas and the high watermark
 * (kafka.cluster.Partition). All changes of state happen in synchronous functions; only writing to the log takes time.
 */
export class Partition implements TopicPartition {
  readonly topic: string
  readonly partition: number
  readonly key: string
  readonly bytes = new ByteProgress()
  log: Log | undefined
  topicId: string | null = null
  leaderEpoch = -1
  /** Null on followers and as long as there is no leader. */
  leaderEpochStartOffset: number | null = null
  /** -1 when unknown. */
  leaderId = -1
  partitionEpoch = 0
  isr: IsrState = committedIsr([], 0)
  replicas: readonly number[] = []
  readonly followers = new Map<number, FollowerState>()
  private readonly context: PartitionContext
  /** As follower: whether the controller counts this replica as in sync with its leader. */
  isInSync = false
  /** As leader: whether followers may be asleep that have not been called; see {@link callFollowers}. */
  private mayHaveSleepers = false
  /** The controller has stopped it and left its log here: the next role counts in the same leader epoch, too. */
  isStopped = false
  private writing = 0
  /** A leader epoch that is not yet noted in the log; see {@link logWithEpochs}. */
  private unnotedEpoch: { readonly epoch: number; readonly startOffset: number } | null = null
  private idleWaiters: (() => void)[] = []

  constructor(topic: string, partition: number, context: PartitionContext) {
    this.topic = topic
    this.partition = partition
    this.key = `${topic}-${partition}`
    this.context = context
  }

  get isLeader(): boolean {
    return this.leaderId === this.context.brokerId
  }

  get leaderLog(): Log | undefined {
    return this.isLeader ? this.log : undefined
  }

  /** Undefined when nothing is being written, else resolves when that is done. */
  whenIdle(): Promise<void> | undefined {
    if (this.writing === 0) return undefined
    return new Promise((resolve) => this.idleWaiters.push(resolve))
  }

  /** The caller has seen to it that no fetcher writes to the log any more. */
  makeLeader(state: PartitionState, log: Log): boolean {
    if (state.partitionEpoch < this.partitionEpoch) return false
    this.isStopped = false
    const wasLeader = this.isLeader
    const nowMs = this.context.clock.monotonicMs()
    this.log = log
    this.topicId = log.topicId
    this.assignReplicas(state.replicas)
    // Who leads after an unclean election has nothing to recover, and says so with its next ISR.
    this.isr = committedIsr(state.isr, RECOVERED)
    if (this.leaderEpoch < 0) this.mayHaveSleepers = true
    if (state.leaderEpoch > this.leaderEpoch) {
      const startOffset = log.logEndOffset
      this.unnotedEpoch = { epoch: state.leaderEpoch, startOffset }
      if (log.isOpen) this.tryNoteEpoch(log)
      for (const follower of this.followers.values()) {
        follower.reset(nowMs, startOffset, !wasLeader, state.isr.includes(follower.brokerId))
      }
      this.leaderEpoch = state.leaderEpoch
      this.leaderEpochStartOffset = startOffset
    }
    this.partitionEpoch = state.partitionEpoch
    this.leaderId = this.context.brokerId
    this.maybeAdvanceHighWatermark(nowMs)
    // They may have what is missing for the high watermark.
    if (log.highWatermark < log.logEndOffset) this.callFollowers()
    return !wasLeader
  }

  /** True when the fetcher has to begin anew: the leader epoch is another one, or there is no fetcher. */
  makeFollower(state: PartitionState, log: Log): boolean {
    if (state.partitionEpoch < this.partitionEpoch) return false
    const isNew = this.isStopped || state.leaderEpoch > this.leaderEpoch
    this.isStopped = false
    this.log = log
    this.topicId = log.topicId
    this.leaderId = state.leader
    this.leaderEpoch = state.leaderEpoch
    this.leaderEpochStartOffset = null
    this.partitionEpoch = state.partitionEpoch
    this.replicas = state.replicas
    this.followers.clear()
    this.unnotedEpoch = null
    this.isInSync = state.isr.includes(this.context.brokerId)
    this.isr = committedIsr([], state.leaderRecoveryState)
    return isNew
  }

  /**
   * After a clean stop followers sleep until they are used (ReplicaTable). Once this replica has something new, those
   * that have not been heard of are told that it is in use.
   */
  callFollowers(): void {
    if (!this.mayHaveSleepers) return
    this.mayHaveSleepers = false
    for (const follower of this.followers.values()) {
      if (!follower.hasFetched) this.context.callFollower(follower.brokerId, this)
    }
  }

  /** The replica is taken off this broker: everything that comes now finds no leader and no log. */
  retire(): void {
    this.leaderId = -1
    this.leaderEpochStartOffset = null
    this.unnotedEpoch = null
    this.log = undefined
    this.followers.clear()
    this.isr = committedIsr([], 0)
  }

  /**
   * The log if this replica may answer. Throws FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, NOT_LEADER_OR_FOLLOWER.
   * `currentLeaderEpoch` is -1 where the client does not say.
   */
  logFor(currentLeaderEpoch: number, onlyLeader: boolean): Log {
    if (currentLeaderEpoch >= 0 && currentLeaderEpoch !== this.leaderEpoch) {
      const name = currentLeaderEpoch < this.leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH'
      throw new ApiError(
        name,
        `${this.key} is at leader epoch ${this.leaderEpoch}, not ${currentLeaderEpoch}`,
      )
    }
    if (this.log === undefined || (onlyLeader && !this.isLeader)) {
      throw new ApiError(
        'NOT_LEADER_OR_FOLLOWER',
        `broker ${this.context.brokerId} does not lead ${this.key}`,
      )
    }
    return this.log
  }

  /**
   * {@link logFor} for whoever asks about epochs. Followers may have records of a later epoch than any in this log, so
   * a leader's epoch must be known when they ask; but as long as nobody asks and nothing is written, a log that is not
   * open stays so (a start with many partitions touches none of their files).
   */
  logWithEpochs(currentLeaderEpoch: number, onlyLeader: boolean): Log {
    const log = this.logFor(currentLeaderEpoch, onlyLeader)
    this.tryNoteEpoch(log)
    return log
  }

  /** A full disk keeps nobody from leading: what is stored can be read. Appends are refused until the epoch is noted. */
  private tryNoteEpoch(log: Log): void {
    try {
      this.noteEpoch(log)
    } catch (error) {
      if (toApiError(error).errorName !== 'KAFKA_STORAGE_ERROR') throw error
      this.context.logger.debug(`${this.key}: the leader epoch is not noted yet: ${messageOf(error)}`)
    }
  }

  private noteEpoch(log: Log): void {
    if (this.unnotedEpoch === null) return
    log.assignEpochStartOffset(this.unnotedEpoch.epoch, this.unnotedEpoch.startOffset)
    this.unnotedEpoch = null
  }

  get minInsyncReplicas(): number {
    return Math.min(this.log?.config.minInsyncReplicas ?? 1, this.followers.size + 1)
  }

  /** Throws NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS, and what the log refuses. */
  async appendAsLeader(
    records: Buffer,
    options: { requiredAcks: number; origin: 'client' | 'coordinator'; magicUpConvert: boolean },
  ): Promise<AppendInfo> {
    const log = this.logFor(-1, true)
    this.noteEpoch(log)
    if (options.requiredAcks === -1 && this.isr.isr.length < this.minInsyncReplicas) {
      throw new ApiError(
        'NOT_ENOUGH_REPLICAS',
        `The size of the current ISR ${this.isr.isr.length} is insufficient to satisfy the min.isr requirement of ` +
          `${this.minInsyncReplicas} for partition ${this.key}`,
      )
    }
    this.callFollowers()
    const { origin, magicUpConvert } = options
    const { leaderEpoch } = this
    // It may have to wait for a log that is being opened or cut.
    const isCurrent = () => this.isLeader && this.leaderEpoch === leaderEpoch
    const info = await this.write(
      log.appendAsLeader(records, { leaderEpoch, origin, magicUpConvert, isCurrent }),
    )
    this.appended(log, info)
    return info
  }

  async appendAsFollower(log: Log, records: Buffer): Promise<AppendInfo> {
    const info = await this.write(appendSent(log, records))
    this.appended(log, info)
    return info
  }

  private appended(log: Log, info: AppendInfo): void {
    if (this.log !== log || info.firstOffset < 0) return
    if (!info.duplicate) this.bytes.appended(info.lastOffset + 1, info.sizeBytes)
    if (this.isLeader) this.maybeAdvanceHighWatermark(this.context.clock.monotonicMs())
    if (!info.duplicate) this.context.onAppended(this)
  }

  /** Any work on the log that must be over before the replica changes its part. */
  async write<T>(work: Promise<T>): Promise<T> {
    this.writing++
    try {
      return await work
    } finally {
      this.writing--
      if (this.writing === 0) for (const wake of this.idleWaiters.splice(0)) wake()
    }
  }

  /** Whether everything below `requiredOffset` is on all in-sync replicas, and what to answer (DelayedProduce). */
  reached(
    requiredOffset: number,
  ): 'waiting' | 'NONE' | 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' | 'NOT_LEADER_OR_FOLLOWER' {
    const log = this.leaderLog
    if (log === undefined) return 'NOT_LEADER_OR_FOLLOWER'
    if (log.highWatermark < requiredOffset) return 'waiting'
    return this.minInsyncReplicas <= this.isr.maximalIsr.length ? 'NONE' : 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'
  }

  /** Throws when the replica is not assigned here; `hasEpoch`: the fetch named the current leader epoch. */
  followerOrThrow(replicaId: number, hasEpoch: boolean): FollowerState {
    const follower = this.followers.get(replicaId)
    if (follower !== undefined) return follower
    throw new ApiError(
      hasEpoch ? 'UNKNOWN_LEADER_EPOCH' : 'NOT_LEADER_OR_FOLLOWER',
      `broker ${replicaId} is no replica of ${this.key} in the leader's view`,
    )
  }

  /** A follower's fetch says how far it has come. Throws NOT_LEADER_OR_FOLLOWER when it comes from an earlier life. */
  followerFetched(
    follower: FollowerState,
    fetch: { fetchOffset: number; logStartOffset: number; brokerEpoch: number; nowMs: number },
    leaderEndOffset: number,
  ): void {
    const { logEndOffset: previousEnd, logStartOffset: previousStart } = follower
    follower.fetched(fetch.fetchOffset, fetch.logStartOffset, fetch.nowMs, leaderEndOffset, fetch.brokerEpoch)
    if (fetch.logStartOffset !== previousStart) this.context.onFollowerStartMoved(this)
    this.maybeExpandIsr(follower)
    if (fetch.fetchOffset !== previousEnd) this.maybeAdvanceHighWatermark(fetch.nowMs)
  }

  /** The smallest log start of the replicas that are up; -1 when this is not the leader. */
  get lowWatermark(): number {
    const log = this.leaderLog
    if (log === undefined) return -1
    let low = log.logStartOffset
    for (const follower of this.followers.values()) {
      if (this.context.isAlive(follower.brokerId)) low = Math.min(low, follower.logStartOffset)
    }
    return low
  }

  /** The high watermark that the leader told a follower. */
  learnHighWatermark(log: Log, leaderHighWatermark: number): void {
    if (this.log !== log || leaderHighWatermark <= log.highWatermark) return
    const before = log.highWatermark
    const now = log.updateHighWatermark(Math.min(leaderHighWatermark, log.logEndOffset))
    if (now === before) return
    this.bytes.highWatermarkMoved(now)
    this.context.onHighWatermarkMoved(this)
  }

  /**
   * The least log end of the maximal ISR, and of replicas that keep up and are about to join it (KIP-497). Stands still
   * as long as the ISR is smaller than min.insync.replicas (KIP-966).
   */
  maybeAdvanceHighWatermark(nowMs: number): boolean {
    const log = this.leaderLog
    if (log === undefined || this.isr.isr.length < this.minInsyncReplicas) return false
    const endOffset = log.logEndOffset
    let candidate = endOffset
    for (const follower of this.followers.values()) {
      if (follower.logEndOffset >= candidate) continue
      if (this.isr.maximalIsr.includes(follower.brokerId) || this.isAboutToJoin(follower, endOffset, nowMs)) {
        candidate = follower.logEndOffset
      }
    }
    const before = log.highWatermark
    if (candidate <= before || log.updateHighWatermark(candidate) === before) return false
    this.bytes.highWatermarkMoved(log.highWatermark)
    this.context.onHighWatermarkMoved(this)
    return true
  }

  /** A broker that has gone is not waited for any more, although nobody fetches or appends. */
  onMetadataUpdate(): void {
    const hasOutsiders = this.replicas.length > this.isr.isr.length
    if (this.isLeader && hasOutsiders) this.maybeAdvanceHighWatermark(this.context.clock.monotonicMs())
  }

  private isAboutToJoin(follower: FollowerState, endOffset: number, nowMs: number): boolean {
    return (
      follower.isCaughtUp(endOffset, nowMs, this.context.replicaLagTimeMaxMs) &&
      this.context.isAlive(follower.brokerId)
    )
  }

  private maybeExpandIsr(follower: FollowerState): void {
    const { isr, leaderLog: log } = this
    if (isr.kind !== 'committed' || isr.isr.includes(follower.brokerId)) return
    if (log === undefined || !this.context.isAlive(follower.brokerId)) return
    const { logEndOffset } = follower
    const startOffset = this.leaderEpochStartOffset
    // Behind the epoch's start there may be committed records that the follower has not yet.
    if (startOffset === null || logEndOffset < log.highWatermark || logEndOffset < startOffset) return
    this.propose(expandingIsr(isr, follower.brokerId))
  }

  /** Proposes to drop the followers that have not been caught up for too long. */
  maybeShrinkIsr(): void {
    const { isr, leaderLog: log } = this
    if (log === undefined || isr.kind !== 'committed') return
    const nowMs = this.context.clock.monotonicMs()
    const late = isr.isr.filter((id) => {
      const follower = this.followers.get(id)
      return (
        follower !== undefined &&
        !follower.isCaughtUp(log.logEndOffset, nowMs, this.context.replicaLagTimeMaxMs)
      )
    })
    if (late.length === 0) return
    this.context.logger.info(
      `${this.key}: shrinking the ISR from ${isr.isr.join(',')}: ${late.join(',')} did not keep up ` +
        `(high watermark ${log.highWatermark}, log end ${log.logEndOffset})`,
    )
    this.propose(shrinkingIsr(isr, late))
  }

  private propose(proposed: IsrState): void {
    this.isr = proposed
    const change: IsrChange = {
      topic: this.topic,
      partition: this.partition,
      topicId: this.topicId,
      leaderEpoch: this.leaderEpoch,
      isr: proposed.proposedIsr,
      leaderRecoveryState: proposed.leaderRecoveryState,
      partitionEpoch: this.partitionEpoch,
    }
    this.context.submitIsrChange(change, (outcome) => this.onIsrOutcome(proposed, outcome))
  }

  /** An outcome for a proposal that is no longer current says nothing about the state now. */
  private onIsrOutcome(proposed: IsrState, outcome: IsrOutcome): void {
    if (this.isr !== proposed) return
    if (outcome.error === 'NONE') {
      if (outcome.leaderEpoch !== this.leaderEpoch || outcome.partitionEpoch < this.partitionEpoch) return
      this.isr = committedIsr(outcome.isr, outcome.leaderRecoveryState)
      this.partitionEpoch = outcome.partitionEpoch
      this.context.logger.info(`${this.key}: the ISR is ${outcome.isr.join(',')} now`)
      this.maybeAdvanceHighWatermark(this.context.clock.monotonicMs())
    } else if (outcome.error === 'OPERATION_NOT_ATTEMPTED' || outcome.error === 'INELIGIBLE_REPLICA') {
      this.isr = committedIsr(proposed.isr, proposed.leaderRecoveryState)
      this.maybeAdvanceHighWatermark(this.context.clock.monotonicMs())
    } else if (!ISR_GIVEN_UP.has(outcome.error)) {
      this.context.logger.warn(
        `${this.key}: the controller did not change the ISR (${outcome.error}), trying again`,
      )
      this.propose({ ...proposed })
    } else {
      // What the controller has is not known: the state stays pending until it sends the partition anew.
      this.context.logger.info(
        `${this.key}: the controller refused the ISR ${proposed.proposedIsr} (${outcome.error})`,
      )
    }
  }

  private assignReplicas(replicas: readonly number[]): void {
    this.replicas = replicas
    for (const id of this.followers.keys()) if (!replicas.includes(id)) this.followers.delete(id)
    for (const id of replicas) {
      if (id !== this.context.brokerId && !this.followers.has(id))
        this.followers.set(id, new FollowerState(id))
    }
  }
}
