import { join } from 'node:path'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import * as batch from '../records/index.ts'
import { readMarker } from './control-record.ts'
import { offsetFileName, offsetOfFileName, SNAPSHOT_SUFFIX } from './file-names.ts'
import type { ActiveProducer } from './log-types.ts'
import {
  afterDataBatch,
  afterMarker,
  BATCHES_TO_RETAIN,
  type BatchMetadata,
  type CompletedTxn,
  emptyEntry,
  findDuplicate,
  NO_OFFSET,
  type ProducerEntry,
  type ProducerOrigin,
} from './producer-entry.ts'
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts'

interface OpenTxn {
  readonly producerId: number
  readonly firstOffset: number
}

interface EndedTxn extends OpenTxn {
  /** Offset of the marker. */
  readonly lastOffset: number
}

/** What one append does to the producers; see {@link ProducerState.prepare}. */
export interface ProducerChanges {
  readonly entries: ReadonlyMap<number, ProducerEntry>
  readonly started: readonly OpenTxn[]
  readonly completed: readonly CompletedTxn[]
  /** Set when a batch came before: the append must not be written. */
  readonly duplicate?: BatchMetadata
}

const NO_CHANGES: ProducerChanges = { entries: new Map(), started: [], completed: [] }

/**
 * The producers of one log (ProducerStateManager): sequence numbers, open and just ended transactions, snapshots.
 * The state at offset X follows from the batches before X; a snapshot file saves reading them all.
 */
export class ProducerState {
  private readonly fs: FileSystem
  private readonly dir: string
  private readonly partition: string
  private readonly logger: Logger
  private producers = new Map<number, ProducerEntry>()
  /** By first offset, rising. */
  private ongoing: OpenTxn[] = []
  /** Ended, but the marker is not yet below the high watermark. By first offset. */
  private unreplicated: EndedTxn[] = []
  private snapshotOffsets: number[]
  private endOffset = 0
  private lastSnapshotOffset = 0

  constructor(fs: FileSystem, dir: string, partition: string, logger: Logger) {
    this.fs = fs
    this.dir = dir
    this.partition = partition
    this.logger = logger
    this.snapshotOffsets = listSnapshots(fs, dir)
  }

  /** The state is that of all batches before this offset. */
  get mapEndOffset(): number {
    return this.endOffset
  }

  get isEmpty(): boolean {
    return this.producers.size === 0 && this.unreplicated.length === 0
  }

  get size(): number {
    return this.producers.size
  }

  get latestSnapshotOffset(): number | undefined {
    return this.snapshotOffsets.at(-1)
  }

  setMapEndOffset(offset: number): void {
    this.endOffset = offset
  }

  entry(producerId: number): ProducerEntry | undefined {
    return this.producers.get(producerId)
  }

  /** Nothing at or behind this offset may be given to read_committed readers; undefined when all is decided. */
  get firstUnstableOffset(): number | undefined {
    const undecided = this.ongoing[0]?.firstOffset
    const unreplicated = this.unreplicated[0]?.firstOffset
    if (undecided === undefined || unreplicated === undefined) return undecided ?? unreplicated
    return Math.min(undecided, unreplicated)
  }

