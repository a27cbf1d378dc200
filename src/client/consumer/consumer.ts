import { sleep } from '../../base/clock.ts'
import { ClientCore } from '../core.ts'
import { ClientError } from '../net/index.ts'
import { listOffsetsOf, type OffsetSpec, type TopicPartition } from '../offsets.ts'
import type { ClientOptions } from '../options.ts'
import { type ConsumerConfig, type ResolvedConsumerConfig, resolveConsumerConfig } from './config.ts'
import type { ConsumerRecord } from './fetched.ts'
import { Fetcher, type Position } from './fetcher.ts'

export interface Assignment extends TopicPartition {
  /** Where to begin: an offset, an end, or the first record not older than a time. */
  readonly from: number | OffsetSpec
}

/**
 * Reads partitions that it is told to read. (Groups, which share partitions out, are built on this.)
 *
 * The next fetch is under way while the records of the last one are being worked on; what is held in memory is bounded by
 * `fetchMaxBytes` for each broker.
 */
export class Consumer {
  private readonly core: ClientCore
  private readonly config: ResolvedConsumerConfig
  private readonly fetcher: Fetcher
  private unresolved: Assignment[] = []

  constructor(options: ClientOptions, config: ConsumerConfig = {}) {
    this.core = new ClientCore(options)
    this.config = resolveConsumerConfig(config)
    this.fetcher = new Fetcher(this.core, this.config)
  }

  /** Replaces what is read. Positions are looked up with the first poll. */
  assign(assignments: readonly Assignment[]): void {
    this.unresolved = [...assignments]
    this.fetcher.assign([])
  }

  assignment(): TopicPartition[] {
    return [...this.fetcher.positions(), ...this.unresolved].map(({ topic, partition }) => ({
      topic,
      partition,
    }))
  }

  /** The offset of the next record to be given out; undefined before it has been looked up. */
  position(at: TopicPartition): number | undefined {
    return this.fetcher.position(at)?.offset
  }

  /** The offset up to which records are committed, as of the last fetch. */
  highWatermark(at: TopicPartition): number | undefined {
    return this.fetcher.position(at)?.highWatermark
  }

  async seek(at: TopicPartition, to: number | OffsetSpec): Promise<void> {
    const offset = typeof to === 'number' ? to : await this.resolve({ ...at, from: to })
    this.fetcher.seek(at, offset)
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) this.fetcher.setPaused(at, true)
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) this.fetcher.setPaused(at, false)
  }

  /**
   * Records that are there, or that come within `timeoutMs`; none when the time is over. Throws when a position is out of
   * range and `autoOffsetReset` is `none`, or when a batch is corrupt.
   */
  async poll(timeoutMs: number): Promise<ConsumerRecord[]> {
    const { clock } = this.core.options
    const deadlineMs = clock.monotonicMs() + timeoutMs
    await this.begin()
    for (;;) {
      await this.resetPositions()
      const records = this.fetcher.take(this.config.maxPollRecords)
      // The next fetch goes out now, so that it is back when these records are done.
      this.fetcher.fetchAhead()
      if (records.length > 0) return records
      const leftMs = deadlineMs - clock.monotonicMs()
      if (leftMs <= 0) return []
      await this.fetcher.wait(leftMs)
    }
  }

  /** Looks up the positions of what was assigned, so that `position` knows them before the first poll. */
  async begin(): Promise<void> {
    if (this.unresolved.length === 0) return
    const assignments = this.unresolved
    const positions = await this.positionsOf(assignments)
    this.unresolved = []
    this.fetcher.assign(positions)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord> {
    while (!this.core.isClosed) yield* await this.poll(this.config.fetchMaxWaitMs)
  }

  /** The offsets that the specs stand for; -1 where no record is late enough. */
  async offsets(wanted: readonly (TopicPartition & { readonly spec: OffsetSpec })[]) {
    return listOffsetsOf(this.core, wanted, {
      readCommitted: this.config.isolationLevel === 'read_committed',
    })
  }

  /** The partitions of a topic, by number. Throws when it does not exist. */
  async partitionsOf(topic: string): Promise<number[]> {
    return (await this.core.topic(topic)).partitions.map((partition) => partition.partition)
  }

  close(): Promise<void> {
    this.core.close()
    this.fetcher.close()
    return Promise.resolve()
  }

  private async positionsOf(
    assignments: readonly Assignment[],
  ): Promise<(TopicPartition & { offset: number })[]> {
    for (const topic of new Set(assignments.map((assignment) => assignment.topic)))
      await this.core.topic(topic)
    const asked = assignments.flatMap(({ topic, partition, from }) =>
      typeof from === 'number' ? [] : [{ topic, partition, spec: from }],
    )
    const found = await this.offsets(asked)
    const late = found.filter((answer) => answer.offset < 0)
    // A time after the last record means the end, as for Kafka's offsetsForTimes with a fallback.
    const ends = await this.offsets(
      late.map(({ topic, partition }) => ({ topic, partition, spec: 'latest' as const })),
    )
    const offsetOf = new Map(
      [...found, ...ends].map((answer) => [`${answer.topic}-${answer.partition}`, answer.offset]),
    )
    return assignments.map(({ topic, partition, from }) => ({
      topic,
      partition,
      offset: typeof from === 'number' ? from : (offsetOf.get(`${topic}-${partition}`) ?? 0),
    }))
  }

  private async resolve(assignment: Assignment): Promise<number> {
    const [position] = await this.positionsOf([assignment])
    return position?.offset ?? 0
  }

  private async resetPositions(): Promise<void> {
    for (const position of this.fetcher.takeOutOfRange()) await this.reset(position)
    const failure = this.fetcher.takeFailure()
    if (failure === undefined) return
    if (!(failure instanceof ClientError && failure.retriable)) throw failure
    await sleep(this.core.options.clock, this.core.backoffMs(0))
  }

  private async reset(position: Position): Promise<void> {
    const { autoOffsetReset } = this.config
    const { topic, partition, offset } = position
    if (autoOffsetReset === 'none') {
      throw new ClientError('KCLI_OFFSET_OUT_OF_RANGE', `${topic}-${partition} has no offset ${offset}`, {
        retriable: false,
        hint: 'Choose another offset, or let the consumer go to the earliest or latest one.',
      })
    }
    await this.seek({ topic, partition }, autoOffsetReset)
  }
}
