import { describe, expect, it } from 'vitest'
import { decodeVersioned } from '../../../src/protocol/index.ts'
import { offsetCommitKey, offsetCommitValue } from '../../../src/protocol/internal/index.ts'
import { gate } from '../../support/manual-clock.ts'
import { TestGroups, watch } from './support.ts'

const DAY_MS = 86_400_000

describe('committing', () => {
  it('writes what Kafka writes', async () => {
    const groups = new TestGroups()
    expect(await groups.commit(7)).toBe('NONE')
    const [record] = groups.replicas.records()
    expect(decodeVersioned(offsetCommitKey, record?.key as Buffer)).toEqual({
      version: 1,
      value: { group: 'g', topic: 'orders', partition: 0 },
    })
    expect(decodeVersioned(offsetCommitValue, record?.value as Buffer)).toMatchObject({
      version: 3,
      value: { offset: 7, leaderEpoch: 3, metadata: 'm', commitTimestamp: groups.clock.now },
    })
  })

  it('is seen when it is stored, not before; until then it is unstable', async () => {
    const groups = new TestGroups()
    await groups.commit(1)
    const { opened, open } = gate()
    groups.replicas.hold = opened
    const second = watch(groups.commit(2))
    await groups.clock.settle()
    expect(second.result).toBeUndefined()
    expect(await groups.offsets()).toEqual({ orders: 1 })
    const where = [{ topic: 'orders', partition: 0 }]
    const unstable = await groups.coordinator.offsets.fetch('g', where, true)
    expect(unstable.offsets[0]).toMatchObject({ error: 'UNSTABLE_OFFSET_COMMIT', committed: null })
    open()
    await groups.clock.settle()
    expect(second.result).toBe('NONE')
    expect(await groups.offsets()).toEqual({ orders: 2 })
    expect((await groups.coordinator.offsets.fetch('g', where, true)).offsets[0]?.error).toBe('NONE')
  })

  it('leaves the later one when an earlier one is answered after it', async () => {
    const groups = new TestGroups()
    const { opened, open } = gate()
    groups.replicas.hold = opened
    const first = watch(groups.commit(1))
    await groups.clock.settle()
    groups.replicas.hold = undefined
    expect(await groups.commit(2)).toBe('NONE')
    open()
    await groups.clock.settle()
    expect(first.result).toBe('NONE')
    expect(await groups.offsets()).toEqual({ orders: 2 })
  })

  it.each([
    ['NOT_ENOUGH_REPLICAS', 'COORDINATOR_NOT_AVAILABLE'],
    ['NOT_LEADER_OR_FOLLOWER', 'NOT_COORDINATOR'],
    ['KAFKA_STORAGE_ERROR', 'NOT_COORDINATOR'],
    ['MESSAGE_TOO_LARGE', 'INVALID_COMMIT_OFFSET_SIZE'],
    ['RECORD_LIST_TOO_LARGE', 'INVALID_COMMIT_OFFSET_SIZE'],
    ['REQUEST_TIMED_OUT', 'REQUEST_TIMED_OUT'],
  ] as const)('that fails (%s) is %s, and changes nothing', async (error, told) => {
    const groups = new TestGroups()
    await groups.commit(1)
    groups.replicas.error = error
    expect(await groups.commit(2)).toBe(told)
    const { offsets } = await groups.coordinator.offsets.fetch('g', null, true)
    expect(offsets.map(({ committed, error: code }) => [committed?.offset, code])).toEqual([[1, 'NONE']])
  })

  it('is for members of this generation when there are members', async () => {
    const groups = new TestGroups()
    expect(await groups.commit(1, { generationId: 4 })).toBe('ILLEGAL_GENERATION')
    const [a = ''] = await groups.stable(1)
    expect(await groups.commit(1)).toBe('UNKNOWN_MEMBER_ID')
    expect(await groups.commit(1, { memberId: 'stranger', generationId: 1 })).toBe('UNKNOWN_MEMBER_ID')
    expect(await groups.commit(1, { memberId: a, generationId: 2 })).toBe('ILLEGAL_GENERATION')
    expect(await groups.commit(1, { memberId: a, generationId: 1 })).toBe('NONE')
    const joined = groups.join()
    await groups.clock.settle()
    expect(await groups.commit(2, { memberId: a, generationId: 1 })).toBe('NONE')
    await groups.clock.run(Promise.all([joined, groups.join({ memberId: a })]))
    expect(await groups.commit(3, { memberId: a, generationId: 2 })).toBe('REBALANCE_IN_PROGRESS')
  })

  it('keeps a session alive', async () => {
    const groups = new TestGroups()
    const [a = ''] = await groups.stable(1)
    for (let i = 0; i < 5; i++) {
      await groups.clock.advance(9_000)
      expect(await groups.commit(i, { memberId: a, generationId: 1 })).toBe('NONE')
    }
  })
})

