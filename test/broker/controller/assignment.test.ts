import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import {
  assignReplicas,
  rackAlternated,
  validateNewReplicas,
  validateTopicReplicas,
} from '../../../src/broker/controller/assignment.ts'
import { testRandom } from '../../support/seed.ts'

const plain = (count: number) => Array.from({ length: count }, (_, id) => ({ id, rack: null }))
const racked = (racks: Record<number, string>) =>
  Object.entries(racks).map(([id, rack]) => ({ id: Number(id), rack }))
const random = seededRandom(1)

// The vectors are those of Kafka's documentation of the algorithm and of its own tests (AdminRackAwareTest, AdminZkClientTest).
describe('without racks', () => {
  test('leaders go round, followers are shifted by one more in each round', () => {
    const replicas = assignReplicas(plain(5), 10, 3, random, { startIndex: 0 })
    expect([...replicas.values()]).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [2, 3, 4],
      [3, 4, 0],
      [4, 0, 1],
      [0, 2, 3],
      [1, 3, 4],
      [2, 4, 0],
      [3, 0, 1],
      [4, 1, 2],
    ])
  })

  test('additional partitions go on where the first ones ended', () => {
    const all = assignReplicas(plain(3), 6, 2, random, { startIndex: 0 })
    const more = assignReplicas(plain(3), 3, 2, random, { startIndex: 0, startPartition: 3 })
    expect([...more.keys()]).toEqual([3, 4, 5])
    expect(all.get(1)).toEqual([1, 2])
    expect(more.get(3)).toEqual([0, 2])
  })

  test('the start is drawn: index first, then shift', () => {
    const draws = [2, 1]
    const scripted = { ...random, int: () => draws.shift() ?? 0 }
    expect([...assignReplicas(plain(4), 2, 3, scripted).values()]).toEqual([
      [2, 0, 1],
      [3, 1, 2],
    ])
  })

  test('every replica set has different brokers, and leaders are spread evenly', () => {
    const { random: any, seed } = testRandom()
    for (let run = 0; run < 50; run++) {
      const brokers = 1 + any.int(8)
      const factor = 1 + any.int(brokers)
      const partitions = brokers * (1 + any.int(5))
      const replicas = assignReplicas(plain(brokers), partitions, factor, any)
      const leaders = new Array(brokers).fill(0)
      for (const ids of replicas.values()) {
        expect(new Set(ids).size, `seed ${seed}`).toBe(factor)
        leaders[ids[0]!]++
      }
      expect(new Set(leaders)).toEqual(new Set([partitions / brokers]))
    }
  })

  test('errors in Kafka’s words', () => {
    expect(() => assignReplicas(plain(3), 1, 4, random)).toThrow(
      expect.objectContaining({
        errorName: 'INVALID_REPLICATION_FACTOR',
        wireMessage: 'Replication factor: 4 larger than available brokers: 3.',
      }),
    )
    expect(() => assignReplicas(plain(3), 0, 1, random)).toThrow(
      'Number of partitions must be larger than 0.',
    )
    expect(() => assignReplicas(plain(3), 2_000_000_000, 1, random)).toThrow('must be at most 100000')
    expect(() => assignReplicas(plain(3), 1, 0, random)).toThrow('Replication factor must be larger than 0.')
  })
})

