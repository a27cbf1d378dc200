import { describe, expect, it } from 'vitest'
import { FetchSession, type WantedPartition } from '../../../../src/client/consumer/fetch/session.ts'
import { ERROR_CODES } from '../../../../src/protocol/index.ts'

const ID = 'x'.repeat(22)
const at = (partition: number, offset = 0, more: Partial<WantedPartition> = {}): WantedPartition => ({
  topic: 't',
  topicId: ID,
  partition,
  offset,
  leaderEpoch: 3,
  ...more,
})

function answer(sessionId: number, partitions: readonly number[], errorCode = 0, throttleTimeMs = 0) {
  const responses =
    partitions.length === 0
      ? []
      : [{ topic: 't', topicId: ID, partitions: partitions.map((partitionIndex) => ({ partitionIndex })) }]
  return { sessionId, errorCode, throttleTimeMs, responses, nodeEndpoints: [] } as never
}

/** A session that the broker knows as 7, with the partitions 0 and 1. */
function opened(): FetchSession {
  const session = new FetchSession()
  session.next([at(0), at(1)], true)
  expect(session.accept(answer(7, [0, 1]))).toBe(true)
  return session
}

const numbers = (partitions: readonly WantedPartition[]) => partitions.map(({ partition }) => partition)

describe('FetchSession', () => {
  it('asks for all, then for what has changed', () => {
    const session = new FetchSession()
    expect(session.next([at(0), at(1)], true)).toMatchObject({
      sessionId: 0,
      sessionEpoch: 0,
      changed: [{}, {}],
    })
    session.accept(answer(7, [0, 1]))
    const second = session.next([at(0, 10), at(1)], true)
    expect(second).toMatchObject({ sessionId: 7, sessionEpoch: 1, forgotten: [] })
    expect(second.changed).toEqual([at(0, 10)])
    session.accept(answer(7, []))
    expect(session.next([at(0, 10), at(1)], true)).toEqual({
      sessionId: 7,
      sessionEpoch: 2,
      changed: [],
      forgotten: [],
    })
  })

  it('forgets partitions, and takes them in again', () => {
    const session = opened()
    const second = session.next([at(1)], true)
    expect([numbers(second.changed), numbers(second.forgotten)]).toEqual([[], [0]])
    session.accept(answer(7, [1]))
    const third = session.next([at(0, 5), at(1), at(2)], true)
    expect([numbers(third.changed), numbers(third.forgotten)]).toEqual([[0, 2], []])
  })

  it('tells a new leader epoch, and a topic that was made anew by its old and new id', () => {
    const session = opened()
    expect(session.next([at(0, 0, { leaderEpoch: 4 }), at(1)], true).changed).toMatchObject([
      { leaderEpoch: 4 },
    ])
    session.accept(answer(7, []))
    const other = 'y'.repeat(22)
    const made = session.next([at(0, 0, { topicId: other, leaderEpoch: 4 }), at(1)], true)
    expect([made.changed, made.forgotten]).toMatchObject([[{ topicId: other }], [{ topicId: ID }]])
  })

  it.each([
    ['FETCH_SESSION_ID_NOT_FOUND', 0],
    ['INVALID_FETCH_SESSION_EPOCH', 7],
    ['FETCH_SESSION_TOPIC_ID_ERROR', 7],
  ] as const)('opens a new one after %s', (name, sessionId) => {
    const session = opened()
    session.next([at(0), at(1)], true)
    expect(session.accept(answer(0, [], ERROR_CODES[name]))).toBe(false)
    const next = session.next([at(0), at(1)], true)
    // A session that still exists is closed with it.
    expect([next.sessionId, next.sessionEpoch, numbers(next.changed)]).toEqual([sessionId, 0, [0, 1]])
  })

  it('opens a new one when it is not known what the broker has seen', () => {
    const session = opened()
    session.next([at(0, 9), at(1)], true)
    session.reopen()
    expect(session.next([at(0, 9), at(1)], true)).toMatchObject({ sessionId: 7, sessionEpoch: 0 })
  })

  it('fetches whole at a broker that has no room for a session', () => {
    const session = new FetchSession()
    for (let round = 0; round < 2; round++) {
      const next = session.next([at(0)], true)
      expect([next.sessionId, next.sessionEpoch, next.changed.length]).toEqual([0, 0, 1])
      expect(session.accept(answer(0, [0]))).toBe(true)
    }
  })

  it('opens a new one to go from names to ids', () => {
    const session = new FetchSession()
    session.next([at(0)], false)
    session.accept(answer(7, [0]))
    expect(session.next([at(0)], true)).toMatchObject({ sessionId: 7, sessionEpoch: 0 })
  })

  it.each<[string, (session: FetchSession) => boolean]>([
    ['that leaves a partition out', (session) => session.accept(answer(7, [0]))],
    ['with a partition that nobody asked for', (session) => session.accept(answer(7, [0, 1, 2]))],
    ['that is empty', (session) => session.accept(answer(7, []))],
  ])('does not use a whole answer %s', (_what, accept) => {
    const session = new FetchSession()
    session.next([at(0), at(1)], true)
    expect(accept(session)).toBe(false)
    expect(session.next([at(0), at(1)], true)).toMatchObject({ sessionId: 0, sessionEpoch: 0 })
  })

  it('takes an empty answer of a broker that throttles for what it is', () => {
    const session = new FetchSession()
    session.next([at(0)], true)
    expect(session.accept(answer(0, [], 0, 100))).toBe(true)
    session.next([at(0)], true)
    session.accept(answer(7, [0]))
    session.next([at(0)], true)
    expect(session.accept(answer(7, [], 0, 100))).toBe(true)
    expect(session.next([at(0)], true)).toMatchObject({ sessionId: 7, sessionEpoch: 2 })
  })

  it('does not use an answer for a partition that was forgotten', () => {
    const session = opened()
    session.next([at(1)], true)
    expect(session.accept(answer(7, [0]))).toBe(false)
  })

  it('closes once', () => {
    const session = opened()
    expect(session.closing()).toEqual({ sessionId: 7, sessionEpoch: -1 })
    expect(session.closing()).toBeUndefined()
  })
})
