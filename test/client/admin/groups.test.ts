import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { Admin } from '../../../src/client/index.ts'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { offsetCommit } from '../../../src/protocol/messages/08-offset-commit.ts'
import { findCoordinator } from '../../../src/protocol/messages/10-find-coordinator.ts'
import { describeGroups } from '../../../src/protocol/messages/15-describe-groups.ts'
import { deleteGroups } from '../../../src/protocol/messages/42-delete-groups.ts'
import { consumerGroupDescribe } from '../../../src/protocol/messages/69-consumer-group-describe.ts'
import { TestCluster } from '../../broker/support/test-cluster.ts'
import { type Call, FakeCluster } from '../../support/fake-broker.ts'
import { joinAlone } from '../../support/group-member.ts'
import { ManualClock } from '../../support/manual-clock.ts'

let cluster: TestCluster
let admin: Admin
beforeAll(async () => {
  cluster = await TestCluster.start({
    properties: { 'offsets.topic.num.partitions': '6', 'group.initial.rebalance.delay.ms': '0' },
  })
  admin = new Admin({
    bootstrap: [{ kind: 'pipe', name: 'broker-0.test' }],
    network: cluster.network,
    clock: cluster.clock,
    random: seededRandom(1),
    resolver: (host) => ({ kind: 'pipe', name: host }),
  })
  await admin.createTopics([
    { name: 'orders', numPartitions: 3, replicationFactor: 1 },
    { name: 'other', numPartitions: 1, replicationFactor: 1 },
  ])
})
afterAll(async () => {
  await admin.close()
  await cluster.close()
})

/** A consumer that has joined alone and was given all of `orders`. */
async function member(groupId: string, groupInstanceId?: string): Promise<string> {
  const [group] = await admin.describeConsumerGroups([groupId])
  const connection = await cluster.connect(group?.coordinator?.id ?? -1)
  const what = { topic: 'orders', partitions: [0, 1, 2] }
  return joinAlone(connection, groupId, {
    ...what,
    ...(groupInstanceId !== undefined && { groupInstanceId }),
  })
}

const at = (partition: number, topic = 'orders') => ({ topic, partition })
const errors = (results: readonly { name: string; error: { errorName: string } | null }[]) =>
  Object.fromEntries(results.map(({ name, error }) => [name, error?.errorName ?? null]))

