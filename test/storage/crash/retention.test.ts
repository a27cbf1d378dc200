import { describe } from 'vitest'
import { type Scenario, testCrashPoints } from './points.ts'
import { SMALL, type World } from './world.ts'

/** Several segments, of which all but the newest records are replicated. */
async function replicated(world: World): Promise<void> {
  await world.open()
  await world.sendMany(10)
  world.epoch = 1
  await world.sendMany(6)
  world.log.updateHighWatermark(28)
  await world.flush()
  await world.logs.checkpointRecoveryPoints()
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'retention by size',
    settings: { config: { ...SMALL.config, retentionBytes: 900 } },
    prepare: replicated,
    run: async (world) => {
      await world.deleteOldSegments()
      await world.send()
    },
  },
  {
    name: 'retention of everything',
    settings: { config: { ...SMALL.config, retentionMs: 1000 } },
    prepare: async (world) => {
      await replicated(world)
      world.log.updateHighWatermark(world.log.logEndOffset)
    },
    run: async (world) => {
      world.clock.now += 100_000
      await world.deleteOldSegments()
      await world.send()
    },
  },
  {
    name: 'retention whose files go later',
    settings: { config: { ...SMALL.config, retentionBytes: 900, fileDeleteDelayMs: 60_000 } },
    prepare: replicated,
    run: async (world) => {
      await world.deleteOldSegments()
      await world.send()
      await world.clock.advance(60_000)
      await world.send()
    },
  },
  {
    name: 'DeleteRecords',
    prepare: replicated,
    run: async (world) => {
      await world.deleteRecords(11)
      await world.logs.checkpointLogStartOffsets()
      await world.send()
      await world.deleteOldSegments()
      await world.logs.checkpointLogStartOffsets()
      await world.send()
    },
  },
  {
    name: 'DeleteRecords of everything',
    prepare: async (world) => {
      await replicated(world)
      world.log.updateHighWatermark(world.log.logEndOffset)
    },
    run: async (world) => {
      await world.deleteRecords(world.log.logEndOffset)
      await world.logs.checkpointLogStartOffsets()
      await world.deleteOldSegments()
      await world.send()
      await world.flush()
    },
  },
]

describe.each(SCENARIOS)('$name', async (scenario) => {
  await testCrashPoints(scenario)
})
