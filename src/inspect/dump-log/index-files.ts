import { systemErrorCode } from '../../base/errors.ts'
import type { FileSystem } from '../../base/file-system.ts'
import { JavaException } from '../../base/java-exception.ts'
import * as batch from '../../records/index.ts'
import { lastOffset } from './batch-line.ts'
import type { DumpSession } from './dump-log.ts'
import { FileRecords } from './file-records.ts'
import { absolutePath, addLong, besides, type Long, offsetInName, readLong } from './java.ts'
import { readDumpedRecords } from './record-reader.ts'

const CORRUPT_INDEX = 'org.apache.kafka.storage.internals.log.CorruptIndexException'
const NO_LIMIT = 0x7fffffff
/** What Kafka keeps in memory of the end of an index, and searches first. */
const WARM_BYTES = 8192

/** `.index` (8 bytes an entry: relative offset, position) or `.timeindex` (12: timestamp, relative offset), as it lies there. */
class RawIndex {
  readonly baseOffset: Long
  readonly path: string
  readonly bytes: Buffer
  readonly entrySize: number
  readonly entries: number

  constructor(fs: FileSystem, path: string, baseOffset: Long, entrySize: 8 | 12) {
    this.path = path
    this.baseOffset = baseOffset
    this.entrySize = entrySize
    this.bytes = readIndex(fs, path)
    this.entries = Math.floor(this.bytes.length / entrySize)
  }

  offset(i: number): Long {
    const at = i * this.entrySize + (this.entrySize === 12 ? 8 : 0)
    return addLong(this.baseOffset, this.bytes.readInt32BE(at))
  }

  position(i: number): number {
    return this.bytes.readInt32BE(i * this.entrySize + 4)
  }

  timestamp(i: number): Long {
    return readLong(this.bytes, i * this.entrySize)
  }

  /** The position of the last entry at or before `target` (AbstractIndex.largestLowerBoundSlotFor), 0 when there is none. */
  lookup(target: Long): number {
    if (this.entries === 0) return 0
    const firstWarm = Math.max(0, this.entries - 1 - Math.floor(WARM_BYTES / this.entrySize))
    if (this.offset(firstWarm) < target) return this.search(target, firstWarm, this.entries - 1)
    return this.offset(0) > target ? 0 : this.search(target, 0, firstWarm)
  }

  private search(target: Long, from: number, to: number): number {
    let low = from
    let high = to
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      const found = this.offset(middle)
      if (found === target) return this.position(middle)
      if (found > target) high = middle - 1
      else low = middle
    }
    return this.position(low)
  }
}

/** Kafka's tool makes an index that is missing, empty, and then fails; we only fail. */
function readIndex(fs: FileSystem, path: string): Buffer {
  try {
    return fs.readFileSync(path)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
    throw new JavaException('java.lang.IllegalArgumentException', 'Invalid max index size: -1', error)
  }
}

/** DumpLogSegments.dumpIndex: each entry must lead to a batch that ends with its offset. */
export async function dumpIndex(session: DumpSession, file: string, maxMessageSize: number): Promise<void> {
  const { options, fs } = session
  const baseOffset = offsetInName(file)
  const absolute = absolutePath(file, session.workingDir)
  const records = new FileRecords(fs, besides(absolute, '.log'))
  try {
    const index = new RawIndex(fs, file, baseOffset, 8)
    if (index.entries === 0) return session.print(`${file} is empty.\n`)
    if (options.indexSanityCheck) {
      checkOffsetIndex(index, absolute)
      return session.print(`${file} passed sanity check.\n`)
    }
    for (let i = 0; i < index.entries; i++) {
      const offset = index.offset(i)
      // What was allocated in advance is zero.
      if (offset === baseOffset && i > 0) return
      const position = index.position(i)
      const found = await firstLastOffset(records, position, records.sliceEnd(position, maxMessageSize))
      if (found !== offset) session.report('indexMismatch', file, offset, found)
      if (!options.verifyIndexOnly) session.print(`offset: ${offset} position: ${position}\n`)
      if (session.isBehind) await session.room()
    }
  } finally {
    records.close()
  }
}

