import { join } from 'node:path'
import { type FileSystem, replaceFileSync } from '../base/file-system.ts'
import { ZERO_UUID } from '../base/uuid.ts'
import { KafkaStorageError } from './errors.ts'

/**
 * `partition.metadata` ties a partition's directory to the id of its topic, so that a topic deleted and made anew is
 * not taken for the old one (PartitionMetadataFile). Written once, when the log is made.
 *
 *     version: 0
 *     topic_id: 22 characters of base64 (no end of line behind it)
 */
const FILE_NAME = 'partition.metadata'

/** The topic id, or null when there is no such file (logs from before Kafka 2.8). */
export function readPartitionMetadata(fs: FileSystem, dir: string): string | null {
  const path = join(dir, FILE_NAME)
  if (!fs.existsSync(path)) return null
  const text = fs.readFileSync(path).toString('utf8')
  const match = /^version: 0\r?\ntopic_id: ([A-Za-z0-9_-]{22})\r?\n?$/.exec(text)
  if (match?.[1] === undefined || match[1] === ZERO_UUID) {
    throw new KafkaStorageError(`malformed partition metadata file ${path}: '${text.slice(0, 80)}'`)
  }
  return match[1]
}

export function writePartitionMetadata(fs: FileSystem, dir: string, topicId: string): void {
  replaceFileSync(fs, join(dir, FILE_NAME), Buffer.from(`version: 0\ntopic_id: ${topicId}`), false)
}
