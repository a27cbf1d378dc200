import type { Clock } from '../../base/clock.ts'
import { KcliError, messageOf } from '../../base/errors.ts'
import { BrokerError, type DeliveryCallback, type RecordMetadata } from '../../client/index.ts'
import { ERROR_CODES } from '../../protocol/index.ts'
import type { Meter } from '../output/meter.ts'
import type { Output } from '../output/output.ts'
import { ChunkWriter } from './chunk-writer.ts'

interface PartitionCount {
  count: number
  firstOffset: number
  lastOffset: number
}

/** How much of the input has been read; the total is known of files only. */
export interface InputProgress {
  readBytes: number
  readonly totalBytes: number | undefined
}

/** Counts what was stored and what was not, and can write a line for each record. */
export class DeliveryReport {
  failed = 0
  private given = 0
  private stored = 0
  private firstError: Error | undefined
  private readonly topic: string
  private readonly clock: Clock
  private isFlushing = false
  private readonly out: Output
  private readonly lines: ChunkWriter | undefined
  private readonly partitions: PartitionCount[] = []

  constructor(topic: string, out: Output, clock: Clock, perRecord: boolean) {
    this.topic = topic
    this.clock = clock
    this.out = out
    this.lines = perRecord ? new ChunkWriter(out.sink) : undefined
  }

  /** What to give the producer: one function for all records, unless each of them gets a line. */
  callback(): DeliveryCallback {
    this.given++
    return this.lines === undefined ? this.count : this.counted
  }

  /** For a line that changes while much is sent. What is read and not yet stored does not count. */
  progressLine(meter: Meter, { readBytes, totalBytes }: InputProgress): string {
    const settled = this.stored + this.failed
    if (totalBytes === undefined) return meter.line(`Producing to ${this.topic}`, settled)
    const doneBytes = this.given === 0 ? 0 : Math.round((readBytes * settled) / this.given)
    return meter.line(`Producing to ${this.topic}`, doneBytes, totalBytes)
  }

  /** Resolves when the lines so far have left, so that a slow reader slows the sending down. */
  async written(): Promise<void> {
    await this.lines?.waiting
  }

  /** @param hasFailed the command is to tell of an error that came before any record was sent */
  async finish(summary: boolean, hasFailed = false): Promise<void> {
    await this.lines?.flush()
    if (this.failed > 0) {
      const total = this.failed + this.stored
      const reason = this.firstError === undefined ? '' : `: ${messageOf(this.firstError)}`
      this.out.note(`kcli: ${this.failed} of ${total} records were not stored${reason}`)
      const hint = hintOf(this.firstError)
      if (hint !== undefined) this.out.note(hint)
    }
    if (!summary || (hasFailed && this.stored + this.failed === 0)) return
    this.out.note(
      `Produced ${this.stored} ${this.stored === 1 ? 'record' : 'records'} to ${this.topic}${this.shares()}`,
    )
    if (this.lines === undefined && this.out.isData)
      await this.out.object(
        this.data(),
        () => '',
        () => [this.topic],
      )
  }

  private readonly count: DeliveryCallback = (error, metadata) => {
    if (metadata === null) {
      this.failed++
      this.firstError ??= error ?? undefined
      return
    }
    this.stored++
    const known = this.partitions[metadata.partition]
    if (known === undefined) {
      this.partitions[metadata.partition] = {
        count: 1,
        firstOffset: metadata.offset,
        lastOffset: metadata.offset,
      }
    } else {
      known.count++
      known.lastOffset = metadata.offset
    }
  }

  private readonly counted: DeliveryCallback = (error, metadata) => {
    this.count(error, metadata)
    if (metadata === null || this.lines === undefined) return
    this.lines.add(this.line(metadata))
    this.flushSoon(this.lines)
  }

  /** A program that waits for the line of its record must get it now, but not each line needs a write of its own. */
  private flushSoon(lines: ChunkWriter): void {
    if (this.isFlushing) return
    this.isFlushing = true
    this.clock.defer(() => {
      this.isFlushing = false
      // What goes wrong here is met by `written` or `finish`.
      lines.flush().catch(() => undefined)
    })
  }

  private line({ topic, partition, offset, timestampMs }: RecordMetadata): string {
    return this.out.isData
      ? `${JSON.stringify({ topic, partition, offset, timestamp: timestampMs })}\n`
      : `${topic}\t${partition}\t${offset}\n`
  }

  private shares(): string {
    const shares = this.partitions
      .map((share, partition) => `p${partition}: ${share.count}`)
      .filter((share) => share !== undefined)
    return shares.length === 0 ? '' : ` (${shares.join(', ')})`
  }

  private data(): unknown {
    return {
      topic: this.topic,
      stored: this.stored,
      failed: this.failed,
      partitions: this.partitions
        .map((share, partition) => ({
          partition,
          count: share.count,
          firstOffset: share.firstOffset,
          lastOffset: share.lastOffset,
        }))
        .filter((share) => share !== undefined),
    }
  }
}

function hintOf(error: Error | undefined): string | undefined {
  if (error instanceof BrokerError && error.errorCode === ERROR_CODES.KAFKA_STORAGE_ERROR)
    return 'A broker cannot write to its disk: make room there, then send the missing records again.'
  return error instanceof KcliError ? error.hint : undefined
}
