import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { adler32 } from '../../src/zookeeper/adler32.ts'

test('known values', () => {
  expect(adler32(Buffer.alloc(0))).toBe(1)
  expect(adler32(Buffer.from('Wikipedia'))).toBe(0x11e60398)
})

test('the worst bytes do not overflow, and parts give the same as the whole', () => {
  const bytes = Buffer.alloc(200_000, 0xff)
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  const expected = ((b << 16) | a) >>> 0
  expect(adler32(bytes)).toBe(expected)
  const random = seededRandom(3)
  let sum = 1
  for (let at = 0; at < bytes.length; ) {
    const length = random.int(9000)
    sum = adler32(bytes.subarray(at, at + length), sum)
    at += length
  }
  expect(sum).toBe(expected)
})