  activeProducers(): ActiveProducer[] {
    return [...this.producers.values()].map((entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.producerEpoch,
      lastSequence: entry.batches.at(-1)?.lastSequence ?? batch.NO_SEQUENCE,
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnStartOffset: entry.currentTxnFirstOffset,
    }))
  }

  /** Where the last batch of each producer lies, for compaction (UnifiedLog.lastRecordsOfActiveProducers). */
  lastRecords(): Map<number, { readonly lastDataOffset: number; readonly producerEpoch: number }> {
    const found = new Map<number, { lastDataOffset: number; producerEpoch: number }>()
    for (const { producerId, producerEpoch, batches } of this.producers.values()) {
      found.set(producerId, { lastDataOffset: batches.at(-1)?.lastOffset ?? NO_OFFSET, producerEpoch })
    }
    return found
  }

  /**
   * Checks the batches in [at, end) against the state and says what they change; nothing changes yet. The batches are
   * whole, and their offsets are the final ones. Throws what the producer is to be told.
   */
  prepare(buffer: Buffer, at: number, end: number, origin: ProducerOrigin): ProducerChanges {
    let changes:
      | { entries: Map<number, ProducerEntry>; started: OpenTxn[]; completed: CompletedTxn[] }
      | undefined
    const context = { origin, partition: this.partition, logger: this.logger }
    for (let b = at; b < end; b += batch.batchSizeBytes(buffer, b)) {
      if (!batch.hasProducerId(buffer, b)) continue
      const producerId = batch.producerId(buffer, b)
      const known = this.producers.get(producerId)
      const duplicate = origin === 'client' && known ? findDuplicate(known, buffer, b) : undefined
      if (duplicate) return { ...(changes ?? NO_CHANGES), duplicate }
      changes ??= { entries: new Map(), started: [], completed: [] }
      const before = changes.entries.get(producerId) ?? known ?? emptyEntry(producerId)
      const firstOffset = batch.baseOffset(buffer, b)
      if (batch.isControl(buffer, b)) {
        const marker = readMarker(buffer, b)
        // Compaction leaves a control batch without its record: the whole transaction is gone.
        if (marker === undefined) continue
        const epoch = batch.producerEpoch(buffer, b)
        const fields = { producerEpoch: epoch, offset: firstOffset, ...marker }
        changes.entries.set(producerId, afterMarker(before, fields, context))
        if (before.currentTxnFirstOffset === NO_OFFSET) continue
        changes.completed.push({
          producerId,
          firstOffset: before.currentTxnFirstOffset,
          lastOffset: firstOffset,
          isAborted: marker.isAbort,
        })
      } else {
        const after = afterDataBatch(before, buffer, b, firstOffset, context)
        changes.entries.set(producerId, after)
        if (before.currentTxnFirstOffset === NO_OFFSET && after.currentTxnFirstOffset !== NO_OFFSET) {
          changes.started.push({ producerId, firstOffset })
        }
      }
    }
    return changes ?? NO_CHANGES
  }

  /** Makes the changes; the result takes them back. `completed` sees each ended transaction with the stable offset then. */
  apply(
    changes: ProducerChanges,
    endOffset: number,
    completed?: (txn: CompletedTxn, lastStableOffset: number) => void,
  ): () => void {
    const before = { endOffset: this.endOffset, ongoing: this.ongoing, unreplicated: this.unreplicated }
    this.endOffset = endOffset
    if (changes === NO_CHANGES) {
      return () => {
        this.endOffset = before.endOffset
      }
    }
    const replaced: [number, ProducerEntry | undefined][] = []
    for (const [producerId, entry] of changes.entries) {
      replaced.push([producerId, this.producers.get(producerId)])
      this.producers.set(producerId, entry)
    }
    for (const txn of changes.started) this.ongoing = insertByFirstOffset(this.ongoing, txn)
    for (const txn of changes.completed) {
      const next = this.ongoing.find((open) => open.producerId !== txn.producerId)
      completed?.(txn, next?.firstOffset ?? txn.lastOffset + 1)
      this.ongoing = this.ongoing.filter((open) => open.firstOffset !== txn.firstOffset)
      this.unreplicated = insertByFirstOffset(this.unreplicated, txn)
    }
    return () => {
      this.endOffset = before.endOffset
      this.ongoing = before.ongoing
      this.unreplicated = before.unreplicated
      for (const [producerId, entry] of replaced) {
        if (entry === undefined) this.producers.delete(producerId)
        else this.producers.set(producerId, entry)
      }
    }
  }

  onHighWatermark(highWatermark: number): void {
    if (this.unreplicated.length === 0) return
    this.unreplicated = this.unreplicated.filter((txn) => txn.lastOffset >= highWatermark)
  }

  onLogStartOffset(logStartOffset: number): void {
    this.onHighWatermark(logStartOffset)
    this.endOffset = Math.max(this.endOffset, logStartOffset)
    this.lastSnapshotOffset = this.latestSnapshotOffset ?? logStartOffset
  }

  removeExpired(nowMs: number, expirationMs: number): void {
    for (const entry of this.producers.values()) {
      if (isExpired(entry, nowMs, expirationMs)) this.producers.delete(entry.producerId)
    }
  }

  /**
   * Goes back to the newest snapshot between the two offsets. The state is then that at {@link mapEndOffset}: the
   * batches from there to `logEndOffset` have to be read.
   */
  reload(logStartOffset: number, logEndOffset: number, nowMs: number, expirationMs: number): void {
    for (const offset of this.snapshotOffsets) {
      if (offset > logEndOffset || offset <= logStartOffset) this.removeSnapshot(offset)
    }
    this.clear()
    for (;;) {
      const offset = this.latestSnapshotOffset
      if (offset === undefined) break
      const entries = decodeProducerSnapshot(this.fs.readFileSync(this.snapshotPath(offset)))
      if (entries === undefined) {
        this.logger.warn(`removing the damaged producer snapshot ${this.snapshotPath(offset)}`)
        this.removeSnapshot(offset)
        continue
      }
      for (const entry of entries) {
        if (!isExpired(entry, nowMs, expirationMs)) this.addLoaded(entry)
      }
      this.lastSnapshotOffset = offset
      this.endOffset = offset
      return
    }
    this.lastSnapshotOffset = logStartOffset
    this.endOffset = logStartOffset
  }

  /** Batches by producer, oldest first: those before the ones that are known are remembered as well. */
  recall(batches: ReadonlyMap<number, readonly BatchMetadata[]>): void {
    for (const [producerId, found] of batches) {
      const entry = this.producers.get(producerId)
      const first = entry?.batches[0]
      if (entry === undefined || first === undefined) continue
      const earlier = found.filter(({ lastOffset }) => lastOffset < first.firstOffset)
      const all = [...earlier, ...entry.batches].slice(-BATCHES_TO_RETAIN)
      this.producers.set(producerId, { ...entry, batches: all })
    }
  }

  /** Forgets everything, snapshots too. */
  truncateFully(offset: number): void {
    for (const snapshot of this.snapshotOffsets) this.removeSnapshot(snapshot)
    this.clear()
    this.lastSnapshotOffset = 0
    this.endOffset = offset
  }

  /** Writes the state at {@link mapEndOffset}, unless there is a snapshot of it; returns the path of what it wrote. */
  takeSnapshot(): string | undefined {
    if (this.endOffset <= this.lastSnapshotOffset) return undefined
    const bytes = encodeProducerSnapshot(this.producers.values(), this.producers.size)
    const path = this.snapshotPath(this.endOffset)
    this.fs.writeFileSync(path, bytes)
    if (!this.snapshotOffsets.includes(this.endOffset)) {
      this.snapshotOffsets = [...this.snapshotOffsets, this.endOffset].sort((a, b) => a - b)
    }
    this.lastSnapshotOffset = this.endOffset
    return path
  }

  removeSnapshot(offset: number): void {
    if (!this.snapshotOffsets.includes(offset)) return
    this.fs.removeSync(this.snapshotPath(offset))
    this.snapshotOffsets = this.snapshotOffsets.filter((other) => other !== offset)
    if (this.lastSnapshotOffset === offset) this.lastSnapshotOffset = this.latestSnapshotOffset ?? 0
  }

  /**
   * Kafka keeps the snapshots at segment starts and the newest one behind the last segment's start. One behind the log's
   * end tells of batches that are lost: it must not be found when the log has grown as far again.
   */
  removeStraySnapshots(segmentBaseOffsets: readonly number[], logEndOffset: number): void {
    for (const offset of this.snapshotOffsets) if (offset > logEndOffset) this.removeSnapshot(offset)
    const last = segmentBaseOffsets.at(-1) ?? 0
    const newest = this.latestSnapshotOffset
    for (const offset of this.snapshotOffsets) {
      if (!segmentBaseOffsets.includes(offset) && !(offset === newest && offset > last))
        this.removeSnapshot(offset)
    }
  }

  private snapshotPath(offset: number): string {
    return join(this.dir, offsetFileName(offset, SNAPSHOT_SUFFIX))
  }

  private addLoaded(entry: ProducerEntry): void {
    this.producers.set(entry.producerId, entry)
    if (entry.currentTxnFirstOffset === NO_OFFSET) return
    const txn = { producerId: entry.producerId, firstOffset: entry.currentTxnFirstOffset }
    this.ongoing = insertByFirstOffset(this.ongoing, txn)
  }

  private clear(): void {
    this.producers = new Map()
    this.ongoing = []
    this.unreplicated = []
  }
}

function isExpired(entry: ProducerEntry, nowMs: number, expirationMs: number): boolean {
  return entry.currentTxnFirstOffset === NO_OFFSET && nowMs - entry.lastTimestamp >= expirationMs
}

function insertByFirstOffset<T extends OpenTxn>(list: readonly T[], added: T): T[] {
  const at = list.findIndex((txn) => txn.firstOffset > added.firstOffset)
  return at < 0 ? [...list, added] : [...list.slice(0, at), added, ...list.slice(at)]
}

function listSnapshots(fs: FileSystem, dir: string): number[] {
  const offsets: number[] = []
  for (const name of fs.readdirSync(dir)) {
    const offset = name.endsWith(SNAPSHOT_SUFFIX) ? offsetOfFileName(name) : undefined
    if (offset !== undefined && fs.statSync(join(dir, name))?.isDirectory === false) offsets.push(offset)
  }
  return offsets.sort((a, b) => a - b)
}
