import * as batch from '../records/index.ts'
import { scanHeads } from './batch-scan.ts'
import type { BatchMetadata } from './producer-entry.ts'
import type { ProducerState } from './producer-state.ts'
import type { Segment } from './segment.ts'
import type { Segments } from './segments.ts'

/** Holds what a Java producer with its defaults may have in flight: five batches of 16 KB. */
const LOOK_BACK_BYTES = 128 * 1024

/**
 * A snapshot has only the last batch of each producer. A batch before it that is sent again, because its answer was lost
 * with the last process or the last leader, would look out of order: the producer would give it new numbers, and it would
 * be there twice. (Apache Kafka has that gap.) The log itself tells of the batches right before the snapshot.
 */
export async function recallBatches(
  producers: ProducerState,
  segments: Segments,
  logStartOffset: number,
  snapshotOffset: number,
): Promise<void> {
  if (producers.size === 0 || snapshotOffset <= logStartOffset) return
  let leftBytes = LOOK_BACK_BYTES
  for (const segment of segments.between(logStartOffset, snapshotOffset).toReversed()) {
    if (leftBytes <= 0) return
    await segment.ensureIndexes()
    const from = startOf(segment, snapshotOffset, leftBytes)
    const { batches, end } = await batchesBetween(producers, segment, from, snapshotOffset)
    producers.recall(batches)
    leftBytes -= end - from
  }
}

/** Where a batch begins, about so many bytes before the one with the offset. */
function startOf({ offsetIndex }: Segment, offset: number, bytes: number): number {
  const position = offsetIndex.lookup(offset).position - bytes
  const start = position > 0 ? offsetIndex.upperBound(position) : undefined
  return start === undefined ? 0 : offsetIndex.lookup(start).position
}

/** Of the producers that are known, in their present epochs. */
async function batchesBetween(
  producers: ProducerState,
  segment: Segment,
  from: number,
  snapshotOffset: number,
): Promise<{ batches: Map<number, BatchMetadata[]>; end: number }> {
  const found = new Map<number, BatchMetadata[]>()
  const visit = (buffer: Buffer, at: number) => {
    if (batch.baseOffset(buffer, at) >= snapshotOffset) return false
    if (!batch.hasProducerId(buffer, at) || batch.isControl(buffer, at)) return undefined
    const id = batch.producerId(buffer, at)
    if (producers.entry(id)?.producerEpoch !== batch.producerEpoch(buffer, at)) return undefined
    const known = found.get(id) ?? []
    known.push({
      firstSequence: batch.baseSequence(buffer, at),
      lastSequence: batch.lastSequence(buffer, at),
      firstOffset: batch.baseOffset(buffer, at),
      lastOffset: batch.lastOffset(buffer, at),
      timestamp: batch.maxTimestamp(buffer, at),
    })
    found.set(id, known)
    return undefined
  }
  // Damage ends it here; whoever reads the records hears of it.
  const { end } = await segment.file.using((file) => scanHeads(file, from, segment.writtenBytes, visit))
  return { batches: found, end }
}
