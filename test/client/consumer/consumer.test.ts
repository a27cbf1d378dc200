import { describe, expect, it } from 'vitest'
import { Consumer, type ConsumerConfig, type ConsumerRecord } from '../../../src/client/index.ts'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { fetch } from '../../../src/protocol/messages/01-fetch.ts'
import { listOffsets } from '../../../src/protocol/messages/02-list-offsets.ts'
import { metadata } from '../../../src/protocol/messages/03-metadata.ts'
import { BatchBuilder } from '../../../src/records/index.ts'
import { FakeCluster } from '../../support/fake-broker.ts'
import type { FakeLog } from '../../support/fake-log.ts'
import { gate, ManualClock } from '../../support/manual-clock.ts'

const at = { topic: 't', partition: 0 }

async function setUp(config: ConsumerConfig = {}, options: { brokers?: number; partitions?: number } = {}) {
  const clock = new ManualClock()
  const cluster = await FakeCluster.start(clock, options)
  const logs = cluster.addTopic('t', options.partitions ?? 1)
  const consumer = new Consumer(cluster.clientOptions(), config)
  const poll = (timeoutMs = 1000) => clock.run(consumer.poll(timeoutMs))
  return { clock, cluster, logs, log: cluster.log('t'), consumer, poll }
}

/** `count` records of 10 to a batch, named and dated by their offset. */
function fill(log: FakeLog, count: number, size = 10): void {
  for (let done = 0; done < count; done += 10) {
    const builder = new BatchBuilder()
    for (let i = done; i < Math.min(count, done + 10); i++) {
      const offset = log.endOffset + i - done
      builder.append(1000 + offset, null, Buffer.from(`${offset}`.padEnd(size, '.')))
    }
    log.store(builder.build())
  }
}

const offsets = (records: readonly ConsumerRecord[]) => records.map((record) => record.offset)
const span = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

async function readTo(setting: Awaited<ReturnType<typeof setUp>>, end: number): Promise<ConsumerRecord[]> {
  const records: ConsumerRecord[] = []
  for (let empty = 0; empty < 5 && (setting.consumer.position(at) ?? 0) < end; ) {
    const more = await setting.poll()
    records.push(...more)
    empty = more.length === 0 ? empty + 1 : 0
  }
  return records
}

