import { join } from 'node:path'
import { EpochCache, type EpochEntry } from './epoch-cache.ts'
import { KafkaStorageError } from './errors.ts'
import { offsetFileName, SNAPSHOT_SUFFIX } from './file-names.ts'
import type { LogContext } from './log-context.ts'
import { decodeProducerSnapshot } from './producer-snapshot.ts'
import { type LogFile, listLogFiles, mayHaveDeletable, type RestingLog, restingLog } from './resting-log.ts'

/** What the checkpoint files of the directory say of a log. After a clean end the recovery point is the log's end. */
export interface LogCheckpoint {
  readonly logStartOffset: number | undefined
  readonly recoveryPoint: number
  readonly highWatermark: number
}

/** What would else have to be read from the files. */
export interface KnownOfFiles {
  readonly logStartOffset: number
  /** Null when no transaction is open. */
  readonly firstUnstableOffset: number | null
  readonly epochs: readonly EpochEntry[]
}

/**
 * A log whose files are not open: what the checkpoints say of it, and what its files tell when somebody asks, each once.
 * Errors of the system come through as they are.
 */
export class SleepingLog {
  readonly checkpoint: LogCheckpoint
  highWatermark: number
  private readonly fs: LogContext['fs']
  private readonly path: string
  private start: number | undefined
  private unstable: number | null | undefined
  private epochCache: EpochCache | undefined
  private resting: RestingLog | undefined

  constructor(fs: LogContext['fs'], path: string, checkpoint: LogCheckpoint, known?: KnownOfFiles) {
    this.fs = fs
    this.path = path
    this.checkpoint = checkpoint
    this.highWatermark = checkpoint.highWatermark
    this.start = known?.logStartOffset
    this.unstable = known?.firstUnstableOffset
    this.epochCache = known && EpochCache.of(fs, path, known.epochs)
  }

  get logStartOffset(): number {
    this.start ??= Math.max(this.checkpoint.logStartOffset ?? 0, this.files()[0]?.baseOffset ?? 0)
    return this.start
  }

  raiseHighWatermark(offset: number): void {
    this.highWatermark = Math.max(this.highWatermark, Math.min(offset, this.checkpoint.recoveryPoint))
  }

  /** Those that somebody has asked for or added. */
  get knownEpochs(): readonly EpochEntry[] {
    return this.epochCache?.entries ?? []
  }

  get epochs(): EpochCache {
    if (this.epochCache === undefined) {
      try {
        this.epochCache = EpochCache.load(this.fs, this.path)
      } catch (error) {
        if (!(error instanceof KafkaStorageError)) throw error
        // Opening the log builds them again.
        this.epochCache = EpochCache.empty(this.fs, this.path)
      }
    }
    return this.epochCache
  }

  /** The snapshot of a clean end says which transactions are open. */
  get firstUnstableOffset(): number | undefined {
    if (this.unstable === undefined) {
      const path = join(this.path, offsetFileName(this.checkpoint.recoveryPoint, SNAPSHOT_SUFFIX))
      const entries = this.fs.existsSync(path)
        ? decodeProducerSnapshot(this.fs.readFileSync(path))
        : undefined
      const open = (entries ?? []).map((e) => e.currentTxnFirstOffset).filter((offset) => offset >= 0)
      this.unstable = open.length > 0 ? Math.min(...open) : null
    }
    return this.unstable ?? undefined
  }

  files(): LogFile[] {
    return listLogFiles(this.fs, this.path)
  }

  /** The size of the segments that a recovery has to read. */
  unflushedBytes(): number {
    const files = this.files()
    const floor = files.findLastIndex(({ baseOffset }) => baseOffset <= this.checkpoint.recoveryPoint)
    return sizeOf(files.slice(Math.max(floor, 0)))
  }

  sizeBytes(): number {
    return sizeOf(this.files())
  }

  /** False when retention would find nothing to do: its records are too young and too few. */
  mayHaveDeletable(view: Parameters<typeof mayHaveDeletable>[1]): boolean {
    this.resting ??= restingLog(this.fs, this.path)
    return mayHaveDeletable(this.resting, view)
  }
}

function sizeOf(files: readonly LogFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
