import { describe, expect, test } from 'vitest'
import type { LeaderAndIsrRequest } from '../../../src/protocol/messages/04-leader-and-isr.ts'
import { eventually, TestCluster, turn } from './support.ts'

describe('a broker that dies', () => {
  test('its partitions get leaders from the ISR, and it leaves the ISRs', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [
      [1, 2, 0],
      [2, 1, 0],
      [0, 1, 2],
    ])
    await cluster.broker(1).die()
    await eventually(async () => {
      expect(await cluster.state('t', 0)).toMatchObject({ leader: 2, leader_epoch: 1, isr: [2, 0] })
      expect(await cluster.state('t', 1)).toMatchObject({ leader: 2, leader_epoch: 1, isr: [2, 0] })
      expect(await cluster.state('t', 2)).toMatchObject({ leader: 0, leader_epoch: 1, isr: [0, 2] })
    })
    await turn()
    for (const id of [0, 2]) {
      const { cache } = cluster.broker(id)
      expect(cache.partition('t', 0)).toMatchObject({ leader: 2, isr: [2, 0], offlineReplicas: [1] })
      expect(cache.isAlive(1)).toBe(false)
    }
  })

  test('a partition whose ISR is gone has no leader until a member is back', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [[1]])
    await cluster.broker(1).die()
    await eventually(async () => {
      expect(await cluster.state('t', 0)).toMatchObject({ leader: -1, leader_epoch: 1, isr: [1] })
      expect(cluster.broker(2).cache.partition('t', 0)?.leader).toBe(-1)
    })
    await cluster.start(1)
    await eventually(async () => {
      expect(await cluster.state('t', 0)).toMatchObject({ leader: 1, leader_epoch: 2, isr: [1] })
    })
    const request = cluster.broker(1).requests('LeaderAndIsr').at(-1)!
    expect(request.body.topicStates[0].partitionStates[0]).toMatchObject({ leader: 1, leaderEpoch: 2 })
  })

  test('nobody outside the ISR leads, unless the topic allows it', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('clean', [[1, 2]])
    await cluster.createTopic('unclean', [[1, 2]], { 'unclean.leader.election.enable': 'true' })
    await cluster.broker(2).die()
    await eventually(async () => expect(await cluster.state('unclean', 0)).toMatchObject({ isr: [1] }))
    await cluster.broker(1).die()
    await cluster.start(2)
    await eventually(async () => {
      expect(await cluster.state('clean', 0)).toMatchObject({ leader: -1, isr: [1] })
      expect(await cluster.text('/brokers/topics/unclean/partitions/0/state')).toMatch(
        /^\{"controller_epoch":1,"leader":2,"version":1,"leader_recovery_state":1,"leader_epoch":\d+,"isr":\[2\]\}$/,
      )
    })
    const states = cluster
      .broker(2)
      .requests('LeaderAndIsr')
      .flatMap(({ body }) => body.topicStates)
    const unclean = states.filter((topic) => topic.topicName === 'unclean').at(-1)
    expect(unclean.partitionStates[0].leaderRecoveryState).toBe(1)
  })

  test('the switch for the whole broker counts where the topic says nothing', async () => {
    const cluster = await TestCluster.open([
      { uncleanLeaderElectionEnable: true },
      { uncleanLeaderElectionEnable: true },
      { uncleanLeaderElectionEnable: true },
    ])
    await cluster.createTopic('t', [[1, 2]])
    await cluster.createTopic('strict', [[1, 2]], { 'unclean.leader.election.enable': 'false' })
    await cluster.broker(2).die()
    await cluster.broker(1).die()
    await cluster.start(2)
    await eventually(async () => {
      expect(await cluster.state('t', 0)).toMatchObject({ leader: 2, isr: [2] })
      expect(await cluster.state('strict', 0)).toMatchObject({ leader: -1, isr: [1] })
    })
  })

  test('coming back, it follows and is told of everything', async () => {
    const cluster = await TestCluster.open(2)
    await cluster.createTopic('t', [[1, 0]])
    await cluster.createTopic('elsewhere', [[0]])
    await cluster.broker(1).die()
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 0 }))
    const broker = await cluster.start(1)
    await eventually(() => expect(broker.cache.topicNames().sort()).toEqual(['elsewhere', 't']))
    const request = broker.requests('LeaderAndIsr').at(-1)!
    expect(request.body).toMatchObject({
      controllerId: 0,
      controllerEpoch: 1,
      brokerEpoch: broker.controller.brokerEpoch,
      isKRaftController: false,
      liveLeaders: [{ brokerId: 0, hostName: 'broker-0', port: 9092 }],
    })
    expect(request.body.topicStates).toHaveLength(1)
    // The follower is not in sync before its leader says so.
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 0, isr: [0] })
  })

  test('back before anybody noticed: it counts as gone and come', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [[1, 2]])
    const zk = await cluster.openZk()
    const info = (await zk.broker(1))!.info
    const controller = cluster.active.controller
    // Both happen before the controller reads: the registration is replaced in one turn.
    const gone = cluster.broker(1).zk.close()
    const back = zk.registerBroker(info)
    await Promise.all([gone, back.catch(() => undefined)])
    const epoch = await zk.registerBroker(info)
    await eventually(async () => {
      expect(await cluster.state('t', 0)).toMatchObject({ leader: 2 })
      expect(cluster.broker(1).received.at(-1)!.body.brokerEpoch).toBe(epoch)
    })
    expect(controller.isActive).toBe(true)
    await zk.close()
  })
})

