import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { FetchPartition } from './types.ts'

/**
 * Incremental fetch sessions (KIP-227, kafka.server.FetchSession): a client names its partitions once, then only what
 * changes; the broker answers with the partitions that have something new.
 */
export const INVALID_SESSION_ID = 0
/** The epoch of a request that wants a new session. */
export const INITIAL_EPOCH = 0
/** The epoch of a request outside any session. */
export const FINAL_EPOCH = -1
const MAX_INT32 = 0x7fffffff
/** A session younger than this is not given up for a larger one, nor one that was used since. */
const MIN_EVICTION_MS = 120_000

export function nextEpoch(epoch: number): number {
  if (epoch < 0) return FINAL_EPOCH
  return epoch === MAX_INT32 ? 1 : epoch + 1
}

/** A partition of a session: what was asked, and what was answered last. */
export class SessionPartition implements FetchPartition {
  /** Empty as long as the name of its topic id is not known. */
  topic: string
  readonly topicId: string | null
  readonly partition: number
  fetchOffset = 0
  maxBytes = 0
  currentLeaderEpoch = -1
  lastFetchedEpoch = -1
  logStartOffset = -1
  /** As last told to the client; -1 makes the next answer name the partition in any case. */
  private toldHighWatermark = -1
  private toldLogStartOffset = -1

  constructor(asked: FetchPartition) {
    this.topic = asked.topic
    this.topicId = asked.topicId
    this.partition = asked.partition
    this.update(asked)
  }

  update(asked: FetchPartition): void {
    this.fetchOffset = asked.fetchOffset
    this.maxBytes = asked.maxBytes
    this.currentLeaderEpoch = asked.currentLeaderEpoch
    this.lastFetchedEpoch = asked.lastFetchedEpoch
    this.logStartOffset = asked.logStartOffset
  }

  /** Whether the client has to be told, and from now on it is as if it were. */
  noteAnswer(answer: SessionAnswer): boolean {
    let mustTell = answer.sizeBytes > 0 || answer.preferredReadReplica >= 0
    if (this.toldHighWatermark !== answer.highWatermark) {
      mustTell = true
      this.toldHighWatermark = answer.highWatermark
    }
    if (this.toldLogStartOffset !== answer.logStartOffset) {
      mustTell = true
      this.toldLogStartOffset = answer.logStartOffset
    }
    if (answer.error !== 'NONE' || answer.divergingEpoch !== null) {
      // When the trouble is over, the client is to hear of the partition again.
      mustTell = true
      this.toldHighWatermark = -1
    }
    return mustTell
  }
}

/** What of an answer decides whether it is sent. */
export interface SessionAnswer {
  readonly preferredReadReplica: number
  readonly error: string
  readonly sizeBytes: number
  readonly highWatermark: number
  readonly logStartOffset: number
  readonly divergingEpoch: object | null
}

export class FetchSession {
  readonly id: number
  /** Followers' sessions; a consumer's session never displaces one. */
  readonly privileged: boolean
  readonly usesTopicIds: boolean
  readonly createdMs: number
  lastUsedMs: number
  epoch = nextEpoch(INITIAL_EPOCH)
  /** In the order in which they are read: what gave records goes to the end. */
  readonly partitions = new Map<string, SessionPartition>()

  constructor(id: number, privileged: boolean, usesTopicIds: boolean, nowMs: number) {
    this.id = id
    this.privileged = privileged
    this.usesTopicIds = usesTopicIds
    this.createdMs = nowMs
    this.lastUsedMs = nowMs
  }

  keyOf(partition: { topic: string; topicId: string | null; partition: number }): string {
    return `${this.usesTopicIds ? partition.topicId : partition.topic}:${partition.partition}`
  }

  put(asked: FetchPartition): void {
    const key = this.keyOf(asked)
    const known = this.partitions.get(key)
    if (known === undefined) this.partitions.set(key, new SessionPartition(asked))
    else known.update(asked)
  }

  moveToEnd(partition: SessionPartition): void {
    const key = this.keyOf(partition)
    if (this.partitions.delete(key)) this.partitions.set(key, partition)
  }
}

/** The sessions of a broker, no more than it has slots for. */
export class FetchSessionCache {
  private readonly maxSessions: number
  private readonly clock: Clock
  private readonly random: Random
  /** In the order of their last use. */
  private readonly sessions = new Map<number, FetchSession>()

  constructor(maxSessions: number, clock: Clock, random: Random) {
    this.maxSessions = maxSessions
    this.clock = clock
    this.random = random
  }

  get size(): number {
    return this.sessions.size
  }

  get(id: number): FetchSession | undefined {
    return this.sessions.get(id)
  }

  remove(id: number): void {
    this.sessions.delete(id)
  }

  touch(session: FetchSession): void {
    session.lastUsedMs = this.clock.monotonicMs()
    this.sessions.delete(session.id)
    this.sessions.set(session.id, session)
  }

  /** Undefined when there is no slot for a session of this size. */
  create(privileged: boolean, usesTopicIds: boolean, partitionCount: number): FetchSession | undefined {
    const nowMs = this.clock.monotonicMs()
    if (this.sessions.size >= this.maxSessions && !this.evictFor(privileged, partitionCount, nowMs))
      return undefined
    let id = INVALID_SESSION_ID
    while (id === INVALID_SESSION_ID || this.sessions.has(id)) id = this.random.int(MAX_INT32)
    const session = new FetchSession(id, privileged, usesTopicIds, nowMs)
    this.sessions.set(id, session)
    return session
  }

  /** A session that nobody uses goes first, then a smaller one: of a consumer, for a follower at any age. */
  private evictFor(privileged: boolean, partitionCount: number, nowMs: number): boolean {
    const [oldest] = this.sessions.values()
    if (oldest === undefined) return false
    if (nowMs - oldest.lastUsedMs > MIN_EVICTION_MS) {
      this.sessions.delete(oldest.id)
      return true
    }
    let smallest: FetchSession | undefined
    for (const session of this.sessions.values()) {
      const mayGo = privileged ? !session.privileged : nowMs - session.createdMs > MIN_EVICTION_MS
      if (mayGo && (smallest === undefined || comesFirst(session, smallest))) smallest = session
    }
    if (smallest === undefined) return false
    const isSmaller =
      smallest.privileged !== privileged ? privileged : smallest.partitions.size < partitionCount
    if (!isSmaller) return false
    this.sessions.delete(smallest.id)
    return true
  }
}

function comesFirst(a: FetchSession, b: FetchSession): boolean {
  if (a.privileged !== b.privileged) return b.privileged
  return a.partitions.size < b.partitions.size
}
