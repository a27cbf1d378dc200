import { messageOf } from '../../../base/errors.ts'
import { ERROR_CODES } from '../../../protocol/index.ts'
import { type ClientCore, UnreachableError } from '../../core.ts'
import { BrokerError, ClientError } from '../../net/index.ts'
import type { TopicPartition } from '../../offsets.ts'
import type { GroupMetadata } from '../assignors/assignor.ts'
import type { ResolvedConsumerConfig } from '../config.ts'
import type { Fetcher } from '../fetch/fetcher.ts'
import { among, comparePartitions, namesOf, without } from '../partitions.ts'
import type { SubscriptionState } from '../subscription.ts'
import { type CommittedOffset, OffsetCommits } from './commits.ts'
import { fetchCommitted } from './committed.ts'
import { GroupCoordinator } from './coordinator.ts'
import { GroupMetrics } from './group-metrics.ts'
import { readSubscriptions } from './leader.ts'
import { tellListener } from './listener-calls.ts'
import { type Generation, isRejoinedAtOnce, type JoinedMember, Membership } from './membership.ts'
import { Sharing } from './sharing.ts'
import { Step } from './step.ts'
import { TopicWatch } from './topic-watch.ts'

interface Joined {
  readonly generation: Generation
  readonly assignment: Buffer
}

/** Partitions can be given up; a pause after a failure is over; or this member's share. */
type StepResult = 'prepared' | 'rested' | Joined

/**
 * The consumer's part in a group: which partitions it reads, and the offsets that it stores
 * (org.apache.kafka.clients.consumer.internals.ConsumerCoordinator).
 *
 * Requests go on in the background; whatever the application gets to see of a rebalance (listeners, partitions that come
 * and go) happens within `advance`, that is within its own poll.
 */
export class ConsumerGroup {
  readonly commits: OffsetCommits
  private readonly core: ClientCore
  private readonly config: ResolvedConsumerConfig
  private readonly groupId: string
  private readonly subscription: SubscriptionState
  private readonly fetcher: Fetcher
  /** Offsets behind what was given out. */
  private readonly consumed: () => CommittedOffset[]
  private readonly coordinator: GroupCoordinator
  private readonly membership: Membership
  private readonly sharing: Sharing
  private readonly watch: TopicWatch
  private readonly metrics: GroupMetrics
  /** What has to be done before the next join: partitions are given up in order, or the join itself. */
  private phase: 'prepare' | 'join' = 'prepare'
  private step: Step<StepResult> | undefined
  private attempts = 0
  /** What this member said when it joined last. */
  private joinedTopics: ReadonlySet<string> | undefined
  private isLeader = false
  /** Of partitions that were revoked and may have been read on since the last commit: stored before the next join. */
  private revokedOffsets: readonly CommittedOffset[] = []
  private nextAutoCommitMs: number

  constructor(
    core: ClientCore,
    config: ResolvedConsumerConfig,
    groupId: string,
    subscription: SubscriptionState,
    fetcher: Fetcher,
    consumed: () => CommittedOffset[],
  ) {
    this.core = core
    this.config = config
    this.groupId = groupId
    this.subscription = subscription
    this.fetcher = fetcher
    this.consumed = consumed
    this.sharing = new Sharing(config)
    this.watch = new TopicWatch(core, config, subscription, () => fetcher.wake())
    this.coordinator = new GroupCoordinator(core, groupId)
    this.metrics = new GroupMetrics(core.metrics, core.options.clock, () => this.owned().length)
    this.membership = new Membership(core, config, groupId, this.coordinator, {
      protocols: () => this.describeMember(),
      assign: (protocolName, members, skip) => this.lead(protocolName, members, skip),
      onChange: () => fetcher.wake(),
      onReset: () => {
        this.phase = 'prepare'
      },
      metrics: this.metrics,
    })
    this.commits = new OffsetCommits(
      core,
      config,
      groupId,
      this.coordinator,
      this.membership,
      () => subscription.isSubscribed,
      this.metrics,
    )
    this.nextAutoCommitMs = core.options.clock.monotonicMs() + config.autoCommitIntervalMs
  }

