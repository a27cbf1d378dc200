import { writeInt64 } from '../../base/int64.ts'
import { sizeOfVarint, sizeOfVarlong, VarintReader, writeVarint, writeVarlong } from '../../base/varint.ts'
import * as batch from '../../records/index.ts'
import type { CleanedTransactions } from './cleaned-transactions.ts'
import { filterLegacy } from './legacy-filter.ts'
import type { OffsetMap } from './offset-map.ts'

/** The last record that the log remembers of a producer (LastRecord). */
export interface LastRecord {
  /** Of its last data batch; -1 when only a marker is known. */
  readonly lastDataOffset: number
  readonly producerEpoch: number
}

export interface BatchFilterOptions {
  readonly map: OffsetMap
  readonly transactions: CleanedTransactions
  /** By producer id. */
  readonly lastRecords: ReadonlyMap<number, LastRecord>
  readonly nowMs: number
  readonly deleteRetentionMs: number
  readonly bufferBytes: number
}

/** What one kept record needs to be written again: five numbers in `KeptRecords.numbers`. */
const START = 0
const KEY_AT = 1
const KEY_LENGTH = 2
const END = 3
const OFFSET_DELTA = 4
const NUMBERS = 5

/**
 * Decides what of each batch stays, and makes the batches that are written in its place (Cleaner.cleanInto and
 * MemoryRecords.filterTo). Records are read where they lie; nothing is allocated per record.
 *
 * - A record stays when it has the latest offset of its key; a tombstone, until the delete horizon of its batch.
 * - The horizon (KIP-534) is set when a batch with tombstones, or the marker of a transaction without data, is first
 *   cleaned: now + delete.retention.ms, in the place of the base timestamp.
 * - A batch keeps its first and last offset, its epoch and its producer's fields, whatever is left of it.
 * - The last batch of a producer stays, without records if need be: it holds the last sequence number.
 */
export class BatchFilter {
  private out: Buffer
  private outBytes = 0
  recordsRead = 0
  recordsKept = 0
  recordsWithoutKey = 0
  private readonly options: BatchFilterOptions
  private readonly raw = new batch.RawRecord()
  private numbers = new Int32Array(NUMBERS * 256)
  private timestampDeltas = new Float64Array(256)
  private kept = 0
  private scratch = Buffer.allocUnsafe(0)
  private keepsLegacyTombstones = false

  constructor(options: BatchFilterOptions) {
    this.options = options
    this.out = Buffer.allocUnsafe(options.bufferBytes)
  }

  /** A new segment; `keepsLegacyTombstones` is about formats that have no delete horizon. */
  begin(keepsLegacyTombstones: boolean): void {
    this.keepsLegacyTombstones = keepsLegacyTombstones
  }

  /** The whole, intact batch at `at`. */
  add(buffer: Buffer, at: number): void {
    if (batch.magic(buffer, at) === batch.MAGIC_V2) this.addBatch(buffer, at)
    else this.addLegacy(buffer, at)
  }

  /** What was kept since the last call, good until the next batch. */
  take(): Buffer {
    const taken = this.out.subarray(0, this.outBytes)
    this.outBytes = 0
    // A large batch does not keep its memory for ever.
    if (this.out.length > 2 * this.options.bufferBytes)
      this.out = Buffer.allocUnsafe(this.options.bufferBytes)
    return taken
  }

  private addBatch(buffer: Buffer, at: number): void {
    const { transactions, nowMs } = this.options
    const isControl = batch.isControl(buffer, at)
    const mayGo = isControl ? transactions.isMarkerOfNothing(buffer, at) : transactions.isAborted(buffer, at)
    const horizon = batch.deleteHorizonMs(buffer, at)
    const dropsRecords = mayGo && (!isControl || (horizon !== undefined && horizon <= nowMs))
    const staysEmpty = batch.hasProducerId(buffer, at) && this.isLastOfProducer(buffer, at)
    if (dropsRecords) {
      if (staysEmpty) {
        this.recordsRead += batch.recordCount(buffer, at)
        this.addEmpty(buffer, at)
      }
      return
    }
    const count = batch.recordCount(buffer, at)
    const section = count === 0 ? buffer.subarray(0, 0) : batch.recordSection(buffer, at)
    const hasTombstones = this.chooseRecords(buffer, at, section, isControl, horizon)
    if (this.kept === 0) {
      if (staysEmpty) this.addEmpty(buffer, at)
      return
    }
    this.recordsKept += this.kept
    const setsHorizon = horizon === undefined && (hasTombstones || (isControl && mayGo))
    if (this.kept === count && !setsHorizon) this.addWhole(buffer, at)
    else this.addRebuilt(buffer, at, section, setsHorizon ? nowMs + this.options.deleteRetentionMs : horizon)
  }

