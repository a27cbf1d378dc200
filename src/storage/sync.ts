import { messageOf } from '../base/errors.ts'
import type { File, FileSystem } from '../base/file-system.ts'

/**
 * A sync failed, whatever the system's reason was. What was to be put on disk may be lost, and a later sync of the same
 * file would not tell: the directory must go offline.
 */
export class SyncFailedError extends Error {
  constructor(path: string, cause: unknown) {
    super(`syncing ${path} failed: ${messageOf(cause)}`, { cause })
  }
}

export async function syncFile(file: File): Promise<void> {
  try {
    await file.sync()
  } catch (error) {
    throw new SyncFailedError(file.path, error)
  }
}

/** Does nothing when there is no such file. */
export async function syncPath(fs: FileSystem, path: string): Promise<void> {
  if (!fs.existsSync(path)) return
  const file = fs.openSync(path, 'r+')
  try {
    await syncFile(file)
  } finally {
    file.closeSync()
  }
}
