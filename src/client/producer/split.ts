import { incrementSequence, readRecords } from '../../records/index.ts'
import type { Accumulator } from './accumulator.ts'
import type { ProducerBatch } from './batch.ts'

/**
 * The same records in batches of about half the size, for a broker that takes less at once than we thought
 * (ProducerBatch.split). The parts share the sequence numbers of the whole out among them, so what was sent behind it
 * keeps its numbers.
 */
export function splitBatch(accumulator: Accumulator, batch: ProducerBatch): ProducerBatch[] {
  const callbacks = batch.takeCallbacks()
  const bytes = batch.close()
  const limit = Math.max(1, Math.floor(bytes.length / 2))
  const parts: ProducerBatch[] = []
  let index = -1
  for (const { timestampMs, key, value, headers } of readRecords(bytes, 0)) {
    const callback = callbacks[++index]
    if (parts.at(-1)?.tryAppend(timestampMs, key, value, headers, callback)) continue
    const { topic, partition, createdMs } = batch
    const part = accumulator.newBatch({ topic, partition, createdMs, order: batch.order + index }, limit)
    part.tryAppend(timestampMs, key, value, headers, callback)
    part.attempts = batch.attempts + 1
    parts.push(part)
  }
  if (batch.hasSequence) number(parts, batch.baseSequence)
  return parts
}

/** Nothing can be added to them any more: the numbers behind the last one are taken. */
function number(parts: readonly ProducerBatch[], firstSequence: number): void {
  let sequence = firstSequence
  for (const part of parts) {
    part.baseSequence = sequence
    sequence = incrementSequence(sequence, part.recordCount)
  }
}
