import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { parsePartitionList, parsePlan, planText } from '../../src/cli/services/partitions/plan-file.ts'
import {
  type CurrentPartition,
  drainPlan,
  type PlanBroker,
  proposePlan,
} from '../../src/cli/services/partitions/propose.ts'
import { parseRate } from '../../src/cli/services/partitions/throttle.ts'
import { testRandom } from '../support/seed.ts'

const brokers = (...ids: number[]): PlanBroker[] => ids.map((id) => ({ id, rack: null }))
const topic = (...replicas: number[][]): CurrentPartition[] =>
  replicas.map((each, partition) => ({ topic: 't', partition, replicas: each, isr: each }))
const replicas = (plan: readonly { replicas: readonly number[] }[]) => plan.map((each) => each.replicas)

describe('the plan', () => {
  test('what is even stays as it is', () => {
    const current = topic([0, 1], [1, 2], [2, 0])
    expect(replicas(proposePlan(current, brokers(0, 1, 2), undefined))).toEqual([
      [0, 1],
      [1, 2],
      [2, 0],
    ])
  })

  test('only what is on other brokers moves', () => {
    const plan = proposePlan(topic([0, 1], [1, 2], [2, 3]), brokers(0, 1, 2), undefined)
    expect(replicas(plan).map((ids) => [...ids].sort())).toEqual([
      [0, 1],
      [1, 2],
      [0, 2],
    ])
  })

  test('a new broker gets its share, and no more than that is moved', () => {
    const current = topic([0, 1], [1, 0], [0, 1], [1, 0], [0, 1], [1, 0])
    const plan = replicas(proposePlan(current, brokers(0, 1, 2), undefined))
    expect(plan.flat().filter((id) => id === 2)).toHaveLength(4)
    const moved = plan.flatMap((ids, i) => ids.filter((id) => !current[i]?.replicas.includes(id)))
    expect(moved).toEqual([2, 2, 2, 2])
    // Two preferred leaders for each.
    expect(plan.map(([leader]) => leader).sort()).toEqual([0, 0, 1, 1, 2, 2])
  })

  test('more replicas are added behind, fewer are taken from the end; those out of sync go first', () => {
    expect(replicas(proposePlan(topic([0]), brokers(0, 1, 2), 3))).toEqual([[0, 1, 2]])
    expect(replicas(proposePlan(topic([0, 1, 2]), brokers(0, 1, 2), 1))).toEqual([[0]])
    const late = [{ topic: 't', partition: 0, replicas: [0, 1, 2], isr: [0, 2] }]
    expect(replicas(proposePlan(late, brokers(0, 1, 2), 2))).toEqual([[0, 2]])
    const leaderLate = [{ topic: 't', partition: 0, replicas: [0, 1, 2], isr: [1] }]
    expect(replicas(proposePlan(leaderLate, brokers(0, 1, 2), 1))).toEqual([[1]])
  })

  test('racks: each replica in another one as long as there are some', () => {
    const racked = [
      { id: 0, rack: 'a' },
      { id: 1, rack: 'a' },
      { id: 2, rack: 'b' },
      { id: 3, rack: 'b' },
    ]
    const plan = replicas(proposePlan(topic([0], [0], [0], [0]), racked, 2))
    const rackOf = (id: number) => racked.find((each) => each.id === id)?.rack
    for (const ids of plan) expect(new Set(ids.map(rackOf)).size).toBe(2)
    // None is taken away with its rack either.
    const fewer = replicas(proposePlan(topic([0, 1, 2]), racked, 2))
    expect(new Set(fewer[0]?.map(rackOf)).size).toBe(2)
  })

  test('too few brokers', () => {
    expect(() => proposePlan(topic([0, 1]), brokers(0), undefined)).toThrow(
      '2 replicas need as many brokers, and there are 1',
    )
    expect(() => proposePlan(topic([0]), brokers(0, 1), 3)).toThrow('3 replicas need')
  })

  const { seed } = testRandom()
  test(`is valid and even, whatever there was (seed ${seed})`, () => {
    const random = seededRandom(seed)
    for (let round = 0; round < 300; round++) {
      const ids = Array.from({ length: 1 + random.int(6) }, (_, id) => id)
      const allowed = brokers(...ids)
      const factor = 1 + random.int(ids.length)
      const current = topic(
        ...Array.from({ length: 1 + random.int(20) }, () => {
          const all = [...ids, 7, 8].sort(() => random.int(3) - 1)
          return all.slice(0, 1 + random.int(4))
        }),
      )
      const plan = replicas(proposePlan(current, allowed, factor))
      const counts = new Map(ids.map((id) => [id, 0]))
      for (const each of plan) {
        expect(each).toHaveLength(factor)
        expect(new Set(each).size).toBe(factor)
        for (const id of each) {
          expect(ids).toContain(id)
          counts.set(id, (counts.get(id) ?? 0) + 1)
        }
      }
      const spread = Math.max(...counts.values()) - Math.min(...counts.values())
      expect(spread, `round ${round}`).toBeLessThanOrEqual(1)
      // Asked again, it has nothing to move.
      const again = plan.map((each, partition) => ({ topic: 't', partition, replicas: each, isr: each }))
      expect(replicas(proposePlan(again, allowed, factor))).toEqual(plan)
    }
  })
})

