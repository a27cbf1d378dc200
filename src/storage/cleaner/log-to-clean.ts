import { join } from 'node:path'
import type { FileSystem } from '../../base/file-system.ts'
import type { Random } from '../../base/random.ts'
import type { Log } from '../log.ts'
import { NO_LIMIT } from '../log-config.ts'
import type { OpenLog } from '../open-log.ts'
import { listLogFiles } from '../resting-log.ts'
import type { Segment } from '../segment.ts'
import type { AbortedTxn } from '../txn-index.ts'
import type { CleanerConfig } from './cleaner-config.ts'
import type { PassJob } from './cleaning-pass.ts'
import type { SourceSegment } from './segment-groups.ts'

const MAX_BUFFER_BYTES = 0x7fffffff
/** The head of a batch, which says how large it is. */
const LEAST_BUFFER_BYTES = 64

/** What a pass over a log would do (kafka.log.LogToClean). */
export interface LogToClean {
  readonly log: Log
  readonly opened: OpenLog
  /** Up to here the log is clean. */
  readonly firstDirtyOffset: number
  /** Where the first segment begins that must be left alone. */
  readonly firstUncleanableOffset: number
  readonly cleanableBytes: number
  /** By all bytes before the first uncleanable offset. */
  readonly dirtyRatio: number
  /** Records have been waiting for longer than max.compaction.lag.ms. */
  readonly isOverdue: boolean
  /** Why the checkpoint is not used; undefined when it is. */
  readonly resetReason: string | undefined
}

/** LogCleanerManager.cleanableOffsets and calculateCleanableBytes. `checkpoint`: how far the log is said to be clean. */
export async function measureLog(
  log: Log,
  checkpoint: number | undefined,
  nowMs: number,
): Promise<LogToClean> {
  const opened = await log.open()
  const { segments } = opened
  const { offset: firstDirtyOffset, resetReason } = firstDirty(log, checkpoint)
  const lagging = await firstTooYoung(opened, firstDirtyOffset, nowMs - log.config.minCompactionLagMs)
  const uncleanable = Math.max(
    firstDirtyOffset,
    Math.min(log.lastStableOffset, segments.active.baseOffset, lagging),
  )
  // Segments are cleaned as a whole.
  const firstUncleanable = nonActiveFrom(opened, uncleanable)[0] ?? segments.active
  const firstUncleanableOffset = firstUncleanable.baseOffset
  const cleanBytes = sizeOf(segments.between(0, firstDirtyOffset))
  const from = Math.min(firstDirtyOffset, firstUncleanableOffset)
  const cleanableBytes = sizeOf(segments.between(from, firstUncleanableOffset))
  const totalBytes = cleanBytes + cleanableBytes
  return {
    log,
    opened,
    firstDirtyOffset,
    firstUncleanableOffset,
    cleanableBytes,
    dirtyRatio: totalBytes === 0 ? 0 : cleanableBytes / totalBytes,
    isOverdue: await isOverdue(opened, firstDirtyOffset, nowMs),
    resetReason,
  }
}

/** Whether it is worth a pass now. */
export function isDirtyEnough({ log, cleanableBytes, dirtyRatio, isOverdue }: LogToClean): boolean {
  return cleanableBytes > 0 && (isOverdue || dirtyRatio > log.config.minCleanableDirtyRatio)
}

/** Overdue logs first (their lag is a promise), then the dirtiest. */
export function byUrgency(a: LogToClean, b: LogToClean): number {
  return Number(b.isOverdue) - Number(a.isOverdue) || b.dirtyRatio - a.dirtyRatio
}

/** False when the files of a log that is not open say that there is nothing to clean, without opening it. */
export function mayBeDirty(fs: FileSystem, log: Log, checkpoint: number | undefined): boolean {
  if (log.isOpen || !log.isEndKnown) return true
  const files = listLogFiles(fs, join(log.logDir, log.name))
  const active = files.pop()
  const clean = checkpoint ?? 0
  if (active === undefined || files.length === 0 || clean >= active.baseOffset) return false
  if (log.config.maxCompactionLagMs < NO_LIMIT) return true
  const isClean = (_: unknown, i: number) => (files[i + 1] ?? active).baseOffset <= clean
  const dirtyBytes = sizeOf(files.filter((file, i) => !isClean(file, i)))
  return dirtyBytes > sizeOf(files) * log.config.minCleanableDirtyRatio
}

