import { expect, test } from 'vitest'
import { sleep } from '../../../src/base/clock.ts'
import { RECOVERED, RECOVERING } from '../../../src/broker/zk/znodes.ts'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { fetchParams, fetchPartition, TestCluster, turns, values } from './support/test-cluster.ts'

test('diverging logs: the old leader cuts off what was never committed', async () => {
  const cluster = await TestCluster.start({ config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1, 2])
  const [a, b, c] = [cluster.broker(0), cluster.broker(1), cluster.broker(2)]
  await a.produce('t', ['one', 'two'])
  await cluster.untilLater(() => b.log('t').highWatermark === 2 && c.log('t').highWatermark === 2, 100)
  // The leader is cut off and goes on alone.
  cluster.block(0)
  await a.produce('t', ['lost1', 'lost2', 'lost3'], { acks: 1 })
  const lost = a.produce('t', ['lost4'], { timeoutMs: 100_000 })
  await cluster.until(() => a.log('t').logEndOffset === 6)
  const record = cluster.record('t-0')
  record.leader = 1
  record.leaderEpoch = 1
  record.partitionEpoch = 1
  record.isr = [1, 2]
  await cluster.tell(1)
  await cluster.tell(2)
  expect((await b.produce('t', ['three'])).error).toBe('NONE')
  // Now the old leader hears of it.
  await cluster.tell(0)
  expect((await lost).error).toBe('NOT_LEADER_OR_FOLLOWER')
  await cluster.untilLater(() => record.isr.length === 3, 20)
  const expected = await b.raw('t')
  for (const broker of [a, c]) {
    expect(await values(broker.log('t'))).toEqual(['one', 'two', 'three'])
    expect((await broker.raw('t')).equals(expected)).toBe(true)
  }
  expect((await b.produce('t', ['four'])).error).toBe('NONE')
  expect(await values(a.log('t'))).toEqual(['one', 'two', 'three', 'four'])
})

test('quick successive elections: epochs that one side never had', async () => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1])
  const [a, b] = [cluster.broker(0), cluster.broker(1)]
  const record = cluster.record('t-0')
  await a.produce('t', ['c0'])
  await cluster.untilLater(() => b.log('t').highWatermark === 1, 100)
  const lead = async (id: number, epoch: number) => {
    record.leader = id
    record.leaderEpoch = epoch
    record.partitionEpoch++
    record.isr = [id]
    await cluster.tell(id)
  }
  cluster.block(0)
  cluster.block(1)
  // Each leads in turn without the other hearing anything of it; both write.
  await lead(0, 1)
  await a.produce('t', ['a1', 'a1'], { acks: 1 })
  await lead(1, 2)
  await b.produce('t', ['b2'], { acks: 1 })
  await lead(0, 3)
  await a.produce('t', ['a3', 'a3', 'a3'], { acks: 1 })
  await lead(1, 4)
  await b.produce('t', ['b4'], { acks: 1 })
  cluster.unblock(0)
  cluster.unblock(1)
  await cluster.tell(0)
  await cluster.untilLater(() => record.isr.length === 2, 20)
  expect(await values(a.log('t'))).toEqual(['c0', 'b2', 'b4'])
  expect((await a.raw('t')).equals(await b.raw('t'))).toBe(true)
})

test('a follower without the records that the leader has deleted begins where the leader begins', async () => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 5_000 } })
  await cluster.createTopic('t', [0, 1])
  const [a, b] = [cluster.broker(0), cluster.broker(1)]
  await a.produce('t', ['x0'])
  await b.stop()
  cluster.updateMetadata()
  for (let i = 1; i < 5; i++) await a.produce('t', [`x${i}`], { acks: 1 })
  await cluster.untilLater(() => cluster.record('t-0').isr.length === 1, 500)
  await a.log('t').incrementLogStartOffset(3)
  await b.start()
  cluster.updateMetadata()
  await cluster.tell(1)
  await cluster.untilLater(() => cluster.record('t-0').isr.length === 2, 20)
  expect(b.log('t').logStartOffset).toBe(3)
  expect(await values(b.log('t'))).toEqual(['x3', 'x4'])
})

