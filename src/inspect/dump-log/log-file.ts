import { JavaException } from '../../base/java-exception.ts'
import * as batch from '../../records/index.ts'
import { batchLine, isControl, timestampTypeName } from './batch-line.ts'
import type { DumpSession } from './dump-log.ts'
import { FileRecords } from './file-records.ts'
import { addLong, fileName, type Long, offsetInName, parseLong } from './java.ts'
import { controlText, type MessageParser } from './message-parser.ts'
import { type DumpedRecord, invalid, readDumpedRecords } from './record-reader.ts'

const NO_LIMIT = 0x7fffffff

/** A `.log` file, batch by batch, and record by record when that is asked for (DumpLogSegments.dumpLog). */
export async function dumpLog(session: DumpSession, file: string, maxBytesOf: () => number): Promise<void> {
  const { options } = session
  const parser = session.messageParser()
  const maxBytes = maxBytesOf()
  session.print(headLine(file))
  const records = new FileRecords(session.fs, file)
  try {
    const end = records.sliceEnd(0, maxBytes)
    let validBytes = 0
    const offsets = new OffsetOrder(session, file)
    for await (const walked of records.batches(0, end, 'whole')) {
      const { buffer, at, position, sizeBytes } = walked
      if (batch.magic(buffer, at) >= batch.MAGIC_V2 && end - position < batch.RECORD_BATCH_OVERHEAD) {
        throw new JavaException(
          'org.apache.kafka.common.KafkaException',
          `Failed to load record batch at position ${position} from ${records}`,
        )
      }
      for (const part of batchLine(walked)) session.print(part)
      if (options.deepIteration) {
        for (const record of readDumpedRecords(buffer, at)) {
          offsets.see(record.offset)
          printRecord(session, buffer, at, record, parser)
        }
      }
      validBytes += sizeBytes
      if (session.isBehind) await session.room()
    }
    if (end > validBytes && maxBytes === NO_LIMIT)
      session.print(`Found ${end - validBytes} invalid bytes at the end of ${fileName(file)}\n`)
  } finally {
    records.close()
  }
}

function headLine(file: string): string {
  const name = fileName(file)
  if (name.endsWith('.log')) return `Log starting offset: ${offsetInName(file)}\n`
  if (name === 'bootstrap.checkpoint') return 'KRaft bootstrap snapshot\n'
  const part = (from: number, to: number) => {
    if (to <= name.length) return parseLong(name.slice(from, to))
    throw new JavaException(
      'java.lang.StringIndexOutOfBoundsException',
      `begin ${from}, end ${to}, length ${name.length}`,
    )
  }
  return `Snapshot end offset: ${part(0, 20)}, epoch: ${part(21, 31)}\n`
}

function printRecord(
  session: DumpSession,
  buffer: Buffer,
  at: number,
  record: DumpedRecord,
  parser: MessageParser,
): void {
  const { options } = session
  const isControlBatch = isControl(buffer, at)
  let prefix = '| '
  if (!options.skipRecordMetadata) {
    session.print(`${prefix}${metadataText(buffer, at, record)}`)
    prefix = ' '
    if (isControlBatch) session.print(controlText(record.key, record.value, invalid))
  }
  if (options.printDataLog && !isControlBatch) {
    const { key, payload } = parser(record)
    if (key !== undefined) session.print(`${prefix}key: ${key}`)
    if (payload !== undefined) session.print(` payload: ${payload}`)
  }
  session.print('\n')
}

function metadataText(buffer: Buffer, at: number, record: DumpedRecord): string {
  const { offset, timestamp, keySize, valueSize } = record
  const text =
    `offset: ${offset} ${timestampTypeName(buffer, at)}: ${timestamp}` +
    ` keySize: ${keySize} valueSize: ${valueSize}`
  const { legacy } = record
  // The brace is Kafka's.
  if (legacy !== undefined) return `${text} isValid: ${legacy.isValid} crc: ${legacy.crc}}`
  return `${text} sequence: ${record.sequence} headerKeys: [${record.headerKeys.join(',')}]`
}

/** Notes where one offset is not followed by the next. */
class OffsetOrder {
  private readonly session: DumpSession
  private readonly file: string
  private last: Long = -1

  constructor(session: DumpSession, file: string) {
    this.session = session
    this.file = file
  }

  see(offset: Long): void {
    if (this.last !== -1 && offset !== addLong(this.last, 1))
      this.session.report('nonConsecutive', this.file, this.last, offset)
    this.last = offset
  }
}
