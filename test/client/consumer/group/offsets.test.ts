import { describe, expect, it } from 'vitest'
import {
  type CommittedOffset,
  type Consumer,
  type ConsumerConfig,
  RetriableCommitFailedError,
} from '../../../../src/client/index.ts'
import { ERROR_CODES } from '../../../../src/protocol/index.ts'
import { offsetCommit } from '../../../../src/protocol/messages/08-offset-commit.ts'
import { offsetFetch } from '../../../../src/protocol/messages/09-offset-fetch.ts'
import { joinGroup } from '../../../../src/protocol/messages/11-join-group.ts'
import { gate } from '../../../support/manual-clock.ts'
import { fill, GroupSetting } from './support.ts'

const at = { topic: 't', partition: 0 }
const MANUAL: ConsumerConfig = { enableAutoCommit: false }
const commitsOf = (setting: GroupSetting) => setting.cluster.callsOf(offsetCommit)

/** One member with the one partition. */
async function single(config: ConsumerConfig = MANUAL) {
  const setting = await GroupSetting.make({ partitions: 1 })
  return { setting, ...(await setting.member(config, 1)) }
}

async function stored(setting: GroupSetting): Promise<number | undefined> {
  return (await setting.groups.offsets('g'))['t-0']
}

describe('commits', () => {
  it('store what was given out, and are found by the next member', async () => {
    const { setting, consumer } = await single({ ...MANUAL, maxPollRecords: 4 })
    await setting.until(() => consumer.position(at) === 4)
    await setting.clock.run(consumer.commitSync())
    await setting.clock.run(consumer.close())
    const next = setting.consumer()
    next.subscribe(['t'])
    const [records] = await setting.until(() => setting.isAllRead(), [next])
    expect(records?.map((record) => record.offset)).toEqual([4, 5, 6, 7, 8, 9])
    expect(await setting.clock.run(next.committed([at, { topic: 't', partition: 7 }]))).toEqual([
      { ...at, offset: 4, leaderEpoch: expect.any(Number), metadata: '' },
    ])
    await setting.close()
  })

  it('keep metadata and leader epochs', async () => {
    const { setting, consumer } = await single()
    const offset: CommittedOffset = { ...at, offset: 3, leaderEpoch: 5, metadata: 'checkpoint 7' }
    await setting.clock.run(consumer.commitSync([offset]))
    expect(await setting.clock.run(consumer.committed([at]))).toEqual([offset])
    await setting.close()
  })

  it.each([
    'COORDINATOR_LOAD_IN_PROGRESS',
    'NOT_COORDINATOR',
    'COORDINATOR_NOT_AVAILABLE',
    'REQUEST_TIMED_OUT',
    'UNKNOWN_TOPIC_OR_PARTITION',
  ] as const)('are sent again after %s', async (errorName) => {
    const { setting, consumer } = await single()
    let faults = 3
    setting.cluster.script = (call) =>
      call.spec.key === offsetCommit.key && faults-- > 0 ? { errorCode: ERROR_CODES[errorName] } : undefined
    await setting.clock.run(consumer.commitSync([{ ...at, offset: 6 }]))
    expect(await stored(setting)).toBe(6)
    await setting.close()
  })

  it.each(['GROUP_AUTHORIZATION_FAILED', 'OFFSET_METADATA_TOO_LARGE', 'TOPIC_AUTHORIZATION_FAILED'] as const)(
    'say that they cannot be stored: %s',
    async (errorName) => {
      const { setting, consumer } = await single()
      setting.cluster.script = (call) =>
        call.spec.key === offsetCommit.key ? { errorCode: ERROR_CODES[errorName] } : undefined
      const committing = setting.clock.run(consumer.commitSync([{ ...at, offset: 6 }]))
      await expect(committing).rejects.toMatchObject({ errorName })
      expect(commitsOf(setting)).toHaveLength(1)
      await setting.close()
    },
  )

  it.each([
    ['UNKNOWN_MEMBER_ID', 'KCLI_COMMIT_FAILED'],
    ['ILLEGAL_GENERATION', 'KCLI_COMMIT_FAILED'],
    ['REBALANCE_IN_PROGRESS', 'KCLI_REBALANCE_IN_PROGRESS'],
    ['FENCED_INSTANCE_ID', 'KCLI_BROKER'],
  ] as const)('say that the group goes on without this member: %s', async (errorName, code) => {
    const { setting, consumer } = await single()
    const { memberId } = consumer.groupMetadata()
    if (errorName === 'UNKNOWN_MEMBER_ID')
      await setting.groups.groups.membership.leave('g', [{ memberId, groupInstanceId: null, reason: null }])
    setting.cluster.script = (call) =>
      call.spec.key === offsetCommit.key ? { errorCode: ERROR_CODES[errorName] } : undefined
    await expect(setting.clock.run(consumer.commitSync([{ ...at, offset: 6 }]))).rejects.toMatchObject({
      code,
    })
    setting.cluster.script = () => undefined
    if (errorName !== 'FENCED_INSTANCE_ID') {
      await setting.until(
        () => setting.cluster.callsOf(joinGroup).length > 2 && consumer.assignment().length === 1,
      )
      await setting.clock.run(consumer.commitSync([{ ...at, offset: 7 }]))
      expect(await stored(setting)).toBe(7)
    }
    await setting.close()
  })

  it('fail while the group is being rebalanced, before anything is sent', async () => {
    const { setting, consumer } = await single()
    const answer = gate()
    setting.cluster.script = (call) =>
      call.spec.key === joinGroup.key ? { holdAnswer: answer.opened } : undefined
    consumer.enforceRebalance()
    await setting.poll(consumer)
    await setting.poll(consumer)
    await expect(setting.clock.run(consumer.commitSync([{ ...at, offset: 6 }]))).rejects.toMatchObject({
      code: 'KCLI_REBALANCE_IN_PROGRESS',
    })
    expect(commitsOf(setting)).toHaveLength(0)
    answer.open()
    await setting.close()
  })

  it('give up after their time', async () => {
    const { setting, consumer } = await single()
    setting.cluster.script = (call) => (call.spec.key === offsetCommit.key ? 'silence' : undefined)
    const startMs = setting.clock.monotonicMs()
    await expect(
      setting.clock.run(consumer.commitSync([{ ...at, offset: 6 }], { timeoutMs: 700 })),
    ).rejects.toMatchObject({ code: 'KCLI_TIMEOUT', retriable: true })
    expect(setting.clock.monotonicMs() - startMs).toBeLessThan(1000)
    await setting.clock.run(consumer.close({ timeoutMs: 100 }))
  })

  it('without waiting: callbacks come in order, from within poll, and nothing is sent again', async () => {
    const { setting, consumer } = await single()
    const told: string[] = []
    setting.cluster.script = (call) => {
      if (call.spec.key !== offsetCommit.key) return undefined
      const { committedOffset } = call.body.topics[0].partitions[0]
      return committedOffset === 2 ? { errorCode: ERROR_CODES.COORDINATOR_LOAD_IN_PROGRESS } : undefined
    }
    for (const offset of [1, 2, 3])
      consumer.commitAsync([{ ...at, offset }], (offsets, error) => {
        const isRetriable = error instanceof RetriableCommitFailedError
        told.push(
          `${offsets[0]?.offset} ${error === null ? 'stored' : isRetriable ? 'may be tried again' : error}`,
        )
      })
    await setting.clock.settle()
    expect(told).toEqual([])
    await setting.poll(consumer)
    expect(told).toEqual(['1 stored', '2 may be tried again', '3 stored'])
    expect(commitsOf(setting)).toHaveLength(3)
    expect(await stored(setting)).toBe(3)
    await setting.close()
  })

  it('go out in order though the coordinator has to be found first, and those before a commitSync are done with it', async () => {
    const setting = await GroupSetting.make({ partitions: 1 })
    const consumer = setting.consumer(MANUAL)
    consumer.assign([{ ...at, from: 0 }])
    const told: number[] = []
    for (const offset of [1, 2, 3]) consumer.commitAsync([{ ...at, offset }], () => told.push(offset))
    await setting.clock.run(consumer.commitSync([{ ...at, offset: 4 }]))
    expect(told).toEqual([1, 2, 3])
    const sent = commitsOf(setting).map((call) => call.body.topics[0].partitions[0].committedOffset)
    expect(sent).toEqual([1, 2, 3, 4])
    await setting.close()
  })

  it('are told to whoever wants to hear of all of them', async () => {
    const stored: number[] = []
    const onCommit = (offsets: readonly CommittedOffset[]) =>
      stored.push(...offsets.map(({ offset }) => offset))
    const { setting, consumer } = await single({ ...MANUAL, onCommit })
    consumer.commitAsync([{ ...at, offset: 1 }])
    await setting.clock.run(consumer.commitSync([{ ...at, offset: 2 }]))
    expect(stored).toEqual([1, 2])
    await setting.close()
  })
})

