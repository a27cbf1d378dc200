import { describe, expect, it } from 'vitest'
import { Producer, type ProducerConfig } from '../../../src/client/index.ts'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { produce } from '../../../src/protocol/messages/00-produce.ts'
import { metadata } from '../../../src/protocol/messages/03-metadata.ts'
import { initProducerId } from '../../../src/protocol/messages/22-init-producer-id.ts'
import { baseSequence, producerEpoch } from '../../../src/records/index.ts'
import { type Call, FakeCluster, type Fault } from '../../support/fake-broker.ts'
import { gate, ManualClock } from '../../support/manual-clock.ts'
import { testRandom } from '../../support/seed.ts'

async function setUp(config: ProducerConfig = {}, options: { brokers?: number; partitions?: number } = {}) {
  const clock = new ManualClock()
  const cluster = await FakeCluster.start(clock, options)
  cluster.addTopic('t', options.partitions ?? 1)
  const producer = new Producer(cluster.clientOptions(), { batchSizeBytes: 200, ...config })
  await clock.run(producer.prepare('t'))
  return { clock, cluster, producer, log: cluster.log('t'), outcomes: [] as string[] }
}

type Setting = Awaited<ReturnType<typeof setUp>>

/** The faults of the first, second, … Produce request. */
function faults(cluster: FakeCluster, list: readonly Fault[]): void {
  let count = 0
  cluster.script = (call) => (call.spec.key === produce.key ? list[count++] : undefined)
}

/** Appends `from` to `to`; each record tells `N ok` or `N CODE` once. */
function append({ producer, outcomes }: Setting, from: number, to: number, size = 50): void {
  for (let i = from; i < to; i++) {
    producer.append({ topic: 't', partition: 0, value: `${i}`.padEnd(size, '.') }, (error) =>
      outcomes.push(`${i} ${error === null ? 'ok' : (error as { code?: string }).code}`),
    )
  }
}

function refusal(index: number, currentLeader: { leaderId: number; leaderEpoch: number }) {
  return { index, errorCode: ERROR_CODES.NOT_LEADER_OR_FOLLOWER, baseOffset: -1, currentLeader }
}

const numbers = (log: Setting['log']) => log.values().map((value) => Number.parseInt(value, 10))
const upTo = (end: number) => Array.from({ length: end }, (_, i) => i)
const allOk = (end: number) => upTo(end).map((i) => `${i} ok`)

/** Sends one record, so that the broker knows the producer and batches are pipelined. */
async function warmUp(setting: Setting): Promise<void> {
  append(setting, 0, 1)
  await setting.clock.run(setting.producer.flush())
}

