import { describe } from 'vitest'
import { type Scenario, testCrashPoints } from './points.ts'
import { SMALL, World } from './world.ts'

async function some(world: World): Promise<void> {
  await world.open()
  await world.sendMany(5)
  world.log.updateHighWatermark(8)
}

/** The next process on the same files. */
async function restart(world: World): Promise<World> {
  const next = new World(world.fs, world.settings, world.ledger)
  next.epoch = world.epoch + 1
  await next.open()
  return next
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'the first start', run: (world) => world.start() },
  {
    name: 'checkpoints',
    prepare: some,
    run: async (world) => {
      await world.logs.checkpointHighWatermarks()
      await world.flush()
      await world.logs.checkpointRecoveryPoints()
      await world.deleteRecords(5)
      await world.logs.checkpointLogStartOffsets()
      await world.send()
      world.log.updateHighWatermark(12)
      await world.logs.checkpointHighWatermarks()
    },
  },
  { name: 'clean end', prepare: some, run: (world) => world.shutdown() },
  {
    name: 'clean end of a log that was flushed before its last epoch began',
    prepare: async (world) => {
      await some(world)
      await world.flush()
      world.log.assignEpochStartOffset(4, world.log.logEndOffset)
    },
    run: (world) => world.shutdown(),
  },
  {
    name: 'start after a clean end',
    prepare: async (world) => {
      await some(world)
      await world.shutdown()
    },
    run: async (world) => {
      const next = await restart(world)
      await next.sendMany(4)
      await next.flush()
      await next.shutdown()
    },
  },
  {
    name: 'two starts and ends',
    prepare: async (world) => {
      await some(world)
      await world.shutdown()
    },
    run: async (world) => {
      const second = await restart(world)
      await second.sendMany(4)
      await second.truncateTo(12)
      await second.shutdown()
      const third = await restart(second)
      await third.sendMany(2)
      await third.shutdown()
    },
  },
  {
    name: 'deletion of a topic',
    settings: { config: { ...SMALL.config, fileDeleteDelayMs: 60_000 } },
    prepare: some,
    run: async (world) => {
      world.deleteTopic()
      await world.clock.advance(60_000)
    },
  },
  {
    name: 'deletion of a topic, made again at once',
    prepare: some,
    run: async (world) => {
      world.deleteTopic()
      await world.open()
      await world.sendMany(3)
      await world.flush()
    },
  },
]

describe.each(SCENARIOS)('$name', async (scenario) => {
  await testCrashPoints(scenario)
})
