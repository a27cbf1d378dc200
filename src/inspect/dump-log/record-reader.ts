/**
 * The records of a batch with the exceptions that Kafka's readers throw at damaged ones (DefaultRecordBatch, DefaultRecord,
 * AbstractLegacyRecordBatch). Nothing is checked that Kafka does not check: a dump shows what lies there.
 */
import { KcliError } from '../../base/errors.ts'
import { JavaException } from '../../base/java-exception.ts'
import { VarintError, VarintReader } from '../../base/varint.ts'
import * as batch from '../../records/index.ts'
import { addLong, incrementSequence, javaUtf8, type Long, readLong, toLong } from './java.ts'

export interface DumpedRecord {
  readonly offset: Long
  readonly timestamp: Long
  /** -1 for null. Of a damaged message the sizes may be good where the bytes are not. */
  readonly keySize: number
  readonly valueSize: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** v2 only. */
  readonly sequence: number
  readonly headerKeys: readonly string[]
  /** v0 and v1 only: of the message itself, also inside a compressed one. */
  readonly legacy?: { readonly isValid: boolean; readonly crc: number }
}

const INVALID = 'org.apache.kafka.common.InvalidRecordException'
const MAX_SECTION_BYTES = 0x7fffffff

export function invalid(text: string): JavaException {
  return new JavaException(INVALID, text)
}

export function readDumpedRecords(buffer: Buffer, at: number): Iterable<DumpedRecord> {
  return batch.magic(buffer, at) >= batch.MAGIC_V2 ? v2Records(buffer, at) : legacyRecords(buffer, at)
}

/** Records that are not compressed come one by one, so that the good ones before a bad one are seen; others all or none. */
function v2Records(buffer: Buffer, at: number): Iterable<DumpedRecord> {
  const count = buffer.readInt32BE(at + batch.RECORD_COUNT_OFFSET)
  if (count === 0) return []
  if (count < 0)
    throw invalid(`Found invalid record count ${count} in magic v${batch.magic(buffer, at)} batch`)
  const codec = buffer.readInt16BE(at + batch.ATTRIBUTES_OFFSET) & batch.CODEC_MASK
  const stored = buffer.subarray(at + batch.RECORD_BATCH_OVERHEAD, at + batch.batchSizeBytes(buffer, at))
  if (codec === 0) return sectionRecords(buffer, at, stored, count, false)
  return [...sectionRecords(buffer, at, decompress(codec, stored), count, true)]
}

function decompress(codec: number, stored: Buffer, ignoreLz4HeaderChecksum = false): Buffer {
  try {
    return batch.decompress(codec, stored, MAX_SECTION_BYTES, { ignoreLz4HeaderChecksum })
  } catch (error) {
    // A codec whose package is not installed says so itself.
    if (error instanceof KcliError && !(error instanceof batch.InvalidBatchError)) throw error
    throw new JavaException(
      'org.apache.kafka.common.KafkaException',
      'Failed to decompress record stream',
      error,
    )
  }
}

function* sectionRecords(
  buffer: Buffer,
  at: number,
  section: Buffer,
  count: number,
  isCompressed: boolean,
): Generator<DumpedRecord> {
  const attributes = buffer.readInt16BE(at + batch.ATTRIBUTES_OFFSET)
  const reading: SectionReading = {
    section,
    reader: new VarintReader(section),
    isCompressed,
    baseOffset: readLong(buffer, at),
    baseTimestamp: readLong(buffer, at + batch.BASE_TIMESTAMP_OFFSET),
    baseSequence: buffer.readInt32BE(at + batch.BASE_SEQUENCE_OFFSET),
    appendTime:
      attributes & batch.TIMESTAMP_TYPE_MASK ? readLong(buffer, at + batch.MAX_TIMESTAMP_OFFSET) : undefined,
  }
  for (let i = 1; i <= count; i++) {
    const record = readRecord(reading)
    if (i === count && reading.reader.remaining > 0)
      throw invalid('Incorrect declared batch size, records still remaining in file')
    yield record
  }
}

