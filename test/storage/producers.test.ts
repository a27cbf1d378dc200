import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ABORT_MARKER, type BatchOptions, buildEndTxnMarker, COMMIT_MARKER } from '../../src/records/index.ts'
import type { AppendInfo, Log } from '../../src/storage/index.ts'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { batchOf, LEADER, newLog, TestDir } from './support.ts'

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

function send(
  log: Log,
  baseSequence: number,
  options: BatchOptions & { count?: number } = {},
): Promise<AppendInfo> {
  const values = Array.from({ length: options.count ?? 1 }, (_, i) => `v${baseSequence + i}`)
  return log.appendAsLeader(
    batchOf(values, { producerId: 9, producerEpoch: 0, baseSequence, ...options }),
    LEADER,
  )
}

function end(
  log: Log,
  type: typeof ABORT_MARKER | typeof COMMIT_MARKER,
  coordinatorEpoch = 0,
): Promise<AppendInfo> {
  const marker = buildEndTxnMarker({
    type,
    producerId: 9,
    producerEpoch: 0,
    coordinatorEpoch,
    timestampMs: 1,
  })
  return log.appendAsLeader(marker, { leaderEpoch: 0, origin: 'coordinator' })
}

const errorNamed = (errorName: string) => expect.objectContaining({ errorName })
const TXN = { isTransactional: true }

describe('sequence numbers', () => {
  it('a producer nobody knows may begin anywhere', async () => {
    const { log } = await newLog(dir)
    expect(await send(log, 500)).toMatchObject({ firstOffset: 0 })
    expect(await send(log, 501)).toMatchObject({ firstOffset: 1 })
  })

  it('refuses gaps and steps back', async () => {
    const { log } = await newLog(dir)
    await send(log, 0, { count: 3 })
    await expect(send(log, 4)).rejects.toEqual(errorNamed('OUT_OF_ORDER_SEQUENCE_NUMBER'))
    await expect(send(log, 1)).rejects.toEqual(errorNamed('OUT_OF_ORDER_SEQUENCE_NUMBER'))
    expect(await send(log, 3)).toMatchObject({ firstOffset: 3 })
  })

  it('answers the last five batches once more without writing them', async () => {
    const { log } = await newLog(dir)
    for (let i = 0; i < 7; i++) await send(log, i * 2, { count: 2 })
    for (let i = 2; i < 7; i++) {
      expect(await send(log, i * 2, { count: 2 })).toMatchObject({
        duplicate: true,
        firstOffset: i * 2,
        lastOffset: i * 2 + 1,
      })
    }
    await expect(send(log, 2, { count: 2 })).rejects.toEqual(errorNamed('OUT_OF_ORDER_SEQUENCE_NUMBER'))
    // The same first number with another length is not the same batch.
    await expect(send(log, 12, { count: 1 })).rejects.toEqual(errorNamed('OUT_OF_ORDER_SEQUENCE_NUMBER'))
    expect(log.logEndOffset).toBe(14)
  })

  it('a duplicate of a batch that is on its way waits for it, and fails with it', async () => {
    const fs = new FailingFileSystem()
    const { log } = await newLog(dir, { fs })
    await send(log, 0)
    fs.holdWrites()
    const first = send(log, 1)
    const again = send(log, 1)
    await new Promise((resolve) => setImmediate(resolve))
    fs.releaseWrites()
    expect(await first).toMatchObject({ duplicate: false, firstOffset: 1 })
    expect(await again).toMatchObject({ duplicate: true, firstOffset: 1 })
    fs.failNext('write', /\.log$/, 'ENOSPC')
    const both = await Promise.allSettled([send(log, 2), send(log, 2)])
    expect(both.map((r) => r.status)).toEqual(['rejected', 'rejected'])
    expect(await send(log, 2)).toMatchObject({ duplicate: false, firstOffset: 2 })
  })

  it('runs on from 2^31 - 1 to 0', async () => {
    const { log } = await newLog(dir)
    await send(log, 2147483645, { count: 2 })
    expect(await send(log, 2147483647)).toMatchObject({ firstOffset: 2 })
    expect(await send(log, 0)).toMatchObject({ firstOffset: 3 })
  })

  it('a new epoch begins at 0, and the old one is fenced', async () => {
    const { log } = await newLog(dir)
    await send(log, 0)
    await expect(send(log, 1, { producerEpoch: 1 })).rejects.toEqual(
      errorNamed('OUT_OF_ORDER_SEQUENCE_NUMBER'),
    )
    expect(await send(log, 0, { producerEpoch: 1 })).toMatchObject({ firstOffset: 1, duplicate: false })
    await expect(send(log, 1)).rejects.toEqual(errorNamed('INVALID_PRODUCER_EPOCH'))
  })

  it('are forgotten after producer.id.expiration.ms, unless a transaction is open', async () => {
    const clock = new ManualClock()
    const { log } = await newLog(dir, { clock, tuning: { producerIdExpirationMs: 1000 } })
    await send(log, 0)
    await send(log, 0, { producerId: 10, ...TXN })
    clock.now += 1000
    log.removeExpiredProducers()
    expect((await log.activeProducers()).map((p) => p.producerId)).toEqual([10])
  })

  it('need a place in the request', async () => {
    const { log } = await newLog(dir)
    await expect(send(log, -1)).rejects.toEqual(errorNamed('INVALID_RECORD'))
  })
})

