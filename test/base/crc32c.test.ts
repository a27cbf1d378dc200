import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c, crc32cTable } from '../../src/base/crc32c.ts'
import { loadOptional } from '../../src/base/load-native.ts'

describe('crc32c', () => {
  it('gives the vectors of RFC 3720', () => {
    const ascending = Buffer.from(Array.from({ length: 32 }, (_, i) => i))
    for (const f of [crc32c, crc32cTable]) {
      expect(f(Buffer.from('123456789'))).toBe(0xe3069283)
      expect(f(Buffer.alloc(32))).toBe(0x8a9136aa)
      expect(f(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43)
      expect(f(ascending)).toBe(0x46dd794e)
      expect(f(Buffer.alloc(0))).toBe(0)
    }
  })

  it('is the same natively and in JavaScript, whole and in pieces, at every alignment', () => {
    const native = loadOptional<{ crc32c: typeof crc32c }>('@node-rs/crc32')
    const check = fc.property(
      fc.uint8Array({ maxLength: 2000, size: 'max' }),
      fc.nat(2000),
      fc.nat(7),
      (all, cut, skip) => {
        const bytes = all.subarray(Math.min(skip, all.length))
        const expected = crc32cTable(bytes)
        expect(crc32c(bytes)).toBe(expected)
        if (native) expect(native.crc32c(bytes)).toBe(expected)
        const first = bytes.subarray(0, cut)
        expect(crc32c(bytes.subarray(first.length), crc32c(first))).toBe(expected)
        expect(crc32cTable(bytes.subarray(first.length), crc32cTable(first))).toBe(expected)
      },
    )
    fc.assert(check)
  })
})
