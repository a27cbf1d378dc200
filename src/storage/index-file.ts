import type { FileSystem } from '../base/file-system.ts'
import { LazyFile } from './lazy-file.ts'

/** Entries that are kept in memory after they are on disk: lookups are mostly near the end. */
const KEPT_ENTRIES = 1024
/** The file is read in blocks of this many entries. */
const BLOCK_ENTRIES = 256

/**
 * A file of entries of one size that only grows at its end (AbstractIndex). Appended entries lie in memory until
 * {@link write} puts them behind the others; the rest is searched where it lies, with small reads from the page cache.
 *
 * Kafka makes the file of its active segment as large as it may become and cuts it at the end, so a file it left at a
 * crash ends in zeros; we find the last real entry and go on from there. Ours is never padded.
 */
export class IndexFile {
  readonly path: string
  readonly entrySize: number
  private readonly file: LazyFile
  private count: number
  /** Entries that the file holds for sure. */
  private writtenCount: number
  /** The entries from `tailStart` on. */
  private tail: Buffer = Buffer.alloc(0)
  private tailStart: number
  /** First entries of blocks that searches have looked at, so that the next search reads one block and no more. */
  private readonly guide = new Map<number, Buffer>()
  /** The block that was read last. Readers that go on where they were find all in it. */
  private block: Buffer = Buffer.alloc(0)
  private blockStart = 0
  /** The file has bytes behind the written entries: they are cut off at the next write. */
  private ragged = false
  /** The size of the file was no multiple of the entry size when it was opened. */
  readonly hadPartialEntry: boolean
  private truncations = 0
  private writing: Promise<void> | null = null

  private constructor(
    fs: FileSystem,
    path: string,
    entrySize: number,
    count: number,
    hadPartialEntry: boolean,
  ) {
    this.path = path
    this.file = new LazyFile(fs, path)
    this.entrySize = entrySize
    this.count = count
    this.writtenCount = count
    this.tailStart = count
    this.ragged = hadPartialEntry
    this.hadPartialEntry = hadPartialEntry
  }

  /** A new, empty index; the file is made, or emptied. */
  static create(fs: FileSystem, path: string, entrySize: number): IndexFile {
    fs.writeFileSync(path, new Uint8Array(0))
    return new IndexFile(fs, path, entrySize, 0, false)
  }

  /** An index that is there; undefined when it is not. */
  static open(fs: FileSystem, path: string, entrySize: number): IndexFile | undefined {
    const stat = fs.statSync(path)
    if (stat === undefined || stat.isDirectory) return undefined
    const whole = Math.floor(stat.sizeBytes / entrySize)
    const index = new IndexFile(fs, path, entrySize, whole, whole * entrySize !== stat.sizeBytes)
    if (whole > 0 && index.isZero(whole - 1)) index.dropPadding(whole)
    return index
  }

  get entries(): number {
    return this.count
  }

  get sizeBytes(): number {
    return this.count * this.entrySize
  }

  /** Bytes that {@link write} would put on disk. */
  get unwrittenBytes(): number {
    return (this.count - this.writtenCount) * this.entrySize
  }

  /** Room for one more entry, to be filled at once by the caller. */
  append(): { bytes: Buffer; at: number } {
    const at = (this.count - this.tailStart) * this.entrySize
    if (at === this.tail.length) {
      const grown = Buffer.alloc(Math.max(16 * this.entrySize, this.tail.length * 2))
      this.tail.copy(grown)
      this.tail = grown
    }
    this.count++
    return { bytes: this.tail, at }
  }

  /** A view of the entry; only good until the next call. */
  entry(slot: number): { bytes: Buffer; at: number } {
    if (slot >= this.tailStart) return { bytes: this.tail, at: (slot - this.tailStart) * this.entrySize }
    const bytes = this.blockOf(slot)
    return { bytes, at: (slot - this.blockStart) * this.entrySize }
  }

