import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { ProducerIds } from '../../src/broker/producer-ids.ts'
import { ERROR_CODES } from '../../src/protocol/index.ts'

/** A controller that gives out blocks of ten, and a clock that never waits. */
function setUp(failures: number[] = []) {
  let next = 0
  let asked = 0
  const ids = new ProducerIds({
    clock: {
      ...systemClock,
      setTimer: (_delayMs, fn) => {
        queueMicrotask(fn)
        return { cancel: () => undefined }
      },
    },
    logger: silentLogger,
    allocate: async () => {
      asked++
      const errorCode = failures.shift() ?? ERROR_CODES.NONE
      const producerIdStart = next
      if (errorCode === ERROR_CODES.NONE) next += 10
      return { throttleTimeMs: 0, errorCode, producerIdStart, producerIdLen: 10 }
    },
  })
  return { ids, asked: () => asked }
}

describe('producer ids', () => {
  it('are given out once each, block after block, also to many at once', async () => {
    const { ids, asked } = setUp()
    const all = await Promise.all(Array.from({ length: 35 }, () => ids.next()))
    expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: 35 }, (_, i) => i))
    expect(asked()).toBeLessThanOrEqual(5)
  })

  it('are asked for ahead: at nine tenths of a block', async () => {
    const { ids, asked } = setUp()
    for (let i = 0; i < 9; i++) await ids.next()
    expect(asked()).toBe(1)
    await ids.next()
    expect(asked()).toBe(2)
  })

  it('come when the controller has recovered', async () => {
    const { ids } = setUp([ERROR_CODES.STALE_BROKER_EPOCH, ERROR_CODES.NOT_CONTROLLER])
    expect(await ids.next()).toBe(0)
  })

  it('are refused with a retriable error when there are none to be had', async () => {
    const { ids } = setUp(Array.from({ length: 100 }, () => ERROR_CODES.UNKNOWN_SERVER_ERROR))
    await expect(ids.next()).rejects.toMatchObject({ errorName: 'COORDINATOR_LOAD_IN_PROGRESS' })
  })
})
