import type { FileSystem } from '../../base/file-system.ts'
import { readInt64 } from '../../base/int64.ts'
import { EntryCursor } from '../entry-cursor.ts'
import type { LocatedFile } from '../locate.ts'
import type { SegmentFiles } from '../partition-files.ts'
import { ADVICE } from './advice.ts'
import type { Severity } from './finding.ts'
import type { PartitionScope } from './scope.ts'

const ENTRY_SIZE = 12

/**
 * `.timeindex` against its `.log`, both read once. An entry says: the largest timestamp up to here is this one, and it is
 * in the batch of this offset (TimeIndex). A lookup by time begins at that offset, so no batch before it may have a
 * larger timestamp.
 */
export class TimeIndexCheck {
  private readonly cursor: EntryCursor
  private readonly scope: PartitionScope
  private readonly segment: SegmentFiles
  private readonly file: LocatedFile
  private largest = -1
  private previous = { timestamp: -1, offset: -1 }
  private isPaddedFrom: number | undefined
  private isBehindDamage = false

  constructor(fs: FileSystem, scope: PartitionScope, segment: SegmentFiles, file: LocatedFile) {
    this.cursor = EntryCursor.open(fs, file.path, ENTRY_SIZE)
    this.scope = scope
    this.segment = segment
    this.file = file
  }

  async onBatch(baseOffset: number, lastOffset: number, maxTimestamp: number): Promise<void> {
    const { cursor } = this
    while (cursor.isBuffered || (await cursor.fill())) {
      const offset = this.entryOffset()
      if (offset > lastOffset) break
      if (cursor.isZero && (maxTimestamp !== 0 || cursor.slot > 0) && (await this.skipPadding())) break
      const timestamp = this.entryTimestamp()
      if (this.largest > timestamp) {
        this.bad(
          'error',
          `the entry says no timestamp before offset ${offset} is above ${timestamp}, but ${this.largest} is`,
          offset,
        )
      } else if (
        (offset < baseOffset && !this.isBehindDamage) ||
        (offset >= baseOffset && timestamp !== maxTimestamp)
      ) {
        const found = offset < baseOffset ? 'there is no such batch' : `that batch has ${maxTimestamp}`
        this.bad('warning', `the entry has timestamp ${timestamp} for offset ${offset}, ${found}`, offset)
      }
      this.follow(timestamp, offset)
      cursor.advance()
    }
    this.largest = Math.max(this.largest, maxTimestamp)
    this.isBehindDamage = false
  }

  /** A batch that cannot be trusted: what entries say of it, and of what follows up to the next one, may be right. */
  onDamage(): void {
    this.isBehindDamage = true
  }

  /** Behind the last batch; unless the log is damaged there, entries lead no further. */
  async finish(endOffset: number, isDamaged: boolean): Promise<void> {
    if (isDamaged || this.isBehindDamage) return
    const { cursor } = this
    const severity = this.scope.tailSeverity(this.segment, endOffset)
    const isLast = this.scope.isLast(this.segment)
    const isGrowing = isLast && this.scope.logDir.isLive
    while (cursor.isBuffered || (await cursor.fill())) {
      if ((cursor.isZero && (await this.skipPadding())) || isGrowing) break
      this.bad(
        'error',
        `the entry is about offset ${this.entryOffset()}, which lies behind the segment's end`,
      )
      cursor.advance()
    }
    if (cursor.hasPartialEntry && !isGrowing) {
      this.bad(severity, `${cursor.sizeBytes} bytes are no multiple of ${ENTRY_SIZE}`)
    }
    if (isLast) return
    if (this.isPaddedFrom !== undefined) {
      this.bad('warning', 'the rest of the index is zeros, as a crash leaves it')
    } else if (this.largest > this.previous.timestamp) {
      this.bad(
        'warning',
        `the last entry should be the largest timestamp of the segment, ${this.largest}, but is ` +
          `${this.previous.timestamp}: retention by time may delete the segment too early`,
      )
    }
  }

  close(): void {
    this.cursor.close()
  }

  private entryTimestamp(): number {
    return readInt64(this.cursor.bytes, this.cursor.at)
  }

  private entryOffset(): number {
    return this.segment.baseOffset + this.cursor.bytes.readInt32BE(this.cursor.at + 8)
  }

  private follow(timestamp: number, offset: number): void {
    if (timestamp <= this.previous.timestamp || offset < this.previous.offset) {
      const { previous } = this
      this.bad(
        'error',
        `timestamp ${timestamp} at offset ${offset} comes behind ${previous.timestamp} at offset ${previous.offset}`,
        offset,
      )
    }
    this.previous = { timestamp, offset }
  }

  /** True when nothing but zeros was left. */
  private async skipPadding(): Promise<boolean> {
    const from = this.cursor.slot
    if (await this.cursor.skipZeros()) {
      this.isPaddedFrom = from
      return true
    }
    this.bad('error', `${this.cursor.slot - from} entries of zeros lie between others`)
    return false
  }

  private bad(severity: Severity, reason: string, offset?: number): void {
    this.scope.add(severity, 'time-index', this.file, reason, ADVICE.indexes, {
      position: this.cursor.slot * ENTRY_SIZE,
      ...(offset !== undefined && { offset }),
      fix: { kind: 'rebuild-indexes', baseOffset: this.segment.baseOffset },
    })
  }
}
