import type { File, FileStat, FileSystem, OpenMode } from '../../src/base/file-system.ts'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'

export type Operation =
  | 'open'
  | 'writeFile'
  | 'mkdir'
  | 'rename'
  | 'unlink'
  | 'remove'
  | 'setModified'
  | 'write'
  | 'writeSync'
  | 'truncate'
  | 'sync'
  | 'syncSync'
  | 'syncDirectory'
  | 'read'

interface Rule {
  readonly operation: Operation
  readonly path: RegExp
  readonly code: string
  /** For writes: so many bytes get there before the error. */
  readonly writtenBytes: number
  left: number
}

/**
 * Passes everything on to another file system, and fails what it is told to. Asynchronous writes can be held back to see
 * what piles up behind them. What a crash leaves is the business of {@link MemoryFileSystem}.
 */
export class FailingFileSystem implements FileSystem {
  /** Every change so far, as `operation path`. */
  readonly changes: string[] = []
  private readonly inner: FileSystem
  private readonly rules: Rule[] = []
  private held: (() => void)[] | null = null

  constructor(inner: FileSystem = nodeFileSystem) {
    this.inner = inner
  }

  failNext(
    operation: Operation,
    path: RegExp,
    code: string,
    options: { times?: number; writtenBytes?: number } = {},
  ): void {
    this.rules.push({
      operation,
      path,
      code,
      left: options.times ?? 1,
      writtenBytes: options.writtenBytes ?? 0,
    })
  }

  /** What was told to fail works again. */
  failNothing(): void {
    this.rules.length = 0
  }

  /** Asynchronous writes wait until {@link releaseWrites}. */
  holdWrites(): void {
    this.held = []
  }

  get heldWrites(): number {
    return this.held?.length ?? 0
  }

  releaseWrites(): void {
    const held = this.held ?? []
    this.held = null
    for (const go of held) go()
  }

  openSync(path: string, mode: OpenMode): File {
    if (mode === 'r' || (mode !== 'create' && this.inner.existsSync(path))) this.check('open', path)
    else this.change('open', path)
    return this.wrap(this.inner.openSync(path, mode))
  }

  existsSync = (path: string): boolean => this.inner.existsSync(path)
  statSync = (path: string): FileStat | undefined => this.inner.statSync(path)
  readdirSync = (path: string): string[] => this.inner.readdirSync(path)

  readFileSync(path: string): Buffer {
    this.check('read', path)
    return this.inner.readFileSync(path)
  }

  writeFileSync(path: string, bytes: Uint8Array): void {
    this.change('writeFile', path)
    this.inner.writeFileSync(path, bytes)
  }

  mkdirSync(path: string): void {
    this.change('mkdir', path)
    this.inner.mkdirSync(path)
  }

  renameSync(from: string, to: string): void {
    this.change('rename', from)
    this.inner.renameSync(from, to)
  }

  setModifiedSync(path: string, modifiedMs: number): void {
    this.change('setModified', path)
    this.inner.setModifiedSync(path, modifiedMs)
  }

  unlinkSync(path: string): void {
    this.change('unlink', path)
    this.inner.unlinkSync(path)
  }

  removeSync(path: string): void {
    this.change('remove', path)
    this.inner.removeSync(path)
  }

  spaceSync(path: string): { totalBytes: number; usableBytes: number } {
    return this.inner.spaceSync(path)
  }

  async syncDirectory(path: string): Promise<void> {
    this.change('syncDirectory', path)
    await this.inner.syncDirectory(path)
  }

  private wrap(file: File): File {
    const { path } = file
    return {
      path,
      get fd() {
        return file.fd
      },
      sizeSync: () => file.sizeSync(),
      read: async (target, at, length, position) => {
        this.check('read', path)
        return file.read(target, at, length, position)
      },
      readSync: (target, at, length, position) => {
        this.check('read', path)
        return file.readSync(target, at, length, position)
      },
      write: async (parts, position) => {
        if (this.held) await new Promise<void>((go) => this.held?.push(go))
        const whole = Buffer.concat(parts)
        try {
          this.change('write', path)
        } catch (error) {
          const part = this.partOf(error, whole.length)
          if (part > 0) await file.write([whole.subarray(0, part)], position)
          throw error
        }
        await file.write([whole], position)
      },
      writeSync: (bytes, position) => {
        this.change('writeSync', path)
        file.writeSync(bytes, position)
      },
      truncateSync: (size) => {
        this.change('truncate', path)
        file.truncateSync(size)
      },
      sync: async () => {
        this.change('sync', path)
        await file.sync()
      },
      syncSync: () => {
        this.change('syncSync', path)
        file.syncSync()
      },
      closeSync: () => file.closeSync(),
    }
  }

  private partOf(error: unknown, length: number): number {
    return error instanceof RuleError ? Math.min(error.writtenBytes, length) : 0
  }

  private change(operation: Operation, path: string): void {
    this.changes.push(`${operation} ${path}`)
    this.check(operation, path)
  }

  private check(operation: Operation, path: string): void {
    const rule = this.rules.find((r) => r.left > 0 && r.operation === operation && r.path.test(path))
    if (rule === undefined) return
    rule.left--
    throw new RuleError(rule.code, rule.writtenBytes, `${operation} ${path}`)
  }
}

class RuleError extends Error {
  readonly code: string
  readonly writtenBytes: number

  constructor(code: string, writtenBytes: number, what: string) {
    super(`${code}: ${what}`)
    this.code = code
    this.writtenBytes = writtenBytes
  }
}
