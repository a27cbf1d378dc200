import { join } from 'node:path'
import type { File, FileSystem } from '../../base/file-system.ts'
import * as batch from '../../records/index.ts'
import {
  CLEANED_SUFFIX,
  INDEX_SUFFIX,
  LOG_SUFFIX,
  offsetFileName,
  SEGMENT_SUFFIXES,
  TIME_INDEX_SUFFIX,
  TXN_INDEX_SUFFIX,
} from '../file-names.ts'
import { canBeRelative, OffsetIndex } from '../offset-index.ts'
import { TimeIndex } from '../time-index.ts'
import { TxnIndex } from '../txn-index.ts'

/** The path of one file of a segment that compaction is writing. */
function cleanedPath(dir: string, baseOffset: number, suffix: string): string {
  return join(dir, offsetFileName(baseOffset, suffix) + CLEANED_SUFFIX)
}

/** A segment that compaction writes, beside the log until it is swapped in: `%020d.log.cleaned` and its indexes. */
export class CleanedSegment {
  readonly baseOffset: number
  readonly txnIndex: TxnIndex
  sizeBytes = 0
  private readonly fs: FileSystem
  private readonly dir: string
  private readonly indexIntervalBytes: number
  private readonly file: File
  private readonly offsets: OffsetIndex
  private readonly times: TimeIndex
  private bytesSinceLastIndexEntry = 0
  private maxTimestamp = -1
  private offsetOfMaxTimestamp: number

  constructor(fs: FileSystem, dir: string, baseOffset: number, indexIntervalBytes: number) {
    this.fs = fs
    this.dir = dir
    this.baseOffset = baseOffset
    this.indexIntervalBytes = indexIntervalBytes
    this.offsetOfMaxTimestamp = baseOffset
    removeCleaned(fs, dir, baseOffset)
    const path = (suffix: string) => cleanedPath(dir, baseOffset, suffix)
    this.txnIndex = new TxnIndex(fs, path(TXN_INDEX_SUFFIX), baseOffset)
    this.offsets = OffsetIndex.create(fs, path(INDEX_SUFFIX), baseOffset)
    this.times = TimeIndex.create(fs, path(TIME_INDEX_SUFFIX), baseOffset)
    this.file = fs.openSync(path(LOG_SUFFIX), 'create')
  }

  /** Whole batches, with the bookkeeping of an append (LogSegment.append). */
  append(kept: Buffer): void {
    const position = this.sizeBytes
    this.file.writeSync(kept, position)
    this.sizeBytes += kept.length
    for (let at = 0; at < kept.length; at += batch.batchSizeBytes(kept, at)) {
      const lastOffset = batch.lastOffset(kept, at)
      const timestamp = batch.maxTimestamp(kept, at)
      if (!canBeRelative(lastOffset, this.baseOffset)) {
        throw new RangeError(`offset ${lastOffset} is too far behind the segment's first, ${this.baseOffset}`)
      }
      if (timestamp > this.maxTimestamp) {
        this.maxTimestamp = timestamp
        this.offsetOfMaxTimestamp = lastOffset
      }
      if (this.bytesSinceLastIndexEntry > this.indexIntervalBytes) {
        this.offsets.append(lastOffset, position + at)
        this.times.maybeAppend(this.maxTimestamp, this.offsetOfMaxTimestamp)
        this.bytesSinceLastIndexEntry = 0
      }
      this.bytesSinceLastIndexEntry += batch.batchSizeBytes(kept, at)
    }
  }

  /** Everything to the disk, and the time of change of the last segment it stands for: retention goes by it. */
  async finish(modifiedMs: number): Promise<void> {
    const { fs } = this
    this.times.maybeAppend(this.maxTimestamp, this.offsetOfMaxTimestamp)
    await this.file.sync()
    await this.offsets.file.sync()
    await this.times.file.sync()
    await this.txnIndex.sync()
    this.close()
    for (const suffix of [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX]) {
      fs.setModifiedSync(cleanedPath(this.dir, this.baseOffset, suffix), modifiedMs)
    }
  }

  /** It is not wanted after all. */
  discard(): void {
    this.close()
    removeCleaned(this.fs, this.dir, this.baseOffset)
  }

  private close(): void {
    this.offsets.file.idle()
    this.times.file.idle()
    this.txnIndex.idle()
    this.file.closeSync()
  }
}

function removeCleaned(fs: FileSystem, dir: string, baseOffset: number): void {
  for (const suffix of SEGMENT_SUFFIXES) {
    const path = cleanedPath(dir, baseOffset, suffix)
    if (fs.existsSync(path)) fs.removeSync(path)
  }
}
