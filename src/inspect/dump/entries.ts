import path from 'node:path'
import { KcliError } from '../../base/errors.ts'
import type { FileSystem } from '../../base/file-system.ts'
import { readInt64 } from '../../base/int64.ts'
import {
  decodeProducerSnapshot,
  NO_OFFSET,
  readCheckpointLines,
  readMetaEntries,
} from '../../storage/index.ts'
import { EntryCursor } from '../entry-cursor.ts'
import type { FileKind, LocatedFile } from '../locate.ts'

/** One line of a file that is not a log: its fields in order, the same for every entry of a kind. */
export type Entry = Readonly<Record<string, string | number | null>>

type EntryReader = (fs: FileSystem, file: LocatedFile) => AsyncIterable<Entry> | Iterable<Entry>

interface EntryKind {
  readonly fields: readonly string[]
  readonly read: EntryReader
}

const OFFSET_CHECKPOINT: EntryKind = { fields: ['topic', 'partition', 'offset'], read: offsetCheckpoint }

const KINDS: Partial<Record<FileKind, EntryKind>> = {
  index: { fields: ['offset', 'position'], read: offsetIndex },
  timeindex: { fields: ['timestamp', 'offset'], read: timeIndex },
  txnindex: {
    fields: ['producerId', 'firstOffset', 'lastOffset', 'lastStableOffset'],
    read: txnIndex,
  },
  snapshot: {
    fields: [
      ...['producerId', 'producerEpoch', 'coordinatorEpoch', 'firstSequence', 'lastSequence'],
      ...['firstOffset', 'lastOffset', 'currentTxnFirstOffset', 'lastTimestamp'],
    ],
    read: producerSnapshot,
  },
  'leader-epoch-checkpoint': { fields: ['epoch', 'startOffset'], read: leaderEpochs },
  'recovery-point-offset-checkpoint': OFFSET_CHECKPOINT,
  'replication-offset-checkpoint': OFFSET_CHECKPOINT,
  'log-start-offset-checkpoint': OFFSET_CHECKPOINT,
  'cleaner-offset-checkpoint': OFFSET_CHECKPOINT,
  'meta.properties': { fields: ['name', 'value'], read: metaProperties },
  'partition.metadata': { fields: ['name', 'value'], read: partitionMetadata },
  '.kafka_cleanshutdown': { fields: ['name', 'value'], read: cleanShutdown },
}

/** The fields of a kind's entries; undefined for logs and for files that are none of Kafka's. */
export function entryFields(kind: FileKind): readonly string[] | undefined {
  return KINDS[kind]?.fields
}

/** The entries of a file as they lie there. Throws a KcliError for a file that is damaged. */
export async function* readEntries(fs: FileSystem, file: LocatedFile): AsyncGenerator<Entry> {
  const kind = KINDS[file.kind]
  if (kind !== undefined) yield* kind.read(fs, file)
}

function damaged(file: LocatedFile, what: string): KcliError {
  return new KcliError('KCLI_DAMAGED_FILE', `${file.path} ${what}`)
}

/** Zeros behind the first entry were allocated in advance. */
async function* fixedEntries(
  fs: FileSystem,
  file: LocatedFile,
  entryBytes: number,
  read: (bytes: Buffer, at: number) => Entry,
): AsyncGenerator<Entry> {
  const cursor = EntryCursor.open(fs, file.path, entryBytes)
  try {
    while (cursor.isBuffered || (await cursor.fill())) {
      if (cursor.slot > 0 && cursor.isZero) return
      yield read(cursor.bytes, cursor.at)
      cursor.advance()
    }
    if (cursor.hasPartialEntry)
      throw damaged(file, `has ${cursor.sizeBytes % entryBytes} bytes behind its last entry`)
  } finally {
    cursor.close()
  }
}

function offsetIndex(fs: FileSystem, file: LocatedFile): AsyncIterable<Entry> {
  const base = file.baseOffset ?? 0
  return fixedEntries(fs, file, 8, (bytes, at) => ({
    offset: base + bytes.readInt32BE(at),
    position: bytes.readInt32BE(at + 4),
  }))
}

function timeIndex(fs: FileSystem, file: LocatedFile): AsyncIterable<Entry> {
  const base = file.baseOffset ?? 0
  return fixedEntries(fs, file, 12, (bytes, at) => ({
    timestamp: readInt64(bytes, at),
    offset: base + bytes.readInt32BE(at + 8),
  }))
}

function txnIndex(fs: FileSystem, file: LocatedFile): AsyncIterable<Entry> {
  return fixedEntries(fs, file, 34, (bytes, at) => ({
    producerId: readInt64(bytes, at + 2),
    firstOffset: readInt64(bytes, at + 10),
    lastOffset: readInt64(bytes, at + 18),
    lastStableOffset: readInt64(bytes, at + 26),
  }))
}

function producerSnapshot(fs: FileSystem, file: LocatedFile): Entry[] {
  const producers = decodeProducerSnapshot(fs.readFileSync(file.path))
  if (producers === undefined || producers === null) throw damaged(file, 'is no whole producer snapshot')
  return [...producers].map((producer) => {
    const last = producer.batches.at(-1)
    return {
      producerId: producer.producerId,
      producerEpoch: producer.producerEpoch,
      coordinatorEpoch: producer.coordinatorEpoch,
      firstSequence: last?.firstSequence ?? null,
      lastSequence: last?.lastSequence ?? null,
      firstOffset: last?.firstOffset ?? null,
      lastOffset: last?.lastOffset ?? null,
      currentTxnFirstOffset:
        producer.currentTxnFirstOffset === NO_OFFSET ? null : producer.currentTxnFirstOffset,
      lastTimestamp: producer.lastTimestamp,
    }
  })
}

function leaderEpochs(fs: FileSystem, file: LocatedFile): Entry[] {
  return readCheckpointLines(fs, file.path).map((line) => {
    const match = /^(\d+)\s+(\d+)$/.exec(line)
    if (match === null) throw damaged(file, `has the line '${line.slice(0, 80)}'`)
    return { epoch: Number(match[1]), startOffset: Number(match[2]) }
  })
}

function offsetCheckpoint(fs: FileSystem, file: LocatedFile): Entry[] {
  return readCheckpointLines(fs, file.path).map((line) => {
    const match = /^(\S+)\s+(\d+)\s+(-?\d+)$/.exec(line)
    if (match === null) throw damaged(file, `has the line '${line.slice(0, 80)}'`)
    return { topic: match[1] ?? '', partition: Number(match[2]), offset: Number(match[3]) }
  })
}

function metaProperties(fs: FileSystem, file: LocatedFile): Entry[] {
  const entries = readMetaEntries(fs, path.dirname(file.path))
  return [...(entries ?? [])].map(([name, value]) => ({ name, value }))
}

function partitionMetadata(fs: FileSystem, file: LocatedFile): Entry[] {
  const lines = fs.readFileSync(file.path).toString('utf8').trim().split(/\r?\n/)
  return lines.map((line) => {
    const match = /^(\w+):\s*(.*)$/.exec(line)
    if (match === null) throw damaged(file, `has the line '${line.slice(0, 80)}'`)
    return { name: match[1] ?? '', value: match[2] ?? '' }
  })
}

/** JSON since Kafka 3.8, empty before. */
function cleanShutdown(fs: FileSystem, file: LocatedFile): Entry[] {
  const text = fs.readFileSync(file.path).toString('utf8').trim()
  if (text === '') return []
  try {
    const data: unknown = JSON.parse(text)
    return Object.entries(data as object).map(([name, value]) => ({ name, value: String(value) }))
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged(file, 'is not JSON')
    throw error
  }
}
