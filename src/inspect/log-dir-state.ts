import path from 'node:path'
import { messageOf } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import { KafkaStorageError, readOffsetCheckpoint } from '../storage/index.ts'

/** Tells whether a process has locked the file, without touching it. */
export type LockProbe = (path: string) => boolean

export const OFFSET_CHECKPOINTS = [
  'recovery-point-offset-checkpoint',
  'replication-offset-checkpoint',
  'log-start-offset-checkpoint',
  'cleaner-offset-checkpoint',
] as const
export type OffsetCheckpointName = (typeof OFFSET_CHECKPOINTS)[number]

/** What a log directory says of its logs, read once. */
export interface LogDirState {
  readonly path: string
  /** Undefined when the file is missing or cannot be read. */
  readonly checkpoints: ReadonlyMap<OffsetCheckpointName, ReadonlyMap<string, number>>
  /** Why a checkpoint cannot be read. */
  readonly damaged: ReadonlyMap<OffsetCheckpointName, string>
  /** The broker ended in order: the next start takes the files as they are. */
  readonly isClean: boolean
  /** A process holds the directory's lock: what is being written is not there whole. */
  readonly isLive: boolean
  /** There is a broker's file of any kind; else this is a folder somebody put partitions into. */
  readonly isLogDir: boolean
}

export function readLogDirState(fs: FileSystem, logDir: string, isLocked: LockProbe): LogDirState {
  const checkpoints = new Map<OffsetCheckpointName, ReadonlyMap<string, number>>()
  const damaged = new Map<OffsetCheckpointName, string>()
  for (const name of OFFSET_CHECKPOINTS) {
    const file = path.join(logDir, name)
    if (!fs.existsSync(file)) continue
    try {
      checkpoints.set(name, readOffsetCheckpoint(fs, file))
    } catch (error) {
      if (!(error instanceof KafkaStorageError)) throw error
      damaged.set(name, messageOf(error))
    }
  }
  const isClean = fs.existsSync(path.join(logDir, '.kafka_cleanshutdown'))
  const hasMeta = fs.existsSync(path.join(logDir, 'meta.properties'))
  return {
    path: logDir,
    checkpoints,
    damaged,
    isClean,
    isLive: lockFilesOf(fs, logDir).some(isLocked),
    isLogDir: isClean || hasMeta || checkpoints.size > 0 || damaged.size > 0,
  }
}

/** Kafka locks each log directory; kcli also the data directory around them. */
export function lockFilesOf(fs: FileSystem, logDir: string): string[] {
  const around = path.join(logDir, '..')
  const own = path.join(logDir, '.lock')
  return fs.existsSync(path.join(around, 'kcli.json')) ? [own, path.join(around, '.lock')] : [own]
}

export function checkpointed(
  state: LogDirState,
  name: OffsetCheckpointName,
  partition: string,
): number | undefined {
  return state.checkpoints.get(name)?.get(partition)
}
