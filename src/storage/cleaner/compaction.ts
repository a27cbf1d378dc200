import { messageOf } from '../../base/errors.ts'
import type { Log } from '../log.ts'
import type { LogContext, LogDir } from '../log-context.ts'
import { CleanerCheckpoints } from './cleaner-checkpoints.ts'
import type { CleanerConfig } from './cleaner-config.ts'
import type { CleaningReport, LogCleaner } from './log-cleaner.ts'

export interface CompactionOptions {
  readonly context: LogContext
  readonly config: () => CleanerConfig
  /** Those whose cleanup.policy has compact, in directories that are online. */
  readonly logs: () => Log[]
  readonly dirOf: (log: Log) => LogDir
}

/** What the log manager knows of compaction. The rest is loaded when there is a log to compact. */
export class Compaction {
  private readonly options: CompactionOptions
  private readonly checkpoints: CleanerCheckpoints
  private cleaner: Promise<LogCleaner> | undefined
  private isClosed = false

  constructor(options: CompactionOptions) {
    this.options = options
    this.checkpoints = new CleanerCheckpoints(options.context.fs, options.context.logger)
  }

  /** Cleans every log that is dirty enough, and has retention done for compacted logs. Never rejects. */
  async round(): Promise<CleaningReport[]> {
    const { config, logs } = this.options
    if (this.isClosed || !config().isEnabled || logs().length === 0) return []
    this.cleaner ??= this.load()
    return (await this.cleaner).round()
  }

  /** The log was cut before its last segment, which begins at `offset` now. */
  truncated(logDir: string, name: string, offset: number): void {
    this.note(() => this.checkpoints.truncate(logDir, name, offset))
  }

  deleted(logDir: string, name: string): void {
    this.note(() => this.checkpoints.remove(logDir, name))
  }

  /** The log is in another directory now, as clean as it was. */
  moved(fromDir: string, toDir: string, name: string): void {
    this.note(async () => {
      const offset = this.checkpoints.get(fromDir, name)
      if (offset === undefined) return
      await this.checkpoints.set(toDir, name, offset)
      await this.checkpoints.remove(fromDir, name)
    })
  }

  /** Stops what runs, and waits for it. */
  async close(): Promise<void> {
    this.isClosed = true
    await (await this.cleaner)?.close()
  }

  private async load(): Promise<LogCleaner> {
    const { makeLogCleaner } = await import('./make-cleaner.ts')
    return makeLogCleaner({ ...this.options, checkpoints: this.checkpoints })
  }

  /** How far a log is clean is no reason to fail for: at worst it is cleaned again. */
  private note(work: () => Promise<void>): void {
    Promise.resolve()
      .then(work)
      .catch((error: unknown) => {
        const message = `the checkpoint of compaction could not be written: ${messageOf(error)}`
        this.options.context.logger.warn(message)
      })
  }
}
