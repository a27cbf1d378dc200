/** What a coordinator answers to members that are wrong, late or strangers; nothing of it disturbs the others. */
import { afterEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { Admin } from '../../../src/client/index.ts'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { offsetCommit } from '../../../src/protocol/messages/08-offset-commit.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { TestGroups } from './support.ts'

const GENERATION = 2

/** A stable group of two; what happens to it must not change it. */
async function stableGroup() {
  const groups = new TestGroups()
  const [leader = '', other = ''] = await groups.stable(2)
  const before = await groups.coordinator.admin.describe('g')
  const isUntouched = async () => {
    expect(await groups.coordinator.admin.describe('g')).toEqual(before)
    expect(await groups.beat(leader, GENERATION)).toBe('NONE')
    expect(await groups.beat(other, GENERATION)).toBe('NONE')
  }
  return { groups, leader, other, isUntouched }
}

describe('a stable group', () => {
  it('refuses strangers', async () => {
    const { groups, isUntouched } = await stableGroup()
    expect((await groups.join({ memberId: 'stranger' })).error).toBe('UNKNOWN_MEMBER_ID')
    expect((await groups.sync('stranger', GENERATION)).error).toBe('UNKNOWN_MEMBER_ID')
    expect(await groups.beat('stranger', GENERATION)).toBe('UNKNOWN_MEMBER_ID')
    expect((await groups.leave('stranger')).members[0]?.error).toBe('UNKNOWN_MEMBER_ID')
    await isUntouched()
  })

  it.each([GENERATION - 1, GENERATION + 1, -1])('refuses generation %i', async (generation) => {
    const { groups, leader, other, isUntouched } = await stableGroup()
    expect((await groups.sync(leader, generation, { [other]: 'stolen' })).error).toBe('ILLEGAL_GENERATION')
    expect(await groups.beat(other, generation)).toBe('ILLEGAL_GENERATION')
    await isUntouched()
  })

  it('refuses instances that are not theirs', async () => {
    const { groups, leader, isUntouched } = await stableGroup()
    expect((await groups.join({ memberId: leader, groupInstanceId: 'someone' })).error).toBe(
      'UNKNOWN_MEMBER_ID',
    )
    expect(await groups.beat(leader, GENERATION, 'someone')).toBe('UNKNOWN_MEMBER_ID')
    await isUntouched()
  })

  it('refuses another protocol', async () => {
    const { groups, leader, isUntouched } = await stableGroup()
    const sync = (protocolType: string, protocolName: string) =>
      groups.coordinator.membership.sync({
        groupId: 'g',
        generationId: GENERATION,
        memberId: leader,
        groupInstanceId: null,
        protocolType,
        protocolName,
        assignments: new Map(),
      })
    expect((await sync('connect', 'range')).error).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect((await sync('consumer', 'sticky')).error).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect((await groups.join({ memberId: leader, protocolType: 'connect' })).error).toBe(
      'INCONSISTENT_GROUP_PROTOCOL',
    )
    await isUntouched()
  })

  it('keeps the assignment that it has: only a leader of this rebalance may set one', async () => {
    const { groups, leader, other, isUntouched } = await stableGroup()
    const again = await groups.sync(leader, GENERATION, { [other]: 'stolen' })
    expect([again.error, again.assignment.toString()]).toEqual(['NONE', 'work 0'])
    expect((await groups.sync(other, GENERATION)).assignment.toString()).toBe('work 1')
    await isUntouched()
  })
})

describe('a group that does not exist', () => {
  it('is not made by requests that need one', async () => {
    const groups = new TestGroups()
    expect((await groups.join({ memberId: 'former' })).error).toBe('UNKNOWN_MEMBER_ID')
    expect((await groups.sync('former', 1)).error).toBe('UNKNOWN_MEMBER_ID')
    expect(await groups.beat('former', 1)).toBe('UNKNOWN_MEMBER_ID')
    expect(await groups.commit(1, { memberId: 'former', generationId: 1 })).toBe('ILLEGAL_GENERATION')
    expect(await groups.state()).toBe('Dead')
  })

  it.each([
    ['a session that is too short', { sessionTimeoutMs: 1 }, 'INVALID_SESSION_TIMEOUT'],
    ['a session that is too long', { sessionTimeoutMs: 3_600_000 }, 'INVALID_SESSION_TIMEOUT'],
    ['no name', { groupId: '' }, 'INVALID_GROUP_ID'],
    ['no protocol', { protocols: [] }, 'INCONSISTENT_GROUP_PROTOCOL'],
    ['no kind', { protocolType: '' }, 'INCONSISTENT_GROUP_PROTOCOL'],
  ] as const)('is not made by a member with %s', async (_, over, told) => {
    const groups = new TestGroups()
    expect((await groups.join(over)).error).toBe(told)
    expect(await groups.state()).not.toBe('PreparingRebalance')
  })
})

describe('commits', () => {
  const commit = (groups: TestGroups, ...metadata: (string | null)[]) =>
    groups.coordinator.offsets.commit({
      groupId: 'g',
      memberId: '',
      generationId: -1,
      groupInstanceId: null,
      retentionMs: -1,
      offsets: metadata.map((text, i) => ({
        topic: 'orders',
        partition: i,
        offset: 10 + i,
        leaderEpoch: -1,
        metadata: text,
        commitTimestampMs: -1,
      })),
    })

  it('with too much metadata are refused, and the others of the same request are kept', async () => {
    const groups = new TestGroups({ 'offset.metadata.max.bytes': '3' })
    const outcomes = await commit(groups, 'abc', 'abcd', null)
    expect(outcomes.map(({ error }) => error)).toEqual(['NONE', 'OFFSET_METADATA_TOO_LARGE', 'NONE'])
    const { offsets } = await groups.coordinator.offsets.fetch('g', null, true)
    expect(offsets.map(({ partition, committed }) => [partition, committed?.metadata])).toEqual([
      [0, 'abc'],
      [2, ''],
    ])
    expect((await commit(groups, 'abcd'))[0]?.error).toBe('OFFSET_METADATA_TOO_LARGE')
    expect(groups.replicas.records()).toHaveLength(2)
  })
})

describe('a broker', () => {
  let cluster: TestCluster | undefined
  afterEach(() => cluster?.close())

  it('keeps no offsets of topics and partitions that are not there (any more)', async () => {
    cluster = await TestCluster.start({
      brokers: 1,
      properties: { 'offsets.topic.num.partitions': '1', 'offsets.topic.replication.factor': '1' },
    })
    const connection = await cluster.connect(0)
    const admin = new Admin({
      bootstrap: [{ kind: 'pipe', name: 'broker-0.test' }],
      network: cluster.network,
      clock: cluster.clock,
      random: seededRandom(1),
      resolver: (host) => ({ kind: 'pipe', name: host }),
    })
    await admin.createTopics([
      { name: 'orders', numPartitions: 1, replicationFactor: 1 },
      { name: 'gone', numPartitions: 1, replicationFactor: 1 },
    ])
    await admin.alterConsumerGroupOffsets('g', [{ topic: 'gone', partition: 0, offset: 1 }])
    await admin.deleteTopics(['gone'])
    const partition = (partitionIndex: number) => ({
      partitionIndex,
      committedOffset: 5,
      committedMetadata: null,
    })
    const { topics } = await connection.send(offsetCommit, {
      groupId: 'g',
      topics: [
        { name: 'orders', partitions: [partition(0), partition(7), partition(-1)] },
        { name: 'gone', partitions: [partition(0)] },
        { name: 'bad/name', partitions: [partition(0)] },
      ],
    })
    const codes = topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, errorCode }) => [name, partitionIndex, errorCode]),
    )
    const unknown = ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION
    expect(codes.sort()).toEqual([
      ['bad/name', 0, unknown],
      ['gone', 0, unknown],
      ['orders', -1, unknown],
      ['orders', 0, 0],
      ['orders', 7, unknown],
    ])
    const [group] = await admin.listConsumerGroupOffsets(['g'])
    expect(group?.offsets.map(({ topic, offset }) => [topic, offset])).toEqual([['orders', 5]])
    await admin.close()
  })
})
