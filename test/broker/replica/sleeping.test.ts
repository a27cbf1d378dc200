import { expect, test } from 'vitest'
import { TestCluster, values } from './support/test-cluster.ts'

const PARTITIONS = [0, 1, 2, 3, 4, 5]

/** Three brokers that were stopped cleanly and have started again; `t-N` is led by broker N mod 3. */
async function restarted(options: Parameters<typeof TestCluster.start>[0] = {}): Promise<TestCluster> {
  const cluster = await TestCluster.start(options)
  await cluster.createTopic('t', [0, 1, 2], PARTITIONS.length)
  for (const partition of PARTITIONS) {
    await cluster.broker(partition % 3).produce('t', ['before'], { partition })
  }
  await cluster.untilLater(
    () => cluster.brokers.every((b) => PARTITIONS.every((p) => b.log('t', p).highWatermark === 1)),
    100,
  )
  await restart(cluster)
  return cluster
}

async function restart(cluster: TestCluster, whileDown: () => void = () => undefined): Promise<void> {
  await cluster.stop()
  whileDown()
  for (const broker of cluster.brokers) await broker.start()
  await cluster.tellAll()
}

const asleep = (cluster: TestCluster, partition: number) =>
  cluster.brokers.map((broker) => broker.logManager.isAtRest('t', partition))

test('acks=all is answered at once after a clean start, and only what is used wakes up', async () => {
  const cluster = await restarted({ logConfig: { minInsyncReplicas: 3 } })
  expect(PARTITIONS.flatMap((partition) => asleep(cluster, partition))).not.toContain(false)
  const startMs = cluster.clock.nowMs()
  const result = await cluster.broker(1).produce('t', ['after'], { partition: 1 })
  expect(result).toMatchObject({ error: 'NONE', baseOffset: 1 })
  expect(cluster.clock.nowMs()).toBe(startMs)
  for (const broker of cluster.brokers) {
    expect(await values(broker.log('t', 1))).toEqual(['before', 'after'])
  }
  expect(cluster.broker(1).log('t', 1).highWatermark).toBe(2)
  expect(asleep(cluster, 1)).toEqual([false, false, false])
  expect(asleep(cluster, 2)).toEqual([true, true, true])
})

test('a consumer reads all that was committed without waking a follower', async () => {
  const cluster = await restarted()
  const result = await cluster.broker(0).fetch({ topic: 't', partition: 0 })
  expect(result).toMatchObject({ error: 'NONE', highWatermark: 1 })
  expect(result.sizeBytes).toBeGreaterThan(0)
  expect(asleep(cluster, 0)).toEqual([false, true, true])
})

test('followers that cannot be called begin to follow by themselves', async () => {
  const cluster = await restarted()
  cluster.block(1)
  cluster.block(2)
  let isDone = false
  const producing = cluster
    .broker(0)
    .produce('t', ['after'])
    .then((result) => {
      isDone = true
      return result
    })
  await cluster.clock.advance(150)
  expect(isDone).toBe(false)
  await cluster.clock.advance(100)
  expect(await producing).toMatchObject({ error: 'NONE', baseOffset: 1 })
})

test('nobody who sleeps counts as late', async () => {
  const cluster = await restarted({ config: { replicaLagTimeMaxMs: 10_000 } })
  await cluster.clock.advance(60_000)
  expect(PARTITIONS.flatMap((partition) => asleep(cluster, partition))).not.toContain(true)
  expect(cluster.isrRequests).toEqual([])
  const open = cluster.brokers.flatMap((broker) => PARTITIONS.filter((p) => broker.log('t', p).isOpen))
  expect(open).toEqual([])
})

test('what was not replicated before the stop is replicated right after the start', async () => {
  const cluster = await restarted()
  cluster.block(0)
  const { error } = await cluster.broker(0).produce('t', ['alone'], { acks: 1 })
  expect(error).toBe('NONE')
  await restart(cluster, () => cluster.unblock(0))
  expect(cluster.broker(0).logManager.isAtRest('t', 0)).toBe(false)
  const startMs = cluster.clock.nowMs()
  await cluster.until(() => cluster.broker(0).log('t', 0).highWatermark === 2)
  expect(cluster.clock.nowMs()).toBe(startMs)
  expect(await values(cluster.broker(2).log('t', 0))).toEqual(['before', 'alone'])
})

test('another leader is elected while all sleep', async () => {
  const cluster = await restarted()
  await cluster.broker(0).stop()
  cluster.updateMetadata()
  await cluster.elect('t-0', 1, [1, 2])
  expect(await cluster.broker(1).produce('t', ['after'])).toMatchObject({ error: 'NONE', baseOffset: 1 })
  expect(await values(cluster.broker(2).log('t', 0))).toEqual(['before', 'after'])
  await cluster.broker(0).start()
  await cluster.tellAll()
  await cluster.untilLater(() => cluster.broker(0).log('t', 0).logEndOffset === 2, 100)
})

test('a replica that sleeps is stopped and deleted as any other; the controller is told of stale epochs', async () => {
  const cluster = await restarted()
  const { topics = [] } = await cluster.tell(2)
  const codes = topics.flatMap(({ partitionErrors = [] }) =>
    partitionErrors.map(({ errorCode }) => errorCode),
  )
  expect(codes).toEqual(PARTITIONS.map(() => 11))
  await cluster.stopReplica(1, 't-0')
  expect(cluster.broker(1).logManager.getLog('t', 0)).toBeUndefined()
  expect(cluster.broker(1).replicas.partition('t', 0)).toBeUndefined()
  expect(cluster.broker(1).replicas.partition('t', 1)?.isLeader).toBe(true)
})

test('after a kill nothing sleeps', async () => {
  const cluster = await restarted()
  await restart(cluster, () => {
    for (const broker of cluster.brokers) broker.forgetCleanStop()
  })
  expect(PARTITIONS.flatMap((partition) => asleep(cluster, partition))).not.toContain(true)
  const open = cluster.brokers.map((broker) => PARTITIONS.filter((p) => broker.log('t', p).isOpen))
  expect(open).toEqual([PARTITIONS, PARTITIONS, PARTITIONS])
  expect(await cluster.broker(0).produce('t', ['after'])).toMatchObject({ error: 'NONE', baseOffset: 1 })
})
