import { join } from 'node:path'
import type { FileRange } from '../base/file-system.ts'
import { appendSent } from './append-sent.ts'
import { readFully } from './batch-scan.ts'
import { KafkaStorageError, OffsetOutOfRangeError } from './errors.ts'
import { deleteDirName } from './file-names.ts'
import type { Log } from './log.ts'
import type { LogContext } from './log-context.ts'
import { beginSwitch, endSwitch } from './pending-switch.ts'

export interface LogMoveOptions {
  readonly context: LogContext
  readonly current: Log
  /** In another directory; made just now, or found there at the start. */
  readonly future: Log
  /** Called in the turn in which the future log has become the current one. */
  readonly onSwitched: () => void
  /** That is on disk, and nobody uses the old files, which are at `path` now. */
  readonly onGone: (path: string) => void
}

export interface MoveStep {
  readonly copiedBytes: number
  /** The log is in the other directory now. */
  readonly isDone: boolean
}

/** Appends are held back while the last of it is copied: so many reads of full size, and so long, at most. */
const MAX_HELD_READS = 4
const MAX_HELD_MS = 250
/** So that the disk has no minutes of work left when the last flush comes, for which appends wait. */
const FLUSH_BYTES = 32 * 1024 * 1024

/**
 * Brings a log into another directory (kafka.server.ReplicaAlterLogDirsThread): copies it while it is used, as a follower
 * on the same broker would, and takes the copy's place when that has everything. Whatever happens to the log meanwhile,
 * new leader epochs and truncations included, is seen by the copy, so no leader epochs are asked for on the way.
 */
export class LogMove {
  readonly current: Log
  readonly future: Log
  private readonly options: LogMoveOptions
  private readonly context: LogContext
  private isPaused = false
  private isAligned = false
  /** The current log was cut here, and the copy not yet. */
  private cutOffset: number | undefined
  private isOver = false
  private unflushedBytes = 0

  constructor(options: LogMoveOptions) {
    this.options = options
    this.current = options.current
    this.future = options.future
    this.context = options.context
  }

  /** The copy may be gone on with later, by another object. Ends the pause of compaction and retention. */
  end(): void {
    if (this.isOver) return
    this.isOver = true
    this.current.onCut = undefined
    if (this.isPaused) this.current.cleaning.resume()
  }

  /**
   * Copies up to `maxBytes`, one batch at least, and switches over when that was all. Rejects with what the disks say; it
   * may be tried again. Not to be called before the call before it has ended, nor when it is done.
   */
  async step(maxBytes: number): Promise<MoveStep> {
    const { current, future } = this
    if (!this.isAligned) await this.align()
    await this.followCuts()
    const endOffset = current.logEndOffset
    const copiedBytes = await this.copy(maxBytes)
    // What has come since then is little, and there may always be some.
    if (future.logEndOffset < endOffset || this.isOver) return { copiedBytes, isDone: false }
    // What has to be synced while appends wait is little then.
    await future.flush()
    const isDone = !this.isOver && (await this.switchOver(maxBytes))
    if (isDone) this.end()
    return { copiedBytes, isDone }
  }

  /** From here on every cut is heard of; what was cut before is found by the leader epochs. */
  private async align(): Promise<void> {
    const { current, future } = this
    if (!this.isPaused) {
      this.isPaused = true
      current.onCut = (offset) => {
        this.cutOffset = Math.min(offset, this.cutOffset ?? offset)
      }
      await current.cleaning.pause()
    }
    await Promise.all([current.open(), future.open()])
    // An earlier log of that name may have left its offset in the file, and recovery would believe it.
    await this.context.recoveryPointLowered(future.place.dir)
    for (let offset = this.divergence(); offset < future.logEndOffset; offset = this.divergence()) {
      await future.truncateTo(offset)
    }
    if (future.logEndOffset < current.logStartOffset) await this.startOver()
    this.isAligned = true
  }

  /** Where the copy stops to agree with the log, as far as can be told in one step (AbstractFetcherThread.getOffsetTruncationState). */
  private divergence(): number {
    const { current, future } = this
    const currentEnd = current.logEndOffset
    const theirs = current.endOffsetForEpoch(future.latestEpoch)
    if (theirs.epoch < 0) return Math.min(future.highWatermark, currentEnd)
    const ours = future.endOffsetForEpoch(theirs.epoch)
    if (ours.epoch < 0 || ours.epoch === theirs.epoch) {
      return Math.min(theirs.endOffset, currentEnd, ours.epoch < 0 ? future.logEndOffset : ours.endOffset)
    }
    return Math.min(ours.endOffset, currentEnd)
  }

  private async followCuts(): Promise<void> {
    while (this.cutOffset !== undefined) {
      const offset = this.cutOffset
      this.cutOffset = undefined
      if (offset < this.future.logEndOffset) await this.future.truncateTo(offset)
    }
  }

