import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../../../src/protocol/index.ts'
import { metadata } from '../../../../src/protocol/messages/03-metadata.ts'
import { joinGroup } from '../../../../src/protocol/messages/11-join-group.ts'
import type { FakeLog } from '../../../support/fake-log.ts'
import { fill, GroupSetting, Listener, names } from './support.ts'

describe('topics of a group', () => {
  it('are shared out anew when they grow', async () => {
    const setting = await GroupSetting.make({ partitions: 2 })
    const { consumer } = await setting.member({}, 2)
    const logs = setting.cluster.topics.get('t')?.logs as FakeLog[]
    const fresh = setting.cluster.addTopic('more', 1)[0] as FakeLog
    setting.cluster.topics.delete('more')
    fill(fresh, 5)
    logs.push(fresh)
    const all: string[] = []
    while (consumer.assignment().length < 3) {
      await setting.clock.advance(1000)
      all.push(...(await setting.poll(consumer)).map((record) => `${record.partition}@${record.offset}`))
    }
    // Who joins later than the records were written begins before them, with earliest.
    while (consumer.position({ topic: 't', partition: 2 }) !== 5)
      all.push(...(await setting.poll(consumer)).map((record) => `${record.partition}@${record.offset}`))
    expect(all.filter((name) => name.startsWith('2@'))).toHaveLength(5)
    expect(new Set(all).size).toBe(all.length)
    await setting.close()
  })

  it('that do not exist yet are read soon after they are made', async () => {
    const setting = await GroupSetting.make()
    const consumer = setting.consumer()
    consumer.subscribe(['later', 't'])
    await setting.until(() => consumer.assignment().length === 4)
    await setting.clock.run(consumer.poll(20_000))
    const asked = setting.cluster.callsOf(metadata).length
    expect(asked).toBeLessThan(60)
    setting.addTopic('later', 2, 3)
    const startMs = setting.clock.monotonicMs()
    await setting.until(() => consumer.assignment().length === 6)
    expect(setting.clock.monotonicMs() - startMs).toBeLessThan(3_000)
    await setting.close()
  })

  it('may be made by the broker, unless that is turned off', async () => {
    for (const allowAutoCreateTopics of [true, false]) {
      const setting = await GroupSetting.make()
      const consumer = setting.consumer({ allowAutoCreateTopics })
      consumer.subscribe(['t', 'later'])
      await setting.until(() => consumer.assignment().length === 4)
      const asked = setting.cluster
        .callsOf(metadata)
        .filter((call) => call.body.topics?.some((topic: { name: string }) => topic.name === 'later'))
      expect(asked.length).toBeGreaterThan(0)
      expect(asked.some((call) => call.body.allowAutoTopicCreation)).toBe(allowAutoCreateTopics)
      await setting.close()
    }
  })

  it('that match an expression come and go', async () => {
    const setting = await GroupSetting.make({ partitions: 1 })
    setting.addTopic('orders-eu', 2, 3)
    setting.addTopic('__internal-orders', 1, 3)
    const listener = new Listener()
    const consumer = setting.consumer({ partitionAssignors: ['cooperative-sticky'] })
    consumer.subscribe(/orders-/g, { listener })
    await setting.until(() => consumer.assignment().length === 2)
    expect(consumer.subscription()).toEqual(['orders-eu'])
    setting.addTopic('orders-us', 1, 3)
    await setting.clock.advance(31_000)
    await setting.until(() => consumer.assignment().length === 3)
    expect(listener.calls).toEqual(['+orders-eu-0 orders-eu-1', '+orders-us-0'])
    setting.cluster.topics.delete('orders-eu')
    await setting.clock.advance(31_000)
    await setting.until(() => consumer.assignment().length === 1)
    expect(consumer.subscription()).toEqual(['orders-us'])
    expect(listener.calls).toContain('-orders-eu-0 orders-eu-1')
    await setting.close()
  })

  it('that are deleted are given up by the group, and the others are read on', async () => {
    const setting = await GroupSetting.make({ partitions: 2 })
    setting.addTopic('doomed', 1, 2)
    const consumer = setting.consumer()
    consumer.subscribe(['t', 'doomed'])
    await setting.until(() => consumer.assignment().length === 3)
    setting.cluster.topics.delete('doomed')
    await setting.until(() => consumer.assignment().length === 2)
    expect(names(consumer.assignment())).toEqual(['t-0', 't-1'])
    await setting.until(() => setting.isAllRead())
    await setting.close()
  })

  it('can be changed, and left', async () => {
    const setting = await GroupSetting.make({ partitions: 1 })
    setting.addTopic('u', 1, 3)
    const { consumer, listener } = await setting.member({}, 1)
    consumer.subscribe(['u'], { listener })
    await setting.until(() => names(consumer.assignment()).join() === 'u-0')
    expect(listener.calls).toEqual(['+t-0', '-t-0', '+u-0'])
    await setting.clock.run(consumer.unsubscribe())
    expect(consumer.assignment()).toEqual([])
    expect(consumer.subscription()).toEqual([])
    expect((await setting.groups.describe('g')).state).toBe('Empty')
    await expect(setting.poll(consumer)).rejects.toMatchObject({ code: 'KCLI_NOT_SUBSCRIBED' })
    consumer.assign([{ topic: 't', partition: 0, from: 4 }])
    const [records] = await setting.until(() => consumer.position({ topic: 't', partition: 0 }) === 10)
    expect(records?.[0]?.offset).toBe(4)
    await setting.close()
  })

  it('of other members are watched by the leader', async () => {
    const setting = await GroupSetting.make({ partitions: 1 })
    const { consumer: leader } = await setting.member({}, 1)
    const other = setting.consumer()
    other.subscribe(['later'])
    await setting.until(() => setting.cluster.callsOf(joinGroup).length >= 5)
    setting.addTopic('later', 2, 1)
    await setting.until(() => other.assignment().length === 2 && leader.assignment().length === 1)
    expect(names(leader.assignment())).toEqual(['t-0'])
    await setting.close()
  })

  it('that cannot be seen are waited for', async () => {
    const setting = await GroupSetting.make()
    let faults = 5
    setting.cluster.script = (call) =>
      call.spec.key === metadata.key && faults-- > 0
        ? { errorCode: ERROR_CODES.LEADER_NOT_AVAILABLE }
        : undefined
    const { consumer } = await setting.member()
    expect(consumer.assignment()).toHaveLength(4)
    await setting.close()
  })

  it('that can never be read end the poll with the reason, each time that a broker says so', async () => {
    const setting = await GroupSetting.make()
    const consumer = setting.consumer()
    setting.cluster.script = ({ spec, body }) =>
      spec.key === metadata.key && body.topics?.some(({ name }: { name: string }) => name === 'no topic')
        ? { errorCode: ERROR_CODES.INVALID_TOPIC_EXCEPTION }
        : undefined
    consumer.subscribe(['no topic'])
    for (let i = 0; i < 2; i++)
      await expect(setting.clock.run(consumer.poll(10_000))).rejects.toMatchObject({
        errorName: 'INVALID_TOPIC_EXCEPTION',
        message: "'no topic' is not a valid topic name",
      })
    await setting.close()
  })
})
