import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import type { TopicInfo } from '../../../src/client/index.ts'
import { Accumulator } from '../../../src/client/producer/accumulator.ts'
import { BrokerWaits } from '../../../src/client/producer/broker-waits.ts'
import {
  BuiltInPartitioner,
  type BuiltInPartitionerOptions,
} from '../../../src/client/producer/built-in-partitioner.ts'
import { resolveProducerConfig } from '../../../src/client/producer/config.ts'

const BATCH = 2000

function topicOf(leaders: readonly number[]): TopicInfo {
  return {
    name: 't',
    topicId: 'A',
    isInternal: false,
    errorCode: 0,
    partitions: leaders.map((leader, partition) => ({
      partition,
      leader,
      leaderEpoch: 0,
      replicas: [leader],
      isr: [leader],
      offlineReplicas: [],
      errorCode: 0,
    })),
  }
}

/** A partitioner and what it decides by; `waiting` says how many full batches a partition has already. */
function setUp(waiting: readonly number[], options: Partial<BuiltInPartitionerOptions> = {}) {
  const config = resolveProducerConfig({ batchSizeBytes: BATCH })
  const accumulator = new Accumulator(config, { monotonicMs: () => 0 })
  const append = (partition: number, sizeBytes = 100) =>
    accumulator.append(
      accumulator.queueOf('t', partition),
      0,
      null,
      Buffer.alloc(sizeBytes),
      undefined,
      undefined,
    )
  for (const [partition, count] of waiting.entries()) for (let i = 0; i < count; i++) append(partition, BATCH)
  const partitioner = new BuiltInPartitioner({
    random: seededRandom(7),
    stickyBytes: BATCH,
    ignoreKeys: false,
    isAdaptive: true,
    queueOf: (topic, partition) => accumulator.queueOf(topic, partition),
    isSlow: () => false,
    ...options,
  })
  return { partitioner, accumulator, append }
}

/** How often each partition is taken when there is a new choice for every record. */
function choices(partitioner: BuiltInPartitioner, topic: TopicInfo, count = 4000): number[] {
  const taken = topic.partitions.map(() => 0)
  for (let i = 0; i < count; i++) {
    const partition = partitioner.choose(topic, null, 3 * BATCH)
    taken[partition] = (taken[partition] ?? 0) + 1
  }
  return taken
}

describe('partitions without a key', () => {
  it('are the likelier the fewer batches wait, and none is left out', () => {
    // Weights 4 + 1 - 0, 4 + 1 - 4, 4 + 1 - 2.
    const [none = 0, four = 0, two = 0] = choices(setUp([0, 4, 2]).partitioner, topicOf([0, 0, 0]), 9000)
    expect(none / 5000).toBeCloseTo(1, 1)
    expect(four / 1000).toBeCloseTo(1, 0)
    expect(two / 3000).toBeCloseTo(1, 1)
  })

  it('are alike when that is off', () => {
    const taken = choices(setUp([0, 4, 2], { isAdaptive: false }).partitioner, topicOf([0, 0, 0]), 9000)
    for (const count of taken) expect(count / 3000).toBeCloseTo(1, 1)
  })

  it('have a leader, and one that takes something, if there is any such', () => {
    const isSlow = (broker: number) => broker === 2
    const [a = 0, b = 0, c = 0] = choices(setUp([], { isSlow }).partitioner, topicOf([1, -1, 2]))
    expect([a, b, c]).toEqual([4000, 0, 0])
    const all = choices(setUp([], { isSlow: () => true }).partitioner, topicOf([1, 2, 3]))
    for (const count of all) expect(count).toBeGreaterThan(1000)
    const unled = choices(setUp([]).partitioner, topicOf([-1, -1]))
    for (const count of unled) expect(count).toBeGreaterThan(1500)
  })

  it.each([100, 700, 1900])('change where a batch is full, with records of %i bytes', (sizeBytes) => {
    const { partitioner, accumulator, append } = setUp([])
    const topic = topicOf([0, 0, 0, 0])
    for (let i = 0; i < 500; i++) append(partitioner.choose(topic, null, sizeBytes + 10), sizeBytes)
    const batches = [0, 1, 2, 3].flatMap((partition) => accumulator.queueOf('t', partition).waiting)
    const short = batches.filter((batch) => batch.sizeBytes + sizeBytes + 10 <= BATCH)
    // Only the last one may have room left.
    expect(short.length).toBeLessThanOrEqual(1)
    expect(batches.length).toBeGreaterThan(20)
  })

  it('are those of records with a key, when keys are ignored', () => {
    const { partitioner } = setUp([], { ignoreKeys: true })
    const topic = topicOf([0, 0, 0, 0])
    const taken = new Set(
      Array.from({ length: 100 }, () => partitioner.choose(topic, Buffer.from('same'), 3 * BATCH)),
    )
    expect(taken.size).toBe(4)
  })
})

describe('brokers that take nothing', () => {
  it('are slow when that lasts, until they take something', () => {
    const waits = new BrokerWaits(100)
    waits.waits(1, 1000)
    waits.waits(1, 1090)
    expect(waits.isSlow(1, 1100)).toBe(false)
    expect(waits.isSlow(1, 1101)).toBe(true)
    expect(waits.isSlow(2, 1101)).toBe(false)
    waits.took(1)
    expect(waits.isSlow(1, 1200)).toBe(false)
  })

  it('are never slow without partitioner.availability.timeout.ms', () => {
    const waits = new BrokerWaits(0)
    waits.waits(1, 0)
    expect(waits.isSlow(1, 1e9)).toBe(false)
  })
})
