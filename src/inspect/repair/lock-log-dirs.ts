import path from 'node:path'
import type { FileLock, FileLocks } from '../../base/file-lock.ts'
import type { FileSystem } from '../../base/file-system.ts'
import { lockFilesOf } from '../log-dir-state.ts'
import { RepairError } from './backup.ts'

/**
 * Keeps brokers out of the log directories until the result is called. Locks only files that are there, for a folder with
 * partitions need not be a broker's. Throws a {@link RepairError} when a process has one of them.
 */
export function lockLogDirs(fs: FileSystem, locks: FileLocks, logDirs: readonly string[]): () => void {
  const files = new Set(
    logDirs.flatMap((logDir) => lockFilesOf(fs, logDir)).map((file) => path.resolve(file)),
  )
  const held: FileLock[] = []
  const release = () => {
    for (const lock of held) lock.release()
  }
  for (const file of [...files].filter((one) => fs.existsSync(one))) {
    const lock = locks.tryLock(file)
    if (lock === null) {
      release()
      throw new RepairError(
        `a process is using ${path.dirname(file)}: it holds ${file}`,
        'Stop the broker first (kcli cluster stop, or kafka-server-stop.sh), then run this again.',
      )
    }
    held.push(lock)
  }
  return release
}
