import { expect, test } from 'vitest'
import { readInt64, writeInt64 } from '../../src/base/int64.ts'

const SAFE = [
  0,
  1,
  -1,
  255,
  2 ** 31,
  -(2 ** 31),
  2 ** 32 - 1,
  2 ** 32,
  2 ** 32 + 1,
  -(2 ** 32) - 1,
  1_700_000_000_123,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
]

test.each(SAFE)('%d is written and read as the 64-bit integer that it is', (value) => {
  const bytes = Buffer.alloc(24, 0xaa)
  writeInt64(bytes, 8, value)
  expect(bytes.readBigInt64BE(8)).toBe(BigInt(value))
  expect(readInt64(bytes, 8)).toBe(value)
  expect(bytes.subarray(0, 8)).toEqual(Buffer.alloc(8, 0xaa))
  expect(bytes.subarray(16)).toEqual(Buffer.alloc(8, 0xaa))
})

test.each([2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 53n) - 1n, -(2n ** 63n)])(
  '%d is never taken for a safe integer',
  (value) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(value)
    expect(Number.isSafeInteger(readInt64(bytes, 0))).toBe(false)
    expect(readInt64(bytes, 0)).toBe(Number(value))
  },
)

test('what does not fit is refused', () => {
  expect(() => readInt64(Buffer.alloc(7), 0)).toThrow(RangeError)
  expect(() => writeInt64(Buffer.alloc(8), 1, 1)).toThrow(RangeError)
})