describe('exactly once and in order', () => {
  it.each<[string, Fault[]]>([
    ['nothing fails', []],
    ['the connection is lost before the append', [{ drop: 'before' }]],
    ['the connection is lost after the append', [{ drop: 'after' }]],
    [
      'it is lost again and again',
      [{ drop: 'after' }, { drop: 'before' }, { drop: 'after' }, { drop: 'after' }],
    ],
    ['it is lost in the middle of the pipeline', [undefined, undefined, { drop: 'after' }]],
    ['the brokers take too long', [{ errorCode: ERROR_CODES.REQUEST_TIMED_OUT }]],
    ['one of the pipeline fails', [undefined, { errorCode: ERROR_CODES.NOT_ENOUGH_REPLICAS }]],
    ['the broker says too late that it has it', [undefined, 'silence']],
    [
      'the broker says that it is a duplicate',
      [{ errorCode: ERROR_CODES.DUPLICATE_SEQUENCE_NUMBER }].slice(1),
    ],
  ])('when %s', async (_what, list) => {
    const setting = await setUp()
    const { clock, cluster, producer, log, outcomes } = setting
    await warmUp(setting)
    faults(cluster, list)
    append(setting, 1, 40)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(40))
    expect(outcomes).toEqual(allOk(40))
  })

  it('when the very first batch fails behind others', async () => {
    const setting = await setUp()
    faults(setting.cluster, [{ errorCode: ERROR_CODES.NOT_LEADER_OR_FOLLOWER }])
    append(setting, 0, 20)
    await setting.clock.run(setting.producer.close())
    expect(numbers(setting.log)).toEqual(upTo(20))
    expect(setting.outcomes).toEqual(allOk(20))
  })

  it('pipelines, and repeats what is out of order behind a failed batch', async () => {
    const setting = await setUp()
    const { clock, cluster, producer, log } = setting
    await warmUp(setting)
    const door = gate()
    faults(cluster, [{ hold: door.opened }])
    append(setting, 1, 11)
    await clock.settle()
    door.open()
    faults(cluster, [{ errorCode: ERROR_CODES.NOT_ENOUGH_REPLICAS }])
    append(setting, 11, 30)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(30))
    const sequences = cluster.callsOf(produce).map((call) => baseSequence(bytesOf(call), 0))
    expect(sequences.length).toBeGreaterThan(new Set(sequences).size)
    expect(cluster.callsOf(initProducerId)).toHaveLength(1)
  })

  it('follows the leader', async () => {
    const setting = await setUp({}, { brokers: 2 })
    const { clock, cluster, producer, log, outcomes } = setting
    await warmUp(setting)
    cluster.move(log, 1)
    const before = cluster.callsOf(metadata).length
    append(setting, 1, 20)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(20))
    expect(outcomes).toEqual(allOk(20))
    expect(cluster.callsOf(metadata).length - before).toBeLessThanOrEqual(2)
    expect(cluster.callsOf(produce).at(-1)?.broker).toBe(1)
  })

  it('goes at once to the leader that a refusal names', async () => {
    const setting = await setUp({}, { brokers: 2 })
    const { clock, cluster, producer, log } = setting
    await warmUp(setting)
    cluster.move(log, 1)
    const topic = {
      name: 't',
      partitionResponses: [refusal(0, { leaderId: 1, leaderEpoch: log.leaderEpoch })],
    }
    faults(cluster, [{ answer: { responses: [topic], nodeEndpoints: [] } }])
    // Nobody else tells where the leader is.
    const produceOnly = cluster.script
    cluster.script = (call) => (call.spec.key === metadata.key ? 'silence' : produceOnly(call))
    append(setting, 1, 2)
    const startMs = clock.monotonicMs()
    await clock.settle()
    expect(numbers(log)).toEqual([0, 1])
    expect(clock.monotonicMs()).toBe(startMs)
    producer.abandon()
  })

  it('a batch that hangs at the old leader while many pass at the new one is stored once', async () => {
    const setting = await setUp({ maxInFlight: 2 }, { brokers: 2, partitions: 2 })
    const { clock, cluster, producer, log, outcomes } = setting
    await warmUp(setting)
    faults(cluster, ['mute', { errorCode: ERROR_CODES.NOT_LEADER_OR_FOLLOWER }])
    append(setting, 1, 2)
    await clock.advance(100)
    cluster.move(log, 1)
    // The other partition's leader tells that the metadata is old.
    producer.append({ topic: 't', partition: 1, value: 'other' })
    await clock.advance(1000)
    // One by one: a broker knows the last five of them.
    for (let i = 2; i < 12; i++) {
      append(setting, i, i + 1)
      await clock.advance(500)
    }
    expect(outcomes).toEqual(allOk(12).filter((_, i) => i !== 1))
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(12))
    expect(outcomes.at(-1)).toBe('1 ok')
  })

  it('goes to the new leader when the old one is gone', async () => {
    const setting = await setUp({}, { brokers: 2 })
    const { clock, cluster, producer, log } = setting
    await warmUp(setting)
    cluster.down.add(0)
    cluster.disconnect(0)
    cluster.move(log, 1)
    append(setting, 1, 20)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(20))
  })

  it('keeps appending while a broker that has just started does not know the topic', async () => {
    const setting = await setUp({}, { brokers: 2 })
    const { clock, cluster, producer, log } = setting
    await warmUp(setting)
    const unknown = { name: 't', errorCode: ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION, partitions: [] }
    const brokers = [0, 1].map((nodeId) => ({ nodeId, host: `broker-${nodeId}`, port: 1 }))
    let produced = 0
    let asked = 0
    cluster.script = (call) => {
      if (call.spec.key === metadata.key && asked++ < 2) return { answer: { brokers, topics: [unknown] } }
      const isFirst = call.spec.key === produce.key && produced++ === 0
      return isFirst ? { errorCode: ERROR_CODES.NOT_LEADER_OR_FOLLOWER } : undefined
    }
    append(setting, 1, 2)
    await clock.advance(30)
    append(setting, 2, 4)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(4))
  })
})

