import os from 'node:os'
import path from 'node:path'
import type { Clock } from './clock.ts'
import type { File, FileStat, FileSystem, OpenMode } from './file-system.ts'
import { systemError } from './pipe.ts'

/** Files grow in pages of this size; only the first page of a file is smaller, as most files are. */
const PAGE_BYTES = 1024 * 1024
const FIRST_PAGE_BYTES = 256

interface FileNode {
  readonly kind: 'file'
  readonly content: Content
  modifiedMs: number
}

interface DirectoryNode {
  readonly kind: 'directory'
  readonly entries: Map<string, Node>
  modifiedMs: number
}

type Node = FileNode | DirectoryNode

/**
 * Files that are nowhere but in this process's memory, and gone with it. Errors are those of the real file system. What is
 * written is copied, and so is what is read: nobody holds bytes of a file.
 */
export class MemoryFileSystem implements FileSystem {
  private readonly clock: Pick<Clock, 'nowMs'>
  private readonly root: DirectoryNode

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.clock = clock
    this.root = this.newDirectory()
  }

  openSync(path: string, mode: OpenMode): File {
    const node = this.find(path)
    if (mode === 'create' && node !== undefined) throw systemError('EEXIST', `open '${path}'`)
    if (node?.kind === 'directory') throw systemError('EISDIR', `open '${path}'`)
    if (node === undefined && (mode === 'r' || mode === 'r+')) throw this.missing('open', path)
    return new MemoryFile(path, node ?? this.create(path), this.clock, mode !== 'r')
  }

  existsSync(path: string): boolean {
    return this.find(path) !== undefined
  }

  statSync(path: string): FileStat | undefined {
    const node = this.find(path)
    if (node === undefined) {
      this.requireNoFileAbove('stat', path)
      return undefined
    }
    const isDirectory = node.kind === 'directory'
    return { sizeBytes: isDirectory ? 0 : node.content.sizeBytes, modifiedMs: node.modifiedMs, isDirectory }
  }

  readFileSync(path: string): Buffer {
    const { content } = this.file('read', path)
    const bytes = Buffer.allocUnsafe(content.sizeBytes)
    content.read(bytes, 0, 0)
    return bytes
  }

  writeFileSync(path: string, bytes: Uint8Array): void {
    const node = this.find(path)
    if (node?.kind === 'directory') throw systemError('EISDIR', `open '${path}'`)
    const file = node ?? this.create(path)
    file.content.truncate(0)
    file.content.write(bytes, 0)
    file.modifiedMs = this.clock.nowMs()
  }

  mkdirSync(path: string): void {
    let directory = this.root
    const names = namesOf(path)
    for (const [depth, name] of names.entries()) {
      let next = directory.entries.get(name)
      if (next === undefined) {
        next = this.newDirectory()
        this.put(directory, name, next)
      } else if (next.kind === 'file') {
        throw systemError(depth === names.length - 1 ? 'EEXIST' : 'ENOTDIR', `mkdir '${path}'`)
      }
      directory = next
    }
  }

  readdirSync(path: string): string[] {
    const node = this.find(path)
    if (node === undefined) throw this.missing('scandir', path)
    if (node.kind === 'file') throw systemError('ENOTDIR', `scandir '${path}'`)
    return [...node.entries.keys()]
  }

  /** A directory comes with all that is in it, and replaces nothing but an empty one. */
  renameSync(from: string, to: string): void {
    this.place('rename', from)
    const place = this.place('rename', to)
    const node = this.find(from)
    if (node === undefined) throw this.missing('rename', from)
    const there = place.directory.entries.get(place.name)
    if (there === node) return
    if (isInside(to, from)) throw systemError('EINVAL', `rename '${from}' -> '${to}'`)
    if (isInside(from, to)) throw systemError('ENOTEMPTY', `rename '${from}' -> '${to}'`)
    if (there !== undefined) checkReplaceable(node, there, `rename '${from}' -> '${to}'`)
    this.remove(from)
    this.put(place.directory, place.name, node)
  }

  setModifiedSync(path: string, modifiedMs: number): void {
    const node = this.find(path)
    if (node === undefined) throw this.missing('utime', path)
    node.modifiedMs = modifiedMs
  }

  unlinkSync(path: string): void {
    this.file('unlink', path)
    this.remove(path)
  }

  removeSync(path: string): void {
    if (this.existsSync(path)) this.remove(path)
    else this.requireNoFileAbove('rm', path)
  }

  spaceSync(path: string): { readonly totalBytes: number; readonly usableBytes: number } {
    if (!this.existsSync(path)) throw this.missing('statfs', path)
    return { totalBytes: os.totalmem(), usableBytes: os.freemem() }
  }

  syncDirectory(): Promise<void> {
    return Promise.resolve()
  }

  private create(path: string): FileNode {
    const { directory, name } = this.place('open', path)
    const file: FileNode = { kind: 'file', content: new Content(), modifiedMs: this.clock.nowMs() }
    this.put(directory, name, file)
    return file
  }

  private put(directory: DirectoryNode, name: string, node: Node): void {
    directory.entries.set(name, node)
    directory.modifiedMs = this.clock.nowMs()
  }

  private remove(path: string): void {
    const { directory, name } = this.place('unlink', path)
    directory.entries.delete(name)
    directory.modifiedMs = this.clock.nowMs()
  }

  private newDirectory(): DirectoryNode {
    return { kind: 'directory', entries: new Map(), modifiedMs: this.clock.nowMs() }
  }

  private file(operation: string, path: string): FileNode {
    const node = this.find(path)
    if (node === undefined) throw this.missing(operation, path)
    if (node.kind === 'directory') throw systemError('EISDIR', `${operation} '${path}'`)
    return node
  }

  private missing(operation: string, path: string): Error {
    this.requireNoFileAbove(operation, path)
    return systemError('ENOENT', `no such file or directory, ${operation} '${path}'`)
  }

  /** A file where a directory should be is another error than nothing at all. */
  private requireNoFileAbove(operation: string, file: string): void {
    let parent = path.dirname(file)
    while (this.find(parent) === undefined) parent = path.dirname(parent)
    if (this.find(parent)?.kind === 'file')
      throw systemError('ENOTDIR', `not a directory, ${operation} '${file}'`)
  }

  private find(path: string): Node | undefined {
    let node: Node = this.root
    for (const name of namesOf(path)) {
      if (node.kind === 'file') return undefined
      const next = node.entries.get(name)
      if (next === undefined) return undefined
      node = next
    }
    return node
  }

  private place(operation: string, file: string): { directory: DirectoryNode; name: string } {
    const directory = this.find(path.dirname(file))
    if (directory?.kind !== 'directory') throw this.missing(operation, file)
    return { directory, name: path.basename(file) }
  }
}

