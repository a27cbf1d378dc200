import { join } from 'node:path'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import { LogDirectoryError } from './errors.ts'
import { deleteDirName, futureDirName, parsePartitionDirName, parseSpecialDirName } from './file-names.ts'
import type { LogDir } from './log-context.ts'
import { type Directory, whileUsable } from './log-directory.ts'
import { endSwitch, isSwitchPending } from './pending-switch.ts'

export interface FoundFuture {
  readonly directory: Directory
  readonly dirName: string
  readonly topic: string
  readonly partition: number
}

/** What lies in the log directories at the start. */
export interface FoundLogs {
  /** By `TOPIC-N`. */
  readonly current: ReadonlyMap<string, Directory>
  /** Logs on their way to another directory, by `TOPIC-N`. */
  readonly futures: ReadonlyMap<string, FoundFuture>
  /** Paths of deleted logs whose files still have to go. */
  readonly deleted: readonly string[]
}

interface Options {
  readonly fs: FileSystem
  readonly logger: Logger
  readonly random: Random
  /** All that are configured. */
  readonly dirs: readonly LogDir[]
  /** Those that could be taken. */
  readonly directories: readonly Directory[]
}

/**
 * Lists the log directories (LogManager.loadLogs). What a crash has left of a move between two of them is brought in
 * order: the log is where it was, and the copy goes on. Throws a LogDirectoryError when a partition is there twice.
 */
export function findLogs(options: Options): FoundLogs {
  return new Finder(options).find()
}

class Finder {
  private readonly options: Options
  private readonly current = new Map<string, Directory>()
  private readonly futures: FoundFuture[] = []
  private readonly deleted: string[] = []

  constructor(options: Options) {
    this.options = options
  }

  find(): FoundLogs {
    const { dirs, directories } = this.options
    for (const directory of directories) this.guard(directory, () => this.list(directory))
    const hasOffline = dirs.some(({ error }) => error !== null)
    // After a clean end nothing was under way.
    const unclean = new Set(directories.filter(({ files }) => !files.wasClean))
    for (const [name, directory] of unclean.size > 0 ? this.current : []) {
      if (unclean.has(directory)) this.guard(directory, () => this.endPending(directory, name, hasOffline))
    }
    const futures = new Map<string, FoundFuture>()
    for (const future of this.futures) {
      const name = `${future.topic}-${future.partition}`
      // A power failure can bring back one that was given up: all are only copies.
      const isNeeded = !futures.has(name) && this.current.get(name) !== future.directory
      if (isNeeded) futures.set(name, future)
      else this.guard(future.directory, () => this.drop(future))
    }
    const isOnline = ({ dir }: Directory) => dir.error === null
    return {
      current: new Map([...this.current].filter(([, directory]) => isOnline(directory))),
      futures: new Map([...futures].filter(([, { directory }]) => isOnline(directory))),
      deleted: this.deleted,
    }
  }

  private guard({ dir }: Directory, work: () => void): void {
    if (dir.error === null) whileUsable(dir, work)
  }

  private list(directory: Directory): void {
    const { partitions, futures, deleted } = directory.files.list(directory.checkpoints.recoveryPoints)
    this.deleted.push(...deleted)
    for (const dirName of futures) this.addFuture(directory, dirName)
    for (const name of partitions) {
      const twin = this.current.get(name)
      if (twin === undefined) this.current.set(name, directory)
      else if (this.isPending(directory, name)) this.takeBack(directory, name)
      else if (this.isPending(twin, name)) {
        this.takeBack(twin, name)
        this.current.set(name, directory)
      } else {
        throw new LogDirectoryError(
          'KCLI_DUPLICATE_LOG',
          `${name} is in both log directories ${twin.files.path} and ${directory.files.path}`,
          'If one of them has failed before, its copy is the older one: remove that.',
        )
      }
    }
  }

  private addFuture(directory: Directory, dirName: string): void {
    const parsed = parseSpecialDirName(dirName)
    if (parsed === undefined) return
    const { topic, partition } = parsed
    this.futures.push({ directory, dirName, topic, partition })
  }

  private drop({ directory, dirName, topic, partition }: FoundFuture): void {
    const { fs, logger, random } = this.options
    const { path } = directory.files
    logger.warn(`${join(path, dirName)} is a copy of a log that nobody needs: removing it`)
    const renamed = join(path, deleteDirName(topic, partition, random))
    fs.renameSync(join(path, dirName), renamed)
    this.deleted.push(renamed)
  }

  private isPending({ files }: Directory, name: string): boolean {
    return isSwitchPending(this.options.fs, join(files.path, name))
  }

  /** The old log is there as well: the copy is not needed yet. */
  private takeBack(directory: Directory, name: string): void {
    const { fs, random } = this.options
    const parsed = parsePartitionDirName(name)
    if (parsed === undefined) return
    const { path } = directory.files
    const dirName = futureDirName(parsed.topic, parsed.partition, random)
    fs.renameSync(join(path, name), join(path, dirName))
    endSwitch(fs, join(path, dirName))
    this.addFuture(directory, dirName)
  }

  /** No other directory that can be read has the log. */
  private endPending(directory: Directory, name: string, hasOffline: boolean): void {
    if (!this.isPending(directory, name)) return
    const path = join(directory.files.path, name)
    if (!hasOffline) {
      endSwitch(this.options.fs, path)
      return
    }
    this.options.logger.error(
      `${path} is not used: the log was being moved there when the broker ended, and a log directory from which it may ` +
        'have come is offline',
    )
    this.current.delete(name)
  }
}
