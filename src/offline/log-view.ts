import { messageOf, systemErrorCode } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import { InvalidBatchError, isCrcValid, lastOffset } from '../records/index.ts'
import {
  EpochCache,
  type EpochEndOffset,
  findByTimestamp,
  findMaxTimestamp,
  Segment,
  Segments,
  StorageError,
  scanBatches,
  type TimestampOffset,
} from '../storage/index.ts'
import { readBatches } from './batch-run.ts'
import { emptyBatch } from './empty-batch.ts'
import { listLog } from './log-listing.ts'
import { checkTail, ensureTimes } from './log-tail.ts'
import { ReadOnlyFiles } from './read-only-files.ts'
import { readTransactions, type Transactions } from './transactions.ts'

export interface LogViewOptions {
  readonly fs: FileSystem
  /** The partition's directory. */
  readonly dir: string
  /** From log-start-offset-checkpoint: where DeleteRecords has moved the start to. */
  readonly startOffset: number | undefined
  /** Told once of each place where reading a segment has to end. */
  readonly onDamage: (damage: Damage) => void
  /** A broker has removed the oldest records since the log was opened; told when somebody asks for them. */
  readonly onRemoved: (removed: { readonly from: number; readonly to: number }) => void
}

export interface Damage {
  readonly file: string
  /** Where no good batch begins. */
  readonly position: number
}

export interface LogOffsets {
  readonly startOffset: number
  /** Where it began at the first look: retention may have moved the start since. Reading may begin here. */
  readonly firstOffset: number
  readonly endOffset: number
  /** -1 when no leader epoch is known. */
  readonly latestEpoch: number
}

export interface ReadRequest {
  readonly maxBytes: number
  readonly upperBound: number
  readonly minOne: boolean
}

export interface ReadBatches {
  readonly bytes: Buffer
  /** Behind the last record of the batches. */
  readonly nextOffset: number
}

/** The files as they were listed last. */
interface Opened {
  readonly files: ReadOnlyFiles
  readonly segments: Segments
  readonly snapshots: readonly number[]
  readonly startOffset: number
  /** Behind the last whole batch. */
  readonly endOffset: number
  /** Of the last batch; -1 when there is none. */
  readonly lastBatchEpoch: number
  readonly epochs: EpochCache
  /** Segments whose time index was empty and has been built again, as far as they have times. */
  readonly timed: Set<Segment>
  transactions?: Promise<Transactions>
}

/** Where a read ended, so that the next one need not search. */
interface Place {
  readonly segment: Segment
  readonly position: number
  readonly offset: number
}

/** How often files are listed anew when one has vanished: a broker may be removing old segments all the time. */
const MAX_RELISTS = 5

/**
 * One replica's log, only looked at. A broker may be writing to it meanwhile: what is seen is the log as it ended when it
 * was opened; files that vanish are looked for anew.
 *
 * Everything is checked when it is read. A batch that is not whole or has a wrong checksum ends the readable part of its
 * segment: it and what lies behind it are never given out, the next segment is.
 */
export class LogView {
  private readonly options: LogViewOptions
  private opened: Promise<Opened> | undefined
  private lastPlace: Place | undefined
  /** Where the log began when it was opened first. */
  private firstOffset: number | undefined
  /** What was told of: `FILE@POSITION`. */
  private readonly damages = new Set<string>()

  constructor(options: LogViewOptions) {
    this.options = options
  }

  async offsets(): Promise<LogOffsets> {
    const { startOffset, endOffset, lastBatchEpoch, epochs } = await this.files()
    const known = epochs.entries.findLast((entry) => entry.startOffset < endOffset)
    return {
      startOffset,
      firstOffset: this.firstOffset ?? startOffset,
      endOffset,
      latestEpoch: Math.max(lastBatchEpoch, known?.epoch ?? -1),
    }
  }

