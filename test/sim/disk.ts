import type { File, FileStat, FileSystem, OpenMode } from '../../src/base/file-system.ts'
import type { Random } from '../../src/base/random.ts'
import { MemoryFileSystem, systemError } from '../support/memory-file-system.ts'
import type { SimProcess } from './process.ts'
import type { Scheduler } from './scheduler.ts'

export interface DiskState {
  minDelayMs: number
  maxDelayMs: number
  /** What every write and sync fails with; undefined: nothing does. */
  failsWith: 'EIO' | 'ENOSPC' | undefined
  /** Where it does; everywhere when undefined. */
  failsBelow: string | undefined
}

/** A machine's disk. It outlives the processes; what of it outlives a loss of power is what was synced. */
export class SimDisk {
  files = new MemoryFileSystem()
  readonly state: DiskState = {
    minDelayMs: 0.02,
    maxDelayMs: 0.3,
    failsWith: undefined,
    failsBelow: undefined,
  }
  private readonly scheduler: Scheduler
  private readonly random: Random

  constructor(scheduler: Scheduler, random: Random) {
    this.scheduler = scheduler
    this.random = random
    this.losePower()
  }

  /** The port of one process. */
  of(process: SimProcess): FileSystem {
    return new DiskView(this, process, this.scheduler, this.random)
  }

  /** What was not synced is gone, or is half there. */
  losePower(): void {
    this.files = this.files.afterPowerFailure(this.random)
  }

  /** Of what a process keeps asking for: the list of all changes is for tests that count them. */
  trim(): void {
    this.files.changes.length = 0
  }
}

class DiskView implements FileSystem {
  private readonly disk: SimDisk
  private readonly files: MemoryFileSystem
  private readonly process: SimProcess
  private readonly scheduler: Scheduler
  private readonly random: Random
  /** Writes that a kill may still find at work. */
  private readonly pending = new Set<() => void>()

  constructor(disk: SimDisk, process: SimProcess, scheduler: Scheduler, random: Random) {
    this.disk = disk
    this.files = disk.files
    this.process = process
    this.scheduler = scheduler
    this.random = random
    process.onEnd(() => {
      for (const settle of this.pending) settle()
    })
    this.files.nowMs = () => process.clock.nowMs()
  }

  openSync(path: string, mode: OpenMode): File {
    if (mode === 'create' || (mode === 'rw' && !this.files.existsSync(path))) this.requireHealth(path)
    return new DiskFile(this, this.files.openSync(path, mode))
  }

  existsSync(path: string): boolean {
    return this.files.existsSync(path)
  }

  statSync(path: string): FileStat | undefined {
    return this.files.statSync(path)
  }

  readFileSync(path: string): Buffer {
    return this.files.readFileSync(path)
  }

  writeFileSync(path: string, bytes: Uint8Array): void {
    this.requireHealth(path)
    this.files.writeFileSync(path, bytes)
  }

  mkdirSync(path: string): void {
    if (!this.files.existsSync(path)) this.requireHealth(path)
    this.files.mkdirSync(path)
  }

  readdirSync(path: string): string[] {
    return this.files.readdirSync(path)
  }

  renameSync(from: string, to: string): void {
    this.requireWorking(from)
    this.files.renameSync(from, to)
  }

  setModifiedSync(path: string, modifiedMs: number): void {
    this.files.setModifiedSync(path, modifiedMs)
  }

  unlinkSync(path: string): void {
    this.requireWorking(path)
    this.files.unlinkSync(path)
  }

  removeSync(path: string): void {
    this.requireWorking(path)
    this.files.removeSync(path)
  }

  spaceSync(): { totalBytes: number; usableBytes: number } {
    return this.files.spaceSync()
  }

  syncDirectory(path: string): Promise<void> {
    return this.later(() => {
      this.requireHealth(path)
      syncNow(() => this.files.syncDirectory(path))
    })
  }

  requireHealth(path: string): void {
    const { failsWith, failsBelow } = this.disk.state
    if (failsWith !== undefined && path.startsWith(failsBelow ?? '')) throw systemError(failsWith, path)
  }

  /** For what needs no room: a full disk can do it. */
  requireWorking(path: string): void {
    if (this.disk.state.failsWith === 'EIO') this.requireHealth(path)
  }

  /** The work happens when its time has come. `cutShort`: what becomes of it when the process is killed meanwhile. */
  later<T>(work: () => T, cutShort?: () => void): Promise<T> {
    const { minDelayMs, maxDelayMs } = this.disk.state
    const delayMs = minDelayMs + this.random.next() * (maxDelayMs - minDelayMs)
    return new Promise((resolve, reject) => {
      const settle = () => cutShort?.()
      if (cutShort !== undefined) this.pending.add(settle)
      this.scheduler.at(this.scheduler.nowMs + delayMs, this.process, () => {
        this.pending.delete(settle)
        try {
          resolve(work())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  /** How much of a write is done when it is broken off. */
  partOf(bytes: Buffer): Buffer {
    const dice = this.random.int(3)
    if (dice === 0) return bytes
    return bytes.subarray(0, dice === 1 ? 0 : this.random.int(bytes.length + 1))
  }

  forget(file: File): void {
    file.closeSync()
  }
}

/** The memory file system does such work within the call; only its promise comes later. */
function syncNow(work: () => Promise<void>): void {
  work().catch(() => undefined)
}

class DiskFile implements File {
  readonly fd = -1
  readonly path: string
  private readonly view: DiskView
  private readonly file: File
  private isClosed = false

  constructor(view: DiskView, file: File) {
    this.view = view
    this.file = file
    this.path = file.path
  }

  sizeSync(): number {
    this.requireOpen()
    return this.file.sizeSync()
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number> {
    return this.view.later(() => this.readSync(target, targetOffset, length, position))
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    this.requireOpen()
    return this.file.readSync(target, targetOffset, length, position)
  }

  write(parts: readonly Uint8Array[], position: number): Promise<void> {
    this.requireOpen()
    // Taken when it is written, not before: bytes that were changed meanwhile are found out.
    return this.view.later(
      () => this.writeSync(Buffer.concat(parts), position),
      () => this.file.writeSync(this.view.partOf(Buffer.concat(parts)), position),
    )
  }

  writeSync(bytes: Uint8Array, position: number): void {
    this.requireOpen()
    try {
      this.view.requireHealth(this.path)
    } catch (error) {
      this.file.writeSync(this.view.partOf(Buffer.from(bytes)), position)
      throw error
    }
    this.file.writeSync(bytes, position)
  }

  truncateSync(sizeBytes: number): void {
    this.requireOpen()
    this.view.requireWorking(this.path)
    this.file.truncateSync(sizeBytes)
  }

  sync(): Promise<void> {
    return this.view.later(() => this.syncSync())
  }

  syncSync(): void {
    this.requireOpen()
    this.view.requireHealth(this.path)
    this.file.syncSync()
  }

  closeSync(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.view.forget(this.file)
  }

  /** A descriptor that is used after its end may be somebody else's file. */
  private requireOpen(): void {
    if (this.isClosed) throw systemError('EBADF', this.path)
  }
}
