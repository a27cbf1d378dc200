import type { FileSystem } from '../../base/file-system.ts'
import { type EpochEntry, formatCheckpoint } from '../../storage/index.ts'

/**
 * What `leader-epoch-checkpoint` should say of a log that ends at `endOffset`; undefined when it says so already. A log
 * without epochs (of old formats) has no such file, or an empty one.
 */
export function epochsText(
  fs: FileSystem,
  file: string,
  epochs: readonly EpochEntry[],
  endOffset: number,
): string | undefined {
  const kept = epochs.filter((entry) => entry.startOffset < endOffset)
  const text = formatCheckpoint(kept.map((entry) => `${entry.epoch} ${entry.startOffset}`))
  const before = fs.existsSync(file) ? fs.readFileSync(file).toString('utf8') : undefined
  if (before === text || (before === undefined && kept.length === 0)) return undefined
  return text
}