describe('Admin: groups', () => {
  it('lists the groups of all brokers, by state, type and kind', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `listed-${i}`)
    for (const name of names) await admin.alterConsumerGroupOffsets(name, [{ ...at(0), offset: 1 }])
    await member('listed-3')
    const { groups, failures } = await admin.listGroups()
    expect(failures).toEqual([])
    expect(groups.map(({ groupId }) => groupId).sort()).toEqual([...names].sort())
    expect(groups.find(({ groupId }) => groupId === 'listed-3')).toEqual({
      groupId: 'listed-3',
      protocolType: 'consumer',
      state: 'Stable',
      type: 'classic',
    })
    const stable = await admin.listConsumerGroups({ states: ['Stable'], types: ['classic'] })
    expect(stable.groups.map(({ groupId }) => groupId)).toEqual(['listed-3'])
    expect((await admin.listGroups({ types: ['consumer'] })).groups).toEqual([])
  })

  it('describes many at once, with what their members read and may do', async () => {
    await admin.alterConsumerGroupOffsets('empty', [{ ...at(0), offset: 1 }])
    const memberId = await member('working', 'static-1')
    const described = await admin.describeConsumerGroups(['working', 'nobody', 'empty'], {
      includeAuthorizedOperations: true,
    })
    expect(described.map(({ name, state, error }) => [name, state, error])).toEqual([
      ['working', 'Stable', null],
      ['nobody', 'Dead', null],
      ['empty', 'Empty', null],
    ])
    const [working] = described
    expect(working).toMatchObject({ protocolType: 'consumer', protocol: 'range' })
    expect(working?.authorizedOperations).toEqual(['READ', 'DELETE', 'DESCRIBE'])
    expect(working?.coordinator?.host).toBe(`broker-${working?.coordinator?.id}.test`)
    expect(working?.members).toMatchObject([
      {
        memberId,
        groupInstanceId: 'static-1',
        clientId: 'test',
        topics: ['orders'],
        partitions: [at(0), at(1), at(2)],
      },
    ])
    expect((await admin.describeConsumerGroups(['empty']))[0]?.authorizedOperations).toBeNull()
  })

  it('sets, lists and forgets offsets', async () => {
    const set = await admin.alterConsumerGroupOffsets('offsets', [
      { ...at(0), offset: 5, leaderEpoch: 0, metadata: 'note' },
      { ...at(0, 'other'), offset: 7 },
      { ...at(0, 'nowhere'), offset: 7 },
    ])
    expect(errors(set)).toEqual({
      'orders-0': null,
      'other-0': null,
      'nowhere-0': 'UNKNOWN_TOPIC_OR_PARTITION',
    })
    const read = async (partitions?: { topic: string; partition: number }[]) => {
      const [group] = await admin.listConsumerGroupOffsets(['offsets'], {
        ...(partitions && { partitions }),
        requireStable: true,
      })
      return group?.offsets.map(({ topic, partition, offset }) => `${topic}-${partition}@${offset}`).sort()
    }
    expect(await read()).toEqual(['orders-0@5', 'other-0@7'])
    expect(await read([at(0), at(1)])).toEqual(['orders-0@5'])
    const [group, none] = await admin.listConsumerGroupOffsets(['offsets', 'nobody'])
    expect(group?.offsets.find(({ topic }) => topic === 'orders')).toMatchObject({
      leaderEpoch: 0,
      metadata: 'note',
    })
    expect(none).toMatchObject({ name: 'nobody', error: null, offsets: [] })
    expect(errors(await admin.deleteConsumerGroupOffsets('offsets', [at(0)]))).toEqual({ 'orders-0': null })
    expect(await read()).toEqual(['other-0@7'])
    await expect(admin.deleteConsumerGroupOffsets('nobody', [at(0)])).rejects.toMatchObject({
      errorName: 'GROUP_ID_NOT_FOUND',
    })
  })

  it('leaves a group at work alone, until its members are sent out', async () => {
    const memberId = await member('busy')
    expect(errors(await admin.alterConsumerGroupOffsets('busy', [{ ...at(0), offset: 1 }]))).toEqual({
      'orders-0': 'UNKNOWN_MEMBER_ID',
    })
    expect(errors(await admin.deleteConsumerGroups(['busy', 'nobody']))).toEqual({
      busy: 'NON_EMPTY_GROUP',
      nobody: 'GROUP_ID_NOT_FOUND',
    })
    expect(errors(await admin.deleteConsumerGroupOffsets('busy', [at(0)]))).toEqual({
      'orders-0': 'GROUP_SUBSCRIBED_TO_TOPIC',
    })
    const wrong = await admin.removeMembersFromConsumerGroup('busy', [{ groupInstanceId: 'not there' }])
    expect(errors(wrong)).toEqual({ 'not there': 'UNKNOWN_MEMBER_ID' })
    const removed = await admin.removeMembersFromConsumerGroup('busy', 'all', { reason: 'moving house' })
    expect(errors(removed)).toEqual({ [memberId]: null })
    expect(errors(await admin.deleteConsumerGroups(['busy']))).toEqual({ busy: null })
  })

  it('asks as many coordinators as it takes', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `spread-${i}`)
    for (const name of names) await admin.alterConsumerGroupOffsets(name, [{ ...at(0), offset: 9 }])
    const described = await admin.describeConsumerGroups(names)
    expect(new Set(described.map(({ coordinator }) => coordinator?.id)).size).toBe(3)
    const offsets = await admin.listConsumerGroupOffsets(names)
    expect(offsets.map(({ name, offsets: [first] }) => [name, first?.offset])).toEqual(
      names.map((name) => [name, 9]),
    )
  })
})

