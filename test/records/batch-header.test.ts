import { describe, expect, it } from 'vitest'
import {
  attributes,
  BatchBuilder,
  baseOffset,
  baseSequence,
  baseTimestamp,
  batchSizeBytes,
  batchStarts,
  CREATE_TIME,
  checkedBatchSize,
  codecId,
  crc,
  decrementSequence,
  deleteHorizonMs,
  END_OF_BATCHES,
  hasDeleteHorizon,
  hasProducerId,
  InvalidBatchError,
  incrementSequence,
  isCrcValid,
  isTransactional,
  LOG_APPEND_TIME,
  lastOffset,
  lastOffsetDelta,
  lastSequence,
  magic,
  maxTimestamp,
  NO_TIMESTAMP_TYPE,
  nextBatch,
  nextOffset,
  partitionLeaderEpoch,
  producerEpoch,
  producerId,
  readRecords,
  recordCount,
  setBaseOffset,
  setLastOffset,
  setMaxTimestampAndType,
  setPartitionLeaderEpoch,
  setProducerState,
  TRUNCATED,
  timestampType,
} from '../../src/records/index.ts'
import { golden } from './support.ts'

/** The batch somewhere inside a buffer, as in a request. */
function embedded(name: string): { buffer: Buffer; at: number } {
  const bytes = golden(name)
  return { buffer: Buffer.concat([Buffer.alloc(13, 0xee), bytes, Buffer.alloc(7, 0xee)]), at: 13 }
}

describe('the head of a v2 batch', () => {
  it('is read where it lies', () => {
    const { buffer, at } = embedded('idempotent')
    expect(baseOffset(buffer, at)).toBe(0)
    expect(batchSizeBytes(buffer, at)).toBe(golden('idempotent').length)
    expect(partitionLeaderEpoch(buffer, at)).toBe(-1)
    expect(magic(buffer, at)).toBe(2)
    expect(crc(buffer, at)).toBe(golden('idempotent').readUInt32BE(17))
    expect(attributes(buffer, at)).toBe(0)
    expect(lastOffsetDelta(buffer, at)).toBe(2)
    expect(lastOffset(buffer, at)).toBe(2)
    expect(nextOffset(buffer, at)).toBe(3)
    expect(baseTimestamp(buffer, at)).toBe(1700000000000)
    expect(maxTimestamp(buffer, at)).toBe(1700000000002)
    expect(producerId(buffer, at)).toBe(4711)
    expect(hasProducerId(buffer, at)).toBe(true)
    expect(producerEpoch(buffer, at)).toBe(3)
    expect(baseSequence(buffer, at)).toBe(17)
    expect(lastSequence(buffer, at)).toBe(19)
    expect(recordCount(buffer, at)).toBe(3)
    expect(timestampType(buffer, at)).toBe(CREATE_TIME)
    expect(isCrcValid(buffer, at)).toBe(true)
    expect(hasProducerId(golden('one'), 0)).toBe(false)
    expect(lastSequence(golden('one'), 0)).toBe(-1)
    expect(isTransactional(golden('transactional'), 0)).toBe(true)
    expect(partitionLeaderEpoch(golden('append-time'), 0)).toBe(7)
    expect(timestampType(golden('append-time'), 0)).toBe(LOG_APPEND_TIME)
    expect(['gzip', 'snappy', 'lz4', 'zstd'].map((c) => codecId(golden(`${c}-small`), 0))).toEqual([
      1, 2, 3, 4,
    ])
  })

  it('takes offset and epoch without a new checksum', () => {
    const { buffer, at } = embedded('many')
    setBaseOffset(buffer, at, 2 ** 45 + 7)
    setPartitionLeaderEpoch(buffer, at, 12)
    expect(baseOffset(buffer, at)).toBe(2 ** 45 + 7)
    expect(lastOffset(buffer, at)).toBe(2 ** 45 + 306)
    expect(partitionLeaderEpoch(buffer, at)).toBe(12)
    expect(isCrcValid(buffer, at)).toBe(true)
    setLastOffset(buffer, at, 1000)
    expect([baseOffset(buffer, at), lastOffset(buffer, at)]).toEqual([701, 1000])
  })

  it('takes timestamps and producer state with a new checksum', () => {
    const { buffer, at } = embedded('zstd-small')
    setMaxTimestampAndType(buffer, at, LOG_APPEND_TIME, 1800000000000)
    expect(timestampType(buffer, at)).toBe(LOG_APPEND_TIME)
    expect(codecId(buffer, at)).toBe(4)
    expect(isCrcValid(buffer, at)).toBe(true)
    expect([...readRecords(buffer, at)].map((r) => r.timestampMs)).toEqual([1800000000000, 1800000000000])
    setMaxTimestampAndType(buffer, at, CREATE_TIME, 5)
    expect([timestampType(buffer, at), maxTimestamp(buffer, at)]).toEqual([CREATE_TIME, 5])
    setProducerState(buffer, at, 99, 2, 1000, true)
    expect([producerId(buffer, at), producerEpoch(buffer, at), baseSequence(buffer, at)]).toEqual([
      99, 2, 1000,
    ])
    expect(isTransactional(buffer, at)).toBe(true)
    expect(isCrcValid(buffer, at)).toBe(true)
    setProducerState(buffer, at, 99, 2, 1000, false)
    expect(isTransactional(buffer, at)).toBe(false)
  })

  it('leaves a batch alone whose timestamp and type are right, even with a bad checksum', () => {
    const bytes = golden('one')
    bytes[17]! ^= 1
    setMaxTimestampAndType(bytes, 0, CREATE_TIME, 1700000000000)
    expect(isCrcValid(bytes, 0)).toBe(false)
  })

  it('has a checksum over everything behind it', () => {
    const bytes = golden('headers')
    for (let at = 17; at < bytes.length; at++) {
      bytes[at]! ^= 0x10
      expect(isCrcValid(bytes, 0)).toBe(false)
      bytes[at]! ^= 0x10
    }
    expect(isCrcValid(bytes, 0)).toBe(true)
  })

  it('keeps the delete horizon where the base timestamp is', () => {
    const builder = new BatchBuilder({ deleteHorizonMs: 1700000500000 })
    builder.append(1700000000000, Buffer.from('k'), null)
    const bytes = builder.build()
    expect(hasDeleteHorizon(bytes, 0)).toBe(true)
    expect(deleteHorizonMs(bytes, 0)).toBe(1700000500000)
    expect([...readRecords(bytes, 0)][0]!.timestampMs).toBe(1700000000000)
    expect(deleteHorizonMs(golden('one'), 0)).toBeUndefined()
  })
})