  /** Fills the list of the records that stay. True when there are tombstones among them. */
  private chooseRecords(
    buffer: Buffer,
    at: number,
    section: Buffer,
    isControl: boolean,
    horizon: number | undefined,
  ): boolean {
    const { map, nowMs } = this.options
    const { raw } = this
    const count = batch.recordCount(buffer, at)
    const baseOffset = batch.baseOffset(buffer, at)
    const keepsTombstones = horizon === undefined || nowMs < horizon
    const latestOffset = map.latestOffset
    const reader = new VarintReader(section)
    let hasTombstones = false
    this.recordsRead += count
    this.kept = 0
    for (let i = 0; i < count; i++) {
      const start = reader.position
      batch.readRawRecord(reader, raw)
      const offset = baseOffset + raw.offsetDelta
      if (!isControl && offset <= latestOffset) {
        if (raw.keyLength < 0) {
          this.recordsWithoutKey++
          continue
        }
        if (raw.valueLength < 0 && !keepsTombstones) continue
        if (offset < map.get(section, raw.keyAt, raw.keyLength)) continue
      }
      if (raw.valueLength < 0) hasTombstones = true
      this.keep(start, reader.position)
    }
    return hasTombstones
  }

  private keep(start: number, end: number): void {
    const { raw } = this
    if (this.kept === this.timestampDeltas.length) this.growList()
    const { numbers } = this
    const n = this.kept * NUMBERS
    numbers[n + START] = start
    numbers[n + KEY_AT] = raw.keyAt
    numbers[n + KEY_LENGTH] = raw.keyLength
    numbers[n + END] = end
    numbers[n + OFFSET_DELTA] = raw.offsetDelta
    this.timestampDeltas[this.kept++] = raw.timestampDelta
  }

  private growList(): void {
    const numbers = new Int32Array(this.numbers.length * 2)
    numbers.set(this.numbers)
    const deltas = new Float64Array(this.timestampDeltas.length * 2)
    deltas.set(this.timestampDeltas)
    this.numbers = numbers
    this.timestampDeltas = deltas
  }

  private addWhole(buffer: Buffer, at: number): void {
    const size = batch.batchSizeBytes(buffer, at)
    this.makeRoom(size)
    buffer.copy(this.out, this.outBytes, at, at + size)
    this.outBytes += size
  }

  /** DefaultRecordBatch.writeEmptyHeader: not compressed, without base timestamp and horizon. */
  private addEmpty(buffer: Buffer, at: number): void {
    this.makeRoom(batch.RECORD_BATCH_OVERHEAD)
    const kept = batch.TIMESTAMP_TYPE_MASK | batch.TRANSACTIONAL_MASK | batch.CONTROL_MASK
    this.writeHead(buffer, at, 0, {
      attributes: batch.attributes(buffer, at) & kept,
      baseTimestamp: batch.NO_TIMESTAMP,
      maxTimestamp: batch.maxTimestamp(buffer, at),
      count: 0,
    })
  }

  private addRebuilt(buffer: Buffer, at: number, section: Buffer, horizon: number | undefined): void {
    const { timestampDeltas } = this
    const hasAppendTime = batch.timestampType(buffer, at) === batch.LOG_APPEND_TIME
    const oldBase = batch.baseTimestamp(buffer, at)
    const appendTime = batch.maxTimestamp(buffer, at)
    let maxTimestamp: number = batch.NO_TIMESTAMP
    if (hasAppendTime) maxTimestamp = appendTime
    for (let i = 0; i < this.kept; i++) {
      // From here on the list holds timestamps.
      const timestamp = hasAppendTime ? appendTime : oldBase + (timestampDeltas[i] as number)
      timestampDeltas[i] = timestamp
      if (timestamp > maxTimestamp) maxTimestamp = timestamp
    }
    const baseTimestamp = horizon ?? (timestampDeltas[0] as number)
    const codec = batch.codecId(buffer, at)
    // Then nothing changes in the records that stay.
    const isSameBase = baseTimestamp === oldBase && !hasAppendTime
    let bytes = isSameBase ? this.runBytes() : this.anewBytes(baseTimestamp)
    if (codec === 0) {
      this.makeRoom(batch.RECORD_BATCH_OVERHEAD + bytes)
      const from = this.outBytes + batch.RECORD_BATCH_OVERHEAD
      if (isSameBase) this.copyRuns(section, this.out, from)
      else this.writeAnew(section, this.out, from, baseTimestamp)
    } else {
      if (this.scratch.length < bytes) this.scratch = Buffer.allocUnsafe(bytes)
      if (isSameBase) this.copyRuns(section, this.scratch, 0)
      else this.writeAnew(section, this.scratch, 0, baseTimestamp)
      const stored = batch.compress(codec, this.scratch.subarray(0, bytes))
      bytes = stored.length
      this.makeRoom(batch.RECORD_BATCH_OVERHEAD + bytes)
      stored.copy(this.out, this.outBytes + batch.RECORD_BATCH_OVERHEAD)
    }
    const attributes = batch.attributes(buffer, at) & ~batch.DELETE_HORIZON_MASK
    this.writeHead(buffer, at, bytes, {
      attributes: horizon === undefined ? attributes : attributes | batch.DELETE_HORIZON_MASK,
      baseTimestamp,
      maxTimestamp,
      count: this.kept,
    })
  }

