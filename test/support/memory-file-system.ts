import { basename, dirname } from 'node:path'
import type { File, FileStat, FileSystem, OpenMode } from '../../src/base/file-system.ts'
import type { Random } from '../../src/base/random.ts'

export type ChangeOperation =
  | 'create'
  | 'writeFile'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'mkdir'
  | 'rename'
  | 'unlink'
  | 'rmdir'
  | 'syncDirectory'

/** How the change is left at which everything stops. `half`: half of a write is done, and nothing of other changes. */
export type StopMode = 'before' | 'emptied' | 'half' | 'after'

interface FileWrite {
  readonly position: number
  readonly bytes: Buffer
}

interface FileCut {
  readonly sizeBytes: number
}

interface FileNode {
  readonly kind: 'file'
  bytes: Buffer
  modifiedMs: number
  /** What the disk has, and what was done to the file since. */
  synced: Buffer
  unsynced: (FileWrite | FileCut)[]
}

interface DirectoryNode {
  readonly kind: 'directory'
  /** In memory, and on disk. */
  readonly entries: Map<string, Node>
  readonly durable: Map<string, Node>
}

type Node = FileNode | DirectoryNode

interface Name {
  readonly directory: DirectoryNode
  readonly name: string
}

/** A name that is made, given up, or both at once (a rename). */
interface NameChange {
  readonly removed?: Name
  readonly added?: Name & { readonly node: Node }
}

/** A system error as Node makes it. */
export function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}

/**
 * Files in memory that know what a crash would leave of them.
 *
 * Every change has a number; at any of them the world can be made to stop ({@link stopAt}): from there on every call
 * fails. Then {@link restarted} gives the files as the next process finds them when the process was killed, and
 * {@link afterPowerFailure} when the machine was: what was not synced is lost, all of it or any part.
 *
 * A file is synced by its `sync`; a name by `syncDirectory` of the directory that it is in, which syncs the directory's
 * own name too, as the usual file systems do. A rename is one change: the old and the new name are never both there, and
 * never both gone.
 */
export class MemoryFileSystem implements FileSystem {
  /** Every change so far, as `operation path`. */
  readonly changes: string[] = []
  /** The change with this number, counted from 0, fails, and so do all after it; a write does half of its work. */
  failFrom = Number.POSITIVE_INFINITY
  /** More files than these cannot be open at the same time: EMFILE. */
  maxOpenFiles = Number.POSITIVE_INFINITY
  /** What {@link FileStat.modifiedMs} is taken from. */
  nowMs: () => number = () => 0
  private readonly open = new Set<MemoryFile>()
  private stop: { readonly change: number; readonly mode: StopMode } | undefined
  private failure: { readonly change: number; readonly code: string } | undefined
  private readonly root = newDirectory()
  /** Oldest first. */
  private unsyncedNames: NameChange[] = []

  /**
   * The change with this number fails with `code`, and only that one; a write does half of its work. What a failed sync
   * was to put on disk never gets there, whatever a later one says, as with Linux.
   */
  failAt(change: number, code: string): void {
    this.failure = { change, code }
  }

  /** The change with this number is the last one: it is left as `mode` says, fails, and so does every call after it. */
  stopAt(change: number, mode: StopMode): void {
    this.stop = { change, mode }
  }

  get hasStopped(): boolean {
    return this.stop !== undefined && this.changes.length > this.stop.change
  }

  get openFiles(): readonly string[] {
    return [...this.open].map((file) => file.path)
  }

  /** As after the process died: what was written is there, but no safer than it was. */
  restarted(): MemoryFileSystem {
    const copy = new MemoryFileSystem()
    const copies = new Map<Node, Node>([[this.root, copy.root]])
    const copyOf = <T extends Node>(node: T): T => {
      let found = copies.get(node)
      if (found === undefined) {
        found = node.kind === 'file' ? { ...node, unsynced: [...node.unsynced] } : newDirectory()
        copies.set(node, found)
        if (node.kind === 'directory') fill(node, found as DirectoryNode)
      }
      return found as T
    }
    const fill = (from: DirectoryNode, to: DirectoryNode) => {
      for (const [name, node] of from.entries) to.entries.set(name, copyOf(node))
      for (const [name, node] of from.durable) to.durable.set(name, copyOf(node))
    }
    fill(this.root, copy.root)
    const nameOf = <T extends Name>(name: T): T => ({ ...name, directory: copyOf(name.directory) })
    copy.unsyncedNames = this.unsyncedNames.map(({ removed, added }) => ({
      ...(removed && { removed: nameOf(removed) }),
      ...(added && { added: { ...nameOf(added), node: copyOf(added.node) } }),
    }))
    return copy
  }

