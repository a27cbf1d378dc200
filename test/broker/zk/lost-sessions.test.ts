import { expect, test } from 'vitest'
import { silentLogger } from '../../../src/base/logger.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { KafkaZkClient } from '../../../src/broker/zk/index.ts'
import { connectZooKeeper } from '../../../src/zookeeper/index.ts'
import { testRandom } from '../../support/seed.ts'
import { openPort } from '../../zookeeper/support.ts'
import { createRequest, TestCluster, turn } from '../controller/support.ts'
import { cutting } from './cutting-network.ts'

const BROKERS = 3
const STEPS = 30

/** Controllers and brokers lose connections and sessions at any moment while topics are made. */
async function run(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const cluster = await TestCluster.open(0)
  const { clock, server, brokers } = cluster
  const { network, address } = await openPort(server, clock)
  let isCutting = false
  const cut = cutting(network, () => {
    if (!isCutting || random.int(12) > 0) return undefined
    return random.int(2) === 0 ? 'before' : 'after'
  })
  const options = { network: cut.network, servers: [address], sessionTimeoutMs: 18_000 }
  const connect = () => connectZooKeeper({ ...options, clock, random, logger: silentLogger })
  cluster.openZk = () => KafkaZkClient.open({ connect, clock, logger: silentLogger })
  for (let id = 0; id < BROKERS; id++) await cluster.start(id)
  const acknowledged = new Set<string>()
  const work = async () => {
    isCutting = true
    for (let step = 0; step < STEPS; step++) {
      if (random.int(3) === 0) {
        const { zk } = cluster.broker(random.int(BROKERS))
        await server.expireSession(zk.sessionId)
      }
      const name = `t${step}`
      const request = createRequest(name, { numPartitions: 2, replicationFactor: 2 })
      const inOffice = [...brokers.values()].filter(({ controller }) => controller.isActive)
      for (const { admin } of inOffice) {
        const answers = await admin.createTopics(request).catch(() => [])
        if (answers.some(({ errorCode }) => errorCode === 0)) acknowledged.add(name)
      }
      if (random.int(2) === 0) await turn()
    }
    isCutting = false
  }
  await clock.run(work())
  // Whoever has lost something tries again within a few seconds.
  await clock.advance(10_000)
  await check(cluster, acknowledged, `seed ${seed}`)
}

async function check(cluster: TestCluster, acknowledged: ReadonlySet<string>, note: string): Promise<void> {
  const { client, brokers, active } = cluster
  const there = (await client.getChildren('/brokers/topics')).children.sort()
  expect(there, note).toEqual(expect.arrayContaining([...acknowledged]))
  expect(JSON.parse((await cluster.text('/controller')) ?? ''), note).toMatchObject({ brokerid: active.id })
  expect(active.controller.epoch, note).toBe(Number(await cluster.text('/controller_epoch')))
  for (const broker of brokers.values()) {
    const { stat } = await client.getData(`/brokers/ids/${broker.id}`)
    expect(stat.ephemeralOwner, note).toBe(broker.zk.sessionId)
    expect(broker.controller.brokerEpoch, note).toBe(stat.czxid)
    expect(broker.controller.controllerId, note).toBe(active.id)
    for (const topic of there) {
      for (const partition of [0, 1]) {
        const state = await cluster.state(topic, partition)
        const seen = { leader: state.leader, leaderEpoch: state.leader_epoch, isr: state.isr }
        expect(broker.cache.partition(topic, partition), `${note}: ${topic}-${partition}`).toMatchObject(seen)
      }
    }
  }
}

const { seed } = testRandom()

test.each([1, 2, 3, 4, 5, 6, seed])('in the end everybody knows the same (seed %i)', (each) => run(each))
