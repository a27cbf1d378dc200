import { messageOf } from '../../base/errors.ts'
import type { FileSystem } from '../../base/file-system.ts'
import { silentLogger } from '../../base/logger.ts'
import * as batch from '../../records/index.ts'
import {
  type AbortedTxn,
  afterDataBatch,
  afterMarker,
  decodeProducerSnapshot,
  emptyEntry,
  NO_OFFSET,
  type ProducerEntry,
  readMarker,
  StorageError,
} from '../../storage/index.ts'
import type { WalkedBatch } from '../batch-walk.ts'
import type { LocatedFile } from '../locate.ts'
import type { SegmentFiles } from '../partition-files.ts'
import { ADVICE } from './advice.ts'
import type { PartitionScope } from './scope.ts'
import { compareSnapshot } from './snapshot-check.ts'

/** More than a broker ever has at a time; those that wrote longest ago are forgotten first. */
const MAX_PRODUCERS = 100_000

/**
 * Goes through the batches as a broker does that rebuilds the state of the producers (ProducerStateManager), and compares
 * the snapshots with it on the way. What happened before the first batch is known from the first segment's snapshot, if
 * there is one.
 */
export class ProducerCheck {
  private isPartial = false
  private readonly fs: FileSystem
  private readonly scope: PartitionScope
  private readonly producers = new Map<number, ProducerEntry>()
  /** First offset of each open transaction. */
  private readonly open = new Map<number, number>()
  private readonly snapshots: LocatedFile[]
  private readonly firstOffset: number

  constructor(fs: FileSystem, scope: PartitionScope) {
    this.fs = fs
    this.scope = scope
    const [first] = scope.files.segments
    this.firstOffset = first?.baseOffset ?? 0
    this.snapshots = scope.files.only === undefined ? [...scope.files.snapshots] : []
  }

  /** What is known of the time before the first batch; where only some segments are read, before each of them. */
  begin(segment: SegmentFiles): void {
    const { files } = this.scope
    if (files.only === undefined && segment !== files.segments[0]) return
    this.producers.clear()
    this.open.clear()
    if (segment.snapshot !== undefined && segment.baseOffset > 0) this.seed(segment.snapshot)
  }

  /** The transaction that the batch aborts, as the transaction index should have it. */
  onBatch(segment: SegmentFiles, walked: WalkedBatch): AbortedTxn | undefined {
    const { buffer, at, position } = walked
    const offset = batch.baseOffset(buffer, at)
    this.compareSnapshots(offset)
    if (!batch.hasProducerId(buffer, at)) return undefined
    try {
      return batch.isControl(buffer, at) ? this.onMarker(segment, walked) : this.onData(segment, walked)
    } catch (error) {
      if (!(error instanceof StorageError || error instanceof batch.InvalidBatchError)) throw error
      this.scope.add('error', 'producer-state', segment.log, messageOf(error), ADVICE.look, {
        position,
        offset,
      })
      return undefined
    }
  }

  /** A batch could not be read: what was known of the producers may be out of date. */
  forget(): void {
    this.producers.clear()
    this.open.clear()
    this.isPartial = true
  }

  /** Behind the last batch. */
  finish(endOffset: number): void {
    this.compareSnapshots(endOffset)
    for (const file of this.snapshots) {
      // It was written while we read.
      if (this.scope.logDir.isLive) break
      const reason = `the snapshot is of offset ${file.baseOffset}, but the log ends at ${endOffset}`
      this.scope.add('warning', 'snapshot-ahead', file, reason, ADVICE.start, {
        fix: { kind: 'remove-file', path: file.path },
      })
    }
  }

