import { join } from 'node:path'
import type { FileSystem } from '../base/file-system.ts'

/**
 * An empty file in the directory of a log that has just come from another log directory, for the moment between the two
 * renames of the switch: its own to `TOPIC-N`, and that of the old log to `TOPIC-N.<id>-delete`. A start that finds two
 * directories of one partition takes the one without it, which has at least as much. (Kafka has no such file: it ends the
 * start then, and somebody has to delete one of the two by hand.)
 */
const PENDING_SWITCH = 'pending-switch'

export function isSwitchPending(fs: FileSystem, path: string): boolean {
  return fs.existsSync(join(path, PENDING_SWITCH))
}

/** Resolves when it is on disk. */
export async function beginSwitch(fs: FileSystem, path: string): Promise<void> {
  fs.writeFileSync(join(path, PENDING_SWITCH), new Uint8Array(0))
  await fs.syncDirectory(path)
}

export function endSwitch(fs: FileSystem, path: string): void {
  fs.removeSync(join(path, PENDING_SWITCH))
}