  get metadata(): GroupMetadata {
    const { generationId, memberId } = this.membership.generation
    const groupInstanceId = this.config.groupInstanceId ?? null
    return { groupId: this.groupId, generationId, memberId, groupInstanceId }
  }

  /** Set while offsets are stored before everything is given up: what was read now would be read again by others. */
  get holdsBack(): boolean {
    return this.sharing.protocol === 'eager' && this.phase === 'prepare' && this.step !== undefined
  }

  /** Something is to be done at once. */
  get isReady(): boolean {
    if (!this.subscription.isSubscribed) return false
    return this.step === undefined ? this.mustRejoin : this.step.isDone
  }

  /** How long a poll may wait before there is something to be done here. */
  waitMs(): number {
    const commitMs = this.config.enableAutoCommit ? this.nextAutoCommitMs : Number.POSITIVE_INFINITY
    return Math.max(0, Math.min(commitMs - this.core.options.clock.monotonicMs(), this.watch.waitMs()))
  }

  /** The part of a poll that concerns the group. Waits for listeners, but for no broker. */
  async advance(): Promise<void> {
    this.commits.runCallbacks()
    if (this.subscription.isSubscribed) {
      this.membership.polled()
      this.watch.look()
      await this.rejoinIfNeeded()
    }
    this.autoCommitIfDue()
  }

  enforceRebalance(reason: string): void {
    this.membership.requestRejoin(reason)
  }

  /** What the group has stored; partitions without an offset are missing. Tries again within `timeoutMs`. */
  committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<CommittedOffset[]> {
    const attempt = () => fetchCommitted(this.coordinator, this.groupId, partitions, this.config)
    return this.core.retry(attempt, { timeoutMs })
  }

  /** Stores offsets if that is to be done by itself, without waiting. */
  autoCommit(): void {
    const isPossible = !this.subscription.isSubscribed || this.membership.isStable
    const offsets = this.config.enableAutoCommit && isPossible ? this.consumed() : []
    if (offsets.length === 0) return
    this.commits.async(offsets, (_offsets, error) => {
      if (error === null) return
      const isRetriable = error instanceof ClientError && error.retriable
      if (isRetriable)
        this.nextAutoCommitMs = this.core.options.clock.monotonicMs() + this.core.options.retryBackoffMs
      const message = `group ${this.groupId}: offsets were not committed: ${error.message}`
      this.core.options.logger[isRetriable ? 'debug' : 'warn'](message)
    })
  }

  /** Gives everything up and leaves. Throws what a listener threw. */
  async leave(reason: string): Promise<void> {
    const owned = this.owned()
    const isLost = this.isOut || this.membership.isRebalancing
    const problem = owned.length > 0 ? await this.tell(isLost ? 'lost' : 'revoked', owned) : undefined
    this.fetcher.assign([])
    this.forgetJoin()
    await this.membership.leave(reason)
    if (problem !== undefined) throw problem
  }

  /** Stores what was read, tells listeners and leaves, as far as that can be done in the time. */
  async close(timeoutMs: number): Promise<void> {
    const isSubscribed = this.subscription.isSubscribed
    const isPossible = !isSubscribed || this.membership.isStable
    if (this.config.enableAutoCommit && isPossible) await this.storeConsumed(timeoutMs)
    await this.commits.idle()
    this.commits.runCallbacks()
    this.membership.stop()
    if (isSubscribed && this.config.leaveGroupOnClose) await this.leave('the consumer is being closed')
  }

  /** Ends what goes on by itself. */
  stop(): void {
    this.membership.stop()
  }

  private get isOut(): boolean {
    const { generationId, memberId } = this.membership.generation
    return generationId < 0 || memberId === ''
  }