describe('with racks', () => {
  test('one broker of each rack after another', () => {
    const racks = new Map([
      [0, 'rack1'],
      [1, 'rack1'],
      [2, 'rack1'],
      [3, 'rack2'],
      [4, 'rack2'],
      [5, 'rack2'],
      [6, 'rack3'],
      [7, 'rack3'],
      [8, 'rack3'],
    ])
    expect(rackAlternated(racks)).toEqual([0, 3, 6, 1, 4, 7, 2, 5, 8])
    const uneven = new Map([
      [0, 'rack1'],
      [1, 'rack3'],
      [2, 'rack3'],
      [3, 'rack2'],
      [4, 'rack2'],
      [5, 'rack1'],
    ])
    expect(rackAlternated(uneven)).toEqual([0, 3, 1, 5, 4, 2])
  })

  test('the documented example: six brokers, three racks, seven partitions', () => {
    const brokers = racked({ 0: 'rack1', 1: 'rack3', 2: 'rack3', 3: 'rack2', 4: 'rack2', 5: 'rack1' })
    expect([...assignReplicas(brokers, 7, 3, random, { startIndex: 0 }).values()]).toEqual([
      [0, 3, 1],
      [3, 1, 5],
      [1, 5, 4],
      [5, 4, 2],
      [4, 2, 0],
      [2, 0, 3],
      [0, 4, 2],
    ])
  })

  test('each rack gets a replica before one gets a second', () => {
    const { random: any, seed } = testRandom()
    for (let run = 0; run < 50; run++) {
      const racks = 1 + any.int(4)
      const brokers = racked(
        Object.fromEntries(Array.from({ length: racks + any.int(6) }, (_, id) => [id, `r${id % racks}`])),
      )
      const factor = 1 + any.int(brokers.length)
      for (const ids of assignReplicas(brokers, 12, factor, any).values()) {
        expect(new Set(ids).size, `seed ${seed}`).toBe(factor)
        expect(new Set(ids.map((id) => brokers[id]!.rack)).size).toBe(Math.min(factor, racks))
      }
    }
  })

  test('all brokers have a rack or none', () => {
    const brokers = [...racked({ 0: 'a', 1: 'b' }), { id: 2, rack: null }]
    expect(() => assignReplicas(brokers, 1, 1, random)).toThrow(
      'Not all brokers have rack information for replica rack aware assignment.',
    )
  })
})

describe('chosen by hand', () => {
  const replicas = (lists: Record<number, number[]>) =>
    new Map(Object.entries(lists).map(([partition, ids]) => [Number(partition), ids]))

  test.each([
    [{ 0: [0, 1], 1: [1] }, 'All partitions should have the same number of replicas'],
    [{ 0: [1, 1] }, 'Duplicate replica assignment found: HashMap(0 -> ArrayBuffer(1, 1))'],
    [{ 0: [0], 2: [1] }, 'partitions should be a consecutive 0-based integer sequence'],
  ])('a new topic: %j', (lists, message) => {
    expect(() => validateTopicReplicas(replicas(lists))).toThrow(
      expect.objectContaining({ errorName: 'INVALID_REPLICA_ASSIGNMENT', wireMessage: message }),
    )
  })

  test('a new topic may have replicas on brokers that are not there', () => {
    expect(() => validateTopicReplicas(replicas({ 0: [17, 4], 1: [4, 17] }))).not.toThrow()
  })

  const options = { firstPartition: 2, count: 2, replicationFactor: 2, brokerIds: [0, 1, 2] }

  test.each([
    [[[0, 7]], 'Unknown broker(s) in replica assignment: 7.'],
    [[[0, 1]], 'Increasing the number of partitions by 2 but 1 assignments provided.'],
    [[[0, 1], []], 'Cannot have replication factor of 0 for partition id 3.'],
    [
      [
        [0, 1],
        [2, 2],
      ],
      'Duplicate brokers not allowed in replica assignment: 2, 2 for partition id 3.',
    ],
    [
      [[0], [1, 2]],
      'Inconsistent replication factor between partitions, partition 0 has 2 while partitions [2] have replication factors [1], respectively.',
    ],
  ])('more partitions: %j', (chosen, message) => {
    expect(() => validateNewReplicas(chosen, options)).toThrow(
      expect.objectContaining({ errorName: 'INVALID_REPLICA_ASSIGNMENT', wireMessage: message }),
    )
  })

  test('more partitions get the next numbers', () => {
    const chosen = validateNewReplicas(
      [
        [0, 1],
        [2, 0],
      ],
      options,
    )
    expect([...chosen]).toEqual([
      [2, [0, 1]],
      [3, [2, 0]],
    ])
  })
})
