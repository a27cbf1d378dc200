import { crc32c } from '../../base/crc32c.ts'
import { JavaException } from '../../base/java-exception.ts'
import type { DumpSession } from './dump-log.ts'
import { openForReading } from './file-records.ts'
import { absolutePath, decrementSequence, fileName, type Long, parseLong, readLong } from './java.ts'

const ENTRY_FIELDS = [
  ['producer_id', 8],
  ['epoch', 2],
  ['last_sequence', 4],
  ['last_offset', 8],
  ['offset_delta', 4],
  ['timestamp', 8],
  ['coordinator_epoch', 4],
  ['current_txn_first_offset', 8],
] as const
const ENTRY_BYTES = 46
const ENTRIES_AT = 10
const CRC_FROM = 6

/** A `.snapshot` of producer state (ProducerStateManager.readSnapshot). One that is damaged is told of on stderr. */
export function dumpProducerSnapshot(session: DumpSession, file: string): void {
  openForReading(session.fs, file).closeSync()
  const bytes = session.fs.readFileSync(file)
  const fault = snapshotFault(bytes)
  if (fault !== undefined) {
    session.error(`${fault}\n`)
    return
  }
  const count = bytes.readInt32BE(CRC_FROM)
  for (let i = 0; i < count; i++) session.print(entryLine(bytes, ENTRIES_AT + i * ENTRY_BYTES))
}

function entryLine(bytes: Buffer, at: number): string {
  const lastSequence = bytes.readInt32BE(at + 10)
  const lastOffset = readLong(bytes, at + 14)
  const offsetDelta = bytes.readInt32BE(at + 22)
  const timestamp = readLong(bytes, at + 26)
  const txnFirstOffset = readLong(bytes, at + 38)
  const head =
    `producerId: ${readLong(bytes, at)} producerEpoch: ${bytes.readInt16BE(at + 8)}` +
    ` coordinatorEpoch: ${bytes.readInt32BE(at + 34)} currentTxnFirstOffset: ${optionalLong(txnFirstOffset)}` +
    ` lastTimestamp: ${timestamp} `
  if (lastOffset < 0) return `${head}\n`
  return (
    `${head}firstSequence: ${decrementSequence(lastSequence, offsetDelta)} lastSequence: ${lastSequence}` +
    ` lastOffset: ${lastOffset} offsetDelta: ${offsetDelta} timestamp: ${timestamp}\n`
  )
}

function optionalLong(value: Long): string {
  return value >= 0 ? `OptionalLong[${value}]` : 'OptionalLong.empty'
}

/** What is wrong with the file, in the words of Kafka's Schema; undefined for nothing. */
function snapshotFault(bytes: Buffer): string | undefined {
  const invalid = (text: string) => `Snapshot failed schema validation: ${text}`
  const cutOff = (field: string) => `Error reading field '${field}': java.nio.BufferUnderflowException`
  if (bytes.length < 2) return invalid(cutOff('version'))
  if (bytes.length < CRC_FROM) return invalid(cutOff('crc'))
  if (bytes.length < ENTRIES_AT) return invalid(cutOff('producer_entries'))
  const count = bytes.readInt32BE(CRC_FROM)
  const left = bytes.length - ENTRIES_AT
  const inEntries = (text: string) => invalid(`Error reading field 'producer_entries': ${text}`)
  if (count < 0) return inEntries(`Array size ${count} cannot be negative`)
  if (count > left) return inEntries(`Error reading array of size ${count}, only ${left} bytes available`)
  if (count * ENTRY_BYTES > left) return inEntries(cutOff(fieldAt(left % ENTRY_BYTES)))
  const version = bytes.readInt16BE(0)
  if (version !== 1) return `Snapshot contained an unknown file version ${version}`
  const stored = bytes.readUInt32BE(2)
  const computed = crc32c(bytes.subarray(CRC_FROM))
  if (stored === computed) return undefined
  return `Snapshot is corrupt (CRC is no longer valid). Stored crc: ${stored}. Computed crc: ${computed}`
}

/** The field of an entry that does not fit when only `left` bytes of it are there. */
function fieldAt(left: number): string {
  let end = 0
  for (const [name, size] of ENTRY_FIELDS) {
    end += size
    if (end > left) return name
  }
  return ''
}

const ABORTED_BYTES = 34

/** A `.txnindex`: the aborted transactions of a segment (TransactionIndex). Bytes behind the last whole entry are passed over. */
export function dumpTxnIndex(session: DumpSession, file: string): void {
  const name = fileName(file)
  parseLong(name.slice(0, name.indexOf('.')))
  if (!session.fs.existsSync(file)) return
  const bytes = session.fs.readFileSync(file)
  const lines: string[] = []
  for (let at = 0; at + ABORTED_BYTES <= bytes.length; at += ABORTED_BYTES) {
    // Two bytes, of which Kafka looks at the first.
    const version = bytes.readInt8(at)
    if (version > 0) {
      const absolute = absolutePath(file, session.workingDir)
      throw new JavaException(
        'org.apache.kafka.common.KafkaException',
        `Unexpected aborted transaction version ${version} in transaction index ${absolute}, current version is 0`,
      )
    }
    const [producerId, first, last, stable] = [2, 10, 18, 26].map((field) => readLong(bytes, at + field))
    lines.push(
      `version: ${version} producerId: ${producerId} firstOffset: ${first} lastOffset: ${last} lastStableOffset: ${stable}\n`,
    )
  }
  session.print(lines.join(''))
}
