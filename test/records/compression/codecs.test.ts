import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadOptional } from '../../../src/base/load-native.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { decompressBlockInJs as lz4BlockInJs } from '../../../src/records/compression/lz4-block.ts'
import {
  compressBlockLiterally,
  decompressBlockInJs as snappyBlockInJs,
} from '../../../src/records/compression/snappy-block.ts'
import { xxhash32 } from '../../../src/records/compression/xxhash32.ts'
import { makeZstd } from '../../../src/records/compression/zstd.ts'
import {
  CODEC_NAMES,
  codecIdByName,
  codecName,
  compress,
  compressAsync,
  decompress,
  decompressAsync,
  InvalidBatchError,
} from '../../../src/records/index.ts'

const codecs = [0, 1, 2, 3, 4]
const text = Buffer.from('the same words again and again, number 12345; '.repeat(8000))
const noise = seededRandom(7).bytes(200_000)
const inputs: [string, Buffer][] = [
  ['nothing', Buffer.alloc(0)],
  ['one byte', Buffer.from('x')],
  ['zeros', Buffer.alloc(300_000)],
  ['text', text],
  ['noise', noise],
  ['a whole number of blocks', text.subarray(0, 131072)],
]

const corrupt = (reason = 'corrupt') => expect.objectContaining({ code: 'KCLI_INVALID_BATCH', reason })

describe.each(codecs)('codec %i', (codec) => {
  it.each(inputs)('gives %s back', async (_, bytes) => {
    const packed = compress(codec, bytes)
    expect(decompress(codec, packed, bytes.length).equals(bytes)).toBe(true)
    expect((await decompressAsync(codec, packed, bytes.length)).equals(bytes)).toBe(true)
    const packedAsync = await compressAsync(codec, bytes)
    expect(decompress(codec, packedAsync, bytes.length).equals(bytes)).toBe(true)
  })

  it('gives any bytes back', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 5000, size: 'max' }), (bytes) => {
      expect(decompress(codec, compress(codec, Buffer.from(bytes)), 5000).equals(bytes)).toBe(true)
    })
    fc.assert(property, { numRuns: 50 })
  })

  it.runIf(codec > 0)('stops at the limit', async () => {
    for (const bytes of [text, Buffer.alloc(300_000), noise]) {
      const packed = compress(codec, bytes)
      for (const limit of [0, 1, 1000, 65536, bytes.length - 1]) {
        expect(() => decompress(codec, packed, limit)).toThrow(corrupt('too-large'))
        await expect(decompressAsync(codec, packed, limit)).rejects.toThrow(corrupt('too-large'))
      }
    }
  })

  it.runIf(codec > 0)('refuses bytes that are cut off', () => {
    const packed = compress(codec, text)
    for (const length of [0, 1, 4, 7, 10, 20, packed.length >> 1, packed.length - 1]) {
      expect(() => decompress(codec, packed.subarray(0, length), text.length)).toThrow(InvalidBatchError)
    }
  })

  it.runIf(codec > 0)('has only one error for damaged bytes', () => {
    const packed = compress(codec, text.subarray(0, 3000))
    const flips = fc.array(fc.tuple(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    const property = fc.property(flips, (changes) => {
      const damaged = Buffer.from(packed)
      for (const [at, mask] of changes) damaged[at]! ^= mask
      try {
        expect(decompress(codec, damaged, 10_000).length).toBeLessThanOrEqual(10_000)
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidBatchError)
      }
    })
    fc.assert(property, { numRuns: 300 })
  })

  it.runIf(codec > 0)('has only one error for any bytes', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        decompress(codec, Buffer.from(bytes), 1000)
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidBatchError)
      }
    })
    fc.assert(property, { numRuns: 300 })
  })
})

describe('codec names', () => {
  it('are those of Kafka', () => {
    expect(CODEC_NAMES.map(codecIdByName)).toEqual([0, 1, 2, 3, 4])
    expect(codecIdByName('brotli')).toBeUndefined()
    for (const id of [5, 6, 7]) {
      expect(() => codecName(id)).toThrow(corrupt())
      expect(() => decompress(id, text, text.length)).toThrow(corrupt())
    }
  })
})

describe('gzip', () => {
  it('takes the levels', () => {
    expect(compress(1, text, 9).length).toBeLessThanOrEqual(compress(1, text, 1).length)
  })
})

