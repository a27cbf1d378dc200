import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  sizeOfUnsignedVarint,
  sizeOfVarint,
  sizeOfVarlong,
  VarintError,
  VarintReader,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from '../../src/base/varint.ts'

const int32 = fc.oneof(
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  fc.integer({ min: 0, max: 31 }).map((bits) => 1 << bits),
  fc.integer({ min: 0, max: 31 }).map((bits) => -(1 << bits) - 1),
)
const safe = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: 0, max: 52 }).map((bits) => 2 ** bits),
  fc.integer({ min: 0, max: 52 }).map((bits) => -(2 ** bits) - 1),
  fc.integer({ min: 0, max: 52 }).map((bits) => 2 ** bits - 1),
)

/** The definition, in BigInt. */
function reference(value: bigint): number[] {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  const out: number[] = []
  for (; rest > 0x7fn; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80)
  return [...out, Number(rest)]
}

describe('varint', () => {
  it('writes known bytes', () => {
    const cases: [number, string][] = [
      [0, '00'],
      [-1, '01'],
      [1, '02'],
      [63, '7e'],
      [-64, '7f'],
      [64, '8001'],
      [-65, '8101'],
      [2147483647, 'feffffff0f'],
      [-2147483648, 'ffffffff0f'],
    ]
    for (const [value, hex] of cases) {
      for (const write of [writeVarint, writeVarlong]) {
        const out = Buffer.alloc(10)
        expect(out.subarray(0, write(out, 0, value)).toString('hex')).toBe(hex)
      }
    }
  })

  it('round-trips every int32, in as many bytes as it says', () => {
    const out = Buffer.alloc(12)
    const check = fc.property(int32, (value) => {
      const end = writeVarint(out, 1, value)
      expect([...out.subarray(1, end)]).toEqual(reference(BigInt(value)))
      expect(sizeOfVarint(value)).toBe(end - 1)
      const reader = new VarintReader(out, 1)
      expect(reader.readVarint()).toBe(value)
      expect(reader.position).toBe(end)
      const unsigned = value >>> 0
      const unsignedEnd = writeUnsignedVarint(out, 0, unsigned)
      expect(sizeOfUnsignedVarint(unsigned)).toBe(unsignedEnd)
      expect(new VarintReader(out).readUnsignedVarint()).toBe(unsigned)
    })
    fc.assert(check, { numRuns: 1000 })
  })

  it('round-trips every safe integer as varlong', () => {
    const out = Buffer.alloc(12)
    const check = fc.property(safe, (value) => {
      const end = writeVarlong(out, 1, value)
      expect([...out.subarray(1, end)]).toEqual(reference(BigInt(value)))
      expect(sizeOfVarlong(value)).toBe(end - 1)
      const reader = new VarintReader(out, 1)
      expect(reader.readVarlong()).toBe(value)
      expect(reader.position).toBe(end)
    })
    fc.assert(check, { numRuns: 1000 })
  })

  it('reads a varlong beyond 2^53 as no safe integer', () => {
    for (const value of [2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 53n) - 1n]) {
      const read = new VarintReader(Buffer.from(reference(value))).readVarlong()
      expect(read).toBe(Number(value))
      expect(Number.isSafeInteger(read)).toBe(false)
    }
  })

  it('refuses numbers that do not end, and does not read past its own end', () => {
    const long = Buffer.alloc(16, 0xff)
    expect(() => new VarintReader(long).readVarint()).toThrow(VarintError)
    expect(() => new VarintReader(long).readVarlong()).toThrow(VarintError)
    expect(() => new VarintReader(long).readUnsignedVarint()).toThrow(VarintError)
    const cut = Buffer.from([0x80, 0x01])
    expect(() => new VarintReader(cut, 0, 1).readVarint()).toThrow(VarintError)
    expect(() => new VarintReader(cut, 0, 1).readVarlong()).toThrow(VarintError)
    expect(() => new VarintReader(cut, 2).readVarint()).toThrow(VarintError)
    expect(() => new VarintReader(cut, 2).readVarlong()).toThrow(VarintError)
  })
})