interface SectionReading {
  readonly section: Buffer
  readonly reader: VarintReader
  readonly isCompressed: boolean
  readonly baseOffset: Long
  readonly baseTimestamp: Long
  readonly baseSequence: number
  readonly appendTime: Long | undefined
}

function readRecord(reading: SectionReading): DumpedRecord {
  const { reader, section, isCompressed } = reading
  let size: number
  try {
    size = reader.readVarint()
  } catch (error) {
    if (!(error instanceof VarintError)) throw error
    throw invalid('Incorrect declared batch size, premature EOF reached')
  }
  const left = section.length - reader.position
  if (left < size) {
    throw invalid(
      isCompressed
        ? `Invalid record size: expected ${size} bytes in record payload, but the record payload reached EOF.`
        : `Invalid record size: expected ${size} bytes in record payload, but instead the buffer has only ${left} remaining bytes.`,
    )
  }
  // A decompressed record is a buffer of its own; of others a field may reach over into the next.
  reader.end = isCompressed ? reader.position + size : section.length
  const start = reader.position
  let record: DumpedRecord
  try {
    record = readBody(reading)
  } catch (error) {
    if (!(error instanceof VarintError)) throw error
    throw invalid('Found invalid record structure')
  }
  const read = reader.position - start
  if (read !== size)
    throw invalid(
      `Invalid record size: expected to read ${size} bytes in record payload, but instead read ${read}`,
    )
  reader.end = section.length
  return record
}

function readBody(reading: SectionReading): DumpedRecord {
  const { reader, baseSequence } = reading
  take(reader, 1)
  const timestampDelta = readExactVarlong(reader)
  const offsetDelta = reader.readVarint()
  const key = readField(reading)
  const value = readField(reading)
  return {
    offset: addLong(reading.baseOffset, offsetDelta),
    timestamp: reading.appendTime ?? addLong(reading.baseTimestamp, timestampDelta),
    keySize: key?.length ?? -1,
    valueSize: value?.length ?? -1,
    key,
    value,
    sequence: baseSequence >= 0 ? incrementSequence(baseSequence, offsetDelta) : batch.NO_SEQUENCE,
    headerKeys: readHeaderKeys(reading),
  }
}

function readHeaderKeys(reading: SectionReading): string[] {
  const { reader } = reading
  const count = reader.readVarint()
  if (count < 0) throw invalid(`Found invalid number of record headers ${count}`)
  if (count > reader.remaining) {
    throw invalid(
      `Found invalid number of record headers. ${count} is larger than the remaining size of the buffer`,
    )
  }
  const keys: string[] = []
  for (let i = 0; i < count; i++) {
    const size = reader.readVarint()
    if (size < 0) throw invalid(`Invalid negative header key size ${size}`)
    keys.push(javaUtf8(take(reader, size)))
    readField(reading)
  }
  return keys
}

function readField({ reader }: SectionReading): Buffer | null {
  const size = reader.readVarint()
  return size < 0 ? null : take(reader, size)
}

function take(reader: VarintReader, size: number): Buffer {
  if (size > reader.remaining) throw new VarintError(`${size} bytes wanted, ${reader.remaining} left`)
  const at = reader.position
  reader.position += size
  return (reader.bytes as Buffer).subarray(at, at + size)
}

function readExactVarlong(reader: VarintReader): Long {
  const start = reader.position
  const nearest = reader.readVarlong()
  if (Number.isSafeInteger(nearest)) return nearest
  let raw = 0n
  for (let at = start; at < reader.position; at++)
    raw |= BigInt((reader.bytes[at] as number) & 0x7f) << BigInt(7 * (at - start))
  raw = BigInt.asUintN(64, raw)
  return toLong((raw >> 1n) ^ -(raw & 1n))
}