  /**
   * The last slot for which `isAtMost` holds, or -1. It must hold for a run of entries from the first on and for none
   * behind it.
   */
  lastSlotWhere(isAtMost: (bytes: Buffer, at: number) => boolean): number {
    if (this.count === 0) return -1
    // Memory is asked first: lookups are mostly near the end.
    if (this.tailStart < this.count && (this.tailStart === 0 || isAtMost(this.tail, 0))) {
      return this.lastIn(this.tail, this.tailStart, this.count, isAtMost)
    }
    let low = 0
    let high = Math.ceil(this.tailStart / BLOCK_ENTRIES)
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (isAtMost(this.firstOfBlock(middle), 0)) low = middle
      else high = middle
    }
    const bytes = this.blockOf(low * BLOCK_ENTRIES)
    const end = this.blockStart + bytes.length / this.entrySize
    return this.lastIn(bytes, this.blockStart, end, isAtMost)
  }

  /** The same among the entries from `start` to `end`, which are the bytes. */
  private lastIn(
    bytes: Buffer,
    start: number,
    end: number,
    isAtMost: (bytes: Buffer, at: number) => boolean,
  ): number {
    let low = start
    let high = end
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isAtMost(bytes, (middle - start) * this.entrySize)) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  private firstOfBlock(index: number): Buffer {
    const known = this.guide.get(index)
    if (known !== undefined) return known
    const bytes = this.readEntries(index * BLOCK_ENTRIES, 1)
    this.guide.set(index, bytes)
    return bytes
  }

  /** The block with the entry at `slot`, as far as it lies before the entries in memory. */
  private blockOf(slot: number): Buffer {
    const start = slot - (slot % BLOCK_ENTRIES)
    const count = Math.min(BLOCK_ENTRIES, this.tailStart - start)
    if (this.blockStart !== start || this.block.length !== count * this.entrySize) {
      this.block = this.readEntries(start, count)
      this.blockStart = start
    }
    return this.block
  }

  private forgetBlocks(): void {
    this.guide.clear()
    this.block = Buffer.alloc(0)
  }

  /** Keeps the first `entries`. Bytes behind them are cut from the file at the next write. */
  truncate(entries: number): void {
    if (entries >= this.count) return
    this.truncations++
    this.forgetBlocks()
    if (entries < this.tailStart) {
      this.tailStart = entries
      this.tail = Buffer.alloc(0)
    }
    this.count = entries
    if (entries < this.writtenCount) {
      this.writtenCount = entries
      this.ragged = true
    }
  }

  /** Puts appended entries into the file. Runs one after another; a failure leaves them to the next try. */
  async write(): Promise<void> {
    while (this.writing) await this.writing
    if (!this.ragged && this.writtenCount === this.count) return
    this.writing = this.writeOnce().finally(() => {
      this.writing = null
    })
    await this.writing
  }

  async sync(): Promise<void> {
    await this.write()
    await this.file.sync()
  }

  /** Gives the descriptor and the memory back; everything must have been written. The index can be used again. */
  idle(): void {
    this.file.idle()
    this.forgetBlocks()
    if (this.writtenCount === this.count) {
      this.tail = Buffer.alloc(0)
      this.tailStart = this.count
    }
  }

  /** Gives the descriptor back for good: the name may soon be another file's. */
  retire(): void {
    this.file.retire()
  }

  private async writeOnce(): Promise<void> {
    if (this.ragged) {
      this.file.opened.truncateSync(this.writtenCount * this.entrySize)
      this.ragged = false
      this.file.markUnsynced()
    }
    const from = this.writtenCount
    const upTo = this.count
    if (from === upTo) return
    const at = (from - this.tailStart) * this.entrySize
    const bytes = Buffer.from(this.tail.subarray(at, at + (upTo - from) * this.entrySize))
    const truncations = this.truncations
    this.file.markUnsynced()
    await this.file.using((file) => file.write([bytes], from * this.entrySize))
    // A truncation meanwhile wins: what was written behind it is cut off and written again.
    if (this.truncations === truncations) this.writtenCount = upTo
    else this.ragged = true
    this.dropWrittenTail()
  }

  private dropWrittenTail(): void {
    const kept = Math.max(this.tailStart, this.writtenCount - KEPT_ENTRIES)
    if (kept - this.tailStart < KEPT_ENTRIES) return
    this.tail = Buffer.from(this.tail.subarray((kept - this.tailStart) * this.entrySize))
    this.tailStart = kept
  }

  private readEntries(slot: number, count: number): Buffer {
    const bytes = Buffer.alloc(count * this.entrySize)
    const file = this.file.opened
    let got = 0
    while (got < bytes.length) {
      const read = file.readSync(bytes, got, bytes.length - got, slot * this.entrySize + got)
      // A file that was cut behind our back reads as zeros, which no lookup mistakes for a real entry.
      if (read === 0) break
      got += read
    }
    return bytes
  }

  private isZero(slot: number): boolean {
    const { bytes, at } = this.entry(slot)
    for (let i = 0; i < this.entrySize; i++) if (bytes[at + i] !== 0) return false
    return true
  }

  private dropPadding(whole: number): void {
    let low = 0
    let high = whole - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.isZero(middle)) high = middle
      else low = middle + 1
    }
    this.truncate(low)
  }
}
