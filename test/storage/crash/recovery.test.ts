import { describe, it } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { checkCrashed, crash, pointsOf, type Scenario, seedOf, testCrashPoints } from './points.ts'
import { World } from './world.ts'

/** Several segments and epochs, partly flushed, as a process leaves them that dies. */
async function unclean(world: World): Promise<void> {
  await world.open()
  await world.sendMany(6)
  world.epoch = 1
  await world.sendMany(2)
  await world.flush()
  await world.logs.checkpointRecoveryPoints()
  world.epoch = 2
  await world.sendMany(7)
  world.log.updateHighWatermark(20)
  await world.logs.checkpointHighWatermarks()
}

/** What is promised is what survived the first crash: another one must not take more. */
function afterPowerFailure(world: World, seed: number): void {
  const flushedTo = world.ledger.flushedTo
  for (const offset of [...world.ledger.acknowledged.keys()])
    if (offset >= flushedTo) world.ledger.acknowledged.delete(offset)
  world.fs = world.fs.afterPowerFailure(seededRandom(seed))
}

async function recover(world: World): Promise<void> {
  const next = new World(world.fs, world.settings, world.ledger)
  next.epoch = 3
  await next.open()
  await next.send()
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'recovery after a kill',
    prepare: async (world) => {
      await unclean(world)
      await world.clock.settle()
      world.fs = world.fs.restarted()
    },
    run: recover,
  },
  ...[1, 2, 3].map((seed) => ({
    name: `recovery after power failure ${seed}`,
    prepare: async (world: World) => {
      await unclean(world)
      afterPowerFailure(world, seed)
    },
    run: recover,
  })),
  {
    name: 'recovery of a log with a damaged end',
    prepare: async (world) => {
      await unclean(world)
      await world.clock.settle()
      world.fs = world.fs.restarted()
      cutLastSegment(world)
    },
    run: recover,
  },
]

/** The middle of the last-but-one segment is gone, so that recovery has to cut and to delete. */
function cutLastSegment(world: World): void {
  const name =
    world.fs
      .names()
      .filter((path) => path.endsWith('.log'))
      .at(-2) ?? ''
  const bytes = world.fs.readFileSync(name)
  world.fs.put(name, bytes.subarray(0, bytes.length - 10))
  world.ledger.forgetFrom(16)
}

describe.each(SCENARIOS)('$name', async (scenario) => {
  await testCrashPoints(scenario)
})

describe('a crash in the recovery from a crash in the recovery', async () => {
  const scenario = SCENARIOS[0] as Scenario
  const points = await pointsOf(scenario)
  // One second crash for each first one, at a place that the first one's number decides.
  it.each(points)('$name, then again', async (point) => {
    const world = await crash(scenario, point)
    world.fs = world.fs.restarted()
    world.fs.nowMs = () => world.clock.now
    const random = seededRandom(seedOf(point.name))
    world.fs.stopAt(random.int(20), 'half')
    await recover(world).catch(() => undefined)
    await world.clock.settle()
    await checkCrashed(world, point.name)
  })
})