describe('batches that are too large', () => {
  it('are split, in order, with the numbers of the whole', async () => {
    const setting = await setUp({ batchSizeBytes: 10_000 })
    const { clock, cluster, producer, log, outcomes } = setting
    await warmUp(setting)
    log.maxBatchBytes = 700
    append(setting, 1, 200)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(200))
    expect(outcomes).toEqual(allOk(200))
    expect(cluster.callsOf(initProducerId)).toHaveLength(1)
    expect(new Set(cluster.callsOf(produce).map((call) => producerEpoch(bytesOf(call), 0)))).toEqual(
      new Set([0]),
    )
  })

  it('fail when they are one record, and the next ones go on', async () => {
    const setting = await setUp()
    const { clock, producer, log, outcomes } = setting
    await warmUp(setting)
    log.maxBatchBytes = 700
    append(setting, 1, 8)
    append(setting, 8, 9, 900)
    append(setting, 9, 20)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(20).filter((i) => i !== 8))
    expect(outcomes.filter((line) => !line.endsWith('ok'))).toEqual(['8 KCLI_BROKER'])
    expect(outcomes).toHaveLength(20)
  })
})

describe('when a batch is given up', () => {
  it('reports the timeout with its cause, and the next record opens a new epoch', async () => {
    const setting = await setUp({ deliveryTimeoutMs: 1000, requestTimeoutMs: 500 })
    const { clock, cluster, producer, log, outcomes } = setting
    await warmUp(setting)
    cluster.script = (call) =>
      call.spec.key === produce.key ? { errorCode: ERROR_CODES.NOT_ENOUGH_REPLICAS } : undefined
    let message = ''
    producer.append({ topic: 't', value: 'lost' }, (error) => {
      message = error?.message ?? 'stored'
    })
    await clock.advance(2000)
    expect(message).toMatch(/^t-0 did not acknowledge within 1000 ms: .*NOT_ENOUGH_REPLICAS/)
    cluster.script = () => undefined
    append(setting, 1, 5)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(5))
    expect(outcomes).toEqual(allOk(5))
    expect(producerEpoch(log.batches.at(-1)?.bytes ?? Buffer.alloc(0), 0)).toBe(1)
  })

  it('sends no more often than retries allows', async () => {
    const setting = await setUp({ retries: 2 })
    const { clock, cluster, producer, log, outcomes } = setting
    await warmUp(setting)
    const refused = { errorCode: ERROR_CODES.NOT_ENOUGH_REPLICAS }
    faults(cluster, [refused, refused, refused])
    append(setting, 1, 2)
    await clock.run(producer.flush())
    expect(outcomes).toEqual(['0 ok', '1 KCLI_BROKER'])
    append(setting, 2, 3)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual([0, 2])
  })

  it('does not store twice what may be stored already', async () => {
    // The answers to two batches are lost; the first is then refused for good. The second is in the log.
    const setting = await setUp()
    const { clock, cluster, producer, log, outcomes } = setting
    await warmUp(setting)
    let count = 0
    cluster.script = (call) => {
      if (call.spec.key !== produce.key) return undefined
      count++
      if (count === 2) return { drop: 'after' }
      if (count === 1) return 'mute'
      return count === 3 ? { errorCode: ERROR_CODES.TOPIC_AUTHORIZATION_FAILED } : undefined
    }
    append(setting, 1, 2, 300)
    append(setting, 2, 3, 300)
    await clock.run(producer.flush())
    append(setting, 3, 6)
    await clock.run(producer.close())
    // 1 was reported as failed although it is there; nothing is there twice.
    expect(numbers(log)).toEqual([0, 1, 2, 3, 4, 5])
    expect(outcomes).toEqual(['0 ok', '1 KCLI_BROKER', '2 ok', '3 ok', '4 ok', '5 ok'])
  })

  it('does not send again what has been reported as failed', async () => {
    const setting = await setUp({ deliveryTimeoutMs: 1000, requestTimeoutMs: 900 })
    const { clock, cluster, producer, log, outcomes } = setting
    await warmUp(setting)
    const door = gate()
    const busy = { errorCode: ERROR_CODES.REQUEST_TIMED_OUT }
    faults(cluster, [busy, busy, { hold: door.opened }])
    append(setting, 1, 2)
    await clock.advance(1001)
    cluster.move(log, 9)
    door.open()
    await clock.settle()
    cluster.move(log, 0)
    append(setting, 2, 4)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual([0, 2, 3])
    expect(outcomes).toEqual(['0 ok', '1 KCLI_DELIVERY_TIMEOUT', '2 ok', '3 ok'])
  })

  it('a batch in flight is reported in time, and what the broker says later is believed', async () => {
    const setting = await setUp({ deliveryTimeoutMs: 1000, requestTimeoutMs: 900 })
    const { clock, cluster, producer, log, outcomes } = setting
    await warmUp(setting)
    const door = gate()
    faults(cluster, [
      { errorCode: ERROR_CODES.NOT_ENOUGH_REPLICAS },
      { errorCode: 7 },
      { holdAnswer: door.opened },
    ])
    append(setting, 1, 2)
    await clock.advance(1001)
    expect(outcomes).toEqual(['0 ok', '1 KCLI_DELIVERY_TIMEOUT'])
    door.open()
    append(setting, 2, 4)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(4))
    expect(outcomes).toEqual(['0 ok', '1 KCLI_DELIVERY_TIMEOUT', '2 ok', '3 ok'])
    expect(producerEpoch(log.batches.at(-1)?.bytes ?? Buffer.alloc(0), 0)).toBe(0)
  })
})