describe('Consumer: positions', () => {
  it.each([
    ['earliest', 0],
    ['latest', 95],
    [17, 17],
    [{ timestampMs: 1042 }, 42],
    [{ timestampMs: 9999 }, 95],
  ] as const)('begins at %o', async (from, offset) => {
    const { clock, consumer, log, poll } = await setUp()
    fill(log, 95)
    consumer.assign([{ ...at, from }])
    expect(consumer.position(at)).toBeUndefined()
    await clock.run(consumer.begin())
    expect(consumer.position(at)).toBe(offset)
    expect(offsets(await poll())).toEqual(span(offset, 95))
    expect(consumer.position(at)).toBe(95)
    expect(consumer.highWatermark(at)).toBe(95)
    await consumer.close()
  })

  it('asks a leader once where to begin', async () => {
    const { cluster, consumer, log, poll } = await setUp()
    fill(log, 10)
    consumer.assign([{ ...at, from: 'earliest' }])
    expect(offsets(await poll())).toEqual(span(0, 10))
    const names = cluster.calls.map(({ spec }) => spec.name).filter((name) => name !== 'Metadata')
    expect(names.slice(0, 2)).toEqual(['ListOffsets', 'Fetch'])
    await consumer.close()
  })

  it('gives out records of all partitions, at most maxPollRecords at a time', async () => {
    const { clock, consumer, logs, poll } = await setUp({ maxPollRecords: 33 }, { brokers: 2, partitions: 4 })
    for (const log of logs) fill(log, 50)
    const partitions = await clock.run(consumer.partitionsOf('t'))
    consumer.assign(partitions.map((partition) => ({ topic: 't', partition, from: 'earliest' as const })))
    const records: ConsumerRecord[] = []
    while (records.length < 200) {
      const more = await poll()
      expect(more.length).toBeLessThanOrEqual(33)
      records.push(...more)
    }
    for (const partition of partitions)
      expect(offsets(records.filter((record) => record.partition === partition))).toEqual(span(0, 50))
    await consumer.close()
  })

  it('waits for records, and gives them out when they come', async () => {
    const { clock, cluster, consumer, log } = await setUp()
    consumer.assign([{ ...at, from: 0 }])
    const polled = consumer.poll(60_000)
    await clock.advance(5000)
    fill(log, 3)
    cluster.appended()
    expect(offsets(await clock.run(polled))).toEqual([0, 1, 2])
    expect(clock.monotonicMs()).toBe(5000)
    expect(await clock.run(consumer.poll(700))).toEqual([])
    await consumer.close()
  })

  it('says at once that a topic or partition is not there', async () => {
    const { clock, consumer, poll } = await setUp()
    consumer.assign([{ ...at, partition: 9, from: 0 }])
    await expect(poll(10_000)).rejects.toMatchObject({ code: 'KCLI_NO_PARTITION' })
    consumer.assign([{ topic: 'nowhere', partition: 0, from: 'earliest' }])
    await expect(poll(10_000)).rejects.toMatchObject({ code: 'KCLI_UNKNOWN_TOPIC' })
    await expect(consumer.seek(at, 0)).rejects.toMatchObject({ code: 'KCLI_NOT_ASSIGNED' })
    expect(clock.monotonicMs()).toBeLessThan(2000)
    await consumer.close()
  })

  it('reads a partition while the position of another one is still being looked up', async () => {
    const { clock, cluster, consumer, logs, poll } = await setUp({}, { brokers: 2, partitions: 2 })
    for (const log of logs) fill(log, 10)
    cluster.script = (call) => (call.spec.key === listOffsets.key ? 'silence' : undefined)
    consumer.assign([
      { ...at, from: 'earliest' },
      { topic: 't', partition: 1, from: 4 },
    ])
    expect(offsets(await poll())).toEqual(span(4, 10))
    expect(consumer.position(at)).toBeUndefined()
    expect(await poll(100)).toEqual([])
    expect(clock.monotonicMs()).toBeLessThan(1000)
    await consumer.close()
  })
})

