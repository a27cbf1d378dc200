import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '../../../src/base/logger.ts'
import { ControllerMovedError, KafkaZkClient, type LeaderAndIsr } from '../../../src/broker/zk/index.ts'
import { gate, ManualClock } from '../../support/manual-clock.ts'
import { MemoryFileSystem } from '../../support/memory-file-system.ts'
import { openServer } from '../../zookeeper/support.ts'
import { eventually, turn } from '../controller/support.ts'

const clock = new ManualClock()

async function open() {
  const server = await openServer(new MemoryFileSystem(), { clock, forceSync: false })
  const client = await server.connect({ timeoutMs: 18_000 })
  const openZk = () =>
    KafkaZkClient.open({
      connect: () => server.connect({ timeoutMs: 18_000 }),
      clock,
      logger: silentLogger,
    })
  const zk = await openZk()
  await zk.createTopLevelPaths()
  onTestFinished(() => server.close())
  return { server, client, zk, openZk }
}

const broker = (id: number) => ({
  id,
  endpoints: [
    { listenerName: 'PLAINTEXT', securityProtocol: 'PLAINTEXT' as const, host: 'localhost', port: 9092 },
  ],
  rack: null,
  features: {},
})

const leaderAndIsr = (leader: number, partitionEpoch = 0): LeaderAndIsr => ({
  leader,
  leaderEpoch: 0,
  isr: [leader],
  leaderRecoveryState: 0,
  partitionEpoch,
})

const settled = (replicas: number[]) => ({ replicas, addingReplicas: [], removingReplicas: [] })

test('the paths of an empty cluster, made once', async () => {
  const { client, zk, server } = await open()
  const children = async (path: string) => (await client.getChildren(path)).children.sort()
  expect(await children('/')).toEqual([
    'admin',
    'brokers',
    'config',
    'consumers',
    'isr_change_notification',
    'latest_producer_id_block',
    'log_dir_event_notification',
    'zookeeper',
  ])
  expect(await children('/brokers')).toEqual(['ids', 'seqid', 'topics'])
  expect(await children('/config')).toEqual(['brokers', 'changes', 'clients', 'ips', 'topics', 'users'])
  const before = server.lastZxid
  await zk.createTopLevelPaths()
  expect(server.lastZxid).toBe(before)
})

test('the cluster id stays what it was first', async () => {
  const { zk, openZk } = await open()
  const other = await openZk()
  expect(await zk.clusterId()).toBeNull()
  const ids = await Promise.all([zk.createOrGetClusterId('one'), other.createOrGetClusterId('two')])
  expect(ids[0]).toBe(ids[1])
  expect(await zk.createOrGetClusterId('three')).toBe(ids[0])
})

test('an id that another session holds is refused, one’s own is not', async () => {
  const { zk, openZk } = await open()
  const epoch = await zk.registerBroker(broker(1))
  expect(await zk.registerBroker(broker(1))).toBe(epoch)
  const other = await openZk()
  await expect(other.registerBroker(broker(1))).rejects.toMatchObject({ zkCode: 'NODEEXISTS' })
  await zk.close()
  expect(await other.registerBroker(broker(1))).toBeGreaterThan(epoch)
  const [found] = await other.brokers()
  expect(found?.info).toEqual(broker(1))
})

test('an expired session is replaced, and everybody who listens hears of it', async () => {
  const { server, zk } = await open()
  const heard: string[] = []
  zk.onSession({
    expired: () => void heard.push('expired'),
    renewed: () => void heard.push('renewed'),
  })
  const first = zk.sessionId
  await server.expireSession(first)
  await eventually(() => expect(heard).toEqual(['expired', 'renewed']))
  expect(zk.sessionId).not.toBe(first)
  await zk.registerBroker(broker(1))
})

test('a new session waits until everybody is done with the old one, and nothing goes on from one to the next', async () => {
  const { server, zk } = await open()
  const first = zk.sessionId
  const done = gate()
  zk.onSession({ expired: () => done.opened })
  await server.expireSession(first)
  await turn()
  expect(zk.sessionId).toBe(first)
  await expect(zk.clusterId()).rejects.toMatchObject({ zkCode: 'SESSIONEXPIRED' })
  done.open()
  await eventually(() => expect(zk.sessionId).not.toBe(first))
  expect(await zk.clusterId()).toBeNull()
})

test('elections: one wins, the other learns that it has moved', async () => {
  const { zk, openZk } = await open()
  const other = await openZk()
  const results = await Promise.allSettled([zk.registerController(1), other.registerController(2)])
  expect(results[0]).toMatchObject({ value: { epoch: 1, zkVersion: 1 } })
  expect(results[1]).toMatchObject({ reason: expect.any(ControllerMovedError) })
  expect(await other.controllerId()).toBe(1)
  let changes = 0
  await other.controllerId(() => changes++)
  await expect(other.deleteController(0)).rejects.toThrow(ControllerMovedError)
  await zk.deleteController(1)
  expect(changes).toBe(1)
  expect(await other.registerController(2)).toEqual({ epoch: 2, zkVersion: 2 })
})