/** A message of its own, or what a compressed one holds. */
function legacyRecords(buffer: Buffer, at: number): DumpedRecord[] {
  const magic = batch.magic(buffer, at)
  const end = at + batch.batchSizeBytes(buffer, at)
  const codec = buffer.readInt8(at + batch.MAGIC_OFFSET + 1) & batch.CODEC_MASK
  const offset = readLong(buffer, at)
  if (codec === 0) return [readMessage(buffer, at, end, offset, undefined)]
  if (magic < 0) throw invalid(`Invalid wrapper magic found in legacy deep record iterator ${magic}`)
  if (codec === 4)
    throw invalid(`Invalid wrapper compressionType found in legacy deep record iterator ${magic}`)
  const { value } = readMessage(buffer, at, end, offset, undefined)
  if (value === null) throw invalid(`Found invalid compressed record set with null value (magic = ${magic})`)
  const inner = decompress(codec, value, magic === batch.MAGIC_V0)
  const starts = innerStarts(inner)
  const base = magic === batch.MAGIC_V1 ? innerBaseOffset(inner, starts, offset) : 0
  const isAppendTime = magic === batch.MAGIC_V1 && batch.timestampType(buffer, at) === batch.LOG_APPEND_TIME
  const appendTime = isAppendTime ? readLong(buffer, at + 18) : undefined
  return starts.map((start) => {
    const innerEnd = start + batch.batchSizeBytes(inner, start)
    if (batch.codecId(inner, start) !== 0) throw invalid('Inner messages must not be compressed')
    return readMessage(inner, start, innerEnd, addLong(base, readLong(inner, start)), appendTime)
  })
}

function innerStarts(inner: Buffer): number[] {
  const starts: number[] = []
  try {
    for (const start of batch.batchStarts(inner)) starts.push(start)
  } catch (error) {
    const text = error instanceof Error ? error.message : null
    throw new JavaException('org.apache.kafka.common.errors.CorruptRecordException', text, error)
  }
  if (starts.length === 0) throw invalid('Found invalid compressed record set with no inner records')
  return starts
}

function innerBaseOffset(inner: Buffer, starts: readonly number[], wrapper: Long): Long {
  if (wrapper === 0) return 0
  const last = readLong(inner, starts.at(-1) ?? 0)
  if (wrapper < last) {
    throw invalid(
      `Found invalid wrapper offset in compressed v1 message set, wrapper offset '${wrapper}' is less than the last inner message offset '${last}' and it is not zero.`,
    )
  }
  return toLong(BigInt(wrapper) - BigInt(last))
}

function readMessage(
  buffer: Buffer,
  at: number,
  end: number,
  offset: Long,
  appendTime: Long | undefined,
): DumpedRecord {
  return new Message(buffer.subarray(at, end), offset, appendTime)
}

/** A v0 or v1 message. What is not printed is not read, so that only what is asked for can fail. */
class Message implements DumpedRecord {
  readonly offset: Long
  readonly timestamp: Long
  readonly sequence = batch.NO_SEQUENCE
  readonly headerKeys = []
  private readonly bytes: Buffer
  private readonly keyAt: number

  constructor(bytes: Buffer, offset: Long, appendTime: Long | undefined) {
    const isV0 = batch.magic(bytes, 0) === batch.MAGIC_V0
    this.bytes = bytes
    this.offset = offset
    this.timestamp = isV0 ? batch.NO_TIMESTAMP : (appendTime ?? readLong(bytes, 18))
    this.keyAt = isV0 ? 18 : 26
  }

  get legacy() {
    return { isValid: batch.isCrcValid(this.bytes, 0), crc: batch.crc(this.bytes, 0) }
  }

  get keySize(): number {
    return this.sizeAt(this.keyAt)
  }

  get valueSize(): number {
    return this.sizeAt(this.valueAt)
  }

  get key(): Buffer | null {
    return this.fieldAt(this.keyAt)
  }

  get value(): Buffer | null {
    return this.fieldAt(this.valueAt)
  }

  private get valueAt(): number {
    return this.keyAt + 4 + Math.max(0, this.keySize)
  }

  private sizeAt(at: number): number {
    if (at + 4 > this.bytes.length) throw new JavaException('java.lang.IndexOutOfBoundsException')
    return this.bytes.readInt32BE(at)
  }

  private fieldAt(at: number): Buffer | null {
    const size = this.sizeAt(at)
    const left = this.bytes.length - at - 4
    if (size < 0) return null
    if (size <= left) return this.bytes.subarray(at + 4, at + 4 + size)
    throw new JavaException('java.lang.IllegalArgumentException', `newLimit > capacity: (${size} > ${left})`)
  }
}
