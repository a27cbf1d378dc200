import {
  BatchBuilder,
  type CodecId,
  type HeaderInput,
  RECORD_BATCH_OVERHEAD,
  setProducerState,
} from '../../records/index.ts'
import type { ClientError } from '../net/index.ts'
import type { Flush } from './flush.ts'

/** Where a record was stored. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  /** -1 when the broker did not say: acks=0, or a retry of what it had already stored. */
  readonly offset: number
  readonly timestampMs: number
}

/** Called once per record, when it is stored or given up. What it throws is logged and goes no further. */
export type DeliveryCallback = (error: Error | null, metadata: RecordMetadata | null) => void

export interface BatchSettings {
  readonly sizeLimitBytes: number
  readonly codec: CodecId
  readonly level: number | undefined
  readonly estimatedRatio: number
  readonly expectedSizeBytes?: number
}

/** Records on their way to one partition: filled, closed when first sent, and kept until the broker has answered. */
export class ProducerBatch {
  readonly topic: string
  readonly partition: number
  readonly createdMs: number
  /** The place of the first record among all of its partition; a batch that is sent again goes back by it. */
  readonly order: number
  /** What compression is thought to leave of it. */
  readonly estimatedRatio: number
  attempts = 0
  baseSequence = -1
  /** Of the records in it, before compression. */
  maxRecordBytes = 0
  /** Why the last attempt failed. */
  lastError: ClientError | undefined
  /** Flushes that wait for this batch. */
  flushes: Flush[] = []
  /** Let go of when closed: the closed bytes may be much smaller than what it holds. */
  private builder: BatchBuilder | undefined
  private readonly callbacks: (DeliveryCallback | undefined)[] = []
  private readonly timestamps: number[] = []
  private closed: Buffer | undefined
  private ratio = 1
  private told = false
  private stampedId = -1
  private stampedEpoch = -1
  private stampedSequence = -1

  constructor(
    at: { topic: string; partition: number; createdMs: number; order: number },
    settings: BatchSettings,
  ) {
    this.topic = at.topic
    this.partition = at.partition
    this.createdMs = at.createdMs
    this.order = at.order
    this.estimatedRatio = settings.codec === 0 ? 1 : settings.estimatedRatio
    this.builder = new BatchBuilder(settings)
  }

  get recordCount(): number {
    return this.callbacks.length
  }

  /** What it is taken to weigh in the producer's memory. */
  get sizeBytes(): number {
    if (this.builder === undefined) return this.closed?.length ?? 0
    return RECORD_BATCH_OVERHEAD + this.builder.uncompressedSizeBytes
  }

  get estimatedSizeBytes(): number {
    return this.builder?.estimatedSizeBytes ?? this.closed?.length ?? 0
  }

  get isFull(): boolean {
    return this.builder?.isFull ?? true
  }

  get hasSequence(): boolean {
    return this.baseSequence >= 0
  }

  /** Whether its callbacks have been called. */
  get isTold(): boolean {
    return this.told
  }

  /** Bytes that the record takes before compression; 0 when it does not fit. The first record always does. */
  tryAppend(
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly HeaderInput[] | undefined,
    callback: DeliveryCallback | undefined,
  ): number {
    const { builder } = this
    // Numbers were given out for what is in it.
    if (builder === undefined || this.hasSequence) return 0
    const before = builder.uncompressedSizeBytes
    if (!builder.append(timestampMs, key, value, headers)) return 0
    const sizeBytes = builder.uncompressedSizeBytes - before
    if (sizeBytes > this.maxRecordBytes) this.maxRecordBytes = sizeBytes
    this.callbacks.push(callback)
    this.timestamps.push(timestampMs)
    return sizeBytes
  }

  /** The bytes to send. From here on nothing can be added. */
  close(): Buffer {
    if (this.closed === undefined || this.builder !== undefined) {
      const records = this.builder?.uncompressedSizeBytes ?? 0
      this.closed = this.builder?.build() ?? Buffer.alloc(0)
      if (records > 0) this.ratio = (this.closed.length - RECORD_BATCH_OVERHEAD) / records
      this.builder = undefined
    }
    return this.closed
  }

  /** Bytes after and before compression, heads not counted. */
  get compressionRatio(): number {
    return this.ratio
  }

  /** Numbers the closed batch; the same numbers again are no work, others cost a new checksum. */
  stamp(producerId: number, producerEpoch: number): void {
    const same = this.stampedId === producerId && this.stampedEpoch === producerEpoch
    if (same && this.stampedSequence === this.baseSequence) return
    this.stampedId = producerId
    this.stampedEpoch = producerEpoch
    this.stampedSequence = this.baseSequence
    if (this.builder === undefined)
      setProducerState(this.close(), 0, producerId, producerEpoch, this.baseSequence, false)
    else this.builder.setProducerState(producerId, producerEpoch, this.baseSequence, false)
  }

  /**
   * For another attempt: bytes of its own. The network, or a broker in this process, may still hold those of the attempt
   * before; the new ones may get other numbers, and that broker stamps its offsets into what it is given.
   */
  detach(): void {
    if (this.closed !== undefined) this.closed = Buffer.from(this.closed)
  }

  complete(baseOffset: number, logAppendTimeMs: number, onThrow: (error: unknown) => void): void {
    this.tell(onThrow, (callback, index) =>
      callback(null, {
        topic: this.topic,
        partition: this.partition,
        offset: baseOffset < 0 ? -1 : baseOffset + index,
        timestampMs: logAppendTimeMs >= 0 ? logAppendTimeMs : (this.timestamps[index] ?? -1),
      }),
    )
  }

  fail(error: Error, onThrow: (error: unknown) => void): void {
    this.tell(onThrow, (callback) => callback(error, null))
  }

  private tell(
    onThrow: (error: unknown) => void,
    call: (callback: DeliveryCallback, index: number) => void,
  ): void {
    if (this.told) return
    this.told = true
    for (let index = 0; index < this.callbacks.length; index++) {
      const callback = this.callbacks[index]
      if (callback === undefined) continue
      try {
        call(callback, index)
      } catch (error) {
        onThrow(error)
      }
    }
  }

  /** The callbacks in record order, for a batch that is split. */
  takeCallbacks(): readonly (DeliveryCallback | undefined)[] {
    return this.callbacks
  }
}