  /**
   * Whole batches from the one that holds `offset` on; nothing when the upper bound is reached. An empty batch stands for
   * what cannot be read up to the end of the log, so that a reader gets past it.
   */
  read(offset: number, request: ReadRequest): Promise<ReadBatches> {
    return this.withFiles((opened) => this.readFrom(opened, offset, request))
  }

  /** ListOffsets. Null when no record is so late. */
  offsetForTimestamp(target: number | 'maxTimestamp'): Promise<TimestampOffset | null> {
    return this.withFiles(async ({ segments, startOffset, endOffset, timed }) => {
      try {
        for (const segment of segments.all) await ensureTimes(segment, timed)
        if (target === 'maxTimestamp') return await findMaxTimestamp(segments.all)
        return await findByTimestamp(segments.from(startOffset), target, startOffset, endOffset)
      } catch (error) {
        if (!(error instanceof InvalidBatchError)) throw error
        throw new StorageError('CORRUPT_MESSAGE', `${this.options.dir} is damaged: ${messageOf(error)}`, {
          cause: error,
        })
      }
    })
  }

  /** KIP-101. */
  async endOffsetForEpoch(epoch: number): Promise<EpochEndOffset> {
    const { epochs, endOffset } = await this.files()
    return epochs.endOffsetFor(epoch, endOffset)
  }

  /** Read only when somebody wants committed records. */
  transactions(): Promise<Transactions> {
    return this.withFiles((opened) => {
      const { files: fs, segments, snapshots, startOffset, endOffset } = opened
      const { dir } = this.options
      opened.transactions ??= readTransactions({ fs, dir, segments, snapshots, startOffset, endOffset })
      return opened.transactions
    })
  }

  async sizeBytes(): Promise<number> {
    const { segments } = await this.files()
    return segments.sizeBytes
  }

  /** Gives descriptors back. The view can be used again. */
  async close(): Promise<void> {
    const opened = await this.opened?.catch(() => undefined)
    for (const segment of opened?.segments.all ?? []) segment.idle()
  }

  private files(): Promise<Opened> {
    return this.withFiles(async (opened) => opened)
  }

  private async withFiles<T>(work: (opened: Opened) => Promise<T>): Promise<T> {
    for (let relists = 0; ; relists++) {
      this.opened ??= this.open()
      const { opened } = this
      try {
        return await work(await opened)
      } catch (error) {
        if (systemErrorCode(error) !== 'ENOENT' || relists === MAX_RELISTS) throw error
        if (this.opened === opened) {
          await this.close()
          this.opened = undefined
          this.lastPlace = undefined
        }
      }
    }
  }

  private async open(): Promise<Opened> {
    const { fs, dir } = this.options
    const { segments: offsets, snapshots, aliases } = await listLog(fs, dir)
    const files = new ReadOnlyFiles(fs, aliases)
    const segments = new Segments(
      offsets.map((baseOffset) =>
        Segment.open({ fs: files, dir, baseOffset, createdMs: 0, rollJitterMs: 0 }),
      ),
    )
    const last = segments.all.at(-1)
    const startOffset = Math.max(this.options.startOffset ?? 0, offsets[0] ?? 0)
    const end = last && (await this.findEnd(last, files))
    const endOffset = Math.max(end?.offset ?? 0, startOffset)
    this.firstOffset ??= startOffset
    const epochs = loadEpochs(files, dir)
    return {
      files,
      segments,
      snapshots,
      startOffset,
      endOffset,
      lastBatchEpoch: end?.epoch ?? -1,
      epochs,
      timed: new Set(),
    }
  }