async function firstLastOffset(records: FileRecords, from: number, to: number): Promise<Long> {
  for await (const { buffer, at } of records.batches(from, to, 'head')) return lastOffset(buffer, at)
  throw new JavaException('java.util.NoSuchElementException')
}

function checkOffsetIndex(index: RawIndex, absolute: string): void {
  const last = index.offset(index.entries - 1)
  if (last < index.baseOffset) {
    throw new JavaException(
      CORRUPT_INDEX,
      `Corrupt index found, index file ${absolute} has non-zero size but the last offset is ${last} which is less than the base offset ${index.baseOffset}`,
    )
  }
  checkSize(index, `Index file ${absolute}`)
}

function checkSize(index: RawIndex, name: string): void {
  if (index.bytes.length % index.entrySize === 0) return
  throw new JavaException(
    CORRUPT_INDEX,
    `${name} is corrupt, found ${index.bytes.length} bytes which is neither positive nor a multiple of ${index.entrySize}`,
  )
}

function checkTimeIndex(index: RawIndex, absolute: string): void {
  if (index.entries > 0) {
    const last = index.entries - 1
    const corrupt = (what: string, found: Long, least: Long) =>
      new JavaException(
        CORRUPT_INDEX,
        `Corrupt time index found, time index file (${absolute}) has non-zero size but the last ${what} is ${found} which is less than the first ${what} ${least}`,
      )
    if (index.timestamp(last) < index.timestamp(0))
      throw corrupt('timestamp', index.timestamp(last), index.timestamp(0))
    if (index.offset(last) < index.baseOffset) throw corrupt('offset', index.offset(last), index.baseOffset)
  }
  checkSize(index, `Time index file ${absolute}`)
}

/** DumpLogSegments.dumpTimeIndex: each entry must name a batch by its last offset and the largest timestamp in it. */
export async function dumpTimeIndex(session: DumpSession, file: string): Promise<void> {
  const { options, fs } = session
  const baseOffset = offsetInName(file)
  const absolute = absolutePath(file, session.workingDir)
  const records = new FileRecords(fs, besides(absolute, '.log'))
  try {
    const index = new RawIndex(fs, besides(absolute, '.index'), baseOffset, 8)
    const timeIndex = new RawIndex(fs, file, baseOffset, 12)
    if (options.indexSanityCheck) {
      checkTimeIndex(timeIndex, absolute)
      return session.print(`${file} passed sanity check.\n`)
    }
    let previous: Long = batch.NO_TIMESTAMP
    for (let i = 0; i < timeIndex.entries; i++) {
      const offset = timeIndex.offset(i)
      if (offset === baseOffset && i > 0) return
      const timestamp = timeIndex.timestamp(i)
      const from = index.lookup(offset)
      const found = await batchAt(records, from, offset)
      if (found === undefined || found.lastOffset !== offset)
        session.report('offsetNotFound', file, offset, found?.lastOffset ?? -1)
      else {
        if (found.maxTimestamp !== timestamp)
          session.report('timeMismatch', file, timestamp, found.maxTimestamp)
        if (previous >= timestamp) session.report('timeOutOfOrder', file, timestamp, previous)
      }
      if (!options.verifyIndexOnly) session.print(`timestamp: ${timestamp} offset: ${offset}\n`)
      previous = timestamp
      if (session.isBehind) await session.room()
    }
  } finally {
    records.close()
  }
}

/** The first batch from `from` on that reaches `target`; its records are read when it ends there. */
async function batchAt(
  records: FileRecords,
  from: number,
  target: Long,
): Promise<{ lastOffset: Long; maxTimestamp: Long } | undefined> {
  for await (const head of records.batches(from, records.sliceEnd(from, NO_LIMIT), 'head')) {
    const last = lastOffset(head.buffer, head.at)
    if (last < target) continue
    if (last !== target) return { lastOffset: last, maxTimestamp: batch.NO_TIMESTAMP }
    const { position, sizeBytes } = head
    let maxTimestamp: Long = batch.NO_TIMESTAMP
    for await (const whole of records.batches(position, position + sizeBytes)) {
      for (const { timestamp } of readDumpedRecords(whole.buffer, whole.at))
        if (timestamp > maxTimestamp) maxTimestamp = timestamp
    }
    return { lastOffset: last, maxTimestamp }
  }
  return undefined
}
