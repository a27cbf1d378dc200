import { expect, it } from 'vitest'
import { downConversionOf } from '../../src/broker/api/down-conversion.ts'
import { BatchBuilder, codecIdByName, readAllRecords } from '../../src/records/index.ts'

function batchOf(baseOffset: number, values: readonly string[], codec = 0): Buffer {
  const builder = new BatchBuilder({ baseOffset, codec: codec as 0 })
  for (const value of values) builder.append(1_700_000_000_000, null, Buffer.from(value))
  return builder.build()
}

const convert = (bytes: Buffer) => downConversionOf(3)?.([bytes], 0)

const valuesOf = (bytes: Buffer) =>
  [...readAllRecords(bytes)].map(({ offset, value }) => `${offset} ${value}`)

it('never gives damage a checksum that makes it look sound', async () => {
  for (const codec of [0, codecIdByName('gzip') ?? 0]) {
    const good = batchOf(0, ['sound'])
    const damaged = batchOf(1, ['one', 'two'], codec)
    for (let at = 0; at < damaged.length; at++) {
      const flipped = Buffer.from(damaged)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      // Base offset, length and leader epoch are not covered by the checksum.
      const isCovered = at >= 16
      const alone = await convert(flipped)
      if (isCovered) expect(alone, `byte ${at}`).toBe('CORRUPT_MESSAGE')
      const behind = await convert(Buffer.concat([good, flipped]))
      if (isCovered) expect(valuesOf(behind as Buffer), `byte ${at}`).toEqual(['0 sound'])
    }
  }
})

it('gives what comes before a codec that old clients cannot read', async () => {
  const zstd = batchOf(1, ['new'], codecIdByName('zstd'))
  expect(await convert(zstd)).toBe('UNSUPPORTED_COMPRESSION_TYPE')
  expect(valuesOf((await convert(Buffer.concat([batchOf(0, ['old']), zstd]))) as Buffer)).toEqual(['0 old'])
})
