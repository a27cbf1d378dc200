import type { FileSystem } from '../../base/file-system.ts'
import * as batch from '../../records/index.ts'
import { BatchWalk, type WalkEnd } from '../batch-walk.ts'
import type { LocatedFile } from '../locate.ts'
import { type LogFilter, matchesBatch, matchesRecord } from './batch-filter.ts'
import { startPosition } from './seek.ts'

/** A batch as its head tells it. */
export interface DumpedBatch {
  readonly file: LocatedFile
  readonly position: number
  readonly sizeBytes: number
  readonly magic: number
  readonly baseOffset: number
  readonly lastOffset: number
  /** -1 in the formats before v2. */
  readonly count: number
  readonly codec: string
  readonly crc: number
  readonly isCrcValid: boolean
  readonly timestampType: 'create' | 'append' | 'none'
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
  readonly leaderEpoch: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly deleteHorizonMs: number | undefined
  readonly marker: Marker | undefined
}

/** What a control record says. */
export interface Marker {
  /** `COMMIT`, `ABORT`, or the number of a type that belongs to KRaft. */
  readonly type: string
  readonly coordinatorEpoch: number | undefined
}

/** A record, its bytes good until the next step. */
export interface DumpedRecord {
  readonly batch: DumpedBatch
  readonly record: batch.LogRecord
  readonly marker: Marker | undefined
}

/** Something that cannot be shown. `damaged`: the file is not as it was written. */
export interface DumpProblem {
  readonly file: LocatedFile
  readonly kind: 'torn' | 'damaged'
  readonly text: string
}

export interface LogDumpOptions {
  readonly filter: LogFilter
  readonly onProblem: (problem: DumpProblem) => void
}

/** The batches of a `.log` file that match, in bounded memory. */
export async function* dumpBatches(
  fs: FileSystem,
  file: LocatedFile,
  options: LogDumpOptions,
): AsyncGenerator<DumpedBatch> {
  for await (const { info } of walkMatching(fs, file, options)) yield info
}

/** The records that match. Those of a batch whose checksum is wrong are not shown: they may be anything. */
export async function* dumpRecords(
  fs: FileSystem,
  file: LocatedFile,
  options: LogDumpOptions,
): AsyncGenerator<DumpedRecord> {
  for await (const { info, buffer, at } of walkMatching(fs, file, options)) {
    const damaged = (text: string) => options.onProblem({ file, kind: 'damaged', text })
    if (!info.isCrcValid) {
      damaged(`the batch at byte ${info.position} has a wrong checksum; its records are left out`)
      continue
    }
    try {
      const section =
        info.magic >= batch.MAGIC_V2 ? { section: await batch.recordSectionAsync(buffer, at) } : {}
      for (const record of batch.readRecords(buffer, at, section)) {
        if (!matchesRecord(options.filter, record.offset, record.timestampMs)) continue
        yield { batch: info, record, marker: info.isControl ? markerOf(record) : undefined }
      }
    } catch (error) {
      if (!(error instanceof batch.InvalidBatchError)) throw error
      damaged(`the records of the batch at byte ${info.position} cannot be read: ${error.message}`)
    }
  }
}

async function* walkMatching(
  fs: FileSystem,
  file: LocatedFile,
  { filter, onProblem }: LogDumpOptions,
): AsyncGenerator<{ info: DumpedBatch; buffer: Buffer; at: number }> {
  const log = fs.openSync(file.path, 'r')
  try {
    const from = await startPosition(fs, log, file.baseOffset ?? 0, filter)
    const walk = new BatchWalk(log, { from })
    for await (const { buffer, at, position, sizeBytes } of walk) {
      if (filter.toOffset !== undefined && isBehind(buffer, at, filter.toOffset)) return
      if (matchesBatch(filter, buffer, at))
        yield { info: batchInfo(file, buffer, at, position, sizeBytes), buffer, at }
    }
    if (walk.end !== undefined) tellEnd(file, walk.end, onProblem)
  } finally {
    log.closeSync()
  }
}

function isBehind(buffer: Buffer, at: number, toOffset: number): boolean {
  return batch.magic(buffer, at) >= batch.MAGIC_V2 && batch.baseOffset(buffer, at) >= toOffset
}

function tellEnd(file: LocatedFile, end: WalkEnd, onProblem: (problem: DumpProblem) => void): void {
  const bytes = end.limit - end.position
  const where = `the last ${bytes} bytes, from ${end.position} on, are no whole batch`
  if (end.reason === 'torn') onProblem({ file, kind: 'torn', text: `${where} (cut off, or being written)` })
  if (end.reason === 'corrupt') onProblem({ file, kind: 'damaged', text: `${where}: ${end.message}` })
}

function batchInfo(
  file: LocatedFile,
  buffer: Buffer,
  at: number,
  position: number,
  sizeBytes: number,
): DumpedBatch {
  const isControl = batch.isControl(buffer, at)
  const isCrcValid = batch.isCrcValid(buffer, at)
  return {
    file,
    position,
    sizeBytes,
    magic: batch.magic(buffer, at),
    baseOffset: batch.baseOffset(buffer, at),
    lastOffset: batch.lastOffset(buffer, at),
    count: batch.recordCount(buffer, at),
    codec: batch.codecName(batch.codecId(buffer, at)) ?? `unknown(${batch.codecId(buffer, at)})`,
    crc: batch.crc(buffer, at),
    isCrcValid,
    timestampType: timestampTypeName(batch.timestampType(buffer, at)),
    baseTimestampMs: batch.baseTimestamp(buffer, at),
    maxTimestampMs: batch.maxTimestamp(buffer, at),
    leaderEpoch: batch.partitionLeaderEpoch(buffer, at),
    producerId: batch.producerId(buffer, at),
    producerEpoch: batch.producerEpoch(buffer, at),
    baseSequence: batch.baseSequence(buffer, at),
    lastSequence: batch.lastSequence(buffer, at),
    isTransactional: batch.isTransactional(buffer, at),
    isControl,
    deleteHorizonMs: batch.deleteHorizonMs(buffer, at),
    marker: isControl && isCrcValid ? firstMarker(buffer, at) : undefined,
  }
}

function timestampTypeName(type: batch.TimestampType): DumpedBatch['timestampType'] {
  return type === batch.NO_TIMESTAMP_TYPE ? 'none' : type === batch.LOG_APPEND_TIME ? 'append' : 'create'
}

function firstMarker(buffer: Buffer, at: number): Marker | undefined {
  try {
    for (const record of batch.readRecords(buffer, at)) return markerOf(record)
  } catch (error) {
    if (!(error instanceof batch.InvalidBatchError)) throw error
  }
  return undefined
}

function markerOf(record: batch.LogRecord): Marker {
  const { type, coordinatorEpoch } = batch.readControlRecord(record)
  const name = type === batch.COMMIT_MARKER ? 'COMMIT' : type === batch.ABORT_MARKER ? 'ABORT' : String(type)
  return { type: name, coordinatorEpoch }
}
