import type * as batch from '../../records/index.ts'
import { SizeHistogram } from './histogram.ts'

/** More than that are counted, but not told apart. */
const MAX_PRODUCERS = 10_000

export interface CodecStats {
  batches: number
  /** The record sections as they are stored, and what they become; heads are not in it. */
  storedBytes: number
  /** Undefined when nothing was decompressed. */
  uncompressedBytes: number | undefined
}

export interface ProducerStats {
  readonly producerId: number
  epoch: number
  batches: number
  records: number
  isTransactional: boolean
  /** First offset of its open transaction. */
  openSince: number | undefined
  lastTimestampMs: number
}

/** What was counted in the batches of one log, or of several. */
export class LogStats {
  segments = 0
  bytes = 0
  batches = 0
  records = 0
  maxRecordsPerBatch = 0
  firstOffset: number | undefined
  endOffset = 0
  firstTimestampMs: number | undefined
  lastTimestampMs: number | undefined
  gaps = 0
  missingOffsets = 0
  controlBatches = 0
  commits = 0
  aborts = 0
  /** Batches of the formats 0 and 1. */
  legacyBatches = 0
  transactionalBatches = 0
  /** Records that were looked at; less than `records` when only heads were read. */
  readRecords = 0
  keyed = 0
  tombstones = 0
  /** Batches whose records cannot be read. */
  unreadable = 0
  /** Bytes behind the last whole batch. */
  trailingBytes = 0
  otherProducers = 0
  readonly codecs = new Map<batch.CodecName, CodecStats>()
  readonly producers = new Map<number, ProducerStats>()
  readonly sizes = new SizeHistogram()

  codec(name: batch.CodecName): CodecStats {
    let stats = this.codecs.get(name)
    if (stats === undefined) {
      stats = { batches: 0, storedBytes: 0, uncompressedBytes: undefined }
      this.codecs.set(name, stats)
    }
    return stats
  }

  producer(producerId: number): ProducerStats | undefined {
    let stats = this.producers.get(producerId)
    if (stats !== undefined) return stats
    if (this.producers.size >= MAX_PRODUCERS) {
      this.otherProducers++
      return undefined
    }
    stats = {
      producerId,
      epoch: -1,
      batches: 0,
      records: 0,
      isTransactional: false,
      openSince: undefined,
      lastTimestampMs: -1,
    }
    this.producers.set(producerId, stats)
    return stats
  }

  sawTimes(fromMs: number, toMs: number): void {
    if (fromMs >= 0) this.firstTimestampMs = Math.min(this.firstTimestampMs ?? fromMs, fromMs)
    if (toMs >= 0) this.lastTimestampMs = Math.max(this.lastTimestampMs ?? toMs, toMs)
  }

  get openTransactions(): number {
    let open = 0
    for (const producer of this.producers.values()) if (producer.openSince !== undefined) open++
    return open
  }

  /** Adds another log's. Offsets have no meaning over several logs. */
  add(other: LogStats): void {
    for (const name of SUMMED) this[name] += other[name]
    this.maxRecordsPerBatch = Math.max(this.maxRecordsPerBatch, other.maxRecordsPerBatch)
    this.sawTimes(other.firstTimestampMs ?? -1, other.lastTimestampMs ?? -1)
    for (const [name, codec] of other.codecs) {
      const sum = this.codec(name)
      sum.batches += codec.batches
      sum.storedBytes += codec.storedBytes
      if (codec.uncompressedBytes !== undefined)
        sum.uncompressedBytes = (sum.uncompressedBytes ?? 0) + codec.uncompressedBytes
    }
    for (const producer of other.producers.values()) this.addProducer(producer)
    this.sizes.merge(other.sizes)
  }

  private addProducer(other: ProducerStats): void {
    const sum = this.producer(other.producerId)
    if (sum === undefined) return
    sum.epoch = Math.max(sum.epoch, other.epoch)
    sum.batches += other.batches
    sum.records += other.records
    sum.isTransactional ||= other.isTransactional
    sum.openSince ??= other.openSince
    sum.lastTimestampMs = Math.max(sum.lastTimestampMs, other.lastTimestampMs)
  }
}

const SUMMED = [
  'segments',
  'bytes',
  'batches',
  'records',
  'gaps',
  'missingOffsets',
  'controlBatches',
  'commits',
  'aborts',
  'legacyBatches',
  'transactionalBatches',
  'readRecords',
  'keyed',
  'tombstones',
  'unreadable',
  'trailingBytes',
  'otherProducers',
] as const
