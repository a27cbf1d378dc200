import { messageOf, systemErrorCode } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import { DamagedLogDirectoryError, LogDirectoryError } from './errors.ts'
import { LogDir } from './log-context.ts'
import { type Checkpoints, type Lock, LogDirFiles } from './log-dir-files.ts'

/** A log directory that could be taken at the start. */
export interface Directory {
  readonly dir: LogDir
  readonly files: LogDirFiles
  /** As they were at the start. */
  readonly checkpoints: Checkpoints
}

export interface OpenDirectoriesOptions {
  readonly fs: FileSystem
  readonly logger: Logger
  readonly logDirs: readonly string[]
  readonly brokerId: number
  readonly clusterId: string | null
  readonly acquireLock?: (path: string) => Lock
  /** Hears of every directory that goes offline, then or later. */
  readonly onFailure: (dir: LogDir) => void
}

/**
 * Takes the log directories (LogManager.createAndValidateLogDirs, MetaPropertiesEnsemble.verify). One that the disk does
 * not let us use is offline from the start. Throws a LogDirectoryError when all are, and when one is not ours: of another
 * cluster, broker or version, in use, or named twice.
 */
export function openDirectories(options: OpenDirectoriesOptions): {
  readonly dirs: readonly LogDir[]
  readonly directories: readonly Directory[]
} {
  const { logDirs, logger, onFailure } = options
  const twice = logDirs.find((path, index) => logDirs.indexOf(path) !== index)
  if (twice !== undefined) {
    throw new LogDirectoryError(
      'KCLI_DUPLICATE_LOG_DIR',
      `the log directory ${twice} is named twice`,
      'Name each directory in log.dirs once.',
    )
  }
  const dirs = logDirs.map((path) => new LogDir(path, logger, onFailure))
  const directories: Directory[] = []
  try {
    for (const dir of dirs) whileUsable(dir, () => directories.push(openDirectory(dir, options)))
    requireOne(dirs)
    return { dirs, directories: directories.filter(({ dir }) => dir.error === null) }
  } catch (error) {
    for (const { files } of directories) files.releaseLock()
    throw error
  }
}

/** Errors of the system and damage take the directory offline; all others are thrown. */
export function whileUsable(dir: LogDir, work: () => void): void {
  try {
    work()
  } catch (error) {
    const isOfDisk = systemErrorCode(error) !== undefined || error instanceof DamagedLogDirectoryError
    if (!isOfDisk) throw error
    dir.fail(messageOf(error), error)
  }
}

/** Throws when no directory is left. */
export function requireOne(dirs: readonly LogDir[]): void {
  if (dirs.some(({ error }) => error === null)) return
  const [first] = dirs
  const cause = first?.error?.cause
  if (cause instanceof LogDirectoryError && dirs.length === 1) throw cause
  const failed = dirs.map(({ path }) => path).join(', ')
  throw new LogDirectoryError(
    'KCLI_LOG_DIR_UNUSABLE',
    `the log ${dirs.length === 1 ? 'directory' : 'directories'} ${failed} cannot be used: ${messageOf(cause)}`,
    hintFor(cause),
    cause,
  )
}

function hintFor(cause: unknown): string {
  const code = systemErrorCode(cause)
  if (code === 'EMFILE' || code === 'ENFILE')
    return 'Allow more open files, for this process with: ulimit -n.'
  return 'Check that it is on a writable disk with room, and that its owner is right.'
}

function openDirectory(dir: LogDir, options: OpenDirectoriesOptions): Directory {
  const { fs, logger, brokerId, clusterId, acquireLock } = options
  const files = LogDirFiles.open(fs, dir.path, { brokerId, clusterId }, logger, acquireLock)
  try {
    return { dir, files, checkpoints: files.readCheckpoints() }
  } catch (error) {
    files.releaseLock()
    throw error
  }
}

/** Without a recovery point nobody knows where a log ends before it was opened. */
export function isEndKnown({ files, checkpoints }: Directory, name: string): boolean {
  return files.wasClean && checkpoints.recoveryPoints.has(name)
}
