import type { File, FileStat, FileSystem, OpenMode } from '../../base/file-system.ts'
import { systemError } from '../../base/pipe.ts'
import { type Gate, never } from './gate.ts'

/**
 * The files of one broker. While it lives they are simply files. When it is killed, what it has asked the system for is
 * still done, nothing more is, and the system closes what it had open.
 */
export class GatedFileSystem implements FileSystem {
  readonly gate: Gate
  private readonly fs: FileSystem
  private readonly files = new Set<GatedFile>()
  private underWay = 0
  private onSettled: (() => void) | undefined

  constructor(fs: FileSystem, gate: Gate) {
    this.fs = fs
    this.gate = gate
  }

  openSync(path: string, mode: OpenMode): File {
    const file = new GatedFile(this.alive.openSync(path, mode), this)
    this.files.add(file)
    return file
  }

  existsSync(path: string): boolean {
    return this.alive.existsSync(path)
  }

  statSync(path: string): FileStat | undefined {
    return this.alive.statSync(path)
  }

  readFileSync(path: string): Buffer {
    return this.alive.readFileSync(path)
  }

  writeFileSync(path: string, bytes: Uint8Array): void {
    this.alive.writeFileSync(path, bytes)
  }

  mkdirSync(path: string): void {
    this.alive.mkdirSync(path)
  }

  readdirSync(path: string): string[] {
    return this.alive.readdirSync(path)
  }

  renameSync(from: string, to: string): void {
    this.alive.renameSync(from, to)
  }

  setModifiedSync(path: string, modifiedMs: number): void {
    this.alive.setModifiedSync(path, modifiedMs)
  }

  unlinkSync(path: string): void {
    this.alive.unlinkSync(path)
  }

  removeSync(path: string): void {
    this.alive.removeSync(path)
  }

  spaceSync(path: string): { readonly totalBytes: number; readonly usableBytes: number } {
    return this.alive.spaceSync(path)
  }

  syncDirectory(path: string): Promise<void> {
    return this.run(() => this.fs.syncDirectory(path))
  }

  /**
   * Resolves when the system has done what was under way and everything is closed. Not before: a number that was closed
   * under a write may belong to another file by the time the write is done.
   */
  async kill(): Promise<void> {
    if (this.underWay > 0) {
      await new Promise<void>((resolve) => {
        this.onSettled = resolve
      })
    }
    for (const file of this.files) file.abandon()
    this.files.clear()
  }

  forget(file: GatedFile): void {
    this.files.delete(file)
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.gate.isKilled) return never()
    const result = work()
    this.underWay++
    const done = () => {
      this.underWay--
      if (this.underWay === 0) this.onSettled?.()
    }
    result.then(done, done)
    return result
  }

  /** Storage is at home with disks that fail, so this is how it hears that it is over. */
  get alive(): FileSystem {
    if (this.gate.isKilled) throw killed()
    return this.fs
  }
}

class GatedFile implements File {
  private readonly file: File
  private readonly fs: GatedFileSystem

  constructor(file: File, fs: GatedFileSystem) {
    this.file = file
    this.fs = fs
  }

  get path(): string {
    return this.file.path
  }

  get fd(): number {
    return this.file.fd
  }

  sizeSync(): number {
    return this.alive.sizeSync()
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number> {
    return this.fs.run(() => this.file.read(target, targetOffset, length, position))
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    return this.alive.readSync(target, targetOffset, length, position)
  }

  write(parts: readonly Uint8Array[], position: number): Promise<void> {
    return this.fs.run(() => this.file.write(parts, position))
  }

  writeSync(bytes: Uint8Array, position: number): void {
    this.alive.writeSync(bytes, position)
  }

  truncateSync(sizeBytes: number): void {
    this.alive.truncateSync(sizeBytes)
  }

  sync(): Promise<void> {
    return this.fs.run(() => this.file.sync())
  }

  syncSync(): void {
    this.alive.syncSync()
  }

  closeSync(): void {
    // Of a killed broker the system closes everything, when it has done with it.
    if (this.fs.gate.isKilled) return
    this.fs.forget(this)
    this.file.closeSync()
  }

  abandon(): void {
    this.file.closeSync()
  }

  private get alive(): File {
    if (this.fs.gate.isKilled) throw killed()
    return this.file
  }
}

function killed(): Error {
  return systemError('EIO', 'the broker has been killed')
}
