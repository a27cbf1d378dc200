import { ClientCore } from '../core.ts'
import { ClientError } from '../net/index.ts'
import { listOffsetsOf, type OffsetSpec, requirePartitions, type TopicPartition } from '../offsets.ts'
import type { ClientOptions } from '../options.ts'
import { type ConsumerConfig, type ResolvedConsumerConfig, resolveConsumerConfig } from './config.ts'
import type { ConsumerRecord } from './fetch/fetched.ts'
import { Fetcher } from './fetch/fetcher.ts'
import { nameOf } from './fetch/position.ts'

export interface Assignment extends TopicPartition {
  /** Where to begin: an offset, an end, or the first record not older than a time. */
  readonly from: number | OffsetSpec
}

/**
 * Reads partitions that it is told to read. (Groups, which share partitions out, are built on this.)
 *
 * The next fetch is under way while the records of the last one are being worked on. In memory are at most
 * `maxPartitionFetchBytes` of each partition (more for one larger batch), and nothing more is fetched while
 * `fetchMaxBytes` wait to be taken.
 */
export class Consumer {
  private readonly core: ClientCore
  private readonly config: ResolvedConsumerConfig
  private readonly fetcher: Fetcher
  private lookup: Promise<void> | undefined

  constructor(options: ClientOptions, config: ConsumerConfig = {}) {
    this.core = new ClientCore(options)
    this.config = resolveConsumerConfig(config)
    this.fetcher = new Fetcher(this.core, this.config)
  }

  /** Replaces what is read. Positions are looked up with the first poll. */
  assign(assignments: readonly Assignment[]): void {
    this.fetcher.assign(assignments)
  }

  assignment(): TopicPartition[] {
    return [...this.fetcher.positions()].map(({ topic, partition }) => ({ topic, partition }))
  }

  /** The offset of the next record to be given out; undefined before it has been looked up. */
  position(at: TopicPartition): number | undefined {
    const position = this.fetcher.position(at)
    return position?.wanted === undefined ? position?.offset : undefined
  }

  /** The offset up to which records are committed, as of the last fetch. */
  highWatermark(at: TopicPartition): number | undefined {
    return this.fetcher.position(at)?.highWatermark
  }

  /** Goes on from somewhere else; resolves when the offset is known. Throws when the partition is not assigned. */
  async seek(at: TopicPartition, to: number | OffsetSpec): Promise<void> {
    const position = this.fetcher.position(at)
    if (position === undefined) {
      const message = `${nameOf(at)} is not assigned to this consumer`
      throw new ClientError('KCLI_NOT_ASSIGNED', message, { retriable: false })
    }
    const isKnown = typeof to === 'number' && position.wanted === undefined
    this.fetcher.move(position, isKnown ? to : position.offset, isKnown ? undefined : to)
    await this.begin()
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) this.fetcher.setPaused(at, true)
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) this.fetcher.setPaused(at, false)
  }

  /**
   * Records that are there, or that come within `timeoutMs`; none when the time is over or the consumer is closed
   * meanwhile. What passes (a leader that moves, a broker that is away) is waited for. Throws when a position is out of
   * range and `autoOffsetReset` is `none`, when a batch is corrupt, and when the brokers refuse for good. A partition
   * that is in trouble does not lose its position.
   */
  async poll(timeoutMs: number): Promise<ConsumerRecord[]> {
    if (this.core.isClosed)
      throw new ClientError('KCLI_CLOSED', 'the consumer is closed', { retriable: false })
    const { clock } = this.core.options
    const deadlineMs = clock.monotonicMs() + timeoutMs
    for (;;) {
      const records = this.fetcher.take(this.config.maxPollRecords)
      const failure = records.length === 0 ? this.fetcher.takeFailure() : undefined
      if (failure !== undefined) throw failure
      this.lookUpWanted()
      // The next fetch goes out now, so that it is back when these records are done.
      this.fetcher.fetchAhead()
      if (records.length > 0) return records
      const leftMs = deadlineMs - clock.monotonicMs()
      if (leftMs <= 0) return []
      await this.fetcher.wait(leftMs)
      if (this.core.isClosed) return []
    }
  }

  /** Looks up the positions of what was assigned, so that `position` knows them before the first poll. */
  async begin(): Promise<void> {
    while (this.isWanting()) await (this.lookup ?? this.lookUp())
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
    this.fetcher.wake()
    return Promise.resolve()
  }

  private isWanting(): boolean {
    for (const position of this.fetcher.positions()) if (position.wanted !== undefined) return true
    return false
  }

  /** Looks positions up in the background: other partitions can be read meanwhile. */
  private lookUpWanted(): void {
    if (this.lookup !== undefined || !this.isWanting()) return
    this.lookup = this.lookUp()
      .catch((error: Error) => this.fetcher.fail(error))
      .finally(() => {
        this.lookup = undefined
        this.fetcher.wake()
      })
  }

  /** Offsets that are given count at once; ends and times have to be asked for. */
  private async lookUp(): Promise<void> {
    const asked = [...this.fetcher.positions()].flatMap((position) => {
      const { topic, partition, wanted, generation } = position
      return wanted === undefined ? [] : [{ topic, partition, wanted, position, generation }]
    })
    await requirePartitions(this.core, asked)
    const settle = ({ position, generation }: (typeof asked)[number], offset: number | undefined) => {
      if (offset === undefined || position.generation !== generation) return
      position.offset = offset
      position.wanted = undefined
    }
    const places = asked.flatMap(({ topic, partition, wanted }) =>
      typeof wanted === 'number' || wanted === 'committed' ? [] : [{ topic, partition, spec: wanted }],
    )
    for (const entry of asked) if (typeof entry.wanted === 'number') settle(entry, entry.wanted)
    if (places.length === 0) return
    this.fetcher.wake()
    const found = await this.placesOf(places)
    for (const entry of asked) settle(entry, found.get(nameOf(entry)))
  }

  private async placesOf(
    asked: readonly (TopicPartition & { readonly spec: OffsetSpec })[],
  ): Promise<Map<string, number>> {
    const found = await this.offsets(asked)
    const late = found.filter((answer) => answer.offset < 0)
    // A time after the last record means the end, as for Kafka's offsetsForTimes with a fallback.
    const ends = await this.offsets(
      late.map(({ topic, partition }) => ({ topic, partition, spec: 'latest' as const })),
    )
    return new Map([...found, ...ends].map((answer) => [nameOf(answer), answer.offset]))
  }
}
