import { describe, expect, it } from 'vitest'
import { type ConsumerConfig, resolveConsumerConfig } from '../../../../src/client/consumer/config.ts'
import { Fetcher } from '../../../../src/client/consumer/fetch/fetcher.ts'
import { LogTruncationError } from '../../../../src/client/consumer/fetch/validation.ts'
import { ClientCore } from '../../../../src/client/core.ts'
import type { ClientOptions } from '../../../../src/client/index.ts'
import { ERROR_CODES } from '../../../../src/protocol/index.ts'
import { fetch } from '../../../../src/protocol/messages/01-fetch.ts'
import { metadata } from '../../../../src/protocol/messages/03-metadata.ts'
import { offsetForLeaderEpoch } from '../../../../src/protocol/messages/23-offset-for-leader-epoch.ts'
import { BatchBuilder } from '../../../../src/records/index.ts'
import { FakeCluster } from '../../../support/fake-broker.ts'
import type { FakeLog } from '../../../support/fake-log.ts'
import { gate, ManualClock } from '../../../support/manual-clock.ts'

const at = { topic: 't', partition: 0 }
const other = { topic: 't', partition: 1 }

async function setUp(
  config: ConsumerConfig = {},
  options: { brokers?: number; partitions?: number; client?: Partial<ClientOptions> } = {},
) {
  const clock = new ManualClock()
  const cluster = await FakeCluster.start(clock, options)
  const logs = cluster.addTopic('t', options.partitions ?? 1)
  const core = new ClientCore(cluster.clientOptions(options.client))
  const fetcher = new Fetcher(core, resolveConsumerConfig(config))
  await clock.run(core.refresh(['t']))
  const begin = (partition: number, offset = 0) => {
    const position = fetcher.position({ topic: 't', partition })
    if (position !== undefined) fetcher.move(position, offset, undefined)
  }
  /** Assigns partitions and puts new ones at 0. */
  const assign = (...partitions: number[]) => {
    fetcher.assign(partitions.map((partition) => ({ topic: 't', partition, from: 0 })))
    for (const position of fetcher.positions()) if (position.wanted !== undefined) begin(position.partition)
  }
  /** The next records, or what stands in the way. */
  const poll = async (limit = 500, timeoutMs = 1000): Promise<string[]> => {
    const untilMs = clock.monotonicMs() + timeoutMs
    for (;;) {
      const records = fetcher.take(limit)
      const failure = records.length === 0 ? fetcher.takeFailure() : undefined
      if (failure !== undefined) throw failure
      fetcher.fetchAhead()
      const leftMs = untilMs - clock.monotonicMs()
      if (records.length > 0 || leftMs <= 0)
        return records.map(({ partition, offset }) => `${partition}:${offset}`)
      await clock.run(fetcher.wait(leftMs))
    }
  }
  return { clock, cluster, core, fetcher, logs, log: cluster.log('t'), assign, begin, poll }
}

function fill(log: FakeLog, count: number, size = 10): void {
  const builder = new BatchBuilder()
  for (let i = 0; i < count; i++) builder.append(1000, null, Buffer.from(`${i}`.padEnd(size, '.')))
  log.store(builder.build())
}

