import { JuteError } from '../jute.ts'

const SIZE_BYTES = 4

/** Cuts what comes in into frames: an int with the size, then so many bytes. */
export class FrameSplitter {
  private readonly maxFrameBytes: number
  private readonly chunks: Buffer[] = []
  private available = 0

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes
  }

  push(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.available += chunk.length
  }

  /** The first bytes as text, without taking them; undefined as long as there are fewer. */
  peekAscii(length: number): string | undefined {
    return this.available < length ? undefined : this.whole(length).toString('latin1', 0, length)
  }

  /** The next frame without its size; undefined when it is not all there. Throws {@link JuteError} for a size that cannot be. */
  next(): Buffer | undefined {
    if (this.available < SIZE_BYTES) return undefined
    const sizeBytes = this.whole(SIZE_BYTES).readInt32BE(0)
    if (sizeBytes < 0 || sizeBytes > this.maxFrameBytes)
      throw new JuteError(`a frame of ${sizeBytes} bytes, ${this.maxFrameBytes} are allowed`)
    const total = SIZE_BYTES + sizeBytes
    if (this.available < total) return undefined
    const first = this.whole(total)
    this.available -= total
    if (first.length === total) this.chunks.shift()
    else this.chunks[0] = first.subarray(total)
    return first.subarray(SIZE_BYTES, total)
  }

  /** The first chunk, made to hold so many bytes. */
  private whole(length: number): Buffer {
    const first = this.chunks[0] ?? Buffer.alloc(0)
    if (first.length >= length) return first
    const joined = Buffer.concat(this.chunks)
    this.chunks.splice(0, this.chunks.length, joined)
    return joined
  }
}
