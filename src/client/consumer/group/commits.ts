import { messageOf } from '../../../base/errors.ts'
import { SerialQueue } from '../../../base/serial-queue.ts'
import { ERROR_CODES } from '../../../protocol/index.ts'
import { offsetCommit } from '../../../protocol/messages/08-offset-commit.ts'
import type { ClientCore } from '../../core.ts'
import { BrokerError, ClientError, NetworkError } from '../../net/index.ts'
import type { TopicPartition } from '../../offsets.ts'
import type { ResolvedConsumerConfig } from '../config.ts'
import { nameOf } from '../fetch/position.ts'
import type { GroupCoordinator } from './coordinator.ts'
import { CommitFailedError, RebalanceInProgressError, RetriableCommitFailedError } from './errors.ts'
import type { GroupMetrics } from './group-metrics.ts'
import { type Generation, isCoordinatorLost, type Membership, NO_GENERATION } from './membership.ts'

/** An offset that a group stores: that of the next record to be read (OffsetAndMetadata). */
export interface CommittedOffset extends TopicPartition {
  readonly offset: number
  /** Of the record before it, -1 when it is not known. */
  readonly leaderEpoch?: number
  /** Any text, up to offset.metadata.max.bytes of the broker. */
  readonly metadata?: string
}

/** Is told how an asynchronous commit ended, from within the next `poll`, commit or `close`. */
export type CommitCallback = (offsets: readonly CommittedOffset[], error: Error | null) => void

type Completion = () => void

/**
 * Stores the group's offsets. Requests leave in the order of the calls; asynchronous ones are not sent again, as a later
 * one may have been stored by then (ConsumerCoordinator.commitOffsetsAsync).
 */
export class OffsetCommits {
  private readonly core: ClientCore
  private readonly config: ResolvedConsumerConfig
  private readonly groupId: string
  private readonly coordinator: GroupCoordinator
  private readonly membership: Membership
  /** Whether commits are those of a member; by assignment anybody may store offsets of a group that has no members. */
  private readonly isMember: () => boolean
  private readonly metrics: GroupMetrics
  private readonly order = new SerialQueue()
  private readonly underWay = new Set<Promise<void>>()
  private completions: Completion[] = []
  /** Another member has the same group.instance.id: this one must not go on. */
  private fenced: Error | undefined

  constructor(
    core: ClientCore,
    config: ResolvedConsumerConfig,
    groupId: string,
    coordinator: GroupCoordinator,
    membership: Membership,
    isMember: () => boolean,
    metrics: GroupMetrics,
  ) {
    this.core = core
    this.config = config
    this.groupId = groupId
    this.coordinator = coordinator
    this.membership = membership
    this.isMember = isMember
    this.metrics = metrics
  }

  /** Tries again until the offsets are stored, cannot be, or `timeoutMs` have passed. Earlier commits are done then, too. */
  async sync(offsets: readonly CommittedOffset[], timeoutMs: number): Promise<void> {
    this.runCallbacks()
    if (offsets.length === 0) await this.idle()
    else await this.core.retry(() => this.attempt(offsets), { timeoutMs })
    this.runCallbacks()
  }

  /** One attempt. `done` is called later, in the order of the calls; without it a failure is only logged. */
  async(offsets: readonly CommittedOffset[], done: CommitCallback = this.logFailure): void {
    this.runCallbacks()
    const complete = (error: Error | null) => this.completions.push(() => done(offsets, error))
    const work = this.attempt(offsets).then(
      () => {
        complete(null)
      },
      (error: Error) => {
        if (isFenced(error)) this.fenced = error
        complete(
          error instanceof ClientError && error.retriable ? new RetriableCommitFailedError(error) : error,
        )
      },
    )
    this.underWay.add(work)
    void work.finally(() => this.underWay.delete(work))
  }

  /** Calls those that wait to be told. Throws when this consumer is not the one that it claims to be any more. */
  runCallbacks(): void {
    const { fenced } = this
    this.fenced = undefined
    if (fenced !== undefined) throw fenced
    for (const complete of this.completions.splice(0)) complete()
  }

  /** Resolves when nothing is under way that was there at the call. */
  async idle(): Promise<void> {
    await Promise.all([...this.underWay])
  }

