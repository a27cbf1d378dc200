import { ClientCore } from '../core.ts'
import type { PartitionInfo } from '../metadata.ts'
import type { Metric } from '../metrics/index.ts'
import { ClientError } from '../net/index.ts'
import type { ListedOffset, OffsetSpec, TopicPartition } from '../offsets.ts'
import type { ClientOptions } from '../options.ts'
import type { GroupMetadata } from './assignors/assignor.ts'
import { Blocking } from './blocking.ts'
import { type ConsumerConfig, type ResolvedConsumerConfig, resolveConsumerConfig } from './config.ts'
import type { ConsumerRecord } from './fetch/fetched.ts'
import { Fetcher } from './fetch/fetcher.ts'
import { nameOf, type Position } from './fetch/position.ts'
import type { CommitCallback, CommittedOffset } from './group/commits.ts'
import { ConsumerGroup } from './group/consumer-group.ts'
import { comparePartitions } from './partitions.ts'
import { PollMetrics } from './poll-metrics.ts'
import { PositionLookup } from './positions.ts'
import { Reading } from './reading.ts'
import { type RebalanceListener, SubscriptionState } from './subscription.ts'

export interface Assignment extends TopicPartition {
  /**
   * Where to begin: an offset, an end, or the first record not older than a time. Left out: at the offset that the group
   * has stored, or where `autoOffsetReset` says; what was assigned before goes on from where it was.
   */
  readonly from?: number | OffsetSpec
}

/** How long a call may wait, in place of default.api.timeout.ms. */
export interface CallOptions {
  readonly timeoutMs?: number
}

const CLOSE_TIMEOUT_MS = 30_000

/**
 * Reads the partitions that it is told to read, or those that its group gives it
 * (org.apache.kafka.clients.consumer.KafkaConsumer with the classic protocol).
 *
 * The next fetch is under way while the records of the last one are being worked on. In memory are at most twice
 * `maxPartitionFetchBytes` of each partition (or two larger batches), and nothing more is fetched while `fetchMaxBytes`
 * wait to be taken.
 *
 * In a group, heartbeats go on by themselves as long as the event loop runs; everything else happens within `poll`, which
 * has to be called at least every `maxPollIntervalMs`. Offsets that are committed are those of what was given out.
 */
export class Consumer {
  private readonly core: ClientCore
  private readonly config: ResolvedConsumerConfig
  private readonly subscriptions = new SubscriptionState()
  private readonly fetcher: Fetcher
  private readonly group: ConsumerGroup | undefined
  private readonly lookup: PositionLookup
  private readonly blocking: Blocking
  private readonly polls: PollMetrics
  private isPolling = false
  private isClosing = false
  /** What the iterator has in hand. */
  private reading: Reading | undefined

  constructor(options: ClientOptions, config: ConsumerConfig = {}) {
    this.core = new ClientCore(options, 'consumer')
    this.config = resolveConsumerConfig(config)
    this.fetcher = new Fetcher(this.core, this.config)
    this.blocking = new Blocking(this.core.options.clock)
    this.polls = new PollMetrics(this.core.metrics, this.core.options.clock)
    const { groupId } = this.config
    this.group =
      groupId === undefined
        ? undefined
        : new ConsumerGroup(this.core, this.config, groupId, this.subscriptions, this.fetcher, () =>
            this.consumed(),
          )
    this.lookup = new PositionLookup(this.core, this.config, this.fetcher, {
      committed: async (partitions) =>
        (await this.group?.committed(partitions, this.core.options.apiTimeoutMs)) ?? [],
      isPatient: () => this.subscriptions.isSubscribed,
    })
  }

  /**
   * Lets the group say which partitions of these topics are read; replaces what was subscribed to. With an expression,
   * topics come and go in whose names it is found (anchor it for whole names). Takes effect with the next poll.
   */
  subscribe(topics: readonly string[] | RegExp, options: { listener?: RebalanceListener } = {}): void {
    this.requireGroup()
    if (!(topics instanceof RegExp) && topics.length === 0)
      throw refused('KCLI_SUBSCRIPTION', 'no topic is named', 'Call unsubscribe to leave the group.')
    this.subscriptions.subscribe(topics, options.listener ?? {})
  }

  /** What is subscribed to; with an expression, the topics that matched it when the brokers were asked last. */
  subscription(): string[] {
    return [...this.subscriptions.topics].sort()
  }

