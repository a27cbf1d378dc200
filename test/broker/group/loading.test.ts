import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { encodeVersioned } from '../../../src/protocol/index.ts'
import {
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
} from '../../../src/protocol/internal/index.ts'
import {
  BatchBuilder,
  type BatchOptions,
  batchSizeBytes,
  batchStarts,
  buildEndTxnMarker,
} from '../../../src/records/index.ts'
import { FakeReplicas, TestGroups, watch } from './support.ts'

const key = (topic: string, group = 'g') =>
  encodeVersioned(offsetCommitKey, 1, { group, topic, partition: 0 })
const value = (offset: number, version = 3) =>
  encodeVersioned(offsetCommitValue, version, {
    offset,
    leaderEpoch: 1,
    metadata: '',
    commitTimestamp: 1_700_000_000_000,
    expireTimestamp: 1_800_000_000_000,
  })

function batch(records: readonly (readonly [Buffer, Buffer | null])[], options: BatchOptions = {}): Buffer {
  const builder = new BatchBuilder(options)
  for (const [k, v] of records) builder.append(1_700_000_000_000, k, v)
  return builder.build()
}

function marker(type: 0 | 1, producerId = 9): Buffer {
  return buildEndTxnMarker({ type, producerId, producerEpoch: 0, coordinatorEpoch: 0, timestampMs: 1 })
}

const inTransaction = (producerId = 9) => ({
  isTransactional: true,
  producerId,
  producerEpoch: 0,
  baseSequence: 0,
})

function groupsOf(...batches: Buffer[]): TestGroups {
  const replicas = new FakeReplicas()
  for (const each of batches) replicas.add(0, each)
  return new TestGroups({}, replicas)
}

describe('a group that is read from the log', () => {
  it('goes on as it was: members, generation, assignments, offsets', async () => {
    const before = new TestGroups()
    const [a = '', b = ''] = await before.stable(2)
    await before.commit(5, { memberId: a, generationId: 2 })
    const after = new TestGroups({}, before.replicas)
    expect(await after.coordinator.admin.describe('g')).toEqual(await before.coordinator.admin.describe('g'))
    expect(await after.offsets()).toEqual({ orders: 5 })
    expect(await after.beat(b, 2)).toBe('NONE')
    expect((await after.sync(b, 2)).assignment.toString()).toBe('work 1')
    expect(await after.commit(6, { memberId: a, generationId: 2 })).toBe('NONE')
    // Their sessions began when the group was read.
    await after.clock.advance(9_999)
    expect(await after.state()).toBe('Stable')
    await after.clock.advance(1)
    expect(await after.state()).toBe('Empty')
  })

  it('forgets members that have left, and static members keep their names', async () => {
    const before = new TestGroups()
    const [a = ''] = await before.stable(1, { groupInstanceId: 'one' })
    const after = new TestGroups({}, before.replicas)
    expect(await after.beat(a, 1, 'one')).toBe('NONE')
    expect(await after.beat('other', 1, 'one')).toBe('FENCED_INSTANCE_ID')
    await after.leave(a)
    await after.clock.settle()
    const third = new TestGroups({}, before.replicas)
    expect(await third.state()).toBe('Empty')
    expect((await third.clock.run(third.join())).generationId).toBe(3)
  })

  it('rebalances when it has more members than group.max.size allows now', async () => {
    const before = new TestGroups()
    await before.stable(2)
    const after = new TestGroups({ 'group.max.size': '1' }, before.replicas)
    expect(await after.state()).toBe('PreparingRebalance')
  })

  it('is what Apache Kafka wrote', async () => {
    const file = path.join(
      import.meta.dirname,
      '../../golden/segments/consumer-offsets/__consumer_offsets-0/00000000000000000000.log',
    )
    const bytes = fs.readFileSync(file)
    const batches = [...batchStarts(bytes)].map((at) =>
      Buffer.from(bytes.subarray(at, at + batchSizeBytes(bytes, at))),
    )
    const groups = groupsOf(...batches)
    const { groups: listed } = await groups.coordinator.admin.list([], [])
    expect(listed).toEqual([{ groupId: 'golden', protocolType: 'consumer', state: 'Empty', type: 'classic' }])
    const { offsets } = await groups.coordinator.offsets.fetch('golden', null, true)
    expect(offsets).toMatchObject([
      {
        topic: 'none',
        partition: 0,
        error: 'NONE',
        committed: { offset: 5, leaderEpoch: -1, baseOffset: 1 },
      },
    ])
  })

  it.each([0, 1, 2, 3])('may be of version %i', async (version) => {
    const member = {
      memberId: 'm',
      clientId: 'c',
      clientHost: '/h',
      rebalanceTimeout: 7_000,
      sessionTimeout: 8_000,
    }
    const bytes = encodeVersioned(groupMetadataValue, version, {
      protocolType: 'consumer',
      generation: 4,
      protocol: 'range',
      leader: 'm',
      members: [{ ...member, subscription: Buffer.alloc(0), assignment: Buffer.from('work') }],
    })
    const groups = groupsOf(
      batch([
        [encodeVersioned(groupMetadataKey, 2, { group: 'g' }), bytes],
        [key('t'), value(1, version)],
      ]),
    )
    const described = await groups.coordinator.admin.describe('g')
    expect(described).toMatchObject({
      state: 'Stable',
      members: [{ memberId: 'm', assignment: Buffer.from('work') }],
    })
    expect(await groups.offsets()).toEqual({ t: 1 })
  })
})

