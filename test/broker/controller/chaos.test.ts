import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { testRandom } from '../../support/seed.ts'
import { createRequest, eventually, TestCluster, turn } from './support.ts'

const BROKERS = 4

/** Partitions on their way as a controller sees them. */
async function moving(cluster: TestCluster) {
  return (await cluster.active.controller.listReassignments(null)) ?? []
}

/** All target replicas that are up have caught up. */
async function catchUp(cluster: TestCluster, topic: string, partition: number): Promise<void> {
  const { leader, isr } = await cluster.state(topic, partition)
  if (leader < 0) return
  const { partitions } = await cluster.json(`/brokers/topics/${topic}`)
  const up = (partitions[partition] as number[]).filter((id) => cluster.broker(id).isUp)
  // It may be refused: the controller has other news of brokers than we have.
  await cluster.setIsr(topic, partition, [...new Set<number>([...isr, ...up])]).catch(() => undefined)
}

/**
 * Brokers die and come back, controllers among them, while topics are made, grown, deleted and moved, and leaders
 * elected.
 */
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
      // What is being moved is not deleted before that is over.
      for (const { topic, partition } of await moving(cluster)) {
        if (topic === name) {
          await cluster.active.controller.alterReassignments([{ topic, partition, replicas: null }])
        }
      }
      if ((await moving(cluster)).some(({ topic }) => topic === name)) return
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
      // 7: nobody waits for partitions whose brokers may all be down. 38: too few brokers are up. 60: it is being moved.
      expect([7, 38, 60], `seed ${seed}: ${result?.errorMessage}`).toContain(result?.errorCode)
      if (result?.errorCode === 7) topics.set(name, count)
    },
    async () => {
      if (topics.size === 0) return
      const topic = pick([...topics.keys()])
      const partition = random.int(topics.get(topic) ?? 1)
      const ids = alive().map(({ id }) => id)
      const replicas = ids.filter(() => random.int(2) === 0)
      if (random.int(2) === 0) replicas.reverse()
      const wanted = { topic, partition, replicas: replicas.length === 0 ? null : replicas }
      const [outcome] = (await cluster.active.controller.alterReassignments([wanted])) ?? []
      // 85: nothing to cancel. 39: the controller has not heard of a broker yet, or only new replicas are in sync.
      const code = outcome?.error?.errorCode ?? 0
      expect([0, 39, 85], `seed ${seed}: ${outcome?.error?.message}`).toContain(code)
    },
    async () => {
      for (const { topic, partition } of await moving(cluster)) {
        if (random.int(2) === 0) await catchUp(cluster, topic, partition)
      }
    },
    async () => {
      const wanted = [...topics].flatMap(([topic, count]) =>
        Array.from({ length: count }, (_, partition) => ({ topic, partition })),
      )
      await cluster.active.controller.electLeaders(wanted, random.int(4) === 0 ? 'unclean' : 'preferred')
    },
  ]
  for (let step = 0; step < 60; step++) {
    await pick(steps)()
    if (random.int(3) > 0) await turn()
    await eventually(() => expect(alive().some(({ controller }) => controller.isActive)).toBe(true))
  }
  for (const broker of cluster.brokers.values()) if (!broker.isUp) await cluster.start(broker.id)
  await cluster.clock.advance(1000)
  await eventually(async () => {
    // Each answer starts what comes next of a reassignment: now and then it needs a second look.
    for (const { topic, partition } of await moving(cluster)) await catchUp(cluster, topic, partition)
    await check(cluster, topics, seed)
  })
}

async function check(cluster: TestCluster, topics: ReadonlyMap<string, number>, seed: number): Promise<void> {
  const note = `seed ${seed}`
  const there = (await cluster.client.getChildren('/brokers/topics')).children.sort()
  expect(there, note).toEqual([...topics.keys()].sort())
  expect((await cluster.client.getChildren('/admin/delete_topics')).children, note).toEqual([])
  expect(await moving(cluster), note).toEqual([])
  for (const [topic, count] of topics) {
    const { partitions, adding_replicas, removing_replicas } = await cluster.json(`/brokers/topics/${topic}`)
    expect({ adding_replicas, removing_replicas }, note).toEqual({
      adding_replicas: {},
      removing_replicas: {},
    })
    for (let partition = 0; partition < count; partition++) {
      const state = await cluster.state(topic, partition)
      expect(state.isr, note).toContain(state.leader)
      expect(partitions[partition], note).toEqual(expect.arrayContaining(state.isr))
      for (const { cache } of cluster.brokers.values()) {
        expect(cache.partition(topic, partition), `${note}: ${topic}-${partition}`).toMatchObject({
          leader: state.leader,
          leaderEpoch: state.leader_epoch,
          isr: state.isr,
          replicas: partitions[partition],
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