describe('transactions', () => {
  it('hold the last stable offset back until the marker is replicated', async () => {
    const { log } = await newLog(dir)
    await log.appendAsLeader(batchOf(['plain']), LEADER)
    await send(log, 0, TXN)
    await send(log, 1, TXN)
    log.updateHighWatermark(3)
    expect(log.lastStableOffset).toBe(1)
    await end(log, COMMIT_MARKER)
    expect(log.lastStableOffset).toBe(1)
    log.updateHighWatermark(4)
    expect(log.lastStableOffset).toBe(4)
  })

  it('are listed when they were aborted, also after a restart and after recovery', async () => {
    const { log, manager } = await newLog(dir)
    await send(log, 0, { ...TXN, count: 2 })
    await end(log, ABORT_MARKER)
    await send(log, 2, TXN)
    await end(log, COMMIT_MARKER)
    const aborted = async (l: Log) =>
      (
        await l.read(0, {
          maxBytes: 1 << 20,
          upperBoundOffset: 5,
          minOneMessage: true,
          includeAbortedTransactions: true,
        })
      ).abortedTransactions
    expect(await aborted(log)).toEqual([{ producerId: 9, firstOffset: 0 }])
    await manager.shutdown()
    const second = await newLog(dir)
    expect(await aborted(second.log)).toEqual([{ producerId: 9, firstOffset: 0 }])
    const third = await newLog(dir)
    expect(await aborted(third.log)).toEqual([{ producerId: 9, firstOffset: 0 }])
    await third.manager.shutdown()
    writeFileSync(join(dir.path, 't-0/00000000000000000000.txnindex'), Buffer.alloc(34, 0x77))
    const fourth = await newLog(dir)
    expect(await aborted(fourth.log)).toEqual([{ producerId: 9, firstOffset: 0 }])
  })

  it('that are open hold the last stable offset back before the log is opened', async () => {
    const { log, manager } = await newLog(dir)
    await log.appendAsLeader(batchOf(['plain']), LEADER)
    await send(log, 0, TXN)
    log.updateHighWatermark(2)
    await manager.shutdown()
    const { log: again } = await newLog(dir)
    expect(again).toMatchObject({ isOpen: false, highWatermark: 2, lastStableOffset: 1 })
    await again.open()
    expect(again.lastStableOffset).toBe(1)
  })

  it('refuse plain records of the same producer, and markers of a replaced coordinator', async () => {
    const { log } = await newLog(dir)
    await send(log, 0, TXN)
    await expect(send(log, 1)).rejects.toEqual(errorNamed('INVALID_TXN_STATE'))
    await end(log, COMMIT_MARKER, 5)
    await expect(end(log, COMMIT_MARKER, 4)).rejects.toEqual(errorNamed('TRANSACTION_COORDINATOR_FENCED'))
  })

  it('of which the marker could not be written are open as before', async () => {
    const fs = new FailingFileSystem()
    const { log } = await newLog(dir, { fs })
    await send(log, 0, TXN)
    log.updateHighWatermark(1)
    fs.failNext('write', /\.log$/, 'ENOSPC')
    await expect(end(log, ABORT_MARKER)).rejects.toEqual(errorNamed('KAFKA_STORAGE_ERROR'))
    expect(log.lastStableOffset).toBe(0)
    expect((await log.activeProducers())[0]?.currentTxnStartOffset).toBe(0)
    await end(log, ABORT_MARKER)
    log.updateHighWatermark(2)
    expect(log.lastStableOffset).toBe(2)
  })
})
