import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BatchBuilder,
  computeCrc,
  convertToV2,
  InvalidBatchError,
  isCrcValid,
  readAllRecords,
  recordSection,
  recordSectionAsync,
  type ValidateOptions,
  validateProducedHead,
  validateRecordStructure,
} from '../../src/records/index.ts'
import { buildBatch, golden, goldens, recordInputs } from './support.ts'

const invalid = (reason: string, message?: RegExp) =>
  expect.objectContaining({
    code: 'KCLI_INVALID_BATCH',
    reason,
    ...(message && { message: expect.stringMatching(message) }),
  })

function changed(name: string, change: (bytes: Buffer) => void): Buffer {
  const bytes = golden(name)
  change(bytes)
  return bytes
}

describe('validateRecordStructure', () => {
  it('counts, and finds the first of the latest timestamps', () => {
    const property = fc.property(recordInputs, fc.nat(4), (inputs, codec) => {
      const bytes = buildBatch(inputs, { codec: codec as 0 })
      const max = Math.max(...inputs.map((r) => r.timestampMs))
      const first = max === -1 ? -1 : inputs.findIndex((r) => r.timestampMs === max)
      const expected = { count: inputs.length, maxTimestampMs: max, offsetDeltaOfMaxTimestamp: first }
      expect(validateRecordStructure(bytes, 0)).toEqual(expected)
      validateProducedHead(bytes, 0)
    })
    fc.assert(property)
  })

  it('works on records that were decompressed before', async () => {
    const bytes = golden('gzip-large')
    const section = await recordSectionAsync(bytes, 0)
    expect(section.equals(recordSection(bytes, 0))).toBe(true)
    expect(validateRecordStructure(bytes, 0, { section }).count).toBe(1500)
    expect(() => validateRecordStructure(bytes, 0, { maxDecompressedBytes: 1000 })).toThrow(
      invalid('too-large'),
    )
  })

  const structure: [string, Buffer][] = [
    ['one record fewer than declared', changed('many', (b) => b.writeInt32BE(301, 57))],
    ['one record more than declared', changed('many', (b) => b.writeInt32BE(299, 57))],
    ['a count that no batch of this size can have', changed('many', (b) => b.writeInt32BE(0x7fffffff, 57))],
    ['a negative count', changed('many', (b) => b.writeInt32BE(-1, 57))],
    ['a record that is longer than its batch', changed('one', (b) => b.writeUInt8(0x7e, 61))],
    ['a record that is shorter than its fields', changed('one', (b) => b.writeUInt8(b[61]! - 2, 61))],
    ['a key that is longer than its record', changed('one', (b) => b.writeUInt8(0x7e, 65))],
    ['offsets that do not count up from 0', changed('one', (b) => b.writeUInt8(2, 64))],
    ['a header count that its record cannot hold', changed('one', (b) => b.writeUInt8(0x7e, b.length - 1))],
    ['a negative header count', changed('one', (b) => b.writeUInt8(1, b.length - 1))],
    ['offset gaps', golden('offset-gaps')],
    ['an old message', golden('v1-none')],
  ]
  it.each(structure)('refuses %s', (_, bytes) => {
    expect(() => validateRecordStructure(bytes, 0)).toThrow(invalid('invalid-record'))
  })

  it('refuses what is not whole', () => {
    const bytes = golden('one')
    expect(() => validateRecordStructure(bytes.subarray(0, -1), 0)).toThrow(invalid('corrupt'))
    expect(() => validateRecordStructure(bytes, bytes.length)).toThrow(invalid('corrupt'))
  })

  it('refuses LZ4 blocks that Apache Kafka could not read back', () => {
    const bytes = changed('lz4-small', (b) => b.writeUInt8(0x40, 61 + 4))
    expect(() => validateRecordStructure(bytes, 0)).toThrow(invalid('corrupt', /depend on each other/))
  })

  it('names each record without a key, where the topic wants keys', () => {
    expect(validateRecordStructure(golden('one'), 0, { requireKeys: true }).count).toBe(1)
    let error: unknown
    try {
      validateRecordStructure(golden('nulls'), 0, { requireKeys: true })
    } catch (caught) {
      error = caught
    }
    expect(error).toEqual(invalid('invalid-record', /2 record errors in total/))
    expect((error as InvalidBatchError).recordErrors.map((e) => e.batchIndex)).toEqual([0, 2])
  })

  it('holds timestamps against the bounds of the topic', () => {
    const nowMs = 1700000000000
    const at = (timestampMs: number, options: ValidateOptions) => () => {
      const builder = new BatchBuilder()
      builder.append(nowMs, null, null)
      builder.append(timestampMs, null, null)
      return validateRecordStructure(builder.build(), 0, { nowMs, ...options })
    }
    const bounds = { timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 10 }
    for (const ok of [nowMs - 1000, nowMs + 10, -1]) expect(at(ok, bounds)).not.toThrow()
    for (const bad of [nowMs - 1001, nowMs + 11, 0]) {
      expect(at(bad, bounds)).toThrow(invalid('invalid-timestamp'))
      expect(at(bad, { ...bounds, timestampType: 1 })).not.toThrow()
      expect(at(bad, {})).not.toThrow()
    }
  })

  it('takes append time from a producer where Kafka takes it', () => {
    const taken = validateRecordStructure(golden('append-time'), 0)
    expect(taken).toEqual({ count: 3, maxTimestampMs: 1700000001000, offsetDeltaOfMaxTimestamp: 0 })
    expect(() => validateRecordStructure(golden('append-time'), 0, { timestampType: 1 })).toThrow(
      invalid('invalid-timestamp', /timestamp/),
    )
  })

  it('refuses timestamps beyond the safe range', () => {
    const bytes = changed('one', (b) => b.writeBigInt64BE(2n ** 62n, 27))
    expect(() => validateRecordStructure(bytes, 0)).toThrow(invalid('invalid-timestamp'))
  })
})

