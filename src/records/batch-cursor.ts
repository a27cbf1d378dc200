import { VarintReader } from '../base/varint.ts'
import * as batch from './batch-header.ts'
import { DEFAULT_MAX_DECOMPRESSED_BYTES, recordSection } from './record-section.ts'
import {
  invalidRecord,
  MIN_RECORD_BYTES,
  RawRecord,
  type RecordHeader,
  readHeaders,
  readRawRecord,
  translateRecordError,
  view,
} from './record-v2.ts'

/**
 * Goes over the records of a v2 batch, one after the other, and makes no object that is not asked for. Checksums are not
 * looked at. A fault throws InvalidBatchError when the record that has it is reached; those before it are good, and the
 * cursor is of no more use.
 */
export class BatchCursor {
  private readonly section: Buffer
  private readonly reader: VarintReader
  private readonly raw = new RawRecord()
  private readonly baseOffset: number
  private readonly baseTimestamp: number
  private readonly baseSequence: number
  /** For all records, when it was the broker that dated them. */
  private readonly appendTimeMs: number | undefined
  private left: number

  /** Decompresses the batch at `at`, unless `section` has its records already. */
  constructor(buffer: Buffer, at: number, section?: Buffer) {
    const count = batch.recordCount(buffer, at)
    if (count < 0) throw invalidRecord(`a batch with ${count} records`)
    this.section =
      count === 0 ? NO_BYTES : (section ?? recordSection(buffer, at, DEFAULT_MAX_DECOMPRESSED_BYTES))
    if (count > this.section.length / MIN_RECORD_BYTES)
      throw invalidRecord(`a batch of ${this.section.length} bytes cannot hold ${count} records`)
    this.left = count
    this.reader = new VarintReader(this.section)
    this.baseOffset = batch.baseOffset(buffer, at)
    this.baseTimestamp = batch.baseTimestamp(buffer, at)
    this.baseSequence = batch.baseSequence(buffer, at)
    this.appendTimeMs =
      batch.timestampType(buffer, at) === batch.LOG_APPEND_TIME ? batch.maxTimestamp(buffer, at) : undefined
  }

  /** Goes to the next record; false when there is none. */
  next(): boolean {
    if (this.left === 0) {
      if (this.reader.remaining > 0)
        throw invalidRecord(`${this.reader.remaining} bytes behind the last record of a batch`)
      return false
    }
    try {
      readRawRecord(this.reader, this.raw)
    } catch (error) {
      throw translateRecordError(error)
    }
    this.left--
    return true
  }

  /** There is no record behind the one that it stands on. */
  get isAtEnd(): boolean {
    return this.left === 0
  }

  // Of the record that it stands on.

  get offset(): number {
    return this.baseOffset + this.raw.offsetDelta
  }

  get timestampMs(): number {
    return this.appendTimeMs ?? this.baseTimestamp + this.raw.timestampDelta
  }

  get sequence(): number {
    const { baseSequence, raw } = this
    return baseSequence < 0 ? batch.NO_SEQUENCE : batch.incrementSequence(baseSequence, raw.offsetDelta)
  }

  get key(): Buffer | null {
    return view(this.section, this.raw.keyAt, this.raw.keyLength)
  }

  get value(): Buffer | null {
    return view(this.section, this.raw.valueAt, this.raw.valueLength)
  }

  get headers(): readonly RecordHeader[] {
    return readHeaders(this.section, this.raw)
  }
}

const NO_BYTES = Buffer.alloc(0)
