import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { File } from '../../src/base/file-system.ts'
import { BatchBuilder } from '../../src/records/index.ts'
import { scanBatches } from '../../src/storage/batch-scan.ts'

/** Only `read`, which gives at most `most` bytes at a time, some turns later. */
function fileOf(bytes: Buffer, most: number): { file: File; reading: () => number } {
  let reading = 0
  const read = async (target: Uint8Array, targetOffset: number, length: number, position: number) => {
    reading++
    await new Promise((resolve) => setImmediate(resolve))
    reading--
    return bytes.copy(target, targetOffset, position, position + Math.min(length, most))
  }
  return { file: { read } as unknown as File, reading: () => reading }
}

function batchOf(sizeBytes: number): Buffer {
  const builder = new BatchBuilder({})
  builder.append(1_700_000_000_000, null, Buffer.alloc(sizeBytes, 0x5a))
  return builder.build()
}

const KB = 1024
/** Smaller and larger than the pieces that are read. */
const sizes = fc.oneof(fc.nat(200), fc.nat(100 * KB), fc.integer({ min: 400 * KB, max: 1500 * KB }))

const logs = fc.record({
  sizes: fc.array(sizes, { maxLength: 12 }),
  most: fc.constantFrom(7 * KB, 300 * KB, Number.MAX_SAFE_INTEGER),
  skip: fc.nat(3),
  /** Bytes that the file lacks at its end. */
  lost: fc.oneof(fc.constant(0), fc.nat(2000)),
  damaged: fc.option(fc.nat(11), { nil: undefined }),
  stopAt: fc.option(fc.nat(11), { nil: undefined }),
})

test('every whole batch is seen once, in order, until one is torn, damaged, or the last that was wanted', async () => {
  const property = fc.asyncProperty(logs, async (log) => {
    const batches = log.sizes.map(batchOf)
    const starts = batches.map((_, i) => batches.slice(0, i).reduce((sum, one) => sum + one.length, 0))
    const bytes = Buffer.concat(batches)
    const first = Math.min(log.skip, batches.length)
    const from = starts[first] ?? bytes.length
    const damagedAt = log.damaged === undefined ? undefined : starts[log.damaged]
    // A length that no batch can have.
    if (damagedAt !== undefined) bytes.writeInt32BE(1, damagedAt + 8)
    const kept = bytes.subarray(0, Math.max(from, bytes.length - log.lost))
    const { file, reading } = fileOf(kept, log.most)
    const seen: number[] = []
    const result = await scanBatches(file, from, bytes.length, (buffer, at, sizeBytes, position) => {
      const i = first + seen.length
      if (i === log.stopAt) return false
      expect([position, sizeBytes]).toEqual([starts[i], batches[i]?.length])
      expect(buffer.compare(batches[i] as Buffer, 0, sizeBytes, at, at + sizeBytes)).toBe(0)
      seen.push(position)
      return undefined
    })
    expect(reading()).toBe(0)

    let i = first
    let reason = 'end'
    for (; i < batches.length; i++) {
      const start = starts[i] as number
      if (start + (batches[i] as Buffer).length > kept.length) reason = 'torn'
      // The damage is in a head: without it there is nothing to tell it by.
      if (start === damagedAt && kept.length - start >= 12) reason = 'corrupt'
      if (reason === 'end' && i === log.stopAt) reason = 'stopped'
      if (reason !== 'end') break
    }
    expect(result).toEqual({ end: starts[i] ?? bytes.length, reason })
    expect(seen).toEqual(starts.slice(first, i))
  })
  await fc.assert(property, { numRuns: 150 })
})