  private runBytes(): number {
    const { numbers } = this
    let bytes = 0
    for (let n = 0; n < this.kept * NUMBERS; n += NUMBERS) {
      bytes += (numbers[n + END] as number) - (numbers[n + START] as number)
    }
    return bytes
  }

  /** Neighbours are copied together. */
  private copyRuns(section: Buffer, target: Buffer, from: number): void {
    const { numbers } = this
    let to = from
    for (let i = 0; i < this.kept; ) {
      const start = numbers[i * NUMBERS + START] as number
      let end = numbers[i * NUMBERS + END] as number
      for (i++; i < this.kept && numbers[i * NUMBERS + START] === end; i++) {
        end = numbers[i * NUMBERS + END] as number
      }
      to += section.copy(target, to, start, end)
    }
  }

  private anewBytes(baseTimestamp: number): number {
    let bytes = 0
    for (let i = 0; i < this.kept; i++) {
      const size = this.bodyBytes(i, baseTimestamp)
      bytes += sizeOfVarint(size) + size
    }
    return bytes
  }

  /** The value of the length field. */
  private bodyBytes(i: number, baseTimestamp: number): number {
    const { numbers } = this
    const n = i * NUMBERS
    const timestampDelta = (this.timestampDeltas[i] as number) - baseTimestamp
    return (
      1 +
      sizeOfVarlong(timestampDelta) +
      sizeOfVarint(numbers[n + OFFSET_DELTA] as number) +
      sizeOfVarint(numbers[n + KEY_LENGTH] as number) +
      ((numbers[n + END] as number) - (numbers[n + KEY_AT] as number))
    )
  }

  private writeAnew(section: Buffer, target: Buffer, from: number, baseTimestamp: number): void {
    const { numbers, timestampDeltas } = this
    let to = from
    for (let i = 0; i < this.kept; i++) {
      const n = i * NUMBERS
      to = writeVarint(target, to, this.bodyBytes(i, baseTimestamp))
      target[to++] = 0
      to = writeVarlong(target, to, (timestampDeltas[i] as number) - baseTimestamp)
      to = writeVarint(target, to, numbers[n + OFFSET_DELTA] as number)
      to = writeVarint(target, to, numbers[n + KEY_LENGTH] as number)
      to += section.copy(target, to, numbers[n + KEY_AT] as number, numbers[n + END] as number)
    }
  }

  /** Head of the batch at `at` with other records, of which `recordBytes` lie behind the head already. */
  private writeHead(
    buffer: Buffer,
    at: number,
    recordBytes: number,
    changed: { attributes: number; baseTimestamp: number; maxTimestamp: number; count: number },
  ): void {
    const { out, outBytes } = this
    buffer.copy(out, outBytes, at, at + batch.RECORD_BATCH_OVERHEAD)
    const size = batch.RECORD_BATCH_OVERHEAD + recordBytes
    out.writeInt32BE(size - batch.LOG_OVERHEAD, outBytes + batch.LENGTH_OFFSET)
    out.writeInt16BE(changed.attributes, outBytes + batch.ATTRIBUTES_OFFSET)
    writeInt64(out, outBytes + batch.BASE_TIMESTAMP_OFFSET, changed.baseTimestamp)
    writeInt64(out, outBytes + batch.MAX_TIMESTAMP_OFFSET, changed.maxTimestamp)
    out.writeInt32BE(changed.count, outBytes + batch.RECORD_COUNT_OFFSET)
    out.writeUInt32BE(batch.computeCrc(out, outBytes), outBytes + batch.CRC_OFFSET)
    this.outBytes += size
  }

  private addLegacy(buffer: Buffer, at: number): void {
    const { map } = this.options
    const filtered = filterLegacy(buffer, at, (record) => {
      this.recordsRead++
      if (record.offset > map.latestOffset) return true
      if (record.key === null) {
        this.recordsWithoutKey++
        return false
      }
      if (record.value === null && !this.keepsLegacyTombstones) return false
      return record.offset >= map.get(record.key, 0, record.key.length)
    })
    for (const part of filtered.parts) {
      this.makeRoom(part.length)
      part.copy(this.out, this.outBytes)
      this.outBytes += part.length
    }
    this.recordsKept += filtered.count
  }

  private isLastOfProducer(buffer: Buffer, at: number): boolean {
    const last = this.options.lastRecords.get(batch.producerId(buffer, at))
    if (last === undefined) return false
    if (last.lastDataOffset >= 0) return batch.lastOffset(buffer, at) === last.lastDataOffset
    return batch.isControl(buffer, at) && batch.producerEpoch(buffer, at) === last.producerEpoch
  }

  private makeRoom(bytes: number): void {
    const needed = this.outBytes + bytes
    if (needed <= this.out.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.out.length * 2))
    this.out.copy(grown, 0, 0, this.outBytes)
    this.out = grown
  }
}
