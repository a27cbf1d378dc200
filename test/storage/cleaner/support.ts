import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  ABORT_MARKER,
  BatchBuilder,
  type BatchOptions,
  batchSizeBytes,
  batchStarts,
  buildEndTxnMarker,
  COMMIT_MARKER,
  isControl,
  nextOffset,
  readRecords,
} from '../../../src/records/index.ts'
import type { Log, LogManager } from '../../../src/storage/index.ts'
import { LEADER, newLog, readRaw, type Setup, type TestDir } from '../support.ts'

export const START_MS = 1_700_000_000_000

/** One record: key, value, and how long after the others it was written. */
export type Keyed = readonly [key: string | null, value: string | null, afterMs?: number]

function bytesOf(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text)
}

export function keyed(records: readonly Keyed[], options: BatchOptions = {}): Buffer {
  const builder = new BatchBuilder(options)
  for (const [key, value, afterMs] of records) {
    builder.append(START_MS + (afterMs ?? 0), bytesOf(key), bytesOf(value))
  }
  return builder.build()
}

export function marker(producerId: number, isCommit: boolean, producerEpoch = 0): Buffer {
  return buildEndTxnMarker({
    type: isCommit ? COMMIT_MARKER : ABORT_MARKER,
    producerId,
    producerEpoch,
    coordinatorEpoch: 0,
    timestampMs: START_MS,
  })
}

export const COMPACT = { cleanupPolicy: ['compact'], minCleanableDirtyRatio: 0 } as const

export async function compacted(
  dir: TestDir,
  config: Setup['config'] = {},
  setup: Setup = {},
): Promise<{ manager: LogManager; log: Log }> {
  return newLog(dir, { ...setup, config: { ...COMPACT, ...config } })
}

/** As a coordinator, who may write markers too; the watermark follows. */
export async function append(log: Log, ...batches: Buffer[]): Promise<void> {
  for (const batch of batches) await log.appendAsLeader(batch, { ...LEADER, origin: 'coordinator' })
  log.updateHighWatermark(log.logEndOffset)
}

/** Begins a new segment, with a record of the key `roll`. What was written before can be cleaned. */
export async function roll(log: Log): Promise<void> {
  const { config } = log
  const batch = keyed([['roll', '']])
  log.updateConfig({ ...config, segmentBytes: batch.length })
  await append(log, batch)
  log.updateConfig(config)
}

/** Every batch that a reader gets, of the whole log. */
export async function batches(log: Log): Promise<Buffer[]> {
  const found: Buffer[] = []
  for (let at = log.logStartOffset; at < log.logEndOffset; ) {
    const bytes = await readRaw(log, at)
    if (bytes.length === 0) break
    for (const start of batchStarts(bytes)) {
      if (nextOffset(bytes, start) <= at) continue
      found.push(bytes.subarray(start, start + batchSizeBytes(bytes, start)))
      at = nextOffset(bytes, start)
    }
  }
  return found
}

/** `offset:key=value`, tombstones without `=`; markers and what began segments are left out. */
export async function contents(log: Log): Promise<string[]> {
  const shown: string[] = []
  for (const batch of await batches(log)) {
    if (isControl(batch, 0)) continue
    for (const { offset, key, value } of readRecords(batch, 0)) {
      if (String(key) !== 'roll')
        shown.push(`${offset}:${String(key)}${value === null ? '' : `=${String(value)}`}`)
    }
  }
  return shown
}

export function filesOf(dir: TestDir, name = 't-0'): string[] {
  return readdirSync(join(dir.path, name)).sort()
}