  /** One request. Errors say whether to try again; partitions that it did not concern are stored all the same. */
  async attempt(offsets: readonly CommittedOffset[]): Promise<void> {
    if (offsets.length === 0) return
    for (const { topic, partition, offset } of offsets) {
      if (offset >= 0) continue
      const message = `${nameOf({ topic, partition })}: ${offset} is no offset`
      throw new ClientError('KCLI_BAD_OFFSET', message, { retriable: false })
    }
    const { generation, answer } = await this.order.run(() => this.write(offsets))
    const response = await this.metrics.measure(this.metrics.commit, () => answer)
    const unauthorized: string[] = []
    for (const { name, partitions } of response.topics) {
      for (const { partitionIndex, errorCode } of partitions) {
        if (errorCode === ERROR_CODES.TOPIC_AUTHORIZATION_FAILED) unauthorized.push(name)
        else if (errorCode !== ERROR_CODES.NONE)
          throw this.problem(errorCode, nameOf({ topic: name, partition: partitionIndex }), generation)
      }
    }
    if (unauthorized.length > 0) {
      const topics = [...new Set(unauthorized)].join(', ')
      throw new BrokerError(ERROR_CODES.TOPIC_AUTHORIZATION_FAILED, `no permission to use ${topics}`)
    }
    this.config.onCommit?.(offsets)
  }

  /** Gives the answer wrapped: the next request may leave before it comes. */
  private async write(offsets: readonly CommittedOffset[]) {
    const connection = await this.coordinator.connection()
    const isMember = this.isMember()
    const generation = isMember ? this.stableGeneration() : NO_GENERATION
    const { groupInstanceId } = this.config
    const answer = connection.send(offsetCommit, {
      groupId: this.groupId,
      generationIdOrMemberEpoch: generation.generationId,
      memberId: generation.memberId,
      ...(isMember && groupInstanceId !== undefined ? { groupInstanceId } : {}),
      topics: byTopic(offsets),
    })
    answer.catch((error: unknown) => {
      if (error instanceof NetworkError) this.coordinator.markUnknown(error.message)
    })
    return { generation, answer }
  }

  private stableGeneration(): Generation {
    if (this.membership.isStable) return this.membership.generation
    if (this.membership.isRebalancing) throw new RebalanceInProgressError()
    throw new CommitFailedError(
      'offsets cannot be committed: the consumer is no member of the group any more',
    )
  }

  /** As ConsumerCoordinator.OffsetCommitResponseHandler. */
  private problem(errorCode: number, place: string, sent: Generation): Error {
    const { membership } = this
    if (isCoordinatorLost(errorCode) || errorCode === ERROR_CODES.REQUEST_TIMED_OUT) {
      this.coordinator.markUnknown(`it answered a commit with error ${errorCode}`)
      return new BrokerError(errorCode)
    }
    if (errorCode === ERROR_CODES.REBALANCE_IN_PROGRESS) {
      membership.requestRejoin('offset commit failed since group is already rebalancing')
      return new RebalanceInProgressError()
    }
    const isFencing = errorCode === ERROR_CODES.FENCED_INSTANCE_ID
    const { UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION } = ERROR_CODES
    if (isFencing || errorCode === UNKNOWN_MEMBER_ID || errorCode === ILLEGAL_GENERATION) {
      const isCurrent = membership.generation === sent
      if (isFencing && isCurrent) return new BrokerError(errorCode)
      if (isCurrent) membership.fencedBy(errorCode, sent)
      else if (membership.isRebalancing) return new RebalanceInProgressError()
      return new CommitFailedError(
        'offsets cannot be committed: the group has gone on without this consumer and given its partitions to others',
      )
    }
    return new BrokerError(errorCode, `${place}: ${new BrokerError(errorCode).errorName}`)
  }

  private readonly logFailure: CommitCallback = (_offsets, error) => {
    if (error !== null) this.core.options.logger.error(`offsets were not committed: ${messageOf(error)}`)
  }
}

function isFenced(error: Error): boolean {
  return error instanceof BrokerError && error.errorCode === ERROR_CODES.FENCED_INSTANCE_ID
}

function byTopic(offsets: readonly CommittedOffset[]) {
  const topics = new Map<string, object[]>()
  for (const { topic, partition, offset, leaderEpoch, metadata } of offsets) {
    const entry = {
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch ?? -1,
      committedMetadata: metadata ?? '',
    }
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, [entry])
    else partitions.push(entry)
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }))
}
