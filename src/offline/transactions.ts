import path from 'node:path'
import type { FileSystem } from '../base/file-system.ts'
import {
  baseOffset,
  hasProducerId,
  isControl,
  isCrcValid,
  isTransactional,
  producerId,
} from '../records/index.ts'
import {
  type AbortedTransaction,
  decodeProducerSnapshot,
  offsetFileName,
  readMarker,
  type Segment,
  type Segments,
  SNAPSHOT_SUFFIX,
  StorageError,
  scanBatches,
} from '../storage/index.ts'

/** What read_committed readers must know of a log. */
export interface Transactions {
  /** Where the first transaction that is still open begins; the log's end when none is. */
  readonly lastStableOffset: number
  /** Aborted transactions that touch [from, to). */
  abortedIn(from: number, to: number): AbortedTransaction[]
}

interface Aborted extends AbortedTransaction {
  /** Of the marker. */
  readonly lastOffset: number
}

export interface TransactionSources {
  readonly fs: FileSystem
  readonly dir: string
  readonly segments: Segments
  /** Newest first. */
  readonly snapshots: readonly number[]
  readonly startOffset: number
  readonly endOffset: number
}

/**
 * Open and aborted transactions: from the newest usable producer snapshot, the transaction indexes of the segments before
 * it, and the batches behind it (as ProducerStateManager and TransactionIndex are recovered). A damaged index is done
 * without: then everything from its segment on is read.
 */
export async function readTransactions(sources: TransactionSources): Promise<Transactions> {
  const { segments, endOffset } = sources
  const indexed = readIndexes(segments.all)
  const start = newestSnapshot(sources, Math.min(endOffset, indexed.goodUpTo))
  const aborted = indexed.aborted.filter((txn) => txn.lastOffset < start.offset)
  const { open } = start
  for (const segment of start.offset < endOffset ? segments.from(start.offset) : []) {
    await scanSegment(segment, start.offset, open, aborted)
  }
  aborted.sort((a, b) => a.firstOffset - b.firstOffset)
  return {
    lastStableOffset: Math.min(endOffset, ...open.values()),
    abortedIn: (from, to) =>
      aborted
        .filter((txn) => txn.lastOffset >= from && txn.firstOffset < to)
        .map(({ producerId: id, firstOffset }) => ({ producerId: id, firstOffset })),
  }
}

function readIndexes(segments: readonly Segment[]): { aborted: Aborted[]; goodUpTo: number } {
  const aborted: Aborted[] = []
  for (const segment of segments) {
    if (segment.txnIndex.isDamaged) return { aborted, goodUpTo: segment.baseOffset }
    aborted.push(...segment.txnIndex.entries)
  }
  return { aborted, goodUpTo: Infinity }
}

/** Producer ids with the first offset of the transaction that they have open. */
type OpenTransactions = Map<number, number>

function newestSnapshot(
  { fs, dir, snapshots, startOffset }: TransactionSources,
  upTo: number,
): { offset: number; open: OpenTransactions } {
  for (const offset of snapshots) {
    if (offset > upTo || offset < startOffset) continue
    const file = path.join(dir, offsetFileName(offset, SNAPSHOT_SUFFIX))
    const entries = decodeProducerSnapshot(fs.readFileSync(file))
    if (entries === undefined) continue
    const open = entries.filter((entry) => entry.currentTxnFirstOffset >= 0)
    return { offset, open: new Map(open.map((entry) => [entry.producerId, entry.currentTxnFirstOffset])) }
  }
  return { offset: -1, open: new Map() }
}

async function scanSegment(
  segment: Segment,
  from: number,
  open: OpenTransactions,
  aborted: Aborted[],
): Promise<void> {
  const start = from <= segment.baseOffset ? 0 : await positionOf(segment, from)
  await segment.file.using((file) =>
    scanBatches(file, start, segment.writtenBytes, (buffer, at) => {
      if (!hasProducerId(buffer, at)) return undefined
      const firstOffset = baseOffset(buffer, at)
      if (firstOffset < from) return undefined
      // Whatever is behind is not given out either.
      if (!isCrcValid(buffer, at)) return false
      const id = producerId(buffer, at)
      if (isControl(buffer, at)) {
        const begun = open.get(id)
        const marker = begun === undefined ? undefined : readMarker(buffer, at)
        if (begun === undefined || marker === undefined) return undefined
        open.delete(id)
        if (marker.isAbort) aborted.push({ producerId: id, firstOffset: begun, lastOffset: firstOffset })
      } else if (isTransactional(buffer, at) && !open.has(id)) open.set(id, firstOffset)
      return undefined
    }),
  )
}

async function positionOf(segment: Segment, offset: number): Promise<number> {
  try {
    return (await segment.translate(offset))?.position ?? segment.writtenBytes
  } catch (error) {
    // Its heads lead nowhere: what there is is read from its start.
    if (error instanceof StorageError) return 0
    throw error
  }
}