class MemoryFile implements File {
  readonly path: string
  readonly fd = -1
  private readonly node: FileNode
  private readonly clock: Pick<Clock, 'nowMs'>
  private readonly isWritable: boolean
  private isOpen = true

  constructor(path: string, node: FileNode, clock: Pick<Clock, 'nowMs'>, isWritable: boolean) {
    this.path = path
    this.node = node
    this.clock = clock
    this.isWritable = isWritable
  }

  sizeSync(): number {
    return this.opened('fstat').sizeBytes
  }

  async read(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number> {
    return this.readSync(target, targetOffset, length, position)
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    return this.opened('read').read(target.subarray(targetOffset, targetOffset + length), 0, position)
  }

  async write(parts: readonly Uint8Array[], position: number): Promise<void> {
    let at = position
    for (const part of parts) {
      this.writeSync(part, at)
      at += part.length
    }
  }

  writeSync(bytes: Uint8Array, position: number): void {
    this.writable('write').write(bytes, position)
  }

  truncateSync(sizeBytes: number): void {
    this.writable('ftruncate', 'EINVAL').truncate(sizeBytes)
  }

  async sync(): Promise<void> {
    this.syncSync()
  }

  syncSync(): void {
    this.opened('fdatasync')
  }

  closeSync(): void {
    this.isOpen = false
  }

  private opened(operation: string): Content {
    if (!this.isOpen) throw systemError('EBADF', `bad file descriptor, ${operation}`)
    return this.node.content
  }

  private writable(operation: string, refusal = 'EBADF'): Content {
    const content = this.opened(operation)
    if (!this.isWritable) throw systemError(refusal, `opened for reading only, ${operation}`)
    this.node.modifiedMs = this.clock.nowMs()
    return content
  }
}

/** The bytes of a file, in pages, so that growing never copies more than one of them. */
class Content {
  sizeBytes = 0
  private readonly pages: Buffer[] = []

  /** Fills `target` from `targetOffset` on; gives how many bytes there were. */
  read(target: Uint8Array, targetOffset: number, position: number): number {
    const length = Math.max(0, Math.min(target.length - targetOffset, this.sizeBytes - position))
    for (let done = 0; done < length; ) {
      const at = position + done
      const page = this.pages[Math.floor(at / PAGE_BYTES)] as Buffer
      const from = at % PAGE_BYTES
      done += page.copy(target, targetOffset + done, from, Math.min(page.length, from + length - done))
    }
    return length
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return
    this.reserve(position + bytes.length)
    for (let done = 0; done < bytes.length; ) {
      const at = position + done
      const page = this.pages[Math.floor(at / PAGE_BYTES)] as Buffer
      const from = at % PAGE_BYTES
      const count = Math.min(PAGE_BYTES - from, bytes.length - done)
      page.set(bytes.subarray(done, done + count), from)
      done += count
    }
    this.sizeBytes = Math.max(this.sizeBytes, position + bytes.length)
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes > this.sizeBytes) this.reserve(sizeBytes)
    else {
      this.pages.length = Math.ceil(sizeBytes / PAGE_BYTES)
      // What a later write leaves out reads as zeros.
      this.pages.at(-1)?.fill(0, sizeBytes - (this.pages.length - 1) * PAGE_BYTES)
    }
    this.sizeBytes = sizeBytes
  }

  /** New bytes are zeros. */
  private reserve(sizeBytes: number): void {
    const wantedPages = Math.ceil(sizeBytes / PAGE_BYTES)
    const first = this.pages[0]
    const wantedOfFirst = wantedPages > 1 ? PAGE_BYTES : sizeBytes
    if (first === undefined || first.length < wantedOfFirst) {
      const doubled = 2 ** Math.ceil(Math.log2(Math.max(wantedOfFirst, FIRST_PAGE_BYTES)))
      const grown = Buffer.alloc(doubled)
      first?.copy(grown)
      this.pages[0] = grown
    }
    while (this.pages.length < wantedPages) this.pages.push(Buffer.alloc(PAGE_BYTES))
  }
}

function namesOf(file: string): string[] {
  return file.split(path.sep).filter((name) => name !== '')
}

function isInside(file: string, directory: string): boolean {
  return file.startsWith(directory + path.sep)
}

function checkReplaceable(node: Node, there: Node, what: string): void {
  if (there.kind === 'file') {
    if (node.kind === 'directory') throw systemError('ENOTDIR', what)
    return
  }
  if (node.kind === 'file') throw systemError('EISDIR', what)
  if (there.entries.size > 0) throw systemError('ENOTEMPTY', what)
}
