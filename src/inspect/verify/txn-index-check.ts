import type { FileSystem } from '../../base/file-system.ts'
import { readInt64 } from '../../base/int64.ts'
import type { AbortedTxn } from '../../storage/index.ts'
import { EntryCursor } from '../entry-cursor.ts'
import type { SegmentFiles } from '../partition-files.ts'
import type { PartitionScope } from './scope.ts'

const ENTRY_SIZE = 34
const ADVICE_TXN =
  'Readers with isolation.level=read_committed go by this file: kcli segments repair builds it again from the log.'

/**
 * `.txnindex` against the abort markers of its `.log`, both read once. Compaction takes the records of aborted
 * transactions away, and with them their entries, so in a compacted log entries may be missing.
 */
export class TxnIndexCheck {
  private readonly cursor: EntryCursor | undefined
  private readonly scope: PartitionScope
  private readonly segment: SegmentFiles
  private readonly firstLogOffset: number
  /** Aborted transactions that no entry is about. */
  private missing: { first: AbortedTxn; count: number } | undefined

  constructor(fs: FileSystem, scope: PartitionScope, segment: SegmentFiles) {
    const path = segment.txnindex?.path
    this.cursor =
      path === undefined || !fs.existsSync(path) ? undefined : EntryCursor.open(fs, path, ENTRY_SIZE)
    this.scope = scope
    this.segment = segment
    this.firstLogOffset = scope.files.segments[0]?.baseOffset ?? 0
  }

  async onAbort(txn: AbortedTxn): Promise<void> {
    const found = await this.entryUpTo(txn.lastOffset)
    if (found === undefined) {
      this.missing = { first: this.missing?.first ?? txn, count: (this.missing?.count ?? 0) + 1 }
      return
    }
    // Where the first records are gone, so may be the beginning of the transaction.
    const isSame =
      found.producerId === txn.producerId &&
      found.lastStableOffset === txn.lastStableOffset &&
      (found.firstOffset === txn.firstOffset || found.firstOffset < this.firstLogOffset)
    if (!isSame) this.differs(`the index has ${show(found)}, the log ${show(txn)}`, txn.lastOffset)
  }

  /** Behind the last batch, which ended at `endOffset`. */
  async finish(endOffset: number): Promise<void> {
    const { cursor, scope, segment, missing } = this
    const isGrowing = scope.isLast(segment) && scope.logDir.isLive
    await this.entryUpTo(endOffset - 1)
    if (cursor !== undefined && !isGrowing) {
      if (cursor.entriesLeft > 0)
        this.bad(`${cursor.entriesLeft} entries are about markers behind the end`, endOffset)
      if (cursor.hasPartialEntry) this.bad(`${cursor.sizeBytes} bytes are no multiple of ${ENTRY_SIZE}`)
    }
    if (missing === undefined || isGrowing) return
    const more = missing.count > 1 ? `, and for ${missing.count - 1} more` : ''
    this.differs(`there is no entry for ${show(missing.first)}${more}`, missing.first.lastOffset)
  }

  close(): void {
    this.cursor?.close()
  }

  /** The entry of the marker at `offset`; those before it, of markers whose beginning we do not know, are passed. */
  private async entryUpTo(offset: number): Promise<AbortedTxn | undefined> {
    const { cursor } = this
    while (cursor !== undefined && (cursor.isBuffered || (await cursor.fill()))) {
      const entry = this.readEntry(cursor)
      if (entry.lastOffset > offset) return undefined
      this.checkEntry(entry, cursor.bytes.readInt16BE(cursor.at))
      cursor.advance()
      if (entry.lastOffset === offset) return entry
    }
    return undefined
  }

  private readEntry({ bytes, at }: EntryCursor): AbortedTxn {
    return {
      producerId: readInt64(bytes, at + 2),
      firstOffset: readInt64(bytes, at + 10),
      lastOffset: readInt64(bytes, at + 18),
      lastStableOffset: readInt64(bytes, at + 26),
    }
  }

  private checkEntry(entry: AbortedTxn, version: number): void {
    if (version !== 0) this.bad(`an entry has version ${version}`, entry.lastOffset)
    else if (entry.lastOffset < this.segment.baseOffset || entry.firstOffset > entry.lastOffset) {
      this.bad(`the entry ${show(entry)} cannot belong to this segment`, entry.lastOffset)
    }
  }

  private bad(reason: string, offset?: number): void {
    this.scope.add('error', 'txn-index', this.path, reason, ADVICE_TXN, this.place(offset))
  }

  /** Other than the log, which compaction may have changed. */
  private differs(reason: string, offset: number): void {
    this.scope.addUnlessCompacted('error', 'txn-index', this.path, reason, ADVICE_TXN, this.place(offset))
  }

  private get path(): string {
    return this.segment.txnindex?.path ?? this.segment.log.path.replace(/\.log$/, '.txnindex')
  }

  private place(offset: number | undefined) {
    return {
      position: (this.cursor?.slot ?? 0) * ENTRY_SIZE,
      ...(offset !== undefined && { offset }),
      fix: { kind: 'rebuild-txn-index', baseOffset: this.segment.baseOffset } as const,
    }
  }
}

function show(txn: AbortedTxn): string {
  return (
    `the aborted transaction of producer ${txn.producerId} from offset ${txn.firstOffset} to ${txn.lastOffset} ` +
    `(last stable offset ${txn.lastStableOffset})`
  )
}