describe('snappy', () => {
  const raw = loadOptional<{ compressSync(b: Buffer): Buffer }>('snappy')!

  it('writes the header of snappy-java and blocks of 32 KB', () => {
    const packed = compress(2, text)
    expect(packed.subarray(0, 16).toString('hex')).toBe('82534e415050590000000001'.concat('00000001'))
    let blocks = 0
    for (let at = 16; at < packed.length; at += 4 + packed.readInt32BE(at)) blocks++
    expect(blocks).toBe(Math.ceil(text.length / 32768))
  })

  it('reads bytes without a frame, and frames one behind the other', () => {
    expect(decompress(2, raw.compressSync(text), text.length).equals(text)).toBe(true)
    const two = Buffer.concat([compress(2, text), compress(2, noise)])
    expect(decompress(2, two, 1 << 20).equals(Buffer.concat([text, noise]))).toBe(true)
  })

  it('believes no length that the bytes cannot hold', () => {
    expect(() => decompress(2, Buffer.from('ffffffff0f00', 'hex'), 2 ** 31)).toThrow(corrupt())
    const framed = Buffer.concat([compress(2, Buffer.alloc(0)), Buffer.from('7fffffff', 'hex')])
    expect(() => decompress(2, framed, 2 ** 31)).toThrow(corrupt())
  })

  it('is read in JavaScript too, and written without compression', () => {
    for (const [, bytes] of inputs) {
      expect(snappyBlockInJs(raw.compressSync(bytes), bytes.length).equals(bytes)).toBe(true)
      const literal = compressBlockLiterally(bytes)
      expect(decompress(2, literal, bytes.length).equals(bytes)).toBe(true)
      expect(snappyBlockInJs(literal, bytes.length).equals(bytes)).toBe(true)
    }
    const property = fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(100), (bytes, length) => {
      try {
        snappyBlockInJs(Buffer.from(bytes), length)
      } catch (error) {
        expect(error).toHaveProperty('code', expect.stringMatching(/^KCLI_(INVALID_BATCH|BAD_VARINT)$/))
      }
    })
    fc.assert(property, { numRuns: 500 })
  })
})

describe('lz4', () => {
  const native = loadOptional<{
    compressSync(b: Buffer): Buffer
    compressFrameSync(b: Buffer, o: { contentChecksum?: boolean; blockChecksums?: boolean }): Buffer
  }>('lz4-napi')!

  it('writes the frame head that the Java client writes, and an end mark', () => {
    const packed = compress(3, text)
    expect(packed.subarray(0, 7).toString('hex')).toBe('04224d18604082')
    expect(packed.subarray(-4).toString('hex')).toBe('00000000')
  })

  it('reads frames with other block sizes and with checksums', () => {
    for (const options of [{}, { contentChecksum: true }, { blockChecksums: true }]) {
      const frame = native.compressFrameSync(text, options)
      expect(decompress(3, frame, text.length).equals(text)).toBe(true)
    }
    const frame = native.compressFrameSync(text, { blockChecksums: true })
    frame[40]! ^= 1
    expect(() => decompress(3, frame, text.length)).toThrow(corrupt())
  })

  it('reads blocks that depend on each other', () => {
    const half = text.length >> 1
    const first = native.compressSync(text.subarray(0, 60_000)).subarray(4)
    // A block that is one copy from 46 bytes back, which only the block before it has, and five literals.
    const linked = Buffer.from([0x04, 46, 0, 0x50, ...Buffer.from('ABCDE')])
    const word = (n: number) => {
      const out = Buffer.alloc(4)
      out.writeUInt32LE(n)
      return out
    }
    const head = Buffer.from('04224d1840400000', 'hex').subarray(0, 7)
    head[6] = (xxhash32(head.subarray(4, 6)) >>> 8) & 0xff
    const frame = Buffer.concat([head, word(first.length), first, word(linked.length), linked, word(0)])
    const expected = Buffer.concat([
      text.subarray(0, 60_000),
      text.subarray(60_000 - 46, 60_000 - 46 + 8),
      Buffer.from('ABCDE'),
    ])
    expect(decompress(3, frame, half).equals(expected)).toBe(true)
    expect(() => decompress(3, frame, 60_005)).toThrow(InvalidBatchError)
  })

  it('minds the header checksum except where Kafka wrote it wrong', () => {
    const frame = Buffer.from(compress(3, text))
    frame[6] = 0
    expect(() => decompress(3, frame, text.length)).toThrow(corrupt())
    const lenient = decompress(3, frame, text.length, { ignoreLz4HeaderChecksum: true })
    expect(lenient.equals(text)).toBe(true)
  })

  it('has its blocks read in JavaScript too', () => {
    for (const [, bytes] of inputs) {
      const out = Buffer.alloc(bytes.length)
      expect(lz4BlockInJs(native.compressSync(bytes).subarray(4), out, 0, 0)).toBe(bytes.length)
      expect(out.equals(bytes)).toBe(true)
    }
    const property = fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(100), (bytes, room) => {
      try {
        expect(lz4BlockInJs(Buffer.from(bytes), Buffer.alloc(room), 0, 0)).toBeLessThanOrEqual(room)
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidBatchError)
      }
    })
    fc.assert(property, { numRuns: 500 })
  })

  it('has the checksum of xxHash32', () => {
    expect(xxhash32(Buffer.from(''))).toBe(0x02cc5d05)
    expect(xxhash32(Buffer.from('a'))).toBe(0x550d7456)
    expect(xxhash32(Buffer.from('Nobody inspects the spammish repetition'))).toBe(0xe2293b2f)
  })
})