test('a follower that begins where the leader begins, in the middle of a batch', async () => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 5_000 } })
  await cluster.createTopic('t', [0, 1])
  const [a, b] = [cluster.broker(0), cluster.broker(1)]
  await a.produce('t', ['x0'])
  await b.stop()
  cluster.updateMetadata()
  await a.produce('t', ['x1', 'x2', 'x3', 'x4'], { acks: 1 })
  await cluster.untilLater(() => cluster.record('t-0').isr.length === 1, 500)
  await a.log('t').incrementLogStartOffset(3)
  await b.start()
  cluster.updateMetadata()
  await cluster.tell(1)
  await cluster.untilLater(() => cluster.record('t-0').isr.length === 2, 20)
  await cluster.untilLater(() => b.log('t').logStartOffset === 3, 20)
  expect(await values(b.log('t'), 3)).toEqual(await values(a.log('t'), 3))
  expect(b.errors).toEqual([])
})

test('an unclean leader that has less: the follower cuts back', async () => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1])
  const [a, b] = [cluster.broker(0), cluster.broker(1)]
  await a.produce('t', ['x0', 'x1'])
  await cluster.untilLater(() => b.log('t').highWatermark === 2, 100)
  cluster.block(0)
  cluster.block(1)
  await cluster.elect('t-0', 0, [0])
  await a.produce('t', ['x2', 'x3'])
  expect(a.log('t').highWatermark).toBe(4)
  const record = cluster.record('t-0')
  record.leader = 1
  record.leaderEpoch++
  record.partitionEpoch++
  record.isr = [1]
  record.leaderRecoveryState = RECOVERING
  cluster.unblock(0)
  cluster.unblock(1)
  await cluster.tellAll()
  await cluster.untilLater(() => record.isr.length === 2, 20)
  expect(record.leaderRecoveryState).toBe(RECOVERED)
  expect(await values(a.log('t'))).toEqual(['x0', 'x1'])
  await b.produce('t', ['y2'])
  expect(await values(a.log('t'))).toEqual(['x0', 'x1', 'y2'])
})

test('leadership moves under load: what was acknowledged is there once, in every replica', async () => {
  const cluster = await TestCluster.start({ config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1, 2])
  const acknowledged: string[] = []
  let stop = false
  const producers = [0, 1, 2].map(async (id) => {
    for (let i = 0; !stop; i++) {
      const value = `${id}:${i}`
      const { error } = await cluster.broker(id).produce('t', [value], { timeoutMs: 60_000 })
      if (error === 'NONE') acknowledged.push(value)
      // Nothing else takes time here.
      await sleep(cluster.clock, 1)
    }
  })
  for (let round = 1; round <= 12; round++) {
    const before = acknowledged.length
    await cluster.untilLater(() => acknowledged.length > before + 5, 5)
    await cluster.elect('t-0', round % 3)
  }
  stop = true
  let ended = false
  const all = Promise.all(producers).then(() => {
    ended = true
  })
  await cluster.untilLater(() => ended, 20)
  await all
  const leader = cluster.broker(cluster.record('t-0').leader)
  await leader.produce('t', ['end'])
  const stored = await values(leader.log('t'))
  expect(acknowledged.length).toBeGreaterThan(60)
  for (const value of acknowledged) expect(stored.filter((each) => each === value)).toEqual([value])
  const expected = await leader.raw('t')
  for (const broker of cluster.brokers) expect((await broker.raw('t')).equals(expected)).toBe(true)
})