describe('validateProducedHead', () => {
  const cases: [string, Buffer, RegExp][] = [
    ['an offset range below 0', changed('one', (b) => b.writeInt32BE(-1, 23)), /offset range/],
    ['no records', changed('one', (b) => b.writeInt32BE(0, 57)), /Invalid reported count/],
    ['a count unlike the offsets', changed('one', (b) => b.writeInt32BE(2, 57)), /Inconsistent/],
    ['control records', golden('commit'), /control records/],
    ['no sequence', changed('idempotent', (b) => b.writeInt32BE(-1, 53)), /Invalid sequence number/],
  ]
  it.each(cases)('refuses %s', (_, bytes, message) => {
    expect(() => validateProducedHead(bytes, 0)).toThrow(invalid('invalid-record', message))
  })
})

describe('convertToV2', () => {
  const convert = (bytes: Buffer, options = {}) => convertToV2(bytes, 0, bytes.length, options)

  it('leaves out a message that is cut off, and refuses a set without a whole one', () => {
    const bytes = golden('v1-none')
    expect(convert(bytes.subarray(0, -1)).count).toBe(2)
    expect(() => convert(bytes.subarray(0, 10))).toThrow(invalid('invalid-record'))
    expect(() => convert(Buffer.alloc(0))).toThrow(invalid('invalid-record'))
  })

  it('refuses bad checksums, outside and inside', () => {
    const outer = golden('v1-none')
    outer[outer.length - 1]! ^= 1
    expect(() => convert(outer)).toThrow(invalid('corrupt', /^a message has a bad checksum/))

    const wrapper = golden('v1-gzip')
    const valueAt = 12 + 22
    const messages = gunzipSync(wrapper.subarray(valueAt))
    messages[messages.length - 1]! ^= 1
    const value = gzipSync(messages)
    const inner = Buffer.concat([wrapper.subarray(0, valueAt), value])
    inner.writeInt32BE(value.length, valueAt - 4)
    inner.writeInt32BE(inner.length - 12, 8)
    inner.writeUInt32BE(computeCrc(inner, 0), 12)
    expect(isCrcValid(inner, 0)).toBe(true)
    expect(() => convert(inner)).toThrow(invalid('corrupt', /inside/))
  })

  it('takes a wrapper whose offset is 0, as old clients send it, and no other that is too small', () => {
    const wrapper = golden('v1-gzip')
    wrapper.writeBigInt64BE(0n, 0)
    expect(convert(wrapper).count).toBe(3)
    expect([...readAllRecords(wrapper)].map((r) => r.offset)).toEqual([0, 1, 2])
    wrapper.writeBigInt64BE(1n, 0)
    expect(() => convert(wrapper)).toThrow(invalid('invalid-record', /wrapper/))
  })

  it('refuses mixed magics, and records that the topic refuses', () => {
    expect(() => convert(Buffer.concat([golden('v1-none'), golden('v0-none')]))).toThrow(
      invalid('invalid-record', /magic/),
    )
    expect(() => convert(golden('v1-none'), { requireKeys: true })).toThrow(invalid('invalid-record'))
    expect(() => convert(golden('v1-none'), { nowMs: 1700000000000, timestampBeforeMaxMs: 5 })).not.toThrow()
    expect(() => convert(golden('v1-none'), { nowMs: 1700000000100, timestampBeforeMaxMs: 60 })).toThrow(
      invalid('invalid-timestamp'),
    )
    expect(() => convert(golden('v1-gzip-append-time'), { timestampType: 1 })).toThrow(
      invalid('invalid-timestamp'),
    )
  })

  it('keeps to the bound over the whole set', () => {
    const bytes = Buffer.concat([golden('v1-gzip'), golden('v1-gzip')])
    expect(convert(bytes, { maxDecompressedBytes: 300 }).count).toBe(6)
    expect(() => convert(bytes, { maxDecompressedBytes: 130 })).toThrow(invalid('too-large'))
  })
})

