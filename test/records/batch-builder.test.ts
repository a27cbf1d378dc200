import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BatchBuilder,
  type CodecId,
  CompressionRatios,
  isCrcValid,
  lastOffset,
  nextBatch,
  readRecords,
  recordSection,
} from '../../src/records/index.ts'
import { buildBatch, recordInput, recordInputs } from './support.ts'

const buffer = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes))

describe('BatchBuilder', () => {
  it('writes what the reader reads, with every codec', () => {
    const codec = fc.nat(4).map((id) => id as CodecId)
    const property = fc.property(recordInputs, codec, fc.nat(2 ** 40), (inputs, id, baseOffset) => {
      const bytes = buildBatch(inputs, {
        codec: id,
        baseOffset,
        producerId: 5,
        producerEpoch: 0,
        baseSequence: 10,
      })
      expect(nextBatch(bytes, 0, bytes.length)).toBe(bytes.length)
      expect(isCrcValid(bytes, 0)).toBe(true)
      const expected = inputs.map((r, i) => ({
        offset: baseOffset + i,
        timestampMs: r.timestampMs,
        key: buffer(r.key),
        value: buffer(r.value),
        headers: r.headers.map((h) => ({ key: h.key, value: buffer(h.value) })),
        sequence: 10 + i,
      }))
      expect([...readRecords(bytes, 0)]).toEqual(expected)
    })
    fc.assert(property)
  })

  it('writes header keys again that are not UTF-8, as they were read', () => {
    const keys = ['ff', '61ff62', 'efbfbd', 'eda080', '']
    const headers = keys.map((hex) => ({ key: '?', keyBytes: Buffer.from(hex, 'hex'), value: null }))
    const builder = new BatchBuilder()
    builder.append(0, null, null, headers)
    const [first] = [...readRecords(builder.build(), 0)]
    expect(first?.headers.map(({ key, keyBytes }) => [key, keyBytes?.toString('hex')])).toEqual([
      ['\ufffd', 'ff'],
      ['a\ufffdb', '61ff62'],
      ['\ufffd', undefined],
      ['\ufffd\ufffd\ufffd', 'eda080'],
      ['', undefined],
    ])
    const again = new BatchBuilder()
    again.append(0, null, null, first?.headers)
    expect(again.build()).toEqual(builder.build())
  })

  it('gives the same batch when asked again, and when asked asynchronously', async () => {
    const fill = (builder: BatchBuilder) => {
      for (let i = 0; i < 2000; i++) builder.append(i, null, Buffer.alloc(100, i % 7))
      return builder
    }
    for (const codec of [0, 1, 2, 3, 4] as const) {
      const builder = fill(new BatchBuilder({ codec }))
      const bytes = builder.build()
      expect(builder.build()).toBe(bytes)
      expect(builder.append(1, null, null)).toBe(false)
      const later = await fill(new BatchBuilder({ codec })).buildAsync()
      expect(recordSection(later, 0).equals(recordSection(bytes, 0))).toBe(true)
      expect(isCrcValid(later, 0)).toBe(true)
    }
  })

  it('is empty without records', () => {
    expect(new BatchBuilder().build()).toHaveLength(0)
  })

  it('never grows beyond its limit, but takes a first record of any size', () => {
    const property = fc.property(
      fc.array(recordInput, { minLength: 1, maxLength: 60 }),
      fc.nat(2000),
      (inputs, limit) => {
        const builder = new BatchBuilder({ sizeLimitBytes: limit })
        let taken = 0
        while (taken < inputs.length) {
          const r = inputs[taken]!
          const before = builder.estimatedSizeBytes
          if (!builder.append(r.timestampMs, r.key, r.value, r.headers)) {
            expect(builder.estimatedSizeBytes).toBe(before)
            break
          }
          taken++
        }
        expect(taken).toBeGreaterThan(0)
        const bytes = builder.build()
        if (taken > 1) expect(bytes.length).toBeLessThanOrEqual(limit)
        expect([...readRecords(bytes, 0)]).toHaveLength(taken)
        if (taken < inputs.length) {
          expect(buildBatch(inputs.slice(0, taken + 1)).length).toBeGreaterThan(limit)
        }
      },
    )
    fc.assert(property)
  })

  it('estimates compressed sizes as Kafka does', () => {
    const builder = new BatchBuilder({ codec: 1, estimatedRatio: 0.5, sizeLimitBytes: 200 })
    builder.append(0, null, Buffer.alloc(93))
    expect(builder.uncompressedSizeBytes).toBe(102)
    expect(builder.estimatedSizeBytes).toBe(61 + Math.trunc(102 * 0.5 * 1.05))
    expect(builder.isFull).toBe(false)
    expect(builder.append(0, null, Buffer.alloc(100))).toBe(false)
  })

  it('numbers the batch as late as the producer wants', () => {
    const builder = new BatchBuilder()
    builder.append(1, null, Buffer.from('x'))
    builder.setProducerState(7, 1, 2147483647, true)
    expect([...readRecords(builder.build(), 0)][0]!.sequence).toBe(2147483647)
    expect(() => builder.setProducerState(8, 1, 0, true)).toThrow('the batch is built')
  })

  it('keeps gaps, and a last offset whose record is gone', () => {
    const builder = new BatchBuilder({ baseOffset: 100 })
    builder.appendAt(103, 5, null, null)
    builder.appendAt(110, 4, null, null)
    expect([builder.maxTimestampMs, builder.offsetOfMaxTimestamp]).toEqual([5, 103])
    expect(() => builder.appendAt(110, 4, null, null)).toThrow('offset 110 behind 110, base 100')
    builder.overrideLastOffset(120)
    const bytes = builder.build()
    expect(lastOffset(bytes, 0)).toBe(120)
    expect([...readRecords(bytes, 0)].map((r) => r.offset)).toEqual([103, 110])
  })

  it('refuses timestamps below -1', () => {
    expect(() => new BatchBuilder().append(-2, null, null)).toThrow('negative timestamp')
  })
})

describe('CompressionRatios', () => {
  it('follow quickly upwards and slowly downwards', () => {
    const ratios = new CompressionRatios()
    expect(ratios.estimate('t', 1)).toBe(1)
    ratios.update('t', 1, 0.2)
    expect(ratios.estimate('t', 1)).toBeCloseTo(0.995)
    ratios.reset('t', 1, 0.3)
    ratios.update('t', 1, 0.31)
    expect(ratios.estimate('t', 1)).toBeCloseTo(0.35)
    ratios.update('t', 1, 0.9)
    expect(ratios.estimate('t', 1)).toBeCloseTo(0.9)
    expect(ratios.estimate('t', 2)).toBe(1)
    expect(ratios.estimate('u', 1)).toBe(1)
  })
})
