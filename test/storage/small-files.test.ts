import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../src/base/logger.ts'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { seededRandom } from '../../src/base/random.ts'
import {
  OffsetCheckpointFile,
  parseCheckpoint,
  readOffsetCheckpoint,
} from '../../src/storage/checkpoint-file.ts'
import { EpochCache } from '../../src/storage/epoch-cache.ts'
import {
  deleteDirName,
  isDeleteDirName,
  offsetFileName,
  offsetOfFileName,
  parsePartitionDirName,
} from '../../src/storage/file-names.ts'
import { logConfigFromEntries, NO_LIMIT } from '../../src/storage/index.ts'
import { readPartitionMetadata } from '../../src/storage/partition-metadata.ts'
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../../src/storage/producer-snapshot.ts'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { TestDir } from './support.ts'

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

describe('names', () => {
  it('are Kafka’s', () => {
    expect(offsetFileName(42, '.log')).toBe('00000000000000000042.log')
    expect(offsetOfFileName('00000000000000000042.index.deleted')).toBe(42)
    expect(offsetOfFileName('42.log')).toBeUndefined()
    expect(offsetOfFileName('99999999999999999999.log')).toBeUndefined()
    expect(parsePartitionDirName('a-b-7')).toEqual({ topic: 'a-b', partition: 7 })
    expect(parsePartitionDirName('orders')).toBeUndefined()
    const name = deleteDirName('t'.repeat(249), 12, seededRandom(1))
    expect(name).toHaveLength(255)
    expect(isDeleteDirName(name)).toBe(true)
    expect(parsePartitionDirName(name)).toBeUndefined()
  })
})

describe('checkpoint files', () => {
  it('are read as they were written, and only written when they change', async () => {
    const fs = new FailingFileSystem()
    const path = join(dir.path, 'c')
    const file = new OffsetCheckpointFile(fs, path)
    const offsets = new Map([['a-1', 2 ** 40]])
    await file.write(offsets)
    expect(readFileSync(path, 'utf8')).toBe('0\n1\na 1 1099511627776\n')
    expect(file.read()).toEqual(offsets)
    const { length } = fs.changes
    await file.write(offsets)
    expect(fs.changes).toHaveLength(length)
  })

  it('keep the old content when the new one cannot be written', async () => {
    const fs = new FailingFileSystem()
    const path = join(dir.path, 'c')
    const file = new OffsetCheckpointFile(fs, path)
    const at = (offset: number) => new Map([['a-1', offset]])
    await file.write(at(1))
    for (const operation of ['writeFile', 'sync', 'rename'] as const) {
      fs.failNext(operation, /c(\.tmp)?$/, 'ENOSPC')
      await expect(file.write(at(2))).rejects.toMatchObject({ code: 'ENOSPC' })
      expect(file.read()).toEqual(at(1))
    }
    await file.write(at(2))
    expect(file.read()).toEqual(at(2))
  })

  it.each(['1\n0\n', '0\n2\na 0 1\n', '0\nx\n', '0\n1\na 0\n', '0\n1\na 0 -1\n', '0\n1\na 0 1 2\n'])(
    'that are not ones are refused: %j',
    (content) => {
      const path = join(dir.path, 'c')
      writeFileSync(path, content)
      expect(() => readOffsetCheckpoint(nodeFileSystem, path)).toThrow(path)
    },
  )

  it('may be empty', () => {
    expect(parseCheckpoint('', 'p')).toEqual([])
    expect(parseCheckpoint('0\n0\n', 'p')).toEqual([])
    expect(readOffsetCheckpoint(nodeFileSystem, join(dir.path, 'missing')).size).toBe(0)
  })
})