describe('the head of an old message', () => {
  it('answers -1 for what it does not have', () => {
    for (const name of ['v0-none', 'v1-gzip']) {
      const bytes = golden(name)
      expect(partitionLeaderEpoch(bytes, 0)).toBe(-1)
      expect([producerId(bytes, 0), producerEpoch(bytes, 0), baseSequence(bytes, 0)]).toEqual([-1, -1, -1])
      expect([lastSequence(bytes, 0), recordCount(bytes, 0)]).toEqual([-1, -1])
      expect([isTransactional(bytes, 0), hasDeleteHorizon(bytes, 0)]).toEqual([false, false])
      expect(isCrcValid(bytes, 0)).toBe(true)
    }
    expect(timestampType(golden('v0-none'), 0)).toBe(NO_TIMESTAMP_TYPE)
    expect(maxTimestamp(golden('v0-none'), 0)).toBe(-1)
    expect(timestampType(golden('v1-gzip-append-time'), 0)).toBe(LOG_APPEND_TIME)
    expect(maxTimestamp(golden('v1-gzip'), 0)).toBe(1700000000050)
    expect([baseOffset(golden('v1-gzip'), 0), lastOffset(golden('v1-gzip'), 0)]).toEqual([102, 102])
    expect(codecId(golden('v0-lz4'), 0)).toBe(3)
  })
})

describe('sequences', () => {
  it('go round at 2^31', () => {
    expect(incrementSequence(2147483647, 1)).toBe(0)
    expect(incrementSequence(2147483646, 4)).toBe(2)
    expect(incrementSequence(5, 6)).toBe(11)
    expect(decrementSequence(0, 1)).toBe(2147483647)
    expect(decrementSequence(2, 4)).toBe(2147483646)
    expect(decrementSequence(11, 6)).toBe(5)
  })
})

describe('going from batch to batch', () => {
  const names = ['one', 'v0-none', 'lz4-large', 'v1-snappy', 'commit']
  const buffer = Buffer.concat(names.map(golden))

  it('finds every batch of every magic', () => {
    expect([...batchStarts(buffer)].map((at) => magic(buffer, at))).toEqual([2, 0, 0, 0, 2, 1, 2])
  })

  it('tells the end from a cut, at every byte', () => {
    const bytes = golden('headers')
    expect(nextBatch(bytes, 0, bytes.length)).toBe(bytes.length)
    expect(nextBatch(bytes, bytes.length, bytes.length)).toBe(END_OF_BATCHES)
    for (let end = 1; end < bytes.length; end++) expect(nextBatch(bytes, 0, end)).toBe(TRUNCATED)
    expect([...batchStarts(buffer, 0, buffer.length - 1)]).toHaveLength(6)
  })

  it('refuses sizes and magics that cannot be', () => {
    const change = (name: string, write: (b: Buffer) => void) => {
      const bytes = golden(name)
      write(bytes)
      return () => nextBatch(bytes, 0, bytes.length)
    }
    const refused = [
      change('one', (b) => b.writeInt32BE(-1, 8)),
      change('one', (b) => b.writeInt32BE(-2147483648, 8)),
      change('one', (b) => b.writeInt32BE(13, 8)),
      change('one', (b) => b.writeInt32BE(48, 8)),
      change('v1-none', (b) => b.writeInt32BE(21, 8)),
      change('v0-none', (b) => b.writeInt32BE(13, 8)),
      change('one', (b) => b.writeInt8(3, 16)),
      change('one', (b) => b.writeInt8(-1, 16)),
    ]
    for (const run of refused) expect(run).toThrow(InvalidBatchError)
    expect(change('one', (b) => b.writeInt32BE(0x7fffffff, 8))()).toBe(TRUNCATED)
  })

  it('sizes a head without its batch', () => {
    const bytes = golden('many')
    expect(checkedBatchSize(bytes.subarray(0, 12), 0, 12)).toBe(bytes.length)
    expect(checkedBatchSize(bytes.subarray(0, 61), 0, 61)).toBe(bytes.length)
  })
})
