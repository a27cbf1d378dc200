import {
  BatchBuilder,
  type CodecId,
  type HeaderInput,
  RECORD_BATCH_OVERHEAD,
  setProducerState,
} from '../../records/index.ts'

export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  /** -1 when the broker did not say: acks=0, or a retry of what it had already stored. */
  readonly offset: number
  readonly timestampMs: number
}

/** Called once per record, when it is stored or given up. */
export type DeliveryCallback = (error: Error | null, metadata: RecordMetadata | null) => void

export interface BatchSettings {
  readonly sizeLimitBytes: number
  readonly codec: CodecId
  readonly level: number | undefined
  readonly estimatedRatio: number
}

/** Records on their way to one partition: filled, closed when first sent, and kept until the broker has answered. */
export class ProducerBatch {
  readonly topic: string
  readonly partition: number
  readonly createdMs: number
  /** The place of the first record among all of its partition; a batch that is sent again goes back by it. */
  readonly order: number
  attempts = 0
  baseSequence = -1
  private readonly builder: BatchBuilder
  private readonly callbacks: (DeliveryCallback | undefined)[] = []
  private readonly timestamps: number[] = []
  private closed: Buffer | undefined
  private stampedId = -1
  private stampedEpoch = -1

  constructor(
    at: { topic: string; partition: number; createdMs: number; order: number },
    settings: BatchSettings,
  ) {
    this.topic = at.topic
    this.partition = at.partition
    this.createdMs = at.createdMs
    this.order = at.order
    this.builder = new BatchBuilder(settings)
  }

  get recordCount(): number {
    return this.callbacks.length
  }

  /** What it is taken to weigh in the producer's memory. */
  get sizeBytes(): number {
    return this.closed?.length ?? RECORD_BATCH_OVERHEAD + this.builder.uncompressedSizeBytes
  }

  get estimatedSizeBytes(): number {
    return this.closed?.length ?? this.builder.estimatedSizeBytes
  }

  get isFull(): boolean {
    return this.closed !== undefined || this.builder.isFull
  }

  get hasSequence(): boolean {
    return this.baseSequence >= 0
  }

  /** False when it does not fit; the first record always does. */
  tryAppend(
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly HeaderInput[] | undefined,
    callback: DeliveryCallback | undefined,
  ): boolean {
    if (this.closed !== undefined || !this.builder.append(timestampMs, key, value, headers)) return false
    this.callbacks.push(callback)
    this.timestamps.push(timestampMs)
    return true
  }

  /** The bytes to send. From here on nothing can be added. */
  close(): Buffer {
    this.closed ??= this.builder.build()
    return this.closed
  }

  /** Bytes before and after compression, heads not counted. */
  get compressionRatio(): number {
    const stored = this.close().length - RECORD_BATCH_OVERHEAD
    return this.builder.uncompressedSizeBytes === 0 ? 1 : stored / this.builder.uncompressedSizeBytes
  }

  /** Numbers the batch; the same numbers again are no work, others cost a new checksum. */
  stamp(producerId: number, producerEpoch: number, baseSequence: number): void {
    const same = this.stampedId === producerId && this.stampedEpoch === producerEpoch
    if (same && this.baseSequence === baseSequence) return
    this.stampedId = producerId
    this.stampedEpoch = producerEpoch
    this.baseSequence = baseSequence
    if (this.closed === undefined)
      this.builder.setProducerState(producerId, producerEpoch, baseSequence, false)
    else setProducerState(this.closed, 0, producerId, producerEpoch, baseSequence, false)
  }

  complete(baseOffset: number, logAppendTimeMs: number): void {
    for (let index = 0; index < this.callbacks.length; index++) {
      this.callbacks[index]?.(null, {
        topic: this.topic,
        partition: this.partition,
        offset: baseOffset < 0 ? -1 : baseOffset + index,
        timestampMs: logAppendTimeMs >= 0 ? logAppendTimeMs : (this.timestamps[index] ?? -1),
      })
    }
  }

  fail(error: Error): void {
    for (const callback of this.callbacks) callback?.(error, null)
  }

  /** The callbacks in record order, for a batch that is split. */
  takeCallbacks(): readonly (DeliveryCallback | undefined)[] {
    return this.callbacks
  }
}
