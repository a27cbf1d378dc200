import { join } from 'node:path'
import { type FileSystem, replaceFileSync } from '../base/file-system.ts'
import * as batch from '../records/index.ts'
import { formatCheckpoint, parseCheckpoint } from './checkpoint-file.ts'
import { KafkaStorageError } from './errors.ts'
import type { EpochEndOffset } from './log-types.ts'
import { syncPath } from './sync.ts'

/**
 * Where each leader epoch began in this log (LeaderEpochFileCache), kept in `leader-epoch-checkpoint`: a checkpoint file
 * with lines `EPOCH START_OFFSET`, both rising.
 *
 * The file is replaced at every change, but synced only when the log is flushed: a killed process loses nothing, and
 * after a power failure recovery finds the epochs of everything unflushed in the batches themselves.
 */
export const LEADER_EPOCH_CHECKPOINT = 'leader-epoch-checkpoint'

export interface EpochEntry {
  readonly epoch: number
  readonly startOffset: number
}

const UNDEFINED: EpochEndOffset = { epoch: -1, endOffset: -1 }

export class EpochCache {
  private readonly fs: FileSystem
  private readonly dir: string
  private list: readonly EpochEntry[]
  private isUnwritten = false
  private unsynced = false

  private constructor(fs: FileSystem, dir: string, entries: readonly EpochEntry[]) {
    this.fs = fs
    this.dir = dir
    this.list = entries
  }

  /** Throws a KafkaStorageError when the file is not a checkpoint. */
  static load(fs: FileSystem, dir: string): EpochCache {
    const path = join(dir, LEADER_EPOCH_CHECKPOINT)
    const cache = new EpochCache(fs, dir, [])
    const text = fs.existsSync(path) ? fs.readFileSync(path).toString('utf8') : ''
    // Cut in its last line by a power failure, the file would give a wrong offset.
    if (text !== '' && !text.endsWith('\n')) throw new KafkaStorageError(`${path} has no end`)
    for (const line of parseCheckpoint(text, path)) {
      const match = /^(\d{1,10})\s+(\d{1,16})$/.exec(line)
      if (!match) throw new KafkaStorageError(`malformed line in ${path}: '${line.slice(0, 80)}'`)
      cache.list = withEntry(cache.list, { epoch: Number(match[1]), startOffset: Number(match[2]) })
    }
    return cache
  }

  static empty(fs: FileSystem, dir: string): EpochCache {
    return new EpochCache(fs, dir, [])
  }

  /** In memory; the file is written at the next change. */
  static of(fs: FileSystem, dir: string, entries: readonly EpochEntry[]): EpochCache {
    return new EpochCache(fs, dir, entries)
  }

  /** Oldest first. Never changed in place: keep it to {@link restore} it. */
  get entries(): readonly EpochEntry[] {
    return this.list
  }

  get latest(): EpochEntry | undefined {
    return this.list.at(-1)
  }

  /** An epoch begins. Entries that contradict it (same or later epoch, same or later start) give way. */
  assign(epoch: number, startOffset: number): void {
    const latest = this.latest
    if (latest !== undefined && latest.epoch === epoch && latest.startOffset <= startOffset) return
    this.replace(withEntry(this.list, { epoch, startOffset }))
  }

  /**
   * The epochs of batches that come behind `endOffset`. Each begins behind the batch before it, even if its first batches are
   * missing since the leader has compacted them away: a follower with something older at their offsets has to drop it.
   * (Kafka's begins with the first batch that is left, and such followers keep what nobody else has.)
   */
  assignAll(batches: Buffer, endOffset: number): void {
    let next = endOffset
    for (let at = 0; at < batches.length; at += batch.batchSizeBytes(batches, at)) {
      const epoch = batch.partitionLeaderEpoch(batches, at)
      if (batch.magic(batches, at) < batch.MAGIC_V2) this.clear()
      else if (epoch >= 0 && epoch !== this.latest?.epoch) this.assign(epoch, next)
      next = batch.lastOffset(batches, at) + 1
    }
  }

  /**
   * As {@link assign}, but when the file cannot be written the epoch is known all the same, and the error is thrown. The
   * next change writes it. For an epoch that has no records yet: nothing is lost when it never gets into the file.
   */
  note(epoch: number, startOffset: number): void {
    const { latest } = this
    const isKnown = latest !== undefined && latest.epoch === epoch && latest.startOffset <= startOffset
    if (isKnown && !this.isUnwritten) return
    if (!isKnown) this.list = withEntry(this.list, { epoch, startOffset })
    this.isUnwritten = true
    this.replace(this.list)
  }

  /** Forgets the epochs that begin at or behind `endOffset`. */
  truncateFromEnd(endOffset: number): void {
    const kept = this.list.filter((entry) => entry.startOffset < endOffset)
    if (kept.length !== this.list.length) this.replace(kept)
  }

  /** Forgets the epochs that end before `startOffset`; the one it lies in now begins there. */
  truncateFromStart(startOffset: number): void {
    const at = this.list.findLastIndex((entry) => entry.startOffset <= startOffset)
    const floor = this.list[at]
    if (floor === undefined || (at === 0 && floor.startOffset === startOffset)) return
    this.replace([{ epoch: floor.epoch, startOffset }, ...this.list.slice(at + 1)])
  }

  clear(): void {
    if (this.list.length > 0) this.replace([])
  }

  /** Puts back what `entries` gave before: in memory in any case, and in the file unless that throws. */
  restore(entries: readonly EpochEntry[]): void {
    if (entries === this.list) return
    this.list = entries
    this.replace(entries)
  }

  /** KIP-101: where the asked epoch ended, for a follower that wants to know where to truncate. */
  endOffsetFor(epoch: number, logEndOffset: number): EpochEndOffset {
    if (epoch < 0) return UNDEFINED
    if (this.latest?.epoch === epoch) return { epoch, endOffset: logEndOffset }
    const at = this.list.findIndex((entry) => entry.epoch > epoch)
    const next = this.list[at]
    if (next === undefined) return UNDEFINED
    return { epoch: this.list[at - 1]?.epoch ?? epoch, endOffset: next.startOffset }
  }

  /** The epoch in which the record at `offset` was written, or -1. */
  epochForOffset(offset: number): number {
    return this.list.findLast((entry) => entry.startOffset <= offset)?.epoch ?? -1
  }

  /** False when there was nothing to do. The file's name is left to the caller, who syncs the directory. */
  async sync(): Promise<boolean> {
    if (!this.unsynced) return false
    this.unsynced = false
    try {
      await syncPath(this.fs, join(this.dir, LEADER_EPOCH_CHECKPOINT))
    } catch (error) {
      this.unsynced = true
      throw error
    }
    return true
  }

  private replace(entries: readonly EpochEntry[]): void {
    const text = formatCheckpoint(entries.map((entry) => `${entry.epoch} ${entry.startOffset}`))
    replaceFileSync(this.fs, join(this.dir, LEADER_EPOCH_CHECKPOINT), Buffer.from(text), false)
    this.list = entries
    this.isUnwritten = false
    this.unsynced = true
  }
}

function withEntry(list: readonly EpochEntry[], added: EpochEntry): readonly EpochEntry[] {
  let kept = list.length
  for (; kept > 0; kept--) {
    const last = list[kept - 1]
    if (last === undefined || (last.epoch < added.epoch && last.startOffset < added.startOffset)) break
  }
  return [...list.slice(0, kept), added]
}
