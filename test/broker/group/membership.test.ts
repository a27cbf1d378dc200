import { describe, expect, it } from 'vitest'
import { decodeVersioned } from '../../../src/protocol/index.ts'
import { groupMetadataValue } from '../../../src/protocol/internal/index.ts'
import { gate } from '../../support/manual-clock.ts'
import { subscription, TestGroups, watch } from './support.ts'

describe('joining', () => {
  it('gives a new member its id first when it can ask twice (KIP-394)', async () => {
    const groups = new TestGroups()
    const first = await groups.join({ requireKnownMemberId: true })
    expect(first).toMatchObject({ error: 'MEMBER_ID_REQUIRED', generationId: -1 })
    expect(first.memberId).toMatch(
      /^client-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    const second = await groups.clock.run(
      groups.join({ memberId: first.memberId, requireKnownMemberId: true }),
    )
    expect(second).toMatchObject({ error: 'NONE', generationId: 1, leaderId: first.memberId })
    expect(second.members.map(({ memberId }) => memberId)).toEqual([first.memberId])
  })

  it('forgets an id that is not used within the session timeout, and does not wait for it longer', async () => {
    const groups = new TestGroups()
    const [member = ''] = await groups.stable(1)
    const pending = await groups.join({ requireKnownMemberId: true })
    const again = watch(groups.join({ memberId: member }))
    await groups.clock.advance(9_000)
    expect(again.result).toBeUndefined()
    await groups.clock.advance(1_000)
    expect(again.result).toMatchObject({ error: 'NONE', generationId: 2 })
    const late = await groups.join({ memberId: pending.memberId })
    expect(late.error).toBe('UNKNOWN_MEMBER_ID')
  })

  it('waits for more first members as long as new ones come (KIP-134)', async () => {
    const groups = new TestGroups({ 'group.initial.rebalance.delay.ms': '3000' })
    const first = watch(groups.join())
    await groups.clock.advance(2_999)
    const second = watch(groups.join())
    await groups.clock.advance(2_999)
    expect(first.result).toBeUndefined()
    await groups.clock.advance(2)
    expect(first.result?.generationId).toBe(1)
    expect(second.result?.generationId).toBe(1)
  })

  it('does not wait for first members longer than their rebalance timeout', async () => {
    const groups = new TestGroups({ 'group.initial.rebalance.delay.ms': '3000' })
    const first = watch(groups.join({ rebalanceTimeoutMs: 7_000 }))
    for (let i = 0; i < 6; i++) {
      await groups.clock.advance(1_000)
      void groups.join({ rebalanceTimeoutMs: 7_000 })
    }
    expect(first.result).toBeUndefined()
    await groups.clock.advance(1_000)
    expect(first.result?.error).toBe('NONE')
  })

  it('makes all members join again for a new one, and drops who does not come in time', async () => {
    const groups = new TestGroups()
    const [a = '', b = ''] = await groups.stable(2, { rebalanceTimeoutMs: 5_000 })
    const third = watch(groups.join({ rebalanceTimeoutMs: 5_000 }))
    await groups.clock.settle()
    expect(await groups.state()).toBe('PreparingRebalance')
    expect(await groups.beat(a, 2)).toBe('REBALANCE_IN_PROGRESS')
    const again = watch(groups.join({ memberId: a, rebalanceTimeoutMs: 5_000 }))
    await groups.clock.advance(4_999)
    expect(again.result).toBeUndefined()
    await groups.clock.advance(1)
    expect(again.result).toMatchObject({ generationId: 3, leaderId: a })
    expect(again.result?.members).toHaveLength(2)
    expect(third.result).toMatchObject({ generationId: 3, leaderId: a, members: [] })
    expect(await groups.beat(b, 2)).toBe('UNKNOWN_MEMBER_ID')
  })

  it('chooses another leader when the old one does not join again', async () => {
    const groups = new TestGroups()
    const [leader = '', other = ''] = await groups.stable(2, { rebalanceTimeoutMs: 5_000 })
    const third = watch(groups.join())
    const again = watch(groups.join({ memberId: other }))
    await groups.clock.advance(9_999)
    await groups.clock.advance(60_000)
    expect(again.result?.leaderId).not.toBe(leader)
    expect([other, third.result?.memberId]).toContain(again.result?.leaderId)
  })

  it('repeats the answer to a member whose first answer was lost', async () => {
    const groups = new TestGroups()
    const first = await groups.clock.run(groups.join())
    expect(await groups.join({ memberId: first.memberId })).toEqual(first)
    await groups.clock.run(groups.sync(first.memberId, 1))
    expect(await groups.state()).toBe('Stable')
  })

  it('begins a new generation when the leader joins a stable group again, or a member with another subscription', async () => {
    const groups = new TestGroups()
    const [leader = '', other = ''] = await groups.stable(2)
    expect(await groups.join({ memberId: other })).toMatchObject({
      error: 'NONE',
      generationId: 2,
      members: [],
    })
    expect(await groups.state()).toBe('Stable')
    const changed = watch(
      groups.join({ memberId: other, protocols: [{ name: 'range', metadata: subscription('x') }] }),
    )
    await groups.clock.settle()
    expect(await groups.state()).toBe('PreparingRebalance')
    await groups.clock.run(groups.join({ memberId: leader }))
    expect(changed.result?.generationId).toBe(3)
    await groups.clock.run(groups.sync(leader, 3))
    const last = watch(groups.join({ memberId: leader }))
    await groups.clock.settle()
    expect(last.result).toBeUndefined()
  })

  it('counts the votes for protocols that all members know', async () => {
    const groups = new TestGroups()
    const protocols = (...names: string[]) =>
      names.map((name) => ({ name, metadata: subscription('orders') }))
    const first = await groups.clock.run(groups.join({ protocols: protocols('a', 'b', 'c') }))
    const joins = [protocols('b', 'c', 'a'), protocols('c', 'b')].map((each) =>
      groups.join({ protocols: each }),
    )
    await groups.clock.settle()
    const again = groups.join({ memberId: first.memberId, protocols: protocols('a', 'b', 'c') })
    const results = await groups.clock.run(Promise.all([...joins, again]))
    expect(results.map(({ protocolName }) => protocolName)).toEqual(['b', 'b', 'b'])
    expect(await groups.join({ protocols: protocols('a') })).toMatchObject({
      error: 'INCONSISTENT_GROUP_PROTOCOL',
    })
    expect(await groups.join({ protocolType: 'connect' })).toMatchObject({
      error: 'INCONSISTENT_GROUP_PROTOCOL',
    })
  })

  it('refuses members beyond group.max.size', async () => {
    const groups = new TestGroups({ 'group.max.size': '2' })
    const [a = ''] = await groups.stable(2)
    expect(await groups.join()).toMatchObject({ error: 'GROUP_MAX_SIZE_REACHED', memberId: '' })
    const again = watch(groups.join({ memberId: a }))
    const rejoined = watch(groups.join())
    await groups.clock.settle()
    const late = await groups.join()
    expect(late.error).toBe('GROUP_MAX_SIZE_REACHED')
    await groups.clock.advance(60_000)
    expect(again.result?.error).toBe('NONE')
    expect(rejoined.result?.error).toBe('NONE')
  })
})

describe('sessions', () => {
  it('end without heartbeats, and go on with them', async () => {
    const groups = new TestGroups()
    const [a = '', b = ''] = await groups.stable(2)
    for (let i = 0; i < 5; i++) {
      await groups.clock.advance(4_000)
      const answer = await groups.beat(a, 2)
      expect(answer).toBe(i < 2 ? 'NONE' : 'REBALANCE_IN_PROGRESS')
    }
    expect(await groups.beat(b, 2)).toBe('UNKNOWN_MEMBER_ID')
  })

  it('do not end while a member waits for the others', async () => {
    const groups = new TestGroups()
    const [a = '', b = ''] = await groups.stable(2)
    const waits = watch(groups.join({ memberId: a }))
    for (let i = 0; i < 6; i++) {
      await groups.clock.advance(5_000)
      await groups.beat(b, 2)
    }
    expect(waits.result).toBeUndefined()
    await groups.clock.run(groups.join({ memberId: b }))
    expect(waits.result?.generationId).toBe(3)
  })

  it('of new members that never had a generation end after five minutes', async () => {
    const groups = new TestGroups({ 'group.max.session.timeout.ms': '3600000' })
    const [a = ''] = await groups.stable(1, { sessionTimeoutMs: 3_600_000, rebalanceTimeoutMs: 3_600_000 })
    const lost = watch(groups.join({ rebalanceTimeoutMs: 3_600_000 }))
    await groups.clock.advance(299_999)
    expect(lost.result).toBeUndefined()
    await groups.clock.advance(1)
    expect(lost.result).toMatchObject({ error: 'UNKNOWN_MEMBER_ID', memberId: '' })
    expect(await groups.beat(a, 1)).toBe('REBALANCE_IN_PROGRESS')
  })

  it('of the last member leave an empty group, and that is stored', async () => {
    const groups = new TestGroups()
    await groups.stable(1)
    await groups.clock.advance(10_000)
    expect(await groups.state()).toBe('Empty')
    const last = groups.replicas.records().at(-1)?.value as Buffer
    const { value } = decodeVersioned(groupMetadataValue, last)
    expect(value).toMatchObject({ generation: 2, protocol: null, leader: null, members: [] })
  })
})

describe('syncing', () => {
  it('gives everyone what the leader says, once it is stored', async () => {
    const groups = new TestGroups()
    const { memberId: leader } = await groups.clock.run(groups.join())
    const joins = [groups.join({ memberId: leader }), groups.join()]
    await groups.clock.settle()
    const other =
      (await groups.clock.run(Promise.all([...joins, groups.join({ memberId: leader })])))[1]?.memberId ?? ''
    const waits = watch(groups.sync(other, 2))
    const { opened, open } = gate()
    groups.replicas.hold = opened
    const leads = watch(groups.sync(leader, 2, { [leader]: 'mine', [other]: 'yours', stranger: 'nobody' }))
    await groups.clock.settle()
    expect(waits.result ?? leads.result).toBeUndefined()
    expect(await groups.state()).toBe('CompletingRebalance')
    open()
    await groups.clock.settle()
    expect(leads.result?.assignment.toString()).toBe('mine')
    expect(waits.result?.assignment.toString()).toBe('yours')
    expect((await groups.sync(other, 2)).assignment.toString()).toBe('yours')
    const stored = decodeVersioned(groupMetadataValue, groups.replicas.records().at(-1)?.value as Buffer)
    expect(stored.version).toBe(3)
    expect(stored.value.members.map(({ assignment }) => assignment.toString()).sort()).toEqual([
      'mine',
      'yours',
    ])
  })

  it('drops members that never ask for their assignment', async () => {
    const groups = new TestGroups()
    const first = await groups.clock.run(groups.join({ rebalanceTimeoutMs: 8_000 }))
    const again = watch(groups.sync(first.memberId, 1))
    await groups.clock.settle()
    expect(again.result?.error).toBe('NONE')
    const second = watch(groups.join({ rebalanceTimeoutMs: 8_000 }))
    await groups.clock.run(groups.join({ memberId: first.memberId, rebalanceTimeoutMs: 8_000 }))
    await groups.clock.run(groups.sync(first.memberId, 2))
    for (const waitMs of [4_000, 3_999]) {
      await groups.clock.advance(waitMs)
      expect(await groups.beat(first.memberId, 2)).toBe('NONE')
      expect(await groups.beat(second.result?.memberId ?? '', 2)).toBe('NONE')
    }
    await groups.clock.advance(1)
    expect(await groups.beat(first.memberId, 2)).toBe('REBALANCE_IN_PROGRESS')
    expect(await groups.beat(second.result?.memberId ?? '', 2)).toBe('UNKNOWN_MEMBER_ID')
  })

  it.each([
    ['NOT_ENOUGH_REPLICAS', 'COORDINATOR_NOT_AVAILABLE'],
    ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'COORDINATOR_NOT_AVAILABLE'],
    ['UNKNOWN_TOPIC_OR_PARTITION', 'COORDINATOR_NOT_AVAILABLE'],
    ['NOT_LEADER_OR_FOLLOWER', 'NOT_COORDINATOR'],
    ['KAFKA_STORAGE_ERROR', 'NOT_COORDINATOR'],
    ['REQUEST_TIMED_OUT', 'REBALANCE_IN_PROGRESS'],
    ['MESSAGE_TOO_LARGE', 'UNKNOWN_SERVER_ERROR'],
    ['CORRUPT_MESSAGE', 'CORRUPT_MESSAGE'],
  ] as const)('that cannot be stored (%s) is %s, and all join again', async (error, told) => {
    const groups = new TestGroups()
    const { memberId } = await groups.clock.run(groups.join())
    groups.replicas.error = error
    expect((await groups.clock.run(groups.sync(memberId, 1))).error).toBe(told)
    expect(await groups.state()).toBe('PreparingRebalance')
  })

  it('is answered when a rebalance comes in between, and by the leaving of a member', async () => {
    const groups = new TestGroups()
    const [leader = '', other = ''] = await groups.stable(2)
    const joins = Promise.all([groups.join({ memberId: leader }), groups.join({ memberId: other })])
    await groups.clock.run(joins)
    const waits = watch(groups.sync(other, 3))
    await groups.clock.settle()
    void groups.join()
    await groups.clock.settle()
    expect(waits.result?.error).toBe('REBALANCE_IN_PROGRESS')
  })
})

