import type { File, FileSystem } from '../base/file-system.ts'

const CHUNK_BYTES = 64 * 1024

/**
 * Goes over a file of entries of one size, one after the other, in constant memory.
 *
 *     while (cursor.isBuffered || (await cursor.fill())) { read cursor.bytes at cursor.at; cursor.advance() }
 */
export class EntryCursor {
  readonly path: string
  readonly sizeBytes: number
  readonly entrySize: number
  /** Of the entry that it stands at. */
  slot = 0
  bytes: Buffer = Buffer.alloc(0)
  at = 0
  private readonly file: File
  private end = 0
  private readonly count: number

  private constructor(file: File, entrySize: number) {
    this.file = file
    this.path = file.path
    this.entrySize = entrySize
    this.sizeBytes = file.sizeSync()
    this.count = Math.floor(this.sizeBytes / entrySize)
  }

  static open(fs: FileSystem, path: string, entrySize: number): EntryCursor {
    return new EntryCursor(fs.openSync(path, 'r'), entrySize)
  }

  get hasPartialEntry(): boolean {
    return this.sizeBytes % this.entrySize !== 0
  }

  get entriesLeft(): number {
    return this.count - this.slot
  }

  get isBuffered(): boolean {
    return this.at < this.end
  }

  /** Reads on; false at the end. */
  async fill(): Promise<boolean> {
    if (this.isBuffered) return true
    if (this.slot >= this.count) return false
    const perChunk = Math.floor(CHUNK_BYTES / this.entrySize)
    const length = Math.min(perChunk, this.count - this.slot) * this.entrySize
    if (this.bytes.length < length) this.bytes = Buffer.allocUnsafe(length)
    this.at = 0
    this.end = 0
    while (this.end < length) {
      const position = this.slot * this.entrySize + this.end
      const read = await this.file.read(this.bytes, this.end, length - this.end, position)
      if (read === 0) break
      this.end += read
    }
    // A file that was cut meanwhile ends where it was cut.
    this.end -= this.end % this.entrySize
    return this.end > 0
  }

  advance(): void {
    this.at += this.entrySize
    this.slot++
  }

  get isZero(): boolean {
    for (let i = 0; i < this.entrySize; i++) if (this.bytes[this.at + i] !== 0) return false
    return true
  }

  /** Whether nothing but zeros follows: what Kafka preallocates. Moves to the first entry that is not, or to the end. */
  async skipZeros(): Promise<boolean> {
    while (this.isBuffered || (await this.fill())) {
      if (!this.isZero) return false
      this.advance()
    }
    return true
  }

  close(): void {
    this.file.closeSync()
  }
}
