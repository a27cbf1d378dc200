import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import { deleteDirName, futureDirName, partitionDirName } from './file-names.ts'
import type { Log } from './log.ts'
import type { LogContext, LogDir } from './log-context.ts'
import { LogMove } from './log-move.ts'

export interface LogMovesOptions {
  readonly context: LogContext
  getLog(topic: string, partition: number): Log | undefined
  /** Makes an empty log in a directory under this name. Throws KafkaStorageError. */
  make(logDir: string, topic: string, partition: number, dirName: string): Log
  /** Nobody uses the files at `path` any more. `dir`: in which there was a log that is gone. */
  onGone(dir: LogDir, path: string): void
  /** In the turn in which a log has come into another directory. */
  onMoved(log: Log, fromDir: LogDir): void
}

/** Logs on their way to other directories, and directories that were asked for (those parts of kafka.log.LogManager). */
export class LogMoves {
  /** The copies that are being made, by `TOPIC-N`. */
  readonly futures = new Map<string, Log>()
  private readonly preferredDirs = new Map<string, string>()
  private readonly options: LogMovesOptions

  constructor(options: LogMovesOptions) {
    this.options = options
  }

  futureLog(topic: string, partition: number): Log | undefined {
    return this.futures.get(partitionDirName(topic, partition))
  }

  /** Where the log is to be made, or moved, once that is possible (LogManager.maybeUpdatePreferredLogDir). */
  preferLogDir(topic: string, partition: number, logDir: string): void {
    const isThere = (log: Log | undefined) => log?.logDir === logDir
    if (isThere(this.options.getLog(topic, partition)) || isThere(this.futureLog(topic, partition))) return
    this.preferredDirs.set(partitionDirName(topic, partition), logDir)
  }

  preferredLogDir(topic: string, partition: number): string | undefined {
    return this.preferredDirs.get(partitionDirName(topic, partition))
  }

  /** A log was made: where it was to be counts no longer. */
  made(topic: string, partition: number): void {
    this.preferredDirs.delete(partitionDirName(topic, partition))
  }

  /**
   * Makes the log that is going to take the place of this one, in the directory that is preferred, or takes the one that
   * is there. Throws KafkaStorageError when the directory cannot be used, or another one is offline in which it may be.
   */
  getOrCreateFutureLog(current: Log): Log {
    const { topic, partition, name, topicId } = current
    const known = this.futureLog(topic, partition)
    if (known !== undefined) return known
    const { context, make } = this.options
    const logDir = this.preferredLogDir(topic, partition)
    assert(logDir !== undefined && logDir !== current.logDir, `nobody has said where ${name} is to go`)
    const log = make(logDir, topic, partition, futureDirName(topic, partition, context.random))
    this.futures.set(name, log)
    if (topicId !== null) log.assignTopicId(topicId)
    return log
  }

  /** Gives up what was on its way to another directory. */
  deleteFutureLog(topic: string, partition: number): void {
    const log = this.futureLog(topic, partition)
    if (log === undefined) return
    this.futures.delete(log.name)
    log.abandon()
    this.retireFiles(log)
  }

  /** Renames the directory of a log that nobody may use any more; the files go later. */
  retireFiles({ place: { dir, path }, topic, partition }: Log): void {
    const { fs, random } = this.options.context
    const renamed = join(dir.path, deleteDirName(topic, partition, random))
    try {
      fs.renameSync(path, renamed)
    } catch (error) {
      throw dir.storageErrorOf(`deleting ${path} failed`, error)
    }
    this.options.onGone(dir, renamed)
  }

  /** Its disk has failed: what is there stays. */
  forgetIn(logDir: string): Log[] {
    const lost = [...this.futures.values()].filter((log) => log.logDir === logDir)
    for (const log of lost) this.futures.delete(log.name)
    return lost
  }

  /** Undefined when nothing is on its way to another directory. One at a time for each log. */
  moveOf(topic: string, partition: number): LogMove | undefined {
    const { context, getLog, onGone, onMoved } = this.options
    const current = getLog(topic, partition)
    const future = this.futureLog(topic, partition)
    if (current === undefined || future === undefined) return undefined
    const { dir } = current.place
    return new LogMove({
      context,
      current,
      future,
      onSwitched: () => {
        this.futures.delete(current.name)
        onMoved(current, dir)
      },
      onGone: (path) => onGone(dir, path),
    })
  }
}
