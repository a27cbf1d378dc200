import { join } from 'node:path'
import { defined } from '../base/assert.ts'
import * as batch from '../records/index.ts'
import { type BatchVisitor, type ScanResult, scanBatches, scanHeads } from './batch-scan.ts'
import { finishInterruptedSwap } from './cleaner/interrupted-swap.ts'
import { EpochCache, type EpochEntry } from './epoch-cache.ts'
import { KafkaStorageError } from './errors.ts'
import {
  INDEX_SUFFIX,
  LOG_SUFFIX,
  offsetOfFileName,
  TIME_INDEX_SUFFIX,
  TXN_INDEX_SUFFIX,
} from './file-names.ts'
import type { LogConfig } from './log-config.ts'
import type { LogContext } from './log-context.ts'
import { canBeRelative } from './offset-index.ts'
import { ProducerState } from './producer-state.ts'
import { recallBatches } from './recall-batches.ts'
import { Segment } from './segment.ts'
import { splitSegment } from './segment-split.ts'
import { Segments } from './segments.ts'

export interface LoadOptions {
  readonly context: LogContext
  readonly dir: string
  /** `orders-0`, for messages. */
  readonly partition: string
  readonly config: LogConfig
  /** Everything was closed in order: only the end of the log is looked for. */
  readonly isClean: boolean
  /** Everything before it is known to be on disk. */
  readonly recoveryPoint: number
  /** From log-start-offset-checkpoint. */
  readonly logStartOffset: number
}

export interface LoadedLog {
  readonly segments: Segments
  readonly producers: ProducerState
  readonly epochs: EpochCache
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly recoveryPoint: number
}

/**
 * Brings a partition's directory to the state its files promise (kafka.log.LogLoader).
 *
 * After a clean end the files are taken as they are. After a crash, everything from the recovery point on is read and
 * checked; the log is cut at the first batch that is not whole, what lies behind goes, and indexes, producer state and
 * leader epochs are built again from what is left. Reading goes in pieces, so that the loop is free in between.
 */
export async function loadLog(options: LoadOptions): Promise<LoadedLog> {
  return new LogLoader(options).load()
}

class LogLoader {
  private readonly options: LoadOptions
  private readonly epochs: EpochCache
  private readonly epochsAreDamaged: boolean
  private readonly producers: ProducerState
  private segments: Segment[] = []
  /** Behind the last batch that was replayed. An epoch begins there, also where compaction took its first batches. */
  private replayedEnd: number | undefined

  constructor(options: LoadOptions) {
    this.options = options
    const { context, dir, partition } = options
    const epochs = loadEpochs(options)
    this.epochs = epochs ?? EpochCache.empty(context.fs, dir)
    this.epochsAreDamaged = epochs === undefined
    this.producers = new ProducerState(context.fs, dir, partition, context.logger)
  }

  async load(): Promise<LoadedLog> {
    const { context, dir, partition } = this.options
    await finishInterruptedSwap(context.fs, dir, partition, context.logger)
    this.segments = openSegments(this.options)
    const isRecovery = !this.options.isClean
    if (this.epochsAreDamaged || (isRecovery && this.lacksFirstEpochs())) await this.rebuildEpochs()
    await this.repairTxnIndexes()
    if (isRecovery) await this.recoverSegments()
    let logEndOffset = await this.findLogEnd()
    if (logEndOffset < this.options.logStartOffset && this.segments.length > 0) {
      this.options.context.logger.warn(
        `deleting all segments of ${this.options.partition}: the log ends at ${logEndOffset}, before its start ` +
          `${this.options.logStartOffset}`,
      )
      for (const segment of this.segments) segment.markDeleted()()
      this.segments = []
      this.epochs.clear()
      this.producers.truncateFully(this.options.logStartOffset)
    }
    if (this.segments.length === 0) {
      logEndOffset = this.options.logStartOffset
      this.segments = [Segment.create(segmentOptions(this.options, logEndOffset))]
    }
    return this.finish(logEndOffset)
  }