test('a broker that does not answer gets its requests in order once it does', async () => {
  const cluster = await TestCluster.open(2)
  const broker = cluster.broker(1)
  await turn()
  broker.received.length = 0
  broker.isUp = false
  const { admin } = cluster.active
  await admin.createTopics({
    topics: [
      { name: 'a', numPartitions: 1, replicationFactor: 2, assignments: [], configs: [] },
      { name: 'b', numPartitions: 1, replicationFactor: 2, assignments: [], configs: [] },
    ],
    timeoutMs: 1000,
    validateOnly: false,
  })
  await turn()
  expect(broker.received).toEqual([])
  broker.isUp = true
  await cluster.clock.advance(100)
  await eventually(() => expect(broker.cache.topicNames().sort()).toEqual(['a', 'b']))
  expect(broker.received.map(({ name }) => name)).toEqual(['LeaderAndIsr', 'UpdateMetadata'])
})

test('a replica whose log directory has failed counts as offline', async () => {
  const cluster = await TestCluster.open(3)
  await cluster.createTopic('t', [[1, 2]])
  cluster.broker(1).leaderAndIsrError = 56
  await cluster.broker(1).zk.propagateLogDirEvent(1)
  await eventually(async () => {
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 2, isr: [2] })
    expect(cluster.broker(0).cache.partition('t', 0)?.offlineReplicas).toEqual([1])
  })
  expect((await cluster.client.getChildren('/log_dir_event_notification')).children).toEqual([])
})

test('a replica that comes back hears of the leader that was elected meanwhile', async () => {
  const cluster = await TestCluster.open(3)
  await cluster.createTopic('t', [[1, 2]])
  const failing = cluster.broker(1)
  failing.leaderAndIsrError = 56
  await failing.zk.propagateLogDirEvent(1)
  await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 2, isr: [2] }))
  await cluster.broker(2).die()
  await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: -1 }))
  failing.leaderAndIsrError = 0
  const answer = failing.answer.bind(failing)
  failing.answer = async (...request) => {
    if (request[0] !== 'LeaderAndIsr') return answer(...request)
    failing.answer = answer
    const answered = await answer(...request)
    await cluster.start(2)
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 2 }))
    return answered
  }
  await failing.zk.propagateLogDirEvent(1)
  await eventually(() => {
    const told = failing.requests('LeaderAndIsr').at(-1)?.body as LeaderAndIsrRequest
    expect(told.topicStates[0]?.partitionStates[0]).toMatchObject({ leader: 2, isr: [2] })
    return Promise.resolve()
  })
})

