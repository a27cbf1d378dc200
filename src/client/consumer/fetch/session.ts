import { ZERO_UUID } from '../../../base/uuid.ts'
import { ERROR_CODES } from '../../../protocol/index.ts'
import type { FetchResponse } from '../../../protocol/messages/01-fetch.ts'
import type { TopicPartition } from '../../offsets.ts'
import { nameOf } from './position.ts'

/** What is asked for of one partition. */
export interface WantedPartition extends TopicPartition {
  /** Zero when it is not known. */
  readonly topicId: string
  readonly offset: number
  /** Of the leader as we know it, -1 when it is not known. */
  readonly leaderEpoch: number
}

/** Which partitions a fetch names; the broker adds those that the session has already. */
export interface SessionRequest {
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly changed: readonly WantedPartition[]
  readonly forgotten: readonly WantedPartition[]
}

const NO_SESSION = 0
/** A whole fetch that opens a session, and closes the one that it names. */
const OPENING_EPOCH = 0
/** A fetch that closes its session. */
export const CLOSING_EPOCH = -1
const MAX_EPOCH = 2 ** 31 - 1

/**
 * What one broker remembers of our fetches (KIP-227; org.apache.kafka.clients.FetchSessionHandler): after a whole fetch
 * only what has changed is sent, and only partitions that have news are answered. A session that one side has lost is
 * opened anew with a whole fetch.
 */
export class FetchSession {
  private id = NO_SESSION
  private epoch = OPENING_EPOCH
  private usesTopicIds = false
  private readonly partitions = new Map<string, WantedPartition>()
  private readonly topicsById = new Map<string, string>()

  /** Makes `wanted` what the session has; tells what the broker must hear for that. */
  next(wanted: readonly WantedPartition[], usesTopicIds: boolean): SessionRequest {
    // A session goes by names or by ids (KIP-516).
    if (usesTopicIds !== this.usesTopicIds) this.reopen()
    this.usesTopicIds = usesTopicIds
    const isWhole = this.epoch === OPENING_EPOCH
    if (isWhole) {
      this.partitions.clear()
      this.topicsById.clear()
    }
    const changed: WantedPartition[] = []
    const forgotten: WantedPartition[] = []
    const names = new Set<string>()
    for (const partition of wanted) {
      const name = nameOf(partition)
      names.add(name)
      const known = this.partitions.get(name)
      if (known !== undefined && isSame(known, partition)) continue
      // The topic was made anew: under its old id it would stay in the session.
      if (known !== undefined && known.topicId !== partition.topicId && usesTopicIds) forgotten.push(known)
      changed.push(partition)
      this.partitions.set(name, partition)
      this.topicsById.set(partition.topicId, partition.topic)
    }
    if (!isWhole) {
      for (const [name, partition] of this.partitions) {
        if (names.has(name)) continue
        forgotten.push(partition)
        this.partitions.delete(name)
      }
    }
    return { sessionId: this.id, sessionEpoch: this.epoch, changed, forgotten }
  }

  /** The topic of an answer; undefined when the session has no such topic. */
  topicOf({ topic, topicId }: FetchResponse['responses'][number]): string | undefined {
    return this.usesTopicIds ? this.topicsById.get(topicId) : topic
  }

  /** Takes note of an answer. False when the session is lost or the answer does not fit: then it must not be used. */
  accept(response: FetchResponse): boolean {
    if (response.errorCode !== ERROR_CODES.NONE) {
      if (response.errorCode === ERROR_CODES.FETCH_SESSION_ID_NOT_FOUND) this.id = NO_SESSION
      this.reopen()
      return false
    }
    const isWhole = this.epoch === OPENING_EPOCH
    // A broker that throttles answers with nothing, and opens no session (KIP-219).
    const isThrottled = response.responses.length === 0 && response.throttleTimeMs > 0
    if (!isThrottled && !this.fits(response, isWhole)) {
      this.lose()
      return false
    }
    // The broker's cache is full, or it is too old to have one: every fetch is whole.
    if (response.sessionId === NO_SESSION) this.lose()
    else {
      this.id = response.sessionId
      this.epoch = isWhole || this.epoch === MAX_EPOCH ? 1 : this.epoch + 1
    }
    return true
  }

  /** Whether the broker has seen the last fetch is not known. */
  reopen(): void {
    this.epoch = OPENING_EPOCH
  }

  /** What to send to close the session at the broker; undefined when there is none. */
  closing(): { readonly sessionId: number; readonly sessionEpoch: number } | undefined {
    if (this.id === NO_SESSION) return undefined
    const sessionId = this.id
    this.lose()
    return { sessionId, sessionEpoch: CLOSING_EPOCH }
  }

  private lose(): void {
    this.id = NO_SESSION
    this.reopen()
  }

  /** A whole answer has every partition, and none has a partition that was not asked for. */
  private fits(response: FetchResponse, isWhole: boolean): boolean {
    let count = 0
    for (const answer of response.responses) {
      const name = this.topicOf(answer)
      for (const { partitionIndex } of answer.partitions) {
        count++
        if (name === undefined || !this.partitions.has(`${name}-${partitionIndex}`)) return false
      }
    }
    return !isWhole || count === this.partitions.size
  }
}

function isSame(a: WantedPartition, b: WantedPartition): boolean {
  return a.offset === b.offset && a.leaderEpoch === b.leaderEpoch && a.topicId === b.topicId
}

export function haveTopicIds(wanted: readonly WantedPartition[]): boolean {
  return wanted.every(({ topicId }) => topicId !== ZERO_UUID)
}