describe('EpochCache', () => {
  const entries = (cache: EpochCache) => cache.entries.map((e) => [e.epoch, e.startOffset])

  it('answers where an epoch ended (KIP-101)', () => {
    const cache = EpochCache.load(nodeFileSystem, dir.path)
    expect(cache.endOffsetFor(0, 10)).toEqual({ epoch: -1, endOffset: -1 })
    cache.assign(2, 5)
    cache.assign(4, 20)
    cache.assign(4, 25)
    expect(cache.endOffsetFor(1, 30)).toEqual({ epoch: 1, endOffset: 5 })
    expect(cache.endOffsetFor(2, 30)).toEqual({ epoch: 2, endOffset: 20 })
    expect(cache.endOffsetFor(3, 30)).toEqual({ epoch: 2, endOffset: 20 })
    expect(cache.endOffsetFor(4, 30)).toEqual({ epoch: 4, endOffset: 30 })
    expect(cache.endOffsetFor(5, 30)).toEqual({ epoch: -1, endOffset: -1 })
    expect(cache.endOffsetFor(-1, 30)).toEqual({ epoch: -1, endOffset: -1 })
    expect([4, 5, 19, 20].map((offset) => cache.epochForOffset(offset))).toEqual([-1, 2, 2, 4])
    expect(entries(EpochCache.load(nodeFileSystem, dir.path))).toEqual([
      [2, 5],
      [4, 20],
    ])
  })

  it('is truncated from both ends', () => {
    const cache = EpochCache.load(nodeFileSystem, dir.path)
    for (const [epoch, start] of [
      [0, 0],
      [1, 10],
      [2, 20],
      [3, 30],
    ] as const)
      cache.assign(epoch, start)
    cache.truncateFromEnd(30)
    cache.truncateFromStart(15)
    expect(entries(cache)).toEqual([
      [1, 15],
      [2, 20],
    ])
    cache.truncateFromStart(20)
    expect(entries(cache)).toEqual([[2, 20]])
    cache.assign(1, 12)
    expect(entries(cache)).toEqual([[1, 12]])
    expect(readFileSync(join(dir.path, 'leader-epoch-checkpoint'), 'utf8')).toBe('0\n1\n1 12\n')
  })

  it('keeps its entries when the file cannot be written', () => {
    const fs = new FailingFileSystem()
    const cache = EpochCache.load(fs, dir.path)
    cache.assign(1, 0)
    fs.failNext('rename', /leader-epoch/, 'EIO')
    expect(() => cache.assign(2, 5)).toThrow('EIO')
    expect(entries(cache)).toEqual([[1, 0]])
  })
})

describe('producer snapshots', () => {
  const int = (max: number) => fc.integer({ min: 0, max })
  const entry = fc
    .record({
      producerId: int(2 ** 53 - 1),
      producerEpoch: int(32767),
      coordinatorEpoch: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
      lastTimestamp: fc.integer({ min: -1, max: 2 ** 45 }),
      currentTxnFirstOffset: fc.integer({ min: -1, max: 2 ** 45 }),
      last: fc.option(
        fc.record({ lastSequence: int(2 ** 31 - 1), lastOffset: int(2 ** 45), delta: int(1000) }),
      ),
    })
    .map(({ last, ...rest }) => ({
      ...rest,
      batches:
        last === null
          ? []
          : [
              {
                lastSequence: last.lastSequence,
                firstSequence: (last.lastSequence - last.delta + 2 ** 31) % 2 ** 31,
                firstOffset: last.lastOffset - last.delta,
                lastOffset: last.lastOffset,
                timestamp: rest.lastTimestamp,
              },
            ],
    }))

  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
        expect(decodeProducerSnapshot(encodeProducerSnapshot(entries, entries.length))).toEqual(entries)
      }),
    )
  })

  it('are not taken when any bit is wrong or any byte is missing', () => {
    const [one] = fc.sample(entry, { numRuns: 1, seed: 7 })
    const bytes = encodeProducerSnapshot(one ? [one] : [], 1)
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ 0x10
      expect(decodeProducerSnapshot(damaged), `byte ${at}`).toBeUndefined()
      expect(decodeProducerSnapshot(bytes.subarray(0, at))).toBeUndefined()
    }
  })
})

describe('partition.metadata', () => {
  it.each([
    'version: 1\ntopic_id: AAAAAAAAAAAAAAAAAAAAAB',
    'version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA',
    'x',
  ])('is refused when it is not one: %j', (content) => {
    writeFileSync(join(dir.path, 'partition.metadata'), content)
    expect(() => readPartitionMetadata(nodeFileSystem, dir.path, silentLogger)).toThrow('malformed')
  })
})

describe('logConfigFromEntries', () => {
  it('reads Kafka’s names and texts by type, and leaves out what is no log’s business', () => {
    expect(
      logConfigFromEntries({
        'cleanup.policy': 'compact, delete',
        'retention.ms': '-1',
        'flush.messages': '9223372036854775807',
        preallocate: 'TRUE',
        'min.cleanable.dirty.ratio': '0.25',
        'message.timestamp.type': 'LogAppendTime',
        'segment.bytes': 'many',
        'no.such.thing': '1',
      }),
    ).toEqual({
      cleanupPolicy: ['compact', 'delete'],
      retentionMs: -1,
      flushMessages: NO_LIMIT,
      preallocate: true,
      minCleanableDirtyRatio: 0.25,
      messageTimestampType: 'LogAppendTime',
    })
  })
})
