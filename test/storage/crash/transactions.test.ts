import { describe } from 'vitest'
import { ABORT_MARKER, COMMIT_MARKER } from '../../../src/records/index.ts'
import { type Scenario, testCrashPoints } from './points.ts'
import type { World } from './world.ts'

/** Two transactions that overlap; one of them begins in an earlier segment than it ends in. */
async function overlapping(world: World): Promise<void> {
  await world.sendTransactional(100, 0)
  await world.sendTransactional(200, 0)
  await world.send()
  await world.endTransaction(200, ABORT_MARKER)
  await world.sendTransactional(100, 1)
  await world.endTransaction(100, ABORT_MARKER)
  await world.sendTransactional(200, 1)
  await world.endTransaction(200, COMMIT_MARKER)
  await world.sendTransactional(100, 2)
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'transactions',
    prepare: async (world) => {
      await world.open()
      await world.send()
    },
    run: async (world) => {
      await overlapping(world)
      await world.flush()
    },
  },
  {
    name: 'transactions that are cut',
    prepare: async (world) => {
      await world.open()
      await overlapping(world)
      await world.flush()
      await world.logs.checkpointRecoveryPoints()
    },
    run: async (world) => {
      await world.truncateTo(6)
      world.epoch = 1
      await world.endTransaction(100, ABORT_MARKER)
      await world.flush()
    },
  },
  {
    name: 'a clean end after an aborted transaction',
    prepare: async (world) => {
      await world.open()
      await world.sendTransactional(100, 0)
      await world.flush()
    },
    run: async (world) => {
      await world.endTransaction(100, ABORT_MARKER)
      await world.shutdown()
    },
  },
]

describe.each(SCENARIOS)('$name', async (scenario) => {
  await testCrashPoints(scenario)
})
