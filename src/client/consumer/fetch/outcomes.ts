import { ERROR_CODES, errorInfo } from '../../../protocol/index.ts'
import type { ClientCore } from '../../core.ts'
import { BrokerError, ClientError, isStaleMetadata } from '../../net/index.ts'
import type { ResolvedConsumerConfig } from '../config.ts'
import type { AnswerCount } from './fetch-metrics.ts'
import type { FetchAnswers, PartitionAnswer } from './fetch-request.ts'
import { CorruptBatchError, FetchedPartition } from './fetched.ts'
import { nameOf, type Position } from './position.ts'
import type { WantedPartition } from './session.ts'
import { type EpochEnd, judge, LogTruncationError, type Verdict } from './validation.ts'

/** One partition of a request under way. */
export interface Asked extends WantedPartition {
  readonly position: Position
  readonly generation: number
}

/** What the outcomes of a request can lead to. */
export interface OutcomeActions {
  /** Records have come. */
  add(position: Position, part: FetchedPartition, count: AnswerCount): void
  /** As {@link Fetcher.move}. */
  move(
    position: Position,
    offset: number,
    wanted: 'earliest' | 'latest' | undefined,
    offsetEpoch?: number,
  ): void
  updateMetadata(topics: Iterable<string>): void
  /** Does the work after the pause that follows so many failures. */
  later(failures: number, work: () => void): void
}

/** What brokers' answers mean for the positions that were asked for. */
export class Outcomes {
  private readonly core: ClientCore
  private readonly config: ResolvedConsumerConfig
  private readonly actions: OutcomeActions

  constructor(core: ClientCore, config: ResolvedConsumerConfig, actions: OutcomeActions) {
    this.core = core
    this.config = config
    this.actions = actions
  }

  /** The partition may be asked for again. */
  release(entry: Asked): void {
    if (isCurrent(entry)) entry.position.busy = false
  }

  fetched(
    node: number,
    asked: readonly Asked[],
    { partitions, nodes }: FetchAnswers,
    count: AnswerCount,
  ): void {
    for (const entry of asked) {
      if (!isCurrent(entry)) continue
      const answer = partitions.get(nameOf(entry))
      if (answer === undefined) entry.position.busy = false
      else if (answer.errorCode !== ERROR_CODES.NONE) this.refused(node, entry, answer, nodes)
      else this.accept(entry, answer, count)
    }
  }

  /** Without `ends` the leader cannot be asked: then the positions count as good. */
  validated(asked: readonly Asked[], ends: ReadonlyMap<string, EpochEnd> | undefined): void {
    for (const entry of asked) {
      if (!isCurrent(entry)) continue
      const { position } = entry
      const verdict = ends === undefined ? VALID : judge(position, ends.get(nameOf(entry)))
      if (verdict.kind === 'again') {
        this.actions.updateMetadata([entry.topic])
        this.pause(entry)
      } else if (verdict.kind === 'failed') position.failure = verdict.error
      else if (verdict.kind === 'truncated') this.truncated(position, verdict)
      else {
        position.validEpoch = entry.leaderEpoch
        position.busy = false
      }
    }
  }

  /** A partition that goes on failing is asked for less and less often. */
  private pause(entry: Asked): void {
    this.actions.later(entry.position.failures++, () => this.release(entry))
  }

  private accept(entry: Asked, answer: PartitionAnswer, count: AnswerCount): void {
    const { position } = entry
    const isCommitted = this.config.isolationLevel === 'read_committed'
    position.busy = false
    position.failures = 0
    position.highWatermark = answer.highWatermark
    position.logStartOffset = answer.logStartOffset < 0 ? undefined : answer.logStartOffset
    position.readableEnd =
      isCommitted && answer.lastStableOffset >= 0 ? answer.lastStableOffset : answer.highWatermark
    if (answer.preferredReadReplica >= 0) {
      const { clock, metadataMaxAgeMs } = this.core.options
      position.readReplica = answer.preferredReadReplica
      position.readReplicaUntilMs = clock.monotonicMs() + metadataMaxAgeMs
    }
    if (answer.records === null || answer.records.length === 0) return
    const aborted = isCommitted ? (answer.abortedTransactions ?? []) : undefined
    const options = { checkCrcs: this.config.checkCrcs, ...(aborted === undefined ? {} : { aborted }) }
    this.actions.add(position, new FetchedPartition(position, entry.offset, answer.records, options), count)
  }

  /** As FetchCollector.handleInitializeErrors. The position stays busy until it is free to be tried again. */
  private refused(node: number, entry: Asked, answer: PartitionAnswer, nodes: FetchAnswers['nodes']): void {
    const { position } = entry
    const { errorCode, currentLeader } = answer
    const wasFollower = position.readReplica === node
    position.readReplica = -1
    const place = nameOf(position)
    const { name, retriable } = errorInfo(errorCode)
    if (errorCode === ERROR_CODES.OFFSET_OUT_OF_RANGE) {
      // A follower may lag behind or have kept less; the leader knows.
      if (wasFollower) position.busy = false
      // It was fetched ahead: the records before it are good, and by then there may be more.
      else if (position.offset !== entry.offset) this.pause(entry)
      else this.outOfRange(position)
      return
    }
    if (errorCode === ERROR_CODES.CORRUPT_MESSAGE) {
      position.failure = new CorruptBatchError(position, entry.offset, 'the broker cannot read it')
      return
    }
    if (!retriable && errorCode !== ERROR_CODES.UNKNOWN_SERVER_ERROR) {
      position.failure = new BrokerError(errorCode, `${place} cannot be read: ${name}`)
      return
    }
    this.core.options.logger.debug(`${place} cannot be read now: ${name}`)
    const leader = { topic: entry.topic, partition: entry.partition, ...currentLeader }
    const isLearned = this.core.learnLeaders([leader], nodes)
    if (isStaleMetadata(errorCode)) this.actions.updateMetadata([position.topic])
    if (isLearned) position.busy = false
    else this.pause(entry)
  }

  private outOfRange(position: Position): void {
    const { autoOffsetReset } = this.config
    if (autoOffsetReset !== 'none') {
      this.core.options.logger.debug(
        `${nameOf(position)} has no offset ${position.offset}: ${autoOffsetReset}`,
      )
      this.actions.move(position, position.offset, autoOffsetReset)
      return
    }
    position.failure = new ClientError(
      'KCLI_OFFSET_OUT_OF_RANGE',
      `${nameOf(position)} has no offset ${position.offset}`,
      {
        retriable: false,
        hint: 'Choose another offset, or let the consumer go to the earliest or latest one.',
      },
    )
  }

  private truncated(
    position: Position,
    { divergentOffset, epoch }: Extract<Verdict, { kind: 'truncated' }>,
  ): void {
    const error = new LogTruncationError(position, position.offset, divergentOffset)
    const { autoOffsetReset } = this.config
    if (autoOffsetReset === 'none') position.failure = error
    else {
      this.core.options.logger.warn(error.message)
      if (divergentOffset === undefined) this.actions.move(position, position.offset, autoOffsetReset)
      else this.actions.move(position, divergentOffset, undefined, epoch)
    }
  }
}

const VALID: Verdict = { kind: 'valid' }

/** It was neither moved nor taken away since it was asked for. */
function isCurrent({ position, generation }: Asked): boolean {
  return position.generation === generation
}