  private async copy(maxBytes: number): Promise<number> {
    const { current, future } = this
    let records: Buffer
    try {
      records = await this.read(maxBytes)
    } catch (error) {
      // The log begins later by now, or ends earlier: then it was cut.
      if (!(error instanceof OffsetOutOfRangeError)) throw error
      if (future.logEndOffset < current.logStartOffset) await this.startOver()
      return 0
    }
    // What was cut off meanwhile is not worth copying.
    if (this.cutOffset !== undefined || this.isOver) return 0
    if (records.length > 0) await appendSent(future, records)
    future.updateHighWatermark(current.highWatermark)
    this.unflushedBytes += records.length
    if (this.unflushedBytes >= FLUSH_BYTES) {
      this.unflushedBytes = 0
      await future.flush()
    }
    const startOffset = Math.min(current.logStartOffset, future.highWatermark)
    if (startOffset > future.logStartOffset) await future.incrementLogStartOffset(startOffset)
    return records.length
  }

  private startOver(): Promise<void> {
    return this.future.truncateFullyAndStartAt(this.current.logStartOffset)
  }

  private async read(maxBytes: number): Promise<Buffer> {
    const { current, future } = this
    const { parts, sizeBytes } = await current.read(future.logEndOffset, {
      maxBytes,
      upperBoundOffset: current.logEndOffset,
      minOneMessage: true,
    })
    const [only] = parts
    if (parts.length === 1 && only instanceof Buffer) return only
    const records = Buffer.allocUnsafeSlow(sizeBytes)
    let at = 0
    let failure: unknown
    for (const part of parts) {
      try {
        if (failure === undefined) await fill(records, at, part)
      } catch (error) {
        failure = error
      }
      at += part.length
      if (!(part instanceof Uint8Array)) part.release()
    }
    if (failure !== undefined)
      throw current.place.dir.storageErrorOf(`reading ${current.name} failed`, failure)
    return records
  }

  /**
   * The old log goes only when the new one is in its place for good: whatever ends this half-way, one of the two is whole
   * and known to be (see pending-switch.ts).
   */
  private async switchOver(maxBytes: number): Promise<boolean> {
    const { context, current, future } = this
    const { fs, random } = context
    const source = current.place
    const copy = future.place
    const path = join(copy.dir.path, future.name)
    let isDone = false
    let oldPath = ''
    try {
      isDone = await current.moveTo(future, {
        prepare: async () => {
          if (!(await this.copyRest(maxBytes))) return false
          await this.takePlace(path)
          return !this.isOver
        },
        leave: () => {
          oldPath = join(source.dir.path, deleteDirName(current.topic, current.partition, random))
          try {
            fs.renameSync(source.path, oldPath)
          } catch (error) {
            throw source.dir.storageErrorOf(`renaming ${source.path} failed`, error)
          }
          this.options.onSwitched()
        },
        finish: async () => {
          try {
            await fs.syncDirectory(source.dir.path)
            this.options.onGone(oldPath)
          } catch (error) {
            source.dir.fail(`syncing ${source.dir.path} failed`, error)
          }
          try {
            endSwitch(fs, path)
            await fs.syncDirectory(path)
          } catch (error) {
            copy.dir.fail(`ending the switch of ${future.name} failed`, error)
          }
        },
      })
    } finally {
      if (!isDone && future.place.path !== copy.path) this.takeBack(copy.path)
    }
    if (isDone) context.logger.info(`${current.name} is in ${copy.dir.path} now`)
    return isDone
  }

  /** Appends are held back: the end of the log stays where it is. */
  private async copyRest(maxBytes: number): Promise<boolean> {
    const { current, future } = this
    const { clock } = this.context
    const deadlineMs = clock.monotonicMs() + MAX_HELD_MS
    let leftBytes = MAX_HELD_READS * maxBytes
    while (future.logEndOffset !== current.logEndOffset) {
      if (leftBytes <= 0 || clock.monotonicMs() > deadlineMs || this.cutOffset !== undefined || this.isOver)
        return false
      leftBytes -= Math.max(1, await this.copy(maxBytes))
    }
    if (this.cutOffset !== undefined) return false
    future.updateHighWatermark(current.highWatermark)
    await future.rest()
    return true
  }

  private async takePlace(path: string): Promise<void> {
    const { context, future } = this
    const { fs } = context
    const { dir, path: futurePath } = future.place
    try {
      await beginSwitch(fs, futurePath)
      if (this.isOver) return
      fs.renameSync(futurePath, path)
      future.renamed(path)
      await fs.syncDirectory(dir.path)
    } catch (error) {
      throw dir.storageErrorOf(`moving ${future.name} to ${dir.path} failed`, error)
    }
  }

  /** The log stays where it was. */
  private takeBack(futurePath: string): void {
    const { context, future } = this
    const { dir, path } = future.place
    // It is deleted already, under whatever name, or nobody can.
    if (future.isGone || dir.error !== null) return
    try {
      context.fs.renameSync(path, futurePath)
      future.renamed(futurePath)
      endSwitch(context.fs, futurePath)
    } catch (error) {
      dir.fail(`taking back the switch of ${future.name} failed`, error)
    }
  }
}

async function fill(target: Buffer, at: number, part: Uint8Array | FileRange): Promise<void> {
  if (part instanceof Uint8Array) {
    target.set(part, at)
    return
  }
  const got = await readFully(part.file, target, part.position, part.length, at)
  if (got < part.length) throw new KafkaStorageError(`${part.file.path} is shorter than it should be`)
}