describe('leaving', () => {
  it('of several members at once says what became of each', async () => {
    const groups = new TestGroups()
    const [a = '', b = ''] = await groups.stable(2)
    const { requireKnownMemberId } = { requireKnownMemberId: true }
    const pending = await groups.join({ requireKnownMemberId })
    const { members } = await groups.leave(a, 'stranger', pending.memberId)
    expect(members.map(({ error }) => error)).toEqual(['NONE', 'UNKNOWN_MEMBER_ID', 'NONE'])
    expect(await groups.beat(b, 2)).toBe('REBALANCE_IN_PROGRESS')
    expect(await groups.clock.run(groups.join({ memberId: b }))).toMatchObject({
      generationId: 3,
      leaderId: b,
    })
  })
})

describe('static members (KIP-345)', () => {
  const named = (groupInstanceId: string) => ({ groupInstanceId })

  it('come back without a rebalance; the old process is fenced', async () => {
    const groups = new TestGroups()
    const [old = ''] = await groups.stable(1, named('one'))
    const now = await groups.clock.run(groups.join(named('one')))
    expect(now).toMatchObject({
      error: 'NONE',
      generationId: 1,
      leaderId: now.memberId,
      skipAssignment: true,
    })
    expect(now.memberId).not.toBe(old)
    expect(now.members).toHaveLength(1)
    expect(await groups.beat(old, 1, 'one')).toBe('FENCED_INSTANCE_ID')
    expect(await groups.beat(now.memberId, 1, 'one')).toBe('NONE')
    expect((await groups.sync(now.memberId, 1)).assignment.toString()).toBe('work 0')
  })

  it('that lead are told of the old leader when they cannot skip the assignment', async () => {
    const groups = new TestGroups()
    const [old = ''] = await groups.stable(1, named('one'))
    const now = await groups.clock.run(groups.join({ ...named('one'), supportsSkippingAssignment: false }))
    expect(now).toMatchObject({ error: 'NONE', leaderId: old, skipAssignment: false, members: [] })
  })

  it('keep their old place when the change cannot be stored', async () => {
    const groups = new TestGroups()
    const [old = ''] = await groups.stable(1, named('one'))
    groups.replicas.error = 'NOT_ENOUGH_REPLICAS'
    const now = await groups.clock.run(groups.join(named('one')))
    expect(now).toMatchObject({ error: 'COORDINATOR_NOT_AVAILABLE', memberId: '', leaderId: old })
    expect(await groups.beat(old, 1, 'one')).toBe('NONE')
  })

  it('whose answer waits are fenced by their successor', async () => {
    const groups = new TestGroups()
    await groups.stable(1)
    const first = watch(groups.join(named('one')))
    await groups.clock.settle()
    const second = watch(groups.join(named('one')))
    await groups.clock.settle()
    expect(first.result?.error).toBe('FENCED_INSTANCE_ID')
    expect(second.result).toBeUndefined()
  })

  it('have a place in a rebalance that they miss, until their session is over', async () => {
    const groups = new TestGroups()
    const [a = ''] = await groups.stable(1, {
      ...named('one'),
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 5_000,
    })
    const other = watch(groups.join({ rebalanceTimeoutMs: 5_000 }))
    await groups.clock.advance(5_000)
    expect(other.result).toMatchObject({ error: 'NONE', leaderId: other.result?.memberId })
    expect(other.result?.members.map(({ memberId }) => memberId)).toContain(a)
    expect(await groups.beat(a, 2, 'one')).toBe('NONE')
  })

  it('that all stay away are waited for', async () => {
    const groups = new TestGroups()
    const ids = [named('one'), named('two')]
    const first = await groups.clock.run(groups.join(ids[0]))
    const second = watch(groups.join(ids[1]))
    await groups.clock.run(groups.join({ ...ids[0], memberId: first.memberId }))
    await groups.clock.run(
      Promise.all([groups.sync(first.memberId, 2), groups.sync(second.result?.memberId ?? '', 2)]),
    )
    const leaving = [{ memberId: '', groupInstanceId: 'two', reason: null }]
    await groups.coordinator.membership.leave('g', leaving)
    expect(await groups.state()).toBe('PreparingRebalance')
    await groups.clock.advance(10_000)
    expect(await groups.state()).toBe('Empty')
  })
})
