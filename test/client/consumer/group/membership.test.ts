import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../../../src/protocol/index.ts'
import { fetch } from '../../../../src/protocol/messages/01-fetch.ts'
import { joinGroup } from '../../../../src/protocol/messages/11-join-group.ts'
import { heartbeat } from '../../../../src/protocol/messages/12-heartbeat.ts'
import { leaveGroup } from '../../../../src/protocol/messages/13-leave-group.ts'
import { syncGroup } from '../../../../src/protocol/messages/14-sync-group.ts'
import { fill, GroupSetting, Listener, names } from './support.ts'

const ALL = ['t-0', 't-1', 't-2', 't-3']

describe('a member of a group', () => {
  it('reads everything, commits when it closes, leaves, and leaves no timer behind', async () => {
    const setting = await GroupSetting.make()
    const consumer = setting.consumer()
    consumer.subscribe(['t'])
    const [records] = await setting.until(() => setting.isAllRead())
    expect(records).toHaveLength(40)
    expect(names(consumer.assignment())).toEqual(ALL)
    expect(consumer.subscription()).toEqual(['t'])
    expect(consumer.groupMetadata()).toMatchObject({ groupId: 'g', generationId: 1, groupInstanceId: null })
    await setting.clock.advance(7_000)
    const metric = (name: string) => consumer.metrics().find((each) => each.name === name)?.value
    expect(metric('assigned-partitions')).toBe(4)
    expect([metric('rebalance-total'), metric('heartbeat-total')]).toEqual([1, 2])
    expect(metric('last-heartbeat-seconds-ago')).toBe(1)
    await setting.close()
    expect(metric('commit-total')).toBe(1)
    expect(await setting.groups.offsets('g')).toEqual({ 't-0': 10, 't-1': 10, 't-2': 10, 't-3': 10 })
    expect(await setting.groups.describe('g')).toMatchObject({ state: 'Empty', members: [] })
    await setting.clock.advance(600_000)
    expect(setting.clock.pendingTimers).toBe(0)
  })

  it.each(['range', 'roundrobin', 'sticky', 'cooperative-sticky'] as const)(
    'shares with others as they come and go, and no record is given twice: %s',
    async (assignor) => {
      const setting = await GroupSetting.make({ partitions: 6, records: 30 })
      const config = { partitionAssignors: [assignor], maxPollRecords: 7 }
      const a = setting.consumer(config)
      const b = setting.consumer(config)
      const c = setting.consumer(config)
      for (const consumer of [a, b, c]) consumer.subscribe(['t'])
      const seen: string[] = []
      const note = (lists: { topic: string; partition: number; offset: number }[][]) => {
        for (const record of lists.flat()) seen.push(`${record.partition}@${record.offset}`)
      }
      note(await setting.until(() => a.assignment().length === 6 && seen.length >= 0, [a]))
      note(await setting.until(() => a.assignment().length === 3 && b.assignment().length === 3, [a, b]))
      note(await setting.until(() => [a, b, c].every((each) => each.assignment().length === 2)))
      for (const { logs } of setting.cluster.topics.values()) for (const log of logs) fill(log, 20)
      await setting.clock.run(b.close())
      note(await setting.until(() => setting.isAllRead([a, c]), [a, c]))
      expect(new Set(seen).size).toBe(6 * 50)
      expect(seen).toHaveLength(6 * 50)
      await setting.close()
    },
  )

  it('eager: everything is given up before a rebalance', async () => {
    const setting = await GroupSetting.make()
    const { consumer: a, listener } = await setting.member({ partitionAssignors: ['range'] })
    const b = setting.consumer({ partitionAssignors: ['range'] })
    b.subscribe(['t'])
    await setting.until(() => a.assignment().length === 2 && b.assignment().length === 2)
    const half = names(a.assignment()).join(' ')
    await setting.clock.run(a.close())
    expect(listener.calls).toEqual([`+${ALL.join(' ')}`, `-${ALL.join(' ')}`, `+${half}`, `-${half}`])
    await setting.close()
  })

  it('cooperative: only what moves is given up, and what stays is read on from what was fetched', async () => {
    const setting = await GroupSetting.make({ records: 400 })
    const config = { partitionAssignors: ['cooperative-sticky'] as const, maxPollRecords: 1 }
    const { consumer: a, listener } = await setting.member(config)
    while ((await setting.poll(a)).length === 0);
    const b = setting.consumer(config)
    b.subscribe(['t'])
    const fetchesOf = () => setting.cluster.callsOf(fetch).length
    await setting.until(() => b.assignment().length === 2 && listener.calls.length === 4)
    const kept = names(a.assignment())
    const moved = ALL.filter((name) => !kept.includes(name))
    expect(listener.calls).toEqual([`+${ALL.join(' ')}`, `-${moved.join(' ')}`, '+', '+'])
    await setting.clock.run(b.close())
    const before = fetchesOf()
    const more = await setting.poll(a)
    expect(more.length).toBeGreaterThan(0)
    expect(more.every((record) => kept.includes(`t-${record.partition}`))).toBe(true)
    expect(fetchesOf() - before).toBeLessThanOrEqual(1)
    await setting.close()
  })

  it('gives out nothing of a partition after it was revoked', async () => {
    const setting = await GroupSetting.make({ records: 200 })
    const config = {
      partitionAssignors: ['cooperative-sticky'] as const,
      maxPollRecords: 5,
      enableAutoCommit: false,
    }
    const { consumer: a, listener } = await setting.member(config)
    const gone = new Set<string>()
    listener.during = (call) => {
      if (call.startsWith('-')) for (const name of call.slice(1).split(' ')) gone.add(name)
    }
    const b = setting.consumer(config)
    b.subscribe(['t'])
    for (let i = 0; i < 200; i++) {
      const before = new Set(gone)
      const records = await setting.poll(a, 5)
      expect(records.filter((record) => before.has(`t-${record.partition}`))).toEqual([])
      // What poll gave came after the listeners of the same poll.
      expect(records.filter((record) => gone.has(`t-${record.partition}`))).toEqual([])
      await setting.poll(b, 5)
      await setting.clock.advance(100)
    }
    expect(gone.size).toBe(2)
    await setting.close()
  })

  it('waits for listeners, which can commit and seek', async () => {
    const setting = await GroupSetting.make()
    const listener = new Listener()
    const consumer = setting.consumer({ enableAutoCommit: false })
    listener.during = async (call) => {
      if (call.startsWith('+')) {
        for (const at of consumer.assignment()) await consumer.seek(at, 7)
      } else await consumer.commitSync()
    }
    consumer.subscribe(['t'], { listener })
    const [records] = await setting.until(() => setting.isAllRead())
    expect(records?.map((record) => record.offset).sort()).toEqual([7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9])
    await setting.close()
    expect(await setting.groups.offsets('g')).toEqual({ 't-0': 10, 't-1': 10, 't-2': 10, 't-3': 10 })
  })

  it('tells what a listener throws, and goes on', async () => {
    const setting = await GroupSetting.make()
    const listener = new Listener()
    listener.during = () => {
      throw new Error('oops')
    }
    const consumer = setting.consumer()
    consumer.subscribe(['t'], { listener })
    const failing = setting.until(() => false)
    await expect(failing).rejects.toMatchObject({
      code: 'KCLI_LISTENER',
      message: expect.stringContaining('oops'),
    })
    const [records] = await setting.until(() => setting.isAllRead())
    expect(records).toHaveLength(40)
    await expect(setting.clock.run(consumer.close())).rejects.toMatchObject({ code: 'KCLI_LISTENER' })
    expect((await setting.groups.describe('g')).state).toBe('Empty')
  })

  it('stays one while the application works, and leaves when that takes too long', async () => {
    const setting = await GroupSetting.make()
    const { consumer, listener } = await setting.member({
      sessionTimeoutMs: 10_000,
      maxPollIntervalMs: 120_000,
    })
    await setting.clock.advance(119_000)
    expect(await setting.groups.describe('g')).toMatchObject({ state: 'Stable' })
    expect(setting.cluster.callsOf(heartbeat).length).toBeGreaterThan(35)
    await setting.poll(consumer)
    expect(listener.calls).toHaveLength(1)
    await setting.clock.advance(121_000)
    expect(await setting.groups.describe('g')).toMatchObject({ state: 'Empty' })
    expect(setting.cluster.callsOf(leaveGroup)[0]?.body.members[0].reason).toBe(
      'consumer poll timeout has expired.',
    )
    await expect(
      setting.clock.run(consumer.commitSync([{ topic: 't', partition: 0, offset: 3 }])),
    ).rejects.toMatchObject({
      code: 'KCLI_COMMIT_FAILED',
    })
    await setting.until(() => consumer.groupMetadata().generationId > 0 && consumer.assignment().length === 4)
    expect(listener.calls.slice(1)).toEqual([`!${ALL.join(' ')}`, `+${ALL.join(' ')}`])
    await setting.close()
  })

  it('joins anew when the group has forgotten it', async () => {
    const setting = await GroupSetting.make()
    const { consumer, listener } = await setting.member({ sessionTimeoutMs: 10_000 })
    setting.cluster.script = (call) =>
      call.spec.key === heartbeat.key ? { errorCode: ERROR_CODES.UNKNOWN_MEMBER_ID } : undefined
    await setting.clock.advance(4_000)
    setting.cluster.script = () => undefined
    expect(await setting.poll(consumer)).toEqual([])
    await setting.until(() => consumer.assignment().length === 4)
    expect(listener.calls).toEqual([`+${ALL.join(' ')}`, `!${ALL.join(' ')}`, `+${ALL.join(' ')}`])
    await setting.close()
  })

  it('has lost what it kept when the group forgets it in the middle of a rebalance', async () => {
    const setting = await GroupSetting.make()
    const { consumer, listener } = await setting.member({
      partitionAssignors: ['cooperative-sticky'],
      sessionTimeoutMs: 6_000,
      maxPollIntervalMs: 10_000,
    })
    let faults = 1
    setting.cluster.script = (call) =>
      call.spec.key === syncGroup.key && faults-- > 0
        ? { errorCode: ERROR_CODES.UNKNOWN_MEMBER_ID }
        : undefined
    consumer.enforceRebalance()
    await setting.until(async () => {
      await setting.clock.advance(500)
      return listener.calls.length === 3
    })
    expect(listener.calls).toEqual([`+${ALL.join(' ')}`, `!${ALL.join(' ')}`, `+${ALL.join(' ')}`])
    await setting.close()
  })

  it('a static member does not leave, and comes back to what it had', async () => {
    const setting = await GroupSetting.make()
    const { consumer: a } = await setting.member({ groupInstanceId: 'one' })
    const b = setting.consumer({ groupInstanceId: 'two' })
    b.subscribe(['t'])
    await setting.until(() => a.assignment().length === 2 && b.assignment().length === 2)
    const { generationId } = a.groupMetadata()
    const had = names(a.assignment())
    await setting.clock.run(a.close())
    expect(setting.cluster.callsOf(leaveGroup)).toEqual([])
    const again = setting.consumer({ groupInstanceId: 'one' })
    again.subscribe(['t'])
    await setting.until(() => again.assignment().length === 2, [again, b])
    expect(names(again.assignment())).toEqual(had)
    expect(again.groupMetadata().generationId).toBe(generationId)
    await setting.close()
  })

  it('says that another has the same group.instance.id', async () => {
    const setting = await GroupSetting.make()
    const { consumer: a } = await setting.member({ groupInstanceId: 'one' })
    const b = setting.consumer({ groupInstanceId: 'one' })
    b.subscribe(['t'])
    await setting.until(() => b.assignment().length === 4, [b])
    await setting.clock.advance(4_000)
    await expect(setting.poll(a)).rejects.toMatchObject({ errorName: 'FENCED_INSTANCE_ID' })
    await setting.close()
  })

  it('finds the coordinator again when it has moved or is gone', async () => {
    const setting = await GroupSetting.make({ brokers: 2 })
    const { consumer, listener } = await setting.member()
    setting.groups.broker = 1
    await setting.clock.advance(4_000)
    await setting.clock.run(consumer.commitSync([{ topic: 't', partition: 0, offset: 3 }]))
    setting.cluster.down.add(1)
    setting.cluster.disconnect(1)
    setting.groups.broker = 0
    await setting.clock.run(consumer.commitSync([{ topic: 't', partition: 0, offset: 4 }]))
    expect((await setting.groups.offsets('g'))['t-0']).toBe(4)
    expect(listener.calls).toEqual([`+${ALL.join(' ')}`])
    setting.cluster.down.clear()
    await setting.close()
  })

  it.each([
    ['a coordinator that is loading', joinGroup.key, { errorCode: ERROR_CODES.COORDINATOR_LOAD_IN_PROGRESS }],
    ['one that is not the coordinator', joinGroup.key, { errorCode: ERROR_CODES.NOT_COORDINATOR }],
    ['a rebalance that begins anew', syncGroup.key, { errorCode: ERROR_CODES.REBALANCE_IN_PROGRESS }],
    ['a join whose answer is lost', joinGroup.key, { drop: 'after' as const }],
    ['a sync whose answer is lost', syncGroup.key, { drop: 'after' as const }],
  ])('gets over %s', async (_what, key, fault) => {
    const setting = await GroupSetting.make()
    let faults = 3
    setting.cluster.script = (call) => (call.spec.key === key && faults-- > 0 ? fault : undefined)
    const { consumer } = await setting.member({ sessionTimeoutMs: 6_000 })
    expect(names(consumer.assignment())).toEqual(ALL)
    await setting.close()
  })

  it.each(['GROUP_AUTHORIZATION_FAILED', 'GROUP_MAX_SIZE_REACHED', 'INCONSISTENT_GROUP_PROTOCOL'] as const)(
    'says what does not pass: %s',
    async (errorName) => {
      const setting = await GroupSetting.make()
      setting.cluster.script = (call) =>
        call.spec.key === joinGroup.key ? { errorCode: ERROR_CODES[errorName] } : undefined
      const consumer = setting.consumer()
      consumer.subscribe(['t'])
      await expect(setting.until(() => false)).rejects.toMatchObject({ errorName })
      await setting.close()
    },
  )

  it('leaves at once, though the group is still waiting for others to join', async () => {
    const setting = await GroupSetting.make()
    await setting.member({ maxPollIntervalMs: 60_000 })
    const late = setting.consumer({ maxPollIntervalMs: 60_000 })
    late.subscribe(['t'])
    await setting.poll(late, 1000)
    expect((await setting.groups.describe('g')).members).toHaveLength(2)
    const startMs = setting.clock.monotonicMs()
    await setting.clock.run(late.close())
    expect(setting.clock.monotonicMs() - startMs).toBeLessThan(1000)
    expect((await setting.groups.describe('g')).members).toHaveLength(1)
    await setting.close()
  })

  it('does not come back when it unsubscribes between two attempts to join', async () => {
    const setting = await GroupSetting.make()
    setting.cluster.script = (call) =>
      call.spec.key === joinGroup.key ? { errorCode: ERROR_CODES.COORDINATOR_LOAD_IN_PROGRESS } : undefined
    const consumer = setting.consumer()
    consumer.subscribe(['t'])
    await setting.poll(consumer, 50)
    await setting.clock.run(consumer.unsubscribe())
    setting.cluster.script = () => undefined
    const joins = setting.cluster.callsOf(joinGroup).length
    await setting.clock.advance(10_000)
    expect(setting.cluster.callsOf(joinGroup)).toHaveLength(joins)
    await setting.close()
  })

  it('joins again when it is told to, with the reason', async () => {
    const setting = await GroupSetting.make()
    const { consumer } = await setting.member()
    consumer.enforceRebalance('because')
    await setting.until(
      () => consumer.groupMetadata().generationId === 2 && consumer.assignment().length === 4,
    )
    expect(setting.cluster.callsOf(joinGroup).at(-1)?.body.reason).toBe('because')
    await setting.close()
  })

  it('says that a broker is too old for static members', async () => {
    const setting = await GroupSetting.make()
    setting.cluster.maxVersions = new Map([[joinGroup.key, 4]])
    const consumer = setting.consumer({ groupInstanceId: 'one' })
    consumer.subscribe(['t'])
    await expect(setting.until(() => false)).rejects.toMatchObject({ code: 'KCLI_UNSUPPORTED_VERSION' })
    await setting.close()
  })

  it('works with the first versions of every request', async () => {
    const setting = await GroupSetting.make()
    setting.cluster.maxVersions = new Map([
      [8, 2],
      [9, 1],
      [10, 0],
      [11, 0],
      [12, 0],
      [13, 0],
      [14, 0],
    ])
    const consumer = setting.consumer()
    consumer.subscribe(['t'])
    const [records] = await setting.until(() => setting.isAllRead())
    expect(records).toHaveLength(40)
    await setting.clock.advance(4_000)
    await setting.close()
    expect((await setting.groups.offsets('g'))['t-3']).toBe(10)
    expect((await setting.groups.describe('g')).state).toBe('Empty')
  })
})
