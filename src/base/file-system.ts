/**
 * The file port. Storage and coordination see files only through it, so that a test can fail any single write, rename or
 * sync, and a simulation can keep a whole cluster in memory.
 *
 * Data paths (append, read, sync) are asynchronous: a synchronous write can stall the loop for 100 ms while the kernel
 * writes back dirty pages. Small metadata operations (open, rename, list) are synchronous: a thread-pool hop costs more
 * than they do, and start-up does thousands of them.
 *
 * Errors are Node's own system errors (`code` is ENOENT, EEXIST, ENOSPC, EIO, …).
 */
export interface FileSystem {
  /** `r`: must exist, read only. `r+`: must exist. `rw`: made if missing, kept if there. `create`: must not exist (EEXIST). */
  openSync(path: string, mode: OpenMode): File
  existsSync(path: string): boolean
  /** Undefined when there is no such path. */
  statSync(path: string): FileStat | undefined
  readFileSync(path: string): Buffer
  /** Replaces the file; not crash-safe by itself, see {@link replaceFileSync}. */
  writeFileSync(path: string, bytes: Uint8Array): void
  /** Parents included; no error when it is there. */
  mkdirSync(path: string): void
  /** Names in no particular order. */
  readdirSync(path: string): string[]
  renameSync(from: string, to: string): void
  /** Sets the time of the last change, which retention goes by. */
  setModifiedSync(path: string, modifiedMs: number): void
  unlinkSync(path: string): void
  /** A file or a whole tree; no error when it is gone. */
  removeSync(path: string): void
  /** Of the volume that holds the path: all of it, and what this user may still write. Throws like every call here. */
  spaceSync(path: string): { readonly totalBytes: number; readonly usableBytes: number }
  /** Makes renames and new names in the directory durable. */
  syncDirectory(path: string): Promise<void>
}

export type OpenMode = 'r' | 'r+' | 'rw' | 'create'

export interface FileStat {
  readonly sizeBytes: number
  readonly modifiedMs: number
  readonly isDirectory: boolean
}

export interface File {
  readonly path: string
  /** The descriptor for calls that need one (sendfile, lockf), or -1 when the file is not a real one. */
  readonly fd: number
  sizeSync(): number
  /** Reads up to `length` bytes at `position` into `target` at `targetOffset`; resolves to the bytes read, 0 at the end. */
  read(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number>
  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number
  /** Writes all parts, one behind the other, at `position`; rejects when not all of it could be written. */
  write(parts: readonly Uint8Array[], position: number): Promise<void>
  writeSync(bytes: Uint8Array, position: number): void
  truncateSync(sizeBytes: number): void
  /** fdatasync. */
  sync(): Promise<void>
  syncSync(): void
  closeSync(): void
}

/** A stretch of a file that is sent as it lies there. Whoever makes it holds the file open until `release` is called. */
export interface FileRange {
  readonly file: File
  readonly position: number
  readonly length: number
  /** Called once, when the bytes are sent or given up. */
  release(): void
}

/** Writes beside the file, syncs, renames over it: after a crash the old or the new content is there, never a mix. */
export function replaceFileSync(fs: FileSystem, path: string, bytes: Uint8Array, sync: boolean): void {
  const temporary = `${path}.tmp`
  fs.writeFileSync(temporary, bytes)
  if (sync) {
    const file = fs.openSync(temporary, 'r+')
    try {
      file.syncSync()
    } finally {
      file.closeSync()
    }
  }
  fs.renameSync(temporary, path)
}