describe('a broker that is drained', () => {
  const at = (partition: number, ...ids: number[]) => ({ topic: 't', partition, replicas: ids, isr: ids })

  test('gives its replicas to those that have the fewest; nothing else moves', () => {
    const current = [at(0, 1, 2), at(1, 2, 3), at(2, 3, 4), at(3, 2, 4)]
    const plan = drainPlan(current, brokers(1, 2, 3, 4), [2])
    expect(replicas(plan)).toEqual([
      [1, 3],
      [3, 1],
      [3, 4],
      [4, 1],
    ])
  })

  test('may be down, and there may be several', () => {
    const plan = drainPlan([at(0, 9, 2), at(1, 8, 9)], brokers(1, 2, 3), [8, 9])
    expect(replicas(plan)).toEqual([
      [2, 1],
      [3, 1],
    ])
  })

  test('keeps replicas in different racks', () => {
    const racks = ['a', 'a', 'b', 'b'].map((rack, id) => ({ id, rack }))
    expect(replicas(drainPlan([at(0, 0, 2)], racks, [2]))).toEqual([[0, 3]])
  })

  test('cannot be when there are too few others', () => {
    expect(() => drainPlan([at(0, 1, 2)], brokers(1, 2), [2])).toThrow('t-0 has 2 replicas')
  })
})

describe('plan files', () => {
  test("are those of Kafka's tool, both ways", () => {
    const text = planText([{ topic: 't', partition: 0, replicas: [1, 2] }])
    expect(text).toBe(
      '{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[1,2],"log_dirs":["any","any"]}]}\n',
    )
    expect(parsePlan(text, 'x')).toEqual([
      { topic: 't', partition: 0, replicas: [1, 2], logDirs: ['any', 'any'] },
    ])
    const moved = [{ topic: 't', partition: 0, replicas: [1, 2], logDirs: ['/data', 'any'] }]
    expect(parsePlan(planText(moved), 'x')).toEqual(moved)
    const short = '{"partitions":[{"topic":"t","partition":0,"replicas":[1]}]}'
    expect(parsePlan(short, 'x')).toEqual([{ topic: 't', partition: 0, replicas: [1] }])
  })

  test('of kafka-leader-election name partitions only', () => {
    const text = '{"partitions":[{"topic":"t","partition":3},{"topic":"t","partition":1,"replicas":[1]}]}'
    expect(parsePartitionList(text, 'x')).toEqual([
      { topic: 't', partition: 3 },
      { topic: 't', partition: 1 },
    ])
    expect(() => parsePartitionList('{"partitions":[{"topic":"t"}]}', 'x')).toThrow(
      'x: entry 0 names no topic and partition',
    )
  })

  const entry = (extra: object) =>
    JSON.stringify({ version: 1, partitions: [{ topic: 't', partition: 0, replicas: [1], ...extra }] })
  test.each([
    ['', 'x: no JSON'],
    ['[]', "x: there is no list 'partitions'"],
    ['null', "x: there is no list 'partitions'"],
    ['{"version":2,"partitions":[]}', 'x: version 2 is not known'],
    ['{"partitions":[null]}', 'x: entry 0 names no topic and partition'],
    [entry({ partition: -1 }), 'x: entry 0 names no topic and partition'],
    [entry({ replicas: [] }), 'x: t-0 has no list of broker ids'],
    [entry({ replicas: [1.5] }), 'x: t-0 has no list of broker ids'],
    [entry({ replicas: [1, 1] }), 'x: t-0 names a broker twice'],
    [entry({ log_dirs: ['/data', 'any'] }), 'x: t-0 has 1 replicas and 2 log_dirs'],
    [entry({ log_dirs: [7] }), 'x: t-0 has log_dirs that are no directories'],
    [entry({}).replace('[{', '[{"topic":"t","partition":0,"replicas":[2]},{'), 'x: t-0 is there twice'],
  ])('refused: %s', (text, message) => {
    expect(() => parsePlan(text, 'x')).toThrow(message)
  })
})

test('rates', () => {
  expect(parseRate('1000')).toBe(1000)
  expect(parseRate('10M')).toBe(10 * 1024 * 1024)
  expect(parseRate('1.5k')).toBe(1536)
  expect(parseRate('2GiB/s')).toBe(2 * 1024 ** 3)
  for (const text of ['', '0', '-1', 'fast', '1T', '0.1']) expect(() => parseRate(text)).toThrow('is no rate')
})