/** Everything that the pass has to know: it sees nothing but files. */
export async function jobOf(
  plan: LogToClean,
  cleaner: CleanerConfig,
  nowMs: number,
  random: Random,
): Promise<PassJob> {
  const { log, opened, firstDirtyOffset, firstUncleanableOffset } = plan
  const { config } = log
  const segments = opened.segments.between(0, firstUncleanableOffset)
  const sources: SourceSegment[] = []
  for (const segment of segments) {
    await segment.ensureIndexes()
    sources.push({
      baseOffset: segment.baseOffset,
      sizeBytes: segment.writtenBytes,
      modifiedMs: segment.modifiedMs,
      offsetIndexBytes: segment.offsetIndex.file.sizeBytes,
      timeIndexBytes: segment.timeIndex.file.sizeBytes,
    })
  }
  const firstDirtySegment = opened.segments.floor(firstDirtyOffset)
  await firstDirtySegment?.ensureIndexes()
  const dirtyPosition = firstDirtySegment?.offsetIndex.lookup(firstDirtyOffset).position ?? 0
  for (const segment of segments) segment.idle()
  return {
    dir: join(log.logDir, log.name),
    name: log.name,
    segments: sources,
    firstDirtyOffset,
    firstUncleanableOffset,
    dirtyPosition,
    abortedTxns: abortedBefore(opened, firstUncleanableOffset),
    lastRecords: opened.producers.lastRecords(),
    nowMs,
    segmentBytes: config.segmentBytes,
    segmentIndexBytes: config.segmentIndexBytes,
    indexIntervalBytes: config.indexIntervalBytes,
    deleteRetentionMs: config.deleteRetentionMs,
    maxMessageBytes: config.maxMessageBytes,
    dedupeBufferBytes: Math.min(MAX_BUFFER_BYTES, Math.floor(cleaner.dedupeBufferBytes / cleaner.threads)),
    loadFactor: cleaner.loadFactor,
    // One half to read, one to write.
    ioBufferBytes: Math.max(LEAST_BUFFER_BYTES, Math.floor(cleaner.ioBufferBytes / cleaner.threads / 2)),
    secretHex: random.bytes(16).toString('hex'),
  }
}

function firstDirty(
  log: Log,
  checkpoint: number | undefined,
): { readonly offset: number; readonly resetReason: string | undefined } {
  const { logStartOffset, logEndOffset } = log
  const offset = checkpoint ?? logStartOffset
  if (offset < logStartOffset) {
    return { offset: logStartOffset, resetReason: `${offset} is before the log's start ${logStartOffset}` }
  }
  if (offset > logEndOffset) {
    return { offset: logStartOffset, resetReason: `${offset} is behind the log's end ${logEndOffset}` }
  }
  return { offset, resetReason: undefined }
}

/** Where the first segment with a record younger than min.compaction.lag.ms begins. */
async function firstTooYoung(opened: OpenLog, firstDirtyOffset: number, untilMs: number): Promise<number> {
  if (opened.config.minCompactionLagMs <= 0) return Number.POSITIVE_INFINITY
  for (const segment of nonActiveFrom(opened, firstDirtyOffset)) {
    await segment.ensureIndexes()
    if (segment.largestTimestamp > untilMs) return segment.baseOffset
  }
  return Number.POSITIVE_INFINITY
}

/** LogCleanerManager.maxCompactionDelay. */
async function isOverdue(opened: OpenLog, firstDirtyOffset: number, nowMs: number): Promise<boolean> {
  const { maxCompactionLagMs } = opened.config
  if (maxCompactionLagMs >= NO_LIMIT) return false
  for (const segment of nonActiveFrom(opened, firstDirtyOffset)) {
    await segment.loadFirstTimestamp()
    const timestamp = segment.firstBatchTimestamp ?? 0
    if (timestamp > 0 && timestamp < nowMs - Math.max(0, maxCompactionLagMs)) return true
  }
  return false
}

function nonActiveFrom({ segments }: OpenLog, offset: number): Segment[] {
  return segments.between(offset, segments.active.baseOffset)
}

function abortedBefore({ segments }: OpenLog, offset: number): AbortedTxn[] {
  const found: AbortedTxn[] = []
  for (const segment of segments.all) {
    if (segment.txnIndex.collect(0, offset, found).isComplete) break
  }
  return found
}

function sizeOf(files: readonly { readonly sizeBytes: number }[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
