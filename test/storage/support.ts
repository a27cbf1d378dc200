import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileSystem } from '../../src/base/file-system.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { isFileRange } from '../../src/base/network.ts'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { seededRandom } from '../../src/base/random.ts'
import { BatchBuilder, type BatchOptions, type LogRecord, readAllRecords } from '../../src/records/index.ts'
import { type CleanerConfig, DEFAULT_CLEANER_CONFIG } from '../../src/storage/cleaner/cleaner-config.ts'
import {
  DEFAULT_LOG_CONFIG,
  type Log,
  type LogConfig,
  LogManager,
  type LogManagerOptions,
  type ReadOptions,
} from '../../src/storage/index.ts'
import type { LogTuning } from '../../src/storage/log-context.ts'
import { ManualClock } from '../support/manual-clock.ts'

export interface Setup {
  readonly fs?: FileSystem
  readonly clock?: ManualClock
  readonly config?: Partial<LogConfig>
  readonly tuning?: Partial<LogTuning>
  readonly cleaner?: Partial<CleanerConfig>
  readonly options?: Partial<LogManagerOptions>
}

export class TestDir {
  readonly path = mkdtempSync(join(tmpdir(), 'kcli-storage-'))

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }

  open(setup: Setup = {}): Promise<LogManager> {
    return LogManager.open({
      fs: setup.fs ?? nodeFileSystem,
      clock: setup.clock ?? new ManualClock(),
      logger: silentLogger,
      random: seededRandom(1),
      logDirs: [this.path],
      brokerId: 1,
      clusterId: 'test-cluster',
      defaults: { ...DEFAULT_LOG_CONFIG, ...setup.config },
      loadTopicConfig: () => ({}),
      tuning: {
        ...setup.tuning,
        ...(setup.cleaner && { cleaner: { ...DEFAULT_CLEANER_CONFIG, ...setup.cleaner } }),
      },
      ...setup.options,
    })
  }
}

export const TOPIC_ID = 'mG1zQ7yZR1u0aB3cD4eF5g'

export async function newLog(dir: TestDir, setup: Setup = {}): Promise<{ manager: LogManager; log: Log }> {
  const manager = await dir.open(setup)
  return { manager, log: manager.getOrCreateLog('t', 0, { topicId: null }) }
}

/** One batch with a record per value. */
export function batchOf(
  values: readonly string[],
  options: BatchOptions & { timestampMs?: number } = {},
): Buffer {
  const builder = new BatchBuilder(options)
  for (const value of values) {
    builder.append(options.timestampMs ?? 1_700_000_000_000, Buffer.from(`k${value}`), Buffer.from(value))
  }
  return builder.build()
}

export const LEADER = { leaderEpoch: 0, origin: 'client' } as const

export async function readRaw(log: Log, from: number, options: Partial<ReadOptions> = {}): Promise<Buffer> {
  const result = await log.read(from, {
    maxBytes: 10 * 1024 * 1024,
    upperBoundOffset: Number.MAX_SAFE_INTEGER,
    minOneMessage: true,
    ...options,
  })
  const parts = result.parts.map((part) => {
    if (!isFileRange(part)) return Buffer.from(part)
    const bytes = Buffer.alloc(part.length)
    part.file.readSync(bytes, 0, part.length, part.position)
    part.release()
    return bytes
  })
  return Buffer.concat(parts)
}

/** Every record from `from` to the end, over as many reads as it takes. */
export async function readAll(log: Log, from = log.logStartOffset): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for (let at = from; at < log.logEndOffset; ) {
    const got = [...readAllRecords(await readRaw(log, at))].filter((record) => record.offset >= at)
    const last = got.at(-1)
    if (last === undefined) throw new Error(`nothing at offset ${at} of ${log.logEndOffset}`)
    records.push(...got)
    at = last.offset + 1
  }
  return records
}

export async function values(log: Log, from?: number): Promise<string[]> {
  return (await readAll(log, from)).map((record) => String(record.value))
}
