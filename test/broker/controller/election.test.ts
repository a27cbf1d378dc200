import { expect, test } from 'vitest'
import { createRequest, eventually, TestCluster, turn } from './support.ts'

test('one broker comes into office, with /controller and the epoch written as Kafka does', async () => {
  const cluster = await TestCluster.open(3)
  expect(cluster.active.id).toBe(0)
  expect(cluster.active.controller.epoch).toBe(1)
  expect(await cluster.text('/controller_epoch')).toBe('1')
  expect(await cluster.text('/controller')).toMatch(
    /^\{"version":2,"brokerid":0,"timestamp":"\d+","kraftControllerEpoch":-1\}$/,
  )
  expect(await cluster.text('/feature')).toBe('{"features":{},"version":2,"status":1}')
  for (const id of [0, 1, 2]) {
    expect(cluster.broker(id).controller.controllerId).toBe(0)
    expect(cluster.broker(id).cache.controllerId).toBe(0)
    expect(
      cluster
        .broker(id)
        .cache.aliveBrokers('PLAINTEXT')
        .map((broker) => broker.port),
    ).toEqual([9092, 9093, 9094])
  }
})

test('another takes over when the controller dies, and tells the brokers', async () => {
  const cluster = await TestCluster.open(3)
  await cluster.broker(0).die()
  await eventually(() => expect(cluster.active.controller.epoch).toBe(2))
  const { id } = cluster.active
  await eventually(() => {
    for (const other of [1, 2]) {
      expect(cluster.broker(other).cache.controllerId).toBe(id)
      expect(
        cluster
          .broker(other)
          .cache.aliveBrokerList()
          .map((broker) => broker.id),
      ).toEqual([1, 2])
    }
  })
})

test('a controller that lost office without knowing cannot write and resigns', async () => {
  const cluster = await TestCluster.open(2)
  await cluster.createTopic('t', [[0, 1]])
  const old = cluster.active
  const epochs = await cluster.client.getData('/controller_epoch')
  // Somebody else was elected: the epoch has moved on, /controller is theirs.
  await cluster.client.multi([
    { type: 'setData', path: '/controller_epoch', data: Buffer.from('7'), version: epochs.stat.version },
    { type: 'setData', path: '/controller', data: Buffer.from('{"version":2,"brokerid":1,"timestamp":"1"}') },
  ])
  const before = await cluster.text('/brokers/topics/t/partitions/0/state')
  const answer = await old.controller.alterPartition(
    {
      brokerId: 0,
      brokerEpoch: old.controller.brokerEpoch,
      topics: [
        {
          topicName: 't',
          topicId: '',
          partitions: [
            {
              partitionIndex: 0,
              leaderEpoch: 0,
              newIsr: [0],
              newIsrWithEpochs: [],
              leaderRecoveryState: 0,
              partitionEpoch: 0,
            },
          ],
        },
      ],
    },
    1,
  )
  expect(answer.errorCode).toBe(41)
  expect(await cluster.text('/brokers/topics/t/partitions/0/state')).toBe(before)
  await turn()
  expect(old.controller.isActive).toBe(false)
  expect(old.controller.controllerId).toBe(1)
  expect(old.controller.epoch).toBe(0)
})

test('brokers ignore a controller of an older epoch', async () => {
  const cluster = await TestCluster.open(2)
  const { body, version } = cluster.broker(1).requests('UpdateMetadata').at(-1)!
  const stale = { ...body, controllerEpoch: 0 }
  expect(await cluster.broker(1).answer('UpdateMetadata', version, stale)).toEqual({ errorCode: 11 })
  const old = { ...body, brokerEpoch: body.brokerEpoch - 1 }
  expect(await cluster.broker(1).answer('UpdateMetadata', version, old)).toEqual({ errorCode: 77 })
})

test('an expired session: the controller registers anew and stands for election again', async () => {
  const cluster = await TestCluster.open(2)
  const { controller, zk } = cluster.broker(0)
  const epoch = controller.brokerEpoch
  await cluster.server.expireSession(zk.sessionId)
  await eventually(() => {
    expect(controller.brokerEpoch).toBeGreaterThan(epoch)
    expect(cluster.active.id).toBe(1)
    expect(controller.controllerId).toBe(1)
  })
  await eventually(() =>
    expect(
      cluster
        .broker(0)
        .cache.aliveBrokerList()
        .map(({ id }) => id),
    ).toEqual([0, 1]),
  )
})

test('a controller that cannot come into office gives way, and does not run in circles', async () => {
  const cluster = await TestCluster.open(1)
  await cluster.broker(0).die()
  await cluster.client.setData('/feature', Buffer.from('{"version":99}'))
  const broker = await cluster.start(0)
  await turn()
  expect(broker.controller.isActive).toBe(false)
  const epoch = Number(await cluster.text('/controller_epoch'))
  await turn()
  expect(Number(await cluster.text('/controller_epoch'))).toBe(epoch)
  await cluster.client.setData('/feature', Buffer.from('{"features":{},"version":2,"status":1}'))
  await cluster.clock.advance(1000)
  await eventually(() => expect(broker.controller.isActive).toBe(true))
})

test('taking over a running cluster writes nothing but the election', async () => {
  const cluster = await TestCluster.open(3)
  for (let topic = 0; topic < 20; topic++) {
    await cluster.createTopic(`t${topic}`, [
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
    ])
  }
  for (const id of [2, 1, 0]) {
    await cluster.broker(id).controller.shutdown()
    cluster.broker(id).received.length = 0
  }
  await cluster.client.delete('/controller')
  const before = cluster.server.lastZxid
  // All of them are still registered: a new controller object in the place of the old one.
  const started = await cluster.start(3)
  await eventually(() => expect(cluster.broker(1).requests('UpdateMetadata')).toHaveLength(2))
  expect(started.controller.isActive).toBe(true)
  // Session, registration, election.
  expect(cluster.server.lastZxid - before).toBe(3)
  for (const id of [0, 1, 2]) {
    const requests = cluster.broker(id).received.map(({ name }) => name)
    expect(requests).toEqual(['UpdateMetadata', 'LeaderAndIsr', 'UpdateMetadata'])
    expect(cluster.broker(id).received[1]!.body.topicStates).toHaveLength(20)
  }
})

test('a topic asked for while the controller is still coming into office', async () => {
  const cluster = await TestCluster.open(2)
  const { controller, admin } = cluster.broker(1)
  await cluster.broker(0).controller.shutdown()
  void cluster.broker(0).zk.close()
  while (!controller.isActive) await Promise.resolve()
  expect(controller.liveBrokers()).toEqual([])
  const [result] = await admin.createTopics(createRequest('early'))
  expect(result).toMatchObject({ errorCode: 0, errorMessage: null })
})

test('shutting down does not wait for a coordination service that has gone', async () => {
  const cluster = await TestCluster.open(1)
  const { controller, zk } = cluster.broker(0)
  await cluster.server.close()
  const asked = controller.allocateProducerIds({ brokerId: 0, brokerEpoch: controller.brokerEpoch })
  await turn()
  const closed = controller.shutdown()
  await cluster.clock.advance(1000)
  await closed
  await zk.close()
  await cluster.clock.advance(1000)
  expect(await asked).toEqual({ errorCode: -1 })
})