  private get mustRejoin(): boolean {
    if (this.step !== undefined) return true
    if (!this.membership.needsRejoin) {
      if (this.watch.hasChanged) this.membership.requestRejoin('cached metadata has changed')
      else if (!isSameSet(this.joinedTopics, this.subscription.topics))
        this.membership.requestRejoin('subscription has changed')
    }
    return this.membership.needsRejoin
  }

  private owned(): TopicPartition[] {
    const owned = [...this.fetcher.positions()].map(({ topic, partition }) => ({ topic, partition }))
    return owned.sort(comparePartitions)
  }

  private async rejoinIfNeeded(): Promise<void> {
    while (this.mustRejoin) {
      this.step ??= this.begin(this.phase === 'prepare' ? this.prepare() : this.join())
      if (!this.step.isDone) return
      const { step } = this
      this.step = undefined
      let result: StepResult
      try {
        result = step.result()
      } catch (error) {
        this.onFailedStep(error)
        continue
      }
      if (result === 'prepared') await this.giveUp()
      else if (result !== 'rested') {
        this.attempts = 0
        this.phase = 'prepare'
        await this.takeShare(result)
      }
    }
  }

  private begin(work: Promise<StepResult>): Step<StepResult> {
    return new Step(work, () => this.fetcher.wake())
  }

  private onFailedStep(error: unknown): void {
    if (isRejoinedAtOnce(error)) return
    const isPassing = error instanceof ClientError && error.retriable && !(error instanceof UnreachableError)
    if (!isPassing) throw error
    this.core.options.logger.debug(`group ${this.groupId}: ${error.message}`)
    const pauseMs = this.core.backoffMs(this.attempts++)
    const rest = new Promise<StepResult>((resolve) => {
      this.core.options.clock.setTimer(pauseMs, () => resolve('rested'), { unref: true })
    })
    this.step = this.begin(rest)
  }

  /** Before partitions are given up: which topics there are, and the offsets. */
  private async prepare(): Promise<StepResult> {
    if (this.subscription.hasPattern) await this.watch.refreshAll()
    if (this.isOut) this.revokedOffsets = []
    else if (this.config.enableAutoCommit) await this.storeConsumed(this.config.maxPollIntervalMs)
    return 'prepared'
  }

  /** The last commit before partitions go. Never rejects: then others read some records once more. */
  private async storeConsumed(timeoutMs: number): Promise<void> {
    const revoked = this.revokedOffsets
    this.revokedOffsets = []
    // What was given out since the last attempt may be stored already: nothing older may come after it.
    const attempt = () =>
      this.commits.attempt([...revoked, ...this.consumed()]).catch((error: unknown) => {
        // Nobody will make the topic come back; Kafka's consumer tries until the time is over.
        if (!isUnknownTopic(error)) throw error
      })
    try {
      await this.core.retry(attempt, { timeoutMs })
    } catch (error) {
      const message = `group ${this.groupId}: offsets were not committed: ${messageOf(error)}`
      this.core.options.logger.warn(message)
    }
  }

  private join(): Promise<Joined> {
    return this.membership.join()
  }

  /** As ConsumerCoordinator.onJoinPrepare. */
  private async giveUp(): Promise<void> {
    this.phase = 'join'
    const owned = this.owned()
    let problem: Error | undefined
    if (this.isOut) {
      if (owned.length > 0) problem = await this.tell('lost', owned)
      this.fetcher.assign([])
    } else if (this.sharing.protocol === 'eager') {
      problem = await this.tell('revoked', owned)
      this.fetcher.assign([])
    } else {
      const dropped = owned.filter(({ topic }) => !this.subscription.topics.has(topic))
      if (dropped.length > 0) {
        problem = await this.tell('revoked', dropped)
        this.keep(without(owned, dropped))
      }
    }
    this.isLeader = false
    this.subscription.groupTopics = new Set()
    if (problem !== undefined) throw problem
  }