test('roles: stale controllers, stale epochs, foreign partitions, other topic ids', async () => {
  const cluster = await TestCluster.start({ brokers: 2 })
  await cluster.createTopic('t', [0, 1])
  const record = cluster.record('t-0')
  const { replicas } = cluster.broker(0)
  const errorOf = async (change: Partial<typeof record>) => {
    const answer = await replicas.becomeLeaderOrFollower(cluster.roles([{ ...record, ...change }]), 7)
    return answer.topics?.[0]?.partitionErrors?.[0]?.errorCode
  }
  cluster.controllerEpoch = 0
  expect(await replicas.becomeLeaderOrFollower(cluster.roles([record]), 7)).toEqual({ errorCode: 11 })
  cluster.controllerEpoch = 2
  expect(await errorOf({})).toBe(11)
  expect(await errorOf({ leaderEpoch: -1 })).toBe(11)
  expect(await errorOf({ leaderEpoch: 1, replicas: [1] })).toBe(3)
  expect(await errorOf({ leaderEpoch: 1, topicId: 'AQIDBAUGBwgJCgsMDQ4PEA' })).toBe(103)
  expect(await errorOf({ leaderEpoch: 1 })).toBe(0)
  expect(cluster.broker(0).replicas.partition('t', 0)?.leaderEpoch).toBe(1)
  expect(await errorOf({ topic: 'new', topicId: 'AQIDBAUGBwgJCgsMDQ4PEA' })).toBe(0)
  const old = await replicas.becomeLeaderOrFollower(cluster.roles([{ ...record, leaderEpoch: 2 }]), 4)
  expect(old.partitionErrors).toMatchObject([{ topicName: 't', partitionIndex: 0, errorCode: 0 }])
})

test('stopping replicas: fenced, kept, deleted, and what waits is answered', async () => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1])
  const leader = cluster.broker(0)
  await leader.produce('t', ['a'])
  await cluster.elect('t-0', 0)
  const errorOf = async (options: Parameters<TestCluster['stopReplica']>[2]) =>
    (await cluster.stopReplica(0, 't-0', options)).partitionErrors?.[0]?.errorCode
  expect(await errorOf({ leaderEpoch: 0, isDeleted: true })).toBe(74)
  expect((await cluster.stopReplica(0, 't-0', { controllerEpoch: 0 })).errorCode).toBe(11)
  expect(await errorOf({ leaderEpoch: 1, isDeleted: false })).toBe(0)
  expect(leader.log('t').logEndOffset).toBe(1)
  cluster.block(0)
  const produce = leader.produce('t', ['b'], { timeoutMs: 100_000 })
  const fetch = leader.fetch({ topic: 't', fetchOffset: 1 }, { maxWaitMs: 100_000 })
  await turns(20)
  expect(await errorOf({})).toBe(0)
  expect((await produce).error).toBe('NOT_LEADER_OR_FOLLOWER')
  expect((await fetch).error).toBe('NOT_LEADER_OR_FOLLOWER')
  expect(leader.logManager.getLog('t', 0)).toBeUndefined()
  expect(await errorOf({})).toBe(0)
})

test('epochs in requests: fenced, unknown, and where an epoch ends', async () => {
  const cluster = await TestCluster.start({ brokers: 2 })
  await cluster.createTopic('t', [0, 1])
  const leader = cluster.broker(0)
  await leader.produce('t', ['a', 'b'])
  await cluster.elect('t-0', 0)
  await cluster.elect('t-0', 0)
  await leader.produce('t', ['c'])
  const fetch = async (currentLeaderEpoch: number, lastFetchedEpoch = -1, fetchOffset = 2) =>
    leader.fetch({ topic: 't', currentLeaderEpoch, lastFetchedEpoch, fetchOffset })
  expect((await fetch(1)).error).toBe('FENCED_LEADER_EPOCH')
  expect((await fetch(3)).error).toBe('UNKNOWN_LEADER_EPOCH')
  expect(await fetch(2, 0)).toMatchObject({ error: 'NONE', divergingEpoch: null })
  expect(await fetch(2, 0, 3)).toMatchObject({
    error: 'NONE',
    divergingEpoch: { epoch: 0, endOffset: 2 },
    sizeBytes: 0,
  })
  expect(await fetch(2, 2, 3)).toMatchObject({ error: 'NONE', divergingEpoch: null })
  const ends = (currentLeaderEpoch: number, leaderEpoch: number, topic = 't', broker = leader) => {
    const partitions = [{ partition: 0, currentLeaderEpoch, leaderEpoch }]
    const answer = broker.replicas.offsetsForLeaderEpochs({ replicaId: -1, topics: [{ topic, partitions }] })
    return answer.topics?.[0]?.partitions?.[0]
  }
  expect(ends(-1, 0)).toMatchObject({ leaderEpoch: 0, endOffset: 2 })
  expect(ends(2, 2)).toMatchObject({ leaderEpoch: 2, endOffset: 3 })
  expect(ends(2, 9)).toMatchObject({ leaderEpoch: -1, endOffset: -1 })
  expect(ends(1, 0)).toMatchObject({ errorCode: 74 })
  expect(ends(-1, 0, 'nope')).toMatchObject({ errorCode: 3 })
  expect(ends(-1, 0, 't', cluster.broker(1))).toMatchObject({ errorCode: 6 })
  // A replica that this leader does not count.
  const [stranger] = await leader.replicas.fetch(fetchParams({ replicaId: 7, isolation: 'log-end' }), [
    fetchPartition({ topic: 't', currentLeaderEpoch: 2 }),
  ])
  expect(stranger?.error).toBe('UNKNOWN_LEADER_EPOCH')
})

