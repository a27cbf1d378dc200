import { ZERO_UUID } from '../../base/uuid.ts'
import { ERROR_CODES, errorInfo } from '../../protocol/index.ts'
import { type FetchResponse, fetch } from '../../protocol/messages/01-fetch.ts'
import type { ClientCore } from '../core.ts'
import { BrokerError, type Connection } from '../net/index.ts'
import type { TopicPartition } from '../offsets.ts'
import type { ResolvedConsumerConfig } from './config.ts'
import { type ConsumerRecord, FetchedPartition } from './fetched.ts'

export interface Position extends TopicPartition {
  offset: number
  highWatermark: number | undefined
  paused: boolean
  /** Set while a fetch for the partition is under way or its records wait to be taken. */
  busy: boolean
  /** Raised by every seek: an answer to a fetch from before it is thrown away. */
  generation: number
}

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

/** Topic ids replace names from this version on. */
const FETCH_BY_TOPIC_ID = 13
const READ_COMMITTED = 1

/**
 * Keeps one fetch per broker under way for the partitions whose records have all been taken
 * (org.apache.kafka.clients.consumer.internals.Fetcher). Fetches are whole, without fetch sessions.
 */
export class Fetcher {
  private readonly core: ClientCore
  private readonly config: ResolvedConsumerConfig
  private readonly byName = new Map<string, Position>()
  private readonly fetched: FetchedPartition[] = []
  private readonly busyNodes = new Set<number>()
  private outOfRange: Position[] = []
  private failure: unknown
  private waiters: (() => void)[] = []

  constructor(core: ClientCore, config: ResolvedConsumerConfig) {
    this.core = core
    this.config = config
  }

  assign(positions: readonly (TopicPartition & { offset: number })[]): void {
    for (const position of this.byName.values()) position.generation = -1
    this.byName.clear()
    this.fetched.length = 0
    for (const { topic, partition, offset } of positions) {
      const position = {
        topic,
        partition,
        offset,
        highWatermark: undefined,
        paused: false,
        busy: false,
        generation: 0,
      }
      this.byName.set(`${topic}-${partition}`, position)
    }
  }

  positions(): Iterable<Position> {
    return this.byName.values()
  }

  position(at: TopicPartition): Position | undefined {
    return this.byName.get(`${at.topic}-${at.partition}`)
  }

  seek(at: TopicPartition, offset: number): void {
    const position = this.position(at)
    if (position === undefined) return
    position.offset = offset
    position.generation++
    position.busy = false
    const waiting = this.fetched.findIndex(
      (part) => part.topic === at.topic && part.partition === at.partition,
    )
    if (waiting >= 0) this.fetched.splice(waiting, 1)
  }

  setPaused(at: TopicPartition, paused: boolean): void {
    const position = this.position(at)
    if (position !== undefined) position.paused = paused
  }

