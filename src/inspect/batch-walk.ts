import { messageOf } from '../base/errors.ts'
import type { File } from '../base/file-system.ts'
import * as batch from '../records/index.ts'

const WHOLE_CHUNK_BYTES = 256 * 1024
const HEAD_CHUNK_BYTES = 4096

export interface WalkOptions {
  /** Where a batch begins; 0 when not given. */
  readonly from?: number
  /** Nothing behind it is looked at; the file's end when not given. */
  readonly to?: number
  /** `head`: only the 61 bytes (or less, of a small legacy message) that `records` accessors need; for seeking. */
  readonly read?: 'whole' | 'head'
  /**
   * Checks lengths only, as Kafka's FileLogInputStream: batches of an unknown magic are seen too, and those that are
   * shorter than their head come with bytes behind their end.
   */
  readonly anyMagic?: boolean
}

/** The batch where the walk stands. `buffer` is used again: it is good until the next step. */
export interface WalkedBatch {
  /** Of the file. */
  readonly position: number
  readonly sizeBytes: number
  /** The batch begins at `at`: `baseOffset(buffer, at)` and so on. */
  readonly buffer: Buffer
  readonly at: number
}

/**
 * `end`: the last batch ends where the bytes do. `torn`: the rest is shorter than the batch that begins there.
 * `corrupt`: no batch can begin there.
 */
export interface WalkEnd {
  readonly reason: 'end' | 'torn' | 'corrupt'
  /** Behind the last whole batch. */
  readonly position: number
  /** How far the walk was to go: `limit - position` bytes are left over. */
  readonly limit: number
  /** Why, unless `reason` is `end`. */
  readonly message: string | undefined
}

/**
 * A walk over the batches of a `.log` file that only reads. The file may be of any size and may grow meanwhile: the walk
 * goes to where the file ended when it began, and further only when that is inside a batch that is whole by now.
 *
 *     const walk = new BatchWalk(file)
 *     for await (const { buffer, at, position, sizeBytes } of walk) if (!isCrcValid(buffer, at)) …
 *     walk.end // undefined when the loop was left early
 *
 * Checksums are not looked at: `isCrcValid` of records tells. Memory: 256 KB, or the largest batch. The file stays the
 * caller's to close. Errors of the system reject.
 */
export class BatchWalk implements AsyncIterable<WalkedBatch> {
  end: WalkEnd | undefined
  private readonly file: File
  private readonly options: WalkOptions
  private limit: number
  private buffer: Buffer
  /** `buffer` holds `filled` bytes of the file from `start` on. */
  private start = 0
  private filled = 0

  constructor(file: File, options: WalkOptions = {}) {
    this.file = file
    this.options = options
    this.limit = Math.min(options.to ?? Infinity, file.sizeSync())
    const left = Math.max(0, this.limit - (options.from ?? 0))
    const chunk = options.read === 'head' ? HEAD_CHUNK_BYTES : WHOLE_CHUNK_BYTES
    this.buffer = Buffer.allocUnsafe(Math.max(batch.RECORD_BATCH_OVERHEAD, Math.min(chunk, left)))
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WalkedBatch, void> {
    let position = this.options.from ?? 0
    this.end = undefined
    while (position < this.limit) {
      const sizeBytes = await this.sizeAt(position)
      if (typeof sizeBytes === 'string') {
        if (sizeBytes !== TORN || !this.hasGrown()) return this.finish(position, sizeBytes)
        continue
      }
      const needed = this.neededBytes(position, sizeBytes)
      // The file was cut meanwhile.
      if (!this.has(position, needed) && !(await this.fill(position, needed)))
        return this.finish(position, TORN)
      yield { position, sizeBytes, buffer: this.buffer, at: position - this.start }
      position += sizeBytes
    }
    this.end = { reason: 'end', position, limit: position, message: undefined }
  }

  private finish(position: number, message: string): void {
    this.end = { reason: message === TORN ? 'torn' : 'corrupt', position, limit: this.limit, message }
  }

  /** Of the batch that begins there; {@link TORN}, or why no batch does. */
  private async sizeAt(position: number): Promise<number | string> {
    const left = this.limit - position
    if (left <= batch.HEADER_SIZE_UP_TO_MAGIC) return TORN
    const head = Math.min(left, batch.RECORD_BATCH_OVERHEAD)
    if (!this.has(position, head) && !(await this.fill(position, head))) return TORN
    try {
      const known = this.options.anyMagic ? batch.LOG_OVERHEAD : head
      const size = batch.checkedBatchSize(this.buffer, position - this.start, known)
      return size > left ? TORN : size
    } catch (error) {
      if (error instanceof batch.InvalidBatchError) return messageOf(error)
      throw error
    }
  }

  private neededBytes(position: number, sizeBytes: number): number {
    const head = Math.min(batch.RECORD_BATCH_OVERHEAD, this.limit - position)
    if (this.options.read === 'head') return this.options.anyMagic ? head : Math.min(head, sizeBytes)
    return this.options.anyMagic ? Math.max(head, sizeBytes) : sizeBytes
  }

  private has(position: number, length: number): boolean {
    return position >= this.start && position + length <= this.start + this.filled
  }

  /** Reads on from `position`, at least `length` bytes; false when they are not there. */
  private async fill(position: number, length: number): Promise<boolean> {
    if (length > this.buffer.length) this.buffer = Buffer.allocUnsafe(length)
    const wanted = Math.min(this.buffer.length, this.limit - position)
    this.start = position
    this.filled = 0
    while (this.filled < length) {
      const read = await this.file.read(
        this.buffer,
        this.filled,
        wanted - this.filled,
        position + this.filled,
      )
      if (read === 0) return false
      this.filled += read
    }
    return true
  }

  /** A broker may have been in the middle of a write when the walk began. */
  private hasGrown(): boolean {
    const size = Math.min(this.options.to ?? Infinity, this.file.sizeSync())
    if (size <= this.limit) return false
    this.limit = size
    return true
  }
}

const TORN = 'the bytes end inside a batch'
