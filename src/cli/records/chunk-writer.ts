import type { ByteSink } from '../../base/standard-streams.ts'

const CHUNK_BYTES = 128 * 1024

/**
 * Gathers small pieces into chunks for stdout: one write per 128 KB in place of one per record. Pieces are copied, so views
 * of a fetch response may be given.
 */
export class ChunkWriter {
  private readonly sink: ByteSink
  private chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  private used = 0
  private blocked: Promise<void> | undefined

  constructor(sink: ByteSink) {
    this.sink = sink
  }

  readonly add = (bytes: Uint8Array | string): void => {
    const length = typeof bytes === 'string' ? bytes.length * 3 : bytes.length
    if (length > CHUNK_BYTES - this.used) {
      this.send()
      if (length > CHUNK_BYTES) {
        this.pass(typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes))
        return
      }
    }
    if (typeof bytes === 'string') this.used += this.chunk.write(bytes, this.used)
    else {
      this.chunk.set(bytes, this.used)
      this.used += bytes.length
    }
  }

  /** A promise when the reader is behind: wait for it before adding more. */
  get waiting(): Promise<void> | undefined {
    return this.blocked
  }

  /** Hands everything to the sink and waits until it has room again. */
  async flush(): Promise<void> {
    this.send()
    await this.blocked
  }

  private send(): void {
    if (this.used === 0) return
    this.pass(this.chunk.subarray(0, this.used))
    this.chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    this.used = 0
  }

  private pass(bytes: Uint8Array): void {
    const room = this.sink.write(bytes)
    if (room === undefined) return
    const before = this.blocked
    const waiting = (before === undefined ? room : Promise.all([before, room]).then(() => undefined)).then(
      () => {
        if (this.blocked === waiting) this.blocked = undefined
      },
    )
    // A failure is met by whoever waits; it must not count as unhandled until then.
    waiting.catch(() => undefined)
    this.blocked = waiting
  }
}
