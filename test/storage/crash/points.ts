import { expect, it } from 'vitest'
import { KcliError } from '../../../src/base/errors.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { LogDirectoryError } from '../../../src/storage/index.ts'
import { MemoryFileSystem, type StopMode } from '../../support/memory-file-system.ts'
import { checkImage } from './check.ts'
import { LOG_DIR, type Settings, SMALL, World } from './world.ts'

/** Something that a process does, of which every single change of the files is a point where it can die. */
export interface Scenario {
  readonly name: string
  readonly settings?: Settings
  /** What came before; no crash points. */
  readonly prepare?: (world: World) => Promise<void>
  readonly run: (world: World) => Promise<void>
}

interface Point {
  readonly change: number
  readonly mode: StopMode
  readonly name: string
}

/** Images of a power failure per crash point, beside the one in which everything unsynced is lost. */
const POWER_FAILURES = 1

/**
 * A test for each crash point: the process dies before a change, in the middle of it, or (behind the last one) after
 * it; the files are looked at as a killed process leaves them, and as power failures do.
 */
export async function testCrashPoints(scenario: Scenario): Promise<void> {
  for (const point of await pointsOf(scenario)) {
    it(`${scenario.name}: ${point.name}`, async () => {
      const world = await crash(scenario, point)
      await checkCrashed(world, `${scenario.name} ${point.name}`)
    })
  }
}

/**
 * One test in which each change in turn fails, once, with the error: nothing acknowledged is lost, and the log goes on
 * unless its directory is offline. `byHand`: the changes after which the next start cannot tell which directory is right.
 */
export function testFailures(scenario: Scenario, code: string, byHand: readonly string[] = []): void {
  it(`${scenario.name}: ${code} at any change`, async () => {
    const count = await changesOf(scenario)
    const twice: string[] = []
    for (const [change, name] of count.entries()) {
      try {
        await labelled(`${code} at ${name} (change ${change})`, failOnce(scenario, code, change))
      } catch (error) {
        if (byHand.length === 0 || !(error instanceof LogDirectoryError)) throw error
        twice.push(name.trim())
      }
    }
    expect(twice, 'after these somebody has to choose').toEqual(byHand)
  })
}

async function failOnce(scenario: Scenario, code: string, change: number): Promise<void> {
  const world = await prepared(scenario)
  world.fs.failAt(world.fs.changes.length + change, code)
  await scenario.run(world).catch(requireClear)
  await world.clock.settle()
  if (world.isOnline && !world.logs.hasOffline) {
    await world.open()
    await world.send().catch(requireClear)
    await world.send()
    await world.flush()
  }
  await checkCrashed(world, `${scenario.name} ${code} ${change}`, 0)
}

/** Errors that a client can be told, or the one that the start ends with. */
function requireClear(error: unknown): void {
  if (!(error instanceof KcliError)) throw error
}

/** The files of a dead process, in all states that its death can have left them in. */
export async function checkCrashed(
  world: World,
  seedText: string,
  powerFailures = POWER_FAILURES,
): Promise<void> {
  const { fs, settings, ledger } = world
  await labelled('process killed', checkImage(fs.restarted(), settings, ledger, Number.POSITIVE_INFINITY))
  await labelled('power failed', checkImage(fs.afterPowerFailure(), settings, ledger, ledger.flushedTo))
  for (let i = 0; i < powerFailures; i++) {
    const seed = seedOf(`${seedText} ${i}`)
    const image = fs.afterPowerFailure(seededRandom(seed))
    await labelled(`power failed, seed ${seed}`, checkImage(image, settings, ledger, ledger.flushedTo))
  }
}

/** Runs the scenario up to the point. What the dying process still had under way is over when it resolves. */
export async function crash(scenario: Scenario, point: Pick<Point, 'change' | 'mode'>): Promise<World> {
  const world = await prepared(scenario)
  world.fs.stopAt(world.fs.changes.length + point.change, point.mode)
  await scenario.run(world).catch((error: unknown) => {
    if (!world.fs.hasStopped) throw error
  })
  await world.clock.settle()
  return world
}

export async function pointsOf(scenario: Scenario): Promise<Point[]> {
  const changes = await changesOf(scenario)
  const points = changes.flatMap((change, i) => {
    const modes: StopMode[] = ['before']
    if (/^write/.test(change)) modes.push('half')
    if (change.startsWith('writeFile')) modes.push('emptied')
    if (i === changes.length - 1) modes.push('after')
    return modes.map((mode) => ({
      change: i,
      mode,
      name: `${mode} ${change} (${i + 1} of ${changes.length})`,
    }))
  })
  if (points.length === 0) throw new Error(`${scenario.name} changes nothing`)
  return points
}

/** As `operation path`. */
async function changesOf(scenario: Scenario): Promise<string[]> {
  const world = await prepared(scenario)
  const before = world.fs.changes.length
  await scenario.run(world)
  await world.clock.settle()
  return world.fs.changes.slice(before).map((change) => change.replaceAll(LOG_DIR, '').replace(' /', ' '))
}

async function prepared(scenario: Scenario): Promise<World> {
  const fs = new MemoryFileSystem()
  const settings = scenario.settings ?? SMALL
  for (const logDir of settings.logDirs ?? [LOG_DIR]) fs.putDirectory(logDir)
  const world = new World(fs, settings)
  await scenario.prepare?.(world)
  await world.clock.settle()
  return world
}

async function labelled(label: string, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (error instanceof Error) error.message = `${label}: ${error.message}`
    throw error
  }
}

export function seedOf(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) >>> 0
  return hash
}