  /** As after the machine lost power: what was synced is there, and with `random` any part of the rest. */
  afterPowerFailure(random?: Random): MemoryFileSystem {
    if (random === undefined)
      return this.copy(
        ({ durable }) => durable,
        ({ synced }) => synced,
      )
    const names = new Map<DirectoryNode, Map<string, Node>>()
    const namesOf = (directory: DirectoryNode) => {
      const found = names.get(directory) ?? new Map(directory.durable)
      names.set(directory, found)
      return found
    }
    for (const change of this.unsyncedNames) if (random.int(2) === 0) changeNames(change, namesOf)
    return this.copy(namesOf, (file) => partlySynced(file, random))
  }

  /** Of all files, with their directories. */
  names(): string[] {
    const walk = (directory: DirectoryNode, path: string): string[] =>
      [...directory.entries].flatMap(([name, node]) =>
        node.kind === 'file' ? [`${path}/${name}`] : walk(node, `${path}/${name}`),
      )
    return walk(this.root, '').sort()
  }

  /** Puts a file there as if it had been synced long ago; its directories too. */
  put(path: string, bytes: Uint8Array): void {
    const directory = this.putDirectory(dirname(path))
    const file = newFile(this.nowMs())
    file.bytes = Buffer.from(bytes)
    file.synced = file.bytes
    directory.entries.set(basename(path), file)
    directory.durable.set(basename(path), file)
  }

  putDirectory(path: string): DirectoryNode {
    if (dirname(path) === path) return this.root
    const parent = this.putDirectory(dirname(path))
    const found = parent.entries.get(basename(path))
    if (found?.kind === 'directory') return found
    const added = newDirectory()
    parent.entries.set(basename(path), added)
    parent.durable.set(basename(path), added)
    return added
  }

  openSync(path: string, mode: OpenMode): File {
    this.requireDescriptor(path)
    const node = this.find(path)
    if (node?.kind === 'directory') throw systemError('EISDIR', path)
    if (mode === 'create' && node !== undefined) throw systemError('EEXIST', path)
    if (node === undefined && (mode === 'r' || mode === 'r+')) throw systemError('ENOENT', path)
    const file = new MemoryFile(this, path, node ?? this.create(path))
    this.open.add(file)
    return file
  }

  existsSync(path: string): boolean {
    this.requireRunning(`exists ${path}`)
    return this.find(path) !== undefined
  }

  statSync(path: string): FileStat | undefined {
    this.requireRunning(`stat ${path}`)
    const node = this.find(path)
    if (node === undefined) return undefined
    if (node.kind === 'directory') return { sizeBytes: 0, modifiedMs: 0, isDirectory: true }
    return { sizeBytes: node.bytes.length, modifiedMs: node.modifiedMs, isDirectory: false }
  }

  readFileSync(path: string): Buffer {
    this.requireDescriptor(path)
    return Buffer.from(this.file(path).bytes)
  }

  writeFileSync(path: string, bytes: Uint8Array): void {
    this.requireDescriptor(path)
    if (this.find(path)?.kind === 'directory') throw systemError('EISDIR', path)
    const put = (part: Uint8Array) => {
      const file = (this.find(path) as FileNode | undefined) ?? this.createNow(path)
      this.writeNow(file, part, 0, true)
    }
    this.change('writeFile', path, {
      whole: () => put(bytes),
      half: () => put(bytes.subarray(0, bytes.length >> 1)),
      emptied: () => put(new Uint8Array(0)),
    })
  }

  mkdirSync(path: string): void {
    this.requireRunning(`mkdir ${path}`)
    const node = this.find(path)
    if (node?.kind === 'directory') return
    if (node !== undefined) throw systemError('EEXIST', path)
    if (dirname(path) !== path) this.mkdirSync(dirname(path))
    const added = { ...this.nameOf(path), node: newDirectory() }
    this.change('mkdir', path, { whole: () => this.changeName({ added }) })
  }

  readdirSync(path: string): string[] {
    this.requireDescriptor(path)
    const node = this.find(path)
    if (node === undefined) throw systemError('ENOENT', path)
    if (node.kind === 'file') throw systemError('ENOTDIR', path)
    return [...node.entries.keys()].sort()
  }

  renameSync(from: string, to: string): void {
    this.requireRunning(`rename ${from}`)
    const node = this.find(from)
    if (node === undefined) throw systemError('ENOENT', from)
    const change = { removed: this.nameOf(from), added: { ...this.nameOf(to), node } }
    this.change('rename', from, { whole: () => this.changeName(change) })
  }

  /** No change of its own: a crash may keep or lose it, and nobody depends on which. */
  setModifiedSync(path: string, modifiedMs: number): void {
    this.requireRunning(`setModified ${path}`)
    this.file(path).modifiedMs = modifiedMs
  }

