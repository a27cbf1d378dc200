import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { testRandom } from '../../support/seed.ts'
import { createRequest, eventually, TestCluster, turn } from './support.ts'

const BROKERS = 4

/** Brokers die and come back, controllers among them, while topics are made, grown and deleted. */
async function run(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const cluster = await TestCluster.open(BROKERS)
  const alive = () => [...cluster.brokers.values()].filter((broker) => broker.isUp)
  const pick = <T>(list: readonly T[]): T => list[random.int(list.length)]!
  /** Acknowledged: these have to be there, or gone, at the end. */
  const topics = new Map<string, number>()
  let names = 0
  const steps = [
    async () => {
      if (alive().length > 1) await pick(alive()).die()
    },
    async () => {
      const dead = [...cluster.brokers.values()].filter((broker) => !broker.isUp)
      if (dead.length > 0) await cluster.start(pick(dead).id)
    },
    async () => {
      const name = `t${names++}`
      const numPartitions = 1 + random.int(4)
      const replicationFactor = 1 + random.int(alive().length)
      const request = createRequest(name, { numPartitions, replicationFactor })
      const [result] = await cluster.active.admin.createTopics(request)
      expect(result?.errorCode, `seed ${seed}: ${result?.errorMessage}`).toBe(0)
      topics.set(name, numPartitions)
    },
    async () => {
      if (topics.size === 0) return
      const name = pick([...topics.keys()])
      const failures = await cluster.active.admin.deleteTopics(new Set([name]), 10_000)
      expect(failures.get(name), `seed ${seed}`).toBeUndefined()
      topics.delete(name)
    },
    async () => {
      if (topics.size === 0) return
      const name = pick([...topics.keys()])
      const count = (topics.get(name) ?? 0) + 1
      const request = { topics: [{ name, count, assignments: null }], timeoutMs: 0, validateOnly: false }
      const [result] = await cluster.active.admin.createPartitions(request)
      // 7: nobody waits for partitions whose brokers may all be down. 38: too few brokers are up.
      expect([7, 38], `seed ${seed}: ${result?.errorMessage}`).toContain(result?.errorCode)
      if (result?.errorCode === 7) topics.set(name, count)
    },
  ]
  for (let step = 0; step < 40; step++) {
    await pick(steps)()
    if (random.int(3) > 0) await turn()
    await eventually(() => expect(alive().some(({ controller }) => controller.isActive)).toBe(true))
  }
  for (const broker of cluster.brokers.values()) if (!broker.isUp) await cluster.start(broker.id)
  await cluster.clock.advance(1000)
  await eventually(() => check(cluster, topics, seed))
}

async function check(cluster: TestCluster, topics: ReadonlyMap<string, number>, seed: number): Promise<void> {
  const note = `seed ${seed}`
  const there = (await cluster.client.getChildren('/brokers/topics')).children.sort()
  expect(there, note).toEqual([...topics.keys()].sort())
  expect((await cluster.client.getChildren('/admin/delete_topics')).children, note).toEqual([])
  for (const [topic, count] of topics) {
    for (let partition = 0; partition < count; partition++) {
      const state = await cluster.state(topic, partition)
      expect(state.isr, note).toContain(state.leader)
      for (const { cache } of cluster.brokers.values()) {
        expect(cache.partition(topic, partition), `${note}: ${topic}-${partition}`).toMatchObject({
          leader: state.leader,
          leaderEpoch: state.leader_epoch,
          isr: state.isr,
          offlineReplicas: [],
        })
      }
    }
  }
  for (const { cache } of cluster.brokers.values()) {
    expect(cache.topicNames().sort(), note).toEqual(there)
    expect(cache.controllerId, note).toBe(cluster.active.id)
  }
}

const { seed } = testRandom()

test.each([1, 2, 3, 4, 5, 6, 7, 8, seed])('after all of it everybody agrees (seed %i)', (each) => run(each))