describe('Admin: coordinators that come and go', () => {
  async function setUp() {
    const clock = new ManualClock()
    const fake = await FakeCluster.start(clock, { brokers: 2 })
    const fakeAdmin = new Admin(fake.clientOptions())
    return { clock, fake, fakeAdmin }
  }
  const coordinators = (call: Call, nodeId: (key: string) => number) => ({
    answer: {
      coordinators: call.body.coordinatorKeys.map((key: string) => ({
        key,
        nodeId: nodeId(key),
        host: `broker-${nodeId(key)}`,
        port: 9092,
        errorCode: nodeId(key) < 0 ? ERROR_CODES.COORDINATOR_NOT_AVAILABLE : 0,
      })),
    },
  })
  const deleted = (call: Call, errorCode = 0) => ({
    answer: {
      results: call.body.groupsNames.map((groupId: string) => ({
        groupId,
        errorCode: groupId === 'other' ? 0 : errorCode,
      })),
    },
  })

  it('asks the new one, and only for what is not done', async () => {
    const { clock, fake, fakeAdmin } = await setUp()
    let home = 0
    fake.script = (call) => {
      if (call.spec.key === findCoordinator.key) return coordinators(call, () => home)
      if (call.spec.key !== deleteGroups.key) return undefined
      if (call.broker === 1) return deleted(call)
      home = 1
      return deleted(call, ERROR_CODES.NOT_COORDINATOR)
    }
    const results = await clock.run(fakeAdmin.deleteConsumerGroups(['mine', 'other']))
    expect(errors(results)).toEqual({ mine: null, other: null })
    expect(fake.callsOf(deleteGroups).map(({ broker, body }) => [broker, body.groupsNames])).toEqual([
      [0, ['mine', 'other']],
      [1, ['mine']],
    ])
    await fakeAdmin.close()
  })

  it('goes on after a lost connection, and gives up when nobody is there for too long', async () => {
    const { clock, fake, fakeAdmin } = await setUp()
    let isLost = false
    fake.script = (call) => {
      if (call.spec.key === findCoordinator.key)
        return coordinators(call, (key) => (key === 'homeless' ? -1 : 1))
      if (call.spec.key !== deleteGroups.key) return undefined
      if (isLost) return deleted(call)
      isLost = true
      return { drop: 'before' }
    }
    const results = await clock.run(fakeAdmin.deleteConsumerGroups(['mine', 'homeless']))
    expect(errors(results)).toEqual({ mine: null, homeless: 'COORDINATOR_NOT_AVAILABLE' })
    expect(clock.monotonicMs()).toBeGreaterThan(55_000)
    fake.script = (call) =>
      call.spec.key === findCoordinator.key ? coordinators(call, () => 1) : { drop: 'before' }
    await expect(clock.run(fakeAdmin.deleteConsumerGroups(['mine']))).rejects.toMatchObject({
      code: 'KCLI_NETWORK',
    })
    await fakeAdmin.close()
  })

  it('describes groups of the later protocol where brokers have them', async () => {
    const { clock, fake, fakeAdmin } = await setUp()
    fake.script = (call) => {
      if (call.spec.key === findCoordinator.key) return coordinators(call, () => 0)
      if (call.spec.key === describeGroups.key) {
        const groups = call.body.groups.map((groupId: string) => ({
          groupId,
          groupState: groupId === 'classic' ? 'Stable' : 'Dead',
          protocolType: groupId === 'classic' ? 'consumer' : '',
        }))
        return { answer: { groups } }
      }
      if (call.spec.key !== consumerGroupDescribe.key) return undefined
      const codes: Record<string, number> = {
        nobody: ERROR_CODES.GROUP_ID_NOT_FOUND,
        refused: ERROR_CODES.UNSUPPORTED_VERSION,
      }
      const groups = call.body.groupIds.map((groupId: string) => ({
        groupId,
        errorCode: codes[groupId] ?? 0,
        groupState: 'Reconciling',
        assignorName: 'uniform',
        members: [
          {
            memberId: 'm',
            clientId: 'c',
            subscribedTopicNames: ['orders'],
            assignment: { topicPartitions: [{ topicName: 'orders', partitions: [1] }] },
          },
        ],
      }))
      return { answer: { groups } }
    }
    const described = await clock.run(
      fakeAdmin.describeConsumerGroups(['classic', 'later', 'nobody', 'refused']),
    )
    expect(described.map(({ name, type, state, protocol }) => [name, type, state, protocol])).toEqual([
      ['classic', 'classic', 'Stable', ''],
      ['later', 'consumer', 'Reconciling', 'uniform'],
      ['nobody', 'classic', 'Dead', ''],
      ['refused', 'classic', 'Dead', ''],
    ])
    expect(described[1]?.members).toMatchObject([{ topics: ['orders'], partitions: [at(1)] }])
    expect(fake.callsOf(consumerGroupDescribe).map(({ body }) => body.groupIds)).toEqual([
      ['later', 'nobody', 'refused'],
    ])
    await fakeAdmin.close()
  })

  it('does not send again the partitions that are done', async () => {
    const { clock, fake, fakeAdmin } = await setUp()
    fake.script = (call) => {
      if (call.spec.key === findCoordinator.key) return coordinators(call, () => 0)
      if (call.spec.key !== offsetCommit.key) return undefined
      const again = fake.callsOf(offsetCommit).length === 1
      const [{ partitions }] = call.body.topics
      const answers = partitions.map(({ partitionIndex }: { partitionIndex: number }) => ({
        partitionIndex,
        errorCode: again && partitionIndex === 1 ? ERROR_CODES.REBALANCE_IN_PROGRESS : 0,
      }))
      return { answer: { topics: [{ name: 'orders', partitions: answers }] } }
    }
    const offsets = [0, 1].map((partition) => ({ ...at(partition), offset: 3 }))
    const results = await clock.run(fakeAdmin.alterConsumerGroupOffsets('g', offsets))
    expect(errors(results)).toEqual({ 'orders-0': null, 'orders-1': null })
    const sent = fake.callsOf(offsetCommit).map(({ body }) => body.topics[0].partitions.length)
    expect(sent).toEqual([2, 1])
    await fakeAdmin.close()
  })
})
