import { describe, expect, it } from 'vitest'
import { ProducerBatch } from '../../../src/client/producer/batch.ts'
import {
  baseSequence,
  isCrcValid,
  producerEpoch,
  producerId,
  setBaseOffset,
} from '../../../src/records/index.ts'

const throwOn = (error: unknown) => {
  throw error
}

function newBatch(codec: 0 | 1 = 0): ProducerBatch {
  const at = { topic: 't', partition: 0, createdMs: 0, order: 0 }
  return new ProducerBatch(at, { sizeLimitBytes: 10_000, codec, level: undefined, estimatedRatio: 1 })
}

describe('ProducerBatch', () => {
  it('leaves the bytes of an earlier attempt alone', () => {
    const batch = newBatch()
    batch.tryAppend(1, null, Buffer.from('x'), undefined, undefined)
    batch.baseSequence = 5
    batch.stamp(7, 0)
    const first = batch.close()
    const sent = Buffer.from(first)
    batch.detach()
    batch.baseSequence = 0
    batch.stamp(7, 1)
    expect(first).toEqual(sent)
    // Nor does a broker in this process that stamps its offset change what is sent next.
    setBaseOffset(first, 0, 99)
    const second = batch.close()
    expect([producerId(second, 0), producerEpoch(second, 0), baseSequence(second, 0)]).toEqual([7, 1, 0])
    expect([isCrcValid(first, 0), isCrcValid(second, 0)]).toEqual([true, true])
    expect(second.readBigInt64BE(0)).toBe(0n)
  })

  it('weighs what it will send once it is closed, and takes nothing more', () => {
    const batch = newBatch(1)
    expect(batch.tryAppend(1, null, Buffer.alloc(5000), undefined, undefined)).toBeGreaterThan(5000)
    expect(batch.sizeBytes).toBeGreaterThan(5000)
    expect(batch.close().length).toBe(batch.sizeBytes)
    expect(batch.sizeBytes).toBeLessThan(500)
    expect(batch.compressionRatio).toBeLessThan(0.1)
    expect(batch.tryAppend(1, null, null, undefined, undefined)).toBe(0)
  })

  it('takes nothing more once it has numbers: those behind them are given to the next', () => {
    const batch = newBatch()
    batch.tryAppend(1, null, Buffer.from('x'), undefined, undefined)
    batch.baseSequence = 5
    expect(batch.tryAppend(2, null, Buffer.from('y'), undefined, undefined)).toBe(0)
    expect(batch.recordCount).toBe(1)
  })

  it('tells each record once, however it ends', () => {
    const batch = newBatch()
    const told: unknown[] = []
    for (const timestampMs of [10, 20])
      batch.tryAppend(timestampMs, null, null, undefined, (error, metadata) => told.push(error ?? metadata))
    batch.complete(40, -1, throwOn)
    batch.fail(new Error('too late'), throwOn)
    batch.complete(50, -1, throwOn)
    expect(told).toEqual([
      { topic: 't', partition: 0, offset: 40, timestampMs: 10 },
      { topic: 't', partition: 0, offset: 41, timestampMs: 20 },
    ])
  })

  it('takes the time of the log when the broker says it', () => {
    const batch = newBatch()
    let timestampMs = 0
    batch.tryAppend(10, null, null, undefined, (_error, metadata) => {
      timestampMs = metadata?.timestampMs ?? -1
    })
    batch.complete(0, 12345, throwOn)
    expect(timestampMs).toBe(12345)
  })
})
