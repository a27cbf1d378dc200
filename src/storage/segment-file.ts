import type { File, FileRange, FileSystem } from '../base/file-system.ts'
import { KafkaStorageError } from './errors.ts'

/**
 * The `.log` file of a segment, opened when it is first needed and kept open while somebody reads it: whoever sends a
 * stretch of it may go on after the segment was deleted or the log closed.
 */
export class SegmentFile {
  readonly path: string
  private readonly fs: FileSystem
  private file: File | null = null
  private users = 0
  private retired = false

  constructor(fs: FileSystem, path: string) {
    this.fs = fs
    this.path = path
  }

  /** The open file; only for use in the same turn, or between {@link retain} and {@link release}. */
  get opened(): File {
    if (this.file !== null) return this.file
    if (this.retired) throw new KafkaStorageError(`${this.path} is not in use any more`)
    this.file = this.fs.openSync(this.path, 'r+')
    return this.file
  }

  retain(): File {
    const file = this.opened
    this.users++
    return file
  }

  release(): void {
    this.users--
    this.closeIfUnused()
  }

  async write(parts: readonly Uint8Array[], position: number): Promise<void> {
    const file = this.retain()
    try {
      await file.write(parts, position)
    } finally {
      this.release()
    }
  }

  /** A stretch of the file that holds it open until it is released. */
  range(position: number, length: number): FileRange {
    const file = this.retain()
    let isReleased = false
    return {
      file,
      position,
      length,
      release: () => {
        if (isReleased) return
        isReleased = true
        this.release()
      },
    }
  }

  /** Nobody will open it again: the descriptor goes when the last reader has. */
  retire(): void {
    this.retired = true
    this.closeIfUnused()
  }

  /** Gives the descriptor back for now. */
  idle(): void {
    if (this.users === 0) {
      this.file?.closeSync()
      this.file = null
    }
  }

  private closeIfUnused(): void {
    if (this.retired && this.users === 0) this.idle()
  }
}
