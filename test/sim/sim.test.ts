import { expect, it } from 'vitest'
// What is loaded on first use elsewhere is here already: a simulation waits for nothing real.
import '../../src/client/admin/log-dirs.ts'
import '../../src/storage/cleaner/make-cleaner.ts'
import '../../src/zookeeper/net/client-port.ts'
import '../../src/zookeeper/net/network-client.ts'
import { testRandom } from '../support/seed.ts'
import { KEPT_SEEDS } from './seeds.ts'
import { type SimulationResult, simulate } from './simulation.ts'

const NEW_SEEDS = 5

async function expectClean(seed: number): Promise<void> {
  const { violations, plan } = await simulate(seed)
  const again = `npm run sim -- --seed ${seed}`
  expect(violations, `seed ${seed} (${plan}); again with: ${again}`).toEqual([])
}

it.each(KEPT_SEEDS)('seed %i: %s', expectClean)

it('other seeds each time', async () => {
  const { random } = testRandom()
  for (let i = 0; i < NEW_SEEDS; i++) await expectClean(random.int(2 ** 31))
})

it('the same seed has the same history', async () => {
  const results: SimulationResult[] = []
  // From the same place: it is in the stacks of errors.
  for (let i = 0; i < 2; i++) results.push(await simulate(3))
  const [first, second] = results
  expect(second).toEqual(first)
  expect(first).toMatchObject({ violations: [] })
  expect(first?.acknowledged).toBeGreaterThan(100)
  expect(first?.read).toBeGreaterThan(100)
})
