import { describe } from 'vitest'
import { type Scenario, testFailures } from './points.ts'
import { SMALL, type World } from './world.ts'

async function some(world: World): Promise<void> {
  await world.open()
  await world.sendMany(3)
  world.log.updateHighWatermark(4)
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'appends and rolls',
    prepare: some,
    run: async (world) => {
      await world.sendMany(4)
      world.epoch = 1
      await world.sendMany(3)
    },
  },
  {
    name: 'flushes and checkpoints',
    prepare: some,
    run: async (world) => {
      await world.flush()
      await world.logs.checkpointRecoveryPoints()
      await world.deleteRecords(3)
      await world.logs.checkpointLogStartOffsets()
      await world.logs.checkpointHighWatermarks()
      await world.sendMany(3)
      await world.flush()
      await world.logs.checkpointRecoveryPoints()
    },
  },
  {
    name: 'truncation',
    prepare: async (world) => {
      await some(world)
      await world.sendMany(6)
      await world.flush()
      await world.logs.checkpointRecoveryPoints()
    },
    run: async (world) => {
      await world.truncateTo(6)
      world.epoch = 1
      await world.sendMany(2)
    },
  },
  {
    name: 'retention',
    settings: { config: { ...SMALL.config, retentionBytes: 900 } },
    prepare: async (world) => {
      await some(world)
      await world.sendMany(12)
      world.log.updateHighWatermark(28)
    },
    run: async (world) => {
      await world.deleteOldSegments()
      await world.send()
    },
  },
  {
    name: 'making a log',
    prepare: (world) => world.start(),
    run: async (world) => {
      await world.open()
      await world.send()
    },
  },
]

describe.each(SCENARIOS)('$name', (scenario) => {
  for (const code of ['ENOSPC', 'EIO', 'EMFILE']) testFailures(scenario, code)
})