  /** Up to `limit` records that are there. */
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
      const before = records.length
      try {
        part.drain(records, limit - before)
      } catch (error) {
        // What was good before the bad batch is given out first; the error comes with the next call.
        if (before === records.length && records.length === 0) throw error
        if (position !== undefined) position.offset = part.nextOffset
        return records
      }
      if (position !== undefined) position.offset = part.nextOffset
      if (records.length < limit) {
        this.fetched.splice(index, 1)
        if (position !== undefined) position.busy = false
      }
    }
    return records
  }

  takeOutOfRange(): Position[] {
    const positions = this.outOfRange
    this.outOfRange = []
    return positions
  }

  takeFailure(): unknown {
    const { failure } = this
    this.failure = undefined
    return failure
  }

  /** Resolves when a fetch has come back, or after `timeoutMs`. */
  wait(timeoutMs: number): Promise<void> {
    if (this.fetched.some((part) => !this.position(part)?.paused)) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.core.options.clock.setTimer(timeoutMs, resolve)
      this.waiters.push(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  close(): void {
    this.wake()
  }

  /** Starts a fetch at every broker that is idle and leads partitions without records. */
  fetchAhead(): void {
    const byNode = new Map<number, Position[]>()
    const unled = new Set<string>()
    for (const position of this.byName.values()) {
      if (position.busy || position.paused) continue
      const leader = this.core.metadata.partition(position.topic, position.partition)?.leader ?? -1
      if (leader < 0) unled.add(position.topic)
      else if (!this.busyNodes.has(leader)) {
        const positions = byNode.get(leader)
        if (positions === undefined) byNode.set(leader, [position])
        else positions.push(position)
      }
    }
    if (unled.size > 0) this.refresh([...unled])
    for (const [node, positions] of byNode) this.fetchFrom(node, positions)
  }

  private fetchFrom(node: number, positions: readonly Position[]): void {
    this.busyNodes.add(node)
    for (const position of positions) position.busy = true
    const asked = positions.map((position) => ({
      position,
      offset: position.offset,
      generation: position.generation,
    }))
    this.ask(node, asked)
      .catch((error: unknown) => {
        if (this.core.isClosed) return
        this.failure = error
        for (const { position, generation } of asked)
          if (position.generation === generation) position.busy = false
        this.refresh([...new Set(positions.map((position) => position.topic))])
      })
      .finally(() => {
        this.busyNodes.delete(node)
        this.wake()
      })
  }

  private async ask(node: number, asked: readonly Asked[]): Promise<void> {
    const connection = await this.core.connectionTo(node)
    const { version, response } = await this.send(connection, asked)
    if (response.errorCode !== ERROR_CODES.NONE) throw new BrokerError(response.errorCode)
    const topicOfId = new Map(asked.map(({ position }) => [this.topicId(position.topic), position.topic]))
    const askedBy = new Map(
      asked.map((entry) => [`${entry.position.topic}-${entry.position.partition}`, entry]),
    )
    for (const topic of response.responses) {
      const name = version >= FETCH_BY_TOPIC_ID ? topicOfId.get(topic.topicId) : topic.topic
      for (const answer of topic.partitions) {
        const entry = askedBy.get(`${name}-${answer.partitionIndex}`)
        askedBy.delete(`${name}-${answer.partitionIndex}`)
        if (entry !== undefined && entry.position.generation === entry.generation) this.accept(entry, answer)
      }
    }
    for (const { position, generation } of askedBy.values())
      if (position.generation === generation) position.busy = false
  }

  private async send(connection: Connection, asked: readonly Asked[]) {
    const ids = asked.every(({ position }) => this.topicId(position.topic) !== ZERO_UUID)
    const version = connection.versionOf(fetch, ids ? undefined : FETCH_BY_TOPIC_ID - 1)
    const topics = new Map<string, object[]>()
    for (const { position, offset } of asked) {
      const partition = {
        partition: position.partition,
        currentLeaderEpoch:
          this.core.metadata.partition(position.topic, position.partition)?.leaderEpoch ?? -1,
        fetchOffset: offset,
        partitionMaxBytes: this.config.maxPartitionFetchBytes,
      }
      const partitions = topics.get(position.topic)
      if (partitions === undefined) topics.set(position.topic, [partition])
      else partitions.push(partition)
    }
    const response = await connection.send(
      fetch,
      {
        maxWaitMs: this.config.fetchMaxWaitMs,
        minBytes: this.config.fetchMinBytes,
        maxBytes: this.config.fetchMaxBytes,
        isolationLevel: this.config.isolationLevel === 'read_committed' ? READ_COMMITTED : 0,
        rackId: this.config.rack,
        topics: [...topics].map(([topic, partitions]) => ({
          topic,
          topicId: this.topicId(topic),
          partitions,
        })),
      },
      { version },
    )
    return { version, response }
  }

  private accept({ position, offset }: Asked, answer: PartitionAnswer): void {
    position.highWatermark = answer.highWatermark
    if (answer.errorCode === ERROR_CODES.NONE) {
      if (answer.records === null || answer.records.length === 0) {
        position.busy = false
        return
      }
      const aborted =
        this.config.isolationLevel === 'read_committed' ? (answer.abortedTransactions ?? []) : undefined
      const options = { checkCrcs: this.config.checkCrcs, ...(aborted === undefined ? {} : { aborted }) }
      this.fetched.push(new FetchedPartition(position, offset, answer.records, options))
      return
    }
    position.busy = false
    if (answer.errorCode === ERROR_CODES.OFFSET_OUT_OF_RANGE) {
      this.outOfRange.push(position)
      return
    }
    const place = `${position.topic}-${position.partition}`
    const { name, retriable } = errorInfo(answer.errorCode)
    this.failure = new BrokerError(answer.errorCode, `${place} cannot be read: ${name}`)
    if (retriable) this.refresh([position.topic])
  }

  private topicId(topic: string): string {
    return this.core.metadata.topic(topic)?.topicId ?? ZERO_UUID
  }

  private refresh(topics: readonly string[]): void {
    this.core
      .refreshShared(topics)
      .catch((error: Error) => this.core.options.logger.debug(`metadata: ${error.message}`))
      .finally(() => this.wake())
  }

  private wake(): void {
    const waiters = this.waiters
    this.waiters = []
    for (const wake of waiters) wake()
  }
}

interface Asked {
  readonly position: Position
  readonly offset: number
  readonly generation: number
}
