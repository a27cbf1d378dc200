import { defined } from '../../../src/base/assert.ts'
import type { FileSystem } from '../../../src/base/file-system.ts'
import type { Logger } from '../../../src/base/logger.ts'
import * as batch from '../../../src/records/index.ts'
import { type Log, type LogManager, StorageError } from '../../../src/storage/index.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemoryFileSystem } from '../../support/memory-file-system.ts'
import { openManager, PARTITION_DIR, type Settings, World } from '../crash/world.ts'
import { batchOf, readRaw, TOPIC_ID } from '../support.ts'

export { LOG_DIR, PARTITION_DIR } from '../crash/world.ts'

export const SETTINGS: Settings = {
  config: { segmentBytes: 420, indexIntervalBytes: 100, fileDeleteDelayMs: 0 },
}

export interface Image {
  readonly fs: MemoryFileSystem
  /** By offset. */
  readonly values: ReadonlyMap<number, string>
  readonly logEndOffset: number
}

/** A log of a few segments and epochs, with compressed batches and an aborted transaction in it. */
export async function makeImage(isClean: boolean, settings = SETTINGS): Promise<Image> {
  const fs = new MemoryFileSystem()
  fs.putDirectory('/data')
  const world = new World(fs, settings)
  await world.open()
  await world.sendMany(3)
  await world.sendTransactional(100, 0)
  world.epoch = 1
  await world.sendMany(2)
  await world.endTransaction(100, batch.ABORT_MARKER)
  await world.log.appendAsLeader(compressed(world, 'gzip'), { leaderEpoch: 1, origin: 'client' })
  await world.sendMany(2)
  world.epoch = 2
  await world.sendMany(3)
  world.log.updateHighWatermark(world.log.logEndOffset - 2)
  if (isClean) await world.shutdown()
  await world.clock.settle()
  const { logEndOffset } = world.log
  return { fs: fs.restarted(), values: world.ledger.acknowledged, logEndOffset }
}

function compressed(world: World, name: batch.CodecName): Buffer {
  const from = world.log.logEndOffset
  const values = [0, 1, 2].map((i) => `${name}-${i}`)
  for (const [i, value] of values.entries()) world.ledger.acknowledged.set(from + i, value)
  const codec = defined(batch.codecIdByName(name), name)
  return batchOf(values, { codec, timestampMs: 1_700_000_000_000 + from })
}

/** The image once more, to be damaged. */
export function copyOf(image: Image): MemoryFileSystem {
  return image.fs.restarted()
}

export function segmentsOf(fs: MemoryFileSystem, suffix = '.log'): string[] {
  return fs
    .names()
    .filter((name) => name.startsWith(`${PARTITION_DIR}/`) && name.endsWith(suffix))
    .sort()
}

export interface Opened {
  readonly manager: LogManager
  readonly log: Log
  /** Warnings and errors. */
  readonly logged: readonly string[]
}

export async function openImage(fs: FileSystem, settings = SETTINGS): Promise<Opened> {
  const logged: string[] = []
  const note = (message: string) => {
    logged.push(message)
  }
  const logger: Logger = { debug: () => undefined, info: () => undefined, warn: note, error: note }
  const manager = await openManager(fs, settings, new ManualClock(), logger)
  const log = manager.getOrCreateLog('t', 0, { topicId: TOPIC_ID })
  await log.open()
  return { manager, log, logged }
}

export interface Served {
  /** Of batches whose checksum is right: what a consumer or a follower takes. */
  readonly values: Map<number, string>
  /** Offsets that cannot be read, with the error's name, or `checksum`. */
  readonly refused: Map<number, string>
}

/** A damaged base offset can make the log as long as the moon is far. */
const MAX_REFUSED = 40

/** Reads as consumers do, and goes on behind what cannot be read. Throws what is no clear answer. */
export async function serve(log: Log): Promise<Served> {
  const served: Served = { values: new Map(), refused: new Map() }
  let at = log.logStartOffset
  while (at < log.logEndOffset && served.refused.size < MAX_REFUSED) {
    const bytes = await readRaw(log, at, { maxBytes: 1 }).catch((error: unknown) => nameOf(error))
    at = typeof bytes === 'string' ? refuse(served, at, bytes) : take(served, at, bytes)
  }
  return served
}

/** The error's name; throws when it is none that a client can be told. */
export function nameOf(error: unknown): string {
  if (error instanceof StorageError) return error.errorName
  throw error
}

function refuse(served: Served, at: number, why: string): number {
  served.refused.set(at, why)
  return at + 1
}

function take(served: Served, at: number, bytes: Buffer): number {
  if (bytes.length === 0) return refuse(served, at, 'nothing')
  let size: number
  try {
    size = batch.nextBatch(bytes, 0, bytes.length)
  } catch (error) {
    if (error instanceof batch.InvalidBatchError) return refuse(served, at, 'no batch')
    throw error
  }
  if (size <= 0) return refuse(served, at, 'no batch')
  if (!batch.isCrcValid(bytes, 0)) return refuse(served, at, 'checksum')
  if (!batch.isControl(bytes, 0)) {
    for (const record of batch.readRecords(bytes, 0)) served.values.set(record.offset, String(record.value))
  }
  return Math.max(at, batch.lastOffset(bytes, 0)) + 1
}
