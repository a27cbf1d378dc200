import { messageOf, systemErrorCode } from '../../base/errors.ts'
import { SerialQueue } from '../../base/serial-queue.ts'
import { KafkaStorageError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { LogContext, LogDir } from '../log-context.ts'
import type { CleanerCheckpoints } from './cleaner-checkpoints.ts'
import type { CleanerConfig } from './cleaner-config.ts'
import type { PassJob, PassResult } from './cleaning-pass.ts'
import { byUrgency, isDirtyEnough, jobOf, type LogToClean, mayBeDirty, measureLog } from './log-to-clean.ts'
import { CleaningAbortedError, PassControl } from './pace.ts'
import type { PassRunner } from './pass-runner.ts'

export interface LogCleanerOptions {
  readonly context: LogContext
  readonly config: () => CleanerConfig
  readonly runner: PassRunner
  readonly checkpoints: CleanerCheckpoints
  /** Those whose cleanup.policy has compact, in directories that are online. */
  readonly logs: () => Log[]
  readonly dirOf: (log: Log) => LogDir
}

/** What a pass over a log has done. */
export interface CleaningReport extends PassResult {
  readonly partition: string
  readonly firstDirtyOffset: number
  readonly elapsedMs: number
}

interface RunningPass {
  readonly plan: LogToClean
  readonly control: PassControl
}

/** A log that nobody has opened is not looked at more often. */
const RESTING_LOOK_MS = 300_000
/** After the disk was full. */
const POSTPONE_MS = 60_000

/**
 * Compaction of all logs of a broker (kafka.log.LogCleaner, LogCleanerManager): finds the log that needs it most, has a
 * pass run over it, swaps in what the pass has written, and remembers how far the log is clean. Up to
 * `log.cleaner.threads` at a time. A log whose cleaning fails is left alone until the next start.
 */
export class LogCleaner {
  private readonly options: LogCleanerOptions
  private readonly choices = new SerialQueue()
  private readonly running = new Set<RunningPass>()
  private readonly loops = new Set<Promise<unknown>>()
  private readonly uncleanable = new WeakSet<Log>()
  /** Not before this time, by the monotonic clock; for logs at rest as long as they are. */
  private readonly postponed = new WeakMap<Log, number>()
  private readonly resting = new WeakMap<Log, number>()
  private isClosed = false

  constructor(options: LogCleanerOptions) {
    this.options = options
  }

  /** As many passes as there is need for now; then retention of the logs that have both policies. Never rejects. */
  async round(): Promise<CleaningReport[]> {
    const reports: CleaningReport[] = []
    const { threads } = this.options.config()
    while (this.loops.size < threads) {
      const loop: Promise<unknown> = this.cleanWhileDirty(reports).finally(() => this.loops.delete(loop))
      this.loops.add(loop)
    }
    await Promise.all(this.loops)
    await this.deleteOldSegments()
    return reports
  }

  /** Stops what runs, and waits for it. */
  async close(): Promise<void> {
    this.isClosed = true
    for (const { control } of this.running) control.abort()
    await Promise.all(this.loops)
    await this.options.runner.close()
  }

  private async cleanWhileDirty(reports: CleaningReport[]): Promise<void> {
    const { logger } = this.options.context
    try {
      while (!this.isClosed) {
        const pass = await this.choices.run(() => this.choose())
        if (pass === undefined) return
        const report = await this.clean(pass)
        if (report !== undefined) reports.push(report)
        await this.deleteOldSegments()
      }
    } catch (error) {
      logger.error('compaction: looking for logs to clean failed', error)
    }
  }

  /** LogCleanerManager.grabFilthiestCompactedLog. The log's gate is ours when there is an answer. */
  private async choose(): Promise<RunningPass | undefined> {
    const dirty: LogToClean[] = []
    for (const log of this.options.logs()) {
      if (this.isClosed) return undefined
      const plan = this.isSetAside(log) ? undefined : await this.measure(log)
      if (plan !== undefined && isDirtyEnough(plan)) dirty.push(plan)
    }
    for (const { log } of dirty.sort(byUrgency)) {
      const control = new PassControl()
      if (this.isClosed || !log.cleaning.begin(control)) continue
      // The log may have been cut since it was measured: only what is seen behind the gate stays so.
      const plan = await this.measure(log)
      if (plan === undefined || !isDirtyEnough(plan) || this.isClosed) {
        log.cleaning.end()
        continue
      }
      const pass = { plan, control }
      this.running.add(pass)
      this.shareRate()
      return pass
    }
    return undefined
  }

  private isSetAside(log: Log): boolean {
    if (this.uncleanable.has(log) || !log.cleaning.isFree) return true
    const untilMs = Math.max(this.postponed.get(log) ?? 0, log.isOpen ? 0 : (this.resting.get(log) ?? 0))
    return untilMs > this.options.context.clock.monotonicMs()
  }

  private async measure(log: Log): Promise<LogToClean | undefined> {
    const { context, checkpoints } = this.options
    const { clock, logger } = context
    try {
      const checkpoint = checkpoints.get(log.logDir, log.name)
      if (!mayBeDirty(context.fs, log, checkpoint)) {
        this.resting.set(log, clock.monotonicMs() + RESTING_LOOK_MS)
        return undefined
      }
      const plan = await measureLog(log, checkpoint, clock.nowMs())
      if (plan.resetReason !== undefined) {
        const hasBoth = log.config.cleanupPolicy.includes('delete')
        const message = `cleaning ${log.name} from ${plan.firstDirtyOffset} on: the checkpoint ${plan.resetReason}`
        if (hasBoth) logger.debug(message)
        else logger.warn(message)
        await checkpoints.set(log.logDir, log.name, plan.firstDirtyOffset)
      }
      return plan
    } catch (error) {
      this.failed(log, error)
      return undefined
    }
  }

  private async clean(pass: RunningPass): Promise<CleaningReport | undefined> {
    const { plan, control } = pass
    const { log, firstDirtyOffset } = plan
    const { context, checkpoints, config, runner } = this.options
    const startMs = context.clock.monotonicMs()
    try {
      const job = await jobOf(plan, config(), context.clock.nowMs(), context.random)
      context.logger.debug(`cleaning ${log.name} from ${firstDirtyOffset} to ${plan.firstUncleanableOffset}`)
      const result = await runner.run(job, control, ({ baseOffset, replaced }) =>
        control.isAborted ? Promise.resolve(false) : plan.opened.replaceSegments(baseOffset, replaced),
      )
      if (control.isAborted) return undefined
      await checkpoints.set(log.logDir, log.name, result.endOffset)
      const elapsedMs = context.clock.monotonicMs() - startMs
      const report = { ...result, partition: log.name, firstDirtyOffset, elapsedMs }
      this.tell(job, report)
      return report
    } catch (error) {
      if (!control.isAborted) this.failed(log, error)
      return undefined
    } finally {
      log.cleaning.end()
      this.running.delete(pass)
      this.shareRate()
    }
  }

  private failed(log: Log, error: unknown): void {
    const { context, dirOf } = this.options
    // The log, or its directory, went away on purpose or has said why.
    if (error instanceof CleaningAbortedError || error instanceof KafkaStorageError) return
    const known = dirOf(log).storageErrorOf(`cleaning ${log.name} failed`, error)
    if (systemErrorCode(error) !== undefined) {
      this.postponed.set(log, context.clock.monotonicMs() + POSTPONE_MS)
      if (dirOf(log).error === null) context.logger.warn(`${messageOf(known)}: trying again in a minute`)
      return
    }
    this.uncleanable.add(log)
    context.logger.error(
      `cleaning ${log.name} failed: it is not compacted any more until the next start`,
      error,
    )
  }

  /** Every pass gets its share of log.cleaner.io.max.bytes.per.second. */
  private shareRate(): void {
    const rate = this.options.config().maxIoBytesPerSecond / Math.max(1, this.running.size)
    for (const { control } of this.running) control.bytesPerSecond = rate
  }

  /** Not by the broker's retention, which would not know of a pass (LogManager.cleanupLogs). */
  private async deleteOldSegments(): Promise<void> {
    for (const log of this.options.logs()) {
      if (this.isClosed || !mayHaveOldSegments(log)) continue
      try {
        await log.deleteOldSegments()
      } catch (error) {
        this.options.context.logger.error(`retention of ${log.name} failed`, error)
      }
    }
  }

  private tell(job: PassJob, { stats, endOffset, firstDirtyOffset, elapsedMs }: CleaningReport): void {
    const { logger } = this.options.context
    const mb = (bytes: number) => `${(bytes / 1_000_000).toFixed(1)} MB`
    logger.info(
      `cleaned ${job.name} from ${firstDirtyOffset} to ${endOffset} in ${(elapsedMs / 1000).toFixed(1)} s: ` +
        `${mb(stats.bytesRead)} with ${stats.recordsRead} records became ${mb(stats.bytesWritten)} with ` +
        `${stats.recordsKept}, ${stats.mapRecords} keys in ${mb(stats.mapBytes)}`,
    )
    if (stats.recordsWithoutKey > 0) {
      logger.warn(
        `dropped ${stats.recordsWithoutKey} records without a key from ${job.name}, which is compacted`,
      )
    }
  }
}

/** Without `delete` only what lies before the log's start goes. */
function mayHaveOldSegments(log: Log): boolean {
  const hasOnlyCompact = !log.config.cleanupPolicy.includes('delete')
  if (log.isOpen && hasOnlyCompact && log.startOffsetToCheckpoint === undefined) return false
  return log.mayHaveOldSegments()
}
