import { ERROR_CODES } from '../../src/protocol/index.ts'
import type { FetchRequest } from '../../src/protocol/messages/01-fetch.ts'

type Topic = FetchRequest['topics'][number]
type Partition = Topic['partitions'][number]

/** One partition as a fetch wants it, with its topic by name and id as the request had them. */
export interface WantedOfFake {
  readonly topic: string
  readonly topicId: string
  readonly partition: Partition
}

interface Session {
  epoch: number
  readonly wanted: Map<string, WantedOfFake>
}

/** The fetch sessions of one broker (KIP-227). */
export class FakeSessions {
  readonly open = new Map<number, Session>()
  private nextId = 1

  /** What a request wants in all, or the error that it gets. */
  begin(
    request: FetchRequest,
  ): { errorCode: number } | { id: number; wanted: WantedOfFake[]; isIncremental: boolean } {
    const { sessionId, sessionEpoch } = request
    if (sessionEpoch <= 0) {
      this.open.delete(sessionId)
      if (sessionEpoch < 0) return { id: 0, wanted: listed(request), isIncremental: false }
      const session: Session = { epoch: 1, wanted: new Map() }
      for (const each of listed(request)) session.wanted.set(keyOf(each), each)
      const id = this.nextId++
      this.open.set(id, session)
      return { id, wanted: [...session.wanted.values()], isIncremental: false }
    }
    const session = this.open.get(sessionId)
    if (session === undefined) return { errorCode: ERROR_CODES.FETCH_SESSION_ID_NOT_FOUND }
    if (session.epoch !== sessionEpoch) return { errorCode: ERROR_CODES.INVALID_FETCH_SESSION_EPOCH }
    session.epoch++
    for (const { topic, topicId, partitions } of request.forgottenTopicsData)
      for (const partition of partitions) session.wanted.delete(`${topic}${topicId}-${partition}`)
    for (const each of listed(request)) session.wanted.set(keyOf(each), each)
    return { id: sessionId, wanted: [...session.wanted.values()], isIncremental: true }
  }
}

function keyOf({ topic, topicId, partition }: WantedOfFake): string {
  return `${topic}${topicId}-${partition.partition}`
}

function listed({ topics }: FetchRequest): WantedOfFake[] {
  return topics.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((partition) => ({ topic, topicId, partition })),
  )
}