  private async finish(logEndOffset: number): Promise<LoadedLog> {
    const segments = new Segments(this.segments)
    const logStartOffset = Math.max(this.options.logStartOffset, segments.first.baseOffset)
    await segments.active.ensureIndexes()
    await segments.active.loadFirstTimestamp()
    this.epochs.truncateFromEnd(logEndOffset)
    this.epochs.truncateFromStart(logStartOffset)
    const baseOffsets = this.segments.map((segment) => segment.baseOffset)
    this.producers.removeStraySnapshots(baseOffsets, logEndOffset)
    if (!this.options.isClean && this.producers.mapEndOffset === logEndOffset) this.producers.takeSnapshot()
    else {
      const isFirstStart = this.options.isClean && this.producers.latestSnapshotOffset === undefined
      await rebuildProducers(
        this.producers,
        segments,
        logStartOffset,
        logEndOffset,
        this.options,
        isFirstStart,
      )
    }
    // A log that is only looked at at the start need not keep files open.
    for (const segment of segments.all) segment.idle()
    return {
      segments,
      producers: this.producers,
      epochs: this.epochs,
      logStartOffset,
      logEndOffset,
      recoveryPoint: this.options.isClean ? logEndOffset : Math.min(this.options.recoveryPoint, logEndOffset),
    }
  }

  /** Checks every batch from the recovery point on; cuts the log at the first bad one. */
  private async recoverSegments(): Promise<void> {
    const { recoveryPoint, context, partition } = this.options
    const floor = this.segments.findLastIndex((segment) => segment.baseOffset <= recoveryPoint)
    const from = Math.max(floor, 0)
    const first = this.segments[from]
    if (first === undefined) return
    const before = new Segments(this.segments.filter((segment) => segment.baseOffset < first.baseOffset))
    const logStart = Math.max(this.options.logStartOffset, this.segments[0]?.baseOffset ?? 0)
    await rebuildProducers(
      this.producers,
      before,
      Math.min(logStart, first.baseOffset),
      first.baseOffset,
      this.options,
      false,
    )
    // A segment that reaches too far is split while it is recovered: there are more of them then.
    for (let i = from; i < this.segments.length; i++) {
      const segment = defined(this.segments[i], 'segment')
      const count = this.segments.length - from
      if (count > 1) {
        context.logger.info(
          `recovering segment ${segment.baseOffset} of ${partition} (${i - from + 1} of ${count})`,
        )
      }
      if (i > from) {
        this.producers.setMapEndOffset(segment.baseOffset)
        this.producers.takeSnapshot()
      }
      const cutBytes = await this.recoverSegment(segment)
      if (cutBytes === 0 && !this.isHoleBehind(i)) continue
      context.logger.warn(
        cutBytes === 0
          ? `${partition} has nothing from ${this.producers.mapEndOffset} to the next segment`
          : `cut ${cutBytes} bytes without a valid record batch off segment ${segment.baseOffset} of ${partition}`,
      )
      for (const later of this.segments.slice(i + 1).toReversed()) {
        context.logger.warn(`deleting segment ${later.baseOffset} of ${partition}, behind the damage`)
        later.markDeleted()()
        this.producers.removeSnapshot(later.baseOffset)
      }
      // They must not come back behind what is written next.
      await context.fs.syncDirectory(this.options.dir)
      this.segments = this.segments.filter((other) => other.baseOffset <= segment.baseOffset)
      return
    }
  }

  /**
   * A segment is begun before the last bytes of the one before it are in their file. When a kill came in between, the new
   * one is empty, and the log would go on behind a hole that nobody else has. With records behind it the hole stays, as in
   * Kafka: they may be all that is left of what was acknowledged.
   */
  private isHoleBehind(index: number): boolean {
    const later = this.segments.slice(index + 1)
    const [next] = later
    if (next === undefined || later.some(({ sizeBytes }) => sizeBytes > 0)) return false
    const end = this.producers.mapEndOffset
    // No segment could have held what is missing in a larger one.
    return next.baseOffset > end && canBeRelative(next.baseOffset, end)
  }

  /** Read_committed readers depend on them, and they cannot be told from the heads of the batches. */
  private async repairTxnIndexes(): Promise<void> {
    for (const [i, segment] of this.segments.entries()) {
      if (!segment.txnIndex.isDamaged) continue
      this.options.context.logger.warn(
        `the transaction index of segment ${segment.baseOffset} of ${this.options.partition} is damaged: recovering it`,
      )
      const before = new Segments(this.segments.slice(0, i))
      const { logStartOffset } = this.options
      await rebuildProducers(this.producers, before, logStartOffset, segment.baseOffset, this.options, false)
      await this.recoverSegment(segment)
    }
  }

