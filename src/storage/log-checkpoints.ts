import type { Logger } from '../base/logger.ts'
import type { OffsetsByPartition } from './checkpoint-file.ts'
import { Log } from './log.ts'
import type { Checkpoints } from './log-dir-files.ts'
import type { Directory } from './log-directory.ts'

/** What each checkpoint says of a log; undefined: nothing. */
const OFFSET_OF: Readonly<Record<keyof Checkpoints, (log: Log) => number | undefined>> = {
  recoveryPoints: (log) => log.recoveryPoint,
  startOffsets: (log) => log.startOffsetToCheckpoint,
  highWatermarks: (log) => log.highWatermark,
}

/** Notes the offsets of all logs in the checkpoint files of their directories. */
export class LogCheckpoints {
  private readonly logs: ReadonlyMap<string, Log | Directory>
  private readonly futures: ReadonlyMap<string, Log>
  private readonly logger: Logger

  /** `logs` as {@link LogManager} has them; `futures`: those on their way to another directory, never to that of the log. */
  constructor(logs: ReadonlyMap<string, Log | Directory>, futures: ReadonlyMap<string, Log>, logger: Logger) {
    this.logs = logs
    this.futures = futures
    this.logger = logger
  }

  /** Never rejects: a disk that fails takes its directory offline. */
  async writeAll(directories: readonly Directory[], kind: keyof Checkpoints): Promise<void> {
    for (const directory of directories) await this.tryWrite(directory, kind)
  }

  async tryWrite(directory: Directory, kind: keyof Checkpoints): Promise<void> {
    const { dir, files } = directory
    if (dir.error !== null) return
    try {
      await this.write(directory, kind)
    } catch (error) {
      this.logger.error(`writing ${files[kind].path} failed`, error)
      dir.storageErrorOf(`writing ${files[kind].path} failed`, error)
    }
  }

  write(directory: Directory, kind: keyof Checkpoints): Promise<void> {
    return directory.files[kind].write(this.offsetsIn(directory, kind))
  }

  /** What nobody has asked for is as it was. */
  private offsetsIn(directory: Directory, kind: keyof Checkpoints): OffsetsByPartition {
    const offsets: OffsetsByPartition = new Map()
    const before = directory.checkpoints[kind]
    const offsetOf = OFFSET_OF[kind]
    for (const [name, log] of [...this.logs, ...this.futures]) {
      let offset: number | undefined
      if (log === directory) offset = kind === 'startOffsets' ? before.get(name) : (before.get(name) ?? 0)
      else if (log instanceof Log && log.logDir === directory.dir.path) offset = offsetOf(log)
      if (offset !== undefined) offsets.set(name, offset)
    }
    return offsets
  }
}