  /** Gives up what is subscribed to or assigned, and leaves the group. Throws what a listener throws. */
  async unsubscribe(): Promise<void> {
    if (this.subscriptions.isSubscribed) await this.group?.leave('the consumer unsubscribed from all topics')
    this.fetcher.assign([])
    this.subscriptions.unsubscribe()
  }

  /** Replaces what is read. Positions are looked up with the first poll. */
  assign(assignments: readonly Assignment[]): void {
    this.subscriptions.assign(assignments.length)
    this.group?.autoCommit()
    const known = new Set([...this.fetcher.positions()].map(nameOf))
    this.fetcher.assign(
      assignments.map(({ topic, partition, from }) => ({ topic, partition, from: from ?? 'committed' })),
    )
    for (const { topic, partition, from } of assignments) {
      const position = this.fetcher.position({ topic, partition })
      if (position !== undefined && from !== undefined && known.has(nameOf(position)))
        this.fetcher.move(position, position.offset, from)
    }
  }

  assignment(): TopicPartition[] {
    return [...this.fetcher.positions()].map(({ topic, partition }) => ({ topic, partition }))
  }

  /** The offset of the next record to be given out; undefined before it has been looked up. */
  position(at: TopicPartition): number | undefined {
    const position = this.fetcher.position(at)
    if (position === undefined || position.wanted !== undefined) return undefined
    return this.reading?.firstOf(position)?.offset ?? position.offset
  }

  /** The offset up to which records are committed, as of the last fetch. */
  highWatermark(at: TopicPartition): number | undefined {
    return this.fetcher.position(at)?.highWatermark
  }

  /** How many offsets the position is behind the end, as of the last fetch; undefined before that. */
  currentLag(at: TopicPartition): number | undefined {
    const end = this.fetcher.position(at)?.readableEnd ?? Number.POSITIVE_INFINITY
    const offset = this.position(at)
    return offset === undefined || !Number.isFinite(end) ? undefined : Math.max(0, end - offset)
  }

  /** Goes on from somewhere else; resolves when the offset is known. Throws when the partition is not assigned. */
  async seek(at: TopicPartition, to: number | OffsetSpec): Promise<void> {
    const position = this.assigned(at)
    // Partitions that a group gives exist.
    const isKnown =
      typeof to === 'number' && (position.wanted === undefined || this.subscriptions.isSubscribed)
    this.fetcher.move(position, isKnown ? to : position.offset, isKnown ? undefined : to)
    this.reading?.skip(at)
    if (!isKnown) await this.begin()
  }

  /** Goes to the first record of each; of all that are assigned when none is named. Looked up with the next poll. */
  seekToBeginning(partitions: readonly TopicPartition[] = this.assignment()): void {
    this.seekToEndOf(partitions, 'earliest')
  }

  /** Goes behind the last record of each; of all that are assigned when none is named. Looked up with the next poll. */
  seekToEnd(partitions: readonly TopicPartition[] = this.assignment()): void {
    this.seekToEndOf(partitions, 'latest')
  }

