/**
 * `version-2/log.<zxid of the first entry, in hex>` (org.apache.zookeeper.server.persistence.FileTxnLog):
 *
 *   int magic "ZKLG", int version 2, long dbid 0
 *   for each transaction:
 *     long   Adler-32 of the entry
 *     buffer the entry: header, body, digest (see records.ts), with an int length before it
 *     byte   'B', the last to be written
 *   zeros: the file is made longer ahead of time, so that a sync rarely has a new length to write
 *
 * An entry of length 0, one that the file ends in, or one without its 'B' is the end of the log: a write was cut short
 * there, and nobody was told that it was done. A whole entry with a wrong checksum is damage, and an error.
 */
import type { File, FileSystem } from '../base/file-system.ts'
import { adler32 } from './adler32.ts'
import { zxidFileName } from './file-names.ts'
import { JuteError, JuteReader, JuteWriter } from './jute.ts'
import { decodeLogEntry, type LogEntry } from './records.ts'

const MAGIC = 0x5a4b4c47
const VERSION = 2
const HEADER_BYTES = 16
/** long checksum, int length */
const ENTRY_PREFIX_BYTES = 12
const END_BYTE = 0x42
const READ_BYTES = 128 * 1024
/** ZooKeeper takes 64 MB at a time. */
const PREALLOCATE_BYTES = 256 * 1024
/** As ZooKeeper: more room is made when less than this is left. */
const PREALLOCATE_MARGIN_BYTES = 4096

/**
 * All whole entries, in order; in the end, whether the file ends behind the last one, as {@link TxnLog.roll} leaves it.
 * Throws {@link JuteError} for what is no log or damaged. A file that ends within its header has no entries: it had just
 * been made when the process or the machine stopped.
 */
export function* readLogFile(fs: FileSystem, path: string): Generator<LogEntry, boolean> {
  const file = fs.openSync(path, 'r')
  try {
    const window = new FileWindow(file)
    if (!window.load(0, HEADER_BYTES)) return false
    if (!isHeader(window.view(0, HEADER_BYTES))) return false
    let position = HEADER_BYTES
    while (window.load(position, ENTRY_PREFIX_BYTES)) {
      const prefix = new JuteReader(window.view(position, ENTRY_PREFIX_BYTES))
      const checksum = prefix.readBigLong()
      const length = prefix.readInt()
      if (length === 0) return false
      if (length < 0) throw new JuteError(`entry at ${position} has the length ${length}`)
      const start = position + ENTRY_PREFIX_BYTES
      if (!window.load(start, length + 1)) return false
      const bytes = window.view(start, length + 1)
      if (bytes[length] !== END_BYTE) return false
      const entry = bytes.subarray(0, length)
      if (BigInt(adler32(entry)) !== checksum)
        throw new JuteError(`entry at ${position} has a wrong checksum`)
      yield decodeLogEntry(entry)
      position = start + length + 1
    }
    return position === window.fileBytes
  } finally {
    file.closeSync()
  }
}

/** False for zeros: the machine stopped before the header was on the disk, and so was nothing else. */
function isHeader(bytes: Buffer): boolean {
  const reader = new JuteReader(bytes)
  const magic = reader.readInt()
  if (magic === 0) return false
  if (magic !== MAGIC) throw new JuteError('not a transaction log')
  const version = reader.readInt()
  if (version !== VERSION) throw new JuteError(`log version ${version} is not supported`)
  return true
}

/** Reads ahead in large steps; never holds more than one step or one entry, so that long tails of zeros cost nothing. */
class FileWindow {
  private readonly file: File
  readonly fileBytes: number
  private bytes: Buffer = Buffer.alloc(0)
  private start = 0

  constructor(file: File) {
    this.file = file
    this.fileBytes = file.sizeSync()
  }

  /** False when the file has fewer bytes there. */
  load(position: number, length: number): boolean {
    if (position + length > this.fileBytes) return false
    if (position >= this.start && position + length <= this.start + this.bytes.length) return true
    // A fresh buffer each time: entries that were handed out are views of the old one.
    const wanted = Math.min(Math.max(length, READ_BYTES), this.fileBytes - position)
    const bytes = Buffer.allocUnsafeSlow(wanted)
    let filled = 0
    while (filled < wanted) {
      const count = this.file.readSync(bytes, filled, wanted - filled, position + filled)
      if (count === 0) break
      filled += count
    }
    this.bytes = bytes.subarray(0, filled)
    this.start = position
    return filled >= length
  }

  view(position: number, length: number): Buffer {
    const at = position - this.start
    return this.bytes.subarray(at, at + length)
  }
}

/** The parts of one entry as they go to the file. */
export function frameEntry(entry: Buffer): Buffer[] {
  const prefix = new JuteWriter(ENTRY_PREFIX_BYTES)
  prefix.writeLong(adler32(entry))
  prefix.writeInt(entry.length)
  return [prefix.finish(), entry, Buffer.from([END_BYTE])]
}

/** Appends entries; after {@link roll}, the next one begins a new file. One append at a time. */
export class TxnLog {
  private readonly fs: FileSystem
  private readonly directory: string
  private readonly forceSync: boolean
  private file: File | undefined
  private position = 0
  private allocatedBytes = 0

  constructor(fs: FileSystem, directory: string, options: { forceSync: boolean }) {
    this.fs = fs
    this.directory = directory
    this.forceSync = options.forceSync
  }

  /** With forceSync, resolves when all is on the disk. After an error the log must not be written any more. */
  async append(firstZxid: number, entries: readonly Buffer[]): Promise<void> {
    const isNew = this.file === undefined
    const file = this.file ?? this.create(firstZxid)
    const parts = entries.flatMap(frameEntry)
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    this.allocate(file, this.position + length)
    await file.write(parts, this.position)
    this.position += length
    if (!this.forceSync) return
    await file.sync()
    if (isNew) await this.fs.syncDirectory(this.directory)
  }

  /** Gives back what was allocated and not used. */
  roll(): void {
    const file = this.file
    if (file === undefined) return
    this.file = undefined
    try {
      file.truncateSync(this.position)
    } finally {
      file.closeSync()
    }
  }

  /** Leaves the file as it is: after a failed write nothing more may be done to it. */
  abandon(): void {
    this.file?.closeSync()
    this.file = undefined
  }

  /** A file of that name that is there already has no whole entry, or the next zxid would be higher. */
  private create(firstZxid: number): File {
    const file = this.fs.openSync(`${this.directory}/${zxidFileName('log', firstZxid)}`, 'rw')
    this.file = file
    file.truncateSync(0)
    // A file of nothing but zeros is no log to ZooKeeper: the header goes before the room for entries. And entries before the
    // room behind them would look like a log that was closed.
    file.writeSync(fileHeader(), 0)
    this.position = HEADER_BYTES
    this.allocatedBytes = 0
    return file
  }

  private allocate(file: File, endPosition: number): void {
    if (endPosition + PREALLOCATE_MARGIN_BYTES < this.allocatedBytes) return
    const steps = Math.ceil((endPosition + PREALLOCATE_MARGIN_BYTES + 1) / PREALLOCATE_BYTES)
    file.truncateSync(steps * PREALLOCATE_BYTES)
    this.allocatedBytes = steps * PREALLOCATE_BYTES
  }
}

function fileHeader(): Buffer {
  const writer = new JuteWriter(HEADER_BYTES)
  writer.writeInt(MAGIC)
  writer.writeInt(VERSION)
  writer.writeLong(0)
  return writer.finish()
}
