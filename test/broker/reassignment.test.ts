import fs from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { seededRandom, systemRandom } from '../../src/base/random.ts'
import { Admin, type ClientOptions, Consumer, Producer } from '../../src/client/index.ts'
import { testRandom } from '../support/seed.ts'
import { eventually, TestCluster } from './support/test-cluster.ts'

const PARTITIONS = [0, 1, 2]
const BROKERS = [0, 1, 2, 3]
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(): Promise<{ cluster: TestCluster; options: ClientOptions; admin: Admin }> {
  const cluster = await TestCluster.start({ brokers: 4 })
  cleanups.push(() => cluster.close())
  const options: ClientOptions = {
    bootstrap: BROKERS.map((id) => ({ kind: 'pipe', name: `broker-${id}.test` })),
    network: cluster.network,
    resolver: (host) => ({ kind: 'pipe', name: host }),
    clock: systemClock,
    random: systemRandom,
  }
  const admin = new Admin(options)
  cleanups.push(() => admin.close())
  const replicaAssignment = [
    [0, 1],
    [1, 2],
    [2, 0],
  ]
  const [created] = await admin.createTopics([{ name: 't', replicaAssignment }])
  expect(created?.error).toBeNull()
  return { cluster, options, admin }
}

const settled = (admin: Admin) =>
  eventually(async () => ((await admin.listReassignments()).length === 0 ? true : undefined))

const replicasOf = async (admin: Admin) =>
  (await admin.describeTopics(['t']))[0]?.partitions.map(({ replicas }) => replicas)

/** The partitions of `t` whose files a broker has; what is being deleted does not count. */
const onDisk = (cluster: TestCluster, id: number) =>
  fs
    .readdirSync(cluster.logDir(id))
    .filter((name) => /^t-\d+$/.test(name))
    .sort()

it('moves records, and deletes them where they were', async () => {
  const { cluster, options, admin } = await start()
  const producer = new Producer(options)
  cleanups.push(() => producer.close())
  for (let i = 0; i < 30; i++) {
    await producer.send({ topic: 't', partition: 0, key: null, value: Buffer.from(String(i)) })
  }
  const results = await admin.reassignPartitions([{ topic: 't', partition: 0, replicas: [3, 2] }])
  expect(results.map(({ error }) => error)).toEqual([null])
  await settled(admin)
  await eventually(async () => ((await replicasOf(admin))?.[0]?.join() === '3,2' ? true : undefined))
  await eventually(() => (onDisk(cluster, 1).includes('t-0') ? undefined : true))
  expect(BROKERS.map((id) => onDisk(cluster, id).includes('t-0'))).toEqual([false, false, true, true])
  expect(await valuesOf(options, 0)).toEqual(Array.from({ length: 30 }, (_, i) => String(i)))
  // The new leader has what the old one had, to the byte.
  const bytes = (id: number) => fs.readFileSync(`${cluster.logDir(id)}/t-0/00000000000000000000.log`)
  expect(bytes(3).equals(bytes(2))).toBe(true)
})

async function valuesOf(options: ClientOptions, partition: number): Promise<string[]> {
  const consumer = new Consumer(options, { fetchMaxWaitMs: 50 })
  try {
    consumer.assign([{ topic: 't', partition, from: 0 }])
    const values: string[] = []
    for (let empty = 0; empty < 3; ) {
      const records = await consumer.poll(100)
      empty = records.length === 0 ? empty + 1 : 0
      values.push(...records.map(({ value }) => String(value)))
    }
    return values
  } finally {
    await consumer.close()
  }
}

const { seed } = testRandom()

it(`loses and repeats nothing while partitions move under load (seed ${seed})`, async () => {
  const { cluster, options, admin } = await start()
  const random = seededRandom(seed)
  const producer = new Producer(options)
  cleanups.push(() => producer.close())
  let isOver = false
  const sent = PARTITIONS.map(() => 0)
  const load = PARTITIONS.map(async (partition) => {
    while (!isOver) {
      const value = Buffer.from(String(sent[partition]))
      // Acknowledged, or the test fails.
      await producer.send({ topic: 't', partition, key: null, value })
      sent[partition] = (sent[partition] ?? 0) + 1
    }
  })
  for (let round = 0; round < 25; round++) {
    const wanted = PARTITIONS.flatMap((partition) => {
      const kind = random.int(4)
      if (kind === 0) return []
      if (kind === 1) return { topic: 't', partition, replicas: null }
      const ids = [...BROKERS].sort(() => random.int(3) - 1).slice(0, 1 + random.int(3))
      return { topic: 't', partition, replicas: ids }
    })
    for (const { error } of await admin.reassignPartitions(wanted)) {
      expect(['NO_REASSIGNMENT_IN_PROGRESS', undefined]).toContain(error?.errorName)
    }
    if (random.int(3) === 0) await admin.electLeaders('preferred', null)
    await new Promise((resolve) => setTimeout(resolve, random.int(60)))
  }
  await settled(admin)
  isOver = true
  await Promise.all(load)
  for (const partition of PARTITIONS) {
    const expected = Array.from({ length: sent[partition] ?? 0 }, (_, i) => String(i))
    expect(expected.length).toBeGreaterThan(5)
    expect(await valuesOf(options, partition), `t-${partition}`).toEqual(expected)
  }
  // Files are where the replicas are, and nowhere else.
  const replicas = await replicasOf(admin)
  await eventually(() => {
    const wanted = BROKERS.map((id) =>
      PARTITIONS.filter((partition) => replicas?.[partition]?.includes(id)).map((each) => `t-${each}`),
    )
    const found = BROKERS.map((id) => onDisk(cluster, id))
    return JSON.stringify(found) === JSON.stringify(wanted) ? true : undefined
  })
})
