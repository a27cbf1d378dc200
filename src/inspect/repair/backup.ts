import path from 'node:path'
import { KcliError, messageOf, systemErrorCode } from '../../base/errors.ts'
import type { FileSystem } from '../../base/file-system.ts'
import { quoted } from '../../base/shell-word.ts'

const CHUNK_BYTES = 1024 * 1024
export const BACKUP_PREFIX = 'kcli-repair-'

export class RepairError extends KcliError {
  constructor(message: string, hint: string, cause?: unknown) {
    super('KCLI_REPAIR', message, { hint, cause })
  }
}

/**
 * Copies of what a repair changes, outside of the log directories: Kafka takes every folder in a log directory for a
 * partition, and does not start when its name is none (LogManager.loadLogs).
 *
 *     kcli-repair-20261121T113358Z/
 *       undo.sh                             brings everything back, with the broker stopped
 *       kafka-logs/orders-0/….index         a file as it was
 *       kafka-logs/orders-0/….log.tail      what was cut off a log
 */
export class Backup {
  readonly path: string
  private readonly fs: FileSystem
  private readonly folders = new Map<string, string>()
  private readonly undo: string[] = []

  /** `parent` is made if need be. Throws a {@link RepairError} when it cannot be written to. */
  static create(fs: FileSystem, parent: string, nowMs: number): Backup {
    const stamp = new Date(nowMs)
      .toISOString()
      .replace(/\.\d+Z$/, 'Z')
      .replace(/[-:]/g, '')
    for (let attempt = 0; ; attempt++) {
      const name = `${BACKUP_PREFIX}${stamp}${attempt === 0 ? '' : `-${attempt}`}`
      const directory = path.join(parent, name)
      if (fs.existsSync(directory)) continue
      try {
        fs.mkdirSync(directory)
      } catch (error) {
        if (systemErrorCode(error) === undefined) throw error
        throw new RepairError(
          `cannot make the folder for the copies, ${directory}: ${messageOf(error)}`,
          'Name another place with --backup-dir; it must not be inside a log directory.',
          error,
        )
      }
      return new Backup(fs, directory)
    }
  }

  private constructor(fs: FileSystem, directory: string) {
    this.fs = fs
    this.path = directory
  }

  get undoScript(): string {
    return path.join(this.path, 'undo.sh')
  }

  /** The file stays as it is and a copy is kept; of one that is not there yet, undoing removes it. */
  async keep(file: string, logDir: string): Promise<void> {
    if (!this.fs.existsSync(file)) return this.addUndo(`rm -f ${quoted(path.resolve(file))}`)
    const copy = this.placeOf(file, logDir)
    await copyBytes(this.fs, file, copy, 0)
    this.addUndo(`cp ${quoted(copy)} ${quoted(path.resolve(file))}`)
  }

  /** The file is gone from its place afterwards; undoing removes what was made there. */
  async take(file: string, logDir: string): Promise<void> {
    if (!this.fs.existsSync(file)) return this.addUndo(`rm -f ${quoted(path.resolve(file))}`)
    const copy = this.placeOf(file, logDir)
    // Written before it is true: a repair may end between any two lines.
    this.addUndo(`if [ -e ${quoted(copy)} ]; then mv ${quoted(copy)} ${quoted(path.resolve(file))}; fi`)
    try {
      this.fs.renameSync(file, copy)
    } catch (error) {
      if (systemErrorCode(error) !== 'EXDEV') throw error
      // On another file system: a copy has its name only when it is whole.
      await copyBytes(this.fs, file, `${copy}.part`, 0)
      this.fs.renameSync(`${copy}.part`, copy)
      this.fs.unlinkSync(file)
    }
  }

  /** Keeps what lies behind `position`, for which there need not be room twice. */
  async keepTail(file: string, logDir: string, position: number): Promise<void> {
    const copy = `${this.placeOf(file, logDir)}.tail`
    await copyBytes(this.fs, file, copy, position)
    const target = quoted(path.resolve(file))
    this.addUndo(`truncate -s ${position} ${target} && cat ${quoted(copy)} >> ${target}`)
  }

  /** Log directories of the same name get folders of their own. */
  private placeOf(file: string, logDir: string): string {
    const root = path.resolve(logDir)
    let folder = this.folders.get(root)
    if (folder === undefined) {
      const name = path.basename(root) || 'root'
      const taken = [...this.folders.values()]
      for (let i = 1; ; i++) {
        folder = i === 1 ? name : `${name}-${i}`
        if (!taken.includes(folder)) break
      }
      this.folders.set(root, folder)
    }
    const place = path.join(this.path, folder, path.relative(root, path.resolve(file)))
    this.fs.mkdirSync(path.dirname(place))
    return place
  }

  /** Written before each change, so that it is true whenever the repair ends; the newest change is undone first. */
  private addUndo(line: string): void {
    this.undo.unshift(line)
    const head =
      '#!/bin/sh\n# Brings back what kcli segments repair changed. Stop the broker first.\nset -ex\n'
    this.fs.writeFileSync(this.undoScript, Buffer.from(`${head}${this.undo.join('\n')}\n`))
  }
}

async function copyBytes(fs: FileSystem, from: string, to: string, start: number): Promise<void> {
  const source = fs.openSync(from, 'r')
  try {
    const target = fs.openSync(to, 'rw')
    try {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
      for (let position = start; ; ) {
        const read = await source.read(buffer, 0, buffer.length, position)
        if (read === 0) break
        await target.write([buffer.subarray(0, read)], position - start)
        position += read
      }
      await target.sync()
    } finally {
      target.closeSync()
    }
  } finally {
    source.closeSync()
  }
}
