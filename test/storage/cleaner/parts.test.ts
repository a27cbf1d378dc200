import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { KeyHash } from '../../../src/storage/cleaner/key-hash.ts'
import { BYTES_PER_ENTRY, OffsetMap } from '../../../src/storage/cleaner/offset-map.ts'
import {
  BlockingPace,
  CleaningAbortedError,
  PassControl,
  YieldingPace,
} from '../../../src/storage/cleaner/pace.ts'
import { groupSegments, type SourceSegment } from '../../../src/storage/cleaner/segment-groups.ts'
import { ManualClock } from '../../support/manual-clock.ts'

describe('the hash of keys', () => {
  const secret = Buffer.from('33343d83' + '9f389f00' + '4fe69823' + '39cf7a41', 'hex')
  const words = (hash: KeyHash) => [hash.h0, hash.h1, hash.h2, hash.h3].map((word) => word >>> 0)

  it('is Chaskey: the published vectors, which are for 8 rounds', () => {
    const hash = new KeyHash(secret, 8)
    const bytes = Buffer.from(Array.from({ length: 64 }, (_, i) => i))
    hash.hash(bytes, 0, 0)
    expect(words(hash)).toEqual([0x792e8fe5, 0x75ce87aa, 0x2d1450b5, 0x1191970b])
    hash.hash(bytes, 0, 1)
    expect(words(hash)).toEqual([0x13a9307b, 0x50e62c89, 0x4577bd88, 0xc0bbdc18])
  })

  it('depends on every byte, the length, the place of nothing else, and the secret', () => {
    const seen = new Set<string>()
    const random = seededRandom(3)
    const hash = new KeyHash(random.bytes(16))
    const bytes = Buffer.alloc(80)
    for (let length = 0; length <= 70; length++) {
      hash.hash(bytes, 5, length)
      seen.add(words(hash).join())
      for (let at = 0; at < length; at++) {
        bytes[5 + at] = 1
        hash.hash(bytes, 5, length)
        seen.add(words(hash).join())
        bytes[5 + at] = 0
      }
    }
    expect(seen.size).toBe(71 + (70 * 71) / 2)
    hash.hash(Buffer.from('..key'), 2, 3)
    const inside = words(hash)
    hash.hash(Buffer.from('key'), 0, 3)
    expect(words(hash)).toEqual(inside)
    const other = new KeyHash(random.bytes(16))
    other.hash(Buffer.from('key'), 0, 3)
    expect(words(other)).not.toEqual(inside)
  })
})

describe('the map of offsets', () => {
  it('behaves as a Map up to its limit, in its memory', () => {
    const random = seededRandom(11)
    const slots = 997
    const map = new OffsetMap(slots * BYTES_PER_ENTRY + 5, 0.95, new KeyHash(random.bytes(16)))
    expect(map.slots).toBe(slots)
    const model = new Map<string, number>()
    for (let i = 0; !map.isFull; i++) {
      const key = Buffer.from(`k${random.int(3000)}`)
      // Beyond what 32 bits hold, too.
      const offset = i * 2 ** 33
      map.put(key, 0, key.length, offset)
      model.set(String(key), offset)
    }
    expect(map.size).toBe(Math.floor(slots * 0.95))
    expect(model.size).toBe(map.size)
    for (let k = 0; k < 3000; k++) {
      const key = Buffer.from(`k${k}`)
      expect(map.get(key, 0, key.length)).toBe(model.get(String(key)) ?? -1)
    }
  })

  it('always has a free slot, so that a search ends', () => {
    const map = new OffsetMap(2 * BYTES_PER_ENTRY, 1, new KeyHash(Buffer.alloc(16)))
    map.put(Buffer.from('a'), 0, 1, 0)
    expect(map.isFull).toBe(true)
    expect([map.get(Buffer.from('a'), 0, 1), map.get(Buffer.from('b'), 0, 1)]).toEqual([0, -1])
  })
})

describe('groups of segments', () => {
  const segment = (baseOffset: number, sizeBytes = 10, indexBytes = 8): SourceSegment => ({
    baseOffset,
    sizeBytes,
    modifiedMs: 0,
    offsetIndexBytes: indexBytes,
    timeIndexBytes: indexBytes,
  })
  const bases = (groups: SourceSegment[][]) =>
    groups.map((group) => group.map(({ baseOffset }) => baseOffset))
  const limits = { segmentBytes: 30, segmentIndexBytes: 100 }

  it('are as large as segment.bytes allows', () => {
    const segments = [0, 1, 2, 3, 4].map((base) => segment(base))
    expect(bases(groupSegments(segments, limits, 5))).toEqual([
      [0, 1, 2],
      [3, 4],
    ])
    expect(bases(groupSegments([segment(0, 100), segment(1)], limits, 2))).toEqual([[0], [1]])
  })

  it('are as large as segment.index.bytes allows', () => {
    const segments = [0, 1, 2].map((base) => segment(base, 1, 50))
    expect(bases(groupSegments(segments, limits, 3))).toEqual([[0, 1], [2]])
  })

  it('span no more offsets than an index entry can tell', () => {
    const far = 0x7fffffff
    expect(bases(groupSegments([segment(0), segment(5)], limits, far + 1))).toEqual([[0, 5]])
    expect(bases(groupSegments([segment(0), segment(5)], limits, far + 2))).toEqual([[0], [5]])
    expect(bases(groupSegments([segment(0), segment(5), segment(far + 2)], limits, far + 5))).toEqual([
      [0],
      [5, far + 2],
    ])
    // An empty segment adds nothing that would have to be told.
    expect(bases(groupSegments([segment(0), segment(far + 9, 0)], limits, far + 99))).toEqual([[0, far + 9]])
  })
})

describe('the pace of a pass', () => {
  it('waits when the bytes came faster than allowed, looking every 300 ms', async () => {
    const clock = new ManualClock()
    const control = new PassControl()
    control.bytesPerSecond = 1000
    const pace = new YieldingPace(control, clock)
    await clock.run(pace.step(5000))
    const startMs = clock.monotonicMs()
    clock.now += 301
    await clock.run(pace.step(1000))
    // 6000 bytes take 6 s at this rate.
    expect(clock.monotonicMs() - startMs).toBe(6000)
  })

  it('stops the whole thread in a worker, until it is aborted', () => {
    const clock = new ManualClock()
    const control = new PassControl()
    control.bytesPerSecond = 1000
    const pace = new BlockingPace(control, clock)
    pace.step(0)
    clock.now += 301
    const before = performance.now()
    pace.step(341)
    expect(performance.now() - before).toBeGreaterThan(35)
    control.abort()
    clock.now += 1000
    expect(() => pace.step(1_000_000_000)).toThrow(CleaningAbortedError)
    expect(performance.now() - before).toBeLessThan(10_000)
  })

  it('shows an abort at once, also in the middle of a nap', async () => {
    const clock = new ManualClock()
    const control = new PassControl()
    control.bytesPerSecond = 1
    const pace = new YieldingPace(control, clock)
    clock.now += 301
    const step = pace.step(1_000_000)
    step.catch(() => undefined)
    await clock.advance(200)
    control.abort()
    await clock.advance(100)
    await expect(step).rejects.toBeInstanceOf(CleaningAbortedError)
    expect(new PassControl(control.shared).isAborted).toBe(true)
  })
})
