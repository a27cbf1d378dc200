import { describe, expect, it } from 'vitest'
import {
  ABORT_MARKER,
  BatchBuilder,
  baseOffset,
  baseSequence,
  batchStarts,
  buildEndTxnMarker,
  COMMIT_MARKER,
  codecId,
  convertToV2,
  isControl,
  isCrcValid,
  isTransactional,
  lastOffset,
  lastSequence,
  magic,
  maxTimestamp,
  partitionLeaderEpoch,
  producerEpoch,
  producerId,
  readAllRecords,
  readControlRecord,
  readRecords,
  recordCount,
  timestampType,
  validateProducedHead,
  validateRecordStructure,
} from '../../src/records/index.ts'
import { describeRecord, type Golden, golden, goldens, sha256 } from './support.ts'

const all = goldens()
const v2 = all.filter((one) => magic(one.bytes, 0) === 2)
const legacy = all.filter((one) => magic(one.bytes, 0) < 2)
const names = (cases: Golden[]) => cases.map((one): [string, Golden] => [one.name, one])

/** A new batch from what the accessors and the reader say of an old one. */
function rebuild(bytes: Buffer): Buffer {
  const builder = new BatchBuilder({
    baseOffset: baseOffset(bytes, 0),
    partitionLeaderEpoch: partitionLeaderEpoch(bytes, 0),
    ...(timestampType(bytes, 0) === 1 && { logAppendTimeMs: maxTimestamp(bytes, 0) }),
    producerId: producerId(bytes, 0),
    producerEpoch: producerEpoch(bytes, 0),
    baseSequence: baseSequence(bytes, 0),
    isTransactional: isTransactional(bytes, 0),
    isControl: isControl(bytes, 0),
  })
  for (const r of readRecords(bytes, 0)) builder.appendAt(r.offset, r.timestampMs, r.key, r.value, r.headers)
  return builder.build()
}

describe('what Kafka 3.9.1 wrote', () => {
  it.each(names(all))('%s: reads as Kafka reads it', (_, { bytes, count, records, sha256: digest }) => {
    for (const at of batchStarts(bytes)) expect(isCrcValid(bytes, at)).toBe(true)
    const lines = [...readAllRecords(bytes)].map(describeRecord)
    expect(lines).toHaveLength(count)
    if (records) expect(lines).toEqual(records)
    expect(sha256(lines)).toBe(digest)
  })

  // Of an append-time batch the reader does not give back the times the producer set.
  const rebuildable = v2.filter((one) => codecId(one.bytes, 0) === 0 && one.name !== 'append-time')
  it.each(names(rebuildable))('%s: is written byte for byte as Kafka writes it', (_, { bytes }) => {
    expect(rebuild(bytes).toString('hex')).toBe(bytes.toString('hex'))
  })

  it('append-time: is written byte for byte from the same input', () => {
    const builder = new BatchBuilder({
      baseOffset: 12,
      partitionLeaderEpoch: 7,
      logAppendTimeMs: 1700000001000,
    })
    for (let i = 0; i < 3; i++) {
      builder.append(1700000000000 + i, Buffer.from(`k${i}`), Buffer.from(`v${i}`))
    }
    expect(builder.build().toString('hex')).toBe(golden('append-time').toString('hex'))
  })

  const client = v2.filter((one) => !isControl(one.bytes, 0) && one.name !== 'offset-gaps')
  it.each(names(client))('%s: passes validation', (_, { bytes, count }) => {
    const result = validateRecordStructure(bytes, 0)
    expect(result.count).toBe(count)
    expect(result.maxTimestampMs).toBe(maxTimestamp(bytes, 0))
    validateProducedHead(bytes, 0)
    expect(recordCount(bytes, 0)).toBe(count)
  })

  const converted = legacy.filter((one) => one.converted !== undefined)
  it.each(names(converted))('%s: is converted as LogValidator does', (name, one) => {
    const isAppendTime = name === 'v1-to-append-time'
    const result = convertToV2(one.bytes, 0, one.bytes.length, {
      codec: 0,
      baseOffset: 500,
      partitionLeaderEpoch: 6,
      ...(isAppendTime && { timestampType: 1, nowMs: 1700000002000 }),
    })
    expect(result.batch.toString('hex')).toBe(one.converted!.toString('hex'))
    expect(result.count).toBe(3)
    expect(result.maxTimestampMs).toBe(
      isAppendTime ? 1700000002000 : name.startsWith('v0') ? -1 : 1700000000050,
    )
    expect(result.offsetOfMaxTimestamp).toBe(isAppendTime ? 502 : name.startsWith('v0') ? -1 : 501)
  })

  it('keeps the codec of the producer when none is asked for', () => {
    const bytes = golden('v1-lz4-produced')
    const { batch } = convertToV2(bytes, 0, bytes.length)
    expect(codecId(batch, 0)).toBe(3)
    expect([...readRecords(batch, 0)].map((r) => r.offset)).toEqual([0, 1, 2])
  })
})

describe('control batches', () => {
  const options = { producerId: 4711, producerEpoch: 3, timestampMs: 1700000000000 }

  it('writes the markers as Kafka does', () => {
    const commit = buildEndTxnMarker({
      ...options,
      type: COMMIT_MARKER,
      coordinatorEpoch: 21,
      baseOffset: 77,
      partitionLeaderEpoch: 4,
    })
    expect(commit.toString('hex')).toBe(golden('commit').toString('hex'))
    const abort = buildEndTxnMarker({
      type: ABORT_MARKER,
      producerId: 1,
      producerEpoch: 0,
      coordinatorEpoch: 0,
      timestampMs: 1700000000000,
      baseOffset: 2 ** 35,
    })
    expect(abort.toString('hex')).toBe(golden('abort').toString('hex'))
  })

  it('reads them', () => {
    const [record] = [...readRecords(golden('commit'), 0)]
    expect(readControlRecord(record!)).toEqual({ version: 0, type: COMMIT_MARKER, coordinatorEpoch: 21 })
    expect(isControl(golden('commit'), 0)).toBe(true)
    expect(isTransactional(golden('commit'), 0)).toBe(true)
    const other = { ...record!, key: Buffer.from('00000002', 'hex'), value: null }
    expect(readControlRecord(other)).toEqual({ version: 0, type: 2, coordinatorEpoch: undefined })
    for (const bad of [
      { key: null },
      { key: Buffer.alloc(3) },
      { key: Buffer.from('ffff0000', 'hex') },
      { value: null },
      { value: Buffer.alloc(5) },
      { value: Buffer.from('ffff00000000', 'hex') },
    ]) {
      expect(() => readControlRecord({ ...record!, ...bad })).toThrow(
        expect.objectContaining({ code: 'KCLI_INVALID_BATCH', reason: 'invalid-record' }),
      )
    }
  })
})

describe('sequence numbers', () => {
  it('wrap to 0 as Kafka wraps them', () => {
    const bytes = golden('sequence-wrap')
    expect(lastSequence(bytes, 0)).toBe(2)
    expect(lastOffset(bytes, 0)).toBe(4)
    expect([...readRecords(bytes, 0)].map((r) => r.sequence)).toEqual([2147483646, 2147483647, 0, 1, 2])
  })
})
