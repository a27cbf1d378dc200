import type { FileSystem } from '../base/file-system.ts'
import { readInt64, writeInt64 } from '../base/int64.ts'
import { KafkaStorageError } from './errors.ts'
import { LazyFile } from './lazy-file.ts'

/**
 * `.txnindex`: the aborted transactions whose marker lies in this segment (TransactionIndex, AbortedTxn).
 *
 *     at  bytes
 *      0      2  version, 0
 *      2      8  producer id
 *     10      8  first offset of the transaction
 *     18      8  offset of its abort marker
 *     26      8  last stable offset when the marker was written
 *
 * Made when the first abort marker comes, so most segments have none. Read by fetches of read_committed consumers.
 * Built again from the .log (and the producer state before it) when the segment is recovered.
 */
const ENTRY_SIZE = 34
const VERSION = 0

export interface AbortedTxn {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly lastStableOffset: number
}

export class TxnIndex {
  private readonly fs: FileSystem
  private readonly path: string
  private readonly baseOffset: number
  private readonly file: LazyFile
  private list: AbortedTxn[] | null = null
  private isRetired = false

  constructor(fs: FileSystem, path: string, baseOffset: number) {
    this.fs = fs
    this.path = path
    this.file = new LazyFile(fs, path, 'rw')
    this.baseOffset = baseOffset
  }

  /** All entries, oldest first. Few: they are read once. Throws a KafkaStorageError when the file is damaged. */
  get entries(): readonly AbortedTxn[] {
    this.list ??= this.load()
    return this.list
  }

  get isDamaged(): boolean {
    try {
      this.list ??= this.load()
      return false
    } catch (error) {
      if (error instanceof KafkaStorageError) return true
      throw error
    }
  }

  append(txn: AbortedTxn): void {
    const entries = this.entries as AbortedTxn[]
    const bytes = Buffer.alloc(ENTRY_SIZE)
    bytes.writeInt16BE(VERSION, 0)
    writeInt64(bytes, 2, txn.producerId)
    writeInt64(bytes, 10, txn.firstOffset)
    writeInt64(bytes, 18, txn.lastOffset)
    writeInt64(bytes, 26, txn.lastStableOffset)
    this.file.opened.writeSync(bytes, entries.length * ENTRY_SIZE)
    this.file.markUnsynced()
    entries.push(txn)
  }

  /**
   * The aborted transactions that touch [startOffset, upperBoundOffset). `isComplete` says that no later segment can
   * have another one.
   */
  collect(startOffset: number, upperBoundOffset: number, into: AbortedTxn[]): { isComplete: boolean } {
    for (const txn of this.entries) {
      if (txn.lastOffset >= startOffset && txn.firstOffset < upperBoundOffset) into.push(txn)
      if (txn.lastStableOffset >= upperBoundOffset) return { isComplete: true }
    }
    return { isComplete: false }
  }

  /** Keeps the transactions that ended before `offset`. */
  truncateTo(offset: number): void {
    const at = this.entries.findIndex((txn) => txn.lastOffset >= offset)
    if (at >= 0) this.cut(at)
  }

  /** Forgets everything, whatever the file holds. */
  reset(): void {
    if (this.list === null && !this.fs.existsSync(this.path)) this.list = []
    else this.cut(0)
  }

  sync(): Promise<void> {
    return this.file.sync()
  }

  idle(): void {
    this.file.idle()
    this.list = null
  }

  /** Like {@link idle}, for good: the name may soon be another file's. */
  retire(): void {
    this.isRetired = true
    this.file.retire()
    this.list = null
  }

  private cut(entries: number): void {
    if (this.fs.existsSync(this.path)) {
      this.file.opened.truncateSync(entries * ENTRY_SIZE)
      this.file.markUnsynced()
    }
    this.list = this.list?.slice(0, entries) ?? []
  }

  private load(): AbortedTxn[] {
    if (this.isRetired) throw new KafkaStorageError(`${this.path} is not in use any more`)
    if (!this.fs.existsSync(this.path)) return []
    const bytes = this.fs.readFileSync(this.path)
    if (bytes.length % ENTRY_SIZE !== 0)
      throw new KafkaStorageError(`the transaction index ${this.path} ends in the middle of an entry`)
    const entries: AbortedTxn[] = []
    for (let at = 0; at + ENTRY_SIZE <= bytes.length; at += ENTRY_SIZE) {
      const lastOffset = readInt64(bytes, at + 18)
      if (bytes.readInt16BE(at) > VERSION || lastOffset < this.baseOffset) {
        throw new KafkaStorageError(`the transaction index ${this.path} is damaged at byte ${at}`)
      }
      entries.push({
        producerId: readInt64(bytes, at + 2),
        firstOffset: readInt64(bytes, at + 10),
        lastOffset,
        lastStableOffset: readInt64(bytes, at + 26),
      })
    }
    return entries
  }
}
