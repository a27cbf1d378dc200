import { messageOf } from '../../../base/errors.ts'
import { ZERO_UUID } from '../../../base/uuid.ts'
import { errorInfo } from '../../../protocol/index.ts'
import type { ClientCore } from '../../core.ts'
import { NetworkError } from '../../net/index.ts'
import type { TopicPartition } from '../../offsets.ts'
import type { ResolvedConsumerConfig } from '../config.ts'
import { BrokerTurns, isPassing } from './broker-turns.ts'
import { FetchMetrics } from './fetch-metrics.ts'
import { closeSession, sendFetch } from './fetch-request.ts'
import type { ConsumerRecord } from './fetched.ts'
import { FetchesInHand } from './in-hand.ts'
import { type Asked, Outcomes } from './outcomes.ts'
import { nameOf, newPosition, type Position, type WantedPosition } from './position.ts'
import { FetchSession } from './session.ts'
import { askEpochEnds, canValidate } from './validation.ts'

/**
 * Keeps one fetch per broker under way for the partitions whose records have all been taken
 * (org.apache.kafka.clients.consumer.internals.Fetcher). Before the first fetch from a new leader, positions are held
 * against its log. Errors that pass are waited out here; the others are told by `takeFailure`.
 */
export class Fetcher {
  private readonly core: ClientCore
  private readonly config: ResolvedConsumerConfig
  private readonly byName = new Map<string, Position>()
  private readonly metrics: FetchMetrics
  private readonly inHand: FetchesInHand
  private readonly outcomes: Outcomes
  private readonly turns: BrokerTurns
  private readonly sessions = new Map<number, FetchSession>()
  /** Brokers that have lost our session, and whose next answer is awaited. */
  private readonly reopening = new Set<number>()
  private failure: Error | undefined
  private readonly waiters = new Set<() => void>()

  constructor(core: ClientCore, config: ResolvedConsumerConfig) {
    this.core = core
    this.config = config
    this.metrics = new FetchMetrics(core.metrics)
    this.inHand = new FetchesInHand(this.metrics, (position) => this.rotate(position))
    this.turns = new BrokerTurns(core, () => this.wake())
    this.outcomes = new Outcomes(core, config, {
      add: (position, part, count) => this.inHand.add(position, part, count),
      move: (position, offset, wanted, epoch) => this.move(position, offset, wanted, epoch),
      updateMetadata: (topics) => this.updateMetadata(topics),
      later: (failures, work) => this.turns.later(failures, work),
    })
    core.onClose(() => this.closeSessions())
  }

  /**
   * Replaces what is read. A partition that stays keeps its position, pause, and what was fetched of it; `from` is where
   * the others begin. A partition that is not named gives no record any more.
   */
  assign(assignments: readonly (TopicPartition & { readonly from: WantedPosition })[]): void {
    const names = new Set(assignments.map(nameOf))
    for (const [name, position] of this.byName) {
      if (names.has(name)) continue
      position.generation = -1
      this.inHand.drop(position)
      this.metrics.forget(position)
      this.byName.delete(name)
    }
    this.failure = undefined
    for (const assignment of assignments) {
      const name = nameOf(assignment)
      if (!this.byName.has(name)) this.byName.set(name, newPosition(assignment, assignment.from))
    }
    this.wake()
  }

  positions(): Iterable<Position> {
    return this.byName.values()
  }

  position(at: TopicPartition): Position | undefined {
    return this.byName.get(nameOf(at))
  }

  /** Goes on from an offset that is known to be meant, or from one that has to be looked up. */
  move(position: Position, offset: number, wanted: WantedPosition | undefined, offsetEpoch = -1): void {
    position.offset = offset
    position.offsetEpoch = offsetEpoch
    position.validEpoch = -1
    position.wanted = wanted
    position.generation++
    position.busy = false
    position.failure = undefined
    position.readableEnd = Number.POSITIVE_INFINITY
    this.inHand.drop(position)
    this.wake()
  }

  setPaused(at: TopicPartition, paused: boolean): void {
    const position = this.position(at)
    if (position === undefined) return
    position.paused = paused
    // What it keeps must not keep the rest of the response in memory as well.
    if (paused) for (const part of position.inHand) part.detach()
    else this.wake()
  }

  /** Up to `limit` records that are there. Throws at a batch that cannot be read, every time until a seek leads past it. */
  take(limit: number): ConsumerRecord[] {
    return this.inHand.take(limit)
  }

