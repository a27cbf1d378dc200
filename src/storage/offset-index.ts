import type { FileSystem } from '../base/file-system.ts'
import { IndexFile } from './index-file.ts'

/**
 * `.index`: where in the segment an offset is found (OffsetIndex). Sparse: about one entry per index.interval.bytes.
 *
 *     at  bytes
 *      0      4  last offset of the append that begins at the position, less the segment's base offset
 *      4      4  position of that append in the .log
 *
 * Written by the append that begins more than index.interval.bytes behind the last entry. When it is missing, not a
 * multiple of 8 bytes, or points past the .log, the segment builds it again from the .log.
 */
const ENTRY_SIZE = 8
const MAX_RELATIVE_OFFSET = 0x7fffffff

export interface OffsetPosition {
  readonly offset: number
  readonly position: number
}

export function canBeRelative(offset: number, baseOffset: number): boolean {
  return offset >= baseOffset && offset - baseOffset <= MAX_RELATIVE_OFFSET
}

export class OffsetIndex {
  readonly file: IndexFile
  readonly baseOffset: number

  private constructor(file: IndexFile, baseOffset: number) {
    this.file = file
    this.baseOffset = baseOffset
  }

  static create(fs: FileSystem, path: string, baseOffset: number): OffsetIndex {
    return new OffsetIndex(IndexFile.create(fs, path, ENTRY_SIZE), baseOffset)
  }

  /** Undefined when the file is missing or cannot be an index of a .log of `logSizeBytes`. */
  static open(
    fs: FileSystem,
    path: string,
    baseOffset: number,
    logSizeBytes: number,
  ): OffsetIndex | undefined {
    const file = IndexFile.open(fs, path, ENTRY_SIZE)
    if (file === undefined) return undefined
    const index = new OffsetIndex(file, baseOffset)
    if (!file.hadPartialEntry && index.isPlausible(logSizeBytes)) return index
    file.idle()
    return undefined
  }

  private isPlausible(logSizeBytes: number): boolean {
    const first = this.at(0)
    const { last } = this
    if (first === undefined || last === undefined) return true
    const rises = last.position >= first.position && last.offset >= first.offset
    return rises && last.position < logSizeBytes && first.offset >= this.baseOffset && first.position >= 0
  }

  get last(): OffsetPosition | undefined {
    return this.at(this.file.entries - 1)
  }

  isFull(maxIndexBytes: number): boolean {
    return this.file.entries >= Math.floor(maxIndexBytes / ENTRY_SIZE)
  }

  append(offset: number, position: number): void {
    const { bytes, at } = this.file.append()
    bytes.writeInt32BE(offset - this.baseOffset, at)
    bytes.writeInt32BE(position, at + 4)
  }

  /** The last entry at or before `offset`; the segment's start when there is none. */
  lookup(offset: number): OffsetPosition {
    return this.around(offset).floor
  }

  /** The same, and the entry behind it, if there is one. */
  around(offset: number): { floor: OffsetPosition; next: OffsetPosition | undefined } {
    const relative = offset - this.baseOffset
    const slot = this.file.lastSlotWhere((bytes, at) => bytes.readInt32BE(at) <= relative)
    return { floor: this.at(slot) ?? { offset: this.baseOffset, position: 0 }, next: this.at(slot + 1) }
  }

  /** An offset that begins at or behind `position`; undefined when the index does not reach so far. */
  upperBound(position: number): number | undefined {
    const slot = this.file.lastSlotWhere((bytes, at) => bytes.readInt32BE(at + 4) < position)
    return this.at(slot + 1)?.offset
  }

  /** Keeps the entries before `offset`. */
  truncateTo(offset: number): void {
    const relative = offset - this.baseOffset
    this.file.truncate(this.file.lastSlotWhere((bytes, at) => bytes.readInt32BE(at) < relative) + 1)
  }

  private at(slot: number): OffsetPosition | undefined {
    if (slot < 0 || slot >= this.file.entries) return undefined
    const { bytes, at } = this.file.entry(slot)
    return { offset: this.baseOffset + bytes.readInt32BE(at), position: bytes.readInt32BE(at + 4) }
  }
}