  /** What the consumer measures, under the names of Kafka's consumer. */
  metrics(): Metric[] {
    return this.core.metrics.values()
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) this.fetcher.setPaused(at, true)
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) this.fetcher.setPaused(at, false)
  }

  paused(): TopicPartition[] {
    return this.assignment().filter((at) => this.fetcher.position(at)?.paused)
  }

  /**
   * Records that are there, or that come within `timeoutMs`; none when the time is over or the consumer is closed
   * meanwhile. What passes (a leader that moves, a broker that is away) is waited for. Throws when a position is out of
   * range and `autoOffsetReset` is `none`, when a batch is corrupt, when the brokers refuse for good, what a rebalance
   * listener throws, and after `wakeup`. A partition that is in trouble does not lose its position.
   */
  async poll(timeoutMs: number): Promise<ConsumerRecord[]> {
    if (this.isClosing) throw refused('KCLI_CLOSED', 'the consumer is closed')
    if (this.subscriptions.isNone)
      throw refused(
        'KCLI_NOT_SUBSCRIBED',
        'nothing is subscribed to or assigned',
        'Call subscribe or assign first.',
      )
    if (this.isPolling) throw refused('KCLI_CONCURRENT_POLL', 'another poll of this consumer is under way')
    this.isPolling = true
    this.polls.begins()
    try {
      return await this.pollLoop(this.core.options.clock.monotonicMs() + timeoutMs)
    } finally {
      this.polls.ends()
      this.isPolling = false
    }
  }

  /** Looks up the positions of what is assigned, so that `position` knows them before the first poll. */
  begin(): Promise<void> {
    return this.lookup.finish()
  }

  /**
   * Record after record, for ever. Who leaves the loop goes on behind the record that came last; commits meanwhile do not
   * go beyond that either.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord> {
    while (!this.isClosing) {
      const reading = new Reading(await this.poll(this.config.fetchMaxWaitMs))
      this.reading = reading
      try {
        for (let record = reading.take(); record !== undefined; record = reading.take()) yield record
      } finally {
        this.returnUnread(reading)
      }
    }
  }

  /**
   * Stores offsets; without a list, those of everything that was given out. Throws CommitFailedError when the group has
   * gone on without this consumer, RebalanceInProgressError when it has to poll first, TimeoutError, or what the broker
   * says (FENCED_INSTANCE_ID, GROUP_AUTHORIZATION_FAILED …).
   */
  commitSync(offsets?: readonly CommittedOffset[], options: CallOptions = {}): Promise<void> {
    const group = this.requireGroup()
    const timeoutMs = this.timeoutOf(options)
    return this.blocking.run('commit offsets', timeoutMs, () =>
      group.commits.sync(offsets ?? this.consumed(), timeoutMs),
    )
  }

  /**
   * Sends a commit and goes on; it is not sent again. Callbacks are called in order, within a later `poll`, `commitSync`,
   * `commitAsync` or `close`; without one a failure is logged.
   */
  commitAsync(callback?: CommitCallback): void
  commitAsync(offsets: readonly CommittedOffset[], callback?: CommitCallback): void
  commitAsync(first?: readonly CommittedOffset[] | CommitCallback, second?: CommitCallback): void {
    const group = this.requireGroup()
    const offsets = typeof first === 'function' || first === undefined ? this.consumed() : first
    group.commits.async(offsets, typeof first === 'function' ? first : second)
  }

  /** What the group has stored for partitions; those without an offset are missing. */
  committed(partitions: readonly TopicPartition[], options: CallOptions = {}): Promise<CommittedOffset[]> {
    const group = this.requireGroup()
    const timeoutMs = this.timeoutOf(options)
    return this.blocking.run('look up committed offsets', timeoutMs, () =>
      group.committed(partitions, timeoutMs),
    )
  }

  /** This consumer's place in its group; generation -1 while it has none. */
  groupMetadata(): GroupMetadata {
    return this.requireGroup().metadata
  }

  /** The group shares out anew with the next poll, though nothing has changed (KIP-568). */
  enforceRebalance(reason = 'rebalance enforced by user'): void {
    this.requireGroup().enforceRebalance(reason)
  }

  /** Ends the call that waits now, or else the next one, with a WakeupError. */
  wakeup(): void {
    this.blocking.wakeup()
    this.fetcher.wake()
  }

  /** The offsets that the specs stand for; -1 where no record is late enough. */
  offsets(wanted: readonly (TopicPartition & { readonly spec: OffsetSpec })[]): Promise<ListedOffset[]> {
    return this.lookup.offsets(wanted)
  }

  /** The first record not older than a time, for each; offset -1 where there is none. */
  offsetsForTimes(
    wanted: readonly (TopicPartition & { readonly timestampMs: number })[],
  ): Promise<ListedOffset[]> {
    return this.offsets(
      wanted.map(({ topic, partition, timestampMs }) => ({ topic, partition, spec: { timestampMs } })),
    )
  }

  beginningOffsets(partitions: readonly TopicPartition[]): Promise<ListedOffset[]> {
    return this.offsets(partitions.map((at) => ({ ...at, spec: 'earliest' as const })))
  }

  /** With read_committed: up to where transactions are decided. */
  endOffsets(partitions: readonly TopicPartition[]): Promise<ListedOffset[]> {
    return this.offsets(partitions.map((at) => ({ ...at, spec: 'latest' as const })))
  }

  /** The partitions of a topic, by number. Throws when it does not exist. */
  async partitionsOf(topic: string): Promise<number[]> {
    return (await this.partitionsFor(topic)).map((partition) => partition.partition)
  }

  /** The partitions of a topic with their leaders and replicas. Throws when it does not exist. */
  async partitionsFor(topic: string): Promise<readonly PartitionInfo[]> {
    return (await this.core.topic(topic)).partitions
  }

  /** All topics that this client may see, with their partitions. */
  async listTopics(): Promise<ReadonlyMap<string, readonly PartitionInfo[]>> {
    await this.core.retry(() => this.core.refresh(null))
    const topics = [...this.core.metadata.topics.values()].filter((topic) => topic.errorCode === 0)
    return new Map(topics.map(({ name, partitions }) => [name, partitions]))
  }

  /**
   * Commits (with `enableAutoCommit`), tells the listener, leaves the group and disconnects: what takes longer than
   * `timeoutMs` is left undone. Throws what the listener throws.
   */
  async close(options: CallOptions = {}): Promise<void> {
    if (this.isClosing) return
    this.isClosing = true
    const { group } = this
    const timeoutMs = options.timeoutMs ?? CLOSE_TIMEOUT_MS
    try {
      if (group !== undefined) await this.leaveInTime(group, timeoutMs)
    } finally {
      group?.stop()
      this.core.close()
      this.fetcher.wake()
    }
  }

  private async leaveInTime(group: ConsumerGroup, timeoutMs: number): Promise<void> {
    // Without a wakeup: who closes has been woken up.
    const closing = new Blocking(this.core.options.clock)
    await closing
      .run('leave the group', timeoutMs, () => group.close(timeoutMs))
      .catch((error: unknown) => {
        if (!(error instanceof ClientError) || error.code !== 'KCLI_TIMEOUT') throw error
        this.core.options.logger.warn(error.message)
      })
  }

  private async pollLoop(deadlineMs: number): Promise<ConsumerRecord[]> {
    const { group, fetcher } = this
    const { clock } = this.core.options
    for (let isFirst = true; ; isFirst = false) {
      this.blocking.check()
      if (group !== undefined) await group.advance()
      if (this.isClosing) return []
      const isHeld = group?.holdsBack === true
      const records = isHeld ? [] : fetcher.take(this.config.maxPollRecords)
      const failure = records.length === 0 ? fetcher.takeFailure() : undefined
      if (failure !== undefined) throw failure
      this.lookup.start()
      // The next fetch goes out now, so that it is back when these records are done.
      fetcher.fetchAhead()
      if (records.length > 0) return records
      const leftMs = deadlineMs - clock.monotonicMs()
      if (leftMs <= 0) {
        // Who polls without waiting must not keep the answers from coming in.
        if (isFirst) await new Promise<void>((resolve) => clock.defer(resolve))
        return []
      }
      if (group?.isReady) continue
      await fetcher.wait(Math.min(leftMs, group?.waitMs() ?? leftMs), isHeld)
      if (this.isClosing) return []
    }
  }

  /** Offsets behind what was given out. */
  private consumed(): CommittedOffset[] {
    const offsets: CommittedOffset[] = []
    for (const position of this.fetcher.positions()) {
      const { topic, partition, wanted, offset, offsetEpoch } = position
      if (wanted !== undefined || offset < 0) continue
      const next = this.reading?.firstOf(position)
      if (next === undefined) offsets.push({ topic, partition, offset, leaderEpoch: offsetEpoch })
      else offsets.push({ topic, partition, offset: next.offset })
    }
    return offsets.sort(comparePartitions)
  }

  /** What was left unread is read again. */
  private returnUnread(reading: Reading): void {
    this.reading = undefined
    for (const position of this.fetcher.positions()) {
      const next = reading.firstOf(position)
      if (next !== undefined) this.fetcher.move(position, next.offset, undefined)
    }
  }

  private seekToEndOf(partitions: readonly TopicPartition[], end: 'earliest' | 'latest'): void {
    for (const at of partitions) {
      const position = this.assigned(at)
      this.fetcher.move(position, position.offset, end)
      this.reading?.skip(at)
    }
  }

  private assigned(at: TopicPartition): Position {
    const position = this.fetcher.position(at)
    if (position === undefined)
      throw refused('KCLI_NOT_ASSIGNED', `${nameOf(at)} is not assigned to this consumer`)
    return position
  }

  private timeoutOf(options: CallOptions): number {
    this.requireOpen()
    return options.timeoutMs ?? this.core.options.apiTimeoutMs
  }

  /** Listeners that are told of the close may still commit. */
  private requireOpen(): void {
    if (this.core.isClosed) throw refused('KCLI_CLOSED', 'the consumer is closed')
  }

  private requireGroup(): ConsumerGroup {
    this.requireOpen()
    if (this.group !== undefined) return this.group
    throw refused(
      'KCLI_NO_GROUP',
      'the consumer has no group.id',
      'Subscriptions and stored offsets need a group.',
    )
  }
}

function refused(code: string, message: string, hint?: string): ClientError {
  return new ClientError(code, message, { retriable: false, ...(hint === undefined ? {} : { hint }) })
}
