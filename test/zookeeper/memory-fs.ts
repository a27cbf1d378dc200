import type { File, FileStat, FileSystem, OpenMode } from '../../src/base/file-system.ts'

interface Content {
  bytes: Buffer
  /** What the disk has. */
  synced: Buffer
}

export type Change = 'create' | 'write' | 'truncate' | 'sync' | 'rename' | 'unlink' | 'syncDirectory'

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}

function copyOf(files: ReadonlyMap<string, Content>, of: (content: Content) => Buffer): MemoryFileSystem {
  const copy = new MemoryFileSystem()
  for (const [path, content] of files) copy.put(path, of(content))
  return copy
}

/**
 * Files in memory, of which any single change can fail, and which know what would be left after a power failure.
 * Directories are only prefixes.
 */
export class MemoryFileSystem implements FileSystem {
  private files = new Map<string, Content>()
  /** Names that the disk knows. */
  private durable = new Map<string, Content>()
  changes = 0
  /** The change with this number, counted from 0, fails, and so do all after it. A write does half of its work. */
  failFrom = Number.POSITIVE_INFINITY

  /** As after the process died: what was written is there. */
  restarted(): MemoryFileSystem {
    return copyOf(this.files, ({ bytes }) => bytes)
  }

  /** As after the machine lost power: only what was synced is there. */
  afterPowerFailure(): MemoryFileSystem {
    return copyOf(this.durable, ({ synced }) => synced)
  }

  names(): string[] {
    return [...this.files.keys()].sort()
  }

  put(path: string, bytes: Uint8Array): void {
    const content = { bytes: Buffer.from(bytes), synced: Buffer.from(bytes) }
    this.files.set(path, content)
    this.durable.set(path, content)
  }

  /** True when the change must fail. */
  fails(_change: Change): boolean {
    return this.changes++ >= this.failFrom
  }

  openSync(path: string, mode: OpenMode): File {
    let content = this.files.get(path)
    if (mode === 'create' && content !== undefined) throw systemError('EEXIST', path)
    if (content === undefined) {
      if (mode === 'r' || mode === 'r+') throw systemError('ENOENT', path)
      if (this.fails('create')) throw systemError('ENOSPC', path)
      content = { bytes: Buffer.alloc(0), synced: Buffer.alloc(0) }
      this.files.set(path, content)
    }
    return new MemoryFile(this, path, content)
  }

  existsSync(path: string): boolean {
    return this.files.has(path)
  }

  statSync(path: string): FileStat | undefined {
    const content = this.files.get(path)
    return content && { sizeBytes: content.bytes.length, modifiedMs: 0, isDirectory: false }
  }

  readFileSync(path: string): Buffer {
    const content = this.files.get(path)
    if (content === undefined) throw systemError('ENOENT', path)
    return Buffer.from(content.bytes)
  }

  writeFileSync(path: string, bytes: Uint8Array): void {
    if (this.fails('write')) throw systemError('ENOSPC', path)
    this.files.set(path, { bytes: Buffer.from(bytes), synced: Buffer.alloc(0) })
  }

  mkdirSync(): void {
    // Directories are only prefixes.
  }

  readdirSync(path: string): string[] {
    return [...this.files.keys()]
      .filter((each) => each.startsWith(`${path}/`))
      .map((each) => each.slice(path.length + 1))
  }

  renameSync(from: string, to: string): void {
    const content = this.files.get(from)
    if (content === undefined) throw systemError('ENOENT', from)
    if (this.fails('rename')) throw systemError('EIO', from)
    this.files.delete(from)
    this.files.set(to, content)
  }

  unlinkSync(path: string): void {
    if (!this.files.has(path)) throw systemError('ENOENT', path)
    if (this.fails('unlink')) throw systemError('EIO', path)
    this.files.delete(path)
  }

  removeSync(path: string): void {
    this.files.delete(path)
  }

  spaceSync(): { totalBytes: number; usableBytes: number } {
    return { totalBytes: Number.MAX_SAFE_INTEGER, usableBytes: Number.MAX_SAFE_INTEGER }
  }

  async syncDirectory(path: string): Promise<void> {
    await Promise.resolve()
    if (this.fails('syncDirectory')) throw systemError('EIO', path)
    for (const each of [...this.durable.keys()]) if (each.startsWith(`${path}/`)) this.durable.delete(each)
    for (const [each, content] of this.files) if (each.startsWith(`${path}/`)) this.durable.set(each, content)
  }
}

class MemoryFile implements File {
  readonly fd = -1
  readonly path: string
  private readonly fs: MemoryFileSystem
  private readonly content: Content

  constructor(fs: MemoryFileSystem, path: string, content: Content) {
    this.fs = fs
    this.path = path
    this.content = content
  }

  sizeSync(): number {
    return this.content.bytes.length
  }

  async read(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number> {
    return this.readSync(target, targetOffset, length, position)
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    const part = this.content.bytes.subarray(position, position + length)
    target.set(part, targetOffset)
    return part.length
  }

  async write(parts: readonly Uint8Array[], position: number): Promise<void> {
    await Promise.resolve()
    this.writeSync(Buffer.concat(parts), position)
  }

  writeSync(bytes: Uint8Array, position: number): void {
    const fails = this.fs.fails('write')
    const part = fails ? bytes.subarray(0, bytes.length >> 1) : bytes
    const end = position + part.length
    if (end > this.content.bytes.length) this.resize(end)
    this.content.bytes.set(part, position)
    if (fails) throw systemError('ENOSPC', this.path)
  }

  truncateSync(sizeBytes: number): void {
    if (this.fs.fails('truncate')) throw systemError('ENOSPC', this.path)
    this.resize(sizeBytes)
  }

  async sync(): Promise<void> {
    await Promise.resolve()
    this.syncSync()
  }

  syncSync(): void {
    if (this.fs.fails('sync')) throw systemError('EIO', this.path)
    this.content.synced = Buffer.from(this.content.bytes)
  }

  closeSync(): void {
    // Nothing is held.
  }

  private resize(sizeBytes: number): void {
    const bytes = Buffer.alloc(sizeBytes)
    this.content.bytes.copy(bytes)
    this.content.bytes = bytes
  }
}
