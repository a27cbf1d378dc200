import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../../src/base/node-file-system.ts'
import { startPosition } from '../../../src/inspect/dump/seek.ts'
import { BatchBuilder } from '../../../src/records/index.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const BATCHES = 40

/** Batches of two records, one for each second. */
function segment() {
  const directory = temporaryDirectory()
  const at = (suffix: string) => path.join(directory, `00000000000000000100.${suffix}`)
  const positions: number[] = []
  const batches: Buffer[] = []
  let position = 0
  for (let i = 0; i < BATCHES; i++) {
    const builder = new BatchBuilder({ baseOffset: 100 + i * 2 })
    for (const n of [0, 1]) builder.append(1_000_000 + i * 1000 + n, null, Buffer.from(`value ${i}`))
    const batch = builder.build()
    positions.push(position)
    position += batch.length
    batches.push(batch)
  }
  writeFileSync(at('log'), Buffer.concat(batches))
  const index = (entries: readonly (readonly [offset: number, position: number])[], zeros = 0) => {
    const bytes = Buffer.alloc(entries.length * 8 + zeros)
    entries.forEach(([offset, place], i) => {
      bytes.writeInt32BE(offset - 100, i * 8)
      bytes.writeInt32BE(place, i * 8 + 4)
    })
    writeFileSync(at('index'), bytes)
  }
  const timeIndex = (entries: readonly (readonly [timestampMs: number, offset: number])[], zeros = 0) => {
    const bytes = Buffer.alloc(entries.length * 12 + zeros)
    entries.forEach(([timestampMs, offset], i) => {
      bytes.writeBigInt64BE(BigInt(timestampMs), i * 12)
      bytes.writeInt32BE(offset - 100, i * 12 + 8)
    })
    writeFileSync(at('timeindex'), bytes)
  }
  const start = async (filter: Parameters<typeof startPosition>[3]) => {
    const log = nodeFileSystem.openSync(at('log'), 'r')
    try {
      return await startPosition(nodeFileSystem, log, 100, filter)
    } finally {
      log.closeSync()
    }
  }
  return { positions, index, timeIndex, start }
}

describe('startPosition', () => {
  it('is the start without indexes', async () => {
    const { start } = segment()
    expect(await start({ fromOffset: 150, fromMs: 1_030_000 })).toBe(0)
  })

  it('goes by the offset index, also one that was preallocated', async () => {
    const { start, index, positions } = segment()
    for (const zeros of [0, 800]) {
      index(
        [
          [111, positions[5] ?? 0],
          [141, positions[20] ?? 0],
          [161, positions[30] ?? 0],
        ],
        zeros,
      )
      expect(await start({ fromOffset: 105 })).toBe(0)
      expect(await start({ fromOffset: 111 })).toBe(positions[5])
      expect(await start({ fromOffset: 160 })).toBe(positions[20])
      expect(await start({ fromOffset: 1000 })).toBe(positions[30])
    }
  })

  it('takes the entries of a follower, which stand for several batches', async () => {
    const { start, index, positions } = segment()
    index([
      [121, positions[5] ?? 0],
      [159, positions[11] ?? 0],
    ])
    expect(await start({ fromOffset: 130 })).toBe(positions[5])
    expect(await start({ fromOffset: 159 })).toBe(positions[11])
  })

  it.each([
    ['inside a batch', 7],
    ['behind the end', 1 << 28],
    ['before the start', -3],
  ])('does not believe an entry that leads %s', async (_, position) => {
    const { start, index } = segment()
    index([[141, position]])
    expect(await start({ fromOffset: 150 })).toBe(0)
  })

  it('does not believe an entry that leads too far', async () => {
    const { start, index, positions } = segment()
    index([[111, positions[30] ?? 0]])
    expect(await start({ fromOffset: 120 })).toBe(0)
  })

  it('goes by the time index, when the log agrees', async () => {
    const { start, index, timeIndex, positions } = segment()
    index([
      [111, positions[5] ?? 0],
      [141, positions[20] ?? 0],
    ])
    for (const zeros of [0, 1200]) {
      timeIndex(
        [
          [1_005_001, 111],
          [1_020_001, 141],
        ],
        zeros,
      )
      expect(await start({ fromMs: 1_005_001 })).toBe(0)
      expect(await start({ fromMs: 1_010_000 })).toBe(positions[5])
      expect(await start({ fromMs: 9_999_999 })).toBe(positions[20])
      expect(await start({ fromMs: 9_999_999, fromOffset: 111 })).toBe(positions[20])
    }
    timeIndex([[1_004_000, 111]])
    expect(await start({ fromMs: 1_010_000 })).toBe(0)
  })
})
