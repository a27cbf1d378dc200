import type { Random } from '../base/random.ts'

/**
 * The names in a log directory (LogFileUtils, LocalLog).
 *
 *     LOGDIR/TOPIC-N/                                  one partition
 *            TOPIC-N.<32 hex digits>-delete/           deleted, its files go after file.delete.delay.ms
 *            TOPIC-N.<32 hex digits>-future/           on its way here from another directory
 *            TOPIC-N.<32 hex digits>-stray/            taken out of service by a KRaft controller: left alone
 *     TOPIC-N/%020d.log                                records, named by the first offset they may hold
 *             %020d.index .timeindex .txnindex         found again from the .log when lost
 *             %020d.snapshot                           producer state before that offset
 *             *.deleted                                a segment that goes after file.delete.delay.ms
 *             *.cleaned *.swap                         compaction under way
 */
export const LOG_SUFFIX = '.log'
export const INDEX_SUFFIX = '.index'
export const TIME_INDEX_SUFFIX = '.timeindex'
export const TXN_INDEX_SUFFIX = '.txnindex'
export const SNAPSHOT_SUFFIX = '.snapshot'
/** The files of a segment, in the order in which they get other names. */
export const SEGMENT_SUFFIXES = [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX] as const
export const DELETED_SUFFIX = '.deleted'
export const CLEANED_SUFFIX = '.cleaned'
export const SWAP_SUFFIX = '.swap'

const DELETE_DIR_SUFFIX = '-delete'
const FUTURE_DIR_SUFFIX = '-future'
const SPECIAL_DIR = /^(.+)\.([0-9a-f]{32})-(delete|future|stray)$/
const MAX_FILE_NAME = 255
const UNIQUE_ID_BYTES = 16

/** `00000000000000000042.log` */
export function offsetFileName(offset: number, suffix: string): string {
  return String(offset).padStart(20, '0') + suffix
}

/** The offset in a name like the above, whatever follows the digits; undefined when it is not such a name. */
export function offsetOfFileName(name: string): number | undefined {
  const match = /^(\d{20})\./.exec(name)
  if (match?.[1] === undefined) return undefined
  const offset = Number(match[1])
  return Number.isSafeInteger(offset) ? offset : undefined
}

export function partitionDirName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** `orders-0` gives orders and 0; undefined for what is not the directory of a live partition. */
export function parsePartitionDirName(name: string): { topic: string; partition: number } | undefined {
  if (SPECIAL_DIR.test(name)) return undefined
  const match = /^(.+)-(\d{1,10})$/.exec(name)
  if (match?.[1] === undefined || match[2] === undefined) return undefined
  return { topic: match[1], partition: Number(match[2]) }
}

/** The partition in `orders-0.<32 hex digits>-delete` and the like; the topic may be cut short. */
export function parseSpecialDirName(
  name: string,
): { topic: string; partition: number; mark: 'delete' | 'future' | 'stray' } | undefined {
  const [, partition = '', , mark] = SPECIAL_DIR.exec(name) ?? []
  const parsed = parsePartitionDirName(partition)
  return parsed && { ...parsed, mark: mark as 'delete' | 'future' | 'stray' }
}

export function isDeleteDirName(name: string): boolean {
  return SPECIAL_DIR.exec(name)?.[3] === 'delete'
}

/** A new name for the directory of a deleted partition. A long topic name is cut, as a file name has 255 bytes at most. */
export function deleteDirName(topic: string, partition: number, random: Random): string {
  const suffix = `-${partition}.${random.bytes(UNIQUE_ID_BYTES).toString('hex')}${DELETE_DIR_SUFFIX}`
  return topic.slice(0, MAX_FILE_NAME - suffix.length) + suffix
}

/** A new name for a partition's directory as long as the log is on its way there. */
export function futureDirName(topic: string, partition: number, random: Random): string {
  return `${partitionDirName(topic, partition)}.${random.bytes(UNIQUE_ID_BYTES).toString('hex')}${FUTURE_DIR_SUFFIX}`
}

export function isFutureDirName(name: string): boolean {
  return name.endsWith(FUTURE_DIR_SUFFIX) && SPECIAL_DIR.test(name)
}

/** The name above would be too long for a file system: the partition cannot be moved (KAFKA-4893). */
export function isTooLongToMove(topic: string, partition: number): boolean {
  const suffixBytes = 1 + 2 * UNIQUE_ID_BYTES + FUTURE_DIR_SUFFIX.length
  return partitionDirName(topic, partition).length + suffixBytes > MAX_FILE_NAME
}
