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
const MAX_WRITE_BYTES = 8 * 1024 * 1024

/**
 * Group commit: one write per log is under way at a time, and everything that was appended meanwhile goes out with the
 * next one. When a write fails, all that wait behind it fail with it, newest first, so that the log is as it was.
 */
export class AppendWriter {
  private pending: PendingAppend[] = []
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
      this.pending = this.pending.slice(group.length)
      for (const append of group) append.written()
    }
  }

  /** The oldest appends that go to the same segment. */
  private nextGroup(): PendingAppend[] {
    const [first] = this.pending
    const group: PendingAppend[] = []
    let bytes = 0
    for (const append of this.pending) {
      if (append.segment !== first?.segment || group.length === MAX_PARTS) break
      bytes += append.records.length
      if (group.length > 0 && bytes > MAX_WRITE_BYTES) break
      group.push(append)
    }
    return group
  }

  private fail(error: unknown): void {
    const failed = this.pending
    this.pending = []
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
