import { messageOf } from '../../base/errors.ts'
import type { ClientCore } from '../core.ts'
import { UnreachableError } from '../core.ts'
import { requirePartitions } from '../leaders.ts'
import { ClientError } from '../net/index.ts'
import { listOffsetsOf, type OffsetSpec, type TopicPartition } from '../offsets.ts'
import type { ResolvedConsumerConfig } from './config.ts'
import type { Fetcher } from './fetch/fetcher.ts'
import { nameOf, type Position } from './fetch/position.ts'
import type { CommittedOffset } from './group/commits.ts'
import { namesOf } from './partitions.ts'

/** No offset is stored for a partition, and `autoOffsetReset` is `none` (NoOffsetForPartitionException). */
export class NoOffsetError extends ClientError {
  constructor(partitions: readonly TopicPartition[]) {
    super('KCLI_NO_OFFSET', `no offset is stored for ${namesOf(partitions)}`, {
      retriable: false,
      hint: 'Seek to an offset, or let the consumer begin at the earliest or latest one.',
    })
  }
}

interface Asked {
  readonly position: Position
  readonly generation: number
}

type Place = TopicPartition & { readonly spec: OffsetSpec }

/**
 * Looks up where partitions have to be read from: what the group has stored, ends and times
 * (org.apache.kafka.clients.consumer.internals.OffsetFetcher).
 */
export class PositionLookup {
  private readonly core: ClientCore
  private readonly config: ResolvedConsumerConfig
  private readonly fetcher: Fetcher
  private readonly committed: (partitions: readonly TopicPartition[]) => Promise<CommittedOffset[]>
  /** The group chose the partitions: whatever is wrong with one of them will be put right. */
  private readonly isPatient: () => boolean
  private running: Promise<void> | undefined
  private failures = 0
  private nextMs = 0

  constructor(
    core: ClientCore,
    config: ResolvedConsumerConfig,
    fetcher: Fetcher,
    hooks: {
      committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]>
      isPatient(): boolean
    },
  ) {
    this.core = core
    this.config = config
    this.fetcher = fetcher
    this.committed = hooks.committed
    this.isPatient = hooks.isPatient
  }

  /** Goes on in the background: other partitions can be read meanwhile. What fails is told by the next poll. */
  start(): void {
    if (this.running !== undefined || !this.isWanting()) return
    if (this.core.options.clock.monotonicMs() < this.nextMs) return
    this.running = this.lookUp()
      .then(() => {
        this.failures = 0
      })
      .catch((error: Error) => this.onFailure(error))
      .finally(() => {
        this.running = undefined
        this.fetcher.wake()
      })
  }

  /** Until everything is known. */
  async finish(): Promise<void> {
    while (this.isWanting()) await (this.running ?? this.lookUp())
  }

  offsets(wanted: readonly Place[]) {
    return listOffsetsOf(this.core, wanted, {
      readCommitted: this.config.isolationLevel === 'read_committed',
    })
  }

  private isWanting(): boolean {
    for (const position of this.fetcher.positions()) if (position.wanted !== undefined) return true
    return false
  }

  private onFailure(error: Error): void {
    const isPassing =
      error instanceof ClientError &&
      !(error instanceof UnreachableError) &&
      (error.retriable || error.code === 'KCLI_UNKNOWN_TOPIC' || error.code === 'KCLI_NO_PARTITION')
    if (!(isPassing && this.isPatient())) {
      this.fetcher.fail(error)
      return
    }
    const { clock, logger } = this.core.options
    const pauseMs = this.core.backoffMs(this.failures++)
    this.nextMs = clock.monotonicMs() + pauseMs
    logger.debug(`positions: ${messageOf(error)}`)
    clock.setTimer(pauseMs, () => this.fetcher.wake(), { unref: true })
  }

  private async lookUp(): Promise<void> {
    const all = [...this.fetcher.positions()]
    if (!this.isPatient())
      await requirePartitions(
        this.core,
        all.filter((position) => position.wanted !== undefined),
      )
    await this.lookUpCommitted(all.filter((position) => position.wanted === 'committed').map(asked))
    await this.lookUpPlaces()
  }

  private async lookUpCommitted(wanted: readonly Asked[]): Promise<void> {
    if (wanted.length === 0) return
    const found = new Map(
      (await this.committed(wanted.map(({ position }) => position))).map((stored) => [
        nameOf(stored),
        stored,
      ]),
    )
    const missing = wanted.filter(({ position }) => !found.has(nameOf(position)))
    for (const entry of wanted) {
      const stored = found.get(nameOf(entry.position))
      if (stored !== undefined) settle(entry, stored.offset, stored.leaderEpoch)
    }
    const { autoOffsetReset } = this.config
    const open = missing.filter(isCurrent)
    if (open.length > 0 && autoOffsetReset === 'none')
      throw new NoOffsetError(open.map(({ position }) => position))
    for (const { position } of open) position.wanted = autoOffsetReset === 'latest' ? 'latest' : 'earliest'
  }

  /** Offsets that are given count at once; ends and times have to be asked for. */
  private async lookUpPlaces(): Promise<void> {
    const entries: (Asked & Place & { readonly leaderEpoch: number })[] = []
    for (const position of this.fetcher.positions()) {
      const { topic, partition, wanted } = position
      if (typeof wanted === 'number') settle(asked(position), wanted)
      else if (wanted !== undefined && wanted !== 'committed')
        entries.push({
          ...asked(position),
          topic,
          partition,
          spec: wanted,
          leaderEpoch: this.core.metadata.partition(topic, partition)?.leaderEpoch ?? -1,
        })
    }
    if (entries.length === 0) return
    this.fetcher.wake()
    const found = await this.placesOf(entries)
    for (const entry of entries) {
      const place = found.get(nameOf(entry))
      if (place === undefined || !isCurrent(entry)) continue
      settle(entry, place.offset, place.leaderEpoch)
      // The leader itself has just said so: it need not be asked once more whether that is in its log.
      entry.position.validEpoch = entry.leaderEpoch
    }
  }

  private async placesOf(wanted: readonly Place[]) {
    const found = await this.offsets(wanted)
    const late = found.filter((answer) => answer.offset < 0)
    // A time after the last record means the end, as for Kafka's offsetsForTimes with a fallback.
    const ends = await this.offsets(
      late.map(({ topic, partition }) => ({ topic, partition, spec: 'latest' as const })),
    )
    return new Map([...found, ...ends].map((answer) => [nameOf(answer), answer]))
  }
}

function asked(position: Position): Asked {
  return { position, generation: position.generation }
}

/** Nobody has sought elsewhere meanwhile, and it is still assigned. */
function isCurrent({ position, generation }: Asked): boolean {
  return position.generation === generation
}

function settle(entry: Asked, offset: number, leaderEpoch = -1): void {
  if (!isCurrent(entry)) return
  entry.position.offset = offset
  entry.position.offsetEpoch = leaderEpoch
  entry.position.wanted = undefined
}
