import type { Segment } from './segment.ts'

/** One append that has its offsets and its place, and waits for its bytes to be written. */
export interface PendingAppend {
  readonly segment: Segment
  readonly position: number
  readonly records: Buffer
  /** The bytes are in the file. */
  written(): void
  /** They are not, and neither are those of the appends behind it: takes back what the append changed. */
  undo(): void
  /** Called after everything is taken back. */
  failed(error: unknown): void
}

/** Bounds one write, so that those who wait get their turn. */
const MAX_PARTS = 512
const MAX_WRITE_BYTES = 4 * 1024 * 1024
/** What is cheaper to write at once than to share out over two writes. */
const WHOLE_WRITE_BYTES = 64 * 1024

/**
 * Group commit: one write per log is under way at a time, and what was appended meanwhile goes out with the next one.
 * When a write fails, all that wait behind it fail with it, newest first, so that the log is as it was.
 *
 * A write takes at most half of what is outstanding. Producers wait for answers: were all of it in one write, nobody
 * would have anything to send meanwhile, and checking the next batches and writing would go in turn instead of at once.
 */
export class AppendWriter {
  private pending: PendingAppend[] = []
  private pendingBytes = 0
  /** Half of what was outstanding when the last write ended. */
  private shareBytes = 0
  private running: Promise<void> | null = null
  /** Called before the appends hear of it: repairs the file. `undoError` is set when not all could be taken back. */
  private readonly onFailure: (error: unknown, undoError: unknown) => void

  constructor(onFailure: (error: unknown, undoError: unknown) => void) {
    this.onFailure = onFailure
  }

  get isIdle(): boolean {
    return this.running === null
  }

  submit(append: PendingAppend): void {
    this.pending.push(append)
    this.pendingBytes += append.records.length
    this.running ??= this.run().finally(() => {
      this.running = null
    })
  }

  /** Resolves when nothing waits or is being written. Under load, only use it with new appends held back. */
  async idle(): Promise<void> {
    while (this.running) await this.running
  }

  private async run(): Promise<void> {
    // What is appended in this turn of the loop goes out together.
    await Promise.resolve()
    while (this.pending.length > 0) {
      const group = this.nextGroup()
      const [first] = group
      if (first === undefined) return
      const parts = group.map((append) => append.records)
      try {
        await first.segment.file.using((file) => file.write(parts, first.position))
      } catch (error) {
        this.fail(error)
        continue
      }
      this.shareBytes = this.pendingBytes / 2
      this.pending = this.pending.slice(group.length)
      for (const append of group) {
        this.pendingBytes -= append.records.length
        append.written()
      }
    }
  }

  /** The oldest appends that go to the same segment. */
  private nextGroup(): PendingAppend[] {
    const [first] = this.pending
    const limitBytes = Math.min(MAX_WRITE_BYTES, Math.max(WHOLE_WRITE_BYTES, this.shareBytes))
    const group: PendingAppend[] = []
    let bytes = 0
    for (const append of this.pending) {
      if (append.segment !== first?.segment || group.length === MAX_PARTS) break
      bytes += append.records.length
      if (group.length > 0 && bytes > limitBytes) break
      group.push(append)
    }
    return group
  }

  private fail(error: unknown): void {
    const failed = this.pending
    this.pending = []
    this.pendingBytes = 0
    let undoError: unknown
    for (const append of failed.toReversed()) {
      try {
        append.undo()
      } catch (cause) {
        undoError ??= cause
      }
    }
    this.onFailure(error, undoError)
    for (const append of failed) append.failed(error)
  }
}