describe('zstd', () => {
  it('works by the addon when node:zlib has none', () => {
    const zstd = makeZstd({})
    for (const [, bytes] of inputs) {
      expect(zstd.decompress(zstd.compress(bytes, 1), bytes.length).equals(bytes)).toBe(true)
    }
    expect(zstd.compressAsync).toBeUndefined()
  })

  it('reads frames one behind the other, up to the limit', () => {
    const two = Buffer.concat([compress(4, text), compress(4, noise)])
    const both = text.length + noise.length
    expect(decompress(4, two, both).length).toBe(both)
    expect(() => decompress(4, two, both - 1)).toThrow(corrupt('too-large'))
  })

  it('refuses frames that are cut off at any byte, and bytes behind them', () => {
    const frame = compress(4, text.subarray(0, 500))
    for (let length = 0; length < frame.length; length++) {
      expect(() => decompress(4, frame.subarray(0, length), 1000)).toThrow(corrupt())
      const twoFrames = Buffer.concat([frame, frame.subarray(0, length)])
      if (length > 0) expect(() => decompress(4, twoFrames, 1000)).toThrow(corrupt())
    }
  })

  it('passes over frames that hold no data', () => {
    const skippable = Buffer.from('502a4d1803000000abcdef', 'hex')
    const bytes = Buffer.concat([skippable, compress(4, text), skippable])
    expect(decompress(4, bytes, text.length).equals(text)).toBe(true)
    expect(() => decompress(4, bytes.subarray(0, -1), text.length)).toThrow(corrupt())
  })

  it('believes no content size that the bytes cannot hold', () => {
    const claim = (size: number) => {
      const frame = Buffer.from('28b52ffda000000000010000', 'hex')
      frame.writeUInt32LE(size, 5)
      return frame
    }
    expect(decompress(4, claim(0), 1000)).toHaveLength(0)
    expect(() => decompress(4, claim(1), 1000)).toThrow(corrupt())
    expect(() => decompress(4, claim(0x7fffffff), 2 ** 32)).toThrow(corrupt())
    // One block that repeats a byte 1000 times.
    const honest = Buffer.concat([claim(1000).subarray(0, 9), Buffer.from('431f0061', 'hex')])
    expect(decompress(4, honest, 1000)).toHaveLength(1000)
    expect(() => decompress(4, honest, 999)).toThrow(corrupt('too-large'))
  })

  it('grants no larger window than Kafka does', () => {
    const frame = compress(4, text)
    const windowed = Buffer.concat([frame.subarray(0, 4), Buffer.from('8093', 'hex'), frame.subarray(6)])
    expect(() => decompress(4, windowed, text.length)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/window/) }),
    )
  })

  it('says which package is missing', () => {
    const zstd = makeZstd({}, () => undefined)
    const unavailable = expect.objectContaining({
      code: 'KCLI_CODEC_UNAVAILABLE',
      message: expect.stringContaining('@cloudpss/zstd'),
    })
    expect(() => zstd.compress(text)).toThrow(unavailable)
    expect(() => zstd.decompress(compress(4, text), text.length)).toThrow(unavailable)
  })
})