test('an epoch of the past writes nothing', async () => {
  const { zk, client } = await open()
  const { epoch, zkVersion } = await zk.registerController(1)
  const partitions = new Map([[0, settled([1])]])
  await zk.createTopic('t', { topicId: 'I7iIqibeQh6mcJvnnbp2nQ', partitions }, new Map())
  expect(await client.getData('/config/topics/t')).toMatchObject({
    data: Buffer.from('{"version":1,"config":{}}'),
  })
  const state = { leaderAndIsr: leaderAndIsr(1), controllerEpoch: epoch }
  expect(await zk.createPartitionStates([{ topic: 't', partition: 0, state }], zkVersion)).toEqual([
    undefined,
  ])
  await client.setData('/controller_epoch', Buffer.from('9'))
  const update = { topic: 't', partition: 0, leaderAndIsr: leaderAndIsr(2) }
  await expect(zk.updatePartitionStates([update], epoch, zkVersion)).rejects.toThrow(ControllerMovedError)
  const more = [{ topic: 't', partition: 1, state }]
  await expect(zk.createPartitionStates(more, zkVersion)).rejects.toThrow(ControllerMovedError)
  await expect(zk.deleteTopic('t', zkVersion)).rejects.toThrow(ControllerMovedError)
  await expect(zk.setTopicAssignment('t', { topicId: 'x', partitions }, zkVersion)).rejects.toThrow(
    ControllerMovedError,
  )
  expect(await client.exists('/brokers/topics/t/partitions/0/state')).toMatchObject({ version: 0 })
})

test('states of partitions: what exists already fails by itself', async () => {
  const { zk, client } = await open()
  const { epoch, zkVersion } = await zk.registerController(1)
  const partitions = new Map([0, 1, 2].map((number) => [number, settled([1])]))
  await zk.createTopic('t', { topicId: 'I7iIqibeQh6mcJvnnbp2nQ', partitions }, new Map())
  await client.create('/brokers/topics/t/partitions', null)
  await client.create('/brokers/topics/t/partitions/1', null)
  await client.create('/brokers/topics/t/partitions/1/state', Buffer.from('{}'))
  const state = { leaderAndIsr: leaderAndIsr(1), controllerEpoch: epoch }
  const states = [0, 1, 2].map((partition) => ({ topic: 't', partition, state }))
  const errors = await zk.createPartitionStates(states, zkVersion)
  expect(errors.map((error) => error?.zkCode)).toEqual([undefined, 'NODEEXISTS', undefined])
  const updates = [
    { topic: 't', partition: 0, leaderAndIsr: leaderAndIsr(2) },
    { topic: 't', partition: 2, leaderAndIsr: leaderAndIsr(2, 7) },
    { topic: 't', partition: 5, leaderAndIsr: leaderAndIsr(2) },
  ]
  const [changed, outdated, missing] = await zk.updatePartitionStates(updates, epoch, zkVersion)
  expect(changed).toEqual(leaderAndIsr(2, 1))
  expect(outdated).toBeNull()
  expect(missing).toMatchObject({ zkCode: 'NONODE' })
  const read = await zk.partitionStates([0, 1, 5].map((partition) => ({ topic: 't', partition })))
  expect(read[0]).toEqual({ leaderAndIsr: leaderAndIsr(2, 1), controllerEpoch: epoch })
  expect(read[1]).toMatchObject({ code: 'KCLI_ZNODE' })
  expect(read[2]).toBeUndefined()
})

test('states of many partitions are written in few transactions', async () => {
  const { zk, client } = await open()
  const { epoch, zkVersion } = await zk.registerController(1)
  const numbers = Array.from({ length: 700 }, (_, number) => number)
  const partitions = new Map(numbers.map((number) => [number, settled([1])]))
  await zk.createTopic('t', { topicId: 'I7iIqibeQh6mcJvnnbp2nQ', partitions }, new Map())
  const state = { leaderAndIsr: leaderAndIsr(1), controllerEpoch: epoch }
  await zk.createPartitionStates(
    numbers.map((partition) => ({ topic: 't', partition, state })),
    zkVersion,
  )
  const updates = numbers.map((partition) => ({ topic: 't', partition, leaderAndIsr: leaderAndIsr(2) }))
  const results = await zk.updatePartitionStates(updates, epoch, zkVersion)
  expect(results).toEqual(numbers.map(() => leaderAndIsr(2, 1)))
  const stats = await Promise.all(
    numbers.map((number) => client.exists(`/brokers/topics/t/partitions/${number}/state`)),
  )
  expect(new Set(stats.map((stat) => stat?.mzxid)).size).toBe(2)
})

