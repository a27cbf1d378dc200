import { expect, test, vi } from 'vitest'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { TestCluster } from './support/test-cluster.ts'

const PARTITIONS = 200

/** A cluster with a topic, and time that passes a millisecond with every look at the clock: making logs takes some. */
async function setup() {
  const cluster = await TestCluster.start({ brokers: 1 })
  await cluster.createTopic('small', [0])
  let addedMs = 0
  const monotonicMs = cluster.clock.monotonicMs.bind(cluster.clock)
  vi.spyOn(cluster.clock, 'monotonicMs').mockImplementation(() => monotonicMs() + addedMs++)
  return { cluster, broker: cluster.broker(0) }
}

test('others are served while many partitions are made', async () => {
  const { cluster, broker } = await setup()
  const made = () => broker.logManager.partitions().filter(({ topic }) => topic === 'many').length
  const creating = cluster.createTopic('many', [0], PARTITIONS)
  const counts: number[] = []
  while (made() < PARTITIONS) {
    await new Promise((resolve) => setImmediate(resolve))
    await broker.produce('small', ['a'])
    counts.push(made())
  }
  await creating
  expect(counts.filter((count) => count > 0 && count < PARTITIONS).length).toBeGreaterThan(3)
  expect((await broker.produce('many', ['a'], { partition: PARTITIONS - 1 })).error).toBe('NONE')
})

test('a broker that stops makes no more of them, and says so', async () => {
  const { cluster, broker } = await setup()
  const creating = cluster.createTopic('many', [0], PARTITIONS)
  const answer = cluster.tell(0)
  await new Promise((resolve) => setImmediate(resolve))
  await broker.replicas.shutdown()
  const atShutdown = broker.logManager.partitions().length
  expect(atShutdown).toBeLessThan(PARTITIONS)
  await creating
  const codes = (await answer).topics?.flatMap(({ partitionErrors = [] }) =>
    partitionErrors.map(({ errorCode }) => errorCode),
  )
  expect(codes).toContain(ERROR_CODES.BROKER_NOT_AVAILABLE)
  expect(broker.logManager.partitions().length).toBe(atShutdown)
})
