import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { ClientSession } from '../../../src/broker/replica/client-session.ts'
import { fetchContextOf } from '../../../src/broker/replica/fetch-context.ts'
import { FetchSessionCache, nextEpoch } from '../../../src/broker/replica/fetch-session.ts'
import type { FetchPartition, FetchResult } from '../../../src/broker/replica/index.ts'
import type { FetchRequest } from '../../../src/protocol/messages/01-fetch.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { testRandom } from '../../support/seed.ts'
import { fetchPartition } from './support/test-cluster.ts'

const IDS = new Map([
  ['a', 'AAAAAAAAAAAAAAAAAAAAag'],
  ['b', 'AAAAAAAAAAAAAAAAAAAAaw'],
  ['c', 'AAAAAAAAAAAAAAAAAAAAbA'],
])
const nameOf = (id: string) => [...IDS].find(([, each]) => each === id)?.[0]

interface Asked {
  topic: string
  partition: number
  fetchOffset?: number
}

function requestOf(
  sessionId: number,
  sessionEpoch: number,
  asked: readonly Asked[],
  forgotten: readonly Asked[] = [],
): FetchRequest {
  return {
    clusterId: null,
    replicaId: -1,
    replicaState: { replicaId: -1, replicaEpoch: -1 },
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1000,
    isolationLevel: 0,
    sessionId,
    sessionEpoch,
    topics: asked.map(({ topic, partition, fetchOffset = 0 }) => ({
      topic,
      topicId: IDS.get(topic) ?? 'AAAAAAAAAAAAAAAAAAAAzw',
      partitions: [
        {
          partition,
          currentLeaderEpoch: -1,
          fetchOffset,
          lastFetchedEpoch: -1,
          logStartOffset: -1,
          partitionMaxBytes: 100,
          replicaDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
        },
      ],
    })),
    forgottenTopicsData: forgotten.map(({ topic, partition }) => ({
      topic,
      topicId: IDS.get(topic) ?? '',
      partitions: [partition],
    })),
    rackId: '',
  }
}

function resultOf(change: Partial<FetchResult> = {}): FetchResult {
  return {
    error: 'NONE',
    highWatermark: 5,
    lastStableOffset: 5,
    logStartOffset: 0,
    divergingEpoch: null,
    abortedTransactions: null,
    preferredReadReplica: -1,
    parts: [],
    sizeBytes: 0,
    ...change,
  }
}

const keyOf = ({ topic, partition }: { topic: string; partition: number }) => `${topic}-${partition}`

function setup(slots = 10) {
  const clock = new ManualClock()
  const cache = new FetchSessionCache(slots, clock, seededRandom(1))
  const fetch = (
    request: FetchRequest,
    answers: (partition: FetchPartition) => FetchResult = () => resultOf(),
    options: { version?: number; isFollower?: boolean } = {},
  ) => {
    const context = fetchContextOf(cache, request, options.version ?? 17, options.isFollower ?? false, nameOf)
    const answer = context.respond(context.partitions.map(answers))
    return { ...answer, read: context.partitions.map(keyOf), told: answer.told.map(([each]) => keyOf(each)) }
  }
  return { clock, cache, fetch }
}

