import { join } from 'node:path'
import { type FileSystem, replaceFileSync } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import { ZERO_UUID } from '../base/uuid.ts'
import { KafkaStorageError } from './errors.ts'

/**
 * `partition.metadata` ties a partition's directory to the id of its topic, so that a topic deleted and made anew is
 * not taken for the old one (PartitionMetadataFile). Written once, when the log is made, and synced with the log's
 * first flush. What a power failure before that leaves, a part of it or zeros, counts as no file: the controller says
 * the id again.
 *
 *     version: 0
 *     topic_id: 22 characters of base64 (no end of line behind it)
 */
export const PARTITION_METADATA = 'partition.metadata'

const WHOLE = /^version: 0\r?\ntopic_id: ([A-Za-z0-9_-]{22})\r?\n?$/
const BEGINNING = 'version: 0\ntopic_id: '

/** The topic id, or null when there is no such file (logs from before Kafka 2.8). */
export function readPartitionMetadata(fs: FileSystem, dir: string, logger: Logger): string | null {
  const path = join(dir, PARTITION_METADATA)
  if (!fs.existsSync(path)) return null
  const text = fs.readFileSync(path).toString('utf8')
  const match = WHOLE.exec(text)
  if (match === null && isUnfinished(text)) {
    logger.warn(`${path} was not written to its end: going on as if it were not there`)
    return null
  }
  if (match?.[1] === undefined || match[1] === ZERO_UUID) {
    throw new KafkaStorageError(`malformed partition metadata file ${path}: '${text.slice(0, 80)}'`)
  }
  return match[1]
}

export function writePartitionMetadata(fs: FileSystem, dir: string, topicId: string): void {
  replaceFileSync(fs, join(dir, PARTITION_METADATA), Buffer.from(`version: 0\ntopic_id: ${topicId}`), false)
}

function isUnfinished(text: string): boolean {
  const written = text.replace(/\0+$/, '')
  const rest = written.slice(BEGINNING.length)
  return BEGINNING.startsWith(written.slice(0, BEGINNING.length)) && /^[A-Za-z0-9_-]{0,21}$/.test(rest)
}