describe('Consumer: steering', () => {
  it('has the next fetch under way while records are worked on', async () => {
    const { clock, cluster, consumer, log, poll } = await setUp({
      maxPollRecords: 20,
      maxPartitionFetchBytes: 1,
    })
    fill(log, 40)
    consumer.assign([{ ...at, from: 0 }])
    expect(offsets(await poll())).toEqual(span(0, 10))
    await clock.settle()
    expect(cluster.callsOf(fetch).map((call) => call.body.topics[0].partitions[0].fetchOffset)).toEqual([
      0, 10,
    ])
    await consumer.close()
  })

  it('pauses and resumes, with records in hand', async () => {
    const { consumer, cluster, logs, poll } = await setUp({ maxPollRecords: 5 }, { partitions: 2 })
    for (const log of logs) fill(log, 20)
    const other = { topic: 't', partition: 1 }
    consumer.assign([at, other].map((each) => ({ ...each, from: 0 })))
    consumer.pause([other])
    const first = [...(await poll()), ...(await poll())]
    expect(offsets(first)).toEqual(span(0, 10))
    consumer.pause([at])
    consumer.resume([other])
    const second = [...(await poll()), ...(await poll())]
    expect(second.map((record) => record.partition)).toEqual(Array(10).fill(1))
    consumer.resume([at])
    consumer.pause([other])
    expect(offsets(await poll())).toEqual(span(10, 15))
    expect(cluster.callsOf(fetch).length).toBeLessThan(5)
    await consumer.close()
  })

  it('throws away the answer to a fetch from before a seek', async () => {
    const { clock, cluster, consumer, log } = await setUp()
    fill(log, 50)
    const door = gate()
    cluster.script = (call) => (call.spec.key === fetch.key ? { holdAnswer: door.opened } : undefined)
    consumer.assign([{ ...at, from: 0 }])
    const polled = consumer.poll(10_000)
    await clock.settle()
    await clock.run(consumer.seek(at, 42))
    door.open()
    expect(offsets(await clock.run(polled))).toEqual(span(42, 50))
    await clock.run(consumer.seek(at, 'earliest'))
    expect(consumer.position(at)).toBe(0)
    await consumer.close()
  })

  it('a seek before the first poll is what counts', async () => {
    const { clock, consumer, log, poll } = await setUp()
    fill(log, 50)
    consumer.assign([{ ...at, from: 'earliest' }])
    consumer.pause([at])
    await clock.run(consumer.seek(at, 30))
    expect(await poll(100)).toEqual([])
    consumer.resume([at])
    expect(offsets(await poll())).toEqual(span(30, 50))
    await consumer.close()
  })

  it('a new assignment forgets the old one', async () => {
    const { consumer, logs, poll } = await setUp({ maxPollRecords: 5 }, { partitions: 2 })
    for (const log of logs) fill(log, 20)
    consumer.assign([{ ...at, from: 0 }])
    await poll()
    consumer.assign([{ topic: 't', partition: 1, from: 3 }])
    const records = await poll()
    expect(records.map((record) => [record.partition, record.offset])).toEqual(span(3, 8).map((o) => [1, o]))
    await consumer.close()
  })

  it('close ends a poll and the iteration; the loop stays free', async () => {
    const { clock, consumer, log } = await setUp()
    fill(log, 3)
    consumer.assign([{ ...at, from: 0 }])
    const seen: number[] = []
    const reading = (async () => {
      for await (const record of consumer) {
        seen.push(record.offset)
        if (seen.length === 3) setImmediate(() => consumer.close())
      }
    })()
    await clock.run(reading)
    expect(seen).toEqual([0, 1, 2])
    await expect(consumer.poll(10)).rejects.toMatchObject({ code: 'KCLI_CLOSED' })
  })

  it('keeps in memory no more than fetchMaxBytes before it is taken', async () => {
    const { clock, cluster, consumer, logs, poll } = await setUp(
      { fetchMaxBytes: 4000, maxPartitionFetchBytes: 1000, maxPollRecords: 1 },
      { brokers: 10, partitions: 10 },
    )
    for (const log of logs) fill(log, 100, 80)
    consumer.assign(logs.map((_, partition) => ({ topic: 't', partition, from: 0 })))
    await poll()
    await clock.settle()
    const fetches = cluster.callsOf(fetch).length
    for (let i = 0; i < 9; i++) expect(await poll()).toHaveLength(1)
    await clock.settle()
    // Ten brokers answered, the first perhaps twice; nobody is asked again while more than 4000 bytes wait.
    expect(fetches).toBeLessThanOrEqual(11)
    expect(cluster.callsOf(fetch).length).toBe(fetches)
    await consumer.close()
  })

  it('a partition at its end does not hold up the others of its broker', async () => {
    const setting = await setUp({ maxPollRecords: 5, maxPartitionFetchBytes: 1 }, { partitions: 2 })
    const { clock, consumer, logs, poll } = setting
    fill(logs[0] as FakeLog, 300)
    fill(logs[1] as FakeLog, 10)
    consumer.assign([at, { topic: 't', partition: 1 }].map((each) => ({ ...each, from: 0 })))
    let count = 0
    while (count < 310) count += (await poll()).length
    // Thirty fetches; had each waited for the empty partition, this were 15 seconds.
    expect(clock.monotonicMs()).toBeLessThan(1000)
    await consumer.close()
  })
})