describe('when the broker has forgotten the producer', () => {
  it('UNKNOWN_PRODUCER_ID: the numbers start again in a new epoch, nothing is lost', async () => {
    const setting = await setUp()
    const { clock, cluster, producer, log, outcomes } = setting
    await warmUp(setting)
    log.producers.clear()
    faults(cluster, [
      { errorCode: ERROR_CODES.UNKNOWN_PRODUCER_ID },
      { errorCode: ERROR_CODES.UNKNOWN_PRODUCER_ID, logStartOffset: 1 },
    ])
    append(setting, 1, 2)
    await clock.run(producer.flush())
    append(setting, 2, 20)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(20))
    expect(outcomes).toEqual(allOk(20))
    expect(producerEpoch(log.batches.at(-1)?.bytes ?? Buffer.alloc(0), 0)).toBe(1)
  })

  it('INVALID_PRODUCER_EPOCH: the batch fails, the next ones go in a new epoch', async () => {
    const setting = await setUp()
    const { clock, cluster, producer, log, outcomes } = setting
    await warmUp(setting)
    faults(cluster, [{ errorCode: ERROR_CODES.INVALID_PRODUCER_EPOCH }])
    append(setting, 1, 2)
    await clock.run(producer.flush())
    append(setting, 2, 10)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(10).filter((i) => i !== 1))
    expect(outcomes.filter((line) => !line.endsWith('ok'))).toEqual(['1 KCLI_BROKER'])
  })

  it('acknowledged records that the cluster lost leave a gap; the producer goes on', async () => {
    const setting = await setUp()
    const { clock, producer, log, cluster, outcomes } = setting
    await warmUp(setting)
    append(setting, 1, 10)
    await clock.run(producer.flush())
    // An unclean election: the new leader is behind.
    for (const state of log.producers.values()) state.lastSequence = 3
    append(setting, 10, 20)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(20))
    expect(outcomes).toEqual(allOk(20))
    expect(cluster.callsOf(initProducerId)).toHaveLength(1)
  })

  it('asks for a new id when the epochs are used up', async () => {
    const setting = await setUp()
    const { clock, cluster, producer, log } = setting
    cluster.script = (call) =>
      call.spec.key === initProducerId.key && cluster.callsOf(initProducerId).length === 1
        ? { answer: { producerId: 7, producerEpoch: 0x7fff } }
        : undefined
    await warmUp(setting)
    for (const state of log.producers.values()) state.lastSequence = 30
    append(setting, 1, 5)
    await clock.run(producer.close())
    expect(numbers(log)).toEqual(upTo(5))
    expect([...log.producers.keys()]).toEqual([7, 1000])
  })

  it('fails what waits when no producer id is given', async () => {
    const setting = await setUp()
    const { clock, cluster, producer, outcomes } = setting
    cluster.script = (call) =>
      call.spec.key === initProducerId.key
        ? { answer: { errorCode: ERROR_CODES.CLUSTER_AUTHORIZATION_FAILED } }
        : undefined
    append(setting, 0, 2)
    await clock.run(producer.flush())
    expect(outcomes).toEqual(['0 KCLI_BROKER', '1 KCLI_BROKER'])
    cluster.script = () => undefined
    append(setting, 2, 3)
    await clock.run(producer.close())
    expect(outcomes.at(-1)).toBe('2 ok')
  })
})