const span = (partition: number, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${partition}:${from + i}`)
const asked = (call: { body: { topics: { partitions: { partition: number }[] }[] } } | undefined) =>
  call?.body.topics.flatMap((topic) => topic.partitions.map(({ partition }) => partition))

describe('Fetcher: sessions', () => {
  it('names a partition again only when something has changed', async () => {
    const { cluster, assign, poll, logs } = await setUp({}, { partitions: 3 })
    assign(0, 1, 2)
    expect(await poll(500, 2000)).toEqual([])
    fill(logs[1] as FakeLog, 5)
    cluster.appended()
    expect(await poll()).toEqual(span(1, 0, 5))
    await poll(500, 100)
    const calls = cluster.callsOf(fetch)
    expect(asked(calls[0])).toEqual([0, 1, 2])
    expect(calls[1]?.body).toMatchObject({ sessionId: 1, sessionEpoch: 1, topics: [] })
    expect(asked(calls.at(-1))).toEqual([1])
  })

  it('goes on at once when the broker has lost the session', async () => {
    const { cluster, clock, assign, poll, log } = await setUp()
    assign(0)
    await poll(500, 1000)
    cluster.sessionsOf(0).open.clear()
    const startMs = clock.monotonicMs()
    fill(log, 3)
    expect(await poll()).toEqual(span(0, 0, 3))
    expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(500)
  })

  it('leaves a broker alone that refuses every session', async () => {
    const { cluster, assign, poll } = await setUp()
    assign(0)
    cluster.script = (call) =>
      call.spec.key === fetch.key
        ? { answer: { errorCode: ERROR_CODES.INVALID_FETCH_SESSION_EPOCH, responses: [] } }
        : undefined
    expect(await poll(500, 5000)).toEqual([])
    expect(cluster.callsOf(fetch).length).toBeLessThan(20)
  })
})

describe('Fetcher: brokers of other versions', () => {
  it.each([
    ['0.11', 5],
    ['1.0', 6],
    ['1.1', 7],
    ['2.3', 11],
    ['2.7', 12],
    ['2.8', 13],
    ['3.9', 17],
  ])('reads from %s, which has Fetch up to version %i', async (_version, max) => {
    const { cluster, assign, poll, logs } = await setUp({ fetchMaxWaitMs: 10 }, { partitions: 2 })
    cluster.maxVersions = new Map([[fetch.key, max]])
    for (const log of logs) fill(log, 10)
    assign(0, 1)
    expect([...(await poll()), ...(await poll())].sort()).toEqual(
      [...span(0, 0, 10), ...span(1, 0, 10)].sort(),
    )
    fill(logs[1] as FakeLog, 5)
    expect(await poll()).toEqual(span(1, 10, 15))
    const last = cluster.callsOf(fetch).at(-1)
    expect(last?.version).toBe(max)
    // Sessions came with version 7.
    expect(cluster.sessionsOf(0).open.size).toBe(max < 7 ? 0 : 1)
  })
})

describe('Fetcher: a partition that cannot be read', () => {
  it('is asked for less and less often, and again at once when it can', async () => {
    const { cluster, clock, assign, poll, log } = await setUp({ fetchMaxWaitMs: 10 })
    fill(log, 3)
    assign(0)
    cluster.script = (call) =>
      call.spec.key === fetch.key ? { errorCode: ERROR_CODES.UNKNOWN_TOPIC_ID } : undefined
    expect(await poll(500, 10_000)).toEqual([])
    expect(cluster.callsOf(fetch).length).toBeLessThan(20)
    cluster.script = () => undefined
    const startMs = clock.monotonicMs()
    expect(await poll(500, 5000)).toEqual(span(0, 0, 3))
    expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(1200)
  })
})

describe('Fetcher: assignment', () => {
  it('what stays keeps its position, its pause and its records; what goes gives none', async () => {
    const { assign, poll, logs, fetcher } = await setUp({}, { partitions: 3 })
    for (const log of logs) fill(log, 10)
    assign(0, 1)
    expect(await poll(4)).toEqual(span(0, 0, 4))
    fetcher.setPaused(other, true)
    assign(1, 2)
    expect(fetcher.position(at)).toBeUndefined()
    expect(await poll()).toEqual(span(2, 0, 10))
    fetcher.setPaused(other, false)
    expect(await poll()).toEqual(span(1, 0, 10))
    expect(fetcher.position(other)?.offset).toBe(10)
  })

  it('a fetch that is under way goes on for what stays', async () => {
    const { cluster, clock, assign, fetcher, poll, logs } = await setUp({}, { partitions: 2 })
    for (const log of logs) fill(log, 3)
    const door = gate()
    cluster.script = (call) => (call.spec.key === fetch.key ? { holdAnswer: door.opened } : undefined)
    assign(0, 1)
    fetcher.fetchAhead()
    await clock.settle()
    assign(1)
    door.open()
    expect(await poll()).toEqual(span(1, 0, 3))
    expect(await poll(500, 100)).toEqual([])
    expect(asked(cluster.callsOf(fetch)[0])).toEqual([0, 1])
  })

  it('a partition that comes back begins where it is told to', async () => {
    const { assign, begin, poll, log } = await setUp({}, { partitions: 2 })
    fill(log, 10)
    assign(0)
    expect(await poll(4)).toEqual(span(0, 0, 4))
    assign(1)
    assign(0, 1)
    begin(0, 8)
    expect(await poll()).toEqual(span(0, 8, 10))
  })
})

describe('Fetcher: a log that was cut off (KIP-320)', () => {
  /** Reads ten records of epoch 0, then another broker leads whose log has seven of them. */
  async function cutOff(config: ConsumerConfig) {
    const setting = await setUp(config, { brokers: 2 })
    const { cluster, assign, poll, log, core, clock } = setting
    fill(log, 7)
    fill(log, 3)
    assign(0)
    expect(await poll()).toEqual(span(0, 0, 10))
    log.truncate(7)
    cluster.move(log, 1)
    fill(log, 5)
    await clock.run(core.refresh(['t']))
    return setting
  }

  it('goes back to where the logs part', async () => {
    const { poll, fetcher } = await cutOff({ autoOffsetReset: 'latest' })
    expect(await poll()).toEqual(span(0, 7, 12))
    expect(fetcher.position(at)).toMatchObject({ offset: 12, offsetEpoch: 1 })
  })

  it('says so without a policy, until it is moved', async () => {
    const { poll, begin, fetcher } = await cutOff({ autoOffsetReset: 'none' })
    const error: unknown = await poll().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(LogTruncationError)
    expect(error).toMatchObject({ ...at, offset: 10, divergentOffset: 7 })
    expect(fetcher.position(at)?.offset).toBe(10)
    begin(0, 7)
    expect(await poll()).toEqual(span(0, 7, 12))
  })

  it('asks before it fetches from a new leader, and goes on where the logs agree', async () => {
    const { cluster, clock, core, assign, poll, log } = await setUp({}, { brokers: 2 })
    fill(log, 10)
    assign(0)
    await poll()
    cluster.move(log, 1)
    fill(log, 2)
    await clock.run(core.refresh(['t']))
    expect(await poll()).toEqual(span(0, 10, 12))
    const atNewLeader = cluster.calls.filter(({ broker }) => broker === 1).map(({ spec }) => spec.name)
    expect(atNewLeader.slice(0, 2)).toEqual([offsetForLeaderEpoch.name, fetch.name])
    const [call] = cluster.callsOf(offsetForLeaderEpoch)
    expect(call?.body).toMatchObject({
      replicaId: -1,
      topics: [{ partitions: [{ currentLeaderEpoch: 1, leaderEpoch: 0 }] }],
    })
  })

  it.each(['UNKNOWN_LEADER_EPOCH', 'FENCED_LEADER_EPOCH', 'NOT_LEADER_OR_FOLLOWER'] as const)(
    'tries again after %s',
    async (name) => {
      const { cluster, clock, core, assign, poll, log } = await setUp({}, { brokers: 2 })
      fill(log, 10)
      assign(0)
      await poll()
      cluster.move(log, 1)
      fill(log, 2)
      await clock.run(core.refresh(['t']))
      let failures = 3
      cluster.script = (call) =>
        call.spec.key === offsetForLeaderEpoch.key && failures-- > 0
          ? { errorCode: ERROR_CODES[name] }
          : undefined
      expect(await poll(500, 5000)).toEqual(span(0, 10, 12))
    },
  )
})

describe('Fetcher: leaders', () => {
  it('goes on at the leader that an answer names, without asking for metadata first (KIP-951)', async () => {
    const { cluster, clock, assign, poll, log, fetcher } = await setUp({}, { brokers: 2 })
    fill(log, 4)
    assign(0)
    await poll()
    cluster.move(log, 1)
    fill(log, 2)
    const startMs = clock.monotonicMs()
    cluster.script = (call) => {
      if (call.spec.key === metadata.key) return 'silence'
      if (call.spec.key !== fetch.key || call.broker !== 0) return undefined
      const partition = {
        partitionIndex: 0,
        errorCode: ERROR_CODES.NOT_LEADER_OR_FOLLOWER,
        currentLeader: { leaderId: 1, leaderEpoch: 1 },
        records: null,
      }
      const topicId = cluster.topics.get('t')?.id
      const nodeEndpoints = [{ nodeId: 1, host: 'broker-1', port: 9092 }]
      return { answer: { responses: [{ topicId, partitions: [partition] }], nodeEndpoints } }
    }
    fetcher.fetchAhead()
    expect(await poll(500, 1000)).toEqual(span(0, 4, 6))
    expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(500)
  })
})

describe('Fetcher: fetching ahead', () => {
  /** Ten batches of ten records; a fetch brings two of them. */
  async function setUpBatches(config: ConsumerConfig = {}) {
    const setting = await setUp({ maxPartitionFetchBytes: 2500, ...config })
    for (let i = 0; i < 10; i++) fill(setting.log, 10, 100)
    setting.assign(0)
    const offsetsAsked = () =>
      setting.cluster.callsOf(fetch).flatMap(({ body }) => body.topics[0]?.partitions[0]?.fetchOffset ?? [])
    return { ...setting, offsetsAsked }
  }

  it('asks for more when less than half a fetch is left, and gives everything in order', async () => {
    const { clock, poll, offsetsAsked, fetcher } = await setUpBatches()
    expect(await poll(5)).toEqual(span(0, 0, 5))
    await clock.settle()
    expect(offsetsAsked()).toEqual([0, 20])
    // Two fetches are in hand; a third is asked for when the first has been taken.
    expect(await poll(5)).toEqual(span(0, 5, 10))
    await clock.settle()
    expect([offsetsAsked(), fetcher.position(at)?.inHand.length]).toEqual([[0, 20], 2])
    const rest: string[] = []
    while (rest.length < 90) rest.push(...(await poll(7)))
    expect(rest).toEqual(span(0, 10, 100))
  })

  it('a seek throws away all that is in hand', async () => {
    const { clock, poll, begin, fetcher } = await setUpBatches()
    await poll(5)
    await clock.settle()
    begin(0, 77)
    expect(fetcher.inHandBytes).toBe(0)
    expect(await poll(500)).toEqual(span(0, 77, 90))
  })

  it('keeps what is in hand when what comes behind it is gone, and goes there when its turn comes', async () => {
    const { clock, cluster, poll } = await setUpBatches({ autoOffsetReset: 'earliest' })
    let isGone = false
    cluster.script = (call) => {
      const fetchOffset = call.spec.key === fetch.key && call.body.topics[0]?.partitions[0]?.fetchOffset
      return isGone && fetchOffset === 20 ? { errorCode: ERROR_CODES.OFFSET_OUT_OF_RANGE } : undefined
    }
    isGone = true
    expect(await poll(5)).toEqual(span(0, 0, 5))
    await clock.advance(300)
    expect(await poll(15)).toEqual(span(0, 5, 20))
    isGone = false
    expect(await poll(15)).toEqual(span(0, 20, 35))
  })

  it('does not keep a broker waiting for what is not there yet', async () => {
    const { clock, cluster, assign, poll, log } = await setUp()
    fill(log, 10)
    assign(0)
    expect(await poll(5)).toEqual(span(0, 0, 5))
    await clock.settle()
    expect(cluster.callsOf(fetch)).toHaveLength(1)
  })

  it('goes no further than half of a fetch ahead of a new leader that it has not asked', async () => {
    const { clock, cluster, core, log, poll, offsetsAsked } = await setUpBatches()
    await poll(1)
    await clock.settle()
    cluster.move(log, 0)
    await clock.run(core.refresh(['t']))
    const all: string[] = []
    while (all.length < 99) all.push(...(await poll(10)))
    expect(all).toEqual(span(0, 1, 100))
    expect(offsetsAsked()).toEqual([0, 20, 40, 60, 80])
    expect(cluster.callsOf(offsetForLeaderEpoch)).toHaveLength(1)
  })
})

/** FetchMetricsRegistry of Kafka 3.9, by the tags beside `client-id`. */
const KAFKA_METRICS = {
  '': [
    ...['fetch-size-avg', 'fetch-size-max', 'bytes-consumed-rate', 'bytes-consumed-total'],
    ...['records-per-request-avg', 'records-consumed-rate', 'records-consumed-total'],
    ...['fetch-latency-avg', 'fetch-latency-max', 'fetch-rate', 'fetch-total'],
    ...['records-lag-max', 'records-lead-min', 'fetch-throttle-time-avg', 'fetch-throttle-time-max'],
  ],
  topic: [
    ...['fetch-size-avg', 'fetch-size-max', 'bytes-consumed-rate', 'bytes-consumed-total'],
    ...['records-per-request-avg', 'records-consumed-rate', 'records-consumed-total'],
  ],
  'partition,topic': [
    ...['records-lag', 'records-lag-avg', 'records-lag-max'],
    ...['records-lead', 'records-lead-avg', 'records-lead-min', 'preferred-read-replica'],
  ],
}

describe('Fetcher: metrics', () => {
  it('have the names and tags that Kafka gives them', async () => {
    const { core, assign, poll, log } = await setUp()
    fill(log, 5)
    assign(0)
    await poll()
    const byTags = new Map<string, string[]>()
    for (const { group, name, tags } of core.metrics.values()) {
      if (group !== 'consumer-fetch-manager-metrics') continue
      const keys = Object.keys(tags).filter((key) => key !== 'client-id')
      const key = keys.sort().join()
      byTags.set(key, [...(byTags.get(key) ?? []), name])
    }
    expect([...byTags.keys()].sort()).toEqual(Object.keys(KAFKA_METRICS).sort())
    for (const [key, names] of Object.entries(KAFKA_METRICS))
      expect(byTags.get(key)?.sort()).toEqual([...names].sort())
  })

  it('are those of Kafka, and end with the assignment', async () => {
    const { core, assign, poll, logs } = await setUp({}, { partitions: 2 })
    fill(logs[0] as FakeLog, 10)
    fill(logs[1] as FakeLog, 4)
    assign(0, 1)
    await poll(8)
    const value = (name: string, tags: object = {}) =>
      core.metrics
        .values()
        .find(
          (metric) =>
            metric.group === 'consumer-fetch-manager-metrics' &&
            metric.name === name &&
            JSON.stringify({ ...metric.tags, 'client-id': undefined }) === JSON.stringify(tags),
        )?.value
    expect(value('records-lag', { topic: 't', partition: '0' })).toBe(2)
    while ((await poll(8, 100)).length > 0);
    expect(value('records-consumed-total')).toBe(14)
    expect(value('records-consumed-total', { topic: 't' })).toBe(14)
    expect(value('records-per-request-avg')).toBe(14)
    const sizeBytes = logs.flatMap(({ batches }) => batches).reduce((sum, { bytes }) => sum + bytes.length, 0)
    expect(value('bytes-consumed-total')).toBe(sizeBytes)
    expect(value('records-lag-max')).toBe(2)
    expect(value('fetch-total')).toBeGreaterThanOrEqual(1)
    expect(value('preferred-read-replica', { topic: 't', partition: '1' })).toBe(-1)
    assign(0)
    expect(value('records-lag', { topic: 't', partition: '1' })).toBeUndefined()
    expect(value('records-lag', { topic: 't', partition: '0' })).toBe(0)
    expect(value('records-consumed-total', { topic: 't' })).toBe(14)
    assign()
    expect(value('records-consumed-total', { topic: 't' })).toBeUndefined()
    expect(value('records-consumed-total')).toBe(14)
  })
})

describe('Fetcher: memory', () => {
  it('a paused partition does not keep the whole response', async () => {
    const { assign, poll, logs, fetcher } = await setUp({}, { partitions: 2 })
    fill(logs[0] as FakeLog, 10, 100_000)
    fill(logs[1] as FakeLog, 1)
    assign(0, 1)
    expect(await poll(1)).toEqual(['0:0'])
    fetcher.setPaused(other, true)
    expect(fetcher.inHandBytes).toBeGreaterThan(1_000_000)
    while ((await poll(500, 100)).length > 0);
    expect(fetcher.inHandBytes).toBeLessThan(10_000)
    fetcher.setPaused(other, false)
    expect(await poll()).toEqual(['1:0'])
  })

  it('a record that is larger than every limit is read', async () => {
    const { assign, poll, log } = await setUp({ fetchMaxBytes: 100, maxPartitionFetchBytes: 100 })
    for (let i = 0; i < 3; i++) fill(log, 1, 5000)
    assign(0)
    for (let i = 0; i < 3; i++) expect(await poll()).toEqual([`0:${i}`])
  })
})
