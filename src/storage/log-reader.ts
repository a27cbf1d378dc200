import type { FileRange } from '../base/file-system.ts'
import type { AbortedTransaction, ReadOptions, ReadResult } from './log-types.ts'
import type { BatchPosition, Segment } from './segment.ts'
import type { Segments } from './segments.ts'
import type { TailCache } from './tail-cache.ts'
import type { AbortedTxn } from './txn-index.ts'

/** What a read sees of its log, as it was when the read began. */
export interface ReadView {
  readonly segments: Segments
  readonly tail: TailCache
  readonly logEndOffset: number
}

export function emptyRead(startOffset: number, options: ReadOptions): ReadResult {
  return {
    startOffset,
    parts: [],
    sizeBytes: 0,
    ...(options.includeAbortedTransactions === true && { abortedTransactions: [] }),
  }
}

/**
 * Batches from the one with `startOffset` on, below the upper bound (LocalLog.read, LogSegment.read): from memory when
 * they were just appended, else as a range of the segment's file. `startOffset` lies in the log.
 */
export async function readLog(
  view: ReadView,
  startOffset: number,
  options: ReadOptions,
): Promise<ReadResult> {
  const upperBound = Math.min(options.upperBoundOffset, view.logEndOffset)
  if (startOffset >= upperBound) return emptyRead(startOffset, options)
  const recent = view.tail.read(startOffset, upperBound, options.maxBytes, options.minOneMessage)
  if (recent !== undefined) {
    let sizeBytes = 0
    for (const part of recent) sizeBytes += part.length
    const aborted = options.includeAbortedTransactions
      ? collectAborted(view.segments.from(startOffset), startOffset, upperBound)
      : undefined
    return { startOffset, parts: recent, sizeBytes, ...(aborted && { abortedTransactions: aborted }) }
  }
  return readFiles(view, startOffset, upperBound, options)
}

async function readFiles(
  view: ReadView,
  startOffset: number,
  upperBound: number,
  options: ReadOptions,
): Promise<ReadResult> {
  const { segments } = view
  // Appends go on while the index is searched: what is there now goes with the log end that is there now.
  const active = segments.active
  const activeBytes = active.writtenBytes
  for (const segment of segments.from(startOffset)) {
    segment.file.retain()
    try {
      const first = await segment.translate(startOffset)
      if (first === null) continue
      if (first.baseOffset >= upperBound) break
      const endBytes = segment === active ? activeBytes : segment.writtenBytes
      const end = await endPosition(view, segment, upperBound, endBytes)
      const range = rangeOf(segment, first, end, options)
      if (range === null) return emptyRead(startOffset, options)
      const aborted = options.includeAbortedTransactions
        ? abortedIn(view, segment, startOffset, upperBound, range)
        : undefined
      return {
        startOffset,
        parts: [range],
        sizeBytes: range.length,
        ...(aborted && { abortedTransactions: aborted }),
      }
    } finally {
      segment.file.release()
    }
  }
  return emptyRead(startOffset, options)
}

function rangeOf(
  segment: Segment,
  first: BatchPosition,
  end: number,
  options: ReadOptions,
): FileRange | null {
  if (first.sizeBytes > options.maxBytes && !options.minOneMessage) return null
  const length = Math.min(end - first.position, Math.max(options.maxBytes, first.sizeBytes))
  return length > 0 ? segment.file.range(first.position, length) : null
}

/** Where the batch with the upper bound begins: there the answer has to stop. */
async function endPosition(
  view: ReadView,
  segment: Segment,
  upperBound: number,
  endBytes: number,
): Promise<number> {
  const next = view.segments.next(segment)
  if (upperBound >= (next?.baseOffset ?? view.logEndOffset)) return endBytes
  const known = view.tail.positionOf(upperBound)
  if (known?.segment === segment) return known.position
  return Math.min((await segment.translate(upperBound))?.position ?? endBytes, endBytes)
}

function abortedIn(
  view: ReadView,
  segment: Segment,
  startOffset: number,
  upperBound: number,
  range: FileRange,
): AbortedTransaction[] {
  const indexed = segment.offsetIndex.upperBound(range.position + range.length)
  const end = indexed ?? view.segments.next(segment)?.baseOffset ?? upperBound
  return collectAborted(view.segments.from(startOffset), startOffset, Math.min(end, upperBound))
}

function collectAborted(
  segments: readonly Segment[],
  startOffset: number,
  upperBound: number,
): AbortedTransaction[] {
  const found: AbortedTxn[] = []
  for (const segment of segments) {
    if (segment.txnIndex.collect(startOffset, upperBound, found).isComplete) break
  }
  return found.map(({ producerId, firstOffset }) => ({ producerId, firstOffset }))
}

/** Gives back what a read holds when nobody is going to use it. */
export function releaseRead(result: ReadResult): void {
  for (const part of result.parts) if (!(part instanceof Uint8Array)) part.release()
}
