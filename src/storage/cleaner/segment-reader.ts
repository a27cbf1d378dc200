import type { File } from '../../base/file-system.ts'
import * as batch from '../../records/index.ts'
import { CorruptRecordError } from '../errors.ts'

export function corruptSegment(path: string, position: number, reason: string): CorruptRecordError {
  return new CorruptRecordError(`${path} is damaged at byte ${position}: ${reason}`)
}

/** The read buffer of a pass: of one size, but a batch that is larger makes it grow for the rest of its segment. */
export class SegmentReader {
  buffer: Buffer
  filled = 0
  private readonly usualBytes: number
  private readonly maxMessageBytes: number

  constructor(bufferBytes: number, maxMessageBytes: number) {
    this.usualBytes = bufferBytes
    this.maxMessageBytes = maxMessageBytes
    this.buffer = Buffer.allocUnsafe(bufferBytes)
  }

  /** Reads synchronously: in a worker that is the quicker way, and a piece is small. */
  read(file: File, position: number, end: number): void {
    const length = Math.min(this.buffer.length, end - position)
    this.filled = 0
    while (this.filled < length) {
      const got = file.readSync(this.buffer, this.filled, length - this.filled, position + this.filled)
      if (got === 0) break
      this.filled += got
    }
  }

  /**
   * There is no whole batch in the buffer: doubles it up to max.message.bytes, and beyond only for the batch that lies
   * there (the topic may have allowed more once). Throws when a larger buffer would not help (Cleaner.growBuffersOrFail).
   */
  grow(path: string, position: number, end: number): void {
    if (this.filled < batch.HEADER_SIZE_UP_TO_MAGIC)
      throw corruptSegment(path, position, 'the file ends inside a batch')
    const needed = batch.batchSizeBytes(this.buffer, 0)
    const isAtEnd = this.filled < this.buffer.length
    if (isAtEnd || needed > end - position) {
      throw corruptSegment(path, position, `a batch of ${needed} bytes where ${end - position} are left`)
    }
    const most = this.buffer.length < this.maxMessageBytes ? this.maxMessageBytes : needed
    this.buffer = Buffer.allocUnsafe(Math.min(this.buffer.length * 2, most))
  }

  restore(): void {
    if (this.buffer.length !== this.usualBytes) this.buffer = Buffer.allocUnsafe(this.usualBytes)
  }
}