test('a topic goes with everything that is below it', async () => {
  const { zk, client } = await open()
  const { epoch, zkVersion } = await zk.registerController(1)
  const partitions = new Map(Array.from({ length: 700 }, (_, number) => [number, settled([1])]))
  await zk.createTopic('t', { topicId: 'I7iIqibeQh6mcJvnnbp2nQ', partitions }, new Map([['a', 'b']]))
  const state = { leaderAndIsr: leaderAndIsr(1), controllerEpoch: epoch }
  const states = [...partitions.keys()].map((partition) => ({ topic: 't', partition, state }))
  expect((await zk.createPartitionStates(states, zkVersion)).filter(Boolean)).toEqual([])
  await zk.createTopicDeletion('t')
  await expect(zk.createTopicDeletion('t')).rejects.toMatchObject({ zkCode: 'NODEEXISTS' })
  await client.create('/brokers/topics/t/partitions/3/extra', null)
  await zk.deleteTopic('t', zkVersion)
  expect(await zk.topicNames()).toEqual([])
  expect(await zk.topicDeletions()).toEqual([])
  expect((await zk.entityConfigs('topics')).size).toBe(0)
  await zk.deleteTopic('t', zkVersion)
})

test('a configuration that was left behind does not come back with a new topic', async () => {
  const { zk } = await open()
  await zk.setEntityConfig('topics', 't', new Map([['old', '1']]))
  const assignment = { topicId: 'I7iIqibeQh6mcJvnnbp2nQ', partitions: new Map([[0, settled([1])]]) }
  await zk.createTopic('t', assignment, new Map([['new', '2']]))
  expect(await zk.entityConfig('topics', 't')).toEqual(new Map([['new', '2']]))
  const another = { ...assignment, topicId: 'AAAAAAAAQ8qtGs1nGgAAAA' }
  await expect(zk.createTopic('t', another, new Map([['newer', '3']]))).rejects.toMatchObject({
    zkCode: 'NODEEXISTS',
  })
  expect(await zk.entityConfig('topics', 't')).toEqual(new Map([['new', '2']]))
})

test('changes of configurations are announced in order', async () => {
  const { zk } = await open()
  let calls = 0
  expect(await zk.configChanges(() => calls++)).toEqual([])
  await zk.setEntityConfig('brokers', '<default>', new Map([['a', '1']]))
  await zk.createConfigChange('brokers/<default>')
  await zk.createConfigChange('topics/t')
  expect(calls).toBe(1)
  const names = await zk.configChanges()
  expect(names).toEqual(['config_change_0000000000', 'config_change_0000000001'])
  expect((await zk.configChange(names[0]!))?.entityPath).toBe('brokers/<default>')
  await zk.deleteConfigChange(names[0]!)
  expect(await zk.configChange(names[0]!)).toBeNull()
})

test('producer ids: no two brokers get the same', async () => {
  const { zk, openZk, client } = await open()
  const other = await openZk()
  const blocks = await Promise.all(
    Array.from({ length: 10 }, (_, index) => (index % 2 ? zk : other).allocateProducerIds(index)),
  )
  expect(blocks.map(({ start }) => start).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 10 }, (_, index) => index * 1000),
  )
  expect((await client.getData('/latest_producer_id_block')).data?.toString()).toContain('"block_end":"9999"')
})

test('broker ids to give out', async () => {
  const { zk } = await open()
  expect([await zk.generateBrokerSequenceId(), await zk.generateBrokerSequenceId()]).toEqual([1, 2])
})

test('unreadable brokers and topics are passed over', async () => {
  const { zk, client } = await open()
  await zk.registerBroker(broker(1))
  await client.create('/brokers/ids/2', Buffer.from('junk'))
  await client.create('/brokers/topics/bad', Buffer.from('{"partitions":{"0":"x"}}'))
  expect((await zk.brokers()).map(({ info }) => info.id)).toEqual([1])
  expect((await zk.topicAssignments(['bad', 'none'])).size).toBe(0)
})

test('a lost connection is waited for', async () => {
  const first = await openServer(new MemoryFileSystem(), { clock, forceSync: false })
  const zk = await KafkaZkClient.open({
    connect: () => first.connect({ timeoutMs: 18_000 }),
    clock,
    logger: silentLogger,
  })
  await first.close()
  let answer: string | undefined
  const waiting = zk.topicNames().catch((error) => {
    answer = error.zkCode
  })
  await clock.advance(1000)
  await new Promise((resolve) => setImmediate(resolve))
  expect(answer).toBeUndefined()
  await zk.close()
  await clock.advance(1000)
  await waiting
  expect(answer).toMatch(/CONNECTIONLOSS|SESSIONEXPIRED/)
})
