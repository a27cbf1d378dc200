import type { ProducerBatch } from './batch.ts'

/** Waits for the batches that are there when it begins, not for those that come later (RecordAccumulator.awaitFlushCompletion). */
export class Flush {
  private readonly done: () => void
  private left = 0

  private constructor(done: () => void) {
    this.done = done
  }

  static of(batches: Iterable<ProducerBatch>): Promise<void> {
    return new Promise((resolve) => {
      const flush = new Flush(resolve)
      for (const batch of batches) flush.watch(batch)
      if (flush.left === 0) resolve()
    })
  }

  static finished(batch: ProducerBatch): void {
    for (const flush of batch.flushes.splice(0)) if (--flush.left === 0) flush.done()
  }

  /** The parts of a batch take its place. */
  static split(batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    for (const flush of batch.flushes) for (const part of parts) flush.watch(part)
    Flush.finished(batch)
  }

  private watch(batch: ProducerBatch): void {
    this.left++
    batch.flushes.push(this)
  }
}
