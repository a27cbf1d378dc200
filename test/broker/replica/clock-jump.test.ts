import { expect, test } from 'vitest'
import { TestCluster } from './support/test-cluster.ts'

const HOUR_MS = 3_600_000

/** The clock that people set, and that a network sets, moves without any time passing. */
test.each([
  ['forward', HOUR_MS],
  ['back', -HOUR_MS],
])('a wall clock that jumps %s throws nobody out of the ISR, and keeps nobody in it', async (_, byMs) => {
  const cluster = await TestCluster.start({ brokers: 2, config: { replicaLagTimeMaxMs: 10_000 } })
  await cluster.createTopic('t', [0, 1])
  const leader = cluster.broker(0)
  await leader.produce('t', ['a'])
  const { clock } = cluster
  clock.nowMs = () => clock.now + byMs

  // A follower that is behind, but for less than it may be.
  cluster.block(0)
  const pending = leader.produce('t', ['b'], { timeoutMs: 600_000 })
  await clock.advance(6_000)
  expect(cluster.record('t-0').isr).toEqual([0, 1])
  await cluster.untilLater(() => cluster.record('t-0').isr.length === 1, 500)
  expect((await pending).error).toBe('NONE')
})