describe('expiry (KIP-211)', () => {
  const RETENTION = { 'offsets.retention.minutes': String(DAY_MS / 60_000) }

  it('of a group that only commits counts from each commit', async () => {
    const groups = new TestGroups(RETENTION)
    await groups.commit(1, { topic: 'old' })
    await groups.clock.advance(DAY_MS / 2)
    await groups.commit(1, { topic: 'new' })
    await groups.clock.advance(DAY_MS / 2 + 600_000)
    expect(await groups.offsets()).toEqual({ new: 1 })
    await groups.clock.advance(DAY_MS)
    expect(await groups.offsets()).toEqual({})
    expect(await groups.state()).toBe('Dead')
    const tombstones = groups.replicas.records().filter(({ value }) => value === null)
    // It never had a generation, so there is no record of the group itself to take back.
    expect(tombstones).toHaveLength(2)
  })

  it('of consumers counts from when the last one left, and takes the group with it', async () => {
    const groups = new TestGroups(RETENTION)
    const [a = ''] = await groups.stable(1)
    await groups.commit(1, { memberId: a, generationId: 1 })
    for (let i = 0; i < 12; i++) {
      for (let j = 0; j < 60; j++) {
        await groups.clock.advance(9_000)
        await groups.beat(a, 1)
      }
    }
    await groups.clock.advance(DAY_MS - 1_000)
    expect(await groups.state()).toBe('Empty')
    expect(await groups.offsets()).toEqual({ orders: 1 })
    await groups.clock.advance(620_000)
    expect(await groups.state()).toBe('Dead')
    expect(groups.replicas.records().filter(({ value }) => value === null)).toHaveLength(2)
  })

  it('of topics that consumers are not subscribed to any more counts from the commit', async () => {
    const groups = new TestGroups({ ...RETENTION, 'group.max.session.timeout.ms': String(10 * DAY_MS) })
    const long = { sessionTimeoutMs: 10 * DAY_MS }
    const [a = ''] = await groups.stable(1, long)
    const member = { memberId: a, generationId: 1 }
    expect(await groups.commit(1, { ...member, topic: 'orders' })).toBe('NONE')
    expect(await groups.commit(1, { ...member, topic: 'former' })).toBe('NONE')
    await groups.clock.advance(DAY_MS + 600_000)
    expect(await groups.offsets()).toEqual({ orders: 1 })
    expect(await groups.state()).toBe('Stable')
  })

  it('never comes for members of another kind', async () => {
    const groups = new TestGroups({ ...RETENTION, 'group.max.session.timeout.ms': String(10 * DAY_MS) })
    const join = groups.join({ sessionTimeoutMs: 10 * DAY_MS, protocolType: 'connect' })
    const { memberId } = await groups.clock.run(join)
    await groups.clock.run(
      groups.coordinator.membership.sync({
        ...{ groupId: 'g', generationId: 1, memberId, groupInstanceId: null },
        ...{ protocolType: null, protocolName: null, assignments: new Map() },
      }),
    )
    await groups.commit(1, { memberId, generationId: 1 })
    await groups.clock.advance(2 * DAY_MS)
    expect(await groups.offsets()).toEqual({ orders: 1 })
  })

  it('goes by the time that an old client gave', async () => {
    const groups = new TestGroups(RETENTION)
    await groups.commit(1, { retentionMs: 3 * DAY_MS })
    const value = groups.replicas.records()[0]?.value as Buffer
    expect(decodeVersioned(offsetCommitValue, value)).toMatchObject({
      version: 1,
      value: { expireTimestamp: groups.clock.now + 3 * DAY_MS },
    })
    await groups.clock.advance(2 * DAY_MS)
    expect(await groups.offsets()).toEqual({ orders: 1 })
    await groups.clock.advance(DAY_MS)
    expect(await groups.offsets()).toEqual({})
  })
})

describe('deleting', () => {
  it('a topic takes its offsets along', async () => {
    const groups = new TestGroups()
    await groups.commit(1, { topic: 'kept' })
    await groups.commit(1, { topic: 'gone' })
    await groups.coordinator.onPartitionsDeleted([{ topic: 'gone', partition: 0 }])
    expect(await groups.offsets()).toEqual({ kept: 1 })
    await groups.coordinator.onPartitionsDeleted([{ topic: 'kept', partition: 0 }])
    expect(await groups.state()).toBe('Dead')
  })

  it('a group leaves tombstones of all that it had', async () => {
    const groups = new TestGroups()
    const [a = ''] = await groups.stable(1)
    await groups.commit(1, { memberId: a, generationId: 1 })
    expect(await groups.coordinator.admin.delete(['g'])).toEqual([{ groupId: 'g', error: 'NON_EMPTY_GROUP' }])
    await groups.leave(a)
    await groups.clock.settle()
    expect(await groups.coordinator.admin.delete(['g', 'g', 'x'])).toEqual([
      { groupId: 'x', error: 'GROUP_ID_NOT_FOUND' },
      { groupId: 'g', error: 'NONE' },
    ])
    const latest = new Map(groups.replicas.records().map(({ key, value }) => [key?.toString('hex'), value]))
    expect([...latest.values()]).toEqual([null, null])
    const after = new TestGroups({}, groups.replicas)
    expect(await after.state()).toBe('Dead')
  })
})
