import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Log } from './log.ts'
import type { LogDir } from './log-context.ts'

/** How far the start of a broker has come with the logs that were not closed in order. */
export interface RecoveryProgress {
  readonly logs: number
  readonly totalLogs: number
  readonly bytes: number
  readonly totalBytes: number
}

export interface RecoveryOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Of each directory (num.recovery.threads.per.data.dir). */
  readonly concurrency: number
  readonly onProgress: ((progress: RecoveryProgress) => void) | undefined
}

/** What goes faster than this is not worth a line in the server's log. */
const LOG_EVERY_MS = 5_000

/**
 * Opens logs whose end is not known, several of each directory at a time (LogManager.loadLogs). A log that cannot be
 * brought in order takes its directory offline: what its offsets are, nobody knows.
 */
export async function recoverLogs(
  byDirectory: readonly { readonly dir: LogDir; readonly logs: readonly Log[] }[],
  options: RecoveryOptions,
): Promise<void> {
  const { clock, logger, onProgress } = options
  const totalLogs = byDirectory.reduce((sum, { logs }) => sum + logs.length, 0)
  if (totalLogs === 0) return
  logger.info(`loading ${totalLogs} logs, as the last end was not a clean one`)
  const startMs = clock.monotonicMs()
  let nextLineMs = startMs + LOG_EVERY_MS
  let totalBytes = 0
  let done = { logs: 0, bytes: 0 }
  const advance = (logs: number, bytes: number) => {
    done = { logs: done.logs + logs, bytes: done.bytes + bytes }
    onProgress?.({ ...done, totalLogs, totalBytes })
    if (clock.monotonicMs() < nextLineMs) return
    nextLineMs = clock.monotonicMs() + LOG_EVERY_MS
    logger.info(`loaded ${done.logs} of ${totalLogs} logs, ${done.bytes} of ${totalBytes} bytes`)
  }
  const sizes = new Map<Log, number>()
  for (const { dir, logs } of byDirectory) {
    for (const log of logs) {
      if (dir.error === null) sizes.set(log, unflushedBytes(log, dir))
      totalBytes += sizes.get(log) ?? 0
    }
  }
  advance(0, 0)
  await Promise.all(
    byDirectory.map(({ dir, logs }) =>
      inParallel(logs, options.concurrency, async (log) => {
        if (dir.error !== null) return
        try {
          await log.open()
        } catch (error) {
          dir.fail(`loading ${log.name} failed: ${messageOf(error)}`, causeOf(error))
        }
        advance(1, sizes.get(log) ?? 0)
      }),
    ),
  )
  const seconds = ((clock.monotonicMs() - startMs) / 1000).toFixed(1)
  logger.info(`loaded ${done.logs} of ${totalLogs} logs in ${seconds} s`)
}

function unflushedBytes(log: Log, dir: LogDir): number {
  try {
    return log.unflushedBytesOnDisk()
  } catch (error) {
    dir.fail(`listing ${log.name} failed: ${messageOf(error)}`, causeOf(error))
    return 0
  }
}

/** The error of the system behind a storage error, for whoever says what to do about it. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error
}

export async function inParallel<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const runners = Array.from({ length: Math.min(concurrency, items.length) }, async () => {
    for (const item of rest) await work(item)
  })
  await Promise.all(runners)
}