describe('automatic commits', () => {
  it('come every auto.commit.interval.ms, of what was given out before the poll', async () => {
    const { setting, consumer } = await single({ autoCommitIntervalMs: 1000, maxPollRecords: 3 })
    await setting.until(() => consumer.position(at) === 3)
    expect(await stored(setting)).toBeUndefined()
    await setting.clock.advance(1000)
    await setting.poll(consumer)
    await setting.clock.settle()
    expect(await stored(setting)).toBe(3)
    await setting.until(() => consumer.position(at) === 10)
    // A poll that waits commits as well.
    await setting.clock.run(consumer.poll(1500))
    expect(await stored(setting)).toBe(10)
    await setting.close()
  })

  it('come before partitions are given up, and nothing is read beyond them', async () => {
    const setting = await GroupSetting.make({ partitions: 2, records: 60 })
    const config = {
      autoCommitIntervalMs: 1_000_000,
      maxPollRecords: 3,
      partitionAssignors: ['range'] as const,
    }
    const { consumer: a, listener } = await setting.member(config, 2)
    const answer = gate()
    setting.cluster.script = (call) =>
      call.spec.key === offsetCommit.key ? { holdAnswer: answer.opened } : undefined
    await setting.poll(a)
    const read = a.assignment().reduce((sum, at) => sum + (a.position(at) ?? 0), 0)
    a.enforceRebalance()
    let late = 0
    for (let i = 0; i < 5; i++) late += (await setting.poll(a)).length
    expect(read).toBeGreaterThan(0)
    expect(late).toBe(0)
    listener.during = async () => {
      const offsets = Object.values(await setting.groups.offsets('g'))
      expect(offsets.reduce((sum, offset) => sum + offset, 0)).toBe(read)
    }
    answer.open()
    await setting.until(() => listener.calls.length === 3)
    expect(listener.calls[1]).toBe('-t-0 t-1')
    listener.during = () => undefined
    await setting.close()
  })

  it('are left alone without a group or when they are turned off', async () => {
    const { setting, consumer } = await single()
    await setting.until(() => consumer.position(at) === 10)
    await setting.clock.advance(60_000)
    await setting.poll(consumer)
    await setting.close()
    expect(commitsOf(setting)).toEqual([])
    const alone = setting.consumer({ groupId: undefined })
    alone.assign([{ ...at, from: 0 }])
    await setting.poll(alone)
    for (const attempt of [
      () => alone.subscribe(['t']),
      () => alone.commitAsync(),
      () => alone.groupMetadata(),
    ])
      expect(attempt).toThrow(expect.objectContaining({ code: 'KCLI_NO_GROUP' }))
    await setting.clock.run(alone.close())
  })

  it('of an iteration go as far as it came', async () => {
    const setting = await GroupSetting.make({ partitions: 1 })
    const consumer = setting.consumer()
    consumer.subscribe(['t'])
    const iterate = async () => {
      for await (const record of consumer) {
        if (record.offset === 3) {
          expect(consumer.position(at)).toBe(4)
          await consumer.commitSync()
        }
        if (record.offset === 6) break
      }
    }
    await setting.clock.run(iterate())
    expect(await stored(setting)).toBe(4)
    expect((await setting.poll(consumer, 1000)).map((record) => record.offset)).toEqual([7, 8, 9])
    await setting.close()
    expect(await stored(setting)).toBe(10)
  })
})

