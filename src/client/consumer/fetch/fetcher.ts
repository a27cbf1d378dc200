import { messageOf } from '../../../base/errors.ts'
import { ERROR_CODES, errorInfo } from '../../../protocol/index.ts'
import type { FetchResponse } from '../../../protocol/messages/01-fetch.ts'
import type { ClientCore } from '../../core.ts'
import { BrokerError, ClientError, isStaleMetadata } from '../../net/index.ts'
import type { TopicPartition } from '../../offsets.ts'
import type { ResolvedConsumerConfig } from '../config.ts'
import { sendFetch } from './fetch-request.ts'
import { type ConsumerRecord, CorruptBatchError, FetchedPartition } from './fetched.ts'
import { nameOf, newPosition, type Position, type WantedPosition } from './position.ts'

export interface Asked {
  readonly position: Position
  readonly offset: number
  readonly generation: number
}

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

/**
 * Keeps one fetch per broker under way for the partitions whose records have all been taken
 * (org.apache.kafka.clients.consumer.internals.Fetcher). Fetches are whole, without fetch sessions. Errors that pass are
 * waited out here; the others are told by `takeFailure`.
 */
export class Fetcher {
  private readonly core: ClientCore
  private readonly config: ResolvedConsumerConfig
  private readonly byName = new Map<string, Position>()
  private readonly fetched: FetchedPartition[] = []
  /** Brokers with a fetch under way, or that have to be left alone for a while. */
  private readonly busyNodes = new Set<number>()
  private readonly failuresByNode = new Map<number, number>()
  private failure: Error | undefined
  private readonly waiters = new Set<() => void>()

  constructor(core: ClientCore, config: ResolvedConsumerConfig) {
    this.core = core
    this.config = config
  }

  assign(assignments: readonly (TopicPartition & { readonly from: WantedPosition })[]): void {
    for (const position of this.byName.values()) position.generation = -1
    this.byName.clear()
    this.fetched.length = 0
    this.failure = undefined
    for (const assignment of assignments)
      this.byName.set(nameOf(assignment), newPosition(assignment, assignment.from))
    this.wake()
  }

  positions(): Iterable<Position> {
    return this.byName.values()
  }

  position(at: TopicPartition): Position | undefined {
    return this.byName.get(nameOf(at))
  }

  /** Goes on from an offset that is known to be meant, or from one that has to be looked up. */
  move(position: Position, offset: number, wanted: WantedPosition | undefined): void {
    position.offset = offset
    position.wanted = wanted
    position.generation++
    position.busy = false
    position.failure = undefined
    position.readableEnd = Number.POSITIVE_INFINITY
    const waiting = this.fetched.findIndex(
      (part) => part.topic === position.topic && part.partition === position.partition,
    )
    if (waiting >= 0) this.fetched.splice(waiting, 1)
    this.wake()
  }

  setPaused(at: TopicPartition, paused: boolean): void {
    const position = this.position(at)
    if (position === undefined) return
    position.paused = paused
    if (!paused) this.wake()
  }

  /** Up to `limit` records that are there. Throws at a batch that cannot be read, every time until a seek leads past it. */
  take(limit: number): ConsumerRecord[] {
    const records: ConsumerRecord[] = []
    let index = 0
    while (records.length < limit && index < this.fetched.length) {
      const part = this.fetched[index] as FetchedPartition
      const position = this.position(part)
      if (position?.paused) {
        index++
        continue
      }
      try {
        part.drain(records, limit - records.length)
      } catch (error) {
        if (position !== undefined) position.offset = part.nextOffset
        // What was good before the bad batch is given out first; the error comes with the next call.
        if (records.length === 0) throw error
        return records
      }
      if (position !== undefined) position.offset = part.nextOffset
      if (!part.isDone) continue
      this.fetched.splice(index, 1)
      if (position !== undefined) position.busy = false
    }
    return records
  }

