import type { FetchRequestInput } from '../../protocol/messages/01-fetch.ts'
import { FINAL_EPOCH, INITIAL_EPOCH, INVALID_SESSION_ID, nextEpoch } from './fetch-session.ts'

/** What a follower asks of one partition, as it goes into a request. */
export interface AskedPartition {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly currentLeaderEpoch: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
  readonly logStartOffset: number
  readonly partitionMaxBytes: number
}

type Topics = NonNullable<FetchRequestInput['topics']>
type Forgotten = NonNullable<FetchRequestInput['forgottenTopicsData']>

export interface SessionRequest {
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly topics: Topics
  readonly forgottenTopicsData: Forgotten
}

/**
 * The follower's side of a fetch session (KIP-227, org.apache.kafka.clients.FetchSessionHandler): what the leader was
 * told of each partition, so that only what differs is told again.
 */
export class ClientSession {
  private sessionId = INVALID_SESSION_ID
  private epoch = INITIAL_EPOCH
  private readonly told = new Map<string, AskedPartition>()

  /** `wanted` are all partitions of the next fetch, by key. */
  next(wanted: ReadonlyMap<string, AskedPartition>): SessionRequest {
    const { sessionId, epoch: sessionEpoch } = this
    if (sessionEpoch === INITIAL_EPOCH || sessionEpoch === FINAL_EPOCH) {
      this.told.clear()
      for (const [key, asked] of wanted) this.told.set(key, asked)
      return { sessionId, sessionEpoch, topics: grouped(wanted.values()), forgottenTopicsData: [] }
    }
    const changed: AskedPartition[] = []
    const forgotten: AskedPartition[] = []
    for (const [key, asked] of wanted) {
      const before = this.told.get(key)
      if (before === asked) continue
      // The topic is another one of the same name now.
      if (before !== undefined && before.topicId !== asked.topicId) forgotten.push(before)
      else if (before !== undefined && isSame(before, asked)) continue
      changed.push(asked)
      this.told.set(key, asked)
    }
    if (this.told.size > wanted.size) {
      for (const [key, before] of this.told) {
        if (wanted.has(key)) continue
        forgotten.push(before)
        this.told.delete(key)
      }
    }
    return { sessionId, sessionEpoch, topics: grouped(changed), forgottenTopicsData: forgottenOf(forgotten) }
  }

  /** The leader took the request. Without a session every request is a full one. */
  answered(sessionId: number): void {
    if (sessionId === INVALID_SESSION_ID) this.epoch = INITIAL_EPOCH
    else this.epoch = nextEpoch(this.epoch)
    this.sessionId = sessionId
  }

  /** Begins anew; the leader is told to close the session that it may still have. */
  restart(isUnknownToLeader: boolean): void {
    if (isUnknownToLeader) this.sessionId = INVALID_SESSION_ID
    this.epoch = INITIAL_EPOCH
    this.told.clear()
  }
}

function isSame(a: AskedPartition, b: AskedPartition): boolean {
  return (
    a.fetchOffset === b.fetchOffset &&
    a.lastFetchedEpoch === b.lastFetchedEpoch &&
    a.currentLeaderEpoch === b.currentLeaderEpoch &&
    a.logStartOffset === b.logStartOffset &&
    a.partitionMaxBytes === b.partitionMaxBytes
  )
}

function grouped(partitions: Iterable<AskedPartition>): Topics {
  const topics = new Map<string, { topic: string; topicId: string; partitions: AskedPartition[] }>()
  for (const asked of partitions) {
    const known = topics.get(asked.topic)
    if (known !== undefined) known.partitions.push(asked)
    else topics.set(asked.topic, { topic: asked.topic, topicId: asked.topicId, partitions: [asked] })
  }
  return [...topics.values()]
}

function forgottenOf(partitions: readonly AskedPartition[]): Forgotten {
  return partitions.map(({ topic, topicId, partition }) => ({ topic, topicId, partitions: [partition] }))
}