describe('transactions in the log', () => {
  it('count when they were committed, and not when they were aborted', async () => {
    const groups = groupsOf(
      batch([
        [key('a'), value(1)],
        [key('b'), value(1)],
      ]),
      batch([[key('a'), value(2)]], inTransaction(1)),
      batch([[key('b'), value(2)]], inTransaction(2)),
      marker(1, 1),
      marker(0, 2),
    )
    expect(await groups.offsets()).toEqual({ a: 2, b: 1 })
  })

  it('that are open make an offset unstable', async () => {
    const groups = groupsOf(batch([[key('a'), value(1)]]), batch([[key('a'), value(2)]], inTransaction()))
    const stable = await groups.coordinator.offsets.fetch('g', null, true)
    expect(stable.offsets[0]?.error).toBe('UNSTABLE_OFFSET_COMMIT')
    expect(await groups.offsets()).toEqual({ a: 1 })
  })

  it('do not take back a commit that came after theirs', async () => {
    const groups = groupsOf(
      batch([[key('a'), value(1)]], inTransaction()),
      batch([[key('a'), value(5)]]),
      marker(1),
    )
    expect(await groups.offsets()).toEqual({ a: 5 })
  })
})

describe('what cannot be read', () => {
  it('is left out: records of later types, without a key, cut off, and batches with a wrong checksum', async () => {
    const broken = batch([[key('broken'), value(1)]])
    broken.writeUInt8((broken.at(-1) ?? 0) ^ 1, broken.length - 1)
    const groups = groupsOf(
      batch([[key('a'), value(1)]]),
      batch([
        [Buffer.from([0, 3, 0, 1]), value(1)],
        [Buffer.from([0]), null],
        [key('b'), Buffer.from([0, 3, 1])],
        [key('c'), value(3)],
      ]),
      broken,
      batch([[key('d'), value(4)]]),
    )
    expect(await groups.offsets()).toEqual({ a: 1, c: 3, d: 4 })
  })
})

