import type { File, FileSystem } from '../base/file-system.ts'
import { readInt64 } from '../base/int64.ts'
import * as batch from '../records/index.ts'
import { BatchWalk } from './batch-walk.ts'
import type { Located, LocatedFile, PartitionDir } from './locate.ts'
import { groupByPartition, type PartitionFiles } from './partition-files.ts'

const INDEX_ENTRY_SIZE = 8
const TIME_INDEX_ENTRY_SIZE = 12
/** How much is read for the end of a log that has no newer index entry. */
const MAX_TAIL_BYTES = 4 * 1024 * 1024

/** `preallocated`: the broker makes its active indexes as large as they may become, so zeros follow the entries. */
export type SegmentMark =
  | 'active'
  | 'deleted'
  | 'cleaned'
  | 'swap'
  | 'delete'
  | 'future'
  | 'stray'
  | 'preallocated'
  | 'no-index'
  | 'torn-index'

/** What names, sizes and the last index entries tell of a segment; its batches are not read. */
export interface SegmentSummary {
  readonly dir: PartitionDir
  readonly baseOffset: number
  /** Where the next segment begins; of the last one, behind its last batch. Undefined when that would take long. */
  readonly endOffset: number | undefined
  readonly sizeBytes: number
  /** All files of the segment together. */
  readonly totalBytes: number
  readonly indexEntries: number | undefined
  /** The largest in the time index. */
  readonly lastTimestampMs: number | undefined
  readonly modifiedMs: number
  /** `log`, `index` …: what is there. */
  readonly files: readonly string[]
  readonly marks: readonly SegmentMark[]
}

export async function listSegments(fs: FileSystem, located: Located): Promise<SegmentSummary[]> {
  const rows: SegmentSummary[] = []
  for (const group of groupByPartition(located)) {
    for (const [i, { baseOffset }] of group.segments.entries()) {
      const next = group.segments[i + 1]?.baseOffset
      const files = filesOf(group, baseOffset)
      rows.push(await summaryOf(fs, group.dir, baseOffset, files, { next, isLive: true }))
    }
    const marked = new Set(group.marked.map((file) => `${file.mark} ${file.baseOffset}`))
    for (const key of marked) {
      const files = group.marked.filter((file) => `${file.mark} ${file.baseOffset}` === key)
      const baseOffset = files[0]?.baseOffset ?? 0
      rows.push(await summaryOf(fs, group.dir, baseOffset, files, { next: undefined, isLive: false }))
    }
  }
  return rows
}

function filesOf(group: PartitionFiles, baseOffset: number): LocatedFile[] {
  const segment = group.segments.find((one) => one.baseOffset === baseOffset)
  if (segment === undefined) return []
  const { log, index, timeindex, txnindex, snapshot } = segment
  return [log, index, timeindex, txnindex, snapshot].filter((file) => file !== undefined)
}

async function summaryOf(
  fs: FileSystem,
  dir: PartitionDir,
  baseOffset: number,
  files: readonly LocatedFile[],
  place: { readonly next: number | undefined; readonly isLive: boolean },
): Promise<SegmentSummary> {
  const stats = files.map((file) => ({ file, stat: fs.statSync(file.path) }))
  const present = stats.flatMap(({ file, stat }) => (stat === undefined ? [] : [{ file, stat }]))
  const log = present.find(({ file }) => file.kind === 'log')
  const index = readTail(fs, ofKind(files, 'index'), INDEX_ENTRY_SIZE)
  const times = readTail(fs, ofKind(files, 'timeindex'), TIME_INDEX_ENTRY_SIZE)
  const isActive = place.isLive && place.next === undefined && dir.mark !== 'delete'
  const marks: SegmentMark[] = [
    ...(isActive && dir.isPartial !== true ? (['active'] as const) : []),
    ...(files[0]?.mark ? [files[0].mark] : []),
    ...(dir.mark ? [dir.mark] : []),
    ...(index?.isPadded || times?.isPadded ? (['preallocated'] as const) : []),
    ...(index?.isTorn || times?.isTorn ? (['torn-index'] as const) : []),
    ...(dir.isPartial !== true && (!index || !times) ? (['no-index'] as const) : []),
  ]
  const lastTimestampMs = times?.last === undefined ? undefined : readInt64(times.last, 0)
  return {
    dir,
    baseOffset,
    endOffset: place.next ?? (await findEnd(fs, log?.file, baseOffset, index?.last?.readInt32BE(4) ?? 0)),
    sizeBytes: log?.stat.sizeBytes ?? 0,
    totalBytes: present.reduce((sum, { stat }) => sum + stat.sizeBytes, 0),
    indexEntries: index?.entries,
    lastTimestampMs,
    modifiedMs: log?.stat.modifiedMs ?? 0,
    files: present.map(({ file }) => file.kind),
    marks,
  }
}

function ofKind(files: readonly LocatedFile[], kind: LocatedFile['kind']): LocatedFile | undefined {
  return files.find((file) => file.kind === kind)
}

/** Goes on from the last index entry, which is near the end as a rule. */
async function findEnd(
  fs: FileSystem,
  log: LocatedFile | undefined,
  baseOffset: number,
  from: number,
): Promise<number | undefined> {
  if (log === undefined || !fs.existsSync(log.path)) return undefined
  const file = fs.openSync(log.path, 'r')
  try {
    if (file.sizeSync() - from > MAX_TAIL_BYTES) return undefined
    let end = baseOffset
    for await (const { buffer, at } of new BatchWalk(file, { from, read: 'head' }))
      end = batch.nextOffset(buffer, at)
    return end
  } finally {
    file.closeSync()
  }
}

interface IndexTail {
  readonly entries: number
  readonly last: Buffer | undefined
  readonly isPadded: boolean
  readonly isTorn: boolean
}

/** The number of real entries and the last of them: zeros at the end are none. */
function readTail(fs: FileSystem, file: LocatedFile | undefined, entrySize: number): IndexTail | undefined {
  if (file === undefined || !fs.existsSync(file.path)) return undefined
  const opened = fs.openSync(file.path, 'r')
  try {
    const sizeBytes = opened.sizeSync()
    const count = Math.floor(sizeBytes / entrySize)
    const entries = countEntries(opened, entrySize, count)
    return {
      entries,
      last: entries === 0 ? undefined : readEntry(opened, entrySize, entries - 1),
      isPadded: entries < count,
      isTorn: sizeBytes % entrySize !== 0,
    }
  } finally {
    opened.closeSync()
  }
}

function countEntries(file: File, entrySize: number, count: number): number {
  const isReal = (slot: number) => readEntry(file, entrySize, slot).some((byte) => byte !== 0)
  if (count === 0 || isReal(count - 1)) return count
  let low = 0
  let high = count - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isReal(middle)) low = middle + 1
    else high = middle
  }
  return low
}

function readEntry(file: File, entrySize: number, slot: number): Buffer {
  const bytes = Buffer.alloc(entrySize)
  file.readSync(bytes, 0, entrySize, slot * entrySize)
  return bytes
}