  /** Returns how many bytes had to go. */
  private async recoverSegment(segment: Segment): Promise<number> {
    segment.resetIndexes()
    segment.txnIndex.reset()
    const fileBytes = segment.sizeBytes
    let nextOffset = segment.baseOffset
    let tooFar: number | undefined
    const visit: BatchVisitor = (buffer, at, sizeBytes, position) => {
      if (!batch.isCrcValid(buffer, at)) return false
      const baseOffset = batch.baseOffset(buffer, at)
      const lastOffset = batch.lastOffset(buffer, at)
      if (baseOffset < nextOffset) return false
      if (!canBeRelative(lastOffset, segment.baseOffset)) {
        tooFar = baseOffset
        return false
      }
      if (!this.replayBatch(segment, buffer, at, sizeBytes)) return false
      segment.indexBatch(buffer, at, sizeBytes, position, this.options.config.indexIntervalBytes)
      nextOffset = lastOffset + 1
      return undefined
    }
    const { end } = await scanSegment(segment, scanBatches, 0, fileBytes, visit)
    if (tooFar !== undefined && tooFar > segment.baseOffset) await this.splitOff(segment, end, tooFar)
    else if (end < fileBytes) segment.cutFile(end)
    segment.closeTimeIndex()
    await segment.writeIndexes()
    return tooFar === undefined ? fileBytes - end : 0
  }

  private async splitOff(segment: Segment, position: number, baseOffset: number): Promise<void> {
    this.options.context.logger.warn(
      `splitting segment ${segment.baseOffset} of ${this.options.partition} at offset ${baseOffset}, which its indexes ` +
        'cannot hold',
    )
    const split = await splitSegment(segment, position, segmentOptions(this.options, baseOffset))
    const others = this.segments.filter((other) => other.baseOffset !== baseOffset)
    this.segments = [...others, split].sort((a, b) => a.baseOffset - b.baseOffset)
  }

  /** Leader epochs and producers, as the batch left them. False when the batch cannot be one of ours. */
  private replayBatch(segment: Segment, buffer: Buffer, at: number, sizeBytes: number): boolean {
    const lastOffset = batch.lastOffset(buffer, at)
    const epoch = batch.partitionLeaderEpoch(buffer, at)
    const startOffset = this.replayedEnd ?? batch.baseOffset(buffer, at)
    try {
      replayProducers(this.producers, buffer, at, sizeBytes, segment)
    } catch (error) {
      // A marker whose record cannot be read, in a batch whose checksum is right: nothing can be built on it.
      if (error instanceof batch.InvalidBatchError) return false
      throw error
    }
    this.producers.setMapEndOffset(lastOffset + 1)
    this.replayedEnd = lastOffset + 1
    if (epoch >= 0 && epoch > (this.epochs.latest?.epoch ?? -1)) this.epochs.assign(epoch, startOffset)
    return true
  }

  /**
   * The file is replaced at every change but synced only at flushes, and it is cut before the log start offset is in its
   * checkpoint: after a crash it may be empty, or begin later than the log.
   */
  private lacksFirstEpochs(): boolean {
    const [first] = this.epochs.entries
    const start = Math.max(this.options.logStartOffset, this.segments[0]?.baseOffset ?? 0)
    return first === undefined || first.startOffset > start
  }

  /** From the heads of the batches. What recovery is going to check tells it then. */
  private async rebuildEpochs(): Promise<void> {
    const { isClean, recoveryPoint } = this.options
    const floor = this.segments.findLastIndex((segment) => segment.baseOffset <= recoveryPoint)
    const entries: EpochEntry[] = []
    let end: number | undefined
    for (const segment of isClean ? this.segments : this.segments.slice(0, Math.max(floor, 0))) {
      await scanSegment(segment, scanHeads, 0, segment.sizeBytes, (buffer, at) => {
        const epoch = batch.partitionLeaderEpoch(buffer, at)
        if (epoch > (entries.at(-1)?.epoch ?? -1))
          entries.push({ epoch, startOffset: end ?? batch.baseOffset(buffer, at) })
        end = batch.lastOffset(buffer, at) + 1
        return undefined
      })
    }
    this.epochs.restore(entries)
  }

  /** Behind the last batch of the last segment. Damage there after a clean end means it was none: recover after all. */
  private async findLogEnd(): Promise<number> {
    const last = this.segments.at(-1)
    if (last === undefined) return this.options.logStartOffset
    await last.ensureIndexes()
    const from = last.offsetIndex.last?.position ?? 0
    let nextOffset = last.baseOffset
    const visit: BatchVisitor = (buffer, at) => {
      nextOffset = batch.lastOffset(buffer, at) + 1
      return undefined
    }
    const { reason } = await scanSegment(last, scanHeads, from, last.sizeBytes, visit)
    if (reason === 'end' && nextOffset >= last.baseOffset) return nextOffset
    this.options.context.logger.warn(
      `the last segment of ${this.options.partition} is damaged: recovering it`,
    )
    await rebuildProducers(
      this.producers,
      new Segments(this.segments.slice(0, -1)),
      this.options.logStartOffset,
      last.baseOffset,
      this.options,
      false,
    )
    // What a recovery splits off becomes the last one.
    let recovered: Segment | undefined
    while (recovered !== this.segments.at(-1)) {
      recovered = defined(this.segments.at(-1), 'the last segment')
      await this.recoverSegment(recovered)
    }
    return this.producers.mapEndOffset
  }
}