  /** What poll has to throw, once. The partition is tried again after that. */
  takeFailure(): Error | undefined {
    const { failure } = this
    this.failure = undefined
    if (failure !== undefined) return failure
    for (const position of this.byName.values()) {
      const { failure } = position
      if (failure === undefined) continue
      position.failure = undefined
      position.busy = false
      return failure
    }
    return undefined
  }

  fail(error: Error): void {
    this.failure = error
    this.wake()
  }

  /** Resolves when something has happened, or after `timeoutMs`. */
  wait(timeoutMs: number): Promise<void> {
    if (this.failure !== undefined || this.core.isClosed) return Promise.resolve()
    if (this.fetched.some((part) => !this.position(part)?.paused)) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel()
        this.waiters.delete(done)
        resolve()
      }
      const timer = this.core.options.clock.setTimer(timeoutMs, done)
      this.waiters.add(done)
    })
  }

  wake(): void {
    for (const done of [...this.waiters]) done()
  }

  /** Starts a fetch at every broker that is idle and has partitions without records. */
  fetchAhead(): void {
    this.core.updateIfOld()
    if (this.readyBytes() >= this.config.fetchMaxBytes) return
    const byNode = new Map<number, Position[]>()
    const unled = new Set<string>()
    for (const position of this.byName.values()) {
      if (position.busy || position.paused || position.wanted !== undefined) continue
      const node = this.nodeOf(position)
      if (node < 0) unled.add(position.topic)
      else if (!this.busyNodes.has(node)) {
        const positions = byNode.get(node)
        if (positions === undefined) byNode.set(node, [position])
        else positions.push(position)
      }
    }
    if (unled.size > 0) this.updateMetadata(unled)
    const feeding = this.feedingNodes()
    for (const [node, positions] of byNode) {
      // A broker would keep such a fetch waiting, and the partitions that do have records with it.
      const isAtEnd = positions.every((position) => position.offset >= position.readableEnd)
      if (!(isAtEnd && feeding.has(node))) this.fetchFrom(node, positions)
    }
  }

  /** What is there to be taken. Paused partitions do not count: they must not keep the others from being read. */
  private readyBytes(): number {
    let bytes = 0
    for (const part of this.fetched) if (!this.position(part)?.paused) bytes += part.sizeBytes
    return bytes
  }

  /** The brokers of partitions that have records to be taken. */
  private feedingNodes(): Set<number> {
    const nodes = new Set<number>()
    for (const part of this.fetched) {
      const position = this.position(part)
      if (position !== undefined && !position.paused) nodes.add(this.nodeOf(position))
    }
    return nodes
  }

  private nodeOf(position: Position): number {
    const { metadata, options } = this.core
    if (position.readReplica >= 0) {
      const isGood = options.clock.monotonicMs() < position.readReplicaUntilMs
      if (isGood && metadata.brokers.has(position.readReplica)) return position.readReplica
      position.readReplica = -1
    }
    return metadata.partition(position.topic, position.partition)?.leader ?? -1
  }

  private fetchFrom(node: number, positions: readonly Position[]): void {
    this.busyNodes.add(node)
    for (const position of positions) position.busy = true
    const asked = positions.map((position) => ({
      position,
      offset: position.offset,
      generation: position.generation,
    }))
    this.ask(node, asked).then(
      () => {
        this.failuresByNode.delete(node)
        this.busyNodes.delete(node)
        this.wake()
      },
      (error: unknown) => this.onNodeFailure(node, asked, error),
    )
  }

  private onNodeFailure(node: number, asked: readonly Asked[], error: unknown): void {
    for (const entry of asked) {
      entry.position.readReplica = -1
      this.release(entry)
    }
    if (this.core.isClosed) {
      this.wake()
      return
    }
    if (!(error instanceof ClientError && error.retriable)) {
      this.busyNodes.delete(node)
      this.fail(error instanceof Error ? error : new Error(messageOf(error)))
      return
    }
    const failures = this.failuresByNode.get(node) ?? 0
    this.failuresByNode.set(node, failures + 1)
    this.core.options.logger.debug(`fetch from broker ${node}: ${error.message}`)
    // Its partitions may have another leader by then, who can be asked at once.
    this.updateMetadata(asked.map(({ position }) => position.topic))
    this.later(failures, () => this.busyNodes.delete(node))
  }

  private async ask(node: number, asked: readonly Asked[]): Promise<void> {
    const connection = await this.core.connectionTo(node)
    const { errorCode, answers } = await sendFetch(this.core, connection, this.config, asked)
    if (errorCode !== ERROR_CODES.NONE) throw new BrokerError(errorCode)
    for (const entry of asked) {
      if (!this.isCurrent(entry)) continue
      const answer = answers(entry.position)
      if (answer === undefined) this.release(entry)
      else this.accept(node, entry, answer)
    }
  }

  private isCurrent({ position, generation }: Asked): boolean {
    return position.generation === generation
  }

  /** The partition may be fetched again. */
  private release(entry: Asked): void {
    if (this.isCurrent(entry)) entry.position.busy = false
  }

  private accept(node: number, entry: Asked, answer: PartitionAnswer): void {
    const { position } = entry
    if (answer.errorCode !== ERROR_CODES.NONE) {
      this.refused(node, entry, answer.errorCode)
      return
    }
    const isCommitted = this.config.isolationLevel === 'read_committed'
    position.highWatermark = answer.highWatermark
    position.readableEnd =
      isCommitted && answer.lastStableOffset >= 0 ? answer.lastStableOffset : answer.highWatermark
    if (answer.preferredReadReplica >= 0) {
      const { clock, metadataMaxAgeMs } = this.core.options
      position.readReplica = answer.preferredReadReplica
      position.readReplicaUntilMs = clock.monotonicMs() + metadataMaxAgeMs
    }
    if (answer.records === null || answer.records.length === 0) {
      position.busy = false
      return
    }
    const aborted = isCommitted ? (answer.abortedTransactions ?? []) : undefined
    const options = { checkCrcs: this.config.checkCrcs, ...(aborted === undefined ? {} : { aborted }) }
    this.fetched.push(new FetchedPartition(position, entry.offset, answer.records, options))
  }

  /** As FetchCollector.handleInitializeErrors. The position stays busy until it is free to be tried again. */
  private refused(node: number, entry: Asked, errorCode: number): void {
    const { position } = entry
    const wasFollower = position.readReplica === node
    position.readReplica = -1
    const place = nameOf(position)
    const { name, retriable } = errorInfo(errorCode)
    if (errorCode === ERROR_CODES.OFFSET_OUT_OF_RANGE) {
      // A follower may lag behind or have kept less; the leader knows.
      if (wasFollower) position.busy = false
      else this.outOfRange(position)
      return
    }
    if (errorCode === ERROR_CODES.CORRUPT_MESSAGE) {
      position.failure = new CorruptBatchError(position, position.offset, 'the broker cannot read it')
      return
    }
    if (!retriable && errorCode !== ERROR_CODES.UNKNOWN_SERVER_ERROR) {
      position.failure = new BrokerError(errorCode, `${place} cannot be read: ${name}`)
      return
    }
    this.core.options.logger.debug(`${place} cannot be read now: ${name}`)
    if (isStaleMetadata(errorCode)) this.updateMetadata([position.topic])
    this.later(0, () => this.release(entry))
  }

  private outOfRange(position: Position): void {
    const { autoOffsetReset } = this.config
    if (autoOffsetReset !== 'none') {
      this.core.options.logger.debug(
        `${nameOf(position)} has no offset ${position.offset}: ${autoOffsetReset}`,
      )
      this.move(position, position.offset, autoOffsetReset)
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

  private later(failures: number, work: () => void): void {
    const delayMs = this.core.backoffMs(failures)
    this.core.options.clock.setTimer(
      delayMs,
      () => {
        work()
        this.wake()
      },
      { unref: true },
    )
  }

  private updateMetadata(topics: Iterable<string>): void {
    void this.core.requestUpdate(topics).then(() => this.wake())
  }
}