  /** The memory that fetched records keep, about; what was given out does not count. */
  get inHandBytes(): number {
    return this.inHand.retainedBytes()
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

  /** Resolves when something has happened, or after `timeoutMs`. `isHeld`: records that are there do not count. */
  wait(timeoutMs: number, isHeld = false): Promise<void> {
    if (this.failure !== undefined || this.core.isClosed) return Promise.resolve()
    if (!isHeld && this.inHand.hasRecords()) return Promise.resolve()
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
    if (this.inHand.readyBytes() >= this.config.fetchMaxBytes) return
    const byNode = new Map<number, Position[]>()
    const unled = new Set<string>()
    for (const position of this.byName.values()) {
      if (position.busy || position.paused || position.wanted !== undefined) continue
      if (position.inHand.length > 0 && !this.isWorthAhead(position)) continue
      const node = this.nodeOf(position)
      if (node < 0) unled.add(position.topic)
      else if (!this.turns.isBusy(node)) {
        const positions = byNode.get(node)
        if (positions === undefined) byNode.set(node, [position])
        else positions.push(position)
      }
    }
    if (unled.size > 0) this.updateMetadata(unled)
    const feeding = new Set<number>()
    for (const position of this.inHand.ready()) feeding.add(this.nodeOf(position))
    for (const [node, positions] of byNode) {
      const unsure = positions.filter((position) => this.isUnsure(position))
      // A broker would keep such a fetch waiting, and the partitions that do have records with it.
      const isAtEnd = positions.every((position) => fetchOffsetOf(position) >= position.readableEnd)
      if (unsure.length > 0) this.begin(node, unsure, (asked) => this.validate(node, asked))
      else if (!(isAtEnd && feeding.has(node)))
        this.begin(node, positions, (asked) => this.fetchFrom(node, asked))
    }
  }

  /**
   * While records of a partition wait to be taken, the next ones are fetched when less than half a fetch of them is left,
   * so that neither the broker nor we wait for each other.
   */
  private isWorthAhead(position: Position): boolean {
    const [part, next] = position.inHand
    if (part === undefined || next !== undefined) return false
    if (part.unreadBytes * 2 > this.config.maxPartitionFetchBytes) return false
    const { endOffset } = part
    return endOffset !== undefined && endOffset < position.readableEnd && !this.isUnsure(position)
  }

  private nodeOf(position: Position): number {
    const { metadata, options } = this.core
    const partition = metadata.partition(position.topic, position.partition)
    if (position.readReplica >= 0) {
      const isGood =
        // A new leader says anew who is to be read from.
        partition?.leaderEpoch === position.validEpoch &&
        options.clock.monotonicMs() < position.readReplicaUntilMs &&
        metadata.brokers.has(position.readReplica) &&
        !partition.offlineReplicas.includes(position.readReplica)
      if (isGood) return position.readReplica
      position.readReplica = -1
    }
    return partition?.leader ?? -1
  }

  /** The leader is another than the one that the position is known to be good for. */
  private isUnsure(position: Position): boolean {
    const leaderEpoch = this.epochOf(position)
    if (leaderEpoch === position.validEpoch) return false
    // Only when it is known what was read last can it be held against the log.
    if (position.offsetEpoch >= 0 && leaderEpoch >= 0) return true
    position.validEpoch = leaderEpoch
    return false
  }

  private epochOf(at: TopicPartition): number {
    return this.core.metadata.partition(at.topic, at.partition)?.leaderEpoch ?? -1
  }

  private begin(
    node: number,
    positions: readonly Position[],
    work: (asked: readonly Asked[]) => Promise<void>,
  ): void {
    const asked = positions.map((position): Asked => {
      position.busy = true
      const { topic, partition, generation } = position
      const offset = fetchOffsetOf(position)
      const topicId = this.core.metadata.topic(topic)?.topicId ?? ZERO_UUID
      return { topic, partition, topicId, offset, leaderEpoch: this.epochOf(position), position, generation }
    })
    this.turns
      .begin(node, () => work(asked))
      .then(
        () => this.wake(),
        (error: unknown) => this.onFailure(asked, error),
      )
  }

  private onFailure(asked: readonly Asked[], error: unknown): void {
    for (const entry of asked) {
      entry.position.readReplica = -1
      this.outcomes.release(entry)
    }
    if (this.core.isClosed) this.wake()
    else if (isPassing(error)) {
      this.core.options.logger.debug(`a fetch failed: ${messageOf(error)}`)
      // Their partitions may have another leader by then, who can be asked at once.
      this.updateMetadata(asked.map(({ topic }) => topic))
    } else this.fail(error instanceof Error ? error : new Error(messageOf(error)))
  }

  private async fetchFrom(node: number, asked: readonly Asked[]): Promise<void> {
    const connection = await this.core.connectionTo(node)
    const { clock } = this.core.options
    const startMs = clock.monotonicMs()
    const answers = await sendFetch(connection, this.config, this.sessionOf(node), asked)
    this.metrics.answered(clock.monotonicMs() - startMs, answers.throttleMs)
    if (answers.isUsable) {
      this.reopening.delete(node)
      this.outcomes.fetched(node, asked, answers, this.metrics.answer())
      return
    }
    const { name } = errorInfo(answers.errorCode)
    // The next fetch opens a new session. Only a broker that goes on refusing is left alone for a while.
    if (this.reopening.has(node)) throw new NetworkError(`broker ${node} refuses to be fetched from: ${name}`)
    this.reopening.add(node)
    this.core.options.logger.debug(`broker ${node}: the fetch session is opened anew (${name})`)
    for (const entry of asked) this.outcomes.release(entry)
  }

  private async validate(node: number, asked: readonly Asked[]): Promise<void> {
    const connection = await this.core.connectionTo(node)
    const positions = asked.map(({ position }) => position)
    const ends = canValidate(connection) ? await askEpochEnds(this.core, connection, positions) : undefined
    this.outcomes.validated(asked, ends)
  }

  private sessionOf(node: number): FetchSession {
    let session = this.sessions.get(node)
    if (session === undefined) {
      session = new FetchSession()
      this.sessions.set(node, session)
    }
    return session
  }

  private closeSessions(): void {
    for (const [node, session] of this.sessions) {
      const connection = this.core.openConnectionTo(node)
      if (connection !== undefined) closeSession(this.core, connection, session)
    }
  }

  /** Its records are taken: the partitions that have waited longer are asked for before it. */
  private rotate(position: Position): void {
    const name = nameOf(position)
    this.byName.delete(name)
    this.byName.set(name, position)
  }

  private updateMetadata(topics: Iterable<string>): void {
    void this.core.requestUpdate(topics).then(() => this.wake())
  }
}

/** Where the next fetch begins: behind what is in hand. */
function fetchOffsetOf({ inHand, offset }: Position): number {
  return inHand.at(-1)?.endOffset ?? offset
}
