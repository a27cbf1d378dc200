import type { File, FileSystem } from '../../base/file-system.ts'
import * as batch from '../../records/index.ts'
import { BatchWalk, type WalkEnd, type WalkedBatch } from '../batch-walk.ts'
import { type SegmentFiles, sizeOf } from '../partition-files.ts'
import { ADVICE } from './advice.ts'
import type { BatchCheck } from './batch-check.ts'
import type { EpochCheck } from './epoch-check.ts'
import { OffsetIndexCheck } from './offset-index-check.ts'
import type { ProducerCheck } from './producer-check.ts'
import { checkRecords } from './record-check.ts'
import type { PartitionScope } from './scope.ts'
import { TimeIndexCheck } from './time-index-check.ts'
import { TxnIndexCheck } from './txn-index-check.ts'

export interface VerifyContext {
  readonly fs: FileSystem
  /** Looks at the records inside the batches too. */
  readonly deep: boolean
  readonly signal: AbortSignal
  /** Called now and then with what was read since the last call. */
  readonly onBytes: (bytes: number) => void
}

/** What goes from segment to segment. */
export interface LogChecks {
  readonly batches: BatchCheck
  readonly epochs: EpochCheck
  readonly producers: ProducerCheck
}

/** One `.log` from its first byte to its last, with its three indexes beside it. */
export class SegmentCheck {
  private readonly context: VerifyContext
  private readonly scope: PartitionScope
  private readonly segment: SegmentFiles
  private readonly next: SegmentFiles | undefined
  private readonly checks: LogChecks
  private readonly offsetIndex: OffsetIndexCheck | undefined
  private readonly timeIndex: TimeIndexCheck | undefined
  private readonly txnIndex: TxnIndexCheck

  constructor(
    context: VerifyContext,
    scope: PartitionScope,
    segment: SegmentFiles,
    next: SegmentFiles | undefined,
    checks: LogChecks,
  ) {
    this.context = context
    this.scope = scope
    this.segment = segment
    this.next = next
    this.checks = checks
    const { fs } = context
    const { index, timeindex } = segment
    const isThere = (file: typeof index) => file !== undefined && fs.existsSync(file.path)
    if (index && isThere(index)) this.offsetIndex = new OffsetIndexCheck(fs, scope, segment, index)
    if (timeindex && isThere(timeindex)) this.timeIndex = new TimeIndexCheck(fs, scope, segment, timeindex)
    this.txnIndex = new TxnIndexCheck(fs, scope, segment)
  }

  async run(): Promise<void> {
    const { fs } = this.context
    const { log } = this.segment
    try {
      // Retention may have taken it while we read.
      if (!fs.existsSync(log.path)) return
      const file = fs.openSync(log.path, 'r')
      try {
        await this.walk(file)
      } finally {
        file.closeSync()
      }
      this.checkPresence()
    } finally {
      this.offsetIndex?.close()
      this.timeIndex?.close()
      this.txnIndex.close()
    }
  }

  private async walk(file: File): Promise<void> {
    const walk = new BatchWalk(file)
    for await (const walked of walk) {
      this.context.signal.throwIfAborted()
      await this.onBatch(walked)
      this.context.onBytes(walked.sizeBytes)
    }
    const { end } = walk
    if (end === undefined) return
    this.context.onBytes(end.limit - end.position)
    const isDamaged = end.reason !== 'end'
    if (isDamaged) await this.reportEnd(file, end)
    await this.offsetIndex?.finish(end.position, this.endOffset, isDamaged)
    await this.timeIndex?.finish(this.endOffset, isDamaged)
    await this.txnIndex.finish(this.endOffset)
  }

  private get endOffset(): number {
    return Math.max(this.checks.batches.nextOffset ?? 0, this.segment.baseOffset)
  }

  private async onBatch(walked: WalkedBatch): Promise<void> {
    const { buffer, at, position } = walked
    const { batches, epochs, producers } = this.checks
    if (!batches.check(this.segment, this.next, walked)) {
      producers.forget()
      this.timeIndex?.onDamage()
      await this.offsetIndex?.onDamage(position)
      return
    }
    const first = batch.baseOffset(buffer, at)
    const last = batch.lastOffset(buffer, at)
    epochs.onBatch(this.segment.log.path, position, batch.partitionLeaderEpoch(buffer, at), first, last)
    const aborted = producers.onBatch(this.segment, walked)
    if (aborted !== undefined) await this.txnIndex.onAbort(aborted)
    await this.offsetIndex?.onBatch(position, first, last)
    await this.timeIndex?.onBatch(first, last, batch.maxTimestamp(buffer, at))
    if (this.context.deep) await checkRecords(this.scope, this.segment, walked)
  }

  private async reportEnd(file: File, end: WalkEnd): Promise<void> {
    const { scope, segment, endOffset } = this
    const { position, limit } = end
    this.checks.batches.onDamage()
    this.checks.producers.forget()
    const cut = { kind: 'cut', baseOffset: segment.baseOffset, position, endOffset } as const
    const place = { position, offset: endOffset, fix: cut }
    const left = `${limit - position} bytes`
    if (await isZeroToTheEnd(file, position, limit)) {
      const severity = scope.tailSeverity(segment, endOffset)
      const reason = `the last ${left} are zeros: the broker preallocates, or the machine went down`
      scope.add(severity, 'log-zeros', segment.log, reason, ADVICE.repair, place)
    } else if (end.reason === 'torn') {
      const severity = scope.tailSeverity(segment, endOffset)
      const reason = `the file ends inside a batch: its last ${left} are no whole one`
      scope.add(
        severity,
        'log-torn',
        segment.log,
        reason,
        severity === 'error' ? ADVICE.cut : ADVICE.start,
        place,
      )
    } else {
      const reason = `no batch begins here, so the last ${left} cannot be read: ${end.message}`
      scope.add('error', 'log-corrupt', segment.log, reason, ADVICE.cut, place)
    }
  }

  private checkPresence(): void {
    const { scope, segment } = this
    if (sizeOf(this.context.fs, segment.log) === 0) return
    for (const kind of ['index', 'timeindex'] as const) {
      if (segment[kind] !== undefined) continue
      const path = segment.log.path.replace(/log$/, kind)
      scope.add(
        scope.logDir.isLive ? 'note' : 'warning',
        'index-missing',
        path,
        `the ${kind === 'index' ? 'offset' : 'time'} index is missing`,
        ADVICE.indexes,
        { fix: { kind: 'rebuild-indexes', baseOffset: segment.baseOffset } },
      )
    }
  }
}

async function isZeroToTheEnd(file: File, from: number, to: number): Promise<boolean> {
  const buffer = Buffer.allocUnsafe(64 * 1024)
  for (let position = from; position < to; ) {
    const read = await file.read(buffer, 0, Math.min(buffer.length, to - position), position)
    if (read === 0) break
    for (let i = 0; i < read; i++) if (buffer[i] !== 0) return false
    position += read
  }
  return to > from
}