  /** As ConsumerCoordinator.onJoinComplete. */
  private async takeShare(joined: Joined): Promise<void> {
    const { generation } = joined
    if (this.membership.generation !== generation) return
    if (!this.isLeader) this.watch.release()
    const share = this.sharing.read(joined.assignment)
    const assigned = [...share.partitions].sort(comparePartitions)
    if (assigned.some(({ topic }) => !this.subscription.accepts(topic))) {
      this.membership.requestRejoin('received assignment does not match the current subscription')
      return
    }
    const owned = this.owned()
    const added = without(assigned, owned)
    const revoked = without(owned, assigned)
    this.core.options.logger.info(
      `group ${this.groupId}: generation ${generation.generationId}, assigned: ${namesOf(assigned)}`,
    )
    let problem: Error | undefined
    if (revoked.length > 0) {
      if (this.config.enableAutoCommit) this.revokedOffsets = among(this.consumed(), revoked)
      problem = await this.tell('revoked', revoked)
      this.membership.requestRejoin('need to revoke partitions and re-join')
    }
    this.joinMatching(assigned)
    problem ??= this.sharing.notify(generation.protocolName, share, this.metadata)
    this.nextAutoCommitMs = this.core.options.clock.monotonicMs() + this.config.autoCommitIntervalMs
    this.keep(assigned)
    problem = (await this.tell('assigned', added)) ?? problem
    if (problem !== undefined) throw problem
  }

  /** The leader may know of topics that match our pattern before we do. */
  private joinMatching(assigned: readonly TopicPartition[]): void {
    const joined = this.joinedTopics ?? new Set()
    const isNew = assigned.some(({ topic }) => !joined.has(topic))
    if (!this.subscription.hasPattern || !isNew) return
    const topics = assigned.map(({ topic }) => topic)
    this.subscription.addMatching(topics)
    this.joinedTopics = new Set([...joined, ...topics])
  }

  /** What stays keeps its position and its records; what is new begins at the committed offset. */
  private keep(partitions: readonly TopicPartition[]): void {
    this.fetcher.assign(partitions.map((at) => ({ ...at, from: 'committed' as const })))
  }

  private tell(
    event: 'assigned' | 'revoked' | 'lost',
    partitions: readonly TopicPartition[],
  ): Promise<Error | undefined> {
    return tellListener(this.subscription, this.metrics, event, partitions)
  }

  private describeMember(): { name: string; metadata: Buffer }[] {
    const { topics } = this.subscription
    this.joinedTopics = topics
    return this.sharing.describe(topics, this.owned(), this.membership.generation.generationId)
  }

  /** As ConsumerCoordinator.onLeaderElected. */
  private async lead(protocolName: string, members: readonly JoinedMember[], skip: boolean) {
    const subscriptions = readSubscriptions(members)
    const topics = new Set([...subscriptions.values()].flatMap((subscription) => subscription.topics))
    this.subscription.groupTopics = topics
    await this.watch.refresh(topics)
    this.isLeader = true
    const view = this.watch.hold()
    if (skip) return []
    return this.sharing.shareOut(protocolName, view, subscriptions)
  }

  private autoCommitIfDue(): void {
    const nowMs = this.core.options.clock.monotonicMs()
    if (!this.config.enableAutoCommit || nowMs < this.nextAutoCommitMs) return
    this.nextAutoCommitMs = nowMs + this.config.autoCommitIntervalMs
    this.autoCommit()
  }

  private forgetJoin(): void {
    this.step = undefined
    this.phase = 'prepare'
    this.joinedTopics = undefined
    this.revokedOffsets = []
    this.isLeader = false
    this.watch.release()
  }
}

function isUnknownTopic(error: unknown): boolean {
  return error instanceof BrokerError && error.errorCode === ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION
}

function isSameSet(a: ReadonlySet<string> | undefined, b: ReadonlySet<string>): boolean {
  if (a === undefined || a === b) return true
  return a.size === b.size && [...a].every((entry) => b.has(entry))
}
