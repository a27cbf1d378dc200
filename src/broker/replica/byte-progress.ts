/** Numbers in the list below, two an append, before every other append is forgotten. */
const MAX_OPEN = 65_536

/**
 * How many bytes were appended to a log since this broker started to count, and how many of them lie below the high
 * watermark: so that a waiting fetch knows how much has come without looking into the log. Exact to the append.
 */
export class ByteProgress {
  appendedBytes = 0
  committedBytes = 0
  /** Appends that end above the high watermark: end offset and the count of bytes up to there, in turn. */
  private open: number[] = []
  private firstOpen = 0

  appended(endOffset: number, sizeBytes: number): void {
    this.appendedBytes += sizeBytes
    if (this.open.length >= MAX_OPEN) this.thin()
    this.open.push(endOffset, this.appendedBytes)
  }

  highWatermarkMoved(highWatermark: number): void {
    const { open } = this
    let at = this.firstOpen
    for (; at < open.length && (open[at] as number) <= highWatermark; at += 2) {
      this.committedBytes = open[at + 1] as number
    }
    this.firstOpen = at
    if (at === open.length) {
      open.length = 0
      this.firstOpen = 0
    } else if (at > 4096) {
      this.open = open.slice(at)
      this.firstOpen = 0
    }
  }

  private thin(): void {
    this.open = this.open.slice(this.firstOpen).filter((_, i) => i % 4 >= 2)
    this.firstOpen = 0
  }

  /** The log was cut. What is left above the watermark is not known apart any more. */
  truncated(): void {
    this.committedBytes = this.appendedBytes
    this.open = []
    this.firstOpen = 0
  }
}