describe('a log that cannot be read', () => {
  it('is not taken for an empty one', async () => {
    const before = new TestGroups()
    await before.commit(5)
    const { replicas } = before
    const read = replicas.partition.bind(replicas)
    replicas.partition = (topic, partition) => {
      const found = read(topic, partition) as unknown as { leaderLog: { read(): Promise<unknown> } }
      found.leaderLog.read = () => Promise.reject(new Error('EIO'))
      return found as unknown as ReturnType<typeof read>
    }
    const groups = new TestGroups({}, replicas)
    expect((await groups.coordinator.offsets.fetch('g', null, false)).error).toBe(
      'COORDINATOR_LOAD_IN_PROGRESS',
    )
    expect(await groups.commit(6)).toBe('COORDINATOR_LOAD_IN_PROGRESS')
    replicas.partition = read
    expect(await groups.offsets()).toEqual({ orders: 5 })
  })
})

describe('a coordinator that moves', () => {
  it('answers all that wait, and serves nothing any more', async () => {
    const groups = new TestGroups()
    const [a = '', b = ''] = await groups.stable(2)
    const joining = watch(groups.join({ memberId: a }))
    await groups.clock.settle()
    groups.resign()
    await groups.clock.settle()
    expect(joining.result?.error).toBe('NOT_COORDINATOR')
    expect(await groups.beat(b, 2)).toBe('NOT_COORDINATOR')
    expect(await groups.commit(1)).toBe('NOT_COORDINATOR')
    expect((await groups.coordinator.offsets.fetch('g', null, false)).error).toBe('NOT_COORDINATOR')
    expect(await groups.coordinator.admin.describe('g')).toMatchObject({
      error: 'NOT_COORDINATOR',
      state: '',
    })
    expect(await groups.coordinator.admin.delete(['g'])).toEqual([{ groupId: 'g', error: 'NOT_COORDINATOR' }])
    expect((await groups.coordinator.admin.list([], [])).groups).toEqual([])
    expect(groups.clock.pendingTimers).toBeLessThanOrEqual(2)
    groups.elect()
    expect(await groups.beat(b, 2)).toBe('NONE')
  })

  it('answers members that wait for an assignment', async () => {
    const groups = new TestGroups()
    const [a = '', b = ''] = await groups.stable(2)
    await groups.clock.run(Promise.all([groups.join({ memberId: a }), groups.join({ memberId: b })]))
    const waits = watch(groups.sync(b, 3))
    await groups.clock.settle()
    await groups.coordinator.close()
    await groups.clock.settle()
    expect(waits.result?.error).toBe('NOT_COORDINATOR')
    expect(await groups.beat(a, 3)).toBe('COORDINATOR_NOT_AVAILABLE')
    expect(groups.clock.pendingTimers).toBe(0)
  })

  it('says that it is loading when that takes long', async () => {
    const before = new TestGroups()
    const [a = ''] = await before.stable(1)
    const replicas = before.replicas
    const read = replicas.partition.bind(replicas)
    let open: () => void = () => undefined
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    replicas.partition = (topic, partition) => {
      const found = read(topic, partition) as unknown as {
        leaderLog: { read(offset: number): Promise<unknown> }
      }
      const readNow = found.leaderLog.read
      found.leaderLog.read = async (offset) => {
        await opened
        return readNow(offset)
      }
      return found as unknown as ReturnType<typeof read>
    }
    const groups = new TestGroups({}, replicas)
    const answers = await groups.clock.run(
      Promise.all([
        groups.beat(a, 1),
        groups.commit(1),
        groups.sync(a, 1),
        groups.join(),
        groups.coordinator.admin.list([], []),
      ]),
    )
    expect(answers).toMatchObject([
      'NONE',
      'COORDINATOR_LOAD_IN_PROGRESS',
      { error: 'REBALANCE_IN_PROGRESS' },
      { error: 'COORDINATOR_LOAD_IN_PROGRESS' },
      { error: 'COORDINATOR_LOAD_IN_PROGRESS', groups: [] },
    ])
    // It is somebody else's before it has been read.
    groups.resign()
    open()
    await groups.clock.settle()
    expect((await groups.coordinator.admin.list([], [])).groups).toEqual([])
  })
})
