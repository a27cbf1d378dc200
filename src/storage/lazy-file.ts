import type { File, FileRange, FileSystem, OpenMode } from '../base/file-system.ts'
import { KafkaStorageError } from './errors.ts'
import { syncFile } from './sync.ts'

/**
 * A file that is opened when it is first needed, and closed only when nobody uses it: whoever sends a stretch of a
 * segment may go on after the segment was deleted, and a descriptor that is closed under a running write or sync would
 * let it hit another file.
 */
export class LazyFile {
  readonly path: string
  private readonly fs: FileSystem
  private readonly mode: OpenMode
  private file: File | null = null
  private users = 0
  private shouldClose = false
  private isRetired = false
  private isUnsynced = false

  /** With `r+` the file must be there; with `rw` it is made. */
  constructor(fs: FileSystem, path: string, mode: 'r+' | 'rw' = 'r+') {
    this.fs = fs
    this.path = path
    this.mode = mode
  }

  /** The open file; only for use in the same turn, or between {@link retain} and {@link release}. */
  get opened(): File {
    if (this.file !== null) return this.file
    if (this.isRetired) throw new KafkaStorageError(`${this.path} is not in use any more`)
    this.file = this.fs.openSync(this.path, this.mode)
    return this.file
  }

  retain(): File {
    const file = this.opened
    this.users++
    return file
  }

  release(): void {
    this.users--
    if (this.users === 0 && this.shouldClose) this.idle()
  }

  /** Runs `work` with the file held open. */
  async using<T>(work: (file: File) => Promise<T>): Promise<T> {
    const file = this.retain()
    try {
      return await work(file)
    } finally {
      this.release()
    }
  }

  /** Something has been written or cut: the next {@link sync} has work to do. */
  markUnsynced(): void {
    this.isUnsynced = true
  }

  /** Puts on disk what {@link markUnsynced} told of; a failure leaves it to the next try. */
  async sync(): Promise<void> {
    if (!this.isUnsynced) return
    this.isUnsynced = false
    try {
      await this.using(syncFile)
    } catch (error) {
      this.isUnsynced = true
      throw error
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

  /** Gives the descriptor back as soon as nobody uses it. The file can be used again. */
  idle(): void {
    this.shouldClose = this.users > 0
    if (this.shouldClose) return
    this.file?.closeSync()
    this.file = null
  }

  /** Like {@link idle}, and nobody will open it again. */
  retire(): void {
    this.isRetired = true
    this.idle()
  }
}