  unlinkSync(path: string): void {
    this.requireRunning(`unlink ${path}`)
    this.file(path)
    const removed = this.nameOf(path)
    this.change('unlink', path, { whole: () => this.changeName({ removed }) })
  }

  removeSync(path: string): void {
    this.requireRunning(`remove ${path}`)
    const node = this.find(path)
    if (node?.kind === 'file') this.unlinkSync(path)
    if (node?.kind !== 'directory') return
    for (const name of [...node.entries.keys()].sort()) this.removeSync(`${path}/${name}`)
    const removed = this.nameOf(path)
    this.change('rmdir', path, { whole: () => this.changeName({ removed }) })
  }

  spaceSync(): { totalBytes: number; usableBytes: number } {
    this.requireRunning('space')
    return { totalBytes: Number.MAX_SAFE_INTEGER, usableBytes: Number.MAX_SAFE_INTEGER }
  }

  async syncDirectory(path: string): Promise<void> {
    await Promise.resolve()
    this.change('syncDirectory', path, { whole: () => this.syncNames(path) })
  }

  /** For {@link MemoryFile}. */
  closed(file: MemoryFile): void {
    this.open.delete(file)
  }

  requireRunning(what: string): void {
    if (this.hasStopped) throw systemError('EIO', `${what}: stopped before`)
  }

  /** Does the change, or what of it still happens when this is where everything stops. */
  change(
    operation: ChangeOperation,
    path: string,
    ways: { whole: () => void; half?: () => void; emptied?: () => void },
  ): void {
    this.requireRunning(`${operation} ${path}`)
    const number = this.changes.length
    this.changes.push(`${operation} ${path}`)
    if (number >= this.failFrom || number === this.failure?.change) {
      ways.half?.()
      const usual = operation === 'sync' || ways.half === undefined ? 'EIO' : 'ENOSPC'
      throw systemError(number >= this.failFrom ? usual : (this.failure?.code ?? usual), path)
    }
    if (number !== this.stop?.change) {
      ways.whole()
      return
    }
    const { mode } = this.stop
    if (mode === 'after') ways.whole()
    else if (mode !== 'before') ways[mode]?.()
    throw systemError('EIO', `${operation} ${path}: stopped here`)
  }

  writeNow(file: FileNode, bytes: Uint8Array, position: number, isEmptied = false): void {
    if (isEmptied) this.cutNow(file, 0)
    const write = { position, bytes: Buffer.from(bytes) }
    if (bytes.length > 0) file.unsynced.push(write)
    file.bytes = applied(file.bytes, write)
    file.modifiedMs = this.nowMs()
  }

  cutNow(file: FileNode, sizeBytes: number): void {
    file.unsynced.push({ sizeBytes })
    file.bytes = applied(file.bytes, { sizeBytes })
    file.modifiedMs = this.nowMs()
  }

  private create(path: string): FileNode {
    this.nameOf(path)
    const created: FileNode[] = []
    this.change('create', path, { whole: () => created.push(this.createNow(path)) })
    return created[0] as FileNode
  }

  private createNow(path: string): FileNode {
    const node = newFile(this.nowMs())
    this.changeName({ added: { ...this.nameOf(path), node } })
    return node
  }

  private file(path: string): FileNode {
    const node = this.find(path)
    if (node === undefined) throw systemError('ENOENT', path)
    if (node.kind === 'directory') throw systemError('EISDIR', path)
    return node
  }

  private find(path: string): Node | undefined {
    if (dirname(path) === path) return this.root
    const parent = this.find(dirname(path))
    return parent?.kind === 'directory' ? parent.entries.get(basename(path)) : undefined
  }

  private nameOf(path: string): Name {
    const directory = this.find(dirname(path))
    if (directory?.kind !== 'directory') throw systemError('ENOENT', path)
    return { directory, name: basename(path) }
  }

  private changeName(change: NameChange): void {
    changeNames(change, ({ entries }) => entries)
    this.unsyncedNames.push(change)
  }

  private syncNames(path: string): void {
    const directory = this.find(path)
    const upwards: (Node | undefined)[] = [directory]
    for (let at = path; dirname(at) !== at; at = dirname(at)) upwards.push(this.find(dirname(at)))
    const isAsked = ({ removed, added }: NameChange) =>
      removed?.directory === directory || added?.directory === directory || upwards.includes(added?.node)
    const synced = new Set<NameChange>()
    for (const change of this.unsyncedNames.toReversed()) {
      // With those that are asked for, what had happened to the same names before.
      if (isAsked(change) || [...synced].some((later) => isSameName(later, change))) synced.add(change)
    }
    for (const change of this.unsyncedNames)
      if (synced.has(change)) changeNames(change, ({ durable }) => durable)
    this.unsyncedNames = this.unsyncedNames.filter((change) => !synced.has(change))
  }

