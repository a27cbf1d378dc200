import { join } from 'node:path'
import { systemErrorCode } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import {
  HIGH_WATERMARK_CHECKPOINT,
  LOG_START_OFFSET_CHECKPOINT,
  OffsetCheckpointFile,
  type OffsetsByPartition,
  RECOVERY_POINT_CHECKPOINT,
} from './checkpoint-file.ts'
import { takeCleanShutdown, writeCleanShutdown } from './clean-shutdown.ts'
import { KafkaStorageError, LogDirectoryError } from './errors.ts'
import { isDeleteDirName, isFutureDirName, parsePartitionDirName } from './file-names.ts'
import {
  checkMetaProperties,
  type MetaProperties,
  readMetaProperties,
  writeMetaProperties,
} from './meta-properties.ts'

/** Kafka makes an exclusive lock on this file; whoever holds it owns the directory. */
const LOCK_FILE = '.lock'

export interface LogDirOwner {
  readonly brokerId: number
  readonly clusterId: string | null
}

/** What is known of the logs of a directory before they are opened. */
export interface Checkpoints {
  readonly recoveryPoints: OffsetsByPartition
  readonly highWatermarks: OffsetsByPartition
  readonly startOffsets: OffsetsByPartition
}

export interface Lock {
  release(): void
}

/**
 * The files of a log directory that belong to no single partition.
 *
 *     .lock                              who runs on this directory
 *     meta.properties                    to which cluster and broker it belongs
 *     .kafka_cleanshutdown               the last end was a clean one
 *     recovery-point-offset-checkpoint   how far each log is on disk
 *     log-start-offset-checkpoint        where logs begin, when not with a segment
 *     replication-offset-checkpoint      high watermarks
 *     cleaner-offset-checkpoint          how far logs are clean (cleaner/cleaner-checkpoints.ts)
 */
export class LogDirFiles {
  readonly path: string
  readonly wasClean: boolean
  readonly meta: MetaProperties | null
  readonly recoveryPoints: OffsetCheckpointFile
  readonly startOffsets: OffsetCheckpointFile
  readonly highWatermarks: OffsetCheckpointFile
  private readonly fs: FileSystem
  private readonly logger: Logger
  private readonly lock: Lock | undefined

  /** Takes the lock and checks the owner. Throws a LogDirectoryError when the directory is not ours to use. */
  static open(
    fs: FileSystem,
    path: string,
    owner: LogDirOwner,
    logger: Logger,
    acquireLock?: (path: string) => Lock,
  ): LogDirFiles {
    fs.mkdirSync(path)
    const lock = acquireLock && lockDirectory(path, acquireLock)
    try {
      const meta = readMetaProperties(fs, path)
      if (meta !== null) checkMetaProperties(meta, path, owner.brokerId, owner.clusterId)
      return new LogDirFiles(fs, path, meta, logger, lock)
    } catch (error) {
      lock?.release()
      throw error
    }
  }

  private constructor(
    fs: FileSystem,
    path: string,
    meta: MetaProperties | null,
    logger: Logger,
    lock: Lock | undefined,
  ) {
    this.fs = fs
    this.path = path
    this.meta = meta
    this.logger = logger
    this.lock = lock
    this.recoveryPoints = new OffsetCheckpointFile(fs, join(path, RECOVERY_POINT_CHECKPOINT))
    this.startOffsets = new OffsetCheckpointFile(fs, join(path, LOG_START_OFFSET_CHECKPOINT))
    this.highWatermarks = new OffsetCheckpointFile(fs, join(path, HIGH_WATERMARK_CHECKPOINT))
    this.wasClean = takeCleanShutdown(fs, path)
  }

  /**
   * The names of partition directories and of those on their way here, and the paths of deleted ones whose files still have
   * to go. What a
   * checkpoint names is taken for a directory unseen: there may be thousands. These come first, in the checkpoint's order.
   */
  list(checkpointed: OffsetsByPartition): { partitions: string[]; futures: string[]; deleted: string[] } {
    const names = new Set(this.fs.readdirSync(this.path))
    const partitions: string[] = []
    for (const name of checkpointed.keys()) if (names.delete(name)) partitions.push(name)
    const deleted: string[] = []
    const futures: string[] = []
    for (const name of names) {
      if (isDeleteDirName(name)) deleted.push(join(this.path, name))
      else if (isFutureDirName(name)) futures.push(name)
      else if (parsePartitionDirName(name) && this.isDirectory(name)) partitions.push(name)
    }
    return { partitions, futures, deleted }
  }

  private isDirectory(name: string): boolean {
    return this.fs.statSync(join(this.path, name))?.isDirectory === true
  }

  readCheckpoints(): Checkpoints {
    const recoveryPoints = this.read(this.recoveryPoints)
    const like = { file: this.recoveryPoints, offsets: recoveryPoints }
    const highWatermarks = this.read(this.highWatermarks, like)
    return { recoveryPoints, highWatermarks, startOffsets: this.read(this.startOffsets) }
  }

  /**
   * A file that cannot be read as a checkpoint says nothing: the logs are then looked at themselves. Kafka takes the
   * directory offline, although all that was in it can be found again.
   */
  private read(
    file: OffsetCheckpointFile,
    like?: { file: OffsetCheckpointFile; offsets: OffsetsByPartition },
  ): OffsetsByPartition {
    try {
      return file.read(like)
    } catch (error) {
      if (!(error instanceof KafkaStorageError)) throw error
      this.logger.warn(`${error.message}: going on without it`)
      return new Map()
    }
  }

  writeMeta(owner: { brokerId: number; clusterId: string }, nowMs: number): void {
    writeMetaProperties(this.fs, this.path, this.meta, { ...owner, nowMs })
  }

  markClean(brokerEpoch: number): void {
    writeCleanShutdown(this.fs, this.path, brokerEpoch)
  }

  releaseLock(): void {
    this.lock?.release()
  }
}

function lockDirectory(path: string, acquireLock: (path: string) => Lock): Lock {
  try {
    return acquireLock(join(path, LOCK_FILE))
  } catch (error) {
    // A disk on which nothing can be locked is not in use.
    if (systemErrorCode(error) !== undefined) throw error
    throw new LogDirectoryError(
      'KCLI_LOG_DIR_IN_USE',
      `the log directory ${path} is in use by another process`,
      'Stop the broker that runs on it, or use another directory.',
      error,
    )
  }
}