test.each([
  ['hears of its leader', 0],
  ['knows the epoch of its leader already', 11],
])(
  'a topic that could not be deleted for a failed log directory is deleted when the replica is back and %s',
  async (_, answer) => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [[1, 2]])
    const failing = cluster.broker(1)
    failing.leaderAndIsrError = 56
    await failing.zk.propagateLogDirEvent(1)
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ leader: 2, isr: [2] }))
    // Asked again, as it is now and then, it still has no room.
    await failing.zk.propagateLogDirEvent(1)
    await turn()
    await cluster.active.admin.deleteTopics(new Set(['t']), 0)
    await turn()
    expect(await cluster.client.exists('/brokers/topics/t')).not.toBeNull()
    failing.leaderAndIsrError = answer
    await failing.zk.propagateLogDirEvent(1)
    await eventually(async () => expect(await cluster.client.exists('/brokers/topics/t')).toBeNull())
  },
)

test('a changed registration reaches all brokers', async () => {
  const cluster = await TestCluster.open(2)
  await cluster.broker(1).controller.updateBrokerInfo({
    id: 1,
    endpoints: [{ listenerName: 'PLAINTEXT', securityProtocol: 'PLAINTEXT', host: 'moved', port: 7 }],
    rack: 'r1',
    features: {},
  })
  await eventually(() => {
    expect(cluster.broker(0).cache.brokerEndpoint(1, 'PLAINTEXT')).toEqual({
      id: 1,
      host: 'moved',
      port: 7,
      rack: 'r1',
    })
  })
})

describe('controlled shutdown', () => {
  test('leaderships move, the broker leaves the ISRs, and what it alone holds stays', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [
      [1, 2],
      [2, 1],
    ])
    await cluster.createTopic('alone', [[1]])
    const { brokerEpoch } = cluster.broker(1).controller
    const answer = await cluster.active.controller.controlledShutdown({ brokerId: 1, brokerEpoch })
    expect(answer).toEqual({ remainingPartitions: [] })
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 2, isr: [2] })
    expect(await cluster.state('t', 1)).toMatchObject({ leader: 2, isr: [2] })
    expect(await cluster.state('alone', 0)).toMatchObject({ leader: 1, isr: [1] })
    await eventually(() => {
      const stop = cluster.broker(1).requests('StopReplica').at(-1)
      expect(stop?.body.topicStates[0].partitionStates[0].deletePartition).toBe(false)
    })
  })

  test('what cannot move is named', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [[1, 2]])
    await cluster.broker(2).die()
    await eventually(async () => expect(await cluster.state('t', 0)).toMatchObject({ isr: [1] }))
    const { brokerEpoch } = cluster.broker(1).controller
    const answer = await cluster.active.controller.controlledShutdown({ brokerId: 1, brokerEpoch })
    expect(answer).toEqual({ remainingPartitions: [{ topicName: 't', partitionIndex: 0 }] })
    expect(cluster.active.controller.liveBrokers().map(({ id }) => id)).toEqual([0])
  })

  test('refusals', async () => {
    const cluster = await TestCluster.open(2)
    const { controller } = cluster.active
    const { brokerEpoch } = cluster.broker(1).controller
    expect(await controller.controlledShutdown({ brokerId: 1, brokerEpoch: brokerEpoch - 1 })).toEqual({
      errorCode: 77,
    })
    expect(await controller.controlledShutdown({ brokerId: 9, brokerEpoch })).toEqual({ errorCode: 8 })
    const other = cluster.broker(1).controller
    expect(await other.controlledShutdown({ brokerId: 1, brokerEpoch })).toEqual({ errorCode: 11 })
    expect(controller.isActive).toBe(true)
  })
})