  private copy(
    namesOf: (directory: DirectoryNode) => ReadonlyMap<string, Node>,
    contentOf: (file: FileNode) => Buffer,
  ): MemoryFileSystem {
    const copy = new MemoryFileSystem()
    const walk = (directory: DirectoryNode, path: string): void => {
      for (const [name, node] of namesOf(directory)) {
        const at = `${path}/${name}`
        if (node.kind === 'file') copy.put(at, contentOf(node))
        else {
          copy.putDirectory(at)
          walk(node, at)
        }
      }
    }
    walk(this.root, '')
    return copy
  }

  private requireDescriptor(path: string): void {
    this.requireRunning(`open ${path}`)
    if (this.open.size >= this.maxOpenFiles) throw systemError('EMFILE', path)
  }
}

class MemoryFile implements File {
  readonly fd = -1
  readonly path: string
  private readonly fs: MemoryFileSystem
  private readonly node: FileNode

  constructor(fs: MemoryFileSystem, path: string, node: FileNode) {
    this.fs = fs
    this.path = path
    this.node = node
  }

  sizeSync(): number {
    this.fs.requireRunning(`size ${this.path}`)
    return this.node.bytes.length
  }

  async read(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number> {
    await Promise.resolve()
    return this.readSync(target, targetOffset, length, position)
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    this.fs.requireRunning(`read ${this.path}`)
    const part = this.node.bytes.subarray(position, position + length)
    target.set(part, targetOffset)
    return part.length
  }

  async write(parts: readonly Uint8Array[], position: number): Promise<void> {
    await Promise.resolve()
    this.writeSync(Buffer.concat(parts), position)
  }

  writeSync(bytes: Uint8Array, position: number): void {
    this.fs.change('write', this.path, {
      whole: () => this.fs.writeNow(this.node, bytes, position),
      half: () => this.fs.writeNow(this.node, bytes.subarray(0, bytes.length >> 1), position),
    })
  }

  truncateSync(sizeBytes: number): void {
    this.fs.change('truncate', this.path, { whole: () => this.fs.cutNow(this.node, sizeBytes) })
  }

  async sync(): Promise<void> {
    await Promise.resolve()
    this.syncSync()
  }

  syncSync(): void {
    const { node } = this
    try {
      this.fs.change('sync', this.path, {
        whole: () => {
          node.synced = node.unsynced.reduce(applied, node.synced)
        },
      })
    } finally {
      if (!this.fs.hasStopped) node.unsynced = []
    }
  }

  closeSync(): void {
    this.fs.closed(this)
  }
}

function newDirectory(): DirectoryNode {
  return { kind: 'directory', entries: new Map(), durable: new Map() }
}

function newFile(nowMs: number): FileNode {
  return {
    kind: 'file',
    bytes: Buffer.alloc(0),
    modifiedMs: nowMs,
    synced: Buffer.alloc(0),
    unsynced: [],
  }
}

function isSameName(a: NameChange, b: NameChange): boolean {
  const names = [b.removed, b.added]
  return [a.removed, a.added].some((one) =>
    names.some(
      (other) =>
        one !== undefined &&
        other !== undefined &&
        one.name === other.name &&
        one.directory === other.directory,
    ),
  )
}

function changeNames(
  { removed, added }: NameChange,
  namesOf: (directory: DirectoryNode) => Map<string, Node>,
): void {
  if (removed !== undefined) namesOf(removed.directory).delete(removed.name)
  if (added !== undefined) namesOf(added.directory).set(added.name, added.node)
}

function applied(bytes: Buffer, change: FileWrite | FileCut): Buffer {
  if ('sizeBytes' in change) {
    const cut = Buffer.alloc(change.sizeBytes)
    bytes.copy(cut)
    return cut
  }
  const end = change.position + change.bytes.length
  const grown = end > bytes.length ? applied(bytes, { sizeBytes: end }) : Buffer.from(bytes)
  change.bytes.copy(grown, change.position)
  return grown
}

/** Any of what was not synced, in parts: a write that is lost leaves zeros when a later one made the file longer. */
function partlySynced(file: FileNode, random: Random): Buffer {
  let bytes = file.synced
  for (const change of file.unsynced) {
    const dice = random.int(4)
    if ('sizeBytes' in change) {
      // File systems write to other blocks after a cut: what came behind a lost one is lost as well.
      if (dice === 0) return bytes
      bytes = applied(bytes, change)
    } else if (dice > 1) bytes = applied(bytes, change)
    else if (dice === 1) {
      const part = change.bytes.subarray(0, random.int(change.bytes.length + 1))
      bytes = applied(bytes, { position: change.position, bytes: part })
    }
  }
  return bytes
}