  private onData(segment: SegmentFiles, walked: WalkedBatch): undefined {
    const { buffer, at, position } = walked
    const producerId = batch.producerId(buffer, at)
    const offset = batch.baseOffset(buffer, at)
    const before = this.producers.get(producerId) ?? emptyEntry(producerId)
    const jump = sequenceJump(before, buffer, at)
    if (jump !== undefined) {
      const place = { position, offset }
      this.scope.addUnlessCompacted('warning', 'producer-sequence', segment.log, jump, ADVICE.look, place)
    }
    const context = this.updateContext(segment, position, offset)
    const after = afterDataBatch(before, buffer, at, offset, context)
    this.remember(after)
    if (after.currentTxnFirstOffset !== NO_OFFSET) this.open.set(producerId, after.currentTxnFirstOffset)
    return undefined
  }

  private onMarker(segment: SegmentFiles, walked: WalkedBatch): AbortedTxn | undefined {
    const { buffer, at, position } = walked
    const marker = readMarker(buffer, at)
    // Compaction leaves a control batch without its record.
    if (marker === undefined) return undefined
    const producerId = batch.producerId(buffer, at)
    const offset = batch.baseOffset(buffer, at)
    const before = this.producers.get(producerId) ?? emptyEntry(producerId)
    const fields = { producerEpoch: batch.producerEpoch(buffer, at), offset, ...marker }
    this.remember(afterMarker(before, fields, this.updateContext(segment, position, offset)))
    const firstOffset = this.open.get(producerId)
    this.open.delete(producerId)
    if (firstOffset === undefined || !marker.isAbort) return undefined
    let stable = offset + 1
    for (const other of this.open.values()) stable = Math.min(stable, other)
    return { producerId, firstOffset, lastOffset: offset, lastStableOffset: stable }
  }

  /** A Map keeps the order in which its keys were set: the first one is the oldest. */
  private remember(entry: ProducerEntry): void {
    this.producers.delete(entry.producerId)
    this.producers.set(entry.producerId, entry)
    if (this.producers.size <= MAX_PRODUCERS) return
    const [oldest] = this.producers.keys()
    if (oldest !== undefined) this.producers.delete(oldest)
    this.isPartial = true
  }

  private updateContext(segment: SegmentFiles, position: number, offset: number) {
    const warn = (reason: string) =>
      this.scope.add('warning', 'producer-epoch', segment.log, reason, ADVICE.look, { position, offset })
    const logger = { ...silentLogger, warn }
    return { origin: 'replication' as const, partition: this.scope.name, logger }
  }

  private seed(snapshot: LocatedFile): void {
    const entries = this.fs.existsSync(snapshot.path)
      ? decodeProducerSnapshot(this.fs.readFileSync(snapshot.path))
      : undefined
    for (const entry of entries ?? []) {
      this.producers.set(entry.producerId, entry)
      if (entry.currentTxnFirstOffset !== NO_OFFSET)
        this.open.set(entry.producerId, entry.currentTxnFirstOffset)
    }
  }

  /** The state is that at `offset`, which is where the next batch begins. */
  private compareSnapshots(offset: number): void {
    for (;;) {
      const [file] = this.snapshots
      if (file?.baseOffset === undefined || file.baseOffset > offset) return
      this.snapshots.shift()
      compareSnapshot(this.fs, this.scope, file, {
        producers: this.producers,
        firstOffset: this.firstOffset,
        isPartial: this.isPartial,
      })
    }
  }
}

/** Why the batch cannot be the one that follows; undefined when it can. */
function sequenceJump(before: ProducerEntry, buffer: Buffer, at: number): string | undefined {
  const last = before.batches.at(-1)?.lastSequence
  const first = batch.baseSequence(buffer, at)
  const epoch = batch.producerEpoch(buffer, at)
  const who = `producer ${before.producerId} (epoch ${epoch})`
  if (first < 0) return `${who} wrote a batch without a sequence number`
  if (before.producerEpoch === batch.NO_PRODUCER_EPOCH || epoch < before.producerEpoch) return undefined
  if (epoch > before.producerEpoch) {
    return first === 0 ? undefined : `${who} begins its epoch with sequence number ${first} in place of 0`
  }
  if (last === undefined || last < 0) return undefined
  const expected = batch.incrementSequence(last, 1)
  return first === expected
    ? undefined
    : `${who} goes on with sequence number ${first}, the batch before ended with ${last}`
}
