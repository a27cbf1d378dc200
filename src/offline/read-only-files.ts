import type { File, FileStat, FileSystem, OpenMode } from '../base/file-system.ts'

/**
 * The disk, read-only by construction: whatever mode a file is asked for in, it is opened for reading, and every call
 * that would change something throws, with one exception. A file that is written as a whole (an index that has to be
 * built again) is kept in memory and stands in for the one on disk from then on.
 *
 * `aliases` gives files another name: a compaction that was decided and not finished left its segment as
 * `N.log.swap`, which is `N.log` to whoever reads the log.
 */
export class ReadOnlyFiles implements FileSystem {
  private readonly disk: FileSystem
  private readonly aliases: ReadonlyMap<string, string>
  private readonly memory = new Map<string, MemoryFile>()

  constructor(disk: FileSystem, aliases: ReadonlyMap<string, string> = new Map()) {
    this.disk = disk
    this.aliases = aliases
  }

  /** What messages should call the file. */
  diskPath(path: string): string {
    return this.aliases.get(path) ?? path
  }

  openSync(path: string, mode: OpenMode): File {
    if (mode === 'create') throw readOnly(path)
    return this.memory.get(path) ?? this.disk.openSync(this.diskPath(path), 'r')
  }

  existsSync(path: string): boolean {
    return this.memory.has(path) || this.disk.existsSync(this.diskPath(path))
  }

  statSync(path: string): FileStat | undefined {
    return this.memory.get(path)?.stat() ?? this.disk.statSync(this.diskPath(path))
  }

  readFileSync(path: string): Buffer {
    return this.memory.get(path)?.bytes ?? this.disk.readFileSync(this.diskPath(path))
  }

  writeFileSync(path: string, bytes: Uint8Array): void {
    this.memory.set(path, new MemoryFile(path, bytes))
  }

  readdirSync(path: string): string[] {
    return this.disk.readdirSync(path)
  }

  spaceSync(path: string): { readonly totalBytes: number; readonly usableBytes: number } {
    return this.disk.spaceSync(path)
  }

  mkdirSync(path: string): void {
    throw readOnly(path)
  }

  renameSync(from: string): void {
    throw readOnly(from)
  }

  setModifiedSync(path: string): void {
    throw readOnly(path)
  }

  unlinkSync(path: string): void {
    throw readOnly(path)
  }

  removeSync(path: string): void {
    throw readOnly(path)
  }

  syncDirectory(): Promise<void> {
    return Promise.resolve()
  }
}

/** As the system says it of a disk that is mounted so. */
function readOnly(path: string): Error {
  return Object.assign(new Error(`EROFS: ${path} is only read`), { code: 'EROFS' })
}

class MemoryFile implements File {
  readonly path: string
  readonly fd = -1
  bytes: Buffer

  constructor(path: string, bytes: Uint8Array) {
    this.path = path
    this.bytes = Buffer.from(bytes)
  }

  stat(): FileStat {
    return { sizeBytes: this.bytes.length, modifiedMs: 0, isDirectory: false }
  }

  sizeSync(): number {
    return this.bytes.length
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number> {
    return Promise.resolve(this.readSync(target, targetOffset, length, position))
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    const end = Math.min(position + length, this.bytes.length)
    return position < end ? this.bytes.copy(target, targetOffset, position, end) : 0
  }

  write(parts: readonly Uint8Array[], position: number): Promise<void> {
    let at = position
    for (const part of parts) {
      this.writeSync(part, at)
      at += part.length
    }
    return Promise.resolve()
  }

  writeSync(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length
    if (end > this.bytes.length) this.bytes = Buffer.concat([this.bytes], end)
    this.bytes.set(bytes, position)
  }

  truncateSync(sizeBytes: number): void {
    this.bytes = Buffer.concat([this.bytes], sizeBytes)
  }

  sync(): Promise<void> {
    return Promise.resolve()
  }

  syncSync(): void {
    // It is not meant to last.
  }

  closeSync(): void {
    // It may be opened again.
  }
}