test('a session: all at first, then what changes', () => {
  const { fetch } = setup()
  const full = fetch(
    requestOf(0, 0, [
      { topic: 'a', partition: 0 },
      { topic: 'b', partition: 1 },
    ]),
  )
  expect(full.sessionId).toBeGreaterThan(0)
  expect(full.told).toEqual(['a-0', 'b-1'])
  const id = full.sessionId
  // Nothing new.
  expect(fetch(requestOf(id, 1, []))).toMatchObject({
    error: 'NONE',
    sessionId: id,
    read: ['a-0', 'b-1'],
    told: [],
  })
  // Records: told, and read last from then on.
  const records = fetch(requestOf(id, 2, []), ({ topic }) => resultOf(topic === 'a' ? { sizeBytes: 10 } : {}))
  expect(records.told).toEqual(['a-0'])
  expect(fetch(requestOf(id, 3, [])).read).toEqual(['b-1', 'a-0'])
  // The watermark, the log start, an error and its end.
  const moved = fetch(requestOf(id, 4, []), ({ topic }) =>
    resultOf(topic === 'b' ? { highWatermark: 6 } : {}),
  )
  expect(moved.told).toEqual(['b-1'])
  const still = ({ topic }: FetchPartition) => (topic === 'b' ? { highWatermark: 6 } : {})
  expect(fetch(requestOf(id, 5, []), (each) => resultOf({ ...still(each), logStartOffset: 1 })).told).toEqual(
    ['b-1', 'a-0'],
  )
  const wrong = (each: FetchPartition) =>
    resultOf({
      ...still(each),
      logStartOffset: 1,
      ...(each.topic === 'a' && { error: 'NOT_LEADER_OR_FOLLOWER' as const }),
    })
  expect(fetch(requestOf(id, 6, []), wrong).told).toEqual(['a-0'])
  expect(fetch(requestOf(id, 7, []), wrong).told).toEqual(['a-0'])
  expect(fetch(requestOf(id, 8, []), (each) => resultOf({ ...still(each), logStartOffset: 1 })).told).toEqual(
    ['a-0'],
  )
  // Added, changed and forgotten.
  const changed = fetch(
    requestOf(id, 9, [{ topic: 'c', partition: 2 }], [{ topic: 'a', partition: 0 }]),
    (each) => resultOf({ ...still(each), logStartOffset: 1 }),
  )
  expect(changed).toMatchObject({ read: ['b-1', 'c-2'], told: ['c-2'] })
})

test('a wrong id, a wrong epoch, names after ids', () => {
  const { cache, fetch } = setup()
  const { sessionId } = fetch(requestOf(0, 0, [{ topic: 'a', partition: 0 }]))
  expect(fetch(requestOf(sessionId + 1, 1, []))).toMatchObject({
    error: 'FETCH_SESSION_ID_NOT_FOUND',
    sessionId: 0,
    read: [],
    told: [],
  })
  expect(fetch(requestOf(sessionId, 2, [])).error).toBe('INVALID_FETCH_SESSION_EPOCH')
  expect(fetch(requestOf(sessionId, 1, []), undefined, { version: 12 }).error).toBe(
    'FETCH_SESSION_TOPIC_ID_ERROR',
  )
  expect(fetch(requestOf(sessionId, 1, [])).error).toBe('NONE')
  expect(cache.size).toBe(1)
  // A full request that names a session ends it.
  const again = fetch(requestOf(sessionId, 0, [{ topic: 'a', partition: 0 }]))
  expect(again.sessionId).not.toBe(sessionId)
  expect(cache.size).toBe(1)
  expect(fetch(requestOf(again.sessionId, -1, [{ topic: 'b', partition: 0 }]))).toMatchObject({
    sessionId: 0,
    told: ['b-0'],
  })
  expect(cache.size).toBe(0)
})

test('a session that is asked for nothing more ends', () => {
  const { cache, fetch } = setup()
  const { sessionId } = fetch(requestOf(0, 0, [{ topic: 'a', partition: 0 }]))
  expect(fetch(requestOf(sessionId, 1, [], [{ topic: 'a', partition: 0 }]))).toMatchObject({
    error: 'NONE',
    sessionId: 0,
  })
  expect(cache.size).toBe(0)
})

test('an answer that was overtaken by another request of its session says so', () => {
  const { cache } = setup()
  const request = requestOf(0, 0, [{ topic: 'a', partition: 0 }])
  const { sessionId } = fetchContextOf(cache, request, 17, false, nameOf).respond([resultOf()])
  const slow = fetchContextOf(cache, requestOf(sessionId, 1, []), 17, false, nameOf)
  fetchContextOf(cache, requestOf(sessionId, 2, []), 17, false, nameOf).respond([resultOf()])
  expect(slow.respond([resultOf({ sizeBytes: 3 })])).toMatchObject({
    error: 'INVALID_FETCH_SESSION_EPOCH',
    told: [],
  })
})

