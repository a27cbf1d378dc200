import type { FileRange } from './file-system.ts'
import { isFileRange, type Part } from './network.ts'

/** How much of a file is read at a time: large enough for few calls, small enough to be fair to other connections. */
const PIECE_BYTES = 256 * 1024

/** Where the bytes go. `emit` takes them at once; `ready` resolves when more may be emitted. */
export interface PartSink {
  emit(chunks: readonly Uint8Array[]): void
  /** Sends a stretch of a file without reading it, as far as that can be done; gives how many bytes it sent. */
  sendFile?(range: FileRange): Promise<number>
  ready(): Promise<void> | undefined
  failed(error: Error): void
  /** Nothing is left in the queue. */
  empty(): void
}

/**
 * Turns parts into bytes, in order. Buffers pass at once as long as no file range stands before them; file ranges are
 * read piece by piece, never more than the sink has room for. Every range is released exactly once.
 */
export class PartQueue {
  private readonly sink: PartSink
  private queue: Part[] = []
  private pumping = false
  private destroyed = false
  private queuedBytes = 0

  constructor(sink: PartSink) {
    this.sink = sink
  }

  /** Bytes not yet emitted. */
  get bytes(): number {
    return this.queuedBytes
  }

  push(parts: readonly Part[]): void {
    if (this.destroyed) {
      releaseAll(parts)
      return
    }
    if (!this.pumping && parts.every((part) => part instanceof Uint8Array)) {
      this.sink.emit(parts as readonly Uint8Array[])
      return
    }
    for (const part of parts) {
      this.queue.push(part)
      this.queuedBytes += part.length
    }
    if (!this.pumping) this.pump().catch((error: Error) => this.sink.failed(error))
  }

  destroy(): void {
    this.destroyed = true
    const left = this.queue
    this.queue = []
    this.queuedBytes = 0
    releaseAll(left)
  }

  private async pump(): Promise<void> {
    this.pumping = true
    try {
      for (let part = this.queue.shift(); part !== undefined; part = this.queue.shift()) {
        if (isFileRange(part)) await this.emitFile(part)
        else {
          this.queuedBytes -= part.length
          this.sink.emit([part])
        }
      }
    } finally {
      this.pumping = false
    }
    if (!this.destroyed) this.sink.empty()
  }

  private async emitFile(range: FileRange): Promise<void> {
    try {
      const sent = (await this.sink.sendFile?.(range)) ?? 0
      if (this.destroyed) return
      this.queuedBytes -= sent
      for (let done = sent; done < range.length && !this.destroyed; ) {
        const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, range.length - done))
        await fill(range, piece, range.position + done)
        if (this.destroyed) return
        done += piece.length
        this.queuedBytes -= piece.length
        this.sink.emit([piece])
        await this.sink.ready()
      }
    } finally {
      range.release()
    }
  }
}

async function fill(range: FileRange, piece: Buffer, position: number): Promise<void> {
  for (let filled = 0; filled < piece.length; ) {
    const count = await range.file.read(piece, filled, piece.length - filled, position + filled)
    if (count === 0) throw new Error(`${range.file.path} ends before byte ${position + piece.length}`)
    filled += count
  }
}

function releaseAll(parts: readonly Part[]): void {
  for (const part of parts) if (isFileRange(part)) part.release()
}
