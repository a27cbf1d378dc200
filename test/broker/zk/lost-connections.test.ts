import { expect, test } from 'vitest'
import { silentLogger } from '../../../src/base/logger.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { KafkaZkClient, type LeaderAndIsr, type RegisteredBroker } from '../../../src/broker/zk/index.ts'
import { connectZooKeeper, type ZooKeeperClient } from '../../../src/zookeeper/index.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemoryFileSystem } from '../../support/memory-file-system.ts'
import { openPort, openServer } from '../../zookeeper/support.ts'
import { cutting, type Moment } from './cutting-network.ts'

const info: RegisteredBroker['info'] = {
  id: 1,
  endpoints: [{ listenerName: 'PLAINTEXT', securityProtocol: 'PLAINTEXT', host: 'localhost', port: 9092 }],
  rack: null,
  features: {},
}
const TOPIC_ID = 'I7iIqibeQh6mcJvnnbp2nQ'
const to = (replicas: number[]) => ({ replicas, addingReplicas: [], removingReplicas: [] })
const state = (leader: number, partitionEpoch = 0): LeaderAndIsr => ({
  leader,
  leaderEpoch: 0,
  isr: [leader],
  leaderRecoveryState: 0,
  partitionEpoch,
})

/** Every write that brokers and controllers do, once. Gives what the caller of each was told. */
async function everything(zk: KafkaZkClient): Promise<unknown[]> {
  const told: unknown[] = []
  const partition = (number: number) => ({ topic: 't', partition: number })
  await zk.createTopLevelPaths()
  told.push(await zk.createOrGetClusterId('the-cluster'))
  const brokerEpoch = await zk.registerBroker(info)
  told.push((await zk.broker(1))?.epoch === brokerEpoch)
  await zk.updateBrokerInfo({ ...info, rack: 'r' })
  const { epoch, zkVersion } = await zk.registerController(1)
  told.push(epoch, zkVersion, await zk.controllerId())
  await zk.setFeatures({ status: 1, features: {} })
  const partitions = new Map([0, 1, 2].map((number) => [number, to([1])]))
  await zk.createTopic('t', { topicId: TOPIC_ID, partitions }, new Map([['retention.ms', '1']]))
  const states = [0, 1, 2].map((number) => ({
    ...partition(number),
    state: { leaderAndIsr: state(1), controllerEpoch: epoch },
  }))
  told.push(await zk.createPartitionStates(states, zkVersion))
  const updates = [0, 1].map((number) => ({ ...partition(number), leaderAndIsr: state(2) }))
  const outdated = { ...partition(2), leaderAndIsr: state(2, 7) }
  told.push(await zk.updatePartitionStates([...updates, outdated], epoch, zkVersion))
  await zk.setTopicAssignment('t', { topicId: TOPIC_ID, partitions: partitions.set(3, to([1])) }, zkVersion)
  await zk.setEntityConfig('topics', 't', new Map([['retention.ms', '2']]))
  await zk.createConfigChange('topics/t')
  await zk.propagateLogDirEvent(1)
  const events = await zk.logDirEvents()
  told.push(new Set(await zk.brokersOfLogDirEvents(events)))
  await zk.deleteLogDirEvents(events, zkVersion)
  await zk.setReassignments([{ ...partition(0), replicas: [2] }], zkVersion)
  told.push(await zk.reassignments())
  await zk.setReassignments([], zkVersion)
  told.push((await zk.allocateProducerIds(1)).start, (await zk.allocateProducerIds(1)).start)
  const brief = new Map([[0, to([1])]])
  await zk.createTopic('brief', { topicId: 'AAAAAAAAQ8qtGs1nGgAAAA', partitions: brief }, new Map())
  const first = { topic: 'brief', partition: 0, state: { leaderAndIsr: state(1), controllerEpoch: epoch } }
  told.push(await zk.createPartitionStates([first], zkVersion))
  await zk.createTopicDeletion('brief').catch((error: { zkCode?: string }) => {
    // Kafka, too, takes it for a request of somebody else.
    if (error.zkCode !== 'NODEEXISTS') throw error
  })
  await zk.deleteTopic('brief', zkVersion)
  told.push(await zk.topicNames(), await zk.topicDeletions())
  await zk.deleteController(zkVersion)
  told.push(await zk.controllerId())
  return told
}

const VERSIONED = /^\/controller_epoch|\/state$|^\/latest_producer_id_block/

/** What is in the tree; of notifications only what they say, for one may be there twice. */
async function contents(client: ZooKeeperClient, path = '/'): Promise<string[]> {
  const { data, stat } = await client.getData(path)
  const name = path.replace(/\d{10}$/, 'N')
  const version = VERSIONED.test(path) ? ` v${stat.version}` : ''
  const kind = stat.ephemeralOwner === 0n ? '' : ' ephemeral'
  const lines = [`${name}${kind}${version} ${data?.toString().replace(/"timestamp":"\d+"/, '')}`]
  for (const child of (await client.getChildren(path)).children.sort())
    lines.push(...(await contents(client, path === '/' ? `/${child}` : `${path}/${child}`)))
  return [...new Set(lines)]
}

async function run(at: number, moment: Moment) {
  const clock = new ManualClock()
  const server = await openServer(new MemoryFileSystem(), { clock, forceSync: false })
  const { network, address } = await openPort(server, clock)
  const cut = cutting(network, (frame) => (frame === at ? moment : undefined))
  const options = { servers: [address], sessionTimeoutMs: 18_000, clock, logger: silentLogger }
  const connect = () => connectZooKeeper({ ...options, network: cut.network, random: seededRandom(at) })
  const work = async () => {
    const zk = await KafkaZkClient.open({ connect, clock, logger: silentLogger })
    const told = await everything(zk)
    const tree = await contents(await server.connect({ timeoutMs: 18_000 }))
    await zk.close()
    return { told, tree }
  }
  const { told, tree } = await clock.run(work())
  await server.close()
  return { told, tree, frames: cut.counter.frames }
}

test.each(['before', 'after'] as const)(
  'a connection that is cut %s any request changes nothing',
  async (moment) => {
    const whole = await run(-1, moment)
    expect(whole.told).toContainEqual([{ topic: 't', partition: 0, replicas: [2] }])
    expect(whole.frames).toBeGreaterThan(80)
    for (let at = 1; at <= whole.frames; at++) {
      const { told, tree } = await run(at, moment)
      expect({ at, told, tree }).toEqual({ at, told: whole.told, tree: whole.tree })
    }
  },
)
