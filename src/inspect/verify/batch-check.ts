import * as batch from '../../records/index.ts'
import { codecName } from '../../records/index.ts'
import type { WalkedBatch } from '../batch-walk.ts'
import type { SegmentFiles } from '../partition-files.ts'
import { ADVICE } from './advice.ts'
import type { PartitionScope } from './scope.ts'

const MAX_RELATIVE_OFFSET = 0x7fffffff

/** A place where offsets are missing; harmless where the log is compacted, which is known only at its end. */
export interface Gap {
  readonly path: string
  readonly position: number
  /** The missing offsets, both ends included. */
  readonly from: number
  readonly to: number
}

/** The heads of the batches of one log, in order: checksum, offsets, counts. Knows nothing of what is in them. */
export class BatchCheck {
  /** Behind the last batch. */
  nextOffset: number | undefined
  firstOffset: number | undefined
  /** Signs that compaction has been at work. */
  isCompacted = false
  gapCount = 0
  firstGap: Gap | undefined
  /** What lies in between is known to be damaged, so it is not missing. */
  private isBehindDamage = false
  private readonly scope: PartitionScope

  constructor(scope: PartitionScope) {
    this.scope = scope
  }

  /** False when the batch cannot be trusted: nothing is to be built on it. */
  check(segment: SegmentFiles, nextSegment: SegmentFiles | undefined, walked: WalkedBatch): boolean {
    const { buffer, at, position } = walked
    const first = batch.baseOffset(buffer, at)
    const last = batch.lastOffset(buffer, at)
    const { log } = segment
    // Before anything damaged was seen, the log ends well where this batch begins.
    const endOffset = Math.max(this.nextOffset ?? segment.baseOffset, segment.baseOffset)
    const cut = { kind: 'cut', baseOffset: segment.baseOffset, position, endOffset } as const
    const bad = (check: string, reason: string) => {
      this.scope.add('error', check, log, reason, ADVICE.cut, { position, offset: first, fix: cut })
      this.onDamage()
      return false
    }
    if (!batch.isCrcValid(buffer, at)) {
      const [stored, computed] = [batch.crc(buffer, at), batch.computeCrc(buffer, at)].map(hex)
      return bad('batch-crc', `the batch has the checksum ${stored}, its bytes give ${computed}`)
    }
    if (last < first || last - segment.baseOffset > MAX_RELATIVE_OFFSET || first < segment.baseOffset) {
      return bad(
        'batch-offset',
        `a batch with the offsets ${first} to ${last} cannot lie in segment ${segment.baseOffset}`,
      )
    }
    if (this.nextOffset !== undefined && first < this.nextOffset) {
      return bad('batch-order', `the offsets go back: ${first} comes behind ${this.nextOffset - 1}`)
    }
    if (!Number.isSafeInteger(last) || batch.codecId(buffer, at) > 4) {
      return bad(
        'batch-head',
        `the codec ${batch.codecId(buffer, at)} or the offset ${last} is none that Kafka has`,
      )
    }
    if (nextSegment !== undefined && last >= nextSegment.baseOffset) {
      this.scope.add(
        'error',
        'segment-overlap',
        log,
        `the batch reaches to offset ${last}, but the next segment begins at ${nextSegment.baseOffset}`,
        ADVICE.look,
        { position, offset: first },
      )
    }
    this.checkCount(segment, walked, first, last)
    this.followOffsets(segment, walked, first, last)
    return true
  }

  /** Offsets that are missing from here to the next batch are not gone for nothing. */
  onDamage(): void {
    this.isBehindDamage = true
  }

  private checkCount(segment: SegmentFiles, walked: WalkedBatch, first: number, last: number): void {
    const { buffer, at, position } = walked
    if (batch.magic(buffer, at) < batch.MAGIC_V2) return
    const count = batch.recordCount(buffer, at)
    if (count < 0 || count > last - first + 1) {
      const reason = `the batch says it has ${count} records in the ${last - first + 1} offsets ${first} to ${last}`
      this.scope.add('error', 'batch-count', segment.log, reason, ADVICE.look, { position, offset: first })
    }
    if (count < last - first + 1 || batch.hasDeleteHorizon(buffer, at)) this.isCompacted = true
  }

  private followOffsets(segment: SegmentFiles, walked: WalkedBatch, first: number, last: number): void {
    const { buffer, at, position } = walked
    // The head of a compressed message of the old formats has only its last offset.
    const isWrapper =
      batch.magic(buffer, at) < batch.MAGIC_V2 && codecName(batch.codecId(buffer, at)) !== 'none'
    this.firstOffset ??= isWrapper ? segment.baseOffset : first
    if (this.nextOffset !== undefined && first > this.nextOffset && !isWrapper && !this.isBehindDamage) {
      this.gapCount++
      this.firstGap ??= { path: segment.log.path, position, from: this.nextOffset, to: first - 1 }
    }
    this.nextOffset = last + 1
    this.isBehindDamage = false
  }
}

function hex(checksum: number): string {
  return `0x${checksum.toString(16).padStart(8, '0')}`
}