describe('whatever happens', () => {
  async function storm(timeouts: ProducerConfig) {
    const { seed, random } = testRandom()
    const clock = new ManualClock()
    const cluster = await FakeCluster.start(clock, { brokers: 3 })
    const logs = cluster.addTopic('t', 6)
    for (const log of logs) log.maxBatchBytes = 380
    const config = { batchSizeBytes: 400, lingerMs: random.int(3) * 5, ...timeouts }
    const producer = new Producer(cluster.clientOptions(), config)
    const codes = [
      ERROR_CODES.NOT_LEADER_OR_FOLLOWER,
      ERROR_CODES.REQUEST_TIMED_OUT,
      ERROR_CODES.NOT_ENOUGH_REPLICAS,
      ERROR_CODES.LEADER_NOT_AVAILABLE,
      ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION,
    ]
    cluster.script = (call): Fault => {
      if (call.spec.key !== produce.key) return random.int(40) === 0 ? { drop: 'before' } : undefined
      const dice = random.int(40)
      if (dice === 0) return { drop: 'before' }
      if (dice === 1) return { drop: 'after' }
      if (dice < 5) return { errorCode: codes[random.int(codes.length)] ?? 6 }
      if (dice === 5)
        return { holdAnswer: new Promise((resolve) => clock.setTimer(random.int(400), resolve)) }
      if (dice === 6) return { hold: new Promise((resolve) => clock.setTimer(random.int(400), resolve)) }
      if (dice === 7) cluster.move(cluster.log('t', random.int(6)), random.int(3))
      return random.int(300) === 0 ? 'silence' : undefined
    }
    await clock.run(producer.prepare('t'))
    const sent: number[][] = logs.map(() => [])
    const told = new Map<number, number>()
    const failed = new Set<number>()
    const work = async () => {
      for (let i = 0; i < 5000; i++) {
        const partition = random.int(6)
        sent[partition]?.push(i)
        producer.append(
          { topic: 't', partition, value: `${i}`.padEnd(20 + random.int(60), '.') },
          (error) => {
            told.set(i, (told.get(i) ?? 0) + 1)
            if (error !== null) failed.add(i)
          },
        )
        if (random.int(20) === 0)
          await new Promise<void>((resolve) => clock.setTimer(random.int(30), resolve))
      }
      await producer.close()
    }
    await clock.run(work())
    expect([told.size, ...new Set(told.values())], `seed ${seed}`).toEqual([5000, 1])
    return { seed, failed, sent, stored: logs.map(numbers) }
  }

  it('stores 5000 records exactly once and in order', async () => {
    const { seed, failed, sent, stored } = await storm({ deliveryTimeoutMs: 3_600_000 })
    expect([...failed], `seed ${seed}`).toEqual([])
    expect(stored, `seed ${seed}`).toEqual(sent)
  })

  it('stores nothing twice or out of order, and all that it says, when it gives up early', async () => {
    const { seed, failed, sent, stored } = await storm({ deliveryTimeoutMs: 600, requestTimeoutMs: 200 })
    expect(failed.size, `seed ${seed}`).toBeGreaterThan(0)
    for (const [partition, records] of sent.entries()) {
      const there = new Set(stored[partition])
      expect(stored[partition], `seed ${seed}`).toEqual(records.filter((i) => there.has(i)))
      expect(
        records.filter((i) => !failed.has(i) && !there.has(i)),
        `seed ${seed}`,
      ).toEqual([])
    }
  })
})

function bytesOf(call: Call): Buffer {
  return call.body.topicData[0].partitionData[0].records
}
