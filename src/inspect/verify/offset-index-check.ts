import type { FileSystem } from '../../base/file-system.ts'
import { EntryCursor } from '../entry-cursor.ts'
import type { LocatedFile } from '../locate.ts'
import type { SegmentFiles } from '../partition-files.ts'
import { ADVICE } from './advice.ts'
import type { Severity } from './finding.ts'
import type { PartitionScope } from './scope.ts'

const ENTRY_SIZE = 8

/**
 * `.index` against its `.log`, both read once. An entry holds where an append began and the last offset of that append
 * (LogSegment.append), which for a follower may be several batches; so its position must be the start of a batch, and its
 * offset the last one of that batch or of a later one.
 */
export class OffsetIndexCheck {
  private readonly cursor: EntryCursor
  private readonly scope: PartitionScope
  private readonly segment: SegmentFiles
  private readonly file: LocatedFile
  private previous = { offset: -1, position: -1 }
  /** The last offset of an append that began in an earlier batch. */
  private awaited: { offset: number; slot: number } | undefined
  private isPaddedFrom: number | undefined

  constructor(fs: FileSystem, scope: PartitionScope, segment: SegmentFiles, file: LocatedFile) {
    this.cursor = EntryCursor.open(fs, file.path, ENTRY_SIZE)
    this.scope = scope
    this.segment = segment
    this.file = file
  }

  async onBatch(position: number, baseOffset: number, lastOffset: number): Promise<void> {
    if (this.awaited !== undefined && lastOffset >= this.awaited.offset) {
      if (lastOffset > this.awaited.offset) {
        this.bad('warning', `no batch ends at offset ${this.awaited.offset}`, this.awaited.slot, baseOffset)
      }
      this.awaited = undefined
    }
    const { cursor } = this
    while (cursor.isBuffered || (await cursor.fill())) {
      const at = this.entryPosition()
      if (at > position || (cursor.isZero && (await this.skipPadding()))) return
      if (at < position) this.bad('error', `no batch begins at position ${at} of the log`, cursor.slot)
      else this.compare(baseOffset, lastOffset)
      this.follow()
      cursor.advance()
    }
  }

  /** A batch that cannot be trusted begins there: an entry about it may be right. */
  async onDamage(position: number): Promise<void> {
    const { cursor } = this
    this.awaited = undefined
    while ((cursor.isBuffered || (await cursor.fill())) && this.entryPosition() <= position) {
      if (cursor.isZero) return
      this.follow()
      cursor.advance()
    }
  }

  /** Behind the last batch; unless the log is damaged there, entries lead no further. */
  async finish(endPosition: number, endOffset: number, isDamaged: boolean): Promise<void> {
    if (isDamaged) return
    const { cursor } = this
    const severity = this.scope.tailSeverity(this.segment, endOffset)
    const isLast = this.scope.isLast(this.segment)
    while (cursor.isBuffered || (await cursor.fill())) {
      if (cursor.isZero && (await this.skipPadding())) break
      // What was appended while we read.
      if (isLast && this.scope.logDir.isLive) break
      const reason = `the entry points to position ${this.entryPosition()}, the log ends at ${endPosition}`
      this.bad(severity, reason, cursor.slot)
      cursor.advance()
    }
    if (cursor.hasPartialEntry && !(isLast && this.scope.logDir.isLive)) {
      this.bad(severity, `${cursor.sizeBytes} bytes are no multiple of ${ENTRY_SIZE}`, undefined)
    }
    if (this.isPaddedFrom !== undefined && !isLast) {
      this.bad('warning', 'the rest of the index is zeros, as a crash leaves it', this.isPaddedFrom)
    }
  }

  close(): void {
    this.cursor.close()
  }

  private entryOffset(): number {
    return this.segment.baseOffset + this.cursor.bytes.readInt32BE(this.cursor.at)
  }

  private entryPosition(): number {
    return this.cursor.bytes.readInt32BE(this.cursor.at + 4)
  }

  private compare(baseOffset: number, lastOffset: number): void {
    const offset = this.entryOffset()
    const { slot } = this.cursor
    if (offset < baseOffset) {
      this.bad(
        'error',
        `offset ${offset} is said to be in the batch ${baseOffset} to ${lastOffset}`,
        slot,
        offset,
      )
    } else if (offset < lastOffset) {
      this.bad('error', `offset ${offset} is not the last one of its batch, ${lastOffset}`, slot, offset)
    } else if (offset > lastOffset) this.awaited = { offset, slot }
  }

  private follow(): void {
    const entry = { offset: this.entryOffset(), position: this.entryPosition() }
    if (entry.offset <= this.previous.offset || entry.position <= this.previous.position) {
      this.bad(
        'error',
        `offset ${entry.offset} at ${entry.position} comes behind offset ${this.previous.offset} at ${this.previous.position}`,
        this.cursor.slot,
      )
    }
    this.previous = entry
  }

  /** True when nothing but zeros was left. */
  private async skipPadding(): Promise<boolean> {
    const from = this.cursor.slot
    if (await this.cursor.skipZeros()) {
      this.isPaddedFrom = from
      return true
    }
    this.bad('error', `${this.cursor.slot - from} entries of zeros lie between others`, from)
    return false
  }

  private bad(severity: Severity, reason: string, slot: number | undefined, offset?: number): void {
    this.scope.add(severity, 'offset-index', this.file, reason, ADVICE.indexes, {
      ...(slot !== undefined && { position: slot * ENTRY_SIZE }),
      ...(offset !== undefined && { offset }),
      fix: { kind: 'rebuild-indexes', baseOffset: this.segment.baseOffset },
    })
  }
}