function scanSegment(
  segment: Segment,
  scan: typeof scanBatches,
  from: number,
  to: number,
  visit: BatchVisitor,
): Promise<ScanResult> {
  return segment.file.using((file) => scan(file, from, to, visit))
}

/** What a batch that lies in the log did to the producers; aborted transactions go into the segment's index. */
function replayProducers(
  producers: ProducerState,
  buffer: Buffer,
  at: number,
  sizeBytes: number,
  segment: Segment | null,
): void {
  if (!batch.hasProducerId(buffer, at)) return
  const changes = producers.prepare(buffer, at, at + sizeBytes, 'replication')
  producers.apply(changes, batch.lastOffset(buffer, at) + 1, (txn, lastStableOffset) => {
    if (txn.isAborted) segment?.txnIndex.append({ ...txn, lastStableOffset })
  })
}

/**
 * Brings the producers to `logEndOffset`: from the newest snapshot before it, and the batches from there on
 * (UnifiedLog.rebuildProducerState).
 */
export async function rebuildProducers(
  producers: ProducerState,
  segments: Segments,
  logStartOffset: number,
  logEndOffset: number,
  options: Pick<LoadOptions, 'context'>,
  skipScan: boolean,
): Promise<void> {
  const { clock, tuning } = options.context
  if (skipScan) {
    // A clean log without any snapshot was written by a Kafka that did not know of idempotent producers.
    producers.setMapEndOffset(logEndOffset)
    producers.takeSnapshot()
    return
  }
  producers.reload(logStartOffset, logEndOffset, clock.nowMs(), tuning().producerIdExpirationMs)
  const from = producers.mapEndOffset
  await recallBatches(producers, segments, logStartOffset, from)
  for (const segment of from < logEndOffset ? segments.from(from) : []) {
    const start = Math.max(segment.baseOffset, from)
    if (start >= logEndOffset) break
    const mapping = await segment.translate(start)
    if (mapping === null) continue
    await scanSegment(
      segment,
      scanBatches,
      mapping.position,
      segment.writtenBytes,
      (buffer, at, sizeBytes) => {
        if (batch.baseOffset(buffer, at) >= logEndOffset) return false
        replayProducers(producers, buffer, at, sizeBytes, null)
        return undefined
      },
    )
  }
  producers.setMapEndOffset(logEndOffset)
  producers.takeSnapshot()
}

function loadEpochs(options: LoadOptions): EpochCache | undefined {
  const { context, dir } = options
  try {
    return EpochCache.load(context.fs, dir)
  } catch (error) {
    if (!(error instanceof KafkaStorageError)) throw error
    context.logger.warn(`${error.message}: building it again from the records`)
    return undefined
  }
}

function segmentOptions(options: LoadOptions, baseOffset: number): Parameters<typeof Segment.open>[0] {
  const { fs, clock, random } = options.context
  const rollJitterMs = rollJitter(options.config, random.next())
  return { fs, dir: options.dir, baseOffset, createdMs: clock.nowMs(), rollJitterMs }
}

export function rollJitter(config: LogConfig, fraction: number): number {
  return Math.floor(fraction * Math.min(config.segmentJitterMs, config.segmentMs))
}

/** Every `.log` becomes a segment; index files without one are left over from a deletion and go. */
function openSegments(options: LoadOptions): Segment[] {
  const { fs } = options.context
  const names = fs.readdirSync(options.dir).sort()
  const offsets = new Set<number>()
  // As Kafka does, directories are left alone, whatever their names.
  const isFile = (name: string) => fs.statSync(join(options.dir, name))?.isDirectory === false
  for (const name of names) {
    const offset = name.endsWith(LOG_SUFFIX) ? offsetOfFileName(name) : undefined
    if (offset !== undefined && isFile(name)) offsets.add(offset)
  }
  for (const name of names) {
    const isIndex = [INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX].some((suffix) =>
      name.endsWith(suffix),
    )
    const offset = isIndex ? offsetOfFileName(name) : undefined
    if (offset === undefined || offsets.has(offset) || !isFile(name)) continue
    options.context.logger.warn(`removing ${name} of ${options.partition}, which has no .log`)
    fs.removeSync(join(options.dir, name))
  }
  return [...offsets].sort((a, b) => a - b).map((offset) => Segment.open(segmentOptions(options, offset)))
}