describe('Consumer: trouble', () => {
  it.each([
    ['earliest', span(20, 50)],
    ['latest', []],
  ] as const)('goes to the %s offset when the position is gone', async (autoOffsetReset, expected) => {
    const { consumer, log, poll } = await setUp({ autoOffsetReset })
    fill(log, 50)
    log.startOffset = 20
    consumer.assign([{ ...at, from: 5 }])
    expect(offsets(await poll())).toEqual(expected)
    expect(consumer.position(at)).toBe(50)
    await consumer.close()
  })

  it('throws when the position is gone and there is no policy, until it is moved', async () => {
    const { clock, consumer, log, poll } = await setUp({ autoOffsetReset: 'none' })
    fill(log, 50)
    log.startOffset = 20
    consumer.assign([{ ...at, from: 5 }])
    for (let i = 0; i < 2; i++)
      await expect(poll()).rejects.toMatchObject({
        code: 'KCLI_OFFSET_OUT_OF_RANGE',
        message: 't-0 has no offset 5',
      })
    await clock.run(consumer.seek(at, 45))
    expect(offsets(await poll())).toEqual(span(45, 50))
    await consumer.close()
  })

  it('follows the leader', async () => {
    const setting = await setUp({ maxPartitionFetchBytes: 1 }, { brokers: 2 })
    const { cluster, consumer, log, poll } = setting
    fill(log, 100)
    consumer.assign([{ ...at, from: 0 }])
    const first = await poll()
    cluster.move(log, 1)
    const records = [...first, ...(await readTo(setting, 100))]
    expect(offsets(records)).toEqual(span(0, 100))
    expect(cluster.callsOf(fetch).at(-1)?.broker).toBe(1)
    await consumer.close()
  })

  it.each([
    ['lost connections', () => ({ drop: 'before' as const })],
    ['a leader that is not there', () => ({ errorCode: ERROR_CODES.LEADER_NOT_AVAILABLE })],
    ['a new epoch', () => ({ errorCode: ERROR_CODES.UNKNOWN_LEADER_EPOCH })],
    ['an error of the server', () => ({ errorCode: ERROR_CODES.UNKNOWN_SERVER_ERROR })],
    ['an unknown topic id', () => ({ errorCode: ERROR_CODES.UNKNOWN_TOPIC_ID })],
  ])('waits out %s, without storming the brokers', async (_what, fault) => {
    const setting = await setUp({ maxPartitionFetchBytes: 1 })
    const { clock, cluster, consumer, log, poll } = setting
    fill(log, 30)
    consumer.assign([{ ...at, from: 0 }])
    const first = await poll()
    cluster.script = (call) => (call.spec.key === fetch.key ? fault() : undefined)
    cluster.disconnect(0)
    await clock.settle()
    const before = cluster.calls.length
    const more = await poll(3000)
    expect(cluster.calls.length - before).toBeLessThan(80)
    cluster.script = () => undefined
    expect(offsets([...first, ...more, ...(await readTo(setting, 30))])).toEqual(span(0, 30))
    await consumer.close()
  })

  it('waits for a leader without storming the brokers', async () => {
    const { cluster, consumer, log, poll } = await setUp()
    fill(log, 10)
    cluster.move(log, -1)
    consumer.assign([{ ...at, from: 0 }])
    expect(await poll(5000)).toEqual([])
    expect(cluster.callsOf(metadata).length).toBeLessThan(60)
    cluster.move(log, 0)
    expect(offsets(await poll())).toEqual(span(0, 10))
    await consumer.close()
  })

  it('says what it may not read', async () => {
    const { cluster, consumer, poll } = await setUp()
    cluster.script = (call) =>
      call.spec.key === fetch.key ? { errorCode: ERROR_CODES.TOPIC_AUTHORIZATION_FAILED } : undefined
    consumer.assign([{ ...at, from: 0 }])
    await expect(poll()).rejects.toMatchObject({ errorName: 'TOPIC_AUTHORIZATION_FAILED' })
    await consumer.close()
  })

  it('reads from the follower that the leader names, and asks the leader again when that fails', async () => {
    const setting = await setUp({ rack: 'a', maxPartitionFetchBytes: 1 }, { brokers: 2 })
    const { cluster, consumer, log } = setting
    fill(log, 20)
    const records = log.read(0, 1)
    cluster.script = (call) => {
      if (call.spec.key !== fetch.key) return undefined
      const { fetchOffset } = call.body.topics[0].partitions[0]
      const answer = (partition: object) => ({
        answer: {
          responses: [
            { topicId: cluster.topics.get('t')?.id, partitions: [{ partitionIndex: 0, ...partition }] },
          ],
        },
      })
      if (call.broker === 1 && fetchOffset === 0) return answer({ records, highWatermark: 20 })
      if (call.broker === 1) return answer({ errorCode: ERROR_CODES.OFFSET_OUT_OF_RANGE, records: null })
      return fetchOffset === 0
        ? answer({ preferredReadReplica: 1, records: null, highWatermark: 20 })
        : undefined
    }
    consumer.assign([{ ...at, from: 0 }])
    expect(offsets(await readTo(setting, 20))).toEqual(span(0, 20))
    expect(cluster.callsOf(fetch).map((call) => call.broker)).toEqual(expect.arrayContaining([0, 1]))
    await consumer.close()
  })
})