  /**
   * The last whole batch of the last segment: everything behind the last index entry is read and checked. A tail that
   * was being written is left alone.
   */
  private async findEnd(last: Segment, files: ReadOnlyFiles): Promise<{ offset: number; epoch: number }> {
    // Most partitions of a quiet cluster have never been written to.
    if (last.sizeBytes === 0) return { offset: last.baseOffset, epoch: -1 }
    await last.ensureIndexes()
    // The index may have grown since the segment was opened; it never is ahead of the .log.
    const sizeBytes = files.statSync(last.file.path)?.sizeBytes ?? last.sizeBytes
    last.sizeBytes = sizeBytes
    last.writtenBytes = sizeBytes
    const indexed = last.offsetIndex.last?.position ?? 0
    let tail = await checkTail(last, indexed)
    const isMisled = tail.end === indexed && indexed < sizeBytes
    if (indexed > 0 && (isMisled || last.timeIndex.file.entries === 0)) {
      // The last index entry leads to no batch, or the other index was lost: all of it is looked at.
      last.resetIndexes()
      tail = await checkTail(last, 0)
    }
    last.writtenBytes = tail.end
    last.idle()
    if (tail.isDamaged) this.noteDamage(files, last, tail.end)
    return { offset: tail.nextOffset, epoch: tail.epoch }
  }

  private async readFrom(opened: Opened, offset: number, request: ReadRequest): Promise<ReadBatches> {
    const { segments, startOffset, endOffset } = opened
    const upperBound = Math.min(request.upperBound, endOffset)
    if (offset >= upperBound) return { bytes: Buffer.alloc(0), nextOffset: offset }
    if (offset < startOffset) this.options.onRemoved({ from: offset, to: startOffset })
    const from = Math.max(offset, startOffset)
    for (const segment of segments.from(from)) {
      if (segment.baseOffset >= upperBound) break
      const position = await this.locate(opened.files, segment, from)
      if (position === null) continue
      const run = await segment.file.using((file) =>
        readBatches(file, position, {
          ...request,
          upperBound,
          nextOffset: from,
          segmentEnd: segments.next(segment)?.baseOffset ?? endOffset,
          to: segment.writtenBytes,
        }),
      )
      if (run.end === 'damaged') this.noteDamage(opened.files, segment, run.position)
      if (run.bytes.length > 0) {
        this.lastPlace = { segment, position: run.position, offset: run.nextOffset }
        return run
      }
      if (run.end === 'full') return run
      if (run.end === 'bound' && run.position < segment.writtenBytes) break
    }
    // Nothing readable is left below the bound, as after a compaction: the reader goes on behind it.
    return { bytes: emptyBatch(offset, upperBound - 1), nextOffset: upperBound }
  }

  /** Where in the segment to read from; null when it has nothing readable at or behind the offset. */
  private async locate(files: ReadOnlyFiles, segment: Segment, offset: number): Promise<number | null> {
    const { lastPlace } = this
    if (lastPlace?.segment === segment && lastPlace.offset === offset) return lastPlace.position
    // Another segment is read from now on.
    if (lastPlace !== undefined && lastPlace.segment !== segment) lastPlace.segment.idle()
    try {
      return (await segment.translate(offset))?.position ?? null
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      return await this.locateInDamaged(files, segment, offset)
    }
  }

  /** The heads of the batches do not lead to the offset: where do they end? */
  private async locateInDamaged(
    files: ReadOnlyFiles,
    segment: Segment,
    offset: number,
  ): Promise<number | null> {
    let found: number | null = null
    const { end } = await segment.file.using((file) =>
      scanBatches(file, 0, segment.writtenBytes, (buffer, at, _size, position) => {
        if (!isCrcValid(buffer, at)) return false
        if (lastOffset(buffer, at) < offset) return undefined
        found = position
        return false
      }),
    )
    if (found === null) this.noteDamage(files, segment, end)
    return found
  }

  private noteDamage(files: ReadOnlyFiles, segment: Segment, position: number): void {
    const file = files.diskPath(segment.file.path)
    const place = `${file}@${position}`
    if (this.damages.has(place)) return
    this.damages.add(place)
    this.options.onDamage({ file, position })
  }
}

function loadEpochs(fs: FileSystem, dir: string): EpochCache {
  try {
    return EpochCache.load(fs, dir)
  } catch (error) {
    if (error instanceof StorageError) return EpochCache.empty(fs, dir)
    throw error
  }
}