describe('where a member begins', () => {
  it.each([
    ['earliest', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ['latest', [10, 11]],
  ] as const)('%s, when nothing is stored', async (autoOffsetReset, expected) => {
    const setting = await GroupSetting.make({ partitions: 1 })
    const consumer = setting.consumer({ autoOffsetReset })
    consumer.subscribe(['t'])
    const got: number[] = []
    const poll = async () => got.push(...(await setting.poll(consumer)).map((record) => record.offset))
    while (consumer.position(at) === undefined || consumer.position(at) !== 10) await poll()
    fill(setting.cluster.log('t'), 2)
    setting.cluster.appended()
    while (consumer.position(at) !== 12) await poll()
    expect(got).toEqual(expected)
    await setting.close()
  })

  it('none: it says so, and can be told', async () => {
    const setting = await GroupSetting.make({ partitions: 1 })
    const consumer = setting.consumer({ ...MANUAL, autoOffsetReset: 'none' })
    consumer.subscribe(['t'])
    await expect(setting.until(() => false)).rejects.toMatchObject({ code: 'KCLI_NO_OFFSET' })
    consumer.seekToBeginning()
    const [records] = await setting.until(() => setting.isAllRead())
    expect(records).toHaveLength(10)
    await setting.close()
  })

  it('waits for offsets that a transaction has yet to decide, and for a coordinator that is loading', async () => {
    const setting = await GroupSetting.make({ partitions: 1 })
    const answers = [ERROR_CODES.COORDINATOR_LOAD_IN_PROGRESS, ERROR_CODES.UNSTABLE_OFFSET_COMMIT]
    setting.cluster.script = (call) => {
      if (call.spec.key !== offsetFetch.key) return undefined
      expect(call.body.requireStable).toBe(true)
      const errorCode = answers.shift()
      if (errorCode !== ERROR_CODES.UNSTABLE_OFFSET_COMMIT)
        return errorCode === undefined ? undefined : { errorCode }
      const partitions = [{ partitionIndex: 0, committedOffset: -1, metadata: '', errorCode }]
      return { answer: { groups: [{ groupId: 'g', topics: [{ name: 't', partitions }] }] } }
    }
    const consumer = setting.consumer()
    consumer.subscribe(['t'])
    const [records] = await setting.until(() => setting.isAllRead())
    expect(records).toHaveLength(10)
    expect(answers).toEqual([])
    await setting.close()
  })

  it('partitions that were assigned by hand begin at the stored offset, and are no members', async () => {
    const setting = await GroupSetting.make({ partitions: 2 })
    const consumer = setting.consumer()
    await setting.clock.run(consumer.commitSync([{ ...at, offset: 8 }]))
    consumer.assign([at, { topic: 't', partition: 1, from: 9 }])
    const [records] = await setting.until(() => setting.isAllRead())
    const got = records?.map((record) => `${record.partition}@${record.offset}`).sort()
    expect(got).toEqual(['0@8', '0@9', '1@9'])
    expect(consumer.groupMetadata().generationId).toBe(-1)
    await setting.close()
    expect(await setting.groups.offsets('g')).toEqual({ 't-0': 10, 't-1': 10 })
    expect(setting.cluster.callsOf(joinGroup)).toEqual([])
  })
})

describe('a consumer', () => {
  it('is woken up: the call that waits, or the next one', async () => {
    const { setting, consumer } = await single()
    await setting.until(() => consumer.position(at) === 10)
    const polling = consumer.poll(60_000)
    await setting.clock.settle()
    consumer.wakeup()
    await expect(polling).rejects.toMatchObject({ code: 'KCLI_WAKEUP' })
    expect(await setting.poll(consumer)).toEqual([])
    consumer.wakeup()
    await expect(consumer.commitSync()).rejects.toMatchObject({ code: 'KCLI_WAKEUP' })
    setting.cluster.script = (call) => (call.spec.key === offsetCommit.key ? 'silence' : undefined)
    const committing = consumer.commitSync()
    await setting.clock.settle()
    consumer.wakeup()
    await expect(committing).rejects.toMatchObject({ code: 'KCLI_WAKEUP' })
    setting.cluster.script = () => undefined
    await setting.close()
  })

  it('pauses, and tells what it knows', async () => {
    const setting = await GroupSetting.make({ partitions: 2 })
    const { consumer } = await setting.member(MANUAL, 2)
    consumer.pause([at])
    expect(consumer.paused()).toEqual([at])
    await setting.until(() => consumer.position({ topic: 't', partition: 1 }) === 10)
    expect(consumer.currentLag({ topic: 't', partition: 1 })).toBe(0)
    consumer.enforceRebalance()
    consumer.resume([at])
    await setting.until(() => setting.isAllRead())
    const run = <T>(work: Promise<T>) => setting.clock.run(work)
    expect((await run(consumer.beginningOffsets([at])))[0]?.offset).toBe(0)
    expect((await run(consumer.endOffsets([at])))[0]?.offset).toBe(10)
    expect((await run(consumer.offsetsForTimes([{ ...at, timestampMs: 1004 }])))[0]?.offset).toBe(4)
    expect([...(await run(consumer.listTopics())).keys()]).toEqual(['t'])
    expect(await run(consumer.partitionsFor('t'))).toHaveLength(2)
    await setting.close()
  })

  it('refuses what contradicts itself', async () => {
    const { setting, consumer } = await single()
    expect(() => consumer.assign([at])).toThrow(expect.objectContaining({ code: 'KCLI_SUBSCRIPTION' }))
    expect(() => consumer.subscribe(/t/)).toThrow(expect.objectContaining({ code: 'KCLI_SUBSCRIPTION' }))
    const polling = consumer.poll(0)
    await expect(consumer.poll(0)).rejects.toMatchObject({ code: 'KCLI_CONCURRENT_POLL' })
    await setting.clock.run(polling)
    const made =
      (config: ConsumerConfig): (() => Consumer) =>
      () =>
        setting.consumer(config)
    for (const config of [
      { groupId: '' },
      { groupId: undefined, enableAutoCommit: true },
      { heartbeatIntervalMs: 50_000 },
      { partitionAssignors: [] },
    ])
      expect(made(config)).toThrow(expect.objectContaining({ code: 'KCLI_CONFIG' }))
    const idle = setting.consumer()
    await expect(idle.poll(0)).rejects.toMatchObject({ code: 'KCLI_NOT_SUBSCRIBED' })
    await setting.close()
    await expect(consumer.poll(0)).rejects.toMatchObject({ code: 'KCLI_CLOSED' })
  })
})
