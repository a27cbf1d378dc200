import { messageOf } from '../base/errors.ts'
import type { Log } from './log.ts'
import type { LogContext, LogDir } from './log-context.ts'
import type { LogDirDescription } from './log-types.ts'

/** What lies in a log directory, and how much room it has (DescribeLogDirs). `logs`: all in it. */
export function describeLogDir(
  context: LogContext,
  dir: LogDir,
  logs: () => readonly Log[],
): LogDirDescription {
  const partitions = dir.error === null ? sizesIn(context, dir, logs) : []
  return { logDir: dir.path, error: dir.error?.message ?? null, partitions, ...spaceOf(context, dir) }
}

function sizesIn(
  context: LogContext,
  dir: LogDir,
  logs: () => readonly Log[],
): LogDirDescription['partitions'] {
  try {
    return logs().map((log) => {
      const { topic, partition, isFuture, logEndOffset } = log
      return { topic, partition, sizeBytes: log.sizeBytes(), isFuture, logEndOffset }
    })
  } catch (error) {
    // The disk has failed just now, or has no room for the question; the error says so to whoever asks next.
    context.logger.warn(`cannot tell the sizes in ${dir.path}: ${messageOf(error)}`)
    return []
  }
}

/** -1 for a directory that has failed, as in Kafka (KIP-827). */
export function spaceOf(context: LogContext, dir: LogDir): { totalBytes: number; usableBytes: number } {
  try {
    if (dir.error === null) return context.fs.spaceSync(dir.path)
  } catch (error) {
    context.logger.warn(`cannot tell the space of ${dir.path}: ${messageOf(error)}`)
  }
  return { totalBytes: -1, usableBytes: -1 }
}
