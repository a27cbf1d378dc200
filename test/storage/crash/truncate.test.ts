import { describe } from 'vitest'
import { type Scenario, testCrashPoints } from './points.ts'
import type { World } from './world.ts'

async function twoEpochs(world: World): Promise<void> {
  await world.open()
  await world.sendMany(6)
  world.epoch = 1
  await world.sendMany(6)
  await world.flush()
  await world.logs.checkpointRecoveryPoints()
}

/** As a follower does that hears of another past: it cuts, and goes on with the new leader's records. */
async function cutAndGoOn(world: World, offset: number): Promise<void> {
  await world.truncateTo(offset)
  world.epoch = 2
  await world.sendMany(5)
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'truncate in the last segment',
    prepare: twoEpochs,
    run: (world) => cutAndGoOn(world, 22),
  },
  {
    name: 'truncate across segments',
    prepare: twoEpochs,
    run: (world) => cutAndGoOn(world, 6),
  },
  {
    name: 'truncate to where a segment begins',
    prepare: twoEpochs,
    run: (world) => cutAndGoOn(world, 8),
  },
  {
    name: 'truncate to nothing',
    prepare: twoEpochs,
    run: (world) => cutAndGoOn(world, 0),
  },
  {
    name: 'truncate what was not flushed',
    prepare: async (world) => {
      await world.open()
      await world.sendMany(12)
    },
    run: (world) => cutAndGoOn(world, 14),
  },
  {
    name: 'truncate, flush and checkpoint',
    prepare: twoEpochs,
    run: async (world) => {
      await cutAndGoOn(world, 6)
      await world.flush()
      await world.logs.checkpointRecoveryPoints()
    },
  },
  {
    name: 'truncate fully and start elsewhere',
    prepare: twoEpochs,
    run: async (world) => {
      await world.truncateFullyAndStartAt(100)
      world.epoch = 2
      await world.sendMany(3)
      await world.flush()
    },
  },
]

describe.each(SCENARIOS)('$name', async (scenario) => {
  await testCrashPoints(scenario)
})
