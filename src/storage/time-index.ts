import type { FileSystem } from '../base/file-system.ts'
import { readInt64, writeInt64 } from '../base/int64.ts'
import { IndexFile } from './index-file.ts'
import { canBeRelative } from './offset-index.ts'

/**
 * `.timeindex`: the largest timestamp up to an offset (TimeIndex). No record before the offset of an entry has a larger
 * timestamp than the entry.
 *
 *     at  bytes
 *      0      8  timestamp, larger than in the entry before
 *      8      4  offset of the batch that has it, less the segment's base offset
 *
 * Written together with the offset index, and once more when the segment is closed, so that its last entry is the
 * largest timestamp of the segment. When missing or damaged, it is built again from the .log.
 */
export const TIME_INDEX_ENTRY_BYTES = 12

export interface TimestampAtOffset {
  readonly timestamp: number
  readonly offset: number
}

export class TimeIndex {
  readonly file: IndexFile
  readonly baseOffset: number

  private constructor(file: IndexFile, baseOffset: number) {
    this.file = file
    this.baseOffset = baseOffset
  }

  static create(fs: FileSystem, path: string, baseOffset: number): TimeIndex {
    return new TimeIndex(IndexFile.create(fs, path, TIME_INDEX_ENTRY_BYTES), baseOffset)
  }

  /** Undefined when the file is missing or cannot be a time index. */
  static open(fs: FileSystem, path: string, baseOffset: number): TimeIndex | undefined {
    const file = IndexFile.open(fs, path, TIME_INDEX_ENTRY_BYTES)
    if (file === undefined) return undefined
    const index = new TimeIndex(file, baseOffset)
    if (!file.hadPartialEntry && index.isPlausible()) return index
    file.idle()
    return undefined
  }

  private isPlausible(): boolean {
    const first = this.at(0)
    if (first === undefined) return true
    const { last } = this
    const rises = last.timestamp >= first.timestamp && last.offset >= first.offset
    return rises && first.offset >= this.baseOffset && first.timestamp >= 0
  }

  /** Timestamp -1 when there is no entry. */
  get last(): TimestampAtOffset {
    return this.at(this.file.entries - 1) ?? { timestamp: -1, offset: this.baseOffset }
  }

  isFull(maxIndexBytes: number): boolean {
    return this.file.entries >= Math.floor(maxIndexBytes / TIME_INDEX_ENTRY_BYTES) - 1
  }

  /** Adds the entry unless it says nothing new, or the offset is one that a damaged file claims and no entry can hold. */
  maybeAppend(timestamp: number, offset: number): void {
    if (timestamp <= this.last.timestamp || !canBeRelative(offset, this.baseOffset)) return
    const { bytes, at } = this.file.append()
    writeInt64(bytes, at, timestamp)
    bytes.writeInt32BE(offset - this.baseOffset, at + 8)
  }

  /** The last entry whose timestamp is not above the asked one. */
  lookup(timestamp: number): TimestampAtOffset {
    const slot = this.file.lastSlotWhere((bytes, at) => readInt64(bytes, at) <= timestamp)
    return this.at(slot) ?? { timestamp: -1, offset: this.baseOffset }
  }

  /** Keeps the entries before `offset`. */
  truncateTo(offset: number): void {
    const relative = offset - this.baseOffset
    this.file.truncate(this.file.lastSlotWhere((bytes, at) => bytes.readInt32BE(at + 8) < relative) + 1)
  }

  private at(slot: number): TimestampAtOffset | undefined {
    if (slot < 0 || slot >= this.file.entries) return undefined
    const { bytes, at } = this.file.entry(slot)
    return { timestamp: readInt64(bytes, at), offset: this.baseOffset + bytes.readInt32BE(at + 8) }
  }
}
