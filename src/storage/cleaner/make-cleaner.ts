import { fileURLToPath } from 'node:url'
import { nodeFileSystem } from '../../base/node-file-system.ts'
import type { LogContext } from '../log-context.ts'
import { LogCleaner, type LogCleanerOptions } from './log-cleaner.ts'
import { InProcessRunner, type PassRunner } from './pass-runner.ts'
import { WorkerPool } from './worker-pool.ts'

/** Beside the bundle that this is in; the build puts it there (scripts/build.mjs). Not there when run from the sources. */
const WORKER_FILE = './cleaner-worker.cjs'

/** Loaded when there is a log to compact, with all that compaction needs. */
export function makeLogCleaner(options: Omit<LogCleanerOptions, 'runner'>): LogCleaner {
  return new LogCleaner({ ...options, runner: runnerFor(options.context) })
}

/** A worker has the real file system and no other. */
function runnerFor({ fs, clock }: LogContext): PassRunner {
  const file = new URL(WORKER_FILE, import.meta.url)
  if (fs === nodeFileSystem && fs.existsSync(fileURLToPath(file))) return new WorkerPool(file, clock)
  return new InProcessRunner(fs, clock)
}
