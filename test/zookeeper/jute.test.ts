import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { JuteEndError, JuteError, JuteReader, JuteWriter } from '../../src/zookeeper/jute.ts'

test('numbers, strings, buffers and vectors come back as they were', () => {
  const writer = new JuteWriter(1)
  writer.writeByte(0x42)
  writer.writeBoolean(true)
  writer.writeInt(-2147483648)
  for (const value of [0, -1, 2 ** 32, -(2 ** 32), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])
    writer.writeLong(value)
  for (const value of [0n, -1n, -(2n ** 63n), 2n ** 63n - 1n]) writer.writeBigLong(value)
  writer.writeString('größe-日本')
  writer.writeString(null)
  writer.writeString('')
  writer.writeBuffer(Buffer.from([1, 2]))
  writer.writeBuffer(null)
  writer.writeVector(['a', 'b'], (each, text) => each.writeString(text))
  writer.writeVector(null, () => undefined)

  const reader = new JuteReader(writer.finish())
  expect(reader.readByte()).toBe(0x42)
  expect(reader.readBoolean()).toBe(true)
  expect(reader.readInt()).toBe(-2147483648)
  for (const value of [0, -1, 2 ** 32, -(2 ** 32), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    expect(reader.readLong()).toBe(value)
  }
  for (const value of [0n, -1n, -(2n ** 63n), 2n ** 63n - 1n]) expect(reader.readBigLong()).toBe(value)
  expect(reader.readString()).toBe('größe-日本')
  expect(reader.readNullableString()).toBeNull()
  expect(reader.readString()).toBe('')
  expect(reader.readBuffer()).toEqual(Buffer.from([1, 2]))
  expect(reader.readBuffer()).toBeNull()
  expect(reader.readVector(4, (each) => each.readString())).toEqual(['a', 'b'])
  expect(reader.readVector(4, (each) => each.readString())).toBeNull()
  expect(reader.remaining).toBe(0)
})

test('the bytes are big-endian with int lengths', () => {
  const writer = new JuteWriter()
  writer.writeLong(0x1_0000_0002)
  writer.writeString('/a')
  writer.writeBoolean(false)
  expect(writer.finish().toString('hex')).toBe('0000000100000002' + '000000022f61' + '00')
})

test('a long that a number cannot hold is refused, both ways', () => {
  const writer = new JuteWriter()
  expect(() => writer.writeLong(2 ** 53)).toThrow(JuteError)
  expect(() => writer.writeLong(1.5)).toThrow(JuteError)
  writer.writeBigLong(2n ** 53n)
  expect(() => new JuteReader(writer.finish()).readLong()).toThrow(JuteError)
})

test('lengths and counts that the input cannot hold are refused before anything is made for them', () => {
  const huge = Buffer.from('7fffffff00', 'hex')
  expect(() => new JuteReader(huge).readBuffer()).toThrow(JuteEndError)
  expect(() => new JuteReader(huge).readString()).toThrow(JuteEndError)
  expect(() => new JuteReader(huge).readVector(1, (each) => each.readByte())).toThrow(JuteEndError)
  const negative = Buffer.from('fffffffe00', 'hex')
  expect(() => new JuteReader(negative).readBuffer()).toThrow(JuteError)
  expect(() => new JuteReader(negative).readString()).toThrow(JuteError)
  expect(() => new JuteReader(negative).readVector(1, (each) => each.readByte())).toThrow(JuteError)
  expect(() => new JuteReader(Buffer.from('ffffffff', 'hex')).readString()).toThrow(JuteError)
})

test('random bytes give a JuteError or a value, never anything else', () => {
  const random = seededRandom(7)
  for (let round = 0; round < 2000; round++) {
    const reader = new JuteReader(random.bytes(random.int(24)))
    try {
      for (;;) {
        reader.readVector(4, (each) => each.readString())
        reader.readBuffer()
        reader.readLong()
      }
    } catch (error) {
      expect(error).toBeInstanceOf(JuteError)
    }
  }
})