test('a failed log directory: its replicas are offline, waiting requests are answered, roles are refused', async () => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1])
  const leader = cluster.broker(0)
  await leader.produce('t', ['a'])
  cluster.block(0)
  const produce = leader.produce('t', ['b'], { timeoutMs: 100_000 })
  const fetch = leader.fetch({ topic: 't', fetchOffset: 1 }, { maxWaitMs: 100_000 })
  await turns(50)
  leader.replicas.onLogDirFailure('/elsewhere')
  expect(leader.replicas.partition('t', 0)?.isLeader).toBe(true)
  leader.replicas.onLogDirFailure(leader.dir)
  expect((await produce).error).toBe('NOT_LEADER_OR_FOLLOWER')
  expect((await fetch).error).toBe('KAFKA_STORAGE_ERROR')
  expect((await leader.produce('t', ['c'])).error).toBe('KAFKA_STORAGE_ERROR')
  const record = { ...cluster.record('t-0'), leaderEpoch: 5 }
  const answer = await leader.replicas.becomeLeaderOrFollower(cluster.roles([record]), 7)
  expect(answer.topics?.[0]?.partitionErrors?.[0]?.errorCode).toBe(56)
})

test('a disk that fails under a follower: it tries again, and nothing is lost', async () => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1])
  const [leader, follower] = [cluster.broker(0), cluster.broker(1)]
  await leader.produce('t', ['a'])
  const log = follower.log('t')
  const append = log.appendAsFollower.bind(log)
  let failures = 0
  log.appendAsFollower = (records) => {
    failures++
    return failures < 4 ? Promise.reject(new Error('disk')) : append(records)
  }
  let done = false
  const pending = leader.produce('t', ['b'], { timeoutMs: 1_000_000 })
  pending.then(() => {
    done = true
  })
  await cluster.untilLater(() => done, 20)
  expect((await pending).error).toBe('NONE')
  expect(failures).toBe(4)
  expect(await values(log)).toEqual(['a', 'b'])
})

test('a replica that keeps up but may not join the ISR is not waited for once its broker has gone', async () => {
  const cluster = await TestCluster.start({ config: { replicaLagTimeMaxMs: 1_000_000 } })
  await cluster.createTopic('t', [0, 1, 2])
  const [a, b, c] = [cluster.broker(0), cluster.broker(1), cluster.broker(2)]
  // As when broker 1 is shutting down: it is out of the ISR, and follows for another moment.
  cluster.refuseIsr = () => ERROR_CODES.INELIGIBLE_REPLICA
  await cluster.elect('t-0', 0, [0, 2])
  expect((await a.produce('t', ['one'])).error).toBe('NONE')
  await cluster.untilLater(() => b.log('t').logEndOffset === 1, 100)
  await b.stop()
  const waiting = a.produce('t', ['two'], { timeoutMs: 100_000 })
  await cluster.untilLater(() => c.log('t').logEndOffset === 2, 100)
  await turns(10)
  expect(a.log('t').highWatermark).toBe(1)
  cluster.updateMetadata()
  expect((await waiting).error).toBe('NONE')
})