/** A test of time is none, but a hang or a wild allocation would end this file. */
describe('hostile bytes', () => {
  const seeds = goldens()
    .map((one) => one.bytes)
    .filter((bytes) => bytes.length < 1000)
  const mutation = fc.tuple(
    fc.constantFrom(...seeds),
    fc.array(
      fc.tuple(
        fc.nat(2000),
        fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0xff, 0x7f, 0x80, 0, 1)),
      ),
      { maxLength: 6 },
    ),
    fc.option(fc.nat(1000), { nil: undefined }),
  )
  const consumers: ((bytes: Buffer) => void)[] = [
    (bytes) => {
      for (const _ of readAllRecords(bytes, { maxDecompressedBytes: 100_000 }));
    },
    (bytes) => {
      validateRecordStructure(bytes, 0, { maxDecompressedBytes: 100_000 })
    },
    (bytes) => {
      if (bytes.length > 16 && bytes[16]! < 2)
        convertToV2(bytes, 0, bytes.length, { maxDecompressedBytes: 100_000 })
    },
  ]

  it('give InvalidBatchError and nothing else', () => {
    const property = fc.property(mutation, ([seed, changes, cut]) => {
      const bytes = Buffer.from(cut === undefined ? seed : seed.subarray(0, cut))
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value
      for (const consume of consumers) {
        try {
          consume(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidBatchError)
        }
      }
    })
    fc.assert(property, { numRuns: 4000 })
  })

  it('give it for noise behind a plausible head too', () => {
    const property = fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.nat(300),
      (noise, count) => {
        const bytes = Buffer.concat([golden('one').subarray(0, 61), noise])
        bytes.writeInt32BE(bytes.length - 12, 8)
        bytes.writeInt32BE(count, 57)
        for (const consume of consumers) {
          try {
            consume(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidBatchError)
          }
        }
      },
    )
    fc.assert(property, { numRuns: 1000 })
  })
})