test('a topic id that nobody knows yet is looked up again', () => {
  const { fetch } = setup()
  const asked = [{ topic: 'later', partition: 0 }]
  const { sessionId, read } = fetch(requestOf(0, 0, asked), () => resultOf({ error: 'UNKNOWN_TOPIC_ID' }))
  expect(read).toEqual(['-0'])
  IDS.set('later', 'AAAAAAAAAAAAAAAAAAAAzw')
  try {
    expect(fetch(requestOf(sessionId, 1, []))).toMatchObject({ read: ['later-0'], told: ['later-0'] })
  } finally {
    IDS.delete('later')
  }
})

test('epochs go round', () => {
  expect([0, 1, -1, 0x7fffffff].map(nextEpoch)).toEqual([1, 2, -1, 1])
})

test('slots: unused sessions go first, then smaller ones; followers before consumers', () => {
  const { clock, cache } = setup(2)
  const create = (isFollower: boolean, size: number) => {
    const session = cache.create(isFollower, true, size)
    for (let partition = 0; partition < size; partition++) {
      session?.put(fetchPartition({ topic: 'a', topicId: IDS.get('a') ?? '', partition }))
    }
    return session
  }
  const small = create(false, 1)
  const large = create(false, 100)
  if (small === undefined || large === undefined) throw new Error('no session in an empty cache')
  // Too young to go for another consumer.
  expect(create(false, 50)).toBeUndefined()
  clock.now += 60_000
  cache.touch(large)
  cache.touch(small)
  clock.now += 60_001
  // Both were used lately and are old enough: a larger one displaces the smaller, one of the same size does not.
  expect(create(false, 1)).toBeUndefined()
  expect(create(false, 50)).toBeDefined()
  expect(cache.get(small.id)).toBeUndefined()
  expect(cache.get(large.id)).toBe(large)
  // A follower displaces a consumer at any age, but no follower.
  expect(create(true, 1)).toBeDefined()
  expect(create(true, 1)).toBeDefined()
  expect(create(true, 1000)).toBeUndefined()
  clock.now += 120_001
  expect(create(false, 1)).toBeDefined()
  expect(cache.size).toBe(2)
})

test('client and broker agree on what is being fetched, whatever happens', () => {
  const { seed, random } = testRandom()
  const clock = new ManualClock()
  const cache = new FetchSessionCache(2, clock, random)
  const client = new ClientSession()
  const wanted = new Map<
    string,
    Parameters<ClientSession['next']>[0] extends ReadonlyMap<string, infer A> ? A : never
  >()
  const topics = [...IDS]
  for (let round = 0; round < 2000; round++) {
    for (let i = 0; i < random.int(4); i++) {
      const [topic, topicId] = topics[random.int(topics.length)] ?? ['a', '']
      const partition = random.int(3)
      const key = `${topic}-${partition}`
      if (random.int(3) === 0) wanted.delete(key)
      else {
        wanted.set(key, {
          topic,
          topicId,
          partition,
          currentLeaderEpoch: random.int(3),
          fetchOffset: random.int(5),
          lastFetchedEpoch: -1,
          logStartOffset: 0,
          partitionMaxBytes: 10,
        })
      }
    }
    if (wanted.size === 0) continue
    if (random.int(40) === 0) for (let id = 0; id < 2; id++) cache.create(true, true, 1000)
    const next = client.next(wanted)
    const request = {
      ...requestOf(next.sessionId, next.sessionEpoch, []),
      ...next,
    } as unknown as FetchRequest
    const context = fetchContextOf(cache, request, 17, true, nameOf)
    const answer = context.respond(context.partitions.map(() => resultOf()))
    if (answer.error !== 'NONE') {
      client.restart(answer.error === 'FETCH_SESSION_ID_NOT_FOUND')
      continue
    }
    const read = context.partitions.map(
      (each) => `${keyOf(each)}@${each.fetchOffset}/${each.currentLeaderEpoch}`,
    )
    const expected = [...wanted].map(([key, each]) => `${key}@${each.fetchOffset}/${each.currentLeaderEpoch}`)
    expect(read.sort(), `seed ${seed}, round ${round}`).toEqual(expected.sort())
    // The answer may be lost.
    if (random.int(30) === 0) client.restart(false)
    else client.answered(answer.sessionId)
  }
})
