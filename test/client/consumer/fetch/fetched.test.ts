import { describe, expect, it } from 'vitest'
import {
  type ConsumerRecord,
  CorruptBatchError,
  FetchedPartition,
} from '../../../../src/client/consumer/fetch/fetched.ts'
import {
  ABORT_MARKER,
  BatchBuilder,
  buildEndTxnMarker,
  COMMIT_MARKER,
} from '../../../../src/records/index.ts'

const at = { topic: 't', partition: 3 }

function batch(baseOffset: number, count: number, options: object = {}): Buffer {
  const builder = new BatchBuilder({ baseOffset, ...options })
  for (let i = 0; i < count; i++) builder.append(1000 + i, null, Buffer.from(`${baseOffset + i}`))
  return Buffer.from(builder.build())
}

function read(parts: readonly Buffer[], from = 0, options: object = {}) {
  const part = new FetchedPartition(at, from, Buffer.concat(parts), { checkCrcs: true, ...options })
  const records: ConsumerRecord[] = []
  let error: unknown
  try {
    for (let before = -1; before !== records.length; ) {
      before = records.length
      part.drain(records, 4)
    }
  } catch (thrown) {
    error = thrown
  }
  return {
    offsets: records.map((record) => record.offset),
    next: part.nextOffset,
    isDone: part.isDone,
    error,
    records,
  }
}

describe('FetchedPartition', () => {
  it('begins in the middle of a batch and ends at a batch that is cut off', () => {
    const cut = batch(10, 5).subarray(0, 70)
    expect(read([batch(0, 5), batch(5, 5), cut], 7)).toMatchObject({
      offsets: [7, 8, 9],
      next: 10,
      isDone: true,
    })
  })

  it('gives topic, partition, epoch and time with each record', () => {
    const { records } = read([batch(0, 1, { partitionLeaderEpoch: 7, logAppendTimeMs: 5000 })])
    expect(records).toMatchObject([
      { ...at, leaderEpoch: 7, timestampMs: 5000, timestampType: 'append', value: Buffer.from('0') },
    ])
    expect(read([batch(0, 1)]).records).toMatchObject([{ timestampType: 'create' }])
  })

  it('passes over what compaction took, also at the end of a batch', () => {
    const gappy = new BatchBuilder({ baseOffset: 5 })
    gappy.appendAt(6, 1, null, Buffer.from('x'))
    gappy.appendAt(8, 1, null, Buffer.from('x'))
    gappy.overrideLastOffset(12)
    expect(read([batch(0, 2), gappy.build()])).toMatchObject({ offsets: [0, 1, 6, 8], next: 13 })
    expect(read([gappy.build()], 10)).toMatchObject({ offsets: [], next: 13, isDone: true })
  })

  it.each<[string, (bytes: Buffer) => void, RegExp]>([
    ['a flipped bit in a record', (bytes) => bytes.writeUInt8(bytes.readUInt8(70) ^ 1, 70), /checksum/],
    ['a last offset that hides the batch', (bytes) => bytes.writeInt32BE(-3, 23), /checksum/],
    ['a base offset that goes back', (bytes) => bytes.writeBigInt64BE(2n, 0), /claims the offsets 2 to 6/],
    ['an impossible length', (bytes) => bytes.writeInt32BE(3, 8), /\b3\b/],
    ['an unknown magic', (bytes) => bytes.writeInt8(9, 16), /magic.*\b9/],
  ])('stops before a batch with %s, and says where', (_what, spoil, message) => {
    const bad = batch(5, 5)
    spoil(bad)
    const { offsets, next, error, isDone } = read([batch(0, 5), bad, batch(10, 5)])
    expect([offsets, next, isDone]).toEqual([[0, 1, 2, 3, 4], 5, false])
    expect(error).toBeInstanceOf(CorruptBatchError)
    expect((error as CorruptBatchError).message).toMatch(message)
    expect((error as CorruptBatchError).message).toMatch(/^t-3: the batch at offset/)
    expect((error as CorruptBatchError).offset).toBe(5)
  })

  it('finds a wrong structure where checksums are not looked at', () => {
    const bad = batch(5, 5)
    bad.writeInt32BE(50_000, 57)
    const { offsets, next, error } = read([batch(0, 5), bad], 0, { checkCrcs: false })
    expect([offsets, next]).toEqual([[0, 1, 2, 3, 4], 5])
    expect(error).toMatchObject({ code: 'KCLI_CORRUPT_BATCH', offset: 5 })
  })

  it('does not take a single batch that is cut off for the end', () => {
    const { error, isDone } = read([batch(0, 5).subarray(0, 80)])
    expect([error, isDone]).toMatchObject([{ code: 'KCLI_CORRUPT_BATCH', offset: 0 }, false])
  })

  describe('transactions', () => {
    const transaction = (baseOffset: number, producerId: number) =>
      batch(baseOffset, 2, { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true })
    const marker = (baseOffset: number, producerId: number, type: 0 | 1) =>
      buildEndTxnMarker({
        type,
        producerId,
        producerEpoch: 0,
        coordinatorEpoch: 1,
        timestampMs: 1,
        baseOffset,
      })
    const log = [
      transaction(0, 1),
      transaction(2, 2),
      batch(4, 1),
      marker(5, 1, ABORT_MARKER),
      transaction(6, 1),
      marker(8, 2, COMMIT_MARKER),
      marker(9, 1, COMMIT_MARKER),
    ]

    it('shows everything but markers to read_uncommitted', () => {
      expect(read(log)).toMatchObject({ offsets: [0, 1, 2, 3, 4, 6, 7], next: 10, isDone: true })
    })

    it('hides aborted ones from read_committed, up to their marker', () => {
      const aborted = [{ producerId: 1, firstOffset: 0 }]
      expect(read(log, 0, { aborted })).toMatchObject({ offsets: [2, 3, 4, 6, 7], next: 10 })
      expect(read(log, 0, { aborted: [] })).toMatchObject({ offsets: [0, 1, 2, 3, 4, 6, 7], next: 10 })
    })

    it('takes the aborted list in any order, several of one producer', () => {
      const twice = [...log.slice(0, 6), marker(9, 1, ABORT_MARKER)]
      const aborted = [
        { producerId: 1, firstOffset: 6 },
        { producerId: 1, firstOffset: 0 },
      ]
      expect(read(twice, 0, { aborted })).toMatchObject({ offsets: [2, 3, 4], next: 10 })
    })
  })
})
