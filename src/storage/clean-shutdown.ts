import { join } from 'node:path'
import type { FileSystem } from '../base/file-system.ts'

/**
 * `.kafka_cleanshutdown` says that every log of the directory was closed in order, so that none needs recovery
 * (CleanShutdownFileHandler): `{"version":0,"brokerEpoch":N}`, written last of all at the end, read and removed first
 * of all at the start. Older Kafka wrote an empty file: its presence counts, not its content.
 */
const FILE_NAME = '.kafka_cleanshutdown'

export function writeCleanShutdown(fs: FileSystem, logDir: string, brokerEpoch: number): void {
  const path = join(logDir, FILE_NAME)
  fs.writeFileSync(path, Buffer.from(`{"version":0,"brokerEpoch":${brokerEpoch}}`))
}

/** True when the last end was a clean one. The mark is gone afterwards: a crash from now on is seen. */
export function takeCleanShutdown(fs: FileSystem, logDir: string): boolean {
  const path = join(logDir, FILE_NAME)
  if (!fs.existsSync(path)) return false
  fs.unlinkSync(path)
  return true
}
