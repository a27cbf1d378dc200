import { describe, expect, it, vi } from 'vitest'
import { type MemberLoopOptions, readAsMember } from '../../../src/cli/records/member-loop.ts'
import type { ConsumerRecord } from '../../../src/client/index.ts'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { findCoordinator } from '../../../src/protocol/messages/10-find-coordinator.ts'
import { fill, GroupSetting } from '../../client/consumer/group/support.ts'

async function setUp() {
  const setting = await GroupSetting.make({ partitions: 2, records: 10 })
  const consumer = setting.consumer({ maxPollRecords: 6 })
  const read: string[] = []
  const abort = new AbortController()
  const options: MemberLoopOptions = {
    clock: setting.clock,
    signal: abort.signal,
    topics: ['t'],
    follow: false,
    onSlow: vi.fn(),
    onRecord: ({ partition, offset }: ConsumerRecord) => {
      read.push(`${partition}@${offset}`)
      return true
    },
    afterPoll: async () => undefined,
  }
  const run = (more: Partial<MemberLoopOptions> = {}) =>
    setting.clock.run(readAsMember(consumer, { ...options, ...more }))
  const close = async () => {
    await setting.clock.run(consumer.close())
    const offsets = Object.values(await setting.groups.offsets('g'))
    return offsets.reduce((sum, offset) => sum + offset, 0)
  }
  return { setting, consumer, read, abort, options, run, close }
}

describe('reading as a member', () => {
  it('ends where the partitions ended when they were given out', async () => {
    const { setting, read, run, close } = await setUp()
    const afterPoll = async (count: number) => {
      if (count > 0) fill(setting.cluster.log('t'), 1)
    }
    expect(await run({ afterPoll })).toBeGreaterThanOrEqual(20)
    expect(new Set(read).size).toBe(read.length)
    expect(await close()).toBe(read.length)
  })

  it('stores what was worked on, and not what was fetched with it', async () => {
    const { read, run, close } = await setUp()
    expect(await run({ maxRecords: 9 })).toBe(9)
    expect(read).toHaveLength(9)
    expect(await close()).toBe(9)
  })

  it('stores nothing of what could not be written', async () => {
    const { read, run, close } = await setUp()
    const afterPoll = async () => {
      if (read.length > 6) throw new Error('the pipe is closed')
    }
    await expect(run({ afterPoll })).rejects.toThrow('the pipe is closed')
    expect(await close()).toBe(6)
  })

  it('counts the silence from the first partitions on, and says once that they do not come', async () => {
    const { setting, run, options, close } = await setUp()
    let isAway = true
    setting.cluster.script = (call) =>
      isAway && call.spec.key === findCoordinator.key
        ? { errorCode: ERROR_CODES.COORDINATOR_NOT_AVAILABLE }
        : undefined
    setting.clock.setTimer(25_000, () => {
      isAway = false
    })
    expect(await run({ follow: true, idleTimeoutMs: 1_000 })).toBe(20)
    expect(options.onSlow).toHaveBeenCalledTimes(1)
    expect(setting.clock.monotonicMs()).toBeGreaterThan(25_000)
    await close()
  })

  it('ends when it is told to', async () => {
    const { setting, abort, run, close } = await setUp()
    setting.clock.setTimer(5_000, () => abort.abort())
    expect(await run({ follow: true })).toBe(20)
    expect(await close()).toBe(20)
  })
})
